//! A tour on a server that lies: each lie is found by the step that it is about.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::{Value, json};
use tokio::io::{BufReader, DuplexStream, duplex, split};

use super::editor::Editor;
use super::*;

/// What becomes of a message that a lie is about.
enum Deed {
    Tell,
    HangUp,
}

/// A change of one message of the server's.
type Lie = fn(&mut Value) -> Deed;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_lie_is_found_by_the_step_that_it_is_about() {
    let lies: [(&str, Lie, Step, &str); 14] = [
        (
            "answer to initialize",
            |message| put(message, "/result/serverInfo", Value::Null),
            Step::Start,
            "who it is",
        ),
        (
            "textDocument/publishDiagnostics",
            |message| put(message, "/params/diagnostics/0/range/end/character", json!(17)),
            Step::Diagnose,
            "tset]",
        ),
        ("textDocument/publishDiagnostics", |_| Deed::HangUp, Step::Diagnose, "closed the connection"),
        (
            "answer to textDocument/codeAction",
            |message| put(message, "/result", json!([])),
            Step::Fix,
            "a quick fix",
        ),
        (
            "answer to textDocument/codeAction",
            |message| put(message, "/result/0/edit/documentChanges/0/edits/0/newText", json!("tast")),
            Step::Fix,
            "'tast'",
        ),
        (
            "answer to textDocument/completion",
            |message| put(message, "/result", json!([])),
            Step::Complete,
            "empty",
        ),
        (
            "answer to textDocument/hover",
            |message| put(message, "/result", Value::Null),
            Step::Complete,
            "hover",
        ),
        (
            "window/showMessageRequest",
            |message| put(message, "/params/actions/3/title", json!("Later")),
            Step::Ask,
            "Later",
        ),
        (
            "$/progress",
            |message| match message["params"]["value"]["kind"].as_str() {
                Some("begin") => put(message, "/params/value/message", json!("a real one")),
                _ => Deed::Tell,
            },
            Step::Ask,
            "no real model",
        ),
        ("window/showDocument", |_| Deed::HangUp, Step::Review, "closed the connection"),
        (
            "answer to copydesk.change.apply",
            |message| put(message, "/result/sent", json!([])),
            Step::Apply,
            "the report is",
        ),
        ("workspace/applyEdit", |_| Deed::HangUp, Step::Apply, "before, now = 1, 1"),
        (
            "answer to copydesk.undo",
            |message| put(message, "/result/sent", json!([])),
            Step::Undo,
            "the report is",
        ),
        (
            "answer to shutdown",
            |message| {
                *message = json!({"jsonrpc": "2.0", "id": message["id"], "error": {"code": 1, "message": "not now"}});
                Deed::Tell
            },
            Step::Stop,
            "not now",
        ),
    ];
    // At the same time: a server whose editor vanishes with an edit under way takes its time to end.
    let tours =
        lies.map(|(about, lie, step, words)| async move { (about, step, words, toured(about, lie).await) });
    for (about, step, words, steps) in futures_util::future::join_all(tours).await {
        let Some(Taken { step: last, outcome: Err(missing) }) = steps.last() else {
            panic!("{about}: nobody noticed");
        };
        assert_eq!((*last, missing.to_string().contains(words)), (step, true), "{about}: {missing}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_lie_every_step_happens() {
    let steps = toured("nothing", |_| Deed::Tell).await;
    for taken in &steps {
        assert!(taken.outcome.is_ok(), "{taken:?}");
    }
    assert_eq!(steps.iter().map(|taken| taken.step).collect::<Vec<_>>(), Step::ALL);
}

fn put(message: &mut Value, pointer: &str, value: Value) -> Deed {
    if let Some(place) = message.pointer_mut(pointer) {
        *place = value;
    }
    Deed::Tell
}

/// A tour with somebody in between who changes what the server says about one thing.
async fn toured(about: &str, lie: Lie) -> Vec<Taken> {
    let stage = Stage::set().unwrap();
    let (ours, theirs) = duplex(64 * 1024);
    let (outer, inner) = duplex(64 * 1024);
    let (input, output) = split(inner);
    let serving =
        copydesk_lsp::serve(input, output, stage.backstage(), tokio_util::sync::CancellationToken::new());
    let mut tell = |_: &Taken| Ok(());
    let playing = play(&stage, Editor::new(ours, PATIENCE), &mut tell);
    let (_, steps, ()) = tokio::join!(serving, playing, between(theirs, outer, about, lie));
    stage.strike().unwrap();
    steps.unwrap()
}

/// Hands messages on in both directions until one side goes away.
async fn between(editor: DuplexStream, server: DuplexStream, about: &str, lie: Lie) {
    let (from_editor, mut to_editor) = split(editor);
    let (from_server, mut to_server) = split(server);
    let (mut from_editor, mut from_server) = (BufReader::new(from_editor), BufReader::new(from_server));
    // What each request of the editor's asks for: its method, or the command that it runs.
    let asked: Mutex<HashMap<String, String>> = Mutex::default();
    let up = async {
        while let Ok(message) = wire::receive(&mut from_editor).await {
            let name = message["params"]["command"].as_str().or(message["method"].as_str());
            if let (Some(name), true) = (name, message["method"].is_string()) {
                asked.lock().unwrap().insert(message["id"].to_string(), format!("answer to {name}"));
            }
            if wire::send(&mut to_server, &message).await.is_err() {
                return;
            }
        }
    };
    let down = async {
        while let Ok(mut message) = wire::receive(&mut from_server).await {
            let name = match message["method"].as_str() {
                Some(method) => method.to_owned(),
                None => asked.lock().unwrap().get(&message["id"].to_string()).cloned().unwrap_or_default(),
            };
            if name == about && matches!(lie(&mut message), Deed::HangUp) {
                return;
            }
            if wire::send(&mut to_editor, &message).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}
