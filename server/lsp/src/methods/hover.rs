//! `textDocument/hover`: what the thing under the cursor is.

use copydesk_language::{FileKind, hover_of_alias, schemas};
use copydesk_text::position;
use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::documents::Open;
use crate::markup::markdown;
use crate::snapshot::Snapshot;

pub(crate) fn run(snapshot: &Snapshot, open: Option<&Open>, params: lsp::HoverParams) -> Option<lsp::Hover> {
    let at = params.text_document_position_params;
    let open = open?;
    let file = open.file();
    let place = position::Position::new(at.position.line, at.position.character);
    let offset = position::offset(open.document.rope(), place, snapshot.ladder.encoding);
    let found = if file.kind == FileKind::Other {
        hover_of_alias(&file, offset).or_else(|| {
            let schema = snapshot.schema_of(&file)?.schema.ok()?;
            schemas::hover(&file, &schema, offset)
        })?
    } else {
        copydesk_language::hover(&file, &snapshot.index_at(&file, offset), offset)?
    };
    let content = if snapshot.ladder.markdown_hover {
        markdown(&found.markdown)
    } else {
        lsp::MarkupContent { kind: lsp::MarkupKind::PlainText, value: plain(&found.markdown) }
    };
    Some(lsp::Hover {
        contents: lsp::Contents::MarkupContent(content),
        range: Some(convert::range(&open.document, found.span, snapshot.ladder.encoding)),
    })
}

/// The words of our own Markdown, for a client that would show its marks.
fn plain(markdown: &str) -> String {
    let lines = markdown.lines().filter(|line| !line.starts_with("```"));
    let unmarked = lines.map(|line| match line.strip_prefix("From [") {
        // Which schema says so, with its link.
        Some(rest) => format!("From {}", rest.replacen("](", " (", 1)),
        None => line.replace("**", "").replace('`', "'").replace('\\', ""),
    });
    unmarked.collect::<Vec<_>>().join("\n")
}
