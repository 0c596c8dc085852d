//! Collections whose children are judged each for itself.
//!
//! Whether a child is right says nothing about the next one where a schema speaks of all children in the same way. A choice
//! of several schemas for the whole collection (`oneOf`) is none where all but one are contradicted by what is never left
//! out: the kind of the collection and its scalars.
//!
//! Invariant: a collection is right if its children are, and it is without those that are right. A list without like items
//! ([`are_unique`]) is so if besides its items are apart.

use copydesk_text::{Kind, Node};
use serde_json::Value;

use super::part::Part;
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

/// All parts that speak about a collection of these, if each child is judged alone by them.
pub(super) fn apart<'s>(parts: Vec<Part<'s>>, node: Node<'_>) -> Option<Vec<Part<'s>>> {
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
                    waiting.push(only_branch(&part, keyword, outline.get_or_insert_with(|| outlined(node)))?);
                }
            }
        }
        found.push(part);
    }
    Some(found)
}

/// The one branch that a collection can be, where its kind or one of its words contradicts all others whatever else is in
/// it: then it is right as a whole if it is right as that branch.
fn only_branch<'s>(part: &Part<'s>, keyword: &str, outline: &Value) -> Option<Part<'s>> {
    let mut open = part.list(keyword).filter(|branch| !fit::contradicts(branch, outline));
    let only = open.next().filter(|_| open.next().is_none())?;
    let fit = fit::fit(&only, outline, fit::Known::Whole);
    (fit.kind && fit.telling >= 0).then_some(only)
}

/// A collection with its scalars only: what is never left out.
fn outlined(node: Node<'_>) -> Value {
    if matches!(node.kind(), Kind::Sequence(_)) {
        return Value::Array(Vec::new());
    }
    let scalars = node.entries().iter().filter_map(|entry| {
        let value = entry.value();
        let is_scalar = matches!(value.kind(), Kind::Null | Kind::Scalar(_));
        is_scalar.then(|| Some((value::key_text(entry), value::of_scalar(value)?)))?
    });
    Value::Object(scalars.collect())
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
