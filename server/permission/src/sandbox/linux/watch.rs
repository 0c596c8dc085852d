//! The launcher's watch over what it started: ends it when the one who asked hangs up.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal, waitpid};

use super::{failed, let_go};
use crate::sandbox::orders::News;

/// Waits for the child, or kills it when `line` is closed; answers what it could not say itself.
pub(super) fn over(child: Pid, line: &UnixStream) -> Result<Option<News>, String> {
    let process =
        pidfd_open(child, PidfdFlags::empty()).map_err(|error| failed("watch the command", error))?;
    let_go()?;
    until_either(&process, line)?;
    let _ = pidfd_send_signal(&process, Signal::KILL);
    loop {
        match waitpid(Some(child), WaitOptions::empty()) {
            Err(rustix::io::Errno::INTR) => {}
            Ok(Some((_, status))) if status.exit_status() == Some(0) => return Ok(None),
            _ => return Ok(Some(News::Signal(Signal::KILL.as_raw()))),
        }
    }
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
