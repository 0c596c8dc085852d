//! Lines of Ollama's chat, good and broken, and the requests we send.

use copydesk_base::Usage;
use serde_json::json;

use super::*;
use crate::fixture::called;
use crate::request::{Arguments, ToolCall, ToolOutcome, ToolResult, ToolSpec};

/// What was said, and the last event: none where the lines end too early.
type Read = (Vec<ModelEvent>, Result<Option<ModelEvent>, WireError>, Usage);

fn read(lines: &[&str]) -> Read {
    let (mut reader, mut events) = (Reader::default(), Vec::new());
    for line in lines {
        match reader.read(line, &mut events) {
            Ok(Progress::More) => {}
            Ok(Progress::Done) => {
                let usage = reader.answer().usage();
                return (events, Ok(Some(reader.stop())), usage);
            }
            Err(error) => return (events, Err(error), reader.answer().usage()),
        }
    }
    (events, Ok(None), reader.answer().usage())
}

fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: Arguments::read(arguments) }
}

#[test]
fn reads_thinking_text_calls_and_the_count() {
    let (events, end, usage) = read(&[
        r#"{"model":"m","created_at":"2026-11-21T09:00:00Z","message":{"role":"assistant","content":"","thinking":"Hm."},"done":false}"#,
        r#"{"model":"m","message":{"role":"assistant","content":"Grüße "},"done":false}"#,
        r#"{"model":"m","message":{"role":"assistant","content":"🙂"},"done":false}"#,
        r#"{"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"read","arguments":{"path":"a.py"}}},{"function":{"name":"list","arguments":{}}}]},"done":false}"#,
        r#"{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":1,"prompt_eval_count":26,"eval_count":7}"#,
    ]);
    let said = vec![
        ModelEvent::Started,
        ModelEvent::Reasoning("Hm.".into()),
        ModelEvent::Text("Grüße ".into()),
        ModelEvent::Text("🙂".into()),
    ];
    let calls = [called(0, "call_1", "read", r#"{"path":"a.py"}"#), called(1, "call_2", "list", "{}")];
    assert_eq!(events, [said, calls.concat()].concat());
    let expect = ModelEvent::Stopped {
        reason: StopReason::ToolUse,
        text: "Grüße 🙂".into(),
        calls: vec![call("call_1", "read", r#"{"path":"a.py"}"#), call("call_2", "list", "{}")],
        carried: vec![],
    };
    assert_eq!(end, Ok(Some(expect)));
    assert_eq!(
        usage,
        Usage { input_tokens: 26, output_tokens: 7, requests: 0, usd: None, ..Usage::default() }
    );
}

#[test]
fn ends_and_errors() {
    const SAID: &str = r#"{"message":{"role":"assistant","content":"a"},"done":false}"#;
    let check = |lines: &[&str], expect: Result<Option<StopReason>, WireError>| {
        let end = read(lines).1.map(|end| {
            end.map(|event| match event {
                ModelEvent::Stopped { reason, .. } => reason,
                other => panic!("{other:?}"),
            })
        });
        assert_eq!(end, expect, "{lines:#?}");
    };
    check(&[SAID], Ok(None));
    check(&[SAID, r#"{"done":true}"#], Ok(Some(StopReason::EndTurn)));
    check(&[SAID, r#"{"done":true,"done_reason":"length"}"#], Ok(Some(StopReason::MaxTokens)));
    check(&[r#"{"done":true,"done_reason":"load"}"#], Ok(Some(StopReason::Other("load".into()))));
    let broke = WireError::Server { kind: "server_error".into(), message: "the runner has died".into() };
    check(&[SAID, r#"{"error":"the runner has died"}"#], Err(broke));
    for line in ["{}", "[]", "nonsense", r#"{"type":"message_stop"}"#] {
        match read(&[line]).1 {
            Err(WireError::Malformed(reason)) => {
                assert!(reason.starts_with("a line is no Ollama message"), "{reason}");
            }
            other => panic!("{line}: {other:?}"),
        }
    }
}

#[test]
fn the_body_names_the_tools_of_results_and_the_window() {
    let result = |call: &str, text: &str| ToolResult {
        call: call.into(),
        text: text.into(),
        outcome: ToolOutcome::Done,
    };
    let request = Request {
        model: "llama3.2".into(),
        system: "Be brief.".into(),
        messages: vec![
            Message::user("read it"),
            Message::Assistant {
                text: String::new(),
                calls: vec![call("call_1", "read", "{\"path\":\"a.py\"}"), call("call_2", "list", "")],
                carried: vec![],
            },
            Message::ToolResults { results: vec![result("call_1", "x = 1"), result("call_2", "a.py")] },
        ],
        tools: vec![ToolSpec {
            name: "read".into(),
            description: "Reads a file.".into(),
            parameters: json!({"type": "object"}),
        }],
        max_output_tokens: Some(99),
        cache_key: None,
        ..Request::default()
    };
    let function = json!({"name": "read", "description": "Reads a file.", "parameters": {"type": "object"}});
    let expect = json!({
        "model": "llama3.2", "stream": true,
        "options": {"num_ctx": 8_192, "num_predict": 99},
        "tools": [{"type": "function", "function": function}],
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "read it"},
            {"role": "assistant", "content": "", "tool_calls": [
                {"function": {"name": "read", "arguments": {"path": "a.py"}}},
                {"function": {"name": "list", "arguments": {}}},
            ]},
            {"role": "tool", "tool_name": "read", "content": "x = 1"},
            {"role": "tool", "tool_name": "list", "content": "a.py"},
        ],
    });
    assert_eq!(body(&request, Window::default()), expect);
}

#[test]
fn the_window_holds_the_request_and_grows_in_steps() {
    let window = |bytes: usize, set, most| {
        let message = Message::user("x".repeat(bytes));
        let request = Request { messages: vec![message], ..Request::default() };
        body(&request, Window { set, most })["options"]["num_ctx"].as_u64()
    };
    assert_eq!(window(0, None, None), Some(8_192));
    assert_eq!(window(12_000, None, None), Some(8_192));
    assert_eq!(window(13_000, None, None), Some(16_384));
    assert_eq!(window(90_000, None, None), Some(65_536));
    assert_eq!(window(9_000_000, None, None), Some(131_072));
    assert_eq!(window(9_000_000, Some(40_000), Some(32_768)), Some(40_000), "the config goes first");
    assert_eq!(window(9_000_000, None, Some(40_960)), Some(40_960), "no more than the model has");
    assert_eq!(window(0, None, Some(40_960)), Some(8_192));
}
