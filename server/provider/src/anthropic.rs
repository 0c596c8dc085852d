//! Anthropic Messages: `POST {base_url}/v1/messages`, answered as server-sent events.
//!
//! An answer is a list of content blocks, each begun, filled by deltas and ended; `message_stop` is the terminator.
//! Thinking is shown as it comes and goes back with its signature, as the API demands once a tool was called; blocks
//! of kinds that we never ask for are passed over. Three cache markers go along: behind the
//! tools, behind the system prompt and behind the last message, so that each round of a turn pays only for what is
//! new.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{Answer, Progress, WireError};
use crate::facts::Facts;
use crate::quirks::{FORGOTTEN, Quirks};
use crate::request::{Message, Part, Request, ToolOutcome, ToolUse, parts};
use crate::schema::is_strict;
use crate::surrogate::joined;
use crate::wire::{Piece, Wire};
use crate::{ModelEvent, StopReason, counts, failure};

pub(crate) const PATH: &str = "/v1/messages";
pub(crate) const VERSION: &str = "2023-06-01";

/// The API wants a limit in every request; every current model can give this much, where nobody says what it gives.
const USUAL_LIMIT: u32 = 16_384;

/// The body of a request.
pub(crate) fn body(request: &Request, facts: &Facts, quirks: Quirks) -> Value {
    let wants_thoughts = quirks.wants_thoughts(&request.model);
    let mut messages: Vec<Value> =
        request.messages.iter().filter_map(|said| message(said, wants_thoughts)).collect();
    if let Some(block) = messages.last_mut().and_then(|last| last["content"].as_array_mut()?.last_mut()) {
        mark(block);
    }
    let mut body = json!({
        "model": request.model,
        "max_tokens": request.max_output_tokens.or(facts.output_limit).unwrap_or(USUAL_LIMIT),
        "stream": true,
        "messages": messages,
    });
    if !request.system.trim().is_empty() {
        let mut block = json!({"type": "text", "text": request.system});
        mark(&mut block);
        body["system"] = json!([block]);
    }
    if !request.tools.is_empty() {
        let tools = request.tools.iter().map(|tool| {
            json!({"name": tool.name, "description": tool.description, "input_schema": tool.parameters})
        });
        let mut tools: Vec<Value> = tools.collect();
        if let Some(last) = tools.last_mut() {
            mark(last);
        }
        body["tools"] = Value::Array(tools);
        if request.tool_use == ToolUse::Over {
            // A conversation in which tools were used must go on naming them.
            body["tool_choice"] = json!({"type": "none"});
        }
    }
    if let Some(schema) = request.schema.as_ref().filter(|schema| is_strict(schema) && forms(&request.model))
    {
        body["output_config"] = json!({"format": {"type": "json_schema", "schema": schema}});
    }
    body
}

/// Whether a model can be held to a schema: those since 4.5, and Opus 4.1. Older ones refuse the key.
pub(crate) fn forms(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    let Some((family, rest)) = name.strip_prefix("claude-").and_then(|rest| rest.split_once('-')) else {
        return false;
    };
    // A date behind the version is no part of it.
    let version: Vec<u32> =
        rest.split('-').map_while(|part| part.parse().ok()).take_while(|part| *part < 1000).collect();
    match version[..] {
        [4, minor, ..] => minor >= 5 || family == "opus" && minor == 1,
        [major, ..] => major > 4,
        [] => false,
    }
}

/// What is sent up to here may be kept by the provider for the next request.
fn mark(block: &mut Value) {
    block["cache_control"] = json!({"type": "ephemeral"});
}

/// One message; `None` where nothing would be in it, which the API refuses. Some models that others offer behind this
/// API want what they thought before calls, always.
fn message(message: &Message, wants_thoughts: bool) -> Option<Value> {
    let text_block = |text: &str| (!text.trim().is_empty()).then(|| json!({"type": "text", "text": text}));
    let (role, content): (&str, Vec<Value>) = match message {
        Message::User { text, images } => {
            let images = images.iter().map(|image| {
                let source =
                    json!({"type": "base64", "media_type": image.media_type, "data": &*image.base64});
                json!({"type": "image", "source": source})
            });
            ("user", images.chain(text_block(text)).collect())
        }
        Message::Assistant { text, calls, carried } => {
            let blocks = parts(text, calls, carried, Wire::Anthropic).into_iter().filter_map(|part| match part {
                Part::Carried(thought) => Some(thought.clone()),
                Part::Text(text) => text_block(text),
                Part::Call(call) => Some(json!({
                    "type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments.as_object(),
                })),
            });
            let mut blocks: Vec<Value> = blocks.collect();
            if wants_thoughts && !calls.is_empty() && !blocks.iter().any(|block| block["type"] == "thinking")
            {
                blocks.insert(0, json!({"type": "thinking", "thinking": FORGOTTEN, "signature": ""}));
            }
            ("assistant", blocks)
        }
        Message::ToolResults { results } => {
            let results = results.iter().map(|result| {
                let mut block =
                    json!({"type": "tool_result", "tool_use_id": result.call, "content": result.text});
                if result.outcome == ToolOutcome::Failed {
                    block["is_error"] = Value::Bool(true);
                }
                block
            });
            ("user", results.collect())
        }
    };
    (!content.is_empty()).then(|| json!({"role": role, "content": content}))
}

/// An answer being read.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) answer: Answer,
    /// By the server's index: the number of the call in `answer` for blocks that are calls.
    blocks: Vec<(u64, Block)>,
    /// Thinking so far, with its signature.
    thoughts: Vec<Thought>,
    reason: Option<StopReason>,
}

#[derive(Clone, Copy, Debug)]
enum Block {
    Text,
    /// The call's number.
    Call(usize),
    /// The place in `thoughts`.
    Thinking(usize),
    Ignored,
}

/// A block of thinking: open, or sealed by the provider.
#[derive(Debug, Default)]
struct Thought {
    text: String,
    signature: String,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default)]
    index: u64,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    content_block: Option<Start<'a>>,
    #[serde(default)]
    message: Option<Head>,
    #[serde(default, deserialize_with = "counts::read")]
    usage: Option<Counts>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    text: Option<Piece<'a>>,
    #[serde(borrow, default)]
    thinking: Option<Piece<'a>>,
    #[serde(borrow, default)]
    signature: Option<Piece<'a>>,
    #[serde(borrow, default)]
    partial_json: Option<Piece<'a>>,
    #[serde(borrow, default)]
    stop_reason: Option<Piece<'a>>,
}

#[derive(Deserialize)]
struct Start<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Option<Piece<'a>>,
    #[serde(borrow, default)]
    id: Option<Piece<'a>>,
    #[serde(borrow, default)]
    name: Option<Piece<'a>>,
    #[serde(default)]
    input: Option<Value>,
    /// Thinking that the provider has sealed.
    #[serde(borrow, default)]
    data: Option<Piece<'a>>,
    #[serde(borrow, default)]
    thinking: Option<Piece<'a>>,
    #[serde(borrow, default)]
    signature: Option<Piece<'a>>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default, deserialize_with = "counts::read")]
    usage: Option<Counts>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the API's own names")]
struct Counts {
    #[serde(default, deserialize_with = "counts::count")]
    input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "counts::count")]
    cache_creation_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "counts::count")]
    cache_read_input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "counts::count")]
    output_tokens: Option<u64>,
}

impl Reader {
    /// Reads the data of one server-sent event.
    pub(crate) fn read(&mut self, data: &str, out: &mut Vec<ModelEvent>) -> Result<Progress, WireError> {
        let frame: Frame<'_> = serde_json::from_str(data).map_err(|error| {
            WireError::Malformed(format!("an event is no Anthropic message event: {error}"))
        })?;
        match &*frame.kind {
            "ping" => return Ok(Progress::More),
            "error" => {
                return Err(failure::server_error(&frame.error.unwrap_or_default()));
            }
            _ => self.answer.start(out),
        }
        match &*frame.kind {
            "message_start" => self.count(frame.message.and_then(|message| message.usage)),
            "content_block_start" => {
                if let Some(start) = frame.content_block {
                    self.begin(frame.index, &start, out)?;
                }
            }
            "content_block_delta" => {
                if let Some(delta) = frame.delta {
                    self.fill(frame.index, &delta, out)?;
                }
            }
            "content_block_stop" => match self.block(frame.index) {
                Some(Block::Call(at)) => self.answer.close(at, out),
                Some(Block::Thinking(at)) => self.carry(at)?,
                _ => {}
            },
            "message_delta" => {
                self.count(frame.usage);
                if let Some(reason) = frame.delta.and_then(|delta| delta.stop_reason) {
                    self.reason = Some(stop_reason(&reason));
                }
            }
            // A stop without its reason is a stream that somebody in between has closed.
            "message_stop" if self.reason.is_none() => return Err(WireError::Cut),
            "message_stop" => return Ok(Progress::Done),
            // Kinds that come with later versions of the API.
            _ => {}
        }
        Ok(Progress::More)
    }

    pub(crate) fn stop(&mut self) -> ModelEvent {
        let reason = self.reason.take().unwrap_or(StopReason::EndTurn);
        self.answer.stop(reason)
    }

    pub(crate) const fn answer(&self) -> &Answer {
        &self.answer
    }

    fn block(&self, index: u64) -> Option<Block> {
        // Deltas belong to the latest block nearly always.
        self.blocks.iter().rev().find(|(at, _)| *at == index).map(|(_, block)| *block)
    }

    fn begin(&mut self, index: u64, start: &Start<'_>, out: &mut Vec<ModelEvent>) -> Result<(), WireError> {
        let block = match &*start.kind {
            "text" => {
                self.answer.text(start.text.as_deref().unwrap_or(""), out)?;
                Block::Text
            }
            "tool_use" => {
                let (id, name) = (start.id.as_deref().unwrap_or(""), start.name.as_deref().unwrap_or(""));
                let at = self.answer.open(id, name, out)?;
                // Servers that imitate this API may send the arguments whole, here.
                if let Some(Value::Object(input)) = &start.input
                    && !input.is_empty()
                {
                    self.answer.arguments(at, &Value::Object(input.clone()).to_string(), out)?;
                }
                Block::Call(at)
            }
            "thinking" => {
                let text = start.thinking.as_deref().unwrap_or("");
                let signature = start.signature.as_deref().unwrap_or("");
                self.answer.reasoning(text, out)?;
                self.answer.grow(signature.len())?;
                self.thoughts.push(Thought { text: text.to_owned(), signature: signature.to_owned() });
                Block::Thinking(self.thoughts.len() - 1)
            }
            "redacted_thinking" => {
                let data = start.data.as_deref().unwrap_or("");
                self.answer.grow(data.len())?;
                self.answer.carry(Wire::Anthropic, json!({"type": "redacted_thinking", "data": data}))?;
                Block::Ignored
            }
            _ => Block::Ignored,
        };
        self.blocks.push((index, block));
        Ok(())
    }

    fn fill(&mut self, index: u64, delta: &Delta<'_>, out: &mut Vec<ModelEvent>) -> Result<(), WireError> {
        match self.block(index) {
            Some(Block::Text) => self.answer.text(delta.text.as_deref().unwrap_or(""), out),
            Some(Block::Call(at)) => {
                self.answer.arguments(at, delta.partial_json.as_deref().unwrap_or(""), out)
            }
            Some(Block::Thinking(at)) => {
                let text = delta.thinking.as_deref().unwrap_or("");
                let signature = delta.signature.as_deref().unwrap_or("");
                self.answer.reasoning(text, out)?;
                self.answer.grow(signature.len())?;
                if let Some(thought) = self.thoughts.get_mut(at) {
                    thought.text.push_str(text);
                    thought.signature.push_str(signature);
                }
                Ok(())
            }
            Some(Block::Ignored) => Ok(()),
            None => Err(WireError::Malformed(format!("block {index} is filled before it begins"))),
        }
    }

    /// A block of thinking is whole. Anthropic signs each; who else offers this API takes it back as it was.
    fn carry(&mut self, at: usize) -> Result<(), WireError> {
        let Some(thought) = self.thoughts.get_mut(at).map(std::mem::take) else { return Ok(()) };
        if thought.text.is_empty() && thought.signature.is_empty() {
            return Ok(());
        }
        let block =
            json!({"type": "thinking", "thinking": joined(&thought.text), "signature": thought.signature});
        self.answer.carry(Wire::Anthropic, block)
    }

    /// Counts are totals so far; later ones replace earlier ones.
    fn count(&mut self, counts: Option<Counts>) {
        let Some(counts) = counts else { return };
        if let Some(cached) = counts.cache_read_input_tokens {
            self.answer.tokens.cached = cached;
        }
        if let Some(kept) = counts.cache_creation_input_tokens {
            self.answer.tokens.kept = kept;
        }
        if counts.input_tokens.is_some() {
            let parts =
                [counts.input_tokens, counts.cache_creation_input_tokens, counts.cache_read_input_tokens];
            self.answer.tokens.input =
                parts.into_iter().flatten().fold(0, u64::saturating_add).max(self.answer.tokens.input);
        }
        if let Some(output) = counts.output_tokens {
            self.answer.tokens.output = output;
        }
    }
}

fn stop_reason(word: &str) -> StopReason {
    match word {
        "end_turn" | "stop_sequence" => StopReason::EndTurn,
        "tool_use" => StopReason::ToolUse,
        "max_tokens" | "model_context_window_exceeded" => StopReason::MaxTokens,
        "refusal" => StopReason::Refusal,
        other => StopReason::Other(other.to_owned()),
    }
}

#[cfg(test)]
mod tests;
