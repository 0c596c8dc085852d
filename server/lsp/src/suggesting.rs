//! Whether suggestions at the cursor are on, and how this client comes by them.
//!
//! Settings change while an editor runs. A client that is asked for ghost text learns of it when it starts or, where it
//! can, later; one that can learn it only at the start is told in any case, and gets nothing while they are off. In a
//! client without ghost text they are items of the menu, for which nothing is announced.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use copydesk_agent::Asked;
use serde_json::json;
use tower_lsp::gen_lsp_types as lsp;

use crate::capabilities::Ladder;
use crate::methods::configuration;
use crate::state::{Session, State};

/// How suggestions come to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// By `textDocument/inlineCompletion`.
    Inline,
    /// As items of completion.
    InMenu,
}

/// What is known of them in one session.
pub(crate) struct Suggesting {
    way: Way,
    is_on: AtomicBool,
    is_announced: AtomicBool,
    looked: Mutex<Instant>,
}

/// For so long a look at the settings counts while somebody types.
const MOMENT: Duration = Duration::from_secs(1);

impl Suggesting {
    /// At the start: as the settings are now.
    pub(crate) fn new(ladder: &Ladder, suggests: impl FnOnce() -> bool) -> Self {
        let is_on = AtomicBool::new(suggests());
        let way = if ladder.inline_completion { Way::Inline } else { Way::InMenu };
        let is_told_now = is_on.load(Ordering::Relaxed) || !ladder.registers_suggestions;
        Self {
            way,
            is_on,
            is_announced: AtomicBool::new(way == Way::Inline && is_told_now),
            looked: Mutex::new(Instant::now()),
        }
    }

    /// Whether the client knows that it may ask for ghost text.
    pub(crate) fn is_announced(&self) -> bool {
        self.is_announced.load(Ordering::Relaxed)
    }

    /// Whether the last look is too old to be believed. From now on it is not.
    fn is_stale(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_stale = looked.elapsed() >= MOMENT;
        if is_stale {
            *looked = Instant::now();
        }
        is_stale
    }
}

/// Whether somebody who wants suggestions in this way gets any.
pub(crate) async fn serves(state: &Arc<State>, session: &Session, way: Way, asked: Asked) -> bool {
    let suggesting = &session.suggesting;
    if suggesting.way != way {
        return false;
    }
    configuration::settled(state).await;
    if suggesting.is_on.load(Ordering::Relaxed) {
        return true;
    }
    (asked == Asked::ByHand || suggesting.is_stale()) && look(state).await
}

/// Looks again, beside whatever is under way: settings may have changed.
pub(crate) fn look_again(state: &Arc<State>) {
    let looking = state.clone();
    state.tracker.spawn(async move {
        look(&looking).await;
    });
}

/// Looks at the settings, and tells a client that does not know yet.
async fn look(state: &Arc<State>) -> bool {
    let Some(session) = state.session() else { return false };
    let desk = session.desk.clone();
    let is_on = tokio::task::spawn_blocking(move || desk.suggests()).await.unwrap_or(false);
    let suggesting = &session.suggesting;
    suggesting.is_on.store(is_on, Ordering::Relaxed);
    if is_on && suggesting.way == Way::Inline && !suggesting.is_announced.swap(true, Ordering::Relaxed) {
        let telling = state.clone();
        state.tracker.spawn(async move { announce(&telling).await });
    }
    is_on
}

async fn announce(state: &State) {
    let registration = lsp::Registration {
        id: "copydesk-suggestions".to_owned(),
        method: "textDocument/inlineCompletion".to_owned(),
        register_options: Some(json!({"documentSelector": [{"scheme": "file"}]})),
    };
    if let Err(error) = state.client.register_capability(vec![registration]).await {
        tracing::warn!(%error, "the editor does not ask for suggestions; start it again");
    }
}
