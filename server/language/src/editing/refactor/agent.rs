//! *Create the agent*: a file for an agent that a workflow names and nobody wrote.

use std::path::PathBuf;

use super::{NewFile, Place, Refactoring, RefactoringKind};
use crate::index::{BUILT_IN_AGENT, Target};
use crate::summary;

pub(super) fn create(place: &Place<'_, '_>) -> Option<Refactoring> {
    let calls = summary(place.file).calls;
    let call = calls.into_iter().find(|call| {
        matches!(call.target, Target::Agent(_))
            && (call.span.touches(place.selection.start) || call.span.overlaps(place.selection))
    })?;
    let Target::Agent(name) = call.target else { return None };
    // Where nobody looked, nobody knows that it is missing.
    let known = place.index.agents_for(place.file.path)?;
    let is_known = name == BUILT_IN_AGENT || known.iter().any(|agent| agent.name == name);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if is_known || !is_name {
        return None;
    }
    let text = format!(
        "---\nname: {name}\ndescription: What {name} is good at, in a sentence\ntools: [read, grep, glob, list]\n---\nYou are {name}. Say here what to do, how, and what not to do.\n"
    );
    Some(Refactoring {
        name: "create-agent",
        title: format!("create the agent '{name}'"),
        kind: RefactoringKind::QuickFix,
        edits: Vec::new(),
        files: vec![NewFile { path: folder(place)?.join(format!("{name}.md")), text }],
    })
}

/// The nearest folder that has agents already; else the one that the workflow's own place has for them.
fn folder(place: &Place<'_, '_>) -> Option<PathBuf> {
    let folders = place.index.agent_folders(place.file.path);
    let root = place.index.root.as_deref();
    let is_of_workspace = |folder: &PathBuf| root.is_none_or(|root| folder.starts_with(root));
    let files = place.index.files.as_deref()?;
    let in_use = |folder: &&PathBuf| files.keys().any(|path| path.parent() == Some(folder.as_path()));
    let ours = || folders.iter().filter(|folder| is_of_workspace(folder));
    let words = |folder: &&PathBuf| {
        let has = |word: &str| place.file.path.components().any(|part| part.as_os_str() == word);
        (has(".copydesk") && folder.ends_with(".copydesk/agents"))
            || (has(".keystone") && folder.ends_with(".keystone/workflows/agents"))
    };
    ours().find(in_use).or_else(|| ours().find(words)).or_else(|| ours().next()).cloned()
}
