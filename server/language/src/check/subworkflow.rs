//! A `workflow` step beside the workflow it calls: is it there, what does it take, what does it give.
//!
//! Depends on the step and on the [`Callee`]s of the context, which are made from the index alone.

mod given;

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use copydesk_base::{Code, Diagnostic, Safety, Severity};
use copydesk_text::Node;

use super::Findings;
use super::elsewhere::with_near;
use crate::WorkspaceIndex;
use crate::declared::inner_span;
use crate::expression::has_expression;
use crate::index::{Summary, SummaryBody, Target, WorkflowSummary};

pub(super) use given::{Taker, and, judges, needs_some, reads_as, takers};

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
                given::inputs(findings, node, path, workflow, place);
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

/// Which of two files has the slip is for a person to say: no mend of the one is made unseen.
fn by_choice(mut finding: Diagnostic) -> Diagnostic {
    finding.fixes.iter_mut().for_each(|fix| fix.safety = Safety::Suggested);
    finding
}

/// `it takes a, b`, `it takes none`.
pub(super) fn listed(verb: &str, names: &[String]) -> String {
    if names.is_empty() { format!("it {verb} none") } else { format!("it {verb} {}", names.join(", ")) }
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
