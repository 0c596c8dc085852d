//! The editor's words and ours: URIs and paths, ranges and spans, diagnostics.

use std::path::{Path, PathBuf};

use copydesk_base::{Diagnostic, Severity, Span};
use copydesk_text::document::Document;
use copydesk_text::position::{self, Encoding, LineIndex, Position, Range};
use tower_lsp::gen_lsp_types as lsp;

use crate::documents::Open;
use crate::snapshot::Snapshot;

/// Where the page of each diagnostic code is.
const PAGES: &str = "https://github.com/copydesk/copydesk/blob/main/docs/guide/diagnostics/";

/// The path of a `file:` URI.
pub(crate) fn path_of(uri: &str) -> Option<PathBuf> {
    let url = url::Url::parse(uri).ok()?;
    if url.scheme() == "file" { url.to_file_path().ok() } else { None }
}

/// The URI of an absolute path.
pub(crate) fn uri_of(path: &Path) -> String {
    url::Url::from_file_path(path).map_or_else(|()| String::new(), |url| url.to_string())
}

pub(crate) fn from_range(range: lsp::Range) -> Range {
    let at = |position: lsp::Position| Position::new(position.line, position.character);
    Range::new(at(range.start), at(range.end))
}

pub(crate) fn to_range(range: Range) -> lsp::Range {
    let at = |position: Position| lsp::Position::new(position.line, position.character);
    lsp::Range::new(at(range.start), at(range.end))
}

/// The span of an editor's range in a document; clamped to the text.
pub(crate) fn span(document: &Document, range: lsp::Range, encoding: Encoding) -> Span {
    position::span(document.rope(), from_range(range), encoding)
}

/// The offset of an editor's position in a document.
pub(crate) fn offset(snapshot: &Snapshot, open: &Open, at: lsp::Position) -> usize {
    let place = Position::new(at.line, at.character);
    position::offset(open.document.rope(), place, snapshot.ladder.encoding)
}

pub(crate) fn range(document: &Document, span: Span, encoding: Encoding) -> lsp::Range {
    to_range(position::range(document.rope(), span, encoding))
}

/// The same for a text that no editor holds.
pub(crate) fn range_in(text: &str, span: Span, encoding: Encoding) -> lsp::Range {
    to_range(LineIndex::new(text).range(span, encoding))
}

/// A finding in the protocol's form.
pub(crate) fn diagnostic(snapshot: &Snapshot, open: &Open, found: &Diagnostic) -> lsp::Diagnostic {
    let (ladder, document) = (&snapshot.ladder, &open.document);
    let wanted = found.related.iter().filter(|_| ladder.related_information);
    let related = wanted.map(|related| lsp::DiagnosticRelatedInformation {
        location: match related.path.as_deref().filter(|path| Some(*path) != open.path.as_deref()) {
            Some(path) => snapshot.location(path, related.span),
            None => lsp::Location {
                uri: lsp::Uri(open.uri.clone()),
                range: range(document, related.span, ladder.encoding),
            },
        },
        message: related.message.clone(),
    });
    let related: Vec<lsp::DiagnosticRelatedInformation> = related.collect();
    lsp::Diagnostic {
        range: range(document, found.span, ladder.encoding),
        severity: Some(severity(found.severity)),
        code: Some(lsp::Code::String(found.code.as_str().to_owned())),
        code_description: ladder.code_description.then(|| page(found.code)),
        source: Some("copydesk".to_owned()),
        message: lsp::Message::String(found.message.clone()),
        related_information: (!related.is_empty()).then_some(related),
        ..Default::default()
    }
}

pub(crate) fn page(code: copydesk_base::Code) -> lsp::CodeDescription {
    lsp::CodeDescription { href: lsp::Uri(format!("{PAGES}{code}.md")) }
}

pub(crate) fn severity(severity: Severity) -> lsp::DiagnosticSeverity {
    match severity {
        Severity::Error => lsp::DiagnosticSeverity::Error,
        Severity::Warning => lsp::DiagnosticSeverity::Warning,
        Severity::Info => lsp::DiagnosticSeverity::Information,
        Severity::Hint => lsp::DiagnosticSeverity::Hint,
    }
}

/// An edit of one document at one version; always versioned, whatever the client announces.
pub(crate) fn workspace_edit(uri: &str, version: i32, edits: Vec<lsp::TextEdit>) -> lsp::WorkspaceEdit {
    let text_document = lsp::OptionalVersionedTextDocumentIdentifier {
        version: Some(version),
        text_document_identifier: lsp::TextDocumentIdentifier { uri: lsp::Uri(uri.to_owned()) },
    };
    let edits = edits.into_iter().map(lsp::Edit::TextEdit).collect();
    lsp::WorkspaceEdit {
        document_changes: Some(vec![lsp::DocumentChange::TextDocumentEdit(lsp::TextDocumentEdit {
            text_document,
            edits,
        })]),
        ..Default::default()
    }
}

/// Text edits in a document's own positions.
pub(crate) fn text_edits(
    document: &Document,
    edits: &[copydesk_base::TextEdit],
    encoding: Encoding,
) -> Vec<lsp::TextEdit> {
    edits
        .iter()
        .map(|edit| lsp::TextEdit {
            range: range(document, edit.span, encoding),
            new_text: edit.text.clone(),
        })
        .collect()
}
