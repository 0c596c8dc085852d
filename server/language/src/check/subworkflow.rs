//! A `workflow` step beside the workflow it calls: is it there, what does it take, what does it give.
//!
//! Depends on the step and on the [`Callee`]s of the context, which are made from the index alone.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use copydesk_base::diagnostic::Related;
use copydesk_base::{Code, Diagnostic, Fix, Safety, Severity};
use copydesk_text::{Kind, Node};

use super::Findings;
use super::context::Context;
use super::elsewhere::with_near;
use super::fixes::{insert_key, is_flow, quoted, remove_key};
use crate::WorkspaceIndex;
use crate::declared::inner_span;
use crate::expression::has_expression;
use crate::index::{Declared, Summary, SummaryBody, Target, WorkflowSummary};
use crate::types::InputKind;

/// What a written path leads to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Callee {
    /// Nothing is there; these paths lead to workflows.
    Missing(Arc<[String]>),
    /// A file of another kind.
    Other,
    Workflow {
        path: PathBuf,
        summary: Arc<Summary>,
        /// The workflows on the way back to the caller, the called one first, where every call on it is made always.
        circle: Option<Vec<PathBuf>>,
    },
}

/// The most workflows that are offered in place of one that is missing.
const MOST_OFFERED: usize = 500;
/// The most workflows that are followed from one call.
const MOST_FOLLOWED: usize = 200;

/// What the paths of a file's workflow steps lead to. Nothing where nobody has looked.
pub(super) fn callees(
    from: &Path,
    calls: &[crate::index::Call],
    index: &WorkspaceIndex,
) -> BTreeMap<String, Callee> {
    let mut callees = BTreeMap::new();
    let mut offered: Option<Arc<[String]>> = None;
    let Some(files) = index.files.as_deref() else { return callees };
    for call in calls {
        let Target::Workflow(written) = &call.target else { continue };
        if callees.contains_key(written) {
            continue;
        }
        let callee = match index.file_at(from, written).and_then(|(path, _)| files.get_key_value(path)) {
            None => Callee::Missing(offered.get_or_insert_with(|| offers(from, index).into()).clone()),
            Some((path, summary)) => match &summary.body {
                SummaryBody::Workflow(_) => Callee::Workflow {
                    path: path.clone(),
                    summary: summary.clone(),
                    circle: circle(from, path, index),
                },
                _ => Callee::Other,
            },
        };
        callees.insert(written.clone(), callee);
    }
    callees
}

/// An input of a called workflow, for what a step hands to it.
pub(super) struct Taker<'c> {
    pub(super) input: &'c Declared,
    /// The called workflow.
    pub(super) path: &'c Path,
}

impl Taker<'_> {
    /// The name of the called workflow's file.
    pub(super) fn file(&self) -> String {
        name_of(self.path)
    }
}

/// The inputs of what a written path leads to, where all of it is known.
pub(super) fn takers<'c>(context: &'c Context, path: Option<Node<'_>>) -> Vec<Taker<'c>> {
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

/// Paths of all workflows as `from` would write them.
pub(crate) fn offers(from: &Path, index: &WorkspaceIndex) -> Vec<String> {
    let files = index.files.as_deref().into_iter().flatten();
    let workflows =
        files.filter(|(path, file)| matches!(file.body, SummaryBody::Workflow(_)) && path.as_path() != from);
    let here = from.parent().unwrap_or(Path::new(""));
    workflows.filter_map(|(path, _)| relative(here, path)).take(MOST_OFFERED).collect()
}

/// A path as it is written in a file of the folder `here`.
fn relative(here: &Path, path: &Path) -> Option<String> {
    let here: Vec<Component<'_>> = here.components().collect();
    let there: Vec<Component<'_>> = path.components().collect();
    let shared = here.iter().zip(&there).take_while(|(one, other)| one == other).count();
    let up = here.len() - shared;
    let mut words: Vec<&str> = if up == 0 { vec!["."] } else { vec![".."; up] };
    for part in there.get(shared..)? {
        words.push(part.as_os_str().to_str()?);
    }
    Some(words.join("/"))
}

/// Whether calls that are made always lead from `to` back to `from`.
fn circle(from: &Path, to: &Path, index: &WorkspaceIndex) -> Option<Vec<PathBuf>> {
    let mut seen: BTreeMap<&Path, Option<&Path>> = BTreeMap::new();
    let (start, _) = index.files.as_deref()?.get_key_value(to)?;
    seen.insert(start, None);
    let mut next = vec![start.as_path()];
    while let Some(at) = next.pop() {
        if at == from {
            let mut way = vec![at.to_path_buf()];
            let mut step = at;
            while let Some(Some(before)) = seen.get(step) {
                way.push(before.to_path_buf());
                step = before;
            }
            way.reverse();
            return Some(way);
        }
        let summary = index.files.as_deref()?.get(at)?;
        let SummaryBody::Workflow(workflow) = &summary.body else { continue };
        for written in &workflow.always_calls {
            let Some((path, _)) = index.workflow_at(at, written) else { continue };
            if seen.len() < MOST_FOLLOWED && !seen.contains_key(path) {
                seen.insert(path, Some(at));
                next.push(path);
            }
        }
    }
    None
}

/// The step beside what it calls.
pub(super) fn step(findings: &mut Findings<'_>, node: Node<'_>) {
    let Some(path) = findings.tree().get(node, "path") else { return };
    let Some(written) = path.as_str() else { return };
    let context = findings.context.clone();
    let Some(callee) = context.callees.get(written) else { return };
    let span = inner_span(path);
    match callee {
        Callee::Missing(offers) => {
            let message = format!("there is no workflow '{written}'");
            let finding = with_near(
                findings,
                Code::UnknownWorkflow,
                span,
                message,
                written,
                offers,
                "create the file, or correct the path",
            );
            findings.add(finding);
        }
        Callee::Other => {
            let message = format!("'{written}' is no workflow");
            let mut finding = Diagnostic::new(Code::UnknownWorkflow, span, message);
            finding.severity = Severity::Error;
            findings.add(finding);
        }
        Callee::Workflow { path: place, summary, circle } => {
            let SummaryBody::Workflow(workflow) = &summary.body else { return };
            if let Some(way) = circle.as_deref().filter(|_| always(findings, node)) {
                let names: Vec<String> = way.iter().map(|path| name_of(path)).collect();
                let message =
                    format!("this leads back here without end: {}; call it under an 'if'", names.join(" → "));
                findings.add(Diagnostic::new(Code::WorkflowCycle, span, message));
            }
            if workflow.is_whole {
                inputs(findings, node, path, workflow, place);
                outputs(findings, node, workflow, place);
            }
        }
    }
}

/// Whether a step runs whenever its workflow does.
fn always(findings: &Findings<'_>, node: Node<'_>) -> bool {
    ["if", "foreach", "strategy"].iter().all(|key| findings.tree().get(node, key).is_none())
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn inputs(
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
            literal(findings, entry.value(), input, place);
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
        missing.iter().map(|input| format!("{}: {}", quoted(&input.name), blank(input))).collect();
    let edit = match holder.map(|holder| (holder, holder.value().kind())) {
        None => insert_key(text, node, node.entry("path"), "inputs", &format!("{{{}}}", pairs.join(", "))),
        Some((holder, Kind::Mapping(entries))) if !entries.is_empty() || is_flow(text, holder.value()) => {
            // The pairs behind the first go into its value, line by line.
            let (first, rest) = (missing.first(), pairs.get(1..).unwrap_or(&[]));
            let indent = (!is_flow(text, holder.value())).then(|| {
                let first = entries.first().map_or(0, |entry| entry.key().span().start);
                " ".repeat(first - super::fixes::line_start(text, first))
            });
            let joint = indent
                .map_or(", ".to_owned(), |indent| format!("{}{indent}", super::fixes::line_break(text)));
            first.and_then(|first| {
                let value: Vec<String> = std::iter::once(blank(first)).chain(rest.iter().cloned()).collect();
                insert_key(text, holder.value(), None, &quoted(&first.name), &value.join(&joint))
            })
        }
        _ => None,
    };
    if let Some(edit) = edit {
        finding = finding.with_fix(Fix::new(format!("add {}", and(&names)), vec![edit]));
    }
    findings.add(finding);
}

/// Which of two files has the slip is for a person to say: no mend of the one is made unseen.
fn by_choice(mut finding: Diagnostic) -> Diagnostic {
    finding.fixes.iter_mut().for_each(|fix| fix.safety = Safety::Suggested);
    finding
}

/// `it takes a, b`, `it takes none`.
pub(super) fn listed(verb: &str, names: &[String]) -> String {
    if names.is_empty() { format!("it {verb} none") } else { format!("it {verb} {}", names.join(", ")) }
}

fn and(names: &[String]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

/// The least text that an input takes.
fn blank(input: &Declared) -> String {
    match (input.values.first(), input.kind) {
        (Some(value), _) => format!("\"{}\"", value.replace(['"', '\\'], "")),
        (None, Some(InputKind::Number)) => "\"0\"".to_owned(),
        (None, Some(InputKind::Boolean)) => "\"false\"".to_owned(),
        (None, Some(InputKind::Array)) => "\"${{ [] }}\"".to_owned(),
        (None, Some(InputKind::Object)) => "\"${{ {} }}\"".to_owned(),
        (None, Some(InputKind::String) | None) => "\"\"".to_owned(),
    }
}

/// What an input takes, in words.
pub(super) const fn takes(kind: InputKind) -> &'static str {
    match kind {
        InputKind::Number => "a number",
        InputKind::Boolean => "true or false",
        InputKind::Array => "a list",
        InputKind::Object => "a mapping",
        InputKind::String => "a text",
    }
}

/// Whether a text reads as what an input takes.
pub(super) fn reads_as(text: &str, kind: InputKind) -> bool {
    match kind {
        InputKind::Number => text.trim().parse::<f64>().is_ok(),
        InputKind::Boolean => matches!(text, "true" | "false"),
        InputKind::Array => text.trim_start().starts_with('['),
        InputKind::Object => text.trim_start().starts_with('{'),
        InputKind::String => true,
    }
}

/// A text that is handed over as it stands must read as what the input takes.
fn literal(findings: &mut Findings<'_>, value: Node<'_>, input: &Declared, place: &Path) {
    let Some(text) = value.scalar_text().filter(|text| !has_expression(text)) else { return };
    if value.is_null() {
        return;
    }
    let unfit = input.kind.filter(|kind| !reads_as(text, *kind));
    let related = |finding: &mut Diagnostic| {
        let message = format!("'{}' is declared here", input.name);
        finding.related.push(Related { path: Some(place.to_path_buf()), span: input.span, message });
    };
    if let Some(kind) = unfit {
        let written =
            if matches!(kind, InputKind::Array | InputKind::Object) { ", as an expression" } else { "" };
        let message =
            format!("the input '{}' of '{}' takes {}{written}", input.name, name_of(place), takes(kind));
        let mut finding = Diagnostic::new(Code::TypeMismatch, value.span(), message);
        related(&mut finding);
        findings.add(finding);
    } else if !input.values.is_empty() && !input.values.iter().any(|known| known == text) {
        let message = format!("'{text}' is no value of the input '{}' of '{}'", input.name, name_of(place));
        let otherwise = format!("it takes {}", input.values.join(", "));
        let span = inner_span(value);
        let mut finding =
            with_near(findings, Code::UnknownValue, span, message, text, &input.values, &otherwise);
        related(&mut finding);
        findings.add(finding);
    }
}

fn outputs(findings: &mut Findings<'_>, node: Node<'_>, workflow: &WorkflowSummary, place: &Path) {
    for entry in findings.tree().entries_at(node, "outputMapping") {
        let from = entry.value().get("from").unwrap_or(entry.value());
        let Some(name) = from.as_str().filter(|name| !name.is_empty() && !has_expression(name)) else {
            continue;
        };
        if workflow.outputs.iter().any(|output| output.name == name) {
            continue;
        }
        let known: Vec<String> = workflow.outputs.iter().map(|output| output.name.clone()).collect();
        let message = format!("'{}' has no output '{name}'", name_of(place));
        let otherwise = listed("gives", &known);
        let span = inner_span(from);
        let finding = with_near(findings, Code::UnknownOutput, span, message, name, &known, &otherwise);
        findings.add(by_choice(finding));
    }
}
