//! Where the cursor is: which keys and items lead there, what stands beside it, and what is typed so far.

use copydesk_base::Span;
use copydesk_text::Syntax;

use super::aside::aside;
use super::flow::{self, Frame, FrameKind, entries_behind};
use super::rows::{Row, RowKind, lead, rows, unquoted, without_comment};
use crate::File;

/// The cursor's place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// From the root to the value the cursor is in, or to the mapping whose key is typed.
    pub(crate) path: Vec<Part>,
    pub(crate) at: At,
    /// The word that a choice replaces.
    pub(crate) word: Span,
    /// Entries of the mapping around the cursor, the one being typed left out: key and value.
    pub(crate) siblings: Vec<(String, String)>,
    /// Whether `{ }` or `[ ]` is around the cursor.
    pub(crate) flow: Flow,
}

impl Place {
    /// What a key replaces: its word, but in YAML with the quotes around it.
    pub(crate) fn key_span(&self, text: &str, syntax: Syntax) -> Span {
        let word = self.word;
        if syntax == Syntax::Yaml {
            return word;
        }
        let before = text.get(..word.start).unwrap_or("").ends_with('"');
        let behind = text.get(word.end..).unwrap_or("").starts_with('"');
        Span::new(word.start - usize::from(before), word.end + usize::from(behind))
    }
}

/// One step of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A key, in a mapping with these entries.
    Key { name: String, siblings: Vec<(String, String)> },
    /// An item, with so many before it in its list.
    Item(usize),
    /// Below a key that has its value already: nothing can stand here.
    Nowhere,
}

/// What may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// A key, or an item that is no mapping: only the shape knows. `Colon` says what follows the word.
    Start(Colon),
    /// The value of the last key of the path, or an item of a flow list.
    Value(Quote),
    /// Inside a block text.
    Text,
}

/// Whether a colon follows the word already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colon {
    Present,
    Absent,
}

/// What stands right before the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quote {
    None,
    /// A quote that is closed behind the word.
    Closed,
    /// A quote that nothing closes.
    Open(char),
    /// The colon itself: a space is missing.
    Colon,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Inside,
    Outside,
}

/// How many rows a flow collection may reach over.
const MAX_FLOW_ROWS: usize = 60;

/// The place of `offset` in the part of a text that is YAML. `None` in comments and outside.
pub(crate) fn place(file: &File<'_>, part: Span, offset: usize) -> Option<Place> {
    let text = file.text;
    if !part.touches(offset) || !text.is_char_boundary(offset) {
        return None;
    }
    if file.tree.syntax() == Syntax::Json {
        return json(file, part, offset);
    }
    let rows = rows(text, part, &aside(file.tree, text, offset));
    let at = rows.partition_point(|row| row.line.start <= offset).checked_sub(1)?;
    let row = rows.get(at)?;
    if offset > row.line.end {
        return None;
    }
    let reader = Reader { text, rows: &rows, comments: file.tree.comments() };
    if let RowKind::Text { owner } = row.kind {
        let owner_row = rows.get(owner)?;
        let column = owner_row.key.as_ref().map_or(owner_row.column(), |key| key.column);
        if row.line.of(text).trim().is_empty() && offset - row.line.start <= column {
            // An empty line that is not indented far enough: whatever is typed here is no part of the text.
            let empty = Row { kind: RowKind::Blank, ..row.clone() };
            return reader.block(at, &empty, offset);
        }
        let path = reader.path_of_value(owner, owner_row)?;
        let word = Span::at(offset);
        return Some(Place { path, at: At::Text, word, siblings: vec![], flow: Flow::Outside });
    }
    let before = text.get(row.line.start..offset)?;
    if without_comment(before).len() < before.len() {
        return None;
    }
    match reader.flow(at, offset) {
        Some((path, frames)) => reader.inside(path, frames, offset, row.line.end),
        None => reader.block(at, row, offset),
    }
}

/// The place of `offset` in a text in which brackets say where everything stands, and columns nothing.
fn json(file: &File<'_>, part: Span, offset: usize) -> Option<Place> {
    let (text, comments) = (file.text, file.tree.comments());
    if comments.iter().any(|comment| comment.start < offset && offset <= comment.end) {
        return None;
    }
    let line_end = text.get(offset..)?.find('\n').map_or(text.len(), |end| offset + end);
    let reader = Reader { text, rows: &[], comments };
    let frames = flow::read(text, Span::new(part.start, offset), comments, Syntax::Json);
    let mut place = reader.inside(Vec::new(), frames, offset, line_end)?;
    if matches!(place.at, At::Start(_)) {
        // What is typed has no value yet, or is the key that goes.
        let end = flow::end(text, place.key_span(text, Syntax::Json).end, comments);
        let all = flow::read(text, Span::new(part.start, end), comments, Syntax::Json).pop()?;
        let mut siblings = all.entries;
        siblings.extend(all.key.map(|key| (key, String::new())));
        siblings.retain(|(key, _)| key != place.word.of(text));
        place.siblings = siblings;
    }
    Some(place)
}

struct Reader<'t> {
    text: &'t str,
    rows: &'t [Row],
    comments: &'t [Span],
}

impl Reader<'_> {
    fn block(&self, at: usize, row: &Row, offset: usize) -> Option<Place> {
        if let Some(key) = row.key.as_ref().filter(|key| offset >= key.colon_end) {
            let path = self.path_of_value(at, row)?;
            let (word, quote) = self.value_word(key.value.start.max(key.colon_end), row.line.end, offset)?;
            let is_colon = quote == Quote::None && offset == key.colon_end;
            let behind = self.text.get(offset..row.line.end)?.trim_start();
            if is_colon && !behind.is_empty() && !behind.starts_with('#') {
                // A value is there already, and nothing stands before it.
                return None;
            }
            let quote = if is_colon { Quote::Colon } else { quote };
            return Some(Place { path, at: At::Value(quote), word, siblings: vec![], flow: Flow::Outside });
        }
        // On an empty line the cursor's own column counts, not the line's.
        let (content, column) = match row.kind {
            RowKind::Blank => (offset, offset - row.line.start),
            _ => (row.content, row.stand),
        };
        if offset < content {
            return None;
        }
        let mut path = Vec::new();
        self.climb(at, column, &row.dashes, &mut path);
        path.reverse();
        let mut siblings = self.siblings(at, column, &row.dashes);
        let (word, quote) = self.value_word(content, row.line.end, offset)?;
        if quote != Quote::None {
            // A quoted item, or a quoted key that is not finished.
            return Some(Place { path, at: At::Value(quote), word, siblings, flow: Flow::Outside });
        }
        if row.is_asking() {
            // The line with its value has its name.
            siblings.retain(|(name, _)| name != word.of(self.text));
        }
        let colon = if row.key.is_some() || row.is_asking() { Colon::Present } else { Colon::Absent };
        Some(Place { path, at: At::Start(colon), word, siblings, flow: Flow::Outside })
    }

    /// The path to the value of a row's key, or to its item where it has no key.
    fn path_of_value(&self, at: usize, row: &Row) -> Option<Vec<Part>> {
        let column = row.stand;
        let mut path = Vec::new();
        if let Some(key) = &row.key {
            path.push(Part::Key { name: key.name.clone(), siblings: self.siblings(at, column, &row.dashes) });
        } else if row.dashes.is_empty() {
            return None;
        }
        self.climb(at, column, &row.dashes, &mut path);
        path.reverse();
        Some(path)
    }

    /// Adds, innermost first, the items and keys around the column `column` of row `at`.
    fn climb(&self, at: usize, column: usize, dashes: &[usize], path: &mut Vec<Part>) {
        let mut column = column;
        // Whether `column` is that of a dash, which may stand right below its key.
        let mut in_list = false;
        for dash in dashes.iter().rev() {
            path.push(Part::Item(self.items_before(at, *dash)));
            column = *dash;
            in_list = true;
        }
        for (index, row) in self.rows.iter().enumerate().take(at).rev() {
            if row.kind != RowKind::Code {
                continue;
            }
            if let Some(key) = &row.key {
                let is_parent = key.column < column || (in_list && key.column == column);
                let is_beside = !in_list && key.column == column;
                if is_parent {
                    let siblings = self.siblings(index, key.column, &row.dashes);
                    if !matches!(self.text.as_bytes().get(key.value.start), Some(b'&' | b'!'))
                        && !key.value.is_empty()
                    {
                        path.push(Part::Nowhere);
                    }
                    path.push(Part::Key { name: key.name.clone(), siblings });
                    column = key.column;
                    in_list = false;
                } else if !is_beside {
                    continue;
                }
            } else if row.dashes.last().is_none_or(|dash| *dash >= column) {
                continue;
            }
            for dash in row.dashes.iter().rev() {
                if *dash >= column {
                    continue;
                }
                path.push(Part::Item(self.items_before(index, *dash)));
                column = *dash;
                in_list = true;
            }
            if column == 0 && !in_list {
                break;
            }
        }
    }

    /// How many items stand above row `at` in the list whose dashes stand in the column `dash`.
    fn items_before(&self, at: usize, dash: usize) -> usize {
        let mut count = 0;
        for row in self.rows.iter().take(at).rev() {
            match row.kind {
                RowKind::Aside { items, dash: own } if own == Some(dash) => count += items,
                RowKind::Code => {
                    let is_item = row.dashes.contains(&dash);
                    count += usize::from(is_item);
                    if row.column() < dash || row.column() == dash && !is_item {
                        break;
                    }
                }
                RowKind::Aside { .. } | RowKind::Blank | RowKind::Text { .. } => {}
            }
        }
        count
    }

    /// The entries of the mapping that has a key at `column` of row `at`, but for that row's own.
    fn siblings(&self, at: usize, column: usize, dashes: &[usize]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut take = |row: &Row| {
            if let Some(key) = row.key.as_ref().filter(|key| key.column == column) {
                found.push((key.name.clone(), unquoted(key.value.of(self.text)).to_owned()));
            }
        };
        if dashes.is_empty() {
            for row in self.rows.iter().take(at).rev().filter(|row| row.kind == RowKind::Code) {
                let is_first = !row.dashes.is_empty() && row.dashes.iter().all(|dash| *dash < column);
                if row.column() < column && !(is_first && row.stand == column) {
                    break;
                }
                take(row);
                if is_first {
                    break;
                }
            }
        }
        for row in self.rows.iter().skip(at + 1).filter(|row| row.kind == RowKind::Code) {
            if row.column() < column {
                break;
            }
            if row.dashes.is_empty() {
                take(row);
            }
        }
        found
    }

    /// The value around `offset` that starts at `start`, and the quote before it. `None` behind one that is complete:
    /// what would be put there would be too much.
    fn value_word(&self, start: usize, end: usize, offset: usize) -> Option<(Span, Quote)> {
        let start = start.min(offset);
        let before = self.text.get(start..offset).unwrap_or("");
        let after = self.text.get(offset..end.max(offset)).unwrap_or("");
        if let Some(quote) = before.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            if is_closed(&before[1..], quote) {
                return None;
            }
            let close = after.find(quote);
            let length = close.unwrap_or_else(|| word_length(after));
            let quote = if close.is_some() { Quote::Closed } else { Quote::Open(quote) };
            return Some((Span::new(start + 1, offset + length), quote));
        }
        let lead = lead(before);
        let word = Span::new(start + lead, offset + word_length(after));
        let is_over = before.get(lead..)?.contains('\n');
        (!is_over).then_some((word, Quote::None))
    }

    /// The brackets around the cursor, and the path to the outermost of them.
    fn flow(&self, at: usize, offset: usize) -> Option<(Vec<Part>, Vec<Frame>)> {
        // On an empty line that stands no deeper than a key nobody goes on with that key's brackets: they were left
        // open.
        let own = self.rows.get(at).filter(|row| row.kind == RowKind::Blank);
        let mut lowest = own.map_or(usize::MAX, |row| offset - row.line.start);
        let mut found = None;
        for (index, row) in self.rows.iter().enumerate().take(at + 1).rev().take(MAX_FLOW_ROWS) {
            if row.kind != RowKind::Code {
                continue;
            }
            let start = row.key.as_ref().map_or(row.content, |key| key.value.start);
            let start = start + self.text.get(start..row.line.end).map_or(0, lead);
            let opens = matches!(self.text.as_bytes().get(start), Some(b'[' | b'{')) && start < offset;
            if opens && row.column() < lowest {
                let frames = flow::read(self.text, Span::new(start, offset), self.comments, Syntax::Yaml);
                if !frames.is_empty() {
                    found = Some((index, row, frames));
                }
            }
            lowest = lowest.min(row.column());
            if row.column() == 0 && index < at {
                break;
            }
        }
        let (index, row, frames) = found?;
        Some((self.path_of_value(index, row).unwrap_or_default(), frames))
    }

    /// The place behind open brackets; `path` leads to the outermost of them.
    fn inside(
        &self,
        mut path: Vec<Part>,
        frames: Vec<Frame>,
        offset: usize,
        line_end: usize,
    ) -> Option<Place> {
        let start = frames.last()?.token.min(offset);
        let (word, quote) = self.value_word(start, line_end, offset)?;
        let mut siblings = Vec::new();
        let mut place = At::Value(quote);
        let depth = frames.len();
        for (level, frame) in frames.into_iter().enumerate() {
            match (frame.kind, frame.key) {
                (FrameKind::List, _) => path.push(Part::Item(frame.commas)),
                (FrameKind::Mapping, Some(name)) => path.push(Part::Key { name, siblings: frame.entries }),
                (FrameKind::Mapping, None) if level + 1 == depth => {
                    siblings = frame.entries;
                    siblings.extend(entries_behind(self.text.get(word.end..line_end).unwrap_or("")));
                    let behind = self.text.get(word.end..line_end).unwrap_or("");
                    let behind = behind.strip_prefix(['"', '\'']).unwrap_or(behind).trim_start();
                    place = At::Start(if behind.starts_with(':') { Colon::Present } else { Colon::Absent });
                }
                (FrameKind::Mapping, None) => return None,
            }
        }
        Some(Place { path, at: place, word, siblings, flow: Flow::Inside })
    }
}

/// Whether a text behind an opening quote has its end. Two single quotes, and one behind `\`, are part of it.
fn is_closed(text: &str, quote: char) -> bool {
    let escaped = if quote == '"' { ["\\\\", "\\\""] } else { ["''", "''"] };
    escaped.iter().fold(text.to_owned(), |text, pair| text.replace(pair, "")).contains(quote)
}

/// How much of `after` still belongs to the word before it.
fn word_length(after: &str) -> usize {
    after
        .find(|c: char| {
            c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}' | '"' | '\'' | '#' | ':')
        })
        .unwrap_or(after.len())
}
