//! Whether a value keeps to the right of the block collection that it is in.
//!
//! A line of a block collection either starts a child of it, or goes on with one and stands deeper. Then a child is
//! known by its first line, and what it is depends on its own lines alone: what is read of it is what reading the whole
//! text gives. The parser is laxer with brackets and with tags and anchors; these are the two questions it does not
//! ask.

use copydesk_base::Span;

use super::lines::{WHITE, line_start, lines};

/// The content of the first line behind that of `span.start` that stands at `column` or left of it. Blank lines and
/// comments stand where they like, and so may a closing bracket.
pub(super) fn shallow_line(piece: &str, span: Span, column: usize) -> Option<usize> {
    let content = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let is_free = |line: &str| {
        let line = line.trim_matches(WHITE);
        line.is_empty() || line.starts_with(['#', ']', '}'])
    };
    let mut lines = lines(piece, span).skip(1).filter(|line| !is_free(line.text));
    lines.find(|line| content(line.text) <= column).map(|line| line.span.start + content(line.text))
}

/// `start`, if it is the first on its line and stands at `column` or left of it.
pub(super) fn shallow_start(piece: &str, start: usize, column: usize) -> Option<usize> {
    let margin = line_start(piece, start);
    let is_first = piece.get(margin..start)?.bytes().all(|byte| byte == b' ');
    (is_first && start - margin <= column).then_some(start)
}
