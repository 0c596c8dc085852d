//! What a person says to an agent that is at work, and asking the same once more.

use copydesk_tests::model_server::{Format, Gate, ModelServer, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{FILE, KEY, Scene, TEXT, config, done, four};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

fn look() -> Reply {
    Reply::tool("read", &json!({"path": FILE}))
}

fn workspace(model: &ModelServer) -> Workspace {
    Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&config(model, "{}"))
        .with_variable("BENCH_KEY", KEY)
}

#[test]
fn words_are_heard_with_the_next_request_or_when_the_run_would_end() {
    for (at, personality) in four().into_iter().enumerate() {
        let format = Format::BOTH[at % 2];
        eprintln!("--- {} speaking {}", personality.name, format.kind());
        let gate = Gate::new();
        let model = ModelServer::start(format, vec![look().hold(&gate), Reply::text("Read."), done()]);
        let workspace = workspace(&model);
        let mut scene = Scene::enter(personality, workspace, model);
        let run = scene.ask("look at it");
        scene.request(0);
        for (text, when) in [("describe it as well", "next"), ("mind the tabs", "now")] {
            let said =
                scene.client.command("copydesk.steer", json!({"runId": run, "text": text, "when": when}));
            assert_eq!(said, Ok(json!({"heard": true})));
        }
        let early = scene.client.command("copydesk.rewind", json!({})).expect_err("it is still at work");
        assert!(early.to_string().contains("cancel it first"), "{early}");
        gate.open();
        let (second, third) = (scene.request(1).text(), scene.request(2).text());
        assert!(second.contains("The person says, while you work:\\nmind the tabs"), "{second}");
        assert!(!second.contains("describe it as well"), "{second}");
        assert!(third.contains("The person says, while you work:\\ndescribe it as well"), "{third}");
        scene.over(2);
        let late = scene.client.command("copydesk.steer", json!({"runId": run, "text": "too late"}));
        assert_eq!(late, Ok(json!({"heard": false})));
        scene.end();
    }
}

#[test]
fn words_that_wait_for_the_end_begin_another_turn() {
    let gate = Gate::new();
    let script = vec![look().hold(&gate), Reply::text("Read."), look(), done()];
    let model = ModelServer::start(Format::Anthropic, script);
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&format!("{}\nbudgets: {{turn: {{requests: 2}}}}\n", config(&model, "{}")))
        .with_variable("BENCH_KEY", KEY);
    let mut scene = Scene::enter(personality::helix_25_07(), workspace, model);
    let run = scene.ask("look at it");
    scene.request(0);
    let words = json!({"runId": run, "text": "and once more", "when": "next"});
    assert_eq!(scene.client.command("copydesk.steer", words), Ok(json!({"heard": true})));
    gate.open();
    assert!(scene.request(3).text().contains("and once more"), "the second turn has two requests, too");
    scene.over(3);
    scene.end();
}

#[test]
fn a_comment_that_was_typed_is_told_to_the_agent_that_is_at_work() {
    let gate = Gate::new();
    let model = ModelServer::start(Format::Anthropic, vec![look().hold(&gate), done()]);
    let workspace = workspace(&model);
    let mut scene = Scene::enter(personality::helix_25_07(), workspace, model);
    let uri = scene.uri.clone();
    scene.ask("look at it");
    scene.request(0);
    scene.client.replace(&uri, "def twice(x):", "# ask: keep it short\ndef twice(x):");
    let range = scene.client.range_of(&uri, "# ask: keep it short");
    let actions = scene.client.code_actions(&uri, &range, Some("refactor.rewrite"));
    let is_told = |action: &&Value| {
        action["title"].as_str().is_some_and(|title| title.contains("tell \u{201c}look at it\u{201d}"))
    };
    let told = actions.iter().find(is_told).cloned().expect("the comment can be told");
    scene.client.run_action(&told);
    gate.open();
    let second = scene.request(1).text();
    assert!(second.contains("The person says, while you work:\\nkeep it short"), "{second}");
    scene.over(1);
    scene.end();
}

#[test]
fn a_turn_that_is_asked_again_counts_once() {
    for format in Format::BOTH {
        let model = ModelServer::start(
            format,
            vec![Reply::text("No idea."), Reply::text("Twice."), Reply::text("Yes.")],
        );
        let workspace = workspace(&model);
        let first = workspace.run(&["ask", "--json", "--file", FILE, "what is it"]).exits(0).json();
        let again = workspace.run(&["ask", "--json", "--retry", "--model", "bench/other"]).exits(0).json();
        assert_eq!(again["session_id"], first["session_id"], "{again}");
        assert_ne!(again["run_id"], first["run_id"], "{again}");
        let _ = workspace.run(&["ask", "--continue", "sure?"]).exits(0);
        let (one, two, three) = (model.wait_request(0), model.wait_request(1), model.wait_request(2));
        assert_eq!(one.body["messages"], two.body["messages"], "the same words, and nothing before them");
        assert_eq!(two.body["model"], "other");
        assert!(three.text().contains("Twice.") && !three.text().contains("No idea."), "{}", three.text());
        let _ = workspace.run(&["ask", "--retry", "what"]).exits(2);
    }
}

#[test]
fn an_editor_asks_again_too() {
    let model = ModelServer::start(Format::OpenaiChat, vec![Reply::text("No idea."), Reply::text("Twice.")]);
    let workspace = workspace(&model);
    let mut scene = Scene::enter(personality::vs_code(), workspace, model);
    let run = scene.ask("what is it");
    scene.over(0);
    let again = scene.client.command("copydesk.retry", json!({})).expect("there is a turn");
    assert_ne!(again["runId"], json!(run));
    scene.asked += 1;
    assert_eq!(scene.request(0).body["messages"], scene.request(1).body["messages"]);
    scene.over(1);
    scene.end();
}

#[test]
fn files_that_words_name_go_along_or_are_said_to_stay_behind() {
    let gate = Gate::new();
    let model = ModelServer::start(Format::OpenaiChat, vec![look().hold(&gate), done()]);
    let workspace = workspace(&model);
    workspace.write("notes.txt", "mind the gap\n");
    let mut scene = Scene::enter(personality::vs_code(), workspace, model);
    scene.client.hold("window/logMessage");
    scene.client.quiet("window/logMessage");
    let run = scene.ask("look at @gone.txt");
    scene.request(0);
    let said = json!({"runId": run, "text": "see @notes.txt and @lost.txt"});
    assert_eq!(scene.client.command("copydesk.steer", said), Ok(json!({"heard": true})));
    gate.open();
    let told = scene.request(1).text();
    assert!(told.contains("File: notes.txt:\\n```\\nmind the gap"), "{told}");
    for name in ["@gone.txt", "@lost.txt"] {
        let says = format!("{name} does not go along: there is no such file");
        scene.client.message_where("window/logMessage", |params| params["message"] == json!(says));
    }
    scene.over(1);
    scene.end();
}

#[test]
fn words_that_a_run_never_heard_are_given_back() {
    let gate = Gate::new();
    let model = ModelServer::start(Format::Anthropic, vec![look().hold(&gate)]);
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&format!("{}budgets: {{run: {{requests: 1}}}}\n", config(&model, "{}")))
        .with_variable("BENCH_KEY", KEY);
    let mut scene = Scene::enter(personality::vs_code(), workspace, model);
    scene.client.hold("window/logMessage");
    scene.client.quiet("window/logMessage");
    let run = scene.ask("look at it");
    scene.request(0);
    let said = json!({"runId": run, "text": "mind the tabs", "when": "next"});
    assert_eq!(scene.client.command("copydesk.steer", said), Ok(json!({"heard": true})));
    gate.open();
    scene.client.message_where("window/logMessage", |params| {
        params["message"] == "The run ended before it heard this; say it again: mind the tabs"
    });
    let late = scene.client.command("copydesk.steer", json!({"runId": run, "text": "too late"}));
    assert_eq!(late, Ok(json!({"heard": false})));
    scene.end();
}
