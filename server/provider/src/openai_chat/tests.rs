//! Recorded and broken streams of Chat Completions, and the requests we send.

use copydesk_base::Usage;
use serde_json::json;

use super::*;
use crate::fixture::{self, Read, called, joined, stream};
use crate::request::{Arguments, Behind, Carried, Message, ToolCall, ToolOutcome, ToolResult, ToolSpec};

fn read(text: &str) -> Read {
    let mut reader = Reader::default();
    let read = fixture::read(text, |data, out| reader.read(data, out));
    let may_end = reader.may_end();
    read.or_clean_end(may_end).finish(|| (reader.stop(), reader.answer().usage()))
}

fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: Arguments::read(arguments) }
}

/// Why it stopped, what it said and called.
type Whole<'a> = (StopReason, &'a str, Vec<ToolCall>);

#[test]
fn reads_text_two_calls_and_the_count() {
    let read = read(include_str!("../../fixtures/openai_chat/text_and_tools.sse"));
    let text = "Two \"files\" 🙂";
    // Nothing says that a call is whole but the end.
    let [a_starts, a_told, a_ends] = called(0, "call_A", "read", r#"{"path":"a.py"}"#);
    let [b_starts, b_told, b_ends] = called(1, "call_B", "read", r#"{"path":"b.py"}"#);
    let said = ModelEvent::Text(text.into());
    let expect = [ModelEvent::Started, said, a_starts, a_told, b_starts, b_told, a_ends, b_ends];
    assert_eq!(joined(&read.events), expect);
    let expect = ModelEvent::Stopped {
        reason: StopReason::ToolUse,
        text: text.to_owned(),
        calls: vec![
            call("call_A", "read", r#"{"path":"a.py"}"#),
            call("call_B", "read", r#"{"path":"b.py"}"#),
        ],
        carried: vec![],
    };
    assert_eq!(read.end, Ok(Some(expect)));
    assert_eq!(
        read.usage,
        Usage { input_tokens: 48, output_tokens: 31, requests: 0, usd: None, ..Usage::default() }
    );
}

#[test]
fn reads_what_loosely_compatible_servers_send() {
    // CRLF, comments, a null delta, arguments as an object without an index, the wrong reason, neither count nor
    // [DONE].
    let read = read(include_str!("../../fixtures/openai_chat/loose.sse"));
    let (hm, hello) = (ModelEvent::Reasoning("hm".into()), ModelEvent::Text("Hello".into()));
    let [starts, told, ends] = called(0, "x1", "edit", r#"{"all":true,"path":"a.py"}"#);
    assert_eq!(read.events, [ModelEvent::Started, hm, hello, starts, told, ends]);
    let calls = vec![call("x1", "edit", r#"{"all":true,"path":"a.py"}"#)];
    let carried = vec![Carried {
        wire: Wire::OpenaiChat,
        by: String::new(),
        behind: Behind { text: 5, calls: 1 },
        value: json!({"reasoning_content": "hm"}),
    }];
    let expect = ModelEvent::Stopped { reason: StopReason::ToolUse, text: "Hello".into(), calls, carried };
    assert_eq!(read.end, Ok(Some(expect)));
    assert_eq!(read.usage, Usage::default());
}

#[test]
fn what_was_thought_beside_the_answer_is_counted() {
    let check = |usage: Value, output: u64| {
        let chunk =
            json!({"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}], "usage": usage});
        assert_eq!(read(&stream(&[chunk.to_string()])).usage.output_tokens, output, "{usage}");
    };
    check(json!({"prompt_tokens": 1_572, "completion_tokens": 10}), 10);
    check(json!({"prompt_tokens": 1_572, "completion_tokens": 10, "total_tokens": 1_582}), 10);
    check(json!({"prompt_tokens": 1_572, "completion_tokens": 10, "total_tokens": 4_572}), 3_000);
    check(json!({"prompt_tokens": 1_572, "completion_tokens": 10, "total_tokens": 7}), 10);
}

#[test]
fn one_chunk_at_a_time() {
    let text = |text: &str| json!({"choices": [{"delta": {"content": text}}]}).to_string();
    let finish = |word: &str| json!({"choices": [{"delta": {}, "finish_reason": word}]}).to_string();
    let calls = |calls: Value| json!({"choices": [{"delta": {"tool_calls": calls}}]}).to_string();
    let part = |index: u64, id: &str, name: &str, arguments: &str| {
        let mut call = json!({"index": index, "function": {"arguments": arguments}});
        if !id.is_empty() {
            call["id"] = id.into();
        }
        if !name.is_empty() {
            call["function"]["name"] = name.into();
        }
        call
    };
    let check = |chunks: &[String], expect: Result<Option<Whole<'_>>, WireError>| {
        let end = read(&stream(chunks)).end.map(|end| {
            end.map(|event| match event {
                ModelEvent::Stopped { reason, text, calls, .. } => (reason, text, calls),
                other => panic!("{other:?}"),
            })
        });
        let expect = expect.map(|end| end.map(|(reason, text, calls)| (reason, text.to_owned(), calls)));
        assert_eq!(end, expect, "{chunks:#?}");
    };
    let done = "[DONE]".to_owned();
    // Ends: none, the reason alone, the word alone (which is none), both.
    check(&[text("a")], Ok(None));
    check(&[text("a"), finish("stop")], Ok(Some((StopReason::EndTurn, "a", vec![]))));
    check(&[text("a"), done.clone()], Err(WireError::Cut));
    check(&[text("a"), finish("length"), done.clone()], Ok(Some((StopReason::MaxTokens, "a", vec![]))));
    check(&[finish("content_filter"), done.clone()], Ok(Some((StopReason::Refusal, "", vec![]))));
    check(
        &[finish("eos_found"), done.clone()],
        Ok(Some((StopReason::Other("eos_found".into()), "", vec![]))),
    );
    check(&[finish("tool_calls"), done.clone()], Ok(Some((StopReason::EndTurn, "", vec![]))));
    check(
        &[json!({"choices": [{"delta": {"refusal": "No."}}]}).to_string(), finish("stop")],
        Ok(Some((StopReason::Refusal, "No.", vec![]))),
    );
    check(
        std::slice::from_ref(&done),
        Err(WireError::Malformed("it was declared done before it began".into())),
    );
    // Other choices than the first are nobody's answer.
    check(
        &[
            json!({"choices": [{"index": 1, "delta": {"content": "b"}}]}).to_string(),
            text("a"),
            finish("stop"),
        ],
        Ok(Some((StopReason::EndTurn, "a", vec![]))),
    );
    // Text that comes behind the reason to stop is text.
    check(
        &[text("a"), finish("stop"), text("b"), finish("stop")],
        Ok(Some((StopReason::EndTurn, "ab", vec![]))),
    );
    check(&[text("a"), finish("length"), text("b")], Ok(Some((StopReason::MaxTokens, "ab", vec![]))));
    // One piece for all of it, a choice that is null, errors without a place of their own.
    let whole =
        json!({"choices": [{"message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}]});
    check(&[whole.to_string()], Ok(Some((StopReason::EndTurn, "a", vec![]))));
    let plain = json!({"choices": [{"text": "a", "finish_reason": "stop"}]});
    check(&[plain.to_string()], Ok(Some((StopReason::EndTurn, "a", vec![]))));
    let null = json!({"choices": null}).to_string();
    check(&[null, text("a"), finish("stop")], Ok(Some((StopReason::EndTurn, "a", vec![]))));
    let said = |kind: &str, message: &str| {
        Err(WireError::Server { kind: kind.to_owned(), message: message.to_owned() })
    };
    let broke =
        json!({"object": "error", "message": "out of memory", "type": "InternalServerError", "code": 500});
    check(&[text("a"), broke.to_string()], said("server_error", "out of memory"));
    check(&[json!({"message": "it crashed"}).to_string()], said("", "it crashed"));
    check(&[json!({"detail": "not allowed"}).to_string()], said("", "not allowed"));
    check(
        &["the model crashed".to_owned()],
        Err(WireError::Malformed("an event is no chat completion chunk: it says 'the model crashed'".into())),
    );
    // Calls: interleaved; all numbered 0; without ids; with the name in every piece; whole, without anything else.
    let two = |a: &str, b: &str| vec![call("A", "x", a), call("B", "y", b)];
    let tools = |calls| Ok(Some((StopReason::ToolUse, "", calls)));
    check(
        &[
            calls(json!([{"index": "0", "id": 7, "function": {"name": "x", "arguments": "{\"p\":"}}])),
            calls(json!([{"index": "0", "function": {"arguments": "1}"}}])),
            finish("tool_calls"),
        ],
        tools(vec![call("7", "x", "{\"p\":1}")]),
    );
    check(
        &[
            calls(json!([part(0, "A", "x", "{\"p\":"), part(1, "B", "y", "{")])),
            calls(json!([part(1, "", "", "}"), part(0, "", "", "1}")])),
            finish("tool_calls"),
        ],
        tools(two("{\"p\":1}", "{}")),
    );
    check(
        &[
            calls(json!([part(0, "A", "x", "{\"p\":")])),
            calls(json!([part(0, "", "", "1}")])),
            calls(json!([part(0, "B", "y", "{}")])),
            finish("stop"),
        ],
        tools(two("{\"p\":1}", "{}")),
    );
    check(
        &[
            calls(json!([part(0, "A", "x", "{")])),
            calls(json!([part(0, "A", "x", "}")])),
            calls(json!([part(1, "B", "y", "{")])),
            calls(json!([part(1, "B", "y", "}")])),
            finish("tool_calls"),
        ],
        tools(two("{}", "{}")),
    );
    check(
        &[calls(json!([part(0, "", "x", "{}"), part(1, "", "y", "{}")])), finish("tool_calls")],
        tools(vec![call("call_1", "x", "{}"), call("call_2", "y", "{}")]),
    );
    check(
        &[
            calls(json!([{"function": {"name": "x", "arguments": "{"}}])),
            calls(json!([{"function": {"arguments": "}"}}])),
            calls(json!([{"function": {"name": "y"}}])),
            finish("tool_calls"),
        ],
        tools(vec![call("call_1", "x", "{}"), call("call_2", "y", "")]),
    );
    check(
        &[calls(json!([part(0, "A", "x", "{}"), part(1, "A", "y", "{}")])), finish("tool_calls")],
        tools(vec![call("A", "x", "{}"), call("A_2", "y", "{}")]),
    );
    // All numbered 0 and without ids, each whole; the name in every piece of one.
    check(
        &[calls(json!([part(0, "", "x", "{\"p\":1}"), part(0, "", "x", "{}")])), finish("stop")],
        tools(vec![call("call_1", "x", "{\"p\":1}"), call("call_2", "x", "{}")]),
    );
    check(
        &[
            calls(json!([part(0, "", "x", "{\"p\":")])),
            calls(json!([part(0, "", "x", "1}")])),
            calls(json!([part(0, "", "x", "")])),
            finish("stop"),
        ],
        tools(vec![call("call_1", "x", "{\"p\":1}")]),
    );
    // Arguments that are not whole.
    check(
        &[calls(json!([part(0, "A", "x", "{\"p\":")])), finish("tool_calls"), done.clone()],
        tools(vec![call("A", "x", "{\"p\":")]),
    );
    let cut = ToolCall { arguments: Arguments::cut_off(""), ..call("A", "x", "") };
    check(
        &[calls(json!([part(0, "A", "x", "")])), finish("length")],
        Ok(Some((StopReason::MaxTokens, "", vec![cut]))),
    );
    // Trouble.
    let server = |kind: &str, message: &str| {
        Err(WireError::Server { kind: kind.to_owned(), message: message.to_owned() })
    };
    check(
        &[r#"{"error":{"message":"no","type":"server_error","code":500}}"#.into()],
        server("server_error", "no"),
    );
    check(
        &[text("a"), r#"{"error":{"message":"slow","code":"rate_limit"}}"#.into()],
        server("rate_limit", "slow"),
    );
    check(&[r#"{"error":"out of memory"}"#.into()], server("", "out of memory"));
    check(
        &[
            text("a"),
            r#"{"error":{"code":502,"message":"gone"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#.into(),
        ],
        server("server_error", "gone"),
    );
    check(
        &[r#"{"error":null,"choices":[]}"#.into(), finish("stop")],
        Ok(Some((StopReason::EndTurn, "", vec![]))),
    );
}

#[test]
fn text_may_come_in_parts_beside_what_was_thought() {
    let read = read(&stream(&[
        r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}}]}"#,
        r#"{"choices":[{"delta":{"content":[{"type":"text","text":"Yes"}]}}]}"#,
        r#"{"choices":[{"delta":{"content":"."},"finish_reason":"stop"}],"usage":{"prompt_tokens":-1,"completion_tokens":12.0}}"#,
    ]));
    let (hm, yes, stop) =
        (ModelEvent::Reasoning("hm".into()), ModelEvent::Text("Yes".into()), ModelEvent::Text(".".into()));
    assert_eq!(read.events, [ModelEvent::Started, hm, yes, stop]);
    assert_eq!((read.usage.input_tokens, read.usage.output_tokens), (counts::NONSENSE, 12));
}

#[test]
fn another_format_is_named_as_malformed() {
    for data in ["{}", "[]", "nonsense", r#"{"type":"message_start","message":{}}"#] {
        match read(&format!("data: {data}\n\n")).end {
            Err(WireError::Malformed(reason)) => {
                assert!(reason.starts_with("an event is no chat"), "{reason}");
            }
            other => panic!("{data}: {other:?}"),
        }
    }
}

#[test]
fn the_body_says_everything() {
    let parameters = json!({"type": "object", "properties": {}});
    let request = Request {
        model: "m".into(),
        system: "Be brief.".into(),
        messages: vec![
            Message::user("read a"),
            Message::Assistant {
                text: String::new(),
                calls: vec![
                    call("A", "read", "{\"path\": \"a\"}"),
                    call("B", "read", "{oops"),
                    call("C", "list", ""),
                ],
                carried: vec![],
            },
            Message::ToolResults {
                results: vec![
                    ToolResult { call: "A".into(), text: "text".into(), outcome: ToolOutcome::Done },
                    ToolResult { call: "B".into(), text: "bad".into(), outcome: ToolOutcome::Failed },
                ],
            },
            Message::Assistant { text: "Done.".into(), calls: vec![], carried: vec![] },
        ],
        tools: vec![ToolSpec {
            name: "read".into(),
            description: "Reads.".into(),
            parameters: parameters.clone(),
        }],
        max_output_tokens: Some(100),
        cache_key: None,
        ..Request::default()
    };
    let function = |id: &str, name: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
    let expect = json!({
        "model": "m", "stream": true, "stream_options": {"include_usage": true}, "max_tokens": 100,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "read a"},
            {"role": "assistant", "content": null, "tool_calls": [
                function("A", "read", "{\"path\": \"a\"}"),
                function("B", "read", "{\"invalid_json\":\"{oops\"}"),
                function("C", "list", "{}"),
            ]},
            {"role": "tool", "tool_call_id": "A", "content": "text"},
            {"role": "tool", "tool_call_id": "B", "content": "bad"},
            {"role": "assistant", "content": "Done."},
        ],
        "tools": [{"type": "function", "function": {"name": "read", "description": "Reads.", "parameters": parameters}}],
    });
    assert_eq!(body(&request, Quirks::of(None, "http://127.0.0.1:1/v1")), expect);
    let own = body(&request, Quirks::of(None, "https://api.openai.com/v1"));
    assert_eq!((&own["max_completion_tokens"], &own["max_tokens"]), (&json!(100), &Value::Null));
}
