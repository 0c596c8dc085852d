//! Recorded and broken streams of OpenAI Responses, and the requests we send.

use serde_json::json;

use super::*;
use crate::fixture::{self, Read, called, joined, stream};
use crate::request::{Arguments, Carried, ToolCall, ToolOutcome, ToolResult, ToolSpec};

fn read(text: &str) -> Read {
    let mut reader = Reader::default();
    fixture::read(text, |data, out| reader.read(data, out)).finish(|| (reader.stop(), reader.usage()))
}

fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: Arguments::read(arguments) }
}

fn sealed() -> Carried {
    let value = json!({
        "id": "rs_1", "type": "reasoning", "encrypted_content": "gAAAAB-sealed",
        "summary": [{"type": "summary_text", "text": "Two files to read."}],
    });
    Carried { wire: Wire::OpenaiResponses, value }
}

#[test]
fn reads_reasoning_text_two_calls_and_the_count() {
    let read = read(include_str!("../../fixtures/openai_responses/reasoning_and_calls.sse"));
    let said = vec![
        ModelEvent::Started,
        ModelEvent::Reasoning("Two files to read.".into()),
        ModelEvent::Text("I'll read \"a.py\" ".into()),
        ModelEvent::Text("and b 🙂".into()),
    ];
    let calls = [
        called(0, "call_A", "read", r#"{"path":"a.py"}"#),
        called(1, "call_B", "read", r#"{"path":"b.py"}"#),
    ];
    assert_eq!(joined(&read.events), [said, calls.concat()].concat());
    let expect = ModelEvent::Stopped {
        reason: StopReason::ToolUse,
        text: "I'll read \"a.py\" and b 🙂".into(),
        calls: vec![
            call("call_A", "read", r#"{"path":"a.py"}"#),
            call("call_B", "read", r#"{"path":"b.py"}"#),
        ],
        carried: vec![sealed()],
    };
    assert_eq!(read.end, Ok(Some(expect)));
    assert_eq!(
        read.usage,
        Usage {
            input_tokens: 75,
            cached_tokens: 64,
            output_tokens: 41,
            requests: 0,
            usd: None,
            ..Usage::default()
        }
    );
}

#[test]
fn one_event_at_a_time() {
    const CREATED: &str = r#"{"type":"response.created","response":{}}"#;
    const ADDED: &str = r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c","name":"n"}}"#;
    const COMPLETED: &str = r#"{"type":"response.completed","response":{"status":"completed"}}"#;
    let delta = |text: &str| {
        json!({"type": "response.function_call_arguments.delta", "output_index": 0, "delta": text})
            .to_string()
    };
    let incomplete = |word: &str| {
        json!({"type": "response.incomplete", "response": {"incomplete_details": {"reason": word}}})
            .to_string()
    };
    let check = |events: &[&str], expect: Result<Option<(StopReason, Vec<ToolCall>)>, WireError>| {
        let end = read(&stream(events)).end.map(|end| {
            end.map(|event| match event {
                ModelEvent::Stopped { reason, calls, .. } => (reason, calls),
                other => panic!("{other:?}"),
            })
        });
        assert_eq!(end, expect, "{events:#?}");
    };
    let server = |kind: &str| Err(WireError::Server { kind: kind.into(), message: "sorry".into() });
    // Whatever is missing before the end: no answer.
    check(&[CREATED], Ok(None));
    check(&[CREATED, ADDED, &delta("{}")], Ok(None));
    // What the words mean.
    check(&[CREATED, COMPLETED], Ok(Some((StopReason::EndTurn, vec![]))));
    check(&[CREATED, &incomplete("max_output_tokens")], Ok(Some((StopReason::MaxTokens, vec![]))));
    check(&[CREATED, &incomplete("content_filter")], Ok(Some((StopReason::Refusal, vec![]))));
    check(&[CREATED, &incomplete("tired")], Ok(Some((StopReason::Other("tired".into()), vec![]))));
    let refused = r#"{"type":"response.refusal.delta","output_index":0,"delta":"No."}"#;
    check(&[CREATED, refused, COMPLETED], Ok(Some((StopReason::Refusal, vec![]))));
    // Arguments: in pieces, none, broken, cut before they began.
    let called = |raw: &str| Ok(Some((StopReason::ToolUse, vec![call("c", "n", raw)])));
    check(&[CREATED, ADDED, &delta("{\"a\":"), &delta("1}"), COMPLETED], called("{\"a\":1}"));
    check(&[CREATED, ADDED, COMPLETED], called(""));
    check(&[CREATED, ADDED, &delta("{\"a\": "), COMPLETED], called("{\"a\": "));
    let cut = ToolCall { arguments: Arguments::cut_off(""), ..call("c", "n", "") };
    check(&[CREATED, ADDED, &incomplete("max_output_tokens")], Ok(Some((StopReason::MaxTokens, vec![cut]))));
    check(&[CREATED, &delta("{}")], Err(WireError::Malformed("call 0 is filled before it begins".into())));
    // Trouble: of the stream, nested, of the answer.
    check(
        &[r#"{"type":"error","code":"rate_limit_exceeded","message":"sorry"}"#],
        server("rate_limit_exceeded"),
    );
    check(&[r#"{"type":"error","error":{"type":"server_error","message":"sorry"}}"#], server("server_error"));
    check(
        &[
            CREATED,
            r#"{"type":"response.failed","response":{"error":{"code":"server_error","message":"sorry"}}}"#,
        ],
        server("server_error"),
    );
}

#[test]
fn another_format_is_named_as_malformed() {
    for data in ["{}", "[]", "nonsense", r#"{"type":"message_stop"}"#, "[DONE]"] {
        match read(&format!("data: {data}\n\n")).end {
            Err(WireError::Malformed(reason)) => {
                assert!(reason.starts_with("an event is no OpenAI response event"), "{reason}");
            }
            other => panic!("{data}: {other:?}"),
        }
    }
}

#[test]
fn the_body_says_everything_and_carries_the_reasoning_back() {
    let foreign = Carried { wire: Wire::Anthropic, value: json!({"type": "thinking"}) };
    let result = ToolResult { call: "call_A".into(), text: "x = 1".into(), outcome: ToolOutcome::Done };
    let request = Request {
        model: "gpt-5-mini".into(),
        system: "Be brief.".into(),
        messages: vec![
            Message::user("read it"),
            Message::Assistant {
                text: "Yes.".into(),
                calls: vec![call("call_A", "read", "{\"path\": \"a.py\"}"), call("call_B", "read", "{\"pa")],
                carried: vec![sealed(), foreign],
            },
            Message::ToolResults { results: vec![result] },
        ],
        tools: vec![ToolSpec {
            name: "read".into(),
            description: "Reads a file.".into(),
            parameters: json!({"type": "object"}),
        }],
        max_output_tokens: Some(99),
        cache_key: Some("run-1".into()),
        ..Request::default()
    };
    let expect = json!({
        "model": "gpt-5-mini", "stream": true, "store": false, "instructions": "Be brief.",
        "include": ["reasoning.encrypted_content"], "max_output_tokens": 99, "prompt_cache_key": "run-1",
        "tools": [{
            "type": "function", "name": "read", "description": "Reads a file.",
            "parameters": {"type": "object"}, "strict": false,
        }],
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "read it"}]},
            sealed().value,
            {"role": "assistant", "content": [{"type": "output_text", "text": "Yes."}]},
            {"type": "function_call", "call_id": "call_A", "name": "read", "arguments": "{\"path\":\"a.py\"}"},
            {"type": "function_call", "call_id": "call_B", "name": "read", "arguments": "{\"invalid_json\":\"{\\\"pa\"}"},
            {"type": "function_call_output", "call_id": "call_A", "output": "x = 1"},
        ],
    });
    assert_eq!(body(&request), expect);
    let bare = body(&Request { model: "gpt-4.1".into(), ..Request::default() });
    assert_eq!(bare, json!({"model": "gpt-4.1", "input": [], "stream": true, "store": false}));
}

#[test]
fn models_that_reason_are_known_by_their_names() {
    for (model, expect) in [
        ("o1", true),
        ("o4-mini", true),
        ("gpt-5", true),
        ("gpt-5-mini", true),
        ("openai/gpt-5.1", true),
        ("codex-mini-latest", true),
        ("gpt-5-chat-latest", false),
        ("gpt-4o", false),
        ("omni", false),
        ("llama-3", false),
    ] {
        assert_eq!(reasons(model), expect, "{model}");
    }
}
