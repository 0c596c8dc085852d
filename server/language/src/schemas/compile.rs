//! From documents to a schema that can be asked.
//!
//! What cannot work is taken out before, and said: references that lead nowhere, and references that lead back to
//! themselves without taking a step in the value, which would never end.
//!
//! Invariants
//! - No retriever here reaches a disk or a network: what is not among the documents is not there.
//! - Every schema that leaves this file ends, on every value.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ptr;

use jsonschema::{PatternOptions, ValidationError, Validator};
use referencing::{Draft, Registry, Retrieve, Uri};
use serde_json::{Value, json};

use super::documents::{self, Documents, Read};
use super::part::{Edge, Part};
use super::{deprecated, holds_word};

/// How many parts may look at one value, each referring to the next.
const LONGEST_CHAIN: usize = 60;

/// How often a pattern may step back before it counts as too costly.
const MOST_STEPS: usize = 100_000;

/// What was made, and what had to be left out, each a sentence's fragment.
pub(super) struct Compiled {
    pub(super) registry: Registry<'static>,
    pub(super) validator: Validator,
    pub(super) draft: Draft,
    pub(super) problems: Vec<String>,
    /// How many parts follow one another at one value, at most.
    pub(super) height: usize,
    /// The names of keys that are marked as ones that should no longer be written.
    pub(super) deprecated_keys: BTreeSet<String>,
}

/// Makes the schema at `url`. The error is a fragment of a sentence: why there is none.
pub(super) fn compile(url: &str, read: &mut Read<'_>) -> Result<Compiled, String> {
    let found = documents::gather(url, read)?;
    let root = found.by_url.get(url).ok_or("it is not there")?;
    let said = documents::draft_of(root);
    let mut problems: Vec<String> =
        found.missing.iter().map(|(url, why)| format!("it refers to '{url}', but {why}")).collect();
    if said == Draft::Unknown && root.get("$schema").and_then(Value::as_str).is_some_and(is_draft_3) {
        return Err("it is written in draft 3 of JSON Schema; drafts 4, 6, 7, 2019-09 and 2020-12 are read"
            .to_owned());
    }
    let draft = if said == Draft::Unknown { Draft::Draft202012 } else { said };
    let (unfit, height) = unfit(url, &found, draft, &mut problems)?;
    let by_url: BTreeMap<String, Value> = found
        .by_url
        .iter()
        .map(|(url, value)| (url.clone(), cleaned(value, &unfit, &found.missing)))
        .collect();
    let root = by_url.get(url).cloned().unwrap_or_default();
    let is_any_old = by_url.values().any(|value| holds_word(value, deprecated::WORDS));
    let registry = Registry::new().draft(draft).retriever(Nothing).extend(by_url);
    let registry =
        registry.and_then(referencing::RegistryBuilder::prepare).map_err(|error| no_schema(&error))?;
    let own = if root.get("$schema").is_none() { Some(draft) } else { None };
    let validator = validator(&registry, &root, url, own).map_err(|error| {
        let place = error.instance_path().as_str();
        let place = if place.is_empty() { String::new() } else { format!(" at '{place}'") };
        format!("it is no valid schema{place}: {}", shortened(&error.to_string()))
    })?;
    let root = if is_any_old { Part::at(&registry, url) } else { None };
    let deprecated_keys = root.map(deprecated_keys).unwrap_or_default();
    Ok(Compiled { registry, validator, draft, problems, height, deprecated_keys })
}

/// What judges values by a schema that stands at `base`. `draft` is for one that does not name its own.
pub(super) fn validator<'s>(
    registry: &Registry<'_>,
    root: &'s Value,
    base: &str,
    draft: Option<Draft>,
) -> Result<Validator, ValidationError<'s>> {
    let options = jsonschema::options()
        .with_registry(registry)
        .with_base_uri(base)
        .with_retriever(Nothing)
        .should_validate_formats(true)
        // Remarks about what a text holds, and no more.
        .without_content_media_type_support("application/json")
        .without_content_encoding_support("base64")
        .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(MOST_STEPS));
    match draft {
        Some(draft) => options.with_draft(draft),
        None => options,
    }
    .build(root)
}

fn no_schema(error: &referencing::Error) -> String {
    format!("it is no valid schema: {}", shortened(&error.to_string()))
}

fn is_draft_3(named: &str) -> bool {
    named.contains("json-schema.org/draft-03") || named.contains("json-schema.org/draft-02")
}

/// A library's sentence, which may quote a whole schema.
fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut short: String = line.chars().take(200).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

/// Answers for documents that are not there: anything goes.
struct Nothing;

impl Retrieve for Nothing {
    fn retrieve(&self, _: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Ok(json!({}))
    }
}

/// The schema objects whose reference must not be followed, by where they stand in memory.
fn unfit(
    url: &str,
    found: &Documents,
    draft: Draft,
    problems: &mut Vec<String>,
) -> Result<(BTreeSet<usize>, usize), String> {
    let pairs = found.by_url.iter().map(|(url, value)| (url.as_str(), value));
    let registry = Registry::new().draft(draft).retriever(Nothing).extend(pairs);
    let registry =
        registry.and_then(referencing::RegistryBuilder::prepare).map_err(|error| no_schema(&error))?;
    let root = found.by_url.get(url).and_then(|root| Part::with_base(&registry, root, url, draft));
    let parts = root.map(reachable).unwrap_or_default();
    let mut search = Search { unfit: BTreeSet::new(), heights: HashMap::new(), way: Vec::new(), problems };
    let mut height = 1;
    for part in parts.into_iter().filter(Part::has_reference) {
        if part.leads_somewhere() {
            height = height.max(search.visit(part, Edge::Inner));
        } else {
            search.cut(&part, "which is not there");
        }
    }
    Ok((search.unfit, height))
}

/// The parts that can be reached from the root. A definition that nobody uses may be as broken as it likes.
fn reachable(root: Part<'_>) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![root];
    while let Some(part) = waiting.pop() {
        if seen.insert(part.address()) {
            waiting.extend(part.inside());
            waiting.extend(part.referred());
            found.push(part);
        }
    }
    found
}

/// The names of keys that should no longer be written.
fn deprecated_keys(root: Part<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for part in reachable(root) {
        let old = part.named("properties").filter(|(_, inner)| deprecated::why(inner).is_some());
        names.extend(old.map(|(name, _)| name.to_owned()));
    }
    names
}

/// A walk along all parts that look at one value.
struct Search<'p, 's> {
    unfit: BTreeSet<usize>,
    /// How many parts follow one another from a part on; `None` while it is on the way.
    heights: HashMap<usize, Option<usize>>,
    /// The parts on the way, each with how it was reached.
    way: Vec<(Edge, Part<'s>)>,
    problems: &'p mut Vec<String>,
}

impl<'s> Search<'_, 's> {
    /// How many parts follow one another from `part` on, at most.
    fn visit(&mut self, part: Part<'s>, edge: Edge) -> usize {
        let address = part.address();
        match self.heights.get(&address) {
            Some(Some(height)) => return *height,
            Some(None) => {
                self.cut_circle(address, edge);
                return 0;
            }
            None => {}
        }
        self.heights.insert(address, None);
        let next = part.in_place();
        self.way.push((edge, part.clone()));
        let mut height = 0;
        for (edge, next) in next {
            if edge == Edge::Reference && self.unfit.contains(&address) {
                continue;
            }
            let beyond =
                if self.way.len() < 8 * LONGEST_CHAIN { self.visit(next, edge) } else { LONGEST_CHAIN };
            if edge == Edge::Reference && beyond >= LONGEST_CHAIN {
                self.cut(&part, "through too many others");
            } else {
                height = height.max(beyond);
            }
        }
        self.way.pop();
        self.heights.insert(address, Some(height + 1));
        height + 1
    }

    /// The part at `address` is on the way, and `edge` leads back to it: the last reference between is not followed.
    fn cut_circle(&mut self, address: usize, edge: Edge) {
        let mut edge = edge;
        let mut holder = None;
        for (reached_by, part) in self.way.iter().rev() {
            if edge == Edge::Reference {
                holder = Some(part.clone());
                break;
            }
            if part.address() == address {
                break;
            }
            edge = *reached_by;
        }
        if let Some(part) = holder {
            self.cut(&part, "which leads back to itself without end");
        }
    }

    fn cut(&mut self, part: &Part<'_>, why: &str) {
        if !self.unfit.insert(part.address()) {
            return;
        }
        let words = ["$ref", "$dynamicRef", "$recursiveRef"];
        let reference = words.into_iter().find_map(|word| part.text(word)).unwrap_or_default();
        let problem = format!("it refers to '{reference}', {why}");
        if self.problems.len() < 20 && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// A copy without the references that must not be followed.
fn cleaned(value: &Value, unfit: &BTreeSet<usize>, missing: &BTreeMap<String, String>) -> Value {
    let draft = documents::draft_of(value);
    Cleaner { unfit, missing, draft }.copy(value, Holds::Schema)
}

struct Cleaner<'c> {
    unfit: &'c BTreeSet<usize>,
    missing: &'c BTreeMap<String, String>,
    draft: Draft,
}

/// What the keys of a mapping are.
#[derive(Clone, Copy, PartialEq)]
enum Holds {
    /// Keywords.
    Schema,
    /// Names that somebody chose.
    Named,
    /// Neither: it is data.
    Data,
}

impl Cleaner<'_> {
    fn copy(&self, value: &Value, holds: Holds) -> Value {
        match value {
            Value::Object(map) => {
                let is_unfit = self.unfit.contains(&ptr::from_ref(value).addr());
                let kept = map.iter().filter(|(key, value)| match key.as_str() {
                    "$ref" | "$dynamicRef" | "$recursiveRef" => !is_unfit,
                    "$schema" => value
                        .as_str()
                        .is_none_or(|named| !self.missing.contains_key(named.trim_end_matches('#'))),
                    _ => true,
                });
                Value::Object(kept.map(|(key, value)| self.entry(key, value, holds)).collect())
            }
            Value::Array(items) => items.iter().map(|item| self.copy(item, holds)).collect(),
            other => other.clone(),
        }
    }

    fn entry(&self, key: &str, value: &Value, holds: Holds) -> (String, Value) {
        // Draft 4 has no `const`; those who write it there mean it all the same.
        if holds == Holds::Schema && key == "const" && self.draft == Draft::Draft4 {
            return ("enum".to_owned(), Value::Array(vec![value.clone()]));
        }
        let inner = match (holds, key) {
            (Holds::Data, _) | (Holds::Schema, "const" | "enum" | "default" | "examples") => Holds::Data,
            (
                Holds::Schema,
                "properties" | "patternProperties" | "definitions" | "$defs" | "dependencies",
            ) => Holds::Named,
            _ => Holds::Schema,
        };
        (key.to_owned(), self.copy(value, inner))
    }
}
