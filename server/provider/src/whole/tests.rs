//! Documents beside the streams that say the same.

use copydesk_base::Usage;

use super::*;
use crate::answer::Progress;
use crate::fixture::joined;
use crate::infill::InfillFormat;
use crate::{ModelEvent, StopReason};

/// What comes of events: the pieces, whether the answer is whole, its last event and its count.
fn read(wire: Wire, events: &[String]) -> (Vec<ModelEvent>, bool, ModelEvent, Usage) {
    let mut reader = wire.reader();
    let mut out = Vec::new();
    let mut is_whole = false;
    for event in events {
        is_whole = reader.read(event, &mut out).unwrap() == Progress::Done;
    }
    let is_whole = is_whole || reader.may_end();
    (joined(&out), is_whole, reader.stop(), reader.usage())
}

#[test]
fn a_document_is_what_its_stream_would_have_been() {
    let check = |wire: Wire, document: Value, stream: &[Value]| {
        let told = events(wire, &format!("{document:#}\n")).unwrap();
        let stream: Vec<String> = stream.iter().map(Value::to_string).collect();
        let (got, expect) = (read(wire, &told), read(wire, &stream));
        assert_eq!(got, expect, "{wire:?}");
        assert!(got.1, "{wire:?}: it is whole");
    };
    let thinking = json!({"type": "thinking", "thinking": "Hm.", "signature": "c2ln"});
    let tool = json!({"type": "tool_use", "id": "t", "name": "read", "input": {"path": "a"}});
    check(
        Wire::Anthropic,
        json!({
            "type": "message", "role": "assistant", "stop_reason": "tool_use",
            "content": [thinking, {"type": "text", "text": "So."}, tool],
            "usage": {"input_tokens": 7, "cache_read_input_tokens": 3, "output_tokens": 5},
        }),
        &[
            json!({"type": "message_start", "message": {"usage": {"input_tokens": 7, "cache_read_input_tokens": 3}}}),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"thinking": "Hm."}}),
            json!({"type": "content_block_delta", "index": 0, "delta": {"signature": "c2ln"}}),
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}),
            json!({"type": "content_block_delta", "index": 1, "delta": {"text": "So."}}),
            json!({"type": "content_block_stop", "index": 1}),
            json!({"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "t", "name": "read", "input": {}}}),
            json!({"type": "content_block_delta", "index": 2, "delta": {"partial_json": "{\"path\":\"a\"}"}}),
            json!({"type": "content_block_stop", "index": 2}),
            json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}}),
            json!({"type": "message_stop"}),
        ],
    );
    let call = json!({"index": 0, "id": "t", "function": {"name": "read", "arguments": "{\"path\":\"a\"}"}});
    let counts = json!({"prompt_tokens": 7, "completion_tokens": 5});
    for wire in [Wire::OpenaiChat, Wire::Azure] {
        check(
            wire,
            json!({
                "object": "chat.completion", "usage": counts,
                "choices": [{
                    "index": 0, "finish_reason": "tool_calls",
                    "message": {"role": "assistant", "reasoning_content": "Hm.", "content": "So.", "tool_calls": [call]},
                }],
            }),
            &[
                json!({"choices": [{"delta": {"reasoning_content": "Hm."}}]}),
                json!({"choices": [{"delta": {"content": "So."}}]}),
                json!({"choices": [{"delta": {"tool_calls": [call]}}]}),
                json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}], "usage": counts}),
            ],
        );
    }
    let summary = json!([{"type": "summary_text", "text": "Hm."}]);
    let reasoning = json!({"type": "reasoning", "encrypted_content": "c2ln", "summary": summary});
    let message = json!({"type": "message", "content": [{"type": "output_text", "text": "So."}]});
    let call =
        json!({"type": "function_call", "call_id": "t", "name": "read", "arguments": "{\"path\":\"a\"}"});
    let output = json!([reasoning, message, call]);
    for (status, details) in
        [("completed", Value::Null), ("incomplete", json!({"reason": "max_output_tokens"}))]
    {
        let response = json!({
            "object": "response", "status": status, "incomplete_details": details, "output": output, "error": null,
            "usage": {"input_tokens": 7, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 3}},
        });
        check(
            Wire::OpenaiResponses,
            response.clone(),
            &[
                json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "Hm."}),
                json!({"type": "response.output_item.done", "output_index": 0, "item": reasoning}),
                json!({"type": "response.output_text.delta", "output_index": 1, "delta": "So."}),
                json!({"type": "response.output_item.done", "output_index": 2, "item": call}),
                json!({"type": format!("response.{status}"), "response": response}),
            ],
        );
    }
    let call = json!({"function": {"name": "read", "arguments": {"path": "a"}}});
    let whole = json!({
        "message": {"role": "assistant", "thinking": "Hm.", "content": "So.", "tool_calls": [call]},
        "done": true, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 5,
    });
    let pieces = [
        json!({"message": {"thinking": "Hm."}, "done": false}),
        json!({"message": {"content": "So."}, "done": false}),
        json!({"message": {"content": "", "tool_calls": [call]}, "done": false}),
        json!({"message": {"content": ""}, "done": true, "prompt_eval_count": 7, "eval_count": 5}),
    ];
    check(Wire::Ollama, whole, &pieces);
    // Lines that are called a document.
    let lines: Vec<String> = pieces.iter().map(Value::to_string).collect();
    assert_eq!(
        read(Wire::Ollama, &events(Wire::Ollama, &lines.join("\n")).unwrap()),
        read(Wire::Ollama, &lines)
    );
    check(
        Wire::Infill(InfillFormat::Completions),
        json!({"choices": [{"text": "a + b", "finish_reason": "stop"}], "usage": counts}),
        &[
            json!({"choices": [{"text": "a + b"}]}),
            json!({"choices": [{"text": "", "finish_reason": "stop"}], "usage": counts}),
        ],
    );
}

#[test]
fn a_document_that_says_something_is_whole_without_a_reason_to_stop() {
    let check = |wire: Wire, document: &Value, says: &str, expect: StopReason| {
        let (_, is_whole, last, _) = read(wire, &events(wire, &document.to_string()).unwrap());
        let ModelEvent::Stopped { reason, text, .. } = last else { panic!("{last:?}") };
        assert_eq!((is_whole, text.as_str(), reason), (true, says, expect), "{wire:?}: {document}");
    };
    let call = json!({"id": "t", "function": {"name": "read", "arguments": "{}"}});
    for reason in [json!({"finish_reason": null}), json!({"finish_reason": ""}), json!({})] {
        let choice = |said: &Value| {
            let mut choice = reason.clone();
            choice["message"] = said.clone();
            json!({"choices": [choice]})
        };
        for wire in [Wire::OpenaiChat, Wire::Azure] {
            check(wire, &choice(&json!({"content": "So."})), "So.", StopReason::EndTurn);
            check(wire, &choice(&json!({"content": null, "tool_calls": [call]})), "", StopReason::ToolUse);
        }
        let mut text = reason.clone();
        text["text"] = "a + b".into();
        let completion = json!({"choices": [text]});
        check(Wire::Infill(InfillFormat::Completions), &completion, "a + b", StopReason::EndTurn);
    }
    for reason in [json!({"stop_reason": null}), json!({})] {
        let message = |block: &Value| {
            let mut message = reason.clone();
            message["content"] = json!([block]);
            message
        };
        check(Wire::Anthropic, &message(&json!({"type": "text", "text": "So."})), "So.", StopReason::EndTurn);
        let call = json!({"type": "tool_use", "id": "t", "name": "read", "input": {}});
        check(Wire::Anthropic, &message(&call), "", StopReason::ToolUse);
    }
    check(Wire::Ollama, &json!({"message": {"content": "So."}}), "So.", StopReason::EndTurn);
    // What says nothing, is a piece, or says that it goes on has been cut.
    for (wire, document) in [
        (Wire::OpenaiChat, json!({"choices": [{"message": {"content": ""}}]})),
        (Wire::OpenaiChat, json!({"choices": [{"delta": {"content": "So."}}]})),
        (Wire::Ollama, json!({"message": {"content": "So."}, "done": false})),
        (Wire::OpenaiResponses, json!({"status": "in_progress", "output": []})),
    ] {
        assert!(!read(wire, &events(wire, &document.to_string()).unwrap()).1, "{wire:?}: {document}");
    }
    let empty = events(Wire::Anthropic, &json!({"content": []}).to_string()).unwrap();
    let mut reader = Wire::Anthropic.reader();
    let ends: Vec<_> = empty.iter().map(|event| reader.read(event, &mut Vec::new())).collect();
    assert_eq!(ends.last(), Some(&Err(WireError::Cut)));
}

#[test]
fn a_document_that_is_no_answer_is_none() {
    let wires = [Wire::Anthropic, Wire::OpenaiChat, Wire::Azure, Wire::OpenaiResponses, Wire::Ollama];
    let check = |document: &str, expect: &dyn Fn(&PieceError) -> bool| {
        for wire in wires {
            let error = events(wire, document).unwrap_err();
            assert!(expect(&error), "{wire:?}: {document}: {error:?}");
        }
    };
    let is_malformed =
        |error: &PieceError| matches!(error, PieceError::Malformed(reason) if *reason == told());
    for document in ["{}", "[]", "\"Hello.\"", "data: {}", "Hello.", "{\"status\":\"ok\"}"] {
        check(document, &is_malformed);
    }
    for document in
        ["", " \n", "{\"choices\": [", "{\"content\":[],\"output\":[],\"message\":{},\"choices\":[]}{"]
    {
        check(document, &|error| matches!(error, PieceError::Cut));
    }
    for document in
        [r#"{"error": {"type": "x", "message": "sorry"}}"#, r#"{"type": "x", "message": "sorry"}"#]
    {
        check(
            document,
            &|error| matches!(error, PieceError::Server { kind, message } if kind == "x" && message == "sorry"),
        );
    }
}
