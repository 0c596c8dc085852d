//! A stream whose work is done by whoever polls it.
//!
//! The work is one future that hands out events through a [`Sink`]; the stream owns both ends and polls the future
//! only when its reader wants the next event. So there is no task beside it: dropping the stream drops the work, and
//! with it the socket.
//!
//! Pieces of one text that wait for the reader are handed over as one: who shows and counts them does so once for each
//! read of the network, not once for each word. Nothing is waited for to that end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio::sync::mpsc;

use crate::body::Meter;
use crate::{CallError, ModelEvent};

/// One item of an answer.
pub type Item = Result<ModelEvent, CallError>;

/// The answer to one request. Its last item is [`ModelEvent::Stopped`] or an error; then it ends.
pub struct EventStream {
    work: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    events: mpsc::Receiver<Item>,
    /// What came behind pieces that were joined.
    held: Option<Item>,
    limit: Limit,
    meter: Meter,
}

/// Where the work puts its events.
pub(crate) struct Sink {
    events: mpsc::Sender<Item>,
    limit: Limit,
    meter: Meter,
}

/// Where the answers of further tries are cut, in tokens; 0 where nobody has said anything since the request.
type Limit = Arc<AtomicU32>;

/// Events that may wait for the reader. Enough that one network read's worth is handed over in one go, few enough
/// that a slow reader slows the server down.
const WAITING: usize = 64;

impl EventStream {
    pub(crate) fn new<F>(work: impl FnOnce(Sink) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, events) = mpsc::channel(WAITING);
        let (limit, meter) = (Limit::default(), Meter::default());
        let sink = Sink { events: sender, limit: limit.clone(), meter: meter.clone() };
        Self { work: Some(Box::pin(work(sink))), events, held: None, limit, meter }
    }

    /// Cuts the answers of the tries that have not begun yet at so many tokens: what a try has used, the next one may
    /// not have any more.
    pub fn cut_at(&self, tokens: u32) {
        self.limit.store(tokens, Ordering::Relaxed);
    }

    /// Bytes that came of the last try's answer and are part of nothing that was understood: however it ended, its
    /// server may bill them.
    pub fn unread(&self) -> u64 {
        self.meter.unread()
    }
}

impl Sink {
    /// Hands out one item; waits where the reader lags behind.
    pub(crate) async fn send(&self, item: Item) {
        // The receiver lives in the same stream as the work: it cannot be gone while this runs.
        let _ = self.events.send(item).await;
    }

    /// Hands out an item and lets the reader act on it before anything else is done.
    pub(crate) async fn ask(&self, item: Item) {
        self.send(item).await;
        self.yields().await;
    }

    /// Lets the reader act on all that it was handed. Who drops the stream then ends the work here.
    pub(crate) async fn yields(&self) {
        tokio::task::yield_now().await;
    }

    /// Counts the answer of another try, for [`EventStream::unread`].
    pub(crate) fn meter(&self) -> Meter {
        self.meter.anew()
    }

    /// What [`EventStream::cut_at`] said.
    pub(crate) fn limit(&self) -> Option<u32> {
        Some(self.limit.load(Ordering::Relaxed)).filter(|limit| *limit > 0)
    }
}

impl EventStream {
    fn poll_one(&mut self, context: &mut Context<'_>) -> Poll<Option<Item>> {
        if let Some(item) = self.held.take() {
            return Poll::Ready(Some(item));
        }
        if let Poll::Ready(Some(item)) = self.events.poll_recv(context) {
            return Poll::Ready(Some(item));
        }
        if let Some(work) = &mut self.work
            && work.as_mut().poll(context).is_ready()
        {
            self.work = None;
        }
        // Where the work is done, its sender is gone and this says so.
        self.events.poll_recv(context)
    }
}

impl Stream for EventStream {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Item>> {
        let mut event = match self.poll_one(context) {
            Poll::Ready(Some(Ok(event))) => event,
            other => return other,
        };
        while let Ok(item) = self.events.try_recv() {
            self.held = match item {
                Ok(next) => join(&mut event, next).map(Ok),
                error @ Err(_) => Some(error),
            };
            if self.held.is_some() {
                break;
            }
        }
        Poll::Ready(Some(Ok(event)))
    }
}

/// Puts a piece behind another one of the same text; what is none comes back.
fn join(before: &mut ModelEvent, next: ModelEvent) -> Option<ModelEvent> {
    match (before, next) {
        (ModelEvent::Text(text), ModelEvent::Text(more))
        | (ModelEvent::Reasoning(text), ModelEvent::Reasoning(more)) => text.push_str(&more),
        (ModelEvent::CallArguments { call, piece }, ModelEvent::CallArguments { call: of, piece: more })
            if *call == of =>
        {
            piece.push_str(&more);
        }
        (ModelEvent::Unread(weight), ModelEvent::Unread(more)) => *weight = weight.saturating_add(more),
        (_, next) => return Some(next),
    }
    None
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream").field("done", &self.work.is_none()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[tokio::test]
    async fn pieces_that_wait_come_as_one_and_nothing_changes_its_place() {
        let text = |text: &str| Ok(ModelEvent::Text(text.to_owned()));
        let thought = |text: &str| Ok(ModelEvent::Reasoning(text.to_owned()));
        let argument = |call, piece: &str| Ok(ModelEvent::CallArguments { call, piece: piece.to_owned() });
        let sent = vec![
            Ok(ModelEvent::Started),
            thought("h"),
            thought("m"),
            text("He"),
            text("llo"),
            argument(0, "{"),
            argument(0, "}"),
            argument(1, "["),
            text("!"),
            Err(CallError::Canceled),
        ];
        let expect = [
            Ok(ModelEvent::Started),
            thought("hm"),
            text("Hello"),
            argument(0, "{}"),
            argument(1, "["),
            text("!"),
            Err(CallError::Canceled),
        ];
        let stream = EventStream::new(|sink| async move {
            for item in sent {
                sink.send(item).await;
            }
        });
        assert_eq!(stream.collect::<Vec<_>>().await, expect);
        // What is not there yet is not waited for.
        let mut slow = EventStream::new(|sink| async move {
            for piece in ["one ", "two"] {
                sink.ask(text(piece)).await;
            }
        });
        assert_eq!(slow.next().await, Some(text("one ")));
        assert_eq!(slow.next().await, Some(text("two")));
    }
}
