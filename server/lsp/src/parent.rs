//! The death of the editor: a server that nobody talks to any more ends, and its children with it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How often the parent is looked for. Its closed pipe is usually seen first.
const EVERY: Duration = Duration::from_secs(3);

/// Cancels `cancel` when the process of that number is gone.
pub(crate) async fn watch(process: i32, cancel: CancellationToken) {
    let Some(pid) = rustix::process::Pid::from_raw(process) else { return };
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = cancel.cancelled() => return,
        }
        if rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH) {
            tracing::info!("the editor (process {process}) is gone");
            cancel.cancel();
            return;
        }
    }
}
