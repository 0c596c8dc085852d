//! `textDocument/references`: every place that names the thing under the cursor, in all files.
//!
//! `copydesk.references` is the same as a command, for the lenses: it answers the places, and in a client without our
//! extension shows the first one that is not the lens's own.

use std::path::Path;
use std::sync::Arc;

use copydesk_language::File;
use copydesk_language::navigate::{self, Declaration};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{Error, Result};

use crate::convert;
use crate::documents::Open;
use crate::intake::{after_answer, beside};
use crate::snapshot::Snapshot;
use crate::state::{Session, State};

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::ReferenceParams,
) -> Option<Vec<lsp::Location>> {
    let declaration =
        if params.context.include_declaration { Declaration::With } else { Declaration::Without };
    Some(find(snapshot, open?, params.text_document_position_params.position, declaration))
}

/// The references at a position.
pub(crate) fn find(
    snapshot: &Snapshot,
    open: &Open,
    position: lsp::Position,
    declaration: Declaration,
) -> Vec<lsp::Location> {
    let offset = convert::offset(snapshot, open, position);
    let texts = |path: &Path, look: &mut dyn FnMut(&File<'_>)| snapshot.with_file(path, look);
    let found = navigate::references(&open.file(), &snapshot.index(), &texts, offset, declaration);
    found.iter().map(|place| snapshot.location(&place.path, place.span)).collect()
}

/// Where a lens stands.
#[derive(Deserialize)]
pub(crate) struct Asked {
    uri: String,
    position: lsp::Position,
}

/// `copydesk.references {uri, position}` → `{locations}`.
pub(crate) async fn command(state: &Arc<State>, session: &Session, asked: Asked) -> Result<Option<Value>> {
    let Some(mut snapshot) = state.snapshot() else { return Err(Error::internal_error()) };
    let Some(open) = state.documents.get(&asked.uri) else {
        return Err(Error::invalid_params(format!("{} is not open", asked.uri)));
    };
    snapshot.own = Some(open.clone());
    session.workspace.settled().await;
    let position = asked.position;
    let found = beside(move || find(&snapshot, &open, position, Declaration::Without)).await?;
    // Our extension shows them all, with what the editor has for that.
    if let Some(first) = found.first().filter(|_| session.ladder.show_document && !session.ladder.ours) {
        show(state, first.clone());
    }
    Ok(Some(json!({"locations": found})))
}

/// Shows a place, once the answer is written.
fn show(state: &Arc<State>, place: lsp::Location) {
    let (gate, answered) = tokio::sync::oneshot::channel();
    after_answer(gate);
    let client = state.client.clone();
    state.tracker.spawn(async move {
        // A gate that is dropped is open, too.
        let _ = answered.await;
        let params = lsp::ShowDocumentParams {
            uri: place.uri,
            external: None,
            take_focus: Some(true),
            selection: Some(place.range),
        };
        // A client that cannot show it has said all there is to say.
        let _ = client.show_document(params).await;
    });
}
