//! *Always allow*: what it stores is what it shows, and what it never covers.

use copydesk_tests::client::Client;
use copydesk_tests::model_server::{Format, Gate, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{
    FILE, Scene, Stage, TEXT, Way, done, edit, everywhere, four, in_four, triple, tripled,
};
use copydesk_tests::workspace::uri as uri_of;
use serde_json::json;

use crate::{COPYDESK, begin, with_files};

#[test]
fn always_for_an_edit_stores_the_rule_it_shows_and_asks_no_more() {
    everywhere(|personality, format| {
        let script = vec![triple(), edit("x * 3", "3 * x"), done(), edit("3 * x", "x * 4"), done()];
        let mut scene = begin(personality, format, "{}", script);
        let root = scene.workspace.root();
        scene.ask("make it three times");
        let read = scene.answer(Way::Prompt, "Always allow");
        let rule = format!("Edit({}/**)", root.display()).replace("Edit(/", "Edit(//");
        let shown = [rule.as_str(), "Edit(/**)", &format!("Edit({}/**)", root.display())];
        assert!(shown.iter().any(|rule| read.contains(rule)), "the rule is shown literally: {read}");
        scene.edit();
        scene.edit();
        scene.over(2);
        scene.ask("once more");
        scene.edit();
        scene.over(4);
        assert_eq!(scene.text(), TEXT.replacen("x * 2", "x * 4", 1));
        assert!(scene.client.heard("window/showMessageRequest").is_empty(), "asked once, for good");
        scene.end();
    });
}

#[test]
fn always_is_remembered_by_the_next_server_and_by_this_workspace_alone() {
    let small = "def double(x):\n    return x * 2\n";
    in_four(|personality, format| {
        // The next server is the one of another editor.
        let next = four().into_iter().find(|one| one.name != personality.name).expect("there are four");
        let turn = || edit("x * 2", "2 * x");
        let script = vec![triple(), done(), turn(), done(), turn(), done()];
        let mut scene = begin(personality, format, "{}", script);
        scene.ask("make it three times");
        scene.answer(Way::Prompt, "Always allow");
        scene.edit();
        scene.over(1);
        scene.client.stop();
        scene.client = Client::start(next.clone(), &scene.workspace);
        scene.client.quiet("window/showDocument");
        let uri = scene.uri.clone();
        scene.client.open(&uri, "python", small);
        scene.asked = 0;
        scene.ask("turn it around");
        scene.edit();
        scene.wait_for_text("def double(x):\n    return 2 * x\n");
        scene.over(3);
        scene.client.stop();
        // The same person, another workspace.
        let other = scene.workspace.outside().join("other");
        std::fs::create_dir(&other).expect("the bench's own folder");
        std::fs::write(other.join(FILE), small).expect("the bench's own folder");
        scene.uri = uri_of(&other.join(FILE));
        scene.client = Client::spawn(next, &scene.workspace, &["lsp"]);
        let mut params = scene.client.initialize_params(None);
        let root = uri_of(&other);
        params["rootUri"] = json!(root);
        params["rootPath"] = json!(other);
        params["workspaceFolders"] = json!([{"uri": root, "name": "other"}]);
        scene.client.initialize_with(params);
        scene.client.quiet("window/showDocument");
        let uri = scene.uri.clone();
        scene.client.open(&uri, "python", small);
        scene.asked = 0;
        scene.ask("turn it around");
        scene.answer(Way::Prompt, "Deny");
        assert!(scene.result(5).contains("refused"));
        scene.over(5);
        assert_eq!(scene.text(), small);
        scene.end();
    });
}

/// Paths that an *Always* for edits never covers, and what becomes of an edit there.
const GUARDED: &[(&str, &str)] = &[
    (".git/hooks/pre-commit", "asks"),
    (".vscode/tasks.json", "asks"),
    (".copydesk/config.yaml", "asks"),
    (".github/workflows/ci.yml", "asks"),
    (".env", "never"),
    ("deploy.pem", "never"),
];

#[test]
fn protected_executing_and_secret_paths_still_ask() {
    for (path, becomes) in GUARDED {
        in_four(|personality, format| {
            let write = Reply::tool("write", &json!({"path": path, "content": "x\n"}));
            let mut scene = begin(personality, format, "{}", vec![triple(), write, done()]);
            scene.ask("make it three times");
            scene.answer(Way::Prompt, "Always allow");
            scene.edit();
            if *becomes == "asks" {
                let read = scene.answer(Way::Prompt, "Deny");
                assert!(read.contains(path), "{read}");
            }
            let told = scene.result(2);
            assert!(told.contains("refused"), "{path}: {told}");
            scene.over(2);
            assert!(!scene.workspace.exists(path), "{path}");
            scene.end();
        });
    }
}

#[test]
fn always_for_a_command_stores_each_of_its_atoms_literally() {
    everywhere(|personality, format| {
        let command = "printf one && printf two";
        let script = vec![bash(command), bash("printf two; printf one"), bash("printf three"), done()];
        let mut scene = begin(personality, format, "{}", script);
        scene.ask("run it");
        let read = scene.answer(Way::Prompt, "Always allow");
        assert!(read.contains("printf one && printf two"), "the command is shown: {read}");
        assert!(
            read.contains("Bash(printf one)") && read.contains("Bash(printf two)"),
            "and its rules: {read}"
        );
        assert!(scene.result(1).contains("onetwo"), "it ran");
        // The same atoms in another order need no question, another atom does.
        assert!(scene.result(2).contains("twoone"));
        let read = scene.answer(Way::Prompt, "Deny");
        assert!(read.contains("printf three"), "{read}");
        assert!(scene.result(3).contains("refused"));
        scene.over(3);
        scene.end();
    });
}

#[test]
fn what_was_allowed_for_good_asks_again_once_it_is_revoked() {
    in_four(|personality, format| {
        for by in ["Bash(printf one)", "1"] {
            let turn = || [bash("printf one"), done()];
            let script = [turn(), turn(), turn()].into_iter().flatten().collect();
            let mut scene = begin(personality.clone(), format, "{}", script);
            scene.ask("run it");
            scene.answer(Way::Prompt, "Always allow");
            scene.over(1);
            scene.ask("run it again");
            assert!(scene.result(3).contains("one"), "it ran without a question");
            scene.over(3);
            // The same server goes on; only what is stored changed.
            let ran = scene.workspace.run(&["permissions", "revoke", by]).exits(0);
            assert!(ran.stdout.contains("Bash(printf one)"), "{ran}");
            scene.ask("and once more");
            let read = scene.answer(Way::Prompt, "Deny");
            assert!(read.contains("printf one"), "{read}");
            assert!(scene.result(5).contains("refused"));
            scene.over(5);
            scene.end();
        }
    });
}

#[test]
fn processes_share_what_is_allowed_and_what_is_revoked_while_a_run_goes_on() {
    let gate = Gate::new();
    let script = vec![
        bash("printf one").when("apples"),
        bash("printf one").when("apples").hold(&gate),
        bash("printf one").when("pears"),
        done().when("pears"),
        done().when("apples"),
        bash("printf one").when("pears"),
        done().when("pears"),
    ];
    let mut scene = begin(personality::vs_code(), Format::Anthropic, "{}", script);
    let beside = |scene: &Scene| {
        let _ = scene.workspace.run(&["ask", "--json", "do pears"]);
    };
    scene.ask("do apples");
    scene.answer(Way::Prompt, "Always allow");
    scene.request(1);
    beside(&scene);
    assert!(scene.result(3).contains("one"), "it ran without a question");
    // A run goes on while its rule is taken back.
    let _ = scene.workspace.run(&["permissions", "revoke", "Bash(printf one)"]).exits(0);
    gate.open();
    let read = scene.answer(Way::Prompt, "Deny");
    assert!(read.contains("printf one"), "{read}");
    assert!(scene.result(4).contains("refused"));
    scene.over(4);
    beside(&scene);
    assert!(scene.result(6).contains("refused"));
    scene.end();
}

#[test]
fn a_command_that_cannot_be_read_is_denied_and_never_offered() {
    for command in [
        "printf a\u{202e}b",
        "eval \"$(cat x)\"",
        "echo $((x))",
        "x='a[$(touch c)]'; echo $((x))",
        "echo 'open",
    ] {
        in_four(|personality, format| {
            let mut scene = begin(personality, format, "{mode: auto}", vec![bash(command), done()]);
            scene.client.hold("window/showMessageRequest");
            scene.ask("run it");
            // Either it is refused at once, or it is asked without *Always*.
            let asked = scene.client.wait("the answer or a question", |client| {
                let asked = client.heard("window/showMessageRequest").pop();
                let told = scene.model.requests().len() > 1;
                (told || asked.is_some()).then_some(asked)
            });
            if let Some(asked) = asked {
                assert!(!asked.params.to_string().contains("Always allow"), "{command}: {}", asked.params);
                scene.client.reply(&asked, Ok(json!({"title": "Deny"})));
            }
            assert!(scene.result(1).contains("refused"), "{command}");
            scene.over(1);
            assert!(!scene.workspace.exists("c"));
            scene.end();
        });
    }
}

#[test]
fn a_denied_read_hides_the_file_from_every_tool() {
    in_four(|personality, format| {
        let script = vec![
            Reply::tool("read", &json!({"path": "hidden.txt"})),
            Reply::tool("grep", &json!({"pattern": "needle"})),
            bash("cat hidden.txt"),
            Reply::tool("read", &json!({"path": ".env"})),
            Reply::tool("edit", &json!({"path": "hidden.txt", "old": "needle\nx", "new": "y"})),
            Reply::tool("edit", &json!({"path": "hidden.txt", "old": "needle", "new": "y"})),
            Reply::tool("grep", &json!({"pattern": "needle", "path": "nowhere"})),
            Reply::tool("list", &json!({"path": "."})),
            Reply::tool("glob", &json!({"pattern": "**/{*.txt,.env}"})),
            done(),
        ];
        let files = [("hidden.txt", "needle\n"), ("seen.txt", "needle\n"), (".env", "TOKEN=needle\n")];
        let mut scene = with_files(
            personality,
            format,
            "{allow: [\"Bash(cat:*)\"], deny: [\"Read(hidden.txt)\"]}",
            script,
            &files,
        );
        scene.ask("look around");
        scene.over(9);
        assert_eq!(scene.result(7), "there is no file or folder nowhere");
        assert_eq!(scene.result(8), format!("{FILE}\nseen.txt"));
        assert_eq!(scene.result(9), "seen.txt");
        assert!(scene.result(1).contains("refused"));
        let found = scene.result(2);
        assert!(
            found.contains("seen.txt") && !found.contains("hidden.txt") && !found.contains(".env"),
            "{found}"
        );
        assert!(scene.result(3).contains("refused"), "{}", scene.result(3));
        assert!(scene.result(4).contains("refused"), "{}", scene.result(4));
        scene.end();
    });
}

#[test]
fn redirections_are_writes() {
    in_four(|personality, format| {
        let script = vec![bash("printf x > out.txt"), bash("printf x > .git/hooks/pre-push"), done()];
        let stage = Stage {
            program: COPYDESK,
            personality,
            format,
            permissions: "{allow: [\"Bash(printf:*)\"], deny: [\"Edit(out.txt)\"]}".to_owned(),
            script,
            files: vec![],
        };
        let mut scene = Scene::begin(stage);
        scene.ask("write them");
        assert!(scene.result(1).contains("refused"), "{}", scene.result(1));
        scene.answer(Way::Prompt, "Deny");
        assert!(scene.result(2).contains("refused"), "{}", scene.result(2));
        scene.over(2);
        assert!(!scene.workspace.exists("out.txt") && !scene.workspace.exists(".git/hooks/pre-push"));
        scene.end();
    });
}

#[test]
fn commands_see_an_environment_by_allow_list_and_the_key_is_nowhere() {
    in_four(|personality, format| {
        let mut scene = begin(personality, format, "{mode: auto}", vec![bash("env"), done()]);
        scene.ask("show the environment");
        scene.over(1);
        let told = scene.result(1);
        assert!(told.contains("PATH="), "{told}");
        assert!(!told.contains("BENCH_KEY") && !told.contains(copydesk_tests::scene::KEY), "{told}");
        assert_eq!(scene.workspace.read(FILE), TEXT);
        scene.end();
    });
}

#[test]
fn the_middle_of_a_run_obeys_a_new_mode() {
    everywhere(|personality, format| {
        let mut scene =
            begin(personality, format, "{}", vec![triple(), done(), edit("x * 3", "x * 4"), done()]);
        scene.client.command("copydesk.mode.set", json!({"mode": "accept-edits"})).expect("a mode is set");
        scene.ask("make it three times");
        scene.edit();
        scene.wait_for_text(&tripled());
        scene.over(1);
        scene.client.command("copydesk.mode.set", json!({"mode": "plan"})).expect("a mode is set");
        scene.ask("make it four times");
        assert!(scene.result(3).contains("refused"));
        scene.over(3);
        scene.end();
    });
}

#[test]
fn a_mode_goes_back_to_that_of_the_settings() {
    let script = vec![triple(), done(), triple(), done()];
    let mut scene = begin(personality::neovim_0_12(), Format::Anthropic, "{mode: accept-edits}", script);
    for (set, text) in [(json!({"mode": "plan"}), TEXT.to_owned()), (json!({"mode": null}), tripled())] {
        let answer = scene.client.command("copydesk.mode.set", set.clone()).expect("a mode is set");
        assert_eq!(answer, set);
        let last = if text == TEXT { 1 } else { 3 };
        scene.ask("make it three times");
        if last == 3 {
            scene.edit();
        }
        scene.over(last);
        scene.wait_for_text(&text);
    }
    scene.end();
}

fn bash(command: &str) -> Reply {
    Reply::tool("bash", &json!({"command": command}))
}
