//! What an expression refers to: `steps.build.output`, `inputs['name']`.

use super::{Expr, ExprKind, Name, given_name};

/// A name that expressions may start from, with the fixed path behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub root: Name,
    /// The members that are written out, by `.name` or `['name']`; the first one that is computed ends the path.
    /// Spans are of the names alone, without quotes.
    pub path: Vec<Member>,
    /// The members that follow where the path ends with an item of a list: `x` of `output[0].x`.
    pub of_item: Vec<Member>,
}

/// One part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: Name,
    pub form: Form,
}

/// How a member is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `.name`
    Dotted,
    /// `['name']`
    Bracketed,
}

/// The references of an expression, in the order of the text. Names that an arrow function binds are none.
pub fn references(expr: &Expr) -> Vec<Reference> {
    let mut found = Vec::new();
    walk(expr, &mut Vec::new(), &mut found);
    found.sort_by_key(|reference| reference.root.span);
    found
}

fn walk<'e>(expr: &'e Expr, bound: &mut Vec<&'e str>, found: &mut Vec<Reference>) {
    match &expr.kind {
        ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Call { .. } => {
            chain(expr, bound, found);
        }
        ExprKind::Unary { operand, .. } => walk(operand, bound, found),
        ExprKind::Binary { left, right, .. } => {
            walk(left, bound, found);
            walk(right, bound, found);
        }
        ExprKind::Conditional { condition, then, otherwise } => {
            walk(condition, bound, found);
            walk(then, bound, found);
            walk(otherwise, bound, found);
        }
        ExprKind::List(items) => items.iter().for_each(|item| walk(item, bound, found)),
        ExprKind::Mapping(entries) => entries.iter().for_each(|(_, value)| walk(value, bound, found)),
        ExprKind::Arrow { parameters, body } => {
            let before = bound.len();
            bound.extend(parameters.iter().map(|name| name.text.as_str()));
            walk(body, bound, found);
            bound.truncate(before);
        }
        ExprKind::Number(_)
        | ExprKind::Text(_)
        | ExprKind::Bool(_)
        | ExprKind::Null
        | ExprKind::Undefined
        | ExprKind::Missing => {}
    }
}

/// How far a chain has come.
#[derive(Clone, Copy)]
enum Part {
    Path,
    /// Behind the first item of a list.
    Item,
    Computed,
}

/// A name with everything that follows it: the fixed part becomes a reference, the computed parts are walked.
fn chain<'e>(expr: &'e Expr, bound: &mut Vec<&'e str>, found: &mut Vec<Reference>) {
    let (base, links) = expr.chain();
    let mut reference = None;
    match &base.kind {
        ExprKind::Name(text) if !bound.contains(&text.as_str()) => {
            let root = Name { span: base.span, text: text.clone() };
            reference = Some(Reference { root, path: Vec::new(), of_item: Vec::new() });
        }
        ExprKind::Name(_) => {}
        _ => walk(base, bound, found),
    }
    let mut part = if reference.is_some() { Part::Path } else { Part::Computed };
    for (at, link) in links.iter().enumerate() {
        match &link.kind {
            ExprKind::Index { index, .. } if link.written_name().is_none() => walk(index, bound, found),
            ExprKind::Call { arguments, .. } => {
                for argument in arguments {
                    walk(argument, bound, found);
                }
            }
            _ => {}
        }
        let is_first = reference.as_ref().is_some_and(|reference| reference.path.is_empty());
        let member = if is_first { given_name(&links, at) } else { link.written_name() };
        let is_item = matches!(link.kind, ExprKind::Index { .. });
        part = match (part, &member) {
            (part, Some(_)) => part,
            (Part::Path, None) if is_item => Part::Item,
            (_, None) => Part::Computed,
        };
        match (part, reference.as_mut(), member) {
            (Part::Path, Some(reference), Some(member)) => reference.path.push(member),
            (Part::Item, Some(reference), Some(member)) => reference.of_item.push(member),
            _ => {}
        }
    }
    found.extend(reference);
}
