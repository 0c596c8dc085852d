//! What a process that died in the middle left open, settled by the next one.
//!
//! A file write is settled by the text that is there: it happened, or it did not. A command that was started and has no
//! outcome is noted as unknown and never repeated; what it did to files until then is named, and undone like what one
//! did that ended. The run itself has failed, and its questions wait for nobody. What
//! it has used stays used; a request that nobody saw the answer of counts as the most that it can cost.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use copydesk_base::{ChangeId, Event, Record, Redactor, RunId, RunStatus, Usage};

use crate::budget::sums::Sums;
use crate::changes::apply::There;
use crate::changes::{command, kept};
use crate::disk::left;
use crate::error::AgentError;
use crate::run::steer;
use crate::session::cues::Left;
use crate::session::deeds;
use crate::session::recorder::Recorder;
use crate::session::recover::edits::{Edit, Writes};
use crate::team::arrival;
use crate::world::World;

/// How a run ended whose process did.
pub(crate) const DIED: &str = "its process ended in the middle of the run";

/// How many runs are looked at, newest first.
const RUNS: usize = 50;

/// Settles every run that its process did not finish. What cannot be read is left as it is, and said in the log. `since`
/// is when this process began to look after the workspace.
pub(crate) async fn settle(world: &World, recorder: &Recorder, since: SystemTime) {
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
        let deeds = done(world, recorder, (&records, since), &redactor).await;
        let left = Left { half: half(&records), deeds };
        if let Err(error) = close(world, recorder, (&records, left), &redactor).await {
            tracing::warn!(%error, run = %row.run, "a run that was cut short could not be settled");
            return;
        }
    }
    for run in kept::runs(world) {
        if world.journal.run(&run).await.is_ok_and(|row| row.is_none_or(|row| row.status.is_some())) {
            kept::forget(world, &run);
        }
    }
}

/// What the command did that a run was in, as far as that is the run's own: the edits of one that works in place are
/// those of the run that it works for, and are written down there.
async fn done(
    world: &World,
    recorder: &Recorder,
    (records, since): (&[Record], SystemTime),
    redactor: &Redactor,
) -> Vec<Event> {
    match command::unsettled(world, records, since).await {
        Some((run, deeds)) if records.first().is_some_and(|first| first.run == run) => deeds,
        Some((run, deeds)) => {
            if let Err(error) = recorder.record(&run, deeds, redactor).await {
                tracing::warn!(%error, %run, "what a command did could not be written down");
            }
            vec![]
        }
        None => vec![],
    }
}

/// Settles a run of this process whose records are to end like those of a process that died.
pub(crate) async fn settle_dead(
    world: &World,
    recorder: &Recorder,
    (run, left): (&RunId, Left),
    redactor: &Redactor,
) -> Result<(), AgentError> {
    let records = world.journal.records(run).await?;
    let begun = records.iter().rev().find_map(|record| match &record.event {
        Event::EffectStarted { call, .. } => Some(call),
        _ => None,
    });
    let root = (world.settings)().map(|settings| settings.root).unwrap_or_default();
    let deeds = left.deeds.into_iter().map(|mut deed| {
        if let Event::CommandChanged { call, path, .. } | Event::CommandTook { call, path, .. } = &mut deed {
            *path = root.join(&path);
            if let Some(begun) = begun {
                *call = begun.clone();
            }
        }
        if let Event::CommandChanged { change, .. } = &mut deed {
            *change = ChangeId::new(&*world.ids);
        }
        deed
    });
    let left = Left { deeds: deeds.collect(), ..left };
    close(world, recorder, (&records, left), redactor).await
}

async fn close(
    world: &World,
    recorder: &Recorder,
    (records, left): (&[Record], Left),
    redactor: &Redactor,
) -> Result<(), AgentError> {
    let Some(first) = records.first() else { return Ok(()) };
    let helped = helped(world, records).await;
    let parents = match &first.event {
        Event::RunStarted { parent: Some(parent), .. } => {
            world.journal.records(parent).await.unwrap_or_default()
        }
        _ => vec![],
    };
    let Left { half, deeds } = left;
    let stray = sweep(records, redactor);
    let done = deeds.iter().map(|deed| Record { event: deed.clone(), ..first.clone() });
    let all: Vec<Record> = records.iter().cloned().chain(done).collect();
    let mut events = closing(&all, &parents, helped, |path| look(world, path, redactor));
    if !stray.is_empty() {
        let names: Vec<String> = stray.iter().map(|path| path.display().to_string()).collect();
        let text = format!("Beside files that it was writing stays what is not known: {}.", names.join("; "));
        events.insert(1, Event::notice(text));
    }
    events.splice(1..1, deeds);
    if let Some(text) = half {
        events.insert(1, Event::Told { text, broken_off: true });
    }
    recorder.record(&first.run, events, redactor).await?;
    cancel_questions(world, &first.run).await;
    Ok(())
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
    sweep(&records, redactor);
    let Writes { events, .. } = edits::writes(&records, |path| look(world, path, redactor));
    if events.is_empty() { Ok(()) } else { recorder.record(run, events, redactor).await }
}

/// Takes away what was left beside the files that were being written, and gives the places of what is somebody's.
fn sweep(records: &[Record], redactor: &Redactor) -> Vec<PathBuf> {
    let writes = edits::unsettled(records).into_iter();
    let left = writes.flat_map(|(path, texts)| left::sweep(path, texts, |text| redactor.clean(text)));
    left.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The text that is there as the journal would have it, empty for no file; `None` is a file that cannot be read.
fn look(world: &World, path: &Path, redactor: &Redactor) -> Option<String> {
    match There::look(world, path) {
        Ok(there) => Some(redactor.clean(there.text())),
        Err(_) => None,
    }
}

/// A helper that nobody took in, or not to the end.
struct Helped {
    /// Its end, where that is not on record.
    returned: Option<Event>,
    usage: Usage,
    /// What it had edited in its worktree, but for what was put to the person.
    gone: BTreeSet<PathBuf>,
}

/// The ends of the helpers that nobody took in to the end, each with what it used. Helpers began later, so they are
/// settled by now.
async fn helped(world: &World, records: &[Record]) -> Vec<Helped> {
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
            let (returned, usage) = arrival::returned(call.clone(), run.clone(), &own);
            helped.push(Helped { returned: Some(returned), usage, gone: edits::apart(&own) });
        } else if edits::is_called(records, call) {
            let own = world.journal.records(run).await.unwrap_or_default();
            let mut gone = edits::apart(&own);
            gone.retain(|file| !edits::is_proposed(records, file));
            helped.push(Helped { returned: None, usage: Usage::default(), gone });
        }
    }
    helped
}

/// The events that close a run, given the records of the run that it works for, what its helpers used and the texts
/// that are there now.
fn closing(
    records: &[Record],
    parents: &[Record],
    helped: Vec<Helped>,
    there: impl Fn(&Path) -> Option<String>,
) -> Vec<Event> {
    let Writes { events: settled, mut made, mut unmade, mut unknown } = edits::writes(records, there);
    let mut events = vec![Event::CutShort {}];
    let untold = edits::untold(records.iter().map(|record| &record.event).chain(&settled));
    made.extend(untold.into_iter().filter(|edit| !made.contains(edit)).collect::<Vec<_>>());
    events.extend(settled);
    let mut made: Vec<String> = made.iter().map(Edit::named).collect();
    made.extend(deeds::deeds(records.iter().map(|record| &record.event), |file| file.display().to_string()));
    unmade.extend(edits::waiting(records, parents).iter().map(Edit::named));
    if edits::is_apart(records) {
        // Its worktree is gone, and the run that it worked for says what was in it.
        made.clear();
        unmade.clear();
        unknown.clear();
    }
    let gone = helped.iter().flat_map(|helped| &helped.gone).map(|path| edits::named(path)).collect();
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
        ("Gone with the worktree of a helper", gone),
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
        events.extend([Event::told(format!("[{text}]")), Event::notice(text)]);
    }
    events.extend(steer::left(records).into_iter().map(steer::given_back));
    let unanswered = unanswered(records);
    let mut usage = Sums::of([records]).all;
    for Helped { returned, usage: used, .. } in helped {
        usage.add(used);
        events.extend(returned);
    }
    if let Some((model, most)) = unanswered {
        usage.add(most);
        events.push(Event::TryLost { model, usage: most });
    }
    events.push(Event::RunFinished {
        status: RunStatus::Failed,
        text: String::new(),
        error: Some(DIED.to_owned()),
        usage,
        denied: vec![],
    });
    events
}

/// What had come of the answer that was under way, as its model is told; as much of it as was written down.
fn half(records: &[Record]) -> Option<String> {
    let is_begun = |record: &Record| {
        matches!(
            record.event,
            Event::ModelRequested { .. }
                | Event::ModelWaited { .. }
                | Event::ModelSwitched { .. }
                | Event::ModelAnswered { .. }
                | Event::Told { broken_off: true, .. }
        )
    };
    let begun = records.iter().rposition(is_begun)?;
    let pieces = records[begun..].iter().filter_map(|record| match &record.event {
        Event::Streamed { text } => Some(text.as_str()),
        _ => None,
    });
    let text: String = pieces.collect();
    (!text.trim().is_empty()).then(|| crate::run::half::words(&text))
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

pub(crate) mod edits;
#[cfg(test)]
mod tests;
