//! Collections whose children are judged each for itself.
//!
//! Whether a child is right says nothing about the next one where a schema speaks of all children in the same way. A
//! choice of several schemas for the whole collection (`oneOf`) is none where all but one are contradicted by what is
//! never left out: the kind of the collection, its scalars, a key that is missing, a key that a form does not know.
//!
//! Invariant: a collection is right if its children are, and it is without those that are right. A list without like
//! items ([`are_unique`]) is so if besides its items are apart.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use copydesk_text::{Kind, Node};
use serde_json::{Map, Value};

use super::part::Part;
use super::value::Keys;
use super::{applied, fit, value};

/// More parts are not looked at.
const MOST_PARTS: usize = 16;

/// How far references and `allOf` are followed for the keys of a form.
const DEEPEST: usize = 4;

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

/// How a collection is judged child by child.
#[derive(Default)]
pub(super) struct Apart<'s> {
    /// All parts that speak about it.
    pub(super) parts: Vec<Part<'s>>,
    /// Keys that stay, since they tell that it is none of the other forms.
    pub(super) telling: Vec<String>,
    pub(super) narrowed: Vec<Narrowed>,
    /// Whether it is one of several forms.
    pub(super) is_choice: bool,
}

/// A choice that is none because of the keys that are there and missing.
pub(super) struct Narrowed {
    /// Where the schema stands that has the choice.
    pub(super) part: usize,
    pub(super) keyword: &'static str,
    /// The branch that is left, by its place.
    pub(super) branch: usize,
}

/// Why a collection is none of a form, whatever is left out of it.
enum Against {
    /// Another kind, another word.
    Value,
    Missing,
    /// A key that the form does not know.
    Unknown(String),
}

/// All parts that speak about a collection of these, if each child is judged alone by them.
pub(super) fn apart<'s>(parts: Vec<Part<'s>>, node: Node<'_>, keys: Keys) -> Option<Apart<'s>> {
    let (mut found, mut waiting) = (Apart::default(), parts);
    let mut outline = None;
    while let Some(part) = waiting.pop() {
        if found.parts.len() >= MOST_PARTS || part.word("items").is_some_and(Value::is_array) {
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
                    found.is_choice = true;
                    if let Some(met) = met_branch(&part, keyword, node) {
                        found.parts.push(met);
                        continue;
                    }
                    let outline = outline.get_or_insert_with(|| outlined(node, keys)).as_ref()?;
                    waiting.push(only_branch(&part, keyword, node, outline, &mut found)?);
                }
            }
        }
        found.parts.push(part);
    }
    Some(found)
}

/// A branch that only names keys, where all of these are there: then it is right whatever the others say, as long as
/// none of the keys is left out.
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

/// The one branch that a collection can be, where something contradicts all others whatever else is in it: then it is
/// right as a whole if it is right as that branch.
fn only_branch<'s>(
    part: &Part<'s>,
    keyword: &'static str,
    node: Node<'_>,
    outline: &Value,
    found: &mut Apart<'s>,
) -> Option<Part<'s>> {
    let mut only = None;
    let (mut telling, mut is_by_keys) = (Vec::new(), false);
    for (at, branch) in part.list(keyword).enumerate() {
        match against(&branch, node, outline) {
            Some(Against::Value) => {}
            Some(Against::Missing) => is_by_keys = true,
            Some(Against::Unknown(name)) => {
                is_by_keys = true;
                telling.push(name);
            }
            None if only.is_none() => only = Some((at, branch)),
            None => return None,
        }
    }
    let (branch, only) = only?;
    let fit = fit::fit(&only, outline, fit::Known::Whole);
    if !fit.kind || fit.telling < 0 {
        return None;
    }
    found.telling.append(&mut telling);
    if is_by_keys {
        found.narrowed.push(Narrowed { part: part.address(), keyword, branch });
    }
    Some(only)
}

fn against(branch: &Part<'_>, node: Node<'_>, outline: &Value) -> Option<Against> {
    if fit::contradicts(branch, outline) {
        return Some(Against::Value);
    }
    if matches!(node.kind(), Kind::Mapping(_)) { keys_against(branch, node, DEEPEST) } else { None }
}

/// Whether a mapping lacks a key that a form must have, or has one that it does not know.
fn keys_against(part: &Part<'_>, node: Node<'_>, depth: usize) -> Option<Against> {
    let depth = depth.checked_sub(1)?;
    let referred = part.text("$ref").and_then(|_| part.referred());
    let behind = referred.and_then(|other| keys_against(&other, node, depth));
    if behind.is_some() || part.is_only_reference() {
        return behind;
    }
    // The key that names the schema may not count.
    let is_name = |name: &str| name == "$schema";
    if fit::required(part).any(|name| !is_name(name) && node.entry(name).is_none()) {
        return Some(Against::Missing);
    }
    let is_closed = part.word("additionalProperties") == Some(&Value::Bool(false))
        && part.word("patternProperties").is_none();
    let listed = part.word("properties").and_then(Value::as_object);
    let is_known = |name: &str| is_name(name) || listed.is_some_and(|listed| listed.contains_key(name));
    let unknown = || node.entries().iter().map(value::key_text).find(|name| !is_known(name));
    let unknown = if is_closed { unknown() } else { None };
    unknown
        .map(Against::Unknown)
        .or_else(|| part.list("allOf").find_map(|other| keys_against(&other, node, depth)))
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
