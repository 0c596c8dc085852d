//! Keys that should not be there, and keys that should.
//!
//! A misspelt key is one mistake, not two: where it stands for a required one, that one is not missing as well.

use std::rc::Rc;

use copydesk_base::{Code, Diagnostic, Fix, Span};
use copydesk_text::{Node, Tree};
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use super::explain::Speaker;
use super::locate::{Spot, entry_of};
use super::part::Part;
use super::unevaluated::speaks;
use super::value::Keys;

/// Where keys are looked at: a mapping, and the schema object that speaks about it.
pub(super) struct Mapping<'t, 's> {
    pub(super) tree: &'t Tree,
    pub(super) keys: Keys,
    pub(super) spot: Spot<'t>,
    pub(super) part: Option<Part<'s>>,
    pub(super) branch: Option<String>,
    /// The names that the part and all that look at the same mapping know, in order.
    pub(super) known: Rc<[&'s str]>,
}

/// A key of a mapping.
struct Found<'t> {
    key: Node<'t>,
    value: Node<'t>,
    /// Where a finding about it is shown.
    span: Span,
    /// Whether it is written here, and not brought by an alias or a merge key.
    is_here: bool,
}

impl<'t> Mapping<'t, '_> {
    fn entry(&self, name: &str) -> Option<Found<'t>> {
        let (entry, merge) = entry_of(self.tree, self.spot.node, name, self.keys, 16)?;
        let span = self.spot.shown(merge.unwrap_or_else(|| entry.key().span()));
        let is_here = merge.is_none() && self.spot.alias.is_none();
        Some(Found { key: entry.key(), value: entry.value(), span, is_here })
    }

    /// The names that the schema knows here and that are not taken.
    fn free_names(&self, scope: Scope) -> Vec<&str> {
        let Some(part) = &self.part else { return Vec::new() };
        let names = match scope {
            Scope::Own => own_names(part),
            Scope::Everywhere => self.known.to_vec(),
        };
        names.into_iter().filter(|name| self.spot.node.entry(name).is_none()).collect()
    }
}

/// Which names a key may be a misspelling of.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Scope {
    /// Those beside `additionalProperties`.
    Own,
    /// Those of every branch.
    Everywhere,
}

fn own_names<'s>(part: &Part<'s>) -> Vec<&'s str> {
    part.named("properties")
        .filter(|(_, inner)| inner.value != &Value::Bool(false))
        .map(|(name, _)| name)
        .collect()
}

/// The names that a part and all that look at the same mapping know.
pub(super) fn known_names<'s>(part: &Part<'s>) -> Vec<&'s str> {
    let mut names = Vec::new();
    let mut waiting = vec![part.clone()];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(part) = waiting.pop() {
        if seen.len() < 300 && seen.insert(part.address()) {
            names.extend(own_names(&part));
            waiting.extend(part.in_place().into_iter().map(|(_, other)| other));
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

impl Speaker<'_> {
    /// Marks keys that do not exist; answers what was meant instead.
    pub(super) fn unknown_keys(
        &mut self,
        mapping: &Mapping<'_, '_>,
        unexpected: &[String],
        scope: Scope,
        into: &mut Vec<Diagnostic>,
    ) -> Vec<String> {
        let mut meant: Vec<String> = Vec::new();
        let mut free: Vec<&str> = mapping.free_names(scope);
        for name in unexpected {
            let Some(found) = mapping.entry(name) else { continue };
            let near = self.mender.suggest.nearest(name, free.iter().copied()).map(str::to_owned);
            let safety = self.mender.suggest.safety();
            let subject = mapping.spot.subject();
            let known = scope == Scope::Everywhere && mapping.known.binary_search(&name.as_str()).is_ok();
            let rest = mapping.part.as_ref().and_then(|part| part.word("unevaluatedProperties"));
            let is_taken = scope == Scope::Everywhere && rest.is_some_and(speaks);
            let mut message = match (&near, known) {
                _ if is_taken => {
                    format!("the value of '{name}' is not what {subject} takes for other keys")
                }
                (_, true) => {
                    format!("'{name}' does not belong with the other keys of {subject}; take it out")
                }
                (Some(near), _) => format!("'{name}' is no key of {subject}; did you mean '{near}'?"),
                (None, _) => format!("'{name}' is no key of {subject}; take it out"),
            };
            if let Some(branch) = &mapping.branch {
                message.push_str(&format!(" (as {branch})"));
            }
            let mut finding = Diagnostic::new(Code::UnknownKey, found.span, message);
            if found.is_here && !is_taken {
                if let Some(near) = near.as_deref().filter(|_| !known)
                    && let Some(edit) = self.mender.renamed(found.key, near)
                {
                    let fix = Fix::new(format!("change to '{near}'"), vec![edit]).with_safety(safety);
                    finding = finding.with_fix(fix);
                }
                finding.fixes.extend(self.mender.removal(found.key, found.value));
            }
            if let Some(near) = near.filter(|_| !known) {
                // Two misspelt keys do not stand for the same one.
                free.retain(|name| *name != near);
                meant.push(near);
            }
            into.push(finding);
        }
        meant
    }

    /// Marks a key whose name is not one that the mapping takes.
    pub(super) fn bad_name(
        &mut self,
        mapping: &Mapping<'_, '_>,
        inner: &ValidationError<'_>,
    ) -> Option<Diagnostic> {
        let name = inner.instance().as_str()?;
        let found = mapping.entry(name)?;
        let subject = mapping.spot.subject();
        let why = match inner.kind() {
            Kind::Pattern { pattern } => format!("; names match the pattern '{pattern}'"),
            Kind::MaxLength { limit } => format!("; names have at most {limit} characters"),
            Kind::MinLength { limit } => format!("; names have at least {limit} characters"),
            Kind::Enum { options } => {
                let words: Vec<String> = options
                    .as_array()
                    .map(|words| {
                        words
                            .iter()
                            .take(12)
                            .filter_map(Value::as_str)
                            .map(|word| format!("'{word}'"))
                            .collect()
                    })
                    .unwrap_or_default();
                format!("; it takes {}", crate::shape::join(&words))
            }
            _ => String::new(),
        };
        let mut finding = Diagnostic::new(
            Code::UnknownKey,
            found.span,
            format!("'{name}' is no name that {subject} takes{why}"),
        );
        if let Kind::Enum { options } = inner.kind() {
            let words: Vec<&Value> =
                options.as_array().map(|words| words.iter().collect()).unwrap_or_default();
            if let Some(near) = self.mender.nearest(inner.instance(), &words)
                && let Some(edit) = self.mender.renamed(found.key, &near)
                && found.is_here
            {
                finding.message.push_str(&format!("; did you mean '{near}'?"));
                finding = finding.with_fix(Fix::new(format!("change to '{near}'"), vec![edit]));
            }
        }
        Some(finding)
    }

    /// Says that a key is missing. `because` is the key that asks for it, where one does.
    pub(super) fn missing_key(
        &mut self,
        mapping: &Mapping<'_, '_>,
        name: &str,
        because: Option<&str>,
    ) -> Diagnostic {
        let spot = &mapping.spot;
        let asking = because.and_then(|because| Some((because, mapping.entry(because)?.span)));
        let (span, mut message) = match asking {
            Some((because, span)) => (span, format!("'{because}' needs '{name}' beside it")),
            None => (spot.missing_span(self.text), format!("{} needs '{name}'", spot.subject())),
        };
        if let Some(branch) = &mapping.branch {
            message.push_str(&format!(" (as {branch})"));
        }
        let finding = Diagnostic::new(Code::MissingKey, span, message);
        let schema = mapping.part.as_ref().and_then(|part| property(part, name, 6));
        let fix = if spot.alias.is_none() { self.mender.addition(spot, name, schema.as_ref()) } else { None };
        match fix {
            Some(fix) => finding.with_fix(fix),
            None => finding,
        }
    }
}

/// The schema of a key, in a part or in what looks at the same mapping.
fn property<'s>(part: &Part<'s>, name: &str, depth: usize) -> Option<Part<'s>> {
    let depth = depth.checked_sub(1)?;
    part.entry("properties", name)
        .or_else(|| property(&part.referred()?, name, depth))
        .or_else(|| part.list("allOf").find_map(|other| property(&other, name, depth)))
}

/// The key that asks for `name`, where a dependency between keys does.
pub(super) fn asking_key<'s>(
    error: &ValidationError<'_>,
    part: Option<&Part<'s>>,
    name: &str,
) -> Option<&'s str> {
    let keyword = dependency(error)?;
    let asking = part?.word(keyword)?.as_object()?.iter().find(|(key, names)| {
        let asks = names.as_array().is_some_and(|names| names.iter().any(|other| other == name));
        asks && error.instance().get(key.as_str()).is_some()
    });
    asking.map(|(key, _)| key.as_str())
}

/// The keyword by which one key asks for another, if it was one.
pub(super) fn dependency<'e>(error: &'e ValidationError<'_>) -> Option<&'e str> {
    let (_, keyword) = error.schema_path().as_str().rsplit_once('/')?;
    matches!(keyword, "dependentRequired" | "dependencies").then_some(keyword)
}
