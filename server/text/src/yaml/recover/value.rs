//! Single values that do not parse.

use copydesk_base::Span;

use super::super::build::{Failure, Why};
use super::super::decode;
use super::super::message::message_of;
use super::cut::{self, LineKind, Region, Shape};
use super::{Recovery, flow};
use crate::node::{Entry, Kind, Node, Scalar, Style};

/// A value that was guessed at.
pub(super) struct Guess {
    pub(super) node: Node,
    /// Entries on the lines below that cannot belong to the value, and so most likely to the mapping around it.
    pub(super) astray: Vec<Entry>,
}

impl From<Node> for Guess {
    fn from(node: Node) -> Self {
        Self { node, astray: Vec::new() }
    }
}

impl Recovery<'_> {
    /// Reads a value that `failure` was found in, or around.
    pub(super) fn value(&mut self, region: &Region, failure: &Failure, depth: usize) -> Guess {
        let failure = match self.exact(region) {
            Ok(Some(node)) => return node.into(),
            Ok(None) => return Node::nothing(region.first.start + self.shift).into(),
            Err(Failure { why: Why::Unread, .. }) => failure.clone(),
            Err(failure) => failure,
        };
        let region = &self.behind_properties(region);
        let line = &region.first;
        self.comments(region);
        match self.text.as_bytes().get(line.start) {
            _ if failure.why == Why::TooDeep => {
                self.fault_of(&failure, region);
                Node::nothing(line.start + self.shift).into()
            }
            Some(b'[' | b'{') => self.brackets(region, &failure).into(),
            Some(b'"' | b'\'') => self.quoted(region, &failure, depth),
            Some(b'|' | b'>') => self.block_scalar(region, &failure).into(),
            _ if matches!(cut::shape(self.text, line), Shape::Item { .. }) => {
                self.fault(Span::new(line.start, line.start + 1), message_of::LIST_ON_KEY_LINE, line.span());
                self.quiet += 1;
                let node = self.blocks(region, &failure, depth + 1);
                self.quiet -= 1;
                node.unwrap_or_else(|| Node::nothing(line.start + self.shift)).into()
            }
            _ => self.plain(region, &failure, depth),
        }
    }

    fn brackets(&mut self, region: &Region, failure: &Failure) -> Node {
        let end = self.end(region);
        let read = flow::read(self.text, region.first.start, end, self.shift);
        let broken = Span::new(region.first.start, self.text[..end].trim_end().len());
        match read.fault {
            Some((at, message)) => self.fault(at, &message, broken),
            None => self.fault(self.spot(failure.offset - self.shift), &super::message(&failure.why), broken),
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
            self.fault(Span::new(line.start, line.start + 1), message_of::QUOTE, line.span());
        } else {
            self.fault_of(failure, region);
        }
        Guess { node, astray: self.astray(region, depth) }
    }

    /// A block scalar with a bad header or a line that stands too far left: its lines as they are.
    fn block_scalar(&mut self, region: &Region, failure: &Failure) -> Node {
        self.fault_of(failure, region);
        let (from, to) = (region.first.next, self.end(region).max(region.first.next));
        let text = self.text[from..to].trim_end();
        let style =
            if self.text[region.first.start..].starts_with('|') { Style::Literal } else { Style::Folded };
        let scalar = Scalar::verbatim(text, style, from + self.shift);
        let end = if text.is_empty() { region.first.end } else { from + text.len() };
        Node::new(Span::new(region.first.start, end).shifted(self.shift), Kind::Scalar(scalar))
    }

    fn plain(&mut self, region: &Region, failure: &Failure, depth: usize) -> Guess {
        let line = &region.first;
        let words = self.text[line.start..line.end].split(" #").next().unwrap_or("").trim_end();
        let span = Span::new(line.start, line.start + words.len());
        let astray = self.inner(region).filter(|inner| cut::shape(self.text, &inner.first) != Shape::Text);
        match astray {
            Some(inner) => self.fault(self.word(&inner.first), message_of::TOO_DEEP, inner.span()),
            None => self.fault_of(failure, region),
        }
        Guess { node: self.word_node(span), astray: self.astray(region, depth) }
    }

    /// Entries on deeper lines below a value that is complete in itself.
    fn astray(&mut self, region: &Region, depth: usize) -> Vec<Entry> {
        let Some(inner) = self.inner(region) else { return Vec::new() };
        if matches!(cut::shape(self.text, &inner.first), Shape::Text) {
            return Vec::new();
        }
        self.quiet += 1;
        let node = self.read(&inner, depth + 1);
        self.quiet -= 1;
        let Some(Node { kind: Kind::Mapping(entries), span, .. }) = node else { return Vec::new() };
        self.output.broken.push(span);
        entries
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
    pub(super) fn word_node(&self, span: Span) -> Node {
        let text = span.of(self.text).trim_end();
        let start = span.start + self.shift;
        let span = Span::new(start, start + text.len());
        if text.is_empty() {
            return Node::nothing(start);
        }
        let (style, quote) = match text.as_bytes()[0] {
            b'"' => (Style::DoubleQuoted, '"'),
            b'\'' => (Style::SingleQuoted, '\''),
            b'*' if text.len() > 1 => return Node::new(span, Kind::Alias(text[1..].to_owned())),
            _ => return Node::new(span, Kind::Scalar(Scalar::verbatim(text, Style::Plain, start))),
        };
        let inner = &text[1..cut::closing_quote(text, quote).unwrap_or(text.len())];
        let (decoded, pieces) = decode::flow(inner, start + 1, style);
        let scalar = Scalar::mapped(decoded, style, pieces, Span::new(start + 1, start + 1 + inner.len()));
        Node::new(span, Kind::Scalar(scalar))
    }

    /// Notes the comment lines of a region that the exact parser could not read.
    fn comments(&mut self, region: &Region) {
        let lines = self.lines.get(region.rest.clone()).unwrap_or(&[]);
        let comments = lines.iter().filter(|line| line.kind == LineKind::Comment);
        self.output.comments.extend(comments.map(|line| line.span().shifted(self.shift)));
    }
}
