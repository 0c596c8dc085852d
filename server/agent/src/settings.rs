//! What is in force for one run, as the binary worked it out from its layers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use copydesk_base::config::{Budgets, Check, Completion, Context, Hook, Mode, Retention};
use copydesk_base::{Grade, Redactor};
use copydesk_permission::sandbox::{Limits, Report, Sandbox};
use copydesk_permission::{Policy, Rule, Started};
use copydesk_provider::Models;
use copydesk_store::OwnEffects;

use crate::session::spoken::Spoken;

/// Why the sandbox is tried.
pub const TRIED: &str =
    "Copydesk tries once in each process what the sandbox can do here, with a command that does nothing";

/// Everything a run takes from the settings, read anew when it starts.
#[derive(Clone)]
pub struct Settings {
    /// The workspace root, canonical.
    pub root: PathBuf,
    pub mode: Mode,
    /// Rules of every layer that counts, remembered ones included.
    pub rules: Vec<Rule>,
    /// Folders outside the root that count as inside.
    pub additional: Vec<PathBuf>,
    pub home: Option<PathBuf>,
    /// `COPYDESK_HOME`, which no agent may touch.
    pub state_home: PathBuf,
    pub models: Arc<Models>,
    /// What a run and a day may use up.
    pub budgets: Budgets,
    /// How much goes along with an ask, and when a conversation is shortened.
    pub context: Context,
    /// Commands that must pass on an edit before it is offered, and how often their failures go back to the model.
    pub checks: Vec<Check>,
    /// Why some of them are not known: what was meant could not be understood.
    pub checks_misread: Option<String>,
    pub check_rounds: u32,
    /// Commands of the person's at points of an agent's life, by the name of the point.
    pub hooks: BTreeMap<String, Vec<Hook>>,
    /// Files of the workspace that hooks and other commands of the settings start by themselves.
    pub started: Arc<[Started]>,
    /// Agents that work one behind the other, by name.
    pub pipelines: BTreeMap<String, Vec<String>>,
    /// Suggestions at the cursor.
    pub completion: Completion,
    /// How long conversations are kept: for ever while that was not understood.
    pub retention: Option<Retention>,
    /// How long a question waits before silence means no.
    pub prompt_timeout: Duration,
    /// Knows the keys of this process.
    pub redactor: Redactor,
    /// The environment of child processes: an allow-list, already applied.
    pub child_env: Vec<(String, String)>,
    /// What confines child processes, and what one command may use up.
    pub sandbox: Sandbox,
    pub limits: Limits,
    /// What the person said and decided in the conversation that is replayed.
    pub spoken: Option<Spoken>,
    /// What the person should know before anything happens: ignored settings, rules that could not be read.
    pub notices: Vec<String>,
    /// How to come to a model, told where there is none.
    pub first_steps: fn() -> String,
}

impl Settings {
    /// What confines commands here. What is started to find that out has its line among [`OwnEffects`].
    pub fn walls(&self) -> Report {
        self.sandbox.report_telling(|line| OwnEffects::at(&self.state_home).note(line, &self.root, TRIED))
    }

    /// The policy of these settings in a mode, for a model that has read that, with the rules remembered since.
    pub fn policy(&self, mode: Mode, taint: Grade, remembered: &[Rule]) -> Policy {
        let mut rules = self.rules.clone();
        rules.extend_from_slice(remembered);
        Policy {
            root: self.root.clone(),
            additional: self.additional.clone(),
            home: self.home.clone(),
            state_home: self.state_home.clone(),
            mode,
            taint,
            rules,
            started: self.started.clone(),
        }
    }
}

/// Reads the settings as they are now; the error is a sentence for the person.
pub type SettingsSource = Arc<dyn Fn() -> Result<Settings, String> + Send + Sync>;
