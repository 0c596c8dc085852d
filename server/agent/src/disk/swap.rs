//! Putting a new file in the place of an old one, without a moment at which neither is there.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use copydesk_base::files::FileError;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawMode, fchmod, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use super::open::{Found, Spot, look};
use super::refused;

/// The rights that belong to a file, without its kind.
const RIGHTS: RawMode = 0o7777;

/// A new file for a target. It has no name of its own until it is put in place, where the file system can do that: who
/// is killed while it is written leaves nothing. Dropping it takes away what stands under its own name then.
pub(super) struct Draft<'s> {
    spot: &'s Spot,
    text: &'s str,
    lies: Lies,
}

/// Where a draft lies.
enum Lies {
    Nowhere(File),
    /// Beside its target.
    Here(OsString),
}

impl<'s> Draft<'s> {
    /// Writes the text, with the rights of the file that it will replace, and waits until the disk has it.
    pub(super) fn of(spot: &'s Spot, text: &'s str) -> Result<Self, Errno> {
        match unnamed(spot) {
            Some(file) => Ok(Self { spot, text, lies: Lies::Nowhere(filled(file, spot, text)?) }),
            None => Self::beside(spot, text),
        }
    }

    fn beside(spot: &'s Spot, text: &'s str) -> Result<Self, Errno> {
        let (file, name) = fresh(spot)?;
        let draft = Self { spot, text, lies: Lies::Here(name) };
        filled(file, spot, text)?;
        Ok(draft)
    }

    /// Takes the target's name, if nobody has it.
    pub(super) fn appear(self) -> Result<(), Errno> {
        let (folder, name) = (&self.spot.folder, &self.spot.name);
        match &self.lies {
            Lies::Nowhere(file) => match link(file, self.spot, name) {
                Ok(()) => Ok(()),
                Err(Errno::EXIST) => Err(Errno::EXIST),
                Err(_) => Self::beside(self.spot, self.text)?.appear(),
            },
            Lies::Here(own) => match exchange(self.spot, own, name, How::IfFree) {
                Err(Errno::INVAL | Errno::NOSYS) => {
                    rustix::fs::linkat(folder, own, folder, name, AtFlags::empty())
                }
                done => done,
            },
        }
    }

    /// Takes the place of the target, if that is still what `verify` wants.
    pub(super) fn replace(
        mut self,
        path: &Path,
        verify: impl Fn(Result<Found, Errno>) -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        let own = self.named().map_err(|error| refused(path, error))?;
        let (folder, name) = (&self.spot.folder, &self.spot.name);
        match exchange(self.spot, &own, name, How::Swap) {
            // The old file stands under the draft's name now.
            Ok(()) => match verify(look(folder, &own)) {
                Ok(()) => Ok(()),
                Err(error) => {
                    exchange(self.spot, &own, name, How::Swap).map_err(|error| refused(path, error))?;
                    Err(error)
                }
            },
            Err(Errno::INVAL | Errno::NOSYS) => {
                verify(self.spot.look())?;
                renameat(folder, &own, folder, name).map_err(|error| refused(path, error))
            }
            Err(Errno::NOENT) => Err(FileError::Changed { path: path.to_owned() }),
            Err(error) => Err(refused(path, error)),
        }
    }

    /// Its name beside the target; from now on it has one.
    fn named(&mut self) -> Result<OsString, Errno> {
        while let Lies::Nowhere(file) = &self.lies {
            let name = unused();
            match link(file, self.spot, &name) {
                Ok(()) => self.lies = Lies::Here(name),
                Err(Errno::EXIST) => {}
                // What takes such files need not let them be named.
                Err(_) => *self = Self::beside(self.spot, self.text)?,
            }
        }
        match &self.lies {
            Lies::Here(name) => Ok(name.clone()),
            Lies::Nowhere(_) => Err(Errno::NOENT),
        }
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if let Lies::Here(name) = &self.lies {
            // A folder may stand there after an exchange went back in vain; it is not ours then.
            let _ = unlinkat(&self.spot.folder, name, AtFlags::empty());
        }
    }
}

/// Puts the text into a new file.
fn filled(file: OwnedFd, spot: &Spot, text: &str) -> Result<File, Errno> {
    let mut file = File::from(file);
    file.write_all(text.as_bytes()).map_err(|error| errno(&error))?;
    if let Ok(old) = statat(&spot.folder, &spot.name, AtFlags::SYMLINK_NOFOLLOW) {
        fchmod(&file, Mode::from_raw_mode(old.st_mode & RIGHTS))?;
    }
    file.sync_all().map_err(|error| errno(&error))?;
    Ok(file)
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

/// Gives a file that lies under one of our names the name of the target, if nobody has that.
pub(super) fn give_back(spot: &Spot, own: &OsStr) -> Result<(), Errno> {
    match exchange(spot, own, &spot.name, How::IfFree) {
        Err(Errno::INVAL | Errno::NOSYS) => Err(Errno::EXIST),
        done => done,
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
fn exchange(spot: &Spot, from: &OsStr, to: &OsStr, how: How) -> Result<(), Errno> {
    let flags = match how {
        How::Swap => rustix::fs::RenameFlags::EXCHANGE,
        How::IfFree => rustix::fs::RenameFlags::NOREPLACE,
    };
    rustix::fs::renameat_with(&spot.folder, from, &spot.folder, to, flags)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Spot, _: &OsStr, _: &OsStr, _: How) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}

/// A new file in the folder of a spot that has no name, if it can get one later.
#[cfg(target_os = "linux")]
fn unnamed(spot: &Spot) -> Option<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
    let file = openat(&spot.folder, ".", flags, Mode::from_raw_mode(0o666)).ok()?;
    statat(CWD, by_number(&file), AtFlags::empty()).ok()?;
    Some(file)
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Spot) -> Option<OwnedFd> {
    None
}

/// Gives a file a name in the folder of a spot, if nobody has it.
fn link(file: &File, spot: &Spot, name: &OsStr) -> Result<(), Errno> {
    rustix::fs::linkat(CWD, by_number(file), &spot.folder, name, AtFlags::SYMLINK_FOLLOW)
}

fn by_number(file: impl AsFd) -> String {
    format!("/proc/self/fd/{}", file.as_fd().as_raw_fd())
}

/// A new file under a name that nobody uses, with the rights that the person's umask gives to new files.
fn fresh(spot: &Spot) -> Result<(OwnedFd, OsString), Errno> {
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

/// What our names beside a file begin with; then the process, a count, and when the process began to count.
const OURS: &str = ".copydesk-";

/// Tells this process from an earlier one with its number.
static SINCE: LazyLock<u128> =
    LazyLock::new(|| std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos()));

fn unused() -> OsString {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{OURS}{}-{count}-{:x}", std::process::id(), *SINCE).into()
}

/// Whether it is one of those names, given by a process that is gone.
pub(super) fn is_left(name: &str) -> bool {
    let mut parts = name.strip_prefix(OURS).unwrap_or_default().split('-');
    let (Some(process), Some(count), Some(since), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let (Ok(process), Ok(_), Ok(since)) =
        (process.parse::<u32>(), count.parse::<u64>(), u128::from_str_radix(since, 16))
    else {
        return false;
    };
    if process == std::process::id() { since != *SINCE } else { !crate::is_alive(process) }
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}
