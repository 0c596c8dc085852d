//! An answer without calls: the end of a run, unless something is still to be said or mended.
//!
//! In this order: what was drafted is checked and offered, what the person said meanwhile is heard, an answer to a form is
//! held against its schema. Whatever else may keep a run going at its end belongs between these.

use std::ops::ControlFlow;

use copydesk_base::{Event, Usage, path};
use copydesk_provider::{Message, ToolUse};

use super::Turn;
use super::talk::Talk;
use crate::draft::{self, Occasion, Settled};
use crate::error::AgentError;
use crate::run::answer::Answered;
use crate::run::form::Form;
use crate::run::steer;
use crate::session::recover::edits;

/// Whether the conversation goes on behind this answer, with what was added to it.
pub(super) async fn after(
    turn: &mut Turn,
    form: Option<&Form>,
    talk: &mut Talk,
    answered: Answered,
) -> Result<ControlFlow<()>, AgentError> {
    let Answered { text, calls, carried } = answered;
    let (mut more, mut offered) = (Vec::new(), None);
    match draft::settle(turn, Occasion::End).await? {
        Settled::Red(text) | Settled::Offered { text, is_open: true } => {
            more.push(Message::user(turn.tell(text).await?));
        }
        // For the next turn of this conversation, unless this one goes on.
        Settled::Offered { text, is_open: false } => offered = Some(Message::user(turn.tell(text).await?)),
        Settled::Nothing => {}
    }
    if more.is_empty() {
        more = steer::heard_last(turn).await?;
    }
    if !more.is_empty() {
        if !text.trim().is_empty() {
            talk.messages.push(Message::Assistant { text, calls, carried });
        }
        talk.messages.extend(offered.into_iter().chain(more));
        return Ok(ControlFlow::Continue(()));
    }
    if let Some(form) = form {
        match (form.document(&text), talk.tool_use) {
            (Ok(document), _) => {
                turn.last_text = document.to_string();
                return Ok(ControlFlow::Break(()));
            }
            (Err(reasons), ToolUse::Over) => return Err(AgentError::Unfit(reasons)),
            (Err(reasons), ToolUse::Free) => {
                talk.messages.push(Message::Assistant { text, calls, carried });
                talk.messages.push(Message::user(turn.tell(Form::again(&reasons)).await?));
                talk.tool_use = ToolUse::Over;
                return Ok(ControlFlow::Continue(()));
            }
        }
    }
    // Silence behind work that was done is an end; silence instead of an answer is none.
    let is_answered = talk.messages.len() > talk.asked || !turn.last_text.is_empty();
    if is_answered { Ok(ControlFlow::Break(())) } else { Err(AgentError::Nothing) }
}

/// The answer of a pipeline, which no request of this run brought: shown and written down like any other. What does not fit
/// its form is put into it once more, without tools: then the conversation goes on.
pub(super) async fn handed_on(
    turn: &mut Turn,
    form: Option<&Form>,
    talk: &mut Talk,
    said: String,
) -> Result<ControlFlow<()>, AgentError> {
    let (text, misfit) = match form.map(|form| form.document(&said)) {
        Some(Ok(document)) => (document.to_string(), None),
        Some(Err(reasons)) => (said, Some(reasons)),
        None => (said, None),
    };
    turn.show(Event::TextDelta { text: text.clone() }).await;
    // What it used is in the accounts of the layers.
    let usage = Usage::default();
    turn.record(vec![Event::ModelAnswered { text: text.clone(), calls: 0, usage, stopped: String::new() }])
        .await?;
    turn.last_text.clone_from(&text);
    let records = turn.world.journal.records(&turn.run).await?;
    let files: Vec<String> =
        edits::untold(&records).iter().map(|file| path::shown(&turn.settings.root, file)).collect();
    if !files.is_empty() {
        // For the next turn of this conversation: no result of a call says it.
        turn.tell(format!("[Files that were changed for this answer: {}]", files.join(", "))).await?;
    }
    let Some(reasons) = misfit else { return Ok(ControlFlow::Break(())) };
    talk.messages.push(Message::Assistant { text, calls: vec![], carried: vec![] });
    talk.messages.push(Message::user(turn.tell(Form::again(&reasons)).await?));
    talk.tool_use = ToolUse::Over;
    Ok(ControlFlow::Continue(()))
}
