//! Placeholders where nothing may appear, for as long as a command runs.
//!
//! Each is made in the real tree, locked while a command needs it, and taken away by the last one that did. What the
//! person puts into one in the meantime stays.

use std::fs::Permissions;
use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, Mode, OFlags, RenameFlags, flock, open, renameat_with};

use super::plan::Kind;
use crate::sandbox::Vacancy;
use crate::sandbox::vacancy::{FILE, FOLDER, is_placeholder};

/// One placeholder; dropping it takes it away.
pub(super) struct Ghost {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    /// None in a process that only inherited it.
    lock: Option<OwnedFd>,
}

impl Ghost {
    /// Closes it here and leaves it to the launcher, which shares the lock: it was opened on the mounts of the machine,
    /// and whoever got hold of it would stand outside.
    pub(super) fn leave(&mut self) {
        self.lock = None;
    }
}

/// Makes those that are missing. One that cannot be made is left out: nobody could make it inside either.
pub(super) fn make(absent: &[Vacancy]) -> Vec<Ghost> {
    absent.iter().filter_map(one).collect()
}

fn one(vacancy: &Vacancy) -> Option<Ghost> {
    let path = &vacancy.place;
    let (kind, flags) = match vacancy.file {
        Some(_) => (Kind::File, OFlags::empty()),
        None => (Kind::Folder, OFlags::DIRECTORY),
    };
    // Twice: another launcher may take away the one that we found.
    for _ in 0..2 {
        let made = match &vacancy.file {
            Some(text) => file(path, text),
            None => std::fs::DirBuilder::new().mode(FOLDER).create(path),
        };
        match made {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return None,
            _ => {}
        }
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY | OFlags::NONBLOCK;
        let Ok(lock) = open(path, flags, Mode::empty()) else { continue };
        if flock(&lock, FlockOperation::LockShared).is_ok() && is_ghost(path) {
            return Some(Ghost { path: path.clone(), kind, lock: Some(lock) });
        }
    }
    None
}

/// Appears with its whole text or not at all: git stops at half of one.
fn file(path: &Path, text: &str) -> std::io::Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let draft = PathBuf::from(draft);
    let mut made = std::fs::OpenOptions::new().write(true).create_new(true).mode(FILE).open(&draft)?;
    let moved = made
        .write_all(text.as_bytes())
        .and_then(|()| Ok(renameat_with(CWD, &draft, CWD, path, RenameFlags::NOREPLACE)?));
    if moved.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    moved
}

fn is_ghost(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| is_placeholder(&metadata))
}

impl Drop for Ghost {
    fn drop(&mut self) {
        let Some(lock) = &self.lock else { return };
        // Somebody else's command still needs it where this cannot be had.
        if flock(lock, FlockOperation::NonBlockingLockExclusive).is_err() || !is_ghost(&self.path) {
            return;
        }
        let gone = match self.kind {
            Kind::Folder => std::fs::remove_dir(&self.path),
            Kind::File => std::fs::remove_file(&self.path),
        };
        if gone.is_err_and(|error| error.kind() == ErrorKind::DirectoryNotEmpty) {
            // The person put something into it: it is a folder like any other from now on.
            let _ = std::fs::set_permissions(&self.path, Permissions::from_mode(0o755));
        }
    }
}
