//! Ollama's own API: `POST {base_url}/api/chat`, answered as lines of JSON.
//!
//! Each line holds a piece of the message; the last one says `done`. Calls come whole and without ids, and their
//! results go back by the tool's name, in the order of the calls. The server cuts a prompt that is longer than its
//! window without a word; so each request says how large the window must be, in steps, since another size makes the
//! server load the model anew.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::{Answer, Progress, WireError};
use crate::endpoint::Endpoint;
use crate::facts::Facts;
use crate::request::{Message, Request};
use crate::schema::Forms;
use crate::wire::Piece;
use crate::{ModelEvent, StopReason, counts};

pub(crate) const PATH: &str = "/api/chat";

/// The windows that are asked for, in tokens, smallest first.
const WINDOWS: [u64; 5] = [8_192, 16_384, 32_768, 65_536, 131_072];

/// Room for the answer where the request sets no limit, in tokens.
const ROOM: u64 = 4_096;

/// What is known of a model's window, in tokens.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    /// As the config sets it: no other one is asked for.
    pub(crate) set: Option<u64>,
    /// The largest that the model has, as its server says.
    pub(crate) most: Option<u64>,
}

impl Window {
    pub(crate) fn of(endpoint: &Endpoint, model: &str, facts: &Facts) -> Self {
        let set = endpoint.models.get(model).and_then(|settings| settings.context_window);
        Self { set, most: facts.context_window }
    }

    /// The window to ask for where so many tokens must fit in.
    pub(crate) fn holding(self, tokens: u64) -> u64 {
        self.set.unwrap_or_else(|| window(tokens).min(self.most.unwrap_or(u64::MAX)))
    }
}

/// The body of a request.
pub(crate) fn body(request: &Request, window: Window) -> Value {
    let mut messages = Vec::with_capacity(request.messages.len() + 1);
    if !request.system.trim().is_empty() {
        messages.push(json!({"role": "system", "content": request.system}));
    }
    // A result names its tool: the calls of the message before it know which.
    let mut names: Vec<(&str, &str)> = Vec::new();
    for message in &request.messages {
        match message {
            Message::User { text, images } => {
                let mut message = json!({"role": "user", "content": text});
                if !images.is_empty() {
                    message["images"] = images.iter().map(|image| &*image.base64).collect();
                }
                messages.push(message);
            }
            Message::Assistant { text, calls, .. } => {
                let mut message = json!({"role": "assistant", "content": text});
                if !calls.is_empty() {
                    names = calls.iter().map(|call| (call.id.as_str(), call.name.as_str())).collect();
                    let calls = calls.iter().map(|call| {
                        json!({"function": {"name": call.name, "arguments": call.arguments.as_object()}})
                    });
                    message["tool_calls"] = calls.collect();
                }
                messages.push(message);
            }
            Message::ToolResults { results } => messages.extend(results.iter().map(|result| {
                let name = names.iter().find(|(id, _)| *id == result.call).map_or("", |(_, name)| name);
                json!({"role": "tool", "tool_name": name, "content": result.text})
            })),
        }
    }
    let mut body = json!({"model": request.model, "messages": messages, "stream": true});
    let tools = request.usable_tools();
    if !tools.is_empty() {
        let tools = tools.iter().map(|tool| {
            let function =
                json!({"name": tool.name, "description": tool.description, "parameters": tool.parameters});
            json!({"type": "function", "function": function})
        });
        body["tools"] = tools.collect();
    }
    if let Some(schema) = Forms::Alone.of(request) {
        body["format"] = schema.clone();
    }
    let mut options = json!({"num_ctx": window.holding(needed(request, &body))});
    if let Some(limit) = request.max_output_tokens {
        options["num_predict"] = limit.into();
    }
    body["options"] = options;
    body
}

/// The tokens of the request, counted at three bytes each, and of its answer.
fn needed(request: &Request, body: &Value) -> u64 {
    let prompt = body.to_string().len() as u64 / 3;
    prompt + request.max_output_tokens.map_or(ROOM, u64::from)
}

/// The smallest of [`WINDOWS`] that holds so many tokens.
fn window(tokens: u64) -> u64 {
    let largest = WINDOWS[WINDOWS.len() - 1];
    WINDOWS.into_iter().find(|window| *window >= tokens).unwrap_or(largest)
}

/// An answer being read.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) answer: Answer,
    reason: Option<StopReason>,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default)]
    message: Option<Said<'a>>,
    #[serde(default)]
    done: Option<bool>,
    #[serde(borrow, default)]
    done_reason: Option<Piece<'a>>,
    #[serde(default, deserialize_with = "counts::count")]
    prompt_eval_count: Option<u64>,
    #[serde(default, deserialize_with = "counts::count")]
    eval_count: Option<u64>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    content: Option<Piece<'a>>,
    #[serde(borrow, default)]
    thinking: Option<Piece<'a>>,
    #[serde(default)]
    tool_calls: Option<Vec<Called>>,
}

#[derive(Deserialize)]
struct Called {
    #[serde(default)]
    id: Option<String>,
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    #[serde(default)]
    name: String,
    #[serde(default)]
    arguments: Option<Value>,
}

impl Reader {
    /// Reads one line.
    pub(crate) fn read(&mut self, data: &str, out: &mut Vec<ModelEvent>) -> Result<Progress, WireError> {
        let line: Line<'_> = serde_json::from_str(data).map_err(|error| {
            let reason = format!("a line is no Ollama message: {error}");
            if error.is_eof() { WireError::Cut } else { WireError::Malformed(reason) }
        })?;
        if let Some(error) = line.error.filter(|error| !error.is_null()) {
            let message = error.as_str().map_or_else(|| error.to_string(), str::to_owned);
            // It names no kind; what it tells here is that its runner failed.
            return Err(WireError::Server { kind: "server_error".to_owned(), message });
        }
        if line.message.is_none() && line.done.is_none() {
            return Err(WireError::Malformed("a line is no Ollama message: it holds none".to_owned()));
        }
        self.answer.start(out);
        if let Some(said) = line.message {
            self.answer.reasoning(said.thinking.as_deref().unwrap_or(""), out)?;
            self.answer.text(said.content.as_deref().unwrap_or(""), out)?;
            for called in said.tool_calls.unwrap_or_default() {
                self.call(&called, out)?;
            }
        }
        if line.done != Some(true) {
            return Ok(Progress::More);
        }
        self.answer.tokens.input = line.prompt_eval_count.unwrap_or(0);
        self.answer.tokens.output = line.eval_count.unwrap_or(0);
        self.reason = Some(match line.done_reason.as_deref().unwrap_or("stop") {
            "stop" | "" => StopReason::EndTurn,
            "length" => StopReason::MaxTokens,
            other => StopReason::Other(other.to_owned()),
        });
        Ok(Progress::Done)
    }

    pub(crate) fn stop(&mut self) -> ModelEvent {
        let reason = self.reason.take().unwrap_or(StopReason::EndTurn);
        self.answer.stop(reason)
    }

    pub(crate) const fn answer(&self) -> &Answer {
        &self.answer
    }

    fn call(&mut self, called: &Called, out: &mut Vec<ModelEvent>) -> Result<(), WireError> {
        let at = self.answer.open(called.id.as_deref().unwrap_or(""), &called.function.name, out)?;
        match &called.function.arguments {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => self.answer.arguments(at, text, out)?,
            Some(whole) => self.answer.arguments(at, &whole.to_string(), out)?,
        }
        self.answer.close(at, out);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
