//! Temporary folders of runs: private, gone with their owner, and swept where the owner was killed.
//!
//! A folder is locked while its owner lives, and its name has the owner's number. Whoever starts next takes away those
//! whose process is gone and whose lock is free: both, since a number may be given anew, and another system that shares
//! the disk counts its processes by itself.

use std::fs::{File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// What folders are called that are the temporary folder of a run's commands.
pub(crate) const RUN: &str = "copydesk-run-";
/// And those in which drafts are checked.
pub(crate) const SHADOW: &str = "copydesk-shadow-";

/// A temporary folder that nobody else on the machine can look into, whatever the umask says.
pub(crate) struct Lodging {
    folder: TempDir,
    _lock: File,
}

impl Lodging {
    pub(crate) fn make(prefix: &str) -> std::io::Result<Self> {
        Self::make_in(&std::env::temp_dir(), prefix)
    }

    fn make_in(place: &Path, prefix: &str) -> std::io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        let prefix = format!("{prefix}{}-", std::process::id());
        let folder = builder.prefix(&prefix).permissions(Permissions::from_mode(0o700)).tempdir_in(place)?;
        let lock = File::open(folder.path())?;
        if let Err(error) = lock.try_lock() {
            // Some network disks lock no folders; there nothing is swept either.
            tracing::info!(%error, "a temporary folder cannot be locked");
        }
        Ok(Self { folder, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Lodging {
    fn drop(&mut self) {
        open_up(self.folder.path());
    }
}

/// The kernel leaves a folder in a layer that only an administrator can look into, and so cannot be taken away.
fn open_up(folder: &Path) {
    // Where there is no layer there is nothing to open.
    let _ = std::fs::set_permissions(folder.join("work").join("work"), Permissions::from_mode(0o700));
}

/// Takes the folders away that killed processes of this user left. Blocks.
pub(crate) fn sweep() {
    sweep_in(&std::env::temp_dir());
}

fn sweep_in(place: &Path) {
    let Ok(entries) = std::fs::read_dir(place) else { return };
    for folder in entries.flatten().map(|entry| entry.path()).filter(is_left) {
        open_up(&folder);
        if let Err(error) = std::fs::remove_dir_all(&folder) {
            tracing::info!(%error, folder = %folder.display(), "a folder of a killed run stays");
        }
    }
}

/// Whether a folder is one of ours whose owner is gone.
fn is_left(folder: &PathBuf) -> bool {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let rest = [RUN, SHADOW].iter().find_map(|prefix| name.strip_prefix(prefix));
    let owner = rest.and_then(|rest| rest.split_once('-')).and_then(|(pid, _)| pid.parse().ok());
    let is_gone = owner.is_some_and(|pid: u32| pid != std::process::id() && !crate::is_alive(pid));
    let is_ours = folder
        .symlink_metadata()
        .is_ok_and(|there| there.is_dir() && there.uid() == rustix::process::getuid().as_raw());
    let is_free = || File::open(folder).is_ok_and(|lock| lock.try_lock().is_ok());
    is_gone && is_ours && is_free()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_swept_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        // No process has this number.
        let gone = u32::MAX - 1;
        let make = |name: &str| {
            let folder = place.path().join(name);
            std::fs::create_dir_all(folder.join("work/work")).unwrap();
            std::fs::write(folder.join("file"), "x").unwrap();
            std::fs::set_permissions(folder.join("work/work"), Permissions::from_mode(0o000)).unwrap();
        };
        let living = std::os::unix::process::parent_id();
        let kept = [
            format!("{RUN}{living}-a"),
            format!("{RUN}{gone}"),
            format!("copydesk-tour-{gone}-a"),
            "copydesk-run-x-a".to_owned(),
        ];
        for name in &kept {
            make(name);
        }
        make(&format!("{RUN}{gone}-a"));
        make(&format!("{SHADOW}{gone}-b"));
        let mine = Lodging::make_in(place.path(), RUN).unwrap();
        let locked = place.path().join(format!("{RUN}{gone}-c"));
        std::fs::create_dir(&locked).unwrap();
        let lock = File::open(&locked).unwrap();
        lock.lock().unwrap();
        sweep_in(place.path());
        let mut left: Vec<String> = std::fs::read_dir(place.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        let mut expect = kept.to_vec();
        expect.push(mine.path().file_name().unwrap().to_string_lossy().into_owned());
        expect.push(format!("{RUN}{gone}-c"));
        expect.sort();
        assert_eq!(left, expect);
        let path = mine.path().to_owned();
        drop(mine);
        assert!(!path.exists());
        for name in &kept {
            open_up(&place.path().join(name));
        }
    }
}
