//! Keys that still work and should no longer be written.

use std::collections::BTreeSet;

use copydesk_base::{Code, Diagnostic};
use copydesk_text::Node;
use jsonschema::paths::LocationSegment;
use serde_json::Value;

use super::Schema;
use super::applied::{applied, of_item, of_key};
use super::fit::Known;
use super::locate::Spot;
use super::part::Part;
use super::value::Keys;
use crate::File;

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
pub(super) fn check(
    file: &File<'_>,
    schema: &Schema,
    root: Node<'_>,
    keys: Keys,
    whole: &Value,
    found: &mut Vec<Diagnostic>,
) {
    let Some(part) = schema.root() else { return };
    let mut walk = Walk { file, keys, left: MOST_VALUES, found };
    walk.value(vec![part], whole, &Spot::root(file.tree, root));
}

struct Walk<'w, 'a> {
    file: &'w File<'a>,
    keys: Keys,
    left: usize,
    found: &'w mut Vec<Diagnostic>,
}

impl<'a> Walk<'_, 'a> {
    fn value(&mut self, parts: Vec<Part<'_>>, value: &Value, spot: &Spot<'a>) {
        if self.left == 0 || parts.is_empty() {
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
                    if inner.step(self.file.tree, &segment, self.keys).is_none() {
                        continue;
                    }
                    let below = of_key(&parts, name);
                    self.key(&below, name, &inner);
                    self.value(below, value, &inner);
                }
            }
            Value::Array(items) => {
                for (at, value) in items.iter().enumerate() {
                    let mut inner = spot.clone();
                    if inner.step(self.file.tree, &LocationSegment::Index(at), self.keys).is_some() {
                        self.value(of_item(&parts, at), value, &inner);
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
