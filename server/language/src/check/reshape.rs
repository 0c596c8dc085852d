//! A value of the wrong kind, written as the kind that its key takes, where its meaning is plain to see.
//!
//! `retry: 3` has one number that can be meant, steps without dashes are steps, `inputs: {who: string}` names a type.
//! The words of a person are moved, never changed; where their layout is not sure, nothing is offered.

use copydesk_base::config::variable_in;
use copydesk_base::{Fix, Span, TextEdit};
use copydesk_text::{Entries, Entry, Items, Kind, Node, Style, Value};

use super::fixes::{is_flow, line_start};
use super::inputs::kind_of;
use super::several::as_words;
use super::structure::Holder;
use super::suggest::usual_value;
use super::{Findings, secrets};
use crate::expression::has_expression;
use crate::shape::{Key, Mapping, Need, Rest, Role, Shape};
use crate::types::{InputKind, SleepTime};
use crate::written;

/// The ways to write a value as `shape` wants it.
pub(super) fn fixes<'a>(
    findings: &Findings<'a>,
    node: Node<'a>,
    shape: &'static Shape,
    holder: Holder<'a>,
) -> Vec<Fix> {
    let text = findings.file.text;
    let mut fixes = Vec::new();
    match node.kind() {
        Kind::Mapping(entries) => fixes.extend(as_list(findings, node, entries, shape)),
        Kind::Sequence(items) => {
            if shape.role == Role::Expression {
                fixes.extend(as_expression(text, node, items));
            } else if let Some(expected) = shape.mapping() {
                fixes.extend(as_mapping(findings, node, items, expected, holder));
            } else if shape.takes_text() {
                fixes.extend(as_text(text, node, items, holder));
            }
        }
        Kind::Scalar(_) => {
            fixes.extend(shape.mapping().and_then(|expected| {
                match key_of_provider(node, expected, holder) {
                    Some(OfKey::Command) | None => in_mapping(findings, node, expected),
                    Some(OfKey::Variable(name)) => Some(in_variable(node, holder, name)),
                    Some(OfKey::Itself) => None,
                }
            }));
            fixes.extend(shape.list().and_then(|_| as_words(node, holder)));
            fixes.extend(with_short_unit(node, shape));
            fixes.extend(as_moment(node, shape));
        }
        Kind::Null | Kind::Alias(_) => {}
    }
    fixes
}

fn fix(title: &str, edits: Vec<TextEdit>) -> Option<Fix> {
    (!edits.is_empty()).then(|| Fix::new(title, edits))
}

/// Items without their dashes: one mapping that is an item, several that follow one another, or items by their names.
fn as_list(findings: &Findings<'_>, node: Node<'_>, entries: Entries<'_>, shape: &Shape) -> Option<Fix> {
    let text = findings.file.text;
    let item = findings.shapes.get(shape.list()?.item).mapping()?;
    let word = node.get("type").and_then(Node::scalar_text);
    let is_key =
        |entry: Entry<'_>| entry.key().scalar_text().is_some_and(|name| item.key(word, name).is_some());
    if entries.iter().all(is_key) {
        if is_flow(text, node) {
            let edits =
                vec![TextEdit::insert(node.span().start, "["), TextEdit::insert(node.span().end, "]")];
            return fix("make it a list of one", edits);
        }
        return fix("put a '-' before it", dashes(text, node, entries)?);
    }
    let name = ["id", "name"].into_iter().find(|name| item.key(None, name).is_some())?;
    let edits: Option<Vec<Vec<TextEdit>>> = entries.iter().map(|entry| named(text, entry, name)).collect();
    fix("make each an item with its name", edits?.concat())
}

/// A dash before each item of a block, and its other lines two blanks deeper.
fn dashes(text: &str, node: Node<'_>, entries: Entries<'_>) -> Option<Vec<TextEdit>> {
    let first = entries.first()?.key();
    let starts: Vec<usize> = entries
        .iter()
        .filter(|entry| entry.key().scalar_text() == first.scalar_text())
        .map(|entry| entry.key().span().start)
        .collect();
    let begin = line_start(text, node.span().start);
    let mut edits = Vec::new();
    let mut at = begin;
    for line in text.get(begin..node.span().end)?.split_inclusive('\n') {
        let lead = line.len() - line.trim_start_matches(' ').len();
        if starts.contains(&(at + lead)) {
            edits.push(TextEdit::insert(at + lead, "- "));
        } else if at == begin {
            return None;
        } else if !line.trim().is_empty() {
            edits.push(TextEdit::insert(at, "  "));
        }
        at += line.len();
    }
    Some(edits)
}

/// `build:` with a mapping below it, as `- id: build` with the same keys.
fn named(text: &str, entry: Entry<'_>, name: &str) -> Option<Vec<TextEdit>> {
    let (key, value) = (entry.key(), entry.value());
    let Kind::Mapping(inner) = value.kind() else { return None };
    let (start, first) = (key.span().start, inner.first()?.key().span().start);
    let column = start - line_start(text, start);
    let depth = (first - line_start(text, first)).checked_sub(column + 2)?;
    let is_block = !is_flow(text, value) && line_start(text, first) > start;
    let is_alone = text.get(line_start(text, start)..start)?.chars().all(|c| c == ' ');
    if !is_block || !is_alone || value.get(name).is_some() || !text.get(key.span().end..)?.starts_with(':') {
        return None;
    }
    let mut edits = vec![TextEdit::new(
        Span::new(start, key.span().end + 1),
        format!("- {name}: {}", key.span().of(text)),
    )];
    let mut at = line_start(text, first);
    for line in text.get(at..value.span().end)?.split_inclusive('\n') {
        if depth > 0 && line.get(..depth).is_some_and(|lead| lead.chars().all(|c| c == ' ')) {
            edits.push(TextEdit::new(Span::new(at, at + depth), ""));
        }
        at += line.len();
    }
    Some(edits)
}

/// A list whose items are the entries that are meant.
fn as_mapping(
    findings: &Findings<'_>,
    node: Node<'_>,
    items: Items<'_>,
    expected: &Mapping,
    holder: Holder<'_>,
) -> Option<Fix> {
    let text = findings.file.text;
    let lines: Option<Vec<(Span, String)>> =
        items.iter().map(|item| entry_of(findings, item, expected, holder)).collect();
    let lines = lines.filter(|lines| !lines.is_empty())?;
    if is_flow(text, node) {
        let all: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).collect();
        return fix("make it a mapping", vec![TextEdit::new(node.span(), format!("{{{}}}", all.join(", ")))]);
    }
    let mut edits = Vec::new();
    for (item, (span, line)) in items.iter().zip(lines) {
        let dash = text.get(..item.span().start)?.trim_end_matches(' ').strip_suffix('-')?.len();
        edits.push(TextEdit::new(Span::new(dash, dash + 1), " "));
        if span.of(text) != line {
            edits.push(TextEdit::new(span, line));
        }
    }
    fix("make it a mapping", edits)
}

/// The entries that an item stands for, and the piece that they take the place of.
fn entry_of(
    findings: &Findings<'_>,
    item: Node<'_>,
    expected: &Mapping,
    holder: Holder<'_>,
) -> Option<(Span, String)> {
    let text = findings.file.text;
    let rest = match expected.rest {
        Rest::Shape(id) => Some(findings.shapes.get(id)),
        Rest::Refused | Rest::Anything => None,
    };
    let span = item.span();
    match item.kind() {
        Kind::Mapping(entries) => {
            let is_known = |entry: Entry<'_>| {
                let name = entry.key().scalar_text().unwrap_or("");
                expected.key(None, name).is_some() || expected.rest != Rest::Refused
            };
            // A mapping that has a name for itself is a value, not the entry.
            let is_value = rest.and_then(Shape::mapping).is_some_and(|inner| {
                entries.iter().any(|entry| inner.key(None, entry.key().scalar_text().unwrap_or("")).is_some())
            });
            if is_value || entries.is_empty() || !entries.iter().all(is_known) {
                return None;
            }
            let inner = if is_flow(text, item) {
                span.of(text).strip_prefix('{')?.strip_suffix('}')?.trim()
            } else {
                span.of(text)
            };
            Some((span, inner.to_owned()))
        }
        Kind::Scalar(_) => {
            let written =
                item.as_str().filter(|written| !has_expression(written) && !written.contains('\n'))?;
            let is_name = |name: &str| {
                name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            };
            if let Some((name, value)) = written.split_once('=').filter(|(name, _)| is_name(name)) {
                let takes = rest.is_some_and(Shape::takes_text) && !value.contains(['"', '\\']);
                return takes.then(|| (span, format!("{name}: \"{value}\"")));
            }
            // As a program's option or a request itself has a header.
            if let Some((name, value)) = written.split_once(": ").filter(|(name, _)| is_name(name)) {
                let takes = rest.is_some_and(Shape::takes_text) && !value.contains(['"', '\\']);
                return takes.then(|| (span, format!("{name}: \"{}\"", value.trim())));
            }
            (holder.name == "inputs" && is_name(written))
                .then(|| (span, format!("{written}: {{type: string}}")))
        }
        Kind::Sequence(_) | Kind::Null | Kind::Alias(_) => None,
    }
}

/// A list as an expression that gives it.
fn as_expression(text: &str, node: Node<'_>, items: Items<'_>) -> Option<Fix> {
    let word = |item: Node<'_>| {
        let word = item.scalar_text().filter(|word| !word.contains(['\n', '"', '\'', '\\']))?;
        Some(match item.value()? {
            Value::Text(_) => format!("'{word}'"),
            _ => word.to_owned(),
        })
    };
    let words: Option<Vec<String>> = items.iter().map(word).collect();
    let written = format!("\"[{}]\"", words?.join(", "));
    let is_line = is_flow(text, node);
    is_line.then(|| Fix::new("write it as an expression", vec![TextEdit::new(node.span(), written)]))
}

/// The texts of a list as one text, or the list under the key that takes one.
fn as_text(text: &str, node: Node<'_>, items: Items<'_>, holder: Holder<'_>) -> Vec<Fix> {
    let words: Option<Vec<&str>> = items
        .iter()
        .map(|item| item.scalar_text().filter(|word| !word.contains(['\n', '"', '\\'])))
        .collect();
    let Some(words) = words.filter(|words| !words.is_empty() && is_flow(text, node)) else {
        return Vec::new();
    };
    let is_command = holder.name == "run";
    let joined = words.join(if is_command && words.len() > 1 { " && " } else { " " });
    let one = Fix::new("make it one text", vec![TextEdit::new(node.span(), format!("\"{joined}\""))]);
    let args = Fix::new("change 'run' to 'args'", vec![TextEdit::new(holder.span, "args")]);
    if is_command { vec![args, one] } else { vec![one] }
}

/// What a lone text means where a provider says where its key comes from.
enum OfKey<'a> {
    /// Several words.
    Command,
    Variable(&'a str),
    /// One word: no program is asked for what may be the key.
    Itself,
}

fn key_of_provider<'a>(node: Node<'a>, expected: &Mapping, holder: Holder<'_>) -> Option<OfKey<'a>> {
    let text = node.scalar_text().filter(|_| holder.name == "key")?;
    expected.key(None, "command")?;
    Some(match variable_in(text) {
        Some(name) => OfKey::Variable(name),
        None if text.trim().contains(char::is_whitespace) => OfKey::Command,
        None => OfKey::Itself,
    })
}

/// A variable is named in a key of its own.
fn in_variable(node: Node<'_>, holder: Holder<'_>, name: &str) -> Fix {
    let edits = vec![TextEdit::new(holder.span, "api_key_env"), TextEdit::new(node.span(), name)];
    Fix::new(format!("write api_key_env: {name}"), edits)
}

/// A scalar as the value of the one key that it can be meant for.
fn in_mapping(findings: &Findings<'_>, node: Node<'_>, expected: &Mapping) -> Option<Fix> {
    let scalar = node.scalar()?;
    let text = scalar.text();
    let written = node.span().of(findings.file.text);
    let is_line = matches!(scalar.style(), Style::Plain | Style::SingleQuoted | Style::DoubleQuoted)
        && !written.contains('\n');
    let is_safe = scalar.style() != Style::Plain || !written.contains([',', '[', ']', '{', '}']);
    // What may be a key becomes nothing else: as a command it would be run, and stand in lists of processes.
    if !is_line || !is_safe || has_expression(text) || secrets::may_be(text) {
        return None;
    }
    let (key, value) = meant(findings, node, expected)?;
    let value = value.unwrap_or_else(|| written.to_owned());
    let quote = if findings.file.text.trim_start().starts_with('{') { "\"" } else { "" };
    let edit = TextEdit::new(node.span(), format!("{{{quote}{key}{quote}: {value}}}"));
    Some(Fix::new(format!("write it as '{key}'"), vec![edit]))
}

/// The key that a lone scalar is for, and its value where that is written otherwise.
fn meant(findings: &Findings<'_>, node: Node<'_>, expected: &Mapping) -> Option<(String, Option<String>)> {
    let text = node.scalar_text()?;
    let shape = |key: &Key| findings.shapes.get(key.shape);
    // What an input is by its default, or by the word for its type.
    if let (Some(kind), Some(_)) = (expected.key(None, "type"), expected.key(None, "default")) {
        let is_word = |word: &str| shape(kind).words().iter().any(|known| known.text == word);
        let word = usual_value("type", text).map_or(text, |(word, _)| word);
        if is_word(word) {
            return Some(("type".to_owned(), (word != text).then(|| word.to_owned())));
        }
        let word = kind_of(node).unwrap_or(InputKind::String).word();
        let written = node.span().of(findings.file.text);
        return Some(("type".to_owned(), Some(format!("{word}, default: {written}"))));
    }
    let takes = |key: &&Key| match node.value() {
        Some(Value::Text(_)) => shape(key).takes_text() && !shape(key).forms.is_empty(),
        Some(Value::Int(_) | Value::Float(_)) => shape(key).number().is_some(),
        Some(Value::Bool(_)) => shape(key).takes_bool() && !shape(key).forms.is_empty(),
        Some(Value::Null) | None => false,
    };
    let mut required = expected.keys.iter().filter(|key| key.need == Need::Required);
    let only = match (required.next(), required.next()) {
        (Some(only), None) => Some(only),
        // Of several numbers the one that counts is meant.
        (None, _) => expected.keys.iter().find(|key| matches!(key.name.as_str(), "count" | "limit")),
        _ => None,
    };
    only.filter(takes).map(|key| (key.name.clone(), None))
}

/// A time whose unit is written out, or apart: `5 minutes` is `5m`.
fn with_short_unit(node: Node<'_>, shape: &Shape) -> Option<Fix> {
    if let (Role::Age, Some(days)) = (shape.role, node.as_f64().filter(|days| *days > 0.0)) {
        let edits = vec![TextEdit::new(node.span(), format!("{days}d"))];
        return Some(Fix::new(format!("change to '{days}d'"), edits));
    }
    let is_time = matches!(shape.role, Role::SleepTime | Role::Duration | Role::Age);
    let text = node.as_str().filter(|_| is_time)?;
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(split);
    let unit = short_unit(unit)?;
    let short = format!("{}{unit}", number.trim());
    let is_time = SleepTime::parse(&short).is_some() && short != text;
    is_time.then(|| Fix::new(format!("change to '{short}'"), vec![TextEdit::new(node.span(), short)]))
}

/// A date and time as it is written here.
fn as_moment(node: Node<'_>, shape: &Shape) -> Option<Fix> {
    let text = node.scalar_text().filter(|_| shape.role == Role::Moment)?;
    let form = if text.contains(':') { "date-time" } else { "date" };
    let meant = written::meant(form, text).filter(|meant| meant != text)?;
    let edits = vec![TextEdit::new(node.span(), format!("\"{meant}\""))];
    Some(Fix::new(format!("change to '{meant}'"), edits))
}

/// The unit as it is written here.
pub(super) fn short_unit(unit: &str) -> Option<&'static str> {
    Some(match unit.trim().to_ascii_lowercase().as_str() {
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => "ms",
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        _ => return None,
    })
}
