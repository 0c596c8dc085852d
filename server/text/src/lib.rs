//! Texts: what an editor holds open, and how every reader sees it.
//!
//! A [`Document`] is one version of a text, immutable; an edit makes a new one. Places are byte offsets inside the
//! house and lines with characters outside; [`position`] turns one into the other. [`yaml`], [`json`] and [`toml`] read
//! texts of any quality into the one spanned tree of [`node`], [`front_matter`] finds YAML in Markdown, [`de`] turns a
//! tree into plain types. [`rebase`] carries edits from the text they were computed against to the text that is there
//! now: drift, late edits and undo are all that one function.
//!
//! Invariants
//! - Nothing here does IO, and nothing here fails on a text, whatever it holds.
//! - No editor, protocol or schema is known here.

pub mod de;
pub mod document;
mod edits;
pub mod front_matter;
mod green;
pub mod json;
pub mod node;
pub mod position;
pub mod rebase;
mod scalar;
mod shared;
pub mod toml;
mod tree;
pub mod yaml;

pub use document::{BYTE_ORDER_MARK, Change, Document, Format};
pub use node::{Entries, Entry, Identity, Items, Kind, Node, Scalar, Step, Style, Syntax, Tree, Value};
pub use position::{Encoding, LineIndex, Position, Range};
