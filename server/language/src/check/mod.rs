//! What is wrong in a file, exactly where, and how to mend it.

use copydesk_base::Diagnostic;

use crate::{File, WorkspaceIndex};

/// Everything that is wrong in a file, in the order of the text.
pub fn check(file: &File<'_>, _index: &WorkspaceIndex) -> Vec<Diagnostic> {
    file.tree.problems.clone()
}
