//! Where a command runs: `cd` moves what relative words mean.

use std::path::{Path, PathBuf};

use super::words::Word;
use crate::place::follow;
use crate::policy::Policy;

/// The folders a command may run in; after `cd a; b` there are two, as `cd` may fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cwds {
    /// Resolved, at least one, few.
    Known(Vec<PathBuf>),
    Unknown,
}

/// More possible folders than this count as unknown.
const MOST: usize = 4;

impl Cwds {
    pub(super) fn of(cwd: &Path) -> Self {
        Self::Known(vec![cwd.to_path_buf()])
    }

    /// Whether the command runs in that folder and no other.
    pub(super) fn is_just(&self, folder: &Path) -> bool {
        matches!(self, Self::Known(folders) if folders.iter().all(|one| one == folder))
    }

    /// Either of two states.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(mut folders), Self::Known(others)) => {
                for other in others {
                    if !folders.contains(&other) {
                        folders.push(other);
                    }
                }
                if folders.len() > MOST { Self::Unknown } else { Self::Known(folders) }
            }
            _ => Self::Unknown,
        }
    }

    /// Where a word of a command would lie on the disk; none where that cannot be known.
    pub(super) fn places(&self, word: &Word, policy: &Policy) -> Option<Vec<PathBuf>> {
        if !word.is_literal() {
            return None;
        }
        self.places_of(&word.path(policy)?)
    }

    /// The same for a part of a word that is known to be a path.
    pub(super) fn places_of(&self, path: &str) -> Option<Vec<PathBuf>> {
        let path = Path::new(path);
        if path.is_absolute() {
            return Some(vec![follow(Path::new("/"), path)]);
        }
        match self {
            Self::Known(folders) => Some(folders.iter().map(|folder| follow(folder, path)).collect()),
            Self::Unknown => None,
        }
    }

    /// The state after a successful `cd` with these words.
    pub(super) fn after_cd(&self, words: &[Word], policy: &Policy) -> Self {
        let target = match words {
            [_] => return policy.home.as_deref().map_or(Self::Unknown, Self::of),
            [_, target] => target,
            [_, dashes, target] if dashes.text == "--" => target,
            _ => return Self::Unknown,
        };
        if target.text.starts_with('-') {
            return Self::Unknown;
        }
        self.places(target, policy).map_or(Self::Unknown, Self::Known)
    }
}
