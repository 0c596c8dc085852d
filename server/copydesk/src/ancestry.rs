//! Whether this process was started by an agent's own command.
//!
//! A run marks its children's environment with [`MARKER`]; a command can take the mark off, so the processes above this
//! one are looked at as well where the system shows them (`tree`): none of them may be a copydesk that runs agents.

#[cfg(target_os = "linux")]
mod tree;

use crate::config::Nesting;

/// The environment variable that every command of an agent gets.
pub(crate) const MARKER: &str = "COPYDESK_RUN";

pub(crate) fn nesting() -> Nesting {
    if std::env::var_os(MARKER).is_some() || is_below_run() { Nesting::InsideRun } else { Nesting::Outermost }
}

#[cfg(target_os = "linux")]
fn is_below_run() -> bool {
    tree::is_below_run()
}

/// Elsewhere only the mark can be seen.
#[cfg(not(target_os = "linux"))]
const fn is_below_run() -> bool {
    false
}
