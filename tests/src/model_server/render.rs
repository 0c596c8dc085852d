//! A reply in the words of a wire format.

use serde_json::{Value, json};

use super::holes;
use super::script::{End, Gate, Part, Reply, Stop};
use super::{Format, MODEL};

/// What goes out, in order.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// One event, or a literal body.
    Bytes(Vec<u8>),
    Wait(Gate),
}

/// The body of a reply, event by event.
pub(crate) fn body(format: Format, reply: &Reply) -> Vec<Step> {
    let literal = reply.parts.iter().any(|part| matches!(part, Part::Literal(_)));
    match format {
        _ if literal => reply.parts.iter().filter_map(as_it_is).collect(),
        Format::Anthropic => anthropic(reply),
        Format::OpenaiChat | Format::Azure => openai(reply),
        Format::OpenaiResponses => responses(reply),
        Format::Ollama => ollama(reply),
        Format::OllamaHole | Format::Completions | Format::LlamaCpp => holes::body(format, reply),
    }
}

/// One event of endless talk.
pub(crate) fn babble(format: Format) -> Vec<u8> {
    let text = "blah ".repeat(200);
    match format {
        Format::Anthropic => anthropic_text(&text),
        Format::OpenaiChat | Format::Azure => data(&chunk(&json!({"content": text}), &Value::Null)),
        Format::OpenaiResponses => responses_text(&text),
        Format::Ollama => ollama_line(&json!({"content": text}), None),
        Format::OllamaHole | Format::Completions | Format::LlamaCpp => holes::text(format, &text),
    }
}

/// One event that means nothing.
pub(crate) fn ping(format: Format) -> Vec<u8> {
    match format {
        Format::Anthropic => named("ping", &json!({"type": "ping"})),
        Format::OpenaiChat
        | Format::Azure
        | Format::OpenaiResponses
        | Format::Completions
        | Format::LlamaCpp => b": still here\n\n".to_vec(),
        Format::Ollama | Format::OllamaHole => b"\n".to_vec(),
    }
}

/// Whether the format's own end is left out.
pub(super) fn is_open(reply: &Reply) -> bool {
    matches!(reply.end, End::Early | End::Stall | End::Babble | End::Pings | End::EndlessLine | End::Drip)
}

fn as_it_is(part: &Part) -> Option<Step> {
    match part {
        Part::Literal(bytes) => Some(Step::Bytes(bytes.clone())),
        Part::Wait(gate) => Some(Step::Wait(gate.clone())),
        _ => None,
    }
}

fn named(name: &str, value: &Value) -> Vec<u8> {
    format!("event: {name}\ndata: {value}\n\n").into_bytes()
}

pub(super) fn data(value: &Value) -> Vec<u8> {
    format!("data: {value}\n\n").into_bytes()
}

fn anthropic_text(text: &str) -> Vec<u8> {
    let delta = json!({"type": "text_delta", "text": text});
    named("content_block_delta", &json!({"type": "content_block_delta", "index": 0, "delta": delta}))
}

fn anthropic(reply: &Reply) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut send = |name: &str, mut value: Value| {
        value["type"] = name.into();
        steps.push(Step::Bytes(named(name, &value)));
    };
    let fails_at_once = matches!(reply.parts.first(), Some(Part::Error { .. }));
    if !fails_at_once {
        let (input, _) = reply.usage.unwrap_or_default();
        let mut message = json!({
            "id": "msg_bench", "type": "message", "role": "assistant", "model": MODEL, "content": [],
            "stop_reason": null, "stop_sequence": null,
        });
        if reply.usage.is_some() {
            message["usage"] = json!({"input_tokens": input, "output_tokens": 1});
        }
        send("message_start", json!({"message": message}));
    }
    let mut index = 0;
    let mut open = None;
    let parts: Vec<Part> = match reply.end {
        // Babble needs a block to babble in.
        End::Babble if reply.parts.is_empty() => vec![Part::Text("Well,".to_owned())],
        _ => reply.parts.clone(),
    };
    for part in &parts {
        if !matches!(part, Part::Text(_) | Part::Wait(_) | Part::Ping)
            && let Some(at) = open.take()
        {
            send("content_block_stop", json!({"index": at}));
        }
        match part {
            Part::Text(text) => {
                let at = *open.get_or_insert_with(|| {
                    send(
                        "content_block_start",
                        json!({"index": index, "content_block": {"type": "text", "text": ""}}),
                    );
                    index += 1;
                    index - 1
                });
                send(
                    "content_block_delta",
                    json!({"index": at, "delta": {"type": "text_delta", "text": text}}),
                );
            }
            Part::Call { id, name, pieces } => {
                let block = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
                send("content_block_start", json!({"index": index, "content_block": block}));
                for piece in pieces {
                    let delta = json!({"type": "input_json_delta", "partial_json": piece});
                    send("content_block_delta", json!({"index": index, "delta": delta}));
                }
                send("content_block_stop", json!({"index": index}));
                index += 1;
            }
            Part::Error { kind, message } => {
                send("error", json!({"error": {"type": kind, "message": message}}));
            }
            Part::Ping => send("ping", json!({})),
            // A gate is a step of its own; it is put in below, where the list is free again.
            Part::Wait(_) => send("gate", json!({})),
            Part::Literal(_) => {}
        }
    }
    if !is_open(reply) {
        if let Some(at) = open {
            send("content_block_stop", json!({"index": at}));
        }
        let word = match reply.stop_word() {
            Stop::EndTurn => "end_turn".to_owned(),
            Stop::ToolUse => "tool_use".to_owned(),
            Stop::MaxTokens => "max_tokens".to_owned(),
            Stop::Refusal => "refusal".to_owned(),
            Stop::Word(word) => word,
        };
        let mut last = json!({"delta": {"stop_reason": word, "stop_sequence": null}});
        if let Some((_, output)) = reply.usage {
            last["usage"] = json!({"output_tokens": output});
        }
        send("message_delta", last);
        send("message_stop", json!({}));
    }
    with_gates(steps, &parts)
}

/// Puts the gates where `anthropic` left their marks.
fn with_gates(steps: Vec<Step>, parts: &[Part]) -> Vec<Step> {
    let mut gates = parts.iter().filter_map(|part| match part {
        Part::Wait(gate) => Some(gate.clone()),
        _ => None,
    });
    let is_mark = |step: &Step| matches!(step, Step::Bytes(bytes) if bytes.starts_with(b"event: gate\n"));
    steps
        .into_iter()
        .filter_map(|step| if is_mark(&step) { gates.next().map(Step::Wait) } else { Some(step) })
        .collect()
}

fn chunk(delta: &Value, finish: &Value) -> Value {
    json!({
        "id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1, "model": MODEL,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    })
}

fn openai(reply: &Reply) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut call_index = 0;
    if !matches!(reply.parts.first(), Some(Part::Error { .. })) {
        let first = json!({"role": "assistant", "content": ""});
        steps.push(Step::Bytes(data(&chunk(&first, &Value::Null))));
    }
    for part in &reply.parts {
        match part {
            Part::Text(text) => {
                steps.push(Step::Bytes(data(&chunk(&json!({"content": text}), &Value::Null))));
            }
            Part::Call { id, name, pieces } => {
                let function = json!({"name": name, "arguments": ""});
                let call = json!({"index": call_index, "id": id, "type": "function", "function": function});
                steps.push(Step::Bytes(data(&chunk(&json!({"tool_calls": [call]}), &Value::Null))));
                for piece in pieces {
                    let call = json!({"index": call_index, "function": {"arguments": piece}});
                    steps.push(Step::Bytes(data(&chunk(&json!({"tool_calls": [call]}), &Value::Null))));
                }
                call_index += 1;
            }
            Part::Error { kind, message } => {
                steps.push(Step::Bytes(data(&json!({"error": {"message": message, "type": kind}}))));
            }
            Part::Ping => steps.push(Step::Bytes(ping(Format::OpenaiChat))),
            Part::Wait(gate) => steps.push(Step::Wait(gate.clone())),
            Part::Literal(_) => {}
        }
    }
    if is_open(reply) {
        return steps;
    }
    let word = match reply.stop_word() {
        Stop::EndTurn => "stop".to_owned(),
        Stop::ToolUse => "tool_calls".to_owned(),
        Stop::MaxTokens => "length".to_owned(),
        Stop::Refusal => "content_filter".to_owned(),
        Stop::Word(word) => word,
    };
    steps.push(Step::Bytes(data(&chunk(&json!({}), &word.into()))));
    if let Some((input, output)) = reply.usage {
        let mut last = chunk(&json!({}), &Value::Null);
        last["choices"] = json!([]);
        last["usage"] =
            json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output});
        steps.push(Step::Bytes(data(&last)));
    }
    steps.push(Step::Bytes(b"data: [DONE]\n\n".to_vec()));
    steps
}

fn responses_text(text: &str) -> Vec<u8> {
    let delta =
        json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": text});
    named("response.output_text.delta", &delta)
}

fn responses(reply: &Reply) -> Vec<Step> {
    let mut steps = Vec::new();
    let event = |kind: &str, mut value: Value| {
        value["type"] = kind.into();
        Step::Bytes(named(kind, &value))
    };
    if !matches!(reply.parts.first(), Some(Part::Error { .. })) {
        let response =
            json!({"id": "resp_bench", "object": "response", "status": "in_progress", "model": MODEL});
        steps.push(event("response.created", json!({"response": response})));
    }
    for (index, part) in reply.parts.iter().enumerate() {
        match part {
            Part::Text(text) => steps.push(Step::Bytes(responses_text(text))),
            Part::Call { id, name, pieces } => {
                let item = |status: &str, arguments: &str| {
                    json!({
                        "type": "function_call", "id": format!("fc_{index}"), "call_id": id, "name": name,
                        "status": status, "arguments": arguments,
                    })
                };
                let added = json!({"output_index": index, "item": item("in_progress", "")});
                steps.push(event("response.output_item.added", added));
                for piece in pieces {
                    let delta = json!({"output_index": index, "delta": piece});
                    steps.push(event("response.function_call_arguments.delta", delta));
                }
                let done = json!({"output_index": index, "item": item("completed", &pieces.concat())});
                steps.push(event("response.output_item.done", done));
            }
            Part::Error { kind, message } => {
                steps.push(event("error", json!({"code": kind, "message": message})));
            }
            Part::Ping => steps.push(Step::Bytes(ping(Format::OpenaiResponses))),
            Part::Wait(gate) => steps.push(Step::Wait(gate.clone())),
            Part::Literal(_) => {}
        }
    }
    if is_open(reply) {
        return steps;
    }
    let (kind, reason) = match reply.stop_word() {
        Stop::EndTurn | Stop::ToolUse => ("response.completed", None),
        Stop::MaxTokens => ("response.incomplete", Some("max_output_tokens".to_owned())),
        Stop::Refusal => ("response.incomplete", Some("content_filter".to_owned())),
        Stop::Word(word) => ("response.incomplete", Some(word)),
    };
    let mut response =
        json!({"id": "resp_bench", "object": "response", "status": &kind["response.".len()..]});
    if let Some(reason) = reason {
        response["incomplete_details"] = json!({"reason": reason});
    }
    if let Some((input, output)) = reply.usage {
        response["usage"] =
            json!({"input_tokens": input, "output_tokens": output, "total_tokens": input + output});
    }
    steps.push(event(kind, json!({"response": response})));
    steps
}

fn ollama_line(message: &Value, end: Option<Value>) -> Vec<u8> {
    let mut line =
        json!({"model": MODEL, "created_at": "2026-11-21T09:00:00Z", "message": message, "done": false});
    line["message"]["role"] = "assistant".into();
    if let (Some(Value::Object(end)), Some(line)) = (end, line.as_object_mut()) {
        line.extend(end);
    }
    format!("{line}\n").into_bytes()
}

/// Calls come whole here; arguments that are no JSON come as the text that they are.
fn ollama(reply: &Reply) -> Vec<Step> {
    let mut steps = Vec::new();
    if !matches!(reply.parts.first(), Some(Part::Error { .. })) {
        steps.push(Step::Bytes(ollama_line(&json!({"content": ""}), None)));
    }
    for part in &reply.parts {
        match part {
            Part::Text(text) => steps.push(Step::Bytes(ollama_line(&json!({"content": text}), None))),
            Part::Call { id, name, pieces } => {
                let raw = pieces.concat();
                let arguments = serde_json::from_str::<Value>(&raw).ok().filter(Value::is_object);
                let function = json!({"name": name, "arguments": arguments.unwrap_or_else(|| raw.into())});
                let calls = json!([{"id": id, "function": function}]);
                steps.push(Step::Bytes(ollama_line(&json!({"content": "", "tool_calls": calls}), None)));
            }
            Part::Error { message, .. } => {
                steps.push(Step::Bytes(format!("{}\n", json!({"error": message})).into_bytes()));
            }
            Part::Ping => steps.push(Step::Bytes(ping(Format::Ollama))),
            Part::Wait(gate) => steps.push(Step::Wait(gate.clone())),
            Part::Literal(_) => {}
        }
    }
    if is_open(reply) {
        return steps;
    }
    let word = match reply.stop_word() {
        Stop::EndTurn | Stop::ToolUse => "stop".to_owned(),
        Stop::MaxTokens => "length".to_owned(),
        // It has no word for that.
        Stop::Refusal => "refusal".to_owned(),
        Stop::Word(word) => word,
    };
    let mut end = json!({"done": true, "done_reason": word});
    if let Some((input, output)) = reply.usage {
        end["prompt_eval_count"] = input.into();
        end["eval_count"] = output.into();
    }
    steps.push(Step::Bytes(ollama_line(&json!({"content": ""}), Some(end))));
    steps
}
