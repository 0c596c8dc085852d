//! One at a time: git makes and forgets worktrees of a repository by looking at all of them, and fails over one that
//! another process is just making or taking away.

use std::fs::File;
use std::path::Path;

use crate::process::git;
use crate::settings::Settings;

/// The repository of a workspace, held against every other process of ours until it is dropped. Where a disk knows no
/// locks, or there is no repository, nothing is held.
pub(super) struct Held {
    _folder: Option<File>,
}

pub(super) async fn hold(settings: &Settings, home: &Path) -> Held {
    let Ok(said) = git(settings, home, ["rev-parse", "--git-common-dir"]).await else {
        return Held { _folder: None };
    };
    let folder = home.join(super::text(&said).trim_end_matches('\n'));
    // The folder itself is locked: so nothing is written into it.
    let locked = tokio::task::spawn_blocking(move || {
        let folder = File::open(folder)?;
        folder.lock()?;
        std::io::Result::Ok(folder)
    });
    let locked = locked.await.map_err(std::io::Error::other).and_then(|locked| locked);
    if let Err(error) = &locked {
        tracing::info!(%error, "the folder of a repository cannot be locked");
    }
    Held { _folder: locked.ok() }
}
