//! The operators on values: `+` joins texts, the rest of arithmetic and `<` are about numbers, `==` makes kinds alike.

use copydesk_base::Span;

use super::EvaluateError;
use super::machine::Outcome;
use crate::expression::value::{Data, Value};

/// An operator before its operand.
pub(super) fn unary(operator: &str, operand: &Value, span: Span) -> Outcome {
    let value: Value = match operator {
        "!" => (!operand.is_true()).into(),
        "-" => (-operand.to_number()).into(),
        "+" => operand.to_number().into(),
        _ => return Err(unknown(operator, span)),
    };
    Ok(value.graded(operand.grade))
}

/// An operator between its operands; `&&` and `||` are not decided here.
pub(super) fn binary(operator: &str, left: &Value, right: &Value, span: Span) -> Outcome {
    let number = |calculate: fn(f64, f64) -> f64| calculate(left.to_number(), right.to_number()).into();
    let compare = |holds: fn(&f64, &f64) -> bool| holds(&left.to_number(), &right.to_number()).into();
    let value: Value = match operator {
        "+" => add(left, right),
        "-" => number(|a, b| a - b),
        "*" => number(|a, b| a * b),
        "/" => number(|a, b| a / b),
        "%" => number(|a, b| a % b),
        "<" => compare(f64::lt),
        ">" => compare(f64::gt),
        "<=" => compare(f64::le),
        ">=" => compare(f64::ge),
        "==" => left.loosely_equals(right).into(),
        "!=" => (!left.loosely_equals(right)).into(),
        "===" => left.strictly_equals(right).into(),
        "!==" => (!left.strictly_equals(right)).into(),
        _ => return Err(unknown(operator, span)),
    };
    Ok(value.graded(left.grade.max(right.grade)))
}

/// A sum, or, where one of the two is a text, a list or an object, their texts joined.
fn add(left: &Value, right: &Value) -> Value {
    let as_text = |value: &Value| matches!(value.data, Data::Text(_) | Data::List(_) | Data::Object(_));
    if as_text(left) || as_text(right) {
        let (left, right) = (left.to_text(), right.to_text());
        return Value::text(format!("{left}{right}"));
    }
    (left.to_number() + right.to_number()).into()
}

fn unknown(operator: &str, span: Span) -> EvaluateError {
    EvaluateError::new(span, format!("'{operator}' is not part of the language"))
}
