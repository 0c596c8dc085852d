//! How a document wants to be laid out: as most of it is already.

use copydesk_base::Span;
use copydesk_text::{Kind, Node, Tree};

use super::lines::Lines;

/// What is asked for where the document itself does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Columns of one level; what most of the document has, else 2, unless set.
    pub indent: Option<usize>,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) indent: usize,
    pub(super) sequences: Sequences,
}

/// Where the dashes of a list below a key stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sequences {
    /// Below the key's first character.
    Flush,
    Indented,
}

/// Counts what the document does.
#[derive(Default)]
struct Habits {
    /// How often a mapping below a key is indented by so many columns.
    steps: [usize; 9],
    flush: usize,
    indented: usize,
}

pub(super) fn of(tree: &Tree, text: &str, lines: &Lines<'_>, asked: Style) -> Settled {
    let mut habits = Habits::default();
    for root in tree.documents() {
        if lines.part.touches(root.span().start) {
            count(root, text, lines, &mut habits);
        }
    }
    let most =
        (1..habits.steps.len()).rev().max_by_key(|width| habits.steps.get(*width).copied().unwrap_or(0));
    let habit = most.filter(|width| habits.steps.get(*width).is_some_and(|count| *count > 0));
    // A one-column indent is a slip, not a style.
    let habit = habit.filter(|width| *width > 1);
    let asked = asked.indent.filter(|width| (2..=8).contains(width));
    Settled {
        indent: habit.or(asked).unwrap_or(2),
        sequences: if habits.flush > habits.indented { Sequences::Flush } else { Sequences::Indented },
    }
}

fn count(node: Node<'_>, text: &str, lines: &Lines<'_>, habits: &mut Habits) {
    match node.kind() {
        Kind::Mapping(entries) if !is_flow(node, text) => {
            for entry in entries {
                let (key, value) = (entry.key(), entry.value());
                let is_below = lines.line(value.span().start) > lines.line(key.span().end);
                let step = lines.column(value.span().start).checked_sub(lines.column(key.span().start));
                if is_below && !is_flow(value, text) {
                    match (value.kind(), step) {
                        (Kind::Mapping(_), Some(step)) => {
                            if let Some(count) = habits.steps.get_mut(step) {
                                *count += 1;
                            }
                        }
                        (Kind::Sequence(_), Some(0)) => habits.flush += 1,
                        (Kind::Sequence(_), Some(step)) => {
                            habits.indented += 1;
                            // A list says less about the width than a mapping does.
                            if let Some(count) = habits.steps.get_mut(step).filter(|count| **count == 0) {
                                *count = 1;
                            }
                        }
                        _ => {}
                    }
                }
                count(value, text, lines, habits);
            }
        }
        Kind::Sequence(items) if !is_flow(node, text) => {
            for item in items {
                count(item, text, lines, habits);
            }
        }
        _ => {}
    }
}

/// Whether a collection is written between brackets.
pub(super) fn is_flow(node: Node<'_>, text: &str) -> bool {
    matches!(node.kind(), Kind::Mapping(_) | Kind::Sequence(_)) && starts_flow(node.span(), text)
}

fn starts_flow(span: Span, text: &str) -> bool {
    matches!(text.as_bytes().get(span.start), Some(b'{' | b'['))
}
