//! OpenAI Chat Completions: `POST {base_url}/chat/completions`, answered as server-sent events.
//!
//! Spoken by many servers with small differences: what requests must say differently stands in [`crate::quirks`], and
//! the reader is generous: `[DONE]` may be missing where a `finish_reason` came and the stream ended in good order,
//! usage may be missing, arguments may come whole or as an object, reasoning may come under either of two names, usage
//! in one of three places, `delta` may be null or be called `message`, ids and indexes may be missing, repeated or
//! written as the other's kind. It is strict in one thing: an answer without a `finish_reason` is no answer, also where
//! it was declared `[DONE]`, as gateways do when the server behind them breaks off.

mod chunk;
mod said;
mod thought;

use std::borrow::Cow;

use serde_json::{Value, json};

use chunk::{CallDelta, Chunk, Content, Counts, Id, OneOf};
use said::EXTRA;
use thought::Thoughts;

use crate::answer::{Answer, Progress, WireError};
use crate::quirks::{self, Quirks};
use crate::request::Request;
use crate::wire::Wire;
use crate::{ModelEvent, StopReason, counts, failure, schema};

pub(crate) const PATH: &str = "/chat/completions";

/// The body of a request.
pub(crate) fn body(request: &Request, quirks: Quirks) -> Value {
    let mut body = json!({
        "model": request.model,
        "messages": said::messages(request, quirks),
        "stream": true,
    });
    if quirks.usage == quirks::Usage::Asked {
        body["stream_options"] = json!({"include_usage": true});
    }
    let tools = request.usable_tools();
    if !tools.is_empty() {
        let tools = tools.iter().map(|tool| {
            let function = json!({
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
            });
            json!({"type": "function", "function": function})
        });
        body["tools"] = tools.collect();
    }
    if let Some(schema) = quirks.forms.of(request) {
        let format = json!({"name": schema::NAME, "schema": schema, "strict": schema::is_strict(schema)});
        body["response_format"] = json!({"type": "json_schema", "json_schema": format});
    }
    if let Some(limit) = request.max_output_tokens {
        body[quirks.limit] = limit.into();
    }
    body
}

/// An answer being read.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) answer: Answer,
    /// The reasoning so far, as it goes back.
    thoughts: Thoughts,
    /// What stood beside calls, by number in `answer`.
    extra: Vec<(usize, Value)>,
    /// The server's index and id of each call, with its number in `answer`.
    calls: Vec<Known>,
    refused: bool,
    reason: Option<StopReason>,
}

#[derive(Debug)]
struct Known {
    index: Option<u64>,
    id: String,
    at: usize,
    /// Its first piece had all of its arguments.
    is_whole: bool,
}

impl Reader {
    /// Reads the data of one server-sent event.
    pub(crate) fn read(&mut self, data: &str, out: &mut Vec<ModelEvent>) -> Result<Progress, WireError> {
        if data.trim() == "[DONE]" {
            return match self.reason {
                Some(_) => Ok(Progress::Done),
                None if self.refused => Ok(Progress::Done),
                None if self.answer.has_started() => Err(WireError::Cut),
                None => Err(WireError::Malformed("it was declared done before it began".to_owned())),
            };
        }
        let chunk: Chunk<'_> = serde_json::from_str(data).map_err(|error| foreign(data, &error))?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            return Err(failure::server_error(&error));
        }
        if chunk.choices.is_none() && chunk.usage.is_none() {
            let whole: Value = serde_json::from_str(data).unwrap_or_default();
            if let Some(error) = failure::error_in(&whole) {
                return Err(error);
            }
            // One that is null is a sign of life.
            if chunk.object.is_none() && whole.get("choices").is_none() {
                return Err(WireError::Malformed(
                    "an event is no chat completion chunk: it has no choices".to_owned(),
                ));
            }
        }
        self.answer.start(out);
        self.count(chunk.usage.or_else(|| chunk.x_groq?.usage));
        for choice in chunk.choices.unwrap_or_default() {
            if choice.index.unwrap_or(0) == 0 {
                self.choice(choice, out)?;
            }
        }
        Ok(Progress::More)
    }

    pub(crate) const fn may_end(&self) -> bool {
        self.reason.is_some()
    }

    pub(crate) fn stop(&mut self) -> ModelEvent {
        let reason = match self.reason.take() {
            _ if self.refused => StopReason::Refusal,
            reason => reason.unwrap_or(StopReason::EndTurn),
        };
        self.carry();
        self.answer.stop(reason)
    }

    pub(crate) const fn answer(&self) -> &Answer {
        &self.answer
    }

    /// Counts are totals so far; later ones replace earlier ones.
    fn count(&mut self, counts: Option<Counts>) {
        let Some(counts) = counts else { return };
        let tokens = &mut self.answer.tokens;
        tokens.input = counts.prompt_tokens.unwrap_or(tokens.input);
        // What was thought stands, with some, in the total alone.
        let beside = counts.total_tokens.and_then(|total| total.checked_sub(counts.prompt_tokens?));
        tokens.output = counts.completion_tokens.max(beside).unwrap_or(tokens.output);
        let cached = counts.prompt_tokens_details.map(|details| counts::cached(Some(&details)).unwrap_or(0));
        tokens.cached = counts.prompt_cache_hit_tokens.or(cached).unwrap_or(tokens.cached);
    }

    /// What the server wants back with the calls of this answer.
    fn carry(&mut self) {
        if self.calls.is_empty() {
            return;
        }
        if let Some(thoughts) = std::mem::take(&mut self.thoughts).carried() {
            self.answer.carry_counted(Wire::OpenaiChat, thoughts);
        }
        let mut beside = serde_json::Map::new();
        for (at, extra) in std::mem::take(&mut self.extra) {
            beside.extend(self.answer.id(at).map(|id| (id.to_owned(), extra)));
        }
        if !beside.is_empty() {
            self.answer.carry_counted(Wire::OpenaiChat, json!({ EXTRA: beside }));
        }
    }

    fn choice(&mut self, choice: OneOf<'_>, out: &mut Vec<ModelEvent>) -> Result<(), WireError> {
        self.count(choice.usage);
        if let Some(text) = &choice.text {
            self.answer.text(text, out)?;
        }
        if let Some(delta) = choice.delta.or(choice.message) {
            self.answer.grow(self.thoughts.details(delta.reasoning_details.unwrap_or_default()))?;
            self.thoughts.text(delta.reasoning_content.as_deref().unwrap_or(""));
            let reasoning = delta.reasoning_content.or(delta.reasoning);
            self.answer.reasoning(reasoning.as_deref().unwrap_or(""), out)?;
            match &delta.content {
                None => {}
                Some(Content::Text(text)) => self.answer.text(text, out)?,
                Some(Content::Parts(parts)) => self.parts(parts, out)?,
            }
            if let Some(refusal) = delta.refusal.filter(|refusal| !refusal.is_empty()) {
                self.refused = true;
                self.answer.text(&refusal, out)?;
            }
            for call in delta.tool_calls.unwrap_or_default() {
                self.call(&call, out)?;
            }
        }
        if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
            let reason = stop_reason(&reason)?;
            if reason != StopReason::MaxTokens {
                self.answer.close_all(out);
            }
            self.reason = Some(reason);
        }
        Ok(())
    }

    fn parts(&mut self, parts: &[Value], out: &mut Vec<ModelEvent>) -> Result<(), WireError> {
        for part in parts {
            for thought in part["thinking"].as_array().into_iter().flatten() {
                self.answer.reasoning(thought["text"].as_str().unwrap_or(""), out)?;
            }
            self.answer.text(part["text"].as_str().unwrap_or(""), out)?;
        }
        Ok(())
    }

    fn call(&mut self, delta: &CallDelta<'_>, out: &mut Vec<ModelEvent>) -> Result<(), WireError> {
        let id = delta.id.as_ref().map_or(Cow::Borrowed(""), Id::text);
        let id = id.as_ref();
        let name = delta.function.as_ref().and_then(|function| function.name.as_deref()).unwrap_or("");
        let arguments = delta.function.as_ref().and_then(|function| function.arguments.as_ref());
        let at = if let Some(at) = self.known(delta.index, id, name, arguments) {
            at
        } else {
            let at = self.answer.open(id, name, out)?;
            let is_whole = arguments.is_some_and(is_whole);
            self.calls.push(Known { index: delta.index, id: id.to_owned(), at, is_whole });
            at
        };
        if let Some(extra) = delta.extra_content.clone().filter(|extra| !extra.is_null()) {
            self.answer.grow(extra.to_string().len())?;
            self.extra.push((at, extra));
        }
        match arguments {
            None | Some(Value::Null) => Ok(()),
            Some(Value::String(piece)) => self.answer.arguments(at, piece, out),
            Some(whole) => self.answer.arguments(at, &whole.to_string(), out),
        }
    }

    /// The call that a delta goes on with. An index seen before means that call, but for servers that number every
    /// call 0 and tell them apart by their ids, or have no ids and send each whole; without an index the id decides,
    /// and without both it is the last call unless a name begins a new one.
    fn known(&self, index: Option<u64>, id: &str, name: &str, arguments: Option<&Value>) -> Option<usize> {
        let known = match (index, id) {
            (Some(_), _) => self.calls.iter().rev().find(|call| call.index == index)?,
            (None, "") if name.is_empty() => return self.answer.last_call(),
            (None, "") => return None,
            (None, id) => self.calls.iter().rev().find(|call| call.id == id)?,
        };
        // Some repeat the name with each piece, but behind whole arguments no piece follows.
        let is_next = || known.is_whole && !name.is_empty() && arguments.is_some_and(says_something);
        let another = match id {
            "" => known.id.is_empty() && is_next(),
            id => !known.id.is_empty() && known.id != id,
        };
        (!another).then_some(known.at)
    }
}

/// Whether arguments are whole as they stand: an object, or the text of one.
fn is_whole(arguments: &Value) -> bool {
    match arguments {
        Value::String(text) => serde_json::from_str::<serde_json::Map<String, Value>>(text).is_ok(),
        arguments => arguments.is_object(),
    }
}

fn says_something(arguments: &Value) -> bool {
    match arguments {
        Value::String(text) => !text.trim().is_empty(),
        arguments => !arguments.is_null(),
    }
}

/// What an event says that is no chunk: in plain words it is an error that a person can read.
fn foreign(data: &str, error: &serde_json::Error) -> WireError {
    let is_words = data.starts_with(|first: char| first.is_alphabetic()) && data.contains(' ');
    let says = if is_words { format!("it says '{}'", data.trim()) } else { error.to_string() };
    WireError::Malformed(format!("an event is no chat completion chunk: {says}"))
}

/// Why it stopped; an error where the server says so in place of a reason.
fn stop_reason(word: &str) -> Result<StopReason, WireError> {
    let reason = match word {
        "stop" | "eos" | "end_turn" => StopReason::EndTurn,
        "tool_calls" | "function_call" => StopReason::ToolUse,
        "length" | "max_tokens" | "model_length" | "MAX_TOKENS" => StopReason::MaxTokens,
        "content_filter" => StopReason::Refusal,
        "error" | "insufficient_system_resource" => {
            let message = format!("it stopped with '{word}'");
            return Err(WireError::Server { kind: "server_error".to_owned(), message });
        }
        other => StopReason::Other(other.to_owned()),
    };
    Ok(reason)
}

#[cfg(test)]
mod servers;
#[cfg(test)]
mod tests;
