//! The person's side of an agent, through an editor: progress, prompts, edits, documents to read.
//!
//! Everything shown is a projection: of records as they happen, and of the desk's view. Nothing here decides.

mod edits;
mod progress;
pub(crate) mod prompts;
mod shelf;

use std::sync::{Arc, Mutex};

use copydesk_agent::Desk;
use copydesk_base::host::{Applied, DocumentEdit, Host, Presence, Shown};
use copydesk_base::{Event, Record};
use futures_util::future::BoxFuture;
use serde_json::json;
use tokio::sync::mpsc;
use tower_lsp::Client;
use tower_lsp::gen_lsp_types as lsp;

use crate::capabilities::Ladder;
use crate::documents::Documents;
use crate::state::State;
pub(crate) use prompts::choices;

/// A [`Host`] that speaks the protocol.
pub(crate) struct EditorHost {
    client: Client,
    documents: Arc<Documents>,
    ladder: Ladder,
    notes: mpsc::UnboundedSender<Note>,
    inbox: Mutex<Option<mpsc::UnboundedReceiver<Note>>>,
    unproven: Mutex<Vec<edits::Unproven>>,
    /// Late effects are recognized one after the other, and their records waited for.
    recognizing: tokio::sync::Mutex<()>,
}

/// Something to show, in order.
enum Note {
    Happened(Box<Record>),
    Show(Shown),
}

impl EditorHost {
    pub(crate) fn new(client: Client, documents: Arc<Documents>, ladder: Ladder) -> Arc<Self> {
        let (notes, inbox) = mpsc::unbounded_channel();
        let (inbox, unproven) = (Mutex::new(Some(inbox)), Mutex::new(Vec::new()));
        let recognizing = tokio::sync::Mutex::new(());
        Arc::new(Self { client, documents, ladder, notes, inbox, unproven, recognizing })
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
        // The receiver ends with the server.
        let _ = self.notes.send(Note::Happened(Box::new(record.clone())));
    }

    fn apply(&self, edit: DocumentEdit) -> BoxFuture<'_, Applied> {
        Box::pin(edits::apply(self, edit))
    }

    fn show(&self, what: Shown) {
        let _ = self.notes.send(Note::Show(what));
    }
}

/// Shows until the server ends: notes in order, prompts one at a time, late edits when their documents carry them.
pub(crate) async fn work(state: Arc<State>) {
    let Some(session) = state.session() else { return };
    let host = session.host.clone();
    let Some(inbox) = host.inbox.lock().ok().and_then(|mut inbox| inbox.take()) else { return };
    tokio::select! {
        () = notes(&state, &host, inbox) => {}
        () = prompts::work(&host, &session.desk) => {}
        () = edits::recognize(&host, &session.desk) => {}
        () = state.cancel.cancelled() => {}
    }
}

async fn notes(state: &State, host: &EditorHost, mut inbox: mpsc::UnboundedReceiver<Note>) {
    let mut progress = progress::Progress::default();
    while let Some(note) = inbox.recv().await {
        match note {
            Note::Happened(record) => {
                if host.ladder.ours {
                    event(host, &record).await;
                }
                progress.show(state, host, &record).await;
                if let Event::RunFinished { text, denied, .. } = &record.event {
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
