//! A conversation that a document tells, too: what it has of it, what it forgets, and what it learns from there.

use std::path::Path;

use copydesk_base::{Event, Record, RunId, SessionId, path};

use super::Desk;
use crate::error::AgentError;
use crate::gate::taint;
use crate::session::past;

impl Desk {
    /// The turns of a conversation that were sent from this document and count, oldest first; nothing where it was not
    /// begun there.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn sent_from(
        &self,
        session: &SessionId,
        document: &Path,
    ) -> Result<Option<Vec<Vec<Record>>>, AgentError> {
        self.shared.recover().await;
        let journal = &self.shared.world.journal;
        let is_here = |records: &Vec<Record>| {
            records.iter().any(|record| {
                matches!(&record.event, Event::RunStarted { origin: Some(origin), .. } if origin.path == document)
            })
        };
        let mut runs = journal.turns(session).await?;
        let Some(first) = runs.first() else { return Ok(None) };
        if !is_here(&journal.records(first).await?) {
            return Ok(None);
        }
        let gone = past::gone(journal, session).await?;
        runs.retain(|run| !gone.contains(run));
        let mut turns = journal.records_of(runs).await?;
        turns.retain(is_here);
        Ok(Some(turns))
    }

    /// A text as the journal has it.
    pub fn as_written(&self, text: &str) -> String {
        self.shared.world.redactor().clean(text)
    }

    /// Takes turns out of their conversation, and tells the person why.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub async fn forget(&self, runs: Vec<RunId>, why: String) -> Result<(), AgentError> {
        let Some(first) = runs.first().cloned() else { return Ok(()) };
        let events = vec![Event::Rewound { runs }, Event::notice(why)];
        self.shared.recorder.record(&first, events, &self.shared.world.redactor()).await
    }

    /// Adds the beginning of an answer that broke off, which stands in its document alone, for whoever goes on with the
    /// conversation.
    ///
    /// # Errors
    /// There are no settings, or the journal cannot be written.
    pub async fn add(&self, run: &RunId, document: &Path, text: &str) -> Result<(), AgentError> {
        let settings = (self.shared.world.settings)().map_err(AgentError::Settings)?;
        let text = self.shared.hidden(text, &settings.redactor);
        let mut events = vec![Event::Told { text, broken_off: true }];
        let grade = taint::of_file(document, &settings.root, &settings.additional);
        if grade.is_strange() {
            events.push(Event::Tainted { grade, source: path::shown(&settings.root, document) });
        }
        self.shared.recorder.record(run, events, &settings.redactor).await
    }
}
