//! How well a value fits a part of a schema, roughly.
//!
//! The verdict on a value is the validator's. This here is for guesses: which of several branches the author meant,
//! in a text that may be half typed. So it looks at what people look at: the kind of value, words that tell branches
//! apart (`type: shell`), required keys, unknown keys.

use std::cmp::Reverse;

use serde_json::Value;

use super::part::Part;

/// How deep values are looked into.
const DEEPEST: usize = 4;

/// How much of a value is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// All of it.
    Whole,
    /// It is being typed: what is missing may come, and `null` stands for anything.
    Partly,
}

/// How well. The better fit is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    /// Whether it is the right kind of value at all.
    pub(super) kind: bool,
    /// Words that tell branches apart: -1 where one contradicts, 1 where one agrees.
    pub(super) telling: i8,
    pub(super) wrong: Reverse<usize>,
    pub(super) right: usize,
}

impl Fit {
    const NEUTRAL: Self = Self { kind: true, telling: 0, wrong: Reverse(0), right: 0 };

    /// Whether nothing speaks against it.
    pub(super) fn is_clean(self) -> bool {
        self.kind && self.telling >= 0 && self.wrong.0 == 0
    }

    fn and(self, other: Self) -> Self {
        let telling = if self.telling.min(other.telling) < 0 { -1 } else { self.telling.max(other.telling) };
        Self {
            kind: self.kind && other.kind,
            telling,
            wrong: Reverse(self.wrong.0 + other.wrong.0),
            right: self.right + other.right,
        }
    }

    fn wrong(mut self) -> Self {
        self.wrong.0 += 1;
        self
    }
}

/// How well `value` fits `part`.
pub(super) fn fit(part: &Part<'_>, value: &Value, known: Known) -> Fit {
    fit_within(part, value, known, DEEPEST)
}

/// The branches that fit best, by their place in the list.
pub(super) fn best(branches: &[Part<'_>], value: &Value, known: Known) -> Vec<usize> {
    let fits: Vec<Fit> = branches.iter().map(|branch| fit(branch, value, known)).collect();
    let Some(best) = fits.iter().max().copied() else { return Vec::new() };
    (0..fits.len())
        .filter(|at| match known {
            Known::Whole => fits[*at] == best,
            // While it is typed, every branch that nothing speaks against may be the one.
            Known::Partly if best.is_clean() => fits[*at].is_clean() && fits[*at].telling == best.telling,
            Known::Partly => (fits[*at].kind, fits[*at].telling) == (best.kind, best.telling),
        })
        .collect()
}

/// Whether a collection cannot be what a part describes, whatever stands in it besides the scalars that are there.
///
/// Only what [`fit`] sees as well: another kind of value, or another word at a key whose words tell branches apart.
pub(super) fn contradicts(part: &Part<'_>, outline: &Value) -> bool {
    contradicts_within(part, outline, DEEPEST)
}

fn contradicts_within(part: &Part<'_>, outline: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    if let Value::Bool(anything) = part.value {
        return !anything;
    }
    let referred = part.text("$ref").and_then(|_| part.referred());
    if referred.is_some_and(|other| contradicts_within(&other, outline, depth)) {
        return true;
    }
    if part.is_only_reference() {
        return false;
    }
    let is_other_word = |(name, inner): (&str, Part<'_>)| {
        let value = outline.get(name).filter(|value| is_scalar(value));
        let words = literals(&inner).filter(|_| !inner.is_only_reference());
        value.zip(words).is_some_and(|(value, words)| !words.iter().any(|word| same(word, value)))
    };
    let all = |keyword: &str| {
        let mut branches = part.list(keyword).peekable();
        branches.peek().is_some() && branches.all(|other| contradicts_within(&other, outline, depth))
    };
    part.word("type").is_some_and(|types| !has_type(outline, types))
        || part.named("properties").any(is_other_word)
        || part.list("allOf").any(|other| contradicts_within(&other, outline, depth))
        || all("anyOf")
        || all("oneOf")
}

fn fit_within(part: &Part<'_>, value: &Value, known: Known, depth: usize) -> Fit {
    let mut fit = Fit::NEUTRAL;
    let Some(depth) = depth.checked_sub(1) else { return fit };
    if known == Known::Partly && value.is_null() {
        return fit;
    }
    if let Value::Bool(anything) = part.value {
        return Fit { kind: *anything, ..fit };
    }
    if let Some(other) = part.referred() {
        fit = fit.and(fit_within(&other, value, known, depth + 1));
        if part.is_only_reference() {
            return fit;
        }
    }
    if let Some(types) = part.word("type") {
        fit.kind &= has_type(value, types);
    }
    if let Some(words) = own_literals(part) {
        let agrees = words.iter().any(|word| same(word, value));
        fit = fit.and(Fit { telling: if agrees { 1 } else { -1 }, ..Fit::NEUTRAL });
    }
    if !fit.kind {
        return fit;
    }
    for other in part.list("allOf") {
        fit = fit.and(fit_within(&other, value, known, depth));
    }
    for keyword in ["anyOf", "oneOf"] {
        if let Some(best) = part.list(keyword).map(|other| fit_within(&other, value, known, depth)).max() {
            fit = fit.and(best);
        }
    }
    if let Some(not) = part.sub("not")
        && known == Known::Whole
        && fit_within(&not, value, known, depth).is_clean()
    {
        fit = fit.wrong();
    }
    match value {
        Value::Object(entries) => fit.and(object(part, entries, known, depth)),
        Value::Array(items) => {
            let item = part.sub("items");
            let inner = item.into_iter().flat_map(|item| {
                items
                    .iter()
                    .take(5)
                    .map(move |value| fit_within(&item, value, known, depth))
                    .collect::<Vec<_>>()
            });
            inner.fold(fit, |fit, inner| if inner.is_clean() { fit } else { fit.wrong() })
        }
        _ => fit,
    }
}

fn object(part: &Part<'_>, entries: &serde_json::Map<String, Value>, known: Known, depth: usize) -> Fit {
    let mut fit = Fit::NEUTRAL;
    for (name, inner) in part.named("properties") {
        let Some(value) = entries.get(name) else { continue };
        fit.right += 1;
        if inner.value == &Value::Bool(false) {
            fit = fit.wrong();
        } else if let Some(words) = literals(&inner).filter(|_| is_scalar(value))
            && !(known == Known::Partly && value.is_null())
        {
            let agrees = words.iter().any(|word| same(word, value));
            fit = fit.and(Fit { telling: if agrees { 1 } else { -1 }, ..Fit::NEUTRAL });
        } else if !fit_within(&inner, value, known, depth).is_clean() {
            fit = fit.wrong();
        }
    }
    for name in required(part) {
        if entries.contains_key(name) {
            fit.right += 1;
        } else if known == Known::Whole {
            fit = fit.wrong();
        }
    }
    if part.word("additionalProperties") == Some(&Value::Bool(false))
        && part.word("patternProperties").is_none()
    {
        let listed = part.word("properties").and_then(Value::as_object);
        let is_listed = |name: &String| listed.is_some_and(|listed| listed.contains_key(name));
        fit.wrong.0 += entries.keys().filter(|name| !is_listed(name)).count();
    }
    fit
}

/// The required keys of a part itself.
pub(super) fn required<'s>(part: &Part<'s>) -> impl Iterator<Item = &'s str> + use<'s> {
    part.word("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The values that a part allows one by one, its references and `allOf` included.
pub(super) fn literals<'s>(part: &Part<'s>) -> Option<Vec<&'s Value>> {
    part.literals_once(DEEPEST, || literals_within(part, DEEPEST))
}

fn literals_within<'s>(part: &Part<'s>, depth: usize) -> Option<Vec<&'s Value>> {
    let depth = depth.checked_sub(1)?;
    let own = own_literals(part);
    if own.is_some() || part.word("properties").is_some() {
        // What has keys is no word, and looking behind it would cost most of all.
        return own;
    }
    let find = |other: Part<'s>| other.literals_once(depth, || literals_within(&other, depth));
    let referred = part.referred().and_then(find);
    referred.or_else(|| part.list("allOf").find_map(|other| literals_within(&other, depth))).or_else(|| {
        // A list of constants, each with its own words of help.
        ["oneOf", "anyOf"].into_iter().find_map(|keyword| {
            let branches: Vec<_> = part.list(keyword).collect();
            let all: Option<Vec<_>> = branches.iter().map(|other| literals_within(other, depth)).collect();
            all.filter(|all| !all.is_empty()).map(|all| all.into_iter().flatten().collect())
        })
    })
}

fn own_literals<'s>(part: &Part<'s>) -> Option<Vec<&'s Value>> {
    if let Some(value) = part.word("const") {
        return Some(vec![value]);
    }
    Some(part.word("enum")?.as_array()?.iter().collect())
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Object(_) | Value::Array(_))
}

/// Whether a value is of a type, or of one of a list of types.
pub(super) fn has_type(value: &Value, types: &Value) -> bool {
    match types {
        Value::String(name) => is_of(value, name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(|name| is_of(value, name)),
        _ => true,
    }
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => true,
    }
}

/// Whether two values are the same, `1` and `1.0` included.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() == 0.0,
        _ => one == other,
    }
}
