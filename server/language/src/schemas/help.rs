//! What a schema says about a place, in words: for hover, and beside what completion proposes.

use std::collections::HashSet;

use copydesk_base::letter::{is_needed, is_unseen};
use serde_json::Value;

use super::Schema;
use super::applied::applied;
use super::branch::{kind_words, plain, types_of};
use super::deprecated;
use super::explain::shown;
use super::fit::{self, Known};
use super::part::Part;
use crate::shape::join;

/// The longest text of a schema that is shown.
const LONGEST: usize = 2_000;

/// How many words a list of words has.
const MOST_WORDS: usize = 30;

/// Everything that speaks about one value: the parts of its key or item, and what those refer to.
pub(super) fn voices<'s>(parts: &[Part<'s>], value: &Value, known: Known) -> Vec<Part<'s>> {
    parts.iter().flat_map(|part| applied(part.clone(), value, known)).collect()
}

/// What it takes, in a few words.
pub(super) fn takes(voices: &[Part<'_>]) -> String {
    let types = voices.iter().find_map(|part| types_of(part, 4)).unwrap_or_default();
    let words = voices.iter().find_map(fit::literals).unwrap_or_default();
    if !words.is_empty() && words.len() <= 4 {
        return join(&words.iter().map(|word| format!("'{}'", shown(word))).collect::<Vec<_>>());
    }
    if !words.is_empty() {
        return "one of a list of words".to_owned();
    }
    let mut kinds: Vec<String> = types.iter().map(|name| kind_words(name).to_owned()).collect();
    kinds.dedup();
    join(&kinds)
}

/// Help in Markdown: what it is for, its words, its default, examples.
pub(super) fn docs(voices: &[Part<'_>]) -> String {
    let mut docs = Vec::new();
    docs.extend(description(voices));
    if let Some(why) = voices.iter().find_map(deprecated::why) {
        let why = if why.is_empty() { "it should no longer be written".to_owned() } else { text(why) };
        docs.push(format!("**Deprecated**: {why}"));
    }
    if let Some(default) = voices.iter().find_map(|part| part.word("default")) {
        docs.push(format!("Default: `{}`", code(default)));
    }
    let words = words(voices);
    if words.len() > 1 {
        let mut lines: Vec<String> = Vec::new();
        for (word, docs) in words.iter().take(MOST_WORDS) {
            let docs = docs.as_deref().map_or_else(String::new, |docs| format!(": {}", first_line(docs)));
            lines.push(format!("- `{}`{docs}", code(word)));
        }
        if words.len() > MOST_WORDS {
            lines.push(format!("- and {} others", words.len() - MOST_WORDS));
        }
        docs.push(lines.join("\n"));
    }
    let examples = voices.iter().find_map(|part| part.word("examples").and_then(Value::as_array));
    if let Some(examples) = examples.filter(|examples| !examples.is_empty()) {
        let examples: Vec<String> =
            examples.iter().take(5).map(|example| format!("`{}`", code(example))).collect();
        docs.push(format!("Examples: {}", examples.join(", ")));
    }
    docs.join("\n\n")
}

/// The words that are allowed, each with its help.
pub(super) fn words<'s>(voices: &[Part<'s>]) -> Vec<(&'s Value, Option<String>)> {
    let mut found: Vec<(&'s Value, Option<String>)> = Vec::new();
    for part in voices {
        if let Some(only) = part.word("const") {
            let docs = part
                .text("markdownDescription")
                .map(str::to_owned)
                .or_else(|| part.text("description").or_else(|| part.text("title")).map(text));
            found.push((only, docs));
        }
        let list = part.word("enum").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let marked = ["markdownEnumDescriptions", "enumDescriptions", "x-enumDescriptions"];
        let docs = marked.iter().find_map(|keyword| part.word(keyword));
        for (at, word) in list.iter().enumerate() {
            let docs = docs
                .and_then(|docs| docs.get(at).or_else(|| docs.get(word.as_str()?)))
                .and_then(Value::as_str);
            found.push((word, docs.map(bounded)));
        }
    }
    // A list of words may be long, one of other things never is.
    let (mut texts, mut others) = (HashSet::new(), Vec::new());
    found.retain(|(word, _)| match word {
        Value::String(text) => texts.insert(text.as_str()),
        other => {
            let is_new = !others.contains(other);
            others.push(*other);
            is_new
        }
    });
    found
}

/// Title and description.
fn description(voices: &[Part<'_>]) -> Option<String> {
    let marked = voices.iter().find_map(|part| part.text("markdownDescription")).map(bounded);
    let plain =
        || voices.iter().find_map(|part| part.text("description").or_else(|| part.text("title"))).map(text);
    marked.or_else(plain).filter(|docs| !docs.is_empty())
}

/// Which schema says so.
pub(super) fn source(schema: &Schema) -> String {
    let name = text(&schema.name());
    let is_safe = !schema.url.contains([' ', '(', ')', '<', '>', '\n']);
    if is_safe { format!("From [{name}]({})", schema.url) } else { format!("From {name}") }
}

/// A schema's plain text inside our Markdown.
fn text(written: &str) -> String {
    let written = bounded(written);
    let mut safe = String::with_capacity(written.len() + 16);
    for c in written.chars() {
        if matches!(c, '[' | ']' | '<' | '>' | '*' | '_' | '`' | '#' | '|') {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

/// A schema's text, as long as a person reads it, without characters that show as nothing or turn the line around.
fn bounded(written: &str) -> String {
    let is_shown = |c: &char| matches!(c, '\n' | '\t') || is_needed(*c) || !is_unseen(*c);
    let trimmed = written.trim();
    if trimmed.len() <= LONGEST && trimmed.chars().all(|c| is_shown(&c)) {
        return trimmed.to_owned();
    }
    let short: String = written.trim().chars().filter(is_shown).take(LONGEST).collect();
    if short.len() + 3 < written.trim().len() && short.chars().count() == LONGEST {
        short + "…"
    } else {
        short
    }
}

fn first_line(docs: &str) -> &str {
    docs.lines().next().unwrap_or("")
}

/// A value between backticks.
fn code(value: &Value) -> String {
    let line: String =
        plain(value).chars().map(|c| if c.is_control() || c == '`' { ' ' } else { c }).take(120).collect();
    line
}
