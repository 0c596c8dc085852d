//! Bracketed collections that do not parse: `[a, {b: c`.

use std::sync::Arc;

use copydesk_base::Span;

use super::super::build::Why;
use super::super::{decode, message};
use super::cut::closing_quote;
use crate::green::{Form, Green, GreenEntry};
use crate::node::MAX_DEPTH;
use crate::scalar::{Mapped, Style};

/// What was read between brackets.
pub(super) struct Read {
    pub(super) node: Green,
    /// The first thing that is wrong, where it is, and the words for it.
    pub(super) fault: Option<(Span, String)>,
}

/// A bracket that has not been closed.
struct Open {
    start: usize,
    bracket: u8,
    items: Vec<Green>,
    entries: Vec<GreenEntry>,
    /// In a mapping, the key whose value comes next; in a list, a key of a pair without braces.
    key: Option<Green>,
}

struct Reader<'t> {
    text: &'t str,
    shift: usize,
    at: usize,
    open: Vec<Open>,
    /// How many may be open.
    limit: usize,
    fault: Option<(Span, String)>,
    /// The bracket behind which nothing is read.
    too_deep: Option<usize>,
}

/// Reads the collection whose bracket stands at `start`, `depth` levels below the document.
pub(super) fn read(text: &str, start: usize, shift: usize, depth: usize) -> Read {
    let mut reader = Reader::new(text, start, shift, depth);
    let node = reader.run();
    Read { node: node.unwrap_or_else(|| Green::nothing(start + shift)), fault: reader.fault }
}

/// The first bracket that is too deep, if any is, in the collection whose bracket stands at `start`.
pub(in crate::yaml) fn too_deep(text: &str, start: usize, depth: usize) -> Option<usize> {
    let mut reader = Reader::new(text, start, 0, depth);
    reader.run();
    reader.too_deep
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, start: usize, shift: usize, depth: usize) -> Self {
        let limit = MAX_DEPTH.saturating_sub(depth).max(1);
        Self { text, shift, at: start, open: Vec::new(), limit, fault: None, too_deep: None }
    }
}

impl Reader<'_> {
    fn run(&mut self) -> Option<Green> {
        loop {
            self.skip();
            let Some(byte) = self.text.as_bytes().get(self.at).copied() else { break };
            match byte {
                b'[' | b'{' if self.open.len() >= self.limit => {
                    self.fail(Span::new(self.at, self.at + 1), message::message(&Why::TooDeep));
                    self.too_deep = Some(self.at);
                    self.at = self.text.len();
                }
                b'[' | b'{' => {
                    let (items, entries) = (Vec::new(), Vec::new());
                    self.open.push(Open { start: self.at, bracket: byte, items, entries, key: None });
                    self.at += 1;
                }
                b']' | b'}' => {
                    if let Some(node) = self.close(byte) {
                        return Some(node);
                    }
                }
                b',' => {
                    self.end_of_entry();
                    self.at += 1;
                }
                b':' if self.is_colon(self.at) => self.colon(),
                b'"' | b'\'' => self.quoted(char::from(byte)),
                _ => self.plain(),
            }
        }
        // Everything still open ends here; the innermost bracket is the one that misses its partner.
        if let Some(open) = self.open.last() {
            let at = Span::new(open.start, open.start + 1);
            self.fail(at, message::messages::BRACKET.to_owned());
        }
        let mut node = None;
        while !self.open.is_empty() {
            node = self.pop(self.text.trim_end().len());
        }
        node
    }

    /// Skips white space and comments.
    fn skip(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            self.at = self.text.len() - rest.trim_start().len();
            let is_comment =
                self.text[self.at..].starts_with('#') && self.text[..self.at].ends_with(char::is_whitespace);
            if !is_comment {
                return;
            }
            self.at += self.text[self.at..].find(['\n', '\r']).unwrap_or(self.text.len() - self.at);
        }
    }

    fn close(&mut self, byte: u8) -> Option<Green> {
        let partner = if byte == b']' { b'[' } else { b'{' };
        let at = Span::new(self.at, self.at + 1);
        if self.open.iter().all(|open| open.bracket != partner) {
            self.fail(at, message::messages::STRAY_BRACKET.to_owned());
            self.at += 1;
            return None;
        }
        while let Some(open) = self.open.last() {
            if open.bracket == partner {
                break;
            }
            let unclosed = Span::new(open.start, open.start + 1);
            self.fail(unclosed, message::messages::BRACKET.to_owned());
            self.pop(self.at);
        }
        self.at += 1;
        self.pop(self.at)
    }

    /// Ends the innermost collection. Gives the node back when it was the outermost.
    fn pop(&mut self, end: usize) -> Option<Green> {
        self.end_of_entry();
        let open = self.open.pop()?;
        let form =
            if open.bracket == b'[' { Form::List(open.items.into()) } else { Form::Map(open.entries.into()) };
        let node = Green::new(Span::new(open.start, end).shifted(self.shift), form);
        if self.open.is_empty() {
            return Some(node);
        }
        self.place(node);
        None
    }

    fn place(&mut self, node: Green) {
        let Some(open) = self.open.last_mut() else { return };
        if open.bracket == b'[' {
            match open.key.take() {
                Some(key) => open.items.push(pair(GreenEntry { key, value: node })),
                None => open.items.push(node),
            }
            return;
        }
        match open.key.take() {
            Some(key) => open.entries.push(GreenEntry { key, value: node }),
            None => open.key = Some(node),
        }
    }

    /// A key that has found no value gets none.
    fn end_of_entry(&mut self) {
        let Some(key) = self.open.last_mut().and_then(|open| open.key.take()) else { return };
        let end = key.span().end;
        let gap = self.text.get(end - self.shift..).unwrap_or("");
        let colon = gap.len() - gap.trim_start().len();
        let is_colon = gap.trim_start().starts_with(':') && self.is_colon(end - self.shift + colon);
        let place = if is_colon { end + colon + 1 } else { end };
        let entry = GreenEntry { key, value: Green::nothing(place) };
        let Some(open) = self.open.last_mut() else { return };
        if open.bracket == b'[' {
            open.items.push(pair(entry));
        } else {
            open.entries.push(entry);
        }
    }

    /// In a mapping the key waits already. In a list the last item becomes the key of a pair.
    fn colon(&mut self) {
        self.at += 1;
        let Some(open) = self.open.last_mut() else { return };
        if open.bracket == b'[' && open.key.is_none() {
            open.key = open.items.pop();
        }
    }

    fn quoted(&mut self, quote: char) {
        let rest = &self.text[self.at..];
        let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let closing = closing_quote(rest, quote);
        if closing.is_none() {
            self.fail(Span::new(self.at, self.at + 1), message::messages::QUOTE.to_owned());
        }
        let inner_end = closing.unwrap_or_else(|| rest[..line].trim_end().len().max(1));
        let end = inner_end + usize::from(closing.is_some());
        let style = if quote == '"' { Style::DoubleQuoted } else { Style::SingleQuoted };
        let start = self.at + self.shift;
        let (text, pieces) = decode::flow(&rest[1..inner_end], start + 1, style);
        let mapped = Mapped::new(text, style, pieces, Span::new(start + 1, start + inner_end), start);
        let node = Green::new(Span::new(start, start + end), Form::Mapped(Arc::new(mapped)));
        self.at += end;
        self.place_word(node);
    }

    fn plain(&mut self) {
        let rest = &self.text[self.at..];
        let end = rest.char_indices().find(|(at, c)| match c {
            ',' | '[' | ']' | '{' | '}' | '\n' | '\r' => true,
            ':' => self.is_colon(self.at + at),
            '#' => rest[..*at].ends_with([' ', '\t']),
            _ => false,
        });
        let text = rest[..end.map_or(rest.len(), |(at, _)| at)].trim_end();
        let start = self.at + self.shift;
        self.at += text.len().max(1);
        let is_alias = text.len() > 1 && text.starts_with('*');
        let form = if is_alias { Form::Alias } else { Form::Verbatim(Style::Plain) };
        self.place_word(Green::new(Span::new(start, start + text.len()), form));
    }

    /// A word behind a key that has no colon: the comma between them is missing.
    fn place_word(&mut self, node: Green) {
        let waits = self.open.last().is_some_and(|open| {
            let key = open.key.as_ref().map_or(usize::MAX, |key| key.span().end);
            let between = self.text.get(key.saturating_sub(self.shift)..node.span().start - self.shift);
            open.bracket == b'{' && open.key.is_some() && between.is_some_and(|text| !text.contains(':'))
        });
        if waits {
            self.end_of_entry();
        }
        self.place(node);
    }

    fn is_colon(&self, at: usize) -> bool {
        let behind = &self.text[at + 1..];
        let is_apart =
            behind.is_empty() || behind.starts_with([' ', '\t', '\n', '\r', ',', '[', ']', '{', '}']);
        is_apart || self.text[..at].ends_with(['"', '\''])
    }

    fn fail(&mut self, at: Span, message: String) {
        self.fault.get_or_insert((at, message));
    }
}

/// An item of the form `key: value`.
fn pair(entry: GreenEntry) -> Green {
    Green::new(entry.span(), Form::Map(Box::new([entry])))
}
