//! What a `workflow` step says of the workflow that it calls: where it lies, what it takes, what it gives.
//!
//! Names come from the index; of a workflow that nobody has found nothing is proposed.

use super::place::{At, Colon, Part};
use super::values::value;
use super::{Completion, CompletionKind, Cursor, Snippet};
use crate::check::workflow_paths;
use crate::expression::types::Type;
use crate::index::{Declared, WorkflowSummary};

/// What may stand here, if the cursor is below such a key of a `workflow` step.
pub(super) fn propose(cursor: &Cursor<'_>) -> Option<Vec<Completion>> {
    let path = &cursor.place.path;
    let (at, key, siblings) = path.iter().enumerate().rev().find_map(|(at, part)| match part {
        Part::Key { name, siblings }
            if matches!(name.as_str(), "path" | "inputs" | "outputMapping") && is_call(siblings) =>
        {
            Some((at, name.as_str(), siblings))
        }
        _ => None,
    })?;
    let below = path.get(at + 1..)?;
    if key == "path" {
        return below.is_empty().then(|| paths(cursor));
    }
    let (_, written) = siblings.iter().find(|(key, _)| key == "path")?;
    let (_, workflow) = cursor.index.workflow_at(cursor.file.path, written)?;
    match (key, below, cursor.place.at) {
        ("inputs", [], At::Start(colon)) => Some(inputs(cursor, workflow, colon)),
        ("inputs", [Part::Key { name, .. }], At::Value(_)) => Some(words(cursor, workflow, name)),
        ("outputMapping", [], At::Start(colon)) => Some(aliases(cursor, workflow, colon)),
        ("outputMapping", [Part::Key { .. }], At::Value(_)) => Some(outputs(cursor, workflow)),
        ("outputMapping", [Part::Key { .. }, Part::Key { name, .. }], At::Value(_)) if name == "from" => {
            Some(outputs(cursor, workflow))
        }
        _ => None,
    }
}

fn is_call(siblings: &[(String, String)]) -> bool {
    siblings.iter().any(|(key, value)| key == "type" && value == "workflow")
}

fn paths(cursor: &Cursor<'_>) -> Vec<Completion> {
    let paths = workflow_paths(cursor.file.path, cursor.index);
    paths.iter().map(|path| value(cursor, CompletionKind::Value, path, "workflow", "", 0)).collect()
}

/// The inputs that are not given yet, those that must be given first.
fn inputs(cursor: &Cursor<'_>, workflow: &WorkflowSummary, colon: Colon) -> Vec<Completion> {
    let free = workflow.inputs.iter().filter(|input| !is_given(cursor, &input.name));
    let proposals = free.map(|input| {
        let key = key(cursor, CompletionKind::Input, input, colon, "");
        let detail = if input.required { format!("{}, required", key.detail) } else { key.detail };
        Completion { detail, sort: u32::from(!input.required), ..key }
    });
    proposals.collect()
}

/// The texts that an input takes.
fn words(cursor: &Cursor<'_>, workflow: &WorkflowSummary, name: &str) -> Vec<Completion> {
    let Some(input) = workflow.inputs.iter().find(|input| input.name == name) else { return Vec::new() };
    let truths = ["true".to_owned(), "false".to_owned()];
    let words = if input.ty == Type::Bool { &truths } else { input.values.as_slice() };
    let sort = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let proposals = words.iter().enumerate();
    proposals.map(|(at, word)| value(cursor, CompletionKind::Value, word, "", "", sort(at))).collect()
}

/// The outputs under their own names.
fn aliases(cursor: &Cursor<'_>, workflow: &WorkflowSummary, colon: Colon) -> Vec<Completion> {
    let free = workflow.outputs.iter().filter(|output| !is_given(cursor, &output.name));
    free.map(|output| key(cursor, CompletionKind::Field, output, colon, &output.name)).collect()
}

fn outputs(cursor: &Cursor<'_>, workflow: &WorkflowSummary) -> Vec<Completion> {
    let outputs = workflow.outputs.iter();
    let proposals = outputs.map(|output| {
        let docs = output.docs.as_deref().unwrap_or("");
        value(cursor, CompletionKind::Field, &output.name, &output.ty.to_string(), docs, 0)
    });
    proposals.collect()
}

fn is_given(cursor: &Cursor<'_>, name: &str) -> bool {
    cursor.place.siblings.iter().any(|(given, _)| given == name)
}

fn key(
    cursor: &Cursor<'_>,
    kind: CompletionKind,
    declared: &Declared,
    colon: Colon,
    value: &str,
) -> Completion {
    let name = &declared.name;
    Completion {
        label: name.clone(),
        kind,
        insert: if colon == Colon::Present { name.clone() } else { format!("{name}: {value}") },
        replace: cursor.place.word,
        detail: declared.ty.to_string(),
        docs: declared.docs.clone().unwrap_or_default(),
        sort: 0,
        snippet: Snippet::Plain,
    }
}
