//! Hints beside the text: what a step waits for without saying so, how many rounds it makes, which model it asks, how
//! often at most, and what that may cost.
//!
//! A hint stands only where the answer is certain. A number that an expression computes is not, so there is none then.

mod asked;
mod requests;

use copydesk_base::Span;
use copydesk_text::{Kind, Node, Tree};

use crate::declared::{Declared, Step};
use crate::{File, FileKind, WorkspaceIndex, check};

/// A few words at a place, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Where it stands: behind this byte.
    pub offset: usize,
    pub label: String,
    /// Markdown.
    pub tooltip: String,
}

/// The hints of the part of a file that `within` touches, in order.
pub fn hints(file: &File<'_>, index: &WorkspaceIndex, within: Span) -> Vec<Hint> {
    if file.kind != FileKind::Workflow {
        return Vec::new();
    }
    let declared = Declared::new(file.tree);
    let edges = check::edges(file, &declared);
    let mut hints = Vec::new();
    for (at, step) in declared.steps.iter().enumerate() {
        if !step.node.span().overlaps(within) {
            continue;
        }
        hints.extend(waits(file, &declared, step, edges.get(at).map_or(&[][..], Vec::as_slice)));
        hints.extend(rounds(file.tree, step.node).and_then(|rounds| rounds.hint()));
        hints.extend(asked::hint(file, index, step));
        hints.extend(requests::hint(file, index, step));
    }
    hints.retain(|hint| within.touches(hint.offset));
    hints.sort_by_key(|hint| hint.offset);
    hints
}

/// The steps that its expressions make a step wait for, besides those in `needs`.
fn waits(file: &File<'_>, declared: &Declared<'_>, step: &Step<'_>, edges: &[(usize, Span)]) -> Option<Hint> {
    let (_, id) = step.id()?;
    let named: Vec<&str> = step.needs(file.tree).map(|(name, _)| name).collect();
    let mut implied: Vec<(&str, Span)> = Vec::new();
    for (to, span) in edges {
        let name = declared.steps.get(*to)?.id()?.0;
        if !named.contains(&name) && !implied.iter().any(|(known, _)| *known == name) {
            implied.push((name, *span));
        }
    }
    if implied.is_empty() {
        return None;
    }
    let names: Vec<&str> = implied.iter().map(|(name, _)| *name).collect();
    let line = |span: Span| file.text.get(..span.start).map_or(0, |before| before.matches('\n').count()) + 1;
    let why: Vec<String> = implied
        .iter()
        .map(|(name, span)| format!("- `{name}`, for the expression in line {} reads it", line(*span)))
        .collect();
    let tooltip = format!("This step waits for steps that `needs` does not name:\n\n{}", why.join("\n"));
    Some(Hint { offset: id.span().end, label: format!("waits for {}", names.join(", ")), tooltip })
}

/// How often a step runs, and where that is written.
struct Rounds {
    offset: usize,
    count: u64,
    why: String,
}

impl Rounds {
    fn hint(&self) -> Option<Hint> {
        (self.count != 1 || self.why.contains('×')).then(|| Hint {
            offset: self.offset,
            label: format!("{} rounds", self.count),
            tooltip: self.why.clone(),
        })
    }
}

fn rounds(tree: &Tree, node: Node<'_>) -> Option<Rounds> {
    if let Some(matrix) = node.get("strategy").and_then(|strategy| strategy.entry("matrix")) {
        let mut count = 1u64;
        let mut axes = Vec::new();
        for axis in tree.entries(matrix.value()) {
            let Kind::Sequence(values) = tree.resolve(axis.value())?.kind() else { return None };
            let values = u64::try_from(values.len()).ok()?;
            count = count.checked_mul(values)?;
            axes.push(format!("`{}` has {values}", axis.key().scalar_text()?));
        }
        if axes.is_empty() {
            return None;
        }
        let why = format!("One round for each combination of values: {}", axes.join(" × "));
        return Some(Rounds { offset: matrix.key().span().end, count, why });
    }
    let foreach = node.entry("foreach")?;
    let Kind::Sequence(items) = foreach.value().kind() else { return None };
    let count = u64::try_from(items.len()).ok()?;
    let why = format!("One round for each of the {count} items of the list");
    Some(Rounds { offset: foreach.key().span().end, count, why })
}
