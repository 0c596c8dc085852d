//! A part of a schema, and the ways from it to others.
//!
//! A [`Part`] is a schema with what its references mean there. From it one gets to the parts it refers to, to those
//! that count for the same value, and to those of a key or an item.

use std::ptr;

use referencing::{Draft, Registry, Resolver, ResourceRef, uri};
use serde_json::Value;

/// A schema within its documents.
#[derive(Clone)]
pub(super) struct Part<'s> {
    pub(super) value: &'s Value,
    resolver: Resolver<'s>,
    draft: Draft,
}

/// Whether a reference hides what stands beside it, as in the old drafts.
pub(super) fn is_old(draft: Draft) -> bool {
    matches!(draft, Draft::Draft4 | Draft::Draft6 | Draft::Draft7)
}

impl<'s> Part<'s> {
    /// What a URL names, a pointer or anchor behind `#` included.
    pub(super) fn at(registry: &'s Registry<'static>, url: &str) -> Option<Self> {
        let resolver = registry.resolver(uri::from_str("json-schema:///").ok()?);
        Part::of_reference(&resolver, url)
    }

    /// A document that lies at `base`.
    pub(super) fn with_base(
        registry: &'s Registry<'s>,
        value: &'s Value,
        base: &str,
        draft: Draft,
    ) -> Option<Self> {
        Some(Self::new(value, registry.resolver(uri::from_str(base).ok()?), draft))
    }

    fn of_reference(resolver: &Resolver<'s>, reference: &str) -> Option<Self> {
        let (value, resolver, draft) = resolver.lookup(reference).ok()?.into_inner();
        // On the way to a pointer's end every identifier has been seen, and what was found by its identifier has it.
        let id = value.get(draft.id_keyword()).and_then(Value::as_str);
        if reference.contains("#/") || id.is_some_and(|id| resolver.base_uri().as_str().ends_with(id)) {
            return Some(Self { value, resolver, draft });
        }
        Some(Self::new(value, resolver, draft))
    }

    fn new(value: &'s Value, resolver: Resolver<'s>, draft: Draft) -> Self {
        let draft = if value.get("$schema").is_some() { draft.detect(value) } else { draft };
        let own = resolver.in_subresource(ResourceRef::new(value, draft));
        Self { value, resolver: own.unwrap_or(resolver), draft }
    }

    /// A schema that stands inside this one.
    pub(super) fn below(&self, value: &'s Value) -> Self {
        Self::new(value, self.resolver.clone(), self.draft)
    }

    /// Where it stands in memory: the same for the same schema.
    pub(super) fn address(&self) -> usize {
        ptr::from_ref(self.value).addr()
    }

    pub(super) fn word(&self, keyword: &str) -> Option<&'s Value> {
        self.value.get(keyword)
    }

    pub(super) fn text(&self, keyword: &str) -> Option<&'s str> {
        self.value.get(keyword)?.as_str()
    }

    /// The schema behind a keyword that holds one.
    pub(super) fn sub(&self, keyword: &str) -> Option<Self> {
        let value = self.value.get(keyword)?;
        matches!(value, Value::Object(_) | Value::Bool(_)).then(|| self.below(value))
    }

    /// The schemas behind a keyword that holds a list of them.
    pub(super) fn list(&self, keyword: &str) -> impl Iterator<Item = Self> + use<'s> {
        let parent = self.clone();
        let items = self.value.get(keyword).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        items.iter().map(move |value| parent.below(value))
    }

    /// The schemas behind a keyword that holds them by name.
    pub(super) fn named(&self, keyword: &str) -> impl Iterator<Item = (&'s str, Self)> + use<'s> {
        let parent = self.clone();
        let map = self.value.get(keyword).and_then(Value::as_object);
        map.into_iter().flatten().map(move |(name, value)| (name.as_str(), parent.below(value)))
    }

    /// One of those.
    pub(super) fn entry(&self, keyword: &str, name: &str) -> Option<Self> {
        Some(self.below(self.value.get(keyword)?.get(name)?))
    }

    /// What it refers to.
    pub(super) fn referred(&self) -> Option<Self> {
        let word = ["$ref", "$dynamicRef", "$recursiveRef"].into_iter().find_map(|word| self.text(word))?;
        Self::of_reference(&self.resolver, word)
    }

    /// Whether it refers to another.
    pub(super) fn has_reference(&self) -> bool {
        ["$ref", "$dynamicRef", "$recursiveRef"].into_iter().any(|word| self.text(word).is_some())
    }

    /// All that stands inside it and may be a schema, but for definitions: those count where they are referred to.
    pub(super) fn inside(&self) -> Vec<Self> {
        let parts: Vec<&'s Value> = match self.value {
            Value::Object(map) => {
                let is_data = |key: &str| {
                    matches!(
                        key,
                        "const"
                            | "enum"
                            | "default"
                            | "examples"
                            | "definitions"
                            | "$defs"
                            | "defaultSnippets"
                    )
                };
                map.iter().filter(|(key, _)| !is_data(key)).map(|(_, value)| value).collect()
            }
            Value::Array(items) => items.iter().collect(),
            _ => Vec::new(),
        };
        parts
            .into_iter()
            .filter(|value| value.is_object() || value.is_array())
            .map(|value| self.below(value))
            .collect()
    }

    /// Whether its reference leads anywhere; true for a schema without one.
    pub(super) fn leads_somewhere(&self) -> bool {
        let words = ["$ref", "$dynamicRef", "$recursiveRef"].into_iter().filter_map(|word| self.text(word));
        words.into_iter().all(|word| self.resolver.lookup(word).is_ok())
    }

    /// Whether it says nothing but its reference.
    pub(super) fn is_only_reference(&self) -> bool {
        is_old(self.draft) && self.value.get("$ref").is_some_and(Value::is_string)
    }

    /// The parts that look at the very same value, whatever that is.
    pub(super) fn in_place(&self) -> Vec<(Edge, Self)> {
        let mut parts: Vec<(Edge, Self)> = Vec::new();
        parts.extend(self.referred().map(|part| (Edge::Reference, part)));
        if self.is_only_reference() {
            return parts;
        }
        let inner = |part| (Edge::Inner, part);
        for keyword in ["allOf", "anyOf", "oneOf"] {
            parts.extend(self.list(keyword).map(inner));
        }
        for keyword in ["not", "if", "then", "else"] {
            parts.extend(self.sub(keyword).map(inner));
        }
        for keyword in ["dependentSchemas", "dependencies"] {
            let schemas = self.named(keyword).filter(|(_, part)| part.value.is_object());
            parts.extend(schemas.map(|(_, part)| inner(part)));
        }
        parts
    }
}

/// How one part leads to another that looks at the same value.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Edge {
    Reference,
    Inner,
}
