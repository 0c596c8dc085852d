//! A text as rows: how far each line is indented, its dashes, its key. Good enough for half-typed YAML.
//!
//! A half-typed line breaks the tree just where help is wanted, so completion reads lines. A [`Row`] is one line; the
//! lines inside a block text (`|`, `>`) are marked, since what looks like a key there is none.

use copydesk_base::Span;

use super::aside::Aside;

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// Without the line break.
    pub(super) line: Span,
    pub(super) kind: RowKind,
    /// The columns of the dashes that open items.
    pub(super) dashes: Vec<usize>,
    /// Where the text behind indentation, dashes and a `?` or `:` of its own starts.
    pub(super) content: usize,
    /// The column of that text, or of the `?` or `:` before it.
    pub(super) stand: usize,
    pub(super) key: Option<RowKey>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowKind {
    Code,
    /// Nothing, or a comment.
    Blank,
    /// Inside a block text whose first line is this row.
    Text {
        owner: usize,
    },
    /// In place of the lines of so many items with their dashes in this column.
    Aside {
        items: usize,
        dash: Option<usize>,
    },
}

/// The key of a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RowKey {
    /// Without quotes.
    pub(super) name: String,
    pub(super) column: usize,
    /// Behind the colon.
    pub(super) colon_end: usize,
    /// The value on the same line, without comment and surrounding spaces; empty where there is none.
    pub(super) value: Span,
}

/// The rows of a part of a text, but for the lines that are passed over.
pub(super) fn rows(text: &str, part: Span, aside: &[Aside]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut block: Option<(usize, usize)> = None;
    let mut at = part.start;
    for Aside { lines, items, dash } in aside.iter().copied() {
        if lines.start < at || part.end < lines.end {
            continue;
        }
        add(text, Span::new(at, lines.start), &mut block, &mut rows);
        let (line, kind) = (Span::at(lines.start), RowKind::Aside { items, dash });
        rows.push(Row { line, kind, dashes: vec![], content: lines.start, stand: 0, key: None });
        (at, block) = (lines.end, None);
    }
    add(text, Span::new(at, part.end), &mut block, &mut rows);
    if rows.is_empty() || part.of(text).ends_with('\n') {
        let end = Span::at(part.end);
        rows.push(row(text, end, 0));
        // The line behind the last break is still inside the block text, as long as it is empty.
        if let (Some((owner, _)), Some(last)) = (block, rows.last_mut()) {
            last.kind = RowKind::Text { owner };
        }
    }
    rows
}

/// Adds the rows of some lines; `block` is the row and the column of the block text that is open.
fn add(text: &str, part: Span, block: &mut Option<(usize, usize)>, rows: &mut Vec<Row>) {
    let mut at = part.start;
    for line in part.of(text).split_inclusive('\n') {
        let trimmed = line.trim_end_matches(['\n', '\r']);
        let span = Span::new(at, at + trimmed.len());
        at += line.len();
        let indent = trimmed.len() - trimmed.trim_start_matches(' ').len();
        let blank = trimmed.trim().is_empty();
        if let Some((owner, column)) = *block {
            if blank || indent > column {
                let (kind, content) = (RowKind::Text { owner }, span.start + indent);
                rows.push(Row { line: span, kind, dashes: vec![], content, stand: indent, key: None });
                continue;
            }
            *block = None;
        }
        let mut row = row(text, span, indent);
        settle_value(text, &mut row, rows);
        if opens_block_text(text, &row) {
            let column = row.dashes.last().copied().unwrap_or(indent);
            let column = row.key.as_ref().map_or(column, |key| key.column);
            *block = Some((rows.len(), column));
        }
        rows.push(row);
    }
}

fn row(text: &str, line: Span, indent: usize) -> Row {
    let body = line.of(text);
    let mut column = indent;
    let mut dashes = Vec::new();
    while let Some(rest) = body.get(column..) {
        let is_dash = rest == "-" || rest.starts_with("- ");
        if !is_dash {
            break;
        }
        dashes.push(column);
        column += 1;
        column += rest[1..].len() - rest[1..].trim_start_matches(' ').len();
    }
    let rest = body.get(column..).unwrap_or("");
    let blank = dashes.is_empty() && (rest.trim().is_empty() || rest.starts_with('#'));
    let kind = if blank { RowKind::Blank } else { RowKind::Code };
    if let Some(behind) = rest.strip_prefix('?').filter(|behind| behind.is_empty() || behind.starts_with(' '))
    {
        let content = line.end - behind.trim_start_matches(' ').len();
        let key = key_alone(Span::new(content, line.end).of(text), line.end, column);
        return Row { line, kind, dashes, content, stand: column, key };
    }
    let key = if blank { None } else { key(rest, line.start + column, column) };
    Row { line, kind, dashes, content: line.start + column, stand: column, key }
}

/// Reads a key behind a `?`, whose value stands in a line of its own, if at all.
fn key_alone(rest: &str, line_end: usize, column: usize) -> Option<RowKey> {
    let name = without_comment(rest).trim_end();
    let is_plain = !name.is_empty() && !name.starts_with(['[', '{', '|', '>', '&', '*', '!']);
    is_plain.then(|| RowKey {
        name: unquoted(name).to_owned(),
        column,
        colon_end: usize::MAX,
        value: Span::at(line_end),
    })
}

/// Gives a line that starts with its colon the key behind the `?` above it.
fn settle_value(text: &str, row: &mut Row, rows: &mut [Row]) {
    let rest = Span::new(row.content, row.line.end).of(text);
    let Some(behind) = rest.strip_prefix(':').filter(|behind| behind.is_empty() || behind.starts_with(' '))
    else {
        return;
    };
    let beside = |other: &&mut Row| other.kind == RowKind::Code && other.stand <= row.stand;
    let asking = rows.iter_mut().rev().find(beside).filter(|other| other.stand == row.stand);
    if let Some(key) = asking.filter(|other| other.is_asking()).and_then(|other| other.key.take()) {
        let start = row.line.end - behind.trim_start_matches(' ').len();
        let length = without_comment(text.get(start..row.line.end).unwrap_or("")).trim_end().len();
        let value = Span::new(start, start + length);
        row.key = Some(RowKey { colon_end: row.content + 1, value, ..key });
    }
}

/// How long what stands before a value is: an anchor, a tag, and the space behind them.
pub(super) fn lead(text: &str) -> usize {
    let is_lead = |piece: &&str| piece.trim().is_empty() || piece.starts_with(['&', '!']) && piece.len() > 1;
    text.split_inclusive(char::is_whitespace)
        .take_while(|piece| is_lead(piece) && piece.ends_with(char::is_whitespace))
        .map(str::len)
        .sum()
}

/// A text without the quotes around it.
pub(super) fn unquoted(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

/// Reads `name:` or `"name":` at the start of a line's content.
fn key(rest: &str, offset: usize, column: usize) -> Option<RowKey> {
    let (name, behind) = match rest.chars().next()? {
        quote @ ('"' | '\'') => {
            let end = rest[1..].find(quote)? + 1;
            (&rest[1..end], end + 1)
        }
        '[' | '{' | '#' | '|' | '>' | '&' | '*' | '!' => return None,
        _ => {
            let colon = rest.match_indices(':').map(|(at, _)| at).find(|at| {
                let next = rest.as_bytes().get(at + 1);
                next.is_none_or(|byte| matches!(byte, b' ' | b'\t'))
            })?;
            (rest[..colon].trim_end(), colon)
        }
    };
    let colon = behind + rest[behind..].find(|c: char| c != ' ')?;
    let after = rest[colon..].strip_prefix(':')?;
    if name.contains(" #") || name.is_empty() || !(after.is_empty() || after.starts_with([' ', '\t'])) {
        return None;
    }
    let start = colon + 1 + (after.len() - after.trim_start().len());
    let value = rest.get(start..).unwrap_or("");
    let length = without_comment(value).trim_end().len();
    let value = Span::new(offset + start.min(rest.len()), offset + (start + length).min(rest.len()));
    Some(RowKey { name: name.to_owned(), column, colon_end: offset + colon + 1, value })
}

/// The text before a comment; quotes keep a `#`.
pub(super) fn without_comment(text: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => return &text[..at],
            (None, '"' | '\'') if before.is_whitespace() || matches!(before, '[' | '{' | ',' | ':') => {
                quote = Some(c);
            }
            (Some(open), _) if open == c && before != '\\' => quote = None,
            _ => {}
        }
        before = c;
    }
    text
}

fn opens_block_text(text: &str, row: &Row) -> bool {
    let value = match &row.key {
        Some(key) => key.value.of(text),
        None => text.get(row.content..row.line.end).map_or("", |rest| without_comment(rest).trim()),
    };
    // A tag or an anchor may stand before the mark.
    let last = value.split_whitespace().last().unwrap_or("");
    let first_is_prefix = value == last || value.starts_with(['!', '&']);
    let marks = last.strip_prefix(['|', '>']);
    first_is_prefix
        && marks
            .is_some_and(|rest| rest.len() <= 2 && rest.chars().all(|c| matches!(c, '+' | '-' | '0'..='9')))
}

impl Row {
    /// The column of the first thing on the line.
    pub(super) fn column(&self) -> usize {
        self.dashes.first().copied().unwrap_or(self.stand)
    }

    /// Whether a `?` says that what follows is a key.
    pub(super) fn is_asking(&self) -> bool {
        self.line.start + self.stand < self.content
    }
}
