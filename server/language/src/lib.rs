//! The language of the files people write: what is wrong in them, what may come next, what a word means.
//!
//! Everything starts from a [`File`], which is a text with its tree, and a [`WorkspaceIndex`], which is what is known
//! beyond that file. [`check`](fn@check) finds what is wrong, exactly where, with mends; [`complete`](fn@complete) says
//! what may be written at an offset; [`hover`](fn@hover) what stands there; [`symbols`](fn@symbols) what the file is
//! made of; [`summary`](fn@summary) what other files need to know of it. The language itself is the Rust types in
//! [`types`]: [`schema`](fn@schema) prints them as JSON Schemas, and the same schemas, read once into shapes, drive the
//! rest.
//!
//! Invariants
//! - Pure: no file is read, nothing is spawned, the same input gives the same answer.
//! - Nothing here fails. A half-typed file is the usual file; a broken part is passed over in silence, for its syntax
//!   error has said enough.
//! - No editor and no protocol is known here. Places are byte spans.

pub mod chat;
mod check;
mod complete;
mod declared;
mod editing;
pub mod expression;
mod file;
mod folding;
mod format;
mod hints;
mod hover;
pub mod index;
pub mod mentions;
mod models;
pub mod navigate;
mod outputs;
mod placeholders;
mod row;
mod rules;
mod schema;
pub mod schemas;
mod selection;
mod shape;
mod summary;
mod symbols;
mod tokens;
pub mod types;
mod wishes;
mod written;

pub use check::{
    Memo, check, check_again, counts_whole, head_amiss, is_meant, keys_of_providers, loses_guard,
    loses_limit, matcher_is_readable, syntax,
};
pub use complete::{Completion, CompletionKind, Signature, Snippet, complete, signature};
pub use editing::{
    Made, Mended, NewFile, Refactoring, RefactoringKind, edited, is_safe, mend_all, refactorings, vouched,
};
pub use file::{File, FileKind, TOML, kind_of, may_be_ours, parse, toml_start};
pub use folding::{Fold, FoldKind, folds};
pub use format::{Style as FormatStyle, format, format_range, on_type};
pub use hints::{Hint, hints};
pub use hover::{Hover, hover, hover_of_alias};
pub use index::{Trust, WorkspaceIndex};
pub use models::{Abilities, KnownModel, asks_models, names_model, weighs_models};
pub use rules::{RULE_WORDS, RuleAt, RuleKind, rules_in};
pub use schema::{SCHEMAS, print as print_schema, schema};
pub use selection::selections;
pub use shape::needs_value;
pub use summary::{Told, settings_view, summary, summary_again};
pub use symbols::{Symbol, SymbolKind, symbols};
pub use tokens::{SemanticToken, TokenKind, TokenRole, semantic_tokens};
pub use wishes::{fallback, takes_tools, wishes};
