//! The scripted client: an editor that does exactly what a test says, and minds everything.
//!
//! [`Client::start`] starts the real binary as one [`Personality`] and shakes hands. From then on the test talks:
//! [`Client::ok`] and [`Client::request`] wait for an answer, [`Client::open`] and [`Client::replace`] edit documents
//! as an editor does, [`Client::diagnostics`], [`Client::prompt`] and [`Client::edit`] wait for what the server sends.
//! While it waits, the client reacts to the server's requests as its personality would, edits included, and mirrors
//! every document in its own buffers.
//!
//! [`Client::finish`] ends the story, and the test fails there, with the whole transcript, on
//! - a message that nobody looked at (but for the methods that the test named with [`Client::quiet`]),
//! - a request answered never or twice, and an answer to nothing,
//! - a message about something unknown: a document that is not open, a progress nobody made, a capability that was
//!   never announced,
//! - a process that still lives, the server's own or a child's.
//!
//! Every wait ends: after [`PATIENCE`] the test fails and prints what was said on the wire and on stderr.

mod documents;
mod heard;
mod look;
mod position;
mod process;
mod transcript;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub use documents::Buffer;
pub use look::{Progress, Prompt};
pub use position::{Encoding, offset, position, range};
pub use process::{Survivor, eventually, is_alive, living};
pub use wire::frame;

use crate::personality::Personality;
use crate::workspace::Workspace;
use process::Process;
use transcript::Transcript;
use wire::Incoming;

/// How long anything may take before the test gives up.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A request or notification of the server's that waits for the test to look at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Requests have one.
    pub id: Option<Value>,
    pub method: String,
    pub params: Value,
}

/// An error answer.
#[derive(Clone, Debug, PartialEq)]
pub struct RpcError {
    pub code: i64,
    pub message: String,
    pub data: Value,
}

/// What a request was answered.
pub type Answer = Result<Value, RpcError>;

/// The person's mind about edits, in clients that ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    Yes,
    No,
}

/// An editor in a test's hands.
pub struct Client {
    pub personality: Personality,
    /// The answer to `initialize`.
    pub server: Value,
    pub encoding: Encoding,
    process: Process,
    root: PathBuf,
    next_id: i64,
    /// Our requests without an answer: id to method.
    pending: BTreeMap<i64, String>,
    answers: BTreeMap<i64, Answer>,
    /// Runs that an answer of the server's has announced.
    runs: BTreeSet<String>,
    inbox: VecDeque<Message>,
    /// How many messages of a method the client took care of by itself.
    passed: BTreeMap<String, usize>,
    prompts: Vec<Prompt>,
    documents: BTreeMap<String, Buffer>,
    findings: heard::Findings,
    progress: BTreeMap<String, Progress>,
    events: Vec<Value>,
    settings: Value,
    consent: Consent,
    quiet: BTreeSet<String>,
    held: BTreeSet<String>,
    faults: Vec<String>,
    transcript: Transcript,
    ended: bool,
}

impl Client {
    /// Starts the server on the workspace and shakes hands.
    pub fn start(personality: Personality, workspace: &Workspace) -> Self {
        let mut client = Self::spawn(personality, workspace, &["lsp", "--stdio"]);
        client.initialize();
        client
    }

    /// Starts the server and says nothing yet.
    pub fn spawn(personality: Personality, workspace: &Workspace, arguments: &[&str]) -> Self {
        Self {
            server: Value::Null,
            encoding: Encoding::Utf16,
            process: Process::spawn(workspace.command(arguments)),
            root: workspace.root(),
            next_id: 1,
            pending: BTreeMap::new(),
            answers: BTreeMap::new(),
            runs: BTreeSet::new(),
            inbox: VecDeque::new(),
            passed: BTreeMap::new(),
            prompts: vec![],
            documents: BTreeMap::new(),
            findings: heard::Findings::default(),
            progress: BTreeMap::new(),
            events: vec![],
            settings: json!({}),
            consent: Consent::Yes,
            quiet: BTreeSet::new(),
            held: BTreeSet::new(),
            faults: vec![],
            transcript: Transcript::new(personality.name),
            ended: false,
            personality,
        }
    }

    /// `initialize` and `initialized`, as this client sends them.
    pub fn initialize(&mut self) {
        let params = self.initialize_params(Some(std::process::id()));
        self.initialize_with(params);
    }

    /// The same with other params.
    pub fn initialize_with(&mut self, params: Value) {
        self.server = self.ok("initialize", params);
        let word =
            self.server.pointer("/capabilities/positionEncoding").and_then(Value::as_str).unwrap_or("utf-16");
        let Some(encoding) = Encoding::parse(word) else {
            self.fail(&format!("the encoding {word} does not exist"))
        };
        if !self.personality.encodings().contains(&encoding) && encoding != Encoding::Utf16 {
            self.fail(&format!("the server took the encoding {word}, which this client does not speak"));
        }
        self.encoding = encoding;
        self.notify("initialized", json!({}));
    }

    /// What this client sends as the params of `initialize`.
    pub fn initialize_params(&self, parent: Option<u32>) -> Value {
        let root = crate::workspace::uri(&self.root);
        json!({
            "processId": parent,
            "clientInfo": {"name": self.personality.name},
            "rootUri": root,
            "rootPath": self.root,
            "workspaceFolders": [{"uri": root, "name": "project"}],
            "capabilities": self.personality.capabilities,
        })
    }

    /// Sends a request and waits for its answer.
    pub fn request(&mut self, method: &str, params: Value) -> Answer {
        let id = self.send(method, params);
        self.answer_to(id)
    }

    /// Sends a request that must succeed.
    pub fn ok(&mut self, method: &str, params: Value) -> Value {
        match self.request(method, params) {
            Ok(result) => result,
            Err(error) => self.fail(&format!("{method} was answered with an error: {error}")),
        }
    }

    /// Sends a request that must fail.
    pub fn err(&mut self, method: &str, params: Value) -> RpcError {
        match self.request(method, params) {
            Ok(result) => self.fail(&format!("{method} must be refused, and was answered {result}")),
            Err(error) => error,
        }
    }

    /// `workspace/executeCommand`.
    pub fn command(&mut self, name: &str, argument: Value) -> Answer {
        self.request("workspace/executeCommand", json!({"command": name, "arguments": [argument]}))
    }

    /// Sends a request; its answer is read with [`Client::answer_to`].
    pub fn send(&mut self, method: &str, params: Value) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        self.pending.insert(id, method.to_owned());
        let mut message = json!({"jsonrpc": "2.0", "id": id, "method": method});
        if !params.is_null() {
            message["params"] = params;
        }
        self.put(&message);
        id
    }

    /// Waits for the answer to a request.
    pub fn answer_to(&mut self, id: i64) -> Answer {
        let method = self.pending.get(&id).cloned().unwrap_or_default();
        self.wait(&format!("the answer to {method}"), |client| client.answers.remove(&id))
    }

    /// Takes a request back, in clients that do.
    pub fn cancel(&mut self, id: i64) {
        self.notify("$/cancelRequest", json!({"id": id}));
    }

    /// Sends a notification.
    pub fn notify(&mut self, method: &str, params: Value) {
        let mut message = json!({"jsonrpc": "2.0", "method": method});
        if !params.is_null() {
            message["params"] = params;
        }
        self.put(&message);
    }

    /// Answers a request of the server's.
    pub fn reply(&mut self, request: &Message, answer: Answer) {
        let Some(id) = &request.id else { panic!("{} is a notification", request.method) };
        self.put(&match answer {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err(error) => {
                json!({"jsonrpc": "2.0", "id": id, "error": {"code": error.code, "message": error.message}})
            }
        });
    }

    /// Writes bytes as they are, for what no client would send.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.transcript.sent_bytes(bytes);
        self.process.send(bytes.to_vec());
    }

    /// Closes the pipe to the server.
    pub fn hang_up(&mut self) {
        self.process.close_input();
    }

    /// The server's process.
    pub fn server_process(&self) -> u32 {
        self.process.id()
    }

    /// What the server wrote to stderr so far.
    pub fn stderr(&self) -> String {
        self.process.errors()
    }

    /// Declares that messages of this method may pass unseen.
    pub fn quiet(&mut self, method: &str) {
        self.quiet.insert(method.to_owned());
    }

    /// From now on the client does not react to requests of this method; the test takes them with
    /// [`Client::message`] and answers, or lets the personality do it with [`Client::react`].
    pub fn hold(&mut self, method: &str) {
        self.held.insert(method.to_owned());
    }

    /// Ends [`Client::hold`] for what comes from now on.
    pub fn release(&mut self, method: &str) {
        self.held.remove(method);
    }

    /// What the person says where the client asks before it edits.
    pub fn consent(&mut self, consent: Consent) {
        self.consent = consent;
    }

    /// The settings that `workspace/configuration` answers from: `{"copydesk": {…}}`.
    pub fn settings(&mut self, settings: Value) {
        self.settings = settings;
    }

    /// Ends the story: shutdown, exit, and every check of the module's head.
    pub fn finish(mut self) {
        self.stop();
    }

    /// The same, for a client that another one takes the place of.
    pub fn stop(&mut self) {
        let family = living(&self.root, Some(self.process.id()));
        let answer = self.ok("shutdown", Value::Null);
        if !answer.is_null() {
            self.faults.push(format!("shutdown was answered {answer} instead of null"));
        }
        let open = self.progress.values().filter(|progress| progress.begun && !progress.ended);
        self.faults
            .extend(open.map(|progress| format!("after shutdown the progress '{}' goes on", progress.title)));
        self.notify("exit", Value::Null);
        let status = self.end();
        if status.code() != Some(0) {
            self.faults.push(format!("after shutdown and exit the server ended with {status}"));
        }
        self.check_end(&family);
    }

    /// Waits for the process to end by itself; nothing else is checked but that its pipes close. For suites about
    /// ends that are not [`Client::finish`].
    pub fn ends(mut self) -> (Option<i32>, String) {
        let family = living(&self.root, Some(self.process.id()));
        let status = self.end();
        self.pending.clear();
        self.progress.clear();
        self.check_end(&family);
        (status.code(), self.stderr())
    }

    /// Fails the test with everything that was said.
    pub fn fail(&mut self, why: &str) -> ! {
        self.ended = true;
        let faults =
            if self.faults.is_empty() { String::new() } else { format!("\n! {}", self.faults.join("\n! ")) };
        panic!("{why}{faults}\n{}--- the server's stderr\n{}", self.transcript, self.process.errors());
    }

    /// Reads messages until `look` sees what it wants.
    pub fn wait<T>(&mut self, what: &str, mut look: impl FnMut(&mut Self) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(seen) = look(self) {
                return seen;
            }
            self.hear_one(deadline, what);
        }
    }

    /// Reads what has already arrived, and waits for nothing.
    pub fn listen(&mut self) {
        while let Ok(incoming) = self.process.incoming.try_recv() {
            self.take(incoming, "what has arrived");
        }
    }

    /// Reads the next message, where one comes in so much time.
    pub fn hear_within(&mut self, patience: Duration) {
        if let Ok(incoming) = self.process.incoming.recv_timeout(patience) {
            self.take(incoming, "whatever comes");
        }
    }

    fn hear_one(&mut self, deadline: Instant, what: &str) {
        let patience = deadline.saturating_duration_since(Instant::now());
        match self.process.incoming.recv_timeout(patience) {
            Ok(incoming) => self.take(incoming, what),
            Err(RecvTimeoutError::Timeout) => self.fail(&format!("waited {PATIENCE:?} for {what}")),
            Err(RecvTimeoutError::Disconnected) => {
                self.fail(&format!("the server is gone; waited for {what}"))
            }
        }
    }

    fn take(&mut self, incoming: Incoming, what: &str) {
        match incoming {
            Incoming::Message(message) => {
                self.transcript.received(&message);
                self.hear(message);
            }
            Incoming::Broken(reason) => {
                self.fail(&format!("the server's stdout is not the protocol: {reason}"))
            }
            Incoming::End => {
                let status = self.process.wait(Instant::now() + PATIENCE);
                self.fail(&format!("the server closed its pipe ({status:?}); waited for {what}"));
            }
        }
    }

    fn put(&mut self, message: &Value) {
        self.transcript.sent(message);
        self.process.send(frame(message.to_string().as_bytes()));
    }

    /// Reads to the end of the pipe and waits for the process.
    fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let patience = deadline.saturating_duration_since(Instant::now());
            match self.process.incoming.recv_timeout(patience) {
                Ok(Incoming::Message(message)) => {
                    self.transcript.received(&message);
                    self.hear(message);
                }
                Ok(Incoming::Broken(reason)) => self.faults.push(format!("not the protocol: {reason}")),
                Ok(Incoming::End) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => self.fail("waited for the server to end"),
            }
        }
        match self.process.wait(deadline) {
            Some(status) => status,
            None => self.fail("the server closed its pipe and still lives"),
        }
    }

    fn check_end(&mut self, family: &[Survivor]) {
        let mut faults = std::mem::take(&mut self.faults);
        faults.extend(
            self.pending.iter().map(|(id, method)| format!("request {id} ({method}) was never answered")),
        );
        let unread = self.inbox.iter().filter(|message| !self.quiet.contains(&message.method));
        faults
            .extend(unread.map(|message| format!("nobody looked at {} {}", message.method, message.params)));
        let open = self.progress.values().filter(|progress| progress.begun && !progress.ended);
        faults.extend(open.map(|progress| format!("the progress '{}' never ended", progress.title)));
        let left = || {
            let mut left = living(&self.root, None);
            left.extend(family.iter().filter(|one| is_alive(one.id)).cloned());
            left
        };
        let gone = eventually(Instant::now() + Duration::from_secs(5), || left().is_empty().then_some(()));
        if gone.is_none() {
            faults.push(format!("processes were left behind: {:?}", left()));
        }
        self.faults = faults;
        if !self.faults.is_empty() {
            self.fail("the story ended, and not well");
        }
        self.ended = true;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.process.kill();
        let checked = self.ended || std::thread::panicking();
        assert!(checked, "a client was dropped without finish(), so nothing of what it heard was checked");
    }
}

impl RpcError {
    /// One with a code of the protocol's.
    pub fn new(code: i64, message: &str) -> Self {
        Self { code, message: message.to_owned(), data: Value::Null }
    }
}

impl std::fmt::Display for RpcError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.message)
    }
}
