//! `ask`, `undo`, `redo` without an editor and without a terminal: ask is deny, and everything is told.

use std::process::{Command, Stdio};

use copydesk_tests::client::{PATIENCE, eventually};
use copydesk_tests::model_server::{End, Format, Gate, ModelServer, Reply, Stop};
use copydesk_tests::scene::{FILE, KEY, TEXT, config, done, triple, tripled};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};
use std::time::Instant;

use crate::COPYDESK;

#[test]
fn without_a_terminal_ask_is_deny_and_the_diff_is_printed_only() {
    for format in Format::BOTH {
        let (workspace, model) = desk(format, "{}", vec![triple(), done()]);
        let ran = workspace.run(&["ask", "--file", FILE, "make it three times"]).exits(1);
        assert!(
            ran.stdout.contains("-    return x * 2") && ran.stdout.contains("+    return x * 3"),
            "{ran}"
        );
        assert_eq!(workspace.read(FILE), TEXT);
        assert_eq!(model.requests().len(), 2);
        assert!(!ran.to_string().contains(KEY), "{ran}");

        let (workspace, _model) = desk(format, "{}", vec![triple(), done()]);
        let ran = workspace.run(&["ask", "--json", "--file", FILE, "make it three times"]).exits(1);
        let report = ran.json();
        assert_eq!(
            (&report["schema"], &report["status"]),
            (&json!("copydesk.ask/1"), &json!("denied")),
            "{report}"
        );
        assert!(report["denied"][0]["effect"].to_string().contains(FILE), "{report}");
        assert!(report["denied"][0]["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{report}");
    }
}

#[test]
fn what_was_denied_is_told_without_the_key_in_it() {
    for arguments in [&["ask", "--json", "look"][..], &["ask", "look"]] {
        let script = vec![
            Reply::tool("bash", &json!({"command": format!("echo {KEY}")})),
            Reply::tool("read", &json!({"path": format!("/x/{KEY}")})),
            done(),
        ];
        let (workspace, _model) = desk(Format::OpenaiChat, "{}", script);
        let ran = workspace.run(arguments).exits(1);
        let told = ran.to_string();
        assert!(told.contains("run echo [redacted]") && told.contains("read /x/[redacted]"), "{told}");
        assert!(!told.contains(KEY), "{told}");
    }
}

#[test]
fn apply_is_accept_edits_for_this_turn_and_undo_takes_it_back() {
    for format in Format::BOTH {
        let (workspace, model) = desk(format, "{}", vec![triple(), Reply::text("Done.").usage(120, 3)]);
        let ran = workspace
            .run(&["ask", "--apply", "--json", "--file", &format!("{FILE}:4-5"), "make it three times"])
            .exits(0);
        let report = ran.json();
        assert_eq!(report["status"], "succeeded", "{report}");
        assert_eq!(report["text"], "Done.", "{report}");
        assert_eq!(report["changes"], json!([{"path": FILE, "applied": true}]), "{report}");
        assert_eq!((&report["denied"], &report["error"]), (&json!([]), &Value::Null), "{report}");
        assert!(report["run_id"].is_string() && report["session_id"].is_string(), "{report}");
        assert_eq!(report["usage"]["requests"], 2, "{report}");
        assert_eq!(
            (&report["usage"]["input_tokens"], &report["usage"]["output_tokens"]),
            (&json!(130), &json!(8)),
            "{report}"
        );
        assert_eq!(workspace.read(FILE), tripled());
        assert!(model.wait_request(0).text().contains("def double"), "the lines are the selection");
        // Another process, later typing kept.
        workspace.write(FILE, &tripled().replace("# What", "# All that"));
        let _ = workspace.run(&["undo"]).exits(0);
        assert_eq!(workspace.read(FILE), TEXT.replace("# What", "# All that"));
        let _ = workspace.run(&["redo"]).exits(0);
        assert_eq!(workspace.read(FILE), tripled().replace("# What", "# All that"));
    }
}

#[test]
fn a_run_that_only_commands_changed_says_how_to_take_it_back_links_too() {
    for format in Format::BOTH {
        let command = "ln -s calc.py named; sh make.sh";
        let call = Reply::tool("bash", &json!({"command": command}));
        let (workspace, _model) = desk(format, "{allow: [\"Bash(*)\"]}", vec![call, done()]);
        workspace.write("make.sh", "mkdir deep\nln -s ../calc.py deep/found\necho more >> calc.py\n");
        let before = workspace.read(FILE);
        let ran = workspace.run(&["ask", "make links"]).exits(0);
        assert!(ran.stderr.contains("take it back with: copydesk undo run-"), "{ran}");
        assert!(workspace.path("named").is_symlink() && workspace.path("deep/found").is_symlink(), "{ran}");
        let undone = workspace.run(&["undo"]).exits(0);
        let stays =
            ["named", "deep/found", "deep"].map(|name| workspace.path(name).symlink_metadata().is_ok());
        assert_eq!(stays, [false; 3], "{undone}");
        assert_eq!(workspace.read(FILE), before);
    }
}

#[test]
fn a_refusal_by_rule_alone_leaves_succeeded() {
    for format in Format::BOTH {
        let (workspace, _model) = desk(format, "{deny: [\"Edit(**)\"]}", vec![triple(), done()]);
        let report = workspace.run(&["ask", "--json", "make it three times"]).exits(0).json();
        assert_eq!(report["status"], "succeeded", "{report}");
        assert!(report["denied"][0]["reason"].to_string().contains("Edit(**)"), "{report}");
    }
}

#[test]
fn a_deny_rule_holds_even_in_bypass() {
    for format in Format::BOTH {
        let (workspace, _model) = desk(format, "{deny: [\"Edit(calc.py)\"]}", vec![triple(), done()]);
        let report =
            workspace.run(&["ask", "--json", "--mode", "bypass", "make it three times"]).exits(0).json();
        assert!(report["denied"][0]["reason"].to_string().contains("Edit(calc.py)"), "{report}");
        assert_eq!(workspace.read(FILE), TEXT);
    }
}

#[test]
fn what_nobody_was_there_to_allow_says_what_would_have_allowed_it() {
    let protected = Reply::tool("write", &json!({"path": ".vscode/settings.json", "content": "{}\n"}));
    let command = Reply::tool("bash", &json!({"command": "cargo test"}));
    for (arguments, call, advice) in [
        (&["ask", "go"][..], command.clone(), "nobody was there to ask; a rule allows it"),
        (&["ask", "go"][..], triple(), "--apply allows edits in the workspace, a rule allows more"),
        (&["ask", "--apply", "go"], command, "this mode does not allow it; a rule does"),
        (
            &["ask", "--apply", "go"],
            protected,
            "no wide rule decides about this: ask in an editor or on a terminal",
        ),
    ] {
        let (workspace, _model) = desk(Format::Anthropic, "{}", vec![call, done()]);
        let ran = workspace.run(arguments).exits(1);
        assert!(ran.stderr.contains(advice), "{advice}: {ran}");
    }
}

#[test]
fn failures_say_what_happened_and_exit_1() {
    let table: Vec<(Reply, &str)> = vec![
        (Reply::status(401, "{\"error\": {\"message\": \"invalid key\"}}"), "BENCH_KEY"),
        (Reply::text("half an ans").end(End::Early), "cut off"),
        (Reply::text("half an ans").end(End::Cut(60)), "cut off"),
    ];
    for format in Format::BOTH {
        for (reply, words) in &table {
            let (workspace, _model) = desk(format, "{}", vec![reply.clone(); 3]);
            let ran = workspace.run(&["ask", "--json", "say something"]).exits(1);
            let report = ran.json();
            assert_eq!(report["status"], "failed", "{report}");
            let error = report["error"].to_string();
            assert!(error.contains(words), "{words}: {report}");
            assert!(!ran.to_string().contains(KEY), "{ran}");
        }
    }
    // Nobody there at all.
    let workspace = Workspace::new(COPYDESK).with_user_config(
        "default_model: gone/x\nproviders: {gone: {kind: openai-chat, base_url: \"http://127.0.0.1:9/v1\"}}\n",
    );
    let ran = workspace.run(&["ask", "say something"]).exits(1);
    assert!(ran.stderr.contains("127.0.0.1:9"), "the address is named: {ran}");
}

#[test]
fn an_answer_that_cannot_be_written_is_no_success() {
    for json in [&[][..], &["--json"]] {
        let (workspace, _model) = desk(Format::Anthropic, "{}", vec![Reply::text("Hello.")]);
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has one");
        let child = workspace
            .command(&[&["ask", "say something"], json].concat())
            .stdin(Stdio::null())
            .stdout(full)
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let ended = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.contains("failed to write the output: No space left on device"), "{said}");
    }
}

#[test]
fn of_an_answer_that_is_not_whole_nothing_is_performed() {
    let literal = |format| match format {
        Format::Anthropic => {
            "data: {\"type\":\"message_start\",\"message\":{}}\n\ndata: {\"type\":\"message_stop\"}\n\n"
        }
        Format::OpenaiResponses => "data: {\"type\":\"response.created\"}\n\n",
        Format::Ollama => "{\"message\":{\"content\":\"a\"},\"done\":false}\n",
        _ => "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n",
    };
    for format in Format::ALL {
        for (reply, words) in [
            (
                triple().stop(Stop::MaxTokens),
                "cut at its limit of output tokens or of its window, and nothing that it called for was done",
            ),
            (triple().stop(Stop::Word("tired".into())), "'tired', which nobody here knows, and nothing"),
            // Terminated in good order, with no word of why.
            (Reply::stream(literal(format)), "cut off"),
        ] {
            // A stream that breaks is asked for again.
            let (workspace, _model) = desk(format, "{}", vec![reply; 3]);
            let report = workspace
                .run(&["ask", "--apply", "--json", "--model", "bench/m", "make it three times"])
                .exits(1)
                .json();
            let error = report["error"].as_str().unwrap_or_default();
            assert!(error.contains(words), "{format:?}: {words}: {report}");
            assert_eq!(workspace.read(FILE), TEXT, "{format:?}");
        }
    }
}

#[test]
fn a_secret_file_is_not_sent_because_somebody_asks_in_it() {
    for format in Format::BOTH {
        let (workspace, model) = desk(format, "{}", vec![done()]);
        workspace.write(".env", "TOKEN=hunter2-hunter2\n");
        let ran = workspace.run(&["ask", "--file", ".env", "what is this?"]).exits(1);
        assert!(ran.stderr.contains(".env") && ran.stderr.contains("secret"), "{ran}");
        assert!(model.requests().is_empty(), "nothing went out");
    }
}

#[test]
fn a_journal_that_is_not_of_this_place_is_obeyed_in_nothing() {
    let (workspace, _model) = desk(Format::Anthropic, "{mode: accept-edits}", vec![triple(), done()]);
    let _ = workspace.run(&["ask", "make it three times"]).exits(0);
    assert_eq!(workspace.read(FILE), tripled());
    // Whoever brings a journal along has not the key that it was written with.
    let key = walk(&workspace.state()).into_iter().find(|path| path.ends_with("journal.key"));
    std::fs::remove_file(key.expect("a journal has a key")).expect("the bench's own folder");
    let ran = workspace.run(&["undo"]).exits(1);
    assert!(ran.stderr.starts_with("error: "), "{ran}");
    assert_eq!(workspace.read(FILE), tripled(), "{ran}");
    let ran = workspace.run(&["ask", "make it four times"]).exits(1);
    assert!(!ran.stderr.is_empty(), "nothing starts that cannot be written down: {ran}");
}

#[test]
fn a_full_disk_is_a_clear_message_and_nothing_is_started() {
    // A limit of the file size binds root as well; it must not end the process without a word either.
    let (workspace, _model) = desk(Format::Anthropic, "{mode: accept-edits}", vec![triple(), done()]);
    for blocks in ["1", "10", "40"] {
        let mut limited = Command::new("bash");
        workspace.furnish(&mut limited);
        let line = format!("ulimit -f {blocks}; exec {COPYDESK} ask --file {FILE} 'make it three times'");
        let out = limited.args(["-c", &line]).stdin(Stdio::null()).output().expect("bash starts");
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(1), "{said}");
        assert!(said.contains("no space is left"), "{said}");
        assert_eq!(workspace.read(FILE), TEXT);
    }
}

#[test]
fn the_offline_model_follows_its_script_and_says_that_it_is_none() {
    let scenario = "steps:\n  - when: {contains: \"triple\"}\n    tool_calls: [{name: edit, arguments: {path: a.py, old: \"x * 2\", new: \"x * 3\"}}]\n  - {text: \"Done.\", usage: {input_tokens: 120, output_tokens: 3}}\n";
    let workspace = Workspace::new(COPYDESK).with([("a.py", "x * 2\n")]).with_user_config(
        "default_model: offline/offline\nproviders: {offline: {kind: offline, scenario: scenario.yaml}}\n",
    );
    let scenario_file = workspace.user_config().with_file_name("scenario.yaml");
    std::fs::write(scenario_file, scenario).expect("the bench's own folder");
    let ran = workspace.run(&["ask", "--apply", "triple it"]).exits(0);
    assert!(ran.to_string().contains("offline"), "it says that it is no model: {ran}");
    assert_eq!(workspace.read("a.py"), "x * 3\n");
    let ran = workspace.run(&["ask", "--json", "nothing that fits"]);
    assert!(ran.code == Some(0) || ran.json()["error"].to_string().contains("scenario exhausted"), "{ran}");
}

#[test]
fn an_interrupt_exits_130_and_closes_everything() {
    for format in Format::BOTH {
        let gate = Gate::new();
        let (workspace, model) = desk(format, "{}", vec![Reply::text("so far").wait(&gate)]);
        let mut command = workspace.command(&["ask", "talk for ever"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the binary starts");
        model.wait_request(0);
        let killed =
            Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
        assert!(killed.success());
        let status =
            eventually(Instant::now() + PATIENCE, || child.try_wait().ok().flatten()).expect("it ends");
        assert_eq!(status.code(), Some(130));
        model.wait_closed(0);
    }
}

#[test]
fn nothing_to_undo_is_said() {
    let workspace = Workspace::new(COPYDESK);
    let ran = workspace.run(&["undo"]).exits(1);
    assert!(!ran.stderr.is_empty(), "{ran}");
    let _ = workspace.run(&["undo", "run-none"]).exits(1);
}

#[test]
fn state_lies_in_user_scope_and_never_in_the_tree() {
    let (workspace, _model) = desk(Format::Anthropic, "{}", vec![triple(), done()]);
    let _ = workspace.run(&["ask", "--apply", "make it three times"]).exits(0);
    let mut names: Vec<String> = std::fs::read_dir(workspace.root())
        .expect("the workspace")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    assert_eq!(names, [FILE]);
    assert!(workspace.state().join("workspaces").is_dir());
    let key = walk(&workspace.state())
        .iter()
        .any(|file| std::fs::read(file).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(KEY)));
    assert!(!key, "the key is at rest nowhere");
}

fn desk(format: Format, permissions: &str, script: Vec<Reply>) -> (Workspace, ModelServer) {
    let model = ModelServer::start(format, script);
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&config(&model, permissions))
        .with_variable("BENCH_KEY", KEY);
    (workspace, model)
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| if entry.path().is_dir() { walk(&entry.path()) } else { vec![entry.path()] })
        .collect()
}

#[test]
fn lines_that_are_not_there_are_said_before_anything_is_sent() {
    let (workspace, model) = desk(Format::Anthropic, "{}", vec![]);
    workspace.write("one.py", "x = 1");
    for (place, why) in [
        (format!("{FILE}:99"), "calc.py has only 13 lines"),
        (format!("{FILE}:14"), "calc.py has only 13 lines"),
        ("one.py:2".to_owned(), "one.py has only 1 line\n"),
        (format!("{FILE}:3-1"), "'3-1' ends before it begins"),
        (format!("{FILE}:0"), "'0' is no line or range of lines"),
    ] {
        let ran = workspace.run(&["ask", "--file", &place, "what is it?"]).exits(2);
        assert!(ran.stderr.contains(why), "{place}: {ran}");
    }
    assert!(model.requests().is_empty());
}
