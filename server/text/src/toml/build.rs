//! From the parser's events to tables.

use copydesk_base::{Code, Diagnostic, Span};
use toml_parser::lexer::{Token, TokenKind};
use toml_parser::parser::{Event, EventKind, RecursionGuard, ValidateWhitespace, parse_document};
use toml_parser::{ParseError, Source};

use super::mend::Among;
use super::scalar::Written;
use super::table::{Id, Tables};
use super::{cut, mend, message, scalar};
use crate::green::{Form, Green, GreenEntry};
use crate::node::MAX_DEPTH;
use crate::yaml::Output;

/// More of the parser's complaints than anybody reads; what is told here shall find room beside them.
pub(super) const MOST_ERRORS: usize = 60;

/// Reads a whole text.
pub(super) fn read(text: &str) -> Output {
    let mut builder = Builder::new(text, Span::new(0, text.len()), 0);
    builder.pieces();
    let (mut tables, mut output, root) = builder.told();
    let document = tables.finish(root, &mut output);
    output.documents.extend(document);
    output
}

/// Some lines of one table.
pub(super) struct Lines {
    pub(super) entries: Vec<GreenEntry>,
    /// From the first thing that is written there to the last one.
    pub(super) seen: Option<Span>,
    /// All that was found but keys that stand twice in the table itself.
    pub(super) output: Output,
}

/// Reads lines below a header of so many levels. `None` where a header is among them, or where what stands behind them
/// would be read together with their end.
pub(super) fn read_lines(text: &str, part: Span, header_depth: usize) -> Option<Lines> {
    let mut builder = Builder::new(text, part, header_depth);
    let end = builder.pieces();
    let behind = text.get(part.end..)?;
    let is_apart = match end {
        End::Line => true,
        // A header ends what is open, and what would be read with more lines ends where those end.
        End::Bracket => behind.is_empty() || cut::ends_all(behind.lines().next().unwrap_or("")),
        End::Open => behind.is_empty(),
    };
    if builder.has_header || !is_apart {
        return None;
    }
    let (mut tables, mut output, root) = builder.told();
    let seen = tables.reached(root);
    let entries = tables.entries(root, &mut output);
    Some(Lines { entries, seen, output })
}

/// What is open where a part ends.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// Nothing: the next line is read for itself.
    Line,
    /// A bracket, behind the last line.
    Bracket,
    /// Perhaps a text.
    Open,
}

/// A collection in brackets whose end has not been seen.
struct Frame {
    start: usize,
    inside: Inside,
    /// The key that it is the value of, in what is around it.
    keys: Vec<Green>,
    depth: usize,
}

enum Inside {
    Items(Vec<Green>),
    Table(Id),
    /// Too deep to be looked at.
    Lost,
}

struct Builder<'t> {
    text: &'t str,
    /// What is read of it.
    part: Span,
    source: Source<'t>,
    root: Id,
    tables: Tables<'t>,
    /// The table of the header above; none where nobody can tell which it is.
    section: Option<Id>,
    header_depth: usize,
    /// A header that is being read.
    opening: Option<EventKind>,
    has_header: bool,
    frames: Vec<Frame>,
    /// A key that waits for its value.
    keys: Vec<Green>,
    after_dot: bool,
    /// Behind the `=`.
    value_at: Option<usize>,
    /// Behind the last thing that was read.
    end: usize,
    errors: Vec<ParseError>,
    output: Output,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str, part: Span, header_depth: usize) -> Self {
        let mut tables = Tables::new(text);
        let root = tables.alone();
        Self {
            text,
            part,
            source: Source::new(part.of(text)),
            root,
            tables,
            section: Some(root),
            header_depth,
            opening: None,
            has_header: false,
            frames: Vec::new(),
            keys: Vec::new(),
            after_dot: false,
            value_at: None,
            end: 0,
            errors: Vec::new(),
            output: Output::default(),
        }
    }

    fn pieces(&mut self) -> End {
        let source = self.source;
        let mut pieces = cut::Pieces::new(source);
        let mut events: Vec<Event> = Vec::new();
        let (mut ends_line, mut last) = (true, None);
        while let Some(piece) = pieces.next() {
            let mut checked = ValidateWhitespace::new(&mut events, source);
            // The parser calls itself for each bracket.
            let mut guarded = RecursionGuard::new(&mut checked, u32::try_from(MAX_DEPTH).unwrap_or(0));
            parse_document(piece, &mut guarded, &mut self.errors);
            last = piece.iter().rev().nth(1).map(Token::kind);
            // What is still open at the end is closed there, behind the line.
            ends_line = events.last().is_none_or(|last| last.kind() == EventKind::Newline);
            for event in events.drain(..) {
                self.event(event);
            }
            self.end_piece();
        }
        match pieces.is_open() {
            false if ends_line => End::Line,
            true if last == Some(TokenKind::Newline) => End::Bracket,
            _ => End::Open,
        }
    }

    /// What was read, with the parser's complaints.
    fn told(self) -> (Tables<'t>, Output, Id) {
        let Self { text, part, tables, mut output, errors, root, .. } = self;
        let told = errors.iter().filter_map(|error| message::told(text, part.start, error)).collect();
        let mut told = mend::as_one(text, told, &output.problems);
        mend::quiet_behind(text, &mut told, &mut output);
        told.sort_by_key(|problem| problem.span);
        told.dedup();
        told.truncate(MOST_ERRORS);
        output.broken.extend(told.iter().map(|problem| problem.span));
        output.problems.extend(told);
        (tables, output, root)
    }

    fn event(&mut self, event: Event) {
        let span = Span::new(event.span().start(), event.span().end()).shifted(self.part.start);
        match event.kind() {
            EventKind::Comment => self.output.comments.push(span),
            EventKind::Newline if self.frames.is_empty() => self.end_line(),
            EventKind::Newline | EventKind::Whitespace | EventKind::ValueSep | EventKind::Error => {}
            kind @ (EventKind::StdTableOpen | EventKind::ArrayTableOpen) => {
                self.end_line();
                self.seen(span);
                self.opening = Some(kind);
                self.has_header = true;
            }
            EventKind::StdTableClose | EventKind::ArrayTableClose => {
                self.seen(span);
                self.open();
            }
            EventKind::SimpleKey => self.key(event, span),
            EventKind::KeySep => {
                self.seen(span);
                self.after_dot = true;
            }
            EventKind::KeyValSep => {
                self.seen(span);
                self.value_at = Some(span.end);
            }
            EventKind::Scalar => self.scalar(event, span),
            EventKind::ArrayOpen => self.push(span, EventKind::ArrayOpen),
            EventKind::InlineTableOpen => self.push(span, EventKind::InlineTableOpen),
            EventKind::ArrayClose | EventKind::InlineTableClose => self.pop(span),
        }
    }

    /// Notes that something stands here: the document reaches to it.
    fn seen(&mut self, span: Span) {
        self.end = self.end.max(span.end);
        self.tables.reach(self.root, span);
    }

    fn tell(&mut self, span: Span, message: impl Into<String>) {
        self.add(Diagnostic::new(Code::TomlSyntax, span, message));
    }

    fn add(&mut self, problem: Diagnostic) {
        self.output.broken.push(problem.span);
        self.output.problems.push(problem);
    }

    fn key(&mut self, event: Event, span: Span) {
        if !self.after_dot && !self.keys.is_empty() {
            self.end_entry();
        }
        self.after_dot = false;
        if span.is_empty() {
            // A key that the parser misses. Behind a dot its place is right there.
            let at = if self.keys.is_empty() { span.start } else { self.end };
            self.add(mend::no_key(self.text, at));
            self.keys.push(Green::nothing(at));
            return;
        }
        self.seen(span);
        if let Some(raw) = self.source.get(event) {
            self.keys.push(scalar::key(raw, event.encoding(), span, &mut self.errors));
        }
    }

    fn scalar(&mut self, event: Event, span: Span) {
        if span.is_empty() {
            let at = self.value_at.unwrap_or(span.start);
            self.add(mend::no_value_at_all(at));
            self.place(Green::nothing(at));
        } else if let Some(raw) = self.source.get(event) {
            let among = match self.frames.last().map(|frame| &frame.inside) {
                Some(Inside::Items(_)) => Among::Items,
                Some(Inside::Table(_) | Inside::Lost) => Among::Entries,
                None => Among::Lines,
            };
            let written = Written { text: self.text, span, encoding: event.encoding(), among };
            let green = scalar::value(raw, written, &mut self.errors, &mut self.output);
            self.place(green);
        }
    }

    fn depth(&self) -> usize {
        self.frames.last().map_or(self.header_depth, |frame| frame.depth)
    }

    fn push(&mut self, span: Span, bracket: EventKind) {
        self.seen(span);
        let keys = std::mem::take(&mut self.keys);
        self.value_at = None;
        let depth = self.depth() + keys.len() + 1;
        let is_lost = self.frames.last().is_some_and(|frame| matches!(frame.inside, Inside::Lost));
        let inside = if is_lost || depth >= MAX_DEPTH {
            if !is_lost {
                self.tell(span, message::too_deep());
            }
            Inside::Lost
        } else if bracket == EventKind::ArrayOpen {
            Inside::Items(Vec::new())
        } else {
            Inside::Table(self.tables.alone())
        };
        self.frames.push(Frame { start: span.start, inside, keys, depth });
    }

    fn pop(&mut self, close: Span) {
        self.end_entry();
        let Some(frame) = self.frames.pop() else { return };
        self.seen(close);
        let span = Span::new(frame.start, close.end);
        let value = match frame.inside {
            Inside::Items(items) => Some(Green::new(span, Form::List(items.into()))),
            Inside::Table(table) => {
                self.tables.reach(table, span);
                self.tables.finish(table, &mut self.output)
            }
            Inside::Lost => None,
        };
        self.keys = frame.keys;
        self.place(value.unwrap_or_else(|| Green::nothing(frame.start)));
    }

    /// Puts a value where it belongs.
    fn place(&mut self, value: Green) {
        let span = value.span();
        self.seen(span);
        let keys = std::mem::take(&mut self.keys);
        self.value_at = None;
        self.after_dot = false;
        let is_lost = keys.iter().any(|key| key.span().is_empty());
        let too_deep = self.depth() + keys.len() >= MAX_DEPTH;
        let table = match self.frames.last_mut().map(|frame| &mut frame.inside) {
            Some(Inside::Items(items)) => return items.push(value),
            Some(Inside::Lost) => return,
            Some(Inside::Table(table)) => Some(*table),
            None => self.section,
        };
        match (table, keys.first().map(Green::span)) {
            (Some(table), _) if !is_lost && !too_deep => self.tables.put(table, &keys, value),
            (_, Some(first)) if too_deep => self.tell(first, message::too_deep()),
            (_, first) => self.output.broken.push(first.map_or(span, |first| first.cover(span))),
        }
    }

    /// A key without a value.
    fn end_entry(&mut self) {
        let Some(last) = self.keys.last().map(Green::span) else { return };
        let at = self.value_at.unwrap_or(last.end);
        self.place(Green::nothing(at));
    }

    /// Opens the table of a header, as far as it was read.
    fn open(&mut self) {
        let Some(kind) = self.opening.take() else { return };
        let header = std::mem::take(&mut self.keys);
        self.after_dot = false;
        // A table in a list is below both.
        self.header_depth = 2 * header.len();
        self.section = None;
        if header.iter().any(|key| key.span().is_empty()) {
            return;
        }
        if let Some(first) = header.first().filter(|_| self.header_depth >= MAX_DEPTH) {
            return self.tell(first.span(), message::too_deep());
        }
        self.section = if kind == EventKind::ArrayTableOpen {
            self.tables.open_item(self.root, &header)
        } else {
            self.tables.open(self.root, &header)
        };
        if let Some(section) = self.section {
            self.tables.reach(section, Span::at(self.end));
        }
    }

    fn end_line(&mut self) {
        self.open();
        self.end_entry();
    }

    fn end_piece(&mut self) {
        while !self.frames.is_empty() {
            self.pop(Span::at(self.end));
        }
        self.end_line();
    }
}
