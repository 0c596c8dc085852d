//! Filling a hole: the text between two others, from servers that have an API for it.
//!
//! A [`Request`] with an [`Infill`] goes another way than a conversation: one path and one body for each
//! [`InfillFormat`], and a reader that knows their three shapes of answer (Ollama's lines, OpenAI's legacy completions,
//! llama.cpp's own). Mistral answers in chunks of Chat Completions, which have their reader already. Keys, patience and
//! failures are those of every other call.
//!
//! Invariants
//! - Which format a server speaks is known or configured, never tried out.

use copydesk_base::config::{CompletionFormat, ProviderKind, is_here};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::answer::{Answer, Progress, WireError};
use crate::body::Framing;
use crate::endpoint::Endpoint;
use crate::facts::Price;
use crate::request::Request;
use crate::wire::Piece;
use crate::{CallError, Choice, ModelEvent, StopReason, counts, failure, ollama, openai_chat};

/// A hole and what is around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Infill {
    pub format: InfillFormat,
    /// What stands before the hole.
    pub prefix: String,
    /// What stands behind it.
    pub suffix: String,
    /// Where the answer ends, each at the latest; few, since servers take no more than four.
    pub stop: Vec<String>,
    /// Parts of other files, for the one format that takes them apart from the prefix.
    pub extra: Vec<Extra>,
}

/// A part of another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    pub name: String,
    pub text: String,
}

/// An API that fills holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InfillFormat {
    Ollama,
    Completions,
    Mistral,
    Deepseek,
    LlamaCpp,
}

impl InfillFormat {
    /// The format for a model, nothing where it is to be asked in words; the error is a sentence about a format that
    /// the model's provider cannot have.
    pub fn of(choice: &Choice, wanted: CompletionFormat) -> Result<Option<Self>, String> {
        let format = match wanted {
            CompletionFormat::Prompted => return Ok(None),
            CompletionFormat::Auto => return Ok(known(choice)),
            CompletionFormat::Ollama => Self::Ollama,
            CompletionFormat::Completions => Self::Completions,
            CompletionFormat::Mistral => Self::Mistral,
            CompletionFormat::Deepseek => Self::Deepseek,
            CompletionFormat::LlamaCpp => Self::LlamaCpp,
        };
        match choice.kind {
            ProviderKind::Ollama | ProviderKind::OpenaiChat | ProviderKind::OpenaiResponses => {
                Ok(Some(format))
            }
            kind => Err(format!(
                "completion.format does not fit providers of the kind {}; take it away",
                kind.as_str()
            )),
        }
    }

    /// Where a request goes.
    pub(crate) fn address(self, endpoint: &Endpoint) -> Result<Url, CallError> {
        let base = endpoint.base_url.as_str();
        let root = base.strip_suffix("/v1").or_else(|| base.strip_suffix("/beta")).unwrap_or(base);
        let versioned =
            if endpoint.kind == ProviderKind::Ollama { format!("{root}/v1") } else { base.to_owned() };
        let base_url = match self {
            Self::Ollama => format!("{root}/api/generate"),
            Self::Completions => format!("{versioned}/completions"),
            Self::Mistral => format!("{versioned}/fim/completions"),
            Self::Deepseek => format!("{root}/beta/completions"),
            Self::LlamaCpp => format!("{root}/infill"),
        };
        Endpoint { base_url, ..endpoint.clone() }.address("")
    }

    pub(crate) const fn framing(self) -> Framing {
        match self {
            Self::Ollama => Framing::Lines,
            Self::Completions | Self::Mistral | Self::Deepseek | Self::LlamaCpp => Framing::Events,
        }
    }
}

/// The format that is known without a word in the config.
fn known(choice: &Choice) -> Option<InfillFormat> {
    let url = Url::parse(choice.base_url()).ok()?;
    let is_of = |domain: &str| {
        url.host_str().is_some_and(|host| {
            host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    };
    match choice.kind {
        ProviderKind::Ollama => Some(InfillFormat::Ollama),
        ProviderKind::OpenaiChat if is_of("mistral.ai") && choice.model.contains("codestral") => {
            Some(InfillFormat::Mistral)
        }
        ProviderKind::OpenaiChat if is_of("deepseek.com") => Some(InfillFormat::Deepseek),
        _ => None,
    }
}

/// Whether somebody may bill for a model: it is on another machine, or it has a price.
pub fn is_metered(choice: &Choice) -> bool {
    let is_free = choice.facts.price.as_ref().is_some_and(Price::is_free);
    !is_free || !(choice.offline || is_here(choice.base_url()))
}

/// The body of a request.
pub(crate) fn body(infill: &Infill, request: &Request, window: ollama::Window) -> Value {
    let Infill { format, prefix, suffix, stop, extra } = infill;
    let most = request.max_output_tokens;
    let mut body = match format {
        InfillFormat::Ollama => {
            // Without a suffix it takes the prompt for a chat's.
            let suffix = if suffix.is_empty() { "\n" } else { suffix };
            let window = window.holding(request.estimated_tokens());
            return json!({
                "model": request.model, "prompt": prefix, "suffix": suffix, "stream": true,
                "options": {"temperature": 0, "num_ctx": window, "num_predict": most, "stop": stop},
            });
        }
        InfillFormat::LlamaCpp => {
            let extra: Vec<Value> =
                extra.iter().map(|part| json!({"filename": part.name, "text": part.text})).collect();
            return json!({
                "input_prefix": prefix, "input_suffix": suffix, "input_extra": extra, "prompt": "",
                "n_predict": most, "temperature": 0, "stop": stop, "cache_prompt": true, "stream": true,
            });
        }
        InfillFormat::Completions | InfillFormat::Deepseek | InfillFormat::Mistral => json!({
            "model": request.model, "prompt": prefix, "suffix": suffix, "temperature": 0, "stop": stop,
            "stream": true,
        }),
    };
    if let Some(most) = most {
        body["max_tokens"] = most.into();
    }
    // Mistral counts without being asked and refuses keys that it does not know.
    if *format != InfillFormat::Mistral {
        body["stream_options"] = json!({"include_usage": true});
    }
    body
}

/// An answer being read.
#[derive(Debug)]
pub(crate) enum Reader {
    Chat(openai_chat::Reader),
    Plain(Plain),
}

/// The three shapes that are not a chat's.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    answer: Answer,
    reason: Option<StopReason>,
}

/// One event or line, of any of them.
#[derive(Deserialize)]
struct Part<'a> {
    // Ollama
    #[serde(borrow, default)]
    response: Option<Piece<'a>>,
    #[serde(default)]
    done: Option<bool>,
    #[serde(borrow, default)]
    done_reason: Option<Piece<'a>>,
    #[serde(default, deserialize_with = "counts::count")]
    prompt_eval_count: Option<u64>,
    #[serde(default, deserialize_with = "counts::count")]
    eval_count: Option<u64>,
    // Completions
    #[serde(borrow, default)]
    choices: Option<Vec<OneOf<'a>>>,
    #[serde(default, deserialize_with = "counts::read")]
    usage: Option<Counts>,
    // llama.cpp
    #[serde(borrow, default)]
    content: Option<Piece<'a>>,
    #[serde(default)]
    stop: Option<bool>,
    #[serde(borrow, default)]
    stop_type: Option<Piece<'a>>,
    #[serde(default, deserialize_with = "counts::count")]
    tokens_evaluated: Option<u64>,
    #[serde(default, deserialize_with = "counts::count")]
    tokens_predicted: Option<u64>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct OneOf<'a> {
    #[serde(borrow, default)]
    text: Option<Piece<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<Piece<'a>>,
}

#[derive(Deserialize)]
struct Counts {
    #[serde(default, deserialize_with = "counts::count")]
    prompt_tokens: Option<u64>,
    #[serde(default, deserialize_with = "counts::count")]
    completion_tokens: Option<u64>,
}

impl Reader {
    pub(crate) fn of(format: InfillFormat) -> Self {
        if format == InfillFormat::Mistral {
            Self::Chat(openai_chat::Reader::default())
        } else {
            Self::Plain(Plain::default())
        }
    }

    pub(crate) fn read(&mut self, data: &str, out: &mut Vec<ModelEvent>) -> Result<Progress, WireError> {
        match self {
            Self::Chat(reader) => reader.read(data, out),
            Self::Plain(reader) => reader.read(data, out),
        }
    }

    pub(crate) const fn may_end(&self) -> bool {
        match self {
            Self::Chat(reader) => reader.may_end(),
            Self::Plain(reader) => reader.reason.is_some(),
        }
    }

    pub(crate) fn stop(&mut self) -> ModelEvent {
        match self {
            Self::Chat(reader) => reader.stop(),
            Self::Plain(reader) => {
                let reason = reader.reason.take().unwrap_or(StopReason::EndTurn);
                reader.answer.stop(reason)
            }
        }
    }

    pub(crate) const fn answer_mut(&mut self) -> &mut Answer {
        match self {
            Self::Chat(reader) => &mut reader.answer,
            Self::Plain(reader) => &mut reader.answer,
        }
    }

    pub(crate) const fn answer(&self) -> &Answer {
        match self {
            Self::Chat(reader) => reader.answer(),
            Self::Plain(reader) => &reader.answer,
        }
    }
}

impl Plain {
    fn read(&mut self, data: &str, out: &mut Vec<ModelEvent>) -> Result<Progress, WireError> {
        if data.trim() == "[DONE]" {
            return if self.answer.has_started() {
                Ok(Progress::Done)
            } else {
                Err(WireError::Malformed("it was declared done before it began".to_owned()))
            };
        }
        let part: Part<'_> = serde_json::from_str(data).map_err(|error| {
            let reason = format!("a piece is no part of a completion: {error}");
            if error.is_eof() { WireError::Cut } else { WireError::Malformed(reason) }
        })?;
        if let Some(error) = part.error.filter(|error| !error.is_null()) {
            return Err(failure::server_error(&error));
        }
        let mut text = part.response.or(part.content);
        let mut word = part.done_reason.or(part.stop_type);
        let is_known =
            text.is_some() || part.choices.is_some() || part.usage.is_some() || part.done.is_some();
        if !is_known {
            return Err(WireError::Malformed("a piece is no part of a completion: it holds none".to_owned()));
        }
        self.answer.start(out);
        if let Some(choice) = part.choices.and_then(|choices| choices.into_iter().next()) {
            text = choice.text;
            word = choice.finish_reason.filter(|word| !word.is_empty());
            if let Some(word) = &word {
                self.reason = Some(reason(word));
            }
        }
        self.answer.text(text.as_deref().unwrap_or(""), out)?;
        let counts = part.usage.unwrap_or(Counts { prompt_tokens: None, completion_tokens: None });
        let input = counts.prompt_tokens.or(part.prompt_eval_count).or(part.tokens_evaluated);
        let output = counts.completion_tokens.or(part.eval_count).or(part.tokens_predicted);
        self.answer.tokens.input = input.unwrap_or(self.answer.tokens.input);
        self.answer.tokens.output = output.unwrap_or(self.answer.tokens.output);
        if part.done.or(part.stop) == Some(true) {
            self.reason = Some(reason(word.as_deref().unwrap_or("stop")));
            return Ok(Progress::Done);
        }
        Ok(Progress::More)
    }
}

fn reason(word: &str) -> StopReason {
    match word {
        "stop" | "eos" | "word" | "" => StopReason::EndTurn,
        "length" | "limit" => StopReason::MaxTokens,
        "content_filter" => StopReason::Refusal,
        other => StopReason::Other(other.to_owned()),
    }
}

#[cfg(test)]
mod tests;
