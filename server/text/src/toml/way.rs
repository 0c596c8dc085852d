//! What stands at a place, in a tree whose tables may be written in several pieces.
//!
//! Between two pieces of one table there may be another, so a place can lie within several siblings. The one that has
//! something written there is meant; where none has, the one that starts last.

use crate::node::{Kind, Node, Step};

/// The steps from `root` down to the deepest node that touches `offset`.
pub(crate) fn path_at(root: Node<'_>, offset: usize) -> Vec<Step<'_>> {
    let mut steps = way(root, offset).steps;
    steps.reverse();
    steps
}

/// Steps, the innermost one first.
struct Way<'t> {
    steps: Vec<Step<'t>>,
    /// Whether it ends where something is written, and not in the gap between two pieces.
    is_exact: bool,
}

fn way(node: Node<'_>, offset: usize) -> Way<'_> {
    let mut best: Option<Way<'_>> = None;
    for step in steps_at(node, offset) {
        if best.as_ref().is_some_and(|best| best.is_exact) {
            break;
        }
        let inner = match step {
            Step::Key(_) => Way { steps: Vec::new(), is_exact: true },
            _ => way(step.node(), offset),
        };
        if best.is_none() || inner.is_exact {
            let Way { mut steps, is_exact } = inner;
            steps.push(step);
            best = Some(Way { steps, is_exact });
        }
    }
    best.unwrap_or_else(|| Way { steps: Vec::new(), is_exact: !node.is_piecewise() })
}

/// The steps from a node that could be meant, the last one in the text first.
fn steps_at(node: Node<'_>, offset: usize) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    match node.kind() {
        Kind::Sequence(items) => {
            let touches = |(_, item): &(usize, Node<'_>)| item.span().touches(offset);
            steps.extend(items.iter().enumerate().filter(touches).map(|(at, item)| Step::Index(at, item)));
        }
        Kind::Mapping(entries) => {
            for entry in entries {
                let (key, value) = (entry.key().span(), entry.value().span());
                if key.touches(offset) {
                    steps.push(Step::Key(entry));
                } else if key.end < offset && offset <= value.end {
                    steps.push(Step::Value(entry));
                }
            }
        }
        _ => {}
    }
    steps.reverse();
    steps
}
