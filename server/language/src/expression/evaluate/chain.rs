//! A name or a value, and what stands behind it: members, items, calls.

use std::sync::Arc;

use copydesk_base::Span;

use super::call::{Argument, Call};
use super::machine::{Machine, Outcome, forbidden};
use super::numbers::count;
use super::{EvaluateError, globals, lists, numbers, texts};
use crate::expression::library;
use crate::expression::value::{Data, Value, index_of};
use crate::expression::{Expr, ExprKind, Link};

impl Machine<'_> {
    /// A name or a value with members, items and calls behind it.
    pub(super) fn chain(&mut self, expr: &Expr) -> Outcome {
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
            Data::Number(number) => Ok(numbers::call(*number, &call)?.graded(receiver.grade)),
            Data::Object(fields) if name == "hasOwnProperty" => {
                Ok(fields.get(&call.text(0)).is_some().into())
            }
            _ => Ok(Value::text(receiver.to_text()).graded(receiver.grade)),
        }
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

fn no_function(link: &Expr) -> EvaluateError {
    let span = match &link.kind {
        ExprKind::Call { callee, .. } => callee.span,
        _ => link.span,
    };
    EvaluateError::new(span, "this is no function; only methods and the known functions can be called")
}
