//! Keys that still work and should no longer be written.

use std::collections::BTreeSet;

use copydesk_base::{Code, Diagnostic, Fix};
use jsonschema::paths::{Location, LocationSegment};
use serde_json::Value;

use super::applied::{applied, of_item, of_key};
use super::check::Judging;
use super::fit::Known;
use super::locate::Spot;
use super::mend::Mender;
use super::part::Part;

/// How many values are looked at.
const MOST_VALUES: usize = 20_000;

/// The words that make a key one of these.
pub(super) const WORDS: &[&str] = &["deprecated", "deprecationMessage", "x-deprecation-message"];

/// Whether a value has a key of one of these names anywhere.
pub(super) fn may_have(value: &Value, names: &BTreeSet<String>) -> bool {
    match value {
        Value::Object(entries) => {
            entries.iter().any(|(name, value)| names.contains(name) || may_have(value, names))
        }
        Value::Array(items) => items.iter().any(|item| may_have(item, names)),
        _ => false,
    }
}

/// Marks the keys of a document that its schema calls deprecated.
pub(super) fn check(judging: &Judging<'_, '_>, found: &mut Vec<Diagnostic>) {
    let Some(part) = judging.schema.root() else { return };
    let mut walk = Walk { judging, left: MOST_VALUES, found };
    let spot = Spot::root(judging.file.tree, judging.root);
    walk.value(vec![part], judging.whole, &Location::new(), &spot);
}

struct Walk<'w, 'a> {
    judging: &'w Judging<'w, 'a>,
    left: usize,
    found: &'w mut Vec<Diagnostic>,
}

impl<'a> Walk<'_, 'a> {
    fn value(&mut self, parts: Vec<Part<'_>>, value: &Value, way: &Location, spot: &Spot<'a>) {
        let Judging { file, schema, keys, pieces, .. } = *self.judging;
        if self.left == 0 || parts.is_empty() || !may_have(value, &schema.deprecated_keys) {
            return;
        }
        self.left -= 1;
        let parts: Vec<Part<'_>> =
            parts.into_iter().flat_map(|part| applied(part, value, Known::Whole)).collect();
        match value {
            Value::Object(entries) => {
                for (name, value) in entries {
                    let mut inner = spot.clone();
                    let segment = LocationSegment::from(name.as_str());
                    let way = way.join(name);
                    if inner.step(file.tree, &segment, keys).is_none() {
                        continue;
                    }
                    let below = of_key(&parts, name);
                    self.key(&below, name, &inner);
                    self.value(below, value, &way, &inner);
                }
            }
            Value::Array(items) => {
                for (at, value) in items.iter().enumerate() {
                    let mut inner = spot.clone();
                    let place = pieces.item(way, at);
                    if inner.step(file.tree, &LocationSegment::Index(place), keys).is_some() {
                        self.value(of_item(&parts, place), value, &way.join(at), &inner);
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether a key of that name stands beside the one at a spot.
    fn has(&self, spot: &Spot<'_>, name: &str) -> bool {
        let Some(key) = spot.key else { return false };
        let path = self.judging.file.tree.path_at(key.span().start);
        let around = path.iter().rev().nth(1).map_or(self.judging.file.tree.root(), |step| Some(step.node()));
        around.is_some_and(|mapping| mapping.entry(name).is_some())
    }

    fn key(&mut self, parts: &[Part<'_>], name: &str, spot: &Spot<'_>) {
        let Some(why) = parts.iter().find_map(why) else { return };
        let Some(key) = spot.key.filter(|_| spot.alias.is_none()) else { return };
        let message = match why {
            "" => format!("'{name}' should no longer be written: the schema calls it deprecated"),
            why => format!("'{name}' should no longer be written: {}", why.trim().trim_end_matches('.')),
        };
        let mut finding = Diagnostic::new(Code::DeprecatedKey, key.span(), message);
        let mender = Mender::new(*self.judging.file);
        if let Some(other) = instead(why).filter(|other| *other != name && !self.has(spot, other)) {
            let edit = mender.renamed(key, other);
            finding.fixes.extend(edit.map(|edit| Fix::new(format!("change to '{other}'"), vec![edit])));
        }
        finding.fixes.extend(mender.removal(key, spot.node));
        self.found.push(finding);
    }
}

/// The key that is to be written instead, where a reason names it as one: between quotes of whatever kind.
fn instead(why: &str) -> Option<&str> {
    let at = ["use ", "Use ", "by ", "favor of ", "favour of ", "to "].into_iter().find_map(|word| {
        let at = why.find(word)? + word.len();
        why.get(at..)?.starts_with(['`', '\'', '"']).then_some(at)
    })?;
    let rest = why.get(at + 1..)?;
    let name = rest.get(..rest.find(['`', '\'', '"'])?)?;
    let is_key = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    is_key.then_some(name)
}

/// Why a part should no longer be used; empty where it does not say.
pub(super) fn why<'s>(part: &Part<'s>) -> Option<&'s str> {
    let own = |part: &Part<'s>| {
        let message = part.text("deprecationMessage").or_else(|| part.text("x-deprecation-message"));
        let is_deprecated = part.word("deprecated") == Some(&Value::Bool(true));
        message
            .filter(|message| !message.is_empty())
            .or_else(|| part.text("deprecated").or(is_deprecated.then_some("")))
    };
    own(part).or_else(|| own(&part.referred()?))
}
