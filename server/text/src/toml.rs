//! Reading TOML into the one spanned tree, whatever state the text is in.
//!
//! The words and their order are read by a parser that goes on behind every mistake ([`cut`] keeps a bracket that is
//! still open from taking in the rest of the file); [`build`] makes tables of its events. TOML may write one table in
//! several places, with others in between: so a table reaches from its first piece to its last, and [`way`] finds what
//! stands at a place.
//!
//! Invariants
//! - [`parse_shared`] always returns; nesting, size and the number of problems have limits.
//! - A text is a quoted scalar, a date too; what is plain means in YAML what it means here.
//! - Of a newer version only the lines around an edit are read, where they cannot mean more than themselves
//!   ([`again`]); else it is read whole.
//! - Entries are in the order in which they start. What is between two pieces of a table lies within its span, but is
//!   none of its entries.

pub(crate) mod again;
mod build;
mod cut;
mod graft;
mod mend;
mod message;
mod scalar;
mod table;
mod way;

use std::sync::Arc;

use copydesk_base::{Code, Span};

pub(crate) use self::way::path_at;
use crate::tree::{Syntax, Tree};
use crate::yaml::{self, MAX_BYTES};

/// The tree of a text.
pub fn parse(text: &str) -> Tree {
    parse_shared(text.into())
}

/// The tree of a text that somebody holds already: it is not copied.
pub fn parse_shared(text: Arc<str>) -> Tree {
    if text.len() > MAX_BYTES {
        return yaml::too_large(Code::TomlSyntax, Span::new(0, text.len()), &text);
    }
    let output = build::read(&text);
    Tree { syntax: Syntax::Toml, ..yaml::finish(output, text) }
}
