//! From words to nodes.

use copydesk_base::{Code, Diagnostic, Fix, Span, TextEdit};

use super::scan::{self, Comment, Quote, Token};
use super::{Dialect, literal, message};
use crate::green::{Form, Green, GreenEntry};
use crate::node::MAX_DEPTH;
use crate::yaml::{Output, duplicate_keys, keys};

/// Reads a whole text.
pub(super) fn read(text: &str, dialect: Dialect) -> Output {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut reader = Reader::new(text, dialect, start, Vec::new());
    if reader.peek().0 == Token::End {
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
    output: Output,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, dialect: Dialect, start: usize, open: Vec<u8>) -> Self {
        Self { text, dialect, at: start, end: start, open, was_cut: false, output: Output::default() }
    }

    /// The next token, behind white space and comments.
    fn peek(&mut self) -> (Token, Span) {
        loop {
            let rest = self.text.get(self.at..).unwrap_or("");
            self.at += rest.len() - rest.trim_start().len();
            let Some((comment, span)) = scan::comment(self.text, self.at) else { break };
            self.output.comments.push(span);
            let message = match (comment, self.dialect) {
                (Comment::Open, _) => Some(message::OPEN_COMMENT),
                (_, Dialect::Strict) => Some(message::COMMENT),
                (Comment::Foreign, _) => Some(message::FOREIGN),
                (Comment::Known, _) => None,
            };
            if let Some(message) = message {
                self.tell(span, message);
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
    fn missing(&mut self, at: usize, message: impl Into<String>) {
        self.tell(Span::at(at), message);
        self.output.broken.push(Span::at(at));
    }

    /// The value that comes next; nothing is taken where none does.
    fn value(&mut self) -> Option<Green> {
        let (token, span) = self.peek();
        match token {
            Token::Mark(open @ (b'{' | b'[')) => Some(self.collection(open, span)),
            Token::Text(quote) => {
                self.take(span);
                if quote == Quote::Open {
                    self.output.broken.push(span);
                }
                Some(literal::string(self.text, span, quote, &mut self.output.problems))
            }
            Token::Word => {
                self.take(span);
                Some(literal::word(self.text, span, &mut self.output))
            }
            Token::Mark(_) | Token::End => None,
        }
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
        let form = if open == b'{' { self.entries(span) } else { self.items(span) };
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
        if self.open.iter().any(|open| closing(*open) == close) {
            self.unclosed(opened, own);
            return true;
        }
        self.take(at);
        self.tell(at, message::stray(char::from(close)));
        self.output.broken.push(at);
        false
    }

    fn unclosed(&mut self, opened: Span, close: u8) {
        let open = self.text.as_bytes().get(opened.start).copied().unwrap_or(b'{');
        if !self.was_cut {
            self.tell(opened, message::unclosed(char::from(open), char::from(close)));
        }
        // The collection reaches to where the next thing would go.
        self.end = self.at.max(self.end);
        self.output.broken.push(Span::at(self.end));
    }

    /// The comma between two values; `comma` is the one before the next value.
    fn separated(&mut self, comma: Option<Span>, next: Span, is_first: bool) {
        if comma.is_none() && !is_first && self.end <= next.start {
            let at = self.end;
            let fix = Fix::new("add a ','", vec![TextEdit::insert(at, ",")]);
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

    fn items(&mut self, opened: Span) -> Form {
        let mut items: Vec<Green> = Vec::new();
        let mut comma = None;
        loop {
            let (token, span) = self.peek();
            if matches!(token, Token::Mark(b']')) {
                self.trailing(comma);
            }
            if self.is_closed(token, span, opened) {
                break;
            }
            match token {
                Token::Mark(b',') => {
                    if comma.is_some() || items.is_empty() {
                        self.missing(span.start, message::NO_VALUE);
                    }
                    self.take(span);
                    comma = Some(span);
                }
                Token::Mark(b':') => {
                    self.take(span);
                    self.tell(span, message::STRAY_COLON);
                    self.output.broken.push(span);
                    comma = Some(span);
                }
                _ => {
                    self.separated(comma, span, items.is_empty());
                    items.extend(self.value());
                    comma = None;
                }
            }
        }
        Form::List(items.into())
    }

    fn entries(&mut self, opened: Span) -> Form {
        let mut entries: Vec<GreenEntry> = Vec::new();
        let mut comma = None;
        loop {
            let (token, span) = self.peek();
            if matches!(token, Token::Mark(b'}')) {
                self.trailing(comma);
            }
            if self.is_closed(token, span, opened) {
                break;
            }
            match token {
                Token::Mark(b',') => {
                    if comma.is_some() || entries.is_empty() {
                        self.missing(span.start, message::NO_KEY);
                    }
                    self.take(span);
                    comma = Some(span);
                }
                Token::Mark(b'{' | b'[' | b':') => {
                    self.missing(span.start, message::NO_KEY);
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
                    self.separated(comma, span, entries.is_empty());
                    let key = self.key(token, span);
                    let value = self.value_of(&key);
                    entries.push(GreenEntry { key, value });
                    comma = None;
                }
            }
        }
        duplicate_keys(keys(&entries, self.text, 0), &mut self.output.problems);
        Form::Map(entries.into())
    }

    fn key(&mut self, token: Token, span: Span) -> Green {
        self.take(span);
        if let Token::Text(quote) = token {
            if quote == Quote::Open {
                self.output.broken.push(span);
            }
            return literal::string(self.text, span, quote, &mut self.output.problems);
        }
        let quoted = serde_json::Value::from(span.of(self.text)).to_string();
        let fix = Fix::safe("put it in quotes", vec![TextEdit::new(span, quoted)]);
        self.output.problems.push(Diagnostic::new(Code::JsonSyntax, span, message::BARE_KEY).with_fix(fix));
        literal::bare_key(span)
    }

    fn value_of(&mut self, key: &Green) -> Green {
        let (token, span) = self.peek();
        let key_span = key.span();
        if token != Token::Mark(b':') {
            self.tell(key_span, message::NO_COLON);
            self.output.broken.push(key_span);
            let is_value = match token {
                Token::Text(_) | Token::Word => !self.is_key(span),
                // What stands in it says nothing about what is around it.
                token => matches!(token, Token::Mark(b'{' | b'[')),
            };
            let is_near = !self.text.get(key_span.end..span.start).unwrap_or("").contains(['\n', '\r']);
            let value = if is_value && is_near { self.value() } else { None };
            return value.unwrap_or_else(|| Green::nothing(key_span.end));
        }
        self.take(span);
        let colon = span;
        let (token, span) = self.peek();
        let is_below = self.text.get(colon.end..span.start).unwrap_or("").contains(['\n', '\r']);
        let is_next_key = is_below && matches!(token, Token::Text(_) | Token::Word) && self.is_key(span);
        let value = if is_next_key { None } else { self.value() };
        value.unwrap_or_else(|| {
            self.missing(colon.end, message::NO_VALUE);
            Green::nothing(colon.end)
        })
    }

    /// Whether a ':' follows what stands at `span`.
    fn is_key(&self, span: Span) -> bool {
        self.text.get(span.end..).is_some_and(|rest| rest.trim_start().starts_with(':'))
    }

    /// What stands behind the value of a file.
    fn rest(&mut self) {
        let (token, span) = self.peek();
        if token == Token::End {
            return;
        }
        let rest = Span::new(span.start, self.text.trim_end().len().max(span.end));
        let message = match token {
            Token::Mark(close @ (b'}' | b']')) => message::stray(char::from(close)),
            Token::Mark(b',') if self.output.documents.is_empty() => message::NO_VALUE.to_owned(),
            _ => message::AFTER.to_owned(),
        };
        self.tell(span, message);
        self.output.broken.push(rest);
    }
}

fn closing(open: u8) -> u8 {
    if open == b'{' { b'}' } else { b']' }
}
