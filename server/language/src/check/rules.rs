//! What a shape cannot say: keys that need or exclude one another, and values that must fit an input's own type.

use copydesk_base::{Code, Diagnostic, Fix, TextEdit};
use copydesk_text::{Kind, Node, Value};

use super::fixes::{add_item, remove_key};
use super::missing::missing;
use super::structure::{Holder, article};
use super::{
    Findings, capable, elsewhere, embedded, mcp, operations, providers, secrets, subworkflow, toolset, values,
};
use crate::declared::{Declared, inner_span};
use crate::expression::has_expression;
use crate::shape::Kind as StepKind;

/// The rules of one step, by its type. They depend on the step and on the context.
///
/// `meant` are keys that misspelt ones stand for.
pub(super) fn step(
    findings: &mut Findings<'_>,
    node: Node<'_>,
    shape: &StepKind,
    meant: &[&str],
    holder: Holder<'_>,
) {
    let kind = shape.word.as_str();
    needed(findings, node, shape, meant, holder);
    if kind == "sleep" {
        exclusive(findings, node, "duration", "until");
    }
    exclusive(findings, node, "foreach", "strategy");
    empty_axes(findings, node);
    operations::useless(findings, node, kind);
    values::check(findings, node, kind, holder);
    mcp::inline(findings, node);
    secrets::step(findings, node);
    embedded::of_step(findings, node);
    toolset::names(findings, node.get("tools"));
    elsewhere::step(findings, node, kind);
    capable::step(findings, node, kind);
    providers::asked(findings, node);
    if kind == "workflow" {
        subworkflow::step(findings, node);
    }
}

/// Keys that a step must have for its type or its operation.
fn needed(findings: &mut Findings<'_>, node: Node<'_>, shape: &StepKind, meant: &[&str], holder: Holder<'_>) {
    let kind = shape.word.as_str();
    let tree = findings.tree();
    let has = |key: &str| tree.get(node, key).is_some() || node.entry(key).is_some() || meant.contains(&key);
    let op = findings.tree().get(node, "op").and_then(Node::scalar_text).unwrap_or("");
    let has_one = shape.one_of.iter().any(|key| has(key));
    match kind {
        "shell" if !has_one => {
            let message = "a shell step needs 'run' or 'args'".to_owned();
            missing(findings, node, holder, message, &[("run", "\"\"".to_owned())]);
        }
        "shell" if !has("args") && tree.get(node, "run").and_then(Node::as_str).is_some_and(is_blank) => {
            let span = tree.get(node, "run").map(Node::span).unwrap_or_default();
            let message = "the command is empty; write one";
            findings.add(Diagnostic::new(Code::UnknownValue, span, message));
        }
        "sleep" if !has_one => {
            let message = "a sleep step needs 'duration' or 'until'".to_owned();
            missing(findings, node, holder, message, &[("duration", "1s".to_owned())]);
        }
        // A `needs` that is no list at all has its own finding.
        "join" if !has_one || tree.get(node, "needs").is_some_and(is_empty_list) => {
            let message = "a join step needs 'needs': the steps that it waits for".to_owned();
            missing(findings, node, holder, message, &[]);
        }
        _ => {}
    }
    for key in operations::needed(kind, op).iter().filter(|key| !has(key)) {
        let message = format!("{} {kind} step with 'op: {op}' needs '{key}'", article(kind));
        let blank = if *key == "paths" { "[\"\"]" } else { "\"\"" };
        missing(findings, node, holder, message, &[(key, blank.to_owned())]);
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn is_empty_list(node: Node<'_>) -> bool {
    matches!(node.kind(), Kind::Sequence(items) if items.is_empty())
}

/// Two keys of which only one may stand; the later one is marked.
pub(super) fn exclusive(findings: &mut Findings<'_>, node: Node<'_>, one: &str, other: &str) {
    let (Some(first), Some(second)) = (node.entry(one), node.entry(other)) else { return };
    let (first, second) =
        if first.key().span().start < second.key().span().start { (first, second) } else { (second, first) };
    let name = |entry: copydesk_text::Entry<'_>| entry.key().scalar_text().unwrap_or("").to_owned();
    let message = format!("'{}' cannot stand beside '{}'; keep one of the two", name(second), name(first));
    let mut finding = Diagnostic::new(Code::UnknownKey, second.key().span(), message)
        .with_related(first.key().span(), format!("'{}' is here", name(first)));
    for entry in [second, first] {
        if let Some(edit) = remove_key(findings.file.text, node, &name(entry)) {
            finding = finding.with_fix(Fix::new(format!("take '{}' out", name(entry)), vec![edit]));
        }
    }
    findings.add(finding);
}

fn empty_axes(findings: &mut Findings<'_>, node: Node<'_>) {
    let tree = findings.tree();
    let strategy = tree.get(node, "strategy");
    let Some(matrix) = strategy.and_then(|strategy| tree.get(strategy, "matrix")) else { return };
    if matches!(matrix.kind(), Kind::Mapping(axes) if axes.is_empty()) {
        let message = "the matrix has no axes, so the step would never run; write at least one";
        let mut finding = Diagnostic::new(Code::UnknownValue, matrix.span(), message);
        if let Some(edit) = remove_key(findings.file.text, node, "strategy") {
            finding = finding.with_fix(Fix::new("take 'strategy' out", vec![edit]));
        }
        findings.add(finding);
    }
    let axes = tree.entries(matrix);
    for entry in &axes {
        if is_empty_list(entry.value()) {
            let name = entry.key().scalar_text().unwrap_or("");
            let message =
                format!("the axis '{name}' has no values, so the step would never run; write at least one");
            let mut finding = Diagnostic::new(Code::UnknownValue, entry.value().span(), message);
            if let Some(edit) = remove_key(findings.file.text, matrix, name).filter(|_| axes.len() > 1) {
                finding = finding.with_fix(Fix::new(format!("take '{name}' out"), vec![edit]));
            }
            findings.add(finding);
        }
    }
}

/// Defaults and values of inputs must fit the input's type, and a default must be one of the values.
pub(super) fn inputs(findings: &mut Findings<'_>, declared: &Declared<'_>) {
    for entry in &declared.inputs {
        let input = entry.value();
        let Some(kind) = input.get("type").and_then(Node::scalar_text) else { continue };
        let values = input.get("values").map(Node::items).unwrap_or_default();
        let name = entry.key().scalar_text().unwrap_or("");
        for value in values.iter().filter(|value| !fits(kind, *value)) {
            let message = format!("the input '{name}' is {}; this is a {}", of_kind(kind), value.kind_word());
            let mut finding = Diagnostic::new(Code::TypeMismatch, value.span(), message);
            finding.fixes.extend(as_kind(findings.file.text, kind, value));
            findings.add(finding);
        }
        let Some(default) = input.get("default") else { continue };
        if default.is_null() {
            no_default(findings, input, (name, kind));
            continue;
        }
        secrets::default(findings, input, default);
        if default.scalar_text().is_some_and(has_expression) {
            continue;
        }
        if !fits(kind, default) {
            let message =
                format!("the input '{name}' is {}; this is a {}", of_kind(kind), default.kind_word());
            let mut finding = Diagnostic::new(Code::TypeMismatch, default.span(), message);
            finding.fixes.extend(as_kind(findings.file.text, kind, default));
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

/// A value in the words of its input's type.
fn as_kind(text: &str, kind: &str, value: Node<'_>) -> Option<Fix> {
    let word = value.scalar_text().filter(|word| !word.contains(['\n', '"', '\\']))?;
    let (title, written) = match (kind, value.value()?) {
        ("string", Value::Int(_) | Value::Float(_) | Value::Bool(_)) => {
            ("put it in quotes".to_owned(), format!("\"{}\"", value.span().of(text)))
        }
        ("number", Value::Text(_)) if word.trim().parse::<f64>().is_ok_and(f64::is_finite) => {
            ("take the quotes away".to_owned(), word.trim().to_owned())
        }
        ("boolean", _) => {
            let truth = match word.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" | "1" => "true",
                "false" | "no" | "off" | "n" | "0" => "false",
                _ => return None,
            };
            (format!("change to '{truth}'"), truth.to_owned())
        }
        ("array", _) => ("make it a list".to_owned(), format!("[{}]", value.span().of(text))),
        _ => return None,
    };
    Some(Fix::new(title, vec![TextEdit::new(value.span(), written)]))
}

/// The type of an input as its default has it.
fn of_its_kind(kind: Node<'_>, default: Node<'_>) -> Option<Fix> {
    let word = match (default.kind(), default.value()) {
        (Kind::Sequence(_), _) => "array",
        (Kind::Mapping(_), _) => "object",
        (_, Some(Value::Bool(_))) => "boolean",
        (_, Some(Value::Int(_) | Value::Float(_))) => "number",
        (_, Some(Value::Text(_))) => "string",
        _ => return None,
    };
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
fn no_default(findings: &mut Findings<'_>, input: Node<'_>, (name, kind): (&str, &str)) {
    let Some(entry) = input.entry("default") else { return };
    let empty = entry.value().span().is_empty();
    let span = if empty { entry.key().span() } else { entry.value().span() };
    let message = format!("the default of '{name}' has no value; it takes {}", of_kind(kind));
    let mut finding = Diagnostic::new(Code::TypeMismatch, span, message);
    if let Some(edit) = remove_key(findings.file.text, input, "default") {
        finding = finding.with_fix(Fix::new("take it out", vec![edit]));
    }
    findings.add(finding);
}

fn of_kind(kind: &str) -> &'static str {
    match kind {
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a mapping",
        _ => "a text",
    }
}

/// Whether a value is of an input's type; yes for types that do not exist, they have their own finding.
fn fits(kind: &str, node: Node<'_>) -> bool {
    match (node.kind(), node.value()) {
        (Kind::Alias(_), _) => true,
        (Kind::Sequence(_), _) => !matches!(kind, "string" | "number" | "boolean" | "object"),
        (Kind::Mapping(_), _) => !matches!(kind, "string" | "number" | "boolean" | "array"),
        (_, Some(Value::Text(_))) => !matches!(kind, "number" | "boolean" | "array" | "object"),
        (_, Some(Value::Int(_) | Value::Float(_))) => {
            !matches!(kind, "string" | "boolean" | "array" | "object")
        }
        (_, Some(Value::Bool(_))) => !matches!(kind, "string" | "number" | "array" | "object"),
        _ => true,
    }
}

fn same(one: Node<'_>, other: Node<'_>) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < f64::EPSILON,
        _ => one.value() == other.value(),
    }
}
