//! Files that answer no rule: secrets, the files that guard the person, and files that run by themselves.
//!
//! *Secret* files are refused for reading and writing alike, in every mode. *Protected* files (our own settings and
//! state, shells, git, editors, whatever starts with the session) ask before every write in every mode, and are refused
//! in `bypass`. *Executing* files are run later by something the person did not start by name (a hook, the build of an
//! editor's language server, CI): they ask, unless a rule spells them out. So do those that a command of the settings
//! runs ([`crate::started`]).
//!
//! Files that a person starts by name are none of these (`Makefile`, `package.json`, tests): whoever allows
//! `Bash(make:*)` allows what it says.
//!
//! Names are compared in lower case: some disks ignore case, and no two of these files differ only by it.

use std::path::Path;

mod leads;
mod names;

use leads::Lent;
pub(crate) use leads::look_anew;

use crate::glob::could_meet;
use crate::place::{alike, folded};
use crate::policy::Policy;
use crate::started;

pub(crate) use names::{
    AT_ONCE, IN_GIT, IN_WORKTREE, PROTECTED_FILES, PROTECTED_FOLDERS, PROTECTED_PARENTS, SECRET_FILES,
    SECRET_FOLDERS, Stand,
};
use names::{
    EXECUTING_FILES, EXECUTING_FOLDERS, EXECUTING_NAMES, EXECUTING_PARENTS, PROTECTED_NAMES, PUBLIC_NAMES,
    SECRET_NAMES,
};

/// The names of git's own folder, the second as some disks shorten it.
const GIT: &[&str] = &[".git", "git~1"];

/// Whether a file holds keys or passwords: `.env`, private keys, credentials of clouds and registries.
///
/// `.env.example`, `.env.sample` and `.env.template` are none, and neither are public keys.
pub fn is_secret(place: &Path) -> bool {
    let place = Folded::of(place);
    let name = place.name();
    if is_env_file(name) || place.is_named(SECRET_NAMES) || place.ends(SECRET_FILES) {
        return true;
    }
    if place.is_process_memory() {
        return true;
    }
    place.is_in(SECRET_FOLDERS) && !place.is_named(PUBLIC_NAMES)
}

/// The same, also where a secret name leads: `.env -> conf/local`.
pub(crate) fn holds_secrets(place: &Path, policy: &Policy) -> bool {
    is_secret(place) || leads::is_lent(Lent::Secret, place, policy)
}

/// Whether writing here could change what the person's tools do or what policy says.
pub fn is_protected(place: &Path, policy: &Policy) -> bool {
    is_state(place, policy) || is_protected_name(place) || leads::is_lent(Lent::Protected, place, policy)
}

/// The same by the name alone, wherever our own state lies.
pub(crate) fn is_protected_name(place: &Path) -> bool {
    let folded = Folded::of(place);
    folded.is_named(PROTECTED_NAMES)
        || folded.is_named(PROTECTED_PARENTS)
        || folded.is_in(PROTECTED_FOLDERS)
        || folded.ends(PROTECTED_FILES)
}

/// The protected names that count in a home, all that are one name each.
pub(crate) fn names_of_home() -> Vec<&'static str> {
    let names = PROTECTED_NAMES.iter().filter(|name| !name.contains(['*', '~']) && !AT_ONCE.contains(name));
    let folders =
        PROTECTED_FOLDERS.iter().filter(|name| !name.contains(['/', '~']) && !AT_ONCE.contains(name));
    names.chain(folders).copied().collect()
}

/// Whether a place is git's own folder or lies in one: no words of the workspace's.
pub fn is_of_git(place: &Path) -> bool {
    Folded::of(place).is_in(GIT)
}

/// Whether something the person did not start by name will run this file.
pub fn is_executing(place: &Path) -> bool {
    let place = Folded::of(place);
    place.is_named(EXECUTING_NAMES)
        || place.is_named(EXECUTING_PARENTS)
        || place.is_in(EXECUTING_FOLDERS)
        || place.ends(EXECUTING_FILES)
}

/// Whether writing here asks, whatever allows the rest of the workspace.
pub(crate) fn is_guarded(place: &Path, policy: &Policy) -> bool {
    is_protected(place, policy) || is_executing(place) || started::starter(place, policy).is_some()
}

/// Whether a path lies in Copydesk's own state.
pub(crate) fn is_state(place: &Path, policy: &Policy) -> bool {
    folded(place).starts_with(folded(&policy.state_home))
}

/// Whether a shell pattern, its last segment given in lower case, could name a secret file.
///
/// As in bash, a leading `*` or `?` names no file that starts with a dot.
pub(crate) fn could_be_secret(segment: &str) -> bool {
    let glob: Vec<char> = segment.chars().collect();
    let names_dots = segment.starts_with('.');
    let meets = |name: &str| {
        (names_dots || !name.starts_with('.')) && could_meet(&glob, &name.chars().collect::<Vec<_>>())
    };
    SECRET_NAMES.iter().any(|name| meets(name)) || meets(".env*")
}

/// Whether a shell pattern for one segment of a path, in lower case, could name something protected.
pub(crate) fn could_be_guarded(segment: &str, policy: &Policy) -> bool {
    let glob: Vec<char> = segment.chars().collect();
    let first = |folder: &&'static str| folder.split('/').next().unwrap_or_default();
    let folders = PROTECTED_FOLDERS.iter().chain(PROTECTED_FILES).chain(PROTECTED_PARENTS).map(first);
    let names = PROTECTED_NAMES.iter().copied().chain(folders).chain(EXECUTING_NAMES.iter().copied());
    names
        .filter(|name| segment.starts_with('.') || !name.starts_with('.'))
        .filter(|name| !matches!(*name, "etc" | "var" | "library"))
        .any(|name| could_meet(&glob, &name.chars().collect::<Vec<_>>()))
        || started::could_start(segment, policy)
}

fn is_env_file(name: &str) -> bool {
    name.starts_with(".env")
        && name != ".envrc"
        && ![".example", ".sample", ".template"].iter().any(|harmless| name.ends_with(harmless))
}

/// Whether a name ends in what some disks leave out: `.git.`, `.env `, `.git::$INDEX_ALLOCATION`.
fn ends_in_nothing(name: &str) -> bool {
    without_end(name).len() != name.len()
}

fn without_end(name: &str) -> &str {
    // Looked for letter by letter first: hardly a name has one, and a search for a text is dear to begin.
    let stream = if name.contains(':') { name.split_once("::$") } else { None };
    let name = stream.map_or(name, |(name, _)| name);
    if name.chars().all(|letter| letter == '.') { name } else { name.trim_end_matches(['.', ' ']) }
}

/// A path in lower case, cut into its components.
struct Folded(String);

impl Folded {
    fn of(place: &Path) -> Self {
        let mut text = alike(&place.to_string_lossy());
        if text.split('/').any(ends_in_nothing) {
            text = text.split('/').map(without_end).collect::<Vec<_>>().join("/");
        }
        if !text.starts_with('/') {
            text.insert(0, '/');
        }
        Self(text)
    }

    fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    fn is_named(&self, names: &[&str]) -> bool {
        let name = self.name();
        names.iter().any(|wanted| match wanted.strip_prefix('*') {
            Some(end) => name.len() > end.len() && name.ends_with(end),
            None => name == *wanted,
        })
    }

    /// Whether one of the folders is this path or above it.
    fn is_in(&self, folders: &[&str]) -> bool {
        // Nearly all of them are hidden, and nearly no path is.
        let is_hidden = self.0.contains("/.");
        folders.iter().filter(|folder| is_hidden || !folder.starts_with('.')).any(|folder| {
            self.0.match_indices(folder).any(|(at, _)| {
                let after = at + folder.len();
                self.0[..at].ends_with('/') && (after == self.0.len() || self.0[after..].starts_with('/'))
            })
        })
    }

    fn ends(&self, files: &[&str]) -> bool {
        files.iter().any(|file| self.0.strip_suffix(file).is_some_and(|before| before.ends_with('/')))
    }

    /// `/proc/…/environ` and its like: the environment and memory of processes, keys included.
    fn is_process_memory(&self) -> bool {
        self.0.starts_with("/proc/") && ["environ", "mem", "auxv"].contains(&self.name())
    }
}

#[cfg(test)]
#[path = "zone/tests.rs"]
mod tests;
