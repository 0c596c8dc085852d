//! What models can: who calls no tools or sees no images is not asked for it, and every command says so alike, before a
//! run does.

use copydesk_tests::client::Client;
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::personality::{helix_25_07, vs_code};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

/// `one/m`, of which `one` says something when it lists its models, and what the config says of it.
fn pair(one: &ModelServer, two: &ModelServer, of_one: &str, more: &str) -> Workspace {
    let config = format!(
        "default_model: one/m\n{more}\nproviders:\n  one: {{kind: openai-chat, base_url: \"{}\"{of_one}}}\n  \
         two: {{kind: openai-chat, base_url: \"{}\", default_model: m}}\n",
        one.base_url(),
        two.base_url()
    );
    Workspace::new(COPYDESK)
        .with([
            (".copydesk/agents/worker.md", "---\nname: worker\nmodel: one/m\n---\nWork.\n"),
            (".copydesk/agents/talker.md", "---\nname: talker\ntools: []\n---\nTalk.\n"),
            ("talk.chat.md", "---\nmodel: one/m\n---\n\n# User\n\nWhat is in @a.png?\n"),
        ])
        .with_user_config(&config)
}

/// What `models explain` says: who is asked first, who is passed over, and why nobody can be asked.
fn explained(workspace: &Workspace, more: &[&str]) -> (Value, Vec<Value>, Value) {
    let report = workspace.run(&[&["models", "explain", "--json"], more].concat()).exits(0).json();
    let passed = report["passed_over"].as_array().cloned().unwrap_or_default();
    (report["asked_first"].clone(), passed, report["nobody"].clone())
}

/// What `doctor` says of the model: its state and its words.
fn doctor(workspace: &Workspace) -> (String, String) {
    let report = workspace.run(&["doctor", "--json"]).json();
    let checks = report["checks"].as_array().cloned().unwrap_or_default();
    let found = checks.into_iter().find(|check| check["name"] == "model").unwrap_or_default();
    let word = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (word("state"), word("detail"))
}

#[test]
fn a_model_without_tools_is_passed_over_by_everybody_alike() {
    const BECAUSE: &str = "one/m cannot call tools, by which agents work";
    // The config says it, or its provider did when it was asked last.
    for (of_one, is_listed) in [(", models: {m: {tools: false}}", false), ("", true)] {
        let one = ModelServer::start(Format::OpenaiChat, []);
        let two = ModelServer::start(Format::OpenaiChat, [Reply::text("Hello.")]);
        one.set_list(
            200,
            json!({"data": [{"id": "m", "capabilities": {"function_calling": false, "vision": false}}]}),
        );
        let workspace = pair(&one, &two, of_one, "fallback: two/m");
        if is_listed {
            assert_eq!(explained(&workspace, &[]).0, "one/m", "nobody knows");
            let _ = workspace.run(&["models"]).exits(0);
        }
        let left = vec![json!({"model": "one/m", "because": BECAUSE})];
        assert_eq!(explained(&workspace, &[]), (json!("two/m"), left, Value::Null));
        let shown = workspace.run(&["models", "explain"]).exits(0).stdout;
        let lines = [
            "passed over: one/m (default_model of the config)",
            "  because one/m cannot",
            "answers: two/m (",
        ];
        assert!(lines.iter().all(|line| shown.contains(line)), "{shown}");
        assert_eq!(explained(&workspace, &["--for", ".copydesk/agents/talker.md"]).0, "one/m", "it has none");
        let (state, detail) = doctor(&workspace);
        assert!(state == "ok" && detail.starts_with("two/m (fallback of the config"), "{state}: {detail}");
        let listed = workspace.run(&["models", "--offline"]).exits(0).stdout;
        assert!(listed.contains("unless you name one: two/m ("), "{listed}");
        let ran = workspace.run(&["ask", "say something"]).exits(0);
        assert!(ran.stderr.contains(&format!("two/m answers instead of one/m: {BECAUSE}")), "{ran}");
        assert_eq!((one.asked(), two.asked()), (0, 1));
        // And while it is written.
        let who = if is_listed { "its provider" } else { "the config" };
        let checked = workspace.run(&["check"]).exits(0).stdout;
        let words = format!(
            "warning[toolless-model]: {who} says that 'one/m' calls no tools, and this agent works with them"
        );
        assert!(checked.contains(&words), "{checked}");
        assert_eq!(
            checked.contains(
                "warning[blind-model]: its provider says that 'one/m' sees no images, and 'a.png' is one"
            ),
            is_listed,
            "{checked}"
        );
    }
}

#[test]
fn where_nobody_can_take_what_is_asked_that_is_said_before() {
    let (one, two) = (ModelServer::start(Format::OpenaiChat, []), ModelServer::start(Format::OpenaiChat, []));
    let workspace = pair(&one, &two, ", models: {m: {tools: false}}", "");
    let words = "one/m cannot call tools, by which agents work. Choose a model that can; 'copydesk models' shows which. If \
                 this one can, set providers.one.models.m.tools to true.";
    assert_eq!(explained(&workspace, &[]), (Value::Null, vec![], json!(words)));
    let shown = workspace.run(&["models", "explain"]).exits(0).stdout;
    assert!(shown.starts_with(&format!("nobody can answer: {words}\n")), "{shown}");
    assert_eq!(
        doctor(&workspace),
        ("broken".to_owned(), words.split_once(". ").unwrap_or_default().0.to_owned())
    );
    let listed = workspace.run(&["models", "--offline"]).exits(0).stdout;
    assert!(listed.contains(&format!("unless you name one: none. {words}")), "{listed}");
    let ran = workspace.run(&["ask", "say something"]).exits(1);
    assert!(ran.stderr.contains("one/m cannot call tools"), "{ran}");
    assert_eq!(one.asked(), 0);
}

#[test]
fn who_holds_an_answer_to_a_schema_is_told() {
    for (format, expect) in [
        (Format::Anthropic, "repaired"),
        (Format::OpenaiResponses, "api"),
        (Format::OpenaiChat, "repaired"),
        (Format::Azure, "api"),
        (Format::Ollama, "api without tools"),
    ] {
        let model = ModelServer::start(format, []);
        let config = format!(
            "default_model: bench/m\nproviders: {{bench: {{kind: {}, base_url: \"{}\"}}}}\n",
            format.kind(),
            model.base_url()
        );
        let workspace = Workspace::new(COPYDESK).with_user_config(&config);
        let report = workspace.run(&["models", "explain", "--json"]).exits(0).json();
        assert_eq!(report["models"][0]["structured_output"], expect, "{format:?}: {report}");
    }
}

#[test]
fn a_workflow_of_the_workspace_waits_for_a_trust_that_nobody_can_give_yet() {
    let (one, two) = (ModelServer::start(Format::OpenaiChat, []), ModelServer::start(Format::OpenaiChat, []));
    let flow = "name: flow\nsteps:\n  - {id: a, type: llm, agent: talker, prompt: p, model: two/x}\n";
    let workspace = pair(&one, &two, "", "").with([("flow.yaml", flow)]);
    for _ in 0..2 {
        let ran = workspace.run(&["models", "explain", "--json", "--for", "flow.yaml#a"]).exits(0);
        let note = "flow.yaml came with the workspace, and nothing runs workflows yet; whatever will, the models that it names \
                    wait for a trust in exactly this text that cannot be given yet";
        assert_eq!(
            (&ran.json()["note"], &ran.json()["asked_first"]),
            (&json!(note), &json!("two/x")),
            "{ran}"
        );
        assert!(ran.stderr.contains(&format!("note: {note}\n")), "{ran}");
        let _ = workspace.run(&["trust", "--yes"]).exits(0);
    }
}

#[test]
fn an_editor_marks_and_shows_what_the_provider_listed() {
    for personality in [vs_code(), helix_25_07()] {
        let (one, two) =
            (ModelServer::start(Format::OpenaiChat, []), ModelServer::start(Format::OpenaiChat, []));
        let cannot = json!({"function_calling": false, "vision": false});
        one.set_list(200, json!({"data": [{"id": "m", "capabilities": cannot}]}));
        let workspace = pair(&one, &two, "", "");
        let _ = workspace.run(&["models"]).exits(0);
        let mut client = Client::start(personality, &workspace);
        let uri = workspace.uri(".copydesk/agents/worker.md");
        client.open(&uri, "markdown", "---\nname: worker\nmodel: one/m\n---\nWork.\n");
        let found = client.diagnostic(&uri, "toolless-model");
        assert_eq!(client.text_of(&uri, &found["range"]), "one/m", "{found}");
        let message = found["message"].as_str().unwrap_or_default();
        assert!(message.starts_with("its provider says that 'one/m' calls no tools"), "{found}");
        let position = client.position_after(&uri, "one");
        let hover =
            client.ok("textDocument/hover", json!({"textDocument": {"uri": uri}, "position": position}));
        assert!(hover.to_string().contains("no tools, no images, schemas by repair"), "{hover}");
        client.finish();
    }
}
