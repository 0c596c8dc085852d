//! Values that may be written: words, constants, defaults, examples, and what the schema's author prepared.

use std::collections::HashSet;

use serde_json::Value;

use super::Cursor;
use crate::complete::place::{At, Quote};
use crate::complete::{Completion, CompletionKind, Snippet, prepared, without_tabstops};
use crate::schemas::branch::{plain, types_of};
use crate::schemas::part::Part;
use crate::schemas::{fit, help, skeleton};

impl Cursor<'_> {
    /// Words, constants, defaults, examples, and what the schema's author prepared.
    pub(super) fn values(&self, voices: &[Part<'_>]) -> Vec<Completion> {
        let mut found: Vec<Completion> = Vec::new();
        let mut labels = HashSet::new();
        let mut add = |value: &Value, detail: &str, docs: String| {
            if value.is_object() || value.is_array() {
                return;
            }
            let sort = u32::try_from(found.len()).unwrap_or(u32::MAX);
            let proposal = self.value(value, detail, docs, sort);
            if labels.insert(proposal.label.clone()) {
                found.push(proposal);
            }
        };
        let default = voices.iter().find_map(|part| part.word("default"));
        for (word, docs) in help::words(voices) {
            add(word, if Some(word) == default { "default" } else { "" }, docs.unwrap_or_default());
        }
        if let Some(default) = default {
            add(default, "default", String::new());
        }
        for part in voices {
            let examples = part.word("examples").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            for example in examples.iter().take(20) {
                add(example, "example", String::new());
            }
            let types = types_of(part, 1).unwrap_or_default();
            if types.contains(&"boolean") && fit::literals(part).is_none() {
                add(&Value::Bool(true), "", String::new());
                add(&Value::Bool(false), "", String::new());
            }
            if types.contains(&"null") && types.len() > 1 {
                add(&Value::Null, "", String::new());
            }
        }
        found.extend(self.prepared(voices));
        found
    }

    fn value(&self, value: &Value, detail: &str, docs: String, sort: u32) -> Completion {
        let label = plain(value);
        let raw = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let whole = || if value.is_null() { "null".to_owned() } else { skeleton::scalar(value, self.syntax) };
        let insert = match self.place.at {
            At::Value(Quote::Open(quote)) => format!("{}{quote}", raw(value)),
            At::Value(Quote::Closed) => raw(value),
            At::Value(Quote::Colon) => format!(" {}", whole()),
            _ => whole(),
        };
        Completion {
            label,
            kind: CompletionKind::Value,
            insert,
            replace: self.place.word,
            detail: detail.to_owned(),
            docs,
            sort,
            snippet: Snippet::Plain,
        }
    }

    /// `defaultSnippets`: whole values that the schema's author prepared.
    fn prepared(&self, voices: &[Part<'_>]) -> Vec<Completion> {
        let mut found = Vec::new();
        if matches!(self.place.at, At::Value(Quote::Open(_) | Quote::Closed)) {
            return found;
        }
        for part in voices {
            let list = part.word("defaultSnippets").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            for (at, snippet) in list.iter().enumerate() {
                let Some(body) = snippet.get("body") else { continue };
                let text = prepared::snippet(body, self.syntax);
                let label = snippet.get("label").and_then(Value::as_str);
                let label = label.map_or_else(|| without_tabstops(&text), str::to_owned);
                let space = if self.place.at == At::Value(Quote::Colon) { " " } else { "" };
                found.push(Completion {
                    label,
                    kind: CompletionKind::Value,
                    insert: format!("{space}{text}"),
                    replace: self.place.word,
                    detail: "prepared by the schema".to_owned(),
                    docs: snippet.get("description").and_then(Value::as_str).unwrap_or("").to_owned(),
                    sort: 500 + u32::try_from(at).unwrap_or(0),
                    snippet: Snippet::Tabstops,
                });
            }
        }
        found
    }
}
