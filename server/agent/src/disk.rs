//! The disk's side of the view of files.
//!
//! Reads regular UTF-8 files up to a limit; writes a temporary file beside the target and renames it, after the disk
//! was found to be what the caller expects. Symbolic links were resolved before the path was judged, so a link at the
//! last moment is refused rather than followed.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use copydesk_base::files::{Expect, FileError, FileText, LARGEST_FILE};
use copydesk_base::{ContentHash, Files};

/// Files as the disk has them; no editor.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskFiles;

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> Result<FileText, FileError> {
        let bytes = read_bytes(path)?;
        let hash = ContentHash::of(&bytes);
        let text = String::from_utf8(bytes).map_err(|error| FileError::NotText {
            path: path.to_owned(),
            offset: error.utf8_error().valid_up_to(),
        })?;
        Ok(FileText { text: Arc::from(text), hash, version: None })
    }

    fn write(&self, path: &Path, text: &str, expect: Expect) -> Result<(), FileError> {
        let io = |source| FileError::Io { path: path.to_owned(), source };
        let parent = path.parent().unwrap_or(Path::new("/"));
        if expect == Expect::Absent {
            std::fs::create_dir_all(parent).map_err(io)?;
        }
        let mut fresh = new_file_beside(parent).map_err(io)?;
        fresh.write_all(text.as_bytes()).map_err(io)?;
        if let Ok(old) = std::fs::metadata(path) {
            fresh.as_file().set_permissions(old.permissions()).map_err(io)?;
        }
        fresh.as_file().sync_all().map_err(io)?;
        verify(path, expect)?;
        let kept = match expect {
            Expect::Absent => fresh.persist_noclobber(path).map_err(|error| error.error),
            Expect::Hash(_) => fresh.persist(path).map_err(|error| error.error),
        };
        match kept {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(FileError::Changed { path: path.to_owned() })
            }
            Err(error) => Err(io(error)),
        }
    }

    fn remove(&self, path: &Path, expect: Expect) -> Result<(), FileError> {
        verify(path, expect)?;
        std::fs::remove_file(path).map_err(|source| FileError::Io { path: path.to_owned(), source })
    }

    fn is_open(&self, _: &Path) -> bool {
        false
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    let io = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => FileError::Absent { path: path.to_owned() },
        _ => FileError::Io { path: path.to_owned(), source },
    };
    let meta = std::fs::metadata(path).map_err(io)?;
    if !meta.is_file() || path.starts_with("/proc") {
        return Err(FileError::NotRegular { path: path.to_owned() });
    }
    if meta.len() > LARGEST_FILE {
        return Err(FileError::TooLarge { path: path.to_owned(), bytes: meta.len() });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0) + 1);
    // The file may grow while it is read: the limit holds for what is taken in, too.
    let file = std::fs::File::open(path).map_err(io)?;
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(FileError::TooLarge { path: path.to_owned(), bytes: bytes.len() as u64 });
    }
    Ok(bytes)
}

/// The precondition of a write, tested as late as can be.
fn verify(path: &Path, expect: Expect) -> Result<(), FileError> {
    let changed = || FileError::Changed { path: path.to_owned() };
    match std::fs::symlink_metadata(path) {
        Ok(meta) if meta.file_type().is_symlink() => Err(FileError::NotRegular { path: path.to_owned() }),
        Ok(_) => match expect {
            Expect::Hash(hash) if ContentHash::of(read_bytes(path)?) == hash => Ok(()),
            Expect::Absent | Expect::Hash(_) => Err(changed()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => match expect {
            Expect::Absent => Ok(()),
            Expect::Hash(_) => Err(changed()),
        },
        Err(source) => Err(FileError::Io { path: path.to_owned(), source }),
    }
}

/// A temporary file with the permissions that the person's umask gives to new files.
fn new_file_beside(parent: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".copydesk-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(parent)
}

#[cfg(test)]
#[path = "disk_tests.rs"]
mod tests;
