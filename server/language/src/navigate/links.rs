//! Links: the words of a file that lead to another one.

use std::path::PathBuf;

use copydesk_base::Span;

use super::mention::Thing;
use super::scan::scan;
use super::symbol::{Home, symbol};
use crate::index::Target;
use crate::{File, WorkspaceIndex};

/// A word that leads to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub span: Span,
    pub path: PathBuf,
    /// What is behind it, in a few words.
    pub tooltip: String,
}

/// The sub-workflows and agents that a file names, where they exist.
pub fn links(file: &File<'_>, index: &WorkspaceIndex) -> Vec<Link> {
    let scanned = scan(file);
    let named = scanned.mentions.iter().filter_map(|mention| {
        let word = match &mention.thing {
            Thing::Elsewhere(Target::Agent(_)) => "agent",
            Thing::Elsewhere(Target::Workflow(_)) => "workflow",
            _ => return None,
        };
        let Home::File(path) = symbol(&scanned, mention, index).home else { return None };
        let tooltip = format!("open the {word} '{}'", mention.thing.name().unwrap_or(""));
        Some(Link { span: mention.span, path, tooltip })
    });
    named.collect()
}
