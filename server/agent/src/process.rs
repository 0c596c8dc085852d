//! Child processes: one process group a tool call, an environment by allow-list, no input, bounded output and time.
//!
//! There is no sandbox yet; `doctor` and every approval say so by the state *unsupported*. A child cannot read from the
//! person's terminal (its standard input is empty), sees none of the editor's, the terminal's or the provider's
//! variables, and its whole group is killed when its time is up, when the run is canceled and when the server ends.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

/// The one shell. A fixed one, so that what was read is what is run.
pub(crate) const SHELL: &str = "/bin/bash";

/// The most that is kept of one output stream: the first and the last half of it, in bytes.
const KEPT: usize = 32 * 1024;

/// How long output is still read after a child has ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How often it is looked whether a killed process has gone.
const DYING: Duration = Duration::from_millis(5);

/// How a child ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Exit(i32),
    Signal(i32),
    TimedOut,
    Canceled,
    /// It could not start.
    Failed(String),
}

/// What a child printed, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    pub(crate) ended: Ended,
    pub(crate) output: String,
}

/// Runs `command` in the shell until it ends, its time is up or it is canceled.
pub(crate) async fn shell(
    command: &str,
    cwd: &Path,
    env: &[(String, String)],
    limit: Duration,
    cancel: &CancellationToken,
) -> Finished {
    let mut child = Command::new(SHELL);
    child
        .args(["--noprofile", "--norc", "-c", command])
        .current_dir(cwd)
        .env_clear()
        .envs(env.iter().map(|(key, value)| (key.as_str(), value.as_str())))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = match child.spawn() {
        Ok(child) => child,
        Err(error) => return Finished { ended: Ended::Failed(error.to_string()), output: String::new() },
    };
    let pid = child.id();
    let group = Group(pid);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (mut out, mut err) = (Kept::default(), Kept::default());
    let ended = {
        let reading = async { tokio::join!(keep(stdout, &mut out), keep(stderr, &mut err)) };
        let ending = async {
            let ended = tokio::select! {
                status = child.wait() => exit_of(status),
                () = tokio::time::sleep(limit) => Ended::TimedOut,
                () = cancel.cancelled() => Ended::Canceled,
            };
            drop(group);
            // The child itself is the runtime's to collect; only behind it may its group be.
            if let Ok(Ok(_)) = tokio::time::timeout(LAST_WORDS, child.wait()).await {
                let _ = tokio::time::timeout(LAST_WORDS, collect(pid)).await;
            }
            ended
        };
        tokio::pin!(reading, ending);
        tokio::select! {
            ended = &mut ending => {
                // What it printed is still in the pipe. One who left the group may hold the pipe for ever.
                let _ = tokio::time::timeout(LAST_WORDS, &mut reading).await;
                ended
            }
            _ = &mut reading => ending.await,
        }
    };
    Finished { ended, output: joined(&out, &err) }
}

/// A process group that is killed when this is dropped: after the child ended, for what it left behind; before, for all.
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

/// The first and the last part of a stream; the middle is counted and dropped.
#[derive(Default)]
struct Kept {
    head: Vec<u8>,
    tail: std::collections::VecDeque<u8>,
    dropped: usize,
}

async fn keep(stream: Option<impl AsyncRead + Unpin>, kept: &mut Kept) {
    let Some(mut stream) = stream else { return };
    let mut buffer = vec![0u8; 8192];
    while let Ok(read) = stream.read(&mut buffer).await {
        if read == 0 {
            break;
        }
        for byte in &buffer[..read] {
            if kept.head.len() < KEPT / 2 {
                kept.head.push(*byte);
            } else {
                kept.tail.push_back(*byte);
                if kept.tail.len() > KEPT / 2 {
                    kept.tail.pop_front();
                    kept.dropped += 1;
                }
            }
        }
    }
}

fn joined(out: &Kept, err: &Kept) -> String {
    let mut text = shown(out);
    let errors = shown(err);
    if !errors.is_empty() {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&errors);
    }
    text
}

fn shown(kept: &Kept) -> String {
    let tail: Vec<u8> = kept.tail.iter().copied().collect();
    if kept.dropped == 0 {
        let whole = [kept.head.as_slice(), tail.as_slice()].concat();
        return String::from_utf8_lossy(&whole).into_owned();
    }
    format!(
        "{}\n[{} bytes left out]\n{}",
        String::from_utf8_lossy(&kept.head),
        kept.dropped,
        String::from_utf8_lossy(&tail)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(command: &str, limit: Duration) -> Finished {
        let env = vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())];
        shell(command, Path::new("/"), &env, limit, &CancellationToken::new()).await
    }

    #[tokio::test]
    async fn a_child_has_our_environment_no_input_and_a_status() {
        let finished =
            run("env | cut -d= -f1 | sort | tr '\\n' ' '; cat; exit 3", Duration::from_secs(20)).await;
        assert_eq!(finished.ended, Ended::Exit(3));
        assert_eq!(finished.output.trim(), "PATH PWD SHLVL _");
    }

    #[tokio::test]
    async fn a_flood_is_bounded_and_says_so() {
        let finished = run("head -c 1000000 /dev/zero | tr '\\0' x", Duration::from_secs(20)).await;
        assert!(finished.output.len() < KEPT + 100);
        assert!(finished.output.contains("[967232 bytes left out]"), "{}", &finished.output[16380..16450]);
    }

    #[tokio::test]
    async fn the_whole_group_dies_with_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("pid");
        let command = format!("sleep 1000 & echo $! > {}; wait", pid_file.display());
        let finished = run(&command, Duration::from_millis(700)).await;
        assert_eq!(finished.ended, Ended::TimedOut);
        let pid: i32 = std::fs::read_to_string(pid_file).unwrap().trim().parse().unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        let gone = || match std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())) {
            Ok(stat) => stat.contains(") Z "),
            Err(_) => true,
        };
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while !gone() {
            assert!(std::time::Instant::now() < deadline, "the grandchild outlived its group");
            tokio::task::yield_now().await;
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn no_dead_process_is_left_on_the_list() {
        // As the binary does: who loses its parent becomes our child.
        rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
        for (end, limit) in [("exit 0", 20_000), ("wait", 500)] {
            let folder = tempfile::tempdir().unwrap();
            let pid_file = folder.path().join("pid");
            let command = format!("sleep 1000 >/dev/null 2>&1 & echo $! > {}; {end}", pid_file.display());
            run(&command, Duration::from_millis(limit)).await;
            let pid = std::fs::read_to_string(pid_file).unwrap();
            assert!(!Path::new(&format!("/proc/{}", pid.trim())).exists(), "{end}: {pid} is still listed");
        }
    }

    #[tokio::test]
    async fn a_cancel_ends_it() {
        let cancel = CancellationToken::new();
        cancel.cancel();
        let finished = shell("sleep 1000", Path::new("/"), &[], Duration::from_secs(100), &cancel).await;
        assert_eq!(finished.ended, Ended::Canceled);
    }
}
