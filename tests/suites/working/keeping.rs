//! Conversations as a person keeps them: named, copied, exported, deleted, swept, and gone on with after a kill.

use std::process::Stdio;

use copydesk_tests::model_server::{End, Format, Gate, ModelServer, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{FILE, KEY, Scene, TEXT, config, done, in_four, triple, tripled};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

fn workspace(model: &ModelServer, more: &str) -> Workspace {
    Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&format!("{}{more}", config(model, "{}")))
        .with_variable("BENCH_KEY", KEY)
}

/// A conversation of two turns, the first of which edits; its id and the runs.
fn two_turns(workspace: &Workspace) -> (String, [String; 2]) {
    let first = workspace.run(&["ask", "--apply", "--json", "make it three times"]).exits(0).json();
    let second = workspace.run(&["ask", "--json", "--continue", "are you sure?"]).exits(0).json();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (word(&first["session_id"]), [word(&first["run_id"]), word(&second["run_id"])])
}

fn listed(workspace: &Workspace) -> Vec<Value> {
    let listed = workspace.run(&["sessions", "list", "--json"]).exits(0).json();
    listed["sessions"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_name_stands_for_the_conversation() {
    let model = ModelServer::start(Format::Anthropic, vec![triple(), done(), Reply::text("Yes."), done()]);
    let workspace = workspace(&model, "");
    let (session, _) = two_turns(&workspace);
    let named = workspace.run(&["sessions", "name", &session, "three\n times", "--json"]).exits(0).json();
    assert_eq!(named["name"], "three times", "on one line: {named}");
    assert_eq!(listed(&workspace)[0]["name"], "three times");
    let shown = workspace.run(&["sessions"]).exits(0);
    assert!(shown.stdout.contains(" 2 turns   three times\n"), "{shown}");
    let shown = workspace.run(&["sessions", "show", "three times"]).exits(0);
    assert!(shown.stdout.contains("> are you sure?\nYes.\n"), "{shown}");
    let more = workspace.run(&["ask", "--json", "--session", "three times", "thanks"]).exits(0).json();
    assert_eq!(more["session_id"], json!(session), "{more}");
    let _ = workspace.run(&["sessions", "name", "three times"]).exits(0);
    assert_eq!(listed(&workspace)[0]["name"], Value::Null);
    let unknown = workspace.run(&["sessions", "name", "three times", "again"]).exits(2);
    assert!(unknown.stderr.contains("'copydesk sessions' lists them"), "{unknown}");
}

#[test]
fn a_copy_goes_on_from_its_turn_and_leaves_the_original_alone() {
    for format in Format::BOTH {
        let script =
            vec![triple(), done(), Reply::text("Yes."), Reply::text("Another road."), Reply::text("Still.")];
        let model = ModelServer::start(format, script);
        let workspace = workspace(&model, "");
        let (session, [first, _]) = two_turns(&workspace);
        let before = workspace.run(&["sessions", "show", &session, "--json"]).exits(0).json();
        let forked =
            workspace.run(&["sessions", "fork", &session, "--turn", &first, "--json"]).exits(0).json();
        let copy = forked["session"].as_str().unwrap_or_default().to_owned();
        assert_ne!(copy, session);
        let told =
            workspace.run(&["ask", "--json", "--session", &copy, "take the other road"]).exits(0).json();
        assert_eq!(told["text"], "Another road.", "{told}");
        let request = model.wait_request(3).text();
        assert!(request.contains("make it three times") && request.contains("x * 3"), "{request}");
        assert!(!request.contains("are you sure?"), "{request}");
        // The original goes on with its own words.
        let _ = workspace.run(&["ask", "--session", &session, "and now?"]).exits(0);
        let request = model.wait_request(4).text();
        assert!(request.contains("are you sure?") && !request.contains("take the other road"), "{request}");
        let after = workspace.run(&["sessions", "show", &session, "--json"]).exits(0).json();
        assert_eq!(before["turns"][0], after["turns"][0]);
        // What the copied turn cost was paid in the original.
        let of_copy = workspace.run(&["sessions", "show", &copy, "--json"]).exits(0).json();
        assert_eq!(of_copy["usage"]["requests"], 1, "{of_copy}");
        // Its edits are the original's: nothing is undone twice.
        assert_eq!(workspace.read(FILE), tripled());
        let _ = workspace.run(&["undo"]).exits(0);
        assert_eq!(workspace.read(FILE), TEXT);
        let nothing = workspace.run(&["undo"]).exits(1);
        assert!(nothing.stderr.contains("nothing to undo"), "{nothing}");
        let unknown = workspace.run(&["sessions", "fork", &session, "--turn", "run-none"]).exits(1);
        assert!(unknown.stderr.contains("run-none"), "{unknown}");
    }
}

#[test]
fn a_conversation_is_taken_in_elsewhere_as_a_recording() {
    let model =
        ModelServer::start(Format::Anthropic, vec![triple(), done(), Reply::text("Yes."), done(), done()]);
    let workspace = workspace(&model, "");
    let (session, _) = two_turns(&workspace);
    let exported = workspace.run(&["sessions", "export", &session, "--json"]).exits(0).stdout;
    let there = self::workspace(&model, "").with([("talk.json", &exported), ("bad.json", "{\"runs\": []}")]);
    let taken = there.run(&["sessions", "import", "talk.json", "--json"]).exits(0).json();
    let copy = taken["session"].as_str().unwrap_or_default();
    assert_ne!(copy, session, "it has a name of its own");
    let _ = there.run(&["ask", "--session", copy, "go on"]).exits(0);
    let told = model.wait_request(3).text();
    assert!(told.contains("make it three times") && told.contains("are you sure?"), "{told}");
    assert_eq!(there.read(FILE), TEXT, "nothing is done again");
    let records = there.run(&["sessions", "export", copy, "--json"]).exits(0).json();
    let carried = &records["runs"][2][0]["event"]["carried"];
    assert_eq!(
        (&carried["grade"], &carried["usage"]["requests"]),
        (&json!("recorded"), &json!(0)),
        "{carried}"
    );
    let _ = there.run(&["undo"]).exits(1);
    for (text, words) in [
        ("{\"runs\": []}", "bad.json is no recording"),
        ("{\"schema\": \"copydesk.records/1\", \"runs\": []}", "it has no turns"),
        ("{\"schema\": \"copydesk.records/1\", \"runs\": [[]]}", "its turn 1 has no beginning"),
    ] {
        there.write("bad.json", text);
        let refused = there.run(&["sessions", "import", "bad.json"]);
        assert!(refused.code != Some(0) && refused.stderr.contains(words), "{text}: {refused}");
    }
    assert_eq!(listed(&there).len(), 1);
}

#[test]
fn a_request_that_was_killed_is_shown_with_what_it_counts_as() {
    let gate = Gate::new();
    let model = ModelServer::start(Format::Anthropic, vec![Reply::text("never").hold(&gate)]);
    let workspace = workspace(&model, "");
    let mut command = workspace.command(&["ask", "what is it?"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    model.wait_request(0);
    child.kill().expect("it is there");
    child.wait().expect("it is ours");
    let id = listed(&workspace)[0]["session"].as_str().unwrap_or_default().to_owned();
    let shown = workspace.run(&["sessions", "show", &id, "--json"]).exits(0).json();
    assert_eq!(
        (&shown["usage"]["requests"], &shown["usage"]["estimated"]),
        (&json!(1), &json!(true)),
        "{shown}"
    );
    assert!(shown["usage"]["input_tokens"].as_u64().is_some_and(|tokens| tokens > 100), "{shown}");
    assert_eq!(shown["turns"][0]["status"], "failed", "{shown}");
    let said = workspace.run(&["sessions", "show", &id]).exits(0).stdout;
    assert!(said.contains("1 requests") && said.contains("some of it estimated"), "{said}");
}

#[test]
fn what_is_deleted_is_asked_about_and_gone() {
    let model = ModelServer::start(Format::OpenaiChat, vec![triple(), done(), Reply::text("Yes.")]);
    let workspace = workspace(&model, "");
    let (session, _) = two_turns(&workspace);
    let asked = workspace.run(&["sessions", "delete", &session]).exits(1);
    assert!(asked.stderr.contains("--yes"), "nobody is here: {asked}");
    assert_eq!(listed(&workspace).len(), 1);
    let _ = workspace.run(&["sessions", "delete", &session, "--yes"]).exits(0);
    assert_eq!(listed(&workspace), [] as [Value; 0]);
    let gone = workspace.run(&["sessions", "show", &session]).exits(2);
    assert!(gone.stderr.contains("no conversation"), "{gone}");
    let _ = workspace.run(&["undo"]).exits(1);
    assert_eq!(workspace.read(FILE), tripled(), "the files stay as they are");
    // Nothing of it is left on the disk.
    for file in files_below(&workspace.state()) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        let has = |needle: &str| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
        let left = ["make it three times", "are you sure?", &session].into_iter().find(|words| has(words));
        assert_eq!(left, None, "{}", file.display());
    }
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn what_is_past_its_time_goes_at_the_next_start() {
    const KEPT: &str = "conversations are kept for 90 days ";
    const UNCLEAR: &str =
        "conversations are kept for ever until 'retention:' in config.yaml can be understood";
    for (limit, words, left) in [
        ("", KEPT, 2),
        ("retention: {age: 1ms}\n", "conversations are kept for 0.001 s ", 1),
        // Nothing goes while nobody knows what was meant.
        ("retention: {age: 0d}\n", UNCLEAR, 2),
        ("retention: {age: 0.001}\n", UNCLEAR, 2),
        ("retention: {age: 1ms, megabytes: 0}\n", UNCLEAR, 2),
    ] {
        let script = vec![Reply::text("One."), Reply::text("Two.")];
        let model = ModelServer::start(Format::Anthropic, script);
        let workspace = workspace(&model, "");
        let first = workspace.run(&["ask", "--json", "one"]).exits(0).json()["session_id"].clone();
        let workspace = workspace.with_user_config(&format!("{}{limit}", config(&model, "{}")));
        let said = workspace.run(&["sessions"]).exits(0);
        assert!(said.stderr.contains(words), "{said}");
        // Whoever lists takes nothing away; the next run does, before it begins.
        assert_eq!(listed(&workspace).len(), 1);
        let _ = workspace.run(&["ask", "two"]).exits(0);
        let sessions = listed(&workspace);
        assert_eq!(sessions.len(), left, "{limit}: {sessions:?}");
        assert_eq!(sessions.iter().any(|one| one["session"] == first), left == 2, "{limit}");
    }
}

#[test]
fn an_editor_lists_shows_names_copies_and_deletes() {
    in_four(|personality, format| {
        let model = ModelServer::start(format, vec![Reply::text("It doubles.")]);
        let workspace = workspace(&model, "");
        let mut scene = Scene::enter(personality, workspace, model);
        let run = scene.ask("what is it");
        scene.over(0);
        let listed = scene.client.command("copydesk.sessions.list", json!({})).expect("they are listed");
        let session = listed["sessions"][0]["session"].clone();
        assert_eq!(listed["sessions"][0]["title"], "what is it", "{listed}");
        assert!(listed["kept"].as_str().is_some_and(|kept| kept.contains("90 days")), "{listed}");
        let named = json!({"session": session, "name": "shop"});
        assert_eq!(scene.client.command("copydesk.sessions.name", named), Ok(json!({"name": "shop"})));
        let wanted = json!({"session": session, "format": "markdown"});
        let exported = scene.client.command("copydesk.sessions.export", wanted).expect("it is exported");
        assert_eq!(
            exported["text"], "## You\n\nwhat is it\n\n## bench/bench-model\n\nIt doubles.\n\n",
            "{exported}"
        );
        let shown = scene.client.command("copydesk.sessions.show", json!({"session": session}));
        assert_eq!(shown, Ok(json!({"turns": 1})));
        let fork = json!({"session": "shop", "runId": run});
        let copy =
            scene.client.command("copydesk.sessions.fork", fork).expect("it is copied")["session"].clone();
        assert_ne!(copy, session);
        let twice = scene.client.command("copydesk.sessions.name", json!({"session": copy, "name": "shop"}));
        assert!(matches!(&twice, Err(error) if error.message.contains("another conversation has that name")));
        assert!(scene.client.command("copydesk.sessions.show", json!({"session": "ses-none"})).is_err());
        if scene.client.personality.prompts_reach_a_person() {
            let is_there = |scene: &mut Scene, session: &Value| {
                let listed = scene.client.command("copydesk.sessions.list", json!({})).expect("a list");
                let mut all = listed["sessions"].as_array().into_iter().flatten();
                all.any(|one| one["session"] == *session)
            };
            scene.client.hold("window/logMessage");
            scene.client.quiet("window/logMessage");
            for (title, stays) in [("Keep", true), ("Delete", false)] {
                let asked = scene.client.command("copydesk.sessions.delete", json!({"session": session}));
                assert_eq!(asked, Ok(json!({"asked": true})));
                let prompt = scene.client.prompt();
                assert!(prompt.text.contains("“shop”"), "{}", prompt.text);
                scene.client.choose(&prompt, title);
                if !stays {
                    // Said when it is done, behind the answer.
                    scene.client.message_where("window/logMessage", |params| {
                        params["message"].as_str().is_some_and(|text| text.contains("is gone"))
                    });
                }
                assert_eq!(is_there(&mut scene, &session), stays);
            }
            assert!(is_there(&mut scene, &copy), "the copy is another one");
        }
        scene.end();
    });
}

#[test]
fn a_server_that_was_killed_loses_and_repeats_nothing() {
    for format in Format::BOTH {
        let model = ModelServer::start(format, vec![triple(), Reply::text("never").end(End::Stall), done()]);
        let workspace = workspace(&model, "");
        let mut child = workspace
            .command(&["ask", "--apply", "make it three times"])
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("it starts");
        model.wait_request(1);
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
        assert_eq!(workspace.read(FILE), tripled(), "the edit was made before");
        let more = workspace.run(&["ask", "--json", "--continue", "go on"]).exits(0).json();
        assert_eq!(more["changes"], json!([]), "nothing is made twice: {more}");
        let told = model.wait_request(2).text();
        assert_eq!(told.matches("make it three times").count(), 1, "{told}");
        assert!(told.contains("calc.py changed: +1 -1 lines") && told.contains("go on"), "{told}");
        let shown =
            workspace.run(&["sessions", "show", more["session_id"].as_str().unwrap_or_default()]).exits(0);
        assert!(shown.stdout.contains("failed"), "the run that was cut short says so: {shown}");
        let _ = workspace.run(&["undo"]).exits(0);
        assert_eq!(workspace.read(FILE), TEXT);
    }
}

#[test]
fn an_edit_that_waited_for_its_checks_when_its_server_was_killed_is_named() {
    let model = ModelServer::start(
        Format::Anthropic,
        vec![triple(), Reply::text("never").end(End::Stall), done(), done()],
    );
    let workspace = workspace(&model, "checks: [{name: none, command: \"true\"}]\n");
    let mut child = workspace.command(&["ask", "--apply", "make it three times"]);
    let silent = std::process::Stdio::null;
    let mut child = child.stdin(silent()).stdout(silent()).stderr(silent()).spawn().expect("it starts");
    model.wait_request(1);
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    assert_eq!(workspace.read(FILE), TEXT, "nobody had seen it");
    let more = workspace.run(&["ask", "--json", "--continue", "go on"]).exits(0).json();
    let words = format!("A run was cut short. Not made: the edit of {}.", workspace.path(FILE).display());
    let told = model.wait_request(2).text();
    assert!(told.contains(&words), "the model is told '{words}': {told}");
    let session = more["session_id"].as_str().unwrap_or_default();
    let records = workspace.run(&["sessions", "export", session, "--json"]).exits(0).json();
    let notices: Vec<&Value> = records["runs"][0]
        .as_array()
        .into_iter()
        .flatten()
        .map(|record| &record["event"])
        .filter(|event| event["type"] == "notice")
        .collect();
    assert_eq!(notices, [&json!({"type": "notice", "text": words})], "and the person, once");
}

#[test]
fn a_chat_document_offers_what_can_be_done_with_its_conversation() {
    let text = "---\nsession: ses-1\n---\n\n# User\n\nhello\n";
    let model = ModelServer::start(Format::Anthropic, vec![]);
    let workspace = workspace(&model, "");
    workspace.write("talk.chat.md", text);
    let mut scene = Scene::enter(personality::helix_25_07(), workspace, model);
    let uri = scene.workspace.uri("talk.chat.md");
    scene.client.open(&uri, "markdown", text);
    let range = scene.client.range_of(&uri, "hello");
    let actions = scene.client.code_actions(&uri, &range, Some("refactor.rewrite"));
    let commands: Vec<&str> = actions
        .iter()
        .filter_map(|action| action["command"]["command"].as_str())
        .filter(|command| command.starts_with("copydesk.sessions."))
        .collect();
    assert_eq!(commands, ["copydesk.sessions.show", "copydesk.sessions.delete"]);
    scene.end();
}
