//! Answers that ended with their server: marked where they stand from when their document is opened.
//!
//! What is in the document and in no journal is told to the model with the next *send* ([`agreed`]), which writes down,
//! too, that the answer was cut off. Nobody should have to send something in order to learn it.
//!
//! # Invariants
//! - Nothing is written into a document that was merely opened.
//! - An answer that still comes, in whatever window, is none that was cut off.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use copydesk_base::{Event, SessionId, Span};
use copydesk_language::chat::{self, Role};

use super::agreed::{Agreed, agreed};
use super::said::NOTE;
use crate::intake::beside;
use crate::methods::chat::order;
use crate::state::State;

/// The documents that had such an answer when they were opened, with its turn as [`chat::turns`] counts.
#[derive(Default)]
pub(super) struct Cuts(Mutex<HashMap<PathBuf, usize>>);

impl Cuts {
    fn set(&self, path: PathBuf, turn: Option<usize>) {
        let mut cuts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match turn {
            Some(turn) => cuts.insert(path, turn),
            None => cuts.remove(&path),
        };
    }

    pub(super) fn heading_in(&self, path: &Path, text: &str) -> Option<Span> {
        let at = *self.0.lock().unwrap_or_else(PoisonError::into_inner).get(path)?;
        let turn = chat::turns(text).get(at).copied().filter(|turn| turn.role == Role::Assistant)?;
        let says_so = turn.words(text).lines().any(|line| line.starts_with(NOTE));
        (!says_so).then_some(turn.heading)
    }
}

/// Looks whether a document that was opened has such an answer.
pub(crate) async fn look(state: Arc<State>, uri: String) {
    let Some((session, open)) = state.session().zip(state.documents.get(&uri)) else { return };
    let Some(path) = open.path.clone().filter(|path| chat::is_chat(path)) else { return };
    let named = || Some(SessionId::from(open.document.tree().root()?.get("session")?.scalar_text()?));
    let Some(id) = named().filter(|id| !id.as_str().is_empty()) else { return };
    let Ok(Some(mut turns)) = session.desk.sent_from(&id, &path).await else { return };
    turns.retain(|records| records.iter().any(|record| matches!(record.event, Event::RunFinished { .. })));
    let desk = session.desk.clone();
    let text = open.document.text().clone();
    let looking = beside(move || {
        let actions = desk.actions();
        let is_known = |name: &str| actions.iter().any(|action| action.name == name);
        let Agreed { cut, .. } =
            agreed(&text, &turns, |words| order(words, is_known), |text| desk.as_written(text));
        cut
    });
    if let Ok(turn) = looking.await {
        session.host.chats.cut.set(path, turn);
        session.publisher.mark(uri);
    }
}
