//! Protected names that a command made all the same.
//!
//! Names on which somebody acts at once are held while a command runs (see `survey`). The others (start-up files of
//! shells, other spellings of the same name, `*.code-workspace`) do nothing before a person starts something there, and
//! holding every one of them would fill the person's folder with placeholders. So it is looked what stands at the top
//! before and behind the command, when nothing of it is left, and what is new is *set aside*: under a name that means
//! nothing, so that nothing is lost. Where nothing can be held (*partial*), this is all there is.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use copydesk_base::path;

use super::Confinement;
use super::report::State;
use super::vacancy::is_there;
use crate::policy::Policy;
use crate::zone::{PROTECTED_FILES, PROTECTED_PARENTS, is_protected_name};

/// What a name is given when it is set aside.
const ASIDE: &str = "set-aside";

/// Protected names at the tops of the workspace before a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tops {
    known: Vec<(PathBuf, BTreeSet<OsString>)>,
    /// Vacancies in which something stood all the same.
    taken: BTreeSet<PathBuf>,
}

/// What a command made under a protected name, and what it is called now; none where it could not be moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    pub name: PathBuf,
    pub now: Option<PathBuf>,
}

/// What was found behind a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strays(pub Vec<Stray>);

impl Tops {
    /// Looks right before a command starts.
    pub fn of(policy: &Policy, walls: &Confinement) -> Self {
        let roots = std::iter::once(&policy.root).chain(&policy.additional);
        let vacant = walls.absent.iter().map(|vacancy| vacancy.place.clone());
        Self {
            known: roots.map(|root| (root.clone(), protected(root))).collect(),
            taken: vacant.filter(|place| place.symlink_metadata().is_ok()).collect(),
        }
    }

    /// Looks again, when nothing of the command is left, and sets aside what is new.
    pub fn set_aside(&self, walls: &Confinement) -> Strays {
        if walls.is_read_only() || !matches!(walls.state, State::Full | State::Partial) {
            return Strays::default();
        }
        let mut found: Vec<PathBuf> = Vec::new();
        for (root, known) in &self.known {
            found.extend(protected(root).difference(known).map(|name| root.join(name)));
        }
        let vacant = walls.absent.iter().map(|vacancy| &vacancy.place);
        if walls.state == State::Full {
            // These were held. What stands there now is the person's.
            let held: BTreeSet<&PathBuf> = vacant.collect();
            found.retain(|place| !held.contains(place));
        } else {
            let is_new = |place: &&PathBuf| is_there(place) && !self.taken.contains(*place);
            let more: Vec<PathBuf> =
                vacant.filter(is_new).filter(|place| !found.contains(place)).cloned().collect();
            found.extend(more);
        }
        Strays(found.into_iter().map(|name| Stray { now: aside(&name), name }).collect())
    }
}

impl Strays {
    /// A sentence for each, for the person and the model.
    pub fn told(&self, root: &Path) -> Vec<String> {
        let told = |stray: &Stray| {
            let name = path::shown(root, &stray.name);
            match &stray.now {
                Some(now) => format!(
                    "{name} is protected, and the command made it: it was set aside, and is called {} now",
                    path::shown(root, now)
                ),
                None => {
                    format!("{name} is protected, and the command made it: look at it, it could not be moved")
                }
            }
        };
        self.0.iter().map(told).collect()
    }
}

/// The protected names at the top of a folder.
fn protected(root: &Path) -> BTreeSet<OsString> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let names: BTreeSet<OsString> = entries.map(|entry| entry.file_name()).collect();
    // A folder that git takes for a repository of its own, settings and all.
    let is_bare = ["HEAD", "objects", "refs"].iter().all(|name| names.contains(OsStr::new(name)));
    let files = PROTECTED_FILES.iter().filter(|file| is_below_parent(file)).map(OsString::from);
    let mut found: BTreeSet<OsString> = files.filter(|file| is_there(&root.join(file))).collect();
    found.extend(names.into_iter().filter(|name| {
        // By the name alone: the folder itself may stand in a protected place.
        let is_protected = is_protected_name(Path::new(name)) && !is_parent(name.to_str());
        (is_protected && is_there(&root.join(name))) || (is_bare && name == "HEAD")
    }));
    found
}

fn is_parent(name: Option<&str>) -> bool {
    name.is_some_and(|name| PROTECTED_PARENTS.iter().any(|parent| parent.eq_ignore_ascii_case(name)))
}

fn is_below_parent(file: &str) -> bool {
    is_parent(file.split('/').next())
}

/// Gives something a name that means nothing.
fn aside(place: &Path) -> Option<PathBuf> {
    let name = place.file_name()?;
    let named = |end: String| {
        let mut name = name.to_owned();
        name.push(end);
        place.with_file_name(name)
    };
    // Whoever takes the first names cannot know the last.
    let moment = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos());
    let ends = [format!(".{ASIDE}"), format!(".{ASIDE}-2"), format!(".{ASIDE}-{moment:x}")];
    let free = ends.into_iter().map(named).find(|place| place.symlink_metadata().is_err())?;
    let moved = std::fs::rename(place, &free).or_else(|_| {
        // A command may have closed the folder behind it.
        let folder = place.parent().unwrap_or(place);
        let mut rights = folder.metadata()?.permissions();
        rights.set_mode(rights.mode() | 0o700);
        std::fs::set_permissions(folder, rights)?;
        std::fs::rename(place, &free)
    });
    moved.ok().map(|()| free)
}

#[cfg(test)]
#[path = "strays_tests.rs"]
mod tests;
