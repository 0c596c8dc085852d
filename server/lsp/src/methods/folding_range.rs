//! `textDocument/foldingRange`: what can be folded away.

use copydesk_language::FoldKind;
use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::documents::Open;
use crate::snapshot::Snapshot;

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    _: lsp::FoldingRangeParams,
) -> Option<Vec<lsp::FoldingRange>> {
    let open = open?;
    let file = open.file();
    if !snapshot.helps_with(&file) {
        return None;
    }
    let mut folds = copydesk_language::folds(&file);
    if let Some(limit) = snapshot.ladder.fold_limit {
        // The largest ones are missed most.
        folds.sort_by_key(|fold| std::cmp::Reverse(fold.span.len()));
        folds.truncate(limit);
        folds.sort_by_key(|fold| fold.span);
    }
    let folds = folds.into_iter().map(|fold| {
        let range = convert::range(&open.document, fold.span, snapshot.ladder.encoding);
        let whole_lines = snapshot.ladder.fold_lines;
        lsp::FoldingRange {
            start_line: range.start.line,
            // Folds start behind what stays to be seen.
            start_character: None,
            end_line: range.end.line,
            end_character: (!whole_lines).then_some(range.end.character),
            kind: match fold.kind {
                FoldKind::Block => None,
                FoldKind::Comment => Some(lsp::FoldingRangeKind::Comment),
                FoldKind::FrontMatter => Some(lsp::FoldingRangeKind::Region),
            },
            collapsed_text: None,
        }
    });
    Some(folds.collect())
}
