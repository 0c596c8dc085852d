//! Keys that still work and should no longer be written.

use std::collections::BTreeSet;

use copydesk_base::{Code, Diagnostic};
use jsonschema::paths::{Location, LocationSegment};
use serde_json::Value;

use super::applied::{applied, of_item, of_key};
use super::check::Judging;
use super::fit::Known;
use super::locate::Spot;
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

    fn key(&mut self, parts: &[Part<'_>], name: &str, spot: &Spot<'_>) {
        let Some(why) = parts.iter().find_map(why) else { return };
        let Some(key) = spot.key.filter(|_| spot.alias.is_none()) else { return };
        let message = match why {
            "" => format!("'{name}' should no longer be written: the schema calls it deprecated"),
            why => format!("'{name}' should no longer be written: {}", why.trim().trim_end_matches('.')),
        };
        self.found.push(Diagnostic::new(Code::DeprecatedKey, key.span(), message));
    }
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
