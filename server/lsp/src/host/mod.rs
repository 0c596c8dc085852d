//! The person's side of an agent, through an editor: progress, prompts, edits, documents to read.
//!
//! Everything shown is a projection: of records as they happen, and of the desk's view. Nothing here decides.

pub(crate) mod chats;
mod edits;
mod facts;
mod measure;
mod notes;
mod progress;
pub(crate) mod prompts;
pub(crate) mod shelf;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use copydesk_agent::Desk;
use copydesk_base::host::{Applied, DocumentEdit, Host, Known, Presence, Shown, Wanted};
use copydesk_base::{Event, Record};
use futures_util::future::BoxFuture;
use serde_json::json;
use tower_lsp::Client;
use tower_lsp::gen_lsp_types as lsp;

use crate::capabilities::Ladder;
use crate::documents::Documents;
use crate::state::State;
use notes::{Note, Notes};
pub(crate) use prompts::choices;

/// A [`Host`] that speaks the protocol.
pub(crate) struct EditorHost {
    client: Client,
    documents: Arc<Documents>,
    ladder: Ladder,
    notes: Notes,
    unproven: Mutex<Vec<edits::Unproven>>,
    /// The chat documents whose question is being answered.
    pub(crate) chats: chats::Chats,
    /// Late effects are recognized one after the other, and their records waited for.
    recognizing: tokio::sync::Mutex<()>,
}

impl EditorHost {
    pub(crate) fn new(client: Client, documents: Arc<Documents>, ladder: Ladder) -> Arc<Self> {
        let (notes, unproven) = (Notes::default(), Mutex::new(Vec::new()));
        let recognizing = tokio::sync::Mutex::new(());
        Arc::new(Self {
            client,
            documents,
            ladder,
            notes,
            unproven,
            chats: chats::Chats::default(),
            recognizing,
        })
    }

    /// Recognizes edits whose effect came late, before anybody looks for a run's edits.
    pub(crate) async fn settle_late(&self, desk: &Desk) {
        edits::recognize_now(self, desk).await;
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

impl Host for EditorHost {
    fn presence(&self) -> Presence {
        Presence::Somebody
    }

    fn happened(&self, record: &Record) {
        self.notes.push(Note::Happened(Box::new(record.clone())));
    }

    fn room(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.notes.room())
    }

    fn apply(&self, edit: DocumentEdit) -> BoxFuture<'_, Applied> {
        Box::pin(edits::apply(self, edit, edits::Late::Recognized))
    }

    fn known(&self, wanted: Wanted) -> BoxFuture<'_, Option<Vec<Known>>> {
        Box::pin(facts::known(self, wanted))
    }

    fn show(&self, what: Shown) {
        self.notes.push(Note::Show(what));
    }
}

/// Shows until the server ends: notes in order, prompts one at a time, late edits when their documents carry them.
pub(crate) async fn work(state: Arc<State>) {
    let Some(session) = state.session() else { return };
    let host = session.host.clone();
    // Prompts end with the desk; what is still to be said of its runs is said all the same.
    let showing = async {
        tokio::join!(
            notes(&state, &host),
            prompts::work(&host, &session.desk),
            edits::recognize(&host, &session.desk)
        )
    };
    tokio::select! {
        _ = showing => {}
        () = state.cancel.cancelled() => {}
    }
}

async fn notes(state: &Arc<State>, host: &EditorHost) {
    let mut progress = progress::Progress::default();
    // What works for another run answers that one, and not the person.
    let mut helpers = HashSet::new();
    loop {
        match host.notes.next().await {
            Note::Happened(record) => {
                if host.ladder.ours {
                    event(host, &record).await;
                }
                progress.show(state, host, &record).await;
                let is_written = host.chats.happened(state, &record);
                if matches!(&record.event, Event::RunStarted { parent: Some(_), .. }) {
                    helpers.insert(record.run.clone());
                }
                if let Event::RunFinished { text, denied, .. } = &record.event
                    && !helpers.remove(&record.run)
                    && !is_written
                {
                    shelf::answer(state, host, &record.run, text, denied).await;
                }
            }
            Note::Show(what) => shelf::show(state, host, what).await,
        }
    }
}

/// Our own notification, for a panel; only where the client announced it.
async fn event(host: &EditorHost, record: &Record) {
    let params = json!({"runId": record.run.as_str(), "seq": record.seq, "event": record.event});
    host.client.send_notification::<CopydeskEvent>(params).await;
}

/// `copydesk/event`.
enum CopydeskEvent {}

impl lsp::Notification for CopydeskEvent {
    type Params = serde_json::Value;
    const METHOD: lsp::LspNotificationMethod<'static> = lsp::LspNotificationMethod::Custom("copydesk/event");
    const MESSAGE_DIRECTION: lsp::MessageDirection = lsp::MessageDirection::ServerToClient;
}
