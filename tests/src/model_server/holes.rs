//! A reply in the words of formats that fill holes: Ollama's, OpenAI's older completions, llama.cpp's.

use serde_json::json;

use super::render::{Step, data, is_open, ping};
use super::script::{Part, Reply, Stop};
use super::{Format, MODEL};

/// One piece of text.
pub(super) fn text(format: Format, text: &str) -> Vec<u8> {
    match format {
        Format::OllamaHole => {
            format!("{}\n", json!({"model": MODEL, "response": text, "done": false})).into_bytes()
        }
        Format::LlamaCpp => data(&json!({"content": text, "stop": false})),
        _ => data(&json!({
            "object": "text_completion", "model": MODEL,
            "choices": [{"index": 0, "text": text, "finish_reason": null}],
        })),
    }
}

/// What fills a hole is text and nothing else.
pub(super) fn body(format: Format, reply: &Reply) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in &reply.parts {
        match part {
            Part::Text(said) => steps.push(Step::Bytes(text(format, said))),
            Part::Error { kind, message } => {
                let error = json!({"error": {"message": message, "type": kind}});
                let line = format!("{error}\n").into_bytes();
                steps.push(Step::Bytes(if format == Format::OllamaHole { line } else { data(&error) }));
            }
            Part::Ping => steps.push(Step::Bytes(ping(format))),
            Part::Wait(gate) => steps.push(Step::Wait(gate.clone())),
            Part::Call { .. } | Part::Literal(_) => {}
        }
    }
    if is_open(reply) {
        return steps;
    }
    let is_cut = reply.stop_word() == Stop::MaxTokens;
    let (input, output) = reply.usage.unwrap_or_default();
    let mut end = match format {
        Format::OllamaHole => {
            json!({"model": MODEL, "response": "", "done": true, "done_reason": if is_cut { "length" } else { "stop" }})
        }
        Format::LlamaCpp => {
            json!({"content": "", "stop": true, "stop_type": if is_cut { "limit" } else { "eos" }})
        }
        _ => {
            json!({"choices": [{"index": 0, "text": "", "finish_reason": if is_cut { "length" } else { "stop" }}]})
        }
    };
    if reply.usage.is_some() {
        match format {
            Format::OllamaHole => {
                end["prompt_eval_count"] = input.into();
                end["eval_count"] = output.into();
            }
            Format::LlamaCpp => {
                end["tokens_evaluated"] = input.into();
                end["tokens_predicted"] = output.into();
            }
            _ => end["usage"] = json!({"prompt_tokens": input, "completion_tokens": output}),
        }
    }
    steps.push(Step::Bytes(if format == Format::OllamaHole {
        format!("{end}\n").into_bytes()
    } else {
        data(&end)
    }));
    if format == Format::Completions {
        steps.push(Step::Bytes(b"data: [DONE]\n\n".to_vec()));
    }
    steps
}
