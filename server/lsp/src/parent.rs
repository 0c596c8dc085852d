//! The death of the editor: a server that nobody talks to any more ends, and its children with it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How often the parent is looked for. Its closed pipe is usually seen first.
const EVERY: Duration = Duration::from_secs(3);

/// Cancels `cancel` when the process of that number is gone.
pub(crate) async fn watch(process: i32, cancel: CancellationToken) {
    let Ok(pid) = u32::try_from(process) else { return };
    if pid == 0 {
        return;
    }
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = cancel.cancelled() => return,
        }
        if !copydesk_agent::is_alive(pid) {
            tracing::info!("the editor (process {process}) is gone");
            cancel.cancel();
            return;
        }
    }
}
