//! What an expression hands to the input of a called workflow: of a type that the input takes.
//!
//! A lone `${{ }}` keeps the type of its value, and nothing turns it into another on the way; with text around it, it is
//! a text. What is written out as text is read by [`subworkflow`](crate::check::subworkflow).

use copydesk_base::{Code, Diagnostic, Fix, Safety, TextEdit};
use copydesk_text::{Node, Scalar, Style};

use super::{Place, Reader};
use crate::check::mend::Flow;
use crate::check::subworkflow::{Taker, reads_as, takers};
use crate::expression::Expr;
use crate::expression::types::{Literal, Type};
use crate::types::InputKind;

impl Reader<'_, '_, '_> {
    /// What a step hands to the workflow that it calls.
    pub(super) fn inputs(&mut self, step: Node<'_>, inputs: Node<'_>, place: Place<'_, '_>) {
        let context = self.findings.context.clone();
        let takers = takers(&context, self.findings.tree().get(step, "path"));
        let inner = self.entering(inputs, place);
        if inputs.entries().is_empty() {
            return self.node(inputs, place);
        }
        for entry in inputs.entries() {
            let taker = takers.iter().find(|taker| entry.key().scalar_text() == Some(&taker.input.name));
            self.node(entry.value(), Place { taker, ..inner });
        }
    }

    /// A lone expression of a type, beside what the input takes.
    pub(super) fn handed(
        &mut self,
        scalar: Scalar<'_>,
        expr: &Expr,
        ty: &Type,
        taker: &Taker<'_>,
        place: Place<'_, '_>,
    ) {
        let Some(kind) = taker.input.kind else { return };
        let given: Vec<&Type> = ty.branches().iter().filter(|ty| **ty != Type::Null).collect();
        if given.is_empty() || given.iter().any(|ty| fits(ty, kind)) {
            return;
        }
        let span = scalar.source_span(expr.span.start, expr.span.end);
        let (hint, function) = conversion(ty, kind);
        let message = format!(
            "the input '{}' of '{}' takes {}, and this is {}{hint}",
            taker.input.name,
            taker.file(),
            kind.takes(),
            shown(ty),
        );
        let mut finding = taker.declared_at(Diagnostic::new(Code::TypeMismatch, span, message));
        let is_plain_in_flow = place.flow == Flow::Inside && scalar.style() == Style::Plain;
        if let Some(function) = function.filter(|_| !is_plain_in_flow) {
            let edits =
                vec![TextEdit::insert(span.start, format!("{function}(")), TextEdit::insert(span.end, ")")];
            let fix = Fix::new(format!("put it in '{function}(…)'"), edits);
            finding = finding.with_fix(fix.with_safety(Safety::Suggested));
        }
        self.findings.add(finding);
    }

    /// A text with expressions in it, beside what the input takes.
    pub(super) fn handed_text(&mut self, node: Node<'_>, taker: &Taker<'_>) {
        let Some(kind) = taker.input.kind.filter(|kind| *kind != InputKind::String) else { return };
        let message = format!(
            "the input '{}' of '{}' takes {}; with text around its '${{{{ }}}}' this is a text",
            taker.input.name,
            taker.file(),
            kind.takes(),
        );
        let finding = Diagnostic::new(Code::TypeMismatch, node.span(), message);
        self.findings.add(taker.declared_at(finding));
    }
}

/// A type in a sentence; what a command gives is known by its name better than by its fields.
fn shown(ty: &Type) -> String {
    let is_of_command = ty.field("stdout").is_some() && ty.field("exitCode").is_some();
    if is_of_command { "all that a command gives back".to_owned() } else { ty.present().to_string() }
}

/// Whether a value of this type may be one that the input takes.
fn fits(ty: &Type, kind: InputKind) -> bool {
    match ty {
        Type::Any | Type::Null => true,
        Type::Literal(Literal::Text(text)) => reads_as(text, kind),
        Type::Union(branches) => branches.iter().any(|ty| fits(ty, kind)),
        other => other.input_kind() == Some(kind),
    }
}

/// How to make what the input takes of a type: in words, and by a function that does it.
fn conversion(ty: &Type, kind: InputKind) -> (&'static str, Option<&'static str>) {
    match kind {
        InputKind::String if ty.field("stdout").is_some() => {
            ("; take what the command wrote, as in '.stdout.trim()'", None)
        }
        InputKind::String if ty.is_container() => ("", Some("JSON.stringify")),
        InputKind::String => ("", Some("String")),
        InputKind::Number if ty.is_text() => ("", Some("Number")),
        InputKind::Number if ty.field("exitCode").is_some() => ("; take its '.exitCode'", None),
        InputKind::Boolean if ty.is_text() => ("; compare it, as in \"… == 'true'\"", None),
        InputKind::Boolean => ("; compare it with something", None),
        InputKind::Array if ty.is_text() => ("; make one with '.split(…)' or 'JSON.parse(…)'", None),
        InputKind::Array if ty.is_container() => ("; make one with 'Object.values(…)'", None),
        InputKind::Object if ty.is_text() => ("; make one with 'JSON.parse(…)'", None),
        InputKind::Number | InputKind::Array | InputKind::Object => ("", None),
    }
}
