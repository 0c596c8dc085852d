//! Where protected and secret names lead that are symbolic links: `.copydesk -> conf`, `.git/hooks -> ../scripts`,
//! `~/.zshrc -> dotfiles/zshrc`, `.env -> conf/local`. What lies there is obeyed, or holds, what the name says, so it
//! is protected or secret too.
//!
//! Only names in a few folders are looked at, those that a person's tools read without being told to; and a folder is
//! listed again only after it changed.

use std::cell::RefCell;
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use copydesk_base::path;

use super::{is_protected_name, is_secret};
use crate::policy::Policy;

/// When a folder changed last, and which folder it is.
type Stamp = (u64, i64, i64);

/// What a name lends to the place where it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lent {
    Protected,
    Secret,
}

/// Where a name leads.
#[derive(Clone, Debug)]
struct Lead {
    place: PathBuf,
    lent: Lent,
}

thread_local! {
    /// The places to which such names of a folder lead.
    static KNOWN: RefCell<HashMap<PathBuf, (Stamp, Vec<Lead>)>> = RefCell::default();
    /// All that count for a root in this judgement.
    static NOW: RefCell<Option<(PathBuf, Vec<Lead>)>> = RefCell::default();
}

/// Whether a name leads to this place, or to a folder above it, and lends it that.
pub(super) fn is_lent(lent: Lent, place: &Path, policy: &Policy) -> bool {
    NOW.with_borrow_mut(|now| {
        if now.as_ref().is_none_or(|(root, _)| *root != policy.root) {
            *now = Some((policy.root.clone(), look(policy)));
        }
        let leads = now.iter().flat_map(|(_, leads)| leads);
        leads.filter(|lead| lead.lent == lent).any(|lead| path::is_inside(&lead.place, place))
    })
}

/// Every judgement looks at the disk as it is then.
pub(crate) fn look_anew() {
    NOW.set(None);
}

fn look(policy: &Policy) -> Vec<Lead> {
    let root = &policy.root;
    let home = policy.home.iter().flat_map(|home| [home.clone(), home.join(".config")]);
    let folders = [root.clone(), root.join(".git"), root.join(".copydesk")].into_iter().chain(home);
    let leads: Vec<Lead> =
        KNOWN.with_borrow_mut(|known| folders.flat_map(|folder| leads_of(folder, known)).collect());
    // A whole workspace is no secret: a repository that says so would only shut the person out.
    leads
        .into_iter()
        .filter(|lead| lead.lent == Lent::Protected || !path::is_inside(&lead.place, root))
        .collect()
}

fn leads_of(folder: PathBuf, known: &mut HashMap<PathBuf, (Stamp, Vec<Lead>)>) -> Vec<Lead> {
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

/// Where the links of a folder lead that have such names.
fn leads(folder: &Path) -> Vec<Lead> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let links = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink()));
    let lent = |name: &Path| match name {
        name if is_secret(name) => Some(Lent::Secret),
        name => is_protected_name(name).then_some(Lent::Protected),
    };
    let named = links.filter_map(|entry| Some((lent(&entry.path())?, entry.path())));
    named.map(|(lent, name)| Lead { place: path::resolve(folder, &name), lent }).collect()
}
