//! Who is called while a question waits: hooks at *Notification*, each when its time has come.
//!
//! A question has an order of people: who looks at the editor, then whoever the hooks call, one after the other, as
//! long as nobody answers. Each has as much time as the first had. The record tells who was called when, and the
//! decision behind it that it was a person's; that nobody answers never becomes a *yes*.

use std::convert::Infallible;
use std::time::Duration;

use copydesk_base::Event;
use copydesk_base::config::Hook;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::hooks::{Home, Page, Point};
use crate::run::Turn;

/// How long a question waits: the usual time, counted from the last call.
pub(crate) fn patience(home: &Home) -> Duration {
    let last = home.hooks(Point::Notification).iter().map(after).max().unwrap_or_default();
    home.settings.prompt_timeout.saturating_add(last)
}

/// What is told of a question.
pub(crate) fn facts(turn: &Turn, text: &str) -> Value {
    json!({"run_id": turn.run, "session_id": turn.conversation, "text": text})
}

/// Calls, and never ends by itself: whoever waits for the answer drops it. A call that takes long holds up no other.
pub(crate) async fn call(
    home: &Home,
    facts: &Value,
    page: Page<'_>,
    cancel: &CancellationToken,
) -> Infallible {
    let asked = Instant::now();
    let calls = home.hooks(Point::Notification).iter().map(|hook| async move {
        let after = after(hook);
        tokio::time::sleep_until(asked + after).await;
        let mut facts = facts.clone();
        facts["waited_seconds"] = json!(after.as_secs());
        if let Some(to) = &hook.to {
            facts["to"] = json!(to);
            let waited_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
            let called = Event::Called { to: to.clone(), waited_ms };
            // On record before it is done: the answer may come while it still rings.
            if page.shared.recorder.record(page.run, vec![called], &home.settings.redactor).await.is_err() {
                return;
            }
        }
        home.run(std::slice::from_ref(hook), (Point::Notification, None), facts, Some(page), cancel).await;
    });
    join_all(calls).await;
    std::future::pending().await
}

fn after(hook: &Hook) -> Duration {
    hook.after.map_or(Duration::ZERO, |after| after.0)
}
