//! The walls on Linux. `full` makes namespaces and `mounts` a root in them, `partial` has Landlock alone; `filter`
//! takes dangerous system calls away in both, and `watch` ends everything when the one who asked for it is gone.
//!
//! A launcher has one thread from its start to its end. That is what makes `fork` sound here.

mod bounds;
mod filter;
mod fork;
mod full;
mod ghost;
mod landlock;
mod loopback;
mod mountinfo;
mod mounts;
mod partial;
mod plan;
mod watch;

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitCode, Stdio};

use rustix::process::{
    DumpableBehavior, Pid, Resource, Rlimit, Signal, WaitOptions, getpid, kill_process,
    set_dumpable_behavior, setrlimit, wait,
};

use super::orders::{News, Orders, receive, send};
use super::{Ahead, SHELL, SHELL_ARGUMENTS, State};

/// Reads the orders from the socket that is standard input, carries them out, and says there how it ended.
pub(super) fn run(ahead: Ahead) -> ExitCode {
    fork::close_inherited();
    // Its copy is closed by the shell's start; what the shell gets as its input is nothing.
    let Ok(line) = rustix::stdio::stdin().try_clone_to_owned() else { return ExitCode::from(2) };
    let line = UnixStream::from(line);
    // Where the machine runs out of memory, a command goes before the editor. Not every system lets us say so.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let world = match ahead {
        Ahead::Nothing => None,
        Ahead::World(network) => Some(full::make(network, &line)),
    };
    let Ok(orders) = receive::<Orders>(&line) else { return ExitCode::from(2) };
    let result = match orders.confinement.state {
        State::Full => world
            .unwrap_or_else(|| full::make(orders.confinement.network, &line))
            .and_then(|world| full::run(&orders, &line, world)),
        State::Partial | State::Unsupported | State::Off => partial::run(&orders, &line),
    };
    let told = match result {
        // Process 1 said it.
        Ok(None) => Ok(()),
        Ok(Some(news)) => send(&line, &news),
        Err(reason) => send(&line, &News::Failed(reason)),
    };
    if told.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Closes this process's memory, root and open files to every other that is no administrator's.
fn unreadable() -> Result<(), String> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|error| failed("close the launcher to its command", error))
}

/// A pipe whose two ends no program inherits.
fn pipe() -> Result<(OwnedFd, OwnedFd), String> {
    rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(|error| failed("make a pipe", error))
}

/// Leaves the command's output to the command: it ends when the last of that has ended.
fn let_go() -> Result<(), String> {
    let bad = |error: std::io::Error| failed("leave the output alone", error);
    let nothing = std::fs::OpenOptions::new().write(true).open("/dev/null").map_err(bad)?;
    rustix::stdio::dup2_stdout(&nothing)
        .and_then(|()| rustix::stdio::dup2_stderr(&nothing))
        .map_err(|error| bad(error.into()))
}

/// Kills every child, and every orphan that becomes one, until none is left.
fn end_all() {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return,
            Ok(None) => {}
        }
        for child in children() {
            let _ = kill_process(child, Signal::KILL);
        }
        if wait(WaitOptions::empty()).is_err_and(|error| error != rustix::io::Errno::INTR) {
            return;
        }
    }
}

/// The children of this process. Where the kernel keeps no list, all processes are asked for their parent.
fn children() -> Vec<Pid> {
    let own = getpid().as_raw_nonzero();
    let numbers = |text: &str| {
        text.split_whitespace().filter_map(|number| Pid::from_raw(number.parse().ok()?)).collect::<Vec<_>>()
    };
    match std::fs::read_to_string(format!("/proc/self/task/{own}/children")) {
        Ok(text) => numbers(&text),
        Err(_) => std::fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
                let parent: i32 = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
                let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
                (parent == own.get()).then_some(pid)
            })
            .collect(),
    }
}

/// The shell with the command, as it starts inside the walls.
fn shell(orders: &Orders, temporary: &std::path::Path) -> Command {
    let mut command = Command::new(SHELL);
    command
        .args(SHELL_ARGUMENTS)
        .arg(&orders.command)
        .current_dir(&orders.cwd)
        .env_clear()
        .envs(orders.environment.iter().map(|(name, value)| (name, value)))
        .env("TMPDIR", temporary)
        .stdin(Stdio::null());
    command
}

/// No core files, and no more memory, disk and processes than granted; `largest` is what one file may come to. Before
/// the shell starts.
fn limit(orders: &Orders, largest: Option<u64>) -> Result<(), String> {
    set_limit(Resource::Core, 0)?;
    if let Some(bytes) = largest {
        set_limit(Resource::Fsize, bytes)?;
    }
    if let Some(bytes) = orders.limits.memory {
        set_limit(Resource::Data, bytes)?;
    }
    match (orders.limits.processes, orders.confinement.state) {
        (Some(count), State::Full) => set_limit(Resource::Nproc, count),
        _ => Ok(()),
    }
}

fn set_limit(resource: Resource, most: u64) -> Result<(), String> {
    let now = rustix::process::getrlimit(resource);
    let most = now.maximum.map_or(most, |maximum| maximum.min(most));
    setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
        .map_err(|error| failed("set limits", error))
}

/// Waits for the shell, and collects whatever else ends in the meantime.
fn collect_until(shell: &Child) -> Result<News, String> {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid.as_raw_nonzero().get().unsigned_abs() == shell.id() => {
                return Ok(match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => News::Exit(code),
                    (None, Some(signal)) => News::Signal(signal),
                    (None, None) => News::Failed("the shell ended in an unknown way".to_owned()),
                });
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(failed("wait for the shell", error)),
        }
    }
}

fn failed(what: &str, error: impl std::fmt::Display) -> String {
    format!("failed to {what}: {error}")
}

/// Whether the other end of a socket or pipe is gone. Nobody ever sends anything on those that are asked about.
fn is_gone(fd: impl AsFd) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut fds = [PollFd::new(&fd, PollFlags::IN)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    matches!(poll(&mut fds, Some(&now)), Ok(count) if count > 0)
}
