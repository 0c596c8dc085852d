//! Conversations: which there are, what was said in them, and what becomes of them.

use copydesk_base::config::Retention;
use copydesk_base::{Record, RunId, SessionId};
use copydesk_store::SessionRow;

use super::Desk;
use crate::error::AgentError;
use crate::session::recording::Conversation;
use crate::session::{keeping, telling};

/// The most conversations of a list.
const LISTED: usize = 1000;

/// The longest name, in characters.
const NAME: usize = 120;

impl Desk {
    /// The conversations of this workspace, the one that something was said in last first.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn sessions(&self) -> Result<Vec<SessionRow>, AgentError> {
        Ok(self.shared.world.journal.sessions(LISTED).await?)
    }

    /// How long they are kept; `None` is for ever, where the settings do not say it in words that can be understood.
    pub fn retention(&self) -> Option<Retention> {
        (self.shared.world.settings)().ok()?.retention
    }

    /// The same for a person.
    pub fn kept_for(&self) -> String {
        self.retention().map_or_else(|| Retention::UNCLEAR.to_owned(), |retention| retention.words())
    }

    /// The records of a conversation, run by run.
    ///
    /// # Errors
    /// There is no such conversation, or its records were changed by somebody.
    pub async fn conversation(&self, session: &SessionId) -> Result<Vec<Vec<Record>>, AgentError> {
        // A request that a dead process had sent is a part of what it used.
        self.shared.settle_runs().await;
        let journal = &self.shared.world.journal;
        let rows = journal.session(session).await?;
        if rows.is_empty() {
            return Err(AgentError::UnknownSession(session.to_string()));
        }
        let mut turns = Vec::with_capacity(rows.len());
        for row in rows {
            turns.push(journal.records(&row.run).await?);
        }
        Ok(turns)
    }

    /// The same with the records of those that worked for its runs.
    ///
    /// # Errors
    /// As [`Desk::conversation`].
    pub async fn whole(&self, session: &SessionId) -> Result<Conversation, AgentError> {
        let turns = self.conversation(session).await?;
        Ok(Conversation::of(&self.shared.world.journal, turns).await?)
    }

    /// Gives a conversation a name, in one line; takes it away where that is empty. Answers the name.
    ///
    /// # Errors
    /// There is no such conversation, or the name stands for another one.
    pub async fn name(&self, session: &SessionId, name: &str) -> Result<String, AgentError> {
        let words: Vec<&str> = name.split_whitespace().collect();
        let name: String = self.shared.world.redactor().clean(&words.join(" ")).chars().take(NAME).collect();
        let known = self.shared.world.journal.sessions(usize::MAX).await?;
        if telling::named(&known, &name).is_some_and(|one| one.session != *session) {
            return Err(AgentError::NameTaken(name));
        }
        if self.shared.world.journal.name(session, &name).await? {
            Ok(name)
        } else {
            Err(AgentError::UnknownSession(session.to_string()))
        }
    }

    /// Copies a conversation up to and with a turn, or all of it: what is said in the copy is not said in the original.
    ///
    /// # Errors
    /// There is no such conversation or turn, or it is still at work.
    pub async fn fork(&self, session: &SessionId, last: Option<&RunId>) -> Result<SessionId, AgentError> {
        keeping::fork(&self.shared, session, last).await
    }

    /// A text without the keys that this process knows.
    pub fn cleaned(&self, text: &str) -> String {
        self.shared.world.redactor().clean(text)
    }

    /// Takes in a conversation that was exported; it counts as a recording that others may have written. Answers its
    /// new id.
    ///
    /// # Errors
    /// It is none.
    pub async fn import(&self, runs: Vec<Vec<Record>>) -> Result<SessionId, AgentError> {
        keeping::import(&self.shared, runs).await
    }

    /// Takes a conversation away with what undoes its edits, for good.
    ///
    /// # Errors
    /// There is no such conversation, or it is still at work.
    pub async fn delete(&self, session: &SessionId) -> Result<(), AgentError> {
        keeping::delete(&self.shared, session).await
    }
}
