//! Turns of one conversation at the same time, in several processes: they share its budget, and none of it is lost
//! where one of them is killed.

use std::process::Stdio;
use std::thread;

use copydesk_tests::model_server::{Format, Gate, ModelServer, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{FILE, KEY, Scene, TEXT, config};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

const GO_ON: &[&str] = &["ask", "--json", "--continue", "go on"];

fn look() -> Reply {
    Reply::tool("read", &json!({"path": "a.py"}))
}

fn furnished(model: &ModelServer, budgets: &str) -> Workspace {
    Workspace::new(COPYDESK)
        .with([("a.py", "x = 1\n"), (FILE, TEXT)])
        .with_user_config(&format!("{}budgets: {budgets}\n", config(model, "{}")))
        .with_variable("BENCH_KEY", KEY)
}

fn error(report: &Value) -> &str {
    report["error"].as_str().unwrap_or_default()
}

#[test]
fn four_turns_at_once_use_what_one_may() {
    for format in Format::BOTH {
        let gate = Gate::new();
        let held = (0..4).map(|_| look().hold(&gate));
        let script = [Reply::text("Hello.")].into_iter().chain(held).chain((0..30).map(|_| look()));
        let model = ModelServer::start(format, script);
        let workspace = furnished(&model, "{session: {requests: 7}}");
        let _ = workspace.run(&["ask", "begin"]).exits(0);
        thread::scope(|scope| {
            let turns: Vec<_> = (0..4).map(|_| scope.spawn(|| workspace.run(GO_ON))).collect();
            // All four have begun and been asked for before any of them is answered.
            model.wait_request(4);
            gate.open();
            for turn in turns {
                let report = turn.join().expect("it ends").exits(1).json();
                assert!(error(&report).contains("(budgets.session.requests)"), "{report}");
            }
        });
        assert_eq!(model.asked(), 7, "{format:?}");
        let over = workspace.run(GO_ON).exits(1).json();
        assert!(error(&over).contains("this conversation has used its 7 requests"), "{over}");
        assert_eq!(model.asked(), 7, "nothing more left this machine");
    }
}

#[test]
fn a_turn_that_is_killed_counts_for_those_beside_it() {
    let gate = Gate::new();
    let held = (0..2).map(|_| look().hold(&gate));
    let script = [Reply::text("Hello.")].into_iter().chain(held).chain((0..9).map(|_| look()));
    let model = ModelServer::start(Format::Anthropic, script);
    let workspace = furnished(&model, "{session: {requests: 4}}");
    let _ = workspace.run(&["ask", "begin"]).exits(0);
    let mut killed = workspace.command(GO_ON);
    let mut killed = killed.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    model.wait_request(1);
    thread::scope(|scope| {
        let beside = scope.spawn(|| workspace.run(GO_ON));
        model.wait_request(2);
        killed.kill().expect("it is killed");
        killed.wait().expect("it has ended");
        gate.open();
        let report = beside.join().expect("it ends").exits(1).json();
        assert!(error(&report).contains("this conversation has used its 4 requests"), "{report}");
    });
    assert_eq!(model.asked(), 4);
}

#[test]
fn an_editor_and_a_terminal_share_the_budget_of_a_conversation() {
    let gate = Gate::new();
    let model = ModelServer::start(
        Format::OpenaiChat,
        [Reply::text("Never.").when("hold").hold(&gate), look().when("go on"), look(), look()],
    );
    let workspace = furnished(&model, "{session: {requests: 2}}");
    let mut scene = Scene::enter(personality::vs_code(), workspace, model);
    let run = scene.ask("hold");
    scene.request(0);
    let report = scene.workspace.run(GO_ON).exits(1).json();
    let expect = "this conversation has used 1 of its 2 requests, and requests under way may take 1 more (budgets.session.requests)";
    assert!(error(&report).contains(expect), "{report}");
    assert_eq!(scene.model.asked(), 2);
    assert_eq!(scene.client.command("copydesk.cancel", json!({"runId": run})), Ok(json!({"canceled": true})));
    gate.open();
    scene.client.wait("its end", |client| (client.progress_ended() >= 1).then_some(()));
    scene.client.finish();
}
