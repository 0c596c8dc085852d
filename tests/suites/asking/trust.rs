//! *Trust*: what a repository's own files may say before and after the person trusted them.

use copydesk_tests::model_server::{Format, Gate, MODEL, ModelServer, Reply};
use copydesk_tests::personality::vs_code;
use copydesk_tests::scene::{
    FILE, KEY, Scene, TEXT, Way, config, done, everywhere, in_four, triple, tripled,
};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::with_files;

const CONFIG: &str = ".copydesk/config.yaml";

/// What loosens does not count from files of the workspace.
const GRANTS: &[&str] = &[
    "permissions: {mode: accept-edits}\n",
    "permissions: {mode: auto}\n",
    "permissions: {allow: [\"Edit(**)\", \"Write(**)\"]}\n",
];

#[test]
fn what_a_repository_grants_does_not_count_before_trust() {
    for config in GRANTS {
        everywhere(|personality, format| {
            let files = [(CONFIG, *config)];
            let mut scene = with_files(personality, format, "{}", vec![triple(), done()], &files);
            scene.ask("make it three times");
            scene.answer(Way::Prompt, "Deny");
            scene.over(1);
            assert_eq!(scene.text(), TEXT);
            scene.end();
        });
    }
}

#[cfg(unix)]
#[test]
fn a_link_of_a_repository_grants_nothing_wherever_it_leads() {
    // Where the link stands, and where it leads from there; what lies there is nobody's of the workspace.
    for (link, to, variable) in [
        (CONFIG, "../../elsewhere/config.yaml", None),
        (".copydesk", "../elsewhere", None),
        (".keystone", "../elsewhere", None),
        ("settings.yaml", "../elsewhere/config.yaml", Some("settings.yaml")),
        ("settings", "../elsewhere", Some("settings/config.yaml")),
    ] {
        let model = ModelServer::start(Format::Anthropic, [triple(), done()]);
        let mut workspace = Workspace::new(crate::COPYDESK)
            .with([(FILE, TEXT)])
            .with_user_config(&config(&model, "{}"))
            .with_variable("BENCH_KEY", KEY);
        if let Some(name) = variable {
            let path = workspace.path(name);
            workspace = workspace.with_variable("COPYDESK_CONFIG", &path.display().to_string());
        }
        let elsewhere = workspace.root().with_file_name("elsewhere");
        std::fs::create_dir_all(&elsewhere).unwrap();
        std::fs::write(elsewhere.join("config.yaml"), GRANTS[0]).unwrap();
        let place = workspace.path(link);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(to, &place).unwrap();
        let ran = workspace.run(&["ask", "--json", "make it three times"]);
        assert_eq!(ran.json()["status"], "denied", "{link} -> {to}: {ran}");
        assert_eq!(workspace.read(FILE), TEXT, "{link} -> {to}");
    }
}

#[test]
fn after_trust_it_counts_for_exactly_that_content() {
    everywhere(|personality, format| {
        let files = [(CONFIG, GRANTS[0])];
        let script = vec![triple(), done(), copydesk_tests::scene::edit("x * 3", "x * 4"), done()];
        let mut scene = with_files(personality, format, "{}", script, &files);
        let uri = open_config(&mut scene);
        let marked = scene.client.diagnostic(&uri, "untrusted-setting");
        assert_eq!(marked["severity"], 2);
        trust(&mut scene, &uri, &marked);
        scene.client.no_diagnostic(&uri, "untrusted-setting");
        scene.ask("make it three times");
        scene.edit();
        scene.wait_for_text(&tripled());
        scene.over(1);
        // One byte more, and it asks again.
        let changed = format!("{}# more\n", GRANTS[0]);
        scene.client.set_text(&uri, &changed);
        let file = scene.workspace.path(CONFIG);
        scene.client.save(&uri, &file);
        scene.client.diagnostic(&uri, "untrusted-setting");
        scene.ask("make it four times");
        scene.answer(Way::Prompt, "Deny");
        scene.over(3);
        assert_eq!(scene.text(), tripled());
        scene.end();
    });
}

#[test]
fn trust_given_again_shows_what_changed() {
    in_four(|personality, format| {
        let mut scene = with_files(personality, format, "{}", vec![], &[(CONFIG, GRANTS[0])]);
        let uri = open_config(&mut scene);
        let marked = scene.client.diagnostic(&uri, "untrusted-setting");
        trust(&mut scene, &uri, &marked);
        scene.client.no_diagnostic(&uri, "untrusted-setting");
        let changed = format!("{}# more\n", GRANTS[0]);
        scene.client.set_text(&uri, &changed);
        let file = scene.workspace.path(CONFIG);
        scene.client.save(&uri, &file);
        let marked = scene.client.diagnostic(&uri, "untrusted-setting");
        trust(&mut scene, &uri, &marked);
        // A document where the client opens one, a line in its log where not.
        let shown = if scene.client.personality.announces("/window/showDocument/support") {
            let opened = scene.client.message("window/showDocument");
            let path =
                opened.params["uri"].as_str().and_then(|uri| uri.strip_prefix("file://")).map(str::to_owned);
            std::fs::read_to_string(path.expect("it is a file")).expect("it is there")
        } else {
            let said = scene.client.message_where("window/logMessage", |params| {
                params["message"].as_str().is_some_and(|text| text.contains("changed"))
            });
            said.params["message"].to_string()
        };
        assert!(
            shown.contains("config.yaml changed since it was trusted") && shown.contains("+# more"),
            "{shown}"
        );
        scene.client.no_diagnostic(&uri, "untrusted-setting");
        scene.end();
    });
}

#[test]
fn trust_given_on_the_command_line_counts_in_the_editor_and_can_be_taken_back() {
    in_four(|personality, format| {
        let files = [(CONFIG, GRANTS[0])];
        let script = vec![triple(), done(), copydesk_tests::scene::edit("x * 3", "x * 4"), done()];
        let mut scene = with_files(personality, format, "{}", script, &files);
        let ran = scene.workspace.run(&["trust", "--yes"]).exits(0);
        assert!(
            ran.stdout.contains("config.yaml") || ran.stderr.contains("config.yaml"),
            "it says what: {ran}"
        );
        scene.ask("make it three times");
        scene.edit();
        scene.over(1);
        let _ = scene.workspace.run(&["trust", "--revoke"]).exits(0);
        scene.ask("make it four times");
        scene.answer(Way::Prompt, "Deny");
        scene.over(3);
        scene.end();
    });
}

#[test]
fn a_run_that_stands_on_trust_ends_when_it_is_taken_back() {
    let gate = Gate::new();
    let bash = |command: &str| Reply::tool("bash", &json!({"command": command}));
    let script = vec![bash("printf one > one"), bash("printf two > two").hold(&gate)];
    let files = [(CONFIG, "permissions: {mode: auto}\n")];
    let mut scene = with_files(vs_code(), Format::Anthropic, "{}", script, &files);
    let _ = scene.workspace.run(&["trust", "--yes"]).exits(0);
    scene.client.hold("window/logMessage");
    scene.ask("do it");
    scene.request(1);
    assert_eq!(scene.workspace.read("one"), "one");
    let _ = scene.workspace.run(&["trust", "--revoke"]).exits(0);
    gate.open();
    let told = scene.client.message_where("window/logMessage", |params| {
        params["message"].as_str().is_some_and(|text| text.contains("is not trusted any more"))
    });
    assert!(told.params.to_string().contains("config.yaml"), "{}", told.params);
    assert!(!scene.workspace.exists("two"));
    assert_eq!(scene.model.requests().len(), 2);
    scene.end();
}

#[test]
fn tightening_counts_without_trust() {
    for config in [
        "permissions: {mode: plan}\n",
        "permissions: {mode: locked}\n",
        "permissions: {deny: [\"Edit(**)\"]}\n",
    ] {
        everywhere(|personality, format| {
            let files = [(CONFIG, config)];
            let mut scene =
                with_files(personality, format, "{mode: accept-edits}", vec![triple(), done()], &files);
            scene.ask("make it three times");
            assert!(scene.result(1).contains("refused"), "{config}");
            scene.over(1);
            assert_eq!(scene.text(), TEXT);
            scene.end();
        });
    }
    everywhere(|personality, format| {
        let files = [(CONFIG, "permissions: {ask: [\"Edit(**)\"]}\n")];
        let mut scene =
            with_files(personality, format, "{mode: accept-edits}", vec![triple(), done()], &files);
        scene.ask("make it three times");
        scene.answer(Way::Prompt, "Allow once");
        scene.edit();
        scene.over(1);
        scene.end();
    });
}

/// All that counts without trust, and in its last line one key that does not.
const TIGHTENS: &str = "\
permissions: {mode: plan, deny: [\"Bash(rm:*)\"], ask: [\"Edit(**)\"]}
schemas: {\"*.thing.yaml\": thing.json}
budgets: {run: {requests: 5}}
default_model: bench/large
";

#[test]
fn what_tightens_and_a_schema_choice_are_not_marked_and_in_force() {
    in_four(|personality, format| {
        let mut scene = with_files(personality, format, "{}", vec![], &[(CONFIG, TIGHTENS)]);
        let uri = open_config(&mut scene);
        let marked = scene.client.diagnostic(&uri, "untrusted-setting");
        assert_eq!(marked["range"]["start"]["line"], 3, "{marked}");
        let all = scene.client.diagnostics(&uri, "what is marked", |_| true);
        assert_eq!(all.len(), 1, "{all:?}");
        let shown = scene.workspace.run(&["config", "show"]).exits(0).stdout;
        for said in ["permissions.mode: plan", "schemas.*.thing.yaml: thing.json", "budgets.run.requests: 5"]
        {
            assert!(shown.contains(said), "{said} is not in force: {shown}");
        }
        scene.end();
    });
}

/// Keys that are ignored and marked until the file is trusted.
const IGNORED: &[&str] = &[
    "default_model: elsewhere/large\n",
    "providers: {bench: {kind: openai-chat, base_url: \"http://127.0.0.1:9/v1\"}}\n",
    "model_mappings: {\"*\": elsewhere}\n",
    "agents: {other: {kind: acp, command: [other-agent]}}\n",
    "mcp_servers: {other: {command: [other-server]}}\n",
    "checks: [{command: \"touch checked\"}]\n",
    "hooks: {PreToolUse: [{command: \"touch hooked\"}]}\n",
    "sandbox: {enabled: false}\n",
    "permissions: {additional_directories: [..]}\n",
    "fallback: [elsewhere/large]\n",
];

#[test]
fn every_other_key_is_ignored_and_marked() {
    for config in IGNORED {
        in_four(|personality, format| {
            let files = [(CONFIG, *config)];
            let mut scene = with_files(personality, format, "{}", vec![Reply::text("Here.")], &files);
            let uri = open_config(&mut scene);
            scene.client.diagnostic(&uri, "untrusted-setting");
            scene.ask("say where you are");
            // The user's own model answered.
            scene.over(0);
            assert!(!scene.workspace.exists("checked") && !scene.workspace.exists("hooked"));
            scene.end();
        });
    }
}

#[test]
fn the_variable_gives_no_grant_to_a_file_of_the_workspace() {
    in_four(|personality, format| {
        let model = ModelServer::start(format, vec![triple(), done()]);
        let workspace = Workspace::new(crate::COPYDESK)
            .with([("calc.py", TEXT), ("mine.yaml", GRANTS[0])])
            .with_user_config(&copydesk_tests::scene::config(&model, "{}"))
            .with_variable("BENCH_KEY", copydesk_tests::scene::KEY)
            .with_variable("COPYDESK_CONFIG", "mine.yaml");
        let mut scene = Scene::enter(personality, workspace, model);
        scene.ask("make it three times");
        scene.answer(Way::Prompt, "Deny");
        scene.over(1);
        scene.end();
    });
}

#[test]
fn editor_settings_never_grant() {
    everywhere(|personality, format| {
        let settings = json!({"copydesk": {"permissions": {"mode": "auto", "allow": ["Edit(**)"]}}});
        let mut scene = with_files(personality, format, "{}", vec![triple(), done()], &[]);
        scene.client.settings(settings.clone());
        scene.client.notify("workspace/didChangeConfiguration", json!({"settings": settings}));
        scene.ask("make it three times");
        scene.answer(Way::Prompt, "Deny");
        scene.over(1);
        assert_eq!(scene.text(), TEXT);
        scene.end();
    });
}

#[test]
fn editor_settings_may_tighten() {
    in_four(|personality, format| {
        let settings = json!({"copydesk": {"permissions": {"mode": "plan"}}});
        let mut scene = with_files(personality, format, "{mode: accept-edits}", vec![triple(), done()], &[]);
        scene.client.settings(settings.clone());
        let changed = settings_changed(&scene, &settings);
        scene.client.notify("workspace/didChangeConfiguration", changed);
        scene.client.message_passed("workspace/configuration", 1);
        scene.ask("make it three times");
        assert!(scene.result(1).contains("refused"));
        scene.over(1);
        scene.end();
    });
}

#[test]
fn an_action_of_the_workspace_is_offered_but_its_tools_only_narrow_and_its_model_is_ignored() {
    let shout = "---\nname: shout\ntitle: Shout it\nmodel: elsewhere/large\nmode: auto\ntools: [read, levitate]\n---\nShout it out loud.\n";
    everywhere(|personality, format| {
        let files = [(".copydesk/actions/shout.md", shout)];
        let mut scene =
            with_files(personality, format, "{mode: accept-edits}", vec![triple(), done()], &files);
        let uri = scene.uri.clone();
        let range = scene.client.range_of(&uri, "def double(x):");
        let actions = scene.client.code_actions(&uri, &range, Some("refactor.rewrite.copydesk"));
        let found = actions
            .iter()
            .find(|one| one["title"].as_str().is_some_and(|title| title.to_lowercase().contains("shout it")));
        let Some(action) = found.cloned() else { scene.client.fail(&format!("it is not among {actions:?}")) };
        scene.asked += 1;
        scene.client.run_action(&action);
        let request = scene.request(0);
        assert_eq!(request.body["model"], MODEL, "the user's own model answers");
        assert!(request.text().contains("Shout it out loud."));
        let tools = request.body["tools"].to_string();
        assert!(
            tools.contains("\"read\"") && !tools.contains("\"edit\"") && !tools.contains("levitate"),
            "{tools}"
        );
        // A tool that it left out does not exist for its run, whatever the model says.
        scene.over(1);
        assert_eq!(scene.text(), TEXT);
        scene.end();
    });
}

#[test]
fn authoring_help_works_fully_without_trust() {
    in_four(|personality, format| {
        let files = [(".copydesk/workflows/x.yaml", "name: x\nsteps:\n  - {id: a, type: shell, rnu: a}\n")];
        let mut scene = with_files(personality, format, "{}", vec![], &files);
        let uri = scene.workspace.uri(".copydesk/workflows/x.yaml");
        let text = scene.workspace.read(".copydesk/workflows/x.yaml");
        scene.client.open(&uri, "yaml", &text);
        scene.client.diagnostic(&uri, "unknown-key");
        scene.end();
    });
}

/// The settings as the client pushes them: whole, or not at all where it answers questions about them.
fn settings_changed(scene: &Scene, settings: &Value) -> Value {
    if scene.client.personality.announces("/workspace/configuration") {
        json!({"settings": null})
    } else {
        json!({"settings": settings})
    }
}

fn open_config(scene: &mut Scene) -> String {
    let uri = scene.workspace.uri(CONFIG);
    let text = scene.workspace.read(CONFIG);
    scene.client.open(&uri, "yaml", &text);
    uri
}

/// The quick fix on the marked setting.
fn trust(scene: &mut Scene, uri: &str, marked: &Value) {
    let actions = scene.client.code_actions(uri, &marked["range"], Some("quickfix"));
    let action = actions.iter().find(|one| one["command"]["command"] == "copydesk.trust").cloned();
    let Some(action) = action else { scene.client.fail(&format!("no way to trust among {actions:?}")) };
    scene.client.quiet("window/showMessage");
    scene.client.run_action(&action);
}
