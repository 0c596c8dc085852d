//! Keys and items that no other keyword of a schema speaks about, and the schema that stands there for them.
//!
//! `unevaluatedProperties` and `unevaluatedItems` say which keys and items are wrong, and not what is wrong with them.
//! Where they are `false` that is enough; where they are a schema, the values are judged once more, by it alone.

use std::collections::BTreeMap;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::paths::{Location, LocationSegment};
use referencing::Draft;
use serde_json::{Value, json};

use super::Schema;
use super::branch::{What, Wrong};
use super::compile::validator;
use super::keys::known_names;
use super::told::is_below;

/// Where the schema that judges values once more stands; nothing refers to it.
const PLACE: &str = "json-schema:///unevaluated";

/// A value that is judged once more.
struct Rest {
    /// By its place in what was judged.
    place: Location,
    /// Where its schema stands.
    schema: String,
    /// The wrong that it was part of.
    of: usize,
}

/// What is wrong with a value by the schema of the rest.
pub(super) struct Found {
    pub(super) error: ValidationError<'static>,
    /// The branch as which the value around it was read.
    pub(super) branch: Option<String>,
}

/// How much is wrong at each place.
pub(super) type Counts = BTreeMap<String, usize>;

pub(super) fn counts(wrongs: &[Wrong<'_, '_>]) -> Counts {
    let mut counts = BTreeMap::new();
    for wrong in wrongs {
        *counts.entry(wrong.pointer.as_str().to_owned()).or_default() += 1;
    }
    counts
}

/// Whether nothing else is wrong with the value, or in it.
pub(super) fn is_alone(counts: &Counts, wrong: &Wrong<'_, '_>) -> bool {
    let place = wrong.pointer.as_str();
    let below = counts.range(format!("{place}/")..format!("{place}0")).next();
    below.is_none() && counts.get(place) == Some(&1)
}

/// What is wrong by schemas of the rest. What was said of those values before is taken out of `wrongs`.
pub(super) fn judged(wrongs: &mut Vec<Wrong<'_, '_>>, schema: &Schema, whole: &Value) -> Vec<Found> {
    let counts = counts(wrongs);
    let rests: Vec<Rest> =
        wrongs.iter().enumerate().flat_map(|(at, wrong)| rests(at, wrong, &counts)).collect();
    if rests.is_empty() {
        return Vec::new();
    }
    let root = rests.iter().fold(json!({}), |root, rest| with(root, rest, whole, schema.draft));
    let Ok(validator) = validator(&schema.registry, &root, PLACE, Some(schema.draft)) else {
        return Vec::new();
    };
    let mut told = vec![false; wrongs.len()];
    let mut found = Vec::new();
    for error in validator.iter_errors(whole).take(wrongs.len() * 16) {
        let rest = rests.iter().find(|rest| is_below(error.instance_path().as_str(), rest.place.as_str()));
        if let Some((of, known)) = rest.and_then(|rest| Some((rest.of, told.get_mut(rest.of)?))) {
            *known = true;
            let branch = wrongs.get(of).and_then(|wrong| wrong.branch.clone());
            found.push(Found { error: error.to_owned(), branch });
        }
    }
    let mut at = 0;
    wrongs.retain(|_| {
        at += 1;
        told.get(at - 1) != Some(&true)
    });
    found
}

/// The values of a wrong that a schema is there for.
fn rests(of: usize, wrong: &Wrong<'_, '_>, counts: &Counts) -> Vec<Rest> {
    let (What::Error(error), Some(part)) = (&wrong.what, &wrong.part) else { return Vec::new() };
    let Some(schema) = error.absolute_keyword_location() else { return Vec::new() };
    let rest = |place: Location| Rest { place, schema: schema.as_str().to_owned(), of };
    let around = error.instance_path();
    match error.kind() {
        Kind::UnevaluatedProperties { unexpected }
            if part.word("unevaluatedProperties").is_some_and(speaks) =>
        {
            let is_alone = is_alone(counts, wrong);
            let known = known_names(part);
            let is_own = |name: &&String| is_alone || known.binary_search(&name.as_str()).is_err();
            unexpected.iter().filter(is_own).map(|name| rest(around.join(name.as_str()))).collect()
        }
        Kind::UnevaluatedItems { unexpected }
            if is_alone(counts, wrong) && part.word("unevaluatedItems").is_some_and(speaks) =>
        {
            let items = unexpected_items(error.instance(), unexpected);
            items.into_iter().map(|item| rest(around.join(item))).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a schema says more than that nothing is right.
pub(super) fn speaks(schema: &Value) -> bool {
    *schema != Value::Bool(false)
}

/// The numbers of the items that an error names by their values. Of equal ones the last are meant: what other keywords
/// speak about stands in front.
pub(super) fn unexpected_items(value: &Value, unexpected: &[String]) -> Vec<usize> {
    let mut left = unexpected.iter().rev().peekable();
    let items = value.as_array().map_or(&[][..], Vec::as_slice).iter().enumerate().rev();
    let mut found: Vec<usize> = items
        .filter(|(_, item)| left.next_if(|text| **text == item.to_string()).is_some())
        .map(|(at, _)| at)
        .collect();
    found.reverse();
    found
}

/// The schema with what is said about one more value.
fn with(mut root: Value, rest: &Rest, whole: &Value, draft: Draft) -> Value {
    let (mut schema, mut value) = (&mut root, Some(whole));
    for segment in rest.place.segments() {
        if let (Some(Value::Array(items)), LocationSegment::Index(at)) = (value, &segment) {
            value = items.get(*at);
            let word = if draft == Draft::Draft201909 { "items" } else { "prefixItems" };
            let list = &mut schema[word];
            if !list.is_array() {
                *list = json!([]);
            }
            if let Value::Array(list) = &mut *list {
                list.resize(list.len().max(at + 1), json!({}));
            }
            schema = &mut list[*at];
        } else {
            let name = segment.to_string();
            value = value.and_then(|value| value.get(&name));
            schema = &mut schema["properties"][name];
            if schema.is_null() {
                *schema = json!({});
            }
        }
    }
    let reference = json!({ "$ref": rest.schema });
    match &mut schema["allOf"] {
        Value::Array(all) => all.push(reference),
        none => *none = json!([reference]),
    }
    root
}
