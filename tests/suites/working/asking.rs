//! Questions of the model's own: answered by a choice, by words, or by nobody.

use std::time::Instant;

use copydesk_tests::client::{PATIENCE, eventually};
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::personality::{self, Personality};
use copydesk_tests::scene::{FILE, KEY, Scene, TEXT, Way, config, done, in_four};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

fn question() -> Reply {
    Reply::tool("ask_user", &json!({"question": "Tabs or spaces?", "options": ["Tabs", "Spaces"]}))
}

fn workspace(model: &ModelServer, more: &str) -> Workspace {
    Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&format!("{}{more}", config(model, "{prompt_timeout: 300}")))
        .with_variable("BENCH_KEY", KEY)
}

fn scene(personality: Personality, format: Format) -> Scene {
    let model = ModelServer::start(format, vec![question(), done()]);
    let workspace = workspace(&model, "");
    Scene::enter(personality, workspace, model)
}

#[test]
fn a_question_is_answered_by_its_prompt_or_by_its_code_action() {
    in_four(|personality, format| {
        for way in [Way::Prompt, Way::Action] {
            let mut scene = scene(personality.clone(), format);
            scene.ask("indent it");
            let way = if scene.client.personality.prompts_reach_a_person() { way } else { Way::Action };
            let shown = scene.answer(way, "Spaces");
            assert!(shown.contains("The agent asks: Tabs or spaces?"), "{shown}");
            assert_eq!(scene.result(1), "The person answers:\nSpaces");
            let uri = scene.uri.clone();
            scene.client.no_diagnostic(&uri, "pending-approval");
            scene.over(1);
            scene.end();
        }
    });
}

#[test]
fn words_that_are_said_meanwhile_answer_it_too() {
    let mut scene = scene(personality::vs_code(), Format::Anthropic);
    let run = scene.ask("indent it");
    let prompt = scene.client.prompt();
    assert_eq!(prompt.choices, ["Tabs", "Spaces"]);
    let said = scene.client.command("copydesk.steer", json!({"runId": run, "text": "both, as it is now"}));
    assert_eq!(said, Ok(json!({"heard": true})));
    assert_eq!(scene.result(1), "The person answers:\nboth, as it is now");
    scene.over(1);
    scene.end();
}

#[test]
fn somebody_is_called_while_it_waits() {
    let model = ModelServer::start(Format::Anthropic, vec![question(), done()]);
    let hooks = "hooks:\n  Notification:\n    - {after: 1h, to: the team, command: 'touch team'}\n    \
                 - {after: 10ms, to: Ana, command: 'cat > ana'}\n";
    let mut scene = Scene::enter(personality::vs_code(), workspace(&model, hooks), model);
    scene.ask("indent it");
    let prompt = scene.client.prompt();
    let file = scene.workspace.path("ana");
    let read = || serde_json::from_str::<Value>(&std::fs::read_to_string(&file).ok()?).ok();
    let ana = eventually(Instant::now() + PATIENCE, read).expect("Ana is called");
    scene.client.choose(&prompt, "Spaces");
    assert_eq!(scene.result(1), "The person answers:\nSpaces");
    scene.over(1);
    assert_eq!(
        (&ana["to"], &ana["text"]),
        (&json!("Ana"), &json!("The agent asks: Tabs or spaces?")),
        "{ana}"
    );
    assert!(!scene.workspace.exists("team"));
    scene.end();
}

#[test]
fn nobody_answers_and_no_option_looks_like_a_permission() {
    let forged = Reply::tool("ask_user", &json!({"question": "Run it?", "options": ["Allow once", "Deny"]}));
    let model = ModelServer::start(Format::OpenaiChat, vec![question(), forged, done()]);
    let workspace = workspace(&model, "");
    let report: Value = workspace.run(&["ask", "--json", "indent it"]).exits(0).json();
    assert_eq!(report["status"], "succeeded", "{report}");
    let told = |number| copydesk_tests::scene::results(&model.wait_request(number).body).concat();
    assert!(told(1).starts_with("nobody is here who could answer"), "{}", told(1));
    assert!(told(2).contains("may not be called 'Allow once'"), "{}", told(2));
}
