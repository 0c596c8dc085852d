//! Growing a selection: from a word of an expression over its value, its entry and its block to the whole file.

use copydesk_base::Span;
use copydesk_text::{Node, Step, front_matter};

use crate::File;
use crate::expression::{self, Expr, ExprKind};

/// The pieces around an offset, the smallest first, each inside the next.
pub fn selections(file: &File<'_>, offset: usize) -> Vec<Span> {
    let mut spans = vec![Span::new(0, file.text.len())];
    if file.kind.is_markdown()
        && let Some(parts) = front_matter::split(file.text)
    {
        spans.push(if parts.yaml.touches(offset) { parts.yaml } else { parts.body });
    }
    let root = file.tree.documents().iter().find(|root| root.span().touches(offset));
    spans.extend(root.map(Node::span));
    for step in file.tree.path_at(offset) {
        match step {
            Step::Value(entry) => spans.extend([entry.span(), entry.value().span()]),
            Step::Key(entry) => spans.extend([entry.span(), entry.key().span()]),
            Step::Index(_, item) => spans.push(item.span()),
        }
        scalar(step.node(), offset, &mut spans);
    }
    // A piece that does not hold the offset, or does not lie in the one before, is none of the way.
    let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        let around = kept.last().is_none_or(|outer| outer.start <= span.start && span.end <= outer.end);
        if span.touches(offset) && around && kept.last() != Some(&span) {
            kept.push(span);
        }
    }
    kept.reverse();
    kept
}

fn scalar(node: Node<'_>, offset: usize, spans: &mut Vec<Span>) {
    let Some(scalar) = node.scalar() else { return };
    let text = scalar.text();
    spans.push(scalar.source_span(0, text.len()));
    let place = |span: Span| scalar.source_span(span.start, span.end);
    for piece in expression::pieces(text) {
        if !place(piece.outer).touches(offset) {
            continue;
        }
        spans.extend([place(piece.outer), place(piece.inner)]);
        let (expr, _) = expression::parse(text, piece.inner);
        let mut at = Some(&expr);
        while let Some(here) = at {
            spans.push(place(here.span));
            at = children(here)
                .into_iter()
                .find(|child| place(child.span).touches(offset) && !child.span.is_empty());
        }
        let word =
            expression::tokens(text, piece.inner).into_iter().find(|token| place(token.span).touches(offset));
        spans.extend(word.map(|token| place(token.span)));
    }
}

fn children(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Member { object, .. } => vec![object],
        ExprKind::Index { object, index, .. } => vec![object, index],
        ExprKind::Call { callee, arguments, .. } => std::iter::once(&**callee).chain(arguments).collect(),
        ExprKind::Unary { operand, .. } => vec![operand],
        ExprKind::Binary { left, right, .. } => vec![left, right],
        ExprKind::Conditional { condition, then, otherwise } => vec![condition, then, otherwise],
        ExprKind::List(items) => items.iter().collect(),
        ExprKind::Mapping(entries) => entries.iter().map(|(_, value)| value).collect(),
        ExprKind::Arrow { body, .. } => vec![body],
        _ => Vec::new(),
    }
}
