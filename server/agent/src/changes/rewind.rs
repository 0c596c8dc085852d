//! Back to before a turn: its files, its conversation, or both, and with it everything that came later in its session.
//!
//! A checkpoint is the moment before a turn, named by the turn's run: nothing is stored for it, since the journal has
//! every text before and after. Files go back as by [`crate::changes::undo`], the newest run first, so what a person
//! typed since stays and what cannot be taken back is named. Of the conversation nothing is deleted: one event says
//! which turns do not count any more.

use std::collections::HashSet;

use copydesk_base::change::{HunkReport, RefusedHunk};
use copydesk_base::config::Mode;
use copydesk_base::{Event, Record, RunId, SessionId};
use serde::{Deserialize, Serialize};

use crate::changes::undo::{self, Direction};
use crate::desk::{Ask, Shared, Voice};
use crate::error::AgentError;
use crate::session::past;

/// How many conversations are looked through for one with a turn that counts.
const RECENT: usize = 20;

/// What goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Files,
    Conversation,
    #[default]
    Both,
}

/// The runs that records say do not count any more.
pub(crate) fn dropped<'r>(records: impl IntoIterator<Item = &'r Record>) -> HashSet<RunId> {
    let runs = records.into_iter().filter_map(|record| match &record.event {
        Event::Rewound { runs } => Some(runs.clone()),
        _ => None,
    });
    runs.flatten().collect()
}

/// A turn and the later ones of its session, oldest first.
#[derive(Clone, Debug)]
pub(crate) struct Going {
    /// The runs that a scope is about, earlier tries and turns that were forgotten before among them.
    pub(crate) runs: Vec<RunId>,
    /// Those of them that count until now.
    pub(crate) counted: Vec<RunId>,
}

impl Going {
    /// The turns as a person counts them: those that are forgotten now, or whose files go back.
    pub(crate) fn turns(&self, scope: Scope) -> Vec<RunId> {
        if scope == Scope::Files { self.runs.clone() } else { self.counted.clone() }
    }
}

/// What goes back: from the last turn on where none is named.
pub(crate) async fn going(shared: &Shared, run: Option<&RunId>, scope: Scope) -> Result<Going, AgentError> {
    shared.recover().await;
    let journal = &shared.world.journal;
    let run = match (run, scope) {
        (Some(run), _) => run.clone(),
        // The files of a turn that does not count any more are there all the same.
        (None, Scope::Files) => match journal.last_changed_run().await? {
            Some(changed) => changed,
            None => last(shared).await?,
        },
        (None, _) => last(shared).await?,
    };
    let row = journal.run(&run).await?.ok_or_else(|| AgentError::UnknownRun(run.to_string()))?;
    let counted = counted(shared, &row.session).await?;
    if scope != Scope::Files && !counted.contains(&run) {
        return Err(AgentError::NothingToUndo);
    }
    let place = |turns: &[RunId], run| turns.iter().position(|known| known == run);
    let (mut runs, at) = if scope == Scope::Conversation {
        (counted.clone(), place(&counted, &run))
    } else {
        // Files go back with what was done in turns that were asked once more since, and in earlier tries of this one.
        let all = all(shared, &row.session).await?;
        let at = place(&all, &first_try(shared, &run).await?).or_else(|| place(&all, &run));
        (all, at)
    };
    let runs = runs.split_off(at.ok_or(AgentError::NothingToUndo)?);
    let counted = runs.iter().filter(|run| counted.contains(run)).cloned().collect();
    Ok(Going { runs, counted })
}

/// The last turn that counts, of the conversation that something was said in last.
async fn last(shared: &Shared) -> Result<RunId, AgentError> {
    for row in shared.world.journal.sessions(RECENT).await? {
        if let Some(last) = counted(shared, &row.session).await?.pop() {
            return Ok(last);
        }
    }
    Err(AgentError::NothingToUndo)
}

/// The run that a turn was first asked in, before it was asked again.
async fn first_try(shared: &Shared, run: &RunId) -> Result<RunId, AgentError> {
    let mut first = run.clone();
    loop {
        let records = shared.world.journal.records(&first).await?;
        match records.first().map(|record| &record.event) {
            Some(Event::RunStarted { again: Some(before), .. }) => first.clone_from(before),
            _ => return Ok(first),
        }
    }
}

/// The turns of a session, oldest first.
async fn all(shared: &Shared, session: &SessionId) -> Result<Vec<RunId>, AgentError> {
    let mut turns = Vec::new();
    for row in shared.world.journal.session(session).await? {
        // What is being made, here or by another process, cannot be taken back yet.
        if row.status.is_none() {
            return Err(AgentError::UnderWay(row.title));
        }
        turns.push(row.run);
    }
    Ok(turns)
}

/// Those of them that still count.
async fn counted(shared: &Shared, session: &SessionId) -> Result<Vec<RunId>, AgentError> {
    let mut turns = all(shared, session).await?;
    let gone = past::gone(&shared.world.journal, session).await?;
    turns.retain(|run| !gone.contains(run));
    Ok(turns)
}

/// Goes back to before the first of these turns. The report counts pieces through all files of all turns.
pub(crate) async fn rewind(shared: &Shared, going: &Going, scope: Scope) -> Result<HunkReport, AgentError> {
    let mut report = HunkReport::default();
    if scope != Scope::Conversation {
        for run in going.runs.iter().rev() {
            match undo::take_back(shared, Some(run.clone()), Direction::Undo).await {
                Ok(one) => add(&mut report, one),
                Err(AgentError::NothingToUndo) => {}
                Err(error) => return Err(error),
            }
        }
    }
    if scope != Scope::Files
        && let Some(first) = going.runs.first()
    {
        let event = Event::Rewound { runs: going.counted.clone() };
        shared.recorder.record(first, vec![event], &shared.world.redactor()).await?;
    }
    Ok(report)
}

fn add(report: &mut HunkReport, one: HunkReport) {
    let offset = report.sent.len() + report.refused.len();
    report.sent.extend(one.sent.into_iter().map(|hunk| hunk + offset));
    let refused = one.refused.into_iter();
    report.refused.extend(refused.map(|one| RefusedHunk { hunk: one.hunk + offset, ..one }));
}

/// The same once more: what a turn was asked, for its session as it was before that turn. The turn does not count any
/// more; its edits stay.
pub(crate) async fn again(
    shared: &Shared,
    run: Option<&RunId>,
    model: Option<String>,
) -> Result<Ask, AgentError> {
    let going = going(shared, run, Scope::Conversation).await?;
    let first = going.runs.first().ok_or(AgentError::NothingToUndo)?;
    let records = shared.world.journal.records(first).await?;
    // Words that somebody else wrote were confirmed before the model was told anything.
    let is_begun = records.iter().any(|record| matches!(record.event, Event::Told { .. }));
    let started = records.iter().find_map(|record| match &record.event {
        Event::RunStarted { session, prompt, origin, action, mode, agent, .. } if is_begun => {
            Some((session.clone(), prompt.clone(), origin.clone(), action.clone(), agent.clone(), mode))
        }
        _ => None,
    });
    let Some((session, prompt, origin, action, agent, mode)) = started else {
        return Err(AgentError::NeverAsked(first.to_string()));
    };
    let images = records.iter().find_map(|record| match &record.event {
        Event::ImagesSent { paths, .. } => Some(paths.clone()),
        _ => None,
    });
    // Whoever held the run to a mode, a flag or a document, says so no more here.
    let ceiling = Mode::parse(mode);
    let action = if action.is_empty() { "ask".to_owned() } else { action };
    rewind(shared, &going, Scope::Conversation).await?;
    Ok(Ask {
        prompt,
        images: images.unwrap_or_default(),
        action,
        agent: Some(agent).filter(|agent| !agent.is_empty()),
        place: origin.map(|origin| (origin.path, origin.span)),
        model,
        ceiling,
        session: Some(session),
        again: Some(first.clone()),
        ..Ask::new(Voice::Person)
    })
}

/// Goes back, and tells the person what could not be taken back.
pub(crate) async fn perform(shared: &Shared, going: &Going, scope: Scope) {
    let outcome = rewind(shared, going, scope).await;
    if let Some(first) = going.runs.first()
        && !matches!(&outcome, Ok(report) if report.refused.is_empty())
    {
        undo::notice(shared, first, outcome).await;
    }
}
