//! Where a run ends: its outcome, told to whoever waits for it, written and shown as its last record.
//!
//! What has to happen at the end of every run (a summary for a parent, a worktree to be merged, a command in the
//! background to be stopped) hangs in [`over`], before the last record.

use std::collections::BTreeMap;
use std::path::PathBuf;

use copydesk_base::{Event, Record, RunId, RunStatus, SessionId, path};
use serde_json::json;

use super::{Turn, half};
use crate::changes::kept;
use crate::desk::{Outcome, Shared};
use crate::draft;
use crate::error::AgentError;
use crate::hooks::{self, Heard, Point};
use crate::run::answer::Way;
use crate::run::steer;
use crate::session::cues::Death;
use crate::session::deeds;
use crate::session::recover::{self, edits};
use crate::session::spoken;
use crate::settings::Settings;
use crate::team::arrival;

/// The outcome of a run whose conversation came to this result.
pub(super) async fn over(mut turn: Turn, way: &Way, result: Result<(), AgentError>) -> Outcome {
    if result.is_err() {
        // Where the journal cannot be written the end says so.
        let _ = half::tell(&mut turn).await;
    }
    let result = match result {
        Err(error) if !matches!(error, AgentError::Canceled | AgentError::Journal(_)) => {
            draft::rescue(&mut turn, &error).await.and(Err(error))
        }
        result => result,
    };
    arrival::unread(&mut turn).await;
    if result.is_err() {
        untold(&mut turn).await;
    }
    let result = whole(&turn, result);
    turn.jobs.end().await;
    let unheard = unheard(&mut turn).await;
    // Helpers have a point of their own.
    if turn.parent.is_none() && !turn.cancel.is_cancelled() {
        let facts = json!({"text": turn.last_text, "succeeded": result.is_ok()});
        match hooks::at(&mut turn, Point::Stop, None, facts).await {
            Ok(Heard { words, .. }) if !words.is_empty() => {
                let _ = turn.record(vec![Event::notice(words)]).await;
            }
            _ => {}
        }
    }
    let (status, error) = match &result {
        Ok(()) => (RunStatus::Succeeded, None),
        Err(AgentError::Canceled) => (RunStatus::Canceled, None),
        Err(error) => (RunStatus::Failed, Some(turn.settings.redactor.clean(&error.told()))),
    };
    let outcome = Outcome {
        run: turn.run.clone(),
        session: turn.session.clone(),
        status,
        text: turn.settings.redactor.clean(&turn.last_text),
        changes: turn.changes,
        commanded: turn.commanded,
        refused_diffs: turn.refused_diffs,
        denied: turn.denied,
        unheard,
        usage: turn.usage,
        taint: turn.taint,
        checks: turn.draft.results(),
        model: Some(way.models()),
        error,
    };
    end(&turn.shared, Some(&turn.settings), outcome).await
}

/// A run is no success where an edit that was allowed could not be made, and its model left it at that.
fn whole(turn: &Turn, result: Result<(), AgentError>) -> Result<(), AgentError> {
    let unmade: BTreeMap<_, _> = turn.lost.iter().chain(&turn.unmade).collect();
    let shown = |file: &PathBuf| path::shown(&turn.settings.root, file);
    let error = match unmade.iter().next() {
        None => return result,
        Some((file, reason)) if unmade.len() == 1 => {
            AgentError::Unmade { files: shown(file), reason: (*reason).clone() }
        }
        Some(_) => {
            let files: Vec<String> = unmade.keys().map(|file| shown(file)).collect();
            let reasons: Vec<String> =
                unmade.iter().map(|(file, reason)| format!("{}: {reason}", shown(file))).collect();
            AgentError::Unmade { files: files.join(", "), reason: reasons.join("; ") }
        }
    };
    result.and(Err(error))
}

/// Names what became of the edits of which the model, or whoever goes on with the conversation, was never told.
async fn untold(turn: &mut Turn) {
    let records = turn.world.journal.records(&turn.run).await.unwrap_or_default();
    let root = &turn.settings.root;
    let made: Vec<String> =
        edits::untold(events(&records)).iter().map(|one| one.after(&path::shown(root, &one.path))).collect();
    // What was asked about as a whole the person knows, and the model that it has no result.
    let parents = match &turn.parent {
        Some(parent) => turn.world.journal.records(parent).await.unwrap_or_default(),
        None => vec![],
    };
    let waiting =
        edits::waiting(&records, &parents).into_iter().filter(|one| one.was_drafted || one.is_begun());
    let unmade: Vec<String> = waiting.map(|one| one.after(&path::shown(root, &one.path))).collect();
    let mut said = Vec::new();
    if !made.is_empty() {
        said.push(format!(
            "These edits were made before the run ended: {}. Undo takes them back.",
            made.join(", ")
        ));
    }
    let deeds = deeds::deeds(events(&records), |file| path::shown(root, file));
    if !deeds.is_empty() {
        said.push(format!("Before the run ended {}. Undo takes back what it can.", deeds.join("; ")));
    }
    if !unmade.is_empty() {
        said.push(format!("The run ended before these edits were made: {}.", unmade.join(", ")));
    }
    let open: Vec<String> = edits::under_way(&records).iter().map(|file| path::shown(root, file)).collect();
    if !open.is_empty() && turn.cancel.is_cancelled() {
        said.push(format!(
            "The editor was sent these edits and has not answered; what came of them is told when it does: {}.",
            open.join(", ")
        ));
    }
    if said.is_empty() {
        return;
    }
    let text = said.join(" ");
    // Where the journal cannot be written the end says so.
    if turn.tell(format!("[{text}]")).await.is_ok() {
        let _ = turn.record(vec![Event::notice(text)]).await;
    }
}

fn events(records: &[Record]) -> impl Iterator<Item = &Event> + Clone {
    records.iter().map(|record| &record.event)
}

/// Says what the person told the run and it never heard: a budget, an error or a cancel came first.
async fn unheard(turn: &mut Turn) -> Vec<String> {
    let mut unheard = spoken::unheard(turn);
    unheard.extend(turn.ear.rest());
    // What was told to a helper its run hears instead.
    for words in unheard.iter().filter(|_| turn.parent.is_none()) {
        // Where the journal cannot be written the end says so.
        let _ = turn.record(vec![steer::given_back(words)]).await;
    }
    unheard
}

/// A run that came to nothing.
pub(super) fn failed(run: &RunId, session: &SessionId, error: &AgentError) -> Outcome {
    match error {
        AgentError::Canceled => Outcome::nothing(run, session, RunStatus::Canceled, None),
        error => Outcome::nothing(run, session, RunStatus::Failed, Some(error.told())),
    }
}

/// Writes and shows how the run ended; where the journal fails, it is shown all the same.
pub(super) async fn end(shared: &Shared, settings: Option<&Settings>, outcome: Outcome) -> Outcome {
    let redactor = settings.map_or_else(Default::default, |settings| settings.redactor.clone());
    kept::forget(&shared.world, &outcome.run);
    if let Some(Death { left, .. }) = shared.recorder.cues.buries(&outcome.run) {
        if let Err(error) =
            recover::settle_dead(&shared.world, &shared.recorder, (&outcome.run, left), &redactor).await
        {
            tracing::warn!(%error, run = %outcome.run, "a run that died again could not be settled");
        }
        return Outcome { status: RunStatus::Failed, error: Some(recover::DIED.to_owned()), ..outcome };
    }
    let event = Event::RunFinished {
        status: outcome.status,
        text: outcome.text.clone(),
        error: outcome.error.clone(),
        usage: outcome.usage,
        denied: outcome.denied.clone(),
    };
    if shared.recorder.record(&outcome.run, vec![event.clone()], &redactor).await.is_err() {
        let record = Record { run: outcome.run.clone(), seq: 0, at: shared.world.clock.now(), event };
        shared.world.host.happened(&record);
    }
    outcome
}
