//! Protected names that nothing has, and what stands there while a command runs.
//!
//! A mount needs something to stand on. So the launcher puts a *placeholder* there, in the real tree: an empty folder, or
//! for git a file that says nothing new. It is told by its mode, which no file has by chance.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::zone::Stand;

/// One such name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vacancy {
    pub place: PathBuf,
    /// The text of a file that means nothing there; none where a folder means nothing.
    pub file: Option<String>,
}

impl Vacancy {
    pub(crate) fn new(place: PathBuf, stand: Stand) -> Self {
        let file = match stand {
            Stand::Folder => None,
            Stand::File(text) => Some(text.to_owned()),
        };
        Self { place, file }
    }
}

/// The modes of placeholders.
pub(super) const FOLDER: u32 = 0o1711;
pub(super) const FILE: u32 = 0o1444;

/// Whether something stands there, and not only a placeholder.
pub(super) fn is_there(place: &Path) -> bool {
    place.symlink_metadata().is_ok_and(|metadata| !is_placeholder(&metadata))
}

/// Whether this is a placeholder; a strict umask leaves the first digits of its mode.
pub(super) fn is_placeholder(metadata: &Metadata) -> bool {
    let mode = metadata.mode();
    let is_told = |all: u32, first: u32| mode & first == first && mode & 0o7777 & !all == 0;
    (metadata.is_dir() && is_told(FOLDER, 0o1700)) || (metadata.is_file() && is_told(FILE, 0o1400))
}
