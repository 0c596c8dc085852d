//! What a person writes into `config.yaml`, as plain types.
//!
//! Every room takes its part of this as an argument; reading files, merging layers and deciding which layer may say
//! what is the binary's business. The JSON Schema of the file is generated from here, and the doc comments are what
//! hover shows.

mod check;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::Check;

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
    /// Model refs to try, in order, when the first one cannot answer. Each switch is shown and recorded.
    pub fallback: Vec<String>,
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
    /// Shell commands at points of an agent's life, by event name.
    #[schemars(schema_with = "hooks_schema")]
    pub hooks: BTreeMap<String, Vec<Hook>>,
}

/// One model endpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["kind"]))]
pub struct Provider {
    /// Which wire format it speaks.
    pub kind: ProviderKind,
    /// The address of the API. For `openai-chat` and `openai-responses` it includes `/v1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The environment variable that holds the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_env: Option<String>,
    /// Where the key comes from when no environment variable holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<KeySettings>,
    /// The model of this provider that answers when only the provider is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_model: Option<String>,
    /// The API version of an Azure OpenAI deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// What is known of its models, by name. It goes before what Copydesk knows of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, ModelSettings>,
    /// A file that scripts the built-in `offline` model, relative to this config file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// How long to wait for a connection, the first byte and the next byte.
    pub timeouts: Timeouts,
    /// Model refs to try, in order, when a model of this provider cannot answer. `fallback` of the config unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Vec<String>>,
    /// Which server it is, for one that speaks Chat Completions. Known by its address unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quirks: Option<Quirks>,
    /// Requests that may be under way at the same time. 8 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
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

/// How models are chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelChoice {
    /// Only the model that was chosen may answer: where it cannot, the run fails, whatever `fallback` says.
    pub strict: bool,
    /// Answers that are kept, so that the same request gets the same answer again.
    pub cache: ModelCache,
}

/// Answers that are kept: the same request, whoever makes it, is answered from there and costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelCache {
    /// Whether answers are kept and used.
    pub enabled: bool,
    /// How long an answer counts. 1 day unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Duration>,
    /// Megabytes on disk, at most; the oldest answers go first. 100 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub megabytes: Option<u64>,
}

/// A command that gives a provider's key: `op read "op://…"`, `az account get-access-token …`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["command"]))]
pub struct KeySettings {
    /// A shell command that prints the key, or a token as JSON with `accessToken` and `expires_on`.
    pub command: String,
    /// How long a key is used before the command runs again. 1 h unless set; a token that names its end, until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<Duration>,
    /// How long the command may take. 30 s unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
}

/// One model of a provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSettings {
    /// Tokens that a prompt and its answer may take together. Ollama is asked for a window of this size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    /// Tokens that one answer may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_limit: Option<u32>,
    /// Whether it can call tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<bool>,
    /// Whether it can look at images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vision: Option<bool>,
    /// What it costs. Without a known price no budget in dollars lets it be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<ModelPrice>,
}

/// US dollars for a million tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    /// Sent.
    pub input: f64,
    /// Received, reasoning included.
    pub output: f64,
    /// Sent again and found in the provider's cache. As `input` unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<f64>,
}

/// The API family of a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderKind {
    /// Anthropic Messages.
    Anthropic,
    /// OpenAI Responses.
    OpenaiResponses,
    /// OpenAI Chat Completions, and every server compatible with it: LM Studio, Ollama's `/v1`, vLLM and others.
    OpenaiChat,
    /// Azure OpenAI.
    AzureOpenai,
    /// Ollama's own API.
    Ollama,
    /// Built in, deterministic, no model at all.
    #[default]
    Offline,
}

impl ProviderKind {
    /// The word of config files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenaiResponses => "openai-responses",
            Self::OpenaiChat => "openai-chat",
            Self::AzureOpenai => "azure-openai",
            Self::Ollama => "ollama",
            Self::Offline => "offline",
        }
    }
}

/// A server that speaks Chat Completions in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Quirks {
    /// OpenAI itself.
    Openai,
    /// LM Studio.
    LmStudio,
    /// vLLM.
    Vllm,
    /// The server of llama.cpp.
    LlamaCpp,
    /// OpenRouter.
    Openrouter,
    /// Together.
    Together,
    /// Mistral.
    Mistral,
    /// DeepSeek.
    Deepseek,
    /// Gemini's compatible endpoint.
    Gemini,
}

/// Time-outs of a provider, each a number of seconds or a text such as `90s` or `5m`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// Until the connection stands. 10 s unless set.
    pub connect: Duration,
    /// From the request's last byte to the answer's first. 120 s unless set.
    pub first_byte: Duration,
    /// Between two pieces of an answer. 60 s unless set.
    pub idle: Duration,
    /// Until one event of an answer is whole, however it trickles in. 45 s unless set.
    pub progress: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(120),
            idle: Duration::from_secs(60),
            progress: Duration::from_secs(45),
        }
    }
}

/// A span of time: a number of seconds, or a text with a unit: `500ms`, `90s`, `5m`, `2h`, `1d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub std::time::Duration);

impl Duration {
    pub const fn from_secs(seconds: u64) -> Self {
        Self(std::time::Duration::from_secs(seconds))
    }

    /// Reads `90`, `1.5`, `90s`, `500ms`, `5m`, `2h`, `1d`. Negative and endless spans are refused.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let seconds = match unit {
            "ms" => 0.001,
            "" | "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return None,
        };
        let number: f64 = number.trim().parse().ok()?;
        std::time::Duration::try_from_secs_f64(number * seconds).ok().map(Self)
    }
}

impl Serialize for Duration {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}ms", self.0.as_millis()))
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let text = match &value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("expected seconds, or a text such as '90s' or '5m'"))
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Seconds as a number, or a text with a unit: `500ms`, `90s`, `5m`, `2h`, `1d`.",
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": "^\\s*[0-9.]+\\s*(ms|s|m|h|d)?\\s*$"}
            ]
        })
    }
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

/// What agents may do: deny wins over ask, ask over allow, allow over the mode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Permissions {
    /// The posture where no rule speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Effects that happen without asking: `Bash(cargo test:*)`, `Read(src/**)`, `Edit(src/**)`.
    pub allow: Vec<String>,
    /// Effects that always ask.
    pub ask: Vec<String>,
    /// Effects that never happen.
    pub deny: Vec<String>,
    /// Folders outside the workspace that count as inside.
    pub additional_directories: Vec<String>,
    /// How long a question waits before silence means no. 5 minutes unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_timeout: Option<Duration>,
}

/// The posture where no rule speaks, loosest last.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// What would be asked is denied.
    Locked,
    /// Reads only; every edit is refused, whatever the rules allow.
    Plan,
    /// Reads in the workspace are allowed, everything else asks.
    #[default]
    Default,
    /// Edits in the workspace are allowed too.
    AcceptEdits,
    /// Commands are allowed too; only what reaches out of the workspace asks.
    Auto,
    /// Everything that no rule denies is allowed. A command-line flag, refused from any file.
    #[serde(skip_deserializing)]
    #[schemars(skip)]
    Bypass,
}

impl Mode {
    /// The word of config files and flags.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Plan => "plan",
            Self::Default => "default",
            Self::AcceptEdits => "accept-edits",
            Self::Auto => "auto",
            Self::Bypass => "bypass",
        }
    }

    /// Reads the word of a flag; `bypass` included.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Locked, Self::Plan, Self::Default, Self::AcceptEdits, Self::Auto, Self::Bypass]
            .into_iter()
            .find(|mode| mode.as_str() == word)
    }
}

/// Where it stops, by scope.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Budgets {
    /// One run.
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
    /// US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd: Option<f64>,
    /// Tokens, sent and received together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Requests to models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Minutes of time.
    #[serde(skip_serializing_if = "Option::is_none")]
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

/// Confinement of child processes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sandbox {
    /// Whether commands are confined where the system can do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Refuse to run a command where confinement is less than full.
    pub required: bool,
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
    /// Which tools it is for; all where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matcher: Option<String>,
    /// The shell command; it gets the event as JSON on its standard input.
    pub command: String,
    /// How long it may take. 30 s unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
}
