//! How every room sees files: open buffers first, then the disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ContentHash;
use crate::change::Instead;

/// A text as it stands right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileText {
    pub text: Arc<str>,
    pub hash: ContentHash,
    /// The version of the open document; `None` is the disk.
    pub version: Option<i32>,
}

/// The one view of files. Agents, tools and workflows never read around it.
pub trait Files: Send + Sync {
    /// The whole text of `path` (absolute, resolved).
    fn read(&self, path: &Path) -> Result<FileText, FileError>;

    /// The file itself, to be read piece by piece; what an editor holds open is not in it.
    fn open(&self, path: &Path) -> Result<std::fs::File, FileError>;

    /// Opens many files as [`Files::open`] does, one behind the other, at less cost where they stand in one folder.
    /// They are those that a listing called plain files; what has become something else since is refused.
    fn opening(&self) -> Opening<'_>;

    /// What is in a folder, by name.
    fn list(&self, path: &Path) -> Result<Vec<Entry>, FileError>;

    /// Replaces or creates a file that no editor holds open: a temporary file beside it and a rename, after the disk
    /// was found to be what `expect` says.
    fn write(&self, path: &Path, text: &str, expect: Expect) -> Result<(), FileError>;

    /// Takes a file away, under the same precondition. For undoing a creation.
    fn remove(&self, path: &Path, expect: Expect) -> Result<(), FileError>;

    /// The same for one that an editor holds open: what the editor shows stays as it is.
    fn remove_saved(&self, path: &Path, expect: Expect) -> Result<(), FileError> {
        self.remove(path, expect)
    }

    /// Takes a folder away, if nothing is in it.
    fn remove_folder(&self, path: &Path) -> Result<(), FileError>;

    /// Takes away what stands where a file was, if it is still this; a folder if nothing is in it.
    fn clear(&self, path: &Path, instead: &Instead) -> Result<(), FileError>;

    /// Whether an editor holds it open, so that a write must go through the client.
    fn is_open(&self, path: &Path) -> bool;

    /// The files that an editor holds open; their texts may not be on the disk yet.
    fn held_open(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    /// How often an editor has saved each file that it saved at all.
    fn saves(&self) -> BTreeMap<PathBuf, u64> {
        BTreeMap::new()
    }
}

/// A file that was opened, and what was learnt of it then.
#[derive(Debug)]
pub struct Opened {
    pub file: std::fs::File,
    /// How many bytes it had.
    pub length: u64,
    /// Which file it is, where it has more names than one.
    pub several: Option<FileNumber>,
}

/// What a file is on its machine, whatever it is called: its device and its number there.
pub type FileNumber = (u64, u64);

/// Opens one file after the other.
pub type Opening<'a> = Box<dyn FnMut(&Path) -> Result<Opened, FileError> + 'a>;

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub name: String,
    pub is_folder: bool,
}

/// What must still be true for a write to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    Absent,
    Hash(ContentHash),
}

/// The largest file that is read as a text: 16 MiB.
pub const LARGEST_FILE: u64 = 16 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("find {}", path.display())]
    Absent { path: PathBuf },
    #[error("read {} as text: it is not valid UTF-8 at byte {offset}", path.display())]
    NotText { path: PathBuf, offset: usize },
    #[error("read {}: {bytes} bytes are more than the {LARGEST_FILE} that are read", path.display())]
    TooLarge { path: PathBuf, bytes: u64 },
    #[error("use {}: it is no regular file", path.display())]
    NotRegular { path: PathBuf },
    #[error("write {}: it changed in the meantime", path.display())]
    Changed { path: PathBuf },
    #[error("write {}: it is one file with several names (hard links), and only one of them would change", path.display())]
    Linked { path: PathBuf },
    #[error("write {}: an editor holds it open", path.display())]
    Open { path: PathBuf },
    #[error("reach {}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
}
