//! What a step hands to the workflow that it calls, beside the inputs that are declared there.
//!
//! A value that is written out is right if it is of the type that its input declares; a text is right as well where it
//! reads like one, for Keystone's own steps hand over nothing but texts. Where the type is not known, only a text is
//! right (see docs/decisions/0020-typed-inputs-of-a-call.md). What an expression hands over is read by
//! [`expressions`](crate::check::expressions).

use std::path::Path;

use copydesk_base::diagnostic::Related;
use copydesk_base::{Code, Diagnostic, Fix, TextEdit};
use copydesk_text::{Entry, Kind, Node};

use super::{Callee, by_choice, listed, name_of};
use crate::check::Findings;
use crate::check::context::Context;
use crate::check::elsewhere::with_near;
use crate::check::fixes::{insert_key, is_flow, line_break, line_start, quoted, remove_key};
use crate::check::inputs::{as_kind, kind_of};
use crate::check::mismatch::this_is;
use crate::declared::inner_span;
use crate::expression::has_expression;
use crate::index::{Declared, SummaryBody, WorkflowSummary};
use crate::types::InputKind;

/// An input of a called workflow, for what a step hands to it.
pub(in crate::check) struct Taker<'c> {
    pub(in crate::check) input: &'c Declared,
    /// The called workflow.
    pub(in crate::check) path: &'c Path,
}

impl Taker<'_> {
    /// The name of the called workflow's file.
    pub(in crate::check) fn file(&self) -> String {
        name_of(self.path)
    }

    /// The same finding, with the place where the input is declared.
    pub(in crate::check) fn declared_at(&self, mut finding: Diagnostic) -> Diagnostic {
        let message = format!("'{}' is declared here", self.input.name);
        let (path, span) = (Some(self.path.to_path_buf()), self.input.span);
        finding.related.push(Related { path, span, message });
        finding
    }
}

/// The inputs of what a written path leads to, where all of it is known.
pub(in crate::check) fn takers<'c>(context: &'c Context, path: Option<Node<'_>>) -> Vec<Taker<'c>> {
    match path.and_then(Node::as_str).and_then(|written| context.callees.get(written)) {
        Some(Callee::Workflow { path, summary, .. }) => match &summary.body {
            SummaryBody::Workflow(workflow) if workflow.is_whole => {
                workflow.inputs.iter().map(|input| Taker { input, path }).collect()
            }
            _ => Vec::new(),
        },
        Some(Callee::Missing(_) | Callee::Other) | None => Vec::new(),
    }
}

/// Whether the workflow that a written path leads to must be handed something.
pub(in crate::check) fn needs_some(context: &Context, path: Option<Node<'_>>) -> bool {
    takers(context, path).iter().any(|taker| taker.input.required)
}

/// Whether what a step hands over under this name is judged by the workflow that it calls: its input has a type, it has
/// no such input, or nobody can read it just now.
pub(in crate::check) fn judges(context: &Context, path: Option<Node<'_>>, name: &str) -> bool {
    match path.and_then(Node::as_str).and_then(|written| context.callees.get(written)) {
        Some(Callee::Workflow { summary, .. }) => match &summary.body {
            SummaryBody::Workflow(workflow) if workflow.is_whole => {
                let input = workflow.inputs.iter().find(|input| input.name == name);
                input.is_none_or(|input| input.kind.is_some())
            }
            _ => true,
        },
        Some(Callee::Missing(_) | Callee::Other) | None => false,
    }
}

/// What a step hands over beside what the workflow takes.
pub(super) fn inputs(
    findings: &mut Findings<'_>,
    node: Node<'_>,
    path: Node<'_>,
    workflow: &WorkflowSummary,
    place: &Path,
) {
    let given = findings.tree().get(node, "inputs");
    if given.is_some_and(|given| given.scalar().is_some()) {
        return;
    }
    for entry in findings.tree().entries_at(node, "inputs") {
        let Some(name) = entry.key().scalar_text().filter(|name| !name.is_empty()) else { continue };
        if let Some(input) = workflow.inputs.iter().find(|input| input.name == name) {
            literal(findings, entry, &Taker { input, path: place });
            continue;
        }
        let known: Vec<String> = workflow.inputs.iter().map(|input| input.name.clone()).collect();
        let message = format!("'{}' has no input '{name}'", name_of(place));
        let otherwise = listed("takes", &known);
        let span = inner_span(entry.key());
        let finding = with_near(findings, Code::UnknownInput, span, message, name, &known, &otherwise);
        let mut finding = by_choice(finding);
        let removal = given.and_then(|given| remove_key(findings.file.text, given, name));
        finding.fixes.extend(removal.map(|edit| Fix::new(format!("take '{name}' out"), vec![edit])));
        findings.add(finding);
    }
    let tree = findings.tree();
    let lacks = |input: &&Declared| {
        input.required
            && given.is_none_or(|given| {
                tree.get(given, &input.name).is_none() && given.entry(&input.name).is_none()
            })
    };
    let missing: Vec<&Declared> = workflow.inputs.iter().filter(lacks).collect();
    if !missing.is_empty() {
        not_given(findings, node, path, &missing, place);
    }
}

fn not_given(
    findings: &mut Findings<'_>,
    node: Node<'_>,
    path: Node<'_>,
    missing: &[&Declared],
    place: &Path,
) {
    if findings.is_broken(node.span()) {
        return;
    }
    let names: Vec<String> = missing.iter().map(|input| format!("'{}'", input.name)).collect();
    let words = if names.len() == 1 { "the input" } else { "the inputs" };
    let message = format!("'{}' needs {words} {}", name_of(place), and(&names));
    let holder = node.entry("inputs");
    let span = holder.map_or_else(|| inner_span(path), |holder| holder.key().span());
    let mut finding = Diagnostic::new(Code::MissingKey, span, message);
    for input in missing {
        let message = format!("'{}' is declared here", input.name);
        finding.related.push(Related { path: Some(place.to_path_buf()), span: input.span, message });
    }
    let text = findings.file.text;
    let pairs: Vec<String> =
        missing.iter().map(|input| format!("{}: {}", quoted(&input.name), least(input))).collect();
    let edit = match holder.map(|holder| (holder, holder.value().kind())) {
        None => insert_key(text, node, node.entry("path"), "inputs", &format!("{{{}}}", pairs.join(", "))),
        Some((holder, Kind::Mapping(entries))) if !entries.is_empty() || is_flow(text, holder.value()) => {
            // The pairs behind the first go into its value, line by line.
            let (first, rest) = (missing.first(), pairs.get(1..).unwrap_or(&[]));
            let indent = (!is_flow(text, holder.value())).then(|| {
                let first = entries.first().map_or(0, |entry| entry.key().span().start);
                " ".repeat(first - line_start(text, first))
            });
            let joint = indent.map_or(", ".to_owned(), |indent| format!("{}{indent}", line_break(text)));
            first.and_then(|first| {
                let value: Vec<String> = std::iter::once(least(first)).chain(rest.iter().cloned()).collect();
                insert_key(text, holder.value(), None, &quoted(&first.name), &value.join(&joint))
            })
        }
        // A key without a value.
        Some((holder, Kind::Null)) if holder.value().span().is_empty() => {
            let behind = holder.key().span().end;
            let has_colon = text.get(behind..).is_some_and(|rest| rest.starts_with(':'));
            has_colon.then(|| TextEdit::insert(behind + 1, format!(" {{{}}}", pairs.join(", "))))
        }
        _ => None,
    };
    if let Some(edit) = edit {
        finding = finding.with_fix(Fix::new(format!("add {}", and(&names)), vec![edit]));
    }
    findings.add(finding);
}

/// A value that is written out beside the type and the values of its input.
fn literal(findings: &mut Findings<'_>, entry: Entry<'_>, taker: &Taker<'_>) {
    let (value, input) = (entry.value(), taker.input);
    let Some(seen) = findings.tree().resolve(value) else { return };
    let text = seen.scalar_text();
    if text.is_some_and(has_expression) {
        return;
    }
    let Some(kind) = input.kind else { return among(findings, value, text, taker) };
    let takes = format!("the input '{}' of '{}' takes {}", input.name, taker.file(), kind.takes());
    if seen.is_null() {
        let span = if value.span().is_empty() { entry.key().span() } else { value.span() };
        let mut finding = Diagnostic::new(Code::TypeMismatch, span, format!("{takes}; it has no value"));
        let source = findings.file.text.get(entry.key().span().end..).unwrap_or("");
        if value.span().is_empty() && source.starts_with(':') {
            let least = least(input);
            let edit = TextEdit::insert(entry.key().span().end + 1, format!(" {least}"));
            finding = finding.with_fix(Fix::new(format!("write '{least}'"), vec![edit]));
        }
        return findings.add(taker.declared_at(finding));
    }
    let reads = seen.as_str().is_some_and(|text| reads_as(text, kind));
    if reads || kind_of(seen).is_none_or(|found| found == kind) {
        return among(findings, value, text, taker);
    }
    let mut finding =
        Diagnostic::new(Code::TypeMismatch, value.span(), format!("{takes}; {}", this_is(seen)));
    finding.fixes.extend(as_kind(findings.file.text, kind, value));
    findings.add(taker.declared_at(finding));
}

/// A value beside those that its input takes.
fn among(findings: &mut Findings<'_>, value: Node<'_>, text: Option<&str>, taker: &Taker<'_>) {
    let input = taker.input;
    let Some(text) =
        text.filter(|text| !input.values.is_empty() && !input.values.iter().any(|known| known == text))
    else {
        return;
    };
    let message = format!("'{text}' is no value of the input '{}' of '{}'", input.name, taker.file());
    let otherwise = format!("it takes {}", input.values.join(", "));
    let span = inner_span(value);
    let finding = with_near(findings, Code::UnknownValue, span, message, text, &input.values, &otherwise);
    findings.add(taker.declared_at(finding));
}

/// The least that an input takes, as it is written.
fn least(input: &Declared) -> String {
    match (input.values.first(), input.kind) {
        (Some(value), Some(InputKind::Number | InputKind::Boolean)) => value.clone(),
        (Some(value), _) => format!("\"{}\"", value.replace(['"', '\\'], "")),
        (None, kind) => kind.unwrap_or(InputKind::String).least().to_owned(),
    }
}

/// Whether a text reads as what an input takes.
pub(in crate::check) fn reads_as(text: &str, kind: InputKind) -> bool {
    match kind {
        InputKind::Number => text.trim().parse::<f64>().is_ok(),
        InputKind::Boolean => matches!(text, "true" | "false"),
        InputKind::Array => text.trim_start().starts_with('['),
        InputKind::Object => text.trim_start().starts_with('{'),
        InputKind::String => true,
    }
}

pub(in crate::check) fn and(names: &[String]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}
