//! A newer version's tree from the tree of the version before and the edit between the two.
//!
//! Reading goes forward, and what it knows at an opening bracket is which others are open. So the smallest block that
//! holds the edit between its brackets is read again, and if its reading ends where it did before, everything behind
//! is what it was. Of a block the children around the edit are enough, where the next ones begin as they did ([`run`]).
//! Where that fails the block around it is tried, and at last the whole text is read.
//!
//! Invariants
//! - The answer is what reading the whole text would give, in broken texts too.
//! - The tree before is not changed: somebody may be looking at it.

mod run;

use std::ops::Range;
use std::sync::Arc;

use copydesk_base::Span;

use super::read::read_part;
use super::{Dialect, MAX_BYTES};
use crate::edits::{Edit, Kept, Mover};
use crate::green::{Form, Green, GreenEntry, Grown, replaced, short};
use crate::node::{Kind, Node};
use crate::shared::Sharing;
use crate::tree::{Syntax, Tree};
use crate::yaml::{self, MOST_FOUND, Output};

/// A collection around the edit, and which child of the one around it this is.
struct Level<'t> {
    node: Node<'t>,
    at: usize,
}

/// The tree of `text`, which is the text of `before` with one edit.
pub(crate) fn again(before: &Tree, text: &Arc<str>, edit: Edit, dialect: Dialect) -> Option<Tree> {
    if text.len() > MAX_BYTES || before.found.len() >= MOST_FOUND {
        return None;
    }
    let levels = around(before, edit);
    (1..=levels.len()).rev().find_map(|depth| {
        let levels = levels.get(..depth)?;
        run::read(before, text, edit, dialect, levels).or_else(|| read(before, text, edit, dialect, levels))
    })
}

/// The blocks that hold the edit between their brackets, outermost first.
fn around(before: &Tree, edit: Edit) -> Vec<Level<'_>> {
    let mut levels = Vec::new();
    let mut next = before.root().map(|node| Level { node, at: 0 });
    while let Some(level) = next {
        let span = level.node.span();
        let holds = span.start < edit.start && edit.old_end < span.end;
        let is_block = span.of(&before.text).contains(['\n', '\r']) || levels.is_empty();
        if !holds || !is_block {
            break;
        }
        next = match level.node.kind() {
            Kind::Sequence(items) => items.before(edit.start).map(|(at, node)| Level { node, at }),
            Kind::Mapping(entries) => {
                entries.before(edit.start).map(|(at, entry)| Level { node: entry.value(), at })
            }
            _ => break,
        };
        levels.push(level);
    }
    levels
}

/// Reads the innermost of some levels again.
fn read(before: &Tree, text: &Arc<str>, edit: Edit, dialect: Dialect, levels: &[Level<'_>]) -> Option<Tree> {
    let (root, way) = levels.split_first()?;
    let region = levels.last()?.node.span();
    let open = levels.iter().rev().skip(1).rev();
    let open = open.filter_map(|level| text.as_bytes().get(level.node.span().start).copied()).collect();
    let (mut output, end) = read_part(text, dialect, region.start, open);
    let [read] = output.documents.as_slice() else { return None };
    let is_same_place = end == edit.moved(region.end) && read.span() == Span::new(region.start, end);
    // What is missing at the end may be the block's or its neighbour's.
    let is_guess = |broken: &[Span], end: usize| broken.iter().any(|span| span.touches(end));
    if !is_same_place || is_guess(&before.broken, region.end) || is_guess(&output.broken, end) {
        return None;
    }
    let new = output.documents.pop()?;
    // What stands right before the bracket is about the neighbours.
    let inside = Span::new(region.start + 1, region.end);
    keep(before, &Mover { region: inside, edit, is_last: false }, &mut output)?;
    let by = short(edit.new_end).wrapping_sub(short(edit.old_end));
    let old = before.documents.get(root.at)?;
    let sharing = Sharing { before: &before.text, text };
    let document = match way {
        [] => {
            let mut new = crate::green::settled(new, text);
            sharing.share(old, 0, &mut new, 0);
            new
        }
        way => Graft { sharing, by }.collection(old, 0, way, New::Whole(new))?.into_document(),
    };
    Some(Tree { syntax: Syntax::Json, ..yaml::finished(output, vec![document], Arc::clone(text)) })
}

/// Adds what was found outside of what was read again.
fn keep(before: &Tree, mover: &Mover, output: &mut Output) -> Option<()> {
    output.comments.extend(mover.all(&before.comments)?);
    output.broken.extend(mover.all(&before.broken)?);
    for problem in &before.found {
        if let Kept::At(span) = mover.kept(problem.span)? {
            output.problems.push(mover.problem(problem, span)?);
        }
    }
    (output.problems.len() < MOST_FOUND).then_some(())
}

/// What was read again.
enum New {
    /// A collection.
    Whole(Green),
    /// Some of its children, in the place of others.
    Children { stood: Range<usize>, form: Form },
}

/// Puts what was read in the place of what was there; what is on the way to it is made anew, everything else is shared.
struct Graft<'g> {
    sharing: Sharing<'g>,
    /// How far everything behind the edit moves; modulo 2³², as places are stored.
    by: u32,
}

impl Graft<'_> {
    /// `old` is stored in something that starts at `base`; all on the way are blocks.
    fn collection(&self, old: &Green, base: u32, way: &[Level<'_>], new: New) -> Option<Grown> {
        let (old, start) = old.looked_through(base);
        let form = match (way.split_first(), new) {
            (Some((next, way)), new) => {
                let place = next.at..next.at + 1;
                match &old.form {
                    Form::List(items) => {
                        let child = self.child(items.get(next.at)?, start, way, new)?;
                        Form::List(replaced(items, place, vec![child], 0, self.by))
                    }
                    Form::Map(entries) => {
                        let entry = entries.get(next.at)?;
                        let value = self.child(&entry.value, start, way, new)?;
                        let entry = GreenEntry { key: entry.key.moved(0), value };
                        Form::Map(replaced(entries, place, vec![entry], 0, self.by))
                    }
                    _ => return None,
                }
            }
            (None, New::Children { stood, form }) => self.children(old, start, stood, form)?,
            (None, New::Whole(_)) => return None,
        };
        Some(Grown::in_brackets(start, form, old, self.by))
    }

    fn child(&self, old: &Green, start: u32, way: &[Level<'_>], new: New) -> Option<Green> {
        match new {
            New::Whole(mut new) if way.is_empty() => {
                new.settle_item(start, self.sharing.text);
                self.sharing.share(old, start, &mut new, start);
                Some(new)
            }
            new => Some(self.collection(old, start, way, new)?.into_child(start, self.sharing.text)),
        }
    }

    /// The children of a collection that starts at `start`, with new ones where those of `stood` were.
    fn children(&self, old: &Green, start: u32, stood: Range<usize>, form: Form) -> Option<Form> {
        Some(match (&old.form, form) {
            (Form::List(items), Form::List(new)) => {
                let mut new = new.into_vec();
                for item in &mut new {
                    item.settle_item(start, self.sharing.text);
                }
                self.sharing.share_items(items.get(stood.clone())?, &mut new, start);
                Form::List(replaced(items, stood, new, 0, self.by))
            }
            (Form::Map(entries), Form::Map(new)) => {
                let mut new = new.into_vec();
                for entry in &mut new {
                    entry.settle(start, self.sharing.text);
                }
                self.sharing.share_entries(entries.get(stood.clone())?, &mut new, start);
                Form::Map(replaced(entries, stood, new, 0, self.by))
            }
            _ => return None,
        })
    }
}
