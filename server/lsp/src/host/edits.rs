//! Edits of open documents, through the client, one at a time; proven by a document version, never by an answer.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use copydesk_agent::Desk;
use copydesk_base::Span;
use copydesk_base::host::{Applied, DocumentEdit};
use copydesk_text::rebase::{self, Rebased};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::error::TryRecvError;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc;

use super::EditorHost;
use crate::comments;
use crate::convert;
use crate::documents::Open;

/// How long after the client's answer its `didChange` may come.
const PROOF: Duration = Duration::from_secs(2);

/// The same after a refusal of what typing had made outdated: no client that says no to it was seen to do it.
const REFUSED: Duration = Duration::from_millis(300);

/// How long an edit that was given up may still be recognized.
const KEPT: Duration = Duration::from_mins(10);

/// How many are kept; the oldest go.
const MOST: usize = 16;

/// An edit as it was sent.
#[derive(Clone)]
struct Offer {
    edit: DocumentEdit,
    before: Arc<str>,
    sent: Instant,
}

/// One that no document version has carried yet.
pub(super) struct Unproven {
    offer: Offer,
    /// The versions that nobody has looked at yet: what was typed behind a late edit may have changed it in the newest.
    versions: UnboundedReceiver<Arc<Open>>,
}

impl Offer {
    /// Whether both put the same texts in the place of the same texts, be it at two places of a text that moved, and
    /// be it tried again as another change: they take effect once.
    fn is_same_offer(&self, other: &Self) -> bool {
        self.edit.path == other.edit.path && self.texts() == other.texts()
    }

    fn texts(&self) -> Vec<(&str, &str)> {
        self.edit.edits.iter().map(|one| (one.span.of(&self.before), one.text.as_str())).collect()
    }
}

/// What becomes of an edit whose effect comes after it was given up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    /// It is written down as a change of its run.
    Recognized,
    /// It is text like any other: words, which are nothing to take back.
    Forgotten,
}

/// Sends one edit and answers what the document then carried.
pub(super) async fn apply(host: &EditorHost, edit: DocumentEdit, late: Late) -> Applied {
    // From before it is sent: what is typed behind it may stand in the next version already.
    let mut versions = host.documents.versions(&edit.path);
    let Some(open) = host.documents.at(&edit.path) else { return Applied::Closed };
    let version = open.document.version();
    if version != edit.version {
        return Applied::Moved { version };
    }
    let before = open.document.text().clone();
    let language = comments::language_of(Some(&edit.path), open.document.language_id());
    // Whatever is not the person's by now does not become theirs by being written once more.
    let brought: HashSet<String> =
        comments::texts(language, &edit.after).difference(&open.voiced).cloned().collect();
    host.documents.disown(&open.uri, brought);
    let sent = Offer { edit: edit.clone(), before, sent: Instant::now() };
    let params = lsp::ApplyWorkspaceEditParams {
        label: Some(edit.label.clone()),
        edit: convert::workspace_edit(
            &open.uri,
            version,
            convert::text_edits(&open.document, &edit.edits, host.ladder.encoding),
        ),
        metadata: None,
    };
    let answering = host.client.send_request::<lsp::ApplyWorkspaceEditRequest>(params);
    tokio::pin!(answering);
    let outcome = {
        let proving = proof(&mut versions, &sent);
        tokio::pin!(proving);
        let answer = tokio::select! {
            proven = &mut proving => {
                // One in flight: the answer belongs to this edit and is waited for, but not for long.
                let _ = tokio::time::timeout(PROOF, &mut answering).await;
                return finish(host, &sent, proven);
            }
            answer = tokio::time::timeout(edit.patience, &mut answering) => answer,
        };
        match answer {
            Ok(answer) => {
                let is_outdated = || is_refusal(&answer) && has_moved(host, &edit);
                let mut proven = tokio::time::timeout(REFUSED, &mut proving).await;
                if proven.is_err() && !is_outdated() {
                    proven = tokio::time::timeout(PROOF.saturating_sub(REFUSED), &mut proving).await;
                }
                match proven {
                    Ok(proven) => return finish(host, &sent, proven),
                    Err(_) if is_outdated() => Applied::Outdated { reason: reason(answer) },
                    Err(_) => Applied::NotApplied { reason: reason(answer) },
                }
            }
            Err(_) => Applied::Unanswered { reason: "the editor did not answer".to_owned() },
        }
    };
    if late == Late::Recognized
        && let Ok(mut unproven) = host.unproven.lock()
    {
        keep(&mut unproven, Unproven { offer: sent, versions });
    }
    outcome
}

/// Keeps an offer for as long as it may count; a second one stands for the first one too.
fn keep(unproven: &mut Vec<Unproven>, given_up: Unproven) {
    let offer = &given_up.offer;
    unproven.retain(|other| other.offer.sent.elapsed() < KEPT && !offer.is_same_offer(&other.offer));
    unproven.push(given_up);
    let too_many = unproven.len().saturating_sub(MOST);
    unproven.drain(..too_many);
}

/// Whether the document is at another version than the one an edit was made for.
fn has_moved(host: &EditorHost, edit: &DocumentEdit) -> bool {
    host.documents.at(&edit.path).is_some_and(|now| now.document.version() != edit.version)
}

fn is_refusal(answer: &jsonrpc::Result<lsp::ApplyWorkspaceEditResult>) -> bool {
    !answer.as_ref().is_ok_and(|result| result.applied)
}

fn reason(answer: jsonrpc::Result<lsp::ApplyWorkspaceEditResult>) -> String {
    match answer {
        Ok(result) => match (result.applied, result.failure_reason) {
            (_, Some(reason)) => format!("the editor said: {}", reason.chars().take(200).collect::<String>()),
            (true, None) => "the editor said it was applied, but the document does not have it".to_owned(),
            (false, None) => "the editor did not apply it".to_owned(),
        },
        Err(error) => format!("the editor answered with an error: {}", error.message),
    }
}

/// Proven: earlier tries of the same edit are forgotten.
fn finish(host: &EditorHost, sent: &Offer, proven: Option<i32>) -> Applied {
    match proven {
        Some(version) => {
            forget(host, sent);
            Applied::Proven { version }
        }
        None => Applied::Closed,
    }
}

/// Forgets every offer of an edit; whether there was one.
fn forget(host: &EditorHost, sent: &Offer) -> bool {
    let Ok(mut unproven) = host.unproven.lock() else { return false };
    let count = unproven.len();
    unproven.retain(|other| !sent.is_same_offer(&other.offer));
    unproven.len() < count
}

/// Waits for a version that carries the edit; `None` when the document was closed. Every version is looked at: where
/// the person types on in the very place, the next one does not have it any more as it was made.
async fn proof(versions: &mut UnboundedReceiver<Arc<Open>>, sent: &Offer) -> Option<i32> {
    while let Some(open) = versions.recv().await {
        if carries(sent, open.document.text()) {
            return Some(open.document.version());
        }
    }
    None
}

/// Recognizes edits whose effect came after they had been given up.
pub(super) async fn recognize(host: &EditorHost, desk: &Desk) {
    let mut changes = host.documents.changes();
    while changes.changed().await.is_ok() {
        recognize_now(host, desk).await;
    }
}

/// The same, once: whoever looks for a run's edits next must find those that came late.
pub(super) async fn recognize_now(host: &EditorHost, desk: &Desk) {
    let _one = host.recognizing.lock().await;
    let waiting: Vec<(Offer, Vec<Arc<Open>>)> = match host.unproven.lock() {
        Ok(mut unproven) => {
            unproven.retain(|one| one.offer.sent.elapsed() < KEPT);
            unproven.iter_mut().map(|one| (one.offer.clone(), unseen(host, one))).collect()
        }
        Err(_) => return,
    };
    for (sent, versions) in waiting {
        if is_late(&sent, versions).await && forget(host, &sent) {
            tracing::info!(path = %sent.edit.path.display(), "an edit took effect late");
            if let Err(error) = desk.recognize(&sent.edit, sent.before.to_string()).await {
                tracing::error!("failed to {error}");
            }
        }
    }
}

/// The versions since nobody looked. One that was closed and opened again begins anew.
fn unseen(host: &EditorHost, one: &mut Unproven) -> Vec<Arc<Open>> {
    let mut versions = Vec::new();
    loop {
        match one.versions.try_recv() {
            Ok(open) => versions.push(open),
            Err(TryRecvError::Empty) => return versions,
            Err(TryRecvError::Disconnected) => {
                let Some(open) = host.documents.at(&one.offer.edit.path) else { return versions };
                one.versions = host.documents.versions(&one.offer.edit.path);
                versions.push(open);
                return versions;
            }
        }
    }
}

/// Whether one of these versions carries it. They are looked at aside from the way of other messages.
async fn is_late(sent: &Offer, versions: Vec<Arc<Open>>) -> bool {
    if versions.is_empty() {
        return false;
    }
    let sent = sent.clone();
    let look = move || versions.iter().any(|open| carries(&sent, open.document.text()));
    tokio::task::spawn_blocking(look).await.unwrap_or_default()
}

/// Whether a text carries the edit: its hunks stand there untouched, and it is nearer to the text after than before.
fn carries(sent: &Offer, current: &str) -> bool {
    let after = sent.edit.after.as_str();
    if current == after {
        return true;
    }
    let mut regions = Vec::new();
    let mut shift: isize = 0;
    for edit in &sent.edit.edits {
        let start = edit.span.start.checked_add_signed(shift).unwrap_or(0);
        regions.push((Span::new(start, start + edit.text.len()), ""));
        shift += edit.text.len().cast_signed() - edit.span.len().cast_signed();
    }
    let untouched =
        rebase::rebase(after, &regions, current).iter().all(|rebased| matches!(rebased, Rebased::Moved(_)));
    untouched && distance(after, current) < distance(&sent.before, current)
}

/// Bytes that differ, by lines.
fn distance(from: &str, to: &str) -> usize {
    rebase::hunks(from, to).iter().map(|(span, text)| span.len() + text.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use copydesk_base::TextEdit;
    use copydesk_base::host::Aim;

    fn sent(before: &str, edits: &[(usize, usize, &str)]) -> Offer {
        let edits: Vec<TextEdit> = edits
            .iter()
            .map(|(start, end, text)| TextEdit { span: Span::new(*start, *end), text: (*text).to_owned() })
            .collect();
        let pairs: Vec<(Span, &str)> = edits.iter().map(|edit| (edit.span, edit.text.as_str())).collect();
        let after = rebase::apply(before, &pairs);
        Offer {
            edit: DocumentEdit {
                label: String::new(),
                aim: Aim::Change,
                change: "chg-1".into(),
                run: "run-1".into(),
                patience: Duration::from_secs(1),
                path: "/a".into(),
                version: 1,
                edits,
                after,
            },
            before: before.into(),
            sent: Instant::now(),
        }
    }

    fn given_up(text: &str) -> Unproven {
        let (_, versions) = tokio::sync::mpsc::unbounded_channel();
        Unproven { offer: sent("a\n", &[(0, 2, text)]), versions }
    }

    #[test]
    fn a_text_carries_an_edit_or_it_does_not() {
        let replace = sent("a\nb\nc\n", &[(2, 4, "B\n")]);
        let insert = sent("a\na\n", &[(4, 4, "a\n")]);
        let delete = sent("a\nb\nc\n", &[(2, 4, "")]);
        for (sent, current, expect) in [
            (&replace, "a\nB\nc\n", true),
            (&replace, "a\nB\nc\ntyped\n", true),
            (&replace, "typed\na\nB\nc\n", true),
            (&replace, "a\nb\nc\ntyped\n", false),
            (&replace, "a\nx\nc\n", false),
            (&insert, "a\na\na\n", true),
            (&insert, "a\na\nb\n", false),
            (&delete, "a\nc\n", true),
            (&delete, "a\nb\nc\nd\n", false),
            (&delete, "a\nc\nd\n", true),
        ] {
            assert_eq!(carries(sent, current), expect, "{current:?}");
        }
    }

    #[test]
    fn the_same_edit_tried_as_another_change_is_the_same_offer() {
        let first = sent("a\nb\nc\n", &[(2, 4, "B\n")]);
        let mut again = sent("typed\na\nb\nc\n", &[(8, 10, "B\n")]);
        again.edit.change = "chg-2".into();
        assert!(first.is_same_offer(&again));
        assert!(!first.is_same_offer(&sent("a\nb\nc\n", &[(4, 6, "B\n")])));
    }

    #[test]
    fn the_newest_offers_are_kept_and_old_ones_go() {
        let mut unproven = Vec::new();
        let text = |number: usize| format!("{number}\n");
        for number in 0..MOST + 3 {
            keep(&mut unproven, given_up(&text(number)));
        }
        assert_eq!(unproven.len(), MOST);
        assert_eq!(unproven[0].offer.edit.edits[0].text, text(3));
        keep(&mut unproven, given_up(&text(5)));
        assert_eq!(unproven.len(), MOST, "the same offer stands for the one before");
        let Some(old) = Instant::now().checked_sub(KEPT) else { return };
        unproven[0].offer.sent = old;
        keep(&mut unproven, given_up(&text(5)));
        assert_eq!(unproven.len(), MOST - 1);
    }
}
