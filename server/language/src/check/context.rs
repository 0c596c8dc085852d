//! What a step is looked at with: the names that the workspace and the workflow give.
//!
//! Made once a check. A look at one step depends on the step and on this, and on nothing else; so what was found at a
//! step holds as long as both stay the same. [`Context`] can be compared for that.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use copydesk_base::config::BUILT_IN_PROVIDERS;
use copydesk_text::Tree;

use super::section;
use super::subworkflow::{Callee, callees};
use crate::index::{BUILT_IN_POOLS, Call, SettingsView, SummaryBody, VisibleAgent};
use crate::models::KnownModel;
use crate::{File, FileKind, Trust, WorkspaceIndex};

/// The names that a file's steps may use.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Context {
    /// Visible agents; `None` where nobody has looked.
    pub(super) agents: Option<Agents>,
    /// The pools of the workflow and of the config; `None` where nobody has looked at the config.
    pub(super) pools: Option<Vec<String>>,
    pub(super) settings: Option<Arc<SettingsView>>,
    /// What can be asked, as far as it was looked at.
    pub(super) models: Arc<[KnownModel]>,
    /// MCP servers of the config and of `.mcp.json` files; `None` where nobody has looked.
    pub(super) servers: Option<Vec<String>>,
    /// The providers that can be asked, in alphabetical order; `None` where nobody has looked at the config.
    pub(super) providers: Option<Vec<String>>,
    /// What the paths of workflow steps lead to.
    pub(super) callees: BTreeMap<String, Callee>,
    /// Whether what the workspace's own config allows counts.
    pub(super) trust: Trust,
}

/// The agents that a file sees.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Agents {
    /// In alphabetical order.
    pub(super) names: Vec<String>,
    /// Those that name tools.
    pub(super) with_tools: Vec<String>,
    /// Whether any of them is a file. Where none is, they may lie where nobody has looked.
    pub(super) in_sight: InSight,
}

/// Whether an agent's file can be seen from here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum InSight {
    Some,
    #[default]
    None,
}

impl Agents {
    pub(super) fn has_tools(&self, agent: &str) -> bool {
        self.with_tools.iter().any(|name| name == agent)
    }
}

impl Context {
    /// `calls` are all that the file names elsewhere.
    pub(super) fn new(file: &File<'_>, calls: &[Call], index: &WorkspaceIndex) -> Self {
        let settings = index.settings.clone();
        let built_in = BUILT_IN_PROVIDERS.iter().map(|name| (*name).to_owned());
        let providers = settings.as_deref().map(|view| {
            let mut names: Vec<String> = view.providers.keys().cloned().chain(built_in).collect();
            names.sort();
            names.dedup();
            names
        });
        Self {
            agents: agents(file.path, index),
            pools: settings.as_deref().map(|view| pools(file.tree, view)),
            servers: settings.is_some().then(|| mcp_servers(index)),
            providers,
            callees: callees(file.path, calls, index),
            trust: index.trust,
            models: index.models.clone(),
            settings,
        }
    }
}

fn agents(path: &Path, index: &WorkspaceIndex) -> Option<Agents> {
    let visible = index.agents_for(path)?;
    let in_sight =
        if visible.iter().any(|agent| agent.path.is_some()) { InSight::Some } else { InSight::None };
    let mut names: Vec<String> = visible.iter().map(|agent| agent.name.to_owned()).collect();
    names.sort();
    let has_tools =
        |agent: &&VisibleAgent<'_>| agent.summary.is_some_and(|summary| !summary.tools.is_empty());
    let with_tools = visible.iter().filter(has_tools).map(|agent| agent.name.to_owned()).collect();
    Some(Agents { names, with_tools, in_sight })
}

fn pools(tree: &Tree, view: &SettingsView) -> Vec<String> {
    let own = section::entries(tree, "pools");
    let mut names: Vec<String> =
        own.into_iter().filter_map(|entry| entry.key().scalar_text()).map(str::to_owned).collect();
    names.extend(view.pools.keys().cloned());
    names.extend(BUILT_IN_POOLS.iter().map(|pool| (*pool).to_owned()));
    names.sort();
    names.dedup();
    names
}

/// The MCP servers of the config and of the files of their own, in alphabetical order.
pub(crate) fn mcp_servers(index: &WorkspaceIndex) -> Vec<String> {
    let view = index.settings.as_deref();
    let mut names: Vec<String> = view.into_iter().flat_map(|view| view.mcp_servers.keys().cloned()).collect();
    let files = index.files.as_deref().into_iter().flat_map(BTreeMap::values);
    for file in files.filter(|file| file.kind == FileKind::Mcp) {
        if let SummaryBody::Settings(view) = &file.body {
            names.extend(view.mcp_servers.keys().cloned());
        }
    }
    names.sort();
    names.dedup();
    names
}
