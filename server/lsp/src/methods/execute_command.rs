//! `workspace/executeCommand`: answers at once; what it starts waits until that answer is written.
//!
//! Here a name finds its function and its one argument; the functions stand beside, by what they are about.

mod ask;
mod changes;
mod choices;
mod runs;

use std::sync::Arc;

use copydesk_agent::{AgentError, Direction};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};

pub(super) use self::ask::open_when_settled;
pub(super) use self::choices::no_mode;
use crate::intake::beside;
use crate::methods::{chat, references, sessions};
use crate::state::{Session, State};
use crate::{Backstage, Report};

pub(crate) async fn run(state: &Arc<State>, params: lsp::ExecuteCommandParams) -> Result<Option<Value>> {
    let Some(session) = state.session() else { return Err(Error::internal_error()) };
    let name = params.command.as_str();
    let arguments = Arguments { command: name, values: params.arguments.unwrap_or_default() };
    match name {
        "copydesk.ask" => ask::ask(state, session, arguments.one()?).await,
        "copydesk.cancel" => runs::cancel(session, arguments.one()?).await,
        "copydesk.approve" => changes::approve(session, arguments.one()?).await,
        "copydesk.change.apply" => changes::apply(session, arguments.one()?).await,
        "copydesk.change.reject" => changes::reject(session, arguments.one()?).await,
        "copydesk.change.show" => changes::show(session, arguments.one()?).await,
        "copydesk.answer" => runs::reply(session, arguments.one()?).await,
        "copydesk.output" => runs::output(state, session, arguments.one()?).await,
        "copydesk.stop" => runs::stop(session, arguments.one()?).await,
        "copydesk.steer" => runs::steer(state, session, arguments.one()?).await,
        "copydesk.retry" => runs::retry(state, session, arguments.one()?).await,
        "copydesk.rewind" => runs::rewind(session, arguments.one()?).await,
        "copydesk.undo" => runs::undo(session, arguments.one()?, Direction::Undo).await,
        "copydesk.redo" => runs::undo(session, arguments.one()?, Direction::Redo).await,
        "copydesk.mode.set" => choices::set_mode(session, arguments.one()?),
        "copydesk.model.set" => choices::set_model(session, arguments.one()?).await,
        "copydesk.trust" => choices::trust(state, session).await,
        sessions::LIST => sessions::list(session).await,
        sessions::SHOW => sessions::show(state, session, arguments.one()?).await,
        sessions::EXPORT => sessions::export(session, arguments.one()?).await,
        sessions::NAME => sessions::name(session, arguments.one()?).await,
        sessions::FORK => sessions::fork(session, arguments.one()?).await,
        sessions::DELETE => sessions::delete(state, session, arguments.one()?).await,
        "copydesk.findings.dismiss" => {
            session.desk.dismiss();
            Ok(Some(json!({})))
        }
        "copydesk.context.show" => runs::context(session, arguments.one()?).await,
        chat::SEND => chat::send(state, session, arguments.one()?).await,
        "copydesk.refactor" => super::refactor::run(state, arguments.one()?).await,
        "copydesk.doctor" => report(state, session, |backstage| &backstage.doctor).await,
        "copydesk.models" => report(state, session, |backstage| &backstage.models).await,
        "copydesk.references" => references::command(state, session, arguments.one()?).await,
        #[cfg(debug_assertions)]
        "copydesk.test.panic" if std::env::var_os("COPYDESK_TEST_PANIC").is_some() => {
            panic!("as the test asked")
        }
        _ => Err(Error::invalid_params(format!("there is no command '{name}'"))),
    }
}

/// A document about the workspace, for the model that was chosen for this session.
async fn report(
    state: &Arc<State>,
    session: &Session,
    which: fn(&Backstage) -> &Report,
) -> Result<Option<Value>> {
    let chosen = session.desk.view().borrow().model.clone();
    let (state, root) = (state.clone(), session.root.clone());
    beside(move || which(&state.backstage)(&root, chosen.as_deref())).await.map(Some)
}

/// The array with exactly one object.
struct Arguments<'a> {
    command: &'a str,
    values: Vec<Value>,
}

impl Arguments<'_> {
    fn one<T: DeserializeOwned>(self) -> Result<T> {
        let command = self.command;
        let mut values = self.values;
        let value = match values.len() {
            0 => json!({}),
            1 => values.remove(0),
            count => return Err(Error::invalid_params(format!("{command} takes one argument, not {count}"))),
        };
        serde_json::from_value(value).map_err(|error| Error::invalid_params(format!("{command}: {error}")))
    }
}

fn answer<T: serde::Serialize>(result: std::result::Result<T, AgentError>) -> Result<Option<Value>> {
    let value = result.map_err(|error| said(&error))?;
    serde_json::to_value(value).map(Some).map_err(|error| failed(&error.to_string()))
}

/// An error of the agent's room as a protocol error: what the caller got wrong is InvalidParams.
pub(super) fn said(error: &AgentError) -> Error {
    match error {
        AgentError::NothingToUndo => Error::invalid_params("there is nothing to take back"),
        AgentError::UnknownRun(_)
        | AgentError::UnknownSession(_)
        | AgentError::Open(_)
        | AgentError::UnderWay(_)
        | AgentError::UnknownChange(_)
        | AgentError::UnknownApproval(_)
        | AgentError::NotShown => Error::invalid_params(format!("failed to {error}")),
        other => failed(&format!("failed to {other}")),
    }
}

fn failed(message: &str) -> Error {
    // RequestFailed, from the protocol's reserved range.
    let mut error = Error::new(ErrorCode::ServerError(-32803));
    error.message = message.to_owned().into();
    error
}
