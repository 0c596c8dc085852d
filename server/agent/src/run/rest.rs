//! An answer without calls: the end of a run, unless something is still to be said or mended.
//!
//! In this order: what was drafted is checked and offered, what the person said meanwhile is heard, an answer to a form
//! is held against its schema. Whatever else may keep a run going at its end belongs between these.

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

/// What a model is told that says nothing behind the results of its tools.
const SILENT: &str =
    "[You answered with nothing at all. Go on, or say in a few plain sentences what came of it.]";

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
    match if text.trim().is_empty() { silence(&talk.messages[talk.asked..]) } else { Silence::Fine } {
        Silence::Fine => Ok(ControlFlow::Break(())),
        Silence::Asked => {
            talk.messages.extend(offered);
            talk.messages.push(Message::user(turn.tell(SILENT.to_owned()).await?));
            Ok(ControlFlow::Continue(()))
        }
        Silence::Nothing => Err(AgentError::Nothing),
    }
}

/// What becomes of an answer without a word.
#[derive(Debug, PartialEq, Eq)]
enum Silence {
    /// There was an answer before it.
    Fine,
    /// The results of tools stand before it: some models need to be asked what came of them.
    Asked,
    /// It stands where an answer should.
    Nothing,
}

/// The same, by what was said since the question was put.
fn silence(said: &[Message]) -> Silence {
    let last = said.iter().rev().find_map(|message| match message {
        Message::Assistant { calls, .. } => Some(calls),
        _ => None,
    });
    match last {
        Some(calls) if calls.is_empty() => Silence::Fine,
        Some(_) if said.last() != Some(&Message::user(SILENT)) => Silence::Asked,
        _ => Silence::Nothing,
    }
}

/// The answer of a pipeline, which no request of this run brought: shown and written down like any other. What does not
/// fit its form is put into it once more, without tools: then the conversation goes on.
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
    let untold = edits::untold(records.iter().map(|record| &record.event));
    let files: Vec<String> =
        untold.iter().map(|one| one.after(&path::shown(&turn.settings.root, &one.path))).collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use copydesk_provider::{Arguments, ToolCall};

    #[test]
    fn silence_is_an_end_behind_an_answer_only_and_is_asked_about_once() {
        let says = |calls: usize| Message::Assistant {
            text: "I look.".to_owned(),
            calls: vec![
                ToolCall {
                    id: "1".to_owned(),
                    name: "read".to_owned(),
                    arguments: Arguments::read("{}")
                };
                calls
            ],
            carried: vec![],
        };
        let results = Message::ToolResults { results: vec![] };
        let (asked, user) = (Message::user(SILENT), Message::user("[The edits were put to the person]"));
        for (said, expect) in [
            (vec![], Silence::Nothing),
            (vec![says(1), results.clone()], Silence::Asked),
            (vec![says(1), results.clone(), user.clone()], Silence::Asked),
            (vec![says(1), results.clone(), asked.clone()], Silence::Nothing),
            (vec![says(1), results.clone(), asked, says(1), results], Silence::Asked),
            (vec![says(0), user], Silence::Fine),
        ] {
            assert_eq!(silence(&said), expect, "{said:?}");
        }
    }
}
