//! What is read again, and whether what stands there now is still children of the collection it was cut from.

use std::ops::Range;

use copydesk_base::Span;

use super::place::Level;
use super::{Children, Edit};
use crate::document::BYTE_ORDER_MARK;
use crate::tree::Tree;
use crate::yaml::lines::{WHITE, is_deep_blank, is_quiet, lines};

/// Neighbouring children that are read again, or the gap between two.
#[derive(Debug)]
pub(super) struct Run {
    /// Empty for a gap.
    pub(super) children: Range<usize>,
    /// The bytes of the text before.
    pub(super) region: Span,
    /// What a first line of content belongs to that is indented deeper: the text of a block scalar before the gap.
    pub(super) is_behind_scalar: bool,
    /// Whether nobody knows where the child before was meant to end: then nothing may be added to it.
    pub(super) is_behind_broken: bool,
}

impl Run {
    pub(super) fn is_gap(&self) -> bool {
        self.children.is_empty()
    }

    /// Whether the edit is within, so that what is outside is what it was.
    pub(super) fn holds(&self, text: &str, edit: Edit) -> bool {
        let Span { start, end } = self.region;
        start <= edit.start && (edit.old_end < end || edit.old_end == end && end == text.len())
    }

    /// The first byte of content now; the end of the region where there is none.
    pub(super) fn content(&self, text: &str, end: usize) -> usize {
        let is_content = |text: &str| !is_quiet(text);
        let region = Span::new(self.region.start, end);
        let line = lines(text, region).find(|line| is_content(line.text));
        line.map_or(end, |line| line.span.start + (line.text.len() - line.text.trim_start_matches(' ').len()))
    }

    /// Where the collection starts now.
    pub(super) fn new_start(&self, level: &Level<'_>, children: &Children, text: &str, edit: Edit) -> usize {
        let start = level.node.span().start;
        match self.children.start {
            0 if children.is_empty() => edit.moved(start),
            0 => self.content(text, edit.moved(self.region.end)),
            _ => start,
        }
    }

    /// Whether the lines that are there now stand where children of the collection must, so that what is outside of the
    /// region is read as before, whatever is within.
    pub(super) fn fits(&self, level: &Level<'_>, before: &Tree, text: &str, edit: Edit) -> bool {
        let end = edit.moved(self.region.end);
        let (Some(outside), Some(region)) = (text.get(..self.region.start), text.get(self.region.start..end))
        else {
            return false;
        };
        let joins = outside.ends_with('\r') && region.starts_with('\n');
        let behind = before.text.get(self.region.end..).unwrap_or("");
        let next = behind.trim_start_matches(' ');
        // It would be taken for the value of a key that has none.
        let is_astray = !level.is_list && is_dash(next) && behind.len() - next.len() == level.column;
        if joins
            || is_astray
            || region.contains(BYTE_ORDER_MARK)
            || goes_on(next)
            || end < text.len() && !region.is_empty() && !region.ends_with(['\n', '\r'])
        {
            return false;
        }
        let is_within_line = !outside.is_empty() && !outside.ends_with(['\n', '\r']);
        let mut has_content = false;
        for (number, line) in lines(text, Span::new(self.region.start, end)).enumerate() {
            let content = line.text.trim_start_matches(' ');
            let mut indent = line.text.len() - content.len();
            let trimmed = content.trim_start_matches('\t').trim_end_matches(WHITE);
            if number == 0 && is_within_line {
                if indent > 0 || trimmed.is_empty() {
                    return false;
                }
                indent = level.column;
            }
            if self.is_behind_broken && !has_content && (trimmed.is_empty() || trimmed.starts_with('#')) {
                return false;
            }
            if trimmed.is_empty() {
                if self.is_behind_scalar && !has_content && is_deep_blank(line.text, level.column) {
                    return false;
                }
                continue;
            }
            if trimmed.starts_with('#') {
                let is_text = self.is_behind_scalar && !has_content && indent > level.column;
                if is_text || number == 0 && is_within_line {
                    return false;
                }
                continue;
            }
            if indent < level.column || content.starts_with('\t') && indent <= level.column {
                return false;
            }
            let is_own = indent == level.column;
            if is_own && content.starts_with(['[', '{']) {
                return false;
            }
            if level.column == 0 && is_own && is_marker(content) {
                return false;
            }
            if !has_content {
                has_content = true;
                let is_first = self.children.start == 0;
                // Brackets, quotes and texts could take in the lines of siblings, or be taken for the whole collection.
                let is_odd = goes_on(content) || is_first && content.starts_with(['"', '\'', '|', '>']);
                if !is_own || is_odd || is_dash(content) != level.is_list {
                    return false;
                }
            }
            if is_own && level.is_compact && !is_dash(content) {
                return false;
            }
        }
        has_content || self.is_gap()
    }
}

/// A dash that starts an item.
pub(super) fn is_dash(content: &str) -> bool {
    content.strip_prefix('-').is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

/// Whether a line goes on with what stands above it, at the same column.
pub(super) fn goes_on(content: &str) -> bool {
    content.starts_with([']', '}']) || is_value_mark(content)
}

/// A colon that stands alone: behind a key, or before the value of one that has a line of its own.
pub(super) fn is_value_mark(content: &str) -> bool {
    content.strip_prefix(':').is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

/// What ends a document, or comes before one.
fn is_marker(content: &str) -> bool {
    let behind = content.strip_prefix("---").or_else(|| content.strip_prefix("..."));
    content.starts_with('%')
        || behind.is_some_and(|rest| rest.trim_end_matches(WHITE).is_empty() || rest.starts_with([' ', '\t']))
}
