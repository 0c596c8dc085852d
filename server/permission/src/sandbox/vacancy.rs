//! Protected names that nothing has, and what stands there while a command runs.
//!
//! A mount needs something to stand on. So the launcher puts a *placeholder* there, in the real tree: an empty folder,
//! told by its mode, or within a folder of git a symbolic link to nothing, which to everybody who looks for the name is
//! the same as no such file.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::zone::{IN_GIT, IN_WORKTREE, Stand};

/// One such name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vacancy {
    pub place: PathBuf,
    pub stand: Placeholder,
}

/// What can stand there meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placeholder {
    Folder,
    Link,
    /// A file with a text that says nothing new.
    File(String),
}

impl Vacancy {
    pub(crate) fn new(place: PathBuf, stand: Stand) -> Self {
        let stand = match stand {
            Stand::Folder => Placeholder::Folder,
            Stand::Link => Placeholder::Link,
            Stand::File(text) => Placeholder::File(text.to_owned()),
        };
        Self { place, stand }
    }
}

/// Where those that are links lead: nothing is there, and nobody can make it.
pub(super) const NOWHERE: &str = "/proc/held-by-copydesk-while-a-command-runs";
/// The modes of those that are folders and files. None has them by chance.
pub(super) const FOLDER: u32 = 0o1711;
pub(super) const FILE: u32 = 0o1444;

/// Whether something stands there, and not only a placeholder.
pub(super) fn is_there(place: &Path) -> bool {
    place.symlink_metadata().is_ok() && !is_placeholder(place)
}

/// Whether a placeholder stands there: something with its mark that says nothing. What only looks like one (a `.bashrc`
/// with that mode) is somebody's.
pub(super) fn is_placeholder(place: &Path) -> bool {
    let says_nothing = || match place.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => {
            std::fs::read_dir(place).is_ok_and(|mut entries| entries.next().is_none())
        }
        Ok(metadata) if metadata.is_file() => {
            let texts = IN_GIT.iter().chain(IN_WORKTREE).filter_map(|(_, stand)| match stand {
                Stand::File(text) => Some(*text),
                _ => None,
            });
            let lengths: Vec<u64> = texts.clone().map(|text| text.len() as u64).collect();
            lengths.contains(&metadata.len())
                && std::fs::read_to_string(place).is_ok_and(|text| texts.clone().any(|known| known == text))
        }
        _ => true,
    };
    is_marked(place) && says_nothing()
}

/// Whether a place has the mark of a placeholder; of its mode a strict umask leaves the first digits.
pub(super) fn is_marked(place: &Path) -> bool {
    let is_told = |mode: u32, all: u32, first: u32| mode & first == first && mode & 0o7777 & !all == 0;
    match place.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => is_told(metadata.mode(), FOLDER, 0o1700),
        Ok(metadata) if metadata.is_file() => is_told(metadata.mode(), FILE, 0o1400),
        Ok(metadata) if metadata.is_symlink() => {
            place.read_link().is_ok_and(|target| target == Path::new(NOWHERE))
        }
        _ => false,
    }
}
