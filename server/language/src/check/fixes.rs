//! Edits of YAML that leave its layout in order: a key taken out or put in, an item taken out of a list.
//!
//! Each answers `None` where the layout is one it cannot be sure of: better no mend than a broken file.

use copydesk_base::{Span, TextEdit};
use copydesk_text::{Entry, Kind, Node, Step, Style};

use crate::File;

/// Takes the entry at `at` out of a mapping. The last one of a mapping stays: an empty block is no mapping.
pub(crate) fn remove_entry(text: &str, mapping: Node<'_>, at: usize) -> Option<TextEdit> {
    let entries = mapping.entries();
    let entry = entries.get(at)?;
    if entries.len() < 2 {
        return is_flow(text, mapping).then(|| delete(entry.span()));
    }
    let span = entry.span();
    let next = entries.get(at + 1);
    if is_flow(text, mapping) {
        let before = at.checked_sub(1).and_then(|before| entries.get(before));
        return Some(delete(out_of_flow(span, before.map(Entry::span), next.map(Entry::span))));
    }
    remove_lines(text, span, next.map(|next| next.key().span().start))
}

/// Takes the entry whose key stands at a place out of the mapping that it is in.
pub(crate) fn remove_at(file: &File<'_>, key: usize) -> Option<TextEdit> {
    let path = file.tree.path_at(key);
    let (Step::Key(entry), around) = path.split_last()? else { return None };
    let mapping = around.last().map(|step| step.node()).or_else(|| file.tree.root())?;
    let at = mapping.entries().iter().position(|other| other.key().span() == entry.key().span())?;
    remove_entry(file.text, mapping, at)
}

/// Takes the entry with this key out of a mapping.
pub(super) fn remove_key(text: &str, mapping: Node<'_>, key: &str) -> Option<TextEdit> {
    let at = mapping.entries().iter().position(|entry| entry.key().scalar_text() == Some(key))?;
    remove_entry(text, mapping, at)
}

/// Takes the item at `at` out of a list. The only item of a block list stays.
pub(crate) fn remove_item(text: &str, list: Node<'_>, at: usize) -> Option<TextEdit> {
    let items = list.items();
    let item = items.get(at)?;
    let next = items.get(at + 1);
    if is_flow(text, list) {
        let before = at.checked_sub(1).and_then(|before| items.get(before));
        return Some(delete(out_of_flow(item.span(), before.map(Node::span), next.map(Node::span))));
    }
    if items.len() < 2 {
        return None;
    }
    let lead = text.get(..item.span().start)?.trim_end_matches([' ', '\t']);
    let dash = lead.strip_suffix('-')?.len();
    remove_lines(text, Span::new(dash, item.span().end), None)
}

/// Puts a text of one line behind the last item of a list.
pub(super) fn add_item(text: &str, list: Node<'_>, item: &str) -> Option<TextEdit> {
    let Kind::Sequence(items) = list.kind() else { return None };
    if is_flow(text, list) {
        let comma = if items.is_empty() { "" } else { ", " };
        let at = items.iter().next_back().map_or(list.span().start + 1, |last| last.span().end);
        return Some(TextEdit::insert(at, format!("{comma}{item}")));
    }
    let last = items.iter().next_back()?;
    let before = text.get(..last.span().start)?;
    let dash = before.trim_end_matches([' ', '\t']).strip_suffix('-')?;
    let indent = dash.get(line_start(text, dash.len())..)?;
    let is_blank = indent.chars().all(|c| c == ' ');
    let at = line_end(text, last.span().end);
    is_blank.then(|| TextEdit::insert(at, format!("{}{indent}- {item}", line_break(text))))
}

/// Puts a key with a value of one line into a mapping, behind the entry `after` or at its end.
pub(super) fn insert_key(
    text: &str,
    mapping: Node<'_>,
    after: Option<Entry<'_>>,
    key: &str,
    value: &str,
) -> Option<TextEdit> {
    let Kind::Mapping(entries) = mapping.kind() else { return None };
    let key = &key_in(text, key);
    if is_flow(text, mapping) {
        let comma = if entries.is_empty() { "" } else { ", " };
        let at = entries.last().map_or(mapping.span().start + 1, |last| last.span().end);
        return Some(TextEdit::insert(at, format!("{comma}{key}: {value}")));
    }
    let indent = indent_of(text, entries.first()?.key().span().start)?;
    let end = after.or_else(|| entries.last())?.span().end;
    Some(TextEdit::insert(line_end(text, end), format!("{}{indent}{key}: {value}", line_break(text))))
}

/// Puts a key with a value of one line in front of a mapping's first one.
pub(super) fn insert_first(text: &str, mapping: Node<'_>, key: &str, value: &str) -> Option<TextEdit> {
    let first = mapping.entries().first()?.key().span().start;
    let key = &key_in(text, key);
    if is_flow(text, mapping) {
        return Some(TextEdit::insert(first, format!("{key}: {value}, ")));
    }
    let indent = indent_of(text, first)?;
    Some(TextEdit::insert(first, format!("{key}: {value}{}{indent}", line_break(text))))
}

/// A key as the file writes keys: JSON wants quotes.
pub(super) fn key_in(text: &str, key: &str) -> String {
    if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') && !key.starts_with('"') {
        format!("\"{key}\"")
    } else {
        key.to_owned()
    }
}

/// A scalar's text with the quotes that keep it a text.
pub(super) fn quoted(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
        && text.starts_with(|c: char| c.is_alphabetic() || matches!(c, '.' | '/' | '_'))
        && !matches!(text, "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
}

/// Replaces what a scalar says, with its quotes left as they are. `None` for block texts.
pub(super) fn replace_text(node: Node<'_>, new: &str) -> Option<TextEdit> {
    let scalar = node.scalar()?;
    let span = crate::declared::inner_span(node);
    match scalar.style() {
        Style::Plain => Some(TextEdit::new(span, quoted(new))),
        Style::SingleQuoted if !new.contains('\'') => Some(TextEdit::new(span, new)),
        Style::DoubleQuoted if !new.contains(['"', '\\']) => Some(TextEdit::new(span, new)),
        _ => None,
    }
}

pub(super) fn is_flow(text: &str, node: Node<'_>) -> bool {
    matches!(text.as_bytes().get(node.span().start), Some(b'{' | b'['))
}

fn delete(span: Span) -> TextEdit {
    TextEdit::new(span, "")
}

/// What to delete so that one of several members of a flow collection goes, its comma with it.
fn out_of_flow(span: Span, before: Option<Span>, next: Option<Span>) -> Span {
    match (before, next) {
        (_, Some(next)) => Span::new(span.start, next.start),
        (Some(before), None) => Span::new(before.end, span.end),
        (None, None) => span,
    }
}

/// Deletes whole lines where a piece fills them; the first key of a list's item goes up to the next key.
fn remove_lines(text: &str, span: Span, next: Option<usize>) -> Option<TextEdit> {
    let start = line_start(text, span.start);
    let end = line_end(text, span.end);
    let rest = text.get(span.end..end)?.trim_start();
    if !rest.is_empty() && !rest.starts_with('#') {
        return None;
    }
    if text.get(start..span.start)?.trim().is_empty() {
        let end = if text.get(..span.end)?.ends_with('\n') {
            span.end
        } else if text.get(end..)?.starts_with("\r\n") {
            end + 2
        } else {
            (end + 1).min(text.len())
        };
        return Some(delete(Span::new(start, end)));
    }
    let next = next?;
    let between = text.get(span.end..next)?;
    between.trim().is_empty().then(|| delete(Span::new(span.start, next)))
}

/// The blanks in front of a key, its dashes counted as blanks.
pub(super) fn indent_of(text: &str, key: usize) -> Option<String> {
    let lead = text.get(line_start(text, key)..key)?.trim_start_matches('\u{feff}');
    lead.chars().all(|c| matches!(c, ' ' | '-')).then(|| " ".repeat(lead.len()))
}

/// The line break of a file, which its first line tells.
pub(super) fn line_break(text: &str) -> &'static str {
    let first = text.find('\n').and_then(|at| text.get(..at));
    if first.is_some_and(|line| line.ends_with('\r')) { "\r\n" } else { "\n" }
}

pub(super) fn line_start(text: &str, offset: usize) -> usize {
    text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1)
}

/// The end of the line on which a piece ends; a block text may end with the break itself.
pub(super) fn line_end(text: &str, end: usize) -> usize {
    let before = text.get(..end).unwrap_or("");
    if before.ends_with('\n') {
        return before.trim_end_matches(['\n', '\r']).len();
    }
    text.get(end..).and_then(|rest| rest.find(['\n', '\r'])).map_or(text.len(), |found| end + found)
}
