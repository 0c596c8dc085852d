//! What a shape cannot say: keys that need or exclude one another.

use copydesk_base::{Code, Diagnostic, Fix};
use copydesk_text::{Kind, Node};

use super::fixes::remove_key;
use super::missing::{Blank, missing};
use super::structure::{Holder, article};
use super::{
    Findings, capable, elsewhere, embedded, mcp, operations, providers, secrets, subworkflow, toolset, values,
};
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
            missing(findings, node, holder, message, &only(one_of(kind)));
        }
        "shell" if !has("args") && tree.get(node, "run").and_then(Node::as_str).is_some_and(is_blank) => {
            let span = tree.get(node, "run").map(Node::span).unwrap_or_default();
            if findings.is_cut(span.end) {
                return;
            }
            let message = "the command is empty; write one";
            findings.add(Diagnostic::new(Code::UnknownValue, span, message));
        }
        "sleep" if !has_one => {
            let message = "a sleep step needs 'duration' or 'until'".to_owned();
            missing(findings, node, holder, message, &only(one_of(kind)));
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
        missing(findings, node, holder, message, &only(Some((*key, operations::blank(key)))));
    }
}

/// Of the keys of which a type of step must have one, that which can be written for it, with something that is right
/// and does nothing.
pub(super) fn one_of(kind: &str) -> Option<(&'static str, &'static str)> {
    match kind {
        "shell" => Some(("run", "echo")),
        "sleep" => Some(("duration", "1s")),
        _ => None,
    }
}

/// One mend by one key, where it is known.
fn only(blank: Option<(&'static str, &'static str)>) -> Vec<Vec<Blank<'static>>> {
    blank.into_iter().map(|(key, least)| vec![(key, least.to_owned())]).collect()
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
