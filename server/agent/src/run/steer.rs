//! Words of the person for a run that is under way.
//!
//! They are heard between two requests: after the tool calls of an answer, or where the run would end. Words for *now*
//! change what the model does next; words for *next* wait until it has finished what it does.

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use copydesk_base::{Event, Record};
use copydesk_provider::Message;

use crate::context::mentions::{self, Around};
use crate::context::opening;
use crate::error::AgentError;
use crate::gate::twins::Twins;
use crate::run::Turn;
use crate::session::spoken;

/// When the words count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Turning {
    /// With the next request.
    #[default]
    Now,
    /// When the run would end.
    Next,
}

/// Words that may wait for a run; nobody says as much to one that does not listen.
pub(crate) const UNHEARD: usize = 256;

/// Words on their way to a run.
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) when: Turning,
}

/// A run's side: what was said to it and not yet heard.
pub(crate) struct Ear {
    inbox: mpsc::Receiver<Words>,
    later: Vec<String>,
}

impl Ear {
    pub(crate) const fn new(inbox: mpsc::Receiver<Words>) -> Self {
        Self { inbox, later: Vec::new() }
    }

    /// The next words, whatever they were meant for: something waits for them. Never, where nobody can speak any more.
    pub(crate) async fn next(&mut self) -> String {
        match self.inbox.recv().await {
            Some(Words { text, .. }) => text,
            None => std::future::pending().await,
        }
    }

    /// The words for now; those for later are kept.
    fn now(&mut self) -> Vec<String> {
        let mut now = Vec::new();
        while let Ok(Words { text, when }) = self.inbox.try_recv() {
            match when {
                Turning::Now => now.push(text),
                Turning::Next => self.later.push(text),
            }
        }
        now
    }

    /// What nobody will hear any more; whoever speaks from then on is told so.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        self.inbox.close();
        let mut words = self.now();
        words.append(&mut self.later);
        words
    }

    /// Everything that is left. Where that is nothing the ear is closed: whoever speaks from then on is told so.
    fn last(&mut self) -> Vec<String> {
        let mut words = self.now();
        words.append(&mut self.later);
        if words.is_empty() { self.rest() } else { words }
    }
}

/// An answer of the person's, as a model is told.
pub(crate) fn said(answer: &str) -> String {
    format!("The person answers:\n{answer}")
}

/// What the person has said for now, as messages.
pub(crate) async fn heard(turn: &mut Turn) -> Result<Vec<Message>, AgentError> {
    let mut words = spoken::words(turn);
    words.extend(turn.ear.now());
    told(turn, words).await
}

/// What is still to be said where the run would end, as messages. Behind an answer it is another turn.
pub(crate) async fn heard_last(turn: &mut Turn) -> Result<Vec<Message>, AgentError> {
    let mut words = spoken::words(turn);
    if words.is_empty() {
        words = turn.ear.last();
    }
    if !words.is_empty() {
        turn.purse.begin_turn(turn.world.clock.now());
    }
    told(turn, words).await
}

/// What was said to a run and not heard where its records end.
pub(crate) fn left(records: &[Record]) -> Vec<&str> {
    let mut left: Vec<&str> = Vec::new();
    for record in records {
        match &record.event {
            Event::Steering { text } => left.push(text),
            // Words can be the answer that a question waits for.
            Event::Steered { text } | Event::QuestionAnswered { answer: text, .. } => {
                if let Some(at) = left.iter().position(|words| words == text) {
                    left.remove(at);
                }
            }
            _ => {}
        }
    }
    left
}

/// Gives words back to the person that their run ended before.
pub(crate) fn given_back(words: &str) -> Event {
    Event::notice(format!("The run ended before it heard this; say it again: {words}"))
}

/// How words begin that are said to a run at work.
const MEANWHILE: &str = "The person says, while you work:\n";

/// How many of these messages are words that were said to a run at work.
pub(crate) fn count(messages: &[Message]) -> usize {
    let is_said =
        |message: &&Message| matches!(message, Message::User { text, .. } if text.starts_with(MEANWHILE));
    messages.iter().filter(is_said).count()
}

async fn told(turn: &mut Turn, words: Vec<String>) -> Result<Vec<Message>, AgentError> {
    let mut messages = Vec::with_capacity(words.len());
    for text in words {
        turn.record(vec![Event::Steered { text: text.clone() }]).await?;
        turn.steered.push(text.clone());
        let near = turn.origin.as_ref().map(|origin| origin.path.as_path());
        let around = Around { near, ..Around::default() };
        let brought =
            mentions::brought(&turn.world, &turn.settings, &Twins::of(turn.policy()), &text, around);
        for layer in &brought.layers {
            turn.reads(layer.grade, &layer.origin).await?;
        }
        turn.sees(&brought.texts);
        turn.record(brought.notices.into_iter().map(Event::notice).collect()).await?;
        let files: String = brought.layers.into_iter().map(|layer| layer.text).collect();
        // On record as it is sent: the next turn says the same again.
        let text = format!("{MEANWHILE}{text}\n{files}").trim_end().to_owned();
        let text = turn.tell(text).await?;
        if !brought.images.is_empty() {
            let sent = brought.images.iter().map(|(path, image)| (path.clone(), image));
            turn.record(vec![opening::images_sent(sent)]).await?;
        }
        let images = brought.images.into_iter().map(|(_, image)| image).collect();
        messages.push(Message::User { text, images });
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_now_come_first_and_none_is_lost() {
        let (speak, inbox) = mpsc::channel(UNHEARD);
        let mut ear = Ear::new(inbox);
        let say = |text: &str, when| speak.try_send(Words { text: text.to_owned(), when }).is_ok();
        assert!(say("later", Turning::Next) && say("now", Turning::Now));
        assert_eq!(ear.now(), ["now"]);
        assert!(say("more", Turning::Now));
        assert_eq!(ear.last(), ["more", "later"]);
        assert_eq!(ear.last(), Vec::<String>::new());
        assert!(!say("too late", Turning::Now));
    }
}
