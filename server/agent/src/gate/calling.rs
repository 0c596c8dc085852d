//! Who is called while a question waits: hooks at *Notification*, each when its time has come.
//!
//! A question has an order of people: who looks at the editor, then whoever the hooks call, one after the other, as long
//! as nobody answers. Each has as much time as the first had. The record tells who was called when, and the
//! decision behind it that it was a person's; that nobody answers never becomes a *yes*.

use std::convert::Infallible;
use std::time::Duration;

use copydesk_base::config::Hook;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::hooks::{Home, Page, Point};

/// How long a question waits: the usual time, counted from the last call.
pub(super) fn patience(home: &Home) -> Duration {
    let last = home.hooks(Point::Notification).iter().map(after).max().unwrap_or_default();
    home.settings.prompt_timeout.saturating_add(last)
}

/// Calls, and never ends by itself: whoever waits for the answer drops it.
pub(super) async fn call(
    home: &Home,
    facts: &Value,
    page: Page<'_>,
    cancel: &CancellationToken,
) -> Infallible {
    let asked = Instant::now();
    let mut order: Vec<&Hook> = home.hooks(Point::Notification).iter().collect();
    order.sort_by_key(|hook| after(hook));
    for hook in order {
        tokio::time::sleep_until(asked + after(hook)).await;
        let mut facts = facts.clone();
        facts["waited_seconds"] = json!(after(hook).as_secs());
        if let Some(to) = &hook.to {
            facts["to"] = json!(to);
        }
        home.run(std::slice::from_ref(hook), (Point::Notification, None), facts, Some(page), cancel).await;
    }
    std::future::pending().await
}

fn after(hook: &Hook) -> Duration {
    hook.after.map_or(Duration::ZERO, |after| after.0)
}
