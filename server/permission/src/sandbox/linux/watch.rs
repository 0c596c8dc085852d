//! The launcher's watch over what it started: ends it when the one who asked hangs up, and when it uses up too much.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal, waitpid};

use super::bounds::Bounds;
use super::{failed, let_go};
use crate::sandbox::orders::News;

/// How often it is looked what the command has used up.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// Waits for the child, or kills it when `line` is closed or a bound is passed; answers what it could not say itself.
pub(super) fn over(child: Pid, line: &UnixStream, bounds: &Bounds) -> Result<Option<News>, String> {
    let process =
        pidfd_open(child, PidfdFlags::empty()).map_err(|error| failed("watch the command", error))?;
    let_go()?;
    let passed = until_either(&process, line, child, bounds)?;
    let _ = pidfd_send_signal(&process, Signal::KILL);
    loop {
        match waitpid(Some(child), WaitOptions::empty()) {
            Err(rustix::io::Errno::INTR) => {}
            Ok(Some((_, status))) if status.exit_status() == Some(0) => return Ok(None),
            _ => return Ok(Some(passed.map_or(News::Signal(Signal::KILL.as_raw()), News::Stopped))),
        }
    }
}

/// Waits until the process has ended, the line is closed, or a bound is passed, which is said then.
pub(super) fn until_either(
    process: impl AsFd,
    line: impl AsFd,
    child: Pid,
    bounds: &Bounds,
) -> Result<Option<String>, String> {
    let mut fds = [PollFd::new(&process, PollFlags::IN), PollFd::new(&line, PollFlags::IN)];
    loop {
        match poll(&mut fds, Some(&TICK)) {
            Ok(0) => {
                if let Some(passed) = bounds.passed(child) {
                    return Ok(Some(passed));
                }
            }
            Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return Ok(None),
            Err(error) => return Err(failed("watch the command", error)),
        }
    }
}
