//! A client that knows nothing of either server: frames over pipes, clocks on both sides, and the scheduler's own
//! count.
//!
//! What a real editor must answer is answered on the reading thread, at once, so that no server waits for the bench.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Longer than any answer of a server that still lives.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a server is started, and what it calls its settings.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    /// The answer to `workspace/configuration` for the section `yaml`.
    pub(crate) settings: Value,
}

/// A server that runs.
pub(crate) struct Session {
    child: Child,
    /// Ends when the server closes its output.
    reader: JoinHandle<()>,
    pipe: Arc<Mutex<ChildStdin>>,
    messages: Receiver<(Instant, Value)>,
    name: &'static str,
    /// What came since the last change while something else was waited for.
    passed: Vec<(Instant, Value)>,
    next: i64,
    version: i64,
    /// From the start of the process to the answer of `initialize`.
    pub(crate) started: Duration,
}

impl Session {
    pub(crate) fn start(server: &Server, root: &str) -> Self {
        let begun = Instant::now();
        let mut child = Command::new(&server.program)
            .args(&server.arguments)
            .env("HOME", root)
            .env("COPYDESK_HOME", format!("{root}/.home"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let pipe = Arc::new(Mutex::new(child.stdin.take().expect("stdin is a pipe")));
        let (sender, messages) = channel();
        let (answers, settings) = (pipe.clone(), server.settings.clone());
        let mut output = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
        let reading = std::thread::Builder::new().spawn(move || {
            while let Some(message) = frame(&mut output) {
                let arrived = Instant::now();
                if let (Some(id), Some(method)) = (message.get("id"), message.get("method")) {
                    let result = if method == "workspace/configuration" {
                        asked(&message, &settings)
                    } else {
                        Value::Null
                    };
                    send(&answers, &json!({"jsonrpc": "2.0", "id": id, "result": result}));
                } else if sender.send((arrived, message)).is_err() {
                    return;
                }
            }
        });
        let reader = reading.expect("a thread can be started");
        let mut session = Self {
            child,
            reader,
            pipe,
            messages,
            name: server.name,
            passed: vec![],
            next: 0,
            version: 1,
            started: Duration::ZERO,
        };
        let folder = format!("file://{root}");
        session.ask(
            "initialize",
            &json!({
                "processId": std::process::id(), "rootUri": folder,
                "workspaceFolders": [{"uri": folder, "name": "bench"}],
                "capabilities": {
                    "workspace": {"configuration": true},
                    "textDocument": {
                        "publishDiagnostics": {"relatedInformation": true, "versionSupport": true},
                        "completion": {"completionItem": {"snippetSupport": true}},
                        "hover": {"contentFormat": ["markdown"]},
                    }
                }
            }),
        );
        session.started = begun.elapsed();
        session.tell("initialized", &json!({}));
        session.tell("workspace/didChangeConfiguration", &json!({"settings": {"yaml": server.settings}}));
        session
    }

    pub(crate) fn open(&mut self, uri: &str, language: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": language, "version": 1, "text": text});
        self.tell("textDocument/didOpen", &json!({"textDocument": document}));
    }

    /// Replaces what stands between two places (line and character) by a text.
    pub(crate) fn change(&mut self, uri: &str, from: (usize, usize), to: (usize, usize), text: &str) {
        self.version += 1;
        self.passed.clear();
        self.tell(
            "textDocument/didChange",
            &json!({
                "textDocument": {"uri": uri, "version": self.version},
                "contentChanges": [{
                    "range": {
                        "start": {"line": from.0, "character": from.1},
                        "end": {"line": to.0, "character": to.1},
                    },
                    "text": text,
                }],
            }),
        );
    }

    /// Waits until findings are published that fit, and says when they came.
    pub(crate) fn findings(&mut self, fits: impl Fn(&[Value]) -> bool) -> Instant {
        self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && fits(message["params"]["diagnostics"].as_array().map_or(&[], Vec::as_slice))
        })
        .0
    }

    /// A request's answer and how long it took.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> (Duration, Value) {
        self.next += 1;
        let id = self.next;
        let begun = Instant::now();
        send(&self.pipe, &json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let (arrived, message) = self.wait(|message| message["id"] == id && message.get("method").is_none());
        (arrived.saturating_duration_since(begun), message["result"].clone())
    }

    pub(crate) fn tell(&mut self, method: &str, params: &Value) {
        send(&self.pipe, &json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// CPU time of all its threads so far, in milliseconds.
    pub(crate) fn cpu(&self) -> f64 {
        // The process's own sum counts threads that have ended, in ticks of 10 ms; the scheduler's count is exact for
        // those that live. A bench needs the exact one, and neither server ends threads while it works.
        let threads =
            std::fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let nanos: u64 = threads
            .filter_map(|thread| std::fs::read_to_string(thread.path().join("schedstat")).ok())
            .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
            .sum();
        Duration::from_nanos(nanos).as_secs_f64() * 1000.0
    }

    /// The most memory it ever held, in megabytes.
    pub(crate) fn peak(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes: f64 =
            peak.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or(f64::NAN);
        kilobytes / 1024.0
    }

    pub(crate) fn finish(mut self) {
        self.ask("shutdown", &Value::Null);
        self.tell("exit", &Value::Null);
        let _ = self.child.wait();
        let _ = self.reader.join();
    }

    fn wait(&mut self, fits: impl Fn(&Value) -> bool) -> (Instant, Value) {
        if let Some(at) = self.passed.iter().position(|(_, message)| fits(message)) {
            return self.passed.swap_remove(at);
        }
        let until = Instant::now() + PATIENCE;
        loop {
            match self.messages.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok((arrived, message)) if fits(&message) => return (arrived, message),
                Ok(other) => self.passed.push(other),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    let _ = self.child.kill();
                    let _ = self.child.wait();
                    panic!(
                        "{} said nothing that was waited for; it said {:?}",
                        self.name,
                        self.passed.last()
                    );
                }
            }
        }
    }
}

/// The settings of each section that is asked for; of all but `yaml` there are none.
fn asked(message: &Value, settings: &Value) -> Value {
    let items = message["params"]["items"].as_array().map_or(&[][..], Vec::as_slice);
    items.iter().map(|item| if item["section"] == "yaml" { settings.clone() } else { Value::Null }).collect()
}

fn send(pipe: &Mutex<ChildStdin>, message: &Value) {
    let body = message.to_string();
    let mut pipe = pipe.lock().expect("no writer panics");
    // A server that has gone is noticed by whoever waits for it.
    let _ = write!(pipe, "Content-Length: {}\r\n\r\n{body}", body.len()).and_then(|()| pipe.flush());
}

fn frame(output: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length:") {
            length = value.trim().parse().ok();
        }
    }
    let mut body = vec![0; length?];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
