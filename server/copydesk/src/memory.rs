//! What is remembered of models between two processes, in `COPYDESK_HOME/models/`: how they are doing, and what their
//! providers list.
//!
//! Small JSON files, replaced whole. A file that is missing or makes no sense is nothing known: it costs one try, and
//! is written anew. Whoever writes changes its own part of what stands there, one process after the other.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use copydesk_base::{Clock, SystemClock};
use copydesk_provider::health::Saved;
use copydesk_provider::{Catalog, Health};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How the models were doing when somebody last asked them; what changes from here on is kept.
pub(crate) fn health(state: &Path) -> Health {
    let path = state.join("models/health.json");
    let known = read(&path).unwrap_or_default();
    let kept = path.clone();
    let health = Health::kept_by(move |health, model| {
        let own = health.saved(SystemClock.now()).into_iter().find(|saved| saved.model == model);
        change(&kept, |known: &mut Vec<Saved>| {
            known.retain(|saved| saved.model != model);
            known.extend(own);
        });
    });
    health.restore(known, SystemClock.now());
    health
}

/// What providers listed when somebody last asked them.
pub(crate) fn catalog(state: &Path) -> Catalog {
    read(&state.join("models/lists.json")).unwrap_or_default()
}

/// Keeps what providers list now; what is known of others stays.
pub(crate) fn keep_lists(state: &Path, lists: Catalog) {
    if !lists.is_empty() {
        change(&state.join("models/lists.json"), |catalog: &mut Catalog| catalog.extend(lists));
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Changes what the file holds. Where that fails the next process knows less, which is no reason to fail here.
fn change<T: Default + Serialize + DeserializeOwned>(path: &Path, change: impl FnOnce(&mut T)) {
    let written = || {
        let _turn = turn(path)?;
        let mut value = read(path).unwrap_or_default();
        change(&mut value);
        replace(path, &serde_json::to_vec_pretty(&value)?)
    };
    if let Err(error) = written() {
        tracing::warn!(%error, path = %path.display(), "what was learned about models could not be kept");
    }
}

/// Waits until no other process changes the files beside this one; until the file is dropped none does.
fn turn(path: &Path) -> std::io::Result<File> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let lock = File::options().create(true).append(true).mode(0o600).open(folder.join("lock"))?;
    lock.lock()?;
    Ok(lock)
}

/// Replaces a file whole, for this person's eyes only.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use copydesk_base::Timestamp;

    use super::*;

    #[test]
    fn what_one_process_learns_another_does_not_forget() {
        let state = tempfile::tempdir().unwrap();
        let path = state.path().join("models/health.json");
        let of = |model: &str, failures| Saved {
            model: model.to_owned(),
            failures,
            opened: 0,
            open_until: Some(Timestamp(1)),
            because: "gone".to_owned(),
        };
        std::thread::scope(|scope| {
            for model in ["a", "b", "c", "d"] {
                let path = &path;
                scope.spawn(move || {
                    for failures in 1..=20 {
                        change(path, |known: &mut Vec<Saved>| {
                            known.retain(|saved| saved.model != model);
                            known.push(of(model, failures));
                        });
                    }
                });
            }
        });
        let mut known: Vec<Saved> = read(&path).unwrap();
        known.sort_by(|one, other| one.model.cmp(&other.model));
        assert_eq!(known, ["a", "b", "c", "d"].map(|model| of(model, 20)));
    }
}
