//! `textDocument/documentSymbol`: the outline of a file.

use copydesk_language::{Symbol, SymbolKind};
use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::documents::Open;
use crate::snapshot::Snapshot;

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    _: lsp::DocumentSymbolParams,
) -> Option<lsp::DocumentSymbolResponse> {
    let open = open?;
    let file = open.file();
    if !snapshot.helps_with(&file) {
        return None;
    }
    let symbols = copydesk_language::symbols(&file);
    if snapshot.ladder.nested_symbols {
        let nested = symbols.into_iter().map(|symbol| nest(snapshot, open, symbol)).collect();
        return Some(lsp::DocumentSymbolResponse::DocumentSymbolList(nested));
    }
    let mut flat = Vec::new();
    flatten(snapshot, open, &symbols, None, &mut flat);
    Some(lsp::DocumentSymbolResponse::SymbolInformationList(flat))
}

#[expect(deprecated, reason = "the protocol's structure still has the member")]
fn nest(snapshot: &Snapshot, open: &Open, symbol: Symbol) -> lsp::DocumentSymbol {
    let children: Vec<_> = symbol.children.into_iter().map(|child| nest(snapshot, open, child)).collect();
    lsp::DocumentSymbol {
        name: symbol.name,
        detail: (!symbol.detail.is_empty()).then_some(symbol.detail),
        kind: kind(symbol.kind),
        tags: None,
        deprecated: None,
        range: convert::range(&open.document, symbol.span, snapshot.ladder.encoding),
        selection_range: convert::range(&open.document, symbol.name_span, snapshot.ladder.encoding),
        children: (!children.is_empty()).then_some(children),
    }
}

#[expect(deprecated, reason = "the protocol's structure still has the member")]
fn flatten(
    snapshot: &Snapshot,
    open: &Open,
    symbols: &[Symbol],
    container: Option<&str>,
    flat: &mut Vec<lsp::SymbolInformation>,
) {
    for symbol in symbols {
        let range = convert::range(&open.document, symbol.span, snapshot.ladder.encoding);
        flat.push(lsp::SymbolInformation {
            deprecated: None,
            location: lsp::Location { uri: lsp::Uri(open.uri.clone()), range },
            base_symbol_information: lsp::BaseSymbolInformation {
                name: symbol.name.clone(),
                kind: kind(symbol.kind),
                tags: None,
                container_name: container.map(str::to_owned),
            },
        });
        flatten(snapshot, open, &symbol.children, Some(&symbol.name), flat);
    }
}

fn kind(kind: SymbolKind) -> lsp::SymbolKind {
    match kind {
        SymbolKind::Section => lsp::SymbolKind::Namespace,
        SymbolKind::Input => lsp::SymbolKind::Variable,
        SymbolKind::Output => lsp::SymbolKind::Field,
        SymbolKind::Step => lsp::SymbolKind::Function,
        SymbolKind::Key => lsp::SymbolKind::Key,
    }
}
