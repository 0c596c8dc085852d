//! Asking the exact parser for a piece, within the budget, and taking what it says.

use super::super::build::{Failure, Output, Why, build};
use super::Recovery;
use super::cut::Region;
use crate::green::{Form, Green, GreenEntry};

impl Recovery<'_> {
    /// The exact parser's answer to a region, and what it has found there; it is of no account until it is taken.
    pub(super) fn exact(&mut self, region: &Region, depth: usize) -> Result<Output, Failure> {
        let end = self.end(region);
        if self.budget == 0 {
            return Err(Failure { offset: region.first.start + self.shift, why: Why::Unread });
        }
        let mut output = Output::default();
        let prefix = &self.text[region.first.margin..region.first.start];
        let shift = self.shift + region.first.margin;
        let read = if prefix.bytes().all(|byte| byte == b' ') {
            build(&self.text[region.first.margin..end], shift, depth, &mut output)
        } else {
            // What stands before the region on its line becomes white space, so that places stay what they are.
            let piece = " ".repeat(prefix.len()) + &self.text[region.first.start..end];
            build(&piece, shift, depth, &mut output)
        };
        let seen = read.as_ref().err().map_or(end, |failure| failure.offset - self.shift);
        self.budget = self.budget.saturating_sub(seen.saturating_sub(region.first.margin) + 1);
        read.map(|()| output).map_err(|failure| self.bounded(failure, region))
    }

    /// What is missing at a region's end is missing there, not at what happens to stand behind.
    pub(super) fn bounded(&self, failure: Failure, region: &Region) -> Failure {
        let last = self.shift + self.text[..self.end(region)].trim_end().len().max(region.first.start);
        Failure { offset: failure.offset.min(last), ..failure }
    }

    pub(super) fn take(&mut self, read: Output) -> Option<Green> {
        self.output.absorb(read).into_iter().next()
    }

    pub(super) fn taken_items(&mut self, read: Output) -> Vec<Green> {
        match self.take(read).map(|node| node.form) {
            Some(Form::List(items)) => items.into_vec(),
            _ => Vec::new(),
        }
    }

    pub(super) fn taken_entries(&mut self, read: Output) -> Vec<GreenEntry> {
        match self.take(read).map(|node| node.form) {
            Some(Form::Map(entries)) => entries.into_vec(),
            _ => Vec::new(),
        }
    }

    /// Whether what was read of a block are items of the list around it.
    pub(super) fn is_items(&self, read: &Output, block: &Region) -> bool {
        let start = block.first.start + self.shift;
        let is_list = |node: &Green| matches!(node.form, Form::List(_)) && node.span().start == start;
        read.documents.first().is_some_and(|node| node.is_bare() && is_list(node))
    }

    /// Whether what was read of a block are entries of the mapping around it. What stands in brackets, or behind a tag
    /// or an anchor, is one value.
    pub(super) fn is_entries(&self, read: &Output, block: &Region) -> bool {
        let Some(node) = read.documents.first() else { return false };
        let Form::Map(entries) = &node.form else { return false };
        let start = block.first.start + self.shift;
        let is_bracketed = self.text[block.first.start..].starts_with(['[', '{']);
        let has_key = |entry: &GreenEntry| entry.key.span().start == start;
        node.is_bare()
            && node.span().start == start
            && (!is_bracketed || entries.first().is_some_and(has_key))
    }
}
