//! What a file wishes for, so that `models explain` can tell what becomes of it.

use std::path::Path;

use copydesk_agent::{DiskFiles, Owner, is_believed};
use copydesk_base::Files;
use copydesk_base::path::resolve;
use copydesk_language::{File, FileKind, Trust, parse, takes_tools, wishes as read_wishes};
use copydesk_lsp::workspace::{Found, Members};
use copydesk_provider::{Needs, Wish};

use crate::office::Office;

/// Who is wished for, and for what.
pub(super) struct Wished {
    pub(super) wishes: Vec<Wish>,
    pub(super) needs: Needs,
    /// What the person has to know of it, as a sentence.
    pub(super) note: Option<String>,
}

impl Default for Wished {
    /// What somebody asks who names no file: they work with tools.
    fn default() -> Self {
        Self { wishes: Vec::new(), needs: super::USUAL, note: None }
    }
}

/// The wishes of `FILE` or `FILE#STEP`; the error is a sentence.
pub(super) fn wished(office: &Office, of: &str) -> Result<Wished, String> {
    let here = &office.here;
    let (name, step) = match of.rsplit_once('#') {
        Some((name, step)) => (name, Some(step)),
        None => (of, None),
    };
    let path = resolve(&here.cwd, name.as_ref());
    let text = DiskFiles.read(&path).map_err(|error| format!("failed to {error}"))?.text;
    let tree = parse(&path, &text);
    let file = File::new(&path, &text, &tree);
    let counts = counts(office, file.kind, &path, &text)?;
    let mut members = Members::new(&here.root, &here.user_places());
    members.look_in_places(&DiskFiles);
    members.look_around(&DiskFiles, &path, Found::Named);
    let index = members.index(Trust::Untrusted);
    let found = read_wishes(&file, &index, step);
    let wishes = found.ok_or_else(|| match (file.kind, step) {
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
    })?;
    let needs = Needs { tools: takes_tools(&file, &index, step), images: false };
    let came = format!("{name} came with the workspace");
    Ok(match (counts, file.kind) {
        (true, _) => Wished { wishes, needs, note: None },
        // Nothing runs it, so nobody can be asked for that trust.
        (false, FileKind::Workflow) => {
            let note = format!(
                "{came}, and nothing runs workflows yet; whatever will, the models that it names wait for a trust in exactly this text that cannot be given yet"
            );
            Wished { wishes, needs, note: Some(note) }
        }
        (false, _) => {
            let note = format!(
                "{came}; a model that it names does not count before you trust exactly this text: copydesk trust"
            );
            Wished { wishes: Vec::new(), needs, note: Some(note) }
        }
    })
}

/// Whether a run lets the model count that the file names. One agent beside a workflow is that workflow's, and no
/// run's.
fn counts(office: &Office, kind: FileKind, path: &Path, text: &str) -> Result<bool, String> {
    let here = &office.here;
    let shelf = office.shelves().into_iter().find(|shelf| path.starts_with(&shelf.path));
    let owner = match (shelf, kind) {
        (Some(shelf), _) => shelf.owner,
        (None, FileKind::Layer) => Owner::Workspace,
        (None, FileKind::Action | FileKind::Prompt | FileKind::Workflow) if path.starts_with(&here.root) => {
            Owner::Workspace
        }
        (None, _) => Owner::User,
    };
    let trusted = here.user.trusted_blocking(&here.root).map_err(|error| format!("failed to {error}"))?;
    Ok(is_believed(owner, &here.root, &trusted, (path, text)))
}
