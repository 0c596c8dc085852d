//! `textDocument/documentLink`: words that lead to other files.

use copydesk_language::navigate;
use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::documents::Open;
use crate::snapshot::Snapshot;

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    _: lsp::DocumentLinkParams,
) -> Option<Vec<lsp::DocumentLink>> {
    let open = open?;
    let links = navigate::links(&open.file(), &snapshot.index()).into_iter();
    let links = links.map(|link| lsp::DocumentLink {
        range: convert::range(&open.document, link.span, snapshot.ladder.encoding),
        target: Some(lsp::Uri(snapshot.uri_of(&link.path))),
        tooltip: snapshot.ladder.link_tooltips.then_some(link.tooltip),
        data: None,
    });
    Some(links.collect())
}
