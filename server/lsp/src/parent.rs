//! The death of the editor: a server that nobody talks to any more ends, and its children with it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How often the parent is looked for where the system does not tell of its end. Its closed pipe is usually seen first.
const EVERY: Duration = Duration::from_secs(3);

/// Cancels `cancel` when the process of that number is gone.
pub(crate) async fn watch(process: i32, cancel: CancellationToken) {
    let Some(pid) = u32::try_from(process).ok().filter(|pid| *pid != 0) else { return };
    tokio::select! {
        () = end_of(pid) => {}
        () = cancel.cancelled() => return,
    }
    tracing::info!("the editor (process {process}) is gone");
    cancel.cancel();
}

/// Waits for the end of a process that is none of our children.
async fn end_of(pid: u32) {
    #[cfg(target_os = "linux")]
    if told_of_end(pid).await.is_some() {
        return;
    }
    while copydesk_agent::is_alive(pid) {
        tokio::time::sleep(EVERY).await;
    }
}

/// The same where the system wakes us, so that nothing is done meanwhile; `None` where it cannot.
#[cfg(target_os = "linux")]
async fn told_of_end(pid: u32) -> Option<()> {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;
    let held = pidfd_open(Pid::from_raw(i32::try_from(pid).ok()?)?, PidfdFlags::NONBLOCK).ok()?;
    #[expect(
        deprecated,
        reason = "the descriptor is ours until it is dropped; its successor is an unsafe function"
    )]
    let watched = AsyncFd::with_interest(held, Interest::READABLE).ok()?;
    let ended = watched.readable().await.is_ok();
    ended.then_some(())
}
