//! Which document a request is about.

use serde_json::Value;
use tower_lsp::gen_lsp_types as lsp;

/// The parameters of a request.
pub(crate) trait About: Send + 'static {
    /// The document's URI, as the client spells it; empty for a request about no document.
    fn uri(&self) -> &str;
}

macro_rules! about {
    (|$self:ident| $uri:expr => $($params:ident)+) => {
        $(impl About for lsp::$params {
            fn uri(&$self) -> &str {
                &$uri.0
            }
        })+
    };
}

about! { |self| self.text_document.uri =>
    TextDocumentPositionParams
    DocumentSymbolParams DocumentLinkParams CodeLensParams CodeActionParams DocumentDiagnosticParams
    FoldingRangeParams SelectionRangeParams InlayHintParams
    SemanticTokensParams SemanticTokensDeltaParams SemanticTokensRangeParams
    DocumentFormattingParams DocumentRangeFormattingParams DocumentRangesFormattingParams
    DocumentOnTypeFormattingParams
}

about! { |self| self.text_document_position_params.text_document.uri =>
    CompletionParams HoverParams SignatureHelpParams DefinitionParams ReferenceParams DocumentHighlightParams
    RenameParams
}

impl About for lsp::WorkspaceSymbolParams {
    fn uri(&self) -> &'static str {
        ""
    }
}

/// What is to be resolved carries the URI that it was offered with.
impl About for lsp::CodeLens {
    fn uri(&self) -> &str {
        uri_in(self.data.as_ref())
    }
}

impl About for lsp::CodeAction {
    fn uri(&self) -> &str {
        uri_in(self.data.as_ref())
    }
}

fn uri_in(data: Option<&Value>) -> &str {
    data.and_then(|data| data.get("uri")?.as_str()).unwrap_or("")
}
