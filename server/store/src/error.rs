//! What can go wrong, as fragments that fit behind "failed to".

use std::path::PathBuf;

use copydesk_base::RunId;

/// Why a database did not do what it was asked. The texts are whole: they name the cause and need no chain of sources.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("make {}: {cause}", path.display())]
    Create { path: PathBuf, cause: String },
    #[error("write {}: no space is left, so nothing was started; free some and try again", path.display())]
    Full { path: PathBuf },
    #[error("write {}: {because}", path.display())]
    ReadOnly { path: PathBuf, because: ReadOnly },
    #[error("use {}: {cause}", path.display())]
    Database { path: PathBuf, cause: String },
    /// The encrypted file of keys, or the key beside it.
    #[error("open {}: {cause}", path.display())]
    Sealed { path: PathBuf, cause: String },
    #[error("use the key {}: {cause}", path.display())]
    Key { path: PathBuf, cause: String },
    #[error("read run {run}: record {seq} is not what was written; somebody else changed the journal")]
    Tampered { run: RunId, seq: u64 },
    #[error("append to run {run}: record {found} came where {expected} was due")]
    OutOfOrder { run: RunId, expected: u64, found: u64 },
    #[error("reach the thread of {}: it has ended", path.display())]
    Ended { path: PathBuf },
}

/// Why a database is read and never written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadOnly {
    /// Made by a later version of this program.
    #[error("it has the layout {found} of a newer version, and this one writes {known}; update copydesk")]
    Newer { found: i64, known: i64 },
    /// Copied from another workspace or another user, or its key is gone.
    #[error("it belongs to another workspace or another user; move it away and a new one is made")]
    Foreign,
}
