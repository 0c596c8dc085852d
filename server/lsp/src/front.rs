//! The protocol's methods by name. Each hands over to the file of its own in `methods`.

use std::sync::Arc;

use serde_json::Value;
use tower_lsp::LanguageServer;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{Error, Result};

use crate::about::About;
use crate::capabilities;
use crate::documents::Open;
use crate::intake;
use crate::methods;
use crate::snapshot::Snapshot;
use crate::state::State;
use crate::workspace;

/// The router's face.
pub(crate) struct Front {
    pub(crate) state: Arc<State>,
}

/// A pure method: what it looks at, the document it is about, its parameters.
type Method<P, R> = fn(&Snapshot, Option<&Open>, P) -> R;

impl Front {
    /// Runs a pure method on a snapshot, off the intake. The snapshot and the request's document are taken at the first
    /// poll, in wire order: what is typed behind the request is not seen.
    async fn on_snapshot<P: About, R: Send + 'static>(&self, params: P, method: Method<P, R>) -> Result<R> {
        let (snapshot, open) = self.moment(&params)?;
        intake::beside(move || method(&snapshot, open.as_deref(), params)).await
    }

    /// The same for what must not be done by half: once every file of the workspace is known.
    async fn on_whole<P: About, R: Send + 'static>(&self, params: P, method: Method<P, R>) -> Result<R> {
        let (snapshot, open) = self.moment(&params)?;
        if let Some(session) = self.state.session() {
            session.workspace.settled().await;
        }
        intake::beside(move || method(&snapshot, open.as_deref(), params)).await
    }

    fn moment(&self, params: &impl About) -> Result<(Snapshot, Option<Arc<Open>>)> {
        let mut snapshot = self.state.snapshot().ok_or_else(Error::internal_error)?;
        let open = snapshot.documents.get(params.uri());
        snapshot.own.clone_from(&open);
        Ok((snapshot, open))
    }

    /// `window/workDoneProgress/cancel`: the person's cancel button. The token of a run's progress is its id.
    pub(crate) async fn progress_cancel(&self, params: lsp::WorkDoneProgressCancelParams) {
        if let (Some(session), lsp::ProgressToken::String(token)) = (self.state.session(), params.token) {
            session.desk.cancel(&copydesk_base::RunId::from(token.as_str())).await;
        }
    }
}

impl LanguageServer for Front {
    async fn initialize(&self, params: lsp::InitializeParams) -> Result<lsp::InitializeResult> {
        let session = self.state.settle(&params);
        Ok(lsp::InitializeResult {
            capabilities: capabilities::offered(&session.ladder, &session.suggesting),
            server_info: Some(lsp::ServerInfo {
                name: "copydesk".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        })
    }

    async fn initialized(&self, _: lsp::InitializedParams) {
        if let Some(session) = self.state.session() {
            session.workspace.start();
        }
        workspace::register(&self.state).await;
        methods::configuration::fetch(&self.state).await;
        if let Some(session) = self.state.session() {
            session.desk.warm().await;
        }
    }

    async fn did_change_configuration(&self, _: lsp::DidChangeConfigurationParams) {
        methods::configuration::fetch(&self.state).await;
    }

    async fn did_change_watched_files(&self, params: lsp::DidChangeWatchedFilesParams) {
        methods::watched_files::run(&self.state, params);
    }

    async fn shutdown(&self) -> Result<()> {
        self.state.shut_down().await;
        Ok(())
    }

    async fn completion(&self, params: lsp::CompletionParams) -> Result<Option<lsp::CompletionResponse>> {
        let at = &params.text_document_position_params;
        let (open, place) = (self.state.documents.get(params.uri()), at.position);
        Ok(match (self.on_snapshot(params, methods::completion::run).await?, open) {
            // Nobody here knows what may be written: a file of another language.
            (None, Some(open)) => methods::inline_completion::in_menu(&self.state, open, place).await,
            (known, _) => known,
        })
    }

    async fn inline_completion(
        &self,
        params: lsp::InlineCompletionParams,
    ) -> Result<Option<lsp::InlineCompletionResponse>> {
        Ok(methods::inline_completion::run(&self.state, params).await)
    }

    async fn hover(&self, params: lsp::HoverParams) -> Result<Option<lsp::Hover>> {
        let at = &params.text_document_position_params;
        let (open, place) = (self.state.documents.get(params.uri()), at.position);
        let known = self.on_snapshot(params, methods::hover::run).await?;
        match open {
            Some(open) => Ok(methods::account::hover(&self.state, &open, place).await.or(known)),
            None => Ok(known),
        }
    }

    async fn signature_help(&self, params: lsp::SignatureHelpParams) -> Result<Option<lsp::SignatureHelp>> {
        self.on_snapshot(params, methods::signature_help::run).await
    }

    async fn document_symbol(
        &self,
        params: lsp::DocumentSymbolParams,
    ) -> Result<Option<lsp::DocumentSymbolResponse>> {
        self.on_snapshot(params, methods::document_symbol::run).await
    }

    async fn goto_definition(
        &self,
        params: lsp::DefinitionParams,
    ) -> Result<Option<lsp::DefinitionResponse>> {
        self.on_snapshot(params, methods::definition::run).await
    }

    async fn references(&self, params: lsp::ReferenceParams) -> Result<Option<Vec<lsp::Location>>> {
        self.on_whole(params, methods::references::run).await
    }

    async fn document_highlight(
        &self,
        params: lsp::DocumentHighlightParams,
    ) -> Result<Option<Vec<lsp::DocumentHighlight>>> {
        self.on_snapshot(params, methods::document_highlight::run).await
    }

    async fn prepare_rename(
        &self,
        params: lsp::TextDocumentPositionParams,
    ) -> Result<Option<lsp::PrepareRenameResult>> {
        self.on_snapshot(params, methods::rename::prepare).await?
    }

    async fn rename(&self, params: lsp::RenameParams) -> Result<Option<lsp::WorkspaceEdit>> {
        self.on_whole(params, methods::rename::run).await?
    }

    async fn symbol(
        &self,
        params: lsp::WorkspaceSymbolParams,
    ) -> Result<Option<lsp::WorkspaceSymbolResponse>> {
        self.on_whole(params, |snapshot, _, params| methods::workspace_symbol::run(snapshot, &params))
            .await
            .map(Some)
    }

    async fn document_link(&self, params: lsp::DocumentLinkParams) -> Result<Option<Vec<lsp::DocumentLink>>> {
        self.on_snapshot(params, methods::document_link::run).await
    }

    async fn code_lens(&self, params: lsp::CodeLensParams) -> Result<Option<Vec<lsp::CodeLens>>> {
        let open = self.state.documents.get(params.uri());
        let mut lenses = self.on_snapshot(params, methods::code_lens::run).await?;
        if let (Some(open), Some(lenses)) = (open, &mut lenses) {
            lenses.extend(methods::account::lens(&self.state, &open).await);
        }
        Ok(lenses)
    }

    async fn code_lens_resolve(&self, params: lsp::CodeLens) -> Result<lsp::CodeLens> {
        self.on_whole(params, methods::code_lens::resolve).await
    }

    async fn diagnostic(
        &self,
        params: lsp::DocumentDiagnosticParams,
    ) -> Result<lsp::DocumentDiagnosticReport> {
        self.on_snapshot(params, methods::diagnostic::run).await
    }

    async fn code_action(
        &self,
        params: lsp::CodeActionParams,
    ) -> Result<Option<Vec<lsp::CodeActionResponse>>> {
        self.on_snapshot(params, methods::code_action::run).await
    }

    async fn folding_range(&self, params: lsp::FoldingRangeParams) -> Result<Option<Vec<lsp::FoldingRange>>> {
        self.on_snapshot(params, methods::folding_range::run).await
    }

    async fn selection_range(
        &self,
        params: lsp::SelectionRangeParams,
    ) -> Result<Option<Vec<lsp::SelectionRange>>> {
        self.on_snapshot(params, methods::selection_range::run).await
    }

    async fn inlay_hint(&self, params: lsp::InlayHintParams) -> Result<Option<Vec<lsp::InlayHint>>> {
        self.on_snapshot(params, methods::inlay_hint::run).await
    }

    async fn semantic_tokens_full(
        &self,
        params: lsp::SemanticTokensParams,
    ) -> Result<Option<lsp::SemanticTokens>> {
        self.on_snapshot(params, methods::semantic_tokens::full).await
    }

    async fn semantic_tokens_full_delta(
        &self,
        params: lsp::SemanticTokensDeltaParams,
    ) -> Result<Option<lsp::SemanticTokensDeltaResponse>> {
        self.on_snapshot(params, methods::semantic_tokens::delta).await
    }

    async fn semantic_tokens_range(
        &self,
        params: lsp::SemanticTokensRangeParams,
    ) -> Result<Option<lsp::SemanticTokens>> {
        self.on_snapshot(params, methods::semantic_tokens::range).await
    }

    async fn formatting(&self, params: lsp::DocumentFormattingParams) -> Result<Option<Vec<lsp::TextEdit>>> {
        self.on_snapshot(params, methods::formatting::run).await
    }

    async fn range_formatting(
        &self,
        params: lsp::DocumentRangeFormattingParams,
    ) -> Result<Option<Vec<lsp::TextEdit>>> {
        self.on_snapshot(params, methods::range_formatting::run).await
    }

    async fn ranges_formatting(
        &self,
        params: lsp::DocumentRangesFormattingParams,
    ) -> Result<Option<Vec<lsp::TextEdit>>> {
        self.on_snapshot(params, methods::range_formatting::several).await
    }

    async fn on_type_formatting(
        &self,
        params: lsp::DocumentOnTypeFormattingParams,
    ) -> Result<Option<Vec<lsp::TextEdit>>> {
        self.on_snapshot(params, methods::on_type_formatting::run).await
    }

    async fn code_action_resolve(&self, params: lsp::CodeAction) -> Result<lsp::CodeAction> {
        self.on_snapshot(params, methods::refactor::resolve).await
    }

    async fn execute_command(&self, params: lsp::ExecuteCommandParams) -> Result<Option<Value>> {
        methods::execute_command::run(&self.state, params).await
    }
}
