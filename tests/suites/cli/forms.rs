//! Answers that are one JSON document: held to a schema where the API can, mended once where it does not fit.

use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::{FILE, KEY, TEXT};
use copydesk_tests::workspace::{Ran, Workspace};
use serde_json::{Value, json};

use crate::COPYDESK;

const SCHEMA: &str = r#"{"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"], "additionalProperties": false}"#;

fn desk(model: &ModelServer, more: &str) -> Workspace {
    let config = format!(
        "default_model: bench/{}\nproviders:\n  bench: {{kind: {}, base_url: \"{}\", api_key_env: BENCH_KEY{more}}}\n",
        if model.format() == Format::Anthropic { "claude-sonnet-4-5" } else { "m" },
        model.format().kind(),
        model.base_url()
    );
    Workspace::new(COPYDESK)
        .with([(FILE, TEXT), ("form.json", SCHEMA)])
        .with_user_config(&config)
        .with_variable("BENCH_KEY", KEY)
}

fn ask(workspace: &Workspace) -> Ran {
    workspace.run(&["ask", "--json-schema", "form.json", "a title for calc.py"])
}

/// Where a request tells the server the schema.
fn told(format: Format, body: &Value) -> Option<Value> {
    let place = match format {
        Format::Anthropic => "/output_config/format/schema",
        Format::OpenaiResponses => "/text/format/schema",
        Format::Ollama => "/format",
        _ => "/response_format/json_schema/schema",
    };
    body.pointer(place).cloned()
}

fn has_tools(body: &Value) -> bool {
    body["tools"].is_array() && body["tool_choice"]["type"] != "none"
}

#[test]
fn the_answer_is_the_document_and_nothing_else() {
    for format in Format::ALL {
        let look = Reply::text("Let me look.").call("read", &json!({"path": FILE}));
        let answer = Reply::text("```json\n{\"title\": \"A shop\"}\n```");
        let model = ModelServer::start(format, [look, answer]);
        let workspace = desk(&model, "");
        let ran = ask(&workspace).exits(0);
        assert_eq!(ran.stdout, "{\"title\":\"A shop\"}\n", "{format:?}: {ran}");
        assert!(ran.stderr.contains("read calc.py"), "{ran}");
        let request = model.wait_request(1);
        assert!(request.text().contains("fits this JSON Schema"), "it is told in words too");
        // With tools in use it is told where an API can tell a call from an answer.
        let expect = match format {
            Format::Anthropic | Format::OpenaiResponses | Format::Azure => serde_json::from_str(SCHEMA).ok(),
            _ => None,
        };
        assert_eq!(told(format, &request.body), expect, "{format:?}: {}", request.body);
    }
}

#[test]
fn a_server_that_takes_no_schema_is_asked_without() {
    let refusal = "{\"error\": {\"message\": \"'json_schema' is not supported here\"}}";
    for format in Format::ALL {
        let model = ModelServer::start(
            format,
            [Reply::status(400, refusal), Reply::text("Here it is: {\"title\": \"A shop\"}")],
        );
        let more = if format == Format::OpenaiChat { ", quirks: vllm" } else { "" };
        let workspace = desk(&model, more);
        let ran = workspace.run(&["ask", "--mode", "plan", "--json-schema", "form.json", "a title"]).exits(0);
        assert_eq!(ran.stdout, "{\"title\":\"A shop\"}\n", "{format:?}: {ran}");
        assert!(ran.stderr.contains("(try 2)"), "{ran}");
        assert_eq!(told(format, &model.wait_request(1).body), None, "{format:?}");
    }
}

#[test]
fn a_server_says_what_it_wants_of_thoughts_and_is_asked_so() {
    let event = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        format!("data: {}\n\n", json!({"choices": [choice]}))
    };
    let stream = |thought: &str, id: &str| {
        let function = json!({"name": "read", "arguments": json!({"path": FILE}).to_string()});
        let call = json!({"index": 0, "id": id, "type": "function", "function": function});
        let end = event(json!({}), json!("tool_calls"));
        let call = event(json!({"tool_calls": [call]}), Value::Null);
        Reply::stream(format!("{thought}{call}{end}data: [DONE]\n\n"))
            .header("content-type", "text/event-stream")
    };
    let look = |id: &str| stream("", id);
    let thinks = |id: &str| stream(&event(json!({"reasoning_content": "I look."}), Value::Null), id);
    // Each is asked once as it does not want it, and never again.
    for (refusal, expect) in [
        ("'messages.2': property 'reasoning_content' is unsupported", ["I look.", "", ""]),
        (
            "reasoning_content is missing in assistant tool call message at index 2",
            ["", "(not kept)", "(not kept)"],
        ),
    ] {
        let refusal = json!({"error": {"message": refusal}}).to_string();
        let first = if expect[0].is_empty() { look("a") } else { thinks("a") };
        let replies = [first, Reply::status(400, &refusal), look("b"), Reply::text("Done.")];
        let model = ModelServer::start(Format::OpenaiChat, replies);
        let ran = desk(&model, "").run(&["ask", "look"]).exits(0);
        assert_eq!(ran.stdout.trim(), "Done.", "{ran}");
        let thought = |at: usize| {
            let body = model.wait_request(at).body;
            body["messages"][2]["reasoning_content"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!([1, 2, 3].map(thought), expect, "{refusal}");
    }
}

#[test]
fn the_name_of_a_tool_that_is_none_draws_nothing_on_a_terminal() {
    for format in Format::ALL {
        let name = "zap\u{1b}]0;PWN\u{7}\nnote: checked\u{202e}";
        let model =
            ModelServer::start(format, [Reply::empty().raw_call("c1", name, "{}"), Reply::text("Done.")]);
        let ran = desk(&model, "").run(&["ask", "do it"]).exits(0);
        let is_quiet = |text: &str| !text.contains(['\u{1b}', '\u{7}', '\u{202e}']);
        assert!(is_quiet(&ran.stderr) && ran.stderr.contains("· zap]0;PWNnote:checked"), "{format:?}: {ran}");
    }
}

#[test]
fn what_does_not_fit_goes_back_once_with_the_reasons() {
    for format in Format::ALL {
        let model = ModelServer::start(
            format,
            [Reply::text("I would call it A shop."), Reply::text("{\"title\": \"A shop\"}")],
        );
        // The server is known to hold to a schema.
        let more = if format == Format::OpenaiChat { ", quirks: vllm" } else { "" };
        let ran = ask(&desk(&model, more)).exits(0);
        assert_eq!(ran.stdout, "{\"title\":\"A shop\"}\n", "{format:?}: {ran}");
        let second = model.wait_request(1);
        assert!(second.text().contains("That is not what was asked for: it is no JSON"), "{}", second.text());
        assert!(!has_tools(&second.body), "{format:?}: now words are wanted: {}", second.body);
        assert_eq!(
            told(format, &second.body),
            serde_json::from_str(SCHEMA).ok(),
            "{format:?}: {}",
            second.body
        );
    }
}

#[test]
fn what_never_fits_is_an_error_with_the_reasons_and_no_output() {
    let wrong = || Reply::text("{\"title\": 3}");
    for format in Format::ALL {
        let model = ModelServer::start(format, [wrong(), wrong()]);
        let ran = ask(&desk(&model, "")).exits(1);
        assert_eq!(ran.stdout, "", "{ran}");
        let words = "the model's answer does not fit the schema, also when it was asked once more: ";
        assert!(ran.stderr.contains(words) && ran.stderr.contains("title"), "{ran}");
        assert_eq!(model.requests().len(), 2);
    }
}

#[test]
fn a_schema_that_cannot_be_used_is_wrong_usage_and_asks_nobody() {
    let model = ModelServer::start(Format::OpenaiChat, []);
    let workspace = desk(&model, "").with([
        ("broken.json", "{"),
        ("wrong.json", "{\"type\": \"rocket\"}"),
        ("far.json", "{\"$ref\": \"https://schemas.example/a.json\"}"),
    ]);
    for (file, words) in [
        ("broken.json", "broken.json is no JSON Schema that can be used: it is no JSON"),
        ("wrong.json", "wrong.json is no JSON Schema that can be used: it is no valid schema"),
        ("far.json", "nothing is fetched"),
        ("none.json", "failed to read none.json"),
    ] {
        let ran = workspace.run(&["ask", "--json-schema", file, "a title"]).exits(2);
        assert!(ran.stderr.contains(words), "{words}: {ran}");
    }
    assert_eq!(model.requests().len(), 0);
}
