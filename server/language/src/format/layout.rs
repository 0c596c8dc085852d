//! Where each line starts.
//!
//! The walk goes down the blocks of the tree with the column that each should have. A line whose first thing is a key
//! or a dash gets that column; the lines of a text, of brackets and of whatever else we do not look into move along
//! with the line above that they belong to. Comments go with what stands below them.

mod around;
mod moved;

use std::ops::Range;

use copydesk_base::{Span, TextEdit};
use copydesk_text::{Entries, Items, Kind, Node, Style, Tree};

use super::lines::Lines;
use super::style::{Sequences, Settled, is_flow};
pub(super) use around::blocks_around;
use moved::Inside;

/// The starts of the lines.
pub(super) struct Layout {
    /// The first line of the part.
    first: usize,
    /// For each line of the part, the column of its first thing; `None` leaves it where it is.
    columns: Vec<Option<usize>>,
    /// Lines whose ends and blanks belong to a text.
    protected: Vec<Range<usize>>,
}

/// A key or dash that is the first thing on its line.
#[derive(Clone, Copy)]
struct Start {
    line: usize,
    old: usize,
    new: usize,
}

struct Walk<'w, 't> {
    lines: &'w Lines<'t>,
    style: Settled,
    frozen: &'w [Span],
    layout: Layout,
    starts: Vec<Start>,
    /// Behind the dash of the item that is walked through.
    behind: usize,
}

impl Layout {
    pub(super) fn of(tree: &Tree, lines: &Lines<'_>, style: Settled, frozen: &[Span]) -> Self {
        let numbers = lines.numbers();
        let columns = vec![None; numbers.len()];
        let layout = Self { first: numbers.start, columns, protected: Vec::new() };
        let mut walk = Walk { lines, style, frozen, layout, starts: Vec::new(), behind: 0 };
        for root in tree.documents() {
            if lines.part.touches(root.span().start) {
                let column = walk.column_for(root, 0);
                walk.node(root, column, 0);
            }
        }
        walk.layout.protected.sort_by_key(|range| range.start);
        walk.comments(tree);
        walk.layout
    }

    pub(super) fn protected(&self) -> &[Range<usize>] {
        &self.protected
    }

    /// The edits that move the lines.
    pub(super) fn edits(&self, lines: &Lines<'_>) -> Vec<TextEdit> {
        let mut edits = Vec::new();
        for (at, column) in self.columns.iter().enumerate() {
            let (line, Some(column)) = (self.first + at, column) else { continue };
            if lines.is_blank(line) && !self.is_protected(line) {
                continue;
            }
            let indent = lines.indent(line);
            if indent.of(lines.text) != " ".repeat(*column) {
                edits.push(TextEdit::new(indent, " ".repeat(*column)));
            }
        }
        edits
    }

    /// Once the walk is done.
    fn is_protected(&self, line: usize) -> bool {
        let after = self.protected.partition_point(|range| range.start <= line);
        after.checked_sub(1).and_then(|at| self.protected.get(at)).is_some_and(|range| range.contains(&line))
    }

    fn column(&self, line: usize) -> Option<usize> {
        *self.columns.get(line.checked_sub(self.first)?)?
    }

    fn set(&mut self, line: usize, column: usize) {
        if let Some(slot) = line.checked_sub(self.first).and_then(|at| self.columns.get_mut(at)) {
            *slot = Some(column);
        }
    }
}

impl<'t> Walk<'_, 't> {
    /// A value whose first thing shall stand in `column`; `outer` is the column of the block around it.
    fn node(&mut self, node: Node<'t>, column: usize, outer: usize) {
        match node.kind() {
            Kind::Mapping(entries) if !is_flow(node, self.lines.text) => self.mapping(node, entries, column),
            Kind::Sequence(items) if !is_flow(node, self.lines.text) => self.sequence(node, items, column),
            Kind::Scalar(scalar) if matches!(scalar.style(), Style::Literal | Style::Folded) => {
                self.block_text(node, scalar, outer);
            }
            Kind::Scalar(_) => self.moved(node.span(), Inside::Text, outer),
            Kind::Mapping(_) | Kind::Sequence(_) => self.moved(node.span(), Inside::Brackets, outer),
            Kind::Null | Kind::Alias(_) => {}
        }
    }

    fn mapping(&mut self, node: Node<'t>, entries: Entries<'t>, column: usize) {
        let explicit =
            |at: usize| self.lines.text[self.lines.indent(self.lines.line(at)).end..].starts_with("? ");
        if entries.iter().any(|entry| {
            !matches!(entry.key().kind(), Kind::Scalar(_) | Kind::Alias(_))
                || explicit(entry.key().span().start)
        }) {
            return self.as_it_is(node, column);
        }
        for entry in entries {
            let (key, value) = (entry.key(), entry.value());
            self.start(self.with_properties(key), column);
            if self.whole_frozen(entry.span()) {
                continue;
            }
            let is_below = self.lines.line(value.span().start) > self.lines.line(key.span().end);
            let wanted = match value.kind() {
                Kind::Sequence(_) if is_below && !is_flow(value, self.lines.text) => {
                    column + if self.style.sequences == Sequences::Flush { 0 } else { self.style.indent }
                }
                _ => column + self.style.indent,
            };
            let column_of_value = self.column_for(value, wanted);
            if is_below {
                self.properties(key.span().end, value, column_of_value);
                if !matches!(value.kind(), Kind::Null) {
                    self.start(self.with_properties(value), column_of_value);
                }
            }
            self.node(value, column_of_value, column);
        }
    }

    fn sequence(&mut self, node: Node<'t>, items: Items<'t>, column: usize) {
        // A list that is the first thing in an item may say that it starts where the item's own list does.
        let mut end = node.span().start.max(self.behind);
        for item in items {
            let Some(dash) = self.lines.dash(end) else { return self.as_it_is(node, column) };
            self.behind = dash + 1;
            self.start(dash, column);
            end = item.span().end.max(dash + 1);
            if self.whole_frozen(Span::new(dash, end)) {
                continue;
            }
            let is_below = self.lines.line(item.span().start) > self.lines.line(dash);
            let wanted = column + 2;
            let column_of_item = self.column_for(item, wanted);
            if is_below && !matches!(item.kind(), Kind::Null) {
                self.properties(dash + 1, item, column_of_item);
                self.start(self.with_properties(item), column_of_item);
            }
            self.node(item, column_of_item, column);
        }
    }

    /// Anchors and tags on lines of their own, between a key and its value.
    fn properties(&mut self, from: usize, value: Node<'t>, column: usize) {
        let (first, last) = (self.lines.line(from) + 1, self.lines.line(value.span().start));
        for line in first..last {
            let content = self.lines.content(line).trim_start();
            if content.starts_with(['&', '!']) {
                self.layout.set(line, column);
            }
        }
    }

    /// A key or dash at `offset` shall stand in `column`.
    fn start(&mut self, offset: usize, column: usize) {
        if self.lines.is_first(offset) && self.lines.part.touches(offset) {
            let line = self.lines.line(offset);
            self.starts.push(Start { line, old: self.lines.column(offset), new: column });
            self.layout.set(line, column);
        }
    }

    /// Where a node starts, its anchor and tag on the same line included.
    fn with_properties(&self, node: Node<'t>) -> usize {
        let start = node.span().start;
        if node.anchor().is_none() && node.tag().is_none() {
            return start;
        }
        let line = self.lines.line(start);
        let mut at = start;
        loop {
            let before =
                Span::new(self.lines.start(line), at).of(self.lines.text).trim_end_matches([' ', '\t']);
            let word = before.rfind([' ', '\t']).map_or(0, |space| space + 1);
            if !before[word..].starts_with(['&', '!']) {
                return at;
            }
            at = self.lines.start(line) + word;
        }
    }

    /// The column a value gets: as wanted, or as it is where a frozen piece depends on it.
    fn column_for(&self, node: Node<'t>, wanted: usize) -> usize {
        if self.is_frozen(node.span()) && matches!(node.kind(), Kind::Mapping(_) | Kind::Sequence(_)) {
            self.lines.column(self.with_properties(node))
        } else {
            wanted
        }
    }

    fn is_frozen(&self, span: Span) -> bool {
        self.frozen
            .iter()
            .any(|frozen| frozen.start < span.end.max(span.start + 1) && span.start < frozen.end)
    }

    fn whole_frozen(&self, span: Span) -> bool {
        self.frozen.iter().any(|frozen| frozen.start <= span.start && span.end <= frozen.end)
    }

    /// Comments on lines of their own go with the next key or dash, or with the block that they stand in.
    fn comments(&mut self, tree: &Tree) {
        let lines = self.lines;
        self.starts.sort_by_key(|start| start.line);
        for comment in tree.comments() {
            if !lines.part.touches(comment.start) || !lines.is_first(comment.start) {
                continue;
            }
            let line = lines.line(comment.start);
            if self.layout.column(line).is_some() || self.layout.is_protected(line) {
                continue;
            }
            let old = lines.column(comment.start);
            let next = self.starts.partition_point(|start| start.line < line);
            let below = self.starts.get(next).copied();
            if let Some(below) =
                below.filter(|below| below.old <= old && below.old + 1 >= old || below.old == old)
            {
                self.layout.set(line, below.new);
                continue;
            }
            let above = self.starts.get(..next).unwrap_or(&[]).iter().rev();
            let mut innermost = usize::MAX;
            let mut found = None;
            for start in above {
                if start.old >= innermost {
                    continue;
                }
                innermost = start.old;
                if start.old <= old {
                    found = (start.old == old).then_some(start.new);
                    break;
                }
            }
            let column = found
                .or(below.map(|below| below.new))
                .unwrap_or_else(|| self.starts.first().map_or(old, |start| start.new));
            self.layout.set(line, column);
        }
    }
}
