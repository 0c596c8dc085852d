//! `textDocument/codeLens`: above each declared thing, how often it is used, counted when a lens is looked at; above
//! the last turn of a chat document what sends it.
//!
//! The command behind it is ours, so that it runs in every client; see `copydesk.references`.

use std::path::Path;

use copydesk_language::File;
use copydesk_language::navigate::{self, Lens};
use copydesk_text::position;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::documents::Open;
use crate::snapshot::Snapshot;

/// What a lens keeps until it is looked at.
#[derive(Serialize, Deserialize)]
struct Kept {
    uri: String,
}

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    _: lsp::CodeLensParams,
) -> Option<Vec<lsp::CodeLens>> {
    let open = open?;
    let lenses = navigate::lenses(&open.file()).into_iter().map(|lens| lsp::CodeLens {
        range: convert::range(&open.document, lens.span, snapshot.ladder.encoding),
        command: None,
        data: Some(json!(Kept { uri: open.uri.clone() })),
    });
    let send = super::chat::sending(open).map(|(span, command)| lsp::CodeLens {
        range: convert::range(&open.document, span, snapshot.ladder.encoding),
        command: Some(command),
        data: None,
    });
    Some(lenses.chain(send).collect())
}

pub(crate) fn resolve(snapshot: &Snapshot, open: Option<&Open>, lens: lsp::CodeLens) -> lsp::CodeLens {
    let Some(open) = open else { return lens };
    let start = position::Position::new(lens.range.start.line, lens.range.start.character);
    let offset = position::offset(open.document.rope(), start, snapshot.ladder.encoding);
    let texts = |path: &Path, look: &mut dyn FnMut(&File<'_>)| snapshot.with_file(path, look);
    let at = Lens { span: copydesk_base::Span::at(offset) };
    let title = navigate::count(&open.file(), &snapshot.index(), &texts, &at);
    let argument = json!({"uri": open.uri, "position": lens.range.start});
    lsp::CodeLens {
        command: Some(lsp::Command {
            title,
            tooltip: None,
            command: "copydesk.references".to_owned(),
            arguments: Some(vec![argument]),
        }),
        ..lens
    }
}
