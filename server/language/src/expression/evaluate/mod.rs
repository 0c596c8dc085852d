//! What an expression gives: the semantics that runs rely on.
//!
//! [`evaluate`] takes a text with `${{ }}` in it. A text that is one expression and nothing else keeps that
//! expression's type; otherwise the values are written into the text. The [`Context`] holds the roots, `inputs`,
//! `steps` and so on; what it does not hold is an error to name. [`evaluate_expression`] is for the keys that take an
//! expression without braces.
//!
//! Invariants
//! - Pure: the same text and the same context give the same value. Even the time is part of the context.
//! - Nothing is reached but own fields. No name leads to a constructor, a prototype or a method as a value.
//! - Bounded: length, nesting, the size of values, and the work itself. No input panics.

mod call;
mod chain;
mod globals;
mod lists;
mod machine;
mod numbers;
mod operators;
mod patterns;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use copydesk_base::Span;

use super::value::{Data, Layout, Value, json_text};
use super::{End, Expr, MAX_LENGTH, Piece, is_too_long, parse, pieces, references};
use machine::Machine;

/// What expressions may name.
#[derive(Clone, Debug, Default)]
pub struct Context {
    roots: BTreeMap<String, Value>,
    now: Option<f64>,
}

impl Context {
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more root. What is below `secrets` is marked as a secret.
    #[must_use]
    pub fn with(mut self, root: &str, value: Value) -> Self {
        let value = if root == "secrets" { value.secret() } else { value };
        self.roots.insert(root.to_owned(), value);
        self
    }

    /// With the time that `Date.now()` gives, in milliseconds since 1970.
    #[must_use]
    pub fn at(mut self, milliseconds: f64) -> Self {
        self.now = Some(milliseconds);
        self
    }

    /// With the fields of an object as roots.
    #[must_use]
    pub fn with_roots(self, roots: &Value) -> Self {
        let fields = roots.as_object().into_iter().flat_map(super::value::Object::iter);
        fields.fold(self, |context, (name, value)| context.with(name, value.clone()))
    }

    pub(crate) fn root(&self, name: &str) -> Option<&Value> {
        self.roots.get(name).filter(|value| !matches!(value.data, Data::Undefined))
    }

    pub(crate) fn now(&self) -> Option<f64> {
        self.now
    }
}

/// How braces that do not fit are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// An open `${{` and a lone `}}` are errors.
    Strict,
    /// They are text like any other.
    Lax,
}

/// Why there is no value, at a place of the text that was evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvaluateError {
    pub span: Span,
    pub message: String,
}

impl EvaluateError {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }
}

/// The value of a text with expressions in it.
pub fn evaluate(template: &str, context: &Context, strictness: Strictness) -> Result<Value, EvaluateError> {
    let whole = Span::new(0, template.len());
    if is_too_long(template) {
        let message = format!("the text is too long; {MAX_LENGTH} characters is the limit");
        return Err(EvaluateError::new(whole, message));
    }
    let pieces = pieces(template);
    if strictness == Strictness::Strict {
        check_braces(template, &pieces)?;
    }
    let closed: Vec<Piece> = pieces.into_iter().filter(|piece| piece.end == End::Closed).collect();
    let mut machine = Machine::new(context);
    if let [piece] = closed.as_slice()
        && piece.outer.of(template).len() == template.trim().len()
    {
        return machine.run(&read(template, piece.inner)?);
    }
    if closed.is_empty() {
        return Ok(template.into());
    }
    let mut text = String::new();
    let mut grade = super::value::Grade::Open;
    let mut at = 0;
    for piece in closed {
        let value = machine.run(&read(template, piece.inner)?)?;
        grade = grade.max(value.grade);
        text.push_str(template.get(at..piece.outer.start).unwrap_or(""));
        machine.work(value.size() / 16, piece.outer)?;
        text.push_str(&written(&value));
        at = piece.outer.end;
    }
    text.push_str(template.get(at..).unwrap_or(""));
    Ok(Value::text(text).graded(grade))
}

/// The value of one expression without braces around it.
pub fn evaluate_expression(expression: &str, context: &Context) -> Result<Value, EvaluateError> {
    Machine::new(context).run(&read(expression, Span::new(0, expression.len()))?)
}

/// The value of an expression that is the same in every run.
pub(crate) fn evaluate_constant(expr: &Expr) -> Result<Value, EvaluateError> {
    Machine::new(&Context::new()).run(expr)
}

/// The ids of the steps that a text's expressions name, in the order of the text.
pub fn dependencies(template: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let closed = pieces(template).into_iter().filter(|piece| piece.end == End::Closed);
    closed
        .flat_map(|piece| references(&parse(template, piece.inner).0))
        .filter(|reference| reference.root.text == "steps")
        .filter_map(|reference| Some(reference.path.into_iter().next()?.name.text))
        .filter(|id| !id.is_empty() && seen.insert(id.clone()))
        .collect()
}

/// What a value looks like inside a text: nothing for nothing, what a command wrote for its result, JSON for the rest.
pub fn written(value: &Value) -> String {
    match &value.data {
        Data::Undefined | Data::Null => String::new(),
        Data::Object(object) => match object.get("stdout").and_then(Value::as_text) {
            Some(stdout) if object.get("exitCode").is_some() => super::value::trim(stdout).to_owned(),
            _ => json_text(value, Layout::Rows("  ")).unwrap_or_default(),
        },
        Data::List(_) => json_text(value, Layout::Rows("  ")).unwrap_or_default(),
        _ => value.to_text().to_string(),
    }
}

fn read(text: &str, within: Span) -> Result<Expr, EvaluateError> {
    let (expr, problems) = parse(text, within);
    match problems.into_iter().next() {
        Some(problem) => Err(EvaluateError::new(problem.span, problem.message)),
        None => Ok(expr),
    }
}

fn check_braces(template: &str, pieces: &[Piece]) -> Result<(), EvaluateError> {
    let mut at = 0;
    for piece in pieces {
        no_stray(template, Span::new(at, piece.outer.start))?;
        if piece.end == End::Open {
            return Err(EvaluateError::new(piece.outer, "this '${{' is never closed; add '}}'"));
        }
        at = piece.outer.end;
    }
    no_stray(template, Span::new(at, template.len()))
}

fn no_stray(template: &str, span: Span) -> Result<(), EvaluateError> {
    match span.of(template).find("}}") {
        Some(found) => {
            let start = span.start + found;
            Err(EvaluateError::new(Span::new(start, start + 2), "there is no '${{' for this '}}'"))
        }
        None => Ok(()),
    }
}
