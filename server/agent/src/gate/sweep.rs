//! Commands that may change whole folders, with files in them that a rule denies changing: `rustfmt src` where
//! `src/kept.rs` is denied.
//!
//! In the full sandbox such files are read-only for every command, whatever it is. Elsewhere nothing holds them, and
//! the person is asked. A program that changes files that nobody would expect of it (`make`, `npm test`) is not seen.

use std::path::PathBuf;

use copydesk_base::path;
use copydesk_permission::sandbox::survey;
use copydesk_permission::{Policy, Rule};

/// Why a command that may change these places may change what a rule keeps.
pub(super) fn kept(sweeps: &[PathBuf], policy: &Policy) -> Option<String> {
    if sweeps.is_empty() || !policy.rules.iter().any(Rule::denies_edits) {
        return None;
    }
    let folders: Vec<PathBuf> = sweeps
        .iter()
        .map(|place| path::resolve(&policy.root, place))
        .filter(|place| place.is_dir())
        .collect();
    if folders.is_empty() {
        return None;
    }
    let held = survey(policy).held;
    let (kept, folder) = held.iter().find_map(|kept| {
        let within = |folder: &&PathBuf| path::is_inside(folder, kept) || path::is_inside(kept, folder);
        Some((kept, folders.iter().find(within)?))
    })?;
    let shown = |place: &PathBuf| match path::shown(&policy.root, place) {
        here if here.is_empty() => ".".to_owned(),
        shown => shown,
    };
    let (kept, folder) = (shown(kept), shown(folder));
    Some(format!(
        "it may change all of {folder}, a rule of yours denies changing {kept}, and no full sandbox holds it here"
    ))
}
