//! What the word under the cursor means.

use copydesk_base::Span;

use crate::{File, WorkspaceIndex};

/// What is known about a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The word it is about.
    pub span: Span,
    pub markdown: String,
}

/// What stands at `offset`. `None` where there is nothing to say.
pub fn hover(_file: &File<'_>, _index: &WorkspaceIndex, _offset: usize) -> Option<Hover> {
    None
}
