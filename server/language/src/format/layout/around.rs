//! The blocks that a selected range means.

use copydesk_base::Span;
use copydesk_text::{Kind, Node, Tree};

use crate::format::lines::Lines;
use crate::format::style::is_flow;

/// The blocks that a range touches: whole entries and items, as few as hold it.
pub(in crate::format) fn blocks_around(tree: &Tree, lines: &Lines<'_>, range: Span) -> Span {
    let wanted = lines.whole(range);
    let mut around = None;
    for root in tree.documents().iter().filter(|root| root.span().overlaps(wanted)) {
        let found = around_in(root, lines, wanted);
        around = Some(around.map_or(found, |other: Span| other.cover(found)));
    }
    around.unwrap_or(wanted).cover(wanted)
}

fn around_in(node: Node<'_>, lines: &Lines<'_>, wanted: Span) -> Span {
    let children: Vec<(Span, Node<'_>)> = match node.kind() {
        Kind::Mapping(entries) if !is_flow(node, lines.text) => {
            entries.iter().map(|entry| (lines.whole(entry.span()), entry.value())).collect()
        }
        Kind::Sequence(items) if !is_flow(node, lines.text) => {
            items.iter().map(|item| (lines.whole(item.span()), item)).collect()
        }
        _ => return lines.whole(node.span()),
    };
    let touched: Vec<&(Span, Node<'_>)> =
        children.iter().filter(|(span, _)| span.start < wanted.end && wanted.start < span.end).collect();
    match touched[..] {
        [] => wanted,
        // One block holds it all: perhaps a smaller one inside does, too.
        [(span, child)] => {
            let inner = lines.whole(child.span());
            let is_inside =
                inner.start <= wanted.start && wanted.end <= inner.end && inner.start > span.start;
            if is_inside { around_in(*child, lines, wanted) } else { *span }
        }
        [(first, _), .., (last, _)] => first.cover(*last),
    }
}
