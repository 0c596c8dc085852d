//! Back to before a turn: files, conversation or both, from a terminal and from an editor.

use std::time::Instant;

use copydesk_tests::client::{PATIENCE, eventually};
use copydesk_tests::model_server::{Format, Gate, ModelServer, Reply};
use copydesk_tests::scene::{FILE, KEY, TEXT, config, done, in_four, triple, tripled};
use copydesk_tests::scene::{Scene, Stage};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

/// Two turns: one that edits a file and creates another, one that goes on with it.
fn two_turns(format: Format) -> (Workspace, ModelServer, [Value; 2]) {
    let create = Reply::tool("write", &json!({"path": "made/new.txt", "content": "new\n"}));
    let edit = Reply::tool("edit", &json!({"path": FILE, "old": "def twice(x):", "new": "def twofold(x):"}));
    let model = ModelServer::start(
        format,
        vec![triple(), create, Reply::text("First."), edit, Reply::text("Second."), done()],
    );
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&config(&model, "{}"))
        .with_variable("BENCH_KEY", KEY);
    let first = workspace.run(&["ask", "--apply", "--json", "make it three times"]).exits(0).json();
    let second = workspace.run(&["ask", "--apply", "--json", "--continue", "rename it"]).exits(0).json();
    assert_eq!(workspace.read(FILE), tripled().replace("def twice", "def twofold"));
    (workspace, model, [first["run_id"].clone(), second["run_id"].clone()])
}

#[test]
fn a_rewind_takes_back_the_turn_and_all_later_ones_and_forgets_them() {
    for format in Format::BOTH {
        let (workspace, model, [first, second]) = two_turns(format);
        let session = ["sessions", "--json"];
        let session = workspace.run(&session).exits(0).json()["sessions"][0]["session"].clone();
        // What was typed since stays.
        workspace.write(FILE, &workspace.read(FILE).replace("# What a shop", "# All that a shop"));
        let report = workspace.run(&["rewind", "--json", first.as_str().unwrap_or_default()]).exits(0).json();
        assert_eq!(report["turns"], json!([first, second]), "{report}");
        assert_eq!(report["refused"], json!([]), "{report}");
        assert_eq!(workspace.read(FILE), TEXT.replace("# What a shop", "# All that a shop"));
        assert!(!workspace.exists("made"), "what was created goes, its folder with it");
        let shown =
            workspace.run(&["sessions", "show", session.as_str().unwrap_or_default()]).exits(0).stdout;
        assert_eq!(shown.matches(", forgotten, edits taken back)").count(), 2, "{shown}");
        let _ = workspace.run(&["ask", "--session", session.as_str().unwrap_or_default(), "hello"]).exits(0);
        let told = model.wait_request(5).text();
        assert!(!told.contains("make it three times") && !told.contains("rename it"), "{told}");
        assert!(told.contains("hello"), "{told}");
    }
}

#[test]
fn what_was_done_in_a_turn_that_was_asked_again_goes_too() {
    let rename = |to: &str| {
        Reply::tool("edit", &json!({"path": FILE, "old": "# What a shop", "new": format!("# {to}")}))
    };
    let again = Reply::tool("edit", &json!({"path": FILE, "old": "def twice(x):", "new": "def twofold(x):"}));
    let script = vec![triple(), done(), rename("All"), done(), again, done()];
    let model = ModelServer::start(Format::Anthropic, script);
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&config(&model, "{}"))
        .with_variable("BENCH_KEY", KEY);
    let first = workspace.run(&["ask", "--apply", "--json", "make it three times"]).exits(0).json();
    let _ = workspace.run(&["ask", "--apply", "--continue", "rename it"]).exits(0);
    let _ = workspace.run(&["ask", "--apply", "--retry"]).exits(0);
    let both = tripled().replace("# What a shop", "# All").replace("def twice", "def twofold");
    assert_eq!(workspace.read(FILE), both);
    let _ = workspace.run(&["rewind", first["run_id"].as_str().unwrap_or_default()]).exits(0);
    assert_eq!(workspace.read(FILE), TEXT);
}

#[test]
fn a_turn_goes_back_with_its_earlier_tries() {
    // Asked, asked again, and once more: each try edits the file as the one before left it.
    let edit = |old: &str, new: &str| Reply::tool("edit", &json!({"path": FILE, "old": old, "new": new}));
    for named in [false, true] {
        let model = ModelServer::start(
            Format::Anthropic,
            [
                triple(),
                done(),
                edit("def twice", "def two"),
                done(),
                edit("def two", "def twofold"),
                done(),
                edit("# What a shop", "# All"),
                done(),
            ],
        );
        let workspace = Workspace::new(COPYDESK)
            .with([(FILE, TEXT)])
            .with_user_config(&config(&model, "{}"))
            .with_variable("BENCH_KEY", KEY);
        let _ = workspace.run(&["ask", "--apply", "make it three times"]).exits(0);
        let _ = workspace.run(&["ask", "--apply", "--continue", "rename it"]).exits(0);
        let _ = workspace.run(&["ask", "--apply", "--retry"]).exits(0);
        let last = workspace.run(&["ask", "--apply", "--json", "--retry"]).exits(0).json();
        let all = tripled().replace("# What a shop", "# All").replace("def twice", "def twofold");
        assert_eq!(workspace.read(FILE), all);
        let run = last["run_id"].as_str().unwrap_or_default();
        let arguments: &[&str] = if named { &["rewind", run] } else { &["rewind"] };
        let went = workspace.run(arguments).exits(0);
        assert_eq!(workspace.read(FILE), tripled(), "named: {named}");
        // The tries before were forgotten when it was asked again.
        assert!(went.stdout.starts_with("1 turn forgotten\n"), "named: {named}: {went}");
    }
}

#[test]
fn a_turn_of_another_process_that_is_under_way_stays() {
    let gate = Gate::new();
    let model = ModelServer::start(Format::Anthropic, vec![triple(), done().hold(&gate)]);
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&config(&model, "{}"))
        .with_variable("BENCH_KEY", KEY);
    std::thread::scope(|scope| {
        let running = scope.spawn(|| workspace.run(&["ask", "--apply", "make it three times"]));
        model.wait_request(1);
        for scope in ["files", "conversation"] {
            let refused = workspace.run(&["rewind", "--only", scope]);
            assert!(refused.stderr.contains("it is still at work"), "{refused}");
        }
        let refused = workspace.run(&["rewind"]);
        assert!(refused.stderr.contains("it is still at work"), "{refused}");
        assert_eq!(workspace.read(FILE), tripled());
        gate.open();
        let _ = running.join().expect("it ends").exits(0);
    });
}

#[test]
fn one_half_alone_goes_back_where_that_is_said() {
    let (workspace, model, [_, second]) = two_turns(Format::Anthropic);
    // The last turn's files only: the conversation still knows of it.
    let report = workspace.run(&["rewind", "--only", "files", "--json"]).exits(0).json();
    assert_eq!(report["turns"], json!([second]), "{report}");
    assert_eq!(workspace.read(FILE), tripled());
    // Then its conversation only: files stay as they are.
    let _ = workspace.run(&["redo"]).exits(0);
    let ran = workspace.run(&["rewind", "--only", "conversation"]).exits(0);
    assert_eq!(ran.stdout, "1 turn forgotten\n");
    assert_eq!(workspace.read(FILE), tripled().replace("def twice", "def twofold"));
    // And the files of the turn that is forgotten all the same.
    let report = workspace.run(&["rewind", "--only", "files", "--json"]).exits(0).json();
    assert_eq!(report["turns"], json!([second]), "{report}");
    assert_eq!(workspace.read(FILE), tripled());
    let _ = workspace.run(&["ask", "--continue", "hello"]).exits(0);
    let told = model.wait_request(5).text();
    assert!(told.contains("make it three times") && !told.contains("rename it"), "{told}");
    let ran = workspace.run(&["rewind", "run-none"]).exits(1);
    assert!(ran.stderr.contains("find the run run-none"), "{ran}");
}

#[test]
fn edits_that_come_again_behind_a_rewind_bring_no_turn_back() {
    let (workspace, _model, _) = two_turns(Format::Anthropic);
    let session = workspace.run(&["sessions", "--json"]).exits(0).json()["sessions"][0]["session"].clone();
    let _ = workspace.run(&["rewind"]).exits(0);
    assert_eq!(workspace.read(FILE), tripled());
    let ran = workspace.run(&["redo"]).exits(0);
    assert_eq!(workspace.read(FILE), tripled().replace("def twice", "def twofold"));
    let words = "The edits are back; the conversation goes on without this turn, which was rewound.";
    assert!(ran.stderr.contains(words), "{ran}");
    let shown = workspace.run(&["sessions", "show", session.as_str().unwrap_or_default()]).exits(0).stdout;
    assert_eq!(shown.matches(", forgotten)").count(), 1, "{shown}");
    assert!(!shown.contains("taken back") && shown.contains(words), "{shown}");
}

#[test]
fn what_was_written_over_since_is_left_alone_and_named() {
    let (workspace, _model, [first, _]) = two_turns(Format::OpenaiChat);
    workspace.write(FILE, &workspace.read(FILE).replace("return x * 3", "return x * 5"));
    let report = workspace.run(&["rewind", "--json", first.as_str().unwrap_or_default()]).exits(1).json();
    let reasons: Vec<&str> = report["refused"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|refused| refused["reason"].as_str())
        .collect();
    assert_eq!(
        reasons,
        ["calc.py: line 5: these lines were changed again later; take them back by hand"],
        "{report}"
    );
    assert_eq!(workspace.read(FILE), TEXT.replacen("return x * 2", "return x * 5", 1));
}

#[test]
fn an_editor_goes_back_through_its_open_documents() {
    in_four(|personality, format| {
        let mut scene = Scene::begin(Stage {
            program: COPYDESK,
            personality,
            format,
            permissions: "{mode: accept-edits}".to_owned(),
            script: vec![triple(), done()],
            files: vec![],
        });
        let uri = scene.uri.clone();
        let run = scene.ask("make it three times");
        scene.edit();
        scene.wait_for_text(&tripled());
        scene.over(1);
        scene.client.replace(&uri, "# What a shop", "# All that a shop");
        let turns = scene.client.command("copydesk.rewind", json!({"checkpointId": run}));
        assert_eq!(turns, Ok(json!({"turns": [run]})));
        scene.edit();
        scene.wait_for_text(&TEXT.replace("# What a shop", "# All that a shop"));
        assert!(scene.client.command("copydesk.rewind", json!({"checkpointId": "run-none"})).is_err());
        // A word that is not understood takes nothing back.
        for command in ["copydesk.rewind", "copydesk.retry", "copydesk.undo"] {
            let refused = scene.client.command(command, json!({"run": run})).expect_err("no such argument");
            assert!(refused.to_string().contains("unknown field `run`"), "{refused}");
        }
        scene.end();
    });
}

#[test]
fn what_a_command_took_away_or_wrote_over_comes_back() {
    let command =
        "rm -r lib && mv notes.txt new.txt && echo gone > calc.py && echo made > made.txt && rm -r many";
    let script = vec![Reply::tool("bash", &json!({"command": command})), done()];
    let model = ModelServer::start(Format::Anthropic, script);
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT), ("lib/a.py", "a = 1\n"), ("lib/deep/b.py", "b = 1\n"), ("notes.txt", "mine\n")])
        .with_user_config(&config(&model, "{}"))
        .with_variable("BENCH_KEY", KEY);
    for at in 0..100 {
        workspace.write(&format!("many/{at}.txt"), "x\n");
    }
    workspace.write_bytes("many/no.text", &[0xff]);
    let ran = workspace.run(&["ask", "--mode", "bypass", "tidy up"]).exits(0);
    assert!(!workspace.exists("lib") && !workspace.exists("many") && workspace.exists("new.txt"), "{ran}");
    let undone = workspace.run(&["undo"]).exits(1);
    for (name, text) in
        [(FILE, TEXT), ("lib/a.py", "a = 1\n"), ("lib/deep/b.py", "b = 1\n"), ("notes.txt", "mine\n")]
    {
        assert_eq!(workspace.read(name), text, "{undone}");
    }
    assert!(!workspace.exists("new.txt") && !workspace.exists("made.txt"), "{undone}");
    assert_eq!(workspace.read("many/99.txt"), "x\n", "{undone}");
    let line = format!("left alone: many: `{command}` took it away, and not all of it could be kept\n");
    let line = line + &format!("left alone: many/no.text: `{command}` took it away, and it was no text\n");
    assert!(undone.stdout.ends_with(&line), "{undone}");
    let _ = workspace.run(&["redo"]).exits(0);
    assert!(!workspace.exists("lib/a.py") && workspace.exists("made.txt"));
    assert_eq!(workspace.read(FILE), "gone\n");
}

#[test]
fn what_a_command_did_to_files_that_it_does_not_name_comes_back() {
    let command = "rm *.tmp; sh tidy.sh; rm -r lib";
    let script = vec![Reply::tool("bash", &json!({"command": command})), done()];
    let model = ModelServer::start(Format::Anthropic, script);
    let tidy = "printf 'b = 2\\n' > b.py; printf 'new\\n' > made.txt; printf '\\377' > data.bin; echo x > x.log; rm deep/*\n";
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT), ("b.py", "b = 1\n"), ("x.tmp", "x\n"), ("deep/y.py", "y\n"), ("tidy.sh", tidy)])
        .with([("data.bin", "text\n"), (".gitignore", "*.log\n"), ("x.log", "log\n")])
        .with_user_config(&config(&model, "{}"))
        .with_variable("BENCH_KEY", KEY);
    let before = [(FILE, TEXT), ("b.py", "b = 1\n"), ("x.tmp", "x\n"), ("deep/y.py", "y\n")];
    for at in 0..100 {
        workspace.write(&format!("lib/{at}.txt"), "x\n");
    }
    let ran = workspace.run(&["ask", "--mode", "bypass", "tidy up"]).exits(0);
    assert!(
        !workspace.exists("x.tmp") && !workspace.exists("deep/y.py") && !workspace.exists("lib"),
        "{ran}"
    );
    // What was typed since stays.
    workspace.write("b.py", "b = 2\nmine = 3\n");
    let undone = workspace.run(&["undo"]).exits(1);
    for (name, text) in before.into_iter().filter(|(name, _)| *name != "b.py") {
        assert_eq!(workspace.read(name), text, "{undone}");
    }
    assert_eq!(workspace.read("b.py"), "b = 1\nmine = 3\n", "{undone}");
    assert_eq!(workspace.read("lib/99.txt"), "x\n", "{undone}");
    assert!(!workspace.exists("made.txt"), "{undone}");
    assert_eq!(workspace.read("x.log"), "x\n", "what git ignores is not looked at");
    let line = format!("left alone: data.bin: `{command}` changed it, and it was no text\n");
    assert!(undone.stdout.ends_with(&line), "{undone}");
    let _ = workspace.run(&["redo"]).exits(0);
    assert!(!workspace.exists("x.tmp") && !workspace.exists("lib/99.txt") && workspace.exists("made.txt"));
    assert_eq!(workspace.read("b.py"), "b = 2\nmine = 3\n");
}

#[test]
fn what_the_person_saved_while_a_command_ran_is_left_alone_and_what_their_editor_loaded_is_not() {
    let works = "for file in b c; do echo \"$file = 2\" > $file.py; done; touch begun; until test -e go; do sleep 0.02; done\n";
    in_four(|personality, format| {
        let files =
            [("b.py", "b = 1\n"), ("c.py", "c = 1\n"), ("work.sh", works), (".gitignore", "begun\ngo\n")];
        let mut scene = Scene::begin(Stage {
            program: COPYDESK,
            personality,
            format,
            permissions: "{allow: [\"Bash(sh work.sh)\"]}".to_owned(),
            script: vec![Reply::tool("bash", &json!({"command": "sh work.sh"})), done()],
            files: files.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec(),
        });
        let [b, c] = ["b.py", "c.py"].map(|name| scene.workspace.uri(name));
        scene.client.open(&b, "python", "b = 1\n");
        scene.client.open(&c, "python", "c = 1\n");
        for quiet in ["workspace/applyEdit", "window/logMessage"] {
            scene.client.quiet(quiet);
        }
        let _ = scene.ask("work");
        let begun = eventually(Instant::now() + PATIENCE, || scene.workspace.exists("begun").then_some(()));
        assert!(begun.is_some(), "the command began");
        scene.client.set_text(&b, "b = 2\n");
        scene.client.set_text(&c, "c = 3\n");
        let file = scene.workspace.path("c.py");
        scene.client.save(&c, &file);
        // What was sent before is heard by now.
        let _ = scene.client.ok("textDocument/documentSymbol", json!({"textDocument": {"uri": c}}));
        scene.workspace.write("go", "");
        scene.over(1);
        let undone =
            scene.client.command("copydesk.undo", json!({})).expect("there is something to take back");
        assert_eq!(undone["sent"], json!([0]), "{undone}");
        let why =
            "c.py: `sh work.sh` changed it, and you saved it meanwhile, and whose change it is is not known";
        assert_eq!(undone["refused"], json!([{"hunk": 1, "reason": why}]), "{undone}");
        scene.client.wait("the edit of b.py", |client| (client.text(&b) == "b = 1\n").then_some(()));
        assert_eq!(scene.client.text(&c), "c = 3\n");
        scene.end();
    });
}

#[test]
fn what_an_editor_has_not_loaded_is_called_so_and_taken_back_behind_it() {
    in_four(|personality, format| {
        let mut scene = Scene::begin(Stage {
            program: COPYDESK,
            personality,
            format,
            permissions: "{allow: [\"Bash(sh work.sh)\"]}".to_owned(),
            script: vec![Reply::tool("bash", &json!({"command": "sh work.sh"})), done()],
            files: [("b.py", "b = 1\n"), ("work.sh", "echo 'b = 2' > b.py\n")]
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .to_vec(),
        });
        let b = scene.workspace.uri("b.py");
        scene.client.open(&b, "python", "b = 1\n");
        for quiet in ["workspace/applyEdit", "window/logMessage"] {
            scene.client.quiet(quiet);
        }
        let _ = scene.ask("work");
        scene.over(1);
        let undone = scene.client.command("copydesk.undo", json!({})).expect("an undo is answered");
        assert_eq!(undone["sent"], json!([]), "{undone}");
        let why = "b.py: the edit is in the file and not in the text that your editor shows; load the file there anew and try again";
        assert_eq!(undone["refused"], json!([{"hunk": 0, "reason": why}]), "{undone}");
        scene.client.set_text(&b, "b = 2\n");
        let undone = scene.client.command("copydesk.undo", json!({})).expect("an undo is answered");
        assert_eq!(undone["sent"], json!([0]), "{undone}");
        scene.client.wait("the edit of b.py", |client| (client.text(&b) == "b = 1\n").then_some(()));
        scene.end();
    });
}

#[test]
fn a_file_that_a_run_created_goes_from_the_disk_though_an_editor_shows_it() {
    in_four(|personality, format| {
        let mut scene = Scene::begin(Stage {
            program: COPYDESK,
            personality,
            format,
            permissions: "{mode: accept-edits}".to_owned(),
            script: vec![Reply::tool("write", &json!({"path": "new.py", "content": "n = 1\n"})), done()],
            files: vec![],
        });
        let _ = scene.ask("write it");
        scene.over(1);
        let new = scene.workspace.uri("new.py");
        scene.client.open(&new, "python", "n = 1\n");
        scene.client.quiet("workspace/applyEdit");
        scene.client.hold("window/logMessage");
        let undone = scene.client.command("copydesk.undo", json!({})).expect("an undo is answered");
        assert_eq!(undone, json!({"sent": [0], "refused": []}));
        scene.client.wait("the empty text", |client| client.text(&new).is_empty().then_some(()));
        let gone =
            eventually(Instant::now() + PATIENCE, || (!scene.workspace.exists("new.py")).then_some(()));
        assert!(gone.is_some(), "it is gone from the disk");
        // The end of the run may be told behind it, where nothing else tells of that.
        let mut told =
            (0..3).map(|_| scene.client.message("window/logMessage").params["message"].to_string());
        assert!(told.any(|text| text.contains("new.py is gone, and your editor")));
        scene.end();
    });
}
