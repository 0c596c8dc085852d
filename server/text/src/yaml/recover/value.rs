//! Single values that do not parse.

use std::sync::Arc;

use copydesk_base::Span;
use granit_parser::ErrorKind;

use super::super::build::{Failure, Why};
use super::super::decode;
use super::super::message::{message, messages};
use super::cut::{self, Region, Shape};
use super::{Recovery, flow};
use crate::green::{Form, Green, GreenEntry};
use crate::scalar::{Mapped, Style};

/// A value that was guessed at.
pub(super) struct Guess {
    pub(super) node: Green,
    /// Entries on the lines below that cannot belong to the value, and so most likely to the mapping around it.
    pub(super) astray: Vec<GreenEntry>,
}

impl From<Green> for Guess {
    fn from(node: Green) -> Self {
        Self { node, astray: Vec::new() }
    }
}

impl Recovery<'_> {
    /// Reads a value that `failure` was found in, or around.
    pub(super) fn value(&mut self, region: &Region, failure: &Failure, depth: usize) -> Guess {
        let failure = match self.exact(region, depth) {
            Ok(read) => {
                let node = self.take(read);
                return node.unwrap_or_else(|| Green::nothing(region.first.start + self.shift)).into();
            }
            Err(Failure { why: Why::Unread, .. }) => failure.clone(),
            Err(failure) => failure,
        };
        let region = &self.behind_properties(region);
        let line = &region.first;
        self.note_comments(region.rest.clone());
        match self.text.as_bytes().get(line.start) {
            _ if failure.why == Why::TooDeep => {
                self.fault_of(&failure, region);
                Green::nothing(line.start + self.shift).into()
            }
            Some(b'[' | b'{') => self.brackets(region, &failure, depth).into(),
            Some(b'"' | b'\'') => self.quoted(region, &failure, depth),
            Some(b'|' | b'>') => self.block_scalar(region, &failure).into(),
            _ if matches!(cut::shape(self.text, line), Shape::Item { .. }) => {
                self.fault(Span::new(line.start, line.start + 1), messages::LIST_ON_KEY_LINE, line.span());
                self.quiet += 1;
                let node = self.blocks(region, &failure, depth + 1);
                self.quiet -= 1;
                node.unwrap_or_else(|| Green::nothing(line.start + self.shift)).into()
            }
            _ => self.plain(region, &failure, depth),
        }
    }

    fn brackets(&mut self, region: &Region, failure: &Failure, depth: usize) -> Green {
        let end = self.end(region);
        let read = flow::read(&self.text[..end], region.first.start, self.shift, depth);
        let broken = Span::new(region.first.start, self.text[..end].trim_end().len());
        match read.fault {
            Some((at, message)) => self.fault(at, &message, broken),
            None => self.fault_said(failure, broken),
        }
        read.node
    }

    fn quoted(&mut self, region: &Region, failure: &Failure, depth: usize) -> Guess {
        let line = &region.first;
        let content = &self.text[line.start..line.end];
        let quote = if content.starts_with('"') { '"' } else { '\'' };
        let closing = cut::closing_quote(content, quote);
        let end = closing.map_or(line.end, |at| line.start + at + 1);
        let node = self.word_node(Span::new(line.start, end));
        let whole = &self.text[line.start..self.end(region)];
        if closing.is_none() && cut::closing_quote(whole, quote).is_none() {
            self.fault(Span::new(line.start, line.start + 1), messages::QUOTE, line.span());
        } else if let Some(escape) = bad_escape(whole, failure) {
            let at = line.start + escape;
            let width = self.text[at + 1..].chars().next().map_or(0, char::len_utf8);
            self.fault(Span::new(at, at + 1 + width), &message(&failure.why), line.span());
        } else {
            self.fault_of(failure, region);
        }
        Guess { node, astray: self.astray(region, depth) }
    }

    /// A block scalar with a bad header or a line that stands too far left: its lines as they are.
    fn block_scalar(&mut self, region: &Region, failure: &Failure) -> Green {
        let at = failure.offset.saturating_sub(self.shift);
        if at >= region.first.next && !matches!(failure.why, Why::Unread) {
            let last_line = Span::new(region.first.start, self.spot(at).end);
            self.fault(self.spot(at), messages::SCALAR_LINE, last_line);
        } else {
            self.fault_of(failure, region);
        }
        let (from, to) = (region.first.next, self.end(region).max(region.first.next));
        let text = self.text[from..to].trim_end();
        let style =
            if self.text[region.first.start..].starts_with('|') { Style::Literal } else { Style::Folded };
        let end = if text.is_empty() { region.first.end } else { from + text.len() };
        let span = Span::new(region.first.start, end).shifted(self.shift);
        let source = Span::new(from, from + text.len()).shifted(self.shift);
        let mapped = Mapped::new(text.to_owned(), style, Vec::new(), source, span.start);
        Green::new(span, Form::Mapped(Arc::new(mapped)))
    }

    fn plain(&mut self, region: &Region, failure: &Failure, depth: usize) -> Guess {
        let line = &region.first;
        let words = self.text[line.start..line.end].split(" #").next().unwrap_or("").trim_end();
        let span = Span::new(line.start, line.start + words.len());
        let astray = self.inner(region).filter(|inner| cut::shape(self.text, &inner.first) != Shape::Text);
        match astray {
            Some(inner) => self.fault(self.word(&inner.first), messages::TOO_DEEP, inner.span()),
            None => self.fault_of(failure, region),
        }
        Guess { node: self.word_node(span), astray: self.astray(region, depth) }
    }

    /// Entries on deeper lines below a value that is complete in itself.
    fn astray(&mut self, region: &Region, depth: usize) -> Vec<GreenEntry> {
        let Some(inner) = self.inner(region) else { return Vec::new() };
        if matches!(cut::shape(self.text, &inner.first), Shape::Text) {
            return Vec::new();
        }
        self.quiet += 1;
        let node = self.read(&inner, depth + 1);
        self.quiet -= 1;
        let Some(node) = node else { return Vec::new() };
        let span = node.span();
        let Form::Map(entries) = node.form else { return Vec::new() };
        self.output.broken.push(span);
        entries.into_vec()
    }

    /// The region behind the tags and anchors that it starts with.
    fn behind_properties(&self, region: &Region) -> Region {
        let line = &region.first;
        let mut at = line.start;
        while self.text[at..line.end].starts_with(['&', '!']) {
            let rest = &self.text[at..line.end];
            let Some(space) = rest.find([' ', '\t']) else { break };
            at = line.end - rest[space..].trim_start().len();
        }
        region.from(at)
    }

    /// A key or value of one line, as good as it can be read; `span` is without shift.
    pub(super) fn word_node(&self, span: Span) -> Green {
        let text = span.of(self.text).trim_end();
        let start = span.start + self.shift;
        let span = Span::new(start, start + text.len());
        if text.is_empty() {
            return Green::nothing(start);
        }
        let (style, quote) = match text.as_bytes()[0] {
            b'"' => (Style::DoubleQuoted, '"'),
            b'\'' => (Style::SingleQuoted, '\''),
            b'*' if text.len() > 1 => return Green::new(span, Form::Alias),
            _ => return Green::new(span, Form::Verbatim(Style::Plain)),
        };
        let inner = &text[1..cut::closing_quote(text, quote).unwrap_or(text.len())];
        let (decoded, pieces) = decode::flow(inner, start + 1, style);
        let source = Span::new(start + 1, start + 1 + inner.len());
        let mapped = Mapped::new(decoded, style, pieces, source, span.start);
        Green::new(span, Form::Mapped(Arc::new(mapped)))
    }
}

/// The backslash of the first escape that means nothing, where that is what is wrong.
fn bad_escape(text: &str, failure: &Failure) -> Option<usize> {
    let Why::Syntax(kind) = &failure.why else { return None };
    let is_escape = matches!(
        kind,
        ErrorKind::UnknownQuotedScalarEscape
            | ErrorKind::InvalidQuotedScalarHexEscape
            | ErrorKind::InvalidUnicodeEscape
    );
    if !is_escape {
        return None;
    }
    let mut at = 0;
    loop {
        at += text[at..].find('\\')?;
        let next = text[at + 1..].chars().next()?;
        let digits = match next {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ if "0abt\tnvfre \"/\\N_LP\r\n".contains(next) => 0,
            _ => return Some(at),
        };
        let is_code = digits == 0 || {
            let code = text.get(at + 2..at + 2 + digits).and_then(|code| u32::from_str_radix(code, 16).ok());
            code.is_some_and(|code| char::from_u32(code).is_some() || (0xd800..0xe000).contains(&code))
        };
        if !is_code {
            return Some(at);
        }
        at += 1 + next.len_utf8();
    }
}
