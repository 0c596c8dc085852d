//! New children in an old tree: what is on the way to them is made anew, everything else is shared.

use std::ops::Range;

use super::place::Level;
use super::run::Run;
use super::{Children, Edit};
use crate::green::{Form, Green, GreenEntry, Grown, Moved, replaced, short};
use crate::tree::Tree;

/// The documents with `children` where the run was. Places in `children` count from the start of `text`.
pub(super) fn grafted(
    before: &Tree,
    text: &str,
    edit: Edit,
    levels: &[Level<'_>],
    run: &Run,
    children: Children,
) -> Option<Vec<Green>> {
    let (root, way) = levels.split_first()?;
    let by = short(edit.new_end).wrapping_sub(short(edit.old_end));
    let start = short(run.new_start(levels.last()?, &children, text, edit));
    let graft = Graft { text, by, run, start };
    let grown = graft.collection(before.documents.get(root.at)?, 0, way, children)?;
    let documents = before.documents.iter().enumerate();
    let others = documents.map(|(at, old)| old.moved(if at > root.at { by } else { 0 }));
    let mut documents: Vec<Green> = others.collect();
    *documents.get_mut(root.at)? = grown.into_document();
    Some(documents)
}

struct Graft<'g> {
    text: &'g str,
    /// How far everything behind the edit moves; modulo 2³², as places are stored.
    by: u32,
    run: &'g Run,
    /// Where the innermost collection starts now.
    start: u32,
}

impl Graft<'_> {
    /// A collection on the way. `old` is stored in something that starts at `base`.
    fn collection(&self, old: &Green, base: u32, way: &[Level<'_>], children: Children) -> Option<Grown> {
        let (old, base) = old.looked_through(base);
        let Some((next, way)) = way.split_first() else { return self.innermost(old, base, children) };
        let start = base.wrapping_add(old.start());
        let stay = base.wrapping_sub(start);
        let form = match &old.form {
            Form::List(items) => {
                let child = self.collection(items.get(next.at)?, base, way, children)?;
                let child = child.into_child(start, self.text);
                Form::List(self.replaced(items, next.at..next.at + 1, vec![child], stay))
            }
            Form::Map(entries) => {
                let old = entries.get(next.at)?;
                let child = self.collection(&old.value, base, way, children)?;
                let entry =
                    GreenEntry { key: old.key.moved(stay), value: child.into_child(start, self.text) };
                Form::Map(self.replaced(entries, next.at..next.at + 1, vec![entry], stay))
            }
            _ => return None,
        };
        Some(Grown::new(start, form, old))
    }

    fn innermost(&self, old: &Green, base: u32, children: Children) -> Option<Grown> {
        let start = self.start;
        let stay = base.wrapping_sub(start);
        let at = self.run.children.clone();
        let form = match (&old.form, children) {
            (Form::List(items), Children::Items(mut new)) => {
                for item in &mut new {
                    item.settle_item(start, self.text);
                }
                Form::List(self.replaced(items, at, new, stay))
            }
            (Form::Map(entries), Children::Entries(mut new)) => {
                for entry in &mut new {
                    entry.settle(start, self.text);
                }
                Form::Map(self.replaced(entries, at, new, stay))
            }
            _ => return None,
        };
        Some(Grown::new(start, form, old))
    }

    /// Old children with `new` ones where those of `at` were. The old ones count from something else, `stay` away.
    fn replaced<T: Moved>(&self, old: &[T], at: Range<usize>, new: Vec<T>, stay: u32) -> Box<[T]> {
        replaced(old, at, new, stay, stay.wrapping_add(self.by))
    }
}
