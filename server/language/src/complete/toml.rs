//! Where the cursor is in a TOML text: which header, which brackets and which key it is behind.
//!
//! The text is read from its start up to the cursor and no further, so that what is half-typed there does not matter;
//! what stands beside it comes from the tree, which keeps all that could be read.

use copydesk_base::Span;
use copydesk_text::{Kind, Node};

use super::place::{At, Colon, Flow, Part, Place, Quote};
use crate::File;

/// What is typed: a header, or anything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Header {
    #[default]
    None,
    /// `[`
    Table,
    /// `[[`
    List,
}

/// The place of `offset`. `None` in comments and in texts of several lines.
pub(crate) fn place(file: &File<'_>, offset: usize) -> Option<(Place, Header)> {
    let before = file.text.get(..offset)?;
    let mut reader = Reader { text: before, at: 0, ..Reader::default() };
    reader.read();
    let quote = match reader.open {
        Open::Nothing => None,
        Open::Text(quote) => Some(quote),
        Open::Comment | Open::Lines => return None,
    };
    let mut way = Way { file, offset, node: file.tree.root(), path: Vec::new() };
    if let Some(header) = reader.header {
        let keys = parts(before.get(reader.token..)?);
        let (_, done) = keys.split_last()?;
        way.enter_all(done);
        let start = offset - last_part(before.get(reader.token..)?).len();
        return Some((way.at(At::Start(Colon::Absent), start, Flow::Outside, quote), header));
    }
    way.section(&reader.section, reader.section_kind);
    let flow = if reader.frames.is_empty() { Flow::Outside } else { Flow::Inside };
    for frame in reader.frames {
        way.enter_all(&frame.keys);
        if frame.bracket == b'[' {
            way.item();
        }
    }
    way.enter_all(&reader.keys);
    let typed = before.get(reader.token..)?;
    let start = reader.token + (typed.len() - typed.trim_start().len());
    if reader.in_value {
        // Right behind the `=` a space is missing.
        let quote = if typed.is_empty() && before.ends_with('=') { Some(Quoted::Equals) } else { quote };
        return Some((way.at(At::Value(Quote::None), start, flow, quote), Header::None));
    }
    let keys = parts(typed);
    let (_, done) = keys.split_last()?;
    way.enter_all(done);
    let start = offset - last_part(typed).len();
    let rest = file.text.get(offset..)?.trim_start_matches(|c: char| is_word(c) || c == '"' || c == ' ');
    let colon = if rest.starts_with('=') { Colon::Present } else { Colon::Absent };
    Some((way.at(At::Start(colon), start, flow, quote), Header::None))
}

/// What stands before the word.
#[derive(Clone, Copy)]
enum Quoted {
    By(char),
    Equals,
}

/// The way down the tree, as far as it goes.
struct Way<'f, 't> {
    file: &'f File<'t>,
    offset: usize,
    node: Option<Node<'t>>,
    path: Vec<Part>,
}

impl Way<'_, '_> {
    fn section(&mut self, keys: &[String], kind: Header) {
        self.enter_all(keys);
        if kind == Header::List && !matches!(self.path.last(), Some(Part::Item(_))) {
            self.item();
        }
    }

    fn enter_all(&mut self, names: &[String]) {
        for name in names {
            self.enter(name);
        }
    }

    fn enter(&mut self, name: &str) {
        self.path.push(Part::Key { name: name.to_owned(), siblings: self.siblings() });
        self.node = self.node.and_then(|node| node.entry(name)).map(copydesk_text::Entry::value);
        // The last table of a list is the one that goes on.
        let is_tables = |node: &Node<'_>| {
            matches!(node.kind(), Kind::Sequence(_)) && !node.span().of(self.file.text).starts_with('[')
        };
        if self.node.as_ref().is_some_and(is_tables) {
            self.item();
        }
    }

    fn item(&mut self) {
        let offset = self.offset;
        let items = self.node.map(Node::items).unwrap_or_default();
        let here = items.iter().enumerate().take_while(|(_, item)| item.span().start <= offset).last();
        self.path.push(Part::Item(here.map_or(0, |(at, _)| at)));
        self.node = here.map(|(_, item)| item);
    }

    /// The entries around the cursor but for the one that is typed.
    fn siblings(&self) -> Vec<(String, String)> {
        let entries = self.node.map(Node::entries).unwrap_or_default();
        let others = entries.iter().filter(|entry| !entry.key().span().touches(self.offset));
        let word = |node: Node<'_>| node.scalar_text().unwrap_or("{").to_owned();
        others
            .filter_map(|entry| Some((entry.key().scalar_text()?.to_owned(), word(entry.value()))))
            .collect()
    }

    fn at(self, at: At, start: usize, flow: Flow, quote: Option<Quoted>) -> Place {
        let rest = self.file.text.get(self.offset..).unwrap_or("");
        let line = rest.split(['\n', '\r']).next().unwrap_or("");
        let word = line.find(|c| !is_word(c)).unwrap_or(line.len());
        let siblings = self.siblings();
        // Words may stand before the quote: then nobody knows what this is going to be.
        let behind = |mark: char| {
            let typed = self.file.text.get(start..self.offset).unwrap_or("");
            let quote = if typed.starts_with(mark) { Some(0) } else { typed.rfind(mark) };
            quote.map_or(self.offset, |quote| start + quote + 1)
        };
        let (at, start, length) = match quote {
            Some(Quoted::By(mark)) => match line.find(mark) {
                Some(close) => (quoted(at, Quote::Closed), behind(mark), close),
                None => (quoted(at, Quote::Open(mark)), behind(mark), word),
            },
            Some(Quoted::Equals) => (quoted(at, Quote::Colon), self.offset, word),
            None => (at, start, word),
        };
        let word = Span::new(start.min(self.offset), self.offset + length);
        Place { path: self.path, at, word, siblings, flow }
    }
}

/// What quotes mean for a value; a key takes them along.
fn quoted(at: At, quote: Quote) -> At {
    if matches!(at, At::Value(_)) { At::Value(quote) } else { at }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// The parts of a key with dots; the last one may be half-typed.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for c in text.trim().chars() {
        match (quote, c) {
            (None, '.') => parts.push(String::new()),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, c) if c.is_whitespace() => {}
            (_, c) => {
                if let Some(last) = parts.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    parts
}

/// What stands behind the last dot.
fn last_part(text: &str) -> &str {
    let last = text.rsplit('.').next().unwrap_or(text);
    last.trim_start()
}

/// What is open at the end of the text.
#[derive(Clone, Copy, Default)]
enum Open {
    #[default]
    Nothing,
    Comment,
    Text(Quoted),
    /// A text of several lines.
    Lines,
}

/// A bracket that is open.
struct Frame {
    bracket: u8,
    /// The key that it is the value of.
    keys: Vec<String>,
}

/// What has been read.
#[derive(Default)]
struct Reader<'t> {
    text: &'t str,
    at: usize,
    section: Vec<String>,
    section_kind: Header,
    /// A header that is not finished.
    header: Option<Header>,
    frames: Vec<Frame>,
    /// The key whose value is being read.
    keys: Vec<String>,
    in_value: bool,
    /// Where the key or the value starts that is being read.
    token: usize,
    open: Open,
}

impl Reader<'_> {
    fn read(&mut self) {
        while let Some(&byte) = self.text.as_bytes().get(self.at) {
            let at = self.at;
            self.at += 1;
            match byte {
                b'#' => self.comment(),
                b'"' | b'\'' => self.string(at, byte),
                b'\n' => self.line(),
                b'=' if !self.in_value && self.header.is_none() => {
                    self.keys = parts(self.token_until(at));
                    self.in_value = true;
                    self.token = self.at;
                }
                b'[' if self.frames.is_empty()
                    && !self.in_value
                    && self.token_until(at).trim().is_empty() =>
                {
                    let is_list = self.header == Some(Header::Table)
                        || self.text.as_bytes().get(self.at) == Some(&b'[');
                    self.at += usize::from(is_list && self.header.is_none());
                    self.header = Some(if is_list { Header::List } else { Header::Table });
                    self.token = self.at;
                }
                b']' if self.header.is_some() => {
                    self.section = parts(self.token_until(at));
                    self.section_kind = self.header.take().unwrap_or_default();
                    self.comment();
                    self.open = Open::Nothing;
                }
                b'[' | b'{' if self.in_value => {
                    self.frames.push(Frame { bracket: byte, keys: std::mem::take(&mut self.keys) });
                    self.in_value = byte == b'[';
                    self.token = self.at;
                }
                b']' | b'}' if self.frames.pop().is_some() => self.next(),
                b',' if !self.frames.is_empty() => self.next(),
                _ => {}
            }
        }
    }

    fn token_until(&self, at: usize) -> &str {
        self.text.get(self.token..at).unwrap_or("")
    }

    /// Behind a value: in a list the next value, else the next key.
    fn next(&mut self) {
        self.keys.clear();
        self.in_value = self.frames.last().is_some_and(|frame| frame.bracket == b'[');
        self.token = self.at;
    }

    fn line(&mut self) {
        if self.frames.is_empty() {
            self.header = None;
            self.next();
        }
    }

    /// Leaves out what is left of a line.
    fn comment(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or("");
        if let Some(end) = rest.find('\n') {
            self.at += end;
        } else {
            self.at = self.text.len();
            self.open = Open::Comment;
        }
    }

    fn string(&mut self, start: usize, quote: u8) {
        let mark = [quote; 3];
        let bytes = self.text.as_bytes();
        let is_long = bytes.get(start..start + 3) == Some(&mark[..]);
        let width = if is_long { 3 } else { 1 };
        self.at = start + width;
        while let Some(&byte) = bytes.get(self.at) {
            if byte == b'\n' && !is_long {
                return;
            }
            if bytes.get(self.at..self.at + width) == Some(&mark[..width]) {
                self.at += width;
                return;
            }
            self.at += if byte == b'\\' && quote == b'"' { 2 } else { 1 };
        }
        self.at = self.at.min(self.text.len());
        self.open = if is_long { Open::Lines } else { Open::Text(Quoted::By(char::from(quote))) };
    }
}
