//! What a replay brings about behind a certain record of a run: a cancel, or the death of its process.
//!
//! The writer of records tells what is written, and asks who is dead: of these nothing is written any more, as nothing
//! was by the process that had ended. A run that is not replayed has no cue.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use copydesk_base::event::About;
use copydesk_base::{Event, Record, RunId};
use tokio_util::sync::CancellationToken;

use crate::hooks::Point;

/// The runs that wait for something behind a record, and those that have died.
#[derive(Clone, Default)]
pub(crate) struct Cues(Arc<Mutex<Played>>);

#[derive(Default)]
struct Played {
    cues: HashMap<RunId, Cue>,
    dead: HashMap<RunId, Death>,
}

struct Cue {
    /// Records that are still to come, of those that count.
    left: usize,
    then: Then,
}

/// What happens there.
#[derive(Clone, Debug)]
pub(crate) enum Then {
    /// The run is canceled; [steps](is_step) count.
    Cancel(CancellationToken),
    /// Its process is to have ended: nothing of it is written any more. All records count that a replay has, too.
    Die {
        /// Whether what the last record announces was done all the same.
        is_done: bool,
        left: Left,
        cancel: CancellationToken,
    },
}

impl Then {
    fn counts(&self, event: &Event) -> bool {
        match self {
            Self::Cancel(_) => is_step(event),
            Self::Die { .. } => is_replayed(event),
        }
    }
}

/// How a run died.
#[derive(Clone, Debug)]
pub(crate) struct Death {
    /// Whether what its last record announces was done all the same.
    is_done: bool,
    pub(crate) left: Left,
}

/// What a run that died left, beside its edits.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Left {
    /// What had come of an answer, as its model is told.
    pub(crate) half: Option<String>,
    /// What the command did that it was in.
    pub(crate) deeds: Vec<Event>,
}

impl Cues {
    /// Does this behind so many more records of a run, before anybody learns that the last one is written.
    pub(crate) fn set(&self, run: &RunId, left: usize, then: Then) {
        match then {
            Then::Cancel(token) if left == 0 => token.cancel(),
            then => {
                self.lock().cues.insert(run.clone(), Cue { left, then });
            }
        }
    }

    /// How a run died that was to; nothing for the living. From now on it is written again.
    pub(crate) fn buries(&self, run: &RunId) -> Option<Death> {
        self.lock().dead.remove(run)
    }

    /// Takes in that a record is written.
    pub(crate) fn step(&self, record: &Record) {
        let mut played = self.lock();
        let Some(cue) = played.cues.get_mut(&record.run) else { return };
        if !cue.then.counts(&record.event) {
            return;
        }
        cue.left = cue.left.saturating_sub(1);
        if cue.left > 0 {
            return;
        }
        match played.cues.remove(&record.run).map(|cue| cue.then) {
            Some(Then::Cancel(token)) => token.cancel(),
            Some(Then::Die { is_done, left, cancel }) => {
                if !is_done {
                    cancel.cancel();
                }
                played.dead.insert(record.run.clone(), Death { is_done, left });
            }
            None => {}
        }
    }

    /// Those of these runs of which nothing is written any more.
    pub(crate) fn dead<'a>(&self, runs: impl Iterator<Item = &'a RunId>) -> HashSet<RunId> {
        let played = self.lock();
        runs.filter(|run| played.dead.contains_key(*run)).cloned().collect()
    }

    /// Those of these runs that died behind something that was written and not done.
    pub(crate) fn undone<'a>(&self, runs: impl Iterator<Item = &'a RunId>) -> HashSet<RunId> {
        let played = self.lock();
        runs.filter(|run| played.dead.get(*run).is_some_and(|death| !death.is_done)).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Played> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it is something that a run does by itself, and no end of what it did.
pub(crate) const fn is_step(event: &Event) -> bool {
    matches!(
        event,
        Event::ContextLaid { .. }
            | Event::ModelRequested { .. }
            | Event::ModelAnswered { .. }
            | Event::ToolCalled { .. }
            | Event::ToolReturned { .. }
            | Event::EffectStarted { .. }
            | Event::ApprovalRequested { .. }
            | Event::ApprovalJoined { .. }
            | Event::QuestionAsked { .. }
            | Event::ChangeProposed { .. }
            | Event::ChangeApplied { .. }
            | Event::AgentCalled { .. }
            | Event::Compacted { .. }
    )
}

/// Whether a replay has such a record, too: not what depends on clocks, costs and whoever was asked.
pub(crate) fn is_replayed(event: &Event) -> bool {
    let is_call = |point: &str| point == Point::Notification.as_str();
    match event {
        Event::TryLost { .. }
        | Event::Called { .. }
        | Event::Streamed { .. }
        | Event::Steering { .. }
        | Event::HunksRejected { .. }
        | Event::ModelSwitched { .. }
        | Event::Notice { about: Some(About::Account | About::Route), .. } => false,
        Event::HookRan { point, .. } | Event::Judged { point: Some(point), .. } => !is_call(point),
        other => !other.is_live_only(),
    }
}
