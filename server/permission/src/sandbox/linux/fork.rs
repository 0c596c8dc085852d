//! The unsafe calls of the house: `fork`, while this process has one thread, and `close`, while it owns no descriptor.
//!
//! The first process of a namespace of processes, and the one that gives up rights which its parent keeps, must be
//! children of a launcher that go on in our own code. The standard library starts programs only; starting ourselves a
//! second time would cost as much again as all the rest of the sandbox (see docs/decisions/0011-sandbox.md).

use rustix::process::Pid;

use super::failed;

/// Which of the two this process is.
pub(super) enum Forked {
    Parent(Pid),
    Child,
}

/// Splits this process in two. Refuses where another thread might hold a lock that the child would find held for ever.
pub(super) fn fork() -> Result<Forked, String> {
    let threads =
        std::fs::read_dir("/proc/self/task").map_err(|error| failed("count threads", error))?.count();
    if threads != 1 {
        return Err(format!("failed to fork: there are {threads} threads"));
    }
    // SAFETY: fork is sound where no other thread can hold a lock (of the allocator, of the standard library) at this
    // moment. There is none: counted above, and only this thread could make one.
    #[expect(
        unsafe_code,
        reason = "no safe way to go on in our own code in a new process; see 0011-sandbox.md"
    )]
    let pid = unsafe { libc::fork() };
    match pid {
        0 => Ok(Forked::Child),
        pid => match Pid::from_raw(pid).filter(|_| pid > 0) {
            Some(pid) => Ok(Forked::Parent(pid)),
            None => Err(failed("fork", std::io::Error::last_os_error())),
        },
    }
}

/// Closes whatever an editor left open for every program it starts: inside, a folder of the machine would be a way out.
///
/// To be called first, when this process has opened nothing by itself.
pub(super) fn close_inherited() {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return };
    let open: Vec<i32> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for descriptor in open.into_iter().filter(|descriptor| *descriptor > 2) {
        // SAFETY: nothing in this process owns a descriptor besides the first three: the launcher has just begun. The
        // one that listed them is closed already, and closing it again answers an error.
        #[expect(unsafe_code, reason = "what was inherited has no owner here; see 0011-sandbox.md")]
        unsafe {
            libc::close(descriptor);
        }
    }
}
