//! What other languages call otherwise: functions that are methods here, and methods under another name.

use copydesk_base::Span;

use super::calls::KINDS;
use crate::expression::library;
use crate::expression::{Expr, ExprKind};

/// Words of other languages for how many there are.
pub(super) fn is_length(name: &str) -> bool {
    matches!(name, "length" | "size" | "count" | "len" | "Length" | "Count")
}

/// The method that does what a function of other languages does: `contains(a, b)` is `a.includes(b)`.
pub(super) fn method_instead(name: &str, call: &Expr) -> Option<(String, Vec<(Span, String)>)> {
    let ExprKind::Call { arguments, .. } = &call.kind else { return None };
    let (first, more) = arguments.split_first()?;
    let method = match name {
        "contains" => "includes",
        "upper" | "toUpper" => "toUpperCase",
        "lower" | "toLower" => "toLowerCase",
        "strip" => "trim",
        name if is_length(name) => "length",
        name => KINDS.iter().find_map(|kind| library::method(kind, name))?.name,
    };
    let (open, close) = match &first.kind {
        ExprKind::Missing | ExprKind::Arrow { .. } => return None,
        ExprKind::Binary { .. } | ExprKind::Conditional { .. } | ExprKind::Unary { .. } => ("(", ")"),
        _ => ("", ""),
    };
    let start = (Span::new(call.span.start, first.span.start), open.to_owned());
    let (end, dots) = match more.first() {
        None if method == "length" => (Span::new(first.span.end, call.span.end), ""),
        None => (Span::new(first.span.end, call.span.end), "()"),
        Some(_) if method == "length" => return None,
        Some(next) => (Span::new(first.span.end, next.span.start), "("),
    };
    let hint = match dots {
        "" => "write 'value.length'".to_owned(),
        "()" => format!("write 'value.{method}()'"),
        _ => format!("write 'value.{method}(…)'"),
    };
    Some((hint, vec![start, (end, format!("{close}.{method}{dots}"))]))
}

/// What to write instead of a method that the language does not have.
pub(super) fn instead(name: &str) -> &'static str {
    match name {
        "push" | "append" | "unshift" | "add" => "a value cannot be changed; write '.concat(…)'",
        "pop" | "shift" | "splice" => "a value cannot be changed; write '.slice(…)'",
        "repeat" => "write ''.padStart(length, text)",
        "contains" | "has" => "write '.includes(…)'",
        "forEach" => "write '.map(…)'",
        _ if is_length(name) => "write '.length' without parentheses",
        "strip" => "write '.trim()'",
        "substr" => "write '.slice(…)'",
        "upper" | "uppercase" | "toUpper" => "write '.toUpperCase()'",
        "lower" | "lowercase" | "toLower" => "write '.toLowerCase()'",
        "keys" | "values" | "entries" | "items" => "write 'Object.keys(…)'",
        _ => "see the guide to expressions for what there is",
    }
}
