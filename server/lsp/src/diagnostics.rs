//! Diagnostics on their way to the editor.
//!
//! One worker takes the documents that were touched, checks each at the version it then has, and publishes what is
//! still current. A burst of keystrokes is one check, without a timer. What agents publish (approvals, proposals) goes
//! with it: for a client that pulls, only that is pushed.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use copydesk_agent::{ApprovalView, ChangeView, DiskFiles, View, harmless};
use copydesk_base::{Code, Diagnostic, Files, HunkState, Span};
use copydesk_language::{File, FileKind, Memo};
use copydesk_text::rebase::{self, Rebased};
use serde_json::json;
use tokio::sync::Notify;
use tower_lsp::gen_lsp_types as lsp;

use crate::capabilities::Ladder;
use crate::convert;
use crate::documents::Open;
use crate::rules::check_rules;
use crate::schemas;
use crate::snapshot::Snapshot;
use crate::state::State;
use crate::told;

/// What each URI was last told, and for which version.
type Shown = HashMap<String, (Option<i32>, Vec<lsp::Diagnostic>)>;

/// The URIs that wait for the worker.
pub(crate) struct Publisher {
    dirty: Mutex<BTreeSet<String>>,
    /// Those that were opened: a client may have forgotten what it was told before.
    opened: Mutex<HashSet<String>>,
    /// Files that are shown though nobody opened them: something that they use changed.
    unopened: Mutex<HashSet<PathBuf>>,
    wake: Notify,
}

/// What becomes of files that are not open when something that they use changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unopened {
    Mark,
    Leave,
}

impl Publisher {
    pub(crate) fn new() -> Self {
        Self {
            dirty: Mutex::default(),
            opened: Mutex::default(),
            unopened: Mutex::default(),
            wake: Notify::new(),
        }
    }

    /// Puts a document on the worker's list. Never blocks for longer than a set insertion.
    pub(crate) fn mark(&self, uri: String) {
        if let Ok(mut dirty) = self.dirty.lock() {
            dirty.insert(uri);
        }
        self.wake.notify_one();
    }

    /// The same for a document that was opened just now.
    pub(crate) fn mark_opened(&self, uri: String) {
        if let Ok(mut opened) = self.opened.lock() {
            opened.insert(uri.clone());
        }
        self.mark(uri);
    }

    /// The same for a file that is not open and is to be shown nevertheless.
    fn mark_unopened(&self, path: &Path) {
        if let Ok(mut unopened) = self.unopened.lock() {
            unopened.insert(path.to_owned());
        }
        self.mark(convert::uri_of(path));
    }

    /// The path behind a URI, if it is one of those.
    fn unopened(&self, uri: &str) -> Option<PathBuf> {
        let path = convert::path_of(uri)?;
        self.unopened.lock().ok()?.contains(&path).then_some(path)
    }

    /// It has nothing to show any more, or is open.
    fn forget_unopened(&self, path: &Path) {
        if let Ok(mut unopened) = self.unopened.lock() {
            unopened.remove(path);
        }
    }

    fn is_newly_opened(&self, uri: &str) -> bool {
        self.opened.lock().is_ok_and(|mut opened| opened.remove(uri))
    }

    fn take(&self) -> BTreeSet<String> {
        self.dirty.lock().map(|mut dirty| std::mem::take(&mut *dirty)).unwrap_or_default()
    }
}

/// Puts files on the worker's list whose findings may be others now, and has a client that pulls pull again.
pub(crate) fn mark_touched(state: &State, touched: &[PathBuf], unopened: Unopened) {
    let Some(session) = state.session() else { return };
    let mut is_any_open = false;
    for path in touched {
        match state.documents.at(path) {
            Some(open) => {
                is_any_open = true;
                session.publisher.mark(open.uri.clone());
            }
            None if unopened == Unopened::Mark => session.publisher.mark_unopened(path),
            None => {}
        }
    }
    if is_any_open && session.ladder.pull {
        let client = state.client.clone();
        state.tracker.spawn(async move {
            // A client that refuses pulls when it likes.
            let _ = client.workspace_diagnostic_refresh().await;
        });
    }
}

/// The worker: until the server ends.
pub(crate) async fn work(state: Arc<State>) {
    let Some(session) = state.session() else { return };
    let mut view = session.desk.view();
    // What was published last, and the URIs that agents' findings stood on.
    let mut shown: Shown = HashMap::new();
    let mut of_agents: HashSet<String> = HashSet::new();
    loop {
        tokio::select! {
            () = session.publisher.wake.notified() => {}
            changed = view.changed() => if changed.is_err() { return },
            () = state.cancel.cancelled() => return,
        }
        let now = view.borrow_and_update().clone();
        let places: HashSet<String> = places(&now, &state).into_iter().collect();
        let mut uris = session.publisher.take();
        uris.extend(of_agents.union(&places).cloned());
        of_agents = places;
        for uri in uris {
            publish(&state, uri.clone(), &mut shown).await;
            told::tell(&state, &uri).await;
        }
    }
}

/// Where agents' findings stand now.
fn places(view: &View, state: &State) -> Vec<String> {
    let approvals = view.approvals.iter().filter_map(|approval| Some(approval.origin.as_ref()?.path.clone()));
    let questions = view.questions.iter().filter_map(|asked| Some(asked.origin.as_ref()?.path.clone()));
    let changes = view.changes.iter().filter_map(place_of);
    approvals.chain(questions).chain(changes).map(|path| uri_at(state, &path)).collect()
}

/// The file that a proposal's findings stand on: its own, or, while that does not exist, where the run started.
fn place_of(change: &ChangeView) -> Option<PathBuf> {
    if change.path.exists() { Some(change.path.clone()) } else { Some(change.origin.as_ref()?.path.clone()) }
}

/// The client's own spelling of a path, if it is open.
fn uri_at(state: &State, path: &Path) -> String {
    state.documents.at(path).map_or_else(|| convert::uri_of(path), |open| open.uri.clone())
}

async fn publish(state: &Arc<State>, uri: String, shown: &mut Shown) {
    let Some(session) = state.session() else { return };
    let open = state.documents.get(&uri);
    let Some(mut snapshot) = state.snapshot() else { return };
    let version = open.as_ref().map(|open| open.document.version());
    let target = uri.clone();
    let unopened = session.publisher.unopened(&uri);
    if let (Some(path), true) = (&unopened, open.is_some()) {
        session.publisher.forget_unopened(path);
    }
    let checked = tokio::task::spawn_blocking(move || {
        let mut found = match (&open, unopened) {
            (Some(open), _) if !snapshot.ladder.pull => {
                snapshot.own = Some(open.clone());
                language(&snapshot, open)
            }
            (None, Some(path)) => of_unopened(snapshot.clone(), &target, path),
            _ => None,
        };
        let of_agents = of_agents(&snapshot, &target, open.as_deref());
        if !of_agents.is_empty() {
            found.get_or_insert_default().extend(of_agents);
        }
        found
    })
    .await;
    let Ok(checked) = checked else { return };
    if state.documents.get(&uri).map(|open| open.document.version()) != version {
        // It changed meanwhile and is on the list again.
        return;
    }
    // Taken off the list in any case: most files that are opened are none of ours.
    let newly_opened = session.publisher.is_newly_opened(&uri);
    let diagnostics = match checked {
        Some(diagnostics) => diagnostics,
        None if shown.contains_key(&uri) => vec![],
        None => return,
    };
    let now = (version, diagnostics.clone());
    if !newly_opened && shown.get(&uri) == Some(&now) {
        return;
    }
    if diagnostics.is_empty() && version.is_none() {
        shown.remove(&uri);
        if let Some(path) = session.publisher.unopened(&uri) {
            session.publisher.forget_unopened(&path);
        }
    } else {
        shown.insert(uri.clone(), now);
    }
    session.host.client().publish_diagnostics(lsp::Uri(uri), diagnostics, version).await;
}

/// Whether a file is one whose content decides about trust.
pub(crate) fn is_settings(uri: &str) -> bool {
    uri.ends_with("/.copydesk/config.yaml") || uri.ends_with("/.keystone/config.yaml")
}

/// What `language` finds; `None` for a file that is none of ours.
pub(crate) fn language(snapshot: &Snapshot, open: &Open) -> Option<Vec<lsp::Diagnostic>> {
    let file = open.file();
    let found = findings_again(snapshot, &file, &open.memo)?;
    Some(found.iter().map(|one| convert::diagnostic(snapshot, open, one)).collect())
}

/// What `language` finds in a file of ours, or in one that has a schema.
pub(crate) fn findings(snapshot: &Snapshot, file: &File<'_>) -> Option<Vec<Diagnostic>> {
    findings_with(snapshot, file, &mut Memo::default())
}

fn findings_with(snapshot: &Snapshot, file: &File<'_>, memo: &mut Memo) -> Option<Vec<Diagnostic>> {
    if file.kind != FileKind::Other {
        return Some(of_ours(snapshot, file, memo));
    }
    snapshot.schema_of(file).map(|chosen| schemas::check_again(file, &chosen, memo))
}

/// The same for an open document, whose last version was checked before. Who finds the memo in use goes without.
fn findings_again(snapshot: &Snapshot, file: &File<'_>, memo: &Mutex<Memo>) -> Option<Vec<Diagnostic>> {
    match memo.try_lock() {
        Ok(mut memo) => findings_with(snapshot, file, &mut memo),
        Err(_) => findings(snapshot, file),
    }
}

fn of_ours(snapshot: &Snapshot, file: &File<'_>, memo: &mut Memo) -> Vec<Diagnostic> {
    let index = snapshot.index();
    let mut found = copydesk_language::check_again(file, &index, memo);
    found.extend(check_rules(file, index.trust));
    found
}

/// The same for a file that nobody opened; its text is the disk's.
fn of_unopened(mut snapshot: Snapshot, uri: &str, path: PathBuf) -> Option<Vec<lsp::Diagnostic>> {
    let text = DiskFiles.read(&copydesk_base::path::resolve(Path::new("/"), &path)).ok()?.text;
    let open = Arc::new(Open::unopened(uri.to_owned(), path, &text));
    snapshot.own = Some(open.clone());
    language(&snapshot, &open)
}

/// What agents have to show on a document: pending approvals and open hunks.
pub(crate) fn of_agents(snapshot: &Snapshot, uri: &str, open: Option<&Open>) -> Vec<lsp::Diagnostic> {
    let path = open.and_then(|open| open.path.clone()).or_else(|| convert::path_of(uri));
    let Some(path) = path else { return vec![] };
    let mut found = Vec::new();
    for approval in &snapshot.view.approvals {
        if approval.origin.as_ref().is_some_and(|origin| origin.path == path) {
            found.push(of_approval(snapshot, approval, open));
        }
    }
    for question in &snapshot.view.questions {
        if let Some(origin) = question.origin.as_ref().filter(|origin| origin.path == path) {
            let span = snapshot.documents.marks.get(&question.run).unwrap_or(origin.span);
            found.push(lsp::Diagnostic {
                range: range_of(snapshot, span, open),
                data: Some(json!({"questionId": question.id.as_str()})),
                ..ours(&snapshot.ladder, Code::PendingApproval, &question.text)
            });
        }
    }
    for change in snapshot.view.changes.iter().filter(|change| place_of(change).as_ref() == Some(&path)) {
        for (hunk, range) in open_hunks(snapshot, change, &path, open) {
            found.push(of_hunk(&snapshot.ladder, change, (hunk, range), Code::Proposal));
            if let Some((_, reason)) = change.stale.iter().find(|(stale, _)| *stale == hunk) {
                let mut stale = of_hunk(&snapshot.ladder, change, (hunk, range), Code::StaleEdit);
                stale.message = lsp::Message::String(format!("this edit was not made: {reason}"));
                found.push(stale);
            }
        }
    }
    found
}

fn of_approval(snapshot: &Snapshot, approval: &ApprovalView, open: Option<&Open>) -> lsp::Diagnostic {
    let start = || approval.origin.as_ref().map_or(Span::at(0), |origin| origin.span);
    let span = snapshot.documents.marks.get(&approval.run).unwrap_or_else(start);
    let who = match approval.joined.len() {
        0 => "an agent waits".to_owned(),
        others => format!("{} agents wait", others + 1),
    };
    lsp::Diagnostic {
        range: range_of(snapshot, span, open),
        data: Some(json!({"approvalId": approval.id.as_str()})),
        ..ours(&snapshot.ladder, Code::PendingApproval, &format!("{who} for you: {}", approval.text))
    }
}

fn of_hunk(
    ladder: &Ladder,
    change: &ChangeView,
    (hunk, range): (usize, lsp::Range),
    code: Code,
) -> lsp::Diagnostic {
    let text = change.plan.hunks.get(hunk).map_or("", |hunk| hunk.text.as_str());
    let shown: String =
        harmless(text).lines().take(12).collect::<Vec<_>>().join("\n").chars().take(600).collect();
    let checked = change.plan.checked.as_ref();
    let checked = checked.map_or(String::new(), |checked| format!(" ({})", harmless(&checked.words)));
    let message = if shown.trim().is_empty() {
        format!("proposal{checked}: remove this")
    } else {
        format!("proposal{checked}:\n{shown}")
    };
    lsp::Diagnostic {
        range,
        data: Some(json!({"changeId": change.id.as_str(), "hunk": hunk})),
        ..ours(ladder, code, &message)
    }
}

fn ours(ladder: &Ladder, code: Code, message: &str) -> lsp::Diagnostic {
    lsp::Diagnostic {
        severity: Some(convert::severity(code.severity())),
        code: Some(lsp::Code::String(code.as_str().to_owned())),
        code_description: ladder.code_description.then(|| convert::page(code)),
        source: Some("copydesk".to_owned()),
        message: lsp::Message::String(message.to_owned()),
        ..Default::default()
    }
}

/// The hunks of a proposal that wait, with their ranges in the text that is there now.
pub(crate) fn open_hunks(
    snapshot: &Snapshot,
    change: &ChangeView,
    path: &Path,
    open: Option<&Open>,
) -> Vec<(usize, lsp::Range)> {
    let pending: Vec<usize> = (0..change.plan.hunks.len())
        .filter(|at| change.plan.hunks[*at].state == HunkState::Pending && !change.applying.contains(at))
        .collect();
    if *path != change.path {
        let start = || change.origin.as_ref().map_or(Span::at(0), |origin| origin.span);
        let span = snapshot.documents.marks.get(&change.run).unwrap_or_else(start);
        return pending.into_iter().map(|at| (at, range_of(snapshot, span, open))).collect();
    }
    let current = open.map_or_else(|| change.plan.before.clone().into(), |open| open.document.text().clone());
    let hunks: Vec<(Span, &str)> = pending
        .iter()
        .map(|at| (change.plan.hunks[*at].span, change.plan.hunks[*at].text.as_str()))
        .collect();
    let rebased = rebase::rebase(&change.plan.before, &hunks, &current);
    pending
        .into_iter()
        .zip(rebased)
        .map(|(at, rebased)| {
            let span = match rebased {
                Rebased::Moved(span) | Rebased::Overlaps { with: span } => span,
            };
            let range = match open {
                Some(open) => convert::range(&open.document, span, snapshot.ladder.encoding),
                None => convert::range_in(&current, span, snapshot.ladder.encoding),
            };
            (at, range)
        })
        .collect()
}

fn range_of(snapshot: &Snapshot, span: Span, open: Option<&Open>) -> lsp::Range {
    open.map_or_else(lsp::Range::default, |open| {
        convert::range(&open.document, span, snapshot.ladder.encoding)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_of_agents_names_its_page_where_the_client_wants_it() {
        for code in [Code::PendingApproval, Code::Proposal, Code::StaleEdit] {
            for code_description in [true, false] {
                let ladder = Ladder { code_description, ..Ladder::default() };
                let page = ours(&ladder, code, "").code_description.map(|page| page.href.0);
                assert_eq!(page.is_some(), code_description);
                assert!(page.is_none_or(|page| page.ends_with(&format!("/{code}.md"))));
            }
        }
    }
}
