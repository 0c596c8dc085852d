//! The body of an answer: bytes with patience, cut into server-sent events or into lines, or taken whole.
//!
//! Cutting is the work of `sse-stream` and of tokio's codec for lines. Around them stand the limits that they do not
//! know: how long to wait for the first and the next piece, how large one piece and the whole body may grow.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use sse_stream::SseByteStream;
use tokio::time::Instant;
use tokio_util::codec::{AnyDelimiterCodec, AnyDelimiterCodecError, FramedRead};
use tokio_util::io::StreamReader;

use crate::surrogate::Halves;
use crate::whole;

/// How long to wait for the first bytes of a body, for the next ones, and for an event to be whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) first: Duration,
    pub(crate) next: Duration,
    pub(crate) whole: Duration,
}

/// An event that grows at least so fast may take as long as it takes, in bytes a second.
const SLOWEST: u64 = 1024;

/// One event may be this large: that of an answer which comes in one piece.
const LARGEST_EVENT: u64 = 16 << 20;

/// The same for a line, as the codec counts: in an address space.
const LARGEST_LINE: usize = 16 << 20;

/// A body may be this large: a hundred bytes around each word of the longest answer, and then some.
const LARGEST_BODY: u64 = 512 << 20;

/// How a body is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// `text/event-stream`: the data of each event.
    Events,
    /// `application/x-ndjson`: each line.
    Lines,
    /// `application/json`: all of it.
    Whole,
}

impl Framing {
    /// What a request says that it wants.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Lines => "application/x-ndjson",
            Self::Whole => whole::MEDIA_TYPE,
        }
    }
}

/// Why the next piece could not be had.
#[derive(Debug)]
pub(crate) enum PieceError {
    Body(BodyError),
    /// The body ended within a character.
    Cut,
    /// The bytes are not what the framing says.
    Malformed(String),
    /// The server tells of an error in the place of an answer.
    Server {
        kind: String,
        message: String,
    },
}

/// The pieces of a body that hold data.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Result<String, PieceError>> + Send>>;

/// What ends a body early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("nothing came")]
    NoFirst,
    #[error("nothing more came")]
    NoNext,
    #[error("no event got whole")]
    NoWhole,
    #[error("the connection broke")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
    #[error("too large")]
    TooLarge,
}

/// Counts a body's bytes while the stream that reads it is out of reach.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    received: AtomicU64,
    /// The value of `received` when the last event or comment was whole.
    settled: AtomicU64,
    /// Whole events.
    events: AtomicU64,
    /// So many bytes were understood: as part of an answer, or as a sign of life.
    understood: AtomicU64,
}

impl Meter {
    pub(crate) fn received(&self) -> u64 {
        self.0.received.load(Ordering::Relaxed)
    }

    /// The same meter, for another body.
    pub(crate) fn anew(&self) -> Self {
        let Counts { received, settled, events, understood } = &*self.0;
        for count in [received, settled, events, understood] {
            count.store(0, Ordering::Relaxed);
        }
        self.clone()
    }

    /// Bytes that came and that nobody has understood.
    pub(crate) fn unread(&self) -> u64 {
        self.received().saturating_sub(self.0.understood.load(Ordering::Relaxed))
    }

    /// All whole events so far were understood.
    pub(crate) fn understand(&self) {
        self.0.understood.fetch_max(self.0.settled.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// How many events were read whole.
    pub(crate) fn events(&self) -> u64 {
        self.0.events.load(Ordering::Relaxed)
    }

    /// An event was read whole.
    fn settle(&self) {
        self.0.events.fetch_add(1, Ordering::Relaxed);
    }

    /// Nothing that ends here is part of an event that is not whole.
    fn alive(&self, at: u64) {
        self.0.settled.fetch_max(at, Ordering::Relaxed);
    }

    /// Counts `more` bytes and says whether they are too many.
    fn add(&self, more: usize) -> Result<(), BodyError> {
        let received = self.0.received.fetch_add(more as u64, Ordering::Relaxed) + more as u64;
        if received > LARGEST_BODY || self.pending() > LARGEST_EVENT {
            Err(BodyError::TooLarge)
        } else {
            Ok(())
        }
    }

    /// Bytes of an event that is not whole yet.
    fn pending(&self) -> u64 {
        self.received() - self.0.settled.load(Ordering::Relaxed)
    }
}

/// Where a stream of server-sent events stands, as far as its comments go: they are signs of life, and whoever cuts the
/// stream into events passes over them without a word.
#[derive(Clone, Copy, Debug, Default)]
struct Comments {
    line: Line,
    /// An event has begun.
    in_event: bool,
}

/// What some bytes are as signs of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Signs {
    /// Behind how many of them no event is under way.
    end: Option<usize>,
    /// They are part of no event.
    is_all: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Line {
    #[default]
    Start,
    Comment,
    Field,
}

impl Comments {
    fn read(&mut self, bytes: &[u8]) -> Signs {
        let (mut end, mut is_all) = (None, !self.in_event);
        for (at, byte) in bytes.iter().enumerate() {
            match (self.line, byte) {
                (_, b'\r') => {}
                (line, b'\n') => {
                    match line {
                        // An empty line ends an event, and is nothing by itself.
                        Line::Start => {
                            self.in_event = false;
                            end = Some(at + 1);
                        }
                        Line::Comment if !self.in_event => end = Some(at + 1),
                        Line::Comment | Line::Field => {}
                    }
                    self.line = Line::Start;
                }
                (Line::Start, b':') => self.line = Line::Comment,
                (Line::Start, _) => {
                    (self.line, self.in_event, is_all) = (Line::Field, true, false);
                }
                (Line::Comment | Line::Field, _) => {}
            }
        }
        Signs { end, is_all }
    }
}

/// The pieces of a body, in order. Comments and empty pieces do not come.
pub(crate) fn pieces<E>(
    body: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    framing: Framing,
    patience: Patience,
    meter: Meter,
) -> Pieces
where
    E: Error + Send + Sync + 'static,
{
    let counted = meter.clone();
    let (mut comments, mut begun, watched) = (Comments::default(), false, meter.clone());
    let bytes = Box::pin(bytes(body, patience, meter).inspect(move |piece| {
        let Ok(piece) = piece else { return };
        let Signs { end, is_all } = match framing {
            Framing::Events => comments.read(piece),
            Framing::Lines => {
                let end = piece.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
                Signs { end, is_all: false }
            }
            // Blanks before a document are how a server that is still at work says so.
            Framing::Whole => {
                begun |= !piece.trim_ascii().is_empty();
                Signs { end: (!begun).then_some(piece.len()), is_all: !begun }
            }
        };
        if let Some(end) = end {
            watched.alive(watched.received() - (piece.len() - end) as u64);
            if is_all {
                watched.understand();
            }
        }
    }));
    let mut halves = Halves::default();
    match framing {
        Framing::Events => Box::pin(SseByteStream::new(bytes).filter_map(move |event| {
            let piece = match event {
                Ok(event) => {
                    counted.settle();
                    event.data.filter(|data| !data.is_empty()).map(|data| Ok(halves.mended(data)))
                }
                Err(sse_stream::Error::Body(cause)) => Some(Err(told(cause))),
                Err(sse_stream::Error::Utf8Parse(_)) => {
                    Some(Err(PieceError::Malformed("an event is no UTF-8".to_owned())))
                }
                Err(other) => Some(Err(PieceError::Malformed(other.to_string()))),
            };
            std::future::ready(piece)
        })),
        Framing::Lines => {
            let reader = StreamReader::new(bytes.map(|piece| piece.map_err(std::io::Error::other)));
            // Not the codec for lines: of a line cut within a character it says no more than that it is no UTF-8.
            let codec = AnyDelimiterCodec::new_with_max_length(b"\n".to_vec(), vec![], LARGEST_LINE);
            Box::pin(FramedRead::new(reader, codec).filter_map(move |line| {
                let piece = match line {
                    Ok(line) => {
                        counted.settle();
                        text(&line)
                            .map(|text| (!text.trim().is_empty()).then(|| halves.mended(text.to_owned())))
                            .transpose()
                    }
                    Err(AnyDelimiterCodecError::MaxChunkLengthExceeded) => {
                        Some(Err(PieceError::Body(BodyError::TooLarge)))
                    }
                    Err(AnyDelimiterCodecError::Io(error)) => Some(Err(error
                        .into_inner()
                        .map_or_else(|| PieceError::Malformed("a line could not be read".to_owned()), told))),
                };
                std::future::ready(piece)
            }))
        }
        Framing::Whole => Box::pin(futures_util::stream::once(async move {
            let all = bytes.try_fold(Vec::new(), async |mut all, piece| {
                // Blanks before the document are nothing to keep, however many come.
                all.extend_from_slice(if all.is_empty() { piece.trim_ascii_start() } else { &piece });
                Ok(all)
            });
            let all = all.await.map_err(PieceError::Body)?;
            counted.alive(counted.received());
            counted.settle();
            text(&all).map(|text| halves.mended(text.to_owned()))
        })),
    }
}

/// What some servers write before a document to say that it is UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The text of a line or of a document; without an end of its last character it was cut there.
fn text(line: &[u8]) -> Result<&str, PieceError> {
    std::str::from_utf8(line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line)).map_err(|error| {
        match error.error_len() {
            None => PieceError::Cut,
            Some(_) => PieceError::Malformed("a line is no UTF-8".to_owned()),
        }
    })
}

/// A cause that went through somebody else's error and came back.
fn told(cause: Box<dyn Error + Send + Sync>) -> PieceError {
    match cause.downcast::<BodyError>() {
        Ok(error) => PieceError::Body(*error),
        Err(other) => PieceError::Malformed(other.to_string()),
    }
}

fn bytes<E: Error + Send + Sync + 'static>(
    body: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    patience: Patience,
    meter: Meter,
) -> impl Stream<Item = Result<Bytes, BodyError>> + Send {
    // Since when an event is under way.
    let begun: Option<Instant> = None;
    futures_util::stream::unfold(Some((Box::pin(body), meter, begun)), move |state| async move {
        let (mut body, meter, begun) = state?;
        let begun = begun.filter(|_| meter.pending() > 0);
        let (end, lapse) = patience.end(&meter, begun);
        match tokio::time::timeout_at(end, body.next()).await {
            Ok(Some(Ok(chunk))) => match meter.add(chunk.len()) {
                Ok(()) => Some((Ok(chunk), Some((body, meter, begun.or_else(|| Some(Instant::now())))))),
                Err(error) => Some((Err(error), None)),
            },
            Ok(None) => None,
            Ok(Some(Err(error))) => Some((Err(BodyError::Broken(error.into())), None)),
            Err(_) => Some((Err(lapse), None)),
        }
    })
}

impl Patience {
    /// When it ends, and what is wrong then.
    fn end(&self, meter: &Meter, begun: Option<Instant>) -> (Instant, BodyError) {
        let now = Instant::now();
        if meter.received() == 0 {
            return (now + self.first, BodyError::NoFirst);
        }
        let idle = now + self.next;
        let earned = Duration::from_millis(meter.pending().saturating_mul(1000) / SLOWEST);
        match begun.map(|begun| begun + self.whole + earned) {
            Some(whole) if whole < idle => (whole, BodyError::NoWhole),
            _ => (idle, BodyError::NoNext),
        }
    }
}

#[cfg(test)]
mod tests;
