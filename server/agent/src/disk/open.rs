//! Opening exactly what was judged: a path without links, held by its folder while something is done to a name in it.
//!
//! Judging resolved every symbolic link. So none may stand in the path when it is opened, neither one that was there
//! nor one that somebody put there since. Linux does it in one call (`openat2`); elsewhere the path is walked folder by
//! folder.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use copydesk_base::files::FileNumber;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, mkdirat, open, openat, statat};
use rustix::io::Errno;

/// What a folder is opened for: to reach what is in it.
const REACH: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);

/// A name in a folder that is held open: whatever happens to the path, this stays the same folder.
#[derive(Debug)]
pub(super) struct Spot {
    pub(super) folder: OwnedFd,
    pub(super) name: OsString,
}

/// What stands where a regular file is wanted.
#[derive(Debug)]
pub(super) enum Found {
    File(File),
    Nothing,
    /// A link, a folder, a pipe, a device, or a file of the kernel's own.
    Other,
}

impl Spot {
    /// The place of a path whose folder is there.
    pub(super) fn of(path: &Path) -> Result<Self, Errno> {
        let (folder, name) = parts(path)?;
        Ok(Self { folder: reach(folder)?, name: name.to_owned() })
    }

    /// The same, the folders that are missing made.
    pub(super) fn making(path: &Path) -> Result<Self, Errno> {
        let (folder, name) = parts(path)?;
        Ok(Self { folder: reach_making(folder)?, name: name.to_owned() })
    }

    /// Opens the regular file of that name for reading. Nothing else is even opened: a pipe would wait, a device act.
    pub(super) fn look(&self) -> Result<Found, Errno> {
        look(&self.folder, &self.name)
    }
}

/// The folder that was reached last, for those who open one file after the other.
#[derive(Debug, Default)]
pub(super) struct Last {
    folder: Option<(PathBuf, OwnedFd)>,
    /// A device that is known to be none of the kernel's.
    device: Option<u64>,
}

/// What is known of a file that was opened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    pub(super) length: u64,
    /// Which one it is, where it has several names.
    pub(super) several: Option<FileNumber>,
}

impl Last {
    /// Opens what a listing called a plain file. So it is not looked at first, as by [`Spot::look`]: one system call
    /// less for each of a hundred thousand files. What took its place since is opened without waiting, and given up
    /// unread.
    pub(super) fn open(&mut self, path: &Path) -> Result<(Found, Facts), Errno> {
        let (folder, name) = parts(path)?;
        // Byte by byte: comparing their components is several times dearer, and no two spellings of a folder come here.
        if self.folder.as_ref().is_none_or(|(held, _)| held.as_os_str() != folder.as_os_str()) {
            self.folder = Some((folder.to_owned(), reach(folder)?));
        }
        let Some((_, held)) = &self.folder else { return Err(Errno::NOENT) };
        opened(held.as_fd(), name, &mut self.device)
    }
}

/// What stands under a name in a folder.
pub(super) fn look(folder: impl AsFd, name: &OsStr) -> Result<Found, Errno> {
    let folder = folder.as_fd();
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
            opened(folder, name, &mut None).map(|(found, _)| found)
        }
        Ok(_) => Ok(Found::Other),
        Err(Errno::NOENT) => Ok(Found::Nothing),
        Err(error) => Err(error),
    }
}

/// The plain file under a name in a folder; what is learnt of its device is kept.
fn opened(folder: BorrowedFd<'_>, name: &OsStr, known: &mut Option<u64>) -> Result<(Found, Facts), Errno> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match openat(folder, name, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok((Found::Nothing, Facts::default())),
        Err(Errno::LOOP | Errno::NXIO) => return Ok((Found::Other, Facts::default())),
        Err(error) => return Err(error),
    };
    // Since somebody looked it may have become something else.
    let file = File::from(file);
    let stat = file.metadata().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    if !stat.is_file() || *known != Some(stat.dev()) && is_of_kernel(&file)? {
        return Ok((Found::Other, Facts::default()));
    }
    *known = Some(stat.dev());
    let facts = Facts { length: stat.len(), several: (stat.nlink() > 1).then(|| (stat.dev(), stat.ino())) };
    Ok((Found::File(file), facts))
}

/// A folder, opened to be listed; no folder of the kernel's own.
pub(super) fn folder(path: &Path) -> Result<OwnedFd, Errno> {
    let held = reach(path)?;
    let listed = openat(&held, ".", REACH | OFlags::RDONLY, Mode::empty())?;
    if is_of_kernel(&listed)? { Err(Errno::LOOP) } else { Ok(listed) }
}

fn parts(path: &Path) -> Result<(&Path, &OsStr), Errno> {
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) if path.is_absolute() => Ok((folder, name)),
        _ => Err(Errno::INVAL),
    }
}

/// Holds a folder, no link in its path.
#[cfg(target_os = "linux")]
fn reach(path: &Path) -> Result<OwnedFd, Errno> {
    use rustix::fs::{CWD, ResolveFlags, openat2};
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match openat2(CWD, path, REACH | OFlags::PATH, Mode::empty(), resolve) {
        // Kernels before 5.6, and filters that do not know the call.
        Err(Errno::NOSYS | Errno::PERM) => walk(path),
        reached => reached,
    }
}

#[cfg(not(target_os = "linux"))]
fn reach(path: &Path) -> Result<OwnedFd, Errno> {
    walk(path)
}

/// Holds a folder, one step after the other; a link at any of them is an error.
fn walk(path: &Path) -> Result<OwnedFd, Errno> {
    let mut held = open("/", REACH, Mode::empty())?;
    for step in steps(path)? {
        held = openat(&held, step, REACH, Mode::empty())?;
    }
    Ok(held)
}

fn reach_making(path: &Path) -> Result<OwnedFd, Errno> {
    match reach(path) {
        Err(Errno::NOENT) => {}
        reached => return reached,
    }
    let mut held = open("/", REACH, Mode::empty())?;
    for step in steps(path)? {
        held = match openat(&held, step, REACH, Mode::empty()) {
            Err(Errno::NOENT) => {
                match mkdirat(&held, step, Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error),
                }
                openat(&held, step, REACH, Mode::empty())?
            }
            reached => reached?,
        };
    }
    Ok(held)
}

fn steps(path: &Path) -> Result<Vec<&OsStr>, Errno> {
    path.components()
        .filter(|part| !matches!(part, Component::RootDir | Component::CurDir))
        .map(|part| match part {
            Component::Normal(name) => Ok(name),
            _ => Err(Errno::INVAL),
        })
        .collect()
}

/// File systems that are switches and views of the kernel, whatever their files look like.
#[cfg(target_os = "linux")]
fn is_of_kernel(file: impl AsFd) -> Result<bool, Errno> {
    const KERNEL: [i128; 9] = [
        0x9fa0,      // proc
        0x6265_6572, // sysfs
        0x6462_6720, // debugfs
        0x7472_6163, // tracefs
        0x7363_6673, // securityfs
        0x0027_e0eb, // cgroup
        0x6367_7270, // cgroup2
        0xcafe_4a11, // bpf
        0x1cd1,      // devpts
    ];
    let kind = rustix::fs::fstatfs(file)?.f_type;
    // Signed on some machines: the low half says it.
    Ok(KERNEL.contains(&(i128::from(kind) & 0xffff_ffff)))
}

#[cfg(not(target_os = "linux"))]
fn is_of_kernel(_: impl AsFd) -> Result<bool, Errno> {
    Ok(false)
}
