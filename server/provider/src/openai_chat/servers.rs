//! What each compatible server sends in its own way, and how the same words go back to it.

use copydesk_base::config::Quirks as Named;
use serde_json::json;

use super::thought::{DETAILS, THOUGHTS};
use super::*;
use crate::fixture;
use crate::request::{Message, ToolOutcome, ToolResult};

/// A server, its stream, the reasoning and the id of the call it makes, cached tokens, and what goes back beside the
/// call.
type Row = (Named, &'static str, &'static str, &'static str, u64, Value);

#[test]
fn every_server_is_understood_and_gets_back_what_it_wants() {
    let table: [Row; 8] = [
        (
            Named::LmStudio,
            include_str!("../../fixtures/openai_chat/servers/lm_studio.sse"),
            "I look.",
            "349716520",
            0,
            json!({"reasoning_content": "I look."}),
        ),
        (
            Named::Vllm,
            include_str!("../../fixtures/openai_chat/servers/vllm.sse"),
            "I look.",
            "chatcmpl-tool-7",
            16,
            json!({"reasoning_content": "I look."}),
        ),
        (
            Named::LlamaCpp,
            include_str!("../../fixtures/openai_chat/servers/llama_cpp.sse"),
            "I look.",
            "wB5K",
            0,
            json!({"reasoning_content": "I look."}),
        ),
        (
            Named::Openrouter,
            include_str!("../../fixtures/openai_chat/servers/openrouter.sse"),
            "I look.",
            "tool_0_read",
            0,
            json!({"reasoning_details": [{"type": "reasoning.text", "text": "I look.", "format": "x", "index": 0}]}),
        ),
        (
            Named::Together,
            include_str!("../../fixtures/openai_chat/servers/together.sse"),
            "I look.",
            "call_r7",
            0,
            json!({}),
        ),
        (
            Named::Mistral,
            include_str!("../../fixtures/openai_chat/servers/mistral.sse"),
            "",
            "D681PevKs",
            0,
            json!({}),
        ),
        (
            Named::Deepseek,
            include_str!("../../fixtures/openai_chat/servers/deepseek.sse"),
            "I look.",
            "call_00_x",
            16,
            json!({"reasoning_content": "I look."}),
        ),
        (
            Named::Gemini,
            include_str!("../../fixtures/openai_chat/servers/gemini.sse"),
            "",
            "function-call-81",
            0,
            json!({"extra_content": {"google": {"thought_signature": "c2VhbGVk"}}}),
        ),
    ];
    for (server, stream, thoughts, id, cached, beside) in table {
        let quirks = Quirks::of(Some(server), "");
        let mut reader = Reader::default();
        let read = fixture::read(stream, |data, out| reader.read(data, out));
        let may_end = reader.may_end();
        let tokens = reader.answer().tokens;
        let read = read.or_clean_end(may_end).finish(|| (reader.stop(), reader.answer().usage()));
        let thought: String = read
            .events
            .iter()
            .filter_map(
                |event| if let ModelEvent::Reasoning(text) = event { Some(text.as_str()) } else { None },
            )
            .collect();
        assert_eq!(thought, thoughts, "{server:?}");
        assert_eq!((tokens.input, tokens.output, tokens.cached), (20, 9, cached), "{server:?}");
        let Ok(Some(ModelEvent::Stopped { reason, text, calls, carried })) = read.end else {
            panic!("{server:?}: {:?}", read.end);
        };
        assert_eq!((reason, text.as_str(), calls.len()), (StopReason::ToolUse, "", 1), "{server:?}");
        assert_eq!((calls[0].id.as_str(), calls[0].name.as_str()), (id, "read"), "{server:?}");
        assert_eq!(calls[0].arguments.value, Ok(json!({"path": "a.py"})), "{server:?}");

        let result = ToolResult { call: id.to_owned(), text: "x = 1".to_owned(), outcome: ToolOutcome::Done };
        let messages =
            vec![Message::Assistant { text, calls, carried }, Message::ToolResults { results: vec![result] }];
        let request = Request { messages, max_output_tokens: Some(9), ..Request::default() };
        let body = body(&request, quirks);
        let said = &body["messages"][0];
        assert_eq!(said["tool_calls"][0]["id"], body["messages"][1]["tool_call_id"], "{server:?}");
        for (place, key) in [(said, THOUGHTS), (said, DETAILS), (&said["tool_calls"][0], EXTRA)] {
            assert_eq!(place.get(key), beside.get(key), "{server:?}: {key}");
        }
        let asks = body.get("stream_options").is_some();
        assert_eq!((asks, &body["max_tokens"]), (server != Named::Mistral, &json!(9)), "{server:?}");
    }
}

#[test]
fn another_servers_calls_fit_the_strict_one() {
    let call = crate::ToolCall {
        id: "toolu_01A09q90".to_owned(),
        name: "read".to_owned(),
        arguments: crate::Arguments::read("{}"),
    };
    let result = ToolResult { call: call.id.clone(), text: String::new(), outcome: ToolOutcome::Done };
    let messages = vec![
        Message::Assistant { text: String::new(), calls: vec![call], carried: vec![] },
        Message::ToolResults { results: vec![result] },
    ];
    let request = Request { messages, ..Request::default() };
    let body = body(&request, Quirks::of(Some(Named::Mistral), ""));
    let id = body["messages"][0]["tool_calls"][0]["id"].as_str().unwrap_or_default();
    assert_eq!((id.len(), &body["messages"][1]["tool_call_id"]), (9, &json!(id)));
}

/// A conversation in which another model called, was interrupted, and the person went on.
fn taken_over(model: &str) -> Request {
    let call = crate::ToolCall {
        id: "functions.read:0".to_owned(),
        name: "functions.read".to_owned(),
        arguments: crate::Arguments::read("{}"),
    };
    let result = ToolResult { call: call.id.clone(), text: "x".to_owned(), outcome: ToolOutcome::Done };
    let messages = vec![
        Message::user("one"),
        Message::Assistant { text: String::new(), calls: vec![call], carried: vec![] },
        Message::ToolResults { results: vec![result] },
        Message::user("two"),
        Message::user("three"),
    ];
    Request { model: model.to_owned(), messages, ..Request::default() }
}

#[test]
fn a_conversation_that_another_model_began_is_one_that_the_server_takes() {
    let roles = |named: Option<Named>| -> Vec<String> {
        let body = body(&taken_over("m"), Quirks::of(named, ""));
        let role = |message: &Value| message["role"].as_str().unwrap_or_default().to_owned();
        body["messages"].as_array().into_iter().flatten().map(role).collect()
    };
    let free = ["user", "assistant", "tool", "user", "user"];
    let strict = ["user", "assistant", "tool", "assistant", "user", "assistant", "user"];
    for named in [Named::Openai, Named::Openrouter, Named::Deepseek, Named::Moonshot, Named::Gemini] {
        assert_eq!(roles(Some(named)), free, "{named:?}");
    }
    for named in [Named::Mistral, Named::LmStudio, Named::Vllm, Named::LlamaCpp] {
        assert_eq!(roles(Some(named)), strict, "{named:?}");
    }
    assert_eq!(roles(None), strict, "a server that nobody knows");

    let seal = json!({"google": {"thought_signature": "skip_thought_signature_validator"}});
    for (named, model, thoughts, extra) in [
        (None, "m", Value::Null, Value::Null),
        // A key that a server never sent may be refused: Groq has Kimi, too, and calls what it thought otherwise.
        (None, "kimi-k2.5", Value::Null, Value::Null),
        (Some(Named::Moonshot), "kimi-k2.5", json!("(not kept)"), Value::Null),
        (Some(Named::Openrouter), "openai/gpt-5", Value::Null, Value::Null),
        (Some(Named::Deepseek), "deepseek-v4", json!("(not kept)"), Value::Null),
        (Some(Named::Openrouter), "moonshotai/Kimi-K2", json!("(not kept)"), Value::Null),
        (Some(Named::Gemini), "gemini-3-pro", Value::Null, seal.clone()),
        (Some(Named::Gemini), "models/gemini-2.5-flash", Value::Null, Value::Null),
        (Some(Named::Gemini), "gemini-pro-latest", Value::Null, seal),
    ] {
        let body = body(&taken_over(model), Quirks::of(named, ""));
        let said = &body["messages"][1];
        assert_eq!((&said[THOUGHTS], &said["tool_calls"][0][EXTRA]), (&thoughts, &extra), "{model}");
    }
}
