//! `textDocument/diagnostic`: what is wrong in a file, for a client that pulls.

use tower_lsp::gen_lsp_types as lsp;

use crate::diagnostics;
use crate::documents::Open;
use crate::snapshot::Snapshot;

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    _: lsp::DocumentDiagnosticParams,
) -> lsp::DocumentDiagnosticReport {
    let items = open.and_then(|open| diagnostics::language(snapshot, open)).unwrap_or_default();
    lsp::DocumentDiagnosticReport::RelatedFullDocumentDiagnosticReport(
        lsp::RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: lsp::FullDocumentDiagnosticReport { result_id: None, items },
        },
    )
}
