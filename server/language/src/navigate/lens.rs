//! Lenses: above each declared thing, how often it is used. Where they stand is cheap; the count waits until somebody
//! looks.

use copydesk_base::Span;

use super::mention::{Role, Thing};
use super::scan::scan;
use super::{Declaration, Texts, references};
use crate::index::Target;
use crate::{File, WorkspaceIndex};

/// A place above which a count stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    /// The name that is declared there.
    pub span: Span,
}

/// The steps, inputs, outputs, pools and names that a file declares.
pub fn lenses(file: &File<'_>) -> Vec<Lens> {
    let counted = |thing: &Thing| {
        matches!(
            thing,
            Thing::Step { .. }
                | Thing::Input(_)
                | Thing::Output(_)
                | Thing::Own
                | Thing::Elsewhere(Target::Pool(_) | Target::Provider(_) | Target::McpServer(_))
        )
    };
    let declared = scan(file).mentions.into_iter().filter(|mention| mention.role == Role::Declares);
    declared.filter(|mention| counted(&mention.thing)).map(|mention| Lens { span: mention.span }).collect()
}

/// What a lens says: `2 references`.
pub fn count(file: &File<'_>, index: &WorkspaceIndex, texts: &Texts<'_>, lens: &Lens) -> String {
    match references(file, index, texts, lens.span.start, Declaration::Without).len() {
        1 => "1 reference".to_owned(),
        count => format!("{count} references"),
    }
}
