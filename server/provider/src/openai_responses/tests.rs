//! Recorded and broken streams of OpenAI Responses, and the requests we send.

use copydesk_base::Usage;
use serde_json::json;

use super::*;
use crate::fixture::{self, Read, called, joined, stream};
use crate::request::{Arguments, Behind, Carried, ToolCall, ToolOutcome, ToolResult, ToolSpec};

fn read(text: &str) -> Read {
    let mut reader = Reader::default();
    fixture::read(text, |data, out| reader.read(data, out))
        .finish(|| (reader.stop(), reader.answer().usage()))
}

fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: Arguments::read(arguments) }
}

fn carried(value: Value, behind: Behind) -> Carried {
    Carried { wire: Wire::OpenaiResponses, by: String::new(), behind, value }
}

fn sealed() -> Carried {
    let value = json!({
        "id": "rs_1", "type": "reasoning", "encrypted_content": "gAAAAB-sealed",
        "summary": [{"type": "summary_text", "text": "Two files to read."}],
    });
    carried(value, Behind::default())
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
fn what_comes_only_at_the_end_is_read_once() {
    let created = json!({"type": "response.created", "response": {}}).to_string();
    let words =
        json!({"type": "response.output_text.delta", "output_index": 0, "delta": "Hello."}).to_string();
    let message = json!({"type": "message", "content": [{"type": "output_text", "text": "Hello."}]});
    let item = |at: u64, item: &Value| {
        json!({"type": "response.output_item.done", "output_index": at, "item": item}).to_string()
    };
    let asked = json!({"type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"});
    let completed = |output: &[&Value]| {
        json!({"type": "response.completed", "response": {"status": "completed", "output": output}})
            .to_string()
    };
    let check = |events: &[String], expect: (&str, Vec<ToolCall>)| {
        let Ok(Some(ModelEvent::Stopped { text, calls, .. })) = read(&stream(events)).end else {
            panic!("{events:#?}")
        };
        assert_eq!((text.as_str(), calls), expect, "{events:#?}");
    };
    let called = || vec![call("c", "n", "{}")];
    check(&[created.clone(), completed(&[&message])], ("Hello.", vec![]));
    check(&[created.clone(), item(0, &message), completed(&[&message])], ("Hello.", vec![]));
    check(&[created.clone(), words.clone(), item(0, &message), completed(&[&message])], ("Hello.", vec![]));
    check(&[created.clone(), words, completed(&[&message])], ("Hello.", vec![]));
    check(&[created.clone(), completed(&[&message, &asked])], ("Hello.", called()));
    check(&[created, item(0, &asked), completed(&[&asked])], ("", called()));
}

#[test]
fn another_format_is_named_as_malformed() {
    for data in ["{}", "[]", "nonsense", r#"{"object":"chat.completion.chunk","choices":[]}"#, "[DONE]"] {
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
    let foreign =
        Carried { wire: Wire::Anthropic, ..carried(json!({"type": "thinking"}), Behind::default()) };
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
fn what_is_no_event_of_an_answer_is_passed_over() {
    let read = read(&stream(&[
        r#"{"type":"keepalive","sequence_number":3}"#,
        r#"{"type":"response.created","response":{}}"#,
        r#"{"type":"rate_limits.updated","rate_limits":[]}"#,
        r#"{"type":"response.output_text.delta","output_index":0,"delta":"Hi"}"#,
        r#"{"type":"keepalive"}"#,
        r#"{"type":"response.completed","response":{"usage":{"input_tokens":-1,"output_tokens":"2"}}}"#,
    ]));
    assert_eq!(read.events, [ModelEvent::Started, ModelEvent::Text("Hi".into())]);
    assert!(matches!(read.end, Ok(Some(ModelEvent::Stopped { reason: StopReason::EndTurn, .. }))));
    assert_eq!((read.usage.input_tokens, read.usage.output_tokens), (counts::NONSENSE, 2));
}

#[test]
fn what_was_thought_goes_back_where_it_stood() {
    let item = |index: u64, item: Value| {
        json!({"type": "response.output_item.done", "output_index": index, "item": item}).to_string()
    };
    let thought = |id: &str| json!({"type": "reasoning", "id": id, "encrypted_content": "x"});
    let called = |id: &str| json!({"type": "function_call", "call_id": id, "name": "n", "arguments": "{}"});
    let text = r#"{"type":"response.output_text.delta","output_index":1,"delta":"Hi"}"#.to_owned();
    let events = [
        item(0, thought("rs_1")),
        text,
        item(2, called("call_1")),
        item(3, thought("rs_2")),
        item(4, called("call_2")),
        r#"{"type":"response.completed","response":{}}"#.to_owned(),
    ];
    let Ok(Some(ModelEvent::Stopped { text, calls, carried, .. })) = read(&stream(&events)).end else {
        panic!("it is whole");
    };
    let request =
        Request { messages: vec![Message::Assistant { text, calls, carried }], ..Request::default() };
    let body = body(&request);
    let told: Vec<&str> = body["input"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|item| item["id"].as_str().or_else(|| item["call_id"].as_str()).unwrap_or("text"))
        .collect();
    assert_eq!(told, ["rs_1", "text", "call_1", "rs_2", "call_2"]);
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
