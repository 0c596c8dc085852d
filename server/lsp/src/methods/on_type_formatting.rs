//! `textDocument/onTypeFormatting`: a new line starts where the next thing goes, a dash below the others, `${{` is
//! closed.

use copydesk_text::position;
use tower_lsp::gen_lsp_types as lsp;

use super::formatting::style;
use crate::convert;
use crate::documents::Open;
use crate::snapshot::Snapshot;

/// What is listened for: the first, and the others.
pub(crate) const TRIGGERS: (&str, &[&str]) = ("\n", &["{", "-", " "]);

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::DocumentOnTypeFormattingParams,
) -> Option<Vec<lsp::TextEdit>> {
    let open = open?;
    let file = open.file();
    if !snapshot.lays_out(&file) {
        return None;
    }
    let place = position::Position::new(params.position.line, params.position.character);
    let offset = position::offset(open.document.rope(), place, snapshot.ladder.encoding);
    let edits = copydesk_language::on_type(&file, style(params.options), &params.ch, offset);
    Some(convert::text_edits(&open.document, &edits, snapshot.ladder.encoding))
}
