//! One call: what a function is given, and how it reads that.

use std::sync::Arc;

use copydesk_base::Span;

use crate::expression::value::{Data, Grade, Value};
use crate::expression::{Expr, Name};

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
    pub(super) fn grade(&self) -> Grade {
        let grades = self.arguments.iter().map(|argument| match argument {
            Argument::Value(value) => value.grade,
            Argument::Arrow { .. } => Grade::Open,
        });
        grades.max().unwrap_or_default()
    }
}
