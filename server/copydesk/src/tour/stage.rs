//! Where the tour plays: a temporary folder with a workspace, a home and a config of its own.

use std::path::PathBuf;

use anyhow::Context;
use copydesk_lsp::Backstage;
use tempfile::TempDir;

use crate::cli;
use crate::config::Places;
use crate::here::Here;

/// The broken workflow, and the code that an agent is asked about.
pub(super) const WORKFLOW: &str = include_str!("scene/release.yaml");
pub(super) const CODE: &str = include_str!("scene/stairs.py");
/// The code with that part of the agent's edit that the person applies.
pub(super) const CODE_APPLIED: &str = include_str!("scene/stairs-loop.py");

pub(super) const WORKFLOW_PATH: &str = ".copydesk/workflows/release.yaml";
pub(super) const CODE_PATH: &str = "stairs.py";

/// The folder. It is removed at the end, whatever the end is.
pub(crate) struct Stage {
    folder: TempDir,
    /// Canonical.
    base: PathBuf,
}

impl Stage {
    /// Makes the folder and what is in it.
    pub(crate) fn set() -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("copydesk-tour-").context("failed to make a temporary folder")?;
        let base = folder.path().canonicalize().context("failed to find the temporary folder again")?;
        let stage = Self { folder, base };
        for (path, text) in [
            ("stairs/.copydesk/workflows/release.yaml", WORKFLOW),
            ("stairs/stairs.py", CODE),
            ("config/copydesk/config.yaml", include_str!("scene/config.yaml")),
            ("config/copydesk/scenario.yaml", include_str!("scene/scenario.yaml")),
            ("home/.keep", ""),
        ] {
            let file = stage.base.join(path);
            let made = file.parent().map_or(Ok(()), std::fs::create_dir_all);
            made.and_then(|()| std::fs::write(&file, text))
                .with_context(|| format!("failed to write {}", file.display()))?;
        }
        Ok(stage)
    }

    /// The workspace.
    pub(super) fn root(&self) -> PathBuf {
        self.base.join("stairs")
    }

    pub(super) fn path(&self, relative: &str) -> PathBuf {
        self.root().join(relative)
    }

    pub(super) fn uri(&self, relative: &str) -> String {
        url::Url::from_file_path(self.path(relative)).map_or_else(|()| String::new(), String::from)
    }

    /// The server's other side, with the places of this folder and none of the user's.
    pub(crate) fn backstage(&self) -> Backstage {
        let places = Places {
            home: Some(self.base.join("home")),
            user_config: Some(self.base.join("config/copydesk/config.yaml")),
            named_config: None,
            state: self.base.join("state"),
        };
        cli::backstage_in(move |root| Here::in_places(root, places.clone()))
    }

    /// Removes the folder, and says where it lies if that fails.
    pub(crate) fn strike(self) -> anyhow::Result<()> {
        let path = self.folder.path().to_owned();
        self.folder.close().with_context(|| format!("failed to remove {}", path.display()))
    }
}
