//! Collections whose children are judged each for itself.
//!
//! Whether a child is right says nothing about the next one where a schema speaks of all children in the same way. A choice
//! of several schemas for the whole collection (`oneOf`) is none where all but one are contradicted by what is never left
//! out: the kind of the collection and its scalars.
//!
//! Invariant: a collection is right if its children are, and it is without those that are right. A list without like items
//! ([`are_unique`]) is so if besides its items are apart.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use copydesk_text::{Kind, Node};
use serde_json::{Map, Value};

use super::part::Part;
use super::value::Keys;
use super::{applied, fit, value};

/// More parts are not looked at.
const MOST_PARTS: usize = 16;

/// Keywords for which a child is not judged alone, or not by itself.
const TOGETHER: &[&str] = &[
    "$dynamicRef",
    "$recursiveRef",
    "additionalItems",
    "const",
    "contains",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "enum",
    "if",
    "maxItems",
    "maxProperties",
    "not",
    "prefixItems",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Whether no two items of a list may be the same, which the items alone do not tell.
pub(super) fn are_unique(parts: &[Part<'_>]) -> bool {
    parts.iter().any(|part| part.word("uniqueItems").is_some_and(|word| *word != Value::Bool(false)))
}

/// A number that is the same for values that are equal: the order of keys says nothing, and `1` is `1.0`.
pub(super) fn print(value: &Value) -> u64 {
    let of = |parts: &dyn Fn(&mut DefaultHasher)| {
        let mut hasher = DefaultHasher::new();
        parts(&mut hasher);
        hasher.finish()
    };
    match value {
        Value::Null => 1,
        Value::Bool(value) => 2 + u64::from(*value),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default() + 0.0;
            of(&|hasher| (4, number.to_bits()).hash(hasher))
        }
        Value::String(text) => of(&|hasher| (5, text).hash(hasher)),
        Value::Array(items) => {
            let items: Vec<u64> = items.iter().map(print).collect();
            of(&|hasher| (6, &items).hash(hasher))
        }
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| of(&|hasher| (7, key, print(value)).hash(hasher));
            entries.iter().map(entry).fold(8, u64::wrapping_add)
        }
    }
}

/// All parts that speak about a collection of these, if each child is judged alone by them.
pub(super) fn apart<'s>(parts: Vec<Part<'s>>, node: Node<'_>, keys: Keys) -> Option<Vec<Part<'s>>> {
    let (mut found, mut waiting) = (Vec::new(), parts);
    let mut outline = None;
    while let Some(part) = waiting.pop() {
        if found.len() >= MOST_PARTS || part.word("items").is_some_and(Value::is_array) {
            return None;
        }
        if part.has_reference() {
            waiting.push(part.referred()?);
        }
        if !part.is_only_reference() {
            if TOGETHER.iter().any(|word| part.word(word).is_some()) {
                return None;
            }
            waiting.extend(part.list("allOf"));
            for keyword in ["anyOf", "oneOf"] {
                if part.word(keyword).is_some() {
                    if let Some(met) = met_branch(&part, keyword, node) {
                        found.push(met);
                        continue;
                    }
                    let outline = outline.get_or_insert_with(|| outlined(node, keys)).as_ref()?;
                    waiting.push(only_branch(&part, keyword, outline)?);
                }
            }
        }
        found.push(part);
    }
    Some(found)
}

/// A branch that only names keys, where all of these are there: then it is right whatever the others say, as long as none
/// of the keys is left out.
fn met_branch<'s>(part: &Part<'s>, keyword: &str, node: Node<'_>) -> Option<Part<'s>> {
    let is_name = |key: &String| matches!(key.as_str(), "required" | "title" | "description" | "$comment");
    let names_keys = |branch: &Part<'s>| {
        let words = branch.value.as_object();
        words.is_some_and(|words| words.contains_key("required") && words.keys().all(is_name))
    };
    // The key that names the schema may not count.
    let is_there = |name: &str| name != "$schema" && node.entry(name).is_some();
    let is_met = |branch: &Part<'s>| fit::required(branch).all(is_there);
    let is_mapping = matches!(node.kind(), Kind::Mapping(_));
    let mut branches = part.list(keyword).filter(|_| keyword == "anyOf" && is_mapping);
    branches.find(|branch| names_keys(branch) && is_met(branch))
}

/// The one branch that a collection can be, where its kind or one of its words contradicts all others whatever else is in
/// it: then it is right as a whole if it is right as that branch.
fn only_branch<'s>(part: &Part<'s>, keyword: &str, outline: &Value) -> Option<Part<'s>> {
    let mut open = part.list(keyword).filter(|branch| !fit::contradicts(branch, outline));
    let only = open.next().filter(|_| open.next().is_none())?;
    let fit = fit::fit(&only, outline, fit::Known::Whole);
    (fit.kind && fit.telling >= 0).then_some(only)
}

/// A collection with its scalars only: what is never left out. `None` where it takes some from elsewhere.
fn outlined(node: Node<'_>, keys: Keys) -> Option<Value> {
    if matches!(node.kind(), Kind::Sequence(_)) {
        return Some(Value::Array(Vec::new()));
    }
    let mut outline = Map::new();
    let mut names = HashSet::new();
    for entry in node.entries() {
        let (name, node) = (value::key_text(entry), entry.value());
        if value::is_merge(entry, keys) {
            return None;
        }
        // Of a key that is written twice the first one counts.
        if names.insert(name.clone()) && matches!(node.kind(), Kind::Null | Kind::Scalar(_)) {
            outline.insert(name, value::of_scalar(node)?);
        }
    }
    Some(Value::Object(outline))
}

/// How many children stay: as many as there must be, and one more, since the key that names the schema may not count.
pub(super) fn least(parts: &[Part<'_>], word: &str) -> usize {
    let said = parts.iter().filter_map(|part| part.word(word));
    // Of a number that is no number of things, all are looked at.
    let counts = said.map(|least| least.as_u64().and_then(|least| usize::try_from(least).ok()));
    counts.map(|least| least.map_or(usize::MAX, |least| least.saturating_add(1))).max().unwrap_or(0)
}

/// Whether it is certain which keys a pattern means.
pub(super) fn has_known_patterns(parts: &[Part<'_>]) -> bool {
    let mut patterns = parts.iter().flat_map(|part| part.named("patternProperties"));
    patterns.all(|(pattern, _)| applied::compiled(pattern).is_some())
}
