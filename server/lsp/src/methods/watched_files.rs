//! `workspace/didChangeWatchedFiles`: what changed on disk, as the editor saw it.

use std::path::PathBuf;
use std::sync::Arc;

use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::diagnostics;
use crate::state::State;
use crate::suggesting;

pub(crate) fn run(state: &Arc<State>, params: lsp::DidChangeWatchedFilesParams) {
    let Some(session) = state.session() else { return };
    if params.changes.iter().any(|change| diagnostics::is_settings(&change.uri.0)) {
        state.doubt_trust();
        suggesting::look_again(state);
    }
    let paths: Vec<PathBuf> =
        params.changes.iter().filter_map(|change| convert::path_of(&change.uri.0)).collect();
    state.sources_changed(&paths);
    session.workspace.changed(paths);
}
