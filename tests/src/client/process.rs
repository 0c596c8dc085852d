//! The server's process: its pipes, its stderr, its end, and what it must not leave behind.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::wire::{self, Incoming};

/// A running server. Killed when dropped.
pub(super) struct Process {
    child: Child,
    input: Option<Sender<Vec<u8>>>,
    pub(super) incoming: Receiver<Incoming>,
    errors: Arc<Mutex<String>>,
    ended: Option<ExitStatus>,
}

impl Process {
    pub(super) fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", command.get_program().display()));
        let (input, bytes) = channel();
        let (out, incoming) = channel();
        let errors = Arc::new(Mutex::new(String::new()));
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            unreachable!("all three pipes were asked for");
        };
        let heard = Arc::clone(&errors);
        start("server stdin", move || wire::write(stdin, &bytes));
        start("server stdout", move || wire::read(stdout, &out));
        start("server stderr", move || {
            let lines = std::io::BufRead::lines(std::io::BufReader::new(stderr));
            for line in lines.map_while(Result::ok) {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                heard.push_str(&line);
                heard.push('\n');
            }
        });
        Self { child, input: Some(input), incoming, errors, ended: None }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn send(&self, bytes: Vec<u8>) {
        if let Some(input) = &self.input {
            // A server that is gone is noticed where an answer is waited for, with the transcript.
            let _ = input.send(bytes);
        }
    }

    pub(super) fn close_input(&mut self) {
        self.input = None;
    }

    pub(super) fn errors(&self) -> String {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for the end; `None` if the process is still alive at `deadline`.
    pub(super) fn wait(&mut self, deadline: Instant) -> Option<ExitStatus> {
        let child = &mut self.child;
        self.ended = self.ended.or_else(|| eventually(deadline, || child.try_wait().ok().flatten()));
        self.ended
    }

    pub(super) fn kill(&mut self) {
        if self.ended.is_none() {
            let _ = self.child.kill();
            self.ended = self.child.wait().ok();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks again and again until there is an answer: for what the operating system will not announce.
pub fn eventually<T>(deadline: Instant, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() >= deadline {
            return None;
        }
        thread::park_timeout(Duration::from_millis(5));
    }
}

/// A process that still lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survivor {
    pub id: u32,
    pub command: String,
}

/// Processes that work in `folder` or below it, and the descendants of `ancestor`. Empty where there is no `/proc`.
pub fn living(folder: &Path, ancestor: Option<u32>) -> Vec<Survivor> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return vec![] };
    let all: Vec<(u32, u32, Option<PathBuf>, String)> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|id| *id != std::process::id())
        .filter_map(|id| {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
            // `id (name) state parent …`: the name may hold blanks and parentheses.
            let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
            let (state, parent) = (fields.next()?, fields.next()?.parse().ok()?);
            let command = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ").trim().to_owned();
            (state != "Z").then(|| (id, parent, std::fs::read_link(format!("/proc/{id}/cwd")).ok(), command))
        })
        .collect();
    let mut family: Vec<u32> = ancestor.into_iter().collect();
    let mut at = 0;
    while let Some(&parent) = family.get(at) {
        family.extend(all.iter().filter(|(_, its, ..)| *its == parent).map(|(id, ..)| *id));
        at += 1;
    }
    let is_one = |id: u32, cwd: &Option<PathBuf>| {
        Some(id) != ancestor
            && (family.contains(&id) || cwd.as_ref().is_some_and(|cwd| cwd.starts_with(folder)))
    };
    all.into_iter()
        .filter(|(id, _, cwd, _)| is_one(*id, cwd))
        .map(|(id, _, _, command)| Survivor { id, command })
        .collect()
}

/// Whether a process of this id lives (a zombie does not).
pub fn is_alive(id: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{id}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit_once(')').map(|(_, rest)| !rest.trim_start().starts_with('Z')))
        .unwrap_or(false)
}

/// The threads end with their pipes, and the pipes with the process.
fn start(name: &str, work: impl FnOnce() + Send + 'static) {
    let started = thread::Builder::new().name(name.to_owned()).spawn(work);
    if let Err(error) = started {
        panic!("cannot start the thread for {name}: {error}");
    }
}
