//! The walk over an expression's tree that gives its value.
//!
//! Chains of operators, members and calls are walked in a loop, so that only real nesting costs stack. Callbacks live
//! exactly as long as the call they are an argument of, so a stack of bound names is all the scope there is.

use std::sync::Arc;

use copydesk_base::Span;

use super::operators::{binary, unary};
use super::{Context, EvaluateError, globals, lists, texts};
use crate::expression::library;
use crate::expression::value::{Data, TooLarge, Value, exponential, fixed, in_radix, index_of, precise};
use crate::expression::{Expr, ExprKind, Link, Name};

/// How much one text may do, in nodes and callbacks walked and blocks of text written.
const MAX_WORK: u64 = 2_000_000;
/// How many items a written list may have.
const MAX_ITEMS: usize = 1_000;

pub(super) type Outcome = Result<Value, EvaluateError>;

pub(super) struct Machine<'c> {
    pub(super) context: &'c Context,
    left: u64,
    /// Parameters of the arrow functions around, the innermost last.
    bound: Vec<(String, Value)>,
}

/// What a function is given.
pub(super) enum Argument<'e> {
    Value(Value),
    Arrow { parameters: &'e [Name], body: &'e Expr },
}

/// The arguments of one call and where it stands.
pub(super) struct Call<'e> {
    pub(super) arguments: Vec<Argument<'e>>,
    pub(super) name: &'e str,
    /// The function's name.
    pub(super) span: Span,
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
    fn value(&mut self, expr: &Expr) -> Outcome {
        let value = self.any(expr)?;
        if let Data::Function(name) = value.data {
            let message = format!("'{name}' is a function, no value; call it: '{name}(…)'");
            return Err(EvaluateError::new(expr.span, message));
        }
        Ok(value)
    }

    fn any(&mut self, expr: &Expr) -> Outcome {
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
                    if result.size() > crate::expression::value::MAX_SIZE {
                        return Err(too_large(span));
                    }
                    result
                }
            };
        }
        Ok(value)
    }

    /// A name or a value with members, items and calls behind it.
    fn chain(&mut self, expr: &Expr) -> Outcome {
        let (base, links) = expr.chain();
        let (mut value, mut at) = self.start(base, &links)?;
        while let Some(link) = links.get(at) {
            self.work(1, link.span)?;
            if value.is_nothing() && optional(link) {
                return Ok(Value::UNDEFINED);
            }
            let called = links.get(at + 1).and_then(|next| match &next.kind {
                ExprKind::Call { arguments, link, .. } => Some((arguments, *link)),
                _ => None,
            });
            (value, at) = match (&link.kind, called) {
                (ExprKind::Call { .. }, _) => return Err(no_function(link)),
                (_, None) => (self.member(&value, link)?, at + 1),
                (_, Some((arguments, _))) => {
                    let (name, span) = self.member_name(link)?;
                    let arguments = self.arguments(arguments)?;
                    let call = Call { arguments, name: &name, span };
                    (self.method(&value, call)?, at + 2)
                }
            };
        }
        Ok(value)
    }

    /// The value that a chain starts with, and how many of its links that took.
    fn start(&mut self, base: &Expr, links: &[&Expr]) -> Result<(Value, usize), EvaluateError> {
        let ExprKind::Name(name) = &base.kind else { return Ok((self.value(base)?, 0)) };
        if let Some((_, value)) = self.bound.iter().rev().find(|(bound, _)| bound == name) {
            return Ok((value.clone(), 0));
        }
        if let Some(value) = self.context.root(name) {
            return Ok((value.clone(), 0));
        }
        let Some(global) = library::global(name) else {
            let message = format!("there is no '{name}' here");
            return Err(EvaluateError::new(base.span, message));
        };
        let call = |at: usize| match links.get(at).map(|link| &link.kind) {
            Some(ExprKind::Call { arguments, .. }) => Some(arguments),
            _ => None,
        };
        if let Some(arguments) = call(0) {
            let arguments = self.arguments(arguments)?;
            let call = Call { arguments, name, span: base.span };
            return Ok((globals::call(self, call)?, 1));
        }
        let Some(link) = links.first() else {
            if let Some(function) = global.function() {
                return Ok((Data::Function(function).into(), 0));
            }
            let message = format!("'{name}' is no value; write what of it is meant: '{name}.…'");
            return Err(EvaluateError::new(base.span, message));
        };
        let (member, span) = self.member_name(link)?;
        let Some(known) = library::member(name, &member) else {
            return Err(EvaluateError::new(span, format!("'{name}' has no '{member}'")));
        };
        if let Some(value) = known.constant {
            return Ok((value.into(), 1));
        }
        match call(1) {
            Some(arguments) => {
                let arguments = self.arguments(arguments)?;
                let call = Call { arguments, name: known.path, span };
                Ok((globals::call(self, call)?, 2))
            }
            None => Ok((Data::Function(known.path).into(), 1)),
        }
    }

    fn arguments<'e>(&mut self, arguments: &'e [Expr]) -> Result<Vec<Argument<'e>>, EvaluateError> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(match &argument.kind {
                ExprKind::Arrow { parameters, body } => Argument::Arrow { parameters, body },
                _ => Argument::Value(self.any(argument)?),
            });
        }
        Ok(values)
    }

    /// The name behind a dot or between brackets, and where it stands.
    fn member_name(&mut self, link: &Expr) -> Result<(String, Span), EvaluateError> {
        let (name, span) = match &link.kind {
            ExprKind::Member { name, .. } => (name.text.clone(), name.span),
            ExprKind::Index { index, .. } => {
                let value = self.value(index)?;
                self.work(value.size() / 16, index.span)?;
                (value.to_text().to_string(), index.span)
            }
            _ => (String::new(), link.span),
        };
        if library::is_forbidden(&name) { Err(forbidden(&name, span)) } else { Ok((name, span)) }
    }

    /// An own field, an item, or nothing.
    fn member(&mut self, object: &Value, link: &Expr) -> Outcome {
        if let (Data::List(_), ExprKind::Index { index, .. }) = (&object.data, &link.kind)
            && let ExprKind::Number(at) = index.kind
        {
            return Ok(item(object, at));
        }
        let (name, span) = self.member_name(link)?;
        let found = match &object.data {
            Data::Object(fields) => fields.get(&name).cloned(),
            Data::List(_) if name == "length" => {
                return Ok(count(object.as_list().map_or(0, <[Value]>::len)).into());
            }
            Data::List(_) => index_of(&name).map(|at| item(object, f64::from(at))),
            Data::Text(text) if name == "length" => {
                self.pay_text(text.len(), span)?;
                return Ok(Value::from(count(texts::length(text))).graded(object.grade));
            }
            Data::Text(text) => {
                self.pay_text(text.len(), span)?;
                index_of(&name)
                    .and_then(|at| texts::unit(text, at))
                    .map(|c| Value::text(c).graded(object.grade))
            }
            _ => None,
        };
        match found {
            Some(value) => Ok(value),
            None if library::method(object.kind(), &name).is_some() => {
                let message = format!("'{name}' is a method; call it: '{name}(…)'");
                Err(EvaluateError::new(span, message))
            }
            None => Ok(Value::UNDEFINED),
        }
    }

    fn method(&mut self, receiver: &Value, call: Call<'_>) -> Outcome {
        let (name, span) = (call.name, call.span);
        if receiver.is_nothing() {
            let message =
                format!("there is nothing to call '{name}' on; write '?.{name}(…)' where that may be");
            return Err(EvaluateError::new(span, message));
        }
        if library::method(receiver.kind(), name).is_none() {
            let message = format!("{} has no method '{name}'", library::article(receiver.kind()));
            return Err(EvaluateError::new(span, message));
        }
        match &receiver.data {
            Data::Text(text) => {
                let grade = call.grade().max(receiver.grade);
                let text = Arc::clone(text);
                Ok(texts::call(self, &text, &call)?.graded(grade))
            }
            Data::List(_) => lists::call(self, receiver, &call),
            Data::Number(number) => Ok(number_method(*number, &call)?.graded(receiver.grade)),
            Data::Object(fields) if name == "hasOwnProperty" => {
                Ok(fields.get(&call.text(0)).is_some().into())
            }
            _ => Ok(Value::text(receiver.to_text()).graded(receiver.grade)),
        }
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

impl Call<'_> {
    /// An argument as a value. A missing one is nothing, and a function where none is taken, too.
    pub(super) fn value(&self, at: usize) -> Value {
        match self.arguments.get(at) {
            Some(Argument::Value(value)) if !matches!(value.data, Data::Function(_)) => value.clone(),
            _ => Value::UNDEFINED,
        }
    }

    /// Whether an argument is given, and is not `undefined`.
    pub(super) fn has(&self, at: usize) -> bool {
        match self.arguments.get(at) {
            Some(Argument::Value(value)) => !matches!(value.data, Data::Undefined),
            Some(Argument::Arrow { .. }) => true,
            None => false,
        }
    }

    pub(super) fn is_function(&self, at: usize) -> bool {
        match self.arguments.get(at) {
            Some(Argument::Value(value)) => matches!(value.data, Data::Function(_)),
            Some(Argument::Arrow { .. }) => true,
            None => false,
        }
    }

    pub(super) fn text(&self, at: usize) -> Arc<str> {
        self.value(at).to_text()
    }

    /// A number without its fraction; 0 for what is none.
    pub(super) fn whole(&self, at: usize) -> f64 {
        let number = self.value(at).to_number();
        if number.is_nan() { 0.0 } else { number.trunc() }
    }

    /// The highest grade among the arguments.
    pub(super) fn grade(&self) -> crate::expression::value::Grade {
        let grades = self.arguments.iter().map(|argument| match argument {
            Argument::Value(value) => value.grade,
            Argument::Arrow { .. } => crate::expression::value::Grade::Open,
        });
        grades.max().unwrap_or_default()
    }
}

fn optional(link: &Expr) -> bool {
    match &link.kind {
        ExprKind::Member { link, .. } | ExprKind::Index { link, .. } | ExprKind::Call { link, .. } => {
            *link == Link::Optional
        }
        _ => false,
    }
}

/// The item of a list at a number; nothing where there is none.
pub(super) fn item(list: &Value, at: f64) -> Value {
    let items = list.as_list().unwrap_or(&[]);
    if at < 0.0 || at.fract() != 0.0 || at >= count(items.len()) {
        return Value::UNDEFINED;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked right above")]
    items.get(at as usize).cloned().unwrap_or(Value::UNDEFINED)
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "nothing here has 2^53 parts")]
pub(super) fn count(count: usize) -> f64 {
    count as f64
}

fn number_method(number: f64, call: &Call<'_>) -> Outcome {
    let digits = call.whole(0);
    let within = |low: f64, high: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked in the same breath"
        )]
        if (low..=high).contains(&digits) {
            Ok(digits as usize)
        } else {
            let message = format!("'{}' takes a number from {low} to {high}", call.name);
            Err(EvaluateError::new(call.span, message))
        }
    };
    Ok(match call.name {
        "toFixed" => fixed(number, within(0.0, 100.0)?).into(),
        "toPrecision" if call.has(0) => precise(number, within(1.0, 100.0)?).into(),
        "toExponential" => {
            exponential(number, if call.has(0) { Some(within(0.0, 100.0)?) } else { None }).into()
        }
        "toString" if call.has(0) && !(10.0..=10.0).contains(&digits) => {
            let radix = u32::try_from(within(2.0, 36.0)?).unwrap_or(10);
            let Some(text) = in_radix(number, radix) else {
                let message = "only whole numbers can be written in another base";
                return Err(EvaluateError::new(call.span, message));
            };
            text.into()
        }
        "toPrecision" | "toString" => crate::expression::value::number_text(number).into(),
        _ => number.into(),
    })
}

fn forbidden(name: &str, span: Span) -> EvaluateError {
    EvaluateError::new(span, format!("'{name}' is out of bounds for expressions"))
}

fn no_function(link: &Expr) -> EvaluateError {
    let span = match &link.kind {
        ExprKind::Call { callee, .. } => callee.span,
        _ => link.span,
    };
    EvaluateError::new(span, "this is no function; only methods and the known functions can be called")
}

fn too_large(span: Span) -> EvaluateError {
    EvaluateError::new(span, "the value is too large or nested too deeply")
}
