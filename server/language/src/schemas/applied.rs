//! Which parts of a schema speak about a value, and which about what is below it.
//!
//! For help, not for verdicts: of an `anyOf` the branches that fit best, of an `if` what follows from it as far as it
//! can be seen.

use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::fit::{self, Known};
use super::part::Part;

/// How many parts are looked at for one value.
const MOST_PARTS: usize = 400;

/// How many patterns are kept.
const MOST_PATTERNS: usize = 256;

/// The parts that speak about a value, the most general ones first.
pub(super) fn applied<'s>(part: Part<'s>, value: &Value, known: Known) -> Vec<Part<'s>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    collect(part, value, known, &mut seen, &mut found);
    found
}

fn collect<'s>(
    part: Part<'s>,
    value: &Value,
    known: Known,
    seen: &mut BTreeSet<usize>,
    found: &mut Vec<Part<'s>>,
) {
    if seen.len() >= MOST_PARTS || !seen.insert(part.address()) {
        return;
    }
    found.push(part.clone());
    if let Some(other) = part.referred() {
        collect(other, value, known, seen, found);
    }
    if part.is_only_reference() {
        return;
    }
    for other in part.list("allOf") {
        collect(other, value, known, seen, found);
    }
    for keyword in ["oneOf", "anyOf"] {
        let branches: Vec<Part<'s>> = part.list(keyword).collect();
        for at in fit::best(&branches, value, known) {
            if let Some(branch) = branches.get(at) {
                collect(branch.clone(), value, known, seen, found);
            }
        }
    }
    if let Some(condition) = part.sub("if").filter(|condition| is_decided(condition, value, known)) {
        let follows = if fit::fit(&condition, value, known).is_clean() { "then" } else { "else" };
        if let Some(other) = part.sub(follows) {
            collect(other, value, known, seen, found);
        }
    }
    if let Some(entries) = value.as_object() {
        for keyword in ["dependentSchemas", "dependencies"] {
            for (name, other) in part.named(keyword) {
                if entries.contains_key(name) && !other.value.is_array() {
                    collect(other, value, known, seen, found);
                }
            }
        }
    }
}

/// Whether a condition can be answered: not while the keys that it asks about are still to be typed.
fn is_decided(condition: &Part<'_>, value: &Value, known: Known) -> bool {
    let is_there = |name: &str| value.get(name).is_some_and(|value| !value.is_null());
    known == Known::Whole || condition.named("properties").all(|(name, _)| is_there(name))
}

/// The parts that speak about the value of a key.
pub(super) fn of_key<'s>(parts: &[Part<'s>], name: &str) -> Vec<Part<'s>> {
    let mut found = Vec::new();
    for part in parts {
        let mut own: Vec<Part<'s>> = part.entry("properties", name).into_iter().collect();
        let by_pattern = part.named("patternProperties").filter(|(pattern, _)| matches(pattern, name));
        own.extend(by_pattern.map(|(_, other)| other));
        if own.is_empty() {
            own.extend(part.sub("additionalProperties"));
        }
        found.extend(own);
    }
    if found.is_empty() {
        found.extend(parts.iter().filter_map(|part| part.sub("unevaluatedProperties")));
    }
    found
}

/// The parts that speak about an item.
pub(super) fn of_item<'s>(parts: &[Part<'s>], at: usize) -> Vec<Part<'s>> {
    let mut found = Vec::new();
    for part in parts {
        let fixed =
            ["prefixItems", "items"].into_iter().find(|word| part.word(word).is_some_and(Value::is_array));
        let own = fixed.and_then(|word| part.list(word).nth(at));
        let rest = || match fixed {
            Some("items") => part.sub("additionalItems"),
            _ => part.sub("items"),
        };
        found.extend(own.or_else(rest));
    }
    if found.is_empty() {
        found.extend(
            parts.iter().filter_map(|part| part.sub("unevaluatedItems").or_else(|| part.sub("contains"))),
        );
    }
    found
}

/// Whether a pattern of ECMAScript takes a name, as far as the two dialects agree.
fn matches(pattern: &str, name: &str) -> bool {
    compiled(pattern).is_none_or(|regex| regex.is_match(name))
}

/// A pattern ready to be asked, if it is one that is known here. Making one costs more than all that it is asked, so
/// the last ones are kept.
pub(super) fn compiled(pattern: &str) -> Option<Regex> {
    static KEPT: LazyLock<Mutex<HashMap<String, Option<Regex>>>> = LazyLock::new(Mutex::default);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(pattern) {
        return known.clone();
    }
    if kept.len() >= MOST_PATTERNS {
        kept.clear();
    }
    let regex = RegexBuilder::new(pattern).size_limit(1 << 18).build().ok();
    kept.insert(pattern.to_owned(), regex.clone());
    regex
}
