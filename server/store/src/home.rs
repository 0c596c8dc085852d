//! Where things lie in `COPYDESK_HOME`, and making files that only their owner can read.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::StoreError;

/// The name of a workspace's folder in `COPYDESK_HOME/workspaces`: the first 16 hexadecimal digits of the SHA-256 of
/// its canonical path.
pub fn workspace_id(workspace: &Path) -> String {
    let hash: [u8; 32] = Sha256::digest(workspace.as_os_str().as_encoded_bytes()).into();
    let first = hash[..8].iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{first:016x}")
}

pub(crate) fn journal_file(home: &Path, workspace: &Path) -> PathBuf {
    home.join("workspaces").join(workspace_id(workspace)).join("state.db")
}

pub(crate) fn user_file(home: &Path) -> PathBuf {
    home.join("user.db")
}

pub(crate) fn key_file(home: &Path) -> PathBuf {
    home.join("journal.key")
}

/// Makes the folder of `file` with every missing parent, all of them private.
pub(crate) fn make_folder_of(file: &Path) -> Result<(), StoreError> {
    let Some(folder) = file.parent() else { return Ok(()) };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| StoreError::Create { path: folder.to_owned(), cause: error.to_string() })
}

/// Makes `file` with `bytes`, private and whole, unless it is there already; answers whether it was made here.
///
/// The file gets its name only when it is complete, and no descriptor of it is closed after that: closing one
/// would drop the locks that SQLite holds on the same file in this process.
pub(crate) fn make_private(file: &Path, bytes: &[u8]) -> Result<Made, StoreError> {
    let made = || -> io::Result<Made> {
        let mut random = [0u8; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let draft = file.with_extension(format!("new-{:016x}", u64::from_le_bytes(random)));
        let mut open = OpenOptions::new();
        open.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        let written = open.open(&draft).and_then(|file| fill(file, bytes));
        let linked = written.and_then(|()| std::fs::hard_link(&draft, file));
        // A draft that stays behind is litter, not a fault.
        let _ = std::fs::remove_file(&draft);
        match linked {
            Ok(()) => Ok(Made::Here),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Made::Before),
            Err(error) => Err(error),
        }
    };
    made().map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            StoreError::Full { path: file.to_owned() }
        }
        _ => StoreError::Create { path: file.to_owned(), cause: error.to_string() },
    })
}

/// Who made a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    Here,
    Before,
}

fn fill(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}
