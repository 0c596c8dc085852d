//! What a conversation brings along to its next run, read from its end.
//!
//! A conversation may have ten thousand runs, and the next one needs little of them: what was used up so far, the worst
//! that was read, and the last words that a model has room for. The first two are carried from start to start, in
//! [`Event::RunStarted`], so that the last run alone tells them. The words are read backwards, until they are more than
//! fits or until a shortening stands for the rest.
//!
//! # Invariants
//! - What is read from the end is what a reading of the whole would give. A property test holds both beside each other.
//! - Nothing is carried of a run that has not ended: it is named instead, and read again.
//! - What an older version wrote carries nothing and is read to its beginning; the run after that carries it.

use std::collections::HashSet;
use std::ops::{ControlFlow, Range};
use std::time::Duration;

use copydesk_base::event::Carried;
use copydesk_base::{Event, Grade, Record, RunId, SessionId, Usage};
use copydesk_provider::Message;
use copydesk_store::Journal;

use crate::budget::sums::Sums;
use crate::changes::rewind;
use crate::context::opening::BYTES;
use crate::error::AgentError;
use crate::session::transcript::{is_said, messages, newest, size, with};

/// The most tokens of earlier turns that go along where nobody knows the model's window.
const MOST: u64 = 100_000;
/// How many runs are read at once, at first and at most.
const CHUNKS: Range<usize> = 16..512;

/// What a conversation brings along.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Past {
    /// What it said, as far as it goes along.
    pub(crate) earlier: Kept,
    /// How many turns it had.
    pub(crate) turns: usize,
    /// The worst that was read in it.
    pub(crate) grade: Grade,
    /// What it has used so far, and for how long somebody worked on it.
    pub(crate) spent: Spent,
    /// The same as the next run writes it down; nothing where there is no earlier run.
    pub(crate) carried: Option<Box<Carried>>,
}

/// The newest whole turns that a model can still take in.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Kept {
    pub(crate) messages: Vec<Message>,
    /// How many turns they are; nothing where that is all of them.
    pub(crate) count: Option<usize>,
    /// How many runs before them do not go along.
    pub(crate) left_out: usize,
}

/// A sentence for the person about turns that do not go along.
pub(crate) fn told(left_out: usize) -> Option<String> {
    let turns = match left_out {
        0 => return None,
        1 => "The oldest turn".to_owned(),
        more => format!("The oldest {more} turns"),
    };
    Some(format!(
        "{turns} of this conversation cannot go along (context.earlier, and the model's window): the model does not know \
         what was said there."
    ))
}

/// What runs have used up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Spent {
    pub(crate) usage: Usage,
    pub(crate) time: Duration,
}

impl Spent {
    pub(crate) fn add(&mut self, other: Self) {
        self.usage.add(other.usage);
        self.time += other.time;
    }
}

/// What a session said and read so far, for a model with that window in tokens, and no more of its words than the
/// settings let go along.
pub(crate) async fn past(
    journal: &Journal,
    session: &SessionId,
    window: Option<u64>,
    set: Option<u32>,
) -> Result<Past, AgentError> {
    let runs = journal.turns(session).await?;
    let Some(last) = runs.last() else { return Err(AgentError::UnknownSession(session.to_string())) };
    let gone = gone(journal, session).await?;
    let counted: Vec<RunId> = runs.iter().filter(|run| !gone.contains(run)).cloned().collect();
    let room = room(window, set);
    let (turns, unread) = words(journal, &counted, room).await?;
    let earlier = within(turns, unread, room);
    let Account { ended, open, grade, seq } = account(journal, &runs).await?;
    let carried = Carried {
        run: last.clone(),
        seq,
        usage: ended.usage,
        time_ms: u64::try_from(ended.time.as_millis()).unwrap_or(u64::MAX),
        grade,
        open: open.iter().map(|own| own.run.clone()).collect(),
    };
    let mut spent = ended;
    for own in &open {
        spent.add(own.spent);
    }
    Ok(Past { earlier, turns: runs.len(), grade, spent, carried: Some(Box::new(carried)) })
}

/// The runs of a session that do not count any more.
pub(crate) async fn gone(journal: &Journal, session: &SessionId) -> Result<HashSet<RunId>, AgentError> {
    let rewinds = journal.rewinds(session).await?;
    Ok(rewind::dropped(journal.records_of(rewinds).await?.iter().flatten()))
}

/// The worst that was read in a run.
pub(crate) fn worst(records: &[Record]) -> Grade {
    let grades = records.iter().filter_map(|record| match record.event {
        Event::Tainted { grade, .. } => Some(grade),
        _ => None,
    });
    grades.max().unwrap_or_default()
}

/// The account of a session.
#[derive(Default)]
struct Account {
    /// What the runs that have ended used up.
    ended: Spent,
    /// The others.
    open: Vec<Own>,
    grade: Grade,
    /// The number of the last record of the last run.
    seq: u64,
}

/// What one run brings to it.
struct Own {
    run: RunId,
    spent: Spent,
    grade: Grade,
    seq: u64,
    has_ended: bool,
}

impl Own {
    fn of(run: &RunId, records: &[Record]) -> Self {
        let Sums { all: usage, time, .. } = Sums::of([records]);
        Self {
            run: run.clone(),
            spent: Spent { usage, time },
            grade: worst(records),
            seq: records.last().map_or(0, |record| record.seq),
            has_ended: records.iter().any(|record| matches!(record.event, Event::RunFinished { .. })),
        }
    }
}

impl Account {
    fn add(&mut self, own: Own) {
        self.grade = self.grade.max(own.grade);
        self.seq = own.seq;
        if own.has_ended { self.ended.add(own.spent) } else { self.open.push(own) }
    }
}

/// What the newest start carries, the runs that had not ended then, and those behind it.
async fn account(journal: &Journal, runs: &[RunId]) -> Result<Account, AgentError> {
    let (mut later, mut carried) = (Vec::new(), None);
    let (mut from, mut at, mut chunk) = (0, runs.len(), 1);
    while at > from {
        let start = at.saturating_sub(chunk).max(from);
        let mut read = journal.records_of(runs[start..at].to_vec()).await?;
        while at > from
            && let Some(records) = read.pop()
        {
            at -= 1;
            later.push(Own::of(&runs[at], &records));
            if carried.is_none()
                && let Some(found) = carried_by(&records)
                && let Some(place) = runs.iter().rposition(|run| *run == found.run)
            {
                (from, carried) = (place + 1, Some(found.clone()));
            }
        }
        chunk = CHUNKS.end;
    }
    let mut account = Account::default();
    if let Some(Carried { usage, time_ms, grade, open, .. }) = carried {
        account.ended = Spent { usage, time: Duration::from_millis(time_ms) };
        account.grade = grade;
        let records = journal.records_of(open.clone()).await?;
        for (run, records) in open.iter().zip(records) {
            account.add(Own::of(run, &records));
        }
    }
    for own in later.into_iter().rev() {
        account.add(own);
    }
    Ok(account)
}

fn carried_by(records: &[Record]) -> Option<&Carried> {
    match &records.first()?.event {
        Event::RunStarted { carried, .. } => carried.as_deref(),
        _ => None,
    }
}

/// The bytes of earlier turns of which a model with that window, in tokens, could still make a summary, and that may go
/// along.
fn room(window: Option<u64>, set: Option<u32>) -> usize {
    let tokens = window.map_or(MOST, |window| window / 4 * 3).min(set.map_or(u64::MAX, u64::from));
    usize::try_from(tokens).unwrap_or(usize::MAX).saturating_mul(BYTES)
}

/// The newest turns of these runs, oldest first: more than there is room for, or all that there are. And how many runs
/// before them were not read.
async fn words(
    journal: &Journal,
    runs: &[RunId],
    room: usize,
) -> Result<(Vec<Vec<Message>>, usize), AgentError> {
    let mut back = Back { room, ..Back::default() };
    let (mut at, mut unread, mut chunk) = (runs.len(), runs.len(), CHUNKS.start);
    while at > 0 {
        let start = at.saturating_sub(chunk);
        let read = journal.records_where(runs[start..at].to_vec(), is_said).await?;
        let take = |records| {
            unread -= 1;
            back.take(records)
        };
        if read.into_iter().rev().try_for_each(take).is_break() {
            break;
        }
        at = start;
        chunk = (chunk * 2).min(CHUNKS.end);
    }
    // What a shortening stands for is not left out.
    let unread = if back.missing.is_none() { unread } else { 0 };
    Ok((back.turns(), unread))
}

/// Words that are read from the end.
#[derive(Default)]
struct Back {
    /// Turns behind everything that was shortened, newest first, and the bytes that may still come.
    turns: Vec<Vec<Message>>,
    room: usize,
    /// The newest run that was shortened, and what stands before it, newest first.
    shortened: Vec<Vec<Record>>,
    /// How many messages are missing that the shortening kept of those before it; nothing where none was met.
    missing: Option<usize>,
}

impl Back {
    /// Takes the run before; no more are needed where it breaks.
    fn take(&mut self, records: Vec<Record>) -> ControlFlow<()> {
        let shortened = records.iter().enumerate().find_map(|(at, record)| match record.event {
            Event::Compacted { kept, .. } => Some((at, kept)),
            _ => None,
        });
        let is_enough = match (shortened, self.missing) {
            (Some((at, kept)), _) => self.is_met(kept, &records[..at]),
            (None, Some(missing)) => self.is_met(missing, &records),
            (None, None) => {
                let turn = messages(&records);
                let size = turn.iter().map(size).sum();
                self.turns.push(turn);
                let is_full = size > self.room;
                self.room = self.room.saturating_sub(size);
                return if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            }
        };
        self.shortened.push(records);
        if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Whether nothing is missing any more once these messages of a run are counted.
    fn is_met(&mut self, missing: usize, records: &[Record]) -> bool {
        let left = missing.saturating_sub(messages(records).len());
        self.missing = Some(left);
        left == 0
    }

    fn turns(self) -> Vec<Vec<Message>> {
        let mut turns = self.shortened.iter().rev().fold(Vec::new(), |turns, records| with(turns, records));
        turns.extend(self.turns.into_iter().rev().filter(|turn| !turn.is_empty()));
        turns
    }
}

/// The newest whole turns that have room, of those that were read.
fn within(turns: Vec<Vec<Message>>, unread: usize, room: usize) -> Kept {
    let mut left = room;
    let fits = |turn: &&Vec<Message>| {
        let size = turn.iter().map(size).sum();
        let fits = size <= left;
        left = left.saturating_sub(size);
        fits
    };
    let count = turns.iter().rev().take_while(fits).count();
    let left_out = turns.len() - count + unread;
    let kept = (left_out > 0).then_some(count);
    Kept { messages: newest(turns, kept), count: kept, left_out }
}

#[cfg(test)]
mod tests;
