//! Whom a step of a workflow would ask, and who answers instead: what its file, its agent and the config say.
//!
//! Only the reading is here. Whose word counts is [`copydesk_base::wish`]'s, the same for whoever asks a model.

use std::path::Path;

use copydesk_base::wish::{self, Asker, Chain, Wish};
use copydesk_text::Node;

use crate::declared::{Declared, Step};
use crate::index::{AgentSummary, BUILT_IN_AGENT, SettingsView, VisibleAgent};
use crate::{File, FileKind, WorkspaceIndex, models};

/// What a file wishes for: an agent, a layer, an action, a prompt command or a chat for itself, a workflow for all of
/// its steps or, where `step` names one, for that one with its agent. `None` where there is no such step, or where it
/// asks no model.
pub fn wishes(file: &File<'_>, index: &WorkspaceIndex, step: Option<&str>) -> Option<Vec<Wish>> {
    let root = file.tree.root()?;
    match (file.kind, step) {
        (FileKind::Agent | FileKind::Layer, None) => {
            let own = said(Asker::Agent, root);
            Some(vec![Wish { model: own.model.map(|model| of_provider(root, model)), ..own }])
        }
        (FileKind::Action | FileKind::Prompt, None) => Some(vec![said(Asker::Agent, root)]),
        (FileKind::Chat, None) => Some(vec![said(Asker::Flag, root)]),
        (FileKind::Workflow, None) => Some(vec![said(Asker::Workflow, root)]),
        (FileKind::Workflow, Some(id)) => {
            let declared = Declared::new(file.tree);
            let step = declared.steps.get(declared.step(id)?)?;
            asks(step).then(|| of_step(file, index, step))
        }
        _ => None,
    }
}

/// Whether what a file asks for, or a step of a workflow, is done with tools.
pub fn takes_tools(file: &File<'_>, index: &WorkspaceIndex, step: Option<&str>) -> bool {
    let Some(root) = file.tree.root() else { return file.kind != FileKind::Workflow };
    if file.kind != FileKind::Workflow {
        return head_takes_tools(root);
    }
    let declared = Declared::new(file.tree);
    let Some(step) = step.and_then(|id| declared.steps.get(declared.step(id)?)) else { return false };
    let summary = || agent(file, index, step)?.summary;
    names_tools(step.node) || summary().is_some_and(|summary| !summary.tools.is_empty())
}

/// Whether whoever works by this head has tools: who names none works with whatever there is.
pub(crate) fn head_takes_tools(head: Node<'_>) -> bool {
    let tools = head.get("tools").or_else(|| head.get("allowed-tools"));
    tools.is_none_or(|tools| !is_empty(tools))
}

/// Whether a step names tools of its own.
pub(crate) fn names_tools(step: Node<'_>) -> bool {
    step.get("tools").is_some_and(|tools| !is_empty(tools))
}

fn is_empty(list: Node<'_>) -> bool {
    list.items().is_empty()
        && list.entries().is_empty()
        && list.as_str().is_none_or(|text| text.trim().is_empty())
}

/// The wishes that meet in a step.
pub(crate) fn of_step(file: &File<'_>, index: &WorkspaceIndex, step: &Step<'_>) -> Vec<Wish> {
    let node = step.node;
    let own = said(Asker::Step, node);
    let mut wishes = vec![Wish { model: own.model.map(|model| of_provider(node, model)), ..own }];
    if let Some(agent) = agent(file, index, step).and_then(|visible| visible.summary) {
        let model = agent.model.clone().map(|model| of_provider(node, model));
        wishes.push(Wish { asker: Asker::Agent, model, fallback: agent.fallback.clone() });
    }
    wishes.extend(file.tree.root().map(|root| said(Asker::Workflow, root)));
    wishes
}

/// The agent of a step that asks a model.
pub(crate) fn agent<'i>(
    file: &File<'_>,
    index: &'i WorkspaceIndex,
    step: &Step<'_>,
) -> Option<VisibleAgent<'i>> {
    let usual = if step.kind() == Some("llm") { "" } else { BUILT_IN_AGENT };
    named(file.path, index, step.node.get("agent").and_then(Node::scalar_text).unwrap_or(usual))
}

/// The agent that a file at `path` may use by this name.
pub(crate) fn named<'i>(path: &Path, index: &'i WorkspaceIndex, name: &str) -> Option<VisibleAgent<'i>> {
    index.agents_for(path).into_iter().flatten().find(|visible| visible.name == name)
}

/// Whether a step asks a model of its own.
pub(crate) fn asks(step: &Step<'_>) -> bool {
    matches!(step.kind(), Some("llm" | "plan" | "dynamic" | "blueprint"))
}

/// Who answers instead of `model`, by these wishes and the config.
pub(crate) fn chain<'a>(wishes: &'a [Wish], settings: Option<&'a SettingsView>, model: &str) -> Chain<'a> {
    let Some(settings) = settings else { return wish::chain(wishes, None, &[]) };
    let full = models::full_name(settings, model);
    let provider = full.split_once('/').and_then(|(name, _)| settings.provider_fallback.get_key_value(name));
    let provider = provider.map(|(name, names)| (name.as_str(), &names[..]));
    wish::chain(wishes, provider, settings.fallback.as_deref().unwrap_or_default())
}

/// Who answers instead, as a sentence; nothing where nobody does.
pub(crate) fn instead(chain: &Chain<'_>) -> String {
    let names: Vec<String> =
        chain.names.iter().map(|name| format!("`{}`", name.replace(['`', '\n'], " "))).collect();
    match (names.is_empty(), chain.said.as_str()) {
        (false, said) => format!("Where it cannot answer, {} is asked ({said}).", names.join(", then ")),
        (true, "") => String::new(),
        (true, said) => format!("Nobody answers instead ({said})."),
    }
}

/// Who answers instead, as a mapping says: one model or a list of them. `None` where it says nothing; what is no text
/// in a list is passed over, it is marked as wrong.
pub fn fallback(node: Node<'_>) -> Option<Vec<String>> {
    let written = node.get("fallback").filter(|written| !written.is_null())?;
    let one = written.scalar_text().map(str::to_owned);
    let many = written.items().iter().filter_map(|item| item.scalar_text().map(str::to_owned));
    Some(one.into_iter().chain(many).collect())
}

impl AgentSummary {
    /// What an agent names, as [`named`] finds it.
    pub(crate) fn instead(&self) -> Option<String> {
        let names = self.fallback.as_deref()?;
        Some(instead(&Chain { said: Asker::Agent.chain().to_owned(), names }))
    }
}

pub(crate) fn said(asker: Asker, node: Node<'_>) -> Wish {
    let model = node.get("model").and_then(Node::scalar_text).map(str::to_owned);
    Wish { asker, model, fallback: fallback(node) }
}

/// A bare name below the provider that stands beside it.
pub(crate) fn of_provider(beside: Node<'_>, model: String) -> String {
    match beside.get("provider").and_then(Node::scalar_text) {
        Some(provider) if !model.contains('/') => format!("{provider}/{model}"),
        _ => model,
    }
}
