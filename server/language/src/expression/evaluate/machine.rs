//! The walk over an expression's tree that gives its value.
//!
//! Chains of operators, members and calls ([`chain`](super::chain)) are walked in a loop, so that only real nesting
//! costs stack. Callbacks live exactly as long as the call they are an argument of, so a stack of bound names is all
//! the scope there is.

use std::sync::Arc;

use copydesk_base::Span;

use super::call::{Argument, Call};
use super::operators::{binary, unary};
use super::{Context, EvaluateError, globals};
use crate::expression::library;
use crate::expression::value::{Data, MAX_SIZE, TooLarge, Value};
use crate::expression::{Expr, ExprKind};

/// How much one text may do, in nodes and callbacks walked and blocks of text written.
const MAX_WORK: u64 = 2_000_000;
/// How many items a written list may have.
const MAX_ITEMS: usize = 1_000;

pub(super) type Outcome = Result<Value, EvaluateError>;

pub(super) struct Machine<'c> {
    pub(super) context: &'c Context,
    left: u64,
    /// Parameters of the arrow functions around, the innermost last.
    pub(super) bound: Vec<(String, Value)>,
}

impl<'c> Machine<'c> {
    pub(super) fn new(context: &'c Context) -> Self {
        Self { context, left: MAX_WORK, bound: Vec::new() }
    }

    /// The value of a whole expression.
    pub(super) fn run(&mut self, expr: &Expr) -> Outcome {
        self.value(expr)
    }

    /// Pays for some work.
    pub(super) fn work(&mut self, units: u64, span: Span) -> Result<(), EvaluateError> {
        match self.left.checked_sub(units) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                Err(EvaluateError::new(span, "this is too much work for one expression; do it in a step"))
            }
        }
    }

    /// Pays for a text of so many bytes.
    pub(super) fn pay_text(&mut self, bytes: usize, span: Span) -> Result<(), EvaluateError> {
        self.work(1 + bytes as u64 / 16, span)
    }

    /// A list, if it is not too large.
    pub(super) fn list(&mut self, items: Vec<Value>, span: Span) -> Outcome {
        self.work(items.len() as u64, span)?;
        Value::list(items).map_err(|TooLarge| too_large(span))
    }

    /// An object, if it is not too large.
    pub(super) fn object(&mut self, fields: Vec<(Arc<str>, Value)>, span: Span) -> Outcome {
        self.work(fields.len() as u64, span)?;
        Value::object(fields).map_err(|TooLarge| too_large(span))
    }

    /// The value of an expression that must be one: a function is none.
    pub(super) fn value(&mut self, expr: &Expr) -> Outcome {
        let value = self.any(expr)?;
        if let Data::Function(name) = value.data {
            let message = format!("'{name}' is a function, no value; call it: '{name}(…)'");
            return Err(EvaluateError::new(expr.span, message));
        }
        Ok(value)
    }

    pub(super) fn any(&mut self, expr: &Expr) -> Outcome {
        self.work(1, expr.span)?;
        match &expr.kind {
            ExprKind::Number(number) => Ok((*number).into()),
            ExprKind::Text(text) => Ok(text.as_str().into()),
            ExprKind::Bool(value) => Ok((*value).into()),
            ExprKind::Null => Ok(Value::NULL),
            ExprKind::Undefined => Ok(Value::UNDEFINED),
            ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Call { .. } => {
                self.chain(expr)
            }
            ExprKind::Unary { operator, operand } => {
                let operand = self.value(operand)?;
                unary(operator, &operand, expr.span)
            }
            ExprKind::Binary { .. } => self.operators(expr),
            ExprKind::Conditional { condition, then, otherwise } => {
                if self.value(condition)?.is_true() {
                    self.value(then)
                } else {
                    self.value(otherwise)
                }
            }
            ExprKind::List(items) => {
                if items.len() > MAX_ITEMS {
                    let message = format!("a list may have {MAX_ITEMS} items at most");
                    return Err(EvaluateError::new(expr.span, message));
                }
                let values: Result<Vec<Value>, EvaluateError> =
                    items.iter().map(|item| self.value(item)).collect();
                self.list(values?, expr.span)
            }
            ExprKind::Mapping(entries) => {
                let mut fields = Vec::with_capacity(entries.len());
                for (name, value) in entries {
                    if library::is_forbidden(&name.text) {
                        return Err(forbidden(&name.text, name.span));
                    }
                    fields.push((Arc::from(name.text.as_str()), self.value(value)?));
                }
                self.object(fields, expr.span)
            }
            ExprKind::Arrow { .. } => {
                let message = "a function can only stand as an argument: 'list.map(item => …)'";
                Err(EvaluateError::new(expr.span, message))
            }
            ExprKind::Missing => Err(EvaluateError::new(expr.span, "a value is missing here")),
        }
    }

    /// `a + b + c`, from left to right.
    fn operators(&mut self, expr: &Expr) -> Outcome {
        let mut rest = Vec::new();
        let mut first = expr;
        while let ExprKind::Binary { operator, left, right } = &first.kind {
            rest.push((first.span, *operator, right));
            first = left;
        }
        let mut value = self.value(first)?;
        for (span, operator, right) in rest.into_iter().rev() {
            value = match operator {
                "&&" if !value.is_true() => value,
                "||" if value.is_true() => value,
                "&&" | "||" => self.value(right)?,
                _ => {
                    let right = self.value(right)?;
                    self.work(1 + (value.size().saturating_add(right.size())) / 64, span)?;
                    let result = binary(operator, &value, &right, span)?;
                    if result.size() > MAX_SIZE {
                        return Err(too_large(span));
                    }
                    result
                }
            };
        }
        Ok(value)
    }

    /// Calls a function that was given as an argument.
    pub(super) fn call_back(&mut self, call: &Call<'_>, at: usize, given: &[Value]) -> Outcome {
        match call.arguments.get(at) {
            Some(Argument::Arrow { parameters, body }) => {
                self.work(1, call.span)?;
                let before = self.bound.len();
                for (at, name) in parameters.iter().enumerate() {
                    let value = given.get(at).cloned().unwrap_or(Value::UNDEFINED);
                    self.bound.push((name.text.clone(), value));
                }
                let result = self.value(body);
                self.bound.truncate(before);
                result
            }
            Some(Argument::Value(Value { data: Data::Function(name), .. })) => {
                self.work(1, call.span)?;
                let arguments = given.iter().cloned().map(Argument::Value).collect();
                globals::call(self, Call { arguments, name, span: call.span })
            }
            _ => {
                let message = format!("'{}' takes a function: '{}(item => …)'", call.name, call.name);
                Err(EvaluateError::new(call.span, message))
            }
        }
    }
}

pub(super) fn forbidden(name: &str, span: Span) -> EvaluateError {
    EvaluateError::new(span, format!("'{name}' is out of bounds for expressions"))
}

fn too_large(span: Span) -> EvaluateError {
    EvaluateError::new(span, "the value is too large or nested too deeply")
}
