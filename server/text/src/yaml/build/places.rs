//! Where values stand, in our terms: the parser reports some of them where it has noticed them, lines behind.

use std::sync::Arc;

use copydesk_base::Span;
use granit_parser::ScalarStyle;

use super::super::decode;
use super::super::lines::column;
use super::{Builder, Children};
use crate::green::{Form, Green};
use crate::position::lines;
use crate::scalar::{Mapped, Style};

impl Builder<'_, '_> {
    pub(super) fn scalar(&self, text: &str, style: ScalarStyle, at: Span, indent: Option<usize>) -> Green {
        let raw = at.of(self.piece);
        let start = at.start + self.shift;
        let (style, span) = match style {
            ScalarStyle::SingleQuoted => (Style::SingleQuoted, at),
            ScalarStyle::DoubleQuoted => (Style::DoubleQuoted, at),
            ScalarStyle::Literal => (Style::Literal, self.block_span(at)),
            ScalarStyle::Folded => (Style::Folded, self.block_span(at)),
            ScalarStyle::Plain if at.is_empty() => {
                return Green::nothing(self.empty_place(at.start) + self.shift);
            }
            ScalarStyle::Plain => (Style::Plain, at),
        };
        let span = span.shifted(self.shift);
        let is_verbatim = match style {
            Style::Plain => raw == text,
            Style::SingleQuoted | Style::DoubleQuoted => {
                raw.get(1..raw.len().saturating_sub(1)) == Some(text)
            }
            Style::Literal | Style::Folded => false,
        };
        if is_verbatim {
            return Green::new(span, Form::Verbatim(style));
        }
        let (pieces, source) = match style {
            // Blank lines only: where the parser has seen them depends on what comes behind.
            Style::Literal | Style::Folded if text.trim_end_matches('\n').is_empty() => {
                (Vec::new(), Span::at(span.end))
            }
            Style::Literal | Style::Folded => {
                // What the parser calls the indentation of a key is that of its mapping.
                let is_key = self.is_at_key();
                let column = column(self.piece, at.start);
                let indent = indent.filter(|_| !is_key).unwrap_or(column);
                let pieces = decode::block_pieces(raw, start, text, style, indent);
                (pieces, Span::new(start.min(span.end), span.end))
            }
            _ => {
                let (inner, from) =
                    if style == Style::Plain { (raw, start) } else { (&raw[1..raw.len() - 1], start + 1) };
                (decode::flow_pieces(inner, from, text, style), Span::new(from, from + inner.len()))
            }
        };
        let mapped = Mapped::new(text.to_owned(), style, pieces, source, span.start);
        Green::new(span, Form::Mapped(Arc::new(mapped)))
    }

    /// Where a value is missing: the parser may say so only at the next thing, lines below. A key is missing where its
    /// colon stands.
    fn empty_place(&self, at: usize) -> usize {
        let before = self.piece.get(..at).unwrap_or("");
        let from = self.cursor.min(at);
        if self.is_at_key() {
            return behind_question_mark(&before[from..]).map_or(at, |behind| from + behind);
        }
        let trimmed = before.trim_end().len().max(from);
        if before[trimmed..].contains(['\n', '\r']) { trimmed } else { at }
    }

    /// From the header's `|` or `>` to the end of the last line that is not blank. The parser's own span starts at
    /// the content and ends where the next token starts.
    fn block_span(&self, at: Span) -> Span {
        let start =
            decode::block_header(self.piece, self.cursor.min(at.start)).unwrap_or(at.start).min(at.start);
        let content = at.of(self.piece).trim_end().len();
        if content == 0 {
            let header = lines(&self.piece[start..]).next().unwrap_or("").trim_end().len();
            return Span::new(start, start + header);
        }
        Span::new(start, at.start + content)
    }

    /// A sequence that is not indented is reported behind its first dash.
    pub(super) fn dash_before(&self, at: Span) -> Span {
        if self.open.last().is_some_and(|open| matches!(open.children, Children::Items(_))) {
            // In another sequence it always is.
            return at;
        }
        let before = self.piece.get(..at.start).unwrap_or("");
        match self.piece.as_bytes().get(at.start) {
            Some(b'-')
                if before.trim_end_matches([' ', '\t']).ends_with(['\n', '\r'])
                    || before.trim().is_empty() =>
            {
                at
            }
            _ => {
                // The first line that starts with one: there may be more in comments behind it.
                let mut line_at = self.cursor.min(before.len());
                let own_line = lines(&before[line_at..]).find_map(|line| {
                    line_at += line.len();
                    let content = line.trim_start();
                    content.starts_with('-').then(|| line_at - content.len())
                });
                let dash = own_line.or_else(|| before.rfind('-').filter(|dash| *dash >= self.cursor));
                dash.map_or(at, Span::at)
            }
        }
    }
}

/// Behind the question mark that a line starts with: where its key goes, whatever comments stand below.
fn behind_question_mark(text: &str) -> Option<usize> {
    let mut at = 0;
    let mut lines = lines(text).map(|line| {
        at += line.len();
        (at - line.trim_start().len(), line.trim_start())
    });
    let (mut at, mut rest) = lines.find(|(_, line)| line.starts_with('?'))?;
    while let Some(behind) = rest.strip_prefix('?') {
        at += rest.len() - behind.trim_start().len();
        rest = behind.trim_start();
    }
    Some(at - (text[..at].len() - text[..at].trim_end().len()))
}

/// Where the value goes that nobody has written: behind the colon, or behind a key that has none.
pub(super) fn behind_colon(piece: &str, key_end: usize) -> usize {
    let rest = piece.get(key_end..).unwrap_or("");
    let gap = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let Some(behind) = rest[gap..].strip_prefix(':') else { return key_end };
    let is_colon = behind.is_empty() || behind.starts_with([' ', '\t', '\n', '\r', ',', '[', ']', '{', '}']);
    if is_colon { key_end + gap + 1 } else { key_end }
}
