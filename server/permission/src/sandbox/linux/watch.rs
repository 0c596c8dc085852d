//! The launcher's watch over what it started: ends it when the one who asked hangs up.

use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal, waitpid};

use super::failed;
use crate::sandbox::orders::{News, read_news};

/// Waits for the child, or kills it when `line` is closed; answers what it had to say.
pub(super) fn over(child: Pid, line: &UnixStream, said: OwnedFd) -> Result<News, String> {
    let process =
        pidfd_open(child, PidfdFlags::empty()).map_err(|error| failed("watch the command", error))?;
    until_either(&process, line)?;
    let _ = pidfd_send_signal(&process, Signal::KILL);
    // With the first process of a namespace all others of it have gone, too, once this returns.
    while matches!(waitpid(Some(child), WaitOptions::empty()), Err(rustix::io::Errno::INTR)) {}
    let mut said = std::fs::File::from(said);
    Ok(heard(&mut said))
}

/// What the child wrote before it ended; killed without a word where there is nothing.
fn heard(said: &mut impl Read) -> News {
    read_news(said).unwrap_or(News::Signal(Signal::KILL.as_raw()))
}

/// Waits until the process has ended or the line is closed.
pub(super) fn until_either(process: impl AsFd, line: impl AsFd) -> Result<(), String> {
    let mut fds = [PollFd::new(&process, PollFlags::IN), PollFd::new(&line, PollFlags::IN)];
    loop {
        match poll(&mut fds, None) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(failed("watch the command", error)),
        }
    }
}
