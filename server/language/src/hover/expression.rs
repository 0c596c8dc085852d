//! What a word of an expression is: its type, its help, its last value.

use copydesk_base::Span;
use copydesk_text::Scalar;

use super::{Hover, docs_of_input, docs_of_step, quoted};
use crate::declared::Declared;
use crate::expression::infer::{Inferred, Seen, watch};
use crate::expression::library::{self, Signature};
use crate::expression::scope::{Scope, World};
use crate::expression::types::Type;
use crate::expression::{self, End, Expr, ExprKind, ROOTS, Reference};
use crate::{File, WorkspaceIndex};

/// Longer values are cut.
const MAX_VALUE: usize = 300;

/// Help for the word at `offset` of a scalar with expressions in it.
pub(super) fn hover(
    file: &File<'_>,
    index: &WorkspaceIndex,
    scalar: Scalar<'_>,
    declared: &Declared<'_>,
    offset: usize,
) -> Option<Hover> {
    let text = scalar.text();
    let parts: Vec<Span> = if expression::has_expression(text) {
        let pieces = expression::pieces(text);
        pieces.into_iter().filter(|piece| piece.end == End::Closed).map(|piece| piece.inner).collect()
    } else {
        vec![Span::new(0, text.len())]
    };
    let around = |span: Span| scalar.source_span(span.start, span.end);
    let part = parts.into_iter().find(|part| around(*part).touches(offset))?;
    let inside = inside(scalar, part, offset)?;
    let (expr, problems) = expression::parse(text, part);
    let world = World::new(*file, declared, index);
    let found = watch(&expr, &Scope::at(&world, *file, offset), inside);
    let references = expression::references(&expr);
    if let Some((span, mut markdown)) = named(file, declared, &references, &found, inside) {
        if let Some(value) = last_value(file, index, &references, inside) {
            markdown.push_str(&format!("\n\nLast value: `{value}`"));
        }
        return Some(Hover { span: around(span), markdown });
    }
    let (span, markdown) = of_type(&found).or_else(|| {
        let is_plain =
            matches!(expr.kind, ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Bool(_) | ExprKind::Null);
        (problems.is_empty() && !is_plain).then(|| constant(text, &expr)).flatten()
    })?;
    Some(Hover { span: around(span), markdown })
}

/// The place in the decoded text that stands at `offset` of the file.
fn inside(scalar: Scalar<'_>, part: Span, offset: usize) -> Option<usize> {
    let text = scalar.text();
    let places = (part.start..=part.end).filter(|at| text.is_char_boundary(*at));
    places.take_while(|at| scalar.source_offset(*at) <= offset).last()
}

/// Roots, steps and inputs, which the file itself explains.
fn named(
    file: &File<'_>,
    declared: &Declared<'_>,
    references: &[Reference],
    found: &Inferred,
    inside: usize,
) -> Option<(Span, String)> {
    for reference in references {
        let root = reference.root.text.as_str();
        if reference.root.span.touches(inside) {
            let known = ROOTS.iter().find(|(name, _)| *name == root).map(|(_, docs)| *docs);
            let Some(docs) = known else {
                let global = library::global(root)?;
                let signature = global.signature.map_or_else(String::new, |signature| code(signature.text));
                return Some((reference.root.span, format!("**{root}**{signature}\n\n{}", global.docs)));
            };
            let ty = match &found.seen {
                Some(Seen::Name { ty, .. }) if *ty != Type::Any && !matches!(root, "inputs" | "steps") => {
                    format!(": {}", code(&ty.to_string()))
                }
                _ => String::new(),
            };
            return Some((reference.root.span, format!("**{root}**{ty}\n\n{docs}")));
        }
        let first = reference.path.first().filter(|member| member.name.span.touches(inside));
        let Some(member) = first else { continue };
        let name = member.name.text.as_str();
        let markdown = match root {
            "steps" => {
                let Some(step) = declared.step(name).and_then(|at| declared.steps.get(at)) else { continue };
                let docs = docs_of_step(file, step);
                match &found.seen {
                    Some(Seen::Member { ty, .. }) => match ty.field("output") {
                        Some(output) if output.ty != Type::Any => {
                            format!("{docs}\n\nOutput: {}", code(&output.ty.to_string()))
                        }
                        _ => docs,
                    },
                    _ => docs,
                }
            }
            "inputs" => match declared.input(name) {
                Some(input) => docs_of_input(file.tree, input),
                None => continue,
            },
            _ => continue,
        };
        return Some((member.name.span, markdown));
    }
    None
}

/// What inference knows of the place.
fn of_type(found: &Inferred) -> Option<(Span, String)> {
    match found.seen.as_ref()? {
        Seen::Name { span, ty } => Some((*span, format!("A parameter: {}", code(&ty.to_string())))),
        Seen::Member { span, ty, field, .. } => {
            let docs =
                field.as_ref().and_then(|field| field.docs.as_deref()).map_or_else(String::new, quoted_docs);
            Some((*span, format!("{}{docs}", code(&ty.to_string()))))
        }
        Seen::Method { span, method, ty, .. } => {
            let gives =
                if *ty == Type::Any { String::new() } else { format!("\n\nHere: {}", code(&ty.to_string())) };
            Some((*span, format!("{}{gives}", of_signature(method.name, &method.signature))))
        }
        Seen::Global { span, member } => Some((*span, of_signature(member.path, &member.signature))),
        Seen::Unnamed { .. } | Seen::Against(_) => None,
    }
}

fn of_signature(name: &str, signature: &Signature) -> String {
    format!("{}\n\n{}", code(&format!("{name}{}", signature.text)), signature.docs)
}

/// The value of an expression that is the same in every run.
fn constant(text: &str, expr: &Expr) -> Option<(Span, String)> {
    let value = expression::constant(expr.span.of(text))?.ok()?;
    Some((expr.span, format!("In every run: {}", code(&short(&value.to_string())))))
}

/// What stands in the journal of the last run for the path up to `inside`.
fn last_value(
    file: &File<'_>,
    index: &WorkspaceIndex,
    references: &[Reference],
    inside: usize,
) -> Option<String> {
    let values = index.values.get(file.path)?;
    let reference = references.iter().find(|reference| {
        reference.root.text != "secrets"
            && reference.path.iter().any(|member| member.name.span.touches(inside))
    })?;
    let end = reference.path.iter().position(|member| member.name.span.touches(inside))?;
    let mut path = reference.root.text.clone();
    for member in reference.path.iter().take(end + 1) {
        path.push('.');
        path.push_str(&member.name.text);
    }
    values.get(&path).map(|value| short(value))
}

fn short(value: &str) -> String {
    let line: String =
        value.chars().map(|c| if c.is_control() || c == '`' { ' ' } else { c }).take(MAX_VALUE).collect();
    if value.chars().count() > MAX_VALUE { format!("{line}…") } else { line }
}

fn quoted_docs(docs: &str) -> String {
    format!("\n\n{}", if docs.contains('`') { docs.to_owned() } else { quoted(docs) })
}

/// A type or a signature in our Markdown.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace('\n', "\\n"))
}
