//! A parsed text: its documents, its comments, and what is wrong with it.
//!
//! Parsing never fails: what could not be read is in [`Tree::problems`] and [`Tree::broken`].

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use copydesk_base::{Diagnostic, Span};

use crate::edits::Edit;
use crate::green::Green;
use crate::node::{Entry, Frame, Items, Kind, Node, Step};
use crate::{toml, yaml};

/// How many aliases in a row are followed before the answer is "nothing".
const MAX_ALIASES: usize = 32;
/// How many mappings are merged into one.
const MAX_MERGED: usize = 256;

/// The tree of one version of a text. It holds on to the text: most words are read from there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    pub(crate) text: Arc<str>,
    pub(crate) documents: Vec<Green>,
    pub(crate) comments: Vec<Span>,
    pub(crate) problems: Vec<Diagnostic>,
    pub(crate) broken: Vec<Span>,
    /// Where each anchor's nodes start, by name.
    pub(crate) anchors: BTreeMap<Box<str>, Vec<usize>>,
    /// The name and place of each alias, in order.
    pub(crate) aliases: Vec<(Box<str>, Span)>,
    /// The problems before those of aliases were added, and the rest left out.
    pub(crate) found: Vec<Diagnostic>,
    /// Whether the next version may be read in part.
    pub(crate) is_whole: bool,
    pub(crate) syntax: Syntax,
}

/// What a text was read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Syntax {
    #[default]
    Yaml,
    /// With comments or without.
    Json,
    Toml,
}

/// The last of some places from `start` on and before `end`; they are in order.
pub(crate) fn last_within(places: &[usize], start: usize, end: usize) -> Option<usize> {
    let before = places.partition_point(|place| *place < end);
    places.get(before.checked_sub(1)?).copied().filter(|place| start <= *place)
}

impl Tree {
    /// The tree of a text in which the bytes from `span.start` to `new_end` took the place of `span`, where no more than
    /// `most` bytes have to be read for that. `None` where it is more, and for what is no YAML file of its own.
    pub fn edited(&self, text: &Arc<str>, span: Span, new_end: usize, most: usize) -> Option<Self> {
        let edit = Edit { start: span.start, old_end: span.end, new_end };
        (self.syntax == Syntax::Yaml).then(|| yaml::again::within(self, text, edit, most)).flatten()
    }

    /// The text that it was made from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// One node for each document; one in nearly every file, none in an empty one.
    pub fn documents(&self) -> Items<'_> {
        Items::new(Frame { text: &self.text, base: 0, block: 0 }, &self.documents)
    }

    /// The first document.
    pub fn root(&self) -> Option<Node<'_>> {
        self.documents().first()
    }

    /// The document that nobody reads who reads the first one: the next that is not empty.
    pub fn second(&self) -> Option<Node<'_>> {
        self.documents().iter().skip(1).find(|node| !node.is_null())
    }

    /// From each `#` to the end of its line, in order.
    pub fn comments(&self) -> &[Span] {
        &self.comments
    }

    /// Syntax errors and duplicate keys, in order.
    pub fn problems(&self) -> &[Diagnostic] {
        &self.problems
    }

    /// The pieces that had to be read by guessing, in order and apart. Checks stay quiet there, completion does not.
    pub fn broken(&self) -> &[Span] {
        &self.broken
    }

    /// Whether any node has an anchor, so that another may stand for it.
    pub fn has_anchors(&self) -> bool {
        !self.anchors.is_empty()
    }

    /// Whether any part of `span` stands for something else.
    pub fn has_alias_in(&self, span: Span) -> bool {
        let first = self.aliases.partition_point(|(_, alias)| alias.start < span.start);
        self.aliases.get(first).is_some_and(|(_, alias)| alias.end <= span.end)
    }

    /// What the aliases in `span` stand for, in order; nothing for one that stands for nothing.
    pub fn behind_aliases(&self, span: Span) -> impl Iterator<Item = Option<Node<'_>>> {
        let first = self.aliases.partition_point(|(_, alias)| alias.start < span.start);
        let inside = self.aliases.iter().skip(first).take_while(move |(_, alias)| alias.end <= span.end);
        inside.map(|(name, alias)| self.anchored_before(name, alias.start))
    }

    /// A fingerprint of what aliases stand for: the text behind each anchor, and which anchor each alias means.
    pub fn print_of_anchors(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (name, starts) in &self.anchors {
            for at in starts {
                let document = self.documents().before(at + 1);
                let node = document.and_then(|(_, document)| document.anchored(name, *at));
                (name, node.map(|node| node.span().of(&self.text))).hash(&mut hasher);
            }
        }
        for (name, alias) in &self.aliases {
            let before = self.anchors.get(name).map(|starts| starts.partition_point(|at| *at < alias.start));
            (name, before).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// What an alias of this name would stand for at a place.
    pub fn anchored_before(&self, name: &str, place: usize) -> Option<Node<'_>> {
        let (_, document) = self.documents().before(place)?;
        let start = last_within(self.anchors.get(name)?, document.span().start, place)?;
        document.anchored(name, start)
    }

    /// The names of the anchors before `offset` in its document: what an alias there may stand for.
    pub fn anchors_before(&self, offset: usize) -> impl Iterator<Item = &str> {
        let document = self.documents().before(offset).map_or(0, |(_, document)| document.span().start);
        let is_before = move |starts: &[usize]| last_within(starts, document, offset).is_some();
        self.anchors.iter().filter(move |(_, starts)| is_before(starts)).map(|(name, _)| &**name)
    }

    /// What the text was read as. In TOML siblings may overlap, since a table may be written in several pieces.
    pub fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// Whether any part of `span` was read by guessing.
    pub fn is_broken(&self, span: Span) -> bool {
        let first = self.broken.partition_point(|broken| broken.end < span.start);
        self.broken.iter().skip(first).take(2).any(|broken| broken.overlaps(span))
    }

    /// The node behind an alias, or the node itself. `None` for an unknown anchor and for chains without an end.
    pub fn resolve<'t>(&'t self, node: Node<'t>) -> Option<Node<'t>> {
        let mut node = node;
        for _ in 0..MAX_ALIASES {
            let Kind::Alias(name) = node.kind() else { return Some(node) };
            node = self.anchored_before(name, node.span().start)?;
        }
        None
    }

    /// Whether an alias stands within the node that it stands for: what follows it has no end.
    pub fn is_into_itself(&self, alias: Node<'_>) -> bool {
        let is_around = |target: Node<'_>| {
            target.span().start <= alias.span().start && alias.span().end <= target.span().end
        };
        matches!(alias.kind(), Kind::Alias(_)) && self.resolve(alias).is_some_and(is_around)
    }

    /// All of those.
    pub fn aliases_into_themselves(&self) -> Vec<Span> {
        let mut found = Vec::new();
        for (name, starts) in &self.anchors {
            for (at, start) in starts.iter().enumerate() {
                let Some(node) = self.documents().iter().find_map(|root| root.anchored(name, *start)) else {
                    continue;
                };
                let end = starts.get(at + 1).copied().unwrap_or(usize::MAX).min(node.span().end);
                let first = self.aliases.partition_point(|(_, alias)| alias.start < node.span().start);
                let inside = self.aliases.iter().skip(first).take_while(|(_, alias)| alias.start < end);
                found.extend(inside.filter(|(alias, _)| alias == name).map(|(_, span)| *span));
            }
        }
        found.sort_unstable();
        found
    }

    /// The first alias up to which all of them, followed wherever they lead, are more than `most`: a few lines can
    /// stand for more values than a machine holds.
    pub fn aliases_beyond(&self, most: usize) -> Option<Span> {
        // How many come with all aliases before each one.
        let mut sums: Vec<usize> = Vec::with_capacity(self.aliases.len() + 1);
        let mut sum = 0_usize;
        sums.push(sum);
        for (at, (name, alias)) in self.aliases.iter().enumerate() {
            let behind = self.anchored_before(name, alias.start).map_or(0, |node| {
                let place = |end: usize| self.aliases.partition_point(|(_, other)| other.start < end).min(at);
                sums[place(node.span().end)] - sums[place(node.span().start)]
            });
            sum = sum.saturating_add(behind).saturating_add(1);
            if sum > most {
                return Some(*alias);
            }
            sums.push(sum);
        }
        None
    }

    /// The value of `key` in a mapping, seen through aliases and merge keys (`<<`).
    pub fn get<'t>(&'t self, node: Node<'t>, key: &str) -> Option<Node<'t>> {
        self.get_within(node, key, MAX_ALIASES)
    }

    fn get_within<'t>(&'t self, node: Node<'t>, key: &str, budget: usize) -> Option<Node<'t>> {
        let node = self.resolve(node)?;
        if let Some(entry) = node.entry(key) {
            return self.resolve(entry.value());
        }
        let merged = self.resolve(node.entry("<<")?.value())?;
        let budget = budget.checked_sub(1)?;
        match merged.kind() {
            Kind::Sequence(items) => {
                items.iter().take(MAX_ALIASES).find_map(|item| self.get_within(item, key, budget / 2))
            }
            _ => self.get_within(merged, key, budget),
        }
    }

    /// The entries of the mapping under `key`, seen through aliases, with those that its merge keys bring.
    pub fn entries_at<'t>(&'t self, node: Node<'t>, key: &str) -> Vec<Entry<'t>> {
        self.get(node, key).map(|node| self.entries(node)).unwrap_or_default()
    }

    /// The entries of a mapping, seen through aliases: its own, then those that its merge keys (`<<`) bring and that it
    /// does not have.
    pub fn entries<'t>(&'t self, node: Node<'t>) -> Vec<Entry<'t>> {
        let (mut all, mut left) = (Vec::new(), MAX_MERGED);
        self.gather(node, &mut left, &mut all);
        all
    }

    fn gather<'t>(&'t self, node: Node<'t>, left: &mut usize, all: &mut Vec<Entry<'t>>) {
        let Some(node) = self.resolve(node).filter(|_| *left > 0) else { return };
        *left -= 1;
        let is_merge = |entry: &Entry<'_>| entry.key().scalar_text() == Some("<<");
        let known: HashSet<_> = all.iter().map(|entry| entry.key().scalar_text()).collect();
        let is_new = |entry: &Entry<'_>| !is_merge(entry) && !known.contains(&entry.key().scalar_text());
        let new: Vec<Entry<'_>> = node.entries().iter().filter(is_new).collect();
        all.extend(new);
        let Some(merged) = node.entry("<<").and_then(|entry| self.resolve(entry.value())) else { return };
        match merged.kind() {
            Kind::Sequence(items) => items.iter().for_each(|item| self.gather(item, left, all)),
            _ => self.gather(merged, left, all),
        }
    }

    /// The steps from the document around `offset` down to the deepest node that touches it.
    pub fn path_at(&self, offset: usize) -> Vec<Step<'_>> {
        let root = self.documents().iter().rev().find(|root| root.span().touches(offset));
        match root {
            Some(root) if self.syntax == Syntax::Toml => toml::path_at(root, offset),
            Some(root) => root.path_at(offset),
            None => Vec::new(),
        }
    }
}
