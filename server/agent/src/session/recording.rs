//! A conversation as its journal has it, made ready to be replayed.
//!
//! A [`Conversation`] has the runs of its turns and those that worked for them. Every answer of a model becomes an exchange
//! with all that was said before it in its run, and of every request is known what size it was taken for. An answer whose
//! calls were not all written down, because the run was cut short in between, is none: what the model wanted then is not
//! known.

use copydesk_base::{Event, Record, RunId};
use copydesk_provider::{By, Exchange, Message, Recorded, Recording, Sized, StopReason};
use copydesk_store::{Journal, StoreError};

use crate::context::compact;
use crate::run::answer::SUMMARY;
use crate::session::transcript;

/// All that a journal has of a conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conversation {
    /// The runs of its turns, oldest first.
    pub turns: Vec<Vec<Record>>,
    /// Those that worked for them, in the order in which they were called.
    pub helpers: Vec<Vec<Record>>,
}

impl Conversation {
    /// These turns, with those that worked for them.
    ///
    /// # Errors
    /// The journal cannot be read, or somebody changed it.
    pub async fn of(journal: &Journal, turns: Vec<Vec<Record>>) -> Result<Self, StoreError> {
        let mut helpers = Vec::new();
        let mut wanted = called(&turns);
        while !wanted.is_empty() {
            let read = journal.records_of(wanted).await?;
            wanted = called(&read);
            // One that waited for its turn when the process died never wrote anything.
            helpers.extend(read.into_iter().filter(|records| !records.is_empty()));
        }
        Ok(Self { turns, helpers })
    }

    /// Every run of it.
    pub fn runs(&self) -> impl Iterator<Item = &Vec<Record>> {
        self.turns.iter().chain(&self.helpers)
    }

    fn helper(&self, run: &RunId) -> Option<&[Record]> {
        let is_its = |records: &&Vec<Record>| records.first().is_some_and(|first| first.run == *run);
        self.helpers.iter().find(is_its).map(Vec::as_slice)
    }
}

/// The runs that were called to work for these.
fn called(runs: &[Vec<Record>]) -> Vec<RunId> {
    let called = |record: &Record| match &record.event {
        Event::AgentCalled { run, .. } => Some(run.clone()),
        _ => None,
    };
    runs.iter().flatten().filter_map(called).collect()
}

/// The recording of a conversation that was made in the workspace `root`.
pub fn recording(origin: String, root: String, conversation: &Conversation) -> Recording {
    let mut recorded = Recorded { root, ..Recorded::default() };
    for (at, records) in conversation.turns.iter().enumerate() {
        // What the person went back behind was not said to the model any more.
        let past = transcript::turns(&conversation.turns[..at]);
        take(&mut recorded, past, records, &By::default());
        for (helper, run) in (1..).zip(called(std::slice::from_ref(records))) {
            let Some(records) = conversation.helper(&run) else { continue };
            let root = records.first().and_then(|first| match &first.event {
                Event::RunStarted { root, .. } => root.as_ref().map(|root| root.display().to_string()),
                _ => None,
            });
            take(&mut recorded, vec![], records, &By { root, helper });
        }
    }
    Recording::new(origin, recorded)
}

/// Takes in what was asked and answered in one run.
fn take(recorded: &mut Recorded, mut past: Vec<Vec<Message>>, records: &[Record], by: &By) {
    for (at, record) in records.iter().enumerate() {
        let asked = |past: &Vec<Vec<Message>>| transcript::with(past.clone(), &records[..at]).concat();
        match &record.event {
            Event::RunStarted { model, .. } if recorded.model.is_empty() => recorded.model.clone_from(model),
            // As much of it went along as had room then.
            Event::ContextLaid { kept: Some(kept), .. } => {
                past = vec![transcript::newest(std::mem::take(&mut past), Some(*kept))];
            }
            Event::ModelRequested { most, .. } if is_talk(&records[at..]) => {
                recorded.sizes.push(Sized { asked: asked(&past), tokens: most.input_tokens });
            }
            Event::ModelAnswered { stopped, .. } if stopped == SUMMARY => {}
            Event::ModelAnswered { text, calls: count, stopped, .. } => {
                let calls = transcript::calls(&records[at + 1..]);
                let reason = StopReason::of_word(stopped, *count);
                // Of an answer that was cut nothing was performed, so nothing is missing.
                if calls.len() == *count || !stopped.is_empty() {
                    let (by, asked, text) = (by.clone(), asked(&past), text.clone());
                    recorded.exchanges.push(Exchange { by, asked, text, calls, reason });
                }
            }
            Event::Compacted { summary, kept, before, after, .. } => {
                let long = asked(&past);
                let short = compact::after(&long, &record.event);
                if let Some(text) = summary.clone() {
                    let mut asked = long[..long.len().saturating_sub(*kept)].to_vec();
                    asked.push(Message::user(compact::WANTED));
                    let (by, reason) = (by.clone(), StopReason::EndTurn);
                    recorded.exchanges.push(Exchange { by, asked, text, calls: vec![], reason });
                }
                recorded.sizes.push(Sized { asked: long, tokens: *before });
                recorded.sizes.push(Sized { asked: short, tokens: *after });
            }
            _ => {}
        }
    }
}

/// Whether the request that these records begin with asks for the next answer, and for no summary.
fn is_talk(records: &[Record]) -> bool {
    let answer = records.iter().find_map(|record| match &record.event {
        Event::ModelAnswered { stopped, .. } => Some(stopped != SUMMARY),
        Event::Compacted { .. } => Some(false),
        _ => None,
    });
    answer.unwrap_or(true)
}
