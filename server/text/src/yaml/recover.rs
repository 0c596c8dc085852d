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

mod child;
mod cut;
mod exact;
pub(super) mod flow;
mod part;
mod plan;
mod report;
mod tabs;
mod value;

use std::borrow::Cow;

pub(super) use self::part::{Kind, part};
pub(super) use self::tabs::has_any as has_tabs;

use copydesk_base::{Code, Span};

use self::cut::{Line, LineKind, Region, Shape};
use self::plan::Plan;
use super::build::{Failure, Output, Why};
use super::message::messages;
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
            let start = region.first.start + self.shift;
            let offset = if failure.why == Why::TooDeep { failure.offset.max(start) } else { start };
            let deep = Failure { offset, why: Why::TooDeep };
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

    /// Several blocks in a row that may well be fine together. `Ok(None)` where they cannot be read as one.
    fn run(&mut self, blocks: &[Region], depth: usize) -> Result<Option<Output>, Failure> {
        let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { return Ok(None) };
        let whole = Region { first: first.first.clone(), rest: first.rest.start..last.rest.end };
        match self.exact(&whole, depth) {
            Err(Failure { why: Why::Unread, .. }) => Ok(None),
            read => read.map(Some),
        }
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

    /// The lines below a block's first one, if there is anything on them.
    fn inner(&self, block: &Region) -> Option<Region> {
        cut::region(self.lines, block.rest.clone())
    }

    /// Where the region's last line ends, with its break.
    fn end(&self, region: &Region) -> usize {
        let last = region.rest.clone().next_back().and_then(|line| self.lines.get(line));
        last.map_or(region.first.next, |last| last.next)
    }

    /// Whether the line is one word, as a half-typed key is.
    fn is_word(&self, line: &Line) -> bool {
        let text = &self.text[line.start..line.end];
        line.kind == LineKind::Content
            && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'))
    }
}

fn list(items: Vec<Green>, start: usize) -> Green {
    let end = items.last().map_or(start, |item| item.span().end);
    Green::new(Span::new(start, end), Form::List(items.into()))
}
