//! What lies in the workspace that a sandbox has to treat apart: secrets, protected files, and protected names that are
//! still free.
//!
//! The top of each folder is always looked at; below it the walk is bounded, and leaves out folders of dependencies and
//! build results.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use copydesk_base::{Effect, Verdict};

use crate::policy::Policy;
use crate::rule::{Pattern, RuleVerdict};
use crate::zone::{PROTECTED_FILES, PROTECTED_FOLDERS, SECRET_FILES, SECRET_FOLDERS};

/// The most entries that are looked at.
const MOST: usize = 20_000;
/// The deepest folder below the root that is looked into.
const DEEPEST: usize = 8;
/// The most places of one kind: each costs the launcher a mount.
const MOST_PLACES: usize = 256;

/// Folders with other people's files, too many to walk.
const PASSED: &[&str] = &[
    ".git",
    "node_modules",
    "target",
    ".venv",
    "venv",
    "vendor",
    "dist",
    "build",
    "__pycache__",
    ".tox",
    ".gradle",
    ".next",
    ".direnv",
];

/// Names at the top of a workspace that editors, agents and shells act on as soon as they are there.
const RESERVED: &[&str] =
    &[".copydesk", ".vscode", ".idea", ".helix", ".zed", ".envrc", ".nvim.lua", ".exrc"];

/// In a folder of git, what makes it run programs.
const GIT: &[&str] = &["hooks", "config", "config.worktree"];

/// Where test suites keep keys that open nothing.
const FIXTURES: &[&str] =
    &["test", "tests", "testdata", "fixtures", "__fixtures__", "__tests__", "spec", "examples"];

/// What [`survey`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    pub secret: Vec<PathBuf>,
    pub protected: Vec<PathBuf>,
    /// Folders around something protected that must stay where they are.
    pub pinned: Vec<PathBuf>,
    /// Reserved names that nothing has yet.
    pub absent: Vec<PathBuf>,
}

/// Looks through the workspace and the further folders.
pub fn survey(policy: &Policy) -> Survey {
    let mut survey = Survey::default();
    for root in std::iter::once(&policy.root).chain(&policy.additional) {
        top(root, &mut survey);
        walk(root, policy, &mut survey);
    }
    for places in [&mut survey.secret, &mut survey.protected, &mut survey.pinned] {
        places.sort();
        places.dedup();
        places.truncate(MOST_PLACES);
    }
    survey
}

/// What is known by its path from the root.
fn top(root: &Path, survey: &mut Survey) {
    let there = |names: &[&str]| {
        let places = names.iter().map(|name| root.join(name)).collect::<Vec<_>>();
        places.into_iter().filter(|place| is_there(place)).collect::<Vec<_>>()
    };
    survey.secret.extend(there(SECRET_FOLDERS));
    survey.secret.extend(there(SECRET_FILES));
    let protected = there(PROTECTED_FOLDERS).into_iter().filter(|place| !place.ends_with(".git"));
    survey.protected.extend(protected);
    for place in there(PROTECTED_FILES) {
        survey.pinned.extend(place.parent().filter(|parent| *parent != root).map(Path::to_owned));
        survey.protected.push(place);
    }
    let reserved = RESERVED.iter().map(|name| root.join(name));
    survey.absent.extend(reserved.filter(|place| !is_there(place)));
    git(&root.join(".git"), survey);
}

/// Whether something stands there, and not only a launcher's placeholder.
fn is_there(place: &Path) -> bool {
    place.symlink_metadata().is_ok() && !is_ghost(place)
}

/// The mode of the empty folders that a launcher makes where nothing may appear. No folder has it by chance.
pub(super) const GHOST: u32 = 0o1711;

/// Whether a place is such a folder; a strict umask leaves the first digits of its mode.
pub(super) fn is_ghost(place: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let is_told = |mode: u32| mode & 0o1700 == 0o1700 && mode & 0o6066 == 0;
    place.symlink_metadata().is_ok_and(|metadata| metadata.is_dir() && is_told(metadata.mode()))
}

/// The folder of git: commits need to write there, and nobody needs to write what git runs.
fn git(folder: &Path, survey: &mut Survey) {
    match folder.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => {
            survey.protected.push(folder.to_owned());
            return;
        }
        Err(_) => return,
    }
    survey.pinned.push(folder.to_owned());
    let modules = std::fs::read_dir(folder.join("modules")).into_iter().flatten().flatten();
    let modules: Vec<PathBuf> = modules.map(|entry| entry.path()).collect();
    survey.pinned.extend(modules.iter().cloned());
    for repository in std::iter::once(folder.to_owned()).chain(modules) {
        for place in GIT.iter().map(|name| repository.join(name)) {
            match is_there(&place) {
                true => survey.protected.push(place),
                false if place.ends_with("hooks") => survey.absent.push(place),
                false => {}
            }
        }
    }
}

fn walk(root: &Path, policy: &Policy, survey: &mut Survey) {
    let denies_reading = policy
        .rules
        .iter()
        .any(|rule| rule.verdict == RuleVerdict::Deny && matches!(*rule.pattern, Pattern::Read(_)));
    let mut pending = VecDeque::from([(root.to_owned(), 0)]);
    let mut left = MOST;
    while let Some((folder, depth)) = pending.pop_front() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            left = left.saturating_sub(1);
            if left == 0 {
                return;
            }
            let place = entry.path();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let name = entry.file_name();
            if is_secret(&place, root, denies_reading.then_some(policy)) {
                survey.secret.push(place);
                continue;
            }
            // A folder of git elsewhere in the tree is guarded like the one at the top.
            if name == ".git" {
                if depth > 0 {
                    git(&place, survey);
                }
                continue;
            }
            if crate::is_protected(&place, policy) && !name.eq_ignore_ascii_case(".keystone") {
                if is_there(&place) {
                    survey.protected.push(place);
                }
                continue;
            }
            if is_folder && depth < DEEPEST && !PASSED.iter().any(|passed| name == *passed) {
                pending.push_back((place, depth + 1));
            }
        }
    }
}

fn is_secret(place: &Path, root: &Path, asked: Option<&Policy>) -> bool {
    let is_secret = crate::is_secret(place) && !is_fixture(place, root);
    is_secret
        || asked.is_some_and(|policy| {
            let read = Effect::Read { path: place.to_owned() };
            !crate::is_secret(place) && matches!(crate::judge(&read, policy), Verdict::Deny(_))
        })
}

/// A key file of a test suite: no suite could run without it.
fn is_fixture(place: &Path, root: &Path) -> bool {
    let is_key = place.extension().is_some_and(|extension| {
        ["pem", "key", "p12", "pfx", "jks"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    });
    let inside = place.strip_prefix(root).unwrap_or(place);
    is_key
        && inside.components().any(|part| {
            let part = part.as_os_str();
            FIXTURES.iter().any(|known| part.eq_ignore_ascii_case(known))
        })
}

#[cfg(test)]
#[path = "survey_tests.rs"]
mod tests;
