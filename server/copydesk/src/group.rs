//! A program of the person's, ended with all that it started.

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

/// A process group, ended when this goes.
pub(crate) struct Group(Option<Pid>);

impl Group {
    /// Starts a program in a group of its own. Hold the group no longer than the child: its number is its own until then.
    pub(crate) fn start(command: &mut Command) -> std::io::Result<(Child, Self)> {
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        Ok((child, Self(pid)))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // Nobody is left of most groups, which is as good.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}
