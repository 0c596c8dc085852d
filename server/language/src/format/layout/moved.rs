//! Values over several lines whose lines move together: texts, brackets, and whatever else is not looked into.

use copydesk_base::Span;
use copydesk_text::{Node, Scalar};

use super::{Layout, Walk};

/// What a value over several lines is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Inside {
    Text,
    Brackets,
}

impl<'t> Walk<'_, 't> {
    /// A text behind `|` or `>`: its lines keep their places to one another.
    pub(super) fn block_text(&mut self, node: Node<'t>, scalar: Scalar<'t>, outer: usize) {
        let lines = self.lines;
        let (first, last) = (lines.line(node.span().start) + 1, lines.line(node.span().end));
        let head = lines.content(first - 1);
        let head = head.get(lines.column(node.span().start)..).unwrap_or("");
        let head = head.split([' ', '\t', '#']).next().unwrap_or("");
        let mut end = last + 1;
        if head.contains('+') {
            while end < lines.numbers().end && lines.is_blank(end) {
                end += 1;
            }
        }
        self.layout.protected.push(first..end);
        if self.is_frozen(node.span()) || scalar.text().is_empty() {
            return;
        }
        let Some(base) = (first..=last).find(|line| !lines.is_blank(*line)) else { return };
        let old = lines.indent(base).len();
        let new = match head.chars().find_map(|c| c.to_digit(10)) {
            // The text says how far in it stands, counted from the block around it.
            Some(digit) => outer + digit as usize,
            None => outer + self.style.indent.max(1),
        };
        let old = if head.contains(|c: char| c.is_ascii_digit()) {
            self.old_base(node, head).unwrap_or(old)
        } else {
            old
        };
        for line in first..=last {
            let indent = lines.indent(line).len();
            if lines.is_blank(line) && indent <= old {
                continue;
            }
            // Tabs inside a text are the text's own.
            let spaces = lines.content(line).len() - lines.content(line).trim_start_matches(' ').len();
            if spaces >= old {
                self.layout.set_spaces(line, spaces - old + new, indent - spaces);
            }
        }
    }

    /// The column from which a text with an indentation digit counts: that of the block around it, plus the digit.
    fn old_base(&self, node: Node<'t>, head: &str) -> Option<usize> {
        let digit = head.chars().find_map(|c| c.to_digit(10))? as usize;
        let line = self.lines.line(node.span().start);
        let content = self.lines.content(line);
        let mut column = self.lines.indent(line).len();
        // Behind dashes the innermost block is the one that counts.
        let before = &content[..self.lines.column(node.span().start)];
        let mut rest = &before[column..];
        let mut outer = column;
        while let Some(behind) = rest.strip_prefix('-').filter(|behind| behind.starts_with([' ', '\t'])) {
            outer = column;
            let gap = behind.len() - behind.trim_start_matches([' ', '\t']).len();
            column += 1 + gap;
            rest = &behind[gap..];
        }
        let outer = if rest.contains(':') { column } else { outer };
        Some(outer + digit)
    }

    /// A value over several lines that is not looked into: its lines move as its first one does.
    pub(super) fn moved(&mut self, span: Span, inside: Inside, outer: usize) {
        let lines = self.lines;
        let (first, last) = (lines.line(span.start), lines.line(span.end));
        if first == last {
            return;
        }
        self.layout.protected.push(match inside {
            Inside::Text => first..last,
            Inside::Brackets => first..first,
        });
        if self.is_frozen(span) {
            return;
        }
        let old = lines.indent(first).len();
        let new = self.layout.column(first).unwrap_or(old);
        for line in first + 1..=last {
            if lines.is_blank(line) {
                continue;
            }
            let indent = lines.indent(line).len();
            let closes =
                inside == Inside::Brackets && lines.content(line).trim_start().starts_with([']', '}']);
            let least = if closes { outer } else { outer + 1 };
            let column = (indent + new).saturating_sub(old).max(least);
            self.layout.set(line, column);
        }
    }

    /// A block that is not understood: all of its lines move as its first one does.
    pub(super) fn as_it_is(&mut self, node: Node<'t>, column: usize) {
        let lines = self.lines;
        let span = lines.whole(node.span());
        let (first, last) = (lines.line(span.start), lines.line(node.span().end));
        self.layout.protected.push(first..last + 1);
        let old = lines.indent(first).len();
        let new =
            if lines.is_first(node.span().start) { column } else { self.layout.column(first).unwrap_or(old) };
        for line in first..=last {
            if !lines.is_blank(line) {
                let indent = lines.indent(line).len();
                self.layout.set(line, (indent + new).saturating_sub(old));
            }
        }
    }
}

impl Layout {
    /// A line of a text: so many spaces, and then whatever tabs it starts with.
    fn set_spaces(&mut self, line: usize, spaces: usize, tabs: usize) {
        if tabs == 0 {
            self.set(line, spaces);
        }
    }
}
