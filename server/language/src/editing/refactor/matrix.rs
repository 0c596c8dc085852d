//! *Use a matrix*: steps that differ in one word become one step with a round for each word.

use copydesk_base::{Span, TextEdit};
use copydesk_text::{Kind, Node, Style};

use super::extract::renamed_needs;
use super::refers::{Bare, below, is_shared};
use super::text::{inline, inline_in_brackets};
use super::{Place, Refactoring, RefactoringKind};
use crate::declared::{Block, Step};

/// Fewer are not worth it, more nobody writes by hand.
const MANY: std::ops::RangeInclusive<usize> = 2..=64;

/// The name of the axis.
const AXIS: &str = "variant";

pub(super) fn one_step(place: &Place<'_, '_>) -> Option<Refactoring> {
    let alike = alike(place)?;
    let steps: Vec<&Step<'_>> = alike.iter().filter_map(|at| place.declared.steps.get(*at)).collect();
    let lead = steps.first()?;
    let (words, places) = varying(place, &steps)?;
    let text = place.file.text;
    let ids: Vec<&str> = steps.iter().filter_map(|step| Some(step.id()?.0)).collect();
    // Of several rounds the output is a list: whoever reads one of them would read something else.
    let mut found = Vec::new();
    below(place.file.tree.root()?, Bare::Text, &mut found);
    if found
        .iter()
        .any(|refers| refers.root() == "steps" && refers.member(0).is_some_and(|id| ids.contains(&id)))
    {
        return None;
    }
    let id = common_id(place, &ids)?;
    let mut edits = Vec::new();
    let lead_id = lead.id()?.1.span();
    edits.push(TextEdit::new(lead_id, inline(&id)));
    edits.extend(places.into_iter().filter(|edit| !edit.span.overlaps(lead_id)));
    edits.push(strategy(place, lead, &words)?);
    let gone = gone(text, &steps)?;
    // What a person wrote about one of them has no place in the step that is left.
    if place.file.tree.comments().iter().any(|comment| comment.overlaps(gone)) {
        return None;
    }
    edits.push(TextEdit::new(gone, ""));
    for (at, step) in place.declared.steps.iter().enumerate() {
        if alike.contains(&at) {
            continue;
        }
        edits.extend(renamed_needs(place, step, &ids, &id)?);
    }
    Some(Refactoring {
        name: "matrix",
        title: format!("make these {} steps one with a matrix", steps.len()),
        kind: RefactoringKind::Rewrite,
        edits,
        files: Vec::new(),
    })
}

/// The axis, right behind the id, where it is seen.
fn strategy(place: &Place<'_, '_>, lead: &Step<'_>, words: &[String]) -> Option<TextEdit> {
    let text = place.file.text;
    let id = lead.id()?.1.span();
    let values: Vec<String> = words.iter().map(|word| inline_in_brackets(word)).collect();
    let values = values.join(", ");
    if place.in_brackets(id) {
        return Some(TextEdit::insert(id.end, format!(", strategy: {{matrix: {{{AXIS}: [{values}]}}}}")));
    }
    let (line_break, indent) = (place.line_break(), " ".repeat(column_of(text, lead.node)?));
    let line_end = text[id.end..].find(['\n', '\r']).map_or(text.len(), |at| id.end + at);
    Some(TextEdit::insert(
        line_end,
        format!(
            "{line_break}{indent}strategy:{line_break}{indent}  matrix:{line_break}{indent}    {AXIS}: [{values}]"
        ),
    ))
}

/// What goes: all but the first of them.
fn gone(text: &str, steps: &[&Step<'_>]) -> Option<Span> {
    let (lead, next, last) =
        (steps.first()?.node.span(), steps.get(1)?.node.span(), steps.last()?.node.span());
    let is_list_in_brackets = text[lead.end..next.start].trim_start().starts_with(',');
    Some(if is_list_in_brackets {
        Span::new(lead.end, last.end)
    } else {
        Span::new(line_start(text, next.start), line_after(text, last.end))
    })
}

/// The run of neighbours around the selection that are built alike.
fn alike(place: &Place<'_, '_>) -> Option<Vec<usize>> {
    let steps = &place.declared.steps;
    let touched = |step: &Step<'_>| place.touches(step);
    let first = steps.iter().position(touched)?;
    let fits = |at: usize| {
        let (Some(lead), Some(step)) = (steps.get(first), steps.get(at)) else { return false };
        step.block == Block::Steps && step.block == lead.block && shape(lead.node) == shape(step.node)
    };
    let lead = steps.get(first)?.node;
    let is_plain =
        |node: Node<'_>| node.get("strategy").is_none() && node.get("foreach").is_none() && !is_shared(node);
    if !is_plain(lead) || !fits(first) {
        return None;
    }
    let last_touched = steps.iter().rposition(touched)?;
    let mut from = first;
    let mut to = first;
    // A selection says which; a cursor means all that are alike.
    if place.selection.is_empty() {
        while from > 0 && fits(from - 1) {
            from -= 1;
        }
        while fits(to + 1) {
            to += 1;
        }
    } else {
        to = last_touched;
        if !(from..=to).all(fits) {
            return None;
        }
    }
    let all: Vec<usize> = (from..=to).collect();
    MANY.contains(&all.len()).then_some(all)
}

/// The keys of a node and what kind of value each has.
fn shape(node: Node<'_>) -> String {
    match node.kind() {
        Kind::Null => "~".to_owned(),
        Kind::Scalar(_) => "s".to_owned(),
        Kind::Alias(_) => "*".to_owned(),
        Kind::Sequence(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(",")),
        Kind::Mapping(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|entry| {
                format!("{}:{}", entry.key().scalar_text().unwrap_or("?"), shape(entry.value()))
            });
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
    }
}

/// The word in which the steps differ, one for each of them, and what takes its place in the first. It must be the same
/// word everywhere in a step.
fn varying(place: &Place<'_, '_>, steps: &[&Step<'_>]) -> Option<(Vec<String>, Vec<TextEdit>)> {
    let texts: Vec<Vec<(String, Node<'_>)>> = steps.iter().map(|step| scalars(step.node)).collect();
    let mut words: Option<Vec<String>> = None;
    let mut places = Vec::new();
    for (at, (key, lead)) in texts.first()?.iter().enumerate() {
        let same: Vec<&str> = texts
            .iter()
            .map(|texts| texts.get(at).and_then(|(_, node)| node.scalar_text()))
            .collect::<Option<_>>()?;
        if same.iter().all(|text| *text == same[0]) {
            continue;
        }
        if key == "id" {
            continue;
        }
        // What is no text with expressions in it cannot differ by one.
        if matches!(key.as_str(), "type" | "if" | "foreach" | "transform" | "needs" | "pool")
            || lead.as_str().is_none()
        {
            return None;
        }
        let front = common(&same, |text| Box::new(text.chars()));
        let cut: Vec<&str> = same.iter().map(|text| &text[front..]).collect();
        let back = common(&cut, |text| Box::new(text.chars().rev()));
        let (front, back, here) = words_around(&same, front, back);
        if here.iter().any(String::is_empty) || here.iter().any(|word| word.contains(['\n', '$'])) {
            return None;
        }
        match &words {
            None => words = Some(here),
            Some(known) if *known == here => {}
            Some(_) => return None,
        }
        places.push(with_item(place, *lead, front, back)?);
    }
    let words = words?;
    let mut unique = words.clone();
    unique.sort();
    unique.dedup();
    (unique.len() == words.len()).then_some((words, places))
}

/// The first step's text with the round's word in the place of its own; `front` and `back` are what stays. Between
/// brackets an expression needs quotes.
fn with_item(place: &Place<'_, '_>, lead: Node<'_>, front: usize, back: usize) -> Option<TextEdit> {
    let scalar = lead.scalar()?;
    let (text, item) = (scalar.text(), format!("${{{{ item.{AXIS} }}}}"));
    if scalar.style() == Style::Plain && place.in_brackets(lead.span()) {
        let whole = format!("{}{item}{}", &text[..front], &text[text.len() - back..]);
        return Some(TextEdit::new(lead.span(), inline_in_brackets(&whole)));
    }
    Some(TextEdit::new(scalar.source_span(front, text.len() - back), item))
}

/// The difference grown to whole words: of `linux` and `lynx` it is not `inu` and `yn`.
fn words_around(texts: &[&str], mut front: usize, mut back: usize) -> (usize, usize, Vec<String>) {
    let text = texts.first().copied().unwrap_or("");
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    while let Some(before) = text[..front].chars().next_back().filter(|c| is_word(*c)) {
        front -= before.len_utf8();
    }
    while let Some(behind) = text[text.len() - back..].chars().next().filter(|c| is_word(*c)) {
        back -= behind.len_utf8();
    }
    (front, back, texts.iter().map(|text| text[front..text.len() - back].to_owned()).collect())
}

/// How many bytes all texts share from one end.
fn common<'s>(texts: &[&'s str], chars: impl Fn(&'s str) -> Box<dyn Iterator<Item = char> + 's>) -> usize {
    let Some((first, rest)) = texts.split_first() else { return 0 };
    let shortest = texts.iter().map(|text| text.chars().count()).min().unwrap_or(0);
    let mut others: Vec<_> = rest.iter().map(|text| chars(text)).collect();
    let mut length = 0;
    for c in chars(first).take(shortest) {
        if !others.iter_mut().all(|other| other.next() == Some(c)) {
            break;
        }
        length += c.len_utf8();
    }
    length
}

/// The scalars of a step in order, each with the key of the step that it stands below.
fn scalars(node: Node<'_>) -> Vec<(String, Node<'_>)> {
    fn walk<'t>(key: &str, node: Node<'t>, found: &mut Vec<(String, Node<'t>)>) {
        match node.kind() {
            Kind::Scalar(_) => found.push((key.to_owned(), node)),
            Kind::Sequence(items) => items.iter().for_each(|item| walk(key, item, found)),
            Kind::Mapping(entries) => entries.iter().for_each(|entry| walk(key, entry.value(), found)),
            Kind::Null | Kind::Alias(_) => {}
        }
    }
    let mut found = Vec::new();
    for entry in node.entries() {
        walk(entry.key().scalar_text().unwrap_or(""), entry.value(), &mut found);
    }
    found
}

/// The common part of the ids, else the first one; none that another step has.
fn common_id(place: &Place<'_, '_>, ids: &[&str]) -> Option<String> {
    let front = common(ids, |text| Box::new(text.chars()));
    let shared = ids.first()?.get(..front)?.trim_end_matches(['-', '_']);
    let id = if shared.len() >= 2 { shared } else { ids.first()? };
    let is_free = place.declared.step(id).is_none() || ids.contains(&id);
    is_free.then(|| id.to_owned())
}

/// The column of a step's keys.
fn column_of(text: &str, node: Node<'_>) -> Option<usize> {
    let start = node.entries().first()?.key().span().start;
    Some(start - line_start(text, start))
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}

fn line_after(text: &str, at: usize) -> usize {
    if text[..at].ends_with('\n') {
        return at;
    }
    text[at..].find('\n').map_or(text.len(), |found| at + found + 1)
}
