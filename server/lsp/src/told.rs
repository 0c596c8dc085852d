//! Who else must be told: when what a file means to others changes, the files that use it are checked again.
//!
//! Compared is all that anybody was shown of the file with what is there now, places left out: typing inside a step
//! marks nobody, and a name that was changed and changed back marks whoever was checked in between.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_base::path;
use copydesk_language::{FileKind, WorkspaceIndex};

use crate::convert;
use crate::diagnostics::{self, Unopened};
use crate::state::State;
use crate::workspace::Meaning;

/// Marks whoever uses the file behind a URI, if that means something else now than to whoever looked before.
pub(crate) async fn tell(state: &Arc<State>, uri: &str) {
    let Some(path) = convert::path_of(uri).map(|path| path::resolve(Path::new("/"), &path)) else {
        return;
    };
    let worker = state.clone();
    let touched = tokio::task::spawn_blocking(move || {
        let session = worker.session()?;
        let (index, left) = session.workspace.turned(&worker.documents.all(), &path);
        if left.is_empty() {
            return None;
        }
        let kind = index.files.as_deref().and_then(|files| files.get(&path)).map(|now| now.kind);
        let is_settings = matches!(kind, Some(FileKind::Config | FileKind::KeystoneConfig));
        let unopened = if is_settings { Unopened::Leave } else { Unopened::Mark };
        Some((touched(index, &path, left), unopened))
    })
    .await;
    if let Ok(Some((touched, unopened))) = touched {
        diagnostics::mark_touched(state, &touched, unopened);
    }
}

/// The files that use `path` now, or did when it meant something else.
fn touched(mut index: WorkspaceIndex, path: &Path, left: Vec<Meaning>) -> Vec<PathBuf> {
    let mut touched = index.dependents(path);
    for before in left {
        let mut files = index.files.as_deref().cloned().unwrap_or_default();
        match before {
            Some(before) => files.insert(path.to_owned(), before),
            None => files.remove(path),
        };
        index.files = Some(Arc::new(files));
        touched.extend(index.dependents(path));
    }
    touched.sort();
    touched.dedup();
    touched
}
