//! What a file is made of, as an outline.

use copydesk_base::Span;

use crate::File;

/// One entry of the outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    /// The type of a step, for one; may be empty.
    pub detail: String,
    pub kind: SymbolKind,
    /// All of it.
    pub span: Span,
    /// Its name; inside `span`.
    pub name_span: Span,
    pub children: Vec<Symbol>,
}

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    /// A key that holds others: `inputs`, `steps`.
    Section,
    Input,
    Output,
    Step,
    /// Any other key.
    Key,
}

/// The outline of a file, in the order of the text.
pub fn symbols(_file: &File<'_>) -> Vec<Symbol> {
    Vec::new()
}
