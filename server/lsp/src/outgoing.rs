//! What goes to the editor: one queue, in order, which never holds more than an editor that lags behind may cost.
//!
//! What we say by ourselves waits for room, and whoever says it waits with it: so a model is read no faster than the
//! editor reads what it says. Answers do not wait. An editor that is busy writing to us may read nothing until it is
//! done, and if we then read nothing either, both wait for ever. Their number is the editor's own doing; only one that
//! leaves a great many of them unread is not read any further.

use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tower_lsp::Client;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::Request;

/// Bytes of what we said that may wait for the editor.
const SAID: u32 = 1 << 20;
/// Bytes of answers that may wait before nothing more is read.
const ANSWERED: u32 = 64 << 20;

/// The queue's end at which messages come in.
#[derive(Clone)]
pub(crate) struct Outgoing {
    // Bounded by the two below.
    queue: mpsc::UnboundedSender<Body>,
    said: Arc<Semaphore>,
    answered: Arc<Semaphore>,
}

/// A message on its way, and the room that it takes until it is written.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    _room: Option<OwnedSemaphorePermit>,
}

/// The writer has ended: nobody reads any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Gone;

/// The queue, and the end at which it is written out.
pub(crate) fn queue() -> (Outgoing, mpsc::UnboundedReceiver<Body>) {
    let (queue, bodies) = mpsc::unbounded_channel();
    let room = |bytes: u32| Arc::new(Semaphore::new(bytes as usize));
    (Outgoing { queue, said: room(SAID), answered: room(ANSWERED) }, bodies)
}

impl Outgoing {
    /// Says something by ourselves, when there is room for it.
    pub(crate) async fn say(&self, bytes: Vec<u8>) -> Result<(), Gone> {
        let room = self.said.clone().acquire_many_owned(weight(&bytes, SAID));
        let room = tokio::select! {
            room = room => room.ok(),
            () = self.queue.closed() => return Err(Gone),
        };
        self.queue.send(Body { bytes, _room: room }).map_err(|_| Gone)
    }

    /// Answers, at once.
    pub(crate) fn answer(&self, bytes: Vec<u8>) {
        // Where there is less room than it needs, it takes what is left.
        let left = u32::try_from(self.answered.available_permits()).unwrap_or(ANSWERED);
        let room = self.answered.clone().try_acquire_many_owned(weight(&bytes, left)).ok();
        // A closed queue means that the editor is gone.
        let _ = self.queue.send(Body { bytes, _room: room });
    }

    /// Waits while more answers are unread than anybody reads late.
    pub(crate) async fn heard(&self) {
        // The permit goes back at once: only whether there is one counts.
        let _ = self.answered.acquire().await;
    }
}

/// Passes on what the service says by itself, until nobody can say anything any more.
pub(crate) async fn pass_on(mut said: impl Stream<Item = Request> + Unpin, outgoing: Outgoing, mark: Mark) {
    while let Some(request) = said.next().await {
        if request.method() == Mark::NAME {
            mark.0.notify_one();
        } else if let Ok(body) = serde_json::to_vec(&request)
            && outgoing.say(body).await.is_err()
        {
            break;
        }
    }
}

/// A word among what we say that no editor hears: when it has passed, what was said before it is queued. Answers take
/// a shorter way, and the service forgets at `exit` what is still on the longer one.
#[derive(Clone, Default)]
pub(crate) struct Mark(Arc<Notify>);

impl Mark {
    const NAME: &str = "$/copydesk/mark";

    /// Waits until what was said before this stands in the queue.
    pub(crate) async fn passed(&self, client: &Client) {
        client.send_notification::<Self>(()).await;
        self.0.notified().await;
    }
}

impl lsp::Notification for Mark {
    type Params = ();
    const METHOD: lsp::LspNotificationMethod<'static> = lsp::LspNotificationMethod::Custom(Self::NAME);
    const MESSAGE_DIRECTION: lsp::MessageDirection = lsp::MessageDirection::ServerToClient;
}

/// What a message takes of so much room; one that is larger takes it all.
fn weight(bytes: &[u8], room: u32) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(room).min(room)
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    #[tokio::test]
    async fn what_we_say_waits_for_room_and_answers_do_not() {
        let (outgoing, mut bodies) = queue();
        let half = || vec![b'x'; SAID as usize / 2];
        assert_eq!(outgoing.say(half()).await, Ok(()));
        assert_eq!(outgoing.say(half()).await, Ok(()));
        let mut third = Box::pin(outgoing.say(half()));
        assert!(poll!(&mut third).is_pending(), "there is no room for more");
        outgoing.answer(b"{}".to_vec());
        assert!(poll!(&mut third).is_pending());
        let first = bodies.recv().await.map(|body| body.bytes.len());
        assert_eq!(first, Some(SAID as usize / 2), "and it is written");
        assert_eq!(third.await, Ok(()));
        // In order, and one that is larger than all the room gets through alone.
        let order: Vec<usize> = [bodies.recv().await, bodies.recv().await, bodies.recv().await]
            .map(|body| body.unwrap().bytes.len())
            .into();
        assert_eq!(order, [SAID as usize / 2, 2, SAID as usize / 2]);
        assert_eq!(outgoing.say(vec![b'x'; 3 * SAID as usize]).await, Ok(()));
        let mut next = Box::pin(outgoing.say(b"{}".to_vec()));
        assert!(poll!(&mut next).is_pending());
        drop(bodies);
        assert_eq!(next.await, Err(Gone));
    }

    #[tokio::test]
    async fn what_was_said_before_the_mark_is_queued_when_it_passes_and_the_mark_is_not_said() {
        let (outgoing, mut bodies) = queue();
        let mark = Mark::default();
        let said = ["first", Mark::NAME, "last"].map(|method| Request::build(method).finish());
        let mut said = futures_util::stream::iter(said);
        pass_on(said.by_ref().take(2), outgoing.clone(), mark.clone()).await;
        assert!(poll!(Box::pin(mark.0.notified())).is_ready(), "it passed");
        outgoing.answer(b"null".to_vec());
        pass_on(said, outgoing, mark.clone()).await;
        assert!(poll!(Box::pin(mark.0.notified())).is_pending(), "once");
        let mut heard = vec![];
        while let Some(body) = bodies.recv().await {
            heard.push(String::from_utf8(body.bytes).unwrap());
        }
        let says = |method: &str| format!(r#"{{"jsonrpc":"2.0","method":"{method}"}}"#);
        assert_eq!(heard, [says("first"), "null".to_owned(), says("last")]);
    }

    #[tokio::test]
    async fn an_editor_that_leaves_too_many_answers_unread_is_not_read() {
        let (outgoing, mut bodies) = queue();
        for _ in 0..2 {
            outgoing.heard().await;
            outgoing.answer(vec![b'x'; ANSWERED as usize / 2 + 1]);
        }
        outgoing.answer(b"{}".to_vec());
        assert!(poll!(Box::pin(outgoing.heard())).is_pending());
        drop(bodies.recv().await);
        assert!(poll!(Box::pin(outgoing.heard())).is_ready(), "read on as soon as some is written");
        drop((bodies.recv().await, bodies.recv().await));
        assert_eq!(outgoing.answered.available_permits(), ANSWERED as usize);
    }
}
