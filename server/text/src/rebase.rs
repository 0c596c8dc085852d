//! Carrying edits from the text they were computed against to the text that is there now.
//!
//! People type while an agent thinks, while a question waits and after an edit was made. A hunk is pinned to the text
//! it was made for; [`rebase`] finds the same lines in the current text, or says that they are no longer the same.
//! [`undo`] is nothing but that: the inverse of each change, newest first, rebased to what is there now.
//!
//! Invariants
//! - A hunk moves only where every line it touches is still there, unchanged and in one piece; the bytes it replaces
//!   are then the bytes it was made for. An insertion moves only where nothing else was inserted at the same place.
//! - What came later is never removed: a rebased hunk touches no byte that its own text did not have.
//! - Hunks that did not overlap do not overlap afterwards, and keep their order.

use std::ops::Range;

use copydesk_base::Span;
use similar::{Algorithm, DiffTag, TextDiffConfig, capture_diff_slices};

use crate::position::lines;

/// Why an undo left a hunk alone whose earlier text is there.
pub const NOT_THERE: &str = "the edit is not there: it was never saved, or somebody took it back already";

/// Where a hunk stands in the current text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rebased {
    /// These are the bytes that it replaces now.
    Moved(Span),
    /// Somebody else changed what it touches.
    Overlaps {
        /// The changed lines, in the current text.
        with: Span,
    },
}

impl Rebased {
    /// The bytes in question, whatever became of them.
    pub const fn span(self) -> Span {
        match self {
            Self::Moved(span) | Self::Overlaps { with: span } => span,
        }
    }
}

/// What an undo came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// The current text with everything taken back that could be.
    pub text: String,
    pub refused: Vec<Refused>,
    /// How many hunks were taken back.
    pub taken_back: usize,
}

/// A hunk that an undo left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The lines in question, in the text that was current before the undo.
    pub span: Span,
    pub reason: String,
}

/// Finds the place of each hunk, made for `before`, in `current`. Hunks are in order and do not overlap.
pub fn rebase(before: &str, hunks: &[(Span, &str)], current: &str) -> Vec<Rebased> {
    let drift = Drift::new(before, current);
    hunks.iter().map(|(span, text)| drift.carry(*span, text)).collect()
}

/// The changed groups of lines from `before` to `after`: the bytes of `before` that go, and what comes.
///
/// Spans start at line starts and end behind line breaks, or at the end of the text.
pub fn hunks(before: &str, after: &str) -> Vec<(Span, String)> {
    let drift = Drift::new(before, after);
    let changed = drift.pieces.iter().filter(|piece| piece.is == Is::Changed);
    changed
        .map(|piece| (drift.old.bytes(&piece.old), drift.new.bytes(&piece.new).of(after).to_owned()))
        .collect()
}

/// The text with all edits made; they are in order, do not overlap and lie within it.
pub fn apply<T: AsRef<str>>(text: &str, edits: &[(Span, T)]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for (span, replacement) in edits {
        result.push_str(Span::new(done, span.start).of(text));
        result.push_str(replacement.as_ref());
        done = span.end;
    }
    result.push_str(Span::new(done, text.len()).of(text));
    result
}

/// The difference as people and models know it, with three lines around each change; empty where there is none.
pub fn unified(before: &str, after: &str, label: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (lines(before).collect(), lines(after).collect());
    let diff = TextDiffConfig::default().newline_terminated(true).diff_slices(&old, &new);
    diff.unified_diff().header(&format!("a/{label}"), &format!("b/{label}")).to_string()
}

/// Takes changes back, given as the texts before and after each, oldest first. What was typed since stays.
pub fn undo(applied: &[(&str, &str)], current: &str) -> Undone {
    let mut undone = Undone { text: current.to_owned(), ..Undone::default() };
    let mut made: Vec<Vec<(Span, String)>> = Vec::new();
    for (before, after) in applied.iter().rev() {
        let inverse = hunks(after, before);
        let borrowed: Vec<_> = inverse.iter().map(|(span, text)| (*span, text.as_str())).collect();
        let mut edits = Vec::new();
        for (rebased, (_, text)) in rebase(after, &borrowed, &undone.text).into_iter().zip(&inverse) {
            match rebased {
                Rebased::Moved(span) => edits.push((span, text.clone())),
                Rebased::Overlaps { with } => {
                    let reason = if with.of(&undone.text) == text {
                        NOT_THERE
                    } else {
                        "these lines were changed again later; take them back by hand"
                    };
                    undone.refused.push(Refused { span: came_from(with, &made), reason: reason.to_owned() });
                }
            }
        }
        undone.taken_back += edits.len();
        undone.text = apply(&undone.text, &edits);
        made.push(edits);
    }
    undone
}

/// The place of `span` in the text before the edits were made, one list after the other.
fn came_from(span: Span, made: &[Vec<(Span, String)>]) -> Span {
    made.iter()
        .rev()
        .fold(span, |span, edits| Span::new(offset_before(span.start, edits), offset_before(span.end, edits)))
}

fn offset_before(offset: usize, edits: &[(Span, String)]) -> usize {
    // `old` and `new` run over both texts in step, up to the end of the edit before the offset.
    let (mut old, mut new) = (0, 0);
    for (span, text) in edits {
        let start = new + (span.start - old);
        if offset < start {
            break;
        }
        if offset < start + text.len() {
            return span.start;
        }
        (old, new) = (span.end, start + text.len());
    }
    old + (offset - new)
}

/// How one text became another, line by line.
struct Drift<'t> {
    old: Lines<'t>,
    new: Lines<'t>,
    /// Same and changed in turn, from the first line to the last.
    pieces: Vec<Piece>,
}

/// A run of lines, the same on both sides or not.
struct Piece {
    is: Is,
    old: Range<usize>,
    new: Range<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Same,
    Changed,
}

struct Lines<'t> {
    lines: Vec<&'t str>,
    /// Where each line starts, and where the last one ends.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        let lines: Vec<&str> = lines(text).collect();
        let mut starts = Vec::with_capacity(lines.len() + 1);
        starts.push(0);
        starts.extend(lines.iter().scan(0, |at, line| {
            *at += line.len();
            Some(*at)
        }));
        Self { lines, starts }
    }

    fn start(&self, line: usize) -> usize {
        self.starts.get(line).or(self.starts.last()).copied().unwrap_or(0)
    }

    fn bytes(&self, range: &Range<usize>) -> Span {
        Span::new(self.start(range.start), self.start(range.end))
    }

    /// The line that holds the byte at `offset`; the last one for the end of the text.
    fn at(&self, offset: usize) -> usize {
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        line.min(self.lines.len().saturating_sub(1))
    }

    /// The number of the line that starts at `offset`, where a whole line could be put.
    fn gap(&self, offset: usize) -> Option<usize> {
        let line = self.starts.binary_search(&offset).ok()?;
        let is_open = line > 0 && line == self.lines.len() && !self.lines[line - 1].ends_with(['\n', '\r']);
        (!is_open).then_some(line)
    }
}

impl<'t> Drift<'t> {
    fn new(before: &'t str, current: &'t str) -> Self {
        let (old, new) = (Lines::new(before), Lines::new(current));
        let mut pieces: Vec<Piece> = Vec::new();
        for op in capture_diff_slices(Algorithm::Myers, &old.lines, &new.lines) {
            let is = if op.tag() == DiffTag::Equal { Is::Same } else { Is::Changed };
            match pieces.last_mut() {
                Some(last) if last.is == is => {
                    last.old.end = op.old_range().end;
                    last.new.end = op.new_range().end;
                }
                _ => pieces.push(Piece { is, old: op.old_range(), new: op.new_range() }),
            }
        }
        Self { old, new, pieces }
    }

    fn carry(&self, span: Span, text: &str) -> Rebased {
        let is_whole = span.is_empty() && (text.ends_with(['\n', '\r']) || self.old.lines.is_empty());
        if let Some(gap) = self.old.gap(span.start).filter(|_| is_whole) {
            return self.carry_insertion(gap);
        }
        let last = if span.is_empty() { span.start } else { span.end - 1 };
        self.carry_lines(span, &(self.old.at(span.start)..self.old.at(last) + 1))
    }

    /// A hunk that touches `touched` lines.
    fn carry_lines(&self, span: Span, touched: &Range<usize>) -> Rebased {
        let holds = |piece: &&Piece| piece.old.start <= touched.start && touched.end <= piece.old.end;
        match self.pieces.iter().filter(|piece| piece.is == Is::Same).find(holds) {
            Some(piece) => {
                let (from, to) = (self.old.start(piece.old.start), self.new.start(piece.new.start));
                Rebased::Moved(Span::new(span.start - from + to, span.end - from + to))
            }
            None => Rebased::Overlaps { with: self.changed_within(touched) },
        }
    }

    /// Whole lines that come between the line before `gap` and the one at `gap`.
    fn carry_insertion(&self, gap: usize) -> Rebased {
        let touches = |piece: &&Piece| piece.old.start <= gap && gap <= piece.old.end;
        let changed = self.pieces.iter().filter(|piece| piece.is == Is::Changed).find(touches);
        let to = match changed {
            // More lines than before next to the place: one of them may be meant to stand exactly here.
            Some(piece) if piece.new.len() > piece.old.len() => None,
            Some(piece) if gap == piece.old.end => Some(piece.new.end),
            Some(piece) if gap == piece.old.start => Some(piece.new.start),
            Some(_) => None,
            None => {
                let same = self.pieces.iter().find(touches);
                Some(same.map_or(0, |piece| gap - piece.old.start + piece.new.start))
            }
        };
        // Behind a last line that has lost its break, a new line would run into it.
        let place = to.map(|line| self.new.start(line)).filter(|place| self.new.gap(*place).is_some());
        match (place, changed) {
            (Some(place), _) => Rebased::Moved(Span::at(place)),
            (None, Some(piece)) => Rebased::Overlaps { with: self.new.bytes(&piece.new) },
            (None, None) => Rebased::Overlaps { with: Span::at(self.new.start(self.new.lines.len())) },
        }
    }

    /// The lines of the current text that stand where `touched` stood, where they are no longer the same.
    fn changed_within(&self, touched: &Range<usize>) -> Span {
        let changed = self.pieces.iter().filter(|piece| {
            piece.is == Is::Changed
                && piece.old.start < touched.end
                && touched.start <= piece.old.end
                && (piece.old.end > touched.start || piece.old.is_empty() && piece.old.start > touched.start)
        });
        changed
            .map(|piece| self.new.bytes(&piece.stands_for(touched)))
            .reduce(Span::cover)
            .unwrap_or_default()
    }
}

impl Piece {
    /// The new lines that stand for these old ones: line for line where there are as many as before.
    fn stands_for(&self, touched: &Range<usize>) -> Range<usize> {
        if self.old.len() != self.new.len() {
            return self.new.clone();
        }
        let there = |line: usize| line.clamp(self.old.start, self.old.end) - self.old.start + self.new.start;
        there(touched.start)..there(touched.end)
    }
}
