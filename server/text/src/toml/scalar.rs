//! What a key or a scalar of TOML says.

use std::str::FromStr;
use std::sync::Arc;

use copydesk_base::Span;
use toml_datetime::Datetime;
use toml_parser::decoder::{Encoding, ScalarKind};
use toml_parser::{ParseError, Raw};

use super::mend::{self, Among};
use super::message;
use crate::green::{Form, Green};
use crate::scalar::{Mapped, Piece, Style};
use crate::yaml::Output;

/// A part of a key.
pub(super) fn key(
    raw: Raw<'_>,
    encoding: Option<Encoding>,
    span: Span,
    errors: &mut Vec<ParseError>,
) -> Green {
    if let Some(style) = as_written(raw.as_str(), encoding).or_else(|| bare(raw.as_str())) {
        return Green::new(span, Form::Verbatim(style));
    }
    let mut text = String::new();
    let mut wrong = Vec::new();
    raw.decode_key(&mut text, &mut wrong);
    let reading = Reading::of(&wrong);
    errors.append(&mut wrong);
    match encoding {
        None => Green::new(span, Form::Verbatim(Style::Plain)),
        Some(encoding) => string(raw.as_str(), text, encoding, span, reading),
    }
}

/// Where and how a value is written.
#[derive(Clone, Copy)]
pub(super) struct Written<'t> {
    /// The whole file.
    pub(super) text: &'t str,
    pub(super) span: Span,
    pub(super) encoding: Option<Encoding>,
    pub(super) among: Among,
}

/// A value that is no collection.
pub(super) fn value(
    raw: Raw<'_>,
    written: Written<'_>,
    errors: &mut Vec<ParseError>,
    output: &mut Output,
) -> Green {
    let Written { text: file, span, encoding, among } = written;
    if let Some(style) = as_written(raw.as_str(), encoding) {
        return Green::new(span, Form::Verbatim(style));
    }
    let mut text = String::new();
    let mut wrong = Vec::new();
    let kind = raw.decode_scalar(&mut text, &mut wrong);
    let source = raw.as_str();
    if let Some(encoding) = encoding {
        let reading = Reading::of(&wrong);
        errors.append(&mut wrong);
        return string(source, text, encoding, span, reading);
    }
    if !wrong.is_empty() {
        match mend::no_value(file, span, kind, among) {
            Some(problem) => {
                output.problems.push(problem);
                output.broken.push(span);
            }
            None => errors.append(&mut wrong),
        }
        return plain(source, source.to_owned(), Style::DoubleQuoted, span);
    }
    let mut tell = |message: &str| {
        output.problems.push(mend::out_of_range(file, span, message));
        output.broken.push(span);
    };
    match kind {
        ScalarKind::Boolean(_) => Green::new(span, Form::Verbatim(Style::Plain)),
        ScalarKind::String => plain(source, source.to_owned(), Style::DoubleQuoted, span),
        ScalarKind::DateTime => {
            if Datetime::from_str(source).is_err() {
                tell(message::DATE);
            }
            plain(source, source.to_owned(), Style::DoubleQuoted, span)
        }
        ScalarKind::Float => plain(source, float(text), Style::Plain, span),
        ScalarKind::Integer(radix) => {
            if let Ok(number) = i64::from_str_radix(&text, radix.value()) {
                plain(source, number.to_string(), Style::Plain, span)
            } else {
                tell(message::LARGE);
                plain(source, source.to_owned(), Style::DoubleQuoted, span)
            }
        }
    }
}

/// How a text on one line is written, if it says what stands between its quotes and nothing is wrong with that. Nearly
/// all do, and to decode each would cost a fifth of a whole reading.
fn as_written(source: &str, encoding: Option<Encoding>) -> Option<Style> {
    let (style, quote) = match encoding? {
        Encoding::BasicString => (Style::DoubleQuoted, '"'),
        Encoding::LiteralString => (Style::SingleQuoted, '\''),
        Encoding::MlBasicString | Encoding::MlLiteralString => return None,
    };
    let inner = source.strip_prefix(quote)?.strip_suffix(quote)?;
    let is_odd = |c: char| c.is_ascii_control() && c != '\t' || c == '\\' || c == quote;
    (!inner.contains(is_odd)).then_some(style)
}

/// The same for a key in no quotes.
fn bare(source: &str) -> Option<Style> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (!source.is_empty() && source.bytes().all(is_letter)).then_some(Style::Plain)
}

/// A scalar in no quotes that says `text`.
fn plain(source: &str, text: String, style: Style, span: Span) -> Green {
    if style == Style::Plain && text == source {
        return Green::new(span, Form::Verbatim(Style::Plain));
    }
    let pieces = laid(source, span.start, &text);
    Green::new(span, Form::Mapped(Arc::new(Mapped::new(text, style, pieces, span, span.start))))
}

/// Where each character of a text may come from, where no rule tells: from the next one like it.
fn laid(source: &str, from: usize, text: &str) -> Vec<Piece> {
    let mut at = 0;
    let place = |(decoded, c): (usize, char)| {
        let found = source.get(at..).and_then(|rest| rest.find(c));
        let start = at + found.unwrap_or(0);
        at = found.map_or(at, |_| start + c.len_utf8());
        Piece::new(decoded, from + start)
    };
    text.char_indices().map(place).collect()
}

/// As YAML writes it.
fn float(text: String) -> String {
    match text.as_str() {
        "inf" | "+inf" => ".inf".to_owned(),
        "-inf" => "-.inf".to_owned(),
        "nan" | "+nan" | "-nan" => ".nan".to_owned(),
        _ => text,
    }
}

/// Whether each escape is one.
#[derive(Clone, Copy)]
enum Reading {
    Good,
    Wrong,
}

impl Reading {
    fn of(errors: &[ParseError]) -> Self {
        if errors.is_empty() { Self::Good } else { Self::Wrong }
    }
}

fn string(source: &str, text: String, encoding: Encoding, span: Span, reading: Reading) -> Green {
    let (style, width) = match encoding {
        Encoding::LiteralString => (Style::SingleQuoted, 1),
        Encoding::BasicString => (Style::DoubleQuoted, 1),
        Encoding::MlLiteralString => (Style::SingleQuoted, 3),
        Encoding::MlBasicString => (Style::DoubleQuoted, 3),
    };
    let is_closed = source.len() >= 2 * width && source.get(source.len() - width..) == source.get(..width);
    let end = if is_closed { source.len() - width } else { source.len() };
    let inner = source.get(width.min(end)..end).unwrap_or("");
    if width == 1 && is_closed && inner == text {
        return Green::new(span, Form::Verbatim(style));
    }
    // The line break behind the opening quotes does not count.
    let skipped = match inner.as_bytes() {
        [b'\n', ..] if width == 3 => 1,
        [b'\r', b'\n', ..] if width == 3 => 2,
        _ => 0,
    };
    let from = span.start + width.min(end) + skipped;
    let inner = inner.get(skipped..).unwrap_or("");
    let pieces = match (style, reading) {
        (Style::DoubleQuoted, Reading::Good) => pieces(inner, from, &text),
        (Style::DoubleQuoted, Reading::Wrong) => laid(inner, from, &text),
        _ => Vec::new(),
    };
    let source = Span::new(from, from + inner.len());
    Green::new(span, Form::Mapped(Arc::new(Mapped::new(text, style, pieces, source, span.start))))
}

/// Where text and source run in step: everywhere but in escapes, which are one character each, or none at a line's end.
fn pieces(inner: &str, from: usize, text: &str) -> Vec<Piece> {
    let mut pieces = vec![Piece::new(0, from)];
    let (mut at, mut decoded) = (0, 0);
    while let Some(found) = inner.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        decoded += found;
        let rest = &inner[at..];
        let gap = rest.len() - rest[1..].trim_start_matches([' ', '\t', '\r', '\n']).len();
        let is_line_end = rest[1..gap].contains('\n');
        let len = match rest.as_bytes().get(1) {
            _ if is_line_end => gap,
            Some(b'x') => 4,
            Some(b'u') => 6,
            Some(b'U') => 10,
            _ => 2,
        };
        let Some(c) = text.get(decoded..).and_then(|text| text.chars().next()) else { break };
        pieces.push(Piece::new(decoded, from + at));
        at += len;
        decoded += if is_line_end { 0 } else { c.len_utf8() };
        pieces.push(Piece::new(decoded, from + at));
    }
    // Of two at one place of the text the later one tells where it comes from.
    pieces.reverse();
    pieces.dedup_by_key(|piece| piece.text);
    pieces.reverse();
    pieces
}
