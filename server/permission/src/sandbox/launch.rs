//! The launcher: this program, started only to wall itself in and start one command.

use std::ffi::OsStr;
use std::process::ExitCode;

/// The first argument that makes this program a launcher. Not for people: without a socket as its standard input it
/// does nothing.
pub const LAUNCHER: &str = "launch-confined";

/// The work of a launcher, if the arguments say that this process is one. Call it first: a launcher must have one thread.
pub fn launched<T: AsRef<OsStr>>(arguments: impl IntoIterator<Item = T>) -> Option<ExitCode> {
    let is_launcher = arguments.into_iter().nth(1).is_some_and(|first| first.as_ref() == LAUNCHER);
    is_launcher.then(run)
}

#[cfg(target_os = "linux")]
fn run() -> ExitCode {
    super::linux::run()
}

#[cfg(not(target_os = "linux"))]
fn run() -> ExitCode {
    ExitCode::from(2)
}
