//! How decoded text lies on its source, for each style of scalar.
//!
//! Flow scalars (plain and quoted) are decoded here once more, with notes of every place where text and source stop
//! running in step. Block scalars are laid line by line over the text that the parser decoded.

use crate::position::break_len;
use crate::scalar::{Piece, Style};

/// Decodes a plain or quoted scalar, given without its quotes; `start` is the place of `inner` in the whole text.
pub(crate) fn flow(inner: &str, start: usize, style: Style) -> (String, Vec<Piece>) {
    flow_by(inner, start, style, skip_breaks)
}

/// Passes over breaks of lines: from the first to the place behind them, and how many lines were blank.
type Skip = fn(&str, usize) -> (usize, usize);

/// The same, with what passes over breaks of lines.
fn flow_by(inner: &str, start: usize, style: Style, skip: Skip) -> (String, Vec<Piece>) {
    let mut text = String::with_capacity(inner.len());
    let mut pieces = vec![Piece::new(0, start)];
    // White space before a line break goes, but not what an escape made.
    let mut keep = 0;
    let mut at = 0;
    while let Some(c) = inner[at..].chars().next() {
        match c {
            '\n' | '\r' => {
                let trimmed = text.trim_end_matches([' ', '\t']).len().max(keep);
                text.truncate(trimmed);
                pieces.push(Piece::new(text.len(), start + at));
                let (next, blank_lines) = skip(inner, at);
                if blank_lines == 0 {
                    text.push(' ');
                } else {
                    text.extend(std::iter::repeat_n('\n', blank_lines));
                }
                at = next;
                keep = text.len();
                pieces.push(Piece::new(text.len(), start + at));
            }
            '\'' if style == Style::SingleQuoted && inner[at + 1..].starts_with('\'') => {
                pieces.push(Piece::new(text.len(), start + at));
                text.push('\'');
                at += 2;
                pieces.push(Piece::new(text.len(), start + at));
            }
            '\\' if style == Style::DoubleQuoted => {
                pieces.push(Piece::new(text.len(), start + at));
                at = escape(inner, at, &mut text);
                keep = text.len();
                pieces.push(Piece::new(text.len(), start + at));
            }
            _ => {
                text.push(c);
                at += c.len_utf8();
            }
        }
    }
    pieces.dedup_by(|later, earlier| {
        let same = later.text == earlier.text;
        if same {
            earlier.source = later.source;
        }
        same
    });
    (text, pieces)
}

/// Behind a line break, the blank lines after it and the next line's indentation; and how many lines were blank.
fn skip_breaks(inner: &str, at: usize) -> (usize, usize) {
    let mut at = at + break_len(&inner[at..]);
    let mut blank_lines = 0;
    loop {
        at += inner[at..].len() - inner[at..].trim_start_matches([' ', '\t']).len();
        match break_len(&inner[at..]) {
            0 => return (at, blank_lines),
            length => {
                at += length;
                blank_lines += 1;
            }
        }
    }
}

/// The same, where a line with a comment behind a tab counts as blank: the parser reads it so within a plain text.
fn skip_comments(inner: &str, at: usize) -> (usize, usize) {
    let (mut at, mut blank_lines) = skip_breaks(inner, at);
    while inner[at..].starts_with('#') && inner[..at].ends_with('\t') {
        let Some(length) = inner[at..].find(['\n', '\r']) else { break };
        let (next, more) = skip_breaks(inner, at + length);
        (at, blank_lines) = (next, blank_lines + 1 + more);
    }
    (at, blank_lines)
}

/// Decodes the escape at `at` and returns the place behind it. What is no escape stays as it is.
fn escape(inner: &str, at: usize, text: &mut String) -> usize {
    let Some(c) = inner[at + 1..].chars().next() else {
        text.push('\\');
        return at + 1;
    };
    let next = at + 1 + c.len_utf8();
    let simple = match c {
        '\n' | '\r' => {
            let (next, blank_lines) = skip_breaks(inner, at + 1);
            text.extend(std::iter::repeat_n('\n', blank_lines));
            return next;
        }
        'x' => return hex(inner, at, 2, text),
        'u' => return hex(inner, at, 4, text),
        'U' => return hex(inner, at, 8, text),
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        ' ' | '"' | '/' | '\\' => c,
        _ => {
            text.push('\\');
            text.push(c);
            return next;
        }
    };
    text.push(simple);
    next
}

fn hex(inner: &str, at: usize, digits: usize, text: &mut String) -> usize {
    let end = at + 2 + digits;
    let code = inner.get(at + 2..end).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match code {
        // Two escapes of JSON for one character above U+FFFF.
        Some(high @ 0xd800..=0xdbff) if digits == 4 => {
            let low = inner.get(end..end + 6).and_then(|low| low.strip_prefix("\\u"));
            let low = low.and_then(|low| u32::from_str_radix(low, 16).ok());
            let Some(low @ 0xdc00..=0xdfff) = low else {
                text.push('\u{fffd}');
                return end;
            };
            let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            text.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            end + 6
        }
        Some(code) => {
            text.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            end
        }
        None => {
            text.push_str(&inner[at..at + 2]);
            at + 2
        }
    }
}

/// Lays the text that the parser decoded of a plain or quoted scalar, given as for [`flow`].
pub(super) fn flow_pieces(inner: &str, start: usize, text: &str, style: Style) -> Vec<Piece> {
    let ways: [Skip; 2] = [skip_breaks, skip_comments];
    let mut laid = ways.into_iter().map(|skip| flow_by(inner, start, style, skip));
    let fitting = laid.find(|(decoded, _)| decoded == text);
    fitting.map_or_else(|| unlaid(text, 0, start).collect(), |(_, pieces)| pieces)
}

/// Where the parser reads something else than we do, a comment with a byte order mark for one: from the byte `from` on
/// all of the text comes from `source`, as far as anybody can tell.
fn unlaid(text: &str, from: usize, source: usize) -> impl Iterator<Item = Piece> {
    let each = text[from..].char_indices().map(move |(behind, _)| Piece::new(from + behind, source));
    // The last one takes no more of the source than the others do: a byte there may be half a letter.
    each.chain(std::iter::once(Piece::new(text.len(), source)))
}

/// Lays the lines of a block scalar over its decoded text. `start` is the place of `raw` in the whole text; `indent`
/// is the column where the content starts.
pub(super) fn block_pieces(raw: &str, start: usize, text: &str, style: Style, indent: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    // The parser's raw text starts at the first content, behind the blank lines before it.
    let blank =
        if raw.starts_with(['\n', '\r']) { 0 } else { text.len() - text.trim_start_matches('\n').len() };
    let (mut at, mut decoded) = (0, blank);
    let mut is_first = true;
    while at < raw.len() {
        let line_len = raw[at..].find(['\n', '\r']).unwrap_or(raw.len() - at);
        let line = &raw[at..at + line_len];
        // The parser starts the first line behind its indentation.
        let leading = if is_first { 0 } else { line.len() - line.trim_start_matches(' ').len() };
        let content = &line[leading.min(indent)..];
        let content_start = at + line.len() - content.len();
        if !is_first && style == Style::Folded && !content.is_empty() {
            // Joined by a space or by line feeds; the latter are never content.
            let feeds = text[decoded..].len() - text[decoded..].trim_start_matches('\n').len();
            decoded += if feeds > 0 { feeds } else { usize::from(text[decoded..].starts_with(' ')) };
        }
        if !text[decoded..].starts_with(content) {
            pieces.extend(unlaid(text, decoded, start + at));
            break;
        }
        if !content.is_empty() || style == Style::Literal {
            pieces.push(Piece::new(decoded, start + content_start));
        }
        decoded += content.len();
        at += line_len;
        let is_joined = text[decoded..].starts_with(['\n', ' ']);
        if is_joined && !content.is_empty() {
            pieces.push(Piece::new(decoded, start + at));
        }
        if style == Style::Literal {
            decoded += usize::from(text[decoded..].starts_with('\n'));
        }
        at += break_len(&raw[at..]);
        is_first = false;
    }
    pieces.dedup_by_key(|piece| piece.text);
    pieces
}

/// The `|` or `>` of the block scalar whose header comes first behind `from`: properties and comments are skipped.
pub(super) fn block_header(piece: &str, from: usize) -> Option<usize> {
    let bytes = piece.as_bytes();
    let mut at = from;
    let mut is_apart = true;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'|' | b'>' => return Some(at),
            b'#' if is_apart => at += piece.get(at..)?.find(['\n', '\r'])?,
            b'&' | b'!' => at += piece.get(at..)?.find([' ', '\t', '\n', '\r'])?,
            _ => {
                is_apart = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
                at += 1;
            }
        }
    }
    None
}
