//! One call to a model, as seen by those who wait for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// More is not typed while a call that began before is still worth waiting for.
const MOST_TYPED: usize = 48;
/// How long a call may be without anybody who waits for it: an editor cancels at each key, and asks anew.
const GRACE: Duration = Duration::from_millis(150);

/// The call, from its start until nobody needs it.
#[derive(Debug)]
pub(super) struct Flight {
    waiting: watch::Sender<usize>,
    /// What a model that answers with nothing but the text has said so far.
    said: Mutex<String>,
    /// It has ended, however it did.
    pub(super) ended: CancellationToken,
    pub(super) given_up: CancellationToken,
}

impl Default for Flight {
    fn default() -> Self {
        Self {
            waiting: watch::Sender::new(0),
            said: Mutex::default(),
            ended: CancellationToken::new(),
            given_up: CancellationToken::new(),
        }
    }
}

impl Flight {
    /// Notes a piece of the answer.
    pub(super) fn says(&self, piece: &str) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).push_str(piece);
    }

    /// Whether the answer may still begin with this.
    pub(super) fn may_say(&self, typed: &str) -> bool {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        typed.len() <= MOST_TYPED && (typed.starts_with(said.as_str()) || said.starts_with(typed))
    }

    /// Resolves when nobody waits for it any more, or somebody said that nobody will.
    pub(super) async fn deserted(&self) {
        let mut waiting = self.waiting.subscribe();
        let nobody = async {
            loop {
                // This very value is a sender: there always is one.
                let _ = waiting.wait_for(|count| *count == 0).await;
                if tokio::time::timeout(GRACE, waiting.wait_for(|count| *count > 0)).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = nobody => {}
            () = self.given_up.cancelled() => {}
        }
    }
}

/// Somebody who waits for a call.
pub(super) struct Waiting(Arc<Flight>);

impl Waiting {
    pub(super) fn join(flight: &Arc<Flight>) -> Self {
        flight.waiting.send_modify(|count| *count += 1);
        Self(flight.clone())
    }

    pub(super) fn flight(&self) -> Arc<Flight> {
        self.0.clone()
    }

    pub(super) async fn end(&self) {
        self.0.ended.cancelled().await;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|count| *count -= 1);
    }
}
