//! `textDocument/formatting`: the whole file laid out, or nothing where that would change what it says.

use copydesk_language::FormatStyle;
use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::documents::Open;
use crate::snapshot::Snapshot;

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::DocumentFormattingParams,
) -> Option<Vec<lsp::TextEdit>> {
    let open = open?;
    let file = open.file();
    if !snapshot.lays_out(&file) {
        return None;
    }
    let edits = copydesk_language::format(&file, style(params.options));
    Some(convert::text_edits(&open.document, &edits, snapshot.ladder.encoding))
}

/// What the editor asks for. YAML knows no tabs, so a wish for them is none.
pub(super) fn style(options: lsp::FormattingOptions) -> FormatStyle {
    let width = usize::try_from(options.tab_size).ok();
    FormatStyle { indent: width.filter(|_| options.insert_spaces) }
}
