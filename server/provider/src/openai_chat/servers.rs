//! What each compatible server sends in its own way, and how the same words go back to it.

use copydesk_base::config::Quirks as Named;
use serde_json::json;

use super::*;
use crate::fixture;
use crate::request::{ToolOutcome, ToolResult};

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
            json!({}),
        ),
        (
            Named::Vllm,
            include_str!("../../fixtures/openai_chat/servers/vllm.sse"),
            "I look.",
            "chatcmpl-tool-7",
            16,
            json!({}),
        ),
        (
            Named::LlamaCpp,
            include_str!("../../fixtures/openai_chat/servers/llama_cpp.sse"),
            "I look.",
            "wB5K",
            0,
            json!({}),
        ),
        (
            Named::Openrouter,
            include_str!("../../fixtures/openai_chat/servers/openrouter.sse"),
            "I look.",
            "tool_0_read",
            0,
            json!({}),
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
        let mut reader = Reader::of(quirks);
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
        for (place, key) in [(said, THOUGHTS), (&said["tool_calls"][0], EXTRA)] {
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
