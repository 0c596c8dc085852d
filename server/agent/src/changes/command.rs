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
//! - A command that only reads costs nothing, and neither does one in a helper's worktree: what is changed there comes
//!   back as edits.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use copydesk_base::{CallId, ChangeId, Effect, Event};

use super::around::{Around, Difference};
use super::named::{Changed, Named};
use crate::error::AgentError;
use crate::gate::twins::Twins;
use crate::run::Turn;
use crate::team::apart::only_reads;

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
    let policy = turn.policy();
    if turn.apart.is_some() || effects.iter().all(|effect| only_reads(effect, &policy)) {
        return Before::default();
    }
    let (effects, files) = (effects.to_vec(), turn.world.files.clone());
    let earlier = std::mem::take(&mut turn.around);
    let is_shared = is_shared(turn, None).await;
    let looking = tokio::task::spawn_blocking(move || {
        let named = Named::of(&effects, &policy, &*files);
        let around = Around::look(&earlier, &Twins::of(policy), &*files);
        let named = named.leave_to(|folder| around.kept_below(folder));
        let (began, saves) = (SystemTime::now(), files.saves());
        let around = Surroundings { files: Arc::new(around), began, saves, is_shared };
        Before { named, around: Some(around) }
    });
    looking.await.unwrap_or_default()
}

/// Writes down what a command did to files.
pub(crate) async fn settle(turn: &mut Turn, call: &CallId, before: Before) -> Result<(), AgentError> {
    let Before { named, around: Some(around) } = before else { return Ok(()) };
    let (files, policy) = (turn.world.files.clone(), turn.policy());
    let (was, began) = (around.files.clone(), around.began);
    let looking = tokio::task::spawn_blocking(move || {
        let now = Around::look(&was, &Twins::of(policy), &*files);
        let mut difference = was.difference(&now, began, |folder| named.was_absent(folder));
        difference.changed.retain(|one| !named.has(&one.path));
        difference.left.retain(|(path, _)| !named.has(path));
        let (changed, gone) = named.changed(&*files);
        (now, changed, gone, difference, files.saves())
    });
    let Ok((now, changed, gone, difference, saves)) = looking.await else { return Ok(()) };
    turn.around = now;
    let took = |path, why: &str, overwritten| Event::CommandTook {
        call: call.clone(),
        path,
        reason: why.to_owned(),
        overwritten,
    };
    let mut events: Vec<Event> = changed.into_iter().map(|one| told(turn, call, one)).collect();
    events.extend(gone.into_iter().map(|(path, why)| {
        let overwritten = path.symlink_metadata().is_ok();
        took(path, why, overwritten)
    }));
    if difference.is_too_much() {
        events.push(took(turn.settings.root.clone(), "it changed more files than are kept", true));
    } else if difference != Difference::default() {
        let is_shared = around.is_shared || is_shared(turn, Some(began)).await;
        for one in difference.changed {
            let why = if is_shared {
                Some("another agent was at work in the same folder, and whose change it is is not known")
            } else if saves.get(&one.path) != around.saves.get(&one.path) {
                Some("you saved it meanwhile, and whose change it is is not known")
            } else {
                None
            };
            events.push(match why {
                Some(why) => took(one.path, why, one.after.is_some()),
                None => told(turn, call, one),
            });
        }
        let left = difference.left.into_iter();
        events.extend(left.map(|(path, why)| {
            let overwritten = path.symlink_metadata().is_ok();
            took(path, why, overwritten)
        }));
    }
    if events.is_empty() {
        return Ok(());
    }
    turn.recorder.record(&turn.edits_of, events, &turn.settings.redactor).await
}

fn told(turn: &Turn, call: &CallId, one: Changed) -> Event {
    let (change, call) = (ChangeId::new(&*turn.world.ids), call.clone());
    let Changed { path, before, after, instead, folders } = one;
    Event::CommandChanged { change, call, path, before, after, instead, folders }
}

/// Whether another conversation is at work in the workspace, or one began since. Helpers have none of their own: whom
/// they work for has.
async fn is_shared(turn: &Turn, since: Option<SystemTime>) -> bool {
    let since = since.and_then(|since| since.duration_since(SystemTime::UNIX_EPOCH).ok());
    let since = since.and_then(|since| u64::try_from(since.as_millis()).ok());
    let rows = turn.world.journal.runs(RUNS).await.unwrap_or_default();
    rows.iter().any(|row| {
        let is_other = !row.session.as_str().is_empty() && row.session != turn.conversation;
        is_other && (row.status.is_none() || since.is_some_and(|since| row.started.0 >= since))
    })
}
