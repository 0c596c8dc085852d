//! The server's own thread: accepting, reading requests, playing replies.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::http::{self, Incoming, LAST_CHUNK, chunk};
use super::render::{self, Step};
use super::script::{Delivery, End, Framing, Reply};
use super::{Format, MODEL, Recorded, Shared};

/// The pause between two bytes of what trickles in.
const DRIP: Duration = Duration::from_millis(20);

/// Serves until `ended` resolves; then every connection is dropped.
pub(crate) fn run(listener: TcpListener, format: Format, shared: &Arc<Shared>, ended: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap_or_else(|error| panic!("no runtime for the model server: {error}"));
    runtime.block_on(async {
        tokio::select! {
            _ = ended => {}
            end = accept(listener, format, shared) => panic!("the model server stopped accepting: {end:?}"),
        }
    });
    runtime.shutdown_background();
}

async fn accept(listener: TcpListener, format: Format, shared: &Arc<Shared>) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (socket, _) = accepted?;
                socket.set_nodelay(true)?;
                let number = shared.change(|state| {
                    state.connections += 1;
                    state.connections - 1
                });
                connections.spawn(Connection { number, format, shared: shared.clone() }.serve(socket));
            }
            Some(ended) = connections.join_next() => {
                // An IO error is the client's way to leave; a panic is a mistake of ours.
                if let Err(error) = ended {
                    std::panic::resume_unwind(error.into_panic());
                }
            }
        }
    }
}

struct Connection {
    number: usize,
    format: Format,
    shared: Arc<Shared>,
}

/// What happens to the connection behind a reply.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Keep,
    Close,
    Reset,
}

impl Connection {
    async fn serve(self, mut socket: TcpStream) {
        let mut pending = Vec::new();
        let mut last = None;
        let after = loop {
            let (mut reading, mut writing) = socket.split();
            let Ok(Some(incoming)) = http::read(&mut reading, &mut pending).await else {
                self.note_closed(last);
                break After::Close;
            };
            let path = incoming.path.split('?').next().unwrap_or_default();
            let usual = match (incoming.method.as_str(), path) {
                ("GET", path) if path.ends_with("/models") || path.ends_with("/deployments") => {
                    Some(json!({"object": "list", "data": [{"id": MODEL, "object": "model"}]}))
                }
                ("GET", "/api/tags") => Some(json!({"models": [{"name": MODEL, "size": 1}]})),
                ("GET", "/api/ps") => Some(json!({"models": [{"name": MODEL}]})),
                ("POST", "/api/show") => Some(json!({
                    "capabilities": ["completion", "tools"],
                    "model_info": {"general.architecture": "bench", "bench.context_length": 40_960},
                })),
                _ => None,
            };
            if let Some(usual) = usual {
                let is_list = !matches!(path, "/api/ps" | "/api/show");
                let recorded = self.recorded(incoming);
                let (status, list) = self.shared.change(|state| {
                    state.list_requests.push(recorded);
                    state.list.clone().filter(|_| is_list).unwrap_or((200, usual))
                });
                if self.refuse(&mut writing, status, &list).await.is_err() {
                    break After::Close;
                }
                continue;
            }
            let (number, reply) = self.record(incoming);
            last = Some(number);
            let playing = self.play(&reply, &mut writing);
            let after = tokio::select! {
                // A write that fails is the same news as an end of reading: the client has left.
                played = playing => played.ok(),
                () = closing(&mut reading, &mut pending) => None,
            };
            let Some(after) = after else {
                self.note_closed(last);
                break After::Close;
            };
            if after != After::Reset {
                let at = Instant::now();
                self.shared.change(|state| state.requests[number].answered = Some(at));
            }
            if after != After::Keep {
                break after;
            }
        };
        if after == After::Reset {
            // Without lingering, dropping the socket is a reset.
            let _ = socket.set_zero_linger();
        } else {
            let _ = socket.shutdown().await;
        }
    }

    fn recorded(&self, incoming: Incoming) -> Recorded {
        Recorded {
            method: incoming.method,
            path: incoming.path,
            headers: incoming.headers,
            body: serde_json::from_slice(&incoming.body).unwrap_or(Value::Null),
            raw: incoming.body,
            arrived: incoming.arrived,
            connection: self.number,
            answered: None,
            closed: None,
        }
    }

    /// Keeps the request and picks its reply.
    fn record(&self, incoming: Incoming) -> (usize, Reply) {
        let known = incoming.method == "POST" && incoming.path == self.format.path();
        let text = String::from_utf8_lossy(&incoming.body).into_owned();
        let recorded = self.recorded(incoming);
        self.shared.change(|state| {
            state.requests.push(recorded);
            let number = state.requests.len() - 1;
            if !known {
                return (number, error_reply(404, "the model server knows no such path"));
            }
            let fits = |reply: &Reply| reply.when.as_ref().is_none_or(|when| text.contains(when.as_str()));
            let reply = match state.script.iter().position(fits) {
                Some(at) => state.script.remove(at),
                None => error_reply(400, "the model server's script holds no further reply for this request"),
            };
            (number, reply)
        })
    }

    fn note_closed(&self, request: Option<usize>) {
        let at = Instant::now();
        if let Some(request) = request {
            self.shared.change(|state| state.requests[request].closed = Some(at));
        }
    }

    async fn refuse(&self, writing: &mut WriteHalf<'_>, status: u16, body: &Value) -> io::Result<()> {
        let body = body.to_string();
        let headers = [
            ("content-type".to_owned(), "application/json".to_owned()),
            ("content-length".to_owned(), body.len().to_string()),
        ];
        writing.write_all(&http::head(status, &headers)).await?;
        writing.write_all(body.as_bytes()).await
    }

    async fn play(&self, reply: &Reply, writing: &mut WriteHalf<'_>) -> io::Result<After> {
        if let Some(gate) = &reply.hold {
            gate.passed().await;
        }
        let steps = render::body(self.format, reply);
        match reply.end {
            End::Silence => std::future::pending().await,
            End::HeadDrip => {
                writing.write_all(b"HTTP/1.1 200 OK\r\nx-slow: ").await?;
                drip(writing).await?;
            }
            End::Hangup => return Ok(After::Close),
            End::ResetAtOnce => return Ok(After::Reset),
            End::Garbage => {
                for step in steps {
                    if let Step::Bytes(bytes) = step {
                        writing.write_all(&bytes).await?;
                    }
                }
                return Ok(After::Close);
            }
            _ => {}
        }
        writing.write_all(&http::head(reply.head.status, &headers(self.format, reply))).await?;
        let mut out = Out { writing, framing: reply.framing, left: limit(reply.end) };
        let mut pace = match reply.delivery {
            Delivery::Paced(pause) => Some(tokio::time::interval(pause)),
            _ => None,
        };
        for step in gathered(steps, reply.delivery) {
            match step {
                Step::Wait(gate) => gate.passed().await,
                Step::Bytes(bytes) => out.send(&bytes).await?,
            }
            if let Some(pace) = &mut pace {
                pace.tick().await;
            }
            if out.left == Some(0) {
                break;
            }
        }
        match reply.end {
            End::Cut(_) => return Ok(After::Close),
            End::Reset(_) => return Ok(After::Reset),
            End::Stall => std::future::pending().await,
            End::Babble => out.forever(&render::babble(self.format)).await?,
            End::Pings => out.forever(&render::ping(self.format)).await?,
            End::EndlessLine => {
                out.send(b"data: {\"endless\": \"").await?;
                out.forever(&[b'x'; 4096]).await?;
            }
            End::Drip => {
                out.send(b"data: {\"endless\": \"").await?;
                let mut pace = tokio::time::interval(DRIP);
                loop {
                    pace.tick().await;
                    out.send(b"x").await?;
                }
            }
            _ => {}
        }
        match reply.framing {
            Framing::Chunked => {
                out.writing.write_all(LAST_CHUNK).await?;
                Ok(After::Keep)
            }
            Framing::UntilClose => Ok(After::Close),
        }
    }
}

/// A byte at a time, for ever.
async fn drip(writing: &mut WriteHalf<'_>) -> io::Result<()> {
    let mut pace = tokio::time::interval(DRIP);
    loop {
        pace.tick().await;
        writing.write_all(b"x").await?;
    }
}

/// Resolves when the client closes the connection. What it says before stays for the next request.
async fn closing(reading: &mut ReadHalf<'_>, pending: &mut Vec<u8>) {
    while let Ok(1..) = reading.read_buf(pending).await {}
}

fn error_reply(status: u16, message: &str) -> Reply {
    let body = json!({"type": "error", "error": {"type": "bench", "message": message}});
    Reply::status(status, &body.to_string())
}

fn headers(format: Format, reply: &Reply) -> Vec<(String, String)> {
    let talk = if matches!(format, Format::Ollama | Format::OllamaHole) {
        "application/x-ndjson"
    } else {
        "text/event-stream"
    };
    let mut headers = reply.head.headers.clone();
    let mut add = |name: &str, value: &str| {
        if !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            headers.push((name.to_owned(), value.to_owned()));
        }
    };
    add("content-type", if reply.head.status == 200 { talk } else { "application/json" });
    match reply.framing {
        Framing::Chunked => add("transfer-encoding", "chunked"),
        Framing::UntilClose => add("connection", "close"),
    }
    headers
}

const fn limit(end: End) -> Option<usize> {
    match end {
        End::Cut(bytes) | End::Reset(bytes) => Some(bytes),
        _ => None,
    }
}

/// The steps as they are written: whole events, single bytes, or everything between two gates.
fn gathered(steps: Vec<Step>, delivery: Delivery) -> Vec<Step> {
    match delivery {
        Delivery::ByEvent | Delivery::Paced(_) => steps,
        Delivery::ByByte => steps
            .into_iter()
            .flat_map(|step| match step {
                Step::Bytes(bytes) => bytes.into_iter().map(|byte| Step::Bytes(vec![byte])).collect(),
                gate @ Step::Wait(_) => vec![gate],
            })
            .collect(),
        Delivery::AtOnce => steps.into_iter().fold(Vec::new(), |mut all, step| {
            match (all.last_mut(), step) {
                (Some(Step::Bytes(before)), Step::Bytes(bytes)) => before.extend(bytes),
                (_, step) => all.push(step),
            }
            all
        }),
    }
}

/// The body on its way out.
struct Out<'a, 'b> {
    writing: &'a mut WriteHalf<'b>,
    framing: Framing,
    /// Bytes until the cut, where there is one.
    left: Option<usize>,
}

impl Out<'_, '_> {
    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let bytes = &bytes[..self.left.unwrap_or(usize::MAX).min(bytes.len())];
        self.left = self.left.map(|left| left - bytes.len());
        if bytes.is_empty() {
            return Ok(());
        }
        match self.framing {
            Framing::Chunked => self.writing.write_all(&chunk(bytes)).await,
            Framing::UntilClose => self.writing.write_all(bytes).await,
        }
    }

    async fn forever(&mut self, bytes: &[u8]) -> io::Result<()> {
        loop {
            self.send(bytes).await?;
        }
    }
}
