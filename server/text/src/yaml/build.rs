//! From the parser's events to nodes.

use std::collections::BTreeMap;
use std::sync::Arc;

use copydesk_base::{Diagnostic, Span};
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, StructureStyle};

use super::lines::line_start;
use super::{decode, duplicate_keys, indent, keys};
use crate::green::{Form, Green, GreenEntry};
use crate::node::MAX_DEPTH;
use crate::position::lines;
use crate::scalar::{Mapped, Style};

/// What reading has found so far.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub(crate) documents: Vec<Green>,
    pub(crate) comments: Vec<Span>,
    pub(crate) problems: Vec<Diagnostic>,
    pub(crate) anchors: BTreeMap<Box<str>, Vec<usize>>,
    /// Aliases without an anchor before them in the same piece.
    pub(crate) aliases: Vec<(Box<str>, Span)>,
    pub(crate) broken: Vec<Span>,
}

impl Output {
    /// Takes over everything but the documents.
    pub(super) fn absorb(&mut self, other: Self) -> Vec<Green> {
        self.comments.extend(other.comments);
        self.problems.extend(other.problems);
        self.aliases.extend(other.aliases);
        self.broken.extend(other.broken);
        for (name, starts) in other.anchors {
            self.anchors.entry(name).or_default().extend(starts);
        }
        other.documents
    }
}

/// Why a piece could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// Where, in the whole text.
    pub(super) offset: usize,
    pub(super) why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Syntax(ErrorKind),
    TooDeep,
    /// A line goes on with a value, and stands no deeper than the collection that the value is in.
    TooShallow,
    /// Nobody tried: the budget is spent.
    Unread,
}

/// A collection whose end has not been seen.
struct Open {
    /// As far as it is known.
    span: Span,
    children: Children,
    is_flow: bool,
    /// Where the children of a block collection stand on their lines.
    column: usize,
    tag: Option<String>,
    anchor: Option<String>,
    /// The key that waits for its value.
    key: Option<Green>,
}

enum Children {
    Items(Vec<Green>),
    Entries(Vec<GreenEntry>),
}

struct Builder<'t, 'o> {
    piece: &'t str,
    shift: usize,
    open: Vec<Open>,
    output: &'o mut Output,
    /// How many collections the piece stands in.
    depth: usize,
    /// End of the last thing seen, in the piece.
    cursor: usize,
}

/// Reads a piece of YAML that starts at byte `shift` of the whole text.
///
/// It stands within `depth` collections. What was found before a failure is in `output` too.
///
/// The parser lets values in brackets, and what stands before values, reach to the left of their key. YAML does not,
/// and neither do we: a line either starts a child of a block collection or stands deeper than the one it goes on
/// with. So a child can be told by its first line and read alone, which is what recovery and every edit rely on.
pub(super) fn build(piece: &str, shift: usize, depth: usize, output: &mut Output) -> Result<(), Failure> {
    let options = granit_parser::options! {
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        max_buffered_comment_events: usize::MAX,
        flow_nesting_limit: MAX_DEPTH + 1,
        block_nesting_limit: MAX_DEPTH + 1,
    };
    let mut builder = Builder { piece, shift, open: Vec::new(), output, depth, cursor: 0 };
    let mut parser = Parser::new_from_str_with_options(piece, options);
    while let Some(next) = parser.next() {
        let (event, span) = next.map_err(|error| failure(&error, piece, shift))?;
        let (mut at, tag_span) = (bytes(&span), span.tag_span());
        if let Some(tag) = tag_span {
            builder.cursor = builder.cursor.max(bytes(&tag).end);
        }
        match event {
            Event::Comment(..) => {
                builder.output.comments.push(at.shifted(shift));
                continue;
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => builder.alias(at),
            Event::Scalar(text, style, anchor, tag) => {
                let props = builder.props(&mut parser, anchor, tag, tag_span, at)?;
                let node = builder.scalar(&text, style, at, span.indent);
                if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    builder.deeper(|column| indent::shallow_line(piece, at, column))?;
                }
                builder.place(node.with_props(props.tag, props.anchor));
            }
            Event::SequenceStart(style, anchor, tag) => {
                let props = builder.props(&mut parser, anchor, tag, tag_span, at)?;
                if style == StructureStyle::Block {
                    at = builder.dash_before(at);
                }
                builder.open(at, style, Children::Items(vec![]), props)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                let props = builder.props(&mut parser, anchor, tag, tag_span, at)?;
                builder.open(at, style, Children::Entries(vec![]), props)?;
            }
            Event::SequenceEnd | Event::MappingEnd => builder.close(at)?,
            _ => {}
        }
        builder.cursor = builder.cursor.max(at.end);
    }
    Ok(())
}

fn failure(error: &granit_parser::ScanError, piece: &str, shift: usize) -> Failure {
    let mut offset = error.marker().byte_offset().unwrap_or(0).min(piece.len());
    while !piece.is_char_boundary(offset) {
        offset -= 1;
    }
    let why = match error.kind() {
        ErrorKind::RecursionLimitExceeded => Why::TooDeep,
        kind => Why::Syntax(kind.clone()),
    };
    Failure { offset: offset + shift, why }
}

/// The anchor's name comes as an event right behind its node.
fn read_anchor<'p, T: granit_parser::BorrowedInput<'p>>(
    parser: &mut Parser<'p, T>,
    id: usize,
) -> Option<(String, Span)> {
    if id == 0 || !matches!(parser.peek(), Some(Ok((Event::Anchor(..), _)))) {
        return None;
    }
    match parser.next() {
        Some(Ok((Event::Anchor(_, name), span))) => Some((name.into_owned(), bytes(&span))),
        _ => None,
    }
}

fn bytes(span: &granit_parser::Span) -> Span {
    span.byte_range().map_or_else(Span::default, Span::from)
}

/// What stands before a value.
struct Props {
    tag: Option<String>,
    anchor: Option<String>,
}

impl Builder<'_, '_> {
    fn open(
        &mut self,
        at: Span,
        style: StructureStyle,
        children: Children,
        props: Props,
    ) -> Result<(), Failure> {
        if self.open.len() + self.depth >= MAX_DEPTH {
            return Err(Failure { offset: at.start + self.shift, why: Why::TooDeep });
        }
        let (span, is_flow) = (at.shifted(self.shift), style == StructureStyle::Flow);
        let column = at.start - line_start(self.piece, at.start);
        let Props { tag, anchor } = props;
        self.open.push(Open { span, children, is_flow, column, tag, anchor, key: None });
        Ok(())
    }

    /// What stands before the value at `at`, if it stands where it may.
    fn props<'p, T: granit_parser::BorrowedInput<'p>>(
        &mut self,
        parser: &mut Parser<'p, T>,
        anchor: usize,
        tag: Option<std::borrow::Cow<'_, granit_parser::Tag>>,
        tag_span: Option<granit_parser::Span>,
        at: Span,
    ) -> Result<Props, Failure> {
        let (anchor, anchor_span) = read_anchor(parser, anchor).unzip();
        let is_key = self.is_at_key();
        for span in tag_span.map(|span| bytes(&span)).into_iter().chain(anchor_span) {
            let is_before_key =
                is_key && line_start(self.piece, span.start) == line_start(self.piece, at.start);
            if !is_before_key {
                self.deeper(|column| indent::shallow_start(self.piece, span.start, column))?;
            }
        }
        Ok(Props { tag: tag.map(|tag| tag.original()), anchor })
    }

    /// Fails where a line that goes on with something stands no deeper than the block collection that it is in.
    /// `shallow` finds it, by the column of the collection.
    fn deeper(&self, shallow: impl FnOnce(usize) -> Option<usize>) -> Result<(), Failure> {
        let open = self.open.last().filter(|open| !open.is_flow);
        match open.and_then(|open| shallow(open.column)) {
            Some(at) => Err(Failure { offset: at + self.shift, why: Why::TooShallow }),
            None => Ok(()),
        }
    }

    fn close(&mut self, at: Span) -> Result<(), Failure> {
        let Some(mut open) = self.open.pop() else { return Ok(()) };
        if open.is_flow {
            let span = Span::new(open.span.start - self.shift, at.end);
            self.deeper(|column| indent::shallow_line(self.piece, span, column))?;
        }
        if let (Some(key), Children::Entries(entries)) = (open.key, &mut open.children) {
            let value = Green::nothing(key.span().end);
            entries.push(GreenEntry { key, value });
        }
        let (first, last) = match &open.children {
            Children::Items(items) => (items.first().map(Green::span), items.last().map(Green::span)),
            Children::Entries(entries) => {
                (entries.first().map(GreenEntry::span), entries.last().map(GreenEntry::span))
            }
        };
        let start = first.map_or(open.span.start, |first| first.start.min(open.span.start));
        let end =
            if open.is_flow { at.end + self.shift } else { last.map_or(open.span.end, |last| last.end) };
        let span = Span::new(start, end.max(last.map_or(0, |last| last.end)));
        let form = match open.children {
            Children::Items(items) => Form::List(items.into()),
            Children::Entries(entries) => {
                duplicate_keys(keys(&entries, self.piece, self.shift), &mut self.output.problems);
                Form::Map(entries.into())
            }
        };
        self.place(Green::new(span, form).with_props(open.tag, open.anchor));
        Ok(())
    }

    /// Whether a key comes next.
    fn is_at_key(&self) -> bool {
        let open = self.open.last();
        open.is_some_and(|open| open.key.is_none() && matches!(open.children, Children::Entries(_)))
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, mut node: Green) {
        let key = self.open.last_mut().and_then(|top| top.key.take());
        if let (Form::Nothing, Some(key), true) = (&node.form, &key, node.is_bare()) {
            node.set_span(Span::at(behind_colon(self.piece, key.span().end - self.shift) + self.shift));
        }
        if let Some(name) = node.anchor() {
            let start = node.span().start;
            self.output.anchors.entry(name.into()).or_default().push(start);
        }
        match (self.open.last_mut(), key) {
            (None, _) => self.output.documents.push(node),
            (Some(Open { children: Children::Entries(entries), .. }), Some(key)) => {
                entries.push(GreenEntry { key, value: node });
            }
            (Some(Open { children: Children::Items(items), .. }), _) => items.push(node),
            (Some(top), _) => top.key = Some(node),
        }
    }

    fn alias(&mut self, at: Span) {
        let span = at.shifted(self.shift);
        let name = at.of(self.piece).trim_start_matches('*').into();
        self.output.aliases.push((name, span));
        self.place(Green::new(span, Form::Alias));
    }

    fn scalar(&self, text: &str, style: ScalarStyle, at: Span, indent: Option<usize>) -> Green {
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
                let column = at.start - line_start(self.piece, at.start);
                let indent = indent.filter(|_| !is_key).unwrap_or(column);
                let pieces = decode::block_pieces(raw, start, text, style, indent);
                (pieces, Span::new(start.min(span.end), span.end))
            }
            _ => {
                let (inner, from) =
                    if style == Style::Plain { (raw, start) } else { (&raw[1..raw.len() - 1], start + 1) };
                (decode::flow(inner, from, style).1, Span::new(from, from + inner.len()))
            }
        };
        let mapped = Mapped::new(text.to_owned(), style, pieces, source, span.start);
        Green::new(span, Form::Mapped(Arc::new(mapped)))
    }

    /// Where a value is missing: the parser may say so only at the next thing, lines below. A key is missing where its
    /// colon stands.
    fn empty_place(&self, at: usize) -> usize {
        let before = self.piece.get(..at).unwrap_or("");
        let mut between = lines(&before[self.cursor.min(at)..]);
        if self.is_at_key() && !between.any(|line| line.trim_start().starts_with('?')) {
            return at;
        }
        let trimmed = before.trim_end().len().max(self.cursor.min(at));
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
    fn dash_before(&self, at: Span) -> Span {
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
            _ => before.rfind('-').filter(|dash| *dash >= self.cursor).map_or(at, Span::at),
        }
    }
}

/// Where the value goes that nobody has written: behind the colon, or behind a key that has none.
fn behind_colon(piece: &str, key_end: usize) -> usize {
    let rest = piece.get(key_end..).unwrap_or("");
    let gap = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let Some(behind) = rest[gap..].strip_prefix(':') else { return key_end };
    let is_colon = behind.is_empty() || behind.starts_with([' ', '\t', '\n', '\r', ',', '[', ']', '{', '}']);
    if is_colon { key_end + gap + 1 } else { key_end }
}
