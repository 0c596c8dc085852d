//! An editor that does not read: whoever talks waits for it, back to the model, and nothing heaps up in between.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use copydesk_tests::client::{eventually, frame};
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::{FILE, KEY, TEXT, config};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

/// How long a server that is not held up gets to go on. It is always waited for in full, so it is short.
const LONG_ENOUGH: Duration = Duration::from_secs(4);

/// What the server may need for all of it, in kilobytes, built for debugging.
const MOST: u64 = 160_000;

#[test]
fn a_model_is_read_no_faster_than_the_editor_reads() {
    for format in Format::BOTH {
        // A hundred megabytes, of which eight would be too long an answer.
        let piece = "x".repeat(16 << 10);
        let reply = Reply::empty().pieces(std::iter::repeat_n(piece.as_str(), 6400));
        let model = ModelServer::start(format, [reply]);
        let workspace = Workspace::new(COPYDESK)
            .with([(FILE, TEXT)])
            .with_user_config(&config(&model, "{}"))
            .with_variable("BENCH_KEY", KEY);
        let mut editor = Editor::start(&workspace);
        editor.ask("copydesk.ask", &workspace);
        model.wait_request(0);
        let went_on = eventually(Instant::now() + LONG_ENOUGH, || model.requests()[0].closed);
        assert_eq!(went_on, None, "{format:?}: the model was read past what an answer may be");
        assert!(editor.peak() < MOST, "{format:?}: {} kB", editor.peak());
        // It was only held up: who reads on hears how it ends.
        while editor.read()["params"]["event"]["type"] != "run_finished" {}
        model.wait_closed(0);
        assert!(editor.peak() < MOST, "{format:?}: {} kB", editor.peak());
        editor.end();
    }
}

#[test]
fn an_editor_that_shows_progress_only_holds_nobody_up() {
    let piece = "x".repeat(1 << 10);
    let reply = Reply::empty().pieces(std::iter::repeat_n(piece.as_str(), 2000)).say("\nAll of it.");
    let model = ModelServer::start(Format::Anthropic, [reply]);
    let workspace = Workspace::new(COPYDESK)
        .with([(FILE, TEXT)])
        .with_user_config(&config(&model, "{}"))
        .with_variable("BENCH_KEY", KEY);
    let mut editor = Editor::with(&workspace, &json!({}));
    editor.ask("copydesk.ask", &workspace);
    // Nothing is read from here on, and the answer is taken whole.
    model.wait_answered(0);
    editor.end();
}

/// An editor that reads when it is told to.
struct Editor {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Editor {
    /// One that has a panel for all that happens.
    fn start(workspace: &Workspace) -> Self {
        Self::with(workspace, &json!({"experimental": {"copydesk": true}}))
    }

    fn with(workspace: &Workspace, capabilities: &Value) -> Self {
        let mut command = workspace.command(&["lsp", "--stdio"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start the server: {error}"));
        let output = BufReader::new(child.stdout.take().unwrap_or_else(|| unreachable!("it was asked for")));
        let mut editor = Self { child, output };
        let params = json!({"capabilities": capabilities, "rootUri": workspace.uri(""), "processId": null});
        editor.say(&json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}));
        editor.answer(1);
        editor.say(&json!({"jsonrpc": "2.0", "method": "initialized", "params": {}}));
        let document =
            json!({"uri": workspace.uri(FILE), "languageId": "python", "version": 1, "text": TEXT});
        let params = json!({ "textDocument": document });
        editor.say(&json!({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": params}));
        editor
    }

    fn ask(&mut self, command: &str, workspace: &Workspace) {
        let range = json!({"start": {"line": 3, "character": 0}, "end": {"line": 3, "character": 3}});
        let argument = json!({"uri": workspace.uri(FILE), "range": range, "prompt": "why?", "action": "ask"});
        let params = json!({"command": command, "arguments": [argument]});
        self.say(&json!({"jsonrpc": "2.0", "id": 2, "method": "workspace/executeCommand", "params": params}));
        self.answer(2);
    }

    fn say(&mut self, message: &Value) {
        let input = self.child.stdin.as_mut().unwrap_or_else(|| unreachable!("it was asked for"));
        input
            .write_all(&frame(message.to_string().as_bytes()))
            .and_then(|()| input.flush())
            .unwrap_or_else(|error| panic!("the server does not read: {error}"));
    }

    /// Reads up to the answer of a request.
    fn answer(&mut self, id: u64) {
        let answer = std::iter::repeat_with(|| self.read()).find(|message| message["id"] == id);
        assert!(answer.as_ref().is_some_and(|answer| answer["error"].is_null()), "{answer:?}");
    }

    /// The next message.
    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line).unwrap_or(0);
            assert!(read > 0, "the server has ended");
            match line.trim_end().strip_prefix("Content-Length: ") {
                Some(number) => length = number.parse().unwrap_or(0),
                None if line == "\r\n" => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap_or_else(|error| panic!("a message is cut: {error}"));
        serde_json::from_slice(&body).unwrap_or_else(|error| panic!("no message: {error}"))
    }

    /// The most memory that the server has had so far, in kilobytes.
    fn peak(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
    }

    /// Goes away without a word, as a crash would.
    fn end(mut self) {
        drop((self.child.stdin.take(), self.output));
        let ended =
            eventually(Instant::now() + Duration::from_secs(20), || self.child.try_wait().ok().flatten());
        if ended.is_none() {
            let _ = self.child.kill();
            panic!("the server outlives its editor");
        }
    }
}
