//! `textDocument/selectionRange`: growing a selection by the tree, also inside expressions.

use copydesk_base::Span;
use copydesk_text::position;
use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::documents::Open;
use crate::snapshot::Snapshot;

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::SelectionRangeParams,
) -> Option<Vec<lsp::SelectionRange>> {
    let open = open?;
    let file = open.file();
    if !snapshot.helps_with(&file) {
        return None;
    }
    // One answer for each position, in their order: the protocol pairs them.
    let answers = params.positions.iter().map(|at| {
        let place = position::Position::new(at.line, at.character);
        let offset = position::offset(open.document.rope(), place, snapshot.ladder.encoding);
        let mut spans = copydesk_language::selections(&file, offset);
        if spans.is_empty() {
            spans.push(Span::at(offset));
        }
        let mut around = None;
        for span in spans.into_iter().rev() {
            let range = convert::range(&open.document, span, snapshot.ladder.encoding);
            around = Some(Box::new(lsp::SelectionRange { range, parent: around }));
        }
        around.map_or_else(
            || lsp::SelectionRange { range: lsp::Range::new(*at, *at), parent: None },
            |found| *found,
        )
    });
    Some(answers.collect())
}
