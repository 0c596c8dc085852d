//! An answer that comes as one document where a stream was asked for, told as the events of that stream.
//!
//! Some servers and gateways do not stream, or not on every wire, and say so by `application/json`. What they say is
//! the answer all the same. It is put into the events that its API would have sent, so that each wire has one reader.
//! A stream without a reason to stop was cut by somebody; a document that can be read to its end was not, so one that
//! says something and gives no reason has come to its end.
//!
//! Invariants
//! - A document that is no answer is an error, never an empty answer.

use futures_util::TryStreamExt;
use hyper::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use serde_json::{Value, json};

use crate::answer::WireError;
use crate::body::{self, Framing, Meter, Patience, PieceError, Pieces};
use crate::clients::Response;
use crate::failure;
use crate::wire::Wire;

/// What a response says that it is, where it is no stream.
pub(crate) const MEDIA_TYPE: &str = "application/json";

/// The pieces of an answer's body, in order, also of one that comes as a document.
pub(crate) fn pieces(response: Response, wire: Wire, patience: Patience, meter: &Meter) -> Pieces {
    let is_whole = failure::media_type(&response.headers) == MEDIA_TYPE;
    let has_length = has_length(&response.headers);
    let framing = if is_whole { Framing::Whole } else { wire.framing() };
    let pieces = body::pieces(response.pieces(), framing, patience, meter.clone());
    if !is_whole {
        return pieces;
    }
    let events = pieces.map_ok(move |document| match events(wire, &document) {
        Ok(events) => events.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error)],
    });
    let received = meter.clone();
    Box::pin(events.map_ok(futures_util::stream::iter).try_flatten().map_err(move |error| match error {
        PieceError::Cut if has_length && received.received() > 0 => PieceError::Malformed(
            "it has the length that its server says, and is JSON that ends in its middle".to_owned(),
        ),
        error => error,
    }))
}

/// Whether a body that came to its end in good order is all that its server had to say: its length, or an end of its
/// own, is part of it. Otherwise its end is that of the connection, which may have been cut.
fn has_length(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

/// The data of the events that say the same as this document, in order.
fn events(wire: Wire, document: &str) -> Result<Vec<String>, PieceError> {
    // A server of lines may call them so: each of them is a document.
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(document).into_iter().collect();
    let values = match values {
        Ok(values) if values.is_empty() => return Err(PieceError::Cut),
        Err(error) if error.is_eof() => return Err(PieceError::Cut),
        Err(_) => return Err(PieceError::Malformed(told())),
        Ok(values) => values,
    };
    if !values.iter().any(|value| is_answer(wire, value)) {
        return Err(match values.iter().find_map(failure::error_in) {
            Some(WireError::Server { kind, message }) => PieceError::Server { kind, message },
            _ => PieceError::Malformed(told()),
        });
    }
    let is_alone = values.len() == 1;
    let ended = |value| if is_alone { ended(wire, value) } else { value };
    let events = values.into_iter().map(ended).flat_map(|value| match wire {
        Wire::Anthropic => of_message(value),
        Wire::OpenaiResponses => vec![of_response(value)],
        // Their readers take an answer in one piece.
        Wire::OpenaiChat | Wire::Azure | Wire::Ollama | Wire::Infill(_) => vec![value],
    });
    Ok(events.map(|event| event.to_string()).collect())
}

/// An answer with its reason to stop, where it says something and gives none.
fn ended(wire: Wire, mut answer: Value) -> Value {
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let is_list = |value: &Value| value.as_array().is_some_and(|items| !items.is_empty());
    let says = |value: &Value| is_text(value) || is_list(value);
    let is_missing = |value: &Value| value.is_null() || value == "";
    match wire {
        Wire::Anthropic => {
            let blocks = answer["content"].as_array().map_or(&[][..], Vec::as_slice);
            let calls = blocks.iter().any(|block| block["type"] == "tool_use");
            let speaks = calls || blocks.iter().any(|block| is_text(&block["text"]));
            if speaks && is_missing(&answer["stop_reason"]) {
                answer["stop_reason"] = if calls { "tool_use" } else { "end_turn" }.into();
            }
        }
        Wire::OpenaiChat | Wire::Azure => {
            for choice in answer["choices"].as_array_mut().into_iter().flatten() {
                let calls = is_list(&choice["message"]["tool_calls"]);
                let speaks = calls || says(&choice["message"]["content"]) || is_text(&choice["text"]);
                if speaks && is_missing(&choice["finish_reason"]) {
                    choice["finish_reason"] = if calls { "tool_calls" } else { "stop" }.into();
                }
            }
        }
        Wire::Ollama => {
            let said = &answer["message"];
            if (says(&said["content"]) || is_list(&said["tool_calls"])) && answer["done"].is_null() {
                answer["done"] = true.into();
            }
        }
        Wire::Infill(_) => {
            for choice in answer["choices"].as_array_mut().into_iter().flatten() {
                let speaks = is_text(&choice["text"]) || says(&choice["message"]["content"]);
                if speaks && is_missing(&choice["finish_reason"]) {
                    choice["finish_reason"] = "stop".into();
                }
            }
            if (is_text(&answer["response"]) || is_text(&answer["content"]))
                && answer["done"].is_null()
                && answer["stop"].is_null()
            {
                answer["done"] = true.into();
            }
        }
        // It has a state, and without one counts as completed.
        Wire::OpenaiResponses => {}
    }
    answer
}

fn told() -> String {
    format!("it is {MEDIA_TYPE} where a stream was asked for, and holds no answer")
}

/// Whether it has what an answer of this API has.
fn is_answer(wire: Wire, value: &Value) -> bool {
    match wire {
        Wire::Anthropic => value["content"].is_array(),
        Wire::OpenaiResponses => value["output"].is_array(),
        Wire::OpenaiChat | Wire::Azure => value["choices"].is_array(),
        Wire::Ollama => value["message"].is_object(),
        Wire::Infill(_) => {
            value["choices"].is_array() || value["response"].is_string() || value["content"].is_string()
        }
    }
}

/// A message of Anthropic: its blocks one after the other, each begun with all that is in it.
fn of_message(mut message: Value) -> Vec<Value> {
    let blocks = message["content"].take();
    let usage = message["usage"].take();
    let reason = message["stop_reason"].take();
    let mut events = vec![json!({"type": "message_start", "message": {"usage": usage}})];
    for (index, block) in blocks.as_array().into_iter().flatten().enumerate() {
        events.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": reason}}));
    events.push(json!({"type": "message_stop"}));
    events
}

/// A response of `OpenAI`: its last event, which repeats all of it.
fn of_response(response: Value) -> Value {
    let status = response["status"].as_str().unwrap_or("completed");
    json!({"type": format!("response.{status}"), "response": response})
}

#[cfg(test)]
mod tests;
