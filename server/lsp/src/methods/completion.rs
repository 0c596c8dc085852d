//! `textDocument/completion`: what may be written here.

use copydesk_language::{Completion, CompletionKind, FileKind, Snippet, schemas};
use copydesk_text::position;
use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::documents::Open;
use crate::markup::markdown;
use crate::snapshot::Snapshot;

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::CompletionParams,
) -> Option<lsp::CompletionResponse> {
    let at = params.text_document_position_params;
    let open = open?;
    let file = open.file();
    let place = position::Position::new(at.position.line, at.position.character);
    let offset = position::offset(open.document.rope(), place, snapshot.ladder.encoding);
    if let Some(items) = super::chat::complete(snapshot, open, offset) {
        return Some(lsp::CompletionResponse::CompletionItemList(items));
    }
    let found = if let Some(names) = snapshot.schemas_at(&file, offset) {
        names
    } else if file.kind == FileKind::Other {
        let schema = snapshot.schema_of(&file)?.schema.ok()?;
        schemas::complete(&file, &schema, offset)
    } else {
        copydesk_language::complete(&file, &snapshot.index_at(&file, offset), offset)
    };
    let items = found.into_iter().map(|one| item(snapshot, open, one)).collect();
    Some(lsp::CompletionResponse::CompletionItemList(items))
}

fn item(snapshot: &Snapshot, open: &Open, found: Completion) -> lsp::CompletionItem {
    let tabstops = snapshot.ladder.snippets && found.snippet == Snippet::Tabstops;
    let new_text = if tabstops { found.insert.clone() } else { found.plain() };
    let range = convert::range(&open.document, found.replace, snapshot.ladder.encoding);
    let docs = (!found.docs.is_empty()).then(|| lsp::Documentation::MarkupContent(markdown(&found.docs)));
    // Where quotes are replaced with the word, typing filters by both; so it does by a dot and what stands behind it.
    let replaced = open.document.text().get(found.replace.start..found.replace.end).unwrap_or("");
    let filter = match replaced.rfind('.') {
        _ if replaced.starts_with('"') && found.insert.starts_with('"') => format!("\"{}\"", found.label),
        Some(dot) if replaced.starts_with('.') => format!("{}{}", &replaced[..=dot], found.label),
        _ => found.label.clone(),
    };
    lsp::CompletionItem {
        sort_text: Some(format!("{:06} {}", found.sort, found.label)),
        filter_text: Some(filter),
        label: found.label,
        kind: Some(kind(found.kind)),
        detail: (!found.detail.is_empty()).then_some(found.detail),
        documentation: docs,
        insert_text_format: Some(if tabstops {
            lsp::InsertTextFormat::Snippet
        } else {
            lsp::InsertTextFormat::PlainText
        }),
        text_edit: Some(lsp::CompletionItemTextEdit::TextEdit(lsp::TextEdit { range, new_text })),
        ..Default::default()
    }
}

fn kind(kind: CompletionKind) -> lsp::CompletionItemKind {
    match kind {
        CompletionKind::Key => lsp::CompletionItemKind::Property,
        CompletionKind::Value => lsp::CompletionItemKind::EnumMember,
        CompletionKind::Step | CompletionKind::Agent | CompletionKind::Model => {
            lsp::CompletionItemKind::Reference
        }
        CompletionKind::Input | CompletionKind::Variable => lsp::CompletionItemKind::Variable,
        CompletionKind::Field => lsp::CompletionItemKind::Field,
        CompletionKind::Function => lsp::CompletionItemKind::Function,
    }
}
