//! What lies in the workspace that a sandbox has to treat apart: secrets, protected files, and protected names that are
//! still free.
//!
//! The top of each folder is always looked at; below it the walk is bounded, and leaves out folders of dependencies and
//! build results.

use std::collections::VecDeque;
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::{Path, PathBuf};

use copydesk_base::{Effect, Verdict, path};

use super::vacancy::{Vacancy, is_there};
use crate::path as paths;
use crate::policy::Policy;
use crate::rule::{Pattern, Rule, RuleVerdict};
use crate::zone::{
    AT_ONCE, IN_GIT, IN_WORKTREE, PROTECTED_FILES, PROTECTED_FOLDERS, SECRET_FILES, SECRET_FOLDERS, Stand,
    names_of_home,
};

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

/// How deep folders of git may lie in `modules`.
const DEEPEST_MODULE: usize = 4;

/// Where test suites keep keys that open nothing.
const FIXTURES: &[&str] =
    &["test", "tests", "testdata", "fixtures", "__fixtures__", "__tests__", "spec", "examples"];

/// What [`survey`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    pub secret: Vec<PathBuf>,
    pub protected: Vec<PathBuf>,
    /// What a rule denies changing, in every place that is looked into.
    pub held: Vec<PathBuf>,
    /// Folders around something protected that must stay where they are.
    pub pinned: Vec<PathBuf>,
    /// Protected names that nothing has yet.
    pub absent: Vec<Vacancy>,
}

/// Looks through the workspace and the further folders.
pub fn survey(policy: &Policy) -> Survey {
    let mut survey = Survey::default();
    for root in std::iter::once(&policy.root).chain(&policy.additional) {
        top(root, policy, &mut survey);
        walk(root, policy, &mut survey);
    }
    started(policy, &mut survey);
    let lent = lent(policy, &survey.secret);
    survey.secret.extend(lent);
    let twins = twins(policy, &survey.secret);
    survey.secret.extend(twins);
    for places in [&mut survey.secret, &mut survey.protected, &mut survey.held, &mut survey.pinned] {
        // The nearest first: a thousand decoys further down push nothing out at the top.
        places.sort_by_cached_key(|place| (place.components().count(), place.clone()));
        places.dedup();
        places.truncate(MOST_PLACES);
    }
    let leads = survey.protected.iter().map(|place| path::resolve(place, Path::new("")));
    // The first step that is missing on the way to where a link leads.
    let missing = leads.filter_map(|place| {
        let missing = place.ancestors().take_while(|step| step.symlink_metadata().is_err()).last()?;
        Some(Vacancy::new(missing.to_owned(), Stand::Folder))
    });
    survey.absent.extend(missing.collect::<Vec<_>>());
    survey.absent.truncate(MOST_PLACES);
    survey
}

/// What is known by its path from the root.
fn top(root: &Path, policy: &Policy, survey: &mut Survey) {
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
    let at_home = if policy.home.as_deref() == Some(root) { names_of_home() } else { Vec::new() };
    let free =
        AT_ONCE.iter().copied().chain(at_home).map(|name| Vacancy::new(root.join(name), Stand::Folder));
    survey.absent.extend(free.filter(|vacancy| !is_there(&vacancy.place)));
    git(&root.join(".git"), survey);
}

/// What the settings start by themselves, with the folders around it.
fn started(policy: &Policy, survey: &mut Survey) {
    for place in policy.started.iter().map(|one| &one.place).filter(|place| policy.is_inside(place)) {
        // One that is missing is not held free: what stood there meanwhile would be started.
        if is_there(place) {
            survey.protected.push(place.clone());
            survey.pinned.extend(around(place, policy));
        }
    }
}

/// The folders around a place, up to the top.
fn around(place: &Path, policy: &Policy) -> Vec<PathBuf> {
    let is_top = |folder: &Path| folder == policy.root || policy.additional.iter().any(|root| folder == root);
    let around = place.ancestors().skip(1).take_while(|folder| !is_top(folder));
    around.filter(|folder| is_there(folder)).map(Path::to_owned).collect()
}

/// A folder of git: commits need to write there, and nobody needs to write what git runs.
fn git(folder: &Path, survey: &mut Survey) {
    if !is_there(folder) {
        return;
    }
    if !folder.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
        survey.protected.push(folder.to_owned());
        return;
    }
    let mut repositories = vec![folder.to_owned()];
    while let Some(repository) = repositories.pop() {
        hold(&repository, IN_GIT, survey);
        modules(&repository.join("modules"), DEEPEST_MODULE, &mut repositories);
        for worktree in folders(&repository.join("worktrees")).filter(|place| place.join("gitdir").exists()) {
            hold(&worktree, IN_WORKTREE, survey);
        }
    }
}

/// Keeps a folder where it is and writable, but for these names in it.
fn hold(folder: &Path, names: &[(&str, Stand)], survey: &mut Survey) {
    survey.pinned.push(folder.to_owned());
    for (name, stand) in names {
        let place = folder.join(name);
        if is_there(&place) {
            survey.protected.push(place);
        } else {
            survey.absent.push(Vacancy::new(place, *stand));
        }
    }
}

/// The repositories of submodules, which are named by the path that they stand at.
fn modules(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    for place in folders(folder) {
        if place.join("HEAD").exists() {
            found.push(place);
        } else if depth > 0 {
            modules(&place, depth - 1, found);
        }
    }
}

fn folders(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path())
}

/// Whether a folder lies in one that a rule holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    No,
    Whole,
}

/// A name that nothing has.
const ANY: &str = "\u{1}";

fn walk(root: &Path, policy: &Policy, survey: &mut Survey) {
    let denies_reading = policy
        .rules
        .iter()
        .any(|rule| rule.verdict == RuleVerdict::Deny && matches!(*rule.pattern, Pattern::Read(_)));
    let denies_editing = policy.rules.iter().any(Rule::denies_edits);
    let is_denied = |place: &Path| denies_editing && paths::denying(place, policy).is_some();
    let mut pending = VecDeque::from([(root.to_owned(), 0, Held::No)]);
    let mut left = MOST;
    while let Some((folder, depth, held)) = pending.pop_front() {
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
            if is_folder && PASSED.iter().any(|passed| name == *passed) {
                // What is built in there is written all the same.
                if held == Held::Whole {
                    survey.pinned.push(place);
                }
                continue;
            }
            let within = match held {
                Held::Whole => Held::Whole,
                // A folder of which any new file would be denied is held as one.
                Held::No if is_denied(&place) || is_folder && is_denied(&place.join(ANY)) => {
                    survey.pinned.extend(around(&place, policy));
                    survey.held.push(place.clone());
                    Held::Whole
                }
                Held::No => Held::No,
            };
            if is_folder && depth < DEEPEST {
                pending.push_back((place, depth + 1, within));
            }
        }
    }
}

/// Where secret names lead that are links: the same secret. A whole workspace is none.
fn lent(policy: &Policy, secrets: &[PathBuf]) -> Vec<PathBuf> {
    let links = secrets.iter().filter(|place| place.symlink_metadata().is_ok_and(|there| there.is_symlink()));
    let leads = links.map(|place| path::resolve(place, Path::new("")));
    leads.filter(|lead| policy.is_inside(lead) && !path::is_inside(lead, &policy.root)).collect()
}

/// Further names of secret files: a hard link shows the same.
fn twins(policy: &Policy, secrets: &[PathBuf]) -> Vec<PathBuf> {
    let id = |place: &Path| place.symlink_metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()));
    let has_twins = |place: &&PathBuf| {
        place.symlink_metadata().is_ok_and(|metadata| metadata.is_file() && metadata.nlink() > 1)
    };
    let wanted: Vec<(u64, u64)> = secrets.iter().filter(has_twins).filter_map(|place| id(place)).collect();
    let mut found = Vec::new();
    let roots = std::iter::once(&policy.root).chain(&policy.additional);
    let mut pending: VecDeque<(PathBuf, usize)> = roots.map(|root| (root.clone(), 0)).collect();
    let mut left = if wanted.is_empty() { 0 } else { MOST };
    while let Some((folder, depth)) = pending.pop_front().filter(|_| left > 0) {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            left = left.saturating_sub(1);
            let place = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let is_passed = PASSED.iter().any(|passed| entry.file_name() == *passed);
                if depth < DEEPEST && !is_passed {
                    pending.push_back((place, depth + 1));
                }
            } else if wanted.iter().any(|(_, number)| *number == entry.ino())
                && id(&place).is_some_and(|id| wanted.contains(&id))
                && !secrets.contains(&place)
            {
                found.push(place);
            }
        }
    }
    found
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
