//! `workspace/symbol`: workflows, steps, agents, inputs and outputs of all files, by a few letters.

use copydesk_language::navigate::{self, Found, FoundKind};
use tower_lsp::gen_lsp_types as lsp;

use crate::snapshot::Snapshot;

/// More than that nobody reads.
const MOST: usize = 200;

pub(crate) fn run(snapshot: &Snapshot, params: &lsp::WorkspaceSymbolParams) -> lsp::WorkspaceSymbolResponse {
    let found = navigate::find(&snapshot.index(), &params.query, MOST);
    lsp::WorkspaceSymbolResponse::SymbolInformationList(
        found.iter().map(|found| symbol(snapshot, found)).collect(),
    )
}

#[expect(deprecated, reason = "the protocol's structure still has the member")]
fn symbol(snapshot: &Snapshot, found: &Found) -> lsp::SymbolInformation {
    lsp::SymbolInformation {
        deprecated: None,
        location: snapshot.location(&found.path, found.span),
        base_symbol_information: lsp::BaseSymbolInformation {
            name: found.name.clone(),
            kind: match found.kind {
                FoundKind::Workflow => lsp::SymbolKind::Module,
                FoundKind::Agent => lsp::SymbolKind::Class,
                FoundKind::Step => lsp::SymbolKind::Function,
                FoundKind::Input => lsp::SymbolKind::Variable,
                FoundKind::Output => lsp::SymbolKind::Field,
            },
            tags: None,
            container_name: (!found.container.is_empty()).then(|| found.container.clone()),
        },
    }
}
