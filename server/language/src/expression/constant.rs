//! What can be known of an expression before anything runs.

use super::evaluate::{Context, EvaluateError, Strictness, evaluate, evaluate_expression};
use super::value::Value;
use super::{End, Expr, has_expression, parse, pieces, references};
use copydesk_base::Span;

/// The value of a text whose expressions name nothing but functions: `${{ 60 * 1000 }}`, or `[1, 2]` where the braces
/// may be left out. `None` where it depends on a run, or cannot be read at all.
pub fn constant(text: &str) -> Option<Result<Value, EvaluateError>> {
    let context = Context::new();
    if !has_expression(text) {
        let (expr, problems) = parse(text, Span::new(0, text.len()));
        return (problems.is_empty() && is_constant(&expr)).then(|| evaluate_expression(text, &context));
    }
    for piece in pieces(text).into_iter().filter(|piece| piece.end == End::Closed) {
        let (expr, problems) = parse(text, piece.inner);
        if !problems.is_empty() || !is_constant(&expr) {
            return None;
        }
    }
    Some(evaluate(text, &context, Strictness::Lax))
}

/// Whether an expression gives the same value in every run.
pub(crate) fn is_constant(expr: &Expr) -> bool {
    references(expr).iter().all(|reference| {
        let name = reference.root.text.as_str();
        super::library::global(name).is_some() && name != "Date"
    })
}
