//! What is remembered of models between two processes, in `COPYDESK_HOME/models/`: how they are doing, and what their
//! providers list.
//!
//! Small JSON files, replaced whole. A file that is missing or makes no sense is nothing known: it costs one try, and is
//! written anew. The last writer wins.

use std::io::Write;
use std::path::Path;

use copydesk_base::{Clock, SystemClock};
use copydesk_provider::{Catalog, Health};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How the models were doing when somebody last asked them; what changes from here on is kept.
pub(crate) fn health(state: &Path) -> Health {
    let path = state.join("models/health.json");
    let known = read(&path).unwrap_or_default();
    let health = Health::kept_by(move |health| write(&path, &health.saved(SystemClock.now())));
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
        let mut catalog = catalog(state);
        catalog.extend(lists);
        write(&state.join("models/lists.json"), &catalog);
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Replaces the file. Where that fails the next process knows less, which is no reason to fail here.
fn write(path: &Path, value: &impl Serialize) {
    let written = || replace(path, &serde_json::to_vec_pretty(value)?);
    if let Err(error) = written() {
        tracing::warn!(%error, path = %path.display(), "what was learned about models could not be kept");
    }
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
