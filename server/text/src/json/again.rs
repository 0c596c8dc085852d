//! A newer version's tree from the tree of the version before and the edit between the two.
//!
//! Reading goes forward, and what it knows at an opening bracket is which others are open. So the smallest block that
//! holds the edit between its brackets is read again, and if its reading ends where it did before, everything behind
//! is what it was. Where that fails the block around it is tried, and at last the whole text is read.
//!
//! Invariants
//! - The answer is what reading the whole text would give, in broken texts too.
//! - The tree before is not changed: somebody may be looking at it.

use std::sync::Arc;

use copydesk_base::Span;

use super::read::read_part;
use super::{Dialect, MAX_BYTES};
use crate::edits::{Edit, Kept, Mover};
use crate::green::{Form, Green, GreenEntry, Grown, replaced, short};
use crate::node::{Kind, Node};
use crate::shared::Sharing;
use crate::tree::{Syntax, Tree};
use crate::yaml::{self, MOST_FOUND};

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
    (1..=levels.len()).rev().find_map(|depth| read(before, text, edit, dialect, levels.get(..depth)?))
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
    let mover = Mover { region: inside, edit, is_last: false };
    output.comments.extend(mover.all(&before.comments)?);
    output.broken.extend(mover.all(&before.broken)?);
    for problem in &before.found {
        if let Kept::At(span) = mover.kept(problem.span)? {
            output.problems.push(mover.problem(problem, span)?);
        }
    }
    if output.problems.len() >= MOST_FOUND {
        return None;
    }
    let by = short(edit.new_end).wrapping_sub(short(edit.old_end));
    let old = before.documents.get(root.at)?;
    let sharing = Sharing { before: &before.text, text };
    let document = match way {
        [] => {
            let mut new = crate::green::settled(new, text);
            sharing.share(old, 0, &mut new, 0);
            new
        }
        way => Graft { sharing, by }.collection(old, 0, way, new)?.into_document(),
    };
    Some(Tree { syntax: Syntax::Json, ..yaml::finished(output, vec![document], Arc::clone(text)) })
}

/// Puts what was read in the place of what was there; what is on the way to it is made anew, everything else is shared.
struct Graft<'g> {
    sharing: Sharing<'g>,
    /// How far everything behind the edit moves; modulo 2³², as places are stored.
    by: u32,
}

impl Graft<'_> {
    /// `old` is stored in something that starts at `base`; all on the way are blocks.
    fn collection(&self, old: &Green, base: u32, way: &[Level<'_>], new: Green) -> Option<Grown> {
        let (old, start) = old.looked_through(base);
        let (next, way) = way.split_first()?;
        let place = next.at..next.at + 1;
        let form = match &old.form {
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
        };
        Some(Grown::in_brackets(start, form, old, self.by))
    }

    fn child(&self, old: &Green, start: u32, way: &[Level<'_>], mut new: Green) -> Option<Green> {
        if way.is_empty() {
            new.settle_item(start, self.sharing.text);
            self.sharing.share(old, start, &mut new, start);
            return Some(new);
        }
        Some(self.collection(old, start, way, new)?.into_child(start, self.sharing.text))
    }
}
