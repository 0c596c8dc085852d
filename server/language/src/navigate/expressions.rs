//! The mentions of an expression.

use copydesk_base::Span;
use copydesk_text::{Scalar, Style};

use super::mention::{Form, Mention, Thing};
use super::scan::Scanned;
use crate::declared::Declared;
use crate::expression::{self, Expr, ExprKind, Member, Reference};
use crate::index::Target;
use crate::outputs::{Of, output_read};

/// What stands around an expression.
pub(super) struct Around<'d, 't> {
    pub(super) declared: &'d Declared<'t>,
    /// The set of ids that counts here.
    pub(super) list: usize,
    /// Whether YAML's own brackets are around the text.
    pub(super) flow: bool,
}

/// Reads every `${{ }}` of a text.
pub(super) fn scan_text(scalar: &Scalar<'_>, around: &Around<'_, '_>, found: &mut Scanned) {
    for piece in expression::pieces(scalar.text()) {
        scan(scalar, piece.inner, around, found);
    }
}

/// Reads one expression.
pub(super) fn scan(scalar: &Scalar<'_>, within: Span, around: &Around<'_, '_>, found: &mut Scanned) {
    let (expr, problems) = expression::parse(scalar.text(), within);
    if !problems.is_empty() {
        found.unread.push(within.of(scalar.text()).to_owned());
    }
    for reference in expression::references(&expr) {
        of_reference(scalar, &reference, around, found);
    }
    bound(scalar, &expr, &mut Vec::new(), found);
}

fn of_reference(scalar: &Scalar<'_>, reference: &Reference, around: &Around<'_, '_>, found: &mut Scanned) {
    let Some(first) = reference.path.first().filter(|first| !first.name.text.is_empty()) else { return };
    let name = first.name.text.clone();
    let mut push = |member: &Member, span: Span, thing: Thing| {
        let form = form(scalar, member, span, around.flow);
        found.mentions.push(Mention::used(scalar.source_span(span.start, span.end), thing, form));
    };
    match reference.root.text.as_str() {
        "inputs" => push(first, first.name.span, Thing::Input(name)),
        "env" => push(first, first.name.span, Thing::Env(name)),
        "secrets" => push(first, first.name.span, Thing::Secret(name)),
        "steps" => {
            let rest = scalar.text().get(first.name.span.start..).unwrap_or("");
            let hyphenated =
                around.declared.hyphenated(rest).filter(|_| first.form == expression::Form::Dotted);
            let (id, span) = match hyphenated {
                Some(id) => (id, Span::new(first.name.span.start, first.name.span.start + id.len())),
                None => (name.as_str(), first.name.span),
            };
            push(first, span, Thing::Step { list: around.list, id: id.to_owned() });
            if hyphenated.is_none()
                && let Some(read) = output_read(around.declared, reference)
            {
                let name = read.member.name.text.clone();
                let thing = match read.of {
                    Of::Mapping { step } => Thing::Mapped { step: step.to_owned(), name },
                    Of::Workflow { path } => {
                        Thing::Elsewhere(Target::Output { workflow: path.to_owned(), name })
                    }
                };
                push(read.member, read.member.name.span, thing);
            }
        }
        _ => {}
    }
}

/// How a member is written, with what would have to give way to the other form.
fn form(scalar: &Scalar<'_>, member: &Member, span: Span, flow: bool) -> Form {
    let text = scalar.text();
    let before = text.get(..span.start).unwrap_or("").trim_end();
    if member.form == expression::Form::Dotted {
        let holds_brackets = !(flow && scalar.style() == Style::Plain);
        // `?.` stays before a bracket.
        let from =
            before.strip_suffix('.').map(|rest| if rest.ends_with('?') { span.start } else { rest.len() });
        let whole = from.filter(|_| holds_brackets).map(|from| scalar.source_span(from, span.end));
        let quote = if scalar.style() == Style::SingleQuoted { '"' } else { '\'' };
        return Form::Dotted { whole, quote };
    }
    // From the `[` to the `]`; what stands between is the quoted name.
    let open = before.strip_suffix(['\'', '"']).and_then(|rest| rest.trim_end().strip_suffix('['));
    let behind = text.get(span.end..).unwrap_or("");
    let close = behind.find(']').map(|at| span.end + at + 1);
    let whole = open.zip(close).and_then(|(open, close)| {
        let is_optional = open.ends_with("?.");
        (!is_optional).then(|| scalar.source_span(open.trim_end().len(), close))
    });
    Form::Bracketed { whole }
}

/// The names that arrow functions bind, and where their bodies use them.
fn bound<'e>(scalar: &Scalar<'_>, expr: &'e Expr, scope: &mut Vec<(&'e str, usize)>, found: &mut Scanned) {
    match &expr.kind {
        ExprKind::Name(text) => {
            let Some((name, at)) = scope.iter().rev().find(|(name, _)| name == text) else { return };
            let thing = Thing::Bound { name: (*name).to_owned(), at: *at };
            let span = scalar.source_span(expr.span.start, expr.span.end);
            found.mentions.push(Mention::used(span, thing, Form::Bare));
        }
        ExprKind::Arrow { parameters, body } => {
            let before = scope.len();
            for parameter in parameters {
                let span = scalar.source_span(parameter.span.start, parameter.span.end);
                let thing = Thing::Bound { name: parameter.text.clone(), at: span.start };
                let around = scalar.source_span(expr.span.start, expr.span.end);
                found.mentions.push(Mention::declared(span, thing, Form::Bare, around));
                scope.push((&parameter.text, span.start));
            }
            bound(scalar, body, scope, found);
            scope.truncate(before);
        }
        ExprKind::Mapping(entries) => {
            for (name, value) in entries {
                let before = found.mentions.len();
                bound(scalar, value, scope, found);
                // `{ name }` is short for `{ name: name }`, of which the key stays.
                if name.span == value.span
                    && let Some(mention) = found.mentions.get_mut(before)
                {
                    mention.form = Form::Short;
                }
            }
        }
        ExprKind::Member { object, .. } => bound(scalar, object, scope, found),
        ExprKind::Index { object, index, .. } => {
            bound(scalar, object, scope, found);
            bound(scalar, index, scope, found);
        }
        ExprKind::Call { callee, arguments, .. } => {
            bound(scalar, callee, scope, found);
            for one in arguments {
                bound(scalar, one, scope, found);
            }
        }
        ExprKind::Unary { operand, .. } => bound(scalar, operand, scope, found),
        ExprKind::Binary { left, right, .. } => {
            bound(scalar, left, scope, found);
            bound(scalar, right, scope, found);
        }
        ExprKind::Conditional { condition, then, otherwise } => {
            for part in [condition, then, otherwise] {
                bound(scalar, part, scope, found);
            }
        }
        ExprKind::List(items) => items.iter().for_each(|one| bound(scalar, one, scope, found)),
        // Values have no names in them.
        _ => {}
    }
}
