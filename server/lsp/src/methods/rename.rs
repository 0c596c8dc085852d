//! `textDocument/rename` and `textDocument/prepareRename`: another name, everywhere at once or not at all.
//!
//! Each document's edits carry the version they were computed against; those of a file that is not open carry none, as
//! the protocol has it. A file is renamed behind its edits, and only where the client announced that it can.

use std::path::Path;

use copydesk_language::File;
use copydesk_language::navigate::{self, FileRenames, Renaming};
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};

use crate::convert;
use crate::documents::Open;
use crate::snapshot::Snapshot;

/// The exact name under the cursor, or why it cannot be changed.
pub(crate) fn prepare(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::TextDocumentPositionParams,
) -> Result<Option<lsp::PrepareRenameResult>> {
    let Some(open) = open else { return Ok(None) };
    let offset = convert::offset(snapshot, open, params.position);
    let found = navigate::prepare_rename(&open.file(), &snapshot.index(), offset).map_err(refused)?;
    let range = convert::range(&open.document, found.span, snapshot.ladder.encoding);
    let placeholder = lsp::PrepareRenamePlaceholder { range, placeholder: found.name };
    Ok(Some(placeholder.into()))
}

/// The edits of all files.
pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::RenameParams,
) -> Result<Option<lsp::WorkspaceEdit>> {
    let Some(open) = open else { return Ok(None) };
    let offset = convert::offset(snapshot, open, params.text_document_position_params.position);
    let texts = |path: &Path, look: &mut dyn FnMut(&File<'_>)| snapshot.with_file(path, look);
    let files = if snapshot.ladder.renames_files { FileRenames::Can } else { FileRenames::Cannot };
    let new = params.new_name.trim();
    let renaming = navigate::rename(&open.file(), &snapshot.index(), &texts, offset, new, files);
    Ok(Some(edit(snapshot, renaming.map_err(refused)?)))
}

fn edit(snapshot: &Snapshot, renaming: Renaming) -> lsp::WorkspaceEdit {
    let mut changes: Vec<lsp::DocumentChange> = Vec::new();
    for (path, edits) in &renaming.edits {
        let open = snapshot.open_at(path);
        let edits = edits.iter().map(|edit| {
            let [range] = snapshot.ranges(path, [edit.span]);
            lsp::Edit::TextEdit(lsp::TextEdit { range, new_text: edit.text.clone() })
        });
        let text_document = lsp::OptionalVersionedTextDocumentIdentifier {
            version: open.map(|open| open.document.version()),
            text_document_identifier: lsp::TextDocumentIdentifier { uri: lsp::Uri(snapshot.uri_of(path)) },
        };
        let edits = edits.collect();
        changes.push(lsp::TextDocumentEdit { text_document, edits }.into());
    }
    if let Some(file) = &renaming.file {
        let rename = lsp::RenameFile {
            old_uri: lsp::Uri(snapshot.uri_of(&file.from)),
            new_uri: lsp::Uri(convert::uri_of(&file.to)),
            options: None,
            annotation_id: None,
        };
        changes.push(rename.into());
    }
    lsp::WorkspaceEdit { document_changes: Some(changes), ..Default::default() }
}

/// What the person reads: why nothing was renamed.
fn refused(why: String) -> Error {
    // RequestFailed, from the protocol's reserved range.
    let mut error = Error::new(ErrorCode::ServerError(-32803));
    error.message = why.into();
    error
}
