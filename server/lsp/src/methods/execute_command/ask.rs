//! `copydesk.ask`: the question, its place and what the editor knows about it.
//!
//! The words come with the command, or from an `ask:` comment beside the code. A comment counts as the person's own
//! words only where this editor saw it typed; a comment of the file's is told as what it is.

use std::path::PathBuf;
use std::sync::Arc;

use copydesk_agent::{Ask, Finding, Unsaved, Voice};
use copydesk_base::SessionId;
use copydesk_text::position::Encoding;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{Error, Result};

use crate::comments;
use crate::convert;
use crate::documents::Open;
use crate::intake::{after_answer, beside};
use crate::marks::Peg;
use crate::methods::configuration;
use crate::state::{Session, State};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AskArguments {
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

pub(super) async fn ask(
    state: &Arc<State>,
    session: &Session,
    arguments: AskArguments,
) -> Result<Option<Value>> {
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
    let unsaved = open.as_ref().and_then(|open| unsaved(open, range, session.ladder.encoding));
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
                let path = open.path.clone().or_else(|| unsaved_name(open).map(PathBuf::from))?;
                Some((comment, path, open.voiced.clone()))
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
        unsaved,
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

/// The name of a document that was never saved. What other programs show under schemes of their own may be files that
/// no agent may read.
fn unsaved_name(open: &Open) -> Option<&str> {
    open.uri.strip_prefix("untitled:").filter(|_| open.path.is_none())
}

/// What goes along of such a document, since it has no place.
fn unsaved(open: &Open, range: lsp::Range, encoding: Encoding) -> Option<Unsaved> {
    unsaved_name(open)?;
    // With its scheme: without it, the name may be that of a file.
    let (name, text) = (open.uri.clone(), open.document.text().clone());
    Some(Unsaved { name, text, span: convert::span(&open.document, range, encoding) })
}

/// Opens a run's gate behind the answer, and behind settings of the editor's that are on their way: they were sent
/// before.
pub(in crate::methods) fn open_when_settled(state: &Arc<State>, gate: oneshot::Sender<()>) {
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
