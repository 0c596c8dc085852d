//! Child processes: one door for every command, whoever asked for it.
//!
//! A command never starts by itself. On Linux it is this program, started as a *launcher*, that walls itself in, starts
//! the one fixed shell and stays until nothing of it is left ([`copydesk_permission::sandbox`]); on macOS it is
//! `sandbox-exec`. Whatever is in force, a child has no input, an environment by allow-list, a process group of its
//! own, and a bound on its output and its time.
//!
//! The launcher's standard input is a socket. It brings the orders, and when this end closes (the time is up, the run
//! is canceled, the server was killed) the launcher ends everything that the command started, wherever that hid.
//!
//! Where a command runs is gathered in `quarters` (the run's walls and folder), `ground` (one command's) and `lodging`
//! (temporary folders); `jobs` are commands in the background, `alive` tells whether a process is still there.

pub(crate) mod alive;
mod git;
pub(crate) mod ground;
mod growing;
pub(crate) mod jobs;
mod kept;
pub(crate) mod lodging;
pub(crate) mod quarters;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use copydesk_permission::sandbox::{
    Ahead, Confinement, LAUNCHER, Limits, News, Orders, SHELL, SHELL_ARGUMENTS, read_news, seatbelt,
    write_orders,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

pub(crate) use git::git;
pub(crate) use growing::Growing;
use kept::{Kept, joined, pour};

/// How long output is still read after a child has ended, and how long a launcher may take to end what it started.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How often it is looked whether a killed process has gone.
const DYING: Duration = Duration::from_millis(5);

/// One command, with everything that its start needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    pub(crate) command: &'a str,
    pub(crate) cwd: &'a Path,
    pub(crate) env: &'a [(String, String)],
    pub(crate) confinement: &'a Confinement,
    /// This program; none where it cannot be a launcher (tests of this room, other systems).
    pub(crate) launcher: Option<&'a Path>,
    /// The run's own temporary folder.
    pub(crate) temporary: &'a Path,
    pub(crate) time: Duration,
    pub(crate) limits: Limits,
}

/// How a child ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Exit(i32),
    Signal(i32),
    TimedOut,
    Canceled,
    /// It used up too much.
    Stopped(String),
    /// It could not start.
    Failed(String),
}

impl Ended {
    /// In words, for a person and a model; `limit` is the time that it had.
    pub(crate) fn told(&self, limit: Duration) -> String {
        match self {
            Self::Exit(code) => format!("exit code {code}"),
            Self::Signal(signal) => format!("ended by signal {signal}"),
            Self::TimedOut => format!("stopped: it took longer than {} s", limit.as_secs_f64()),
            Self::Canceled => "stopped: the run was canceled".to_owned(),
            Self::Stopped(reason) => format!("stopped: {reason}"),
            Self::Failed(reason) => format!("could not start: {reason}"),
        }
    }
}

/// What a child printed, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) ended: Ended,
    pub(crate) output: String,
}

/// The same, and what it had put into a home that went with it.
struct Over {
    ended: Ended,
    forgotten: Vec<String>,
}

impl From<Ended> for Over {
    fn from(ended: Ended) -> Self {
        Self { ended, forgotten: vec![] }
    }
}

impl Over {
    /// For whoever believes that it is there now.
    fn note(&self) -> Option<String> {
        let names: Vec<String> =
            self.forgotten.iter().map(|name| format!("~/{}", name.escape_debug())).collect();
        (!names.is_empty()).then(|| {
            format!(
                "[forgotten: {}. In the sandbox the home folder is empty, and goes with the command]",
                names.join(", ")
            )
        })
    }
}

/// A launcher that was started and waits for its orders. Dropped without any, it ends.
#[derive(Debug)]
pub(crate) struct Ready {
    child: Child,
    line: UnixStream,
    ahead: Ahead,
}

impl Ready {
    /// Whether it is still there, and made what such a command needs.
    pub(crate) fn is_for(&mut self, ahead: Ahead) -> bool {
        self.ahead == ahead && matches!(self.child.try_wait(), Ok(None))
    }
}

/// Starts a launcher and has it make what it can: that takes longer than all that is left then, and can happen while it
/// is still being judged whether there will be anything to do.
pub(crate) fn ready(launcher: &Path, ahead: Ahead) -> std::io::Result<Ready> {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let mut command = Command::new(launcher);
    // Its orders bring the command's variables. Its own could be read by a command that finds it.
    command.args([LAUNCHER, ahead.argument()]).env_clear().current_dir("/");
    command.stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)));
    // It ends by itself when its line does, after it has tidied up.
    let child = start(&mut command)?;
    // Its copy of the other end of the line is the last one then.
    drop(command);
    Ok(Ready { child, line: UnixStream::from_std(ours)?, ahead })
}

/// Runs a command in the shell until it ends, its time is up or it is canceled; in that launcher, where one is ready.
pub(crate) async fn run(job: &Job<'_>, ready: Option<Ready>, cancel: &CancellationToken) -> Finished {
    let (mut out, mut err) = (Kept::default(), Kept::default());
    let over = watched(job, ready, cancel, |bytes| out.take(bytes), |bytes| err.take(bytes)).await;
    let mut output = joined(&out, &err);
    if let Some(note) = over.note() {
        if !output.is_empty() && !output.ends_with('\n') {
            output.push('\n');
        }
        output.push_str(&note);
    }
    Finished { ended: over.ended, output }
}

/// The same, with what it prints in a file that grows.
pub(crate) async fn run_into(
    job: &Job<'_>,
    ready: Option<Ready>,
    cancel: &CancellationToken,
    output: &Growing,
) -> Ended {
    watched(job, ready, cancel, |bytes| output.take(bytes), |bytes| output.take(bytes)).await.ended
}

/// Runs a command, and hands on what it prints to the two streams.
async fn watched(
    job: &Job<'_>,
    ready: Option<Ready>,
    cancel: &CancellationToken,
    out: impl FnMut(&[u8]),
    err: impl FnMut(&[u8]),
) -> Over {
    let (mut child, line) = match started(job, ready).await {
        Ok(started) => started,
        Err(error) => return Ended::Failed(error.to_string()).into(),
    };
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let reading = async { tokio::join!(pour(stdout, out), pour(stderr, err)) };
    let ending = end(&mut child, line, job.time, cancel);
    tokio::pin!(reading, ending);
    tokio::select! {
        ended = &mut ending => {
            // What it printed is still in the pipe. One who left the group may hold the pipe for ever.
            let _ = tokio::time::timeout(LAST_WORDS, &mut reading).await;
            ended
        }
        _ = &mut reading => ending.await,
    }
}

/// The process that runs the command, and our end of its launcher's line.
async fn started(job: &Job<'_>, ready: Option<Ready>) -> std::io::Result<(Child, Option<UnixStream>)> {
    let Some(launcher) = job.launcher else {
        let mut command = bare(job);
        command.current_dir(job.cwd).envs(job.env.iter().map(|(name, value)| (name, value)));
        command.env("TMPDIR", job.temporary).stdin(Stdio::null()).kill_on_drop(true);
        return Ok((start(&mut command)?, None));
    };
    let wanted = Ahead::of(job.confinement.state, job.confinement.network);
    // One that is ready for something else hangs up.
    let ready = ready.and_then(|mut ready| ready.is_for(wanted).then_some(ready));
    let Ready { child, mut line, .. } = ready.map_or_else(|| self::ready(launcher, wanted), Ok)?;
    let mut text = Vec::new();
    let orders = Orders {
        command: job.command.to_owned(),
        cwd: job.cwd.to_owned(),
        environment: job.env.to_vec(),
        temporary: job.temporary.to_owned(),
        confinement: job.confinement.clone(),
        limits: job.limits,
    };
    write_orders(&mut text, &orders)?;
    line.write_all(&text).await?;
    Ok((child, Some(line)))
}

fn start(command: &mut Command) -> std::io::Result<Child> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).spawn()
}

/// The shell without a launcher: inside `sandbox-exec` where that is what confines, otherwise as it is.
fn bare(job: &Job<'_>) -> Command {
    let is_confined =
        cfg!(target_os = "macos") && job.confinement.state == copydesk_permission::sandbox::State::Partial;
    let mut command = if is_confined {
        let mut command = Command::new("/usr/bin/sandbox-exec");
        command.arg("-p").arg(seatbelt(job.confinement, job.temporary)).arg(SHELL);
        command
    } else {
        Command::new(SHELL)
    };
    command.env_clear();
    command.args(SHELL_ARGUMENTS).arg(job.command);
    command
}

/// Waits for the end, or makes it; behind it nothing of the command is left, as far as that is in our hands.
async fn end(
    child: &mut Child,
    line: Option<UnixStream>,
    time: Duration,
    cancel: &CancellationToken,
) -> Over {
    let Some(mut line) = line else { return end_bare(child, time, cancel).await.into() };
    let ended = tokio::select! {
        ended = told(child, &mut line) => ended,
        () = tokio::time::sleep(time) => Err(Ended::TimedOut),
        () = cancel.cancelled() => Err(Ended::Canceled),
    };
    match ended {
        // Nobody is left inside; how long the launcher takes for the rest is nobody's business.
        Ok(over) => over,
        Err(ended) => {
            // Hanging up is what a launcher waits for: it ends all that it started, and then itself.
            drop(line);
            if tokio::time::timeout(LAST_WORDS, child.wait()).await.is_err() {
                drop(Group(child.id()));
            }
            ended.into()
        }
    }
}

/// The same without a launcher: by the shell's status, and with its process group.
async fn end_bare(child: &mut Child, time: Duration, cancel: &CancellationToken) -> Ended {
    let pid = child.id();
    let group = Group(pid);
    let ended = tokio::select! {
        status = child.wait() => exit_of(status),
        () = tokio::time::sleep(time) => Ended::TimedOut,
        () = cancel.cancelled() => Ended::Canceled,
    };
    drop(group);
    // The child itself is the runtime's to collect; only behind it may its group be.
    if let Ok(Ok(_)) = tokio::time::timeout(LAST_WORDS, child.wait()).await {
        let _ = tokio::time::timeout(LAST_WORDS, collect(pid)).await;
    }
    ended
}

/// How the command ended, in the launcher's words; an error where it went without any.
async fn told(child: &mut Child, line: &mut UnixStream) -> Result<Over, Ended> {
    let mut words = Vec::new();
    let mut length = [0; 4];
    let read = async {
        line.read_exact(&mut length).await?;
        words.extend(length);
        let most = u64::from(u32::from_le_bytes(length));
        line.take(most).read_to_end(&mut words).await
    };
    match read.await.and_then(|_| read_news(words.as_slice())) {
        Ok(News::Exit(code)) => Ok(Ended::Exit(code).into()),
        Ok(News::ExitForgetting(code, forgotten)) => Ok(Over { ended: Ended::Exit(code), forgotten }),
        Ok(News::Signal(signal)) => Ok(Ended::Signal(signal).into()),
        Ok(News::Stopped(reason)) => Ok(Ended::Stopped(reason).into()),
        Ok(News::Failed(reason)) => Ok(Ended::Failed(reason).into()),
        // It was killed itself.
        Err(_) => Err(exit_of(child.wait().await)),
    }
}

/// A process group that is killed when this is dropped: after the child ended, for what it left behind; before, for
/// all.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let Some(pid) = self.0.and_then(as_pid) else { return };
        // Already gone is what we want.
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
}

fn as_pid(pid: u32) -> Option<rustix::process::Pid> {
    i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw)
}

/// Takes the dead members of a killed group off the list of processes, where they became our children.
async fn collect(group: Option<u32>) {
    let Some(group) = group.and_then(as_pid) else { return };
    loop {
        match rustix::process::waitpgid(group, rustix::process::WaitOptions::NOHANG) {
            Ok(Some(_)) => {}
            Ok(None) => tokio::time::sleep(DYING).await,
            // None is left, or none of them is ours.
            Err(_) => return,
        }
    }
}

fn exit_of(status: std::io::Result<std::process::ExitStatus>) -> Ended {
    use std::os::unix::process::ExitStatusExt;
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => Ended::Exit(code),
            (None, Some(signal)) => Ended::Signal(signal),
            (None, None) => Ended::Failed("it ended in an unknown way".to_owned()),
        },
        Err(error) => Ended::Failed(error.to_string()),
    }
}
