//! `textDocument/inlayHint`: what is not written and yet holds, beside what is.

use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::documents::Open;
use crate::markup::markdown;
use crate::snapshot::Snapshot;

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::InlayHintParams,
) -> Option<Vec<lsp::InlayHint>> {
    let open = open?;
    let within = convert::span(&open.document, params.range, snapshot.ladder.encoding);
    let file = open.file();
    let index =
        if copydesk_language::asks_models(&file) { snapshot.index_with_models() } else { snapshot.index() };
    let hints = copydesk_language::hints(&file, &index, within);
    let hints = hints.into_iter().map(|hint| {
        let at =
            convert::range(&open.document, copydesk_base::Span::at(hint.offset), snapshot.ladder.encoding);
        lsp::InlayHint {
            position: at.start,
            label: lsp::Label::String(hint.label),
            kind: None,
            text_edits: None,
            tooltip: Some(lsp::Tooltip::MarkupContent(markdown(&hint.tooltip))),
            padding_left: Some(true),
            padding_right: None,
            data: None,
        }
    });
    Some(hints.collect())
}
