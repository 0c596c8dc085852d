//! Conversations that are replayed, and answers that are kept: nobody is asked, and nothing else is taken for the same.

use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::{FILE, KEY, TEXT, config, done, triple, tripled};
use copydesk_tests::workspace::{Ran, Workspace};
use serde_json::{Value, json};

use crate::COPYDESK;

/// A key in a file, which a model gets to see as a placeholder.
const SECRET: &str = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

/// What a person asks, and how.
const ASK: [&str; 6] = ["ask", "--json", "--apply", "--file", FILE, "make it three times"];

fn desk(model: &ModelServer, more: &str) -> Workspace {
    Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&format!("{}{more}", config(model, "{}")))
        .with_variable("BENCH_KEY", KEY)
}

/// Every format; Azure speaks one of them at addresses of its own.
const FORMATS: [Format; 4] = [Format::Anthropic, Format::OpenaiChat, Format::OpenaiResponses, Format::Ollama];

/// A workspace with the same file, and no model at all.
fn elsewhere() -> Workspace {
    Workspace::new(COPYDESK).with([(FILE, TEXT)])
}

fn replay(workspace: &Workspace, recording: &str) -> Ran {
    workspace.run(&[&ASK[..3], &["--replay", recording], &ASK[3..]].concat())
}

/// The recording of one run of `ask`, written to a file outside the workspace.
fn recorded(workspace: &Workspace) -> (String, String) {
    let report = workspace.run(&ASK).exits(0).json();
    let session = report["session_id"].as_str().unwrap_or_default().to_owned();
    let exported = workspace.run(&["sessions", "export", &session, "--json"]).exits(0).stdout;
    (session, exported)
}

#[test]
fn a_recorded_run_is_replayed_in_another_folder_without_any_model() {
    for format in FORMATS {
        let read = Reply::text("Let me see.").call("read", &json!({"path": FILE}));
        let model = ModelServer::start(format, [read, triple(), Reply::text("Done.").usage(120, 3)]);
        let workspace = desk(&model, "");
        let (session, exported) = recorded(&workspace);
        assert!(!exported.contains(KEY));

        let there = elsewhere();
        there.write("run.json", &exported);
        let report = replay(&there, "run.json").exits(0).json();
        assert_eq!((&report["text"], there.read(FILE)), (&json!("Done."), tripled()), "{report}");
        let asked =
            json!({"requested": null, "active": "replay/bench/bench-model", "fallback_applied": false});
        assert_eq!(report["model"], asked);
        assert_eq!(report["usage"]["input_tokens"], 0, "nobody was asked: {report}");

        // By its name, in the workspace itself.
        let _ = workspace.run(&["undo"]).exits(0);
        let report = replay(&workspace, &session).exits(0).json();
        assert_eq!((&report["text"], workspace.read(FILE)), (&json!("Done."), tripled()), "{report}");
        assert_eq!(model.requests().len(), 3, "{format:?}");
    }
}

#[test]
fn a_conversation_of_two_turns_is_replayed_turn_by_turn() {
    let model = ModelServer::start(Format::Anthropic, [Reply::text("It doubles."), Reply::text("Yes.")]);
    let workspace = desk(&model, "");
    let session = workspace.run(&["ask", "--json", "what is it?"]).exits(0).json()["session_id"].clone();
    let _ = workspace.run(&["ask", "--continue", "sure?"]).exits(0);
    let session = session.as_str().unwrap_or_default();
    let exported = workspace.run(&["sessions", "export", session, "--json"]).exits(0).stdout;
    let there = elsewhere();
    there.write("run.json", &exported);
    let first = there.run(&["ask", "--replay", "run.json", "what is it?"]).exits(0);
    assert_eq!(first.stdout, "It doubles.\n", "{first}");
    assert!(first.stderr.contains("asking replay/bench/bench-model"), "{first}");
    let second = there.run(&["ask", "--replay", "run.json", "--continue", "sure?"]).exits(0);
    assert_eq!(second.stdout, "Yes.\n", "{second}");
}

#[test]
fn replays_of_what_others_recorded_give_the_same_journal_byte_for_byte() {
    let read = Reply::text("Let me see.").call("read", &json!({"path": FILE}));
    let run = Reply::tool("bash", &json!({"command": "rm -rf /"}));
    let model = ModelServer::start(Format::Anthropic, [read, triple(), run, Reply::text("Done.")]);
    let (_, exported) = recorded(&desk(&model, ""));
    let journals: Vec<String> = (0..2)
        .map(|_| {
            let there = elsewhere();
            there.write("run.json", &exported);
            let report = replay(&there, "run.json").json();
            let session = report["session_id"].as_str().unwrap_or_default();
            there.run(&["sessions", "export", session, "--comparable"]).exits(0).stdout
        })
        .collect();
    assert!(
        journals[0].contains("change_applied") && journals[0].contains("tool_returned"),
        "{}",
        journals[0]
    );
    assert_eq!(journals[0], journals[1]);
}

#[test]
fn what_was_not_recorded_is_an_error_that_says_where_it_parts() {
    let model = ModelServer::start(
        Format::OpenaiChat,
        [Reply::tool("read", &json!({"path": "b.txt"})), triple(), done()],
    );
    let workspace = desk(&model, "").with([("b.txt", "three\n")]);
    let (_, exported) = recorded(&workspace);
    let check = |changed: [(&str, &str); 1], ask: &[&str], words: &str| {
        let there = elsewhere().with([("b.txt", "three\n"), ("run.json", &exported)]).with(changed);
        let report = there.run(&[ask, &["--replay", "run.json"]].concat()).exits(1).json();
        let error = report["error"].as_str().unwrap_or_default();
        assert!(error.starts_with("failed to replay: run.json has no answer to this request: "), "{report}");
        assert!(error.contains(words) && error.contains("leave out --replay"), "{words}: {report}");
        assert_eq!(
            there.read(FILE),
            changed.iter().find(|(file, _)| *file == FILE).map_or(TEXT, |(_, text)| text)
        );
    };
    check(
        [("b.txt", "three\n")],
        &["ask", "--json", "--apply", "--file", FILE, "make it four times"],
        "what was asked was",
    );
    check([("b.txt", "seven\n")], &ASK, "the result of 'read' was");
    let other = TEXT.replace("x * 2", "x * 5");
    check([(FILE, &other)], &ASK, "what was asked was");
}

#[test]
fn a_recording_that_anybody_may_have_written_runs_no_command_by_a_prefix_rule() {
    let run = |command: &str| Reply::tool("bash", &json!({"command": command}));
    let model = ModelServer::start(Format::Anthropic, [run("touch made"), Reply::text("Made.")]);
    let rules = "{allow: [\"Bash(touch:*)\"]}";
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&config(&model, rules))
        .with_variable("BENCH_KEY", KEY);
    let (session, exported) = recorded(&workspace);
    let edited = exported.replace("touch made", "touch forged");
    assert_ne!(exported, edited);
    let elsewhere =
        Workspace::new(COPYDESK).with([(FILE, TEXT)]).with_user_config(&format!("permissions: {rules}\n"));
    // A replay of what somebody edited is a conversation of this journal, too, and stays what it is.
    workspace.write("edited.json", &edited);
    let laundered = replay(&workspace, "edited.json").json()["session_id"].clone();
    let laundered = laundered.as_str().unwrap_or_default();
    for (there, recording, text, made, runs) in [
        (&workspace, "run.json", &exported, "made", true),
        (&workspace, &session, &exported, "made", true),
        (&workspace, "edited.json", &edited, "forged", false),
        (&workspace, laundered, &edited, "forged", false),
        (&elsewhere, "run.json", &exported, "made", false),
    ] {
        let _ = std::fs::remove_file(there.root().join(made));
        there.write("run.json", text);
        let report = replay(there, recording).json();
        assert_eq!(there.root().join(made).exists(), runs, "{recording}: {report}");
        assert_eq!(report["denied"].as_array().map(Vec::len), Some(usize::from(!runs)), "{report}");
        let run = report["run_id"].as_str().unwrap_or_default();
        let explained = there.run(&["permissions", "explain", run]).exits(0).stdout;
        let why = "had read a recording that is not as your journal has it (replayed from";
        assert_eq!(explained.contains(why), !runs, "{recording}: {explained}");
    }
}

#[test]
fn what_is_no_recording_is_told() {
    let there =
        elsewhere().with([("notes.json", "{\"schema\": \"other/1\", \"runs\": []}"), ("a.txt", "hello")]);
    for (named, words) in [
        (
            "notes.json",
            "notes.json is no recording: its schema is 'other/1'; 'copydesk sessions export ID --json > FILE'",
        ),
        ("a.txt", "a.txt is no recording: expected value"),
        ("nobody", "there is neither a file nor a conversation 'nobody' here"),
    ] {
        let ran = replay(&there, named).exits(2);
        assert!(ran.stderr.contains(words), "{words}: {ran}");
    }
}

#[test]
fn a_recording_holds_no_secret_and_is_replayed_all_the_same() {
    let model =
        ModelServer::start(Format::Anthropic, [Reply::tool("read", &json!({"path": ".npmrc.txt"})), done()]);
    let secret = format!("//registry.example/:_authToken={SECRET}\n");
    let workspace = desk(&model, "").with([(".npmrc.txt", secret.as_str())]);
    let (_, exported) = recorded(&workspace);
    assert!(!exported.contains(SECRET) && exported.contains("[redacted]"), "{exported}");
    let there = elsewhere().with([(".npmrc.txt", secret.as_str()), ("run.json", exported.as_str())]);
    let report = replay(&there, "run.json").exits(0).json();
    assert_eq!(report["text"], "Done.", "{report}");
}

const CACHE: &str = "models: {cache: {enabled: true}}\n";

fn ask(workspace: &Workspace, more: &[&str]) -> Value {
    workspace.run(&[&["ask", "--json", "--file", FILE], more, &["what is it?"]].concat()).exits(0).json()
}

#[test]
fn the_same_request_is_answered_from_what_was_kept() {
    for format in FORMATS {
        let read = Reply::tool("read", &json!({"path": FILE}));
        let model = ModelServer::start(format, [read, Reply::text("It doubles."), Reply::text("Anew.")]);
        let workspace = desk(&model, CACHE);
        let first = ask(&workspace, &[]);
        let second = ask(&workspace, &[]);
        assert_eq!((&first["text"], &second["text"]), (&json!("It doubles."), &json!("It doubles.")));
        assert_eq!(model.requests().len(), 2, "{format:?}: {second}");
        assert_eq!(second["usage"]["input_tokens"], 0, "it costs nothing: {second}");
        assert_eq!(second["model"]["active"], "bench/bench-model", "{second}");
        // Another person's folder is another folder with the same text.
        let state = workspace.state().display().to_string();
        let there = desk(&model, CACHE).with_variable("COPYDESK_HOME", &state);
        let told = there.run(&["ask", "--file", FILE, "what is it?"]).exits(0);
        assert_eq!(told.stdout, "It doubles.\n", "{told}");
        assert!(told.stderr.contains("nobody was asked (models.cache)"), "{told}");
        // A word more is another request, and so is the wish for a fresh answer.
        there.write(FILE, &TEXT.replace("# What", "# All that"));
        assert_eq!(ask(&there, &[])["text"], "Anew.");
        model.push(Reply::text("Fresh."));
        assert_eq!(ask(&workspace, &["--no-cache"])["text"], "Fresh.");
        assert_eq!(model.requests().len(), 4, "{format:?}");
    }
}

#[test]
fn an_answer_that_is_kept_needs_no_budget() {
    for budget in ["{day: {requests: 1}}", "{day: {tokens: 40000}}"] {
        let answer = || Reply::text("It doubles.").usage(39_000, 10);
        let model = ModelServer::start(Format::OpenaiChat, [answer(), answer()]);
        let workspace = desk(&model, &format!("{CACHE}budgets: {budget}\n"));
        let other = ["ask", "--json", "--file", FILE, "and what else?"];
        for text in [ask(&workspace, &[]), ask(&workspace, &[])].map(|report| report["text"].clone()) {
            assert_eq!(text, "It doubles.", "{budget}");
        }
        let refused = workspace.run(&other).exits(1).json();
        assert!(refused["error"].as_str().is_some_and(|error| error.contains("(budgets.day.")), "{refused}");
        assert_eq!(model.requests().len(), 1, "{budget}");
    }
}

#[test]
fn nothing_is_kept_unless_asked_for_whole_in_time_and_free_of_secrets() {
    let hello = || Reply::text("Hello.");
    let secret = || Reply::text(&format!("It is {SECRET}, isn't it?"));
    for (settings, reply) in [
        ("", hello()),
        ("models: {cache: {enabled: false}}\n", hello()),
        ("models: {cache: {enabled: true, ttl: 1ms}}\n", hello()),
        ("models: {cache: {enabled: true, megabytes: 0}}\n", hello()),
        (CACHE, secret()),
    ] {
        let model = ModelServer::start(Format::OpenaiChat, [reply.clone(), reply]);
        let workspace = desk(&model, settings);
        for _ in 0..2 {
            ask(&workspace, &[]);
        }
        assert_eq!(model.requests().len(), 2, "{settings:?}");
        let kept =
            std::fs::read_dir(workspace.state().join("models/answers")).into_iter().flatten().flatten();
        let texts = kept.map(|entry| std::fs::read_to_string(entry.path()).unwrap_or_default());
        assert!(!texts.collect::<String>().contains(SECRET), "{settings:?}");
    }
    // A workspace that nobody trusts cannot have answers kept; it can say no.
    let model = ModelServer::start(Format::OpenaiChat, [hello(), hello(), hello()]);
    let workspace = desk(&model, "").with([(".copydesk/config.yaml", CACHE)]);
    ask(&workspace, &[]);
    ask(&workspace, &[]);
    let workspace =
        desk(&model, CACHE).with([(".copydesk/config.yaml", "models: {cache: {enabled: false}}\n")]);
    ask(&workspace, &[]);
    assert_eq!(model.requests().len(), 3);
}

#[test]
fn a_recording_of_ours_tells_the_whole_story_without_a_model() {
    let recording = include_str!("../../fixtures/recordings/triple.json");
    let there = elsewhere().with([("run.json", recording)]);
    let ran = there
        .run(&["ask", "--apply", "--file", FILE, "--replay", "run.json", "make it three times"])
        .exits(0);
    assert_eq!(there.read(FILE), tripled());
    assert!(ran.stdout.ends_with("Done.\n"), "{ran}");
}
