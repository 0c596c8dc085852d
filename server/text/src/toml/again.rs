//! A newer version's tree from the tree of the version before and the edit between the two.
//!
//! TOML goes from line to line: an entry of a table is its own line or lines, and what a line means depends on nothing
//! above it but the header. So the lines around the edit are read again, as entries of the table whose header stands
//! above them, and take the place of the entries that stood there ([`super::graft`]). Where their keys have dots and so
//! may belong to a table that began elsewhere, all lines below the header are read. Edits of headers, and everything
//! that cannot be known to be read as it was, need the whole text.
//!
//! Invariants
//! - The answer is what reading the whole text would give, in broken texts too.
//! - The tree before is not changed: somebody may be looking at it.

use std::ops::Range;
use std::sync::Arc;

use copydesk_base::{Code, Span};

use super::build::{Lines, MOST_ERRORS, read_lines};
use super::graft::Graft;
use super::message;
use crate::document::BYTE_ORDER_MARK;
use crate::edits::{Edit, Kept, Mover};
use crate::green::{Form, GreenEntry};
use crate::node::{Entry, Kind, Node};
use crate::tree::{Syntax, Tree};
use crate::yaml::{self, MAX_BYTES, duplicate_keys};

/// The table that lines belong to.
struct Section<'t> {
    node: Node<'t>,
    /// Which child of which child it is, from the root on.
    way: Vec<usize>,
    /// How many levels its header names.
    header_depth: usize,
    /// Behind the header's line.
    start: usize,
}

/// The tree of `text`, which is the text of `before` with one edit.
pub(crate) fn again(before: &Tree, text: &Arc<str>, edit: Edit) -> Option<Tree> {
    // With so many the limit of those that are told is near; behind what is too deep the parser counts differently.
    let is_deep = || before.found.iter().any(|problem| problem.message == message::too_deep());
    if text.len() > MAX_BYTES || before.found.len() >= MOST_ERRORS || is_deep() {
        return None;
    }
    let section = Section::around(before, edit.start)?;
    let lines = section.lines(&before.text, edit).and_then(|lines| read(before, text, edit, &section, lines));
    lines.or_else(|| read(before, text, edit, &section, section.body(&before.text, edit)?))
}

impl<'t> Section<'t> {
    /// The table whose header is the last one before a place.
    fn around(before: &'t Tree, place: usize) -> Option<Self> {
        let root = before.root()?;
        let mut last = Last { before, place, header: None, way: Vec::new() };
        last.look(root, 0);
        let found = last.header;
        let (node, way, header_depth, from) = match found {
            Some((node, way, depth)) => (node, way, depth, node.span().start),
            None => (root, Vec::new(), 0, 0),
        };
        let start = if way.is_empty() { 0 } else { from + before.text.get(from..)?.find('\n')? + 1 };
        let section = Self { node, way, header_depth, start };
        let has_more = section.header(&before.text, from, place).is_some();
        (start <= place && !has_more).then_some(section)
    }

    /// The first line between two places that starts like a header.
    fn header(&self, text: &str, from: usize, to: usize) -> Option<usize> {
        let brackets = text.get(from..to)?.match_indices('[').map(|(at, _)| from + at);
        let mut headers = brackets.filter(|at| is_first(text, *at) && !is_in_value(self.node, *at));
        headers.next().map(|at| line_start(text, at))
    }

    /// The lines around an edit, with all of the values that reach into them.
    fn lines(&self, text: &str, edit: Edit) -> Option<Span> {
        let entries = self.node.entries();
        let (mut start, mut end) = (line_start(text, edit.start), line_end(text, edit.old_end));
        while let Some((_, entry)) = entries.before(start).filter(|(_, entry)| start < entry.span().end) {
            let above = line_start(text, entry.span().start);
            if above == start {
                break;
            }
            start = above;
        }
        while let Some((_, entry)) =
            entries.before(end.checked_sub(1)?).filter(|(_, entry)| end < entry.span().end)
        {
            end = line_end(text, entry.span().end);
        }
        (self.start <= start).then_some(Span::new(start, end))
    }

    /// All lines below the header.
    fn body(&self, text: &str, edit: Edit) -> Option<Span> {
        let end = self.header(text, line_start(text, edit.old_end), text.len()).unwrap_or(text.len());
        (edit.old_end <= end).then_some(Span::new(self.start, end))
    }
}

/// Looks for the table whose header ends last before a place.
struct Last<'t> {
    before: &'t Tree,
    place: usize,
    header: Option<(Node<'t>, Vec<usize>, usize)>,
    way: Vec<usize>,
}

impl<'t> Last<'t> {
    fn start(&self) -> usize {
        self.header.as_ref().map_or(0, |(node, ..)| node.span().start)
    }

    fn look(&mut self, node: Node<'t>, depth: usize) {
        match node.kind() {
            Kind::Sequence(items) => {
                // Tables of one list are never mixed.
                if let Some((at, item)) = items.before(self.place) {
                    self.look_below(at, item, depth);
                }
            }
            Kind::Mapping(entries) => {
                let start = node.span().start;
                if is_behind_header(&self.before.text, start) && self.start() <= start {
                    self.header = Some((node, self.way.clone(), depth));
                }
                let last = entries.before(self.place).map_or(0, |(at, _)| at + 1);
                for (at, entry) in entries.iter().take(last).enumerate().rev() {
                    if self.start() <= entry.value().span().end {
                        self.look_below(at, entry.value(), depth + 2);
                    }
                }
            }
            _ => {}
        }
    }

    fn look_below(&mut self, at: usize, node: Node<'t>, depth: usize) {
        if node.is_piecewise() && node.span().start <= self.place {
            self.way.push(at);
            self.look(node, depth);
            self.way.pop();
        }
    }
}

/// Whether a place is right behind a header, closed or left open, and nothing else stands in its line.
fn is_behind_header(text: &str, place: usize) -> bool {
    let (before, behind) = (&text[line_start(text, place)..place], &text[place..line_end(text, place)]);
    let is_header = before.trim_start_matches([' ', '\t', BYTE_ORDER_MARK]).starts_with('[');
    is_header && (behind.trim_start().is_empty() || behind.trim_start().starts_with('#'))
}

/// Whether a place lies within a value that is written in one piece.
fn is_in_value(table: Node<'_>, place: usize) -> bool {
    let Some((_, entry)) = table.entries().before(place) else { return false };
    let (value, span) = (entry.value(), entry.value().span());
    if value.is_piecewise() { is_in_value(value, place) } else { span.start <= place && place < span.end }
}

/// Whether nothing stands before a place in its line.
fn is_first(text: &str, place: usize) -> bool {
    let before = text.get(..place).unwrap_or("").trim_end_matches([' ', '\t', BYTE_ORDER_MARK]);
    before.is_empty() || before.ends_with(['\n', '\r'])
}

fn line_start(text: &str, place: usize) -> usize {
    text.get(..place).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1)
}

fn line_end(text: &str, place: usize) -> usize {
    text.get(place..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| place + at + 1)
}

/// Reads some lines of a section again.
fn read(before: &Tree, text: &Arc<str>, edit: Edit, section: &Section<'_>, region: Span) -> Option<Tree> {
    let moved = Span::new(region.start, edit.moved(region.end));
    if has_mark(&before.text, region) || has_mark(text, moved) || !is_at_line(before, section, region.start) {
        return None;
    }
    // What stood there must have ended there, too.
    read_lines(&before.text, region, section.header_depth)?;
    let Lines { entries, seen, mut output } = read_lines(text, moved, section.header_depth)?;
    let old = stood(section.node, region)?;
    duplicate_keys(same_names(text, section.node, &old, &entries)?.into_iter(), &mut output.problems);
    let is_last = region.end == before.text.len();
    let mover = Mover { region, edit, is_last };
    output.comments.extend(mover.all(&before.comments)?);
    output.broken.extend(mover.all(&before.broken)?);
    for problem in &before.found {
        if let Kept::At(span) = mover.kept(problem.span)? {
            output.problems.push(mover.problem(problem, span)?);
        }
    }
    let is_deep = output.problems.iter().any(|problem| problem.message == message::too_deep());
    if output.problems.len() >= MOST_ERRORS || is_deep {
        return None;
    }
    let graft = Graft { text, region, edit, is_last, seen };
    let document = graft.document(before.documents.first()?, &section.way, old, entries)?;
    Some(Tree { syntax: Syntax::Toml, ..yaml::finished(output, vec![document], Arc::clone(text)) })
}

/// Whether a byte order mark stands where a part starts or ends. It means something at the start of a text only.
fn has_mark(text: &str, part: Span) -> bool {
    let starts_at = |at: usize| text.get(at..).is_some_and(|rest| rest.starts_with(BYTE_ORDER_MARK));
    part.start > 0 && starts_at(part.start) || starts_at(part.end)
}

/// Whether nothing from above is open where a line starts. What was open above a header ended with it.
fn is_at_line(before: &Tree, section: &Section<'_>, start: usize) -> bool {
    let syntax = before.found.iter().filter(|problem| problem.code == Code::TomlSyntax);
    !syntax.map(|problem| problem.span).any(|span| section.start <= span.end && span.start < start)
}

/// The entries that stand in a region, if all do so whole, and no other one reaches into it.
fn stood(table: Node<'_>, region: Span) -> Option<Range<usize>> {
    let entries = table.entries();
    let first = |place: usize| match place.checked_sub(1) {
        Some(last) => entries.before(last).map_or(0, |(at, _)| at + 1),
        None => 0,
    };
    let is_last = |end: usize| end <= region.end;
    let old = first(region.start)..first(region.end);
    let is_apart = entries.iter().take(old.start).all(|entry| entry.span().end <= region.start);
    let mut inside = entries.iter().take(old.end).skip(old.start);
    (is_apart && inside.all(|entry| is_last(entry.span().end))).then_some(old)
}

/// The new entries and those before them that have one of their names. `None` where one behind them has, or a table
/// made of dots would grow.
fn same_names<'k>(
    text: &'k str,
    table: Node<'k>,
    old: &Range<usize>,
    new: &'k [GreenEntry],
) -> Option<Vec<(&'k str, Span)>> {
    let own = yaml::keys(new, text, 0);
    let mut names: Vec<(&str, bool)> = Vec::with_capacity(new.len());
    for entry in new {
        let name = entry.key.scalar_text(text, 0)?;
        let is_table =
            matches!(entry.value.form, Form::Map(_)) && !entry.value.span().of(text).starts_with('{');
        names.push((name, is_table));
    }
    names.sort_unstable();
    let known = |entry: Entry<'k>| {
        let name = entry.key().scalar_text()?;
        let at = names.partition_point(|(known, _)| *known < name);
        names
            .get(at..)?
            .iter()
            .take_while(|(known, _)| *known == name)
            .last()
            .map(|(_, is_table)| (name, *is_table))
    };
    let mut same = Vec::new();
    for (at, entry) in table.entries().iter().enumerate().filter(|(at, _)| !old.contains(at)) {
        match known(entry) {
            Some(_) if at >= old.end => return None,
            Some((_, true)) => return None,
            Some((name, false)) => same.push((name, entry.key().span())),
            None => {}
        }
    }
    same.extend(own);
    Some(same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toml;

    /// A text of 600 tables, some with tables below them and dots in their keys.
    fn large() -> String {
        let step = |step: usize| {
            format!(
                "[[steps]]\nid = \"step-{step}\"\nneeds = [\n  \"a\",\n]\nwith.x = {step}\nwith.y = 1\nwords = \"\"\"\none\n\"\"\"\n\n\
                 [steps.env]\nA = {{b = {step}}}\n\n"
            )
        };
        let steps: String = (0..600).map(step).collect();
        format!("name = \"all\"\nold.x = 1\n\n[inputs]\nmany = 1\n\n{steps}[inputs.late]\nz = 1\n")
    }

    /// Types some pieces behind a mark, which may leave a header open. Nothing is read whole, which the tree alone does
    /// not show.
    fn check(mark: &str, pieces: &[&str]) {
        let mut text = large();
        if let Some((header, behind)) = mark.split_once('\n').filter(|_| mark.starts_with('[')) {
            let name = header.split(' ').next().unwrap_or_default();
            let at = text.find(behind).unwrap_or_default();
            let closed = text[..at].rfind(&format!("{name}]\n")).unwrap_or_else(|| panic!("no {name:?}"));
            text.replace_range(closed..at, &format!("{header}\n"));
        }
        let mut tree = toml::parse(&text);
        let mut at = text.find(mark).unwrap_or_else(|| panic!("no {mark:?}")) + mark.len();
        for piece in pieces {
            text.insert_str(at, piece);
            let edit = Edit { start: at, old_end: at, new_end: at + piece.len() };
            at = edit.new_end;
            let next = again(&tree, &text.as_str().into(), edit);
            tree = next.unwrap_or_else(|| panic!("{mark:?} and {piece:?} are read whole"));
            assert!(tree == toml::parse(&text), "{mark:?} and {piece:?}");
        }
    }

    #[test]
    fn an_edit_costs_its_lines() {
        check("step-300", &["x", "y", "z"]);
        check(
            "step-300\"\n",
            &["i", "f", " ", "=", " ", "\"", "a", "\"", " ", "#", " b\n", "c = [1, 2]\n", "\n"],
        );
        check("step-300\"\nneeds = [\n  \"a\",", &["\n  \"", "b\"", ","]);
        check("with.x = 300", &["0", "\n", "with.z = ", "{a = 1}"]);
        check("with.x = 300", &["\n", "bad ", "= ", "\n", "worse", " = 'x"]);
        check("A = {b = 300", &["1"]);
        check("many = 1", &["\n", "m", "ore = 2"]);
        check("name = \"all", &[" of them"]);
        check("z = 1", &["2\n", "zz = 3", "\n"]);
        check("[steps.env # open\nA = {b = 300", &["1", "2"]);
        check("[inputs.late\nz = 1", &["2\n", "zz = 3", "\n"]);
    }
}
