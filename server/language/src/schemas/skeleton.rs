//! What a schema suggests to write: the least value that it takes, and where a new key goes.

use copydesk_base::{Span, TextEdit};
use copydesk_text::{Kind as NodeKind, Node, Syntax};
use serde_json::{Map, Value};

use super::branch::types_of;
use super::fit;
use super::locate::Spot;
use super::part::Part;

/// How deep required keys are written out.
const DEEPEST: usize = 4;

/// The least value that a schema takes: its default, its only word, its required keys.
pub(super) fn value(part: &Part<'_>) -> Value {
    value_within(part, DEEPEST)
}

fn value_within(part: &Part<'_>, depth: usize) -> Value {
    let Some(depth) = depth.checked_sub(1) else { return Value::Null };
    if let Some(value) = found(part, "default", 3) {
        return value.clone();
    }
    if let Some(first) = fit::literals(part).and_then(|words| words.first().copied()) {
        return first.clone();
    }
    match types_of(part, 4).and_then(|types| types.first().copied()) {
        Some("string") => Value::from(""),
        Some("integer" | "number") => found(part, "minimum", 3).cloned().unwrap_or_else(|| Value::from(0)),
        Some("boolean") => Value::Bool(false),
        Some("array") => Value::Array(Vec::new()),
        Some("object") => {
            let mut map = Map::new();
            required_within(part, depth, 4, &mut map);
            Value::Object(map)
        }
        _ => Value::Null,
    }
}

/// A word of the part, or of what it refers to.
fn found<'s>(part: &Part<'s>, keyword: &str, depth: usize) -> Option<&'s Value> {
    let depth = depth.checked_sub(1)?;
    part.word(keyword).or_else(|| found(&part.referred()?, keyword, depth))
}

/// The keys that a mapping must have, each with the least value that it takes. Of a choice they are those of the first
/// mapping.
pub(super) fn required_keys(part: &Part<'_>, map: &mut Map<String, Value>) {
    required_within(part, DEEPEST, DEEPEST, map);
}

fn required_within(part: &Part<'_>, depth: usize, hops: usize, map: &mut Map<String, Value>) {
    let Some(hops) = hops.checked_sub(1) else { return };
    for name in fit::required(part) {
        let value = part.entry("properties", name).map_or(Value::Null, |inner| value_within(&inner, depth));
        map.insert(name.to_owned(), value);
    }
    if let Some(other) = part.referred() {
        required_within(&other, depth, hops, map);
    }
    for other in part.list("allOf") {
        required_within(&other, depth, hops, map);
    }
    let is_mapping = |other: &Part<'_>| types_of(other, 4).is_none_or(|types| types.contains(&"object"));
    if let Some(other) =
        ["oneOf", "anyOf"].into_iter().find_map(|keyword| part.list(keyword).find(is_mapping))
    {
        required_within(&other, depth, hops, map);
    }
}

/// A scalar as the syntax writes it.
pub(crate) fn scalar(value: &Value, syntax: Syntax) -> String {
    match (value, syntax) {
        (Value::String(text), Syntax::Yaml) if is_plain(text) => text.clone(),
        (Value::Null, Syntax::Yaml) => String::new(),
        (Value::Null, Syntax::Toml) => "\"\"".to_owned(),
        _ => value.to_string(),
    }
}

/// Whether a text may stand without quotes anywhere, brackets included.
pub(crate) fn is_plain(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '/' | '.' | '$'));
    let safe = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ' | '$' | '+' | '@');
    let another = ["null", "true", "false", "yes", "no", "on", "off", "~"];
    starts_well
        && text.chars().all(safe)
        && !text.ends_with(' ')
        && !text.contains(" #")
        && !another.contains(&text.to_ascii_lowercase().as_str())
        && !text.starts_with(".inf")
        && !text.to_ascii_lowercase().starts_with(".nan")
        && text.parse::<f64>().is_err()
}

/// A value on one line, as JSON or YAML in brackets.
pub(crate) fn flow(value: &Value, syntax: Syntax) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| flow(item, syntax)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let entries: Vec<String> = map.iter().map(|(key, value)| pair(key, value, syntax)).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Null if syntax == Syntax::Yaml => "null".to_owned(),
        scalar_value => scalar(scalar_value, syntax),
    }
}

fn pair(name: &str, value: &Value, syntax: Syntax) -> String {
    format!("{}{}{}", key(name, syntax), between(syntax), flow(value, syntax))
}

/// A key as the syntax writes it.
pub(crate) fn key(name: &str, syntax: Syntax) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match syntax {
        Syntax::Toml if !name.is_empty() && name.chars().all(is_bare) => name.to_owned(),
        _ => scalar(&Value::from(name), syntax),
    }
}

/// What stands between a key and its value.
pub(crate) fn between(syntax: Syntax) -> &'static str {
    if syntax == Syntax::Toml { " = " } else { ": " }
}

/// A key with its value in lines of YAML, the first one without its indentation.
pub(super) fn block(key: &str, value: &Value, indent: &str, line_break: &str) -> String {
    let key = scalar(&Value::from(key), Syntax::Yaml);
    match value {
        Value::Object(map) if !map.is_empty() => {
            let deeper = format!("{indent}  ");
            let mut text = format!("{key}:");
            for (name, value) in map {
                text.push_str(line_break);
                text.push_str(&deeper);
                text.push_str(&block(name, value, &deeper, line_break));
            }
            text
        }
        Value::Null => format!("{key}:"),
        other => format!("{key}: {}", flow(other, Syntax::Yaml)),
    }
}

/// The edit that adds a key to the mapping at `spot`.
pub(super) fn insertion(
    text: &str,
    syntax: Syntax,
    spot: &Spot<'_>,
    name: &str,
    value: &Value,
) -> Option<TextEdit> {
    let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let insert = |at: usize, text: String| Some(TextEdit { span: Span::at(at), text });
    match spot.node.kind() {
        NodeKind::Mapping(entries) => {
            let node = spot.node.span();
            if syntax == Syntax::Toml && !node.of(text).starts_with('{') {
                return line_of_table(text, spot.node, line_break, &pair(name, value, syntax));
            }
            let Some(last) = entries.last().filter(|_| !entries.is_empty()) else {
                let at = node.start + 1;
                return node.of(text).starts_with('{').then(|| insert(at, pair(name, value, syntax)))?;
            };
            let end = last.span().end;
            if node.of(text).starts_with('{') {
                let indent = own_line(text, last.key());
                let before = indent.map_or(", ".to_owned(), |indent| format!(",{line_break}{indent}"));
                return insert(end, format!("{before}{}", pair(name, value, syntax)));
            }
            let first = entries.first()?.key().span().start;
            let line_start = text.get(..first)?.rfind('\n').map_or(0, |at| at + 1);
            let before = text.get(line_start..first)?;
            if !before.chars().all(|c| matches!(c, ' ' | '-')) {
                return None;
            }
            let indent = " ".repeat(before.len());
            let new = block(name, value, &indent, line_break);
            // Behind the last entry's line, a comment on it included; a block text may end with the break itself.
            let at = if text.get(..end)?.ends_with('\n') {
                text.get(..end)?.trim_end_matches(['\n', '\r']).len()
            } else {
                text.get(end..)?.find(['\n', '\r']).map_or(text.len(), |found| end + found)
            };
            insert(at, format!("{line_break}{indent}{new}"))
        }
        NodeKind::Null | NodeKind::Scalar(_) if spot.node.is_null() && syntax == Syntax::Yaml => {
            let Some(key) = spot.key.filter(|_| !spot.is_item) else {
                let at = spot.node.span().start;
                return insert(at, format!("{}{line_break}", block(name, value, "", line_break)));
            };
            let start = key.span().start;
            let line_start = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
            let indent = " ".repeat(start - line_start + 2);
            let colon = text.get(key.span().end..)?.find(':')? + key.span().end + 1;
            let is_blank = text.get(line_start..start)?.chars().all(|c| matches!(c, ' ' | '-'));
            let new = block(name, value, &indent, line_break);
            is_blank.then(|| insert(colon, format!("{line_break}{indent}{new}")))?
        }
        _ => None,
    }
}

/// The edit that adds a line to a table of TOML: behind its own keys and before the tables below it. A table that has
/// no header and no line of its own has no place for one.
fn line_of_table(text: &str, table: Node<'_>, line_break: &str, line: &str) -> Option<TextEdit> {
    let own = table
        .entries()
        .iter()
        .filter_map(|entry| Some((own_line(text, entry.key())?, entry.span().end)))
        .next_back();
    let start = table.span().start;
    let is_below_header = text.get(..start)?.ends_with(']');
    let (indent, behind) = match own {
        Some(own) => own,
        None if is_below_header => ("", start),
        // Nothing but tables: their first header is where the root starts.
        None if text.get(start..)?.starts_with('[') => {
            return Some(TextEdit::insert(start, format!("{line}{line_break}")));
        }
        None => return None,
    };
    let at = text.get(behind..)?.find(['\n', '\r']).map_or(text.len(), |found| behind + found);
    Some(TextEdit::insert(at, format!("{line_break}{indent}{line}")))
}

/// The indentation of a key that starts its line.
fn own_line<'t>(text: &'t str, key: Node<'_>) -> Option<&'t str> {
    let start = key.span().start;
    let before = text.get(..start)?;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let before = before.get(line_start..)?;
    before.trim().is_empty().then_some(before)
}
