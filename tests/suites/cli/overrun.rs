//! Servers that do not end an answer where they were told to, or say that they did not: what counts, who is hung up on,
//! and what a person is told of it.

use copydesk_tests::model_server::{End, Format, ModelServer, Reply};
use copydesk_tests::scene::KEY;
use copydesk_tests::workspace::{Ran, Workspace};
use serde_json::{Value, json};

use crate::COPYDESK;

/// Where every answer is told to end.
pub(crate) const TOLD: u64 = 1_000;

/// A model of a dollar for a million tokens sent and ten for a million received, whose answers end at [`TOLD`].
pub(crate) fn billed(model: &ModelServer, budgets: &str) -> Workspace {
    let config = format!(
        "default_model: bench/m\nproviders:\n  bench:\n    kind: {}\n    base_url: \"{}\"\n    api_key_env: BENCH_KEY\n    \
         models: {{m: {{output_limit: {TOLD}, price: {{input: 1, output: 10}}}}}}\nbudgets: {budgets}\n",
        model.format().kind(),
        model.base_url(),
    );
    Workspace::new(COPYDESK)
        .with([("a.py", "x = 1\n".repeat(90).as_str())])
        .with_user_config(&config)
        .with_variable("BENCH_KEY", KEY)
}

pub(crate) fn ask(workspace: &Workspace) -> Ran {
    workspace.run(&["ask", "--json", "say something"])
}

pub(crate) fn word<'a>(report: &'a Value, key: &str) -> &'a str {
    report[key].as_str().unwrap_or_default()
}

/// Looks at another line each time, and is said to have written so much.
fn looks(output: u64) -> impl Iterator<Item = Reply> {
    let look =
        move |at: u64| Reply::tool("read", &json!({"path": "a.py", "offset": at})).usage(1_200, output);
    (1..80).map(look)
}

#[test]
fn what_a_server_says_it_wrote_is_paid_for_however_much_it_was_told() {
    for format in Format::ALL {
        for output in [1_900, 2_500, 8_000, 40_000] {
            let model = ModelServer::start(format, looks(output));
            let report = ask(&billed(&model, "{run: {usd: 0.2}}")).exits(1).json();
            let a_request = 0.0012 + f64::from(u32::try_from(output).unwrap_or(u32::MAX)) * 1e-5;
            let bill = f64::from(u32::try_from(model.requests().len()).unwrap_or(u32::MAX)) * a_request;
            let counted = report["usage"]["usd"].as_f64().unwrap_or_default();
            assert!((counted - bill).abs() < 1e-6, "{format:?} {output}: {bill} is billed: {report}");
            assert!(word(&report, "error").contains("budgets.run.usd"), "{format:?} {output}: {report}");
            // Only the answer by which it shows what it does goes past the limit, or one that is less than twice as
            // long as told.
            let most = if output > 2 * TOLD { f64::max(0.2, a_request) } else { 0.2 + a_request };
            assert!(bill <= most, "{format:?} {output}: {bill}: {report}");
            let told = report["notices"].to_string();
            let says = format!(
                "The server of bench/m says that it wrote {output} tokens; it was told to end at 1000."
            );
            assert_eq!(told.contains(&says), output > 2 * TOLD, "{format:?} {output}: {report}");
            assert_eq!(
                told.matches("says that it wrote").count(),
                usize::from(output > 2 * TOLD),
                "{report}"
            );
        }
    }
}

#[test]
fn a_count_that_cannot_be_takes_what_was_allowed_and_is_told() {
    for format in Format::ALL {
        for output in [1_000_000_000, 1_000_000_000_000] {
            let replies = looks(output).take(2).chain([Reply::text("Done.").usage(1_200, 5)]);
            let model = ModelServer::start(format, replies);
            let report = ask(&billed(&model, "{run: {tokens: 90000}}")).exits(0).json();
            assert_eq!(report["usage"]["output_tokens"], 2 * TOLD + 5, "{format:?}: {report}");
            assert_eq!(report["usage"]["estimated"], true, "{report}");
            let told = report["notices"].to_string();
            assert!(told.contains("That cannot be, and 1000 are counted"), "{report}");
        }
    }
}

#[test]
fn a_total_that_cannot_be_takes_no_more_than_was_allowed() {
    let usage = json!({"prompt_tokens": 1000, "completion_tokens": 5, "total_tokens": 1_500_000_000});
    let chunk =
        json!({"choices": [{"delta": {"content": "Hello."}, "finish_reason": "stop"}], "usage": usage});
    let model =
        ModelServer::start(Format::OpenaiChat, [Reply::stream(format!("data: {chunk}\n\ndata: [DONE]\n\n"))]);
    let config = format!(
        "default_model: bench/m\nproviders:\n  bench: {{kind: openai-chat, base_url: \"{}\", api_key_env: BENCH_KEY, \
         models: {{m: {{price: {{input: 1, output: 10}}}}}}}}\nbudgets: {{day: {{usd: 5}}}}\n",
        model.base_url(),
    );
    let workspace = Workspace::new(COPYDESK).with_user_config(&config).with_variable("BENCH_KEY", KEY);
    let report = ask(&workspace).exits(0).json();
    assert_eq!(report["usage"]["output_tokens"], 16_384, "{report}");
    assert!(report["notices"].to_string().contains("says that it wrote 1499999000 tokens"), "{report}");
}

#[test]
fn a_count_that_is_no_number_is_the_likely_one_where_nothing_is_limited() {
    let usage = json!({"prompt_tokens": "many", "completion_tokens": "more"});
    let chunk =
        json!({"choices": [{"delta": {"content": "Hello."}, "finish_reason": "stop"}], "usage": usage});
    for (budgets, expect) in [("{day: {usd: 5}}", TOLD), ("{day: {requests: 9}}", 2)] {
        let body = format!("data: {chunk}\n\ndata: [DONE]\n\n");
        let model = ModelServer::start(Format::OpenaiChat, [Reply::stream(body)]);
        let usage = &ask(&billed(&model, budgets)).exits(0).json()["usage"];
        assert_eq!(
            (&usage["output_tokens"], &usage["estimated"]),
            (&json!(expect), &json!(true)),
            "{budgets}"
        );
    }
}

#[test]
fn a_server_that_does_not_end_where_it_was_told_to_is_hung_up_on() {
    for format in Format::ALL {
        let endless = Reply::empty().pieces(std::iter::repeat_n("word word word word ", 10_000));
        let model = ModelServer::start(format, [endless]);
        let workspace = billed(&model, "{run: {usd: 1}}");
        let report = ask(&workspace).exits(1).json();
        let error = word(&report, "error");
        assert!(
            error.starts_with(
                "finish: the server of bench/m goes on behind the 1000 tokens that it was told to end at"
            ) || error.contains("failed to finish: the server of bench/m goes on behind the 1000 tokens"),
            "{format:?}: {report}"
        );
        let _ = model.wait_closed(0);
        let usage = &report["usage"];
        assert_eq!((&usage["requests"], &usage["estimated"]), (&json!(1), &json!(true)), "{report}");
        let counted = usage["output_tokens"].as_u64().unwrap_or_default();
        // A token for each byte of a word where one is known, and as many pieces as are handed over at once.
        let most = (TOLD * 5 / 4 + 128) * 5 + 64 * 4 * 5;
        assert!((TOLD..=most).contains(&counted), "{format:?}: {report}");
        assert!(error.contains(&format!("≈ {counted} tokens are counted")), "{format:?}: {report}");
        let session = word(&report, "session_id");
        let shown = workspace.run(&["sessions", "show", session]).exits(0).stdout;
        assert!(shown.contains("goes on behind the 1000 tokens"), "{shown}");
        assert!(!shown.contains("reported no count"), "{shown}");
    }
}

#[test]
fn what_a_server_took_beyond_what_it_was_allowed_is_known_to_whoever_asks_next() {
    // What it says was sent, what it says it wrote, and how often it can be asked: to a limit of two dollars and a half.
    for (sent, output, says) in [
        (
            1_200_u32,
            90_000_u32,
            "The server of bench/m says that it wrote 90000 tokens; it was told to end at 1000.",
        ),
        (60_000, 5, "The server of bench/m says that it was sent 60000 tokens; by its text the request has "),
    ] {
        for format in Format::ALL {
            let a_request = 1e-6 * f64::from(sent) + 1e-5 * f64::from(output);
            let replies = (0..9).map(|_| Reply::text("Hello.").usage(u64::from(sent), u64::from(output)));
            let model = ModelServer::start(format, replies);
            let limit = a_request * 2.5;
            let workspace = billed(&model, &format!("{{day: {{usd: {limit}}}}}"));
            let first = ask(&workspace).exits(0).json();
            assert!(first["notices"].to_string().contains(says), "{format:?}: {first}");
            let session = word(&first, "session_id");
            // Each is a process of its own.
            let second = ask(&workspace).exits(0).json();
            assert!(!second["notices"].to_string().contains("was sent"), "said once: {second}");
            let third = ask(&workspace).exits(1).json();
            assert!(word(&third, "error").contains("budgets.day.usd"), "{format:?}: {third}");
            assert_eq!(model.requests().len(), 2, "{format:?}: the limit is not passed: {third}");
            // What comes back as it was recorded needs no room.
            let replayed = workspace.run(&["ask", "--json", "--replay", session, "say something"]);
            assert_eq!(replayed.json()["text"], "Hello.", "{format:?}: {replayed}");
        }
    }
}

#[test]
fn signs_of_life_are_no_answer_however_many_come() {
    let ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n".repeat(9_000);
    let empty = format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": {}}]})).repeat(9_000);
    let said = json!({"choices": [{"index": 0, "delta": {"content": "Hello."}, "finish_reason": "stop"}]});
    let events = [
        json!({"type": "message_start", "message": {"usage": {"input_tokens": 500, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello."}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}),
        json!({"type": "message_stop"}),
    ];
    let events: Vec<String> = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    let nothing = json!({"choices": [{"index": 0, "delta": {"content": ""}}]});
    let nothing = format!("data: {nothing}\n\n").repeat(9_000);
    for (format, body) in [
        (Format::Anthropic, format!("{}{ping}{}", events[0], events[1..].concat())),
        (Format::OpenaiChat, format!("{empty}{nothing}data: {said}\n\ndata: [DONE]\n\n")),
    ] {
        let model = ModelServer::start(format, [Reply::stream(body)]);
        let report = ask(&billed(&model, "{run: {usd: 1}}")).exits(0).json();
        assert_eq!(report["text"], "Hello.", "{format:?}: {report}");
    }
}

/// Two models as [`billed`], the second of which may answer for the first.
fn chained(one: &ModelServer, two: &ModelServer, budgets: &str) -> Workspace {
    let provider = |name: &str, model: &ModelServer| {
        format!(
            "  {name}:\n    kind: {}\n    base_url: \"{}\"\n    api_key_env: BENCH_KEY\n    \
             models: {{m: {{output_limit: {TOLD}, price: {{input: 1, output: 10}}}}}}\n",
            model.format().kind(),
            model.base_url(),
        )
    };
    let config = format!(
        "default_model: one/m\nfallback: [two/m]\nproviders:\n{}{}budgets: {budgets}\n",
        provider("one", one),
        provider("two", two),
    );
    Workspace::new(COPYDESK)
        .with([("a.py", "x = 1\n".repeat(90).as_str())])
        .with_user_config(&config)
        .with_variable("BENCH_KEY", KEY)
}

fn exported(there: &Workspace, session: &str) -> String {
    there.run(&["sessions", "export", session, "--comparable"]).exits(0).stdout
}

#[test]
fn a_fallback_answers_for_a_server_that_goes_on_and_it_is_passed_over_after_three() {
    for format in Format::ALL {
        let endless = || Reply::empty().pieces(std::iter::repeat_n("word word word word ", 10_000));
        let one = ModelServer::start(format, (0..3).map(|_| endless()));
        let two = ModelServer::start(Format::OpenaiChat, (0..4).map(|_| Reply::text("Hello.").usage(500, 5)));
        let workspace = chained(&one, &two, "{run: {usd: 1}}");
        let because = "the server of one/m goes on behind the 1000 tokens";
        for asked in 1..=3 {
            let report = ask(&workspace).exits(0).json();
            assert_eq!((&report["text"], &report["model"]["active"]), (&json!("Hello."), &json!("two/m")));
            assert_eq!(report["usage"]["requests"], 2, "{format:?}: both are paid for: {report}");
            assert_eq!((one.requests().len(), two.requests().len()), (asked, asked), "{format:?}: {report}");
            let session = word(&report, "session_id");
            let shown = workspace.run(&["sessions", "show", session]).exits(0).stdout;
            assert!(shown.contains(&format!("two/m answers instead of one/m: {because}")), "{shown}");
            let replayed = workspace.run(&["ask", "--json", "--replay", session, "say something"]).exits(0);
            let again = replayed.json();
            assert_eq!(exported(&workspace, session), exported(&workspace, word(&again, "session_id")));
            assert_eq!((one.requests().len(), two.requests().len()), (asked, asked), "nobody is asked");
            let explained = workspace.run(&["models", "explain"]).exits(0).stdout;
            let health = if asked < 3 { because } else { "passed over for" };
            assert!(explained.contains(health) && explained.contains(because), "{format:?}: {explained}");
        }
        let report = ask(&workspace).exits(0).json();
        assert_eq!((one.requests().len(), two.requests().len()), (3, 4), "{format:?}: {report}");
    }
}

#[test]
fn an_answer_that_is_there_at_once_and_goes_on_speaks_against_its_model_too() {
    // One piece: all of it has come before anybody looks.
    let long = || Reply::text(&"word ".repeat(3_000)).usage(500, 3_000);
    let one = ModelServer::start(Format::OpenaiChat, (0..3).map(|_| long()));
    let two = ModelServer::start(Format::OpenaiChat, (0..4).map(|_| Reply::text("Hello.").usage(500, 5)));
    let workspace = chained(&one, &two, "{run: {usd: 1}}");
    for asked in [1, 2, 3, 3] {
        let report = ask(&workspace).exits(0).json();
        assert_eq!(one.requests().len(), asked, "{report}");
    }
}

#[test]
fn a_fallback_that_the_budget_has_no_room_for_is_not_asked() {
    let endless = Reply::empty().pieces(std::iter::repeat_n("word word word word ", 10_000));
    let one = ModelServer::start(Format::OpenaiChat, [endless]);
    let two = ModelServer::start(Format::OpenaiChat, [Reply::text("Hello.")]);
    let report = ask(&chained(&one, &two, "{run: {usd: 0.02}}")).exits(1).json();
    let error = word(&report, "error");
    assert!(error.contains("budgets.run.usd") && error.contains("so two/m was not asked"), "{report}");
    let models = &report["model"];
    assert_eq!(
        (&models["active"], &models["fallback_applied"]),
        (&json!("one/m"), &json!(false)),
        "{report}"
    );
    assert_eq!((one.requests().len(), two.requests().len()), (1, 0), "{report}");
}

#[test]
fn what_nobody_reads_is_no_way_to_go_on_for_ever() {
    let (mumbling, seal) = ("mumble ".repeat(60), "m".repeat(400));
    let unknown = |event: Value| format!("data: {event}\n\n").repeat(400);
    let anthropic = |block: Value, delta: Value| {
        let begin = json!({"type": "content_block_start", "index": 0, "content_block": block});
        let start =
            json!({"type": "message_start", "message": {"usage": {"input_tokens": 10, "output_tokens": 1}}});
        let more = json!({"type": "content_block_delta", "index": 0, "delta": delta});
        format!("data: {start}\n\ndata: {begin}\n\n{}", unknown(more))
    };
    let chat = |delta: Value| unknown(json!({"choices": [{"index": 0, "delta": delta}]}));
    let opened = json!({"index": 0, "id": "a", "function": {"name": "re"}});
    let opened =
        format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": {"tool_calls": [opened]}}]}));
    for (format, body) in [
        (Format::OpenaiChat, chat(json!({"mumbling": mumbling}))),
        (
            Format::OpenaiChat,
            opened + &chat(json!({"tool_calls": [{"index": 0, "function": {"name": mumbling}}]})),
        ),
        (Format::Anthropic, anthropic(json!({"type": "thinking"}), json!({"signature": seal}))),
        (Format::Anthropic, anthropic(json!({"type": "mumbling"}), json!({"mumbling": mumbling}))),
        (Format::OpenaiResponses, unknown(json!({"type": "response.mumbling.delta", "delta": mumbling}))),
        (
            Format::Ollama,
            format!("{}\n", json!({"message": {"content": "", "mumbling": mumbling}, "done": false}))
                .repeat(400),
        ),
    ] {
        let model = ModelServer::start(format, [Reply::stream(body)]);
        let report = ask(&billed(&model, "{run: {usd: 1}}")).exits(1).json();
        let error = word(&report, "error");
        assert!(error.contains("goes on behind the 1000 tokens"), "{format:?}: {report}");
        // By its weight: a server may bill what nobody here reads.
        assert!(report["usage"]["output_tokens"].as_u64() > Some(2 * TOLD), "{format:?}: {report}");
    }
}

#[test]
fn a_run_that_was_hung_up_on_is_replayed_as_it_was() {
    for format in Format::BOTH {
        let read = Reply::text("Let me see.").call("read", &json!({"path": "a.py"}));
        let model = ModelServer::start(format, [read, Reply::text("On and on: ").end(End::Babble)]);
        let workspace = billed(&model, "{run: {usd: 1}}");
        let report = ask(&workspace).exits(1).json();
        let session = word(&report, "session_id");
        let replayed =
            workspace.run(&["ask", "--json", "--replay", session, "say something"]).exits(1).json();
        assert_eq!(replayed["error"], report["error"], "{format:?}");
        let again = word(&replayed, "session_id");
        assert_eq!(exported(&workspace, session), exported(&workspace, again), "{format:?}");
        assert_eq!(model.requests().len(), 2, "nobody is asked");
    }
}
