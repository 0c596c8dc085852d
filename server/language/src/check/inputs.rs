//! Inputs of a workflow and the values that are written for them: a default, one of `values`, what a call hands over.
//!
//! Which value is of which kind is said here once; of an expression [`Type::input_kind`] says it.
//!
//! [`Type::input_kind`]: crate::expression::types::Type::input_kind

use copydesk_base::{Code, Diagnostic, Fix, TextEdit};
use copydesk_text::{Kind, Node, Style, Value};

use super::fixes::{add_item, remove_key};
use super::mismatch::this_is;
use super::{Findings, secrets};
use crate::declared::{Declared, inner_span};
use crate::expression::has_expression;
use crate::types::InputKind;

/// Defaults and values of inputs must fit the input's type, and a default must be one of the values.
pub(super) fn declared(findings: &mut Findings<'_>, declared: &Declared<'_>) {
    for entry in &declared.inputs {
        let input = entry.value();
        if input.get("type").and_then(Node::scalar_text).is_none() {
            continue;
        }
        // A type that does not exist has its own finding, and takes any value.
        let kind = input.get("type").and_then(Node::scalar_text).and_then(InputKind::parse);
        let values = input.get("values").map(Node::items).unwrap_or_default();
        let name = entry.key().scalar_text().unwrap_or("");
        for (value, kind) in values.iter().filter_map(|value| Some((value, unfit(kind, value)?))) {
            findings.add(other_kind(findings.file.text, (name, kind), value));
        }
        let Some(default) = input.get("default") else { continue };
        if default.is_null() {
            no_default(findings, input, (name, kind.unwrap_or(InputKind::String)));
            continue;
        }
        secrets::default(findings, input, default);
        if default.scalar_text().is_some_and(has_expression) {
            continue;
        }
        if let Some(kind) = unfit(kind, default) {
            let mut finding = other_kind(findings.file.text, (name, kind), default);
            finding.fixes.extend(input.get("type").and_then(|node| of_its_kind(node, default)));
            findings.add(finding);
        } else if !values.is_empty()
            && default.scalar().is_some()
            && !values.iter().any(|value| same(value, default))
        {
            let message = format!("the default of '{name}' is not one of its values");
            let finding = Diagnostic::new(Code::UnknownValue, default.span(), message);
            findings.add(not_among(findings.file.text, input, default, finding));
        }
    }
}

/// The kind of input that a value is written for; none for nothing, and for what stands elsewhere.
pub(super) fn kind_of(value: Node<'_>) -> Option<InputKind> {
    match (value.kind(), value.value()) {
        (Kind::Alias(_), _) => None,
        (Kind::Sequence(_), _) => Some(InputKind::Array),
        (Kind::Mapping(_), _) => Some(InputKind::Object),
        (_, Some(Value::Text(_))) => Some(InputKind::String),
        (_, Some(Value::Int(_) | Value::Float(_))) => Some(InputKind::Number),
        (_, Some(Value::Bool(_))) => Some(InputKind::Boolean),
        _ => None,
    }
}

/// The kind that a value should be of and is not.
fn unfit(kind: Option<InputKind>, value: Node<'_>) -> Option<InputKind> {
    kind.filter(|kind| kind_of(value).is_some_and(|found| found != *kind))
}

fn other_kind(text: &str, (name, kind): (&str, InputKind), value: Node<'_>) -> Diagnostic {
    let message = format!("the input '{name}' is {}; {}", kind.takes(), this_is(value));
    let mut finding = Diagnostic::new(Code::TypeMismatch, value.span(), message);
    finding.fixes.extend(as_kind(text, kind, value));
    finding
}

/// A value in the words of its input's type.
pub(super) fn as_kind(text: &str, kind: InputKind, value: Node<'_>) -> Option<Fix> {
    let scalar = value.scalar()?;
    let source = value.span().of(text);
    let word = scalar.text();
    if word.contains(['\n', '"', '\\']) || source.contains(['\n', '\r']) {
        return None;
    }
    let (title, written) = match (kind, value.value()?) {
        (InputKind::String, Value::Int(_) | Value::Float(_) | Value::Bool(_)) => {
            ("put it in quotes".to_owned(), format!("\"{source}\""))
        }
        (InputKind::Number, Value::Text(_)) if word.trim().parse::<f64>().is_ok_and(f64::is_finite) => {
            ("take the quotes away".to_owned(), word.trim().to_owned())
        }
        (InputKind::Boolean, _) => {
            let truth = match word.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" | "1" => "true",
                "false" | "no" | "off" | "n" | "0" => "false",
                _ => return None,
            };
            (format!("change to '{truth}'"), truth.to_owned())
        }
        // Between brackets a plain text ends where one of these stands.
        (InputKind::Array, _) if scalar.style() != Style::Plain || !source.contains(['[', ']', '{', '}']) => {
            ("make it a list".to_owned(), format!("[{source}]"))
        }
        _ => return None,
    };
    Some(Fix::new(title, vec![TextEdit::new(value.span(), written)]))
}

/// The type of an input as its default has it.
fn of_its_kind(kind: Node<'_>, default: Node<'_>) -> Option<Fix> {
    let word = kind_of(default)?.word();
    let edits = vec![TextEdit::new(inner_span(kind), word)];
    Some(Fix::new(format!("change the type to '{word}'"), edits))
}

/// A default that is none of the values: one of those, or one more of them.
fn not_among(text: &str, input: Node<'_>, default: Node<'_>, mut finding: Diagnostic) -> Diagnostic {
    let Some(values) = input.get("values") else { return finding };
    if let Some(first) = values.items().first() {
        let written = first.span().of(text);
        let edits = vec![TextEdit::new(default.span(), written)];
        finding = finding.with_fix(Fix::new(format!("change to {written}"), edits));
    }
    if let Some(edit) = add_item(text, values, default.span().of(text)) {
        finding = finding.with_fix(Fix::new("add it to the values", vec![edit]));
    }
    finding
}

/// A default of nothing is no default: the key must have a value or not be there.
fn no_default(findings: &mut Findings<'_>, input: Node<'_>, (name, kind): (&str, InputKind)) {
    let Some(entry) = input.entry("default") else { return };
    let empty = entry.value().span().is_empty();
    let span = if empty { entry.key().span() } else { entry.value().span() };
    let message = format!("the default of '{name}' has no value; it takes {}", kind.takes());
    let mut finding = Diagnostic::new(Code::TypeMismatch, span, message);
    if let Some(edit) = remove_key(findings.file.text, input, "default") {
        finding = finding.with_fix(Fix::new("take it out", vec![edit]));
    }
    findings.add(finding);
}

fn same(one: Node<'_>, other: Node<'_>) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < f64::EPSILON,
        _ => one.value() == other.value(),
    }
}
