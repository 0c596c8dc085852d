//! `copydesk.sessions.…`: the conversations of a workspace, for editors.
//!
//! | command | argument | answer |
//! |---|---|---|
//! | `list` | – | the conversations, the newest first, and how long they are kept |
//! | `show` | `session` | opens the conversation as Markdown |
//! | `export` | `session`, `format` (`markdown`, `json`) | the text |
//! | `name` | `session`, `name` | the name |
//! | `fork` | `session`, `runId`: the last turn of the copy | the copy's id |
//! | `delete` | `session` | asks the person; what came of it is said in the log |
//!
//! `session` is an id or a name.

use std::collections::HashMap;
use std::sync::Arc;

use copydesk_agent::{AgentError, telling};
use copydesk_base::{RunId, SessionId};
use copydesk_language::chat;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::Result;

use super::execute_command::said;
use crate::documents::Open;
use crate::host::shelf;
use crate::intake::after_answer;
use crate::state::{Session, State};

pub(crate) const LIST: &str = "copydesk.sessions.list";
pub(crate) const SHOW: &str = "copydesk.sessions.show";
pub(crate) const EXPORT: &str = "copydesk.sessions.export";
pub(crate) const NAME: &str = "copydesk.sessions.name";
pub(crate) const FORK: &str = "copydesk.sessions.fork";
pub(crate) const DELETE: &str = "copydesk.sessions.delete";

/// The answer of a prompt that deletes.
const YES: &str = "Delete";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Which {
    session: String,
    run_id: Option<String>,
    name: Option<String>,
    format: Option<Format>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Markdown,
    Json,
}

pub(super) async fn list(session: &Session) -> Result<Option<Value>> {
    let listed = session.desk.sessions().await.map_err(|error| said(&error))?;
    let listed: Vec<Value> = listed.iter().map(telling::listed).collect();
    Ok(Some(json!({"sessions": listed, "kept": session.desk.kept_for()})))
}

/// The conversation that a word stands for, by its id or its name.
async fn find(session: &Session, word: &str) -> Result<SessionId> {
    let known = session.desk.sessions().await.map_err(|error| said(&error))?;
    Ok(telling::named(&known, word).map_or_else(|| SessionId::from(word), |one| one.session.clone()))
}

pub(super) async fn show(state: &Arc<State>, session: &Session, which: Which) -> Result<Option<Value>> {
    let id = find(session, &which.session).await?;
    let turns = session.desk.conversation(&id).await.map_err(|error| said(&error))?;
    let text = telling::markdown(&turns);
    // Behind the answer: a client may answer for the document when the person closes it.
    let state = state.clone();
    state.clone().tracker.spawn(async move {
        if let Some(session) = state.session() {
            shelf::read(&state, &session.host, &format!("{id}.md"), &text).await;
        }
    });
    Ok(Some(json!({"turns": turns.len()})))
}

pub(super) async fn export(session: &Session, which: Which) -> Result<Option<Value>> {
    let id = find(session, &which.session).await?;
    let whole = session.desk.whole(&id).await.map_err(|error| said(&error))?;
    let text = match which.format.unwrap_or(Format::Markdown) {
        Format::Markdown => telling::markdown(&whole.turns),
        Format::Json => telling::records(&id, &session.root, &whole).to_string(),
    };
    Ok(Some(json!({"text": text})))
}

pub(super) async fn name(session: &Session, which: Which) -> Result<Option<Value>> {
    let name = which.name.unwrap_or_default();
    let id = find(session, &which.session).await?;
    let name = session.desk.name(&id, &name).await.map_err(|error| said(&error))?;
    Ok(Some(json!({"name": name})))
}

pub(super) async fn fork(session: &Session, which: Which) -> Result<Option<Value>> {
    let last = which.run_id.map(RunId);
    let id = find(session, &which.session).await?;
    let copy = session.desk.fork(&id, last.as_ref()).await;
    Ok(Some(json!({"session": copy.map_err(|error| said(&error))?})))
}

/// Asks, and deletes behind the answer.
pub(super) async fn delete(state: &Arc<State>, session: &Session, which: Which) -> Result<Option<Value>> {
    let known = session.desk.sessions().await.map_err(|error| said(&error))?;
    let Some(one) = telling::named(&known, &which.session) else {
        return Err(said(&AgentError::UnknownSession(which.session)));
    };
    let (id, title) = (one.session.clone(), telling::called(one));
    let message = format!("Delete the conversation “{title}” for good? Its edits cannot be undone then.");
    let (gate, opened) = oneshot::channel();
    after_answer(gate);
    let state = state.clone();
    state.clone().tracker.spawn(async move {
        // Some editors show no question while they wait for an answer.
        let _ = opened.await;
        let Some(session) = state.session() else { return };
        let client = session.host.client();
        let action =
            |title: &str| lsp::MessageActionItem { title: title.to_owned(), properties: HashMap::default() };
        let asking = client.send_request::<lsp::ShowMessageRequest>(lsp::ShowMessageRequestParams {
            kind: lsp::MessageType::Warning,
            message,
            actions: Some(vec![action(YES), action("Keep")]),
        });
        let answer = tokio::select! {
            answer = asking => answer,
            () = state.cancel.cancelled() => return,
        };
        // Silence, an error and a closed prompt keep it.
        if !matches!(answer, Ok(Some(chosen)) if chosen.title == YES) {
            return;
        }
        let text = match session.desk.delete(&id).await {
            Ok(()) => format!("Copydesk: the conversation “{title}” is gone"),
            Err(error) => format!("Copydesk: {}", error.told()),
        };
        client.log_message(lsp::MessageType::Info, text).await;
    });
    Ok(Some(json!({"asked": true})))
}

/// What can be done with the conversation that a chat document names.
pub(super) fn of_chat(open: &Open) -> Vec<lsp::Command> {
    let is_chat = open.path.as_deref().is_some_and(chat::is_chat);
    let root = open.document.tree().root();
    let named =
        root.and_then(|root| root.get("session")?.scalar_text()).filter(|id| is_chat && !id.is_empty());
    let Some(id) = named else { return Vec::new() };
    [
        ("Copydesk: show this conversation with all that was done", SHOW),
        ("Copydesk: delete this conversation…", DELETE),
    ]
    .into_iter()
    .map(|(title, command)| lsp::Command {
        title: title.to_owned(),
        tooltip: None,
        command: command.to_owned(),
        arguments: Some(vec![json!({"session": id})]),
    })
    .collect()
}
