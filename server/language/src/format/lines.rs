//! The lines of the part that is laid out, and the white space that nobody sees.

use copydesk_base::{Span, TextEdit};
use copydesk_text::LineIndex;

/// The lines of a part of a text.
pub(super) struct Lines<'t> {
    pub(super) text: &'t str,
    /// Whole lines; places outside are never touched.
    pub(super) part: Span,
    index: LineIndex<'t>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str, part: Span) -> Self {
        Self { text, part, index: LineIndex::new(text) }
    }

    /// The line of an offset, counted from zero in the whole text.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.index.line(offset)
    }

    /// The numbers of the part's lines.
    pub(super) fn numbers(&self) -> std::ops::Range<usize> {
        if self.part.is_empty() {
            return 0..0;
        }
        let last = self.line(self.part.end);
        // A break at the end starts no line of the part.
        let ends = self.start(last) == self.part.end;
        self.line(self.part.start)..last + usize::from(!ends)
    }

    pub(super) fn start(&self, line: usize) -> usize {
        self.index.line_span(line).start
    }

    /// A line without its break.
    pub(super) fn span(&self, line: usize) -> Span {
        self.index.line_span(line)
    }

    /// A line with its break.
    pub(super) fn with_break(&self, line: usize) -> Span {
        let start = self.start(line);
        let end = if line + 1 < self.index.len() { self.start(line + 1) } else { self.text.len() };
        Span::new(start, end)
    }

    pub(super) fn content(&self, line: usize) -> &'t str {
        self.span(line).of(self.text)
    }

    /// Bytes before the offset on its line.
    pub(super) fn column(&self, offset: usize) -> usize {
        offset - self.start(self.line(offset))
    }

    /// The white space at the start of a line.
    pub(super) fn indent(&self, line: usize) -> Span {
        let content = self.content(line);
        let width = content.len() - content.trim_start_matches([' ', '\t']).len();
        Span::new(self.start(line), self.start(line) + width)
    }

    pub(super) fn is_blank(&self, line: usize) -> bool {
        self.content(line).trim_matches([' ', '\t']).is_empty()
    }

    /// Whether an offset is the first thing on its line.
    pub(super) fn is_first(&self, offset: usize) -> bool {
        self.indent(self.line(offset)).end == offset
    }

    /// The dash that stands next behind `from`, but for white space and comments.
    pub(super) fn dash(&self, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let rest = self.text.get(at..)?;
            match rest.chars().next()? {
                '-' => return Some(at),
                '#' => at += rest.find('\n').unwrap_or(rest.len()),
                c if c.is_whitespace() => at += c.len_utf8(),
                _ => return None,
            }
        }
    }

    /// The whole lines that a span touches, inside the part.
    pub(super) fn whole(&self, span: Span) -> Span {
        let last = if span.end > span.start { span.end - 1 } else { span.end };
        let start = self.start(self.line(span.start));
        let end = self.with_break(self.line(last)).end;
        Span::new(start.max(self.part.start), end.min(self.part.end))
    }

    /// The text's own line break.
    pub(super) fn line_break(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }
}

/// White space at the ends of lines, blank lines beyond one, and the break at the end of the text.
pub(super) fn white_space(
    lines: &Lines<'_>,
    frozen: &[Span],
    protected: &[std::ops::Range<usize>],
) -> Vec<TextEdit> {
    let mut edits = Vec::new();
    let is_protected = |line: usize| {
        let after = protected.partition_point(|range| range.start <= line);
        after.checked_sub(1).and_then(|at| protected.get(at)).is_some_and(|range| range.contains(&line))
    };
    let numbers = lines.numbers();
    // Blank lines at the head, and all but one in a row.
    let mut blank_before = true;
    let mut trailing = None;
    for line in numbers.clone() {
        if is_protected(line) {
            (blank_before, trailing) = (false, None);
            continue;
        }
        if lines.is_blank(line) {
            trailing.get_or_insert(line);
            let whole = lines.with_break(line);
            if blank_before {
                edits.push(TextEdit::new(whole, ""));
            } else if !lines.span(line).is_empty() {
                edits.push(TextEdit::new(lines.span(line), ""));
            }
            blank_before = true;
            continue;
        }
        (blank_before, trailing) = (false, None);
        let content = lines.content(line);
        let kept = content.trim_end_matches([' ', '\t']).len();
        let span = lines.span(line);
        if kept < content.len() {
            edits.push(TextEdit::new(Span::new(span.start + kept, span.end), ""));
        }
    }
    let is_frozen_end = frozen.iter().any(|frozen| frozen.end >= lines.part.end);
    // Only the end of the whole text is an end; front matter goes on with its mark.
    if lines.part.end < lines.text.len() || is_frozen_end {
        return edits;
    }
    if let Some(first) = trailing {
        let from = lines.start(first);
        edits.retain(|edit| edit.span.start < from);
        edits.push(TextEdit::new(Span::new(from, lines.part.end), ""));
    } else if !numbers.is_empty() && !lines.text.ends_with('\n') && !is_protected(numbers.end - 1) {
        edits.push(TextEdit::insert(lines.part.end, lines.line_break()));
    }
    edits
}

/// The edits in order, without those that change nothing.
pub(super) fn tidied(text: &str, mut edits: Vec<TextEdit>) -> Vec<TextEdit> {
    edits.retain(|edit| edit.span.of(text) != edit.text);
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut kept: Vec<TextEdit> = Vec::with_capacity(edits.len());
    for edit in edits {
        match kept.last() {
            Some(last) if edit.span.start < last.span.end => {
                // A line that goes altogether takes its smaller edits with it.
                if edit.span.end > last.span.end && edit.text.is_empty() {
                    kept.pop();
                    kept.push(edit);
                }
            }
            _ => kept.push(edit),
        }
    }
    kept
}
