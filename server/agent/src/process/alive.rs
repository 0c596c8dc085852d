//! Whether a process is still there, told by its number.
//!
//! One that has ended and that nobody has collected yet (a zombie) answers signals, but does nothing any more: it
//! counts as gone. One of another user counts as there.

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// Whether the process of that number lives. Where the number was given to another process since, the answer is about
/// that one.
pub fn is_alive(pid: u32) -> bool {
    let Some(process) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    match test_kill_process(process) {
        Ok(()) | Err(Errno::PERM) => !has_ended(pid),
        Err(_) => false,
    }
}

/// Whether only the entry of the process is left. Where the system does not tell, it is not so.
fn has_ended(pid: u32) -> bool {
    let Ok(stat) = std::fs::read(format!("/proc/{pid}/stat")) else { return false };
    // The name stands in parentheses and may hold anything, parentheses too: the state comes behind the last one.
    let behind = stat.iter().rposition(|byte| *byte == b')').map_or(&[][..], |at| &stat[at + 1..]);
    matches!(behind.trim_ascii_start().first(), Some(b'Z' | b'X' | b'x'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_lives_until_it_ends_and_not_until_it_is_collected() {
        assert!(is_alive(std::process::id()));
        assert!(is_alive(1), "of another user, perhaps");
        assert!(!is_alive(0) && !is_alive(u32::MAX));
        let mut child =
            std::process::Command::new("true").stdout(std::process::Stdio::piped()).spawn().unwrap();
        let pid = child.id();
        // Its end is seen without collecting it.
        let options = rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT;
        let process = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        rustix::process::waitid(rustix::process::WaitId::Pid(process), options).unwrap();
        if cfg!(target_os = "linux") {
            assert!(!is_alive(pid), "a zombie");
        }
        child.wait().unwrap();
        assert!(!is_alive(pid));
    }
}
