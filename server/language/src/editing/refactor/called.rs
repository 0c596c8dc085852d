//! *Create the workflow*: a file for a workflow that a step calls and nobody wrote; with the inputs that it is given.

use copydesk_text::Node;

use super::crossing::member;
use super::text::inline;
use super::{NewFile, Place, Refactoring, RefactoringKind};

pub(super) fn create(place: &Place<'_, '_>) -> Option<Refactoring> {
    let step = place.step().filter(|step| step.kind() == Some("workflow"))?;
    let path = step.node.entry("path").filter(|entry| entry.span().touches(place.selection.start))?;
    let written = path.value().as_str()?;
    // Where nobody looked, nobody knows that it is missing; and a path is computed or it is written.
    place.index.files.as_deref()?;
    let is_path = !written.is_empty() && !written.contains("${{") && !written.starts_with(['/', '~']);
    let ending = std::path::Path::new(written).extension().and_then(|ending| ending.to_str());
    if !is_path
        || !matches!(ending, Some("yaml" | "yml"))
        || place.index.file_at(place.file.path, written).is_some()
    {
        return None;
    }
    let target = place.index.workflow_candidates(place.file.path, written).into_iter().next()?;
    let stem = target.file_stem()?.to_str()?.trim_end_matches(".workflow").to_owned();
    let given = step.node.get("inputs").map(Node::entries);
    let given: Vec<&str> =
        given.into_iter().flatten().filter_map(|entry| entry.key().scalar_text()).collect();
    let mut text = format!("name: {stem}\n");
    if !given.is_empty() {
        text.push_str("\ninputs:\n");
        for name in &given {
            text.push_str(&format!("  {}:\n    type: string\n", inline(name)));
        }
    }
    text.push_str("\nsteps:\n  - id: first\n    type: shell\n    run: ");
    let said: Vec<String> =
        given.iter().map(|name| format!("${{{{ escape(inputs{}) }}}}", member(name))).collect();
    let said = if said.is_empty() { "hello".to_owned() } else { said.join(" ") };
    text.push_str(&inline(&format!("echo {said}")));
    text.push('\n');
    Some(Refactoring {
        name: "create-workflow",
        title: format!("create the workflow '{written}'"),
        kind: RefactoringKind::QuickFix,
        edits: Vec::new(),
        files: vec![NewFile { path: target, text }],
    })
}
