//! Who else must be told: when what a file means to others changes, the files that use it are checked again.
//!
//! Compared is what was told last with what is there now, places left out, so that typing inside a step marks nobody.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_base::path;
use copydesk_language::index::Summary;
use copydesk_language::{FileKind, Trust, WorkspaceIndex};

use crate::convert;
use crate::diagnostics::{self, Unopened};
use crate::state::State;
use crate::workspace::is_same;

/// What the others were told of each file that was open.
#[derive(Default)]
pub(crate) struct Told {
    by_path: HashMap<PathBuf, Option<Arc<Summary>>>,
}

impl Told {
    /// Marks whoever uses the file behind a URI, if that means something else now.
    pub(crate) async fn tell(&mut self, state: &Arc<State>, uri: &str) {
        let Some(path) = convert::path_of(uri).map(|path| path::resolve(Path::new("/"), &path)) else {
            return;
        };
        let open = state.documents.at(&path);
        if open.is_none() && !self.by_path.contains_key(&path) {
            return;
        }
        let (worker, known) = (state.clone(), self.by_path.get(&path).cloned());
        let asked = path.clone();
        let told = tokio::task::spawn_blocking(move || {
            let session = worker.session()?;
            let on_disk = session.workspace.on_disk(&asked);
            let now = match &open {
                Some(open) => open.summary().cloned(),
                None => on_disk.clone(),
            };
            let before = known.unwrap_or(on_disk);
            let is_same = match (&before, &now) {
                (Some(before), Some(now)) => Arc::ptr_eq(before, now) || is_same(before, now),
                (None, None) => true,
                _ => false,
            };
            let touched = if is_same { Vec::new() } else { touched(&worker, &asked, before, now.as_deref()) };
            let is_settings =
                |summary: &Summary| matches!(summary.kind, FileKind::Config | FileKind::KeystoneConfig);
            let unopened =
                if now.as_deref().is_some_and(is_settings) { Unopened::Leave } else { Unopened::Mark };
            Some((now, touched, unopened, open.is_some()))
        })
        .await;
        let Some((now, touched, unopened, is_open)) = told.ok().flatten() else { return };
        if is_open {
            self.by_path.insert(path, now);
        } else {
            self.by_path.remove(&path);
        }
        diagnostics::mark_touched(state, &touched, unopened);
    }
}

/// The files that use `path`, before or after the change.
fn touched(state: &State, path: &Path, before: Option<Arc<Summary>>, now: Option<&Summary>) -> Vec<PathBuf> {
    let Some(session) = state.session() else { return Vec::new() };
    let mut after = session.workspace.index(&state.documents.all(), None, Trust::Untrusted);
    let mut touched = after.dependents(path);
    if now.is_none() || before.is_some() {
        let mut files = after.files.as_deref().cloned().unwrap_or_default();
        match before {
            Some(before) => files.insert(path.to_owned(), before),
            None => files.remove(path),
        };
        after = WorkspaceIndex { files: Some(Arc::new(files)), ..after };
        touched.extend(after.dependents(path));
    }
    touched.sort();
    touched.dedup();
    touched
}
