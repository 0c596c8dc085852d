//! Recorded and broken streams of Anthropic Messages, and the requests we send.

use copydesk_base::Usage;
use serde_json::json;

use super::*;
use crate::fixture::{self, Read, called, joined, stream};
use crate::request::{Arguments, Behind, Carried, ToolCall, ToolResult, ToolSpec};

fn read(text: &str) -> Read {
    let mut reader = Reader::default();
    fixture::read(text, |data, out| reader.read(data, out))
        .finish(|| (reader.stop(), reader.answer().usage()))
}

fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: Arguments::read(arguments) }
}

fn carried(wire: Wire, value: Value) -> Carried {
    Carried { wire, by: String::new(), behind: Behind::default(), value }
}

fn usual() -> Quirks {
    Quirks::of(None, "https://api.anthropic.com")
}

#[test]
fn reads_text_a_tool_call_and_the_count() {
    let read = read(include_str!("../../fixtures/anthropic/text_and_tool.sse"));
    let said = vec![
        ModelEvent::Started,
        ModelEvent::Text("I'll read \"a.py\" – ".to_owned()),
        ModelEvent::Text("one moment 🙂.\n".to_owned()),
    ];
    let call_events = called(0, "toolu_01B", "read", r#"{"path": "a.py"}"#);
    assert_eq!(joined(&read.events), [said, call_events.into()].concat());
    let expect = ModelEvent::Stopped {
        reason: StopReason::ToolUse,
        text: "I'll read \"a.py\" – one moment 🙂.\n".to_owned(),
        calls: vec![call("toolu_01B", "read", r#"{"path": "a.py"}"#)],
        carried: vec![],
    };
    assert_eq!(read.end, Ok(Some(expect)));
    assert_eq!(
        read.usage,
        Usage {
            input_tokens: 412,
            cached_tokens: 300,
            output_tokens: 61,
            requests: 0,
            usd: None,
            ..Usage::default()
        }
    );
}

#[test]
fn shows_and_carries_thinking_and_passes_over_what_it_does_not_know() {
    let read = read(include_str!("../../fixtures/anthropic/thinking.sse"));
    let thought = ModelEvent::Reasoning("The person wants".to_owned());
    assert_eq!(read.events, [ModelEvent::Started, thought, ModelEvent::Text("Done.".to_owned())]);
    let block = json!({"type": "thinking", "thinking": "The person wants", "signature": "EqQBCgIYAhIM"});
    let expect = ModelEvent::Stopped {
        reason: StopReason::EndTurn,
        text: "Done.".to_owned(),
        calls: vec![],
        carried: vec![carried(Wire::Anthropic, block)],
    };
    assert_eq!(read.end, Ok(Some(expect)));
    assert_eq!((read.usage.input_tokens, read.usage.output_tokens), (9, 15));
}

#[test]
fn one_event_at_a_time() {
    const START: &str = r#"{"type":"message_start","message":{}}"#;
    const CALL: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}}}"#;
    const CLOSE: &str = r#"{"type":"content_block_stop","index":0}"#;
    const STOP: &str = r#"{"type":"message_stop"}"#;
    let delta = |json: &str| {
        let delta = json!({"type": "input_json_delta", "partial_json": json});
        json!({"type": "content_block_delta", "index": 0, "delta": delta}).to_string()
    };
    let reason = |word: &str| json!({"type": "message_delta", "delta": {"stop_reason": word}}).to_string();
    let check = |events: &[&str], expect: Result<Option<(StopReason, Vec<ToolCall>)>, WireError>| {
        let end = read(&stream(events)).end.map(|end| {
            end.map(|event| match event {
                ModelEvent::Stopped { reason, calls, .. } => (reason, calls),
                other => panic!("{other:?}"),
            })
        });
        assert_eq!(end, expect, "{events:#?}");
    };
    // Whatever is missing before the end: no answer.
    check(&[START], Ok(None));
    check(&[START, CALL, &delta("{}"), CLOSE, &reason("tool_use")], Ok(None));
    // What the words mean.
    check(&[START, CALL, &delta("{}"), CLOSE, STOP], Err(WireError::Cut));
    check(&[START, STOP], Err(WireError::Cut));
    check(&[START, &reason("end_turn"), STOP], Ok(Some((StopReason::EndTurn, vec![]))));
    check(&[START, &reason("stop_sequence"), STOP], Ok(Some((StopReason::EndTurn, vec![]))));
    check(&[START, &reason("max_tokens"), STOP], Ok(Some((StopReason::MaxTokens, vec![]))));
    check(&[START, &reason("refusal"), STOP], Ok(Some((StopReason::Refusal, vec![]))));
    check(&[START, &reason("pause_turn"), STOP], Ok(Some((StopReason::Other("pause_turn".into()), vec![]))));
    check(&[START, &reason("tool_use"), STOP], Ok(Some((StopReason::EndTurn, vec![]))));
    // Arguments: none, broken, cut, whole in the start.
    let called = |raw: &str| Ok(Some((StopReason::ToolUse, vec![call("t", "n", raw)])));
    check(&[START, CALL, CLOSE, &reason("tool_use"), STOP], called(""));
    check(&[START, CALL, &delta("{\"a\": "), CLOSE, &reason("tool_use"), STOP], called("{\"a\": "));
    check(&[START, CALL, &delta("{\"a\":"), &delta("1}"), &reason("tool_use"), STOP], called("{\"a\":1}"));
    let cut = ToolCall { arguments: Arguments::cut_off(""), ..call("t", "n", "") };
    check(&[START, CALL, &reason("max_tokens"), STOP], Ok(Some((StopReason::MaxTokens, vec![cut]))));
    let whole = CALL.replace("{}", r#"{"b":2}"#);
    check(&[START, &whole, CLOSE, &reason("tool_use"), STOP], called("{\"b\":2}"));
    // Trouble.
    let overloaded = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let server = WireError::Server { kind: "overloaded_error".into(), message: "Overloaded".into() };
    check(&[overloaded], Err(server.clone()));
    check(&[START, overloaded], Err(server));
    check(&[r#"{"type":"error"}"#], Err(WireError::Server { kind: String::new(), message: String::new() }));
    check(&[START, &delta("{}")], Err(WireError::Malformed("block 0 is filled before it begins".into())));
}

#[test]
fn another_format_is_named_as_malformed() {
    for data in ["{}", "[]", "nonsense", r#"{"object":"chat.completion.chunk","choices":[]}"#, "[DONE]"] {
        match read(&format!("data: {data}\n\n")).end {
            Err(WireError::Malformed(reason)) => {
                assert!(reason.starts_with("an event is no Anthropic"), "{reason}");
            }
            other => panic!("{data}: {other:?}"),
        }
    }
}

#[test]
fn the_body_says_everything_and_marks_three_places() {
    let tool = |name: &str| ToolSpec {
        name: name.to_owned(),
        description: "Reads a file.".to_owned(),
        parameters: json!({"type": "object", "properties": {"path": {"type": "string"}}}),
    };
    let result =
        |call: &str, text: &str, outcome| ToolResult { call: call.into(), text: text.into(), outcome };
    let request = Request {
        model: "m".into(),
        system: "Be brief.".into(),
        messages: vec![
            Message::user("read a"),
            Message::Assistant {
                text: " ".into(),
                calls: vec![call("t1", "read", r#"{"path":"a"}"#), call("t2", "read", "{oops")],
                carried: vec![
                    carried(Wire::Anthropic, json!({"type": "redacted_thinking", "data": "s"})),
                    carried(Wire::OpenaiResponses, json!({"type": "reasoning"})),
                ],
            },
            Message::ToolResults {
                results: vec![
                    result("t1", "text", ToolOutcome::Done),
                    result("t2", "bad JSON", ToolOutcome::Failed),
                ],
            },
            Message::Assistant { text: String::new(), calls: vec![], carried: vec![] },
        ],
        tools: vec![tool("list"), tool("read")],
        max_output_tokens: Some(100),
        cache_key: Some("not for this API".into()),
        ..Request::default()
    };
    let schema = json!({"type": "object", "properties": {"path": {"type": "string"}}});
    let mark = json!({"type": "ephemeral"});
    let expect = json!({
        "model": "m", "max_tokens": 100, "stream": true,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": mark}],
        "tools": [
            {"name": "list", "description": "Reads a file.", "input_schema": schema},
            {"name": "read", "description": "Reads a file.", "input_schema": schema, "cache_control": mark},
        ],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "read a"}]},
            {"role": "assistant", "content": [
                {"type": "redacted_thinking", "data": "s"},
                {"type": "tool_use", "id": "t1", "name": "read", "input": {"path": "a"}},
                {"type": "tool_use", "id": "t2", "name": "read", "input": {"invalid_json": "{oops"}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "text"},
                {"type": "tool_result", "tool_use_id": "t2", "content": "bad JSON", "is_error": true, "cache_control": mark},
            ]},
        ],
    });
    assert_eq!(body(&request, &Facts::default(), usual()), expect);
    let small = Request { model: "m".into(), messages: vec![Message::user("hi")], ..Request::default() };
    let expect = json!({
        "model": "m", "max_tokens": USUAL_LIMIT, "stream": true,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": mark}]}],
    });
    assert_eq!(body(&small, &Facts::default(), usual()), expect);
    let known = Facts { output_limit: Some(4_096), ..Facts::default() };
    assert_eq!(body(&small, &known, usual())["max_tokens"], 4_096, "no more than the model gives");
    assert_eq!(body(&request, &known, usual())["max_tokens"], 100);
}

#[test]
fn what_was_thought_goes_back_where_it_stood() {
    let block = |index: u64, start: Value, delta: Value| {
        [
            json!({"type": "content_block_start", "index": index, "content_block": start}).to_string(),
            json!({"type": "content_block_delta", "index": index, "delta": delta}).to_string(),
            json!({"type": "content_block_stop", "index": index}).to_string(),
        ]
    };
    let thinking = |index, text: &str| {
        block(index, json!({"type": "thinking"}), json!({"thinking": text, "signature": "s"}))
    };
    let call = |index, id: &str| {
        block(index, json!({"type": "tool_use", "id": id, "name": "n"}), json!({"partial_json": "{}"}))
    };
    let end = [
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
        json!({"type": "message_stop"}),
    ];
    let events: Vec<String> = [
        thinking(0, "T1"),
        block(1, json!({"type": "text"}), json!({"text": "Hi"})),
        block(2, json!({"type": "redacted_thinking", "data": "d"}), json!({})),
        call(3, "tool_1"),
        thinking(4, "T2"),
        call(5, "tool_2"),
    ]
    .into_iter()
    .flatten()
    .chain(end.map(|event| event.to_string()))
    .collect();
    let Ok(Some(ModelEvent::Stopped { text, calls, carried, .. })) = read(&stream(&events)).end else {
        panic!("it is whole");
    };
    let request =
        Request { messages: vec![Message::Assistant { text, calls, carried }], ..Request::default() };
    let body = body(&request, &Facts::default(), usual());
    let told: Vec<&str> = body["messages"][0]["content"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|block| {
            ["thinking", "text", "data", "id"].iter().find_map(|key| block[key].as_str()).unwrap_or("")
        })
        .collect();
    assert_eq!(told, ["T1", "Hi", "d", "tool_1", "T2", "tool_2"]);
}

#[test]
fn what_was_thought_before_calls_goes_back_to_who_wants_it() {
    let thought = |value: Value| vec![carried(Wire::Anthropic, value)];
    let check = |base_url: &str, carried: Vec<Carried>, expect: &[Value]| {
        let calls = vec![call("t", "read", "{}")];
        let request = Request {
            messages: vec![Message::Assistant { text: String::new(), calls, carried }],
            ..Request::default()
        };
        let body = body(&request, &Facts::default(), Quirks::of(None, base_url));
        let blocks = body["messages"][0]["content"].as_array().cloned().unwrap_or_default();
        assert_eq!(blocks[..blocks.len() - 1], *expect, "{base_url}");
    };
    let unsigned = json!({"type": "thinking", "thinking": "So.", "signature": ""});
    let forgotten = json!({"type": "thinking", "thinking": "(not kept)", "signature": ""});
    let deepseek = "https://api.deepseek.com/anthropic";
    check("https://api.anthropic.com", vec![], &[]);
    check(deepseek, vec![], std::slice::from_ref(&forgotten));
    check(deepseek, thought(unsigned.clone()), std::slice::from_ref(&unsigned));
}
