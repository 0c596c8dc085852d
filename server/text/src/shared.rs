//! Blocks of a text that was read whole, or in a large part, given back to the tree of the version before where both
//! say the same.
//!
//! So a file that cannot be read in part is still one of which most blocks keep their identity. Children are compared
//! from both ends, since an edit is in one place; values only where their keys are the same.
//!
//! Invariant: the tree is equal to what it was.

use std::sync::Arc;

use crate::green::{Form, Green, GreenEntry};

/// The texts of both versions.
#[derive(Clone, Copy)]
pub(crate) struct Sharing<'t> {
    pub(crate) before: &'t str,
    pub(crate) text: &'t str,
}

impl Sharing<'_> {
    /// Shares what is in `new`; both count from their bases.
    pub(crate) fn share(self, old: &Green, old_base: u32, new: &mut Green, new_base: u32) {
        if self.is_shared(old, old_base, new, new_base) {
            return;
        }
        let (new_start, old_start) = (new_base.wrapping_add(new.start()), old_base.wrapping_add(old.start()));
        let (Form::Block(old), Form::Block(block)) = (&old.form, &mut new.form) else { return };
        let Some(block) = Arc::get_mut(block) else { return };
        match (&old.node.form, &mut block.node.form) {
            (Form::List(old), Form::List(new)) => self.items((old, old_start), (new, new_start)),
            (Form::Map(old), Form::Map(new)) => self.entries((old, old_start), (new, new_start)),
            _ => {}
        }
    }

    /// Shares what is in some items of one list, which starts at `start` in both.
    pub(crate) fn share_items(self, old: &[Green], new: &mut [Green], start: u32) {
        self.items((old, start), (new, start));
    }

    /// The same for entries of one mapping.
    pub(crate) fn share_entries(self, old: &[GreenEntry], new: &mut [GreenEntry], start: u32) {
        self.entries((old, start), (new, start));
    }

    fn items(self, (old, old_start): (&[Green], u32), (new, new_start): (&mut [Green], u32)) {
        pairs(
            old,
            new,
            |old, new| self.is_shared(old, old_start, new, new_start),
            |old, new| self.share(old, old_start, new, new_start),
        );
    }

    fn entries(self, (old, old_start): (&[GreenEntry], u32), (new, new_start): (&mut [GreenEntry], u32)) {
        let is_key = |old: &GreenEntry, new: &GreenEntry| {
            source(&old.key, old_start, self.before) == source(&new.key, new_start, self.text)
        };
        pairs(
            old,
            new,
            |old, new| is_key(old, new) && self.is_shared(&old.value, old_start, &mut new.value, new_start),
            |old, new| {
                if is_key(old, new) {
                    self.share(&old.value, old_start, &mut new.value, new_start);
                }
            },
        );
    }

    /// Whether two values say the same; if they are blocks, they are one from now on.
    fn is_shared(self, old: &Green, old_base: u32, new: &mut Green, new_base: u32) -> bool {
        if source(old, old_base, self.before) != source(new, new_base, self.text) {
            return false;
        }
        match (&old.form, &mut new.form) {
            (Form::Block(old), Form::Block(new)) => {
                let is_same = old.id == new.id || old.node == new.node;
                if is_same {
                    *new = Arc::clone(old);
                }
                is_same
            }
            (old, new) => old == new,
        }
    }
}

fn source<'t>(green: &Green, base: u32, text: &'t str) -> &'t str {
    green.span().shifted(base as usize).of(text)
}

/// Pairs off children that are the same from both ends, then looks into those between.
fn pairs<T>(
    old: &[T],
    new: &mut [T],
    mut is_same: impl FnMut(&T, &mut T) -> bool,
    mut look: impl FnMut(&T, &mut T),
) {
    let (old_len, new_len, most) = (old.len(), new.len(), old.len().min(new.len()));
    let mut is_same = |at: usize, new_at: usize| match (old.get(at), new.get_mut(new_at)) {
        (Some(old), Some(new)) => is_same(old, new),
        _ => false,
    };
    let before = (0..most).take_while(|at| is_same(*at, *at)).count();
    let behind = (1..=most - before).take_while(|at| is_same(old_len - at, new_len - at)).count();
    for at in before..most - behind {
        if let (Some(old), Some(new)) = (old.get(at), new.get_mut(at)) {
            look(old, new);
        }
    }
}
