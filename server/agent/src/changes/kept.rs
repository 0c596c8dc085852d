//! What was there before a command, on the disk while it runs: after a `kill -9` the next start can tell what it did.
//!
//! Each run has a folder beside the journal, private like that: `files` has the workspace as [`around`](super::around)
//! found it, written anew only where it is another one, and `command` has which command it is and the files that it
//! names. A command that has ended takes `command` away, a run the folder.
//!
//! # Invariants
//! - A file has its name only when it is whole; one of another version, or that cannot be read, says nothing.
//! - A disk that does not take it holds up no command: then what a killed one did is not known, as ever.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use copydesk_base::{CallId, RunId, SessionId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::around::{Around, Entry};
use super::named::Named;
use crate::world::World;

const VERSION: u32 = 1;
/// What is written for each run.
const FILES: &str = "files";
const COMMAND: &str = "command";

/// A command that is about to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) call: CallId,
    /// The run whose edits its doing is.
    pub(super) edits_of: RunId,
    pub(super) conversation: SessionId,
    pub(super) began: SystemTime,
    /// When it has ended, whatever it does.
    pub(super) until: SystemTime,
    /// Whether another run was at work.
    pub(super) is_shared: bool,
}

/// What a run has written of what was there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    files: Option<Arc<Around>>,
}

/// A file with the length of its text; nothing where there is no file.
pub(super) type Length = (PathBuf, Option<usize>);

#[derive(Serialize, Deserialize)]
struct Head<T> {
    version: u32,
    what: T,
}

#[derive(Serialize, Deserialize)]
struct Workspace {
    root: PathBuf,
    is_whole: bool,
    files: Vec<Entry>,
    links: Vec<(PathBuf, PathBuf)>,
}

#[derive(Serialize, Deserialize)]
struct Command {
    begun: Begun,
    named: Vec<Length>,
    unkept: Vec<PathBuf>,
}

/// The folder of a run.
pub(super) fn folder(world: &World, run: &RunId) -> PathBuf {
    folders(world).join(run.as_str())
}

fn folders(world: &World) -> PathBuf {
    world.journal.path().with_file_name("before")
}

impl Kept {
    /// Writes down what is there before a command. Blocks.
    pub(super) fn write(&mut self, folder: &Path, begun: Begun, around: &Arc<Around>, named: &Named) {
        if let Err(error) = self.try_write(folder, begun, around, named) {
            tracing::info!(%error, "what is there before a command could not be kept");
        }
    }

    fn try_write(
        &mut self,
        folder: &Path,
        begun: Begun,
        around: &Arc<Around>,
        named: &Named,
    ) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        if self.files.as_ref().is_none_or(|files| !files.is(around)) {
            let (entries, texts) = around.parts();
            let files = Workspace {
                root: around.root().to_owned(),
                is_whole: around.is_whole(),
                files: entries,
                links: around.links(),
            };
            put(&folder.join(FILES), files, &texts)?;
            self.files = Some(around.clone());
        }
        let (named, unkept, texts) = named.parts();
        put(&folder.join(COMMAND), Command { begun, named, unkept }, &texts)
    }
}

/// The command that a run was in, and what was there before; nothing where it was in none.
pub(super) fn read(folder: &Path) -> Option<(Begun, Around, Named)> {
    let (command, rest) = get::<Command>(&folder.join(COMMAND))?;
    let Command { begun, named, unkept } = command;
    let named = Named::from_parts(named, unkept, &rest)?;
    let (files, texts) = get::<Workspace>(&folder.join(FILES))?;
    let around = Around::from_parts(files.root, files.is_whole, (files.files, files.links), &texts)?;
    Some((begun, around, named))
}

/// The command has ended, and what it did is on record.
pub(super) fn settled(folder: &Path) {
    // Where it was not written there is nothing to take away.
    let _ = std::fs::remove_file(folder.join(COMMAND));
}

/// The run has ended.
pub(crate) fn forget(world: &World, run: &RunId) {
    let folder = folder(world, run);
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::info!(%error, folder = %folder.display(), "what was kept of a run stays");
        }
        _ => {}
    }
}

/// The runs of which something is kept.
pub(crate) fn runs(world: &World) -> Vec<RunId> {
    let entries = std::fs::read_dir(folders(world)).into_iter().flatten().flatten();
    entries.map(|entry| RunId::from(entry.file_name().to_string_lossy().as_ref())).collect()
}

/// Writes what it is in one line, and texts behind it.
fn put(path: &Path, what: impl Serialize, texts: &[&str]) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(&Head { version: VERSION, what })?;
    bytes.push(b'\n');
    let draft = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(&bytes)?;
    for text in texts {
        file.write_all(text.as_bytes())?;
    }
    std::fs::rename(draft, path)
}

fn get<T: DeserializeOwned>(path: &Path) -> Option<(T, String)> {
    let mut text = std::fs::read_to_string(path).ok()?;
    let end = text.find('\n')?;
    let Head { version, what } = serde_json::from_str(&text[..end]).ok()?;
    text.drain(..=end);
    (version == VERSION).then_some((what, text))
}

/// The texts of these lengths, one behind the other.
pub(super) fn cut(texts: &str, lengths: impl Iterator<Item = Option<usize>>) -> Option<Vec<Option<&str>>> {
    let mut from = 0;
    let mut next = |length: usize| {
        let text = texts.get(from..from + length)?;
        from += length;
        Some(text)
    };
    lengths.map(|length| length.map_or(Some(None), |length| next(length).map(Some))).collect()
}
