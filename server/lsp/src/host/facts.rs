//! What other servers of the editor know: `copydesk/facts`, a request to the client, which our extensions answer.
//!
//! The protocol lets no server ask another one. A client without our extension is not asked at all, one that does not
//! know the request (-32601) or is slow tells nothing, and what it tells is looked at: files and ranges that make no
//! sense are left out.

use std::time::Duration;

use copydesk_agent::DiskFiles;
use copydesk_base::host::{Known, Wanted};
use copydesk_base::{Files, TextEdit};
use copydesk_text::position::LineIndex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types as lsp;

use super::EditorHost;
use crate::convert;

/// How long a client may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most files and pieces of an answer.
const MOST_FILES: usize = 500;
const MOST_PIECES: usize = 5000;

/// `copydesk/facts`.
enum FactsRequest {}

impl lsp::Request for FactsRequest {
    type Params = Value;
    type Result = Facts;
    const METHOD: lsp::LspRequestMethod<'static> = lsp::LspRequestMethod::Custom("copydesk/facts");
    const MESSAGE_DIRECTION: lsp::MessageDirection = lsp::MessageDirection::ServerToClient;
}

/// What a client answers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Facts {
    #[serde(default)]
    files: Vec<OfFile>,
}

#[derive(Debug, Serialize, Deserialize)]
struct OfFile {
    uri: String,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Item {
    range: lsp::Range,
    /// The new text of a rename, the words of a diagnostic.
    #[serde(default)]
    text: String,
}

/// Asks the client; nothing where it cannot tell.
pub(super) async fn known(host: &EditorHost, wanted: Wanted) -> Option<Vec<Known>> {
    if !host.ladder.ours {
        return None;
    }
    let params = question(host, wanted)?;
    let asking = host.client.send_request::<FactsRequest>(params);
    let facts = tokio::time::timeout(PATIENCE, asking).await.ok()?.ok()?;
    let mut left = MOST_PIECES;
    let files = facts.files.into_iter().take(MOST_FILES).filter_map(|file| pieces(host, file, &mut left));
    Some(files.collect())
}

fn question(host: &EditorHost, wanted: Wanted) -> Option<Value> {
    let place = |path: &std::path::Path, at: usize| {
        let text = text_of(host, path)?;
        let at = text.floor_char_boundary(at);
        let range = convert::range_in(&text, copydesk_base::Span::at(at), host.ladder.encoding);
        Some((convert::uri_of(path), range.start))
    };
    Some(match wanted {
        Wanted::References { path, at } => {
            let (uri, position) = place(&path, at)?;
            json!({"kind": "references", "uri": uri, "position": position})
        }
        Wanted::Rename { path, at, name } => {
            let (uri, position) = place(&path, at)?;
            json!({"kind": "rename", "uri": uri, "position": position, "newName": name})
        }
        Wanted::Diagnostics { path } => {
            json!({"kind": "diagnostics", "uri": path.as_deref().map(convert::uri_of)})
        }
    })
}

fn text_of(host: &EditorHost, path: &std::path::Path) -> Option<std::sync::Arc<str>> {
    match host.documents.at(path) {
        Some(open) => Some(open.document.text().clone()),
        None => DiskFiles.read(path).ok().map(|file| file.text),
    }
}

fn pieces(host: &EditorHost, file: OfFile, left: &mut usize) -> Option<Known> {
    let path = convert::path_of(&file.uri)?;
    let text = text_of(host, &path)?;
    let index = LineIndex::new(&text);
    let mut pieces: Vec<TextEdit> = file
        .items
        .into_iter()
        .take(*left)
        .map(|item| {
            let span = index.span(convert::from_range(item.range), host.ladder.encoding);
            TextEdit { span, text: item.text }
        })
        .collect();
    *left -= pieces.len();
    pieces.sort_by_key(|piece| (piece.span.start, piece.span.end));
    pieces.dedup();
    Some(Known { path, text: text.clone(), pieces })
}
