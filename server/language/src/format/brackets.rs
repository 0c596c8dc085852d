//! Laying out JSON and TOML: by their brackets, since that is all the structure that their lines have.
//!
//! A line inside brackets stands one level further in than the line that opened them; the line that closes them stands
//! below it. As in YAML, lines end where they did, and comments stay where they are. At the top of a TOML text lines
//! keep their columns: some people indent tables, and both ways are good.
//!
//! Invariants
//! - Nothing but white space between pieces is touched.
//! - A text that had to be guessed at is left as it is: where its brackets end nobody knows.

use std::collections::BTreeMap;
use std::ops::Range;

use copydesk_base::{Span, TextEdit};
use copydesk_text::Syntax;

use super::lines::{self, Lines};
use super::style::Style;
use crate::File;

/// The edits that lay out a text, or the lines of it that a range touches.
pub(super) fn lay_out(file: &File<'_>, style: Style, range: Option<Span>) -> Vec<TextEdit> {
    if !file.tree.broken().is_empty() {
        return Vec::new();
    }
    let lines = Lines::new(file.text, Span::new(0, file.text.len()));
    let wanted = range.map_or(lines.part, |range| lines.whole(range));
    let pieces = pieces(file.text, file.tree.syntax());
    let unit = unit(&pieces, &lines, style);
    let mut walk = Walk::new(&lines, file.tree.syntax(), &unit, wanted);
    for piece in &pieces {
        walk.piece(*piece);
    }
    let mut edits = walk.edits;
    edits.extend(lines::white_space(&lines, &[], &walk.protected));
    // A range ends before the line behind it; the whole has none.
    let is_end = |at: usize| at == wanted.end && at < file.text.len();
    edits.retain(|edit| {
        wanted.start <= edit.span.start && edit.span.end <= wanted.end && !is_end(edit.span.start)
    });
    lines::tidied(file.text, edits)
}

/// The white space that a new line starts with, where the cursor stands on it at `offset`.
pub(super) fn new_line(file: &File<'_>, style: Style, offset: usize) -> Option<TextEdit> {
    let lines = Lines::new(file.text, Span::new(0, file.text.len()));
    let pieces = pieces(file.text, file.tree.syntax());
    let line = lines.line(offset);
    let unit = unit(&pieces, &lines, style);
    // Lines above stay: they only say where this one goes.
    let mut walk = Walk::new(&lines, file.tree.syntax(), &unit, Span::at(lines.part.end));
    for piece in pieces.iter().take_while(|piece| piece.span.start < lines.start(line)) {
        walk.piece(*piece);
    }
    if walk.protected.iter().any(|inside| inside.contains(&line) || inside.end == line) {
        return None;
    }
    let next = pieces.iter().find(|piece| piece.span.start >= offset);
    let closes = next.is_some_and(|next| next.kind == Kind::Close && lines.line(next.span.start) == line);
    let here = lines.indent(line);
    let wanted = walk.start_of(line, if closes { Kind::Close } else { Kind::Word });
    (here.of(file.text) != wanted).then(|| TextEdit::new(here, wanted))
}

/// A word, or a mark between words.
#[derive(Clone, Copy)]
struct Piece {
    kind: Kind,
    span: Span,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Open,
    Close,
    Comma,
    /// Between a key and its value.
    Between,
    Comment,
    /// Texts, numbers, keys.
    Word,
}

struct Walk<'w, 't> {
    lines: &'w Lines<'t>,
    syntax: Syntax,
    unit: &'w str,
    /// What may be changed.
    wanted: Span,
    /// The lines of the brackets that are open.
    open: Vec<usize>,
    /// What each line starts with, as far as it opens brackets.
    starts: Vec<(usize, String)>,
    before: Option<Piece>,
    edits: Vec<TextEdit>,
    protected: Vec<Range<usize>>,
}

impl<'w, 't> Walk<'w, 't> {
    fn new(lines: &'w Lines<'t>, syntax: Syntax, unit: &'w str, wanted: Span) -> Self {
        Self {
            lines,
            syntax,
            unit,
            wanted,
            open: Vec::new(),
            starts: Vec::new(),
            before: None,
            edits: Vec::new(),
            protected: Vec::new(),
        }
    }

    fn piece(&mut self, piece: Piece) {
        let lines = self.lines;
        let (line, last) = (lines.line(piece.span.start), lines.line(piece.span.end));
        let before = self.before.replace(piece);
        if let Some(before) = before.filter(|before| lines.line(before.span.end) == line) {
            self.gap(before, piece);
        } else {
            let here = lines.indent(line);
            let is_wanted = self.wanted.start <= here.start && here.start < self.wanted.end;
            let own = || here.of(lines.text).to_owned();
            let start = if is_wanted { self.start_of(line, piece.kind) } else { own() };
            self.edits.push(TextEdit::new(here, start.clone()));
            self.starts.push((line, start));
        }
        if last > line {
            self.protected.push(line..last);
        }
        match piece.kind {
            Kind::Open => self.open.push(line),
            Kind::Close => {
                self.open.pop();
            }
            _ => {}
        }
    }

    /// What a line starts with whose first piece is of this kind.
    fn start_of(&self, line: usize, first: Kind) -> String {
        let Some(opened) = self.open.last() else {
            let is_top = self.syntax == Syntax::Toml;
            return if is_top {
                self.lines.indent(line).of(self.lines.text).to_owned()
            } else {
                String::new()
            };
        };
        let at = self.starts.partition_point(|(other, _)| other <= opened);
        let outer = at.checked_sub(1).and_then(|at| self.starts.get(at)).map_or("", |(_, start)| start);
        if first == Kind::Close { outer.to_owned() } else { format!("{outer}{}", self.unit) }
    }

    /// The white space between two pieces on one line.
    fn gap(&mut self, before: Piece, piece: Piece) {
        let gap = Span::new(before.span.end, piece.span.start);
        let spaced = if self.syntax == Syntax::Toml { " " } else { "" };
        let wanted = match (before.kind, piece.kind) {
            (_, Kind::Comment) | (Kind::Comment, _) | (Kind::Comma, Kind::Close) => return,
            (_, Kind::Comma) => "",
            (_, Kind::Between) => spaced,
            (Kind::Between | Kind::Comma, _) => " ",
            _ => return,
        };
        self.edits.push(TextEdit::new(gap, wanted));
    }
}

/// What one level is written as: what the text does most, else what is asked for.
fn unit(pieces: &[Piece], lines: &Lines<'_>, style: Style) -> String {
    let mut open: Vec<usize> = Vec::new();
    let mut last = None;
    let mut habits: BTreeMap<&str, usize> = BTreeMap::new();
    for piece in pieces {
        let line = lines.line(piece.span.start);
        let is_first = last != Some(line);
        last = Some(lines.line(piece.span.end));
        if let (true, Some(opened)) = (is_first && piece.kind != Kind::Close, open.last()) {
            let (outer, here) = (lines.indent(*opened).of(lines.text), lines.indent(line).of(lines.text));
            // A one-column indent is a slip, not a style.
            if let Some(unit) = here
                .strip_prefix(outer)
                .filter(|unit| matches!(*unit, "\t" | "  " | "   " | "    " | "        "))
            {
                *habits.entry(unit).or_default() += 1;
            }
        }
        match piece.kind {
            Kind::Open => open.push(line),
            Kind::Close => {
                open.pop();
            }
            _ => {}
        }
    }
    let habit = habits.into_iter().max_by_key(|(_, count)| *count).map(|(unit, _)| unit.to_owned());
    let asked = || " ".repeat(style.indent.filter(|width| (1..=8).contains(width)).unwrap_or(2));
    habit.unwrap_or_else(asked)
}

fn pieces(text: &str, syntax: Syntax) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut at = text.len() - text.trim_start_matches('\u{feff}').len();
    while let Some(rest) = text.get(at..) {
        let skipped = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        at += skipped;
        let rest = &rest[skipped..];
        let Some(&first) = rest.as_bytes().first() else { break };
        let (kind, length) = match (first, syntax) {
            (b'[' | b'{', _) => (Kind::Open, 1),
            (b']' | b'}', _) => (Kind::Close, 1),
            (b',', _) => (Kind::Comma, 1),
            (b':', Syntax::Json) | (b'=', Syntax::Toml) => (Kind::Between, 1),
            (b'#', _) => (Kind::Comment, line(rest)),
            (b'/', Syntax::Json) if rest.starts_with("//") => (Kind::Comment, line(rest)),
            (b'/', Syntax::Json) if rest.starts_with("/*") => {
                (Kind::Comment, rest.find("*/").map_or(rest.len(), |end| end + 2))
            }
            (b'"' | b'\'', _) => (Kind::Word, string(rest, first, syntax)),
            _ => (Kind::Word, word(rest)),
        };
        found.push(Piece { kind, span: Span::new(at, at + length) });
        at += length;
    }
    found
}

/// Up to the end of the line.
fn line(rest: &str) -> usize {
    rest.find(['\n', '\r']).unwrap_or(rest.len())
}

fn word(rest: &str) -> usize {
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '[' | ']' | '{' | '}' | ',' | ':' | '=' | '#' | '"');
    let end = rest.char_indices().skip(1).find(|(_, c)| ends(*c));
    end.map_or(rest.len(), |(at, _)| at)
}

fn string(rest: &str, quote: u8, syntax: Syntax) -> usize {
    let bytes = rest.as_bytes();
    let is_long = syntax == Syntax::Toml && bytes.get(..3) == Some(&[quote; 3][..]);
    let width = if is_long { 3 } else { 1 };
    let escapes = quote == b'"' || syntax == Syntax::Json;
    let mut at = width;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' && escapes {
            at += 2;
        } else if !is_long && matches!(byte, b'\n' | b'\r') {
            return at;
        } else if bytes.get(at..at + width).is_some_and(|end| end.iter().all(|byte| *byte == quote)) {
            // Up to two quotes may stand right before the end of a long text.
            let more =
                bytes[at + width..].iter().take(2).take_while(|byte| is_long && **byte == quote).count();
            return at + width + more;
        } else {
            at += 1;
        }
    }
    rest.len()
}
