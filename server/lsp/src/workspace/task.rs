//! The task that follows the disk: one walk through the tree, then what changes.
//!
//! It works in slices, so that whoever asks for the index in between waits for one slice and not for a walk.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use copydesk_agent::DiskFiles;
use copydesk_base::path;
use copydesk_language::{Trust, WorkspaceIndex};
use serde_json::json;
use tokio::sync::mpsc;
use tower_lsp::gen_lsp_types as lsp;

use super::inbox::Orders;
use super::{End, Found, Known, Limits, Settled, Walked, Workspace, walk};
use crate::diagnostics::{self, Unopened};
use crate::state::{Session, State};

/// How long the lock is held at a time.
const SLICE: Duration = Duration::from_millis(15);

/// What an editor is asked to watch.
const WATCHED: &[&str] = &[
    "**/*.{yaml,yml}",
    "**/agents/*.md",
    "**/{.copydesk,.keystone}/**/*.md",
    "**/skills/*/SKILL.md",
    "**/.stepper/layer/*/index.md",
    "**/*schema*.json",
];

/// Asks the editor to tell about files, where it announced that it can.
pub(crate) async fn register(state: &State) {
    let Some(session) = state.session() else { return };
    if !session.ladder.watches_files {
        return;
    }
    let watchers: Vec<_> = WATCHED.iter().map(|glob| json!({"globPattern": glob})).collect();
    let registration = lsp::Registration {
        id: "copydesk-files".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: Some(json!({"watchers": watchers})),
    };
    if let Err(error) = state.client.register_capability(vec![registration]).await {
        tracing::warn!(%error, "the editor does not watch files for us");
    }
}

/// Looks until the server ends.
pub(crate) async fn work(state: Arc<State>) {
    let Some(session) = state.session() else { return };
    tokio::select! {
        () = follow(&state, session) => {}
        () = state.cancel.cancelled() => {}
    }
}

async fn follow(state: &Arc<State>, session: &Session) {
    let mut queue: VecDeque<(PathBuf, Found)> = VecDeque::new();
    let (walked, mut walks) = mpsc::channel::<Walked>(1);
    // Dropped when the walk starts.
    let mut walker = Some(walked);
    loop {
        tokio::select! {
            biased;
            orders = session.workspace.inbox.next() => {
                if let Some(walked) = walker.take_if(|_| orders.start) {
                    start_walk(state, session, walked);
                }
                obey(state, orders).await;
            }
            Some(done) = walks.recv() => {
                if done.end == End::Cut {
                    let message = "the workspace is large: workflows beyond the first ones that were found are known only \
                        when they are opened or named by another";
                    state.client.log_message(lsp::MessageType::Info, message).await;
                }
                queue.extend(done.files);
                if queue.is_empty() {
                    session.workspace.settled.send_replace(Settled::Yes);
                }
            }
            () = std::future::ready(()), if !queue.is_empty() => {
                queue = slice(state, queue).await;
                if queue.is_empty() {
                    session.workspace.settled.send_replace(Settled::Yes);
                }
            }
        }
    }
}

fn start_walk(state: &Arc<State>, session: &Session, walked: mpsc::Sender<Walked>) {
    let (root, cancel) = (session.root.clone(), state.cancel.clone());
    state.tracker.spawn_blocking(move || {
        // Nobody listens any more once the server ends.
        let _ = walked.blocking_send(walk(&root, Limits::BACKGROUND, &|| cancel.is_cancelled()));
    });
}

/// Looks at files of the queue for a while; what is left comes back.
async fn slice(state: &Arc<State>, mut queue: VecDeque<(PathBuf, Found)>) -> VecDeque<(PathBuf, Found)> {
    let mut left = VecDeque::new();
    let work = move |known: &mut Known| {
        let start = Instant::now();
        let mut changed = Vec::new();
        while let Some((path, found)) = queue.pop_front() {
            changed.extend(known.members.look_around(&DiskFiles, &path, found));
            if start.elapsed() > SLICE {
                break;
            }
        }
        (changed, queue)
    };
    if let Some(rest) = changing(state, Unopened::Leave, work).await {
        left = rest;
    }
    left
}

async fn obey(state: &Arc<State>, orders: Orders) {
    let Orders { start: _, touched, changed, refresh } = orders;
    if touched.is_empty() && changed.is_empty() && !refresh {
        return;
    }
    let work = move |known: &mut Known| {
        let mut news = Vec::new();
        for path in touched {
            if let Some(found) = super::discover::found(&path) {
                news.extend(known.members.look_around(&DiskFiles, &path, found));
            }
        }
        let is_gone_unsaid = refresh || !changed.is_empty();
        for path in changed {
            let path = path::resolve(std::path::Path::new("/"), &path);
            if known.members.look_again(&DiskFiles, &path) {
                news.extend(known.members.look_beside(&DiskFiles, &path));
                news.push(path);
            }
        }
        // A folder that went took its files along, and says nothing of them.
        if is_gone_unsaid {
            news.extend(known.members.refresh(&DiskFiles));
        }
        (news, ())
    };
    changing(state, Unopened::Mark, work).await;
}

/// Does work on what is known, on a thread that may wait, and marks whoever is touched by what changed.
async fn changing<R: Send + 'static>(
    state: &Arc<State>,
    unopened: Unopened,
    work: impl FnOnce(&mut Known) -> (Vec<PathBuf>, R) + Send + 'static,
) -> Option<R> {
    let worker = state.clone();
    let done = tokio::task::spawn_blocking(move || {
        let session = worker.session()?;
        let workspace: &Workspace = &session.workspace;
        let (before, changed, after, rest) = {
            let mut known = workspace.known();
            known.look_in_places();
            let before = known.members.index(Trust::Untrusted);
            let (changed, rest) = work(&mut known);
            (before, changed, known.members.index(Trust::Untrusted), rest)
        };
        Some((touched(&before, &after, &changed), rest))
    })
    .await;
    let (touched, rest) = done.ok().flatten()?;
    diagnostics::mark_touched(state, &touched, unopened);
    Some(rest)
}

/// The files whose findings may be others now.
fn touched(before: &WorkspaceIndex, after: &WorkspaceIndex, changed: &[PathBuf]) -> Vec<PathBuf> {
    let mut touched: Vec<PathBuf> = changed
        .iter()
        .flat_map(|path| before.dependents(path).into_iter().chain(after.dependents(path)))
        .collect();
    touched.sort();
    touched.dedup();
    touched
}
