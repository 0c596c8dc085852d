//! What a provider lists: its models, and what it says about each.
//!
//! Every API has a list and hardly two have the same one, so the reader takes what it knows wherever it stands and passes
//! over the rest. A list never decides what may be asked for: it adds names and facts.

use std::collections::BTreeMap;
use std::pin::pin;

use copydesk_base::Timestamp;
use copydesk_base::config::ProviderKind;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clients::Response;
use crate::facts::{Facts, Price};

/// One model as its provider lists it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Listed {
    /// As it is written behind `provider/`.
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vision: Option<bool>,
    /// US dollars for a million tokens, sent and received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<(f64, f64)>,
    /// Whether a server that loads models on demand has it in memory now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loaded: Option<bool>,
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

/// No list is larger than this.
const LARGEST_LIST: usize = 8 << 20;

impl Listed {
    pub(crate) fn facts(&self) -> Facts {
        Facts {
            context_window: self.context_window,
            output_limit: self.output_limit,
            tools: self.tools,
            vision: self.vision,
            price: self.price.map(|(input, output)| Price::dollars(input, output)),
        }
    }

    /// Whether it answers questions, as far as its name tells.
    pub fn is_for_talk(&self) -> bool {
        !["embed", "whisper", "tts-", "dall-e", "moderation", "rerank"]
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
    let is_it = |id: &str| id == model || id.strip_suffix(":latest") == Some(model);
    list.iter().any(|listed| is_it(&listed.id))
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
    listed.context_window = window.filter(|window| *window > 0).or(listed.context_window);
    listed.tools = says(&shown, &[], &["tools"]).or(listed.tools);
    listed.vision = says(&shown, &[], &["vision"]).or(listed.vision);
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

/// The models of a list, in its order; `None` where it is none.
pub(crate) fn read(body: &[u8]) -> Option<Vec<Listed>> {
    let list: Value = serde_json::from_slice(body).ok()?;
    let models = [Some(&list), list.get("data"), list.get("models")]
        .into_iter()
        .flatten()
        .find_map(Value::as_array)?;
    Some(models.iter().filter_map(model).collect())
}

fn model(entry: &Value) -> Option<Listed> {
    let id = ["id", "name", "model"].into_iter().find_map(|key| entry.get(key)?.as_str())?;
    let number = |places: &[&str]| places.iter().find_map(|place| entry.pointer(place)?.as_u64());
    let window = number(&[
        "/context_length",
        "/context_window",
        "/max_context_length",
        "/max_model_len",
        "/max_input_tokens",
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
    Some(Listed {
        id: id.strip_prefix("models/").unwrap_or(id).to_owned(),
        context_window: window.filter(|window| *window > 0),
        output_limit: output.and_then(|output| u32::try_from(output).ok()).filter(|output| *output > 0),
        tools: says(entry, &["/capabilities/function_calling"], &["tools", "tool_use"]),
        vision: says(
            entry,
            &["/capabilities/vision", "/capabilities/image_input/supported"],
            &["image", "vision"],
        ),
        price: entry.get("pricing").and_then(price),
        loaded: entry.get("state").and_then(Value::as_str).map(|state| state == "loaded"),
    })
}

/// Whether a model can do something: said outright, or named in a list of what it can.
fn says(entry: &Value, outright: &[&str], words: &[&str]) -> Option<bool> {
    let told = outright.iter().find_map(|place| entry.pointer(place)?.as_bool());
    let lists = ["/capabilities", "/supported_parameters", "/architecture/input_modalities"];
    let named = || {
        let mut lists = lists.iter().filter_map(|place| entry.pointer(place)?.as_array()).peekable();
        lists.peek()?;
        Some(lists.flatten().filter_map(Value::as_str).any(|word| words.contains(&word)))
    };
    told.or_else(named)
}

/// Dollars for a million tokens: `prompt` and `completion` are for one, as texts; `input` and `output` for a million.
fn price(pricing: &Value) -> Option<(f64, f64)> {
    let number = |key: &str| {
        let value = pricing.get(key)?;
        value.as_f64().or_else(|| value.as_str()?.parse().ok()).filter(|price: &f64| *price >= 0.0)
    };
    let of_one = number("prompt").zip(number("completion")).map(|(sent, got)| (sent * 1e6, got * 1e6));
    of_one.or_else(|| number("input").zip(number("output")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_read() {
        let check = |body: &str, expect: &[Listed]| {
            assert_eq!(read(body.as_bytes()).as_deref(), Some(expect), "{body}");
        };
        let named = |id: &str| Listed { id: id.to_owned(), ..Listed::default() };
        // OpenAI, and everybody who says no more.
        check(
            r#"{"object":"list","data":[{"id":"gpt-5","object":"model","owned_by":"openai"},{"odd":1},"x"]}"#,
            &[named("gpt-5")],
        );
        // Anthropic.
        check(
            r#"{"data":[{"type":"model","id":"claude-x","display_name":"X","max_input_tokens":200000,"max_tokens":64000,
               "capabilities":{"image_input":{"supported":true}}}],"has_more":false}"#,
            &[Listed {
                context_window: Some(200_000),
                output_limit: Some(64_000),
                vision: Some(true),
                ..named("claude-x")
            }],
        );
        // OpenRouter.
        check(
            r#"{"data":[{"id":"big/model","context_length":131072,"architecture":{"input_modalities":["text","image"]},
               "pricing":{"prompt":"0.0000015","completion":"0.000006"},"top_provider":{"max_completion_tokens":16000},
               "supported_parameters":["tools","temperature"]}]}"#,
            &[Listed {
                context_window: Some(131_072),
                output_limit: Some(16_000),
                tools: Some(true),
                vision: Some(true),
                price: Some((1.5, 6.0)),
                ..named("big/model")
            }],
        );
        // Together: a bare list.
        check(
            r#"[{"id":"org/m","context_length":8192,"pricing":{"hourly":0,"input":0.2,"output":0.6}}]"#,
            &[Listed { context_window: Some(8192), price: Some((0.2, 0.6)), ..named("org/m") }],
        );
        // Mistral.
        check(
            r#"{"data":[{"id":"m","max_context_length":32768,"capabilities":{"function_calling":false,"vision":true}}]}"#,
            &[Listed { context_window: Some(32_768), tools: Some(false), vision: Some(true), ..named("m") }],
        );
        // vLLM, llama.cpp, LM Studio, Gemini's compatible endpoint, Ollama.
        check(
            r#"{"data":[{"id":"v","max_model_len":4096}]}"#,
            &[Listed { context_window: Some(4096), ..named("v") }],
        );
        check(
            r#"{"models":[{"name":"l"}],"data":[{"id":"l.gguf","meta":{"n_ctx_train":8192}}]}"#,
            &[Listed { context_window: Some(8192), ..named("l.gguf") }],
        );
        check(
            r#"{"data":[{"id":"q","type":"llm","state":"not-loaded","max_context_length":40960,"capabilities":["tool_use"]}]}"#,
            &[Listed {
                context_window: Some(40_960),
                tools: Some(true),
                vision: Some(false),
                loaded: Some(false),
                ..named("q")
            }],
        );
        check(r#"{"data":[{"id":"models/gemini-x"}]}"#, &[named("gemini-x")]);
        check(
            r#"{"models":[{"name":"llama3:8b","size":4,"details":{"family":"llama"}}]}"#,
            &[named("llama3:8b")],
        );
        check(r#"{"models":null,"data":[]}"#, &[]);
        for none in ["", "[", "{}", r#"{"data":{}}"#, "<html></html>", "7"] {
            assert_eq!(read(none.as_bytes()), None, "{none}");
        }
    }
}
