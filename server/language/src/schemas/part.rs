//! A part of a schema, and the ways from it to others.
//!
//! A [`Part`] is a schema with what its references mean there. From it one gets to the parts it refers to, to those
//! that count for the same value, and to those of a key or an item.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::ptr;
use std::rc::Rc;

use referencing::{Draft, Registry, Resolver, ResourceRef, uri};
use serde_json::Value;

/// A schema within its documents.
#[derive(Clone)]
pub(super) struct Part<'s> {
    pub(super) value: &'s Value,
    base: Rc<Base<'s>>,
    found: Rc<Found<'s>>,
}

/// What references of a part count from. One is shared by all parts that have no identifier of their own.
struct Base<'s> {
    resolver: Resolver<'s>,
    draft: Draft,
}

/// What was found out so far, for all parts that were reached from one: to follow a reference costs more than what is
/// asked of its end, of one key a dozen things are asked, and hundreds of keys may refer to one part.
#[derive(Default)]
struct Found<'s> {
    /// Where references lead, by the schema that has them.
    ends: Table<usize, Option<End<'s>>>,
    /// Each with how far it was looked into.
    literals: Table<(usize, usize), Option<Rc<[&'s Value]>>>,
    types: Table<(usize, usize), Option<Rc<[&'static str]>>>,
}

type Table<K, T> = RefCell<HashMap<K, T>>;

fn once<K: Hash + Eq, T: Clone>(table: &Table<K, T>, key: K, make: impl FnOnce() -> T) -> T {
    if let Some(known) = table.borrow().get(&key) {
        return known.clone();
    }
    let made = make();
    table.borrow_mut().insert(key, made.clone());
    made
}

/// Where a reference leads, without what it has led to before.
type End<'s> = (&'s Value, Rc<Base<'s>>);

/// Whether a reference hides what stands beside it, as in the old drafts.
pub(super) fn is_old(draft: Draft) -> bool {
    matches!(draft, Draft::Draft4 | Draft::Draft6 | Draft::Draft7)
}

impl<'s> Part<'s> {
    /// What a URL names, a pointer or anchor behind `#` included.
    pub(super) fn at(registry: &'s Registry<'static>, url: &str) -> Option<Self> {
        let resolver = registry.resolver(uri::from_str("json-schema:///").ok()?);
        Some(Part::of_end(Self::end_of(&resolver, url)?, Rc::default()))
    }

    /// A document that lies at `base`.
    pub(super) fn with_base(
        registry: &'s Registry<'s>,
        value: &'s Value,
        base: &str,
        draft: Draft,
    ) -> Option<Self> {
        let resolver = registry.resolver(uri::from_str(base).ok()?);
        Some(Self::of_end(inside(value, &Rc::new(Base { resolver, draft })), Rc::default()))
    }

    fn of_end((value, base): End<'s>, found: Rc<Found<'s>>) -> Self {
        Self { value, base, found }
    }

    fn end_of(resolver: &Resolver<'s>, reference: &str) -> Option<End<'s>> {
        let (value, resolver, draft) = resolver.lookup(reference).ok()?.into_inner();
        let base = Rc::new(Base { resolver, draft });
        // On the way to a pointer's end every identifier has been seen, and what was found by its identifier has it.
        let id = value.get(draft.id_keyword()).and_then(Value::as_str);
        if reference.contains("#/") || id.is_some_and(|id| base.resolver.base_uri().as_str().ends_with(id)) {
            return Some((value, base));
        }
        Some(inside(value, &base))
    }

    /// A schema that stands inside this one.
    pub(super) fn below(&self, value: &'s Value) -> Self {
        Self::of_end(inside(value, &self.base), Rc::clone(&self.found))
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
            return Some(Self::of_end(Self::end_of(&self.base.resolver, word)?, Rc::clone(&self.found)));
        }
        let end = once(&self.found.ends, self.address(), || Self::end_of(&self.base.resolver, word));
        Some(Self::of_end(end?, Rc::clone(&self.found)))
    }

    /// The words that are allowed, as far as they are looked for, which `find` says once.
    pub(super) fn literals_once(
        &self,
        depth: usize,
        find: impl FnOnce() -> Option<Vec<&'s Value>>,
    ) -> Option<Vec<&'s Value>> {
        self.shared(&self.found.literals, depth, find)
    }

    /// The same for the kinds of value.
    pub(super) fn types_once(
        &self,
        depth: usize,
        find: impl FnOnce() -> Option<Vec<&'static str>>,
    ) -> Option<Vec<&'static str>> {
        self.shared(&self.found.types, depth, find)
    }

    /// What was found of the part. In the newer drafts where its references lead may depend on the way to it.
    fn shared<T: Clone>(
        &self,
        table: &Table<(usize, usize), Option<Rc<[T]>>>,
        depth: usize,
        find: impl FnOnce() -> Option<Vec<T>>,
    ) -> Option<Vec<T>> {
        if !is_old(self.base.draft) {
            return find();
        }
        once(table, (self.address(), depth), || find().map(Rc::from)).map(|found| found.to_vec())
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
        words.into_iter().all(|word| self.base.resolver.lookup(word).is_ok())
    }

    /// Whether it says nothing but its reference.
    pub(super) fn is_only_reference(&self) -> bool {
        is_old(self.base.draft) && self.value.get("$ref").is_some_and(Value::is_string)
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
fn inside<'s>(value: &'s Value, base: &Rc<Base<'s>>) -> End<'s> {
    let has = |word: &str| value.get(word).is_some();
    let draft = if has("$schema") { base.draft.detect(value) } else { base.draft };
    if draft == base.draft && !has(draft.id_keyword()) {
        return (value, Rc::clone(base));
    }
    let own = base.resolver.in_subresource(ResourceRef::new(value, draft));
    (value, Rc::new(Base { resolver: own.unwrap_or_else(|_| base.resolver.clone()), draft }))
}

/// How one part leads to another that looks at the same value.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Edge {
    Reference,
    Inner,
}
