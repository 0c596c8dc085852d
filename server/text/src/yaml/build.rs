//! From the parser's events to nodes.

mod places;

use std::collections::BTreeMap;

use copydesk_base::{Diagnostic, Span};
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, StructureStyle};

use self::places::behind_colon;
use super::lines::{column, line_start};
use super::recover::flow;
use super::{duplicate_keys, indent, keys};
use crate::green::{Form, Green, GreenEntry};
use crate::node::MAX_DEPTH;

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
    /// Where the children of a block collection stand on their lines; 0 in brackets.
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
        let (event, span) = next.map_err(|error| builder.failure(&error))?;
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
    /// What the parser stumbled over, and where.
    fn failure(&self, error: &granit_parser::ScanError) -> Failure {
        let why = match error.kind() {
            ErrorKind::RecursionLimitExceeded => Why::TooDeep,
            kind => Why::Syntax(kind.clone()),
        };
        // The parser counts the brackets alone, and looks some of them ahead.
        let brackets = if why == Why::TooDeep { self.brackets() } else { None };
        let deep = brackets.and_then(|(start, depth)| flow::too_deep(self.piece, start, depth));
        let mut offset =
            deep.unwrap_or_else(|| error.marker().byte_offset().unwrap_or(0).min(self.piece.len()));
        while !self.piece.is_char_boundary(offset) {
            offset -= 1;
        }
        Failure { offset: offset + self.shift, why }
    }

    /// The outermost bracket around what comes next, or that comes next, and how many collections are around it.
    fn brackets(&self) -> Option<(usize, usize)> {
        if let Some(at) = self.open.iter().position(|open| open.is_flow) {
            return Some((self.open.get(at)?.span.start - self.shift, self.depth + at));
        }
        let rest = self.piece.get(self.cursor..)?;
        let is_comment = |at: usize| {
            let before = self.piece.get(..self.cursor + at).unwrap_or("");
            before.is_empty() || before.ends_with(char::is_whitespace)
        };
        let mut at = 0;
        while let Some(found) = rest.get(at..)?.find(['[', '{', '#']) {
            at += found;
            if !rest.get(at..)?.starts_with('#') {
                return Some((self.cursor + at, self.depth + self.open.len()));
            }
            at += if is_comment(at) { rest.get(at..)?.find(['\n', '\r'])? } else { 1 };
        }
        None
    }

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
        // Nothing in brackets stands at a column; to look for one would read a long line again at each bracket.
        let column = if is_flow { 0 } else { column(self.piece, at.start) };
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
}
