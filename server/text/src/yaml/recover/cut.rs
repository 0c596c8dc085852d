//! Cutting a text at its indent blocks.

use std::ops::Range;

use copydesk_base::Span;

use crate::position;

/// A line, or the last part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Where the whole line starts, its indentation included.
    pub(super) margin: usize,
    /// Where its content starts.
    pub(super) start: usize,
    /// Behind the last character that is no white space.
    pub(super) end: usize,
    /// Where the next line starts.
    pub(super) next: usize,
    pub(super) kind: LineKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineKind {
    Blank,
    Comment,
    Content,
    /// `---` or `...`, with whatever stands behind it.
    Marker,
    /// `%YAML` and its like.
    Directive,
}

/// A piece of structure: its first line, from some column on, and the lines below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) first: Line,
    pub(super) rest: Range<usize>,
}

/// What a line starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A list item; `content` is where its own content starts, or the line's end.
    Item {
        content: usize,
    },
    /// A mapping's entry.
    Entry {
        colon: usize,
    },
    Text,
}

impl Line {
    pub(super) fn indent(&self) -> usize {
        self.start - self.margin
    }

    pub(super) fn span(&self) -> Span {
        Span::new(self.start, self.end)
    }
}

impl Region {
    /// The same region from a later column of its first line on.
    pub(super) fn from(&self, start: usize) -> Self {
        Self { first: Line { start, ..self.first.clone() }, rest: self.rest.clone() }
    }

    /// The first line's content. What is below it is judged by itself.
    pub(super) fn span(&self) -> Span {
        self.first.span()
    }
}

/// All lines of a text. A byte order mark at the start belongs to none.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut at = text.len() - text.trim_start_matches('\u{feff}').len();
    let lines = position::lines(&text[at..]);
    lines
        .map(|line| {
            let content = line.trim_end_matches(['\n', '\r', ' ', '\t']);
            let start = at + (content.len() - content.trim_start_matches(' ').len());
            let end = at + content.len();
            let kind = match content.trim_start_matches([' ', '\t']).as_bytes() {
                [] => LineKind::Blank,
                [b'#', ..] => LineKind::Comment,
                _ if is_marker(content) => LineKind::Marker,
                [b'%', ..] if start == at => LineKind::Directive,
                _ => LineKind::Content,
            };
            let line = Line { margin: at, start, end, next: at + line.len(), kind };
            at = line.next;
            line
        })
        .collect()
}

fn is_marker(line: &str) -> bool {
    let behind = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
    behind.is_some_and(|behind| behind.is_empty() || behind.starts_with([' ', '\t']))
}

/// The regions of the documents. The marks are exact: not even a quoted text can hold one.
pub(super) fn documents(text: &str, lines: &[Line]) -> Vec<Region> {
    let mut regions = Vec::new();
    let mut from = 0;
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.kind == LineKind::Marker) {
        regions.extend(region(lines, from..at));
        from = at + 1;
        let behind = text[line.start + 3..line.end].trim_start();
        if text[line.start..].starts_with("---") && !behind.is_empty() && !behind.starts_with('#') {
            let rest = from..lines[from..]
                .iter()
                .position(|line| line.kind == LineKind::Marker)
                .map_or(lines.len(), |n| from + n);
            let first = Line { start: line.end - behind.len(), kind: LineKind::Content, ..line.clone() };
            from = rest.end;
            regions.push(Region { first, rest });
        }
    }
    regions.extend(region(lines, from..lines.len()));
    regions
}

/// The region of some lines, from the first one with content on.
pub(super) fn region(lines: &[Line], range: Range<usize>) -> Option<Region> {
    let within = lines.get(range.clone())?;
    let first = within.iter().position(|line| line.kind == LineKind::Content)?;
    Some(Region { first: within[first].clone(), rest: range.start + first + 1..range.end })
}

/// The blocks of a region: each line that is not deeper than the first one starts a new block.
pub(super) fn blocks(text: &str, lines: &[Line], region: &Region) -> Vec<Region> {
    let indent = region.first.indent();
    let is_list = matches!(shape(text, &region.first), Shape::Item { .. });
    let mut blocks = vec![Region { first: region.first.clone(), rest: region.rest.start..region.rest.start }];
    // Whether a list may follow that is not indented: the block's first line has no value yet, or is one misplaced.
    let mut is_open = !is_list && !has_value(text, &region.first);
    // Whether the block is a key with a line of its own, whose value may follow.
    let mut is_asking = asks(text, &region.first);
    for at in region.rest.clone() {
        let line = &lines[at];
        let is_item = is_open && line.indent() == indent && matches!(shape(text, line), Shape::Item { .. });
        let goes_on = closes(text, line) || is_asking && answers(text, line);
        let starts = line.kind == LineKind::Content && line.indent() <= indent && !is_item && !goes_on;
        is_asking &= !(line.indent() <= indent && answers(text, line));
        match blocks.last_mut() {
            Some(block) if !starts => block.rest.end = at + 1,
            _ => {
                is_open = !is_list && !has_value(text, line);
                is_asking = asks(text, line);
                blocks.push(Region { first: line.clone(), rest: at + 1..at + 1 });
            }
        }
    }
    blocks
}

/// Whether a line goes on with what stands above it, at the same column.
fn closes(text: &str, line: &Line) -> bool {
    text[line.start..line.end].starts_with([']', '}'])
}

/// Whether a line is a key, `? key`, whose value has a line of its own.
fn asks(text: &str, line: &Line) -> bool {
    is_mark(&text[line.start..line.end], '?')
}

/// Whether a line is the value of such a key.
fn answers(text: &str, line: &Line) -> bool {
    is_mark(&text[line.start..line.end], ':')
}

fn is_mark(content: &str, mark: char) -> bool {
    content.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

fn has_value(text: &str, line: &Line) -> bool {
    match shape(text, line) {
        Shape::Entry { colon } => {
            let behind = text[colon + 1..line.end].trim_start();
            !behind.is_empty() && !behind.starts_with(['#', '&', '!'])
        }
        Shape::Item { .. } => false,
        Shape::Text => text[line.start..line.end].contains([' ', '"', '\'']),
    }
}

/// What a line starts, by its looks.
pub(super) fn shape(text: &str, line: &Line) -> Shape {
    let content = &text[line.start..line.end];
    let dash =
        content.strip_prefix('-').filter(|behind| behind.is_empty() || behind.starts_with([' ', '\t']));
    if let Some(behind) = dash {
        let trimmed = behind.trim_start();
        // A comment behind the dash is no content.
        let start = if trimmed.starts_with('#') { line.end } else { line.end - trimmed.len() };
        return Shape::Item { content: start };
    }
    let from = match content.chars().next() {
        None | Some('[' | '{' | '|' | '>' | '#') => return Shape::Text,
        Some(quote @ ('"' | '\'')) => match closing_quote(content, quote) {
            Some(closing) if content[closing + 1..].trim_start().starts_with(':') => closing + 1,
            _ => return Shape::Text,
        },
        Some(_) => 0,
    };
    let colon = content[from..].match_indices(':').map(|(at, _)| from + at).find(|at| {
        let behind = &content[at + 1..];
        behind.is_empty() || behind.starts_with([' ', '\t'])
    });
    match colon {
        Some(colon) if ![" #", "\t#"].iter().any(|comment| content[..colon].contains(comment)) => {
            Shape::Entry { colon: line.start + colon }
        }
        _ => Shape::Text,
    }
}

/// Where the quote closes that `text` starts with.
pub(super) fn closing_quote(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quote == '"' => {
                chars.next();
            }
            '\'' if quote == '\'' && chars.peek().is_some_and(|(_, next)| *next == '\'') => {
                chars.next();
            }
            _ if c == quote => return Some(at),
            _ => {}
        }
    }
    None
}
