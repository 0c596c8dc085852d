//! Where protected names lead that are symbolic links: `.copydesk -> conf`, `.git/hooks -> ../scripts`, `~/.zshrc ->
//! dotfiles/zshrc`. What lies there is obeyed like the name itself, so it is protected too.
//!
//! Only names in a few folders are looked at, those that a person's tools read without being told to; and a folder is
//! listed again only after it changed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use copydesk_base::path;

use super::is_protected_name;
use crate::policy::Policy;

/// When a folder changed last, and which folder it is.
type Stamp = (u64, i64, i64);

thread_local! {
    /// The places to which protected names of a folder lead.
    static KNOWN: RefCell<HashMap<PathBuf, (Stamp, Vec<PathBuf>)>> = RefCell::default();
    /// All that count for a root in this judgement.
    static NOW: RefCell<Option<(PathBuf, Vec<PathBuf>)>> = RefCell::default();
}

/// Whether a protected name leads to this place, or to a folder above it.
pub(super) fn is_lent(place: &Path, policy: &Policy) -> bool {
    NOW.with_borrow_mut(|now| {
        if now.as_ref().is_none_or(|(root, _)| *root != policy.root) {
            *now = Some((policy.root.clone(), look(policy)));
        }
        now.as_ref().is_some_and(|(_, leads)| leads.iter().any(|lead| path::is_inside(lead, place)))
    })
}

/// Every judgement looks at the disk as it is then.
pub(crate) fn look_anew() {
    NOW.set(None);
}

fn look(policy: &Policy) -> Vec<PathBuf> {
    let root = &policy.root;
    let home = policy.home.iter().flat_map(|home| [home.clone(), home.join(".config")]);
    let folders = [root.clone(), root.join(".git"), root.join(".copydesk")].into_iter().chain(home);
    KNOWN.with_borrow_mut(|known| folders.flat_map(|folder| leads_of(folder, known)).collect())
}

fn leads_of(folder: PathBuf, known: &mut HashMap<PathBuf, (Stamp, Vec<PathBuf>)>) -> Vec<PathBuf> {
    let Ok(there) = folder.metadata() else { return Vec::new() };
    let stamp = (there.ino(), there.ctime(), there.ctime_nsec());
    match known.get(&folder) {
        Some((seen, leads)) if *seen == stamp => leads.clone(),
        _ => {
            let leads = leads(&folder);
            known.insert(folder, (stamp, leads.clone()));
            leads
        }
    }
}

/// Where the protected links of a folder lead.
fn leads(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let links = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink()));
    let places = links.map(|entry| entry.path()).filter(|place| is_protected_name(place));
    places.map(|place| path::resolve(folder, &place)).collect()
}
