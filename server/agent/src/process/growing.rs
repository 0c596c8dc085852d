//! Output that grows in a file, for what runs in the background: an editor can open it, and a tool reads on where it
//! stopped.
//!
//! Whole lines are written, since a secret is known by the line in which it stands. What is past [`LARGEST`] is counted
//! and not kept.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use copydesk_base::Redactor;
use tokio::sync::Notify;

/// The most that is kept of one command, in bytes.
const LARGEST: usize = 8 * 1024 * 1024;
/// The longest line that is waited for, in bytes.
const LINE: usize = 16 * 1024;

/// The output of one command.
pub(crate) struct Growing {
    path: PathBuf,
    redactor: Redactor,
    state: Mutex<State>,
    /// More came, or it is over.
    pub(crate) more: Notify,
}

struct State {
    file: File,
    /// The line that is not whole yet.
    begun: Vec<u8>,
    written: usize,
    dropped: usize,
}

impl Growing {
    /// A new file of that name in a private folder.
    pub(crate) fn make(folder: &Path, name: &str, redactor: Redactor) -> std::io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let path = folder.join(name);
        let file = OpenOptions::new().create_new(true).append(true).mode(0o600).open(&path)?;
        let state = Mutex::new(State { file, begun: Vec::new(), written: 0, dropped: 0 });
        Ok(Self { path, redactor, state, more: Notify::new() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes in what was printed.
    pub(crate) fn take(&self, bytes: &[u8]) {
        let mut state = self.state();
        state.begun.extend_from_slice(bytes);
        let end = state.begun.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
        let end = end.or_else(|| (state.begun.len() > LINE).then_some(state.begun.len()));
        if let Some(end) = end {
            let whole: Vec<u8> = state.begun.drain(..end).collect();
            self.write(&mut state, &whole);
        }
        drop(state);
        self.more.notify_waiters();
    }

    /// Writes what is left, and how it ended.
    pub(crate) fn finish(&self, note: &str) {
        let mut state = self.state();
        let rest = std::mem::take(&mut state.begun);
        self.write(&mut state, &rest);
        let gap = if rest.last().is_some_and(|last| *last != b'\n') { "\n" } else { "" };
        let dropped = match state.dropped {
            0 => String::new(),
            bytes => format!("[{bytes} bytes left out]\n"),
        };
        // A disk that is full takes the last line, too; the journal has it.
        let _ = state.file.write_all(format!("{gap}{dropped}[{note}]\n").as_bytes());
        drop(state);
        self.more.notify_waiters();
    }

    fn write(&self, state: &mut State, bytes: &[u8]) {
        let text = self.redactor.clean(&String::from_utf8_lossy(bytes));
        if state.written + text.len() > LARGEST || state.file.write_all(text.as_bytes()).is_err() {
            state.dropped += bytes.len();
        } else {
            state.written += text.len();
        }
    }

    /// The whole lines from an offset on, the last ones where those are too many, and the offset behind them.
    pub(crate) fn since(&self, from: u64, most: u64) -> std::io::Result<(String, u64)> {
        let mut file = File::open(&self.path)?;
        let end = file.metadata()?.len();
        let start = from.max(end.saturating_sub(most));
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(end.saturating_sub(start)).read_to_end(&mut bytes)?;
        let left = if start > from { format!("[{} bytes left out]\n", start - from) } else { String::new() };
        Ok((left + &String::from_utf8_lossy(&bytes), end))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_lines_grow_and_are_read_on() {
        let folder = tempfile::tempdir().unwrap();
        let redactor = Redactor::new(["hunter2-hunter2".to_owned()]);
        let output = Growing::make(&folder.path().join("output"), "a.log", redactor).unwrap();
        output.take(b"one\nkey hunter2-");
        assert_eq!(output.since(0, 100).unwrap(), ("one\n".to_owned(), 4));
        output.take(b"hunter2\nthree");
        let (text, at) = output.since(4, 100).unwrap();
        assert!(text.starts_with("key ") && text.ends_with('\n') && !text.contains("hunter2"), "{text}");
        output.finish("exit code 0");
        assert_eq!(output.since(at, 100).unwrap().0, "three\n[exit code 0]\n");
        assert_eq!(output.since(0, 5).unwrap().0.lines().last(), Some("e 0]"));
        assert!(Growing::make(&folder.path().join("output"), "a.log", Redactor::default()).is_err());
    }
}
