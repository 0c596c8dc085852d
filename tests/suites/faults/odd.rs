//! Answers that are whole, and odd all the same: huge, cut into bytes, with calls that make no sense, with counts that
//! lie.

use copydesk_tests::model_server::{Delivery, End, Format, Reply};
use copydesk_tests::scene::{FILE, TEXT, done, triple, tripled};
use serde_json::{Value, json};

use crate::{Answers, Says, row, run, tell};

/// Runs in every format, side by side.
fn each(check: impl Fn(Format) + Sync) {
    std::thread::scope(|scope| {
        for format in Format::ALL {
            let check = &check;
            scope.spawn(move || check(format));
        }
    });
}

#[test]
fn four_megabytes_in_one_event_are_an_answer() {
    each(|format| {
        let text = "Ä".repeat(2 << 20);
        let told = run(format, vec![Reply::text(&text)], "{}");
        assert_eq!(told.report["status"], "succeeded", "{format:?}: {}", told.report["error"]);
        assert_eq!(told.report["text"].as_str().map(str::len), Some(text.len()), "{format:?}");
    });
}

#[test]
fn a_call_that_comes_byte_by_byte_is_made_once() {
    each(|format| {
        let told = run(format, vec![triple().delivery(Delivery::ByByte), done()], "{}");
        assert_eq!(told.report["status"], "succeeded", "{format:?}: {}", told.report);
        assert_eq!(told.workspace.read(FILE), tripled(), "{format:?}");
        assert_eq!(told.report["changes"], json!([{"path": FILE, "applied": true}]), "{format:?}");
    });
}

#[test]
fn calls_that_make_no_sense_are_told_to_the_model_and_change_nothing() {
    let edit = |text: &str| Reply::empty().raw_call("1", "edit", text);
    let table: [(Reply, &str); 5] = [
        (
            Reply::tool("read", &json!({"path": FILE, "lines": 3})),
            "`lines` is no argument of read, and it was passed over; there are: ",
        ),
        (edit("{\"path\": \"calc.py\", \"old\": \"x"), "not valid JSON"),
        (edit("[\"calc.py\"]"), "must be a JSON object, not a list"),
        (edit("{\"path\": \"calc.py\"}"), "old"),
        (Reply::tool("rocket", &json!({"to": "the moon"})), "rocket"),
    ];
    each(|format| {
        for (reply, words) in &table {
            if format == Format::Ollama && *words == "not valid JSON" {
                // Its arguments are JSON by themselves: what is none breaks the line, not the call.
                continue;
            }
            let told = run(format, vec![reply.clone(), Reply::text("I see.")], "{}");
            assert_eq!(
                (&told.report["status"], &told.report["text"]),
                (&json!("succeeded"), &json!("I see.")),
                "{format:?}: {}",
                told.report
            );
            assert_eq!(told.workspace.read(FILE), TEXT, "{format:?}");
            let result = told.model.wait_request(1).text();
            assert!(result.contains(words), "{format:?}: the model is told '{words}': {result}");
            assert!(!result.contains("JSON: the arguments"), "{format:?}: and once: {result}");
        }
    });
}

#[test]
fn a_circle_is_told_and_then_ended() {
    each(|format| {
        let look = || Reply::tool("read", &json!({"path": FILE}));
        let told = run(format, (0..6).map(|_| look()).collect(), "{}");
        assert_eq!(told.report["status"], "failed", "{format:?}: {}", told.report);
        let error = told.report["error"].as_str().unwrap_or_default();
        assert!(error.contains("the same calls with the same results 6 times"), "{format:?}: {error}");
        let (third, fourth) = (told.model.wait_request(2).text(), told.model.wait_request(3).text());
        let words = "You have made the same calls 3 times";
        assert_eq!((third.contains(words), fourth.contains(words)), (false, true), "{format:?}");
        assert_eq!(told.model.requests().len(), 6, "{format:?}");
    });
}

#[test]
fn counts_that_are_missing_or_lie_are_no_error() {
    // Where a server counts nothing, we estimate and say so; what cannot be is about what came, where nothing is
    // limited.
    let table = [
        (Reply::text("Hello.").usage(0, 0), 1..100),
        (Reply::text("Hello.").without_usage(), 1..100),
        (Reply::text("Hello.").usage(1 << 60, 1 << 60), 1..100),
    ];
    each(|format| {
        for (reply, output) in &table {
            let told = run(format, vec![reply.clone()], "{}");
            assert_eq!(told.report["text"], "Hello.", "{format:?}: {}", told.report);
            let usage = &told.report["usage"];
            let counts = [&usage["input_tokens"], &usage["output_tokens"]].map(Value::as_u64);
            let is_sane = counts
                .iter()
                .zip([&(1..10_000), output])
                .all(|(count, sane)| count.is_some_and(|count| sane.contains(&count)));
            assert!(is_sane && usage["estimated"] == true && usage["requests"] == 1, "{format:?}: {usage}");
        }
    });
}

/// An answer as each API gives it to whoever asks for no stream: these words, or an edit that makes it three times.
fn document(format: Format, text: &str) -> Reply {
    let arguments = json!({"path": FILE, "old": "def double(x):\n    return x * 2", "new": "def double(x):\n    return x * 3"});
    let is_edit = text.is_empty();
    let body = match format {
        Format::Anthropic => {
            let block = if is_edit {
                json!({"type": "tool_use", "id": "t", "name": "edit", "input": arguments})
            } else {
                json!({"type": "text", "text": text})
            };
            let reason = if is_edit { "tool_use" } else { "end_turn" };
            let usage = json!({"input_tokens": 1_000, "output_tokens": 5});
            json!({"type": "message", "content": [block], "stop_reason": reason, "usage": usage})
        }
        Format::OpenaiResponses => {
            let item = if is_edit {
                json!({"type": "function_call", "call_id": "t", "name": "edit", "arguments": arguments.to_string()})
            } else {
                json!({"type": "message", "content": [{"type": "output_text", "text": text}]})
            };
            let usage = json!({"input_tokens": 1_000, "output_tokens": 5});
            json!({"object": "response", "status": "completed", "error": null, "output": [item], "usage": usage})
        }
        Format::Ollama => {
            let call = json!({"function": {"name": "edit", "arguments": arguments}});
            let message =
                if is_edit { json!({"content": "", "tool_calls": [call]}) } else { json!({"content": text}) };
            json!({"message": message, "done": true, "prompt_eval_count": 1_000, "eval_count": 5})
        }
        _ => {
            let function = json!({"name": "edit", "arguments": arguments.to_string()});
            let message = if is_edit {
                json!({"content": null, "tool_calls": [{"id": "t", "type": "function", "function": function}]})
            } else {
                json!({"content": text})
            };
            let reason = if is_edit { "tool_calls" } else { "stop" };
            let choice = json!({"index": 0, "message": message, "finish_reason": reason});
            json!({"choices": [choice], "usage": {"prompt_tokens": 1_000, "completion_tokens": 5}})
        }
    };
    Reply::stream(format!("{body:#}")).header("content-type", "application/json; charset=utf-8")
}

#[test]
fn an_answer_that_comes_as_a_document_is_an_answer() {
    each(|format| {
        let told = run(format, vec![document(format, ""), document(format, "It is done.")], "{}");
        assert_eq!(told.report["text"], "It is done.", "{format:?}: {}", told.report);
        assert_eq!(told.workspace.read(FILE), tripled(), "{format:?}");
        let usage = &told.report["usage"];
        assert_eq!(
            (&usage["input_tokens"], &usage["output_tokens"], &usage["requests"]),
            (&json!(2_000), &json!(10), &json!(2)),
            "{format:?}: {usage}"
        );
        // The half of one is none.
        let half = document(format, "It is done.").end(End::Cut(40));
        let told = run(format, vec![half, document(format, "It is done.")], "{}");
        assert_eq!(
            (&told.report["text"], told.model.requests().len()),
            (&json!("It is done."), 2),
            "{format:?}"
        );
    });
}

/// A whole answer whose counts are this text, as each format writes it.
fn counting(format: Format, count: &str) -> Reply {
    saying(format, "Hello.", count)
}

/// A whole answer of this text, written as JSON writes it, with these counts.
fn saying(format: Format, text: &str, count: &str) -> Reply {
    let body = match format {
        Format::Anthropic => {
            r#"data: {"type":"message_start","message":{"usage":{"input_tokens":COUNT}}}

data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Hello."}}

data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":COUNT}}

data: {"type":"message_stop"}

"#
        }
        Format::OpenaiResponses => {
            r#"data: {"type":"response.output_text.delta","delta":"Hello."}

data: {"type":"response.completed","response":{"usage":{"input_tokens":COUNT,"output_tokens":COUNT}}}

"#
        }
        Format::Ollama => {
            r#"{"message":{"content":"Hello."},"done":true,"prompt_eval_count":COUNT,"eval_count":COUNT}
"#
        }
        _ => {
            r#"data: {"choices":[{"delta":{"content":"Hello."},"finish_reason":"stop"}],"usage":{"prompt_tokens":COUNT,"completion_tokens":COUNT}}

data: [DONE]

"#
        }
    };
    Reply::stream(body.replace("COUNT", count).replace("Hello.", text))
}

#[test]
fn half_a_character_at_the_very_end_is_told_as_one_in_the_middle_is() {
    each(|format| {
        for (written, expect) in [
            ("a\\ud83d", "a\u{fffd}"),
            ("a\\ud83d b", "a\u{fffd} b"),
            ("\\ud83d", "\u{fffd}"),
            ("a\\ude00", "a\u{fffd}"),
            ("a\\ud83d\\ude00", "a😀"),
        ] {
            let told = run(format, vec![saying(format, written, "10")], "{}");
            assert_eq!(told.report["text"], expect, "{format:?} {written}: {}", told.report);
        }
    });
}

#[test]
fn counts_that_are_no_counts_are_no_error() {
    each(|format| {
        for count in ["-1", "1e30", "18446744073709551616", "\"many\""] {
            let told = run(format, vec![counting(format, count)], "{}");
            assert_eq!(told.report["text"], "Hello.", "{format:?} {count}: {}", told.report);
            let usage = &told.report["usage"];
            let is_sane = usage["input_tokens"].as_u64().is_some_and(|sent| (1..10_000).contains(&sent));
            assert!(is_sane && usage["estimated"] == true, "{format:?} {count}: {usage}");
        }
    });
}

#[test]
fn an_empty_reply_is_no_success() {
    tell(|| {
        vec![
            row(
                "an empty reply",
                vec![Reply::empty()],
                1,
                Says(
                    "failed to finish: the model answered with nothing at all; ask again, or choose another model",
                ),
            ),
            row(
                "spaces",
                vec![Reply::text(" \n")],
                1,
                Says(
                    "failed to finish: the model answered with nothing at all; ask again, or choose another model",
                ),
            ),
            row(
                "a read, then nothing, also when it is asked once more",
                vec![Reply::tool("read", &json!({"path": FILE})), Reply::empty(), Reply::text(" ")],
                3,
                Says(
                    "failed to finish: the model answered with nothing at all; ask again, or choose another model",
                ),
            ),
            row(
                "a read, then nothing at first",
                vec![Reply::tool("read", &json!({"path": FILE})), Reply::empty(), Reply::text("It doubles.")],
                3,
                Answers("It doubles."),
            ),
        ]
    });
}
