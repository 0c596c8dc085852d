//! Real servers that others wrote, without weights: their lists, their answers, their errors.
//!
//! `tests/servers/setup` fetches them; without it the stories are skipped aloud. Each runs on a loopback port of its
//! own, in a home of its own, and ends with the story.

#![expect(
    clippy::unwrap_used,
    clippy::explicit_write,
    reason = "a test; the harness hides what a macro prints"
)]

mod litellm;
mod llama;
mod parrot;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use copydesk_tests::client::eventually;
use copydesk_tests::workspace::Workspace;
use serde_json::Value;

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");

const KEY: &str = "sk-bench-0123456789abcdef0123456789";

/// Some of them import a great deal before they listen.
const START: Duration = Duration::from_mins(2);

/// A server, ended with this value.
struct Server {
    child: Child,
    port: u16,
    home: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts it, and waits until it listens.
    fn start(command: impl FnOnce(&Path, u16) -> Command) -> Self {
        // Free a moment ago; whoever takes it in between fails the test with its own words.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let home = tempfile::tempdir().unwrap();
        let child = command(home.path(), port)
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(home.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut server = Self { child, port, home };
        let listens = eventually(Instant::now() + START, || {
            let ended = server.child.try_wait().unwrap();
            assert_eq!(ended, None, "it ended: {}", server.log());
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        assert!(listens.is_some(), "it listens: {}", server.log());
        server
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    /// Its whole answer to a plain request.
    fn says(&self, path: &str) -> String {
        let mut said = String::new();
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(socket, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        // What it hangs up on is no answer.
        let _ = socket.read_to_string(&mut said);
        said
    }

    /// A text of ours without what differs each time.
    fn settled(&self, text: &str) -> String {
        text.replace(&self.port.to_string(), "PORT")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn skipped(why: &str) {
    writeln!(std::io::stderr(), "skipped: {why}").unwrap();
}

/// The names that a provider lists, in order.
fn refs(report: &Value, provider: usize) -> Vec<&str> {
    let models = report["providers"][provider]["models"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut refs: Vec<&str> = models.iter().filter_map(|model| model["ref"].as_str()).collect();
    refs.sort_unstable();
    refs
}

/// What a person is told who asks a model that does not answer.
fn error(workspace: &Workspace, model: &str, words: &str) -> String {
    let report = workspace.run(&["ask", "--json", "--model", model, words]).exits(1).json();
    report["error"].as_str().unwrap_or_default().to_owned()
}
