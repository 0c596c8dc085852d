//! Conversations as a person keeps them: copied from a turn on, deleted, and swept when they are past their time.
//!
//! A copy has the words of the turns, so that a model is told the same, and nothing that was done: its edits are the
//! original's to take back, and what it cost was paid there.

use std::collections::HashMap;

use copydesk_base::event::Carried;
use copydesk_base::{Event, Grade, Record, RunId, SessionId, Timestamp, Usage};
use copydesk_store::{Deleted, Keep, Swept};

use crate::desk::Shared;
use crate::error::AgentError;
use crate::process::jobs;
use crate::session::past;

/// Copies a conversation up to and with a turn, or all of it; answers the copy.
pub(crate) async fn fork(
    shared: &Shared,
    session: &SessionId,
    last: Option<&RunId>,
) -> Result<SessionId, AgentError> {
    let journal = &shared.world.journal;
    shared.recover().await;
    let mut rows = journal.session(session).await?;
    if rows.is_empty() {
        return Err(AgentError::UnknownSession(session.to_string()));
    }
    if let Some(last) = last {
        let at = rows.iter().position(|row| row.run == *last);
        let at = at.ok_or_else(|| AgentError::UnknownRun(last.to_string()))?;
        rows.truncate(at + 1);
    }
    if let Some(open) = rows.iter().find(|row| row.status.is_none()) {
        return Err(AgentError::Open(open.title.clone()));
    }
    let mut runs = Vec::with_capacity(rows.len());
    for row in &rows {
        runs.push(journal.records(&row.run).await?);
    }
    let (copy, records) = copy(shared, runs, Grade::Typed);
    // All of it or nothing.
    journal.append(records).await?;
    Ok(copy)
}

/// Takes in a conversation that was exported, here or elsewhere; answers its new name. Whoever wrote the file wrote its
/// words, the model's too, so it counts as a recording.
pub(crate) async fn import(shared: &Shared, runs: Vec<Vec<Record>>) -> Result<SessionId, AgentError> {
    let refused = |why: String| Err(AgentError::NoConversation(why));
    if runs.is_empty() {
        return refused("it has no turns".to_owned());
    }
    for (at, records) in runs.iter().enumerate() {
        if !matches!(
            records.first().map(|record| &record.event),
            Some(Event::RunStarted { parent: None, .. })
        ) {
            return refused(format!("its turn {} has no beginning", at + 1));
        }
        if !records.iter().any(|record| matches!(record.event, Event::RunFinished { .. })) {
            return refused(format!("its turn {} has no end", at + 1));
        }
    }
    let (copy, records) = copy(shared, runs, Grade::Recorded);
    shared.world.journal.append(records).await?;
    Ok(copy)
}

/// Runs as those of another conversation, whose words are at least of that grade.
fn copy(shared: &Shared, originals: Vec<Vec<Record>>, least: Grade) -> (SessionId, Vec<Record>) {
    let (ids, now) = (&*shared.world.ids, shared.world.clock.now());
    let copy = SessionId::new(ids);
    let name = |records: &Vec<Record>| Some((records.first()?.run.clone(), RunId::new(ids)));
    let runs: HashMap<RunId, RunId> = originals.iter().filter_map(name).collect();
    let mut records = Vec::new();
    let mut carried: Option<Carried> = None;
    for original in originals {
        let Some(run) = original.first().and_then(|first| runs.get(&first.run)).cloned() else { continue };
        let grade = past::worst(&original).max(carried.as_ref().map_or(least, |before| before.grade));
        let mut events: Vec<Event> =
            original.into_iter().filter_map(|record| copied(record.event, &copy, &runs)).collect();
        let is_first = carried.is_none();
        if let Some(Event::RunStarted { carried: before, .. }) = events.first_mut() {
            *before = carried.take().map(Box::new);
        }
        if is_first && least > Grade::Typed {
            let source = "a conversation that was taken in".to_owned();
            events.insert(1, Event::Tainted { grade: least, source });
        }
        let seq = events.len() as u64;
        records.extend((1..).zip(events).map(|(seq, event)| Record {
            run: run.clone(),
            seq,
            at: now,
            event,
        }));
        carried = Some(Carried { run, seq, usage: Usage::default(), time_ms: 0, grade, open: vec![] });
    }
    (copy, records)
}

/// An event as the copy has it; nothing for what was done, and how.
fn copied(mut event: Event, copy: &SessionId, runs: &HashMap<RunId, RunId>) -> Option<Event> {
    match &mut event {
        Event::RunStarted { session, process, parent, again, .. } => {
            session.clone_from(copy);
            *again = again.take().and_then(|run| runs.get(&run).cloned());
            (*process, *parent) = (None, None);
        }
        Event::ModelAnswered { usage, .. } | Event::RunFinished { usage, .. } => *usage = Usage::default(),
        Event::Rewound { runs: gone } => {
            *gone = gone.iter().filter_map(|run| runs.get(run).cloned()).collect();
        }
        Event::Told { .. }
        | Event::QuestionAsked { .. }
        | Event::QuestionAnswered { .. }
        | Event::Steered { .. }
        | Event::ModelSwitched { .. }
        | Event::ToolCalled { .. }
        | Event::ToolReturned { .. }
        | Event::Checked { .. }
        | Event::Tainted { .. }
        | Event::Planned { .. }
        | Event::Compacted { .. }
        | Event::Notice { .. } => {}
        _ => return None,
    }
    Some(event)
}

/// Takes a conversation away, for good.
pub(crate) async fn delete(shared: &Shared, session: &SessionId) -> Result<(), AgentError> {
    shared.recover().await;
    match shared.world.journal.delete(session).await? {
        Deleted::Gone(runs) => {
            if let Ok(settings) = (shared.world.settings)() {
                jobs::forget(&settings.state_home, &runs);
            }
            take_down(shared, |name| is_of(name, &runs) || name.starts_with(session.as_str()));
            Ok(shared.world.user.forget_conversations(vec![session.clone()]).await?)
        }
        Deleted::UnderWay => Err(AgentError::Open(session.to_string())),
        Deleted::Unknown => Err(AgentError::UnknownSession(session.to_string())),
    }
}

/// Takes away texts that an editor was shown.
fn take_down(shared: &Shared, is_gone: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(shared.world.journal.shown()).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(&is_gone) {
            // One that stays is taken away when there are too many.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Whether a text is about one of these runs: their names stand at the start of its own.
fn is_of(name: &str, runs: &[RunId]) -> bool {
    runs.iter().any(|run| name.strip_prefix(run.as_str()).is_some_and(|rest| rest.starts_with(['.', '-'])))
}

/// Takes away what is past its time or its size. What fails is tried again at the next start.
pub(crate) async fn sweep(shared: &Shared) {
    let Ok(settings) = (shared.world.settings)() else { return };
    // What is gone is gone: nothing goes while nobody knows how long it shall be kept.
    let Some(retention) = settings.retention else { return };
    let longest = u64::try_from(retention.longest().as_millis()).unwrap_or(u64::MAX);
    let keep = Keep {
        since: Timestamp(shared.world.clock.now().0.saturating_sub(longest)),
        bytes: retention.largest().saturating_mul(1 << 20),
    };
    match shared.world.journal.sweep(keep).await {
        Ok(Swept { sessions, runs }) => {
            jobs::forget(&settings.state_home, &runs);
            if !sessions.is_empty() {
                let is_theirs =
                    |name: &str| sessions.iter().any(|session| name.starts_with(session.as_str()));
                take_down(shared, |name| is_of(name, &runs) || is_theirs(name));
                tracing::info!(sessions = sessions.len(), "conversations past their time were taken away");
                if let Err(error) = shared.world.user.forget_conversations(sessions).await {
                    // What nobody asks about any more goes by itself after a week.
                    tracing::info!(%error, "what they used is not forgotten yet");
                }
            }
        }
        Err(error) => tracing::info!(%error, "conversations past their time stay"),
    }
}
