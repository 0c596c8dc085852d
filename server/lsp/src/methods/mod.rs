//! One file per method of the protocol.
//!
//! Each is three moves: the editor's words into ours, the room that knows, our answer into the editor's words. Those
//! that take a [`crate::snapshot::Snapshot`] are pure and run off the intake.

pub(crate) mod account;
pub(crate) mod chat;
pub(crate) mod code_action;
pub(crate) mod code_lens;
pub(crate) mod completion;
pub(crate) mod configuration;
pub(crate) mod definition;
pub(crate) mod diagnostic;
pub(crate) mod document_highlight;
pub(crate) mod document_link;
pub(crate) mod document_symbol;
pub(crate) mod execute_command;
pub(crate) mod folding_range;
pub(crate) mod formatting;
pub(crate) mod hover;
pub(crate) mod inlay_hint;
pub(crate) mod inline_completion;
pub(crate) mod on_type_formatting;
pub(crate) mod range_formatting;
pub(crate) mod refactor;
pub(crate) mod references;
pub(crate) mod rename;
pub(crate) mod selection_range;
pub(crate) mod semantic_tokens;
pub(crate) mod sessions;
pub(crate) mod signature_help;
pub(crate) mod watched_files;
pub(crate) mod workspace_symbol;
