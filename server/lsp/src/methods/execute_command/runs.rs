//! Commands about a run: what is said to it while it works, its end, and what becomes of it afterwards.

use std::sync::Arc;

use copydesk_agent::{AgentError, Direction, Scope, Turning};
use copydesk_base::host::{Host, Shown};
use copydesk_base::{CallId, RunId};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, Result};

use super::ask::open_when_settled;
use super::{answer, failed, said};
use crate::comments;
use crate::convert;
use crate::host::shelf;
use crate::intake::after_answer;
use crate::state::{Session, State};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunArgument {
    run_id: String,
}

pub(super) async fn cancel(session: &Session, arguments: RunArgument) -> Result<Option<Value>> {
    let canceled = session.desk.cancel(&RunId(arguments.run_id)).await;
    Ok(Some(json!({"canceled": canceled})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AnswerArguments {
    question_id: String,
    answer: String,
}

pub(super) async fn reply(session: &Session, arguments: AnswerArguments) -> Result<Option<Value>> {
    let heard = session.desk.answer(&CallId(arguments.question_id), arguments.answer).await;
    Ok(Some(json!({"heard": heard})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CommandArgument {
    command_id: String,
}

/// Opens what a command in the background prints.
pub(super) async fn output(
    state: &Arc<State>,
    session: &Session,
    arguments: CommandArgument,
) -> Result<Option<Value>> {
    let id = CallId(arguments.command_id);
    let file = {
        let view = session.desk.view();
        let view = view.borrow();
        view.commands.iter().find(|command| command.id == id).map(|command| command.output.clone())
    };
    let Some(file) = file else {
        return Err(Error::invalid_params("this command does not run any more; the log names its file"));
    };
    shelf::open(state, &session.host, &file).await;
    Ok(Some(json!({"uri": convert::uri_of(&file)})))
}

pub(super) async fn stop(session: &Session, arguments: CommandArgument) -> Result<Option<Value>> {
    let stopped = session.desk.stop(&CallId(arguments.command_id)).await;
    Ok(Some(json!({"stopped": stopped})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SteerArguments {
    run_id: String,
    text: Option<String>,
    #[serde(default)]
    when: Turning,
    /// Where the words are read, where there is no text: the line of an `ask:` comment.
    uri: Option<String>,
    comment: Option<u32>,
}

pub(super) async fn steer(
    state: &Arc<State>,
    session: &Session,
    arguments: SteerArguments,
) -> Result<Option<Value>> {
    let typed = || {
        let open = state.documents.get(arguments.uri.as_deref()?)?;
        let line = arguments.comment?;
        let comment = comments::beside(open.document.language_id(), open.document.text(), line, line)?;
        open.voiced.contains(&comment.text).then_some(comment.text)
    };
    let text =
        arguments.text.clone().filter(|text| !text.trim().is_empty()).or_else(typed).ok_or_else(|| {
            Error::invalid_params("nothing is said: give a text, or type an 'ask:' comment beside the code")
        })?;
    let heard = session.desk.steer(&RunId(arguments.run_id), text, arguments.when).await;
    Ok(Some(json!({"heard": heard})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RetryArguments {
    run_id: Option<String>,
    model: Option<String>,
}

pub(super) async fn retry(
    state: &Arc<State>,
    session: &Session,
    arguments: RetryArguments,
) -> Result<Option<Value>> {
    let again = session.desk.again(arguments.run_id.map(RunId), arguments.model).await;
    let started = session.desk.ask(again.map_err(|error| said(&error))?);
    open_when_settled(state, started.gate);
    Ok(Some(json!({"runId": started.run.as_str()})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RewindArguments {
    checkpoint_id: Option<String>,
    #[serde(default)]
    scope: Scope,
}

pub(super) async fn rewind(session: &Session, arguments: RewindArguments) -> Result<Option<Value>> {
    session.host.settle_late(&session.desk).await;
    let (open, gate) = oneshot::channel();
    after_answer(open);
    let run = arguments.checkpoint_id.map(RunId);
    let turns = session.desk.rewind_behind(run, arguments.scope, gate).await;
    Ok(Some(json!({"turns": turns.map_err(|error| said(&error))?})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UndoArguments {
    run_id: Option<String>,
}

pub(super) async fn undo(
    session: &Session,
    arguments: UndoArguments,
    direction: Direction,
) -> Result<Option<Value>> {
    session.host.settle_late(&session.desk).await;
    let (open, gate) = oneshot::channel();
    after_answer(open);
    match session.desk.take_back_behind(arguments.run_id.map(RunId), direction, gate).await {
        Err(AgentError::NothingToUndo) if direction == Direction::Redo => {
            Err(Error::invalid_params("there is nothing to bring back"))
        }
        report => answer(report),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContextArguments {
    /// The last one where none is named.
    run_id: Option<String>,
}

/// What a model was sent in a run: as JSON, and as a page to read.
pub(super) async fn context(session: &Session, arguments: ContextArguments) -> Result<Option<Value>> {
    let sent = session.desk.sent(arguments.run_id.map(RunId)).await.map_err(|error| said(&error))?;
    session.host.show(Shown::Page { name: format!("{}.context", sent.run), text: sent.page() });
    serde_json::to_value(sent).map(Some).map_err(|error| failed(&error.to_string()))
}
