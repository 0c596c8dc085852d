//! Answers on their way into chat documents: what a model says becomes text while it says it.
//!
//! A run that was sent from a chat document is told here. Its words are gathered, and one task for each document puts
//! them there, a few times a second, through the same edits as everything else: versioned, one at a time, proven. The
//! person may go on typing anywhere. Where they typed into the answer itself, or the document was closed, the rest is
//! not forced in: the whole answer is opened for reading, as for a run without a document.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use copydesk_base::host::{Aim, Applied, DocumentEdit};
use copydesk_base::{ChangeId, Event, Record, RunId, SessionId, Span};
use copydesk_text::rebase;
use tokio::sync::watch;

use super::edits::{self, Late};
use super::shelf;
use crate::state::{Session, State};
pub(crate) use agreed::{Agreed, agreed};
pub(crate) use cut::look;
use place::{Wanted, as_in, begun, grown};
use said::Said;

mod agreed;
mod cut;
mod place;
mod said;

/// Between two edits.
const PACE: Duration = Duration::from_millis(200);
/// How long an editor may take to answer one.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the text may move between looking and writing before we give up.
const LOOKS: usize = 16;

/// The runs that answer a document.
#[derive(Default)]
pub(crate) struct Chats {
    answering: Mutex<Vec<Chat>>,
    cut: cut::Cuts,
}

struct Chat {
    run: RunId,
    path: PathBuf,
    /// The turn whose answer was cut off and does not say so yet.
    cut: Option<usize>,
    said: watch::Sender<Said>,
}

impl Chats {
    /// Takes a document for a question that is about to be sent; nothing where one is still being answered.
    pub(crate) fn claim(&self, path: &Path) -> Option<Claim<'_>> {
        self.with(|chats| {
            let is_free = chats.iter().all(|chat| chat.path != path);
            is_free.then(|| {
                let (run, said) = (RunId::from(""), watch::Sender::new(Said::default()));
                chats.push(Chat { run, path: path.to_owned(), cut: None, said });
                Claim { chats: self, path: path.to_owned() }
            })
        })
    }

    /// Takes in what a run does; whether its answer has a document to go to.
    pub(super) fn happened(&self, state: &Arc<State>, record: &Record) -> bool {
        self.with(|chats| {
            let Some(at) = chats.iter().position(|chat| chat.run == record.run) else { return false };
            let chat = &chats[at];
            chat.said.send_modify(|said| said.take(&record.event));
            match &record.event {
                Event::RunStarted { session, .. } => {
                    let (run, path, cut) = (chat.run.clone(), chat.path.clone(), chat.cut);
                    let writer = Writer { run, path, cut, written: None };
                    let said = chat.said.subscribe();
                    state.speakers.spawn(writer.write(state.clone(), session.clone(), said));
                    true
                }
                // A run that never began has no words, and nobody writes.
                Event::RunFinished { .. } if chat.said.receiver_count() == 0 => {
                    chats.remove(at);
                    false
                }
                _ => true,
            }
        })
    }

    /// The heading of the answer of a document that broke off, and does not say so.
    pub(crate) fn cut_in(&self, path: &Path, text: &str) -> Option<Span> {
        self.cut.heading_in(path, text)
    }

    fn done(&self, run: &RunId) {
        self.with(|chats| chats.retain(|chat| chat.run != *run));
    }

    fn with<T>(&self, look: impl FnOnce(&mut Vec<Chat>) -> T) -> T {
        look(&mut self.answering.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// A document that is taken for a question; free again when this is dropped before a run was named.
pub(crate) struct Claim<'a> {
    chats: &'a Chats,
    path: PathBuf,
}

impl Claim<'_> {
    /// The run that answers, and the turn before it whose answer is to say that it was cut off.
    pub(crate) fn hand_to(self, run: &RunId, cut: Option<usize>) {
        self.chats.with(|chats| {
            if let Some(chat) = chats.iter_mut().find(|chat| chat.path == self.path) {
                (chat.run, chat.cut) = (run.clone(), cut);
            }
        });
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.chats.with(|chats| {
            chats.retain(|chat| chat.path != self.path || !chat.run.as_str().is_empty());
        });
    }
}

/// Puts one answer into one document.
struct Writer {
    run: RunId,
    path: PathBuf,
    cut: Option<usize>,
    /// What was written last; `None` before the turn was begun.
    written: Option<Written>,
}

/// A text as an edit of ours left it, and where the answer stands in it.
struct Written {
    text: String,
    answer: Span,
}

impl Writer {
    async fn write(mut self, state: Arc<State>, id: SessionId, mut said: watch::Receiver<Said>) {
        let Some(session) = state.session() else { return };
        if !self.follow(session, &id, &mut said).await
            && let Ok(over) = said.wait_for(|said| said.end.is_some()).await.map(|said| said.clone())
            && let Some(end) = over.end
        {
            shelf::homeless(&state, &session.host, &self.run, &end.answer, &end.denied).await;
        }
        session.host.chats.done(&self.run);
    }

    /// Writes until the answer is whole; whether all of it is there.
    async fn follow(&mut self, session: &Session, id: &SessionId, said: &mut watch::Receiver<Said>) -> bool {
        let cut = self.cut;
        if !self.put(session, |text| Some(begun(text, id, cut))).await {
            return false;
        }
        loop {
            let now = said.borrow_and_update().clone();
            if !self.say(session, &now.shown()).await {
                return false;
            }
            if now.end.is_some() {
                return true;
            }
            if said.changed().await.is_err() {
                return false;
            }
            let over = said.wait_for(|said| said.end.is_some());
            let _ = tokio::time::timeout(PACE, over).await;
        }
    }

    /// Brings the answer up to these words.
    async fn say(&mut self, session: &Session, words: &str) -> bool {
        let Some(Written { text, answer }) = self.written.take() else { return false };
        let words = as_in(&text, words);
        if answer.of(&text) == words {
            self.written = Some(Written { text, answer });
            return true;
        }
        self.put(session, |now| grown(&text, answer, now, &words)).await
    }

    /// Sends the edits that a text wants, until a version of the document carries them.
    async fn put(&mut self, session: &Session, wanted: impl Fn(&str) -> Option<Wanted>) -> bool {
        let host = &session.host;
        for _ in 0..LOOKS {
            let _turn = session.desk.turn(&self.path).await;
            let Some(open) = host.documents.at(&self.path) else { return false };
            let before = open.document.text().clone();
            let Some((edits, answer)) = wanted(&before) else { return false };
            let pairs: Vec<(Span, &str)> = edits.iter().map(|edit| (edit.span, edit.text.as_str())).collect();
            let after = rebase::apply(&before, &pairs);
            let edit = DocumentEdit {
                label: "Copydesk answer".to_owned(),
                change: ChangeId::from("answer"),
                run: self.run.clone(),
                aim: Aim::Change,
                patience: PATIENCE,
                path: self.path.clone(),
                version: open.document.version(),
                edits,
                after: after.clone(),
            };
            match edits::apply(host, edit, Late::Forgotten).await {
                Applied::Proven { .. } => {
                    self.written = Some(Written { text: after, answer });
                    return true;
                }
                // It is made again for what is there now.
                Applied::Moved { .. } | Applied::Outdated { .. } => {}
                Applied::NotApplied { reason } | Applied::Unanswered { reason } => {
                    tracing::warn!(%reason, path = %self.path.display(), "an answer did not get into its document");
                    return false;
                }
                Applied::Closed => return false,
            }
        }
        false
    }
}
