//! Comparisons that can only have one outcome.
//!
//! Somebody wrote a condition because it may be true and may be false. One that cannot is a mistake, and nearly always
//! one of kinds: an object beside a text, `true` beside `'true'`, a word that is none of the words.

use copydesk_base::Code;

use super::members::{described, fixed_name, kind};
use super::{Remark, Walker};
use crate::expression::types::{Literal, STATUSES, Type};
use crate::expression::value::number_of_text;
use crate::expression::{Expr, ExprKind, evaluate_constant, is_constant};

/// Whether an operator compares.
pub(super) fn is_comparison(operator: &str) -> bool {
    matches!(operator, "==" | "!=" | "===" | "!==" | "<" | ">" | "<=" | ">=")
}

impl<'e> Walker<'e, '_, '_, '_> {
    pub(super) fn comparison(
        &mut self,
        whole: &'e Expr,
        operator: &str,
        (left, l): (&'e Expr, &Type),
        (right, r): (&'e Expr, &Type),
    ) {
        if matches!(left.kind, ExprKind::Missing) || matches!(right.kind, ExprKind::Missing) {
            return;
        }
        let strict = operator.len() == 3;
        if let Some(outcome) = decided(whole, operator, (left, right)) {
            let message = format!("what is compared does not change, so this is always {outcome}");
            let hint = "compare something that a run decides";
            return self.remark(whole.span, Code::ConstantCondition, message, hint);
        }
        if matches!(operator, "<" | ">" | "<=" | ">=") {
            for (side, ty) in [(left, l), (right, r)] {
                if never_a_number(ty) {
                    let message = format!("{} is no number, so this is always false", described(ty));
                    let hint = "'<' and '>' compare numbers; compare another value";
                    return self.remark(side.span, Code::ConstantCondition, message, hint);
                }
            }
            return;
        }
        if !never_equal(l, r, strict) {
            return;
        }
        let outcome = if operator.starts_with('!') { "true" } else { "false" };
        // A word beside a choice of words.
        for ((word, one), other) in [((right, r), l), ((left, l), r)] {
            if let (ExprKind::Text(text), Some(words)) = (&word.kind, other.literals()) {
                let words: Vec<String> = words
                    .into_iter()
                    .filter_map(|word| if let Literal::Text(word) = word { Some(word.clone()) } else { None })
                    .collect();
                if !words.is_empty() && one.is_text() {
                    return self.unknown_word(word, text, words, outcome);
                }
            }
        }
        let (object, text) = (described(l), described(r));
        let message = if object == text {
            format!("these are never equal, so this is always {outcome}")
        } else {
            format!("{object} is never equal to {text}, so this is always {outcome}")
        };
        let (hint, mend) = better((left, l), (right, r));
        self.found.remarks.push(Remark {
            span: whole.span,
            code: Code::ConstantCondition,
            message,
            hint,
            name: None,
            candidates: Vec::new(),
            mend: mend.into_iter().collect(),
        });
    }

    fn unknown_word(&mut self, word: &Expr, text: &str, words: Vec<String>, outcome: &str) {
        let inner = copydesk_base::Span::new(word.span.start + 1, word.span.end.saturating_sub(1));
        let is_status = words.iter().any(|word| word == "success") && words.len() == STATUSES.len();
        let meant = match text {
            "succeeded" | "successful" | "completed" | "complete" | "done" | "ok" | "passed" if is_status => {
                Some("success")
            }
            "failure" | "error" | "errored" if is_status => Some("failed"),
            "cancelled" | "aborted" if is_status => Some("canceled"),
            _ => None,
        };
        let hint = match meant {
            Some(meant) => format!("write '{meant}'"),
            None => format!(
                "it is one of {}",
                words.iter().take(10).map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ")
            ),
        };
        self.found.remarks.push(Remark {
            span: inner,
            code: Code::ConstantCondition,
            message: format!("it is never '{text}', so this is always {outcome}"),
            hint,
            name: meant.is_none().then(|| (text.to_owned(), inner)),
            candidates: words,
            mend: meant.map(|meant| (inner, meant.to_owned())).into_iter().collect(),
        });
    }

    /// `a == 'x' || 'y'`: the second word is true by itself.
    pub(super) fn or(&mut self, left: &'e Expr, right: &'e Expr, r: &Type) {
        let ExprKind::Binary { operator: "==" | "===", right: word, .. } = &left.kind else { return };
        let is_word = matches!(&right.kind, ExprKind::Text(text) if !text.is_empty());
        if is_word && r.is_text() && matches!(word.kind, ExprKind::Text(_)) {
            let message = "a text alone is always true here";
            let hint = "write the comparison again: \"a == 'x' || a == 'y'\"";
            self.remark(right.span, Code::ConstantCondition, message, hint);
        }
    }
}

/// What comes of a comparison whatever a run does: of two constants, or of one name with itself.
fn decided(whole: &Expr, operator: &str, (left, right): (&Expr, &Expr)) -> Option<bool> {
    if is_constant(whole) {
        return evaluate_constant(whole).ok().map(|value| value.is_true());
    }
    if !is_same(left, right) {
        return None;
    }
    match operator {
        "==" | "===" => Some(true),
        "!=" | "!==" | "<" | ">" => Some(false),
        // Of what is no number neither is true.
        _ => None,
    }
}

/// Whether both are the same name, with the same links behind it.
fn is_same(one: &Expr, other: &Expr) -> bool {
    if let (ExprKind::Name(one), ExprKind::Name(other)) = (&one.kind, &other.kind) {
        return one == other;
    }
    let names = fixed_name(one).zip(fixed_name(other));
    let objects = object(one).zip(object(other));
    names.is_some_and(|((one, _), (other, _))| one == other)
        && objects.is_some_and(|(one, other)| is_same(one, other))
}

/// What a link hangs on.
fn object(link: &Expr) -> Option<&Expr> {
    match &link.kind {
        ExprKind::Member { object, .. } | ExprKind::Index { object, .. } => Some(object),
        _ => None,
    }
}

/// What to compare instead, and the edit that does.
fn better(
    (left, l): (&Expr, &Type),
    (right, r): (&Expr, &Type),
) -> (String, Option<(copydesk_base::Span, String)>) {
    for ((one, ty), (other, word)) in [((left, l), (right, r)), ((right, r), (left, l))] {
        if ty.field("stdout").is_some() && ty.field("exitCode").is_some() && word.is_text() {
            let at = copydesk_base::Span::at(one.span.end);
            return (
                "compare what the command wrote: '.stdout.trim()'".to_owned(),
                Some((at, ".stdout.trim()".to_owned())),
            );
        }
        if let (true, ExprKind::Text(text)) = (ty.is_bool(), &other.kind)
            && matches!(text.as_str(), "true" | "false")
        {
            return (format!("write {text} without quotes"), Some((other.span, text.clone())));
        }
    }
    if described(l) == described(r) {
        // Of one kind, and yet nothing that both may be.
        return (format!("one side is {l}, the other {r}"), None);
    }
    ("compare values of one kind".to_owned(), None)
}

/// Whether no value of the one is equal to any value of the other. Where one of them may be missing and the other may
/// not, what is there decides.
fn never_equal(left: &Type, right: &Type, strict: bool) -> bool {
    let (l, r) = (left.branches(), right.branches());
    let may_be_missing = |ty: &[Type]| ty.len() > 1 && ty.contains(&Type::Null);
    let both = may_be_missing(l) && may_be_missing(r);
    let counts = |of: &[Type], ty: &Type| both || *ty != Type::Null || !may_be_missing(of);
    let right = || r.iter().filter(|ty| counts(r, ty));
    l.iter().filter(|ty| counts(l, ty)).all(|l| right().all(|r| pair_never_equal(l, r, strict)))
}

fn pair_never_equal(left: &Type, right: &Type, strict: bool) -> bool {
    use Type::{Any, Bool, Function, Literal as L, Null, Number, Object, Text};
    match (left, right) {
        // Of `null`: what is there today may be missing tomorrow, for a step may be skipped.
        (Any | Function | Null, _) | (_, Any | Function | Null) => false,
        (L(a), L(b)) => !equal(a, b, strict),
        // The text of an object is always the same useless one.
        (Object { .. }, Text | Number | Bool | L(_)) | (Text | Number | Bool | L(_), Object { .. }) => true,
        (Bool, L(Literal::Text(text))) | (L(Literal::Text(text)), Bool) => {
            strict || !matches!(number_of_text(text), 0.0 | 1.0)
        }
        (Number, L(Literal::Text(text))) | (L(Literal::Text(text)), Number) => {
            strict || number_of_text(text).is_nan()
        }
        _ => strict && matches!((kind(left), kind(right)), (Some(a), Some(b)) if a != b),
    }
}

fn equal(a: &Literal, b: &Literal, strict: bool) -> bool {
    if a.kind() == b.kind() {
        return a == b;
    }
    !strict && (number(a) - number(b)).abs() <= 0.0
}

fn number(literal: &Literal) -> f64 {
    match literal {
        Literal::Bool(value) => f64::from(u8::from(*value)),
        Literal::Number(text) | Literal::Text(text) => number_of_text(text),
    }
}

fn never_a_number(ty: &Type) -> bool {
    ty.is_all(|ty| match ty {
        Type::Object { .. } => true,
        Type::Literal(Literal::Text(text)) => number_of_text(text).is_nan(),
        _ => false,
    })
}
