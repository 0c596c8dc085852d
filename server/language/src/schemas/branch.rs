//! Which branch of an `anyOf` or `oneOf` the author meant, and what is wrong with the value as that branch.
//!
//! "Fits none of them" helps nobody. A person writes one of several forms, and gives away which: by a word that tells
//! them apart (`type: shell`), by the keys that are there, at last by being least wrong. That branch's own mistakes are
//! what is reported, at their own places, with the branch's name.

use copydesk_text::{Node, Tree};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::paths::Location;
use referencing::Registry;
use serde_json::Value;

use super::fit::{self, Fit, Known};
use super::keys::dependency;
use super::locate::spot;
use super::part::Part;
use super::pieces::Pieces;
use super::value::{self, Keys};
use crate::check::suggest::Suggest;

/// One thing that is wrong, before it has words.
pub(super) struct Wrong<'e, 's> {
    pub(super) pointer: Location,
    pub(super) what: What<'e, 's>,
    /// The schema object that says so.
    pub(super) part: Option<Part<'s>>,
    /// The branch as which the value was read.
    pub(super) branch: Option<String>,
}

/// What it is.
pub(super) enum What<'e, 's> {
    /// As the validator says it.
    Error(&'e ValidationError<'e>),
    /// Another kind of value than any of these.
    Types(Vec<&'static str>, &'e Value),
    /// None of these words.
    Words(Vec<&'s Value>, &'e Value),
    /// It fits several branches of which one is allowed.
    Several(Vec<String>),
}

/// Takes the validator's errors apart, down to what a person did wrong.
pub(super) struct Expander<'s, 't> {
    pub(super) registry: &'s Registry<'static>,
    pub(super) tree: &'t Tree,
    pub(super) root: Node<'t>,
    pub(super) keys: Keys,
    pub(super) pieces: &'s Pieces,
    /// Whether something may have been left out that is wrong by the branch that was meant.
    pub(super) is_partial: bool,
    /// How many more things are looked for.
    pub(super) budget: usize,
    pub(super) suggest: Suggest,
}

impl<'s> Expander<'s, '_> {
    pub(super) fn expand<'e>(
        &mut self,
        error: &'e ValidationError<'e>,
        branch: Option<&str>,
        into: &mut Vec<Wrong<'e, 's>>,
    ) {
        if self.budget == 0 {
            return;
        }
        match error.kind() {
            Kind::AnyOf { context } => self.branches(error, "anyOf", context, branch, into),
            Kind::OneOfNotValid { context } => self.branches(error, "oneOf", context, branch, into),
            Kind::OneOfMultipleValid { context } => {
                let part = self.part_of(error);
                let branches: Vec<_> = part.iter().flat_map(|part| part.list("oneOf")).collect();
                let fitting = context.iter().enumerate().filter(|(_, errors)| errors.is_empty());
                let names = fitting.map(|(at, _)| name_of(branches.get(at), at)).collect();
                self.push(error, What::Several(names), part, branch, into);
            }
            _ => {
                let part = self.part_of(error);
                self.push(error, What::Error(error), part, branch, into);
            }
        }
    }

    fn push<'e>(
        &mut self,
        error: &ValidationError<'_>,
        what: What<'e, 's>,
        part: Option<Part<'s>>,
        branch: Option<&str>,
        into: &mut Vec<Wrong<'e, 's>>,
    ) {
        self.budget -= 1;
        let pointer = self.pieces.place(error.instance_path());
        into.push(Wrong { pointer, what, part, branch: branch.map(str::to_owned) });
    }

    fn branches<'e>(
        &mut self,
        error: &'e ValidationError<'e>,
        keyword: &str,
        context: &'e [Vec<ValidationError<'static>>],
        branch: Option<&str>,
        into: &mut Vec<Wrong<'e, 's>>,
    ) {
        let value: &'e Value = error.instance();
        let part = self.part_of(error);
        let parts: Vec<Part<'s>> = part.iter().flat_map(|part| part.list(keyword)).collect();
        if parts.len() != context.len() {
            // The schema is not where it says: the branch with the fewest mistakes, without a name.
            if let Some(errors) = context.iter().min_by_key(|errors| errors.len()) {
                for error in errors {
                    self.expand(error, branch, into);
                }
            }
            return;
        }
        let by_branch: Vec<Option<Vec<&'s Value>>> = parts.iter().map(fit::literals).collect();
        let all_are_words = by_branch.iter().all(Option::is_some);
        let words: Vec<&'s Value> = by_branch.into_iter().flatten().flatten().collect();
        if all_are_words || self.is_near_word(value, &words) {
            return self.push(error, What::Words(words, value), part, branch, into);
        }
        let place = error.instance_path();
        let read_as = part.as_ref().and_then(|part| self.pieces.narrowed(place, part.address(), keyword));
        // How well the whole fits does not depend on what is left of it.
        let whole = read_as.map(|_| self.glance(place));
        let seen = whole.as_ref().unwrap_or(value);
        let fits: Vec<Fit> = parts.iter().map(|part| fit::fit(part, seen, Known::Whole)).collect();
        let right_kind = fits.iter().filter(|fit| fit.kind).count();
        if right_kind == 0
            && let Some(types) = types_of_all(&parts)
        {
            return self.push(error, What::Types(types, value), part, branch, into);
        }
        let best = fits.iter().max().copied();
        if let Some((name, words)) =
            best.filter(|best| best.kind && best.telling < 0).and_then(|_| telling_key(&parts, value))
            && let Some(inner) = value.get(&name)
        {
            self.budget -= 1;
            let pointer = self.pieces.place(error.instance_path()).join(name.as_str());
            let branch = branch.map(str::to_owned);
            into.push(Wrong { pointer, what: What::Words(words, inner), part, branch });
            return;
        }
        let deepest = |errors: &[ValidationError<'_>]| {
            errors.iter().map(|error| error.instance_path().as_str().len()).max().unwrap_or(0)
        };
        let chosen = (0..parts.len()).max_by_key(|at| {
            let errors = &context[*at];
            (fits[*at], std::cmp::Reverse(errors.len()), deepest(errors), std::cmp::Reverse(*at))
        });
        let Some(chosen) = chosen else { return };
        self.is_partial |= self.pieces.is_part && read_as.is_some_and(|branch| branch != chosen);
        let name = (right_kind > 1).then(|| name_of(parts.get(chosen), chosen));
        let name = name.as_deref().or(branch);
        for error in &context[chosen] {
            self.expand(error, name, into);
        }
    }

    fn glance(&self, shown: &Location) -> Value {
        let spot = spot(self.tree, self.root, &self.pieces.place(shown), self.keys);
        value::glance(self.tree, spot.node, self.keys)
    }

    fn is_near_word(&mut self, value: &Value, words: &[&Value]) -> bool {
        let Some(text) = value.as_str() else { return false };
        self.suggest.nearest(text, words.iter().filter_map(|word| word.as_str())).is_some()
    }

    /// The schema object whose keyword found the error.
    fn part_of(&self, error: &ValidationError<'_>) -> Option<Part<'s>> {
        let place = error.absolute_keyword_location()?.as_str();
        let steps = match error.kind() {
            // The schema `false` is no keyword of anything.
            Kind::FalseSchema => 0,
            Kind::Required { .. } if dependency(error).is_some() => 2,
            _ => usize::from(place.contains("#/")),
        };
        let mut place = place;
        for _ in 0..steps {
            place = place.rsplit_once('/')?.0;
        }
        Part::at(self.registry, place)
    }
}

/// The words of all branches for the kinds of value they take; `None` where one of them does not say.
fn types_of_all(parts: &[Part<'_>]) -> Option<Vec<&'static str>> {
    let mut words = Vec::new();
    for part in parts {
        for word in types_of(part, 4)? {
            if !words.contains(&word) {
                words.push(word);
            }
        }
    }
    Some(words)
}

/// The kinds of value that a part takes, as JSON Schema calls them.
pub(super) fn types_of(part: &Part<'_>, depth: usize) -> Option<Vec<&'static str>> {
    part.types_once(depth, || types_within(part, depth))
}

fn types_within(part: &Part<'_>, depth: usize) -> Option<Vec<&'static str>> {
    let depth = depth.checked_sub(1)?;
    match part.word("type") {
        Some(Value::String(name)) => return Some(vec![type_word(name)?]),
        Some(Value::Array(names)) => return names.iter().map(|name| type_word(name.as_str()?)).collect(),
        _ => {}
    }
    if let Some(words) = fit::literals(part) {
        let mut kinds: Vec<_> = words.into_iter().map(kind_of).collect();
        kinds.dedup();
        return Some(kinds);
    }
    if part.word("properties").is_some() || part.word("required").is_some() {
        return Some(vec!["object"]);
    }
    let referred = part.referred().and_then(|other| types_of(&other, depth));
    referred.or_else(|| part.list("allOf").find_map(|other| types_of(&other, depth))).or_else(|| {
        ["anyOf", "oneOf"].into_iter().find_map(|keyword| {
            let parts: Vec<_> = part.list(keyword).collect();
            if parts.is_empty() {
                return None;
            }
            let all: Option<Vec<_>> = parts.iter().map(|part| types_of(part, depth)).collect();
            Some(all?.into_iter().flatten().collect())
        })
    })
}

fn type_word(name: &str) -> Option<&'static str> {
    ["string", "number", "integer", "boolean", "array", "object", "null"]
        .into_iter()
        .find(|word| *word == name)
}

/// The kind of a value, as JSON Schema calls it.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The key whose word tells the branches apart and fits none of them, with the words that would.
fn telling_key<'s>(parts: &[Part<'s>], value: &Value) -> Option<(String, Vec<&'s Value>)> {
    let entries = value.as_object()?;
    let mut found: Vec<(usize, String, Vec<&'s Value>)> = Vec::new();
    for (name, inner) in entries.iter().filter(|(_, inner)| !inner.is_object() && !inner.is_array()) {
        let by_branch: Vec<_> = parts.iter().filter_map(|part| words_of_key(part, name, 6)).collect();
        let words: Vec<&'s Value> = by_branch.iter().flatten().copied().collect();
        if !words.is_empty() && !words.contains(&inner) {
            found.push((by_branch.len(), name.clone(), words));
        }
    }
    let usual = |name: &str| matches!(name, "type" | "kind");
    let best = found.into_iter().max_by_key(|(count, name, _)| (*count, usual(name)));
    best.map(|(_, name, words)| (name, words))
}

/// The words that a part allows behind a key.
fn words_of_key<'s>(part: &Part<'s>, name: &str, depth: usize) -> Option<Vec<&'s Value>> {
    let depth = depth.checked_sub(1)?;
    let own = part.entry("properties", name).and_then(|inner| fit::literals(&inner));
    own.or_else(|| words_of_key(&part.referred()?, name, depth))
        .or_else(|| part.list("allOf").find_map(|other| words_of_key(&other, name, depth)))
}

/// What a branch is called: by its title, the name it is referred to by, the word that tells it apart, its keys.
pub(super) fn name_of(part: Option<&Part<'_>>, at: usize) -> String {
    part.and_then(|part| given_name(part, 4)).unwrap_or_else(|| format!("form {}", at + 1))
}

fn given_name(part: &Part<'_>, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    if let Some(title) = part.text("title") {
        return Some(format!("'{}'", title.trim()));
    }
    if let Some(reference) = part.text("$ref") {
        let title = part.referred().and_then(|other| other.text("title"));
        let last = reference.trim_end_matches(['/', '#']).rsplit(['/', '#']).next().unwrap_or(reference);
        let last = last.split('.').next().unwrap_or(last);
        return Some(format!("'{}'", title.map_or(last, str::trim)));
    }
    let telling = part.named("properties").find_map(|(name, inner)| {
        let words = fit::literals(&inner)?;
        let [only] = words.as_slice() else { return None };
        Some(format!("'{name}: {}'", plain(only)))
    });
    let keys = || {
        let keys: Vec<String> = fit::required(part).take(3).map(|key| format!("'{key}'")).collect();
        (!keys.is_empty())
            .then(|| format!("the form with {}", crate::shape::join(&keys).replace(" or ", " and ")))
    };
    let inner = || part.list("allOf").find_map(|other| given_name(&other, depth));
    let kind = || {
        let types = types_of(part, 2)?;
        let words: Vec<String> = types.iter().map(|word| kind_words(word).to_owned()).collect();
        Some(crate::shape::join(&words))
    };
    telling.or_else(keys).or_else(inner).or_else(kind)
}

/// A value in one line.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A kind of value in words for people.
pub(super) fn kind_words(name: &str) -> &'static str {
    match name {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a mapping",
        _ => "nothing (null)",
    }
}
