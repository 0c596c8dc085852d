//! What is told on the way: a fault for each place that had to be guessed at, and the comments that no parser saw.

use copydesk_base::{Code, Diagnostic, Span};

use super::super::build::{Failure, Why};
use super::super::message::{message, messages};
use super::cut::{Line, LineKind, Region};
use super::{MOST_FAULTS, Recovery};

impl Recovery<'_> {
    /// Notes the comments that nobody reads who goes on with `inner`: behind the first line's own words, from `at` on,
    /// and between the two.
    pub(super) fn skipped(&mut self, block: &Region, at: usize, inner: Option<&Region>) {
        let behind = self.text[at..block.first.end].trim_start();
        if behind.starts_with('#') {
            let comment = self.comment(block.first.end - behind.len(), &block.first);
            self.output.comments.push(comment);
        }
        let to = inner.map_or(block.rest.end, |inner| inner.rest.start.saturating_sub(1));
        self.note_comments(block.rest.start..to);
    }

    pub(super) fn note_comments(&mut self, lines: std::ops::Range<usize>) {
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

    /// Reports what is wrong in the words of the exact parser.
    pub(super) fn fault_of(&mut self, failure: &Failure, region: &Region) {
        let broken = Span::new(region.first.start, self.end(region));
        if failure.why == Why::Unread {
            self.faults += 1;
            self.output.broken.push(broken.shifted(self.shift));
            return;
        }
        let line = self.lines.partition_point(|line| line.margin + self.shift <= failure.offset);
        let line = line.checked_sub(1).and_then(|line| self.lines.get(line));
        let broken = line.map_or(broken, |line| Span::new(line.start, line.end).cover(region.first.span()));
        self.fault_said(failure, broken);
    }

    /// The same where it is known what of the text was guessed.
    pub(super) fn fault_said(&mut self, failure: &Failure, broken: Span) {
        let (at, words) = (failure.offset - self.shift, message(&failure.why));
        match self.extra_comma(at).filter(|_| words == messages::BRACKET) {
            Some(comma) => self.fault(comma, messages::EXTRA_COMMA, broken),
            None => self.fault(self.spot(at), &words, broken),
        }
    }

    /// The comma around `at` that nothing stands before, at which the parser gives up all of the collection.
    fn extra_comma(&self, at: usize) -> Option<Span> {
        let rest = &self.text[at..];
        let end = at + usize::from(rest.starts_with(','));
        let before = self.text[..end].trim_end();
        let inner = before.strip_suffix(',')?;
        inner.trim_end().ends_with([',', '[', '{']).then(|| Span::new(inner.len(), before.len()))
    }

    pub(super) fn fault(&mut self, at: Span, message: &str, broken: Span) {
        self.faults += 1;
        if self.faults > MOST_FAULTS {
            // Nobody mends a text like this by its problems: the rest is guessed at once.
            self.budget = 0;
        }
        self.output.broken.push(broken.cover(at).shifted(self.shift));
        let place = at.shifted(self.shift);
        let tab_line = self.tab_lines.partition_point(|line| line.end < place.start);
        let is_new = self.tab_lines.get(tab_line).is_none_or(|line| place.end < line.start)
            && !self.output.problems.iter().any(|told| told.span == place);
        if self.quiet == 0 && is_new && self.output.problems.len() < MOST_FAULTS {
            self.output.problems.push(Diagnostic::new(Code::YamlSyntax, place, message));
        }
    }

    /// The word at `offset`, or the last character before it where there is none.
    pub(super) fn spot(&self, offset: usize) -> Span {
        let behind = &self.text[offset..];
        let word = behind.find(char::is_whitespace).unwrap_or(behind.len());
        if word > 0 {
            return Span::new(offset, offset + word);
        }
        let before = self.text[..offset].trim_end();
        let last = before.chars().next_back().map_or(0, char::len_utf8);
        Span::new(before.len() - last, before.len())
    }

    /// The first word of a line: its key with the colon, or all up to the first space.
    pub(super) fn word(&self, line: &Line) -> Span {
        let text = &self.text[line.start..line.end];
        let end = text.find([' ', '\t']).unwrap_or(text.len());
        Span::new(line.start, line.start + end)
    }
}
