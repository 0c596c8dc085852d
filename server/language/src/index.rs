//! What is known beyond the open file, as a plain value.
//!
//! A [`WorkspaceIndex`] holds one [`Summary`] for each file of ours: what it declares and what it names in other files.
//! Whoever reads folders and open buffers makes it, with [`summary`](crate::summary) for each file; here it is only
//! asked. A change of one file changes one entry, and [`WorkspaceIndex::dependents`] says whose findings that touches,
//! so no other file has to be opened for it.
//!
//! Invariants
//! - Nothing here reads a file. Paths are compared as words; `.` and `..` are folded, links are not followed.
//! - What nobody has looked at is `None`, and no finding comes of it.

mod look;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_base::Span;

use crate::FileKind;
use crate::expression::types::Type;
use crate::models::{Abilities, KnownModel};
use crate::types::InputKind;

/// The agent that is always there.
pub const BUILT_IN_AGENT: &str = "keystone-architect";

/// The pools that exist without being declared.
pub const BUILT_IN_POOLS: &[&str] = &["llm", "shell", "http", "engine"];

/// What is known beyond the file itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkspaceIndex {
    /// Whether the person trusts this workspace's own settings.
    pub trust: Trust,
    /// The workspace's folder.
    pub root: Option<PathBuf>,
    /// Folders of the person's own agents, nearest first.
    pub user_agents: Vec<PathBuf>,
    /// Every file that was looked at, by absolute path; `None` where nobody has looked. Besides the files of ours it
    /// holds those that a workflow names, of whatever kind they are.
    pub files: Option<Arc<BTreeMap<PathBuf, Arc<Summary>>>>,
    /// What the effective config says; `None` where nobody has looked.
    pub settings: Option<Arc<SettingsView>>,
    /// The last value of each expression of a workflow, as `steps.build.output`, from the journal of runs, by the
    /// workflow's path. Secrets are left out.
    pub values: Arc<BTreeMap<PathBuf, BTreeMap<String, String>>>,
    /// The models that can be asked, best first. Only there where they matter: see [`names_model`](crate::names_model),
    /// [`asks_models`](crate::asks_models) and [`weighs_models`](crate::weighs_models).
    pub models: Arc<[KnownModel]>,
}

/// Whether a workspace's own settings may grant anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    Trusted,
    #[default]
    Untrusted,
}

/// What others need to know of one file. Spans are bytes of that file.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    pub kind: FileKind,
    /// What the file calls itself.
    pub title: Option<String>,
    pub body: SummaryBody,
    /// What it names in other files, in the order of the text.
    pub calls: Vec<Call>,
}

/// The part of a summary that its kind of file has.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SummaryBody {
    Workflow(WorkflowSummary),
    Agent(AgentSummary),
    /// Of a config file: what it alone says. [`SettingsView::over`] lays one over another.
    Settings(SettingsView),
    #[default]
    Other,
}

/// What a workflow is from outside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkflowSummary {
    pub name: Option<String>,
    /// Where the name stands.
    pub name_span: Span,
    pub description: Option<String>,
    pub inputs: Vec<Declared>,
    pub outputs: Vec<Declared>,
    /// The type that `outputSchema` gives the outputs as a whole.
    pub output_schema: Option<Type>,
    /// The steps of `steps`, `errors` and `finally` that have an id.
    pub steps: Vec<StepSummary>,
    /// The pools that it declares.
    pub pools: Vec<Name>,
    /// The workflows, as written, that its steps call whenever it runs: without `if`, `foreach` or `strategy`.
    pub always_calls: Vec<String>,
    /// The secrets that its steps read, by name.
    pub secrets: Vec<String>,
    /// Whether all of it could be read. Of one that could not, nobody knows what it takes and gives.
    pub is_whole: bool,
}

/// An input or an output.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    pub ty: Type,
    /// The word of an input's `type`.
    pub kind: Option<InputKind>,
    /// The only texts that an input takes; empty where any will do.
    pub values: Vec<String>,
    /// Whether an input must be given.
    pub required: bool,
    pub docs: Option<String>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepSummary {
    pub id: Arc<str>,
    /// The word of its `type`; may be empty.
    pub kind: Arc<str>,
    /// Where the id stands.
    pub span: Span,
}

/// What an agent is from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentSummary {
    /// What its front matter calls it, else the file's name.
    pub name: String,
    /// Where the name stands; empty where it is the file's.
    pub span: Span,
    pub description: Option<String>,
    pub model: Option<String>,
    /// The models that answer instead.
    pub fallback: Option<Vec<String>>,
    pub tools: Vec<Name>,
    /// The inputs of the calling workflow that the prompt reads.
    pub reads: Vec<String>,
}

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub text: String,
    pub span: Span,
}

/// One place that names a thing of another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The name alone, without quotes.
    pub span: Span,
    pub target: Target,
}

/// What is named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Agent(String),
    /// The path or the name of a workflow, as written.
    Workflow(String),
    /// An input of a workflow.
    Input {
        workflow: String,
        name: String,
    },
    /// An output of a workflow.
    Output {
        workflow: String,
        name: String,
    },
    /// A pool, of the workflow itself or of the config.
    Pool(String),
    McpServer(String),
    Provider(String),
}

/// The names that the config gives, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsView {
    pub default_model: Option<String>,
    /// The models that answer instead.
    pub fallback: Option<Vec<String>>,
    pub providers: Names,
    /// The same for the models of one provider, by its name.
    pub provider_fallback: BTreeMap<String, Vec<String>>,
    pub mcp_servers: Names,
    /// External agents under our roof.
    pub guests: Names,
    pub pools: Names,
    /// Programs that `engine` steps may start; `None` where no list is kept.
    pub engines_allowed: Option<Names>,
    /// Programs that `engine` steps may not start.
    pub engines_denied: Names,
    /// Which provider serves which models, by pattern.
    pub model_mappings: BTreeMap<String, String>,
    /// What a model can do, by `provider/model`, where the config says so.
    pub abilities: BTreeMap<String, Abilities>,
}

/// Names and where they are given.
pub type Names = BTreeMap<String, Option<Origin>>;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub path: PathBuf,
    pub span: Span,
}

/// An agent that a workflow may use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VisibleAgent<'i> {
    /// What a workflow writes.
    pub name: &'i str,
    /// Its file; none for the built-in one.
    pub path: Option<&'i Path>,
    pub summary: Option<&'i AgentSummary>,
}

impl SettingsView {
    /// These names, and those of `below` that they do not hide.
    #[must_use]
    pub fn over(mut self, below: &Self) -> Self {
        let fill = |upper: &mut Names, lower: &Names| {
            for (name, origin) in lower {
                upper.entry(name.clone()).or_insert_with(|| origin.clone());
            }
        };
        fill(&mut self.providers, &below.providers);
        fill(&mut self.mcp_servers, &below.mcp_servers);
        fill(&mut self.guests, &below.guests);
        fill(&mut self.pools, &below.pools);
        fill(&mut self.engines_denied, &below.engines_denied);
        for (provider, names) in &below.provider_fallback {
            self.provider_fallback.entry(provider.clone()).or_insert_with(|| names.clone());
        }
        for (pattern, provider) in &below.model_mappings {
            self.model_mappings.entry(pattern.clone()).or_insert_with(|| provider.clone());
        }
        for (model, below) in &below.abilities {
            let own = self.abilities.entry(model.clone()).or_default();
            *own = own.over(*below);
        }
        // A list of what is allowed is replaced as a whole: a nearer one may only be meant as it stands.
        self.engines_allowed = self.engines_allowed.or_else(|| below.engines_allowed.clone());
        self.default_model = self.default_model.or_else(|| below.default_model.clone());
        self.fallback = self.fallback.or_else(|| below.fallback.clone());
        self
    }
}
