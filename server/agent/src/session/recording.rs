//! A conversation as its journal has it, made ready to be replayed.
//!
//! A [`Conversation`] has the runs of its turns and those that worked for them. Every answer of a model becomes an
//! exchange with all that was said before it in its run, and of every request is known what size it was taken for. Of
//! an answer whose calls were not all written down, because the run was canceled or its process died in between, the
//! others are stand-ins: the replay ends before them. A request that failed is an exchange, too, with the tries before
//! it; and what the person said and decided meanwhile is beside all that ([`Spoken`]).

use std::time::Duration;

use copydesk_base::event::OfSummary;
use copydesk_base::{Event, Record, RunId, Usage};
use copydesk_provider::{
    Arguments, By, CallError, Exchange, Given, Left, Message, ModelEvent, Recorded, Recording, Sized,
    StopReason, Switch, ToolCall,
};
use copydesk_store::{Journal, StoreError};

use crate::context::compact;
use crate::run::answer::SUMMARY;
use crate::session::spoken::{self, Lasting, Place, Said, Spoken};
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

/// A conversation that can be replayed.
#[derive(Clone, Debug)]
pub struct Replay {
    /// What models answered.
    pub recording: Recording,
    /// What the person said and decided: it counts for that person alone.
    pub spoken: Spoken,
}

/// The replay of a conversation that was made in the workspace `root`.
pub fn replay(origin: String, root: String, conversation: &Conversation) -> Replay {
    let roots = [root.clone()];
    let turns = conversation.turns.iter().map(|records| spoken::asked(records, &roots)).collect();
    let recorded = Recorded { root, ..Recorded::default() };
    let mut taken = Taken { recorded, said: vec![], stored: vec![] };
    let mut lasting = Vec::new();
    for (at, records) in conversation.turns.iter().enumerate() {
        // What the person went back behind was not said to the model any more.
        let past = transcript::turns(&conversation.turns[..at]);
        taken.take(conversation, (at, past), records, &By::default());
        for (helper, run) in (1..).zip(called(std::slice::from_ref(records))) {
            let Some(records) = conversation.helper(&run) else { continue };
            let root = records.first().and_then(|first| match &first.event {
                Event::RunStarted { root, .. } => root.as_ref().map(|root| root.display().to_string()),
                _ => None,
            });
            taken.take(conversation, (at, vec![]), records, &By { root, helper });
        }
        let from = taken.recorded.exchanges.len();
        lasting.extend(taken.stored.drain(..).map(|rule| Lasting { rule, from }));
    }
    Replay {
        recording: Recording::new(origin, taken.recorded),
        spoken: Spoken::new(taken.said, lasting, turns),
    }
}

/// What was taken in so far.
struct Taken {
    recorded: Recorded,
    said: Vec<Said>,
    /// The rules that *Always* stored in the turn that is taken in.
    stored: Vec<String>,
}

/// A request that is under way in the records.
#[derive(Default)]
struct Under {
    /// Whether it left.
    way: Way,
    /// What was waited for, and the tries that failed.
    before: Vec<ModelEvent>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    #[default]
    Nothing,
    Left,
    /// A summary came.
    Summed,
}

impl Taken {
    /// Takes in what was asked and answered, and what the person said, in one run.
    fn take(
        &mut self,
        conversation: &Conversation,
        (turn, mut past): (usize, Vec<Vec<Message>>),
        records: &[Record],
        by: &By,
    ) {
        let roots: Vec<String> = by.root.iter().cloned().chain([self.recorded.root.clone()]).collect();
        let mut place = Place::start(turn, by.helper, records, &roots);
        let (mut under, mut places) = (Under::default(), Vec::with_capacity(records.len()));
        let is_ended = spoken::is_ended(records);
        for (at, record) in records.iter().enumerate() {
            places.push(place.clone());
            let behind = &records[at + 1..];
            let asked = |past: &Vec<Vec<Message>>| transcript::with(past.clone(), &records[..at]).concat();
            let given = match &record.event {
                Event::RunStarted { model, .. } => {
                    if self.recorded.model.is_empty() {
                        self.recorded.model.clone_from(model);
                    }
                    None
                }
                // As much of it went along as had room then.
                Event::ContextLaid { kept: Some(kept), .. } => {
                    past = vec![transcript::newest(std::mem::take(&mut past), Some(*kept))];
                    None
                }
                Event::ModelRequested { most, expected, .. } => {
                    under = Under { way: Way::Left, before: vec![] };
                    if is_talk(behind) {
                        let tokens = if *expected > 0 { *expected } else { most.input_tokens };
                        self.recorded.sizes.push(Sized { asked: asked(&past), tokens });
                    }
                    None
                }
                Event::ModelWaited { reason, wait_ms, tried, .. } => {
                    under.before.push(waited(reason, *wait_ms, *tried));
                    None
                }
                Event::ModelSwitched { reason, .. } if under.way == Way::Left => {
                    let switch = Some(switch(&records[at..]));
                    Some((wanted(asked(&past), behind), Given::Nothing { said: reason.clone(), switch }))
                }
                Event::Unanswered { error, summary } => {
                    let said = error.clone();
                    let given = match under.way {
                        Way::Left => Given::Nothing { said, switch: None },
                        Way::Nothing | Way::Summed => Given::Refused { said },
                    };
                    let asked = asked(&past);
                    let wanted = match summary {
                        Some(OfSummary { kept, before }) => {
                            self.recorded.sizes.push(Sized { asked: asked.clone(), tokens: *before });
                            Some(summed_up(asked, *kept))
                        }
                        None => wanted(asked, behind),
                    };
                    Some((wanted, given))
                }
                Event::ModelAnswered { stopped, .. } if stopped == SUMMARY => {
                    under.way = Way::Summed;
                    None
                }
                Event::ModelAnswered { text, calls: count, stopped, .. } => {
                    let mut calls = transcript::calls(behind);
                    let (text, reason) = (text.clone(), StopReason::of_word(stopped, *count));
                    if is_ended {
                        // What is not on record was not begun, and is not begun again: the run ends before it.
                        calls.resize_with((*count).max(calls.len()), unknown);
                    }
                    // Of an answer that was cut nothing was performed, so nothing is missing.
                    let is_whole = calls.len() == *count || !stopped.is_empty();
                    under.way = Way::Nothing;
                    is_whole.then(|| (Some(asked(&past)), Given::Answer { text, calls, reason }))
                }
                Event::Compacted { summary, before, after, .. } => {
                    let long = asked(&past);
                    let short = compact::after(&long, &record.event);
                    let text = summary.clone().or_else(|| (under.way == Way::Summed).then(String::new));
                    under.way = Way::Nothing;
                    let given = text.map(|text| {
                        let reason = StopReason::EndTurn;
                        (wanted(long.clone(), &records[at..]), Given::Answer { text, calls: vec![], reason })
                    });
                    self.recorded.sizes.push(Sized { asked: long, tokens: *before });
                    self.recorded.sizes.push(Sized { asked: short, tokens: *after });
                    given
                }
                _ => None,
            };
            if let Some((asked, given)) = given {
                under.way = Way::Nothing;
                let before = std::mem::take(&mut under.before);
                if let Some(asked) = asked {
                    place = Place::Behind(self.recorded.exchanges.len());
                    self.recorded.exchanges.push(Exchange { by: by.clone(), asked, before, given });
                }
            }
        }
        self.stored.extend(spoken::lasting(records, &roots));
        self.said.extend(spoken::said(records, &places, &roots, conversation));
    }
}

/// What a request asked that failed: the next answer, or a summary, as what follows tells; nothing where that is not
/// told.
fn wanted(asked: Vec<Message>, behind: &[Record]) -> Option<Vec<Message>> {
    if is_talk(behind) {
        return Some(asked);
    }
    let kept = behind.iter().find_map(|record| match &record.event {
        Event::Compacted { kept, .. } => Some(*kept),
        _ => None,
    })?;
    Some(summed_up(asked, kept))
}

/// What is asked for a summary of all of it but the last messages.
fn summed_up(mut asked: Vec<Message>, kept: usize) -> Vec<Message> {
    asked.truncate(asked.len().saturating_sub(kept));
    asked.push(Message::user(compact::WANTED));
    asked
}

/// A call of which only is known that there was one.
fn unknown() -> ToolCall {
    ToolCall { id: String::new(), name: "unknown".to_owned(), arguments: Arguments::read("{}") }
}

fn waited(reason: &str, wait_ms: Option<u64>, tried: u32) -> ModelEvent {
    let (reason, wait) = (reason.to_owned(), wait_ms.map(Duration::from_millis));
    if tried == 0 {
        return ModelEvent::Waiting { reason, wait };
    }
    let error = CallError::Recorded { said: reason, switch: None };
    ModelEvent::Again { error, tried, wait: wait.unwrap_or_default(), usage: Usage::default() }
}

/// Who was asked instead of a model, from the records that begin with its being left.
fn switch(records: &[Record]) -> Switch {
    let mut switch = Switch { to: String::new(), left: vec![] };
    for record in records {
        let Event::ModelSwitched { from, to, reason } = &record.event else { break };
        switch.to.clone_from(to);
        switch.left.push(Left { model: from.clone(), because: reason.clone() });
    }
    switch
}

/// Whether the request that is under way before these records asks for the next answer, and for no summary.
fn is_talk(records: &[Record]) -> bool {
    let answer = records.iter().find_map(|record| match &record.event {
        Event::ModelAnswered { stopped, .. } => Some(stopped != SUMMARY),
        Event::Compacted { fold, .. } => Some(fold.is_some()),
        _ => None,
    });
    answer.unwrap_or(true)
}
