//! Reading what does not parse, block by block.
//!
//! A document that fails is cut at its indent blocks: an entry of a mapping or an item of a list, each with its deeper
//! lines, is one block. Blocks that parse alone are kept as they are. A block that does not is cut again, until what is
//! left is one value ([`value`]), which is read by guessing: half-typed keys, unclosed quotes and brackets, lines that
//! are indented a little too much or too little. So whoever completes a half-typed line still sees what is around it.
//!
//! Invariants
//! - Each place that had to be guessed at gives one problem and one broken span, never more.
//! - The exact parser sees each byte a few times only: there is a budget, and behind it everything is guessed.

mod cut;
mod flow;
mod part;
mod plan;
mod tabs;
mod value;

use std::borrow::Cow;

pub(super) use self::part::{Kind, part};
pub(super) use self::tabs::has_any as has_tabs;

use copydesk_base::{Code, Diagnostic, Span};

use self::cut::{Line, LineKind, Region, Shape};
use self::plan::Plan;
use super::build::{Failure, Output, Why, build};
use super::message::{message, messages};
use crate::green::{Form, Green, GreenEntry};
use crate::node::MAX_DEPTH;

/// How often the exact parser may see each byte, on average.
const READINGS: usize = 8;

/// More than are ever shown. They are found nearly in order, so that the first ones are among them.
const MOST_FAULTS: usize = 1000;

/// Everything that can be read of a piece that failed.
pub(super) fn recover(piece: &str, shift: usize, failure: &Failure) -> Output {
    let mut output = Output::default();
    let (text, failure) = match tabs::replace(piece, shift, failure, &mut output) {
        tabs::Replaced::Parsed => return output,
        tabs::Replaced::Still(text, failure) => (Cow::Owned(text), failure),
        tabs::Replaced::Nothing => (Cow::Borrowed(piece), failure.clone()),
    };
    let lines = cut::lines(&text);
    let budget = text.len() * READINGS + 4096;
    let tab_lines = output.broken.clone();
    let mut recovery =
        Recovery { text: &text, lines: &lines, shift, output, budget, faults: 0, tab_lines, quiet: 0 };
    let documents = cut::documents(&text, &lines);
    let mut at = 0;
    for region in &documents {
        recovery.note_comments(at..region.rest.start.saturating_sub(1));
        at = region.rest.end;
        // A single document has failed already.
        let is_whole = documents.len() == 1;
        let node = if is_whole { recovery.blocks(region, &failure, 0) } else { recovery.read(region, 0) };
        recovery.output.documents.extend(node);
    }
    recovery.note_comments(at..lines.len());
    recovery.output
}

struct Recovery<'t> {
    /// The piece, with the tabs of its indentation replaced by as many spaces.
    text: &'t str,
    lines: &'t [Line],
    shift: usize,
    output: Output,
    /// Bytes that the exact parser may still see.
    budget: usize,
    /// Places found so far that do not parse.
    faults: usize,
    /// Lines whose tabs have been reported.
    tab_lines: Vec<Span>,
    /// Above zero, faults are not reported: they follow from one that is.
    quiet: usize,
}

impl Recovery<'_> {
    /// Reads a region: exactly if that works, by its blocks otherwise.
    fn read(&mut self, region: &Region, depth: usize) -> Option<Green> {
        match self.exact(region, depth) {
            Ok(read) => self.take(read),
            Err(failure) => self.blocks(region, &failure, depth),
        }
    }

    /// Reads a region that is known not to parse.
    fn blocks(&mut self, region: &Region, failure: &Failure, depth: usize) -> Option<Green> {
        let blocks = cut::blocks(self.text, self.lines, region);
        let is_one = blocks.len() == 1;
        if depth >= MAX_DEPTH || is_one && failure.why == Why::TooDeep {
            let deep = Failure { offset: region.first.start + self.shift, why: Why::TooDeep };
            self.fault_of(&deep, region);
            return None;
        }
        let shapes: Vec<Shape> = blocks.iter().map(|block| cut::shape(self.text, &block.first)).collect();
        let is_list = matches!(shapes.first(), Some(Shape::Item { .. }));
        let has_entry = shapes.iter().any(|shape| matches!(shape, Shape::Entry { .. }));
        let is_open_key = is_one && self.is_word(&region.first) && self.inner(region).is_some();
        if !is_list && !has_entry && !is_open_key {
            return Some(self.value(region, failure, depth).node);
        }
        let broken = self.output.broken.len();
        let (items, entries) = self.children(region, &blocks, is_list, failure, depth);
        let start = self.shift + region.first.start;
        Some(if is_list { list(items, start) } else { self.mapping(entries, start, broken) })
    }

    /// The items of a list, or the entries of a mapping. A block that stands alone is known to fail as the region does.
    fn children(
        &mut self,
        region: &Region,
        blocks: &[Region],
        is_list: bool,
        failure: &Failure,
        depth: usize,
    ) -> (Vec<Green>, Vec<GreenEntry>) {
        let (faults, is_one) = (self.faults, blocks.len() == 1);
        let (mut items, mut entries) = (Vec::new(), Vec::new());
        let mut was_astray = false;
        let mut plan = Plan::new(blocks, failure.offset - self.shift);
        let mut at = 0;
        while let Some(block) = blocks.get(at) {
            let run = plan.run(at);
            if run.len() > 1 {
                let read = match self.run(&blocks[run.clone()], depth) {
                    Ok(read) => read,
                    Err(failure) => {
                        plan.failed(blocks, run, &failure, self.shift);
                        continue;
                    }
                };
                match read {
                    Some(read) if is_list && self.is_items(&read, block) => {
                        items.extend(self.taken_items(read));
                    }
                    Some(read) if !is_list && self.is_entries(&read, block) => {
                        entries.extend(self.taken_entries(read));
                    }
                    _ => {
                        plan.singly_until = run.end;
                        continue;
                    }
                }
                plan.succeeded();
                (at, was_astray) = (run.end, false);
                continue;
            }
            let is_astray = plan.is_astray(at);
            if is_astray && !was_astray {
                self.fault(self.word(&block.first), messages::INDENTATION, block.span());
            }
            was_astray = is_astray;
            let read = if is_one { Err(failure.clone()) } else { self.exact(block, depth) };
            self.child(block, is_list, read, depth, &mut items, &mut entries);
            at += 1;
        }
        if self.faults == faults {
            self.fault_of(failure, region);
        }
        (items, entries)
    }

    /// One block, of which `read` is what the exact parser says.
    fn child(
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

    /// Several blocks in a row that may well be fine together. `Ok(None)` where they cannot be read as one.
    fn run(&mut self, blocks: &[Region], depth: usize) -> Result<Option<Output>, Failure> {
        let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { return Ok(None) };
        let whole = Region { first: first.first.clone(), rest: first.rest.start..last.rest.end };
        match self.exact(&whole, depth) {
            Err(Failure { why: Why::Unread, .. }) => Ok(None),
            read => read.map(Some),
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

    /// The exact parser's answer to a region, and what it has found there; it is of no account until it is taken.
    fn exact(&mut self, region: &Region, depth: usize) -> Result<Output, Failure> {
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
        // What is missing at the end is missing there, not at what happens to stand behind.
        let last = self.shift + self.text[..end].trim_end().len().max(region.first.start);
        read.map(|()| output).map_err(|failure| Failure { offset: failure.offset.min(last), ..failure })
    }

    fn take(&mut self, read: Output) -> Option<Green> {
        self.output.absorb(read).into_iter().next()
    }

    fn taken_items(&mut self, read: Output) -> Vec<Green> {
        match self.take(read).map(|node| node.form) {
            Some(Form::List(items)) => items.into_vec(),
            _ => Vec::new(),
        }
    }

    fn taken_entries(&mut self, read: Output) -> Vec<GreenEntry> {
        match self.take(read).map(|node| node.form) {
            Some(Form::Map(entries)) => entries.into_vec(),
            _ => Vec::new(),
        }
    }

    /// Whether what was read of a block are items of the list around it.
    fn is_items(&self, read: &Output, block: &Region) -> bool {
        let start = block.first.start + self.shift;
        let is_list = |node: &Green| matches!(node.form, Form::List(_)) && node.span().start == start;
        read.documents.first().is_some_and(|node| node.is_bare() && is_list(node))
    }

    /// Whether what was read of a block are entries of the mapping around it. What stands in brackets, or behind a tag
    /// or an anchor, is one value.
    fn is_entries(&self, read: &Output, block: &Region) -> bool {
        let Some(node) = read.documents.first() else { return false };
        let Form::Map(entries) = &node.form else { return false };
        let start = block.first.start + self.shift;
        let is_bracketed = self.text[block.first.start..].starts_with(['[', '{']);
        let has_key = |entry: &GreenEntry| entry.key.span().start == start;
        node.is_bare()
            && node.span().start == start
            && (!is_bracketed || entries.first().is_some_and(has_key))
    }

    /// The lines below a block's first one, if there is anything on them.
    fn inner(&self, block: &Region) -> Option<Region> {
        cut::region(self.lines, block.rest.clone())
    }

    /// Notes the comments that nobody reads who goes on with `inner`: behind the first line's own words, from `at` on,
    /// and between the two.
    fn skipped(&mut self, block: &Region, at: usize, inner: Option<&Region>) {
        let behind = self.text[at..block.first.end].trim_start();
        if behind.starts_with('#') {
            let comment = self.comment(block.first.end - behind.len(), &block.first);
            self.output.comments.push(comment);
        }
        let to = inner.map_or(block.rest.end, |inner| inner.rest.start.saturating_sub(1));
        self.note_comments(block.rest.start..to);
    }

    fn note_comments(&mut self, lines: std::ops::Range<usize>) {
        let lines = self.lines.get(lines).unwrap_or(&[]);
        for line in lines.iter().filter(|line| line.kind == LineKind::Comment) {
            let white = self.text[line.start..].len() - self.text[line.start..].trim_start().len();
            self.output.comments.push(self.comment(line.start + white, line));
        }
    }

    /// From `start` to the end of the line, with the white space there.
    fn comment(&self, start: usize, line: &Line) -> Span {
        let end = line.end + self.text[line.end..line.next].trim_end_matches(['\n', '\r']).len();
        Span::new(start, end).shifted(self.shift)
    }

    /// Where the region's last line ends, with its break.
    fn end(&self, region: &Region) -> usize {
        let last = region.rest.clone().next_back().and_then(|line| self.lines.get(line));
        last.map_or(region.first.next, |last| last.next)
    }

    /// The mapping of some entries in a region from `start` on; `broken` is how much was broken before they were read.
    fn mapping(&mut self, entries: Vec<GreenEntry>, start: usize, broken: usize) -> Green {
        let first = entries.first().map_or(start, |entry| entry.key.span().start);
        let start = start.min(first);
        let end = entries.last().map_or(start, |entry| entry.span().end);
        // What was said of some of the entries is said again of all of them.
        self.output.problems.retain(|problem| {
            let at = entries.partition_point(|entry| entry.key.span().start < problem.span.start);
            let is_key = entries.get(at).is_some_and(|entry| entry.key.span() == problem.span);
            problem.code != Code::DuplicateKey || !is_key
        });
        let mut problems = Vec::new();
        super::duplicate_keys(super::keys(&entries, self.text, self.shift), &mut problems);
        let node = Green::new(Span::new(start, end), Form::Map(entries.into()));
        // A key in a broken place may not be the key that was meant.
        let broken = &self.output.broken[broken..];
        problems.retain(|problem| {
            let others = problem.related.iter().map(|related| related.span);
            !others.chain([problem.span]).any(|span| broken.iter().any(|broken| broken.overlaps(span)))
        });
        self.output.problems.extend(problems);
        node
    }

    /// Whether the line is one word, as a half-typed key is.
    fn is_word(&self, line: &Line) -> bool {
        let text = &self.text[line.start..line.end];
        line.kind == LineKind::Content
            && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'))
    }

    /// The first word of a line: its key with the colon, or all up to the first space.
    fn word(&self, line: &Line) -> Span {
        let text = &self.text[line.start..line.end];
        let end = text.find([' ', '\t']).unwrap_or(text.len());
        Span::new(line.start, line.start + end)
    }

    /// Reports what is wrong in the words of the exact parser.
    fn fault_of(&mut self, failure: &Failure, region: &Region) {
        let broken = Span::new(region.first.start, self.end(region));
        if failure.why == Why::Unread {
            self.faults += 1;
            self.output.broken.push(broken.shifted(self.shift));
            return;
        }
        let line = self.lines.partition_point(|line| line.margin + self.shift <= failure.offset);
        let line = line.checked_sub(1).and_then(|line| self.lines.get(line));
        let broken = line.map_or(broken, |line| Span::new(line.start, line.end).cover(region.first.span()));
        self.fault(self.spot(failure.offset - self.shift), &message(&failure.why), broken);
    }

    fn fault(&mut self, at: Span, message: &str, broken: Span) {
        self.faults += 1;
        if self.faults > MOST_FAULTS {
            // Nobody mends a text like this by its problems: the rest is guessed at once.
            self.budget = 0;
        }
        self.output.broken.push(broken.cover(at).shifted(self.shift));
        let place = at.shifted(self.shift);
        let tab_line = self.tab_lines.partition_point(|line| line.end < place.start);
        let is_new = self.tab_lines.get(tab_line).is_none_or(|line| place.end < line.start);
        if self.quiet == 0 && is_new && self.output.problems.len() < MOST_FAULTS {
            self.output.problems.push(Diagnostic::new(Code::YamlSyntax, place, message));
        }
    }

    /// The word at `offset`, or the last character before it where there is none.
    fn spot(&self, offset: usize) -> Span {
        spot(self.text, offset)
    }
}

/// The word at `offset`, or the last character before it where there is none.
fn spot(text: &str, offset: usize) -> Span {
    let behind = &text[offset..];
    let word = behind.find(char::is_whitespace).unwrap_or(behind.len());
    if word > 0 {
        return Span::new(offset, offset + word);
    }
    let before = text[..offset].trim_end();
    let last = before.chars().next_back().map_or(0, char::len_utf8);
    Span::new(before.len() - last, before.len())
}

fn list(items: Vec<Green>, start: usize) -> Green {
    let end = items.last().map_or(start, |item| item.span().end);
    Green::new(Span::new(start, end), Form::List(items.into()))
}
