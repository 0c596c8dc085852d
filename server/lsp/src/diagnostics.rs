//! Diagnostics on their way to the editor.
//!
//! One worker takes the documents that were touched, checks each at the version it then has, and publishes what is
//! still current. A burst of keystrokes is one check, without a timer. What agents publish (approvals, proposals) goes
//! with it: for a client that pulls, only that is pushed.

mod agents;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use copydesk_agent::{DiskFiles, View};
use copydesk_base::{Diagnostic, Files};
use copydesk_language::{File, FileKind, Memo};
use tokio::sync::Notify;
use tower_lsp::gen_lsp_types as lsp;

use crate::convert;
use crate::documents::Open;
use crate::rules::check_rules;
use crate::schemas;
use crate::snapshot::Snapshot;
use crate::state::State;
use crate::told;
pub(crate) use agents::of_agents;
use agents::place_of;

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
    let findings = view.findings.iter().map(|finding| finding.path.clone());
    approvals.chain(questions).chain(changes).chain(findings).map(|path| uri_at(state, &path)).collect()
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
pub(crate) fn findings_again(
    snapshot: &Snapshot,
    file: &File<'_>,
    memo: &Mutex<Memo>,
) -> Option<Vec<Diagnostic>> {
    match memo.try_lock() {
        Ok(mut memo) => findings_with(snapshot, file, &mut memo),
        Err(_) => findings(snapshot, file),
    }
}

fn of_ours(snapshot: &Snapshot, file: &File<'_>, memo: &mut Memo) -> Vec<Diagnostic> {
    let index = snapshot.index_to_check(file);
    let mut found = copydesk_language::check_again(file, &index, memo);
    found.extend(check_rules(file, index.trust));
    if let Some(session) = snapshot.state.session() {
        found.extend(session.scripts.check(file));
    }
    found
}

/// The same for a file that nobody opened; its text is the disk's.
fn of_unopened(mut snapshot: Snapshot, uri: &str, path: PathBuf) -> Option<Vec<lsp::Diagnostic>> {
    let text = DiskFiles.read(&copydesk_base::path::resolve(Path::new("/"), &path)).ok()?.text;
    let open = Arc::new(Open::unopened(uri.to_owned(), path, &text));
    snapshot.own = Some(open.clone());
    language(&snapshot, &open)
}
