//! What may be written at an offset, by a schema.
//!
//! Where the cursor is comes from the lines, so that a half-typed file is as good as a whole one; what may stand there
//! comes from the parts of the schema that speak about the place, with the keys beside it deciding between branches.
//! Keys and items are proposed here, values in [`values`].

mod values;

use std::collections::HashSet;

use copydesk_base::Span;
use copydesk_text::Syntax;
use serde_json::{Map, Value};

use super::applied::{of_item, of_key};
use super::branch::types_of;
use super::fit::{self, Known};
use super::part::Part;
use super::skeleton;
use super::value::Keys;
use super::{Schema, deprecated, help, value};
use crate::File;
use crate::complete::place::{self, At, Colon, Flow, Part as Way, Place};
use crate::complete::toml::{self, Header};
use crate::complete::{Completion, CompletionKind, Snippet, escaped};

/// The most keys that are written out behind a new key.
const MOST_NESTED: usize = 4;

/// What may be written at `offset`, best first. Empty where anything goes.
pub fn complete(file: &File<'_>, schema: &Schema, offset: usize) -> Vec<Completion> {
    let syntax = file.tree.syntax();
    if !file.text.is_char_boundary(offset) {
        return Vec::new();
    }
    let place = match syntax {
        Syntax::Toml => toml::place(file, offset),
        Syntax::Yaml | Syntax::Json => {
            let place = place::place(file, document_around(file.text, offset), offset);
            place.map(|place| (place, Header::None))
        }
    };
    let Some((place, header)) = place else { return Vec::new() };
    let cursor = Cursor { file: *file, text: file.text, syntax, offset, place: &place, header };
    let Some(parts) = cursor.parts(schema) else { return Vec::new() };
    let mut found = cursor.proposals(&parts);
    found.sort_by(|a, b| a.sort.cmp(&b.sort).then_with(|| a.label.cmp(&b.label)));
    found.dedup_by(|a, b| a.label == b.label);
    found
}

/// The YAML document around an offset: from the `---` before it to the one behind.
fn document_around(text: &str, offset: usize) -> Span {
    let mark = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut span = Span::new(mark, text.len());
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        if line.trim_end() == "---" || line.starts_with("--- ") {
            if end <= offset {
                span.start = end.max(mark);
            } else if at > offset {
                span.end = at;
                break;
            }
        }
        at = end;
    }
    span
}

/// The names in `*one` or `[*one, *other]`.
fn aliases(text: &str) -> impl Iterator<Item = &str> {
    text.trim_matches(['[', ']']).split(',').filter_map(|word| word.trim().strip_prefix('*'))
}

fn word(text: &str) -> Value {
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ if text.starts_with(['[', '{', '|', '>', '&', '*', '!']) => Value::Null,
        _ => value::whole_or_fraction(text).unwrap_or_else(|| Value::from(text)),
    }
}

struct Cursor<'a> {
    file: File<'a>,
    text: &'a str,
    syntax: Syntax,
    offset: usize,
    place: &'a Place,
    header: Header,
}

impl Cursor<'_> {
    /// The parts that speak about the value at the end of the path.
    fn parts<'s>(&self, schema: &'s Schema) -> Option<Vec<Part<'s>>> {
        let mut parts = vec![schema.root()?];
        for way in &self.place.path {
            parts = match way {
                Way::Key { name, siblings } => {
                    of_key(&help::voices(&parts, &self.beside(siblings, Some(name)), Known::Partly), name)
                }
                Way::Item(at) => of_item(&help::voices(&parts, &Value::Null, Known::Partly), *at),
                Way::Nowhere => return None,
            };
            if parts.is_empty() {
                return None;
            }
        }
        Some(parts)
    }

    /// The entries of a mapping as far as lines show them, and those that its merge key brings; `null` where a value is
    /// not on its key's line.
    fn beside(&self, siblings: &[(String, String)], own: Option<&str>) -> Value {
        let mut map = Map::new();
        for (name, text) in siblings {
            map.insert(name.clone(), word(text));
        }
        if let Some(own) = own {
            map.entry(own).or_insert(Value::Null);
        }
        let merged = siblings.iter().find(|(name, _)| name == "<<" && self.syntax == Syntax::Yaml);
        for name in merged.into_iter().flat_map(|(_, text)| aliases(text)) {
            let Some(node) = self.file.tree.anchored_before(name, self.offset) else { continue };
            if let Value::Object(entries) = value::glance(self.file.tree, node, Keys::Merged) {
                for (name, value) in entries {
                    map.entry(name).or_insert(value);
                }
            }
        }
        Value::Object(map)
    }

    fn proposals(&self, parts: &[Part<'_>]) -> Vec<Completion> {
        match self.place.at {
            At::Text => Vec::new(),
            At::Value(_) => self.values(&help::voices(parts, &Value::Null, Known::Partly)),
            At::Start(colon) => {
                let voices = help::voices(parts, &self.beside(&self.place.siblings, None), Known::Partly);
                let mut found = self.keys(&voices, colon);
                let is_bare = colon == Colon::Absent && self.place.siblings.is_empty();
                if is_bare && matches!(self.place.path.last(), Some(Way::Key { .. })) {
                    found.extend(self.items(parts));
                } else if is_bare && matches!(self.place.path.last(), Some(Way::Item(_))) {
                    found.extend(self.values(&help::voices(parts, &Value::Null, Known::Partly)));
                }
                found
            }
        }
    }

    /// Keys that are not there yet, required ones first.
    fn keys(&self, voices: &[Part<'_>], colon: Colon) -> Vec<Completion> {
        let mut found: Vec<Completion> = Vec::new();
        // What is there already, and what is proposed.
        let mut taken: HashSet<&str> = self.place.siblings.iter().map(|(name, _)| name.as_str()).collect();
        let required: HashSet<&str> = voices.iter().flat_map(fit::required).collect();
        for part in voices {
            for (name, inner) in part.named("properties") {
                let is_hidden = inner.value == &Value::Bool(false)
                    || inner.word("doNotSuggest") == Some(&Value::Bool(true));
                if is_hidden || taken.contains(name) {
                    continue;
                }
                let all = of_key(voices, name);
                let inner = help::voices(&all, &Value::Null, Known::Partly);
                if !self.may_head(&inner) {
                    continue;
                }
                let is_old = inner.iter().any(|part| deprecated::why(part).is_some());
                let sort = if required.contains(name) { 0 } else { 1 + u32::from(is_old) };
                taken.insert(name);
                found.push(self.key(name, (&all, &inner), colon, sort));
            }
            let names = part.sub("propertyNames").and_then(|names| fit::literals(&names)).unwrap_or_default();
            for name in names.into_iter().filter_map(Value::as_str) {
                if taken.insert(name) {
                    let all = of_key(voices, name);
                    let inner = help::voices(&all, &Value::Null, Known::Partly);
                    found.push(self.key(name, (&all, &inner), colon, 1));
                }
            }
        }
        found
    }

    /// Whether a header may open it, where one is typed: a table, or a list of them.
    fn may_head(&self, inner: &[Part<'_>]) -> bool {
        let takes = |parts: &[Part<'_>], kind: &str| {
            parts.iter().find_map(|part| types_of(part, 4)).is_none_or(|types| types.contains(&kind))
        };
        match self.header {
            Header::None => true,
            Header::Table => takes(inner, "object"),
            Header::List => {
                let items = help::voices(&of_item(inner, 0), &Value::Null, Known::Partly);
                takes(inner, "array") && takes(&items, "object")
            }
        }
    }

    /// One key; its parts, and all that these refer to.
    fn key(
        &self,
        name: &str,
        (parts, inner): (&[Part<'_>], &[Part<'_>]),
        colon: Colon,
        sort: u32,
    ) -> Completion {
        let (insert, snippet) = match colon {
            _ if self.header != Header::None => (self.key_in_header(name), Snippet::Plain),
            Colon::Present => (skeleton::key(name, self.syntax), Snippet::Plain),
            Colon::Absent => self.key_with_value(name, parts, inner),
        };
        let required = if sort == 0 { ", required" } else { "" };
        Completion {
            label: name.to_owned(),
            kind: CompletionKind::Key,
            insert,
            replace: self.place.key_span(self.text, self.syntax),
            detail: format!("{}{required}", help::takes(inner)),
            docs: help::docs(inner),
            sort,
            snippet,
        }
    }

    /// The key with the brackets that are missing behind it.
    fn key_in_header(&self, name: &str) -> String {
        let key = skeleton::key(name, self.syntax);
        let behind = self
            .text
            .get(self.place.key_span(self.text, self.syntax).end..)
            .unwrap_or("")
            .trim_start_matches(' ');
        let close = if self.header == Header::List { "]]" } else { "]" };
        if behind.starts_with([']', '.']) { key } else { key + close }
    }

    fn key_with_value(&self, name: &str, parts: &[Part<'_>], inner: &[Part<'_>]) -> (String, Snippet) {
        let key = skeleton::key(name, self.syntax);
        let between = skeleton::between(self.syntax);
        let behind = self.text.get(self.place.key_span(self.text, self.syntax).end..).unwrap_or("");
        if behind.trim_start_matches(' ').starts_with(between.trim()) {
            return (key, Snippet::Plain);
        }
        let is_flow = self.place.flow == Flow::Inside;
        let safe = escaped(&key);
        let types = inner.iter().find_map(|part| types_of(part, 4)).unwrap_or_default();
        if let Some([only]) = inner.iter().find_map(fit::literals).as_deref() {
            return (
                format!("{safe}{between}{}", escaped(&skeleton::flow(only, self.syntax))),
                Snippet::Tabstops,
            );
        }
        let default = inner.iter().find_map(|part| part.word("default"));
        if let Some(default) =
            default.filter(|default| !default.is_object() && !default.is_array() && !default.is_null())
        {
            return (
                format!("{safe}{between}${{1:{}}}", escaped(&skeleton::flow(default, self.syntax))),
                Snippet::Tabstops,
            );
        }
        match types.iter().copied().find(|name| *name != "null") {
            Some("array") => {
                let item = of_item(inner, 0);
                let kinds = item.iter().find_map(|part| types_of(part, 4)).unwrap_or_default();
                let is_scalar = !kinds.is_empty() && !kinds.contains(&"object") && !kinds.contains(&"array");
                if is_flow || is_scalar || self.syntax != Syntax::Yaml {
                    (format!("{safe}{between}[$1]"), Snippet::Tabstops)
                } else {
                    (format!("{key}:"), Snippet::Plain)
                }
            }
            Some("object") => match nested(parts, self.syntax) {
                Some(text) => (format!("{safe}{between}{text}"), Snippet::Tabstops),
                None if is_flow || self.syntax != Syntax::Yaml => {
                    (format!("{safe}{between}{{$1\\}}"), Snippet::Tabstops)
                }
                None => (format!("{key}:"), Snippet::Plain),
            },
            Some("string") if self.syntax != Syntax::Yaml => {
                (format!("{safe}{between}\"$1\""), Snippet::Tabstops)
            }
            _ => (format!("{key}{between}"), Snippet::Plain),
        }
    }

    /// Whole items, with their dash, on an empty line below the key of a list.
    fn items(&self, parts: &[Part<'_>]) -> Vec<Completion> {
        if self.place.flow == Flow::Inside || self.syntax != Syntax::Yaml {
            return Vec::new();
        }
        let item = of_item(&help::voices(parts, &Value::Null, Known::Partly), 0);
        let voices = help::voices(&item, &Value::Null, Known::Partly);
        let mut found = self.values(&voices);
        for proposal in &mut found {
            proposal.insert = format!("- {}", proposal.insert);
        }
        let mut names: Vec<&str> = voices.iter().flat_map(fit::required).collect();
        names.dedup();
        for name in names.into_iter().take(3) {
            let label = format!("- {name}");
            found.push(Completion {
                insert: format!("{label}: "),
                label,
                kind: CompletionKind::Key,
                replace: self.place.word,
                detail: "a new item".to_owned(),
                docs: help::docs(&voices),
                sort: 0,
                snippet: Snippet::Plain,
            });
        }
        found
    }
}

/// The required keys of a mapping with a stop for each, on one line: clients differ in how they indent further ones.
/// Where there is a choice of mappings, they are those of the first.
fn nested(parts: &[Part<'_>], syntax: Syntax) -> Option<String> {
    let mut least = Map::new();
    for part in parts {
        skeleton::required_keys(part, &mut least);
    }
    if least.is_empty() || least.len() > MOST_NESTED || least.values().any(Value::is_object) {
        return None;
    }
    let mut entries: Vec<(String, Value)> = least.into_iter().collect();
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    let pairs = entries.iter().enumerate().map(|(at, (name, value))| {
        let shown = match value {
            Value::Null => String::new(),
            Value::String(text) if text.is_empty() => String::new(),
            other => escaped(&skeleton::flow(other, syntax)),
        };
        let key = escaped(&skeleton::key(name, syntax));
        let stop = format!("${{{}:{shown}}}", at + 1);
        let is_text = syntax != Syntax::Yaml && shown.is_empty();
        let stop = if is_text { format!("\"{stop}\"") } else { stop };
        format!("{key}{}{stop}", skeleton::between(syntax))
    });
    Some(format!("{{{}\\}}", pairs.collect::<Vec<_>>().join(", ")))
}
