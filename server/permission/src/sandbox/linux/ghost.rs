//! Placeholders where nothing may appear, for as long as a command runs.
//!
//! They are made in the real tree and taken away by the last command that needed them, whichever server started it. So
//! who needs them says it where every launcher of every server looks: by a shared lock on the placeholder itself, an
//! empty folder that no build would lock, and for all that stands in a folder of git on that folder, where git takes no
//! such locks. The kernel gives up the lock of whoever was killed. The links are one link under many names, which costs
//! a few microseconds for each.
//!
//! Where a disk knows no locks the placeholders stay, and mean nothing.

use std::fs::{File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{CWD, FlockOperation, Mode, OFlags, RenameFlags, flock, open, renameat_with};
use rustix::io::Errno;

use crate::sandbox::vacancy::{FILE, FOLDER, NOWHERE, Placeholder, Vacancy, is_marked, is_placeholder};

/// How often a lock is tried for that another launcher has for a moment, while it takes away what nobody needs; and the
/// time in between.
const TRIES: usize = 500;
const PAUSE: Duration = Duration::from_millis(2);

/// The placeholders of a command; dropping them takes them away.
#[derive(Default)]
pub(super) struct Ghosts {
    holds: Vec<Hold>,
}

/// Those that one lock holds.
struct Hold {
    /// The folder that is locked.
    place: PathBuf,
    lock: File,
    names: Vec<Vacancy>,
}

impl Ghosts {
    /// Makes those that are missing. One that cannot be made is left out: nobody could make it inside either.
    pub(super) fn make(absent: &[Vacancy]) -> Result<Self, String> {
        let mut ghosts = Self::default();
        let mut link = None;
        for vacancy in absent {
            let made = match &vacancy.stand {
                Placeholder::Folder => ghosts.hold_folder(vacancy),
                Placeholder::Link => ghosts.hold_in_git(vacancy, |place| make_link(place, &mut link)),
                Placeholder::File(text) => ghosts.hold_in_git(vacancy, |place| file(place, text)),
            };
            made.map_err(|error| super::failed(&format!("keep {} free", vacancy.place.display()), error))?;
        }
        Ok(ghosts)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &Vacancy> {
        self.holds.iter().flat_map(|hold| &hold.names)
    }

    /// Makes an empty folder, or takes over the one that is there, and holds it.
    fn hold_folder(&mut self, vacancy: &Vacancy) -> std::io::Result<()> {
        let place = &vacancy.place;
        for _ in 0..TRIES {
            let made = std::fs::DirBuilder::new().mode(FOLDER).create(place);
            if made.as_ref().is_err_and(|error| error.kind() != ErrorKind::AlreadyExists) {
                return Ok(());
            }
            match shared(place) {
                Ok(lock) if made.is_ok() || is_placeholder(place) => {
                    self.holds.push(Hold { place: place.clone(), lock, names: vec![vacancy.clone()] });
                    return Ok(());
                }
                // Its last command has taken it away in between.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(error),
                // Somebody's own.
                _ => return Ok(()),
            }
        }
        Err(ErrorKind::WouldBlock.into())
    }

    /// Makes something in a folder of git, which is held before the first of them is made.
    fn hold_in_git(
        &mut self,
        vacancy: &Vacancy,
        make: impl FnOnce(&Path) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let Some(folder) = vacancy.place.parent() else { return Ok(()) };
        let at = match self.holds.iter().position(|hold| hold.place == folder) {
            Some(at) => at,
            None => match shared(folder) {
                Ok(lock) => {
                    self.holds.push(Hold { place: folder.to_owned(), lock, names: Vec::new() });
                    self.holds.len() - 1
                }
                // A folder that is not there, such as one where a link leads that leads to nothing.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    return Ok(());
                }
                Err(error) => return Err(error),
            },
        };
        let stands = match make(&vacancy.place) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => is_placeholder(&vacancy.place),
            made => made.is_ok(),
        };
        if stands {
            self.holds[at].names.push(vacancy.clone());
        }
        Ok(())
    }
}

/// A shared lock on the folder that stands there.
fn shared(place: &Path) -> std::io::Result<File> {
    for _ in 0..TRIES {
        // A pipe that stands there would be waited for.
        let folder =
            File::from(open(place, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?);
        match flock(&folder, FlockOperation::NonBlockingLockShared) {
            Err(Errno::WOULDBLOCK) => std::thread::sleep(PAUSE),
            // On a disk without locks nobody gets the one that takes away either.
            _ if is_at(&folder, place) => return Ok(folder),
            // Taken away while it was opened.
            _ => {}
        }
    }
    Err(ErrorKind::WouldBlock.into())
}

/// Whether an open folder is the one that stands there.
fn is_at(folder: &File, place: &Path) -> bool {
    match (folder.metadata(), place.metadata()) {
        (Ok(held), Ok(there)) => (held.dev(), held.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
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

impl Drop for Hold {
    fn drop(&mut self) {
        // Somebody else's command still needs them where this cannot be had.
        let is_last = flock(&self.lock, FlockOperation::NonBlockingLockExclusive).is_ok();
        if !is_last || !is_at(&self.lock, &self.place) {
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
    }
}
