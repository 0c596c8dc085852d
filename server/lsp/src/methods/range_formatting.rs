//! `textDocument/rangeFormatting` and `rangesFormatting`: the blocks that a selection touches, and nothing else.

use tower_lsp::gen_lsp_types as lsp;

use super::formatting::style;
use crate::convert;
use crate::documents::Open;
use crate::snapshot::Snapshot;

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::DocumentRangeFormattingParams,
) -> Option<Vec<lsp::TextEdit>> {
    of_range(snapshot, open?, params.range, params.options)
}

/// Several ranges: those that touch the same block are laid out once.
pub(crate) fn several(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::DocumentRangesFormattingParams,
) -> Option<Vec<lsp::TextEdit>> {
    let open = open?;
    let ends = params.ranges.iter().copied().reduce(|one, other| lsp::Range {
        start: if before(other.start, one.start) { other.start } else { one.start },
        end: if before(one.end, other.end) { other.end } else { one.end },
    })?;
    let edits = of_range(snapshot, open, ends, params.options)?;
    let touched = |edit: &lsp::TextEdit| {
        params
            .ranges
            .iter()
            .any(|range| range.start.line <= edit.range.end.line && edit.range.start.line <= range.end.line)
    };
    // Lines of one block move together: only a range that holds all of them may be taken apart.
    if edits.iter().all(touched) { Some(edits) } else { several_blocks(snapshot, open, &params) }
}

/// Each range for itself, those left out that overlap an earlier one.
fn several_blocks(
    snapshot: &Snapshot,
    open: &Open,
    params: &lsp::DocumentRangesFormattingParams,
) -> Option<Vec<lsp::TextEdit>> {
    let mut all: Vec<lsp::TextEdit> = Vec::new();
    for range in &params.ranges {
        for edit in of_range(snapshot, open, *range, params.options)? {
            let meets = |other: &lsp::TextEdit| {
                !before(other.range.end, edit.range.start) && !before(edit.range.end, other.range.start)
            };
            if !all.iter().any(meets) {
                all.push(edit);
            }
        }
    }
    Some(all)
}

fn of_range(
    snapshot: &Snapshot,
    open: &Open,
    range: lsp::Range,
    options: lsp::FormattingOptions,
) -> Option<Vec<lsp::TextEdit>> {
    let file = open.file();
    if !snapshot.lays_out(&file) {
        return None;
    }
    let span = convert::span(&open.document, range, snapshot.ladder.encoding);
    let edits = copydesk_language::format_range(&file, style(options), span);
    Some(convert::text_edits(&open.document, &edits, snapshot.ladder.encoding))
}

fn before(one: lsp::Position, other: lsp::Position) -> bool {
    (one.line, one.character) < (other.line, other.character)
}
