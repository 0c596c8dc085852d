//! Which model a step asks: its own, its agent's, or the one of the config.

use copydesk_base::path::shown;
use copydesk_text::Node;

use super::Hint;
use crate::declared::Step;
use crate::{File, WorkspaceIndex};

/// The model of a step that names none itself.
pub(super) fn hint(file: &File<'_>, index: &WorkspaceIndex, step: &Step<'_>) -> Option<Hint> {
    let node = step.node;
    if node.get("model").is_some() {
        return None;
    }
    let (label, tooltip) = implied(file, index, step)?;
    let offset = node.get("agent").or_else(|| node.get("type"))?.span().end;
    Some(Hint { offset, label, tooltip })
}

/// The model that a step asks, as it is written; `None` where an expression says which, or nobody does.
pub(super) fn model(file: &File<'_>, index: &WorkspaceIndex, step: &Step<'_>) -> Option<String> {
    match step.node.get("model") {
        Some(own) => own.scalar_text().map(|model| of_provider(step.node, model.to_owned())),
        None => implied(file, index, step).map(|(model, _)| model),
    }
}

/// The model that an agent of this name asks.
pub(super) fn of_agent(file: &File<'_>, index: &WorkspaceIndex, name: &str) -> Option<String> {
    named(file, index, name)
        .map(|(model, _)| model)
        .or_else(|| index.settings.as_ref()?.default_model.clone())
}

/// A model that the step does not name, and why it is this one.
fn implied(file: &File<'_>, index: &WorkspaceIndex, step: &Step<'_>) -> Option<(String, String)> {
    let kind = step.kind().filter(|kind| matches!(*kind, "llm" | "plan" | "dynamic" | "blueprint"))?;
    let usual = if kind == "llm" { "" } else { crate::index::BUILT_IN_AGENT };
    let name = step.node.get("agent").and_then(Node::scalar_text).unwrap_or(usual);
    let (model, why) = named(file, index, name).or_else(|| {
        let model = index.settings.as_ref()?.default_model.clone()?;
        let why = "Neither the step nor its agent names a model, so it is `default_model` of the config.";
        Some((model, why.to_owned()))
    })?;
    Some((of_provider(step.node, model), why))
}

/// The model that the file of an agent names.
fn named(file: &File<'_>, index: &WorkspaceIndex, name: &str) -> Option<(String, String)> {
    let visible = index.agents_for(file.path).into_iter().flatten().find(|visible| visible.name == name)?;
    let model = visible.summary?.model.clone()?;
    let root = index.root.as_deref().unwrap_or(std::path::Path::new(""));
    let path = visible.path.map_or_else(String::new, |path| shown(root, path));
    Some((model, format!("The agent `{name}` asks this model: `{path}` says so.")))
}

/// A bare name below the provider that the step names.
fn of_provider(step: Node<'_>, model: String) -> String {
    match step.get("provider").and_then(Node::scalar_text) {
        Some(provider) if !model.contains('/') => format!("{provider}/{model}"),
        _ => model,
    }
}
