//! What is known of a file's values from the last time that they were judged, and outlives the edit.

use std::collections::BTreeMap;

use copydesk_text::{Node, Tree};

use super::Schema;
use super::borrowed::Borrowed;
use super::told::Told;
use crate::row::Row;

/// Collections that are remembered; those of list items change their places.
const MOST_ROWS: usize = 256;

/// What was right in the last version of one file, by the place of its collection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judged {
    /// Of [`Schema`].
    schema: u64,
    /// Of a file with several documents, those about which there was nothing to say.
    documents: Row<Verdict>,
    pub(super) rows: BTreeMap<String, Known>,
}

/// What is known of the children of one collection.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The parts of the schema that speak about it, which may change with a word that stands in it.
    pub(super) parts: Vec<usize>,
    pub(super) row: Row<Cell>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Verdict {
    #[default]
    Unknown,
    Right,
}

/// A child of a collection.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub(super) verdict: Verdict,
    /// What was said of it when it was wrong.
    pub(super) told: Option<Told>,
    /// Of its value, where the list wants to know.
    pub(super) print: Option<u64>,
    /// What it takes from elsewhere, when it was right.
    pub(super) borrowed: Borrowed,
}

impl Judged {
    /// Begins a check. Whatever is known belongs to one schema.
    pub(super) fn begin(&mut self, schema: &Schema, tree: &Tree) {
        if self.schema != schema.number {
            *self = Self { schema: schema.number, ..Self::default() };
        }
        if tree.has_anchors() {
            self.documents = Row::default();
        }
        self.documents.align(tree.documents().iter().map(Node::identity), |_| Verdict::Unknown);
    }

    /// Whether there is nothing to say about a document, by its number.
    pub(super) fn is_right(&mut self, document: usize) -> bool {
        self.documents.get_mut(document).is_some_and(|verdict| *verdict == Verdict::Right)
    }

    pub(super) fn set_right(&mut self, document: usize) {
        if let Some(verdict) = self.documents.get_mut(document) {
            *verdict = Verdict::Right;
        }
    }

    /// Nothing is known any more.
    pub(super) fn forget(&mut self) {
        self.rows.clear();
    }

    /// Only so many collections are remembered: where there are more, those for which `stays` says no are forgotten.
    pub(super) fn thin(&mut self, stays: impl Fn(&str) -> bool) {
        if self.rows.len() > MOST_ROWS {
            self.rows.retain(|place, _| stays(place));
        }
    }
}
