//! Collections that were read by guessing, because their lines do not stand in one column.
//!
//! Nobody knows which of the columns was meant, and a line that moves alone may fall out of its collection. So all
//! lines of such a collection stay where they are.

use copydesk_base::Span;
use copydesk_text::{Kind, Node, Tree};

use super::lines::Lines;
use super::style::is_flow;

/// The whole lines of the outermost collections whose children start in different columns.
pub(super) fn collections(tree: &Tree, lines: &Lines<'_>) -> Vec<Span> {
    let mut found = Vec::new();
    if !tree.broken().is_empty() {
        for root in tree.documents() {
            find(tree, lines, root, &mut found);
        }
    }
    found
}

fn find(tree: &Tree, lines: &Lines<'_>, node: Node<'_>, found: &mut Vec<Span>) {
    if !tree.is_broken(lines.whole(node.span())) || is_flow(node, lines.text) {
        return;
    }
    let (columns, inner): (Vec<usize>, Vec<Node<'_>>) = match node.kind() {
        Kind::Mapping(entries) => {
            let children = entries.iter().map(|entry| (lines.column(entry.span().start), entry.value()));
            children.unzip()
        }
        Kind::Sequence(items) => (dashes(lines, node), items.iter().collect()),
        _ => return,
    };
    if columns.windows(2).any(|pair| matches!(pair, [one, other] if one != other)) {
        found.push(lines.whole(node.span()));
    } else {
        for inner in inner {
            find(tree, lines, inner, found);
        }
    }
}

/// The columns of the dashes of a list.
fn dashes(lines: &Lines<'_>, list: Node<'_>) -> Vec<usize> {
    let mut end = list.span().start;
    let mut columns = Vec::new();
    for item in list.items() {
        let Some(dash) = lines.dash(end) else { break };
        columns.push(lines.column(dash));
        end = item.span().end.max(dash + 1);
    }
    columns
}
