//! OpenAI Responses: `POST {base_url}/responses`, answered as server-sent events.
//!
//! An answer is a list of output items: messages, function calls and reasoning. Nothing is stored on the provider's
//! side (`store: false`); so that a reasoning model keeps its train of thought through its tool calls, its reasoning
//! items come back sealed and are carried, in their order, into the next request. `response.completed`,
//! `response.incomplete` and `response.failed` are the terminators.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{Answer, Progress, WireError};
use crate::request::{Message, Part, Request, parts};
use crate::wire::{Piece, Wire};
use crate::{ModelEvent, StopReason, counts, failure, schema};

pub(crate) const PATH: &str = "/responses";

/// The body of a request.
pub(crate) fn body(request: &Request) -> Value {
    let mut input = Vec::with_capacity(request.messages.len());
    for message in &request.messages {
        push(message, &mut input);
    }
    let mut body = json!({"model": request.model, "input": input, "stream": true, "store": false});
    if !request.system.trim().is_empty() {
        body["instructions"] = request.system.as_str().into();
    }
    let tools = request.usable_tools();
    if !tools.is_empty() {
        let tools = tools.iter().map(|tool| {
            json!({
                "type": "function", "name": tool.name, "description": tool.description,
                "parameters": tool.parameters, "strict": false,
            })
        });
        body["tools"] = tools.collect();
    }
    if reasons(&request.model) {
        body["include"] = json!(["reasoning.encrypted_content"]);
    }
    if let Some(schema) = &request.schema {
        let strict = schema::is_strict(schema);
        body["text"] = json!({
            "format": {"type": "json_schema", "name": schema::NAME, "schema": schema, "strict": strict},
        });
    }
    if let Some(limit) = request.max_output_tokens {
        body["max_output_tokens"] = limit.into();
    }
    if let Some(key) = &request.cache_key {
        body["prompt_cache_key"] = key.as_str().into();
    }
    body
}

/// Whether a model reasons. One that does not refuses a request that asks for sealed reasoning.
fn reasons(model: &str) -> bool {
    // A deployment or a router may put its own word before the model's name.
    let name = model.rsplit('/').next().unwrap_or(model);
    let numbered = name.strip_prefix('o').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    numbered || name.contains("codex") || name.starts_with("gpt-5") && !name.contains("-chat")
}

fn push(message: &Message, input: &mut Vec<Value>) {
    match message {
        Message::User { text, images } => {
            let images =
                images.iter().map(|image| json!({"type": "input_image", "image_url": image.address()}));
            let parts: Vec<Value> =
                std::iter::once(json!({"type": "input_text", "text": text})).chain(images).collect();
            input.push(json!({"role": "user", "content": parts}));
        }
        Message::Assistant { text, calls, carried } => {
            input.extend(parts(text, calls, carried, Wire::OpenaiResponses).into_iter().map(|part| match part {
                Part::Carried(item) => item.clone(),
                Part::Text(text) => {
                    json!({"role": "assistant", "content": [{"type": "output_text", "text": text}]})
                }
                Part::Call(call) => {
                    let arguments = call.arguments.as_object().to_string();
                    json!({"type": "function_call", "call_id": call.id, "name": call.name, "arguments": arguments})
                }
            }));
        }
        Message::ToolResults { results } => input.extend(results.iter().map(
            |result| json!({"type": "function_call_output", "call_id": result.call, "output": result.text}),
        )),
    }
}

/// An answer being read.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) answer: Answer,
    /// By the server's index of the output item: the number of the call in `answer`.
    calls: Vec<(u64, Call)>,
    refused: bool,
    /// Text came piece by piece.
    has_words: bool,
    /// Text came with the end of its item.
    has_messages: bool,
    reason: Option<StopReason>,
}

#[derive(Clone, Copy, Debug)]
struct Call {
    at: usize,
    /// Whether any piece of its arguments came.
    filled: bool,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(default)]
    output_index: u64,
    #[serde(borrow, default)]
    delta: Option<Piece<'a>>,
    #[serde(default)]
    item: Option<Value>,
    #[serde(default)]
    response: Option<Response>,
    /// An error of the stream itself stands here, or under `error`.
    #[serde(default)]
    code: Option<Value>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Response {
    #[serde(default, deserialize_with = "counts::read")]
    usage: Option<Counts>,
    #[serde(default)]
    error: Option<Value>,
    #[serde(default)]
    incomplete_details: Option<Value>,
    #[serde(default)]
    output: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct Counts {
    #[serde(default, deserialize_with = "counts::count")]
    input_tokens: Option<u64>,
    #[serde(default, deserialize_with = "counts::count")]
    output_tokens: Option<u64>,
    #[serde(default)]
    input_tokens_details: Option<Value>,
}

impl Reader {
    /// Reads the data of one server-sent event.
    pub(crate) fn read(&mut self, data: &str, out: &mut Vec<ModelEvent>) -> Result<Progress, WireError> {
        let frame: Frame<'_> = serde_json::from_str(data).map_err(|error| {
            WireError::Malformed(format!("an event is no OpenAI response event: {error}"))
        })?;
        if &*frame.kind == "error" {
            let own = || json!({"code": frame.code, "message": frame.message});
            return Err(failure::server_error(
                &frame.error.filter(|error| !error.is_null()).unwrap_or_else(own),
            ));
        }
        if !frame.kind.starts_with("response.") {
            // Signs of life, news of limits, and what else stands between the events of an answer.
            return Ok(Progress::More);
        }
        if &*frame.kind == "response.failed" {
            self.count(frame.response.as_ref());
            let error = frame.response.and_then(|response| response.error).unwrap_or(Value::Null);
            return Err(failure::server_error(&error));
        }
        self.answer.start(out);
        let delta = frame.delta.as_deref().unwrap_or("");
        match &*frame.kind {
            "response.output_text.delta" => {
                self.has_words = true;
                self.answer.text(delta, out)?;
            }
            "response.refusal.delta" => {
                (self.has_words, self.refused) = (true, true);
                self.answer.text(delta, out)?;
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.answer.reasoning(delta, out)?;
            }
            "response.output_item.added" => self.begin(frame.output_index, frame.item, out)?,
            "response.function_call_arguments.delta" => self.fill(frame.output_index, delta, out)?,
            "response.output_item.done" => self.end(frame.output_index, frame.item, out)?,
            "response.completed" => {
                self.count(frame.response.as_ref());
                self.take_whole(frame.response.and_then(|response| response.output), out)?;
                self.reason = Some(StopReason::EndTurn);
                return Ok(Progress::Done);
            }
            "response.incomplete" => {
                self.count(frame.response.as_ref());
                let (details, output) = frame
                    .response
                    .map_or((None, None), |response| (response.incomplete_details, response.output));
                self.take_whole(output, out)?;
                self.reason = Some(cut(details));
                return Ok(Progress::Done);
            }
            // Kinds that come with later versions of the API, and ends of pieces that were read as they came.
            _ => {}
        }
        Ok(Progress::More)
    }

    pub(crate) fn stop(&mut self) -> ModelEvent {
        let reason = match self.reason.take() {
            _ if self.refused => StopReason::Refusal,
            reason => reason.unwrap_or(StopReason::EndTurn),
        };
        self.answer.stop(reason)
    }

    pub(crate) const fn answer(&self) -> &Answer {
        &self.answer
    }

    fn call(&mut self, index: u64) -> Option<&mut Call> {
        self.calls.iter_mut().rev().find(|(at, _)| *at == index).map(|(_, call)| call)
    }

    fn begin(&mut self, index: u64, item: Option<Value>, out: &mut Vec<ModelEvent>) -> Result<(), WireError> {
        let Some(item) = item.filter(|item| item["type"] == "function_call") else { return Ok(()) };
        let text = |key: &str| item[key].as_str().unwrap_or("").to_owned();
        let id = if text("call_id").is_empty() { text("id") } else { text("call_id") };
        let at = self.answer.open(&id, &text("name"), out)?;
        self.calls.push((index, Call { at, filled: false }));
        Ok(())
    }

    fn fill(&mut self, index: u64, delta: &str, out: &mut Vec<ModelEvent>) -> Result<(), WireError> {
        let Some(call) = self.call(index) else {
            return Err(WireError::Malformed(format!("call {index} is filled before it begins")));
        };
        call.filled |= !delta.is_empty();
        let at = call.at;
        self.answer.arguments(at, delta, out)
    }

    /// An item is whole: a call's arguments may come only now, and reasoning is carried.
    fn end(&mut self, index: u64, item: Option<Value>, out: &mut Vec<ModelEvent>) -> Result<(), WireError> {
        let Some(mut item) = item else { return Ok(()) };
        match item["type"].as_str() {
            Some("reasoning") => {
                // What is not sealed is not known to a provider that stores nothing.
                let Some(sealed) = item["encrypted_content"].as_str() else { return Ok(()) };
                self.answer.grow(sealed.len())?;
                if let Some(fields) = item.as_object_mut() {
                    fields.remove("status");
                }
                self.answer.carry(Wire::OpenaiResponses, item)
            }
            Some("function_call") => {
                if self.call(index).is_none() {
                    self.begin(index, Some(item.clone()), out)?;
                }
                let Some(call) = self.call(index).map(|call| *call) else { return Ok(()) };
                if !call.filled {
                    self.answer.arguments(call.at, item["arguments"].as_str().unwrap_or(""), out)?;
                }
                self.answer.close(call.at, out);
                Ok(())
            }
            // Its words came as they were written, but for servers that send them at its end.
            Some("message") if !self.has_words => {
                self.has_messages = true;
                for part in item["content"].as_array().into_iter().flatten() {
                    self.refused |= part["refusal"].is_string();
                    let words = part["text"].as_str().or_else(|| part["refusal"].as_str());
                    self.answer.text(words.unwrap_or(""), out)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The items of an answer of which nothing came before it was whole.
    fn take_whole(&mut self, output: Option<Vec<Value>>, out: &mut Vec<ModelEvent>) -> Result<(), WireError> {
        if self.has_words || self.has_messages || !self.calls.is_empty() {
            return Ok(());
        }
        let has_thought = self.answer.size() > 0;
        for (at, item) in (0..).zip(output.unwrap_or_default()) {
            if item["type"] == "reasoning" {
                if has_thought {
                    continue;
                }
                for part in item["summary"].as_array().into_iter().flatten() {
                    self.answer.reasoning(part["text"].as_str().unwrap_or(""), out)?;
                }
            }
            self.end(at, Some(item), out)?;
        }
        Ok(())
    }

    fn count(&mut self, response: Option<&Response>) {
        let Some(counts) = response.and_then(|response| response.usage.as_ref()) else { return };
        self.answer.tokens.input = counts.input_tokens.unwrap_or(0);
        self.answer.tokens.cached = counts::cached(counts.input_tokens_details.as_ref()).unwrap_or(0);
        self.answer.tokens.output = counts.output_tokens.unwrap_or(0);
    }
}

/// Why an answer is not complete.
fn cut(details: Option<Value>) -> StopReason {
    let details = details.unwrap_or(Value::Null);
    match details["reason"].as_str().unwrap_or("incomplete") {
        "max_output_tokens" => StopReason::MaxTokens,
        "content_filter" => StopReason::Refusal,
        other => StopReason::Other(other.to_owned()),
    }
}

#[cfg(test)]
mod tests;
