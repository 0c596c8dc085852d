//! Putting a new file in the place of an old one, without a moment at which neither is there.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use copydesk_base::files::FileError;
use rustix::fs::{AtFlags, Mode, OFlags, RawMode, fchmod, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use super::open::{Found, Spot, look};
use super::refused;

/// The rights that belong to a file, without its kind.
const RIGHTS: RawMode = 0o7777;

/// A new file beside its target. Dropping it takes away what stands under its own name then.
pub(super) struct Draft<'s> {
    spot: &'s Spot,
    name: OsString,
}

impl<'s> Draft<'s> {
    /// Writes the text, with the rights of the file that it will replace, and waits until the disk has it.
    pub(super) fn beside(spot: &'s Spot, text: &str) -> Result<Self, Errno> {
        let (file, name) = fresh(spot)?;
        let draft = Self { spot, name };
        let mut file = File::from(file);
        file.write_all(text.as_bytes()).map_err(|error| errno(&error))?;
        if let Ok(old) = statat(&spot.folder, &spot.name, AtFlags::SYMLINK_NOFOLLOW) {
            fchmod(&file, Mode::from_raw_mode(old.st_mode & RIGHTS))?;
        }
        file.sync_all().map_err(|error| errno(&error))?;
        Ok(draft)
    }

    /// Takes the target's name, if nobody has it.
    pub(super) fn appear(self) -> Result<(), Errno> {
        let (folder, name) = (&self.spot.folder, &self.spot.name);
        match exchange(self.spot, &self.name, name, How::IfFree) {
            Err(Errno::INVAL | Errno::NOSYS) => {
                rustix::fs::linkat(folder, &self.name, folder, name, AtFlags::empty())
            }
            done => done,
        }
    }

    /// Takes the place of the target, if that is still what `verify` wants.
    pub(super) fn replace(
        self,
        path: &Path,
        verify: impl Fn(Result<Found, Errno>) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        let (folder, name) = (&self.spot.folder, &self.spot.name);
        match exchange(self.spot, &self.name, name, How::Swap) {
            // The old file stands under the draft's name now.
            Ok(()) => match verify(look(folder, &self.name)) {
                Ok(()) => Ok(()),
                Err(error) => {
                    exchange(self.spot, &self.name, name, How::Swap).map_err(|error| refused(path, error))?;
                    Err(error)
                }
            },
            Err(Errno::INVAL | Errno::NOSYS) => {
                verify(self.spot.look())?;
                renameat(folder, &self.name, folder, name).map_err(|error| refused(path, error))
            }
            Err(Errno::NOENT) => Err(FileError::Changed { path: path.to_owned() }),
            Err(error) => Err(refused(path, error)),
        }
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        // A folder may stand there after an exchange went back in vain; it is not ours then.
        let _ = unlinkat(&self.spot.folder, &self.name, AtFlags::empty());
    }
}

/// Takes a file away, if it is what `verify` wants once nobody else can reach it under its name.
pub(super) fn take_away(
    spot: &Spot,
    path: &Path,
    verify: impl Fn(Result<Found, Errno>) -> Result<(), FileError>,
) -> Result<(), FileError> {
    let bad = |error| refused(path, error);
    let aside = unused();
    match exchange(spot, &spot.name, &aside, How::IfFree) {
        Ok(()) => match verify(look(&spot.folder, &aside)) {
            Ok(()) => unlinkat(&spot.folder, &aside, AtFlags::empty()).map_err(bad),
            Err(error) => {
                exchange(spot, &aside, &spot.name, How::IfFree).map_err(bad)?;
                Err(error)
            }
        },
        Err(Errno::INVAL | Errno::NOSYS) => {
            verify(spot.look())?;
            unlinkat(&spot.folder, &spot.name, AtFlags::empty()).map_err(bad)
        }
        Err(Errno::NOENT) => Err(FileError::Changed { path: path.to_owned() }),
        Err(error) => Err(bad(error)),
    }
}

/// What happens to the second name.
#[derive(Clone, Copy)]
enum How {
    Swap,
    IfFree,
}

/// Renames within the folder of a spot, in one step.
#[cfg(target_os = "linux")]
fn exchange(spot: &Spot, from: &std::ffi::OsStr, to: &std::ffi::OsStr, how: How) -> Result<(), Errno> {
    let flags = match how {
        How::Swap => rustix::fs::RenameFlags::EXCHANGE,
        How::IfFree => rustix::fs::RenameFlags::NOREPLACE,
    };
    rustix::fs::renameat_with(&spot.folder, from, &spot.folder, to, flags)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Spot, _: &std::ffi::OsStr, _: &std::ffi::OsStr, _: How) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}

/// A new file under a name that nobody uses, with the rights that the person's umask gives to new files.
fn fresh(spot: &Spot) -> Result<(rustix::fd::OwnedFd, OsString), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    loop {
        let name = unused();
        match openat(&spot.folder, &name, flags, Mode::from_raw_mode(0o666)) {
            Ok(file) => return Ok((file, name)),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
    }
}

fn unused() -> OsString {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let moment = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.subsec_nanos());
    format!(".copydesk-{}-{count}-{moment:x}", std::process::id()).into()
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
