//! What names of other files mean: agents, workflows with their inputs and outputs, pools.

use std::path::Path;

use copydesk_text::Node;

use super::{Hover, quoted};
use crate::declared::Declared;
use crate::index::{self, AgentSummary, BUILT_IN_POOLS, Target, WorkflowSummary};
use crate::{File, FileKind, WorkspaceIndex, summary};

/// What the name at an offset means, if it is one of another file.
pub(super) fn hover(
    file: &File<'_>,
    index: &WorkspaceIndex,
    declared: &Declared<'_>,
    offset: usize,
) -> Option<Hover> {
    let calls = match file.kind {
        FileKind::Workflow => {
            let around = declared.steps.iter().filter(|step| step.node.span().touches(offset));
            summary::calls_of(file, around.map(|step| step.node))
        }
        _ => summary::calls_of_steps(file),
    };
    let call = calls.into_iter().find(|call| call.span.touches(offset))?;
    let markdown = match &call.target {
        Target::Agent(name) => agent(file, index, name)?,
        Target::Workflow(written) => {
            let (path, workflow) = index.workflow_at(file.path, written)?;
            of_workflow(index, path, workflow)
        }
        Target::Input { workflow, name } => {
            let (_, workflow) = index.workflow_at(file.path, workflow)?;
            declaration(workflow.inputs.iter().find(|input| input.name == *name)?, "input")
        }
        Target::Output { workflow, name } => {
            let (_, workflow) = index.workflow_at(file.path, workflow)?;
            declaration(workflow.outputs.iter().find(|output| output.name == *name)?, "output")
        }
        Target::Pool(name) => pool(file, index, name)?,
        Target::McpServer(_) | Target::Provider(_) => return None,
    };
    Some(Hover { span: call.span, markdown })
}

fn agent(file: &File<'_>, index: &WorkspaceIndex, name: &str) -> Option<String> {
    let visible = index.agents_for(file.path)?.into_iter().find(|visible| visible.name == name)?;
    let description = visible.summary.and_then(|summary| summary.description.as_deref());
    let model = visible.summary.and_then(|summary| summary.model.as_deref());
    Some(paragraphs(&[
        format!("**{}**: an agent", quoted(name)),
        description.map_or_else(String::new, quoted),
        model.map_or_else(String::new, |model| format!("Asks `{}`", quoted(model))),
        visible.summary.and_then(AgentSummary::instead).unwrap_or_default(),
        visible.path.map_or_else(String::new, |path| place(index, path)),
    ]))
}

fn of_workflow(index: &WorkspaceIndex, path: &Path, workflow: &WorkflowSummary) -> String {
    let name = workflow.name.as_deref().unwrap_or("");
    let inputs: Vec<String> = workflow
        .inputs
        .iter()
        .map(|input| {
            let required = if input.required { ", required" } else { "" };
            format!("- `{}`: {}{required}", quoted(&input.name), quoted(&input.ty.to_string()))
        })
        .collect();
    paragraphs(&[
        format!("**{}**: a workflow", quoted(name)),
        workflow.description.as_deref().map_or_else(String::new, quoted),
        inputs.join("\n"),
        place(index, path),
    ])
}

fn declaration(declared: &index::Declared, word: &str) -> String {
    let required = if declared.required { ", required" } else { "" };
    paragraphs(&[
        format!("**{}**: {word}, {}{required}", quoted(&declared.name), quoted(&declared.ty.to_string())),
        declared.docs.as_deref().map_or_else(String::new, quoted),
    ])
}

/// A pool where it is declared: how many at a time, and who is in it.
pub(super) fn declared_pool(file: &File<'_>, index: &WorkspaceIndex, name: &str) -> Option<String> {
    let declared = Declared::new(file.tree);
    let users: Vec<String> = declared
        .steps
        .iter()
        .filter(|step| step.node.get("pool").and_then(Node::scalar_text) == Some(name))
        .filter_map(|step| Some(format!("`{}`", quoted(step.id()?.0))))
        .collect();
    let users = match users.as_slice() {
        [] => "No step is in it.".to_owned(),
        users => format!("Its steps: {}.", users.join(", ")),
    };
    Some(paragraphs(&[pool(file, index, name)?, users]))
}

fn pool(file: &File<'_>, index: &WorkspaceIndex, name: &str) -> Option<String> {
    let own = file.tree.root().and_then(|root| file.tree.get(file.tree.get(root, "pools")?, name));
    let limit = own.and_then(Node::scalar_text);
    let is_of_config = || index.settings.as_deref().is_some_and(|view| view.pools.contains_key(name));
    let what = match limit {
        Some(limit) => format!("a pool; {} at the same time", quoted(limit)),
        None if own.is_some() => "a pool of this workflow".to_owned(),
        None if is_of_config() => "a pool of the config".to_owned(),
        None if BUILT_IN_POOLS.contains(&name) => "a pool that exists without being declared".to_owned(),
        None => return None,
    };
    Some(format!("**{}**: {what}", quoted(name)))
}

fn place(index: &WorkspaceIndex, path: &Path) -> String {
    let root = index.root.as_deref().unwrap_or(Path::new(""));
    format!("`{}`", quoted(&copydesk_base::path::shown(root, path)))
}

fn paragraphs(parts: &[String]) -> String {
    let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    parts.join("\n\n")
}
