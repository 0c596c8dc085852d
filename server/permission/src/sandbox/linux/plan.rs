//! Which mounts a confinement comes to: worked out outside, where links still lead where the person sees them lead.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ghost::Ghosts;
use crate::sandbox::{Confinement, Network, Overlay, Placeholder};

/// Whether a place can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Access {
    Read,
    Write,
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Folder,
    File,
}

/// A place that is the same inside as outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bind {
    pub(super) access: Access,
    pub(super) kind: Kind,
    /// It must be a mount of its own even where the folder around it has the same access.
    apart: bool,
}

/// The root of a command.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Plan {
    /// Folders before what they hold.
    pub(super) binds: BTreeMap<PathBuf, Bind>,
    /// Symbolic links: where, and to what.
    pub(super) links: BTreeMap<PathBuf, PathBuf>,
    pub(super) hidden: Vec<(PathBuf, Kind)>,
    /// Empty folders that stay empty.
    pub(super) walled: Vec<PathBuf>,
    /// Symbolic links of the workspace that must go on leading where they lead.
    pub(super) held: Vec<PathBuf>,
    pub(super) home: Option<PathBuf>,
    /// A folder that is shown with another one over it.
    pub(super) overlay: Option<Overlay>,
    /// Folders that were looked at, and where they really are.
    #[serde(skip)]
    folders: HashMap<PathBuf, Option<PathBuf>>,
}

impl Plan {
    pub(super) fn of(confinement: &Confinement, ghosts: &Ghosts) -> Self {
        let mut plan = Self { overlay: confinement.overlay.clone(), ..Self::default() };
        for place in &confinement.read {
            plan.add(place, Access::Read, false);
        }
        if confinement.network == Network::Open {
            // Often a link to where a daemon keeps the addresses of name servers.
            plan.add(Path::new("/etc/resolv.conf"), Access::Read, false);
        }
        for place in &confinement.write {
            plan.add(place, Access::Write, false);
        }
        for place in &confinement.pin {
            plan.add(place, Access::Write, true);
        }
        for place in &confinement.guard {
            plan.add(place, Access::Read, true);
            plan.hold(place);
        }
        for vacancy in ghosts.names() {
            match vacancy.stand {
                Placeholder::Folder => {
                    let real = plan.real(&vacancy.place);
                    plan.walled.extend(real);
                }
                Placeholder::Link => plan.hold(&vacancy.place),
                Placeholder::File(_) => plan.add(&vacancy.place, Access::Read, true),
            }
        }
        for place in &confinement.hide {
            let Some(place) = plan.real(place) else { continue };
            if rustix::fs::access(&place, rustix::fs::Access::READ_OK).is_err() {
                continue;
            }
            let kind = if place.is_dir() { Kind::Folder } else { Kind::File };
            plan.hidden.push((place, kind));
        }
        plan.drop_needless();
        if let Some(home) = &confinement.home
            && let Ok(real) = home.canonicalize()
            && real.parent().is_some()
            && plan.around(&real).is_none()
        {
            if real != *home {
                plan.links.insert(home.clone(), real.clone());
            }
            plan.home = Some(real);
        }
        plan
    }

    /// What decides about a place: its own bind, or the nearest above it.
    pub(super) fn around(&self, place: &Path) -> Option<Bind> {
        place.ancestors().find_map(|folder| self.binds.get(folder)).copied()
    }

    fn add(&mut self, place: &Path, access: Access, apart: bool) {
        // What is not there is not missed: lists of usual places name many.
        let Some(real) = self.real(place) else { return };
        if real.parent().is_none() {
            return;
        }
        if real != place {
            self.links.insert(place.to_owned(), real.clone());
        }
        let kind = if real.is_dir() { Kind::Folder } else { Kind::File };
        self.binds.insert(real, Bind { access, kind, apart });
    }

    /// A place without links, if something is there. Most places share their folder with others.
    fn real(&mut self, place: &Path) -> Option<PathBuf> {
        let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
            return place.canonicalize().ok();
        };
        if !self.folders.contains_key(folder) {
            self.folders.insert(folder.to_owned(), folder.canonicalize().ok());
        }
        let real = self.folders.get(folder)?.as_ref()?.join(name);
        match real.symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() => real.canonicalize().ok(),
            Ok(_) => Some(real),
            Err(_) => None,
        }
    }

    /// Keeps a link that stands for something protected from being replaced by something else.
    fn hold(&mut self, place: &Path) {
        let is_link = place.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
        let folder = place.parent().filter(|_| is_link).and_then(|folder| self.real(folder));
        self.held.extend(folder.zip(place.file_name()).map(|(folder, name)| folder.join(name)));
    }

    /// Takes out what is the same as the folder around it.
    fn drop_needless(&mut self) {
        let needless: Vec<PathBuf> = self
            .binds
            .iter()
            .filter(|(place, bind)| {
                let around = place.parent().and_then(|parent| self.around(parent));
                !bind.apart && around.is_some_and(|around| around.access == bind.access)
            })
            .map(|(place, _)| place.clone())
            .collect();
        for place in needless {
            self.binds.remove(&place);
        }
    }
}
