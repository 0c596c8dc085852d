//! What a file wishes for, so that `models explain` can tell what becomes of it.

use std::path::Path;

use copydesk_agent::{DiskFiles, Owner, is_believed};
use copydesk_base::Files;
use copydesk_base::path::resolve;
use copydesk_language::{File, FileKind, Trust, parse, wishes as read_wishes};
use copydesk_lsp::workspace::{Found, Members};
use copydesk_provider::Wish;

use crate::office::Office;
use crate::out;

/// The wishes of `FILE` or `FILE#STEP`; the error is a sentence.
pub(super) fn wishes(office: &Office, of: &str) -> Result<Vec<Wish>, String> {
    let here = &office.here;
    let (name, step) = match of.rsplit_once('#') {
        Some((name, step)) => (name, Some(step)),
        None => (of, None),
    };
    let path = resolve(&here.cwd, name.as_ref());
    let text = DiskFiles.read(&path).map_err(|error| format!("failed to {error}"))?.text;
    let tree = parse(&path, &text);
    let file = File::new(&path, &text, &tree);
    if !counts(office, file.kind, &path, &text)? {
        out::note(format!(
            "note: {name} came with the workspace; a model that it names does not count before you trust exactly this text: copydesk trust"
        ));
        return Ok(Vec::new());
    }
    let mut members = Members::new(&here.root, &here.user_places());
    members.look_in_places(&DiskFiles);
    members.look_around(&DiskFiles, &path, Found::Named);
    let found = read_wishes(&file, &members.index(Trust::Untrusted), step);
    found.ok_or_else(|| match (file.kind, step) {
        (FileKind::Workflow, Some(step)) => format!("{name} has no step '{step}' that asks a model"),
        (
            FileKind::Agent | FileKind::Action | FileKind::Prompt | FileKind::Layer | FileKind::Chat,
            Some(_),
        ) => {
            format!("{name} has no steps")
        }
        _ => format!(
            "{name} asks no model: name a file of an agent, an action, a prompt, a chat or a workflow"
        ),
    })
}

/// Whether a run lets the model count that the file names. One agent beside a workflow is that workflow's, and no run's.
fn counts(office: &Office, kind: FileKind, path: &Path, text: &str) -> Result<bool, String> {
    let here = &office.here;
    let shelf = office.shelves().into_iter().find(|shelf| path.starts_with(&shelf.path));
    let owner = match (shelf, kind) {
        (Some(shelf), _) => shelf.owner,
        (None, FileKind::Layer) => Owner::Workspace,
        (None, FileKind::Action | FileKind::Prompt) if path.starts_with(&here.root) => Owner::Workspace,
        (None, _) => Owner::User,
    };
    let trusted = here.user.trusted_blocking(&here.root).map_err(|error| format!("failed to {error}"))?;
    Ok(is_believed(owner, &here.root, &trusted, (path, text)))
}
