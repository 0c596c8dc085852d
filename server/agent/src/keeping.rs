//! Conversations as a person keeps them: copied from a turn on, deleted, and swept when they are past their time.
//!
//! A copy has the words of the turns, so that a model is told the same, and nothing that was done: its edits are the
//! original's to take back, and what it cost was paid there.

use std::collections::HashMap;

use copydesk_base::{Event, Record, RunId, SessionId, Timestamp, Usage};
use copydesk_store::{Deleted, Keep};

use crate::desk::Shared;
use crate::error::AgentError;

/// Copies a conversation up to and with a turn, or all of it; answers the copy.
pub(crate) async fn fork(
    shared: &Shared,
    session: &SessionId,
    last: Option<&RunId>,
) -> Result<SessionId, AgentError> {
    let (world, journal) = (&shared.world, &shared.world.journal);
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
    let copy = SessionId::new(&*world.ids);
    let runs: HashMap<RunId, RunId> =
        rows.iter().map(|row| (row.run.clone(), RunId::new(&*world.ids))).collect();
    let now = world.clock.now();
    let mut records = Vec::new();
    for row in &rows {
        let events = journal.records(&row.run).await?.into_iter().map(|record| record.event);
        let events = events.filter_map(|event| copied(event, &copy, &runs));
        let run = runs.get(&row.run).cloned().unwrap_or_else(|| RunId::new(&*world.ids));
        records.extend((1..).zip(events).map(|(seq, event)| Record {
            run: run.clone(),
            seq,
            at: now,
            event,
        }));
    }
    // All of it or nothing.
    journal.append(records).await?;
    Ok(copy)
}

/// An event as the copy has it; nothing for what was done, and how.
fn copied(event: Event, copy: &SessionId, runs: &HashMap<RunId, RunId>) -> Option<Event> {
    Some(match event {
        Event::RunStarted {
            title,
            prompt,
            action,
            origin,
            model,
            requested,
            why,
            offline,
            mode,
            agent,
            ..
        } => {
            let (session, process) = (copy.clone(), None);
            Event::RunStarted {
                session,
                title,
                prompt,
                action,
                origin,
                model,
                requested,
                why,
                offline,
                mode,
                process,
                agent,
                parent: None,
            }
        }
        Event::ModelAnswered { text, calls, stopped, .. } => {
            Event::ModelAnswered { text, calls, usage: Usage::default(), stopped }
        }
        Event::RunFinished { status, text, error, denied, .. } => {
            Event::RunFinished { status, text, error, usage: Usage::default(), denied }
        }
        Event::Rewound { runs: gone } => {
            Event::Rewound { runs: gone.iter().filter_map(|run| runs.get(run).cloned()).collect() }
        }
        words @ (Event::Told { .. }
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
        | Event::Notice { .. }) => words,
        _ => return None,
    })
}

/// Takes a conversation away, for good.
pub(crate) async fn delete(shared: &Shared, session: &SessionId) -> Result<(), AgentError> {
    shared.recover().await;
    match shared.world.journal.delete(session).await? {
        Deleted::Gone => Ok(()),
        Deleted::UnderWay => Err(AgentError::Open(session.to_string())),
        Deleted::Unknown => Err(AgentError::UnknownSession(session.to_string())),
    }
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
        Ok(0) => {}
        Ok(gone) => tracing::info!(gone, "conversations past their time were taken away"),
        Err(error) => tracing::info!(%error, "conversations past their time stay"),
    }
}
