//! Conditions that hold whatever a run does, for an object and a list are always true, an empty one too.
//!
//! What a step gives counts only where the step has surely run: one with an `if`, or one that may fail, may give
//! nothing.

use copydesk_base::{Code, Diagnostic, Fix, Safety, TextEdit};
use copydesk_text::{Node, Scalar};

use super::{Place, Reader};
use crate::declared::Block;
use crate::expression::infer::infer;
use crate::expression::types::{Literal, Type};
use crate::expression::{Expr, ExprKind, references};

impl Reader<'_, '_, '_> {
    /// The parts of a condition whose truth decides it. What is asked before `&&` guards what is behind it.
    pub(super) fn truth(&mut self, scalar: Scalar<'_>, expr: &Expr, place: Place<'_, '_>) {
        match &expr.kind {
            ExprKind::Unary { operator: "!", operand } => self.truth(scalar, operand, place),
            ExprKind::Binary { operator: "&&", right, .. } => self.truth(scalar, right, place),
            ExprKind::Binary { operator: "||", left, right } => {
                self.truth(scalar, left, place);
                self.truth(scalar, right, place);
            }
            _ => self.always_true(scalar, expr, place),
        }
    }

    fn always_true(&mut self, scalar: Scalar<'_>, expr: &Expr, place: Place<'_, '_>) {
        let ty = infer(expr, &place.scope).ty;
        if is_word(&ty) {
            let span = scalar.source_span(expr.span.start, expr.span.end);
            let message = "this is a word in every run, and a word is always true; compare it with one: \"… == 'word'\"";
            return self.findings.add(Diagnostic::new(Code::ConstantCondition, span, message));
        }
        if !ty.is_container() || !self.is_surely_there(expr, place) {
            return;
        }
        let is_list = ty.is_all(|ty| matches!(ty, Type::Array(_)));
        let (what, hint, rest) = if is_list {
            ("a list is always true, an empty one too", "ask for its length", Some(".length > 0"))
        } else if ty.field("stdout").is_some() {
            let hint = "ask for what the command wrote: '.stdout.trim()'";
            ("an object is always true", hint, Some(".stdout.trim()"))
        } else {
            ("an object is always true", "ask for a field of it", None)
        };
        let span = scalar.source_span(expr.span.start, expr.span.end);
        let mut finding = Diagnostic::new(Code::ConstantCondition, span, format!("{what}; {hint}"));
        // Behind a literal nothing else would help.
        if let Some(rest) = rest.filter(|_| is_chain(expr)) {
            let edits = vec![TextEdit::insert(span.end, rest)];
            let fix = Fix::new(format!("add '{rest}'"), edits).with_safety(Safety::Suggested);
            finding = finding.with_fix(fix);
        }
        self.findings.add(finding);
    }

    /// Whether a value is there in every run: it is written out, given to every run, or of a step that has surely run.
    fn is_surely_there(&self, expr: &Expr, place: Place<'_, '_>) -> bool {
        if matches!(expr.kind, ExprKind::List(_) | ExprKind::Mapping(_)) {
            return true;
        }
        let found = references(expr);
        let Some(reference) = found.first().filter(|_| is_chain(expr)) else { return false };
        match (reference.root.text.as_str(), self.declared, reference.path.first()) {
            ("inputs", Some(_), Some(_)) => reference.path.len() == 1,
            ("steps", Some(declared), Some(id)) => {
                let node = declared.step(&id.name.text).and_then(|at| declared.steps.get(at));
                let is_late = !matches!(place.step, Some((_, Block::Steps)));
                let may_lack =
                    |node: Node<'_>| ["if", "allowFailure"].iter().any(|key| node.get(key).is_some());
                reference.path.len() <= 2
                    && !is_late
                    && node.is_some_and(|step| step.block == Block::Steps && !may_lack(step.node))
            }
            _ => false,
        }
    }
}

/// Whether a value is one of some words, none of which is empty.
fn is_word(ty: &Type) -> bool {
    ty.is_all(|ty| matches!(ty, Type::Literal(Literal::Text(text)) if !text.is_empty()))
}

/// Whether an expression is a name with fixed members behind it.
fn is_chain(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(_) => true,
        ExprKind::Member { object, .. } => is_chain(object),
        ExprKind::Index { object, index, .. } => {
            is_chain(object) && matches!(index.kind, ExprKind::Text(_) | ExprKind::Number(_))
        }
        _ => false,
    }
}
