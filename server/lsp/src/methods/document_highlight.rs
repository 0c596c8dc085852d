//! `textDocument/documentHighlight`: every place of this file that names the thing under the cursor.

use copydesk_language::navigate::{self, Role};
use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::documents::Open;
use crate::snapshot::Snapshot;

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::DocumentHighlightParams,
) -> Option<Vec<lsp::DocumentHighlight>> {
    let open = open?;
    let offset = convert::offset(snapshot, open, params.text_document_position_params.position);
    let found = navigate::highlights(&open.file(), &snapshot.index(), offset);
    let shown = found.iter().map(|one| lsp::DocumentHighlight {
        range: convert::range(&open.document, one.span, snapshot.ladder.encoding),
        kind: Some(match one.role {
            Role::Declares => lsp::DocumentHighlightKind::Write,
            Role::Uses => lsp::DocumentHighlightKind::Read,
        }),
    });
    Some(shown.collect())
}
