//! From a pointer into a value back to the place in the text.

use copydesk_base::Span;
use copydesk_text::{Entry, Kind, Node, Tree};
use jsonschema::paths::{Location, LocationSegment};

use super::value::{Keys, has_own_tag};

/// Where a value stands.
#[derive(Clone, Debug)]
pub(super) struct Spot<'t> {
    /// The value, behind its alias.
    pub(super) node: Node<'t>,
    /// The key that holds it, or that holds the list it is an item of.
    pub(super) key: Option<Node<'t>>,
    /// That key's name; empty at the root.
    pub(super) name: String,
    /// Whether it is an item of a list.
    pub(super) is_item: bool,
    /// The first alias or merge key on the way: what is behind it is written somewhere else.
    pub(super) alias: Option<Span>,
    /// Whether somebody's own tag stands on the way.
    pub(super) is_tagged: bool,
}

impl<'t> Spot<'t> {
    /// The root of a document.
    pub(super) fn root(tree: &'t Tree, root: Node<'t>) -> Self {
        let mut spot = Self {
            node: root,
            key: None,
            name: String::new(),
            is_item: false,
            alias: None,
            is_tagged: false,
        };
        spot.enter(tree, root);
        spot
    }

    fn enter(&mut self, tree: &'t Tree, node: Node<'t>) {
        self.is_tagged |= has_own_tag(node);
        if let Kind::Alias(_) = node.kind() {
            self.alias.get_or_insert(node.span());
            self.node = tree.resolve(node).unwrap_or(node);
            self.is_tagged |= has_own_tag(self.node);
        } else {
            self.node = node;
        }
    }

    /// The value of a key, or of an item.
    pub(super) fn step(&mut self, tree: &'t Tree, segment: &LocationSegment<'_>, keys: Keys) -> Option<()> {
        match (self.node.kind(), segment) {
            (Kind::Sequence(items), LocationSegment::Index(at)) => {
                let item = items.get(*at)?;
                self.enter(tree, item);
                self.is_item = true;
            }
            (Kind::Mapping(_), segment) => {
                let name = segment.to_string();
                let (entry, merge) = entry_of(tree, self.node, &name, keys, 16)?;
                if let Some(merge) = merge {
                    self.alias.get_or_insert(merge);
                }
                self.key = Some(entry.key());
                self.name = name;
                self.enter(tree, entry.value());
                self.is_item = false;
            }
            _ => return None,
        }
        Some(())
    }

    /// Where a finding about it is shown.
    pub(super) fn shown(&self, inner: Span) -> Span {
        self.alias.unwrap_or(inner)
    }

    /// The value's own place; of a value that is not there, its key's.
    pub(super) fn value_span(&self) -> Span {
        let own = self.node.span();
        let own = if own.is_empty() { self.key.map_or(own, Node::span) } else { own };
        self.shown(own)
    }

    /// A short place for something that is wrong with a whole mapping or list: its key, else its first line.
    pub(super) fn short_span(&self, text: &str) -> Span {
        let own = self.node.span();
        let is_collection = matches!(self.node.kind(), Kind::Mapping(_) | Kind::Sequence(_));
        if !is_collection || (!own.of(text).contains('\n') && self.is_item) {
            return self.value_span();
        }
        if let Some(key) = self.key.filter(|_| !self.is_item) {
            return self.shown(key.span());
        }
        self.shown(self.head_span(text))
    }

    /// The first key of a mapping, or the first line of whatever it is.
    fn head_span(&self, text: &str) -> Span {
        let own = self.node.span();
        if let Some(first) = self.node.entries().first() {
            return first.key().span();
        }
        let line = own.of(text).lines().next().unwrap_or("");
        Span::new(own.start, own.start + line.len())
    }

    /// The place that the contract names for a missing key: the value of `type`, else of `id`, else the key that holds
    /// the mapping, else (of an item, too) the first key.
    pub(super) fn missing_span(&self, text: &str) -> Span {
        let written = |key: &str| {
            let value = self.node.get(key)?;
            let is_short = matches!(value.kind(), Kind::Scalar(_)) && !value.span().is_empty();
            is_short.then(|| value.span())
        };
        let own = || match self.key.filter(|_| !self.is_item) {
            Some(key) => key.span(),
            None => self.head_span(text),
        };
        self.shown(written("type").or_else(|| written("id")).unwrap_or_else(own))
    }

    /// What it is called in a message.
    pub(super) fn subject(&self) -> String {
        match (self.name.as_str(), self.is_item) {
            ("", false) => "this file".to_owned(),
            ("", true) => "this item".to_owned(),
            (name, false) => format!("'{name}'"),
            (name, true) => format!("this item of '{name}'"),
        }
    }
}

/// The place that a pointer leads to. Where the tree has less than the value, the nearest place there is.
pub(super) fn spot<'t>(tree: &'t Tree, root: Node<'t>, pointer: &Location, keys: Keys) -> Spot<'t> {
    let mut spot = Spot::root(tree, root);
    for segment in pointer.segments() {
        if spot.step(tree, &segment, keys).is_none() {
            break;
        }
    }
    spot
}

/// The entry of a key, and the merge key it came by.
pub(super) fn entry_of<'t>(
    tree: &'t Tree,
    node: Node<'t>,
    name: &str,
    keys: Keys,
    budget: usize,
) -> Option<(Entry<'t>, Option<Span>)> {
    let budget = budget.checked_sub(1)?;
    if let Some(entry) = node.entry(name) {
        return Some((entry, None));
    }
    let merge = node.entry("<<").filter(|_| keys == Keys::Merged)?;
    let from = tree.resolve(merge.value())?;
    let sources = match from.kind() {
        Kind::Sequence(items) => items.into_iter().take(64).collect(),
        _ => vec![from],
    };
    let found = sources.into_iter().find_map(|source| {
        let source = tree.resolve(source)?;
        entry_of(tree, source, name, keys, budget).map(|(entry, _)| entry)
    });
    found.map(|entry| (entry, Some(merge.key().span())))
}
