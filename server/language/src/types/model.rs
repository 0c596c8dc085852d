//! Steps that ask a model: `llm`, `plan`, `blueprint`, `dynamic`.

use std::collections::BTreeMap;

use copydesk_base::config::OneOrMany;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Step, Templated, ToolOrName};

/// Lets an agent work on a prompt.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Llm {
    /// The agent: the name of a file in an `agents` folder.
    pub agent: String,
    /// What the agent is asked.
    pub prompt: String,
    #[serde(flatten)]
    pub options: LlmOptions,
}

/// Lets an agent make a plan for a goal.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// What should be reached.
    pub goal: String,
    /// What the planner should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// What the plan must respect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constraints: Option<String>,
    /// The planner's prompt, instead of the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The agent that plans. `keystone-architect` unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "keystone-architect"))]
    pub agent: Option<String>,
    #[serde(flatten)]
    pub options: LlmOptions,
}

/// What `llm` and `plan` steps have in common.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct LlmOptions {
    /// The provider, by its name in the config.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model, as `provider/model` or a bare name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Model refs to try, in order, when the model cannot answer. Its agent's unless set, then the workflow's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<OneOrMany>,
    /// Tools that the agent may use besides its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolOrName>,
    /// Agents to which this one may hand its work over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_handoffs: Vec<String>,
    /// How often the model may be called. 10 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = 10, "exclusiveMinimum" = 0))]
    pub max_iterations: Option<Templated<u64>>,
    /// How many earlier messages are sent along.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub max_message_history: Option<Templated<u64>>,
    /// What happens to earlier messages when they grow too long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_strategy: Option<ContextStrategy>,
    /// Lets a second agent review the result before it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_gate: Option<QualityGate>,
    /// Offer the tools of every MCP server of the config.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_global_mcp: Option<Templated<bool>>,
    /// Let the agent ask a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_clarification: Option<Templated<bool>>,
    /// MCP servers whose tools are offered: a name from the config, or a server written out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mcp_servers: Vec<McpServer>,
    /// Offer the built-in tools for files, search and commands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_standard_tools: Option<Templated<bool>>,
    /// Let the tools reach files outside the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_outside_cwd: Option<Templated<bool>>,
    /// A tool that hands the work to an external program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handoff: Option<Handoff>,
}

/// What happens to earlier messages when they grow too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContextStrategy {
    /// The oldest ones are dropped.
    Truncate,
    /// The oldest ones are replaced by a summary.
    Summary,
    /// Whichever fits.
    Auto,
}

/// A second agent's review.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QualityGate {
    /// The agent that reviews.
    pub agent: String,
    /// What it is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Its provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Its model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How often the work may be done again. 1 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = 1, "exclusiveMinimum" = 0))]
    pub max_attempts: Option<Templated<u64>>,
}

/// An MCP server: a name from the config, or a server written out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum McpServer {
    Name(String),
    Server(Box<InlineServer>),
}

/// An MCP server written out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InlineServer {
    /// What it is called.
    pub name: String,
    /// Where it runs.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ServerKind>,
    /// The program, for `type: local`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The program's arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// The program's environment variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// The address, for `type: remote`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Header fields of every request, for `type: remote`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// How long to wait for it, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Templated<f64>>,
}

/// Where an MCP server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServerKind {
    /// A program on this machine.
    Local,
    /// An address.
    Remote,
}

/// A tool that hands the work to an external program.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Handoff {
    /// What the tool is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for, as the model reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A JSON Schema of its arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Map<String, Value>>,
    /// The program.
    pub engine: HandoffEngine,
}

/// The program behind a handoff.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HandoffEngine {
    /// The program.
    pub command: String,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// What it gets on its standard input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// Its environment: exactly these variables.
    pub env: BTreeMap<String, String>,
    /// The folder to run in.
    pub cwd: String,
    /// Stop it after so many milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Templated<f64>>,
    /// A JSON Schema of its output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Map<String, Value>>,
}

/// Lets an agent design a system before it is built.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Blueprint {
    /// What should be designed.
    pub prompt: String,
    /// The agent that designs. `keystone-architect` unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "keystone-architect"))]
    pub agent: Option<String>,
}

/// Lets a supervisor plan steps toward a goal while they run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = with_own_concurrency)]
pub struct Dynamic {
    /// What should be reached.
    pub goal: String,
    /// What the supervisor should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The supervisor's prompt, instead of the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The agent that supervises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervisor: Option<String>,
    /// The agent of planned steps. `keystone-architect` unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "keystone-architect"))]
    pub agent: Option<String>,
    /// The provider, by its name in the config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model, as `provider/model` or a bare name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Model refs to try, in order, when the model cannot answer. Its agent's unless set, then the workflow's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<OneOrMany>,
    /// Which agent takes which role.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub templates: BTreeMap<String, String>,
    /// How many steps may be planned. 20 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = 20, "exclusiveMinimum" = 0))]
    pub max_steps: Option<Templated<u64>>,
    /// How often the supervisor may be called. 5 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = 5, "exclusiveMinimum" = 0))]
    pub max_iterations: Option<Templated<u64>>,
    /// Go on when a planned step fails. `false` unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = false))]
    pub allow_step_failure: Option<Templated<bool>>,
    /// A file that keeps the plan's state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_file: Option<String>,
    /// Steps that the supervisor may use as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub library: Vec<LibraryEntry>,
    /// Let a person confirm the plan first. `false` unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = false))]
    pub confirm_plan: Option<Templated<bool>>,
    /// How often the plan may be made anew. 3 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = 3))]
    pub max_replans: Option<Templated<u64>>,
}

/// The key is one of every step; here it is about other steps, and has a default.
fn with_own_concurrency(schema: &mut Schema) {
    let own = json!({
        "$ref": "#/$defs/Limit",
        "default": 1,
        "description": "How many planned steps may run at the same time. 1 unless set.",
    });
    if let Some(Value::Object(keys)) = schema.get_mut("properties") {
        keys.insert("concurrency".to_owned(), own);
    }
}

/// Named steps for a supervisor.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LibraryEntry {
    /// What they are called.
    pub name: String,
    /// What they are for.
    pub description: String,
    /// The steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}
