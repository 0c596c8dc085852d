//! The disk's side of the view of files.
//!
//! Reads regular UTF-8 files up to a limit; writes a new file and puts it in the place of the old one. Where the file
//! system can, it has a name only for the moment of that; what a process that was killed in it leaves, the next start
//! takes away ([`left`]).
//! Symbolic links were resolved before a path was judged, so one that stands in it now is refused rather than followed,
//! and so is everything that is no plain file under one name: pipes, devices, files of `/proc` and `/sys`, extra hard
//! links.
//!
//! The last look and the change are one step where the system can do it: the new file and the old one swap their names,
//! and if the old one is not what the caller expected they swap back. Nobody's newer text is lost in between.

pub(crate) mod left;
mod open;
mod swap;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use copydesk_base::change::Instead;
use copydesk_base::files::{Entry, Expect, FileError, FileText, LARGEST_FILE, Opened, Opening};
use copydesk_base::{ContentHash, Files};
use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;

use open::{Found, Last, Spot};
use swap::Draft;

/// Files as the disk has them; no editor.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskFiles;

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> Result<FileText, FileError> {
        let bytes = bytes_of(self.open(path)?, path)?;
        let hash = ContentHash::of(&bytes);
        let text = String::from_utf8(bytes).map_err(|error| FileError::NotText {
            path: path.to_owned(),
            offset: error.utf8_error().valid_up_to(),
        })?;
        Ok(FileText { text: Arc::from(text), hash, version: None })
    }

    fn open(&self, path: &Path) -> Result<File, FileError> {
        let spot = Spot::of(path).map_err(|error| refused(path, error))?;
        step(Step::Reached);
        match spot.look().map_err(|error| refused(path, error))? {
            Found::File(file) => Ok(file),
            Found::Nothing => Err(FileError::Absent { path: path.to_owned() }),
            Found::Other => Err(FileError::NotRegular { path: path.to_owned() }),
        }
    }

    fn opening(&self) -> Opening<'_> {
        let mut last = Last::default();
        Box::new(move |path| match last.open(path).map_err(|error| refused(path, error))? {
            (Found::File(file), facts) => Ok(Opened { file, length: facts.length, several: facts.several }),
            (Found::Nothing, _) => Err(FileError::Absent { path: path.to_owned() }),
            (Found::Other, _) => Err(FileError::NotRegular { path: path.to_owned() }),
        })
    }

    fn list(&self, path: &Path) -> Result<Vec<Entry>, FileError> {
        let bad = |error| refused(path, error);
        let folder = open::folder(path).map_err(bad)?;
        let mut entries = Vec::new();
        for entry in rustix::fs::Dir::read_from(&folder).map_err(bad)? {
            let entry = entry.map_err(bad)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name != "." && name != ".." {
                entries.push(Entry { name, is_folder: entry.file_type().is_dir() });
            }
        }
        entries.sort();
        Ok(entries)
    }

    fn write(&self, path: &Path, text: &str, expect: Expect) -> Result<(), FileError> {
        let spot = match expect {
            Expect::Absent => Spot::making(path),
            Expect::Hash(_) => Spot::of(path),
        };
        let spot = spot.map_err(|error| match error {
            Errno::NOENT => FileError::Changed { path: path.to_owned() },
            error => refused(path, error),
        })?;
        step(Step::Reached);
        verify(spot.look(), path, expect)?;
        let draft = Draft::of(&spot, text).map_err(|error| refused(path, error))?;
        step(Step::Drafted);
        match expect {
            Expect::Absent => draft.appear().map_err(|error| refused(path, error)),
            Expect::Hash(_) => draft.replace(path, |old| verify(old, path, expect)),
        }
    }

    fn remove(&self, path: &Path, expect: Expect) -> Result<(), FileError> {
        let changed = |error| match error {
            Errno::NOENT => FileError::Changed { path: path.to_owned() },
            error => refused(path, error),
        };
        let spot = Spot::of(path).map_err(changed)?;
        step(Step::Reached);
        verify(spot.look(), path, expect)?;
        step(Step::Drafted);
        swap::take_away(&spot, path, |old| verify(old, path, expect))
    }

    fn remove_folder(&self, path: &Path) -> Result<(), FileError> {
        let spot = Spot::of(path).map_err(|error| refused(path, error))?;
        unlinkat(&spot.folder, &spot.name, AtFlags::REMOVEDIR).map_err(|error| refused(path, error))
    }

    fn clear(&self, path: &Path, instead: &Instead) -> Result<(), FileError> {
        let spot = Spot::of(path).map_err(|error| refused(path, error))?;
        if Instead::at(path).as_ref() != Some(instead) {
            return Err(FileError::Changed { path: path.to_owned() });
        }
        let how = if *instead == Instead::Folder { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        unlinkat(&spot.folder, &spot.name, how).map_err(|error| refused(path, error))
    }

    fn is_open(&self, _: &Path) -> bool {
        false
    }
}

fn bytes_of(file: File, path: &Path) -> Result<Vec<u8>, FileError> {
    let io = |source: std::io::Error| FileError::Io { path: path.to_owned(), source };
    let length = file.metadata().map_err(io)?.len();
    if length > LARGEST_FILE {
        return Err(FileError::TooLarge { path: path.to_owned(), bytes: length });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
    // The file may grow while it is read: the limit holds for what is taken in, too.
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(FileError::TooLarge { path: path.to_owned(), bytes: bytes.len() as u64 });
    }
    Ok(bytes)
}

/// Whether what is found is what a change expects to find.
fn verify(found: Result<Found, Errno>, path: &Path, expect: Expect) -> Result<(), FileError> {
    match (found.map_err(|error| refused(path, error))?, expect) {
        (Found::Nothing, Expect::Absent) => Ok(()),
        (Found::Nothing, Expect::Hash(_)) | (Found::File(_), Expect::Absent) => {
            Err(FileError::Changed { path: path.to_owned() })
        }
        (Found::Other, _) => Err(FileError::NotRegular { path: path.to_owned() }),
        (Found::File(file), Expect::Hash(hash)) => {
            if names(&file) > 1 {
                return Err(FileError::Linked { path: path.to_owned() });
            }
            if ContentHash::of(bytes_of(file, path)?) == hash {
                Ok(())
            } else {
                Err(FileError::Changed { path: path.to_owned() })
            }
        }
    }
}

/// How many names a file has.
fn names(file: &File) -> u64 {
    use std::os::unix::fs::MetadataExt;
    file.metadata().map_or(1, |metadata| metadata.nlink())
}

fn refused(path: &Path, error: Errno) -> FileError {
    let path = path.to_owned();
    match error {
        Errno::NOENT => FileError::Absent { path },
        // A link in the path, or a file where a folder should be.
        Errno::LOOP | Errno::NOTDIR | Errno::INVAL => FileError::NotRegular { path },
        Errno::EXIST => FileError::Changed { path },
        error => FileError::Io { path, source: error.into() },
    }
}

/// Moments at which somebody else could change the disk; tests are that somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The folder is held, nothing in it was looked at.
    Reached,
    /// It was looked at, and the new text is written.
    Drafted,
}

#[cfg(not(test))]
const fn step(_: Step) {}

#[cfg(test)]
use tests::step;

#[cfg(test)]
mod tests;
