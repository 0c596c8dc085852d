//! A command between two looks at the workspace: what it did to files is written down, so that undo can take it back.
//!
//! Files that it names are kept whatever they are ([`named`]); of all others it is known what they were, within bounds
//! ([`around`]). What has changed becomes [`Event::CommandChanged`], which undo takes back like an edit; what cannot be
//! taken back becomes [`Event::CommandTook`], which undo names.
//!
//! # Invariants
//! - What somebody else may have done meanwhile is never taken back, but named: another run at work in the workspace,
//!   or the person who saved it in their editor (one that merely loads what the command wrote saves nothing). A program
//!   that nobody here knows of may have; then redo brings its text again.
//! - What was there is on the disk while a command runs ([`kept`](super::kept)): of one whose process was killed the next
//!   start tells the same. What was written when it cannot have run any more is named, not taken back.
//! - A command that only reads costs nothing, and neither does one in a helper's worktree: what is changed there comes
//!   back as edits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use copydesk_base::{CallId, ChangeId, Effect, Event, Files, Grade, Ids, Record, RunId, SessionId};
use copydesk_permission::Policy;

use super::around::{Around, Difference};
use super::kept::{self, Begun};
use super::named::{Changed, Named};
use crate::error::AgentError;
use crate::gate::twins::Twins;
use crate::run::Turn;
use crate::team::apart::only_reads;
use crate::world::World;

/// How many runs are looked at for others at work, newest first.
const RUNS: usize = 50;

/// What was there before a command.
#[derive(Default)]
pub(crate) struct Before {
    named: Named,
    around: Option<Surroundings>,
}

struct Surroundings {
    files: Arc<Around>,
    began: SystemTime,
    /// How often the person's editor had saved each file.
    saves: BTreeMap<PathBuf, u64>,
    /// Whether another run was at work.
    is_shared: bool,
}

/// Keeps what commands may change that run one behind the other.
pub(crate) async fn keep(turn: &mut Turn, effects: &[Effect]) -> Before {
    keep_of(turn, effects, None).await
}

/// The same for a command that is told by its call, and has ended when its time is up: what there was is on the disk
/// while it runs.
pub(crate) async fn keep_for(turn: &mut Turn, effect: &Effect, call: &CallId, limit: Duration) -> Before {
    keep_of(turn, std::slice::from_ref(effect), Some((call.clone(), limit))).await
}

async fn keep_of(turn: &mut Turn, effects: &[Effect], call: Option<(CallId, Duration)>) -> Before {
    let policy = turn.policy();
    if turn.apart.is_some() || effects.iter().all(|effect| only_reads(effect, &policy)) {
        return Before::default();
    }
    let (effects, files) = (effects.to_vec(), turn.world.files.clone());
    let earlier = std::mem::take(&mut turn.around);
    let is_shared = is_shared(&turn.world, &turn.conversation, None).await;
    let (mut kept, place) = (turn.kept.clone(), kept::folder(&turn.world, &turn.run));
    let (edits_of, conversation) = (turn.edits_of.clone(), turn.conversation.clone());
    let looking = tokio::task::spawn_blocking(move || {
        let named = Named::of(&effects, &policy, &*files);
        let around = Arc::new(Around::look(&earlier, &Twins::of(policy), &*files));
        let named = named.leave_to(|folder| around.kept_below(folder));
        let (began, saves) = (SystemTime::now(), files.saves());
        if let Some((call, limit)) = call {
            let until = began + limit;
            let begun = Begun { call, edits_of, conversation, began, until, is_shared };
            kept.write(&place, begun, &around, &named);
        }
        (kept, Before { named, around: Some(Surroundings { files: around, began, saves, is_shared }) })
    });
    let Ok((kept, before)) = looking.await else { return Before::default() };
    turn.kept = kept;
    before
}

/// Writes down what a command did to files.
pub(crate) async fn settle(turn: &mut Turn, call: &CallId, before: Before) -> Result<(), AgentError> {
    let Before { named, around: Some(around) } = before else { return Ok(()) };
    let (files, policy) = (turn.world.files.clone(), turn.policy());
    let (was, began) = (around.files.clone(), around.began);
    let looking = tokio::task::spawn_blocking(move || {
        (Found::look(named, &was, began, policy, &*files), files.saves())
    });
    let Ok((mut found, saves)) = looking.await else { return Ok(()) };
    turn.around = std::mem::take(&mut found.now);
    let is_shared = around.is_shared || is_shared(&turn.world, &turn.conversation, Some(began)).await;
    let events = found.events(&*turn.world.ids, call, |path| {
        if is_shared {
            Some(SHARED)
        } else if saves.get(path) != around.saves.get(path) {
            Some("you saved it meanwhile, and whose change it is is not known")
        } else {
            None
        }
    });
    turn.commanded |= events.iter().any(|event| matches!(event, Event::CommandChanged { .. }));
    if !events.is_empty() {
        turn.recorder.record(&turn.edits_of, events, &turn.settings.redactor).await?;
    }
    kept::settled(&kept::folder(&turn.world, &turn.run));
    Ok(())
}

/// What the command did that a run was in whose process died, and the run whose edits that is; nothing where it was in
/// none. `since` is when this process began to look after the workspace.
pub(crate) async fn unsettled(
    world: &World,
    records: &[Record],
    since: SystemTime,
) -> Option<(RunId, Vec<Event>)> {
    let run = &records.first()?.run;
    let (settings, place) = ((world.settings)().ok()?, kept::folder(world, run));
    let policy = settings.policy(settings.mode, Grade::Typed, &[]);
    let files = world.files.clone();
    let looking = tokio::task::spawn_blocking(move || {
        let (begun, around, named) = kept::read(&place)?;
        let found = Found::look(named, &around, begun.began, policy, &*files);
        Some((begun, found, files.saves()))
    });
    let (begun, found, saves) = looking.await.ok()??;
    let is_of_call = |record: &Record| matches!(&record.event, Event::CommandChanged { call, .. } | Event::CommandTook { call, .. } if *call == begun.call);
    let has_begun = records
        .iter()
        .any(|record| matches!(&record.event, Event::EffectStarted { call, .. } if *call == begun.call));
    let is_told = if begun.edits_of == *run {
        records.iter().any(is_of_call)
    } else {
        world.journal.records(&begun.edits_of).await.unwrap_or_default().iter().any(is_of_call)
    };
    if !has_begun || is_told {
        return None;
    }
    let is_shared = begun.is_shared || is_shared(world, &begun.conversation, Some(begun.began)).await;
    let last = begun.until.min(since);
    let events = found.events(&*world.ids, &begun.call, |path| {
        let written = path.symlink_metadata().and_then(|metadata| metadata.modified());
        if is_shared {
            Some(SHARED)
        } else if saves.contains_key(path) || written.is_ok_and(|written| written > last) {
            Some("it was written later, too, and whose change it is is not known")
        } else {
            None
        }
    });
    Some((begun.edits_of, events))
}

/// What is there behind a command, beside what was there before.
struct Found {
    root: PathBuf,
    now: Around,
    changed: Vec<Changed>,
    gone: Vec<(PathBuf, &'static str)>,
    difference: Difference,
}

impl Found {
    fn look(named: Named, was: &Around, began: SystemTime, policy: Policy, files: &dyn Files) -> Self {
        let now = Around::look(was, &Twins::of(policy), files);
        let mut difference = was.difference(&now, began, |folder| named.was_absent(folder));
        difference.changed.retain(|one| !named.has(&one.path));
        difference.left.retain(|(path, _)| !named.has(path));
        let (changed, gone) = named.changed(files);
        Self { root: now.root().to_owned(), now, changed, gone, difference }
    }

    /// It as events; `doubt` tells of a file that the command does not name why it may be somebody else's.
    fn events(
        self,
        ids: &dyn Ids,
        call: &CallId,
        doubt: impl Fn(&Path) -> Option<&'static str>,
    ) -> Vec<Event> {
        let Self { root, changed, gone, difference, .. } = self;
        let took = |path: PathBuf, why: &str, overwritten| Event::CommandTook {
            call: call.clone(),
            path,
            reason: why.to_owned(),
            overwritten,
        };
        let left = |(path, why): (PathBuf, &str)| {
            let overwritten = path.symlink_metadata().is_ok();
            took(path, why, overwritten)
        };
        let mut events: Vec<Event> = changed.into_iter().map(|one| told(ids, call, one)).collect();
        events.extend(gone.into_iter().map(left));
        if difference.is_too_much() {
            events.push(took(root, "it changed more files than are kept", true));
            return events;
        }
        events.extend(difference.changed.into_iter().map(|one| match doubt(&one.path) {
            Some(why) => took(one.path, why, one.after.is_some()),
            None => told(ids, call, one),
        }));
        events.extend(difference.left.into_iter().map(left));
        events
    }
}

/// Why a change is not taken back behind which somebody else may stand.
const SHARED: &str = "another agent was at work in the same folder, and whose change it is is not known";

fn told(ids: &dyn Ids, call: &CallId, one: Changed) -> Event {
    let (change, call) = (ChangeId::new(ids), call.clone());
    let Changed { path, before, after, instead, folders } = one;
    Event::CommandChanged { change, call, path, before, after, instead, folders }
}

/// Whether another conversation is at work in the workspace, or one began since. Helpers have none of their own: whom
/// they work for has.
async fn is_shared(world: &World, own: &SessionId, since: Option<SystemTime>) -> bool {
    let since = since.and_then(|since| since.duration_since(SystemTime::UNIX_EPOCH).ok());
    let since = since.and_then(|since| u64::try_from(since.as_millis()).ok());
    let rows = world.journal.runs(RUNS).await.unwrap_or_default();
    rows.iter().any(|row| {
        let is_other = !row.session.as_str().is_empty() && row.session != *own;
        is_other && (row.status.is_none() || since.is_some_and(|since| row.started.0 >= since))
    })
}
