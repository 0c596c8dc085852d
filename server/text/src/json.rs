//! Reading JSON into the one spanned tree, whatever state the text is in.
//!
//! JSON is small, so there is one reader for good texts and for half-typed ones: what is missing is told where it is
//! missing, and reading goes on. Comments and trailing commas are read in both dialects; in strict JSON they are told
//! as well. A string without its closing quote ends with its line, so that the lines behind it stay what they are.
//!
//! Invariants
//! - [`parse_shared`] always returns; nesting, size and the number of problems have limits.
//! - A text is always a quoted scalar, and only a number, `true`, `false` and `null` are plain ones, so that the tree's
//!   values mean what they mean in JSON.

pub(crate) mod again;
mod literal;
mod mend;
mod message;
mod read;
mod scan;

use std::sync::Arc;

use copydesk_base::{Code, Span};

use crate::tree::{Syntax, Tree};
use crate::yaml::{self, MAX_BYTES};

/// What may stand in a text besides values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// As every program reads it.
    Strict,
    /// With comments and trailing commas.
    Commented,
}

/// The tree of a text.
pub fn parse(text: &str, dialect: Dialect) -> Tree {
    parse_shared(text.into(), dialect)
}

/// The tree of a text that somebody holds already: it is not copied.
pub fn parse_shared(text: Arc<str>, dialect: Dialect) -> Tree {
    if text.len() > MAX_BYTES {
        return yaml::too_large(Code::JsonSyntax, Span::new(0, text.len()), &text);
    }
    let output = read::read(&text, dialect);
    Tree { syntax: Syntax::Json, ..yaml::finish(output, text) }
}
