//! A conversation as Chat Completions say it.
//!
//! What a server gave beside its calls goes back with them: its reasoning, its signatures. Where there is none, because
//! another model made the calls or in an earlier turn, a server that refuses to go without is given a stand-in.

use serde_json::{Value, json};

use super::thought::{DETAILS, THOUGHTS};
use crate::quirks::{self, Quirks, Seals, Thoughts, Turns};
use crate::request::{Carried, Message, Request};
use crate::wire::Wire;

/// The messages of a request.
pub(super) fn messages(request: &Request, quirks: Quirks) -> Vec<Value> {
    let mut messages = Vec::with_capacity(request.messages.len() + 1);
    if !request.system.trim().is_empty() {
        messages.push(json!({"role": "system", "content": request.system}));
    }
    let beside = Beside {
        quirks,
        wants_thoughts: quirks.wants_thoughts(&request.model),
        wants_seals: quirks.seals == Seals::Google && quirks::is_sealing(&request.model),
    };
    for message in &request.messages {
        let is_behind = |message: &Value| ["user", "tool"].iter().any(|role| message["role"] == *role);
        if quirks.turns == Turns::Strict
            && matches!(message, Message::User { .. })
            && messages.last().is_some_and(is_behind)
        {
            messages.push(json!({"role": "assistant", "content": SILENT}));
        }
        push(message, beside, &mut messages);
    }
    messages
}

/// What goes along with calls.
#[derive(Clone, Copy)]
struct Beside {
    quirks: Quirks,
    wants_thoughts: bool,
    wants_seals: bool,
}

fn push(message: &Message, beside: Beside, messages: &mut Vec<Value>) {
    let quirks = beside.quirks;
    match message {
        Message::User { text, images } if images.is_empty() => {
            messages.push(json!({"role": "user", "content": text}));
        }
        Message::User { text, images } => {
            let images = images
                .iter()
                .map(|image| json!({"type": "image_url", "image_url": {"url": image.address()}}));
            let parts: Vec<Value> =
                std::iter::once(json!({"type": "text", "text": text})).chain(images).collect();
            messages.push(json!({"role": "user", "content": parts}));
        }
        Message::Assistant { text, calls, carried } => {
            let mut message = json!({"role": "assistant", "content": text});
            if !calls.is_empty() {
                if text.is_empty() {
                    message["content"] = Value::Null;
                }
                let extras = || own(carried).filter_map(|value| value.get(EXTRA));
                let lacks_seal = beside.wants_seals && extras().next().is_none();
                let calls = calls.iter().enumerate().map(|(at, call)| {
                    let arguments = match &call.arguments.value {
                        Ok(_) if !call.arguments.raw.trim().is_empty() => call.arguments.raw.clone(),
                        _ => call.arguments.as_object().to_string(),
                    };
                    let function = json!({"name": call.name, "arguments": arguments});
                    let mut said =
                        json!({"id": quirks.id(&call.id), "type": "function", "function": function});
                    if let Some(extra) = extras().find_map(|extra| extra.get(&call.id)) {
                        said[EXTRA] = extra.clone();
                    } else if lacks_seal && at == 0 {
                        said[EXTRA] = json!({"google": {"thought_signature": NO_SEAL}});
                    }
                    said
                });
                message["tool_calls"] = calls.collect();
                let given = |key: &str| own(carried).find_map(|value| value.get(key));
                let given = |key: &str| given(key).filter(|_| quirks.thoughts != Thoughts::Never);
                let thoughts = given(THOUGHTS).cloned();
                if let Some(thoughts) =
                    thoughts.or_else(|| beside.wants_thoughts.then(|| quirks::FORGOTTEN.into()))
                {
                    message[THOUGHTS] = thoughts;
                }
                if let Some(details) = given(DETAILS) {
                    message[DETAILS] = details.clone();
                }
            }
            messages.push(message);
        }
        Message::ToolResults { results } => messages.extend(results.iter().map(
            |result| json!({"role": "tool", "tool_call_id": quirks.id(&result.call), "content": result.text}),
        )),
    }
}

/// What the model said where it said nothing and the person goes on.
const SILENT: &str = "…";

/// What some servers put beside a call and want back with it: Gemini its signature.
pub(super) const EXTRA: &str = "extra_content";

/// What Google names for a call that another model made.
const NO_SEAL: &str = "skip_thought_signature_validator";

/// What was carried for this wire.
fn own(carried: &[Carried]) -> impl Iterator<Item = &Value> {
    carried.iter().filter(|piece| piece.wire == Wire::OpenaiChat).map(|piece| &piece.value)
}
