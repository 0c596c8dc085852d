//! The command `copydesk.refactor`: a refactoring that makes files, done where the editor cannot be trusted to.
//!
//! It is computed again against the document as it is now. New files are written first, by us, and only where nothing
//! stands; then the document is changed through the editor. If the editor does not do its part, the files go again.
//! What changes the document alone is a code action with its edit, and needs no command.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use copydesk_agent::DiskFiles;
use copydesk_base::files::Expect;
use copydesk_base::{ContentHash, Diagnostic, Files, TextEdit, path};
use copydesk_language::{File, NewFile, Refactoring, RefactoringKind, edited, refactorings};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{Error, Result};

use crate::capabilities::{EXTRACT, FIX_ALL, REWRITE};
use crate::convert;
use crate::documents::Open;
use crate::files::EditorFiles;
use crate::intake::{after_answer, beside};
use crate::snapshot::Snapshot;
use crate::state::State;

/// How long the document may take to carry an edit that the editor said it made.
const PROOF: Duration = Duration::from_secs(2);

/// How long the editor may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// The refactorings of a place as code actions.
pub(crate) fn actions(snapshot: &Snapshot, open: &Open, range: lsp::Range) -> Vec<lsp::CodeAction> {
    let span = convert::span(&open.document, range, snapshot.ladder.encoding);
    let found = refactorings(&open.file(), &snapshot.index(), span);
    let actions = found.into_iter().map(|one| {
        let kind = match one.kind {
            RefactoringKind::QuickFix => lsp::CodeActionKind::QuickFix,
            RefactoringKind::Extract => lsp::CodeActionKind::Custom(EXTRACT.into()),
            RefactoringKind::Rewrite => lsp::CodeActionKind::Custom(REWRITE.into()),
        };
        let action = lsp::CodeAction { title: one.title.clone(), kind: Some(kind), ..Default::default() };
        if one.files.is_empty() {
            let edits = convert::text_edits(&open.document, &one.edits, snapshot.ladder.encoding);
            let edit = convert::workspace_edit(&open.uri, open.document.version(), edits);
            return lsp::CodeAction { edit: Some(edit), ..action };
        }
        let argument = json!({"uri": open.uri, "range": range, "name": one.name});
        let command = lsp::Command {
            title: one.title,
            tooltip: None,
            command: "copydesk.refactor".to_owned(),
            arguments: Some(vec![argument]),
        };
        lsp::CodeAction { command: Some(command), ..action }
    });
    actions.collect()
}

/// *Fix all*: every safe mend of the file in one edit. Where the client asks for edits later, it is made then.
pub(crate) fn fix_all(snapshot: &Snapshot, open: &Open) -> Option<lsp::CodeAction> {
    let file = open.file();
    let index = snapshot.index();
    let found = crate::diagnostics::findings_again(snapshot, &file, &open.memo)?;
    let has_safe = |finding: &Diagnostic| finding.fixes.iter().any(copydesk_language::is_safe);
    let found = copydesk_language::vouched(&file, &index, &found, &|text| open.read(text), has_safe);
    if !found.iter().any(has_safe) {
        return None;
    }
    let action = lsp::CodeAction {
        title: "Copydesk: fix all that is safe to fix".to_owned(),
        kind: Some(lsp::CodeActionKind::Custom(FIX_ALL.into())),
        ..Default::default()
    };
    if snapshot.ladder.resolves_edits {
        let data = json!({"uri": open.uri, "version": open.document.version()});
        return Some(lsp::CodeAction { data: Some(data), ..action });
    }
    Some(lsp::CodeAction { edit: Some(mended(snapshot, open)), ..action })
}

/// `codeAction/resolve`: the edit of a *fix all*, if the document is still at the version it was offered for.
pub(crate) fn resolve(snapshot: &Snapshot, open: Option<&Open>, action: lsp::CodeAction) -> lsp::CodeAction {
    let version = action.data.as_ref().and_then(|data| data.get("version")).and_then(Value::as_i64);
    match open.filter(|open| Some(i64::from(open.document.version())) == version) {
        Some(open) if action.edit.is_none() => {
            lsp::CodeAction { edit: Some(mended(snapshot, open)), ..action }
        }
        _ => action,
    }
}

fn mended(snapshot: &Snapshot, open: &Open) -> lsp::WorkspaceEdit {
    let find = |file: &File<'_>| crate::diagnostics::findings(snapshot, file).unwrap_or_default();
    let mended = copydesk_language::mend_all(&open.file(), &snapshot.index(), &find);
    let hunks = copydesk_text::rebase::hunks(open.document.text(), &mended.text);
    let edits: Vec<TextEdit> = hunks.into_iter().map(|(span, text)| TextEdit::new(span, text)).collect();
    let edits = convert::text_edits(&open.document, &edits, snapshot.ladder.encoding);
    convert::workspace_edit(&open.uri, open.document.version(), edits)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Arguments {
    uri: String,
    range: lsp::Range,
    name: String,
}

pub(crate) async fn run(state: &Arc<State>, arguments: Arguments) -> Result<Option<Value>> {
    let Some(open) = state.documents.get(&arguments.uri) else {
        return Err(Error::invalid_params(format!("{} is not open", arguments.uri)));
    };
    let Some(snapshot) = state.snapshot() else { return Err(Error::internal_error()) };
    let (of, wanted, range) = (open.clone(), arguments.name.clone(), arguments.range);
    let found = beside(move || {
        let span = convert::span(&of.document, range, snapshot.ladder.encoding);
        let snapshot = Snapshot { own: Some(of.clone()), ..snapshot };
        refactorings(&of.file(), &snapshot.index(), span).into_iter().find(|one| one.name == wanted)
    })
    .await?;
    let Some(refactoring) = found else {
        return Err(Error::invalid_params(format!("'{}' cannot be done here any more", arguments.name)));
    };
    let made: Vec<PathBuf> = refactoring.files.iter().map(|file| file.path.clone()).collect();
    let (write, files) = (state.clone(), refactoring.files.clone());
    beside(move || written(&write, &files)).await?.map_err(Error::invalid_params)?;
    if let Some(session) = state.session() {
        session.workspace.changed(made.clone());
    }
    let (gate, behind) = oneshot::channel();
    after_answer(gate);
    let task = state.clone();
    state.tracker.spawn(async move {
        // What the editor is asked comes behind the answer that announced it.
        let _ = behind.await;
        finish(&task, &open, refactoring).await;
    });
    let made: Vec<String> = made.iter().map(|path| convert::uri_of(path)).collect();
    Ok(Some(json!({ "files": made })))
}

/// Writes the new files, all or none; the error is a sentence.
fn written(state: &State, files: &[NewFile]) -> std::result::Result<(), String> {
    let Some(root) = state.session().map(|session| session.root.clone()) else {
        return Err("nothing is open".to_owned());
    };
    let view = EditorFiles { documents: state.documents.clone(), disk: DiskFiles };
    for (at, file) in files.iter().enumerate() {
        let place = path::resolve(&root, &file.path);
        let failed = if path::is_inside(&root, &place) {
            view.write(&place, &file.text, Expect::Absent).err().map(|error| format!("failed to {error}"))
        } else {
            Some(format!("{} lies outside the workspace", file.path.display()))
        };
        if let Some(failed) = failed {
            take_back(&view, files.get(..at).unwrap_or(&[]));
            return Err(failed);
        }
    }
    Ok(())
}

/// Takes new files away that are still as they were written.
fn take_back(view: &dyn Files, files: &[NewFile]) {
    for file in files {
        if let Err(error) = view.remove(&file.path, Expect::Hash(ContentHash::of(&file.text))) {
            tracing::warn!("failed to {error}");
        }
    }
}

/// Changes the document through the editor, or shows the new file where that is all.
async fn finish(state: &Arc<State>, open: &Open, refactoring: Refactoring) {
    let Some(session) = state.session() else { return };
    if refactoring.edits.is_empty() {
        if let Some(file) = refactoring.files.first().filter(|_| session.ladder.show_document) {
            let params = lsp::ShowDocumentParams {
                uri: lsp::Uri(convert::uri_of(&file.path)),
                external: None,
                take_focus: Some(true),
                selection: None,
            };
            // Some clients answer when the person closes it; nothing waits for that here.
            let _ = state.client.show_document(params).await;
        }
        return;
    }
    let mut edits = refactoring.edits.clone();
    edits.sort_by_key(|edit| edit.span);
    let after = edited(open.document.text(), &edits);
    let edits = convert::text_edits(&open.document, &edits, session.ladder.encoding);
    let params = lsp::ApplyWorkspaceEditParams {
        label: Some(refactoring.title.clone()),
        edit: convert::workspace_edit(&open.uri, open.document.version(), edits),
        metadata: None,
    };
    let answer =
        tokio::time::timeout(PATIENCE, state.client.send_request::<lsp::ApplyWorkspaceEditRequest>(params))
            .await;
    if matches!(&answer, Ok(Ok(result)) if result.applied) && carried(state, open, &after).await {
        return;
    }
    let (task, files) = (state.clone(), refactoring.files);
    let _ = beside(move || {
        let view = EditorFiles { documents: task.documents.clone(), disk: DiskFiles };
        take_back(&view, &files);
        if let Some(session) = task.session() {
            session.workspace.changed(files.into_iter().map(|file| file.path).collect());
        }
    })
    .await;
    let message =
        format!("Copydesk: not done, because the editor did not change the document: {}", refactoring.title);
    state.client.log_message(lsp::MessageType::Warning, message).await;
}

/// Whether the document comes to carry the new text soon: an answer alone is no proof.
async fn carried(state: &Arc<State>, open: &Open, after: &str) -> bool {
    let mut changes = state.documents.changes();
    let waiting = async {
        loop {
            match state.documents.get(&open.uri) {
                Some(now) if &**now.document.text() == after => return true,
                // Somebody typed meanwhile, or it was closed: the edit is in it or it is not; the files stay.
                Some(now) if now.document.version() > open.document.version() + 1 => return true,
                None => return true,
                Some(_) => {}
            }
            if changes.changed().await.is_err() {
                return false;
            }
        }
    };
    tokio::time::timeout(PROOF, waiting).await.unwrap_or(false)
}
