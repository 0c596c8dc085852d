//! The children around an edit, read again without their neighbours.
//!
//! A large collection has an edit in one of its children. Its reading is begun behind a comma before that one, and ends
//! before the first child behind it that begins as it did. So a child that lost its end takes in as many of its
//! neighbours as it does, and costs no more. Behind a comma the reader knows nothing but which brackets are open, if
//! nothing near it was guessed: a guess looks at what stands around, no further than the next child.
//!
//! Invariant: the answer is what reading the whole text would give, or none.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use copydesk_base::{Code, Span};

use super::{Dialect, Graft, Level, New, keep};
use crate::edits::{Edit, Mover};
use crate::green::{Form, GreenEntry, short};
use crate::json::read::{Begun, Ended, Run, read_run};
use crate::node::{Kind, Node};
use crate::shared::Sharing;
use crate::tree::{Syntax, Tree};
use crate::yaml::{self, keys};

/// How many children before and behind the edit are looked at for a place to begin and to end.
const NEAR: usize = 8;

/// Reads the children of the innermost of some levels again that stand around the edit.
pub(super) fn read(
    before: &Tree,
    text: &Arc<str>,
    edit: Edit,
    dialect: Dialect,
    levels: &[Level<'_>],
) -> Option<Tree> {
    let (root, way) = levels.split_first()?;
    let level = levels.last()?.node;
    let children = Children { node: level, before };
    let (first, comma) = children.begin(edit.start)?;
    let start = comma.map_or(level.span().start + 1, |comma| comma.end);
    let nexts = children.ends(first, edit.old_end);
    let mut places: Vec<usize> = nexts.iter().map(|(_, place)| edit.moved(*place)).collect();
    let is_near_end = children.len() <= first + NEAR;
    if is_near_end {
        places.push(edit.moved(level.span().end));
    }
    let open = levels.iter().filter_map(|level| text.as_bytes().get(level.node.span().start).copied());
    let last = first.checked_sub(1);
    let begun = Begun {
        comma,
        end: last.and_then(|last| Some(children.get(last)?.end)),
        value: last.and_then(|last| children.value(last)),
    };
    let Run { form, mut output, ended } =
        read_run(text, dialect, level.span().start, begun, open.collect(), places);
    let (stood, end) = match ended {
        Ended::Before(place) => {
            let (at, old) = nexts.iter().find(|(_, old)| edit.moved(*old) == place)?;
            (first..*at, *old)
        }
        Ended::Closed(end) => {
            let old = level.span().end;
            // What is missing at the end may be the collection's or its neighbour's.
            let is_guess = |broken: &[Span], end: usize| broken.iter().any(|span| span.touches(end));
            if end != edit.moved(old) || is_guess(&before.broken, old) || is_guess(&output.broken, end) {
                return None;
            }
            (first..children.len(), old)
        }
        Ended::Past => return None,
    };
    // Of what was read nothing may be about the brackets around it.
    let outside = |span: Span| span.start < start || span.end > edit.moved(end);
    if is_empty(&form)
        || output.problems.iter().any(|problem| outside(problem.span))
        || output.broken.iter().any(|span| outside(*span))
        || !children.keeps_names(&form, text, &stood)
    {
        return None;
    }
    let mover = Mover { region: Span::new(start, end), edit, is_last: false };
    keep(before, &mover, &mut output)?;
    let by = short(edit.new_end).wrapping_sub(short(edit.old_end));
    let sharing = Sharing { before: &before.text, text };
    let old = before.documents.get(root.at)?;
    let document = Graft { sharing, by }.collection(old, 0, way, New::Children { stood, form })?;
    let documents = vec![document.into_document()];
    Some(Tree { syntax: Syntax::Json, ..yaml::finished(output, documents, Arc::clone(text)) })
}

fn is_empty(form: &Form) -> bool {
    match form {
        Form::List(items) => items.is_empty(),
        Form::Map(entries) => entries.is_empty(),
        _ => true,
    }
}

/// The children of one collection of the version before.
#[derive(Clone, Copy)]
struct Children<'t> {
    node: Node<'t>,
    before: &'t Tree,
}

impl Children<'_> {
    fn len(self) -> usize {
        match self.node.kind() {
            Kind::Sequence(items) => items.len(),
            Kind::Mapping(entries) => entries.len(),
            _ => 0,
        }
    }

    fn get(self, at: usize) -> Option<Span> {
        match self.node.kind() {
            Kind::Sequence(items) => items.get(at).map(Node::span),
            Kind::Mapping(entries) => entries.get(at).map(crate::node::Entry::span),
            _ => None,
        }
    }

    /// Where the value of an entry starts.
    fn value(self, at: usize) -> Option<usize> {
        let Kind::Mapping(entries) = self.node.kind() else { return None };
        Some(entries.get(at)?.value().span().start)
    }

    /// The last one that does not start behind a place.
    fn at(self, place: usize) -> Option<usize> {
        match self.node.kind() {
            Kind::Sequence(items) => items.before(place).map(|(at, _)| at),
            Kind::Mapping(entries) => entries.before(place).map(|(at, _)| at),
            _ => None,
        }
    }

    /// The child that the reading begins with, and the comma before it.
    fn begin(self, place: usize) -> Option<(usize, Option<Span>)> {
        let last = self.at(place)?;
        (last.saturating_sub(NEAR)..=last).rev().find_map(|at| {
            if at == 0 {
                return Some((0, None));
            }
            let comma = self.comma(at).filter(|comma| comma.end <= place)?;
            // Where the one before was guessed at, what stands behind it may have told.
            let before = Span::new(self.get(at - 1)?.start, comma.end);
            (!self.is_guessed(before)).then_some((at, Some(comma)))
        })
    }

    /// Children behind a place that begin behind a comma, each with where it starts.
    fn ends(self, first: usize, place: usize) -> Vec<(usize, usize)> {
        let behind = self.at(place).map_or(0, |at| at + 1).max(first + 1);
        let mut ends = Vec::new();
        for at in behind..self.len().min(behind + NEAR) {
            let Some((comma, next)) = self.comma(at).zip(self.get(at)) else { continue };
            // What a missing colon means may stand before it.
            let has_value = match self.node.kind() {
                Kind::Mapping(entries) => {
                    entries.get(at).is_some_and(|entry| entry.value().span().start > entry.key().span().end)
                }
                _ => true,
            };
            if has_value && !self.is_guessed(Span::new(comma.start, next.start)) {
                ends.push((at, next.start));
            }
        }
        ends
    }

    fn is_guessed(self, span: Span) -> bool {
        self.before.broken.iter().any(|broken| broken.start <= span.end && span.start <= broken.end)
    }

    /// The comma before a child, if there is nothing else.
    fn comma(self, at: usize) -> Option<Span> {
        let from = self.get(at.checked_sub(1)?)?.end;
        let gap = self.before.text.get(from..self.get(at)?.start)?;
        let comma = from + gap.find(',')?;
        (gap.trim() == ",").then_some(Span::new(comma, comma + 1))
    }

    /// Whether no key is there twice, neither before nor now, as far as it is one of those that were read.
    fn keeps_names(self, form: &Form, text: &str, stood: &Range<usize>) -> bool {
        let (Kind::Mapping(entries), Form::Map(new)) = (self.node.kind(), form) else { return true };
        let old = entries.iter().take(stood.end).skip(stood.start);
        let spans: Vec<Span> = old.clone().map(|entry| entry.key().span()).collect();
        let twice = self.before.found.iter().filter(|problem| problem.code == Code::DuplicateKey);
        let is_told = |span: Span| spans.contains(&span);
        if twice.into_iter().any(|problem| is_told(problem.span)) {
            return false;
        }
        let old: Vec<&str> = old.filter_map(|entry| entry.key().scalar_text()).collect();
        let new: Vec<&str> = names(new, text);
        if old == new {
            return true;
        }
        let mut own: HashSet<&str> = HashSet::with_capacity(new.len());
        let others = entries.iter().enumerate().filter(|(at, _)| !stood.contains(at));
        let mut others = others.filter_map(|(_, entry)| entry.key().scalar_text());
        new.iter().all(|name| own.insert(name)) && !others.any(|name| own.contains(name))
    }
}

fn names<'k>(entries: &'k [GreenEntry], text: &'k str) -> Vec<&'k str> {
    keys(entries, text, 0).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    /// Types some pieces behind a mark; each time no more than neighbours are read.
    fn check(text: &str, mark: &str, pieces: &[&str]) {
        let mut text = text.to_owned();
        let mut tree = json::parse(&text, Dialect::Strict);
        let mut at = text.find(mark).unwrap_or_else(|| panic!("no {mark:?}")) + mark.len();
        for (number, piece) in pieces.iter().enumerate() {
            text.insert_str(at, piece);
            let edit = Edit { start: at, old_end: at, new_end: at + piece.len() };
            at = edit.new_end;
            let whole = json::parse(&text, Dialect::Strict);
            let levels = super::super::around(&tree, edit);
            let read = |depth: usize| {
                let levels = levels.get(..depth)?;
                read(&tree, &text.as_str().into(), edit, Dialect::Strict, levels)
            };
            let again = (1..=levels.len()).rev().find_map(read);
            // What opens something may take in all that follows.
            if number > 0 {
                assert!(again.is_some(), "{mark:?} and {piece:?} are read with all neighbours");
            }
            assert!(again.is_none_or(|again| again == whole), "{mark:?} and {piece:?}");
            tree = whole;
        }
    }

    #[test]
    fn an_edit_costs_its_neighbours() {
        let step = |at: usize| format!("    {{\n      \"id\": \"step{at}\",\n      \"run\": \"a\"\n    }}");
        let steps: Vec<String> = (0..400).map(step).collect();
        let list = format!("{{\n  \"steps\": [\n{}\n  ]\n}}\n", steps.join(",\n"));
        check(&list, "step200", &["a", "b", "c"]);
        check(&list, "\"step200\",\n", &["\"env\": {\n", "\"A\": ", "\"", "b", "\"", ", "]);
        check(&list, "\"step399\",\n", &["\"env\": {\n", "\"A\": ", "\"", "b"]);
        check(&list, "\"step0\",\n", &["\"env\": [\n", "1", "2", ", ", "3"]);
        let entries: Vec<String> = (0..400).map(|at| format!("  \"key{at}\": \"word\"")).collect();
        let flat = format!("{{\n{}\n}}\n", entries.join(",\n"));
        check(&flat, "\"key200\": \"word", &["a", "b", "\",\n\"new", "er\": ", "1"]);
        check(&flat, "\"key200", &["a", "b"]);
        check(&flat, "\"key399\": \"word", &["a", "b"]);
    }
}
