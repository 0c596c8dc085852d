//! The loop of a run: ask, perform what the model calls for, hand back the results, until it calls for nothing.
//!
//! [`Talk`] is what the conversation has come to. It only grows, so that providers' caches hold: what has to be
//! shortened (compaction) replaces its messages in one place, [`Talk::request`]'s caller, before a request is made of
//! it. Calls are [`round`]'s, and an answer without any is [`rest`]'s.

use std::ops::ControlFlow;

use copydesk_base::Event;
use copydesk_provider::{Message, Request, ToolSpec, ToolUse};
use serde_json::json;

use super::{Turn, rest, voice};
use crate::action::Action;
use crate::context::compact::{self, Fitting, Long, Shortened};
use crate::context::opening::{self, Told};
use crate::context::template;
use crate::desk::{Ask, Voice};
use crate::error::AgentError;
use crate::gate::revoked;
use crate::hooks::{self, Point};
use crate::run::answer::{Answered, Purpose, Way, answer};
use crate::run::repeats::{self, Circle, Repeats};
use crate::run::round;
use crate::run::steer;
use crate::session::past::{self, Kept};
use crate::team::handoff;
use crate::team::pipeline;
use crate::tools;

/// A conversation as it stands.
pub(super) struct Talk {
    /// The same for every request of a run.
    system: String,
    tools: Vec<ToolSpec>,
    /// What was said, oldest first.
    pub(super) messages: Vec<Message>,
    /// How many messages there were when the question was put.
    pub(super) asked: usize,
    pub(super) tool_use: ToolUse,
    shortened: Shortened,
}

impl Talk {
    /// What goes to the model next.
    fn request(&self, turn: &Turn, ask: &Ask) -> Request {
        Request {
            model: String::new(),
            system: self.system.clone(),
            messages: self.messages.clone(),
            tools: self.tools.clone(),
            tool_use: self.tool_use,
            schema: ask.form.as_ref().map(|form| form.schema().clone()),
            max_output_tokens: None,
            cache_key: Some(turn.cache_key()),
            by: turn.by(),
            ..Request::default()
        }
    }
}

/// Talks until there is nothing more to do.
pub(super) async fn talk(
    turn: &mut Turn,
    ask: &Ask,
    action: &mut Action,
    way: &mut Way,
) -> Result<(), AgentError> {
    let mut talk = open(turn, ask, action).await?;
    if !action.layers.is_empty() {
        let said = pipeline::run(turn, &action.layers, &ask.prompt).await?;
        if rest::handed_on(turn, ask.form.as_ref(), &mut talk, said).await?.is_break() {
            return Ok(());
        }
    }
    let mut repeats = Repeats::default();
    loop {
        revoked::look(turn).await?;
        talk.messages.extend(steer::heard(turn).await?);
        let request = talk.request(turn, ask);
        let long = Long { request, task: &ask.prompt, shortened: &mut talk.shortened };
        let request = match compact::shorten(turn, way, long).await? {
            Fitting::Same(request) => request,
            Fitting::Short(request) => {
                // Behind the question stands what stood there, as far as it is still there.
                let behind = talk.messages.len() - talk.asked;
                talk.messages.clone_from(&request.messages);
                talk.asked = talk.messages.len().saturating_sub(behind);
                request
            }
        };
        let answered = answer(turn, way, &request, Purpose::Talk).await?;
        if !answered.text.trim().is_empty() {
            turn.last_text.clone_from(&answered.text);
        }
        if answered.calls.is_empty() {
            match rest::after(turn, ask.form.as_ref(), &mut talk, answered).await? {
                ControlFlow::Continue(()) => continue,
                ControlFlow::Break(()) => return Ok(()),
            }
        }
        let Answered { text, calls, carried } = answered;
        let results = round::perform(turn, action, calls.clone()).await?;
        let circle = repeats.note(&calls, &results);
        talk.messages.push(Message::Assistant { text, calls, carried });
        talk.messages.push(Message::ToolResults { results });
        if let Some(handoff) = turn.handoff.take() {
            let told = handoff::take(turn, ask, action, way, handoff).await?;
            talk.messages.push(Message::user(told));
            talk.tools = tools::specs(&action.tools);
        }
        match circle {
            Circle::None => {}
            Circle::Told => talk.messages.push(Message::user(turn.tell(repeats::told()).await?)),
            Circle::Closed(times) => return Err(AgentError::Circle(times)),
        }
    }
}

/// The conversation before its first request: what was said before, and what the model is told now.
async fn open(turn: &mut Turn, ask: &Ask, action: &Action) -> Result<Talk, AgentError> {
    if let Voice::Comment { path, line, text } = &ask.voice {
        voice::confirm(turn, path, *line, text).await?;
    }
    let task = template::task(turn, action, &ask.prompt).await?;
    let said = greeted(turn, ask).await?;
    let input = ask.input.as_deref().map(|text| turn.shared.hidden(text, &turn.settings.redactor));
    let told = Told { action, role: &turn.role, ask, task, said, input };
    let opening = opening::opening(&turn.world, &turn.settings, &turn.policy(), told)?;
    for layer in &opening.layers {
        turn.reads(layer.grade, &layer.origin).await?;
    }
    turn.sees(&opening.texts);
    let tools = tools::specs(&action.tools);
    let Kept { mut messages, count: kept, left_out } = std::mem::take(&mut turn.past);
    let hide = |text: &str| turn.shared.hidden(text, &turn.settings.redactor);
    let (first, laid) = opening.laid(&tools, kept, hide);
    let notices = opening.notices.into_iter().chain(past::told(left_out));
    let mut events: Vec<Event> = notices.map(Event::notice).collect();
    events.extend([laid, Event::told(first.clone())]);
    if !opening.shown.is_empty() {
        events.push(opening::images_sent(opening.shown.into_iter().zip(&opening.images)));
    }
    turn.record(events).await?;
    messages.push(Message::User { text: first, images: opening.images });
    Ok(Talk {
        system: opening.system.text,
        tools,
        asked: messages.len(),
        messages,
        tool_use: ToolUse::Free,
        shortened: Shortened::default(),
    })
}

/// What hooks say to the words of a person, and at the first of a conversation.
async fn greeted(turn: &mut Turn, ask: &Ask) -> Result<String, AgentError> {
    // A helper has no person.
    if turn.parent.is_some() {
        return Ok(String::new());
    }
    turn.shared.works_on(&turn.session);
    let mut said = String::new();
    let prompt = turn.shared.hidden(&ask.prompt, &turn.settings.redactor);
    let facts = json!({"prompt": prompt, "action": ask.action});
    if ask.session.is_none() {
        said = hooks::at(turn, Point::SessionStart, None, facts.clone()).await?.words;
    }
    said.push_str(&hooks::at(turn, Point::UserPromptSubmit, None, facts).await?.words);
    Ok(said)
}
