//! What a piece of a file takes from elsewhere: the values that its aliases stand for.
//!
//! A block that did not change says what it said, but for its aliases. So beside such a block a number is kept for all
//! that these stand for, and it is the same as long as all of that says the same.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use copydesk_text::{Node, Tree};

use super::value::{self, Keys};

/// What the aliases in a piece stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Borrowed {
    print: u64,
    /// How many values that are.
    pub(super) unfolded: usize,
}

/// What is lent in one version of a file.
pub(super) struct Lender<'t> {
    tree: &'t Tree,
    keys: Keys,
    /// By where a node starts; nothing of those that stand for too many values.
    known: HashMap<usize, Option<Borrowed>>,
}

impl<'t> Lender<'t> {
    pub(super) fn new(tree: &'t Tree, keys: Keys) -> Self {
        Self { tree, keys, known: HashMap::new() }
    }

    /// What a node takes from elsewhere.
    pub(super) fn borrowed(&mut self, node: Node<'t>) -> Option<Borrowed> {
        let mut all = Borrowed::default();
        if !self.tree.has_alias_in(node.span()) {
            return Some(all);
        }
        for target in self.tree.behind_aliases(node.span()) {
            let one = match target {
                Some(target) => self.lent(target)?,
                None => Borrowed::default(),
            };
            all = Borrowed { print: hashed(&(all.print, one.print)), unfolded: all.unfolded + one.unfolded };
        }
        Some(all)
    }

    fn lent(&mut self, node: Node<'t>) -> Option<Borrowed> {
        let (tree, keys) = (self.tree, self.keys);
        *self.known.entry(node.span().start).or_insert_with(|| {
            let (value, unfolded) = value::behind_alias(tree, node, keys)?;
            Some(Borrowed { print: hashed(&value.to_string()), unfolded })
        })
    }
}

fn hashed(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
