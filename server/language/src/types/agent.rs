//! The head of an agent file: Markdown whose front matter names the agent and whose body is its prompt.

use copydesk_base::config::{Mode, OneOrMany};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ExecutionStep, TightRules};

/// An agent: a named prompt with tools. The text below the front matter is the prompt.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Copydesk agent")]
pub struct Agent {
    /// The schema of this file, for editors without Copydesk.
    #[serde(default, rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What the agent is called; workflows refer to it by `agent`.
    pub name: String,
    /// What it is good at, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The provider, by its name in the config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model, as `provider/model` or a bare name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Model refs to try, in order, when the model cannot answer. Those of the config unless set.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "copydesk_base::config::fallback"
    )]
    pub fallback: Option<OneOrMany>,
    /// The tools it may use: names of built-in ones, or tools written out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolOrName>,
    /// What kind of work it does; whatever does not belong to that is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// The posture where no rule speaks. An agent can only tighten it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Rules that hold besides everybody's. An agent can only tighten: `ask` and `deny`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<TightRules>,
    /// The agents that it may hand the conversation over to, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handoffs: Vec<String>,
    /// The skills that it may read, by name. All unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skills: Option<Vec<String>>,
}

/// A kind of work. Each only takes away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Everything that it is allowed.
    #[default]
    Full,
    /// It looks: no edit, no command, no network.
    ReadOnly,
    /// It looks and plans: no edit; what it runs is asked about.
    PlanOnly,
    /// It looks and runs commands, tests for one: no edit.
    VerifyOnly,
}

/// A tool: the name of a built-in one, or one written out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ToolOrName {
    Name(String),
    Tool(Box<Tool>),
}

/// A tool written out: what the model sees of it, and the step that it runs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// What the tool is called.
    pub name: String,
    /// What it is for, as the model reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A JSON Schema of its arguments; the step reads them as `args.NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Map<String, Value>>,
    /// The step that the tool runs.
    pub execution: Box<ExecutionStep>,
}
