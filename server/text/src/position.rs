//! Places in a text: byte offsets inside the house, lines and characters outside.
//!
//! A [`Position`] is the protocol's: a line and a number of code units, counted in the [`Encoding`] that client and
//! server agreed on. Lines end with `\n`, `\r\n` and a lone `\r`, and with nothing else: U+2028, a form feed or a
//! vertical tab are characters like others, and so is a byte order mark. The conversions exist twice, with the same
//! answers: over a rope, for open documents, and over a plain string with a [`LineIndex`], for the command line.
//!
//! Invariants
//! - Every position has an offset: behind the end of a line it is the line's end before its break, behind the last
//!   line the end of the text, and inside a character the character's start.
//! - Every offset has a position, and that position leads back to it; only between `\r` and `\n` it leads to the `\r`.

use copydesk_base::Span;
use ropey::{Rope, RopeSlice};

/// What a position's characters are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// What the protocol counts unless something else was agreed.
    #[default]
    Utf16,
    /// Unicode scalar values.
    Utf32,
}

impl Encoding {
    /// The protocol's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Utf32 => "utf-32",
        }
    }

    /// The encoding of the protocol's word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Utf8, Self::Utf16, Self::Utf32].into_iter().find(|encoding| encoding.as_str() == word)
    }

    /// The length of `text` in this encoding.
    pub fn length(self, text: &str) -> usize {
        match self {
            Self::Utf8 => text.len(),
            Self::Utf16 => text.chars().map(char::len_utf16).sum(),
            Self::Utf32 => text.chars().count(),
        }
    }

    /// The byte of `text` where its first `length` units end, rounded down to a character.
    fn bytes_of(self, text: &str, length: usize) -> usize {
        if self == Self::Utf8 {
            return floor(text, length);
        }
        let mut left = length;
        for (at, c) in text.char_indices() {
            let width = if self == Self::Utf16 { c.len_utf16() } else { 1 };
            if left < width {
                return at;
            }
            left -= width;
        }
        text.len()
    }
}

/// A place as the protocol says it, both counted from zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub character: u32,
}

impl Position {
    pub const fn new(line: u32, character: u32) -> Self {
        Self { line, character }
    }
}

/// From one position up to another, the last one not included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Range {
    pub start: Position,
    pub end: Position,
}

impl Range {
    pub const fn new(start: Position, end: Position) -> Self {
        Self { start, end }
    }
}

/// The byte offset of a position in a rope.
pub fn offset(rope: &Rope, position: Position, encoding: Encoding) -> usize {
    let line = position.line as usize;
    if line >= rope.len_lines() {
        return rope.len_bytes();
    }
    let content = content(rope.line(line));
    let units = position.character as usize;
    let within = match encoding {
        Encoding::Utf8 if units >= content.len_bytes() => content.len_bytes(),
        Encoding::Utf8 => content.char_to_byte(content.byte_to_char(units)),
        Encoding::Utf16 if units >= content.len_utf16_cu() => content.len_bytes(),
        Encoding::Utf16 => content.char_to_byte(content.utf16_cu_to_char(units)),
        Encoding::Utf32 => content.char_to_byte(units.min(content.len_chars())),
    };
    rope.line_to_byte(line) + within
}

/// The position of a byte offset in a rope.
pub fn position(rope: &Rope, offset: usize, encoding: Encoding) -> Position {
    let offset = offset.min(rope.len_bytes());
    let line = rope.byte_to_line(offset);
    let content = content(rope.line(line));
    let within = (offset - rope.line_to_byte(line)).min(content.len_bytes());
    let chars = content.byte_to_char(within);
    let character = match encoding {
        Encoding::Utf8 => content.char_to_byte(chars),
        Encoding::Utf16 => content.char_to_utf16_cu(chars),
        Encoding::Utf32 => chars,
    };
    Position::new(number(line), number(character))
}

/// The range of a span in a rope.
pub fn range(rope: &Rope, span: Span, encoding: Encoding) -> Range {
    Range::new(position(rope, span.start, encoding), position(rope, span.end, encoding))
}

/// The span of a range in a rope; a range that runs backwards is turned around.
pub fn span(rope: &Rope, range: Range, encoding: Encoding) -> Span {
    ordered(offset(rope, range.start, encoding), offset(rope, range.end, encoding))
}

/// Where the lines of a plain string start.
#[derive(Clone, Debug)]
pub struct LineIndex<'t> {
    text: &'t str,
    starts: Vec<usize>,
    /// Places within long lines up to which is counted: nothing is counted from far away.
    marks: Vec<Mark>,
}

/// A line longer than so many bytes has marks, about so far apart.
const STRIDE: usize = 1024;

/// The start of a character, and how many units are before it in its line.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    offset: usize,
    utf16: usize,
    utf32: usize,
}

impl Mark {
    const fn units(&self, encoding: Encoding) -> usize {
        match encoding {
            Encoding::Utf8 => 0,
            Encoding::Utf16 => self.utf16,
            Encoding::Utf32 => self.utf32,
        }
    }
}

impl<'t> LineIndex<'t> {
    pub fn new(text: &'t str) -> Self {
        let mut starts = vec![0];
        let mut at = 0;
        while let Some(found) = text[at..].find(['\n', '\r']) {
            at += found + break_len(&text[at + found..]);
            starts.push(at);
        }
        let mut index = Self { text, starts, marks: Vec::new() };
        for line in 0..index.starts.len() {
            index.mark(line);
        }
        index
    }

    fn mark(&mut self, line: usize) {
        let (start, content) = (self.start(line), self.content(line));
        let mut mark = Mark { offset: start, ..Mark::default() };
        while start + content.len() - mark.offset > STRIDE {
            let end = floor(self.text, mark.offset + STRIDE);
            let piece = &self.text[mark.offset..end];
            mark = Mark {
                offset: end,
                utf16: mark.utf16 + Encoding::Utf16.length(piece),
                utf32: mark.utf32 + Encoding::Utf32.length(piece),
            };
            self.marks.push(mark);
        }
    }

    /// The last place of a line from which is counted that `is_before` allows; the start of the line where there is none.
    fn nearest(&self, line: usize, is_before: impl Fn(&Mark) -> bool) -> Mark {
        let (start, end) = (self.start(line), self.start(line + 1));
        let first = self.marks.partition_point(|mark| mark.offset <= start);
        let behind = self.marks.partition_point(|mark| mark.offset < end);
        let marks = self.marks.get(first..behind).unwrap_or_default();
        let before = marks.partition_point(is_before).checked_sub(1).and_then(|at| marks.get(at)).copied();
        before.unwrap_or(Mark { offset: start, ..Mark::default() })
    }

    /// The byte offset of a position.
    pub fn offset(&self, position: Position, encoding: Encoding) -> usize {
        let line = position.line as usize;
        match self.starts.get(line) {
            Some(start) => {
                let (units, end) = (position.character as usize, start + self.content(line).len());
                let from = if encoding == Encoding::Utf8 {
                    Mark { offset: *start, ..Mark::default() }
                } else {
                    self.nearest(line, |mark| mark.units(encoding) <= units)
                };
                from.offset + encoding.bytes_of(&self.text[from.offset..end], units - from.units(encoding))
            }
            None => self.text.len(),
        }
    }

    /// The position of a byte offset.
    pub fn position(&self, offset: usize, encoding: Encoding) -> Position {
        let offset = floor(self.text, offset);
        let line = self.line(offset);
        let content = self.content(line);
        let end = offset.min(self.start(line) + content.len());
        let units = if encoding == Encoding::Utf8 {
            end - self.start(line)
        } else {
            let from = self.nearest(line, |mark| mark.offset <= end);
            from.units(encoding) + encoding.length(&self.text[from.offset..end])
        };
        Position::new(number(line), number(units))
    }

    /// The range of a span.
    pub fn range(&self, span: Span, encoding: Encoding) -> Range {
        Range::new(self.position(span.start, encoding), self.position(span.end, encoding))
    }

    /// The span of a range; one that runs backwards is turned around.
    pub fn span(&self, range: Range, encoding: Encoding) -> Span {
        ordered(self.offset(range.start, encoding), self.offset(range.end, encoding))
    }

    /// How many lines there are; a break at the end starts one more.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Never: an empty text has one line.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The line of an offset, counted from zero.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The bytes of a line without its break; empty at the end for a line that is not there.
    pub fn line_span(&self, line: usize) -> Span {
        let start = self.start(line);
        Span::new(start, start + self.content(line).len())
    }

    fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }

    fn content(&self, line: usize) -> &'t str {
        let line = &self.text[self.start(line)..self.start(line + 1)];
        line.strip_suffix("\r\n").or_else(|| line.strip_suffix(['\n', '\r'])).unwrap_or(line)
    }
}

/// The lines of a text with their breaks. The last one has none, and is not there when it would be empty.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(['\n', '\r']).map_or(rest.len(), |at| at + break_len(&rest[at..]));
        let (line, behind) = rest.split_at(end);
        rest = behind;
        Some(line)
    })
}

/// The length of the line break that `text` starts with; 0 where there is none.
pub(crate) fn break_len(text: &str) -> usize {
    match text.as_bytes() {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// A line of a rope without its break.
fn content(line: RopeSlice<'_>) -> RopeSlice<'_> {
    let chars = line.len_chars();
    let last = |back: usize| chars.checked_sub(back).and_then(|at| line.get_char(at));
    let end = match (last(2), last(1)) {
        (Some('\r'), Some('\n')) => chars - 2,
        (_, Some('\r' | '\n')) => chars - 1,
        _ => chars,
    };
    line.slice(..end)
}

/// The start of the character that `offset` lies in; the end of the text for anything behind it.
fn floor(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn ordered(one: usize, other: usize) -> Span {
    Span::new(one.min(other), one.max(other))
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
