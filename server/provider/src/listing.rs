//! What a provider lists: its models, and what it says about each.
//!
//! Every API has a list and hardly two have the same one, so the reader takes what it knows wherever it stands and
//! passes over the rest. A list never decides what may be asked for: it adds names and facts.

use std::collections::{BTreeMap, HashSet};
use std::pin::pin;

use copydesk_base::Timestamp;
use copydesk_base::config::{ModelPrice, ModelSettings, ProviderKind};
use copydesk_base::letter::is_unseen;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clients::Response;

/// One model as its provider lists it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Listed {
    /// As it is written behind `provider/`.
    pub id: String,
    /// What it says of it, in the words of a config.
    pub facts: ModelSettings,
    /// Whether a server that loads models on demand has it in memory now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loaded: Option<bool>,
    /// Its list says that it makes vectors of texts, and answers nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub embeds: bool,
    /// The server that lists it hands its requests on to another machine, as Ollama does with models of its cloud.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
}

/// The last list of each provider, by its name.
pub type Catalog = BTreeMap<String, Kept>;

/// A list and where it came from: of another address it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub base_url: String,
    pub at: Timestamp,
    pub models: Vec<Listed>,
}

/// No name of a model is longer, in letters.
const LONGEST_ID: usize = 256;

/// No list is larger than this.
const LARGEST_LIST: usize = 8 << 20;

impl Listed {
    /// Whether it answers questions where its server runs.
    pub(crate) fn answers_there(&self) -> bool {
        self.is_for_talk() && !self.elsewhere
    }

    /// Whether it answers questions, as far as its list and its name tell.
    pub fn is_for_talk(&self) -> bool {
        !self.embeds
            && !["embed", "whisper", "tts-", "dall-e", "moderation", "rerank"]
                .iter()
                .any(|word| self.id.contains(word))
    }
}

/// Where the list of a kind of provider stands, behind its address.
pub(crate) const fn path(kind: ProviderKind) -> Option<&'static str> {
    match kind {
        ProviderKind::Anthropic => Some("/v1/models?limit=1000"),
        ProviderKind::OpenaiChat | ProviderKind::OpenaiResponses => Some("/models"),
        // The newest version of the API that lists deployments, whose names are what is asked for there.
        ProviderKind::AzureOpenai => Some("/openai/deployments?api-version=2023-03-15-preview"),
        ProviderKind::Ollama => Some("/api/tags"),
        ProviderKind::Offline => None,
    }
}

/// The command that fetches a model, for servers that have only those that were fetched.
pub fn pull(kind: ProviderKind, model: &str) -> Option<String> {
    (kind == ProviderKind::Ollama && !model.is_empty()).then(|| format!("ollama pull {model}"))
}

/// Whether a list has the model that is asked for by this name; a name without a tag means the latest.
pub fn has(list: &[Listed], model: &str) -> bool {
    find(list, model).is_some()
}

/// What a list says of the model that is asked for by this name.
pub(crate) fn find<'l>(list: &'l [Listed], model: &str) -> Option<&'l Listed> {
    let is_it = |id: &str| id == model || id.strip_suffix(":latest") == Some(model);
    list.iter().find(|listed| is_it(&listed.id))
}

/// Of an Ollama server: what it has in memory.
pub(crate) const LOADED: &str = "/api/ps";

/// Of an Ollama server: what it says of one model, which its list does not.
pub(crate) const SHOWN: &str = "/api/show";

/// Adds what [`SHOWN`] says: the window that the model was made for, and what it can do.
pub(crate) fn add_shown(listed: &mut Listed, body: &[u8]) {
    let Ok(shown) = serde_json::from_slice::<Value>(body) else { return };
    let info = shown.get("model_info").and_then(Value::as_object);
    let window = info.and_then(|info| {
        let key = format!("{}.context_length", info.get("general.architecture")?.as_str()?);
        info.get(&key)?.as_u64()
    });
    listed.embeds |= embeds(&shown);
    listed.elsewhere |= is_elsewhere(&shown);
    let facts = &mut listed.facts;
    facts.context_window = window.filter(|window| *window > 0).or(facts.context_window);
    facts.tools = can(&shown, &[], TOOLS, &["tools"]).or(facts.tools);
    facts.vision = can(&shown, &[], VISION, &["vision"]).or(facts.vision);
}

/// The whole of a list's body; `None` where it is too large or breaks off.
pub(crate) async fn body(response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    let mut pieces = pin!(response.pieces());
    while let Some(chunk) = pieces.next().await {
        body.extend_from_slice(&chunk.ok()?);
        if body.len() > LARGEST_LIST {
            return None;
        }
    }
    Some(body)
}

/// Models of one list that are kept; those with the longest lists have some hundreds.
pub const MOST_LISTED: usize = 4_000;

/// The models of a list, in its order and each once; `None` where it is none.
pub(crate) fn read(body: &[u8]) -> Option<Vec<Listed>> {
    let list: Value = serde_json::from_slice(body).ok()?;
    let models = [Some(&list), list.get("data"), list.get("models")]
        .into_iter()
        .flatten()
        .find_map(Value::as_array)?;
    let mut seen = HashSet::new();
    let is_new = |listed: &Listed| seen.insert(listed.id.clone());
    Some(models.iter().filter_map(model).filter(is_new).take(MOST_LISTED).collect())
}

fn model(entry: &Value) -> Option<Listed> {
    let id = ["id", "name", "model"].into_iter().find_map(|key| entry.get(key)?.as_str())?;
    let id = id.strip_prefix("models/").unwrap_or(id);
    // It is shown in terminals and editors, and goes into requests: what cannot be read there is no name.
    if id.is_empty() || id.chars().count() > LONGEST_ID || id.contains(is_unseen) {
        return None;
    }
    let number = |places: &[&str]| places.iter().find_map(|place| entry.pointer(place)?.as_u64());
    let window = number(&[
        "/context_length",
        "/context_window",
        "/max_context_length",
        "/max_model_len",
        "/max_input_tokens",
        // Of llama.cpp: what it was started with, rather than what the model was made for.
        "/meta/n_ctx",
        "/meta/n_ctx_train",
        "/inputTokenLimit",
    ]);
    let output = number(&[
        "/max_output_tokens",
        "/max_completion_tokens",
        "/top_provider/max_completion_tokens",
        "/outputTokenLimit",
        "/max_tokens",
    ]);
    let facts = ModelSettings {
        context_window: window.filter(|window| *window > 0),
        output_limit: output.and_then(|output| u32::try_from(output).ok()).filter(|output| *output > 0),
        tools: can(entry, &["/capabilities/function_calling"], TOOLS, &["tools", "tool_use"]),
        vision: can(
            entry,
            &["/capabilities/vision", "/capabilities/image_input/supported"],
            VISION,
            &["image", "vision"],
        ),
        price: entry.get("pricing").and_then(price),
        broken_price: None,
    };
    Some(Listed {
        id: id.to_owned(),
        facts,
        loaded: entry.get("state").and_then(Value::as_str).map(|state| state == "loaded"),
        embeds: embeds(entry),
        elsewhere: is_elsewhere(entry),
    })
}

/// Whether an Ollama server says that another one answers for it.
fn is_elsewhere(entry: &Value) -> bool {
    let names = |key: &str| entry.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    names("remote_host") || names("remote_model")
}

/// Whether the name of a model of Ollama's says that its cloud answers: `gpt-oss:120b-cloud`.
pub(crate) fn is_of_cloud(model: &str) -> bool {
    model.ends_with("-cloud") || model.ends_with(":cloud")
}

/// The lists that would name tools, and those that would name images.
const TOOLS: &[&str] = &["/capabilities", "/supported_parameters"];
const VISION: &[&str] = &["/capabilities", "/architecture/input_modalities"];

/// Whether a model makes vectors of texts and answers nothing, by what it can do, its type, or the family that Ollama
/// tells.
fn embeds(entry: &Value) -> bool {
    let word = |place: &str| entry.pointer(place).and_then(Value::as_str).unwrap_or_default();
    let abilities = entry.get("capabilities").and_then(Value::as_array);
    let can = |ability: &str| abilities.is_some_and(|list| list.iter().any(|can| can == ability));
    (can("embedding") && !can("completion"))
        || word("/type") == "embeddings"
        || word("/details/family").contains("bert")
}

/// Whether a model can do something: said outright, or named in one of the lists of what it can.
fn can(entry: &Value, outright: &[&str], lists: &[&str], words: &[&str]) -> Option<bool> {
    let told = outright.iter().find_map(|place| entry.pointer(place)?.as_bool());
    let named = || {
        let mut lists = lists.iter().filter_map(|place| entry.pointer(place)?.as_array()).peekable();
        lists.peek()?;
        Some(lists.flatten().filter_map(Value::as_str).any(|word| words.contains(&word)))
    };
    told.or_else(named)
}

/// Dollars for a million tokens: `prompt` and `completion` are for one, as texts; `input` and `output` for a million.
fn price(pricing: &Value) -> Option<ModelPrice> {
    let number = |key: &str| {
        let value = pricing.get(key)?;
        value.as_f64().or_else(|| value.as_str()?.parse().ok()).filter(|price: &f64| *price >= 0.0)
    };
    let of_one = number("prompt").zip(number("completion")).map(|(sent, got)| (sent * 1e6, got * 1e6));
    let (input, output) = of_one.or_else(|| number("input").zip(number("output")))?;
    Some(ModelPrice { input, output, cached_input: None, kept_input: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_read() {
        let check = |body: &str, expect: &[Listed]| {
            assert_eq!(read(body.as_bytes()).as_deref(), Some(expect), "{body}");
        };
        let of = |id: &str, facts: ModelSettings| Listed { id: id.to_owned(), facts, ..Listed::default() };
        let named = |id: &str| of(id, ModelSettings::default());
        let costs = |input, output| Some(ModelPrice { input, output, cached_input: None, kept_input: None });
        // OpenAI, and everybody who says no more.
        check(
            r#"{"object":"list","data":[{"id":"gpt-5","object":"model","owned_by":"openai"},{"odd":1},"x"]}"#,
            &[named("gpt-5")],
        );
        // Anthropic.
        check(
            r#"{"data":[{"type":"model","id":"claude-x","display_name":"X","max_input_tokens":200000,"max_tokens":64000,
               "capabilities":{"image_input":{"supported":true}}}],"has_more":false}"#,
            &[of(
                "claude-x",
                ModelSettings {
                    context_window: Some(200_000),
                    output_limit: Some(64_000),
                    vision: Some(true),
                    ..ModelSettings::default()
                },
            )],
        );
        // OpenRouter.
        check(
            r#"{"data":[{"id":"big/model","context_length":131072,"architecture":{"input_modalities":["text","image"]},
               "pricing":{"prompt":"0.0000015","completion":"0.000006"},"top_provider":{"max_completion_tokens":16000},
               "supported_parameters":["tools","temperature"]}]}"#,
            &[of(
                "big/model",
                ModelSettings {
                    context_window: Some(131_072),
                    output_limit: Some(16_000),
                    tools: Some(true),
                    vision: Some(true),
                    price: costs(1.5, 6.0),
                    ..ModelSettings::default()
                },
            )],
        );
        // Together: a bare list.
        check(
            r#"[{"id":"org/m","context_length":8192,"pricing":{"hourly":0,"input":0.2,"output":0.6}}]"#,
            &[of(
                "org/m",
                ModelSettings {
                    context_window: Some(8192),
                    price: costs(0.2, 0.6),
                    ..ModelSettings::default()
                },
            )],
        );
        // Mistral.
        check(
            r#"{"data":[{"id":"m","max_context_length":32768,"capabilities":{"function_calling":false,"vision":true}}]}"#,
            &[of(
                "m",
                ModelSettings {
                    context_window: Some(32_768),
                    tools: Some(false),
                    vision: Some(true),
                    ..ModelSettings::default()
                },
            )],
        );
        // vLLM, llama.cpp, LM Studio, Gemini's compatible endpoint, Ollama.
        check(
            r#"{"data":[{"id":"v","max_model_len":4096}]}"#,
            &[of("v", ModelSettings { context_window: Some(4096), ..ModelSettings::default() })],
        );
        check(
            r#"{"models":[{"name":"l","capabilities":["completion"]}],"data":[{"id":"l.gguf",
               "architecture":{"input_modalities":["text"]},"meta":{"n_ctx":8192,"n_ctx_train":131072}}]}"#,
            &[of(
                "l.gguf",
                ModelSettings { context_window: Some(8192), vision: Some(false), ..ModelSettings::default() },
            )],
        );
        check(
            r#"{"data":[{"id":"q","type":"llm","state":"not-loaded","max_context_length":40960,"capabilities":["tool_use"]}]}"#,
            &[Listed {
                loaded: Some(false),
                ..of(
                    "q",
                    ModelSettings {
                        context_window: Some(40_960),
                        tools: Some(true),
                        vision: Some(false),
                        ..ModelSettings::default()
                    },
                )
            }],
        );
        check(r#"{"data":[{"id":"models/gemini-x"}]}"#, &[named("gemini-x")]);
        check(
            r#"{"models":[{"name":"llama3:8b","size":4,"details":{"family":"llama"}}]}"#,
            &[named("llama3:8b")],
        );
        let embeds = |id: &str| Listed { embeds: true, ..named(id) };
        check(
            r#"{"models":[{"name":"bge-m3:latest","details":{"family":"bert"}},{"name":"q"}]}"#,
            &[embeds("bge-m3:latest"), named("q")],
        );
        check(r#"{"data":[{"id":"vectors","type":"embeddings"}]}"#, &[embeds("vectors")]);
        check(
            r#"{"models":[{"name":"big:cloud","remote_model":"big","remote_host":"https://ollama.com:443"}]}"#,
            &[Listed { elsewhere: true, ..named("big:cloud") }],
        );
        check(r#"{"models":null,"data":[]}"#, &[]);
        // What a terminal or an editor would do something with is no name.
        let long = "x".repeat(257);
        for odd in ["\\u001b[31mred", "two\\nlines", "a\\u202eb", "\\u0000", "", &long] {
            check(&format!(r#"{{"data":[{{"id":"{odd}"}},{{"id":"m:7b q4"}}]}}"#), &[named("m:7b q4")]);
        }
        for none in ["", "[", "{}", r#"{"data":{}}"#, "<html></html>", "7"] {
            assert_eq!(read(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn what_is_shown_of_one_model_is_added() {
        for (abilities, tools, embeds) in [
            (r#"["completion","tools"]"#, Some(true), false),
            (r#"["completion","vision"]"#, Some(false), false),
            (r#"["completion","embedding"]"#, Some(false), false),
            (r#"["embedding"]"#, Some(false), true),
            ("null", None, false),
        ] {
            let mut listed = Listed { id: "m".to_owned(), ..Listed::default() };
            add_shown(&mut listed, format!(r#"{{"capabilities":{abilities}}}"#).as_bytes());
            assert_eq!((listed.facts.tools, listed.embeds), (tools, embeds), "{abilities}");
            assert_eq!(listed.is_for_talk(), !embeds, "{abilities}");
        }
    }
}
