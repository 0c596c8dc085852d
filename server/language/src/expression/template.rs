//! Finding expressions in a text: from `${{` to the `}}` that closes it, with inner braces counted.

use copydesk_base::Span;

/// One `${{ … }}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// With the braces. Of an open one, the `${{` alone.
    pub outer: Span,
    /// Between the braces. Of an open one, everything up to the next `${{` or the end.
    pub inner: Span,
    pub end: End,
}

/// Whether an expression is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Closed,
    Open,
}

/// Whether a text holds a `${{` at all.
pub fn has_expression(text: &str) -> bool {
    text.contains("${{")
}

/// The expressions of a text, in order.
///
/// Braces are counted without regard to quotes, as the language has it: `${{ '{' }}` is not closed.
pub fn pieces(text: &str) -> Vec<Piece> {
    let behind = |piece: &Piece| next(text, piece.outer.end.max(piece.inner.end));
    std::iter::successors(next(text, 0), behind).collect()
}

/// The first expression at or behind a place.
pub(super) fn next(text: &str, from: usize) -> Option<Piece> {
    let start = from + text.get(from..)?.find("${{")?;
    let inner = start + 3;
    let (end, close) = close(text, inner);
    let outer_end = if close == End::Closed { end + 2 } else { inner };
    Some(Piece { outer: Span::new(start, outer_end), inner: Span::new(inner, end), end: close })
}

/// Where the expression that starts at `from` ends. Another `${{` cannot stand inside one, so there it is open.
fn close(text: &str, from: usize) -> (usize, End) {
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'$' if bytes[at..].starts_with(b"${{") => return (at, End::Open),
            b'{' => depth += 1,
            b'}' if depth == 0 && bytes.get(at + 1) == Some(&b'}') => return (at, End::Closed),
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    (text.len(), End::Open)
}
