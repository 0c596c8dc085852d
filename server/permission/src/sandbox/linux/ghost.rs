//! Placeholders where nothing may appear, for as long as a command runs.
//!
//! They are made in the real tree and taken away by the last command that needed them. Who needs those of a folder holds
//! a shared lock, a file with the folder's number among our own state: locking anything in the tree could be in the way
//! of a build that does the same. The links are one link under many names, which costs a few microseconds for each.

use std::fs::{File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};

use crate::sandbox::vacancy::{FILE, FOLDER, NOWHERE, Placeholder, Vacancy, is_marked, is_placeholder};

/// The placeholders of a command; dropping them takes them away.
#[derive(Default)]
pub(super) struct Ghosts {
    folders: Vec<Folder>,
}

/// Those of one folder.
struct Folder {
    path: PathBuf,
    names: Vec<Vacancy>,
    lock: PathBuf,
    held: OwnedFd,
}

impl Ghosts {
    /// Makes those that are missing; `locks` is a folder for the locks. One that cannot be made is left out: nobody could
    /// make it inside either.
    pub(super) fn make(absent: &[Vacancy], locks: &Path) -> Result<Self, String> {
        let mut ghosts = Self::default();
        let mut link = None;
        for vacancy in absent {
            let Some(path) = vacancy.place.parent() else { continue };
            let at = match ghosts.folders.iter().position(|folder| folder.path == path) {
                Some(at) => at,
                None => match Folder::of(path, locks) {
                    Ok(folder) => {
                        ghosts.folders.push(folder);
                        ghosts.folders.len() - 1
                    }
                    // A folder that is not there, such as one where a link leads that leads to nothing.
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(error) => return Err(super::failed("lock what must stay free", error)),
                },
            };
            let made = match &vacancy.stand {
                Placeholder::Folder => std::fs::DirBuilder::new().mode(FOLDER).create(&vacancy.place),
                Placeholder::Link => make_link(&vacancy.place, &mut link),
                Placeholder::File(text) => file(&vacancy.place, text),
            };
            let stands = match made {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => is_placeholder(&vacancy.place),
                made => made.is_ok(),
            };
            if stands {
                ghosts.folders[at].names.push(vacancy.clone());
            }
        }
        Ok(ghosts)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &Vacancy> {
        self.folders.iter().flat_map(|folder| &folder.names)
    }
}

impl Folder {
    fn of(path: &Path, locks: &Path) -> std::io::Result<Self> {
        let metadata = path.metadata()?;
        let lock = locks.join(format!("{}-{}", metadata.dev(), metadata.ino()));
        // While another launcher takes its placeholders and its lock away, this waits, and begins anew.
        loop {
            let opened = open(&lock).or_else(|_| {
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(locks)?;
                open(&lock)
            })?;
            flock(&opened, FlockOperation::LockShared)?;
            let number = opened.metadata()?.ino();
            if lock.metadata().is_ok_and(|there| there.ino() == number) {
                return Ok(Self { path: path.to_owned(), names: Vec::new(), lock, held: opened.into() });
            }
        }
    }
}

fn open(lock: &Path) -> std::io::Result<File> {
    std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(lock)
}

/// Makes a placeholder that is a link, one more name of the last one where the disk can do that.
fn make_link(place: &Path, last: &mut Option<PathBuf>) -> std::io::Result<()> {
    let linked = last.as_ref().map(|last| std::fs::hard_link(last, place));
    match linked {
        Some(Ok(())) => return Ok(()),
        Some(Err(error)) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
        _ => symlink(NOWHERE, place)?,
    }
    *last = Some(place.to_owned());
    Ok(())
}

/// Makes one that is a file, which appears with its whole text or not at all: git stops at half of one.
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

impl Drop for Folder {
    fn drop(&mut self) {
        // Somebody else's command still needs them where this cannot be had.
        if flock(&self.held, FlockOperation::NonBlockingLockExclusive).is_err() {
            return;
        }
        for vacancy in self.names.iter().filter(|vacancy| is_marked(&vacancy.place)) {
            let gone = match vacancy.stand {
                Placeholder::Folder => std::fs::remove_dir(&vacancy.place),
                Placeholder::File(_) if !is_placeholder(&vacancy.place) => continue,
                Placeholder::Link | Placeholder::File(_) => std::fs::remove_file(&vacancy.place),
            };
            if gone.is_err_and(|error| error.kind() == ErrorKind::DirectoryNotEmpty) {
                // The person put something into it: it is a folder like any other from now on.
                let _ = std::fs::set_permissions(&vacancy.place, Permissions::from_mode(0o755));
            }
        }
        let _ = std::fs::remove_file(&self.lock);
    }
}
