//! What the server shall answer, as plain data with a few words to write it down quickly.

use serde_json::Value;
use tokio::sync::watch;

/// One answer of the script.
#[derive(Clone, Debug)]
pub struct Reply {
    /// It is for a request whose body holds this text; for any where absent.
    pub(crate) when: Option<String>,
    /// Nothing goes out, not even the head, before this opens.
    pub(crate) hold: Option<Gate>,
    pub(crate) head: Head,
    pub(crate) parts: Vec<Part>,
    pub(crate) usage: Option<(u64, u64)>,
    pub(crate) stop: Option<Stop>,
    pub(crate) delivery: Delivery,
    pub(crate) framing: Framing,
    pub(crate) end: End,
}

/// Status line and headers.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
}

/// A piece of the answer.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Text(String),
    Call {
        id: String,
        name: String,
        pieces: Vec<String>,
    },
    /// The server tells of an error in the middle of its answer.
    Error {
        kind: String,
        message: String,
    },
    /// What keeps a connection alive: a ping or a comment.
    Ping,
    /// What comes before goes out; what comes behind waits.
    Wait(Gate),
    /// The body as it stands here, and nothing of the format around it.
    Literal(Vec<u8>),
}

/// Why the model stops; told in each format's own word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    EndTurn,
    ToolUse,
    MaxTokens,
    Refusal,
    /// This word.
    Word(String),
}

/// How the body is cut into writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// One write for each event.
    ByEvent,
    /// One write, and one chunk, for each byte.
    ByByte,
    /// Everything up to the next gate in one write.
    AtOnce,
    /// An event, then a pause of so long, as a model that thinks.
    Paced(std::time::Duration),
}

/// How the client learns where the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Chunked,
    /// By the connection's end.
    UntilClose,
}

/// How the answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As the format wants it.
    Whole,
    /// The body ends in good order without the format's terminator.
    Early,
    /// Everything but the terminator goes out; then silence, for ever.
    Stall,
    /// The connection is closed behind this many bytes of the body.
    Cut(usize),
    /// The connection is reset behind this many bytes of the body; before the head with [`Reply::reset`].
    Reset(usize),
    /// The connection is closed instead of an answer, before the head.
    Hangup,
    /// The connection is reset instead of an answer, before the head.
    ResetAtOnce,
    /// Text for ever.
    Babble,
    /// Events that mean nothing, for ever.
    Pings,
    /// One event that never ends.
    EndlessLine,
    /// The same a byte at a time, with pauses: never silent, and never whole.
    Drip,
    /// A head that never ends, a byte at a time, with pauses.
    HeadDrip,
    /// Not even a head, for ever.
    Silence,
    /// The bytes of the body instead of HTTP.
    Garbage,
}

impl Reply {
    fn new(status: u16) -> Self {
        Self {
            when: None,
            hold: None,
            head: Head { status, headers: Vec::new() },
            parts: Vec::new(),
            usage: Some((10, 5)),
            stop: None,
            delivery: Delivery::ByEvent,
            framing: Framing::Chunked,
            end: End::Whole,
        }
    }

    /// An answer without anything in it yet.
    pub fn empty() -> Self {
        Self::new(200)
    }

    /// An answer that says this.
    pub fn text(text: &str) -> Self {
        Self::empty().say(text)
    }

    /// An answer that calls this tool.
    pub fn tool(name: &str, arguments: &Value) -> Self {
        Self::empty().call(name, arguments)
    }

    /// An answer with this status and body; with [`Reply::header`] also a redirect or a `Retry-After`.
    pub fn status(status: u16, body: &str) -> Self {
        Self { parts: vec![Part::Literal(body.into())], ..Self::new(status) }
    }

    /// An event stream with exactly this body.
    pub fn stream(body: impl Into<Vec<u8>>) -> Self {
        Self { parts: vec![Part::Literal(body.into())], ..Self::empty() }
    }

    /// These bytes instead of HTTP.
    pub fn garbage(bytes: impl Into<Vec<u8>>) -> Self {
        Self { parts: vec![Part::Literal(bytes.into())], end: End::Garbage, ..Self::empty() }
    }

    /// More text, one event.
    #[must_use]
    pub fn say(self, text: &str) -> Self {
        self.part(Part::Text(text.to_owned()))
    }

    /// More text, one event for each piece.
    #[must_use]
    pub fn pieces<'a>(self, pieces: impl IntoIterator<Item = &'a str>) -> Self {
        pieces.into_iter().fold(self, Self::say)
    }

    /// A tool call with an id made here; its arguments come in three pieces.
    #[must_use]
    pub fn call(self, name: &str, arguments: &Value) -> Self {
        let id = format!("call_{name}_{}", self.parts.len());
        let text = arguments.to_string();
        let cuts: Vec<usize> =
            [text.len() / 3, text.len() * 2 / 3].map(|at| text.floor_char_boundary(at)).into();
        let pieces = [&text[..cuts[0]], &text[cuts[0]..cuts[1]], &text[cuts[1]..]];
        let pieces = pieces.into_iter().filter(|piece| !piece.is_empty()).map(str::to_owned).collect();
        self.part(Part::Call { id, name: name.to_owned(), pieces })
    }

    /// A tool call whose arguments are this text, JSON or not.
    #[must_use]
    pub fn raw_call(self, id: &str, name: &str, arguments: &str) -> Self {
        let pieces = if arguments.is_empty() { Vec::new() } else { vec![arguments.to_owned()] };
        self.part(Part::Call { id: id.to_owned(), name: name.to_owned(), pieces })
    }

    /// The server tells of an error in the middle of its answer, and the stream ends there.
    #[must_use]
    pub fn error(self, kind: &str, message: &str) -> Self {
        self.part(Part::Error { kind: kind.to_owned(), message: message.to_owned() }).end(End::Early)
    }

    #[must_use]
    pub fn ping(self) -> Self {
        self.part(Part::Ping)
    }

    /// What is said from here on waits for this gate.
    #[must_use]
    pub fn wait(self, gate: &Gate) -> Self {
        self.part(Part::Wait(gate.clone()))
    }

    /// The whole answer, its head included, waits for this gate.
    #[must_use]
    pub fn hold(self, gate: &Gate) -> Self {
        Self { hold: Some(gate.clone()), ..self }
    }

    /// The answer is for a request whose body holds this text.
    #[must_use]
    pub fn when(self, text: &str) -> Self {
        Self { when: Some(text.to_owned()), ..self }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Tokens in and out.
    #[must_use]
    pub fn usage(self, input: u64, output: u64) -> Self {
        Self { usage: Some((input, output)), ..self }
    }

    #[must_use]
    pub fn without_usage(self) -> Self {
        Self { usage: None, ..self }
    }

    #[must_use]
    pub fn stop(self, stop: Stop) -> Self {
        Self { stop: Some(stop), ..self }
    }

    #[must_use]
    pub fn delivery(self, delivery: Delivery) -> Self {
        Self { delivery, ..self }
    }

    #[must_use]
    pub fn framing(self, framing: Framing) -> Self {
        Self { framing, ..self }
    }

    #[must_use]
    pub fn end(self, end: End) -> Self {
        Self { end, ..self }
    }

    fn part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    pub(crate) fn stop_word(&self) -> Stop {
        let calls = self.parts.iter().any(|part| matches!(part, Part::Call { .. }));
        self.stop.clone().unwrap_or(if calls { Stop::ToolUse } else { Stop::EndTurn })
    }
}

/// What holds a reply back until the test opens it. Clones are the same gate; it never closes again.
#[derive(Clone, Debug)]
pub struct Gate(watch::Sender<bool>);

impl Gate {
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(crate) async fn passed(&self) {
        // This very value is a sender, so there always is one.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}
