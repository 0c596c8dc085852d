//! The note of a worktree: written before it is made, so that whatever happens somebody takes it away.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::process::git;
use crate::settings::Settings;

/// The version of how a note is written. A reader that does not know it leaves the note alone.
const VERSION: u32 = 1;

/// What the folders are called that have a worktree in them.
pub(super) const PREFIX: &str = "copydesk-worktree-";

/// What a note says.
#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    /// The folder with the worktree in it.
    folder: PathBuf,
    /// The workspace that it is a worktree of.
    home: PathBuf,
    process: u32,
}

pub(super) struct Note(PathBuf);

impl Note {
    pub(super) fn write(notes: &Path, folder: &Path, home: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(notes)?;
        let written = Written {
            version: VERSION,
            folder: folder.to_owned(),
            home: home.to_owned(),
            process: std::process::id(),
        };
        let name = folder.file_name().unwrap_or_default();
        let place = notes.join(name).with_extension("json");
        std::fs::write(&place, serde_json::to_vec(&written)?)?;
        Ok(Self(place))
    }

    pub(super) fn forget(&self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Takes away what dead processes left.
pub(crate) async fn sweep(settings: &Settings, notes: &Path) {
    let entries = std::fs::read_dir(notes).into_iter().flatten().flatten();
    for place in entries.map(|entry| entry.path()) {
        let Ok(bytes) = std::fs::read(&place) else { continue };
        let Ok(written) = serde_json::from_slice::<Written>(&bytes) else { continue };
        let is_ours = written.process == std::process::id();
        if written.version != VERSION || is_ours || crate::is_alive(written.process) {
            continue;
        }
        // A note is ours to believe, but what it names is only taken away where it looks like what we make.
        let is_made_by_us =
            written.folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
        if is_made_by_us {
            clear(settings, &written.folder.join("tree"), &written.home).await;
            let _ = std::fs::remove_dir_all(&written.folder);
        }
        Note(place).forget();
    }
}

/// Takes a checkout away, with what git knows of it.
pub(super) async fn clear(settings: &Settings, top: &Path, home: &Path) {
    let _held = super::lock::hold(settings, home).await;
    let arguments = ["worktree", "remove", "--force", "--force"].map(Into::into);
    let arguments = arguments.into_iter().chain([top.as_os_str().to_owned()]);
    // What git does not know any more is not there to be removed; its folder goes all the same.
    if let Err(reason) = git(settings, home, arguments).await {
        tracing::debug!(%reason, "a worktree is taken away by hand");
        let _ = std::fs::remove_dir_all(top);
        if let Err(reason) = git(settings, home, ["worktree", "prune"]).await {
            tracing::warn!(%reason, "git still knows a worktree that is gone");
        }
    }
}
