//! One block of a collection that does not parse as a whole: an item, an entry, or what somebody has typed of one.

use copydesk_base::Span;

use super::super::build::{Failure, Output};
use super::super::message::messages;
use super::Recovery;
use super::cut::{self, Region, Shape};
use crate::green::{Green, GreenEntry};

impl Recovery<'_> {
    /// One block, of which `read` is what the exact parser says.
    pub(super) fn child(
        &mut self,
        block: &Region,
        is_list: bool,
        read: Result<Output, Failure>,
        depth: usize,
        items: &mut Vec<Green>,
        entries: &mut Vec<GreenEntry>,
    ) {
        let shape = cut::shape(self.text, &block.first);
        let (own, known) = (read.as_ref().err().cloned(), self.faults);
        if is_list {
            self.item(block, shape, read, depth, items);
        } else {
            self.entry(block, shape, read, depth, entries);
        }
        if let Some(own) = own.filter(|_| self.faults == known) {
            // Its parts are fine, but not together.
            self.fault_of(&own, block);
        }
    }

    /// One block where a list is.
    fn item(
        &mut self,
        block: &Region,
        shape: Shape,
        read: Result<Output, Failure>,
        depth: usize,
        items: &mut Vec<Green>,
    ) {
        match (read, shape) {
            (Ok(read), Shape::Item { .. }) if self.is_items(&read, block) => {
                items.extend(self.taken_items(read));
            }
            (Ok(read), _) => {
                if let Some(node) = self.take(read) {
                    self.fault(self.word(&block.first), messages::NO_ITEM, block.span());
                    items.push(node);
                }
            }
            (Err(_), Shape::Item { content }) => {
                let inner = if content < block.first.end {
                    Some(block.from(content))
                } else {
                    let inner = self.inner(block);
                    self.skipped(block, block.first.start + 1, inner.as_ref());
                    inner
                };
                // What it fails of must be its own, as it is when an edit has it read by itself.
                let node = inner.and_then(|inner| self.read(&inner, depth + 1));
                items.push(node.unwrap_or_else(|| Green::nothing(block.first.start + 1 + self.shift)));
            }
            (Err(failure), _) => {
                self.fault(self.word(&block.first), messages::NO_ITEM, block.span());
                self.quiet += 1;
                items.extend(self.blocks(block, &failure, depth + 1));
                self.quiet -= 1;
            }
        }
    }

    /// One block where a mapping is.
    fn entry(
        &mut self,
        block: &Region,
        shape: Shape,
        read: Result<Output, Failure>,
        depth: usize,
        entries: &mut Vec<GreenEntry>,
    ) {
        match (read, shape) {
            (Ok(read), _) if self.is_entries(&read, block) => entries.extend(self.taken_entries(read)),
            (Ok(read), Shape::Item { .. }) => {
                self.fault(self.word(&block.first), messages::NO_ENTRY, block.span());
                if let Some(value) = self.take(read) {
                    entries.push(GreenEntry { key: Green::nothing(value.span().start), value });
                }
            }
            (Err(failure), Shape::Item { .. }) => {
                self.fault(self.word(&block.first), messages::NO_ENTRY, block.span());
                self.quiet += 1;
                if let Some(value) = self.blocks(block, &failure, depth + 1) {
                    entries.push(GreenEntry { key: Green::nothing(value.span().start), value });
                }
                self.quiet -= 1;
            }
            (Err(failure), Shape::Entry { colon }) => self.descend(block, colon, &failure, depth, entries),
            (_, _) => entries.push(self.half_typed(block, depth)),
        }
    }

    /// An entry that does not parse.
    fn descend(
        &mut self,
        block: &Region,
        colon: usize,
        failure: &Failure,
        depth: usize,
        entries: &mut Vec<GreenEntry>,
    ) {
        let word = Span::new(block.first.start, colon);
        let rest = &self.text[colon + 1..block.first.end];
        let content = colon + 1 + (rest.len() - rest.trim_start().len());
        if content < block.first.end && !self.text[content..].starts_with('#') {
            let key = self.word_node(word);
            let read = self.value(&block.from(content), failure, depth + 1);
            entries.push(GreenEntry { key, value: read.node });
            entries.extend(read.astray);
            return;
        }
        // What is wrong with the key is said whatever is wrong below it.
        let key_line = Region { rest: 0..0, ..block.clone() };
        let key = match self.exact(&key_line, depth) {
            Ok(read) => self.taken_entries(read).pop().map(|entry| entry.key),
            Err(failure) => {
                self.fault_of(&failure, &key_line);
                None
            }
        };
        let key = key.unwrap_or_else(|| self.word_node(word));
        let inner = self.inner(block);
        self.skipped(block, colon + 1, inner.as_ref());
        let value = inner.and_then(|inner| self.read(&inner, depth + 1));
        let value = value.unwrap_or_else(|| Green::nothing(colon + 1 + self.shift));
        entries.push(GreenEntry { key, value });
    }

    /// A line without a colon where a key belongs. What stands deeper below it is taken for its value.
    fn half_typed(&mut self, block: &Region, depth: usize) -> GreenEntry {
        let line = &block.first;
        let words = self.text[line.start..line.end].split(" #").next().unwrap_or("").trim_end();
        let glued = words.find(':').filter(|colon| {
            let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '.');
            *colon > 0 && words[..*colon].chars().all(is_word) && !words[colon + 1..].starts_with("//")
        });
        if let Some(colon) = glued {
            let (at, end) = (line.start + colon, line.start + words.len());
            self.fault(Span::new(at, at + 1), messages::NO_SPACE, block.span());
            return GreenEntry {
                key: self.word_node(Span::new(line.start, at)),
                value: self.word_node(Span::new(at + 1, end)),
            };
        }
        let key = self.word_node(Span::new(line.start, line.start + words.len()));
        self.fault(Span::new(line.start, line.start + words.len()), messages::NO_COLON, block.span());
        self.quiet += 1;
        let inner =
            self.inner(block).filter(|inner| !matches!(cut::shape(self.text, &inner.first), Shape::Text));
        self.skipped(block, line.start + words.len(), inner.as_ref());
        let value = inner.and_then(|inner| self.read(&inner, depth + 1));
        self.quiet -= 1;
        GreenEntry { value: value.unwrap_or_else(|| Green::nothing(key.span().end)), key }
    }
}
