//! The model server: both wire formats on loopback, from a script, with every fault that a test can think of.
//!
//! [`ModelServer::start`] binds a free port and answers each request with the first unused [`Reply`] of the script
//! that fits it. The same script speaks either [`Format`]. It runs on a thread and a runtime of its own, so that a
//! test may block, and a story about the real binary may be told without any runtime.
//!
//! Every request is kept as [`Recorded`]: what it said, when its first byte came, whether the reply went out whole,
//! and when the client closed its socket. The waits ([`ModelServer::request`], [`ModelServer::closed`] and their
//! blocking twins) end after [`PATIENCE`] and then say what was seen. Delays are never times: a [`Gate`] holds a
//! reply until the test opens it.

mod holes;
mod http;
mod render;
mod script;
mod serve;

#[cfg(test)]
mod tests;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::{Notify, oneshot};

pub use script::{Delivery, End, Framing, Gate, Reply, Stop};

/// How long a wait for the client may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The model that the server says it serves.
pub const MODEL: &str = "bench-model";

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `POST /v1/messages`
    Anthropic,
    /// `POST /v1/chat/completions`
    OpenaiChat,
    /// `POST /v1/responses`
    OpenaiResponses,
    /// Chat Completions at the address of a deployment `m`
    Azure,
    /// `POST /api/chat`
    Ollama,
    /// `POST /api/generate`, which fills holes
    OllamaHole,
    /// `POST /v1/completions`, the same
    Completions,
    /// `POST /infill`, the same
    LlamaCpp,
}

impl Format {
    /// The two that stories are told in.
    pub const BOTH: [Self; 2] = [Self::Anthropic, Self::OpenaiChat];
    /// Every format of conversations, for what each must do.
    pub const ALL: [Self; 5] =
        [Self::Anthropic, Self::OpenaiChat, Self::OpenaiResponses, Self::Azure, Self::Ollama];

    /// The provider kind of a config file.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenaiChat | Self::Completions | Self::LlamaCpp => "openai-chat",
            Self::OpenaiResponses => "openai-responses",
            Self::Azure => "azure-openai",
            Self::Ollama | Self::OllamaHole => "ollama",
        }
    }

    /// The path its requests must go to.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Anthropic => "/v1/messages",
            Self::OpenaiChat => "/v1/chat/completions",
            Self::OpenaiResponses => "/v1/responses",
            Self::Azure => "/openai/deployments/m/chat/completions?api-version=2024-10-21",
            Self::Ollama => "/api/chat",
            Self::OllamaHole => "/api/generate",
            Self::Completions => "/v1/completions",
            Self::LlamaCpp => "/infill",
        }
    }
}

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// `null` where the body is no JSON.
    pub body: Value,
    pub raw: Vec<u8>,
    /// When its first byte was read.
    pub arrived: Instant,
    /// Counts the connections from zero; requests on one share it.
    pub connection: usize,
    /// When the last byte of the reply was written.
    pub answered: Option<Instant>,
    /// When the client was seen to have closed the connection, be it in the middle of the reply or behind it.
    pub closed: Option<Instant>,
}

impl Recorded {
    /// A header's value; empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Everything of the request as one text, for searching.
    pub fn text(&self) -> String {
        let mut headers = String::new();
        for (name, value) in &self.headers {
            headers.extend([name, ": ", value, "\n"]);
        }
        format!("{} {}\n{headers}\n{}", self.method, self.path, String::from_utf8_lossy(&self.raw))
    }
}

/// A model server that lives as long as this value.
#[derive(Debug)]
pub struct ModelServer {
    address: SocketAddr,
    format: Format,
    shared: Arc<Shared>,
    /// Dropped to end the thread.
    alive: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the server's thread and the test both see.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Something changed, for those who block and for those who await.
    changed: Condvar,
    news: Notify,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Replies that no request has used.
    pub(crate) script: Vec<Reply>,
    pub(crate) requests: Vec<Recorded>,
    pub(crate) connections: usize,
    /// Status and body of the list of models; a list of [`MODEL`] where absent.
    pub(crate) list: Option<(u16, Value)>,
    /// Requests for that list.
    pub(crate) list_requests: Vec<Recorded>,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes whoever waits for that.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.changed.notify_all();
        self.news.notify_waiters();
        result
    }
}

impl ModelServer {
    /// Starts on a free port of loopback.
    pub fn start(format: Format, script: impl IntoIterator<Item = Reply>) -> Self {
        let listener =
            TcpListener::bind("127.0.0.1:0").unwrap_or_else(|error| panic!("no free port: {error}"));
        let address =
            listener.local_addr().unwrap_or_else(|error| panic!("a socket without address: {error}"));
        let shared = Arc::new(Shared::default());
        shared.state().script = script.into_iter().collect();
        let (alive, ended) = oneshot::channel();
        let thread = {
            let shared = shared.clone();
            std::thread::Builder::new()
                .name("model server".to_owned())
                .spawn(move || serve::run(listener, format, &shared, ended))
                .unwrap_or_else(|error| panic!("no thread for the model server: {error}"))
        };
        Self { address, format, shared, alive: Some(alive), thread: Some(thread) }
    }

    /// What belongs into `base_url` of a provider of this format.
    pub fn base_url(&self) -> String {
        match self.format {
            Format::Anthropic | Format::Azure | Format::Ollama | Format::OllamaHole => {
                format!("http://{}", self.address)
            }
            Format::OpenaiChat | Format::OpenaiResponses | Format::Completions | Format::LlamaCpp => {
                format!("http://{}/v1", self.address)
            }
        }
    }

    pub const fn format(&self) -> Format {
        self.format
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds a reply behind those that are there.
    pub fn push(&self, reply: Reply) {
        self.shared.change(|state| state.script.push(reply));
    }

    /// What the list of models says from now on.
    pub fn set_list(&self, status: u16, body: Value) {
        self.shared.change(|state| state.list = Some((status, body)));
    }

    /// The requests for the list of models so far.
    pub fn list_requests(&self) -> Vec<Recorded> {
        self.shared.state().list_requests.clone()
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.state().requests.clone()
    }

    /// How many there were.
    pub fn asked(&self) -> usize {
        self.shared.state().requests.len()
    }

    /// Replies that no request has used.
    pub fn unused(&self) -> usize {
        self.shared.state().script.len()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// Request number `n`, counted from zero, as soon as it has come whole.
    pub async fn request(&self, n: usize) -> Recorded {
        self.until(&format!("request {n}"), |state| state.requests.get(n).cloned()).await
    }

    /// Request number `n` when its reply has gone out whole.
    pub async fn answered(&self, n: usize) -> Recorded {
        self.until(&format!("the reply to request {n}"), |state| reached(state, n, |seen| seen.answered))
            .await
    }

    /// Request number `n` when the client has closed its connection.
    pub async fn closed(&self, n: usize) -> Recorded {
        self.until(&format!("the client closing request {n}"), |state| reached(state, n, |seen| seen.closed))
            .await
    }

    /// As [`ModelServer::request`], for tests without a runtime.
    pub fn wait_request(&self, n: usize) -> Recorded {
        self.wait(&format!("request {n}"), |state| state.requests.get(n).cloned())
    }

    /// As [`ModelServer::answered`], for tests without a runtime.
    pub fn wait_answered(&self, n: usize) -> Recorded {
        self.wait(&format!("the reply to request {n}"), |state| reached(state, n, |seen| seen.answered))
    }

    /// As [`ModelServer::closed`], for tests without a runtime.
    pub fn wait_closed(&self, n: usize) -> Recorded {
        self.wait(&format!("the client closing request {n}"), |state| reached(state, n, |seen| seen.closed))
    }

    async fn until<T>(&self, what: &str, look: impl Fn(&State) -> Option<T>) -> T {
        let waiting = async {
            loop {
                let mut news = std::pin::pin!(self.shared.news.notified());
                // Listen first, look then: what happens in between is not missed.
                news.as_mut().enable();
                if let Some(seen) = look(&self.shared.state()) {
                    return seen;
                }
                news.await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(seen) => seen,
            Err(_) => self.give_up(what),
        }
    }

    fn wait<T>(&self, what: &str, look: impl Fn(&State) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        let mut state = self.shared.state();
        loop {
            if let Some(seen) = look(&state) {
                return seen;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(state);
                self.give_up(what);
            }
            state = match self.shared.changed.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    fn give_up(&self, what: &str) -> ! {
        let seen: Vec<String> = (self.requests().iter())
            .map(|seen| {
                format!(
                    "{} {} answered={} closed={}",
                    seen.method,
                    seen.path,
                    seen.answered.is_some(),
                    seen.closed.is_some()
                )
            })
            .collect();
        panic!("waited {PATIENCE:?} for {what}; the model server saw {} requests: {seen:#?}", seen.len());
    }
}

fn reached<T>(state: &State, n: usize, moment: impl Fn(&Recorded) -> Option<T>) -> Option<Recorded> {
    state.requests.get(n).filter(|seen| moment(seen).is_some()).cloned()
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.alive.take();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            // A second panic while the test already unwinds would hide the first one.
            assert!(
                ended.is_ok() || std::thread::panicking(),
                "the model server's thread panicked; its message stands above"
            );
        }
    }
}
