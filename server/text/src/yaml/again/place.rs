//! Where in a tree an edit is: the collections around it, and the runs of their children that it touches.

use std::ops::Range;

use copydesk_base::Span;

use super::Edit;
use super::run::{Run, goes_on, is_dash, is_value_mark};
use crate::node::{Entry, Kind, Node};
use crate::position;
use crate::scalar::Style;
use crate::tree::Tree;
use crate::yaml::lines::{WHITE, is_deep_blank, is_quiet, line_end, line_start, lines};

/// A block collection around the edit.
pub(super) struct Level<'t> {
    pub(super) node: Node<'t>,
    pub(super) is_list: bool,
    /// Which child of the collection around it this is; for the outermost, which document.
    pub(super) at: usize,
    /// The column of its children.
    pub(super) column: usize,
    /// Where the lines start that belong to it, if its first child stands on a line of its own.
    lead: Option<usize>,
    /// Where the lines end that belong to it.
    limit: usize,
    /// Whether it stands at the column of the keys around it, as lists may.
    pub(super) is_compact: bool,
    /// Whether nothing but white space and comments stands between it and the key or dash it belongs to, so that
    /// recovery would come to it, too.
    pub(super) is_plain_way: bool,
}

/// What becomes of blank lines behind a block scalar.
#[derive(PartialEq)]
enum Blanks {
    Kept,
    Dropped,
}

/// The collections around the edit, outermost first.
pub(super) fn way(before: &Tree, edit: Edit) -> Option<Vec<Level<'_>>> {
    let mut levels = vec![document(before, edit)?];
    let text: &str = &before.text;
    // A tree is never deeper than its nodes are counted.
    while let Some(level) = levels.last() {
        let touched = level.touched(text, edit);
        let at = match (touched.len(), touched.start) {
            (1, at) => at,
            (0, at) if at > 0 => at - 1,
            _ => break,
        };
        match level.inner(text, at) {
            Some(inner) => levels.push(inner),
            None => break,
        }
    }
    Some(levels)
}

/// The document that the edit is in, if a block collection is its root.
fn document(before: &Tree, edit: Edit) -> Option<Level<'_>> {
    let text: &str = &before.text;
    let documents = before.documents();
    let first = documents.before(edit.old_end).map_or(0, |(at, _)| at);
    for at in [first, first + 1] {
        let Some(node) = documents.get(at) else { break };
        let start = at
            .checked_sub(1)
            .and_then(|at| documents.get(at))
            .map_or(0, |node| line_end(text, node.span().end));
        let mut lead = (!text.starts_with('\u{feff}') || at > 0).then_some(start);
        for line in lines(text, Span::new(start, node.span().start)) {
            if line.span.end > node.span().start {
                break;
            }
            if !is_quiet(line.text) {
                lead = Some(line.span.end);
            }
        }
        let next = documents.get(at + 1).map_or(text.len(), |node| node.span().start);
        let end = line_end(text, node.span().end);
        let limit = lines(text, Span::new(end, next)).find(|line| !is_quiet(line.text));
        let limit = limit.map_or(next, |line| line.span.start).max(end);
        let mut level = Level::new(text, node, at, lead, limit)?;
        level.is_plain_way = node.tag().is_none() && node.anchor().is_none();
        if edit.old_end < limit || limit == text.len() {
            return Some(level);
        }
    }
    None
}

impl<'t> Level<'t> {
    fn new(text: &str, node: Node<'t>, at: usize, lead: Option<usize>, limit: usize) -> Option<Self> {
        let is_list = match node.kind() {
            Kind::Sequence(_) => true,
            Kind::Mapping(_) => false,
            _ => return None,
        };
        let start = node.span().start;
        let margin = line_start(text, start);
        let prefix = text.get(margin..start)?;
        // What stands before it on its line is not read again, so nothing but the dashes around it may.
        let is_plain =
            prefix.bytes().all(|byte| matches!(byte, b' ' | b'-' | b'?')) && !prefix.contains("--");
        if text[start..].starts_with(['[', '{']) || !is_plain {
            return None;
        }
        let lead = lead.filter(|lead| {
            let has_own_line = prefix.bytes().all(|byte| byte == b' ');
            has_own_line
                && *lead <= margin
                && lines(text, Span::new(*lead, margin)).all(|line| is_quiet(line.text))
        });
        let column = prefix.len();
        Some(Self { node, is_list, at, column, lead, limit, is_compact: false, is_plain_way: true })
    }

    pub(super) fn len(&self) -> usize {
        if self.is_list { self.node.items().len() } else { self.node.entries().len() }
    }

    fn entry(&self, at: usize) -> Option<Entry<'t>> {
        self.node.entries().get(at)
    }

    /// Whether no marks part this document from others: a bare `---` before it is all there may be.
    pub(super) fn is_only_document(&self, tree: &Tree) -> bool {
        let head = tree.text.get(..self.node.span().start).unwrap_or("");
        let mut marks =
            position::lines(head).filter(|line| line.starts_with("---") || line.starts_with("..."));
        let is_bare = marks.next().is_none_or(|line| line.trim_end_matches(WHITE) == "---");
        tree.documents.len() == 1 && self.limit == tree.text.len() && is_bare && marks.next().is_none()
    }

    /// Whether anything but the children of a run says that this is a mapping.
    pub(super) fn has_entry_outside(&self, text: &str, run: &Range<usize>) -> bool {
        let is_entry = |at: usize| self.entry(at).is_some_and(|entry| has_colon(text, entry.key().span()));
        (0..run.start).chain(run.end..self.len()).any(is_entry)
    }

    /// Whether it starts with what is part of it for want of something better, and may be more once the text is healed:
    /// a quote that was left open, closed anywhere below, makes all of it one text, and so does the head of a block
    /// scalar; a tag or an anchor on a line of its own stands before all of it.
    pub(super) fn may_be_more(&self, tree: &Tree) -> bool {
        let start = self.node.span().start;
        let is_odd =
            tree.text.get(start..).is_some_and(|text| text.starts_with(['"', '\'', '&', '!', '|', '>']));
        is_odd && tree.is_broken(Span::at(start))
    }

    fn value(&self, at: usize) -> Option<Node<'t>> {
        if self.is_list { self.node.items().get(at) } else { self.entry(at).map(Entry::value) }
    }

    /// A child, without its dash.
    fn span(&self, at: usize) -> Option<Span> {
        if self.is_list { self.node.items().get(at).map(Node::span) } else { self.entry(at).map(Entry::span) }
    }

    /// Where the line of a child starts; not known where the child stands as it should not.
    fn margin(&self, text: &str, at: usize) -> Option<usize> {
        let start = self.span(at)?.start;
        if at == 0 {
            return Some(line_start(text, self.node.span().start));
        }
        let least = line_end(text, self.span(at - 1)?.end);
        let mut margin = line_start(text, start);
        loop {
            let line = text.get(margin..)?;
            let content = line.trim_start_matches(' ');
            if line.len() - content.len() == self.column && (!self.is_list || is_dash(content)) {
                return (margin >= least).then_some(margin);
            }
            if !self.is_list || margin <= least {
                return None;
            }
            margin = line_start(text, margin - 1);
        }
    }

    /// Where the lines of a child end: at the next child, or with the collection.
    fn end(&self, text: &str, at: usize) -> Option<usize> {
        if at + 1 < self.len() { self.margin(text, at + 1) } else { Some(self.limit) }
    }

    /// The children that the edit touches; an empty range in the gap before that child.
    fn touched(&self, text: &str, edit: Edit) -> Range<usize> {
        let has_ended = |end: usize| {
            let line_end = line_end(text, end);
            line_end <= edit.start && text[..line_end].ends_with(['\n', '\r'])
        };
        let ends_before =
            |at: usize| self.span(at).is_some_and(|span| span.end < edit.start && has_ended(span.end));
        let starts_before = |at: usize| {
            self.span(at).is_some_and(|span| span.start <= edit.old_end)
                || self.margin(text, at).is_some_and(|margin| margin <= edit.old_end)
        };
        let first = partition(self.len(), ends_before);
        let end = partition(self.len(), starts_before);
        first..end.max(first)
    }

    /// What may be read again for the edit, the smaller first.
    pub(super) fn runs(&self, tree: &Tree, edit: Edit) -> [Option<Run>; 2] {
        let text: &str = &tree.text;
        let touched = self.touched(text, edit);
        if touched.is_empty() {
            let before = touched.start.saturating_sub(1)..touched.start.max(1);
            [self.gap(tree, touched.start), self.run(tree, before, edit)]
        } else {
            [self.run(tree, touched, edit), None]
        }
        .map(|run| run.filter(|run| run.holds(text, edit)))
    }

    fn gap(&self, tree: &Tree, at: usize) -> Option<Run> {
        let text: &str = &tree.text;
        let (start, is_behind_scalar) = match at.checked_sub(1) {
            None => (self.lead?, false),
            Some(before) => {
                if self.is_broken(tree, before) {
                    return None;
                }
                let is_scalar = self.scalar(text, before);
                if is_scalar == Some(Blanks::Kept) {
                    return None;
                }
                (line_end(text, self.span(before)?.end), is_scalar.is_some())
            }
        };
        let end = if at < self.len() { self.margin(text, at)? } else { self.limit };
        let region = Span::new(start, end);
        if is_behind_scalar && lines(text, region).any(|line| is_deep_blank(line.text, self.column)) {
            return None;
        }
        let is_gap = lines(text, region).all(|line| is_quiet(line.text));
        is_gap.then_some(Run { children: at..at, region, is_behind_scalar, is_behind_broken: false })
    }

    /// Whether a child, or a piece of it, was read by guessing.
    fn is_broken(&self, tree: &Tree, at: usize) -> bool {
        let span = self.span(at).map(|span| Span::new(line_start(&tree.text, span.start), span.end));
        span.is_none_or(|span| tree.is_broken(span))
    }

    /// Whether a child ends with a block scalar, and if so whether the blank lines behind it belong to it.
    fn scalar(&self, text: &str, at: usize) -> Option<Blanks> {
        let last = self.last(at)?;
        let is_block = matches!(last.scalar()?.style(), Style::Literal | Style::Folded);
        let leaf = text.get(last.span().start..)?;
        let header = &leaf[..leaf.find(['\n', '\r']).unwrap_or(leaf.len())];
        if leaf.starts_with(['|', '>']) {
            Some(if header.contains('+') { Blanks::Kept } else { Blanks::Dropped })
        } else {
            // Its head could not be found.
            is_block.then_some(Blanks::Kept)
        }
    }

    /// The last leaf of a child.
    fn last(&self, at: usize) -> Option<Node<'t>> {
        let of_entry = |entry: Entry<'t>| {
            let is_written = entry.value().span() != Span::at(entry.key().span().end);
            if is_written { entry.value() } else { entry.key() }
        };
        let mut node = if self.is_list { self.value(at)? } else { of_entry(self.entry(at)?) };
        loop {
            let last = match node.kind() {
                Kind::Sequence(items) => items.last(),
                Kind::Mapping(entries) => entries.last().map(of_entry),
                _ => None,
            };
            match last {
                Some(last) => node = last,
                None => return Some(node),
            }
        }
    }

    fn run(&self, tree: &Tree, children: Range<usize>, edit: Edit) -> Option<Run> {
        let text: &str = &tree.text;
        let scalar = children.start.checked_sub(1).and_then(|before| self.scalar(text, before));
        let start = match children.start {
            0 if edit.start >= self.node.span().start => self.node.span().start,
            0 => self.lead?,
            at => {
                let margin = self.margin(text, at)?;
                if goes_on(text[margin..].trim_start_matches(' ')) {
                    return None;
                }
                let gap = line_end(text, self.span(at - 1)?.end);
                if !lines(text, Span::new(gap, margin)).all(|line| is_quiet(line.text)) {
                    return None;
                }
                let mut gap_lines = lines(text, Span::new(gap, margin));
                let is_text = match scalar {
                    Some(Blanks::Kept) => edit.start <= margin,
                    Some(Blanks::Dropped) => {
                        edit.start < margin && gap_lines.any(|line| is_deep_blank(line.text, self.column))
                    }
                    None => false,
                };
                if is_text {
                    return None;
                }
                if edit.start < margin { gap } else { margin }
            }
        };
        let end = self.end(text, children.end.checked_sub(1)?)?;
        let region = Span::new(start, end);
        let is_behind_broken =
            children.start.checked_sub(1).is_some_and(|before| self.is_broken(tree, before));
        Some(Run { children, region, is_behind_scalar: scalar.is_some(), is_behind_broken })
    }

    /// The collection that a child is, as far as the edit may be in it.
    fn inner(&self, text: &str, at: usize) -> Option<Self> {
        let node = self.value(at)?;
        let (header, opening) = if self.is_list {
            let margin = self.margin(text, at)?;
            let dash = if at == 0 { self.node.span().start } else { margin + self.column };
            (dash + 1, true)
        } else {
            let key = self.entry(at)?.key();
            let is_plain = key.scalar().is_some() && key.tag().is_none() && key.anchor().is_none();
            let behind = text.get(key.span().end..)?.trim_start_matches(' ');
            let colon = text.len() - behind.len();
            (colon + 1, is_plain && behind.starts_with(':'))
        };
        let start = node.span().start;
        let between = text.get(header..start)?;
        let has_line = between.contains(['\n', '\r']);
        let is_quiet = lines(text, Span::new(header, start)).all(|line| {
            is_quiet(line.text)
                || line.span.end >= start && text[line.span.start..start].trim_matches(WHITE).is_empty()
        });
        let lead = has_line.then(|| line_end(text, header));
        let mut inner = Self::new(text, node, at, lead, self.end(text, at)?)?;
        inner.is_compact = !self.is_list && inner.column <= self.column;
        inner.is_plain_way = opening && is_quiet && (self.is_list || has_line);
        Some(inner)
    }
}

/// Whether a key is written with a colon behind it, as those are that nobody takes for words.
pub(super) fn has_colon(text: &str, key: Span) -> bool {
    let behind = text.get(key.end..).unwrap_or("").trim_start_matches([' ', '\t']);
    !key.is_empty() && is_value_mark(behind)
}

/// How many of `count` numbers from zero on hold, if those that do come first.
fn partition(count: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut from, mut to) = (0, count);
    while from < to {
        let middle = from.midpoint(to);
        if holds(middle) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    from
}
