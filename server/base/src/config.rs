//! What a person writes into `config.yaml`, as plain types.
//!
//! Every room takes its part of this as an argument; reading files, merging layers and deciding which layer may say
//! what is the binary's business. The JSON Schema of the file is generated from here, and the doc comments are what
//! hover shows.

mod address;
mod amount;
mod check;
mod context;
mod duration;
mod permission;
mod provider;
mod retention;
mod service;
mod several;
mod variable;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use address::{BadAddress, bad_address, is_here, is_in_clear, path_of_request, shown_address};
pub use check::{CHECK_MATCHERS, Check};
pub use context::{Compaction, Context};
pub use duration::Duration;
pub use permission::{Mode, Permissions, Sandbox};
pub use provider::{
    BAD_API_VERSION, BAD_PROVIDER_NAME, BUILT_IN_PROVIDERS, KeySettings, ModelCache, ModelChoice, ModelPrice,
    ModelSettings, Provider, ProviderKind, Quirks, Timeouts, is_api_version, is_provider_name,
};
pub use retention::{Age, Retention};
pub use service::{ANTHROPIC, Astray, OPENAI, SERVICES, Service, astray};
pub use several::{OneOrMany, fallback, several_models};
pub use variable::{is_variable, variable_in};

/// Copydesk's settings: `.copydesk/config.yaml` in a project, `copydesk/config.yaml` in the user's config folder.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "Copydesk config")]
pub struct Config {
    /// The schema of this file, for editors without Copydesk.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The model that answers when nothing else names one, as `provider/model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_model: Option<String>,
    /// Where models are reached, by a name of your own.
    pub providers: BTreeMap<String, Provider>,
    /// Which provider serves a bare model name; `*` stands for any characters.
    pub model_mappings: BTreeMap<String, String>,
    /// External agents that run under Copydesk's roof.
    pub agents: BTreeMap<String, GuestAgent>,
    /// Agents that work one behind the other, by a name that is offered as an action: names of agents, or of layers
    /// below `.stepper/layer`. Each is handed the words of the person and what the one before said at its end.
    pub pipelines: BTreeMap<String, Vec<String>>,
    /// Tool servers that speak the Model Context Protocol.
    pub mcp_servers: BTreeMap<String, McpServer>,
    /// External agent programs that `engine` steps may start.
    pub engines: Engines,
    /// Commands that must pass before an edit is offered.
    pub checks: Vec<Check>,
    /// How often failures of `checks` go back to the agent before its edit is offered all the same. 3 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_rounds: Option<u32>,
    /// What agents may do.
    pub permissions: Permissions,
    /// Where it stops.
    pub budgets: Budgets,
    /// How much goes along with an ask, and when a conversation is shortened.
    pub context: Context,
    /// Model refs to try, in order, when the first one cannot answer. Each switch is shown and recorded.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "fallback")]
    pub fallback: Option<OneOrMany>,
    /// How models are chosen.
    pub models: ModelChoice,
    /// Which schema checks which other files: glob to a local path or a bundled schema's name.
    pub schemas: BTreeMap<String, String>,
    /// Globs of other YAML, JSON and TOML files that Copydesk lays out when your editor asks for it. Its own kinds of
    /// files it always does.
    pub format: Vec<String>,
    /// Suggestions at the cursor while you type, from a model.
    pub completion: Completion,
    /// Confinement of child processes.
    pub sandbox: Sandbox,
    /// How long conversations are kept.
    pub retention: Retention,
    /// Shell commands at points of an agent's life, by event name.
    #[schemars(schema_with = "hooks_schema")]
    pub hooks: BTreeMap<String, Vec<Hook>>,
}

/// External agent programs that `engine` steps may start, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Engines {
    /// The programs that may be started, each with settings of its own. Any unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowlist: Option<BTreeMap<String, serde_json::Map<String, serde_json::Value>>>,
    /// Programs that may not be started.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub denylist: Vec<String>,
}

/// An external agent program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["kind", "command"]))]
pub struct GuestAgent {
    /// How it is spoken to.
    pub kind: GuestKind,
    /// The program and its arguments.
    pub command: Vec<String>,
}

/// How an external agent is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GuestKind {
    /// The Agent Client Protocol.
    #[default]
    Acp,
}

/// A tool server: a program (`command`) or an address (`url`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct McpServer {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The address of a server that is already running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Environment variables that the program gets besides the usual few.
    pub env: BTreeMap<String, String>,
}

/// Where it stops, by scope.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Budgets {
    /// One turn: your words and all that is done until the answer to them. Words that you queue behind it begin another
    /// one.
    pub turn: Budget,
    /// One run, with those that work for it.
    pub run: Budget,
    /// One session.
    pub session: Budget,
    /// One calendar day, UTC.
    pub day: Budget,
}

/// Limits; what is not set does not limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// US dollars. With 0 only models that cost nothing are asked.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "amount::dollars_if_set")]
    #[schemars(with = "f64", range(min = 0))]
    pub usd: Option<f64>,
    /// Tokens, sent and received together.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "amount::positive")]
    #[schemars(with = "u64", range(min = 1))]
    pub tokens: Option<u64>,
    /// Requests to models.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "amount::positive")]
    #[schemars(with = "u64", range(min = 1))]
    pub requests: Option<u64>,
    /// Minutes of time.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "amount::positive")]
    #[schemars(with = "f64", extend("exclusiveMinimum" = 0))]
    pub minutes: Option<f64>,
}

/// Suggestions at the cursor while you type, from a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Completion {
    /// Whether it is on. Unset, it is on where `model` names a model on this machine; one that is elsewhere or costs
    /// something needs `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The model that is asked, as `provider/model`. `default_model` unless set; a small one made for code is best.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How the model is asked to fill a hole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<CompletionFormat>,
}

/// How a model is asked for the text between two others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CompletionFormat {
    /// By what is known of the provider; in words where nothing is.
    #[default]
    Auto,
    /// Ollama: `/api/generate` with a suffix.
    Ollama,
    /// `/completions` with a suffix, of servers compatible with OpenAI.
    Completions,
    /// Mistral: `/fim/completions`.
    Mistral,
    /// DeepSeek: `/beta/completions`.
    Deepseek,
    /// llama.cpp: `/infill`.
    LlamaCpp,
    /// In words, through the provider's usual API; works everywhere, less well.
    Prompted,
}

/// The points of an agent's life at which a hook may stand, with a line for a person.
pub const HOOK_EVENTS: &[(&str, &str)] = &[
    ("SessionStart", "A session begins."),
    ("SessionEnd", "A session ends."),
    ("UserPromptSubmit", "A person has sent a prompt, and nothing has happened yet."),
    ("PreToolUse", "A tool is about to run. A hook that fails in any way, or cannot start, blocks it."),
    ("PostToolUse", "A tool has run."),
    ("Notification", "Something is shown to the person."),
    ("PreCompact", "A conversation is about to be shortened."),
    ("SubagentStop", "An agent that another one started has finished."),
    ("Stop", "The agent has finished its answer."),
];

/// Each event by its name, so that editors know them.
fn hooks_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let hooks = generator.subschema_for::<Vec<Hook>>();
    let event = |(name, docs): &(&str, &str)| {
        let mut schema = hooks.clone();
        schema.insert("description".to_owned(), (*docs).into());
        ((*name).to_owned(), schema.to_value())
    };
    let events: serde_json::Map<String, serde_json::Value> = HOOK_EVENTS.iter().map(event).collect();
    schemars::json_schema!({
        "description": "Shell commands at points of an agent's life, by event name.",
        "type": "object",
        "properties": events,
        "additionalProperties": false
    })
}

/// A shell command at one point of an agent's life.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["command"]))]
pub struct Hook {
    /// Which tools it is for, in capital or small letters: a name, several with `|` between them, or a pattern for the
    /// whole name. All where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matcher: Option<String>,
    /// The shell command; it gets the event as JSON on its standard input.
    pub command: String,
    /// How long it may take. 30 s unless set.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "amount::positive")]
    pub timeout: Option<Duration>,
    /// At `Notification`: how long the question has to be without an answer first. At once where absent. It waits for
    /// an answer as long again after the last call.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "amount::positive")]
    pub after: Option<Duration>,
    /// At `Notification`: who is called, as the record and you are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}
