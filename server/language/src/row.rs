//! What is known of each child of a collection, kept from one version of a text to the next.
//!
//! Blocks that did not change keep their [`Identity`], and an edit changes neighbours: so the children before it and
//! those behind it are found again by walking in from both ends, whatever their number is now. Only what lies between
//! is compared one by one. This is the one way in which checks remember: what they remember, they say.

use std::collections::HashMap;

use copydesk_text::Identity;

/// One cell for each child, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Row<T> {
    cells: Vec<(Identity, T)>,
}

impl<T> Default for Row<T> {
    fn default() -> Self {
        Self { cells: Vec::new() }
    }
}

impl<T> Row<T> {
    /// Takes in the children as they are now. What was known of those that are still there is kept, the others get
    /// what `new` says; its argument is the child's place.
    pub(crate) fn align(
        &mut self,
        now: impl DoubleEndedIterator<Item = Identity> + ExactSizeIterator + Clone,
        mut new: impl FnMut(usize) -> T,
    ) {
        let same = |(cell, now): &(&(Identity, T), Identity)| cell.0 == *now;
        let before = self.cells.iter().zip(now.clone()).take_while(same).count();
        let most_behind = self.cells.len().min(now.len()) - before;
        let from_behind = self.cells.iter().rev().zip(now.clone().rev());
        let behind = from_behind.take(most_behind).take_while(same).count();
        let middle = now.len() - before - behind;
        let old = before..self.cells.len() - behind;
        if old.is_empty() && middle == 0 {
            return;
        }
        let coming: Vec<Identity> = now.skip(before).take(middle).collect();
        let mut left: HashMap<Identity, T> = self.cells.splice(old, []).collect();
        let cells = coming.into_iter().zip(before..).map(|(identity, at)| {
            let known = left.remove(&identity);
            (identity, known.unwrap_or_else(|| new(at)))
        });
        let cells: Vec<(Identity, T)> = cells.collect();
        self.cells.splice(before..before, cells);
    }

    /// The cell of a child, if the child at that place is this one.
    pub(crate) fn of(&mut self, at: usize, child: Identity) -> Option<&mut T> {
        self.cells.get_mut(at).filter(|(identity, _)| *identity == child).map(|(_, cell)| cell)
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.cells.get_mut(at).map(|(_, cell)| cell)
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &T> {
        self.cells.iter().map(|(_, cell)| cell)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.cells.iter_mut().map(|(_, cell)| cell)
    }
}

#[cfg(test)]
mod tests {
    use copydesk_text::{Node, yaml};

    use super::*;

    #[test]
    fn what_is_still_there_keeps_its_cell() {
        let tree = yaml::parse("- {}\n- {}\n- {}\n- {}\n- {}\n");
        let all: Vec<Identity> = tree.root().unwrap().items().iter().map(Node::identity).collect();
        // Each version as places in `all`, and which of its children are new.
        for versions in [
            &[(&[0, 1, 2][..], &[0, 1, 2][..]), (&[0, 1, 2], &[])][..],
            &[(&[0, 1, 2], &[0, 1, 2]), (&[0, 3, 1, 2], &[1]), (&[0, 2], &[]), (&[], &[]), (&[0], &[0])],
            &[(&[0, 1, 2, 3], &[0, 1, 2, 3]), (&[3, 1, 2, 0], &[]), (&[4, 1, 0], &[0])],
            &[(&[0, 1], &[0, 1]), (&[0, 1, 2, 3], &[2, 3]), (&[2, 3], &[]), (&[4, 2, 3], &[0])],
        ] {
            let mut row = Row::default();
            for (children, expected) in versions {
                let mut new = Vec::new();
                row.align(children.iter().map(|at: &usize| all[*at]), |at| {
                    new.push(at);
                    children[at]
                });
                assert_eq!(new, *expected, "{children:?}");
                assert_eq!(row.iter().copied().collect::<Vec<_>>(), *children);
            }
        }
    }
}
