//! The children of a collection.

use crate::green::{Green, GreenEntry};
use crate::node::{Entry, Frame, Node};

/// What two kinds of children have in common, written once.
macro_rules! children {
    ($(#[$docs:meta])* $name:ident, $iter:ident, $green:ty, $seen:ident, $start:expr) => {
        $(#[$docs])*
        #[derive(Clone, Copy, Default)]
        pub struct $name<'t> {
            frame: Frame<'t>,
            slots: &'t [$green],
        }

        impl<'t> $name<'t> {
            pub(crate) fn new(frame: Frame<'t>, slots: &'t [$green]) -> Self {
                Self { frame, slots }
            }

            pub fn len(self) -> usize {
                self.slots.len()
            }

            pub fn is_empty(self) -> bool {
                self.slots.is_empty()
            }

            pub fn get(self, at: usize) -> Option<$seen<'t>> {
                self.slots.get(at).map(|slot| $seen::seen(self.frame, slot))
            }

            pub fn first(self) -> Option<$seen<'t>> {
                self.get(0)
            }

            pub fn last(self) -> Option<$seen<'t>> {
                self.get(self.len().checked_sub(1)?)
            }

            pub fn iter(self) -> $iter<'t> {
                $iter { frame: self.frame, slots: self.slots.iter() }
            }

            /// The last one that does not start behind `offset`, with its number.
            pub(crate) fn before(self, offset: usize) -> Option<(usize, $seen<'t>)> {
                let start: fn(&$green) -> u32 = $start;
                let base = self.frame.base;
                let at = self.slots.partition_point(|slot| base + start(slot) as usize <= offset);
                let at = at.checked_sub(1)?;
                Some((at, self.get(at)?))
            }
        }

        impl<'t> IntoIterator for $name<'t> {
            type Item = $seen<'t>;
            type IntoIter = $iter<'t>;

            fn into_iter(self) -> $iter<'t> {
                self.iter()
            }
        }

        impl std::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_list().entries(self.iter()).finish()
            }
        }

        /// One after the other.
        #[derive(Clone)]
        pub struct $iter<'t> {
            frame: Frame<'t>,
            slots: std::slice::Iter<'t, $green>,
        }

        impl<'t> Iterator for $iter<'t> {
            type Item = $seen<'t>;

            fn next(&mut self) -> Option<$seen<'t>> {
                self.slots.next().map(|slot| $seen::seen(self.frame, slot))
            }

            fn nth(&mut self, n: usize) -> Option<$seen<'t>> {
                self.slots.nth(n).map(|slot| $seen::seen(self.frame, slot))
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.slots.size_hint()
            }
        }

        impl DoubleEndedIterator for $iter<'_> {
            fn next_back(&mut self) -> Option<Self::Item> {
                self.slots.next_back().map(|slot| $seen::seen(self.frame, slot))
            }
        }

        impl ExactSizeIterator for $iter<'_> {}
    };
}

children! {
    /// The items of a sequence.
    Items, ItemsIter, Green, Node, Green::start
}

children! {
    /// The entries of a mapping.
    Entries, EntriesIter, GreenEntry, Entry, |entry| entry.key.start()
}
