//! Where a command was started: the workspace, the user's places, the stores.

use std::path::{Path, PathBuf};

use anyhow::Context;
use copydesk_lsp::workspace::UserPlaces;
use copydesk_store::{Journal, UserStore};

use crate::ancestry::nesting;
use crate::config::{Flags, Loaded, Nesting, Places, Sources, load};

/// What every command needs to know about its surroundings.
pub(crate) struct Here {
    pub(crate) cwd: PathBuf,
    /// The workspace, canonical.
    pub(crate) root: PathBuf,
    pub(crate) places: Places,
    pub(crate) nesting: Nesting,
    pub(crate) user: UserStore,
}

impl Here {
    /// The surroundings of this process.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let cwd = std::env::current_dir().context("failed to find the current folder")?;
        let root = root_of(&cwd);
        Self::at(cwd, root)
    }

    /// The same for a workspace that was named; the error is that it is not there.
    pub(crate) fn in_workspace(workspace: &Path) -> anyhow::Result<Self> {
        let cwd = std::env::current_dir().context("failed to find the current folder")?;
        let root = cwd.join(workspace);
        Self::at(cwd, root)
    }

    /// The surroundings of a server whose editor named the root, canonical as far as it exists.
    pub(crate) fn of_editor(root: &Path) -> Self {
        let cwd = std::env::current_dir().unwrap_or_else(|_| root.to_owned());
        let places = Places::find(&|name| std::env::var(name).ok(), &cwd);
        let user = UserStore::at(&places.state);
        Self { cwd, root: root.to_owned(), places, nesting: nesting(), user }
    }

    /// The same for a server whose places are handed in: none of them is the user's.
    pub(crate) fn in_places(root: &Path, places: Places) -> Self {
        let user = UserStore::at(&places.state);
        Self { cwd: root.to_owned(), root: root.to_owned(), places, nesting: nesting(), user }
    }

    fn at(cwd: PathBuf, root: PathBuf) -> anyhow::Result<Self> {
        let root = root.canonicalize().with_context(|| format!("failed to find {}", root.display()))?;
        let places = Places::find(&|name| std::env::var(name).ok(), &cwd);
        let user = UserStore::at(&places.state);
        Ok(Self { cwd, root, places, nesting: nesting(), user })
    }

    /// Where the user's own agents and settings lie.
    pub(crate) fn user_places(&self) -> UserPlaces {
        let beside = self.places.user_config.as_deref().and_then(Path::parent);
        let own = beside.map(|folder| folder.join("agents"));
        let keystone = self.places.home.as_ref().map(|home| home.join(".keystone/workflows/agents"));
        // A file that the repository brought is none of the user's, wherever the environment points.
        let is_users = |path: &PathBuf| !self.places.is_of_workspace(&self.root, path);
        UserPlaces {
            agents: own.into_iter().chain(keystone).filter(is_users).collect(),
            configs: self.places.user_config.clone().into_iter().filter(is_users).collect(),
        }
    }

    pub(crate) fn journal(&self) -> Journal {
        Journal::at(&self.places.state, &self.root)
    }

    pub(crate) fn sources(&self, flags: Flags) -> Sources<'_> {
        Sources { root: &self.root, places: &self.places, editor: None, flags, nesting: self.nesting }
    }

    /// The settings in force, without flags and without an editor.
    pub(crate) fn settings(&self) -> Loaded {
        load(&self.sources(Flags::default()), &self.user)
    }

    /// How a file is named to people: relative to where they are, if it is below.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.cwd).unwrap_or(path);
        if path.as_os_str().is_empty() { ".".to_owned() } else { path.display().to_string() }
    }
}

/// The workspace around a folder: inside a repository the nearest folder with `.copydesk` or `.keystone`; otherwise,
/// and where there is none, the folder itself. Folders above the repository are not looked at, since anybody may have
/// made them.
pub(crate) fn root_of(folder: &Path) -> PathBuf {
    let repository = folder.ancestors().find(|folder| folder.join(".git").exists());
    let Some(repository) = repository else { return folder.to_owned() };
    folder
        .ancestors()
        .take_while(|folder| folder.starts_with(repository))
        .find(|folder| folder.join(".copydesk").is_dir() || folder.join(".keystone").is_dir())
        .unwrap_or(folder)
        .to_owned()
}
