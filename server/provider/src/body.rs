//! The body of an answer: bytes with patience, cut into server-sent events or into lines.
//!
//! Cutting is the work of `sse-stream` and of tokio's codec for lines. Around them stand the limits that they do not
//! know: how long to wait for the first and the next piece, how large one piece and the whole body may grow.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use sse_stream::SseByteStream;
use tokio_util::codec::{AnyDelimiterCodec, AnyDelimiterCodecError, FramedRead};
use tokio_util::io::StreamReader;

/// How long to wait for the first piece of a body, and for each one behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) first: Duration,
    pub(crate) next: Duration,
}

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
}

impl Framing {
    /// What a request says that it wants.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Lines => "application/x-ndjson",
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
    #[error("the connection broke")]
    Broken(#[source] reqwest::Error),
    #[error("too large")]
    TooLarge,
}

/// Counts a body's bytes while the stream that reads it is out of reach.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    received: AtomicU64,
    /// The value of `received` when the last event was whole.
    settled: AtomicU64,
}

impl Meter {
    pub(crate) fn received(&self) -> u64 {
        self.0.received.load(Ordering::Relaxed)
    }

    /// How much had been received when the last event was whole; 0 before the first.
    pub(crate) fn settled(&self) -> u64 {
        self.0.settled.load(Ordering::Relaxed)
    }

    /// An event was read whole.
    pub(crate) fn settle(&self) {
        self.0.settled.store(self.received(), Ordering::Relaxed);
    }

    /// Counts `more` bytes and says whether they are too many.
    fn add(&self, more: usize) -> Result<(), BodyError> {
        let received = self.0.received.fetch_add(more as u64, Ordering::Relaxed) + more as u64;
        let pending = received - self.0.settled.load(Ordering::Relaxed);
        if received > LARGEST_BODY || pending > LARGEST_EVENT { Err(BodyError::TooLarge) } else { Ok(()) }
    }
}

/// The pieces of a response, in order. Comments and empty pieces do not come.
pub(crate) fn pieces(
    response: reqwest::Response,
    framing: Framing,
    patience: Patience,
    meter: Meter,
) -> Pieces {
    let counted = meter.clone();
    let bytes = Box::pin(bytes(response, patience, meter));
    match framing {
        Framing::Events => Box::pin(SseByteStream::new(bytes).filter_map(move |event| {
            let piece = match event {
                Ok(event) => {
                    counted.settle();
                    event.data.filter(|data| !data.is_empty()).map(Ok)
                }
                Err(sse_stream::Error::Body(cause)) => Some(Err(told(cause))),
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
                        text(&line).map(|text| (!text.trim().is_empty()).then(|| text.to_owned())).transpose()
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
    }
}

/// A line's text; without an end of its last character it was cut there.
fn text(line: &[u8]) -> Result<&str, PieceError> {
    std::str::from_utf8(line).map_err(|error| match error.error_len() {
        None => PieceError::Cut,
        Some(_) => PieceError::Malformed("a line is no UTF-8".to_owned()),
    })
}

/// A cause that went through somebody else's error and came back.
fn told(cause: Box<dyn Error + Send + Sync>) -> PieceError {
    match cause.downcast::<BodyError>() {
        Ok(error) => PieceError::Body(*error),
        Err(other) => PieceError::Malformed(other.to_string()),
    }
}

fn bytes(
    response: reqwest::Response,
    patience: Patience,
    meter: Meter,
) -> impl Stream<Item = Result<Bytes, BodyError>> + Send {
    futures_util::stream::unfold(Some((response, meter)), move |state| async move {
        let (mut response, meter) = state?;
        let first = meter.received() == 0;
        let wait = if first { patience.first } else { patience.next };
        match tokio::time::timeout(wait, response.chunk()).await {
            Ok(Ok(Some(chunk))) => match meter.add(chunk.len()) {
                Ok(()) => Some((Ok(chunk), Some((response, meter)))),
                Err(error) => Some((Err(error), None)),
            },
            Ok(Ok(None)) => None,
            Ok(Err(error)) => Some((Err(BodyError::Broken(error)), None)),
            Err(_) if first => Some((Err(BodyError::NoFirst), None)),
            Err(_) => Some((Err(BodyError::NoNext), None)),
        }
    })
}
