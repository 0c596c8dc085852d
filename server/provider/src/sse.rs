//! The body of an answer: bytes with patience, cut into server-sent events.
//!
//! Cutting is `sse-stream`'s work. Around it stand the limits that it does not know: how long to wait for the first
//! and the next piece, how large one event and the whole body may grow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::Stream;
use sse_stream::{Sse, SseByteStream};

/// How long to wait for the first piece of a body, and for each one behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) first: Duration,
    pub(crate) next: Duration,
}

/// One event may be this large: that of an answer which comes in one piece.
const LARGEST_EVENT: u64 = 16 << 20;

/// A body may be this large: a hundred bytes around each word of the longest answer, and then some.
const LARGEST_BODY: u64 = 512 << 20;

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

/// The events of a response. Comments and events without data come as [`Sse`]s without data or not at all.
pub(crate) fn events(
    response: reqwest::Response,
    patience: Patience,
    meter: Meter,
) -> impl Stream<Item = Result<Sse, sse_stream::Error>> + Send {
    let start = Some((response, meter));
    let bytes = futures_util::stream::unfold(start, move |state| async move {
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
    });
    SseByteStream::new(Box::pin(bytes))
}
