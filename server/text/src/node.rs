//! One spanned tree for everything a person writes as YAML.
//!
//! A [`Tree`] holds the documents of a text, its comments and what is wrong with it. A [`Node`] is a value with the
//! exact bytes it stands on; an [`Entry`] is a key with its value. Every reader of the house walks this one tree:
//! checks, completion, config and front matter.
//!
//! Invariants
//! - Spans lie on character boundaries, children lie inside their parents, siblings are in order and do not overlap.
//! - No tree is nested deeper than [`MAX_DEPTH`], so that walking or dropping one by recursion is safe.
//! - An alias stays an alias. Nothing here copies what it points to; [`Tree::resolve`] finds it on demand.

use std::collections::BTreeMap;

use copydesk_base::{Diagnostic, Span};

pub use crate::scalar::{Scalar, Style, Value};

/// How deep collections may be nested.
pub const MAX_DEPTH: usize = 128;

/// How many aliases in a row are followed before the answer is "nothing".
const MAX_ALIASES: usize = 32;

/// A parsed text. Parsing never fails: what could not be read is in `problems` and `broken`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// One node for each document; one in nearly every file, none in an empty one.
    pub documents: Vec<Node>,
    /// From each `#` to the end of its line, in order.
    pub comments: Vec<Span>,
    /// Syntax errors and duplicate keys, in order.
    pub problems: Vec<Diagnostic>,
    /// The pieces that had to be read by guessing, in order and apart. Checks stay quiet there, completion does not.
    pub broken: Vec<Span>,
    /// Where each anchor's nodes start, by name.
    pub(crate) anchors: BTreeMap<String, Vec<usize>>,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value itself, without tag, anchor or comments. A block collection reaches from its first key or dash to
    /// its last value; a block scalar from its `|` or `>` to the end of its last line that is not blank.
    pub span: Span,
    pub kind: Kind,
    /// As written, `!!str` for one.
    pub tag: Option<String>,
    /// Without the `&`.
    pub anchor: Option<String>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Nothing was written; the span is empty. A written `null` or `~` is a scalar: ask [`Node::is_null`].
    Null,
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
    /// The name, without the `*`.
    Alias(String),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: Node,
    /// `Null` with an empty span right behind the colon where there is none.
    pub value: Node,
}

/// One step on the way from the root down to an offset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step<'t> {
    /// Into an entry's value.
    Value(&'t Entry),
    /// Into an entry's key; always the last step, unless the key is a collection.
    Key(&'t Entry),
    /// Into an item of a sequence, counted from zero.
    Index(usize, &'t Node),
}

impl<'t> Step<'t> {
    /// The node that the step leads to.
    pub fn node(self) -> &'t Node {
        match self {
            Self::Value(entry) => &entry.value,
            Self::Key(entry) => &entry.key,
            Self::Index(_, node) => node,
        }
    }
}

impl Tree {
    /// The first document.
    pub fn root(&self) -> Option<&Node> {
        self.documents.first()
    }

    /// The document that nobody reads who reads the first one: the next that is not empty.
    pub fn second(&self) -> Option<&Node> {
        self.documents.iter().skip(1).find(|node| !node.is_null())
    }

    /// Whether any part of `span` was read by guessing.
    pub fn is_broken(&self, span: Span) -> bool {
        let first = self.broken.partition_point(|broken| broken.end < span.start);
        self.broken.iter().skip(first).take(2).any(|broken| broken.overlaps(span))
    }

    /// The node behind an alias, or the node itself. `None` for an unknown anchor and for chains without an end.
    pub fn resolve<'t>(&'t self, node: &'t Node) -> Option<&'t Node> {
        let mut node = node;
        for _ in 0..MAX_ALIASES {
            let Kind::Alias(name) = &node.kind else { return Some(node) };
            let starts = self.anchors.get(name)?;
            let before = starts.partition_point(|start| *start < node.span.start);
            let start = *starts.get(before.checked_sub(1)?)?;
            node = self.documents.iter().find_map(|root| root.anchored(name, start))?;
        }
        None
    }

    /// The value of `key` in a mapping, seen through aliases and merge keys (`<<`).
    pub fn get<'t>(&'t self, node: &'t Node, key: &str) -> Option<&'t Node> {
        self.get_within(node, key, MAX_ALIASES)
    }

    fn get_within<'t>(&'t self, node: &'t Node, key: &str, budget: usize) -> Option<&'t Node> {
        let node = self.resolve(node)?;
        if let Some(entry) = node.entry(key) {
            return self.resolve(&entry.value);
        }
        let merged = self.resolve(&node.entry("<<")?.value)?;
        let budget = budget.checked_sub(1)?;
        match &merged.kind {
            Kind::Sequence(items) => {
                items.iter().take(MAX_ALIASES).find_map(|item| self.get_within(item, key, budget / 2))
            }
            _ => self.get_within(merged, key, budget),
        }
    }

    /// The steps from the document around `offset` down to the deepest node that touches it.
    pub fn path_at(&self, offset: usize) -> Vec<Step<'_>> {
        let root = self.documents.iter().rev().find(|root| root.span.touches(offset));
        root.map_or_else(Vec::new, |root| root.path_at(offset))
    }
}

impl Node {
    /// A node without tag and anchor.
    pub const fn new(span: Span, kind: Kind) -> Self {
        Self { span, kind, tag: None, anchor: None }
    }

    /// Nothing, at `offset`.
    pub const fn nothing(offset: usize) -> Self {
        Self::new(Span::at(offset), Kind::Null)
    }

    /// The scalar with its style and its way back into the source.
    pub fn scalar(&self) -> Option<&Scalar> {
        if let Kind::Scalar(scalar) = &self.kind { Some(scalar) } else { None }
    }

    /// The text of any scalar as written, numbers and `true` included.
    pub fn scalar_text(&self) -> Option<&str> {
        self.scalar().map(|scalar| scalar.text.as_str())
    }

    /// What the value means by the core schema of YAML 1.2. `None` for collections and aliases.
    pub fn value(&self) -> Option<Value<'_>> {
        match &self.kind {
            Kind::Null => {
                Some(if self.tag.as_deref() == Some("!!str") { Value::Text("") } else { Value::Null })
            }
            Kind::Scalar(scalar) => Some(scalar.value(self.tag.as_deref())),
            _ => None,
        }
    }

    /// The text, where the value is one. A plain `5` or `true` is none: see [`Node::scalar_text`].
    pub fn as_str(&self) -> Option<&str> {
        if let Some(Value::Text(text)) = self.value() { Some(text) } else { None }
    }

    pub fn as_bool(&self) -> Option<bool> {
        if let Some(Value::Bool(value)) = self.value() { Some(value) } else { None }
    }

    pub fn as_i64(&self) -> Option<i64> {
        if let Some(Value::Int(value)) = self.value() { Some(value) } else { None }
    }

    /// The number, whole or not.
    #[expect(clippy::cast_precision_loss, reason = "a float is what was asked for")]
    pub fn as_f64(&self) -> Option<f64> {
        match self.value() {
            Some(Value::Float(value)) => Some(value),
            Some(Value::Int(value)) => Some(value as f64),
            _ => None,
        }
    }

    /// Whether there is nothing: no value at all, `null` or `~`.
    pub fn is_null(&self) -> bool {
        self.value() == Some(Value::Null)
    }

    /// What it is, in a word for people.
    pub fn kind_word(&self) -> &'static str {
        match &self.kind {
            Kind::Sequence(_) => "list",
            Kind::Mapping(_) => "mapping",
            Kind::Alias(_) => "alias",
            Kind::Null | Kind::Scalar(_) => match self.value() {
                Some(Value::Bool(_)) => "true or false",
                Some(Value::Int(_) | Value::Float(_)) => "number",
                Some(Value::Text(_)) => "text",
                Some(Value::Null) | None => "nothing",
            },
        }
    }

    /// The value of `key` in this mapping, or in a mapping written in place under `<<`.
    /// [`Tree::get`] also sees through aliases.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match self.entry(key) {
            Some(entry) => Some(&entry.value),
            None => self.entry("<<")?.value.entry(key).map(|entry| &entry.value),
        }
    }

    /// The entry of `key`, the first one where it is written twice.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key.scalar_text() == Some(key))
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        if let Kind::Mapping(entries) = &self.kind { entries } else { &[] }
    }

    /// The items of a sequence; none for anything else.
    pub fn items(&self) -> &[Node] {
        if let Kind::Sequence(items) = &self.kind { items } else { &[] }
    }

    /// The steps from this node down to the deepest one that touches `offset`.
    pub fn path_at(&self, offset: usize) -> Vec<Step<'_>> {
        let mut steps = Vec::new();
        let mut node = self;
        while let Some(step) = node.step_at(offset) {
            steps.push(step);
            node = step.node();
        }
        steps
    }

    fn step_at(&self, offset: usize) -> Option<Step<'_>> {
        match &self.kind {
            Kind::Sequence(items) => {
                let at = items.partition_point(|item| item.span.start <= offset).checked_sub(1)?;
                let node = items.get(at)?;
                node.span.touches(offset).then_some(Step::Index(at, node))
            }
            Kind::Mapping(entries) => {
                let at = entries.partition_point(|entry| entry.key.span.start <= offset).checked_sub(1)?;
                let entry = entries.get(at)?;
                if entry.key.span.touches(offset) {
                    Some(Step::Key(entry))
                } else {
                    // Between colon and value the cursor is where the value goes.
                    let between = Span::new(entry.key.span.end + 1, entry.value.span.end);
                    between.touches(offset).then_some(Step::Value(entry))
                }
            }
            _ => None,
        }
    }

    /// The node with this anchor that starts at `start`.
    fn anchored(&self, name: &str, start: usize) -> Option<&Node> {
        let mut node = self;
        loop {
            if node.span.start == start && node.anchor.as_deref() == Some(name) {
                return Some(node);
            }
            node = match &node.kind {
                Kind::Sequence(items) => {
                    let at = items.partition_point(|item| item.span.start <= start).checked_sub(1)?;
                    items.get(at)?
                }
                Kind::Mapping(entries) => {
                    let at = entries.partition_point(|entry| entry.key.span.start <= start).checked_sub(1)?;
                    let entry = entries.get(at)?;
                    if entry.key.span.end > start { &entry.key } else { &entry.value }
                }
                _ => return None,
            };
        }
    }
}

impl Entry {
    /// From the key's first byte to the value's last.
    pub fn span(&self) -> Span {
        self.key.span.cover(self.value.span)
    }
}
