//! From words to nodes.

use copydesk_base::{Code, Diagnostic, Fix, Safety, Span, TextEdit};

use super::scan::{self, Comment, Quote, Token};
use super::{Dialect, literal, mend, message};
use crate::green::{Form, Green, GreenEntry};
use crate::node::MAX_DEPTH;
use crate::yaml::{Output, duplicate_keys, keys};

mod pair;
mod recover;
mod run;

use recover::{Before, Other};
use run::Goal;

pub(super) use run::{Begun, Ended, Run, read_run};

/// Reads a whole text.
pub(super) fn read(text: &str, dialect: Dialect) -> Output {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut reader = Reader::new(text, dialect, start, Vec::new());
    if reader.peek().0 == Token::End {
        // Where comments may stand, programs take a file without a value for an empty one.
        if dialect == Dialect::Strict {
            reader.output.problems.push(mend::empty(Span::at(start)));
        }
        return reader.output;
    }
    let root = reader.value();
    reader.output.documents.extend(root);
    reader.rest();
    reader.output
}

/// Reads the collection that opens at `start`, inside of the brackets that are open there.
///
/// What is found, and where its reading ended, which is where the reading of what is behind begins.
pub(super) fn read_part(text: &str, dialect: Dialect, start: usize, open: Vec<u8>) -> (Output, usize) {
    let mut reader = Reader::new(text, dialect, start, open);
    let value = reader.value();
    reader.output.documents.extend(value);
    let end = reader.at.max(reader.end);
    (reader.output, end)
}

struct Reader<'t> {
    text: &'t str,
    dialect: Dialect,
    at: usize,
    /// Behind the last token that was taken.
    end: usize,
    /// The brackets that are open.
    open: Vec<u8>,
    /// Whether the rest was not read, being too deep: then nobody knows what is missing at the end.
    was_cut: bool,
    /// Where brackets were found open last, and which problem tells it.
    left_open: Option<(usize, usize)>,
    /// Where to stop, if not all is read.
    goal: Goal,
    output: Output,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, dialect: Dialect, start: usize, open: Vec<u8>) -> Self {
        Self {
            text,
            dialect,
            at: start,
            end: start,
            open,
            was_cut: false,
            left_open: None,
            goal: Goal::default(),
            output: Output::default(),
        }
    }

    /// The next token, behind white space and comments.
    fn peek(&mut self) -> (Token, Span) {
        loop {
            let rest = self.text.get(self.at..).unwrap_or("");
            let behind = rest.trim_start();
            let blanks = Span::new(self.at, self.at + rest.len() - behind.len());
            self.output.problems.extend(mend::blanks(self.text, blanks));
            self.at = blanks.end;
            let Some((comment, span)) = scan::comment(self.text, self.at) else { break };
            self.output.comments.push(span);
            let message = match (comment, self.dialect) {
                (Comment::Open, _) => Some(message::OPEN_COMMENT),
                (_, Dialect::Strict) => Some(message::COMMENT),
                (Comment::Foreign, _) => Some(message::FOREIGN),
                (Comment::Known, _) => None,
            };
            if let Some(message) = message {
                self.output.problems.push(mend::comment(self.text, span, message));
            }
            self.at = span.end;
        }
        scan::token(self.text, self.at)
    }

    fn take(&mut self, span: Span) {
        self.at = span.end;
        self.end = span.end;
    }

    fn tell(&mut self, span: Span, message: impl Into<String>) {
        self.output.problems.push(Diagnostic::new(Code::JsonSyntax, span, message));
    }

    /// Tells what is missing; what is around it was guessed.
    fn missing(&mut self, at: usize, message: &str, fix: Option<Fix>) {
        let mut problem = Diagnostic::new(Code::JsonSyntax, Span::at(at), message);
        problem.fixes.extend(fix);
        self.output.problems.push(problem);
        self.output.broken.push(Span::at(at));
    }

    /// The value that comes next; nothing is taken where none does.
    fn value(&mut self) -> Option<Green> {
        let (token, span) = self.peek();
        match token {
            Token::Mark(open @ (b'{' | b'[')) => Some(self.collection(open, span)),
            Token::Text(quote) => Some(self.string(quote, span, Before::Comma)),
            Token::Word => {
                let span = self.read_words(span);
                Some(literal::word(self.text, span, &mut self.output))
            }
            Token::Mark(_) | Token::End => None,
        }
    }

    fn string(&mut self, quote: Quote, span: Span, before: Before) -> Green {
        let whole = span;
        let (quote, span) = self.string_end(quote, span, before);
        // All that was looked at decides, wherever it is edited: the character behind it, too.
        let looked_at = match span.end {
            end if end < whole.end => Some(whole.end),
            _ if self.goes_on_in_letters(whole) => Some(self.line_end(whole.end)),
            _ => None,
        };
        if let Some(end) = looked_at {
            let next = self.text.get(end..).and_then(|rest| rest.chars().next());
            self.output.broken.push(Span::new(whole.start, end + next.map_or(0, char::len_utf8)));
        }
        self.take(span);
        if quote == Quote::Open {
            self.output.broken.push(span);
        }
        literal::string(self.text, span, quote, &mut self.output.problems)
    }

    fn collection(&mut self, open: u8, span: Span) -> Green {
        if self.open.len() + 1 >= MAX_DEPTH {
            let rest = Span::new(span.start, self.text.len());
            self.tell(span, message::too_deep());
            self.output.broken.push(rest);
            self.take(rest);
            self.was_cut = true;
            return Green::nothing(span.start);
        }
        self.take(span);
        self.open.push(open);
        let form = self.children(open, span, Begun::default());
        self.open.pop();
        Green::new(Span::new(span.start, self.end), form)
    }

    /// Whether this token ends the collection that is read: by its own bracket, or because it cannot go on.
    fn is_closed(&mut self, token: Token, at: Span, opened: Span) -> bool {
        let Some(own) = self.open.last().map(|open| closing(*open)) else { return true };
        let close = match token {
            Token::Mark(close @ (b'}' | b']')) => close,
            Token::End => {
                self.unclosed(opened, own);
                return true;
            }
            _ => return false,
        };
        if close == own {
            self.take(at);
            return true;
        }
        match self.other(close, at) {
            Other::Outer => {
                self.unclosed(opened, own);
                true
            }
            Other::Wrong => {
                self.take(at);
                let open = self.open.last().copied().unwrap_or(b'{');
                let pair = (char::from(open), char::from(own));
                self.output.problems.push(mend::wrong_bracket(char::from(close), pair, at));
                self.output.broken.push(at);
                true
            }
            Other::Stray => {
                self.take(at);
                self.output.problems.push(mend::stray(char::from(close), at));
                self.output.broken.push(at);
                false
            }
        }
    }

    /// The comma between two values; `comma` is the one before the next value.
    fn separated(&mut self, comma: Option<Span>, next: Span, is_first: bool) {
        if comma.is_none() && !is_first && self.end <= next.start && !self.is_broken_off() {
            let at = self.end;
            let is_line = self.text.get(at..next.start).is_some_and(|between| between.contains('\n'));
            let safety = if is_line { Safety::Safe } else { Safety::Suggested };
            let fix = Fix::new("add a ','", vec![TextEdit::insert(at, ",")]).with_safety(safety);
            self.output
                .problems
                .push(Diagnostic::new(Code::JsonSyntax, Span::at(at), message::NO_COMMA).with_fix(fix));
        }
    }

    /// A comma that nothing follows.
    fn trailing(&mut self, comma: Option<Span>) {
        if let Some(comma) = comma.filter(|_| self.dialect == Dialect::Strict) {
            let fix = Fix::safe("take it out", vec![TextEdit::new(comma, "")]);
            self.output
                .problems
                .push(Diagnostic::new(Code::JsonSyntax, comma, message::TRAILING).with_fix(fix));
        }
    }

    /// What stands in a collection, of which some may have been read.
    fn children(&mut self, open: u8, opened: Span, begun: Begun) -> Form {
        if open == b'{' { self.entries(opened, begun) } else { self.items(opened, begun) }
    }

    fn items(&mut self, opened: Span, begun: Begun) -> Form {
        let mut items: Vec<Green> = Vec::new();
        let mut comma = begun.comma;
        loop {
            let (token, span) = self.peek();
            if self.is_at_goal(comma, span) {
                break;
            }
            if matches!(token, Token::Mark(b']')) {
                self.trailing(comma);
            }
            if self.is_closed(token, span, opened) {
                break;
            }
            match token {
                Token::Mark(b',') => {
                    if comma.is_some() || items.is_empty() && begun.is_first() {
                        let fix = mend::take_out("take the ',' out", span);
                        self.missing(span.start, message::NO_VALUE, Some(fix));
                    }
                    self.take(span);
                    comma = Some(span);
                }
                Token::Mark(b':') => {
                    self.take(span);
                    let fix = Fix::new("change to ','", vec![TextEdit::new(span, ",")]);
                    let problem = Diagnostic::new(Code::JsonSyntax, span, message::STRAY_COLON);
                    self.output.problems.push(problem.with_fix(fix));
                    self.output.broken.push(span);
                    comma = Some(span);
                }
                Token::Text(_)
                    if self.is_of_mapping(span) && self.is_beside(comma, &items, (opened, span)) =>
                {
                    // The list should have ended before this key.
                    let end = items.last().map(|item| item.span().end).or(begun.end).unwrap_or(self.end);
                    self.end_early(opened, b']', (end, comma.is_some()));
                    break;
                }
                _ => {
                    self.separated(comma, span, items.is_empty() && begun.is_first());
                    items.extend(self.value());
                    comma = None;
                }
            }
        }
        Form::List(items.into())
    }

    fn entries(&mut self, opened: Span, begun: Begun) -> Form {
        let mut entries: Vec<GreenEntry> = Vec::new();
        let mut comma = begun.comma;
        let mut last = begun.value.map(|value| (value, self.output.problems.len()));
        loop {
            let (token, span) = self.peek();
            if self.is_at_goal(comma, span) {
                break;
            }
            if matches!(token, Token::Mark(b'}')) {
                self.trailing(comma);
            }
            if token == Token::Mark(b']') && self.never_opened(last.take(), span) {
                continue;
            }
            if self.is_closed(token, span, opened) {
                break;
            }
            match token {
                Token::Mark(b'{') if !(entries.is_empty() && begun.is_first()) && self.is_among_items() => {
                    // The mapping should have ended before this item.
                    let end = entries.last().map(|entry| entry.span().end);
                    let end = end.or(begun.end).unwrap_or(self.end);
                    self.end_early(opened, b'}', (end, comma.is_some()));
                    break;
                }
                Token::Mark(b',') => {
                    if comma.is_some() || entries.is_empty() && begun.is_first() {
                        let fix = mend::take_out("take the ',' out", span);
                        self.missing(span.start, message::NO_KEY, Some(fix));
                    }
                    self.take(span);
                    comma = Some(span);
                }
                Token::Mark(b'{' | b'[' | b':') => {
                    self.missing(span.start, message::NO_KEY, None);
                    if token == Token::Mark(b':') {
                        self.take(span);
                    }
                    // Without its key nobody can tell what it is.
                    let from = span.start;
                    let _ = self.value();
                    self.output.broken.push(Span::new(from, self.end));
                    comma = None;
                }
                Token::Mark(_) | Token::End => comma = None,
                Token::Text(_) | Token::Word => {
                    self.separated(comma, span, entries.is_empty() && begun.is_first());
                    let key = self.key(token, span);
                    let value = self.value_of(&key);
                    if value.span().start > key.span().end {
                        last = Some((value.span().start, self.output.problems.len()));
                    }
                    entries.push(GreenEntry { key, value });
                    comma = None;
                }
            }
        }
        duplicate_keys(keys(&entries, self.text, 0), &mut self.output.problems);
        Form::Map(entries.into())
    }

    /// What stands behind the value of a file.
    fn rest(&mut self) {
        let (token, span) = self.peek();
        if token == Token::End {
            return;
        }
        let rest = Span::new(span.start, self.text.trim_end().len().max(span.end));
        let problem = match token {
            Token::Mark(close @ (b'}' | b']')) => mend::stray(char::from(close), span),
            Token::Mark(b',') if self.output.documents.is_empty() => {
                Diagnostic::new(Code::JsonSyntax, span, message::NO_VALUE)
                    .with_fix(mend::take_out("take the ',' out", span))
            }
            Token::Mark(b',') => Diagnostic::new(Code::JsonSyntax, span, message::AFTER)
                .with_fix(mend::take_out("take the ',' out", span)),
            Token::Mark(b':') => {
                let start = self.output.documents.first().map_or(span.start, |first| first.span().start);
                let edits = vec![TextEdit::insert(start, "{"), TextEdit::insert(rest.end, "}")];
                Diagnostic::new(Code::JsonSyntax, span, message::AFTER)
                    .with_fix(Fix::new("put braces around it", edits))
            }
            _ => Diagnostic::new(Code::JsonSyntax, span, message::AFTER),
        };
        self.output.problems.push(problem);
        self.output.broken.push(rest);
    }
}

fn closing(open: u8) -> u8 {
    if open == b'{' { b'}' } else { b']' }
}
