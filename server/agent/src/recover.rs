//! What a process that died in the middle left open, settled by the next one.
//!
//! A file write is settled by the text that is there: it happened, or it did not. A command that was started and has no
//! outcome is noted as unknown and never repeated. The run itself has failed, and its questions wait for nobody. What it
//! has used stays used; a request that nobody saw the answer of counts as the most that it can cost.

use std::path::Path;

use copydesk_base::redact::REDACTED;
use copydesk_base::{Event, Record, Redactor, RunId, RunStatus, Usage};

use crate::apply::There;
use crate::error::AgentError;
use crate::recorder::Recorder;
use crate::sums::Sums;
use crate::undo::{self, Direction};
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
        let events = closing(&records, |path| look(world, path, &redactor));
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
    let events = writes(&records, |path| look(world, path, redactor)).events;
    if events.is_empty() { Ok(()) } else { recorder.record(run, events, redactor).await }
}

/// The text that is there as the journal would have it, empty for no file; `None` is a file that cannot be read.
fn look(world: &World, path: &Path, redactor: &Redactor) -> Option<String> {
    match There::look(world, path) {
        Ok(there) => Some(redactor.clean(there.text())),
        Err(_) => None,
    }
}

/// What became of intents that have no outcome, given the texts that are there now.
#[derive(Debug, Default)]
struct Writes {
    /// Their outcomes.
    events: Vec<Event>,
    /// The edits that were made, that were not, and of which nobody can tell, each in words.
    made: Vec<String>,
    unmade: Vec<String>,
    unknown: Vec<String>,
}

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
        let what = if *undo { "the undoing of its edit" } else { "its edit" };
        let what = format!("{what} of {}", path.display());
        match there(path) {
            // One text stands for both: an empty file that came or went.
            Some(text) if text == *after && text != *before => {
                let direction = if *undo { Some(Direction::Undo) } else { None };
                writes.events.extend(undo::outcome(&records[..at], change, path, direction, (before, after)));
                writes.made.push(what);
            }
            Some(text) if text == *before && before == after && !before.contains(REDACTED) => {}
            Some(text) if text == *before && before != after => writes.unmade.push(what),
            _ => writes.unknown.push(what),
        }
    }
    writes
}

/// The events that close a run, given the texts that are there now.
fn closing(records: &[Record], there: impl Fn(&Path) -> Option<String>) -> Vec<Event> {
    let Writes { mut events, made, unmade, mut unknown } = writes(records, there);
    for (edits, became) in [(made, "was made"), (unmade, "was not made, and is not made any more")] {
        events.extend(
            edits
                .into_iter()
                .map(|edit| Event::Notice { text: format!("A run was cut short: {edit} {became}.") }),
        );
    }
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
    if !unknown.is_empty() {
        let text = format!(
            "A run was cut short. Whether this happened is not known, and it is not repeated: {}",
            unknown.join("; ")
        );
        events.push(Event::Notice { text });
    }
    let unanswered = unanswered(records);
    let mut usage = Sums::of([records]).all;
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
mod tests {
    use super::*;
    use copydesk_base::change::Base;
    use copydesk_base::{Effect, Timestamp};

    fn records(events: Vec<Event>) -> Vec<Record> {
        let numbered = (1..).zip(events);
        numbered.map(|(seq, event)| Record { run: "run-1".into(), seq, at: Timestamp(0), event }).collect()
    }

    fn applying() -> Event {
        Event::ChangeApplying {
            change: "chg-1".into(),
            path: "/a".into(),
            base: Base::Absent,
            before: "old".into(),
            after: "new".into(),
            undo: false,
            folders: 0,
        }
    }

    fn applied() -> Event {
        Event::ChangeApplied {
            change: "chg-1".into(),
            path: "/a".into(),
            before: "old".into(),
            after: "new".into(),
        }
    }

    fn kinds(events: &[Event]) -> Vec<String> {
        let word = |event: &Event| serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned();
        events.iter().map(word).collect()
    }

    #[test]
    fn a_write_is_settled_by_what_is_there() {
        let cut = records(vec![applying()]);
        for (text, expect) in [
            (Some("new"), vec!["change_applied", "notice", "run_finished"]),
            (Some("old"), vec!["notice", "run_finished"]),
            (Some("somebody's"), vec!["notice", "run_finished"]),
            (None, vec!["notice", "run_finished"]),
        ] {
            assert_eq!(kinds(&closing(&cut, |_| text.map(str::to_owned))), expect, "{text:?}");
        }
        let whole = records(vec![applying(), applied()]);
        assert_eq!(kinds(&closing(&whole, |_| None)), ["run_finished"]);
    }

    #[test]
    fn a_command_without_an_outcome_is_unknown() {
        let effect = Effect::Execute { command: "make".into(), cwd: "/".into() };
        let started = Event::EffectStarted { call: "cal-1".into(), effect };
        let finished = Event::EffectFinished { call: "cal-1".into(), ok: true, note: String::new() };
        let cut = closing(&records(vec![started.clone()]), |_| None);
        assert_eq!(kinds(&cut), ["effect_finished", "notice", "run_finished"]);
        assert!(matches!(&cut[1], Event::Notice { text } if text.ends_with("not repeated: run make")));
        assert_eq!(kinds(&closing(&records(vec![started, finished]), |_| None)), ["run_finished"]);
    }

    #[test]
    fn what_was_used_stays_used() {
        let used = |input_tokens| Usage { input_tokens, requests: 1, ..Usage::default() };
        let requested = || Event::ModelRequested { number: 1, most: used(900) };
        let answered = || Event::ModelAnswered {
            text: String::new(),
            calls: 0,
            usage: used(100),
            stopped: String::new(),
        };
        let lost = || Event::TryLost { model: "a/b".into(), usage: used(10) };
        let waited =
            |tried| Event::ModelWaited { model: "a/b".into(), reason: "busy".into(), wait_ms: None, tried };
        let sum = |input_tokens, requests, estimated| Usage {
            input_tokens,
            requests,
            estimated,
            ..Usage::default()
        };
        for (events, expect) in [
            (vec![], sum(0, 0, false)),
            (vec![requested(), answered()], sum(100, 1, false)),
            (vec![requested(), lost(), waited(0), answered()], sum(110, 2, false)),
            (vec![requested(), answered(), requested()], sum(1_000, 2, true)),
            (vec![requested(), lost(), waited(1)], sum(910, 2, true)),
            (vec![requested(), waited(1), waited(2), answered()], sum(100, 1, false)),
        ] {
            let mut records = records(events.clone());
            let closing = closing(&records, |_| None);
            let usage = closing.iter().find_map(|event| match event {
                Event::RunFinished { usage, .. } => Some(*usage),
                _ => None,
            });
            assert_eq!(usage, Some(expect), "{events:?}");
            // What is summed by model is what is summed in all.
            records.extend(self::records(closing));
            let sums = Sums::of([&*records]);
            let by_model = sums.models.values().fold(Usage::default(), |mut all, one| {
                all.add(*one);
                all
            });
            assert_eq!((sums.all, by_model), (expect, expect), "{events:?}");
        }
    }
}
