//! What a process that died in the middle left open, settled by the next one.
//!
//! A file write is settled by the text that is there: it happened, or it did not. A command that was started and has no
//! outcome is noted as unknown and never repeated. The run itself has failed, and its questions wait for nobody. What it
//! has used stays used; a request that nobody saw the answer of counts as the most that it can cost.

use std::path::Path;

use copydesk_base::redact::REDACTED;
use copydesk_base::{Event, Record, Redactor, RunId, RunStatus, Usage};

use crate::budget::sums::Sums;
use crate::changes::apply::There;
use crate::changes::undo::{self, Direction};
use crate::error::AgentError;
use crate::session::recorder::Recorder;
use crate::team::arrival;
use crate::world::World;

/// How many runs are looked at, newest first.
const RUNS: usize = 50;

/// Settles every run that its process did not finish. What cannot be read is left as it is, and said in the log.
pub(crate) async fn settle(world: &World, recorder: &Recorder) {
    let runs = match world.journal.runs(RUNS).await {
        Ok(runs) => runs,
        Err(error) => {
            tracing::warn!(%error, "runs that were cut short cannot be looked for");
            return;
        }
    };
    let redactor = world.redactor();
    for row in runs.into_iter().filter(|row| row.status.is_none()) {
        let Ok(records) = world.journal.records(&row.run).await else { continue };
        if is_alive(&records) {
            continue;
        }
        let helped = helped(world, &records).await;
        let events = closing(&records, helped, |path| look(world, path, &redactor));
        if let Err(error) = recorder.record(&row.run, events, &redactor).await {
            tracing::warn!(%error, run = %row.run, "a run that was cut short could not be settled");
            return;
        }
        cancel_questions(world, &row.run).await;
    }
}

async fn cancel_questions(world: &World, run: &RunId) {
    for pending in world.journal.pending().await.unwrap_or_default() {
        if pending.run == *run
            && let Err(error) = world.journal.settle(&pending.approval, "canceled", "nobody").await
        {
            tracing::warn!(%error, "a question of a run that was cut short could not be settled");
        }
    }
}

/// Whether the process that runs it is still there. A number that was given to another process since only delays this.
fn is_alive(records: &[Record]) -> bool {
    let process = records.iter().find_map(|record| match record.event {
        Event::RunStarted { process, .. } => process,
        _ => None,
    });
    // This process has started none yet: one with its number is of a process that had the number before.
    process.is_some_and(|pid| pid != std::process::id() && crate::is_alive(pid))
}

/// Settles what a run that has ended left open in its files: whoever takes its edits back must know of them.
pub(crate) async fn settle_writes(
    world: &World,
    recorder: &Recorder,
    run: &RunId,
    redactor: &Redactor,
) -> Result<(), AgentError> {
    if world.journal.run(run).await?.is_none_or(|row| row.status.is_none()) {
        return Ok(());
    }
    let records = world.journal.records(run).await?;
    let Writes { events, .. } = writes(&records, |path| look(world, path, redactor));
    if events.is_empty() { Ok(()) } else { recorder.record(run, events, redactor).await }
}

/// The text that is there as the journal would have it, empty for no file; `None` is a file that cannot be read.
fn look(world: &World, path: &Path, redactor: &Redactor) -> Option<String> {
    match There::look(world, path) {
        Ok(there) => Some(redactor.clean(there.text())),
        Err(_) => None,
    }
}

/// What became of the edits of a run that was cut short.
#[derive(Default)]
struct Writes {
    /// The outcomes of intents that had none.
    events: Vec<Event>,
    made: Vec<String>,
    unmade: Vec<String>,
    /// Nobody can tell.
    unknown: Vec<String>,
}

/// The same, given the texts that are there now.
fn writes(records: &[Record], there: impl Fn(&Path) -> Option<String>) -> Writes {
    let mut writes = Writes::default();
    for (at, record) in records.iter().enumerate() {
        let Event::ChangeApplying { change, path, before, after, undo, .. } = &record.event else { continue };
        let is_settled = records[at + 1..].iter().any(|record| match &record.event {
            Event::ChangeApplied { change: done, after: made, .. }
            | Event::Undone { change: done, after: made, .. } => done == change && made == after,
            Event::ChangeApplying { change: again, path: same, .. } => again == change && same == path,
            Event::ChangeRefused { change: refused, .. } => refused == change,
            _ => false,
        });
        if is_settled {
            continue;
        }
        let what = if *undo { "the undo of the edit of" } else { "the edit of" };
        let name = format!("{what} {}", path.display());
        match there(path) {
            // One text stands for both: an empty file that came or went.
            Some(text) if text == *after && text != *before => {
                let direction = if *undo { Some(Direction::Undo) } else { None };
                writes.events.extend(undo::outcome(&records[..at], change, path, direction, (before, after)));
                writes.made.push(name);
            }
            Some(text) if text == *before && before == after && !before.contains(REDACTED) => {}
            Some(text) if text == *before && before != after => writes.unmade.push(name),
            _ => writes.unknown.push(name),
        }
    }
    writes
}

/// Edits that never came to be made, in words: those that waited for an answer or for the project's checks.
fn waiting(records: &[Record]) -> Vec<String> {
    let mut waiting = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let later = || records[at + 1..].iter().map(|record| &record.event);
        let path = match &record.event {
            Event::ChangeDrafted { path, .. }
                if !later().any(
                    |event| matches!(event, Event::ChangeProposed { path: same, .. } if same == path),
                ) =>
            {
                path
            }
            Event::ChangeProposed { change, call, path, .. } => {
                let approval = later().find_map(|event| match event {
                    Event::ApprovalRequested { approval, change: Some(asked), .. } if asked == change => {
                        Some(approval)
                    }
                    _ => None,
                });
                let is_over = later().any(|event| match event {
                    Event::ChangeApplying { change: same, .. }
                    | Event::ChangeApplied { change: same, .. }
                    | Event::ChangeRefused { change: same, .. } => same == change,
                    Event::ApprovalSettled { approval: settled, decision, .. } => {
                        Some(settled) == approval
                            && ["deny", "expired", "canceled"].contains(&decision.as_str())
                    }
                    Event::Judged { call: judged, verdict, .. } => judged == call && verdict == "deny",
                    Event::ToolReturned { call: returned, .. } => returned == call,
                    _ => false,
                });
                if is_over {
                    continue;
                }
                path
            }
            _ => continue,
        };
        let name = format!("the edit of {}", path.display());
        if !waiting.contains(&name) {
            waiting.push(name);
        }
    }
    waiting
}

/// The ends of the helpers that nobody took in, each with what it used. Helpers began later, so they are settled by now.
async fn helped(world: &World, records: &[Record]) -> Vec<(Event, Usage)> {
    let is_in = |run: &RunId| {
        records.iter().any(
            |record| matches!(&record.event, Event::AgentReturned { run: returned, .. } if returned == run),
        )
    };
    let mut helped = Vec::new();
    for record in records {
        let Event::AgentCalled { call, run, .. } = &record.event else { continue };
        if !is_in(run) {
            let own = world.journal.records(run).await.unwrap_or_default();
            helped.push(arrival::returned(call.clone(), run.clone(), &own));
        }
    }
    helped
}

/// The events that close a run, given what its helpers used and the texts that are there now.
fn closing(
    records: &[Record],
    helped: Vec<(Event, Usage)>,
    there: impl Fn(&Path) -> Option<String>,
) -> Vec<Event> {
    let Writes { mut events, made, mut unmade, mut unknown } = writes(records, there);
    unmade.extend(waiting(records));
    for (at, record) in records.iter().enumerate() {
        let Event::EffectStarted { call, effect } = &record.event else { continue };
        let has_outcome = records[at + 1..]
            .iter()
            .any(|record| matches!(&record.event, Event::EffectFinished { call: done, .. } if done == call));
        if !has_outcome {
            unknown.push(effect.summary(Path::new("/")));
            let note = "unknown: the process ended in the middle of it".to_owned();
            events.push(Event::EffectFinished { call: call.clone(), ok: false, note });
        }
    }
    let sentences = [
        ("Made all the same", made),
        ("Not made", unmade),
        ("Whether this happened is not known, and it is not repeated", unknown),
    ];
    let said: Vec<String> = sentences
        .iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| format!("{what}: {}.", names.join("; ")))
        .collect();
    if !said.is_empty() {
        let text = format!("A run was cut short. {}", said.join(" "));
        // Whoever goes on with the conversation has to know it, too.
        events.extend([Event::Told { text: format!("[{text}]") }, Event::Notice { text }]);
    }
    let unanswered = unanswered(records);
    let mut usage = Sums::of([records]).all;
    for (returned, used) in helped {
        usage.add(used);
        events.push(returned);
    }
    if let Some((model, most)) = unanswered {
        usage.add(most);
        events.push(Event::TryLost { model, usage: most });
    }
    events.push(Event::RunFinished {
        status: RunStatus::Failed,
        text: String::new(),
        error: Some("its process ended in the middle of the run".to_owned()),
        usage,
        denied: vec![],
    });
    events
}

/// The request that had left when the records end: its model, and what it counts as.
fn unanswered(records: &[Record]) -> Option<(String, Usage)> {
    let mut model = "";
    let (mut last, mut is_open) = (Usage::default(), false);
    for record in records {
        match &record.event {
            Event::RunStarted { model: first, .. } => model = first,
            Event::ModelSwitched { to, .. } => (model, is_open) = (to, false),
            Event::ModelRequested { most, .. } => (last, is_open) = (*most, true),
            // A try failed, and the next one is reserved.
            Event::ModelWaited { tried, .. } if *tried > 0 => is_open = true,
            Event::ModelAnswered { .. } | Event::TryLost { .. } | Event::RunFinished { .. } => {
                is_open = false;
            }
            _ => {}
        }
    }
    is_open.then(|| (model.to_owned(), Usage { estimated: true, ..last }))
}

#[cfg(test)]
mod tests;
