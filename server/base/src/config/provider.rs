//! Whom to ask: endpoints, their models, their keys, their time-outs; how one is chosen, and what is kept of its
//! answers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::letter::{is_needed, is_unseen};

use super::{Duration, OneOrMany, amount, variable};

/// One model endpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["kind"]))]
pub struct Provider {
    /// Which wire format it speaks.
    pub kind: ProviderKind,
    /// The address of the API. For `openai-chat` and `openai-responses` it includes `/v1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub base_url: Option<String>,
    /// The environment variable that holds the key.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "variable::name")]
    #[schemars(with = "String")]
    pub api_key_env: Option<String>,
    /// Where the key comes from when no environment variable holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "KeySettings")]
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
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "super::fallback")]
    pub fallback: Option<OneOrMany>,
    /// Which server it is, for one that speaks Chat Completions. Known by its address unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quirks: Option<Quirks>,
    /// Requests that may be under way at the same time. 8 unless set.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "amount::positive")]
    #[schemars(with = "u32", range(min = 1, max = 4_294_967_295_u32))]
    pub concurrency: Option<u32>,
    /// What is wrong with the prices that were written, where nobody can tell of which of its models: what they cost is
    /// not known then, wherever they are. Whoever reads the file says it.
    #[serde(skip)]
    pub broken_prices: Option<String>,
}

/// Whether a provider can be called so: in `PROVIDER/MODEL` its name ends at the first `/` or `:`.
pub fn is_provider_name(name: &str) -> bool {
    let is_wrong = |letter: char| {
        matches!(letter, '/' | ':') || letter.is_control() || is_unseen(letter) && !is_needed(letter)
    };
    !name.is_empty() && name.trim() == name && !name.contains(is_wrong)
}

/// What is wrong with a name that no provider can have, as a fragment behind a colon.
pub const BAD_PROVIDER_NAME: &str = "its name must be there, without blanks around it or letters that nobody sees, and hold no '/' or ':', at which it ends in PROVIDER/MODEL";

/// Whether a text is a version of Azure's API: the day it came out, or that of a preview. A day that there is not is no
/// version.
pub fn is_api_version(text: &str) -> bool {
    let day = text.strip_suffix("-preview").unwrap_or(text);
    let is_written_so = day.len() == "2024-10-21".len()
        && day.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    is_written_so && day.parse::<jiff::civil::Date>().is_ok()
}

/// What is wrong with any other, as a fragment. The text is never repeated: it would stand in an address.
pub const BAD_API_VERSION: &str =
    "no version of the API, such as 2024-10-21 or 2025-04-01-preview; take it out for 2024-10-21";

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
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "amount::positive")]
    #[schemars(with = "Duration", extend("exclusiveMinimum" = 0))]
    pub ttl: Option<Duration>,
    /// Megabytes on disk, at most; the oldest answers go first, and with 0 none stays. 100 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
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
    #[schemars(with = "Duration")]
    pub cache: Option<Duration>,
    /// How long the command may take. 30 s unless set.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "amount::positive")]
    #[schemars(with = "Duration", extend("exclusiveMinimum" = 0))]
    pub timeout: Option<Duration>,
}

/// One model of a provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSettings {
    /// Tokens that a prompt and its answer may take together. Ollama is asked for a window of this size.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "amount::positive")]
    #[schemars(with = "u64", range(min = 1))]
    pub context_window: Option<u64>,
    /// Tokens that one answer may have.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "amount::positive")]
    #[schemars(with = "u32", range(min = 1, max = 4_294_967_295_u32))]
    pub output_limit: Option<u32>,
    /// Whether it can call tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<bool>,
    /// Whether it can look at images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vision: Option<bool>,
    /// What it costs. Without a known price no budget in dollars lets it be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ModelPrice")]
    pub price: Option<ModelPrice>,
    /// What is wrong with the price that was written: what the model costs is not known then, wherever it is. Whoever
    /// reads the file says it.
    #[serde(skip)]
    pub broken_price: Option<String>,
}

/// US dollars for a million tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    /// Sent.
    #[serde(deserialize_with = "amount::dollars")]
    #[schemars(range(min = 0))]
    pub input: f64,
    /// Received, reasoning included.
    #[serde(deserialize_with = "amount::dollars")]
    #[schemars(range(min = 0))]
    pub output: f64,
    /// Sent again and found in the provider's cache. As `input` unless set.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "amount::dollars_if_set")]
    #[schemars(with = "f64", range(min = 0))]
    pub cached_input: Option<f64>,
    /// Sent and kept in the provider's cache. A quarter more than `input` for kind `anthropic`, else as `input`, unless
    /// set.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "amount::dollars_if_set")]
    #[schemars(with = "f64", range(min = 0))]
    pub kept_input: Option<f64>,
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

/// The names of the providers that need no config, in the order in which their keys are looked for.
pub const BUILT_IN_PROVIDERS: &[&str] = &["anthropic", "openai", "ollama", "lmstudio", "offline"];

impl ProviderKind {
    /// The kind that a config calls so.
    pub fn of(word: &str) -> Option<Self> {
        let kinds = [
            Self::Anthropic,
            Self::OpenaiResponses,
            Self::OpenaiChat,
            Self::AzureOpenai,
            Self::Ollama,
            Self::Offline,
        ];
        kinds.into_iter().find(|kind| kind.as_str() == word)
    }

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
    /// Moonshot, with its models Kimi.
    Moonshot,
    /// Gemini's compatible endpoint.
    Gemini,
}

/// Time-outs of a provider, each a number of seconds or a text such as `90s` or `5m`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// Until the connection stands. 10 s unless set.
    #[serde(deserialize_with = "amount::positive_time")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub connect: Duration,
    /// From the request's last byte to the answer's first. 120 s unless set.
    #[serde(deserialize_with = "amount::positive_time")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub first_byte: Duration,
    /// Between two pieces of an answer. 60 s unless set.
    #[serde(deserialize_with = "amount::positive_time")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub idle: Duration,
    /// Until one event of an answer is whole, however it trickles in. 45 s unless set.
    #[serde(deserialize_with = "amount::positive_time")]
    #[schemars(extend("exclusiveMinimum" = 0))]
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
