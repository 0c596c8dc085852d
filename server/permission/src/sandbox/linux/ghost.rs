//! Empty folders that stand where nothing may appear, for as long as a command runs.
//!
//! A mount needs something to stand on. The folder is made in the real tree, told by its mode, locked while a command
//! needs it, and taken away by the last one that did. What the person puts into it in the meantime stays.

use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};

use crate::sandbox::survey::{GHOST, is_ghost};

/// One such folder; dropping it takes it away.
pub(super) struct Ghost {
    pub(super) path: PathBuf,
    /// None in a process that only inherited it.
    lock: Option<OwnedFd>,
}

impl Ghost {
    /// Closes the folder here and leaves it to the launcher, which shares the lock: it was opened on the mounts of the
    /// machine, and whoever got hold of it would stand outside.
    pub(super) fn leave(&mut self) {
        self.lock = None;
    }
}

/// Makes those that are missing. One that cannot be made is left out: nobody could make it inside either.
pub(super) fn make(absent: &[PathBuf]) -> Vec<Ghost> {
    absent.iter().filter_map(|path| one(path)).collect()
}

fn one(path: &Path) -> Option<Ghost> {
    // Twice: another launcher may take away the one that we found.
    for _ in 0..2 {
        match std::fs::DirBuilder::new().mode(GHOST).create(path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && is_ghost(path) => {}
            Err(_) => return None,
        }
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        let Ok(lock) = open(path, flags, Mode::empty()) else { continue };
        if flock(&lock, FlockOperation::LockShared).is_ok() && is_ghost(path) {
            return Some(Ghost { path: path.to_owned(), lock: Some(lock) });
        }
    }
    None
}

impl Drop for Ghost {
    fn drop(&mut self) {
        let Some(lock) = &self.lock else { return };
        // Somebody else's command still needs it where this cannot be had.
        if flock(lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            // Not empty: then it is the person's now.
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}
