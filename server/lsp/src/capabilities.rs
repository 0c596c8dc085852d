//! What the client announced, and what we offer it: the ladder.
//!
//! Announcements are a hint. What is here is read once, from `initialize`; what a client then really does is met where
//! it happens.

use copydesk_text::position::Encoding;
use serde_json::Value;
use tower_lsp::gen_lsp_types as lsp;

use crate::methods::{chat, on_type_formatting, semantic_tokens, sessions};
use crate::suggesting::Suggesting;

/// The rungs that this client announced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ladder {
    pub(crate) encoding: Encoding,
    /// `window.workDoneProgress`.
    pub(crate) progress: bool,
    /// `window.showDocument`.
    pub(crate) show_document: bool,
    /// `workspace.configuration`.
    pub(crate) configuration: bool,
    /// Pulls diagnostics and can be told to pull again.
    pub(crate) pull: bool,
    pub(crate) related_information: bool,
    pub(crate) code_description: bool,
    pub(crate) snippets: bool,
    pub(crate) markdown_hover: bool,
    pub(crate) nested_symbols: bool,
    /// Tells about files that change on disk, where it is asked to.
    pub(crate) watches_files: bool,
    /// Takes the link's own range in an answer about a definition.
    pub(crate) definition_links: bool,
    /// Shows a few words beside a link.
    pub(crate) link_tooltips: bool,
    /// Asks for the exact name before a rename.
    pub(crate) prepares_rename: bool,
    /// Renames files in an edit.
    pub(crate) renames_files: bool,
    /// Takes a code action without its edit, and asks for it when it is chosen.
    pub(crate) resolves_edits: bool,
    /// Folds whole lines only.
    pub(crate) fold_lines: bool,
    /// How many folds it takes.
    pub(crate) fold_limit: Option<usize>,
    /// Takes a word that goes over several lines.
    pub(crate) multiline_tokens: bool,
    /// Shows text at the cursor that is not there yet.
    pub(crate) inline_completion: bool,
    /// Can be told later that it may ask for such text.
    pub(crate) registers_suggestions: bool,
    /// Our own extension: `experimental: {copydesk: true}`.
    pub(crate) ours: bool,
}

impl Ladder {
    /// Reads the announcement as it stands on the wire, so that a misspelt member is not taken for the real one.
    pub(crate) fn read(capabilities: &lsp::ClientCapabilities) -> Self {
        let value = serde_json::to_value(capabilities).unwrap_or_default();
        let at = |pointer: &str| value.pointer(pointer);
        let yes = |pointer: &str| at(pointer).and_then(Value::as_bool).unwrap_or(false);
        let encodings: Vec<&str> = at("/general/positionEncodings")
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        Self {
            // The client's order is its preference.
            encoding: encodings.iter().find_map(|word| Encoding::parse(word)).unwrap_or_default(),
            progress: yes("/window/workDoneProgress"),
            show_document: yes("/window/showDocument/support"),
            configuration: yes("/workspace/configuration"),
            pull: at("/textDocument/diagnostic").is_some() && yes("/workspace/diagnostics/refreshSupport"),
            related_information: yes("/textDocument/publishDiagnostics/relatedInformation"),
            code_description: yes("/textDocument/publishDiagnostics/codeDescriptionSupport"),
            snippets: yes("/textDocument/completion/completionItem/snippetSupport"),
            markdown_hover: at("/textDocument/hover/contentFormat")
                .and_then(Value::as_array)
                .is_some_and(|kinds| kinds.iter().any(|kind| kind == "markdown")),
            nested_symbols: yes("/textDocument/documentSymbol/hierarchicalDocumentSymbolSupport"),
            watches_files: yes("/workspace/didChangeWatchedFiles/dynamicRegistration"),
            definition_links: yes("/textDocument/definition/linkSupport"),
            link_tooltips: yes("/textDocument/documentLink/tooltipSupport"),
            prepares_rename: yes("/textDocument/rename/prepareSupport"),
            renames_files: at("/workspace/workspaceEdit/resourceOperations")
                .and_then(Value::as_array)
                .is_some_and(|kinds| kinds.iter().any(|kind| kind == "rename")),
            resolves_edits: yes("/textDocument/codeAction/dataSupport")
                && at("/textDocument/codeAction/resolveSupport/properties")
                    .and_then(Value::as_array)
                    .is_some_and(|properties| properties.iter().any(|property| property == "edit")),
            fold_lines: yes("/textDocument/foldingRange/lineFoldingOnly"),
            fold_limit: at("/textDocument/foldingRange/rangeLimit")
                .and_then(Value::as_u64)
                .and_then(|limit| usize::try_from(limit).ok()),
            multiline_tokens: yes("/textDocument/semanticTokens/multilineTokenSupport"),
            inline_completion: at("/textDocument/inlineCompletion").is_some(),
            registers_suggestions: yes("/textDocument/inlineCompletion/dynamicRegistration"),
            ours: yes("/experimental/copydesk"),
        }
    }
}

/// The commands that `workspace/executeCommand` knows.
pub(crate) const COMMANDS: &[&str] = &[
    "copydesk.ask",
    "copydesk.cancel",
    "copydesk.approve",
    "copydesk.change.apply",
    "copydesk.change.reject",
    "copydesk.change.show",
    "copydesk.answer",
    "copydesk.output",
    "copydesk.stop",
    "copydesk.steer",
    "copydesk.retry",
    "copydesk.rewind",
    "copydesk.undo",
    "copydesk.redo",
    "copydesk.mode.set",
    "copydesk.model.set",
    "copydesk.trust",
    "copydesk.context.show",
    "copydesk.findings.dismiss",
    "copydesk.doctor",
    "copydesk.models",
    "copydesk.references",
    "copydesk.refactor",
    chat::SEND,
    sessions::LIST,
    sessions::SHOW,
    sessions::EXPORT,
    sessions::NAME,
    sessions::FORK,
    sessions::DELETE,
];

/// The kind of agent actions on code.
pub(crate) const REWRITE: &str = "refactor.rewrite.copydesk";
/// The kind of refactorings that make a thing of its own.
pub(crate) const EXTRACT: &str = "refactor.extract.copydesk";
/// The kind of *fix all*.
pub(crate) const FIX_ALL: &str = "source.fixAll.copydesk";
/// The kind of agent actions on a file or a run.
pub(crate) const SOURCE: &str = "source.copydesk";

/// What we offer to a client on these rungs.
pub(crate) fn offered(ladder: &Ladder, suggesting: &Suggesting) -> lsp::ServerCapabilities {
    let encoding = match ladder.encoding {
        Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
        Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
        Encoding::Utf32 => lsp::PositionEncodingKind::UTF32,
    };
    let kind = |word: &'static str| lsp::CodeActionKind::Custom(word.into());
    lsp::ServerCapabilities {
        position_encoding: Some(encoding),
        text_document_sync: Some(lsp::TextDocumentSync::Options(lsp::TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(lsp::TextDocumentSyncKind::Incremental),
            save: Some(lsp::Save::Bool(true)),
            ..Default::default()
        })),
        completion_provider: Some(lsp::CompletionOptions {
            trigger_characters: Some(
                [":", " ", ".", "-", "[", "'", "\"", "{", "@", "/"].map(str::to_owned).to_vec(),
            ),
            ..Default::default()
        }),
        hover_provider: Some(lsp::HoverProvider::Bool(true)),
        signature_help_provider: Some(lsp::SignatureHelpOptions {
            trigger_characters: Some(["(", ","].map(str::to_owned).to_vec()),
            ..Default::default()
        }),
        document_symbol_provider: Some(lsp::DocumentSymbolProvider::Bool(true)),
        definition_provider: Some(true.into()),
        references_provider: Some(true.into()),
        document_highlight_provider: Some(true.into()),
        workspace_symbol_provider: Some(true.into()),
        document_link_provider: Some(lsp::DocumentLinkOptions::default()),
        code_lens_provider: Some(lsp::CodeLensOptions { resolve_provider: Some(true), ..Default::default() }),
        rename_provider: Some(if ladder.prepares_rename {
            lsp::RenameOptions { prepare_provider: Some(true), ..Default::default() }.into()
        } else {
            true.into()
        }),
        code_action_provider: Some(lsp::CodeActionProvider::CodeActionOptions(lsp::CodeActionOptions {
            code_action_kinds: Some(vec![
                lsp::CodeActionKind::QuickFix,
                kind(REWRITE),
                kind(EXTRACT),
                kind(SOURCE),
                kind(FIX_ALL),
            ]),
            resolve_provider: ladder.resolves_edits.then_some(true),
            ..Default::default()
        })),
        execute_command_provider: Some(lsp::ExecuteCommandOptions {
            commands: COMMANDS.iter().map(|word| (*word).to_owned()).collect(),
            ..Default::default()
        }),
        diagnostic_provider: ladder.pull.then(|| {
            lsp::DiagnosticProvider::DiagnosticOptions(lsp::DiagnosticOptions {
                identifier: Some("copydesk".to_owned()),
                inter_file_dependencies: true,
                workspace_diagnostics: false,
                ..Default::default()
            })
        }),
        inline_completion_provider: suggesting.is_announced().then(|| true.into()),
        ..layout()
    }
}

/// What is offered about the look and the layout of a file.
fn layout() -> lsp::ServerCapabilities {
    let (first, more) = on_type_formatting::TRIGGERS;
    lsp::ServerCapabilities {
        document_formatting_provider: Some(true.into()),
        document_range_formatting_provider: Some(
            lsp::DocumentRangeFormattingOptions { ranges_support: Some(true), ..Default::default() }.into(),
        ),
        document_on_type_formatting_provider: Some(lsp::DocumentOnTypeFormattingOptions {
            first_trigger_character: first.to_owned(),
            more_trigger_character: Some(more.iter().map(|word| (*word).to_owned()).collect()),
        }),
        folding_range_provider: Some(true.into()),
        selection_range_provider: Some(true.into()),
        inlay_hint_provider: Some(true.into()),
        semantic_tokens_provider: Some(
            lsp::SemanticTokensOptions {
                legend: semantic_tokens::legend(),
                range: Some(lsp::SemanticTokensOptionsRange::Bool(true)),
                full: Some(lsp::Full::SemanticTokensFullDelta(lsp::SemanticTokensFullDelta {
                    delta: Some(true),
                })),
                ..Default::default()
            }
            .into(),
        ),
        ..Default::default()
    }
}
