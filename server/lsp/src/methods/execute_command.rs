//! `workspace/executeCommand`: answers at once; what it starts waits until that answer is written.

use std::sync::Arc;

use copydesk_agent::{AgentError, Ask, Decision, Direction, Finding, Scope, Turning, Voice};
use copydesk_base::config::Mode;
use copydesk_base::host::{Host, Shown};
use copydesk_base::{ApprovalId, CallId, ChangeId, RunId, SessionId};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};

use crate::Trusted;
use crate::comments;
use crate::convert;
use crate::host::shelf;
use crate::intake::{after_answer, beside};
use crate::marks::Peg;
use crate::methods::{chat, configuration, references, sessions};
use crate::state::{Session, State};
use crate::suggesting;

pub(crate) async fn run(state: &Arc<State>, params: lsp::ExecuteCommandParams) -> Result<Option<Value>> {
    let Some(session) = state.session() else { return Err(Error::internal_error()) };
    let name = params.command.as_str();
    let arguments = Arguments { command: name, values: params.arguments.unwrap_or_default() };
    match name {
        "copydesk.ask" => ask(state, session, arguments.one()?).await,
        "copydesk.cancel" => cancel(session, arguments.one()?).await,
        "copydesk.approve" => approve(session, arguments.one()?).await,
        "copydesk.change.apply" => apply(session, arguments.one()?).await,
        "copydesk.change.reject" => reject(session, arguments.one()?).await,
        "copydesk.change.show" => show(session, arguments.one()?).await,
        "copydesk.answer" => reply(session, arguments.one()?).await,
        "copydesk.output" => output(state, session, arguments.one()?).await,
        "copydesk.stop" => stop(session, arguments.one()?).await,
        "copydesk.steer" => steer(state, session, arguments.one()?).await,
        "copydesk.retry" => retry(state, session, arguments.one()?).await,
        "copydesk.rewind" => rewind(session, arguments.one()?).await,
        "copydesk.undo" => undo(session, arguments.one()?, Direction::Undo).await,
        "copydesk.redo" => undo(session, arguments.one()?, Direction::Redo).await,
        "copydesk.mode.set" => set_mode(session, arguments.one()?),
        "copydesk.model.set" => Ok(Some(set_model(session, arguments.one()?))),
        "copydesk.trust" => trust(state, session).await,
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
        "copydesk.context.show" => context(session, arguments.one()?).await,
        chat::SEND => chat::send(state, session, arguments.one()?).await,
        "copydesk.refactor" => super::refactor::run(state, arguments.one()?).await,
        "copydesk.doctor" => {
            let (state, root) = (state.clone(), session.root.clone());
            beside(move || (state.backstage.doctor)(&root)).await.map(Some)
        }
        "copydesk.models" => {
            let (state, root) = (state.clone(), session.root.clone());
            beside(move || (state.backstage.models)(&root)).await.map(Some)
        }
        "copydesk.references" => references::command(state, session, arguments.one()?).await,
        #[cfg(debug_assertions)]
        "copydesk.test.panic" if std::env::var_os("COPYDESK_TEST_PANIC").is_some() => {
            panic!("as the test asked")
        }
        _ => Err(Error::invalid_params(format!("there is no command '{name}'"))),
    }
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AskArguments {
    uri: Option<String>,
    range: Option<lsp::Range>,
    prompt: Option<String>,
    action: Option<String>,
    agent: Option<String>,
    #[serde(default)]
    diagnostics: Vec<Value>,
    model: Option<String>,
    session: Option<String>,
    /// The line of the `ask:` comment that a code action of ours was made from.
    comment: Option<u32>,
}

async fn ask(state: &Arc<State>, session: &Session, arguments: AskArguments) -> Result<Option<Value>> {
    let open = arguments.uri.as_deref().and_then(|uri| state.documents.get(uri));
    if let (Some(uri), None) = (&arguments.uri, &open) {
        return Err(Error::invalid_params(format!("{uri} is not open")));
    }
    let range = arguments.range.unwrap_or_default();
    let action = arguments.action.clone().unwrap_or_else(|| "ask".to_owned());
    let place = open.as_ref().and_then(|open| {
        let span = convert::span(&open.document, range, session.ladder.encoding);
        Some((open.path.clone()?, span))
    });
    let peg = place.map(|(path, span)| state.documents.marks.peg(path, span));
    // Actions and agents are files and are read beside the intake; the place moves with what is typed meanwhile.
    let (desk, wanted) = (session.desk.clone(), (action.clone(), arguments.agent.clone()));
    let needs_words = beside(move || desk.find(&wanted.0, wanted.1.as_deref())).await?;
    let needs_words = needs_words.map_err(Error::invalid_params)?.needs_words();
    let written = arguments.prompt.filter(|prompt| !prompt.trim().is_empty() && arguments.comment.is_none());
    let mut voice = Voice::Person;
    let prompt = match written {
        Some(prompt) => prompt,
        None if needs_words => {
            let (first, last) =
                arguments.comment.map_or((range.start.line, range.end.line), |line| (line, line));
            let found = open.as_ref().and_then(|open| {
                let comment =
                    comments::beside(open.document.language_id(), open.document.text(), first, last)?;
                Some((comment, open.path.clone()?, open.voiced.clone()))
            });
            let Some((comment, path, voiced)) = found else {
                return Err(Error::invalid_params(
                    "nothing is asked: give a prompt, or write an 'ask:' comment beside the code",
                ));
            };
            if !voiced.contains(&comment.text) {
                voice = Voice::Comment { path, line: comment.line, text: comment.text.clone() };
            }
            comment.text
        }
        None => String::new(),
    };
    let started = session.desk.ask(Ask {
        prompt,
        action,
        agent: arguments.agent,
        place: peg.as_ref().and_then(Peg::place),
        model: arguments.model,
        session: arguments.session.as_deref().map(SessionId::from),
        findings: arguments.diagnostics.iter().filter_map(finding).collect(),
        ..Ask::new(voice)
    });
    if let Some(peg) = peg {
        peg.hand_over(started.run.clone());
    }
    open_when_settled(state, started.gate);
    Ok(Some(json!({"runId": started.run.as_str()})))
}

/// Opens a run's gate behind the answer, and behind settings of the editor's that are on their way: they were sent before.
pub(super) fn open_when_settled(state: &Arc<State>, gate: oneshot::Sender<()>) {
    if state.settings_under_way.borrow().eq(&0) {
        after_answer(gate);
        return;
    }
    let (answered, behind) = oneshot::channel();
    after_answer(answered);
    let state = state.clone();
    state.clone().tracker.spawn(async move {
        let _ = behind.await;
        configuration::settled(&state).await;
        let _ = gate.send(());
    });
}

/// A diagnostic of another server, as far as it makes sense.
fn finding(value: &Value) -> Option<Finding> {
    let line = value.pointer("/range/start/line")?.as_u64()?;
    Some(Finding {
        line: u32::try_from(line).ok()?,
        source: value.get("source").and_then(Value::as_str).unwrap_or("editor").to_owned(),
        message: value.get("message")?.as_str()?.to_owned(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RunArgument {
    run_id: String,
}

async fn cancel(session: &Session, arguments: RunArgument) -> Result<Option<Value>> {
    let canceled = session.desk.cancel(&RunId(arguments.run_id)).await;
    Ok(Some(json!({"canceled": canceled})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerArguments {
    question_id: String,
    answer: String,
}

async fn reply(session: &Session, arguments: AnswerArguments) -> Result<Option<Value>> {
    let heard = session.desk.answer(&CallId(arguments.question_id), arguments.answer).await;
    Ok(Some(json!({"heard": heard})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommandArgument {
    command_id: String,
}

/// Opens what a command in the background prints.
async fn output(state: &Arc<State>, session: &Session, arguments: CommandArgument) -> Result<Option<Value>> {
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

async fn stop(session: &Session, arguments: CommandArgument) -> Result<Option<Value>> {
    let stopped = session.desk.stop(&CallId(arguments.command_id)).await;
    Ok(Some(json!({"stopped": stopped})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SteerArguments {
    run_id: String,
    text: Option<String>,
    #[serde(default)]
    when: Turning,
    /// Where the words are read, where there is no text: the line of an `ask:` comment.
    uri: Option<String>,
    comment: Option<u32>,
}

async fn steer(state: &Arc<State>, session: &Session, arguments: SteerArguments) -> Result<Option<Value>> {
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
#[serde(rename_all = "camelCase")]
struct RetryArguments {
    run_id: Option<String>,
    model: Option<String>,
}

async fn retry(state: &Arc<State>, session: &Session, arguments: RetryArguments) -> Result<Option<Value>> {
    let again = session.desk.again(arguments.run_id.map(RunId), arguments.model).await;
    let started = session.desk.ask(again.map_err(|error| said(&error))?);
    open_when_settled(state, started.gate);
    Ok(Some(json!({"runId": started.run.as_str()})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RewindArguments {
    checkpoint_id: Option<String>,
    #[serde(default)]
    scope: Scope,
}

async fn rewind(session: &Session, arguments: RewindArguments) -> Result<Option<Value>> {
    session.host.settle_late(&session.desk).await;
    let (open, gate) = oneshot::channel();
    after_answer(open);
    let run = arguments.checkpoint_id.map(RunId);
    let turns = session.desk.rewind_behind(run, arguments.scope, gate).await;
    Ok(Some(json!({"turns": turns.map_err(|error| said(&error))?})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApproveArguments {
    approval_id: String,
    decision: Decision,
    feedback: Option<String>,
}

async fn approve(session: &Session, arguments: ApproveArguments) -> Result<Option<Value>> {
    let approval = ApprovalId(arguments.approval_id);
    let settled = session.desk.decide(&approval, arguments.decision, "person", arguments.feedback).await;
    answer(settled)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChangeArguments {
    change_id: String,
    hunks: Option<Vec<usize>>,
}

async fn apply(session: &Session, arguments: ChangeArguments) -> Result<Option<Value>> {
    let (open, gate) = oneshot::channel();
    after_answer(open);
    answer(session.desk.apply(&ChangeId(arguments.change_id), arguments.hunks, gate).await)
}

async fn reject(session: &Session, arguments: ChangeArguments) -> Result<Option<Value>> {
    answer(session.desk.reject(&ChangeId(arguments.change_id), arguments.hunks).await)
}

async fn show(session: &Session, arguments: ChangeArguments) -> Result<Option<Value>> {
    session.desk.show(&ChangeId(arguments.change_id)).await.map_err(|error| said(&error))?;
    Ok(Some(json!({"sent": [], "refused": []})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UndoArguments {
    run_id: Option<String>,
}

async fn undo(session: &Session, arguments: UndoArguments, direction: Direction) -> Result<Option<Value>> {
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
struct ContextArguments {
    /// The last one where none is named.
    run_id: Option<String>,
}

/// What a model was sent in a run: as JSON, and as a page to read.
async fn context(session: &Session, arguments: ContextArguments) -> Result<Option<Value>> {
    let sent = session.desk.sent(arguments.run_id.map(RunId)).await.map_err(|error| said(&error))?;
    session.host.show(Shown::Page { name: format!("{}.context", sent.run), text: sent.page() });
    serde_json::to_value(sent).map(Some).map_err(|error| failed(&error.to_string()))
}

#[derive(Deserialize)]
struct ModeArgument {
    mode: String,
}

fn set_mode(session: &Session, arguments: ModeArgument) -> Result<Option<Value>> {
    match Mode::parse(&arguments.mode) {
        Some(Mode::Bypass) => Err(Error::invalid_params("mode bypass exists on the command line only")),
        Some(mode) => {
            session.desk.set_mode(Some(mode));
            Ok(Some(json!({"mode": mode.as_str()})))
        }
        None => Err(Error::invalid_params(no_mode(&arguments.mode))),
    }
}

/// What a person is told who names a mode that is none.
pub(super) fn no_mode(word: &str) -> String {
    format!("there is no mode '{word}': default, plan, accept-edits, auto or locked")
}

#[derive(Deserialize)]
struct ModelArgument {
    model: String,
}

fn set_model(session: &Session, arguments: ModelArgument) -> Value {
    session.desk.set_model(Some(arguments.model.clone()));
    json!({"model": arguments.model})
}

async fn trust(state: &Arc<State>, session: &Session) -> Result<Option<Value>> {
    let (backstage, root) = (state.clone(), session.root.clone());
    let trusted = beside(move || (backstage.backstage.trust)(&root)).await?;
    match trusted {
        Ok(Trusted { sentence, changed }) => {
            state.doubt_trust();
            suggesting::look_again(state);
            if !changed.is_empty() {
                let title = "What changed since this workspace was trusted".to_owned();
                session.host.show(Shown::Approval { id: ApprovalId::from("trust"), title, text: changed });
            }
            for open in state.documents.all() {
                session.publisher.mark(open.uri.clone());
            }
            if session.ladder.pull {
                let client = state.client.clone();
                state.tracker.spawn(async move {
                    let _ = client.workspace_diagnostic_refresh().await;
                });
            }
            Ok(Some(json!({"trusted": sentence})))
        }
        Err(reason) => Err(failed(&reason)),
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
