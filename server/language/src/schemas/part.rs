//! A part of a schema, and the ways from it to others.
//!
//! A [`Part`] is a schema with what its references mean there. From it one gets to the parts it refers to, to those
//! that count for the same value, and to those of a key or an item.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ptr;
use std::rc::Rc;

use referencing::{Draft, Registry, Resolver, ResourceRef, uri};
use serde_json::Value;

/// A schema within its documents.
#[derive(Clone)]
pub(super) struct Part<'s> {
    pub(super) value: &'s Value,
    resolver: Resolver<'s>,
    draft: Draft,
    followed: Followed<'s>,
}

/// Where references have led so far, by the schema that has them, for all parts that were reached from one. To follow one
/// costs more than what is asked of its end, and of one key a dozen things are asked.
type Followed<'s> = Rc<RefCell<HashMap<usize, Option<End<'s>>>>>;

/// Where a reference leads, without what it has led to before.
type End<'s> = (&'s Value, Resolver<'s>, Draft);

/// Whether a reference hides what stands beside it, as in the old drafts.
pub(super) fn is_old(draft: Draft) -> bool {
    matches!(draft, Draft::Draft4 | Draft::Draft6 | Draft::Draft7)
}

impl<'s> Part<'s> {
    /// What a URL names, a pointer or anchor behind `#` included.
    pub(super) fn at(registry: &'s Registry<'static>, url: &str) -> Option<Self> {
        let resolver = registry.resolver(uri::from_str("json-schema:///").ok()?);
        Some(Part::of_end(Self::end_of(&resolver, url)?, Followed::default()))
    }

    /// A document that lies at `base`.
    pub(super) fn with_base(
        registry: &'s Registry<'s>,
        value: &'s Value,
        base: &str,
        draft: Draft,
    ) -> Option<Self> {
        let resolver = registry.resolver(uri::from_str(base).ok()?);
        Some(Self::of_end(inside(value, resolver, draft), Followed::default()))
    }

    fn of_end((value, resolver, draft): End<'s>, followed: Followed<'s>) -> Self {
        Self { value, resolver, draft, followed }
    }

    fn end_of(resolver: &Resolver<'s>, reference: &str) -> Option<End<'s>> {
        let (value, resolver, draft) = resolver.lookup(reference).ok()?.into_inner();
        // On the way to a pointer's end every identifier has been seen, and what was found by its identifier has it.
        let id = value.get(draft.id_keyword()).and_then(Value::as_str);
        if reference.contains("#/") || id.is_some_and(|id| resolver.base_uri().as_str().ends_with(id)) {
            return Some((value, resolver, draft));
        }
        Some(inside(value, resolver, draft))
    }

    /// A schema that stands inside this one.
    pub(super) fn below(&self, value: &'s Value) -> Self {
        let end = inside(value, self.resolver.clone(), self.draft);
        Self::of_end(end, Rc::clone(&self.followed))
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
        // Where an anchor leads may depend on the way to it.
        let is_fixed = !word.contains('#') || word.contains("#/");
        if !is_fixed {
            return Some(Self::of_end(Self::end_of(&self.resolver, word)?, Rc::clone(&self.followed)));
        }
        let known = self.followed.borrow().get(&self.address()).cloned();
        let end = known.unwrap_or_else(|| {
            let end = Self::end_of(&self.resolver, word);
            self.followed.borrow_mut().insert(self.address(), end.clone());
            end
        });
        Some(Self::of_end(end?, Rc::clone(&self.followed)))
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

/// A schema in what is around it, by whose identifier its references count.
fn inside<'s>(value: &'s Value, resolver: Resolver<'s>, draft: Draft) -> End<'s> {
    let draft = if value.get("$schema").is_some() { draft.detect(value) } else { draft };
    let own = resolver.in_subresource(ResourceRef::new(value, draft));
    (value, own.unwrap_or(resolver), draft)
}

/// How one part leads to another that looks at the same value.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Edge {
    Reference,
    Inner,
}
