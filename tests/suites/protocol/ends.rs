//! Every way to end, for a request and for the server, and nobody is left behind.

use std::process::{Command, Stdio};
use std::time::Instant;

use copydesk_tests::client::{Client, PATIENCE, eventually, is_alive, living};
use copydesk_tests::model_server::{Format, Gate, Reply};
use copydesk_tests::personality::{self, Personality};
use copydesk_tests::scene::{Scene, Stage, TEXT, done};
use copydesk_tests::workspace::Workspace;
use serde_json::json;

use crate::COPYDESK;

#[test]
fn shutdown_and_exit_end_with_0() {
    for personality in Personality::all() {
        let workspace = Workspace::new(COPYDESK);
        let mut client = Client::start(personality, &workspace);
        client.ok("shutdown", json!(null));
        let error = client.err("textDocument/hover", json!({}));
        assert_eq!(error.code, -32600, "after shutdown: {error}");
        client.notify("exit", json!(null));
        let (code, stderr) = client.ends();
        assert_eq!(code, Some(0), "{stderr}");
    }
}

#[test]
fn exit_without_shutdown_ends_with_1() {
    let workspace = Workspace::new(COPYDESK);
    let mut client = Client::start(personality::vs_code(), &workspace);
    client.notify("exit", json!(null));
    assert_eq!(client.ends().0, Some(1));
    // Before initialize too.
    let mut client = Client::spawn(personality::vs_code(), &workspace, &["lsp"]);
    client.notify("exit", json!(null));
    assert_eq!(client.ends().0, Some(1));
}

#[test]
fn a_closed_pipe_ends_the_server() {
    let workspace = Workspace::new(COPYDESK);
    for speak in [true, false] {
        let mut client = Client::spawn(personality::helix_25_07(), &workspace, &["lsp"]);
        if speak {
            client.initialize();
        }
        client.hang_up();
        assert_eq!(client.ends().0, Some(1), "nobody said shutdown");
    }
}

#[test]
fn a_run_is_told_and_ends_whether_its_progress_is_taken_or_not() {
    const CREATE: &str = "window/workDoneProgress/create";
    let mut scene = Scene::begin(Stage {
        program: COPYDESK,
        personality: personality::vs_code().with_extension(),
        format: Format::OpenaiChat,
        permissions: "{}".to_owned(),
        script: vec![done()],
        files: vec![],
    });
    scene.client.hold(CREATE);
    scene.ask("say something");
    // All of it comes while the editor still thinks about the token.
    scene.client.event("run_finished");
    let create = scene.client.message(CREATE);
    assert!(scene.client.progress_tokens().is_empty());
    assert_eq!(scene.client.progress_ended(), 0);
    scene.client.react(&create);
    scene.client.progress("Copydesk");
    scene.end();
}

#[test]
fn a_command_under_way_dies_with_the_server() {
    for way in [End::Exit, End::HangUp, End::Parent, End::Signal] {
        let mut scene = scene(vec![sleeper(), done()]);
        let mut parent = idle();
        if way == End::Parent {
            // The editor says whose death to watch in its handshake, so this one starts over.
            let params = scene.client.initialize_params(Some(parent.id()));
            scene.client.stop();
            scene.client = Client::spawn(personality::vs_code(), &scene.workspace, &["lsp"]);
            scene.client.initialize_with(params);
            let uri = scene.uri.clone();
            scene.client.open(&uri, "python", TEXT);
        }
        scene.ask("wait a little");
        let root = scene.workspace.root();
        let server = scene.client.server_process();
        let started = || living(&root, Some(server)).iter().any(|one| one.command.contains("sleep 1234"));
        assert!(
            eventually(Instant::now() + PATIENCE, || started().then_some(())).is_some(),
            "the command runs"
        );
        match way {
            End::Exit => scene.client.notify("exit", json!(null)),
            End::HangUp => scene.client.hang_up(),
            End::Parent => {
                parent.kill().expect("the parent is ours");
            }
            End::Signal => {
                let told = Command::new("kill").args(["-TERM", &server.to_string()]).status();
                assert!(told.is_ok_and(|status| status.success()), "the server can be told to end");
            }
        }
        parent.kill().ok();
        parent.wait().expect("the parent is ours");
        // `ends` fails where a process is left behind.
        scene.client.ends();
        assert!(!is_alive(server));
    }
}

#[test]
fn the_parents_death_ends_the_server() {
    let workspace = Workspace::new(COPYDESK);
    let mut parent = idle();
    let mut client = Client::spawn(personality::neovim_0_12(), &workspace, &["lsp"]);
    let params = client.initialize_params(Some(parent.id()));
    client.initialize_with(params);
    parent.kill().expect("the parent is ours");
    parent.wait().expect("the parent is ours");
    client.ends();
}

#[test]
fn a_run_is_canceled_by_command_and_its_socket_and_its_processes_close() {
    let gate = Gate::new();
    let mut scene = scene(vec![Reply::text("so far").wait(&gate)]);
    let run = scene.ask("talk for ever");
    scene.request(0);
    let answer =
        scene.client.command("copydesk.cancel", json!({"runId": run})).expect("a cancel is answered");
    assert_eq!(answer, json!({"canceled": true}));
    scene.model.wait_closed(0);
    let again = scene.client.command("copydesk.cancel", json!({"runId": run})).expect("a cancel is answered");
    scene.client.wait("the end of the progress", |client| (client.progress_ended() == 1).then_some(()));
    assert!(again["canceled"].is_boolean());
    assert_eq!(scene.model.requests().len(), 1, "nothing more was asked of the model");

    scene.model.push(sleeper().when("sleep a little"));
    let run = scene.ask("sleep a little");
    let (root, server) = (scene.workspace.root(), scene.client.server_process());
    let runs = || living(&root, Some(server)).iter().any(|one| one.command.contains("sleep 1234"));
    assert!(eventually(Instant::now() + PATIENCE, || runs().then_some(())).is_some(), "the command runs");
    scene.client.command("copydesk.cancel", json!({"runId": run})).expect("a cancel is answered");
    assert!(
        eventually(Instant::now() + PATIENCE, || (!runs()).then_some(())).is_some(),
        "the process group is gone"
    );
    scene.client.wait("the end of the progress", |client| (client.progress_ended() == 2).then_some(()));
    scene.client.finish();
}

#[test]
fn a_cancel_right_behind_the_ask_is_heard_and_nothing_happens_after_it() {
    let write = |name: &str| Reply::tool("write", &json!({"path": name, "content": "x"}));
    let mut scene = scene(vec![write("one.txt"), write("two.txt"), done()]);
    for _ in 0..5 {
        let run = scene.ask("write two files");
        let answer =
            scene.client.command("copydesk.cancel", json!({"runId": run})).expect("a cancel is answered");
        assert_eq!(answer, json!({"canceled": true}));
    }
    scene.client.wait("the ends of all", |client| client.progress_tokens().is_empty().then_some(()));
    let files = std::fs::read_dir(scene.workspace.root()).expect("the workspace is there").flatten();
    let written = files.filter(|file| file.file_name().to_string_lossy().ends_with(".txt"));
    assert_eq!(written.count(), 0, "nothing was allowed, and nothing came of it");
    scene.client.quiet("window/showMessageRequest");
    scene.client.quiet("window/logMessage");
    scene.client.finish();
}

#[test]
fn a_run_is_canceled_by_its_progress() {
    let gate = Gate::new();
    let mut scene = scene(vec![Reply::text("so far").wait(&gate)]);
    scene.ask("talk for ever");
    scene.request(0);
    let token = scene.client.wait("a progress", |client| client.progress_tokens().pop());
    scene.client.notify("window/workDoneProgress/cancel", json!({"token": token}));
    scene.model.wait_closed(0);
    scene.client.wait("the end of the progress", |client| (client.progress_ended() == 1).then_some(()));
    scene.client.finish();
}

#[test]
fn a_canceled_request_is_answered_once() {
    let workspace = Workspace::new(COPYDESK);
    let mut client = Client::start(personality::vs_code(), &workspace);
    let uri = workspace.uri("x.workflow.yaml");
    client.open(&uri, "yaml", "name: x\nsteps: []\n");
    for _ in 0..50 {
        let place = json!({"textDocument": {"uri": uri}, "position": {"line": 0, "character": 2}});
        let id = client.send("textDocument/hover", place);
        client.cancel(id);
        if let Err(error) = client.answer_to(id) {
            assert_eq!(error.code, -32800, "{error}");
        }
    }
    client.finish();
}

#[test]
fn a_panic_answers_its_request_and_the_server_lives() {
    let workspace = Workspace::new(COPYDESK).with_variable("COPYDESK_TEST_PANIC", "1");
    let mut client = Client::start(personality::vs_code(), &workspace);
    for _ in 0..3 {
        let error = client.command("copydesk.test.panic", json!({})).expect_err("a panic is an error");
        assert_eq!(error.code, -32603, "{error}");
    }
    let uri = workspace.uri("x.workflow.yaml");
    client.open(&uri, "yaml", "name: x\nsteps: []\n");
    client.diagnostics(&uri, "any", |_| true);
    client.finish();
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Exit,
    HangUp,
    Parent,
    /// An editor that lost patience.
    Signal,
}

/// A command that would run for twenty minutes.
fn sleeper() -> Reply {
    Reply::tool("bash", &json!({"command": "sleep 1234"}))
}

fn scene(script: Vec<Reply>) -> Scene {
    Scene::begin(Stage {
        program: COPYDESK,
        personality: personality::vs_code(),
        format: Format::Anthropic,
        permissions: "{allow: [\"Bash(sleep:*)\"]}".to_owned(),
        script,
        files: vec![],
    })
}

/// A process that does nothing, to be somebody's parent. It lives outside every workspace.
fn idle() -> std::process::Child {
    let mut command = Command::new("sleep");
    command.arg("600").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("sleep is a program of every system: {error}"))
}
