//! Helpers: runs that a run starts, each with a context of its own, of which it reads the last answer.
//!
//! [`start`] makes one and gives back its end, to be waited for; [`take_in`] makes a tool's answer of that: the summary,
//! and what the helper changed, as edits of the run that asked. [`Terms`] are what it gets from there: settings, bounds,
//! purse, grade. A helper has never more than its parent.

use std::sync::{Arc, Mutex};

use copydesk_base::config::Mode;
use copydesk_base::event::Origin;
use copydesk_base::{CallId, Event, Files, Grade, RunId, RunStatus, SessionId, Timestamp, Usage, path};
use copydesk_language::types::Profile;
use copydesk_permission::{Bounds, Policy};
use copydesk_text::rebase::{self, Rebased};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::action::Action;
use crate::desk::{Ask, Order, Outcome, Shared, Voice};
use crate::error::AgentError;
use crate::hooks::{self, Point};
use crate::library::{self, Agent};
use crate::purse::Purse;
use crate::role::{self, Calls, Role};
use crate::run::{self, Place, Turn};
use crate::session::Spent;
use crate::settings::Settings;
use crate::steer::{Ear, UNHEARD};
use crate::sums::Sums;
use crate::tools::{self, Output};
use crate::vault;
use crate::view::RunView;
use crate::worktree::{Changes, Worktree};

/// How many helpers of one run work at the same time.
const AT_ONCE: usize = 4;

/// What a helper is told before its task.
const TASK: &str = "\
Another agent asks you for a piece of work. It sees nothing of what you do and reads only your last answer: end with a short \
summary of what you found or did, with files and lines. You cannot ask it anything. The task:";

/// Where a helper works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// It changes nothing, and sees what the run sees.
    Looks,
    /// It edits as the run itself would.
    InPlace,
    /// It edits in a git worktree; what comes of that is brought back.
    Apart,
}

/// A piece of work for a helper.
pub(crate) struct Task {
    pub(crate) call: CallId,
    pub(crate) agent: Option<Agent>,
    pub(crate) words: String,
    pub(crate) site: Site,
    /// The most requests.
    pub(crate) steps: Option<u64>,
    /// Who may work at the same time; all helpers of the run where there is none.
    pub(crate) beside: Option<Arc<Semaphore>>,
    /// Where it leaves tasks for others, if it may.
    pub(crate) tasks: Option<Tasks>,
}

/// Tasks that one helper leaves for others.
pub(crate) type Tasks = Arc<Mutex<Vec<String>>>;

/// What a run keeps of its helpers.
pub(crate) struct Helpers {
    gate: Arc<Semaphore>,
    cancel: CancellationToken,
    /// How many the model has called for.
    pub(crate) called: usize,
    /// They end with the run, however that ends.
    _end: DropGuard,
}

impl Helpers {
    pub(crate) fn of(run: &CancellationToken) -> Self {
        let cancel = run.child_token();
        let end = cancel.clone().drop_guard();
        Self { gate: Arc::new(Semaphore::new(AT_ONCE)), cancel, called: 0, _end: end }
    }
}

/// What a run begins with: from the person's ask, or from the run that started it.
pub(crate) struct Terms {
    /// The run that started it.
    pub(crate) parent: Option<RunId>,
    pub(crate) settings: Settings,
    pub(crate) files: Arc<dyn Files>,
    pub(crate) action: Action,
    pub(crate) role: Role,
    /// The model of the run that started it, where nothing else names one.
    pub(crate) model: Option<String>,
    pub(crate) mode: Option<Mode>,
    pub(crate) bounds: Vec<Bounds>,
    pub(crate) remembered_before: usize,
    pub(crate) taint: Grade,
    pub(crate) purse: Arc<Purse>,
    pub(crate) spent: Spent,
    pub(crate) began: Timestamp,
    pub(crate) origin: Option<Origin>,
    /// The run whose edits its edits are; its own where they are brought back.
    pub(crate) edits_of: Option<RunId>,
    pub(crate) steps: Option<u64>,
    pub(crate) tasks: Option<Tasks>,
}

/// How a helper ended.
pub(crate) struct Ended {
    call: CallId,
    /// What people call it.
    name: String,
    pub(crate) outcome: Outcome,
    changes: Option<Result<Changes, String>>,
}

/// Starts a helper; its end comes when it comes, also where nobody waits for it.
pub(crate) async fn start(turn: &mut Turn, task: Task) -> Result<BoxFuture<'static, Ended>, AgentError> {
    let shared = turn.shared.clone();
    let run = RunId::new(&*turn.world.ids);
    let name = task.agent.as_ref().map_or_else(|| "helper".to_owned(), |agent| agent.name.clone());
    turn.record(vec![Event::AgentCalled {
        call: task.call.clone(),
        run: run.clone(),
        agent: name.clone(),
        task: task.words.clone(),
    }])
    .await?;
    let cancel = turn.helpers.cancel.child_token();
    let (speak, inbox) = mpsc::channel(UNHEARD);
    let title = format!("{name}: {}", vault::first_words(&task.words));
    let view =
        RunView { run: run.clone(), title, origin: turn.origin.clone(), started: turn.world.clock.now() };
    shared.link.order(Order::Begin { view, cancel: cancel.clone(), speak });
    let gate = task.beside.clone().unwrap_or_else(|| turn.helpers.gate.clone());
    let terms = terms(turn, &task);
    let (done, ended) = oneshot::channel();
    let (call, site, words) = (task.call, task.site, task.words);
    let lost = Ended {
        call: call.clone(),
        name: name.clone(),
        outcome: nothing(&run, RunStatus::Canceled, None),
        changes: None,
    };
    let policy = turn.policy();
    let place = Place { run, session: SessionId::from(""), cancel, ear: Ear::new(inbox), terms: None };
    turn.shared.runs.spawn(async move {
        let _room = gate.acquire_owned().await;
        let (outcome, changes) = Box::pin(work(&shared, place, terms, words, site, &policy)).await;
        let _ = done.send(Ended { call, name, outcome, changes });
    });
    Ok(async move { ended.await.unwrap_or(lost) }.boxed())
}

/// Everything that a helper gets from its run, and no more.
fn terms(turn: &Turn, task: &Task) -> Terms {
    let library = role::shelves(&*turn.world.files, &turn.shared.world, &[], &turn.settings);
    let mut offered = turn.role_tools();
    let mut bounds = turn.all_bounds();
    if task.site == Site::Looks {
        // One with a name may have been made to run things, tests for one.
        let profile = if task.agent.is_some() { Profile::VerifyOnly } else { Profile::ReadOnly };
        bounds.push(library::bounds(profile));
        let looking = library::profiled(profile).unwrap_or_default();
        offered.retain(|tool| looking.contains(tool));
    }
    let role = Role::of(&library, task.agent.clone(), offered);
    let mut tools = role.tools(Calls::Nobody);
    if task.tasks.is_some() {
        tools.push("assign_tasks".to_owned());
    }
    let name = task.agent.as_ref().map_or("helper", |agent| agent.name.as_str()).to_owned();
    let action = Action { title: name.clone(), name, task: TASK.to_owned(), tools, ..Action::default() };
    Terms {
        parent: Some(turn.run.clone()),
        settings: Settings { notices: vec![], ..turn.settings.clone() },
        files: turn.world.files.clone(),
        action,
        model: Some(turn.model.clone()),
        role,
        mode: turn.mode_of_flag(),
        bounds,
        remembered_before: turn.remembered_before(),
        taint: turn.taint,
        purse: turn.purse.clone(),
        spent: turn.spent,
        began: turn.began,
        origin: turn.origin.clone(),
        edits_of: (task.site == Site::InPlace).then(|| turn.edits_of.clone()),
        steps: task.steps,
        tasks: task.tasks.clone(),
    }
}

/// The life of a helper, from its worktree to what it changed there.
async fn work(
    shared: &Arc<Shared>,
    place: Place,
    mut terms: Terms,
    words: String,
    site: Site,
    policy: &Policy,
) -> (Outcome, Option<Result<Changes, String>>) {
    let (run, cancel) = (place.run.clone(), place.cancel.clone());
    let settings = terms.settings.clone();
    let mut worktree = None;
    if site == Site::Apart {
        let notes = shared.worktree_notes();
        let made = Worktree::make(&settings, policy, &*terms.files, &notes);
        let made = tokio::select! {
            made = made => made,
            () = cancel.cancelled() => Err("the run was canceled".to_owned()),
        };
        match made {
            Ok(made) => {
                terms.settings = made.settings(&settings);
                // No editor holds anything open there.
                terms.files = Arc::new(crate::DiskFiles);
                worktree = Some(made);
            }
            Err(reason) => {
                shared.link.order(Order::End { run: run.clone() });
                let status = if cancel.is_cancelled() { RunStatus::Canceled } else { RunStatus::Failed };
                let reason = format!("failed to make a worktree: {reason}");
                return (nothing(&run, status, Some(reason)), None);
            }
        }
    }
    let ask = Ask { prompt: words, action: terms.action.name.clone(), ..Ask::new(Voice::Person) };
    let (open, gate) = oneshot::channel();
    drop(open);
    let (done, outcome) = oneshot::channel();
    Box::pin(run::task(shared.clone(), ask, Place { terms: Some(Box::new(terms)), ..place }, gate, done))
        .await;
    let outcome = outcome.await.unwrap_or_else(|_| nothing(&run, RunStatus::Failed, None));
    let Some(worktree) = worktree else { return (outcome, None) };
    let changes = match outcome.status {
        RunStatus::Canceled => None,
        _ => Some(worktree.changes(&settings).await),
    };
    worktree.remove(&settings).await;
    (outcome, changes)
}

/// The outcome of a helper that never worked.
fn nothing(run: &RunId, status: RunStatus, error: Option<String>) -> Outcome {
    Outcome {
        run: run.clone(),
        session: SessionId::from(""),
        status,
        text: String::new(),
        changes: vec![],
        refused_diffs: vec![],
        denied: vec![],
        usage: Usage::default(),
        taint: Grade::Typed,
        checks: vec![],
        model: None,
        error,
    }
}

/// Makes an answer of a helper's end, and edits of what it changed.
pub(crate) async fn take_in(turn: &mut Turn, ended: Ended) -> Result<Output, AgentError> {
    let Ended { call, name, outcome, changes } = ended;
    turn.usage.add(outcome.usage);
    let (run, status) = (outcome.run.clone(), outcome.status);
    let Sums { models, .. } = Sums::of([turn.world.journal.records(&run).await?.as_slice()]);
    let usage = outcome.usage;
    turn.record(vec![Event::AgentReturned { call: call.clone(), run, status, usage, models }]).await?;
    turn.denied.extend(outcome.denied);
    turn.changes.extend(outcome.changes.into_iter().filter(|_| changes.is_none()));
    let facts = json!({"agent": name, "status": status, "text": outcome.text});
    hooks::at(turn, Point::SubagentStop, None, facts).await?;
    let mut text = match (status, outcome.error) {
        (RunStatus::Succeeded, _) if outcome.text.trim().is_empty() => {
            format!("{name} has ended without a word.")
        }
        (RunStatus::Succeeded, _) => format!("{name} says:\n{}", outcome.text.trim_end()),
        (RunStatus::Canceled, _) => format!("{name} was canceled."),
        (_, error) => {
            let said = if outcome.text.trim().is_empty() {
                String::new()
            } else {
                format!("\nBefore that it said:\n{}", outcome.text)
            };
            format!("{name} failed: {}{said}", error.unwrap_or_default())
        }
    };
    // What was read over there was read for this one.
    let source = format!("the agent {name}");
    turn.reads(outcome.taint, &source).await?;
    match changes {
        None => {}
        Some(Err(reason)) => text.push_str(&format!("\nWhat it changed could not be brought back: {reason}")),
        Some(Ok(changes)) => text.push_str(&bring(turn, &call, changes).await?),
    }
    let output = if status == RunStatus::Succeeded { Output::fine(text) } else { Output::failed(text) };
    Ok(output.with(outcome.taint, source))
}

/// Makes edits of what a helper changed in its worktree.
async fn bring(turn: &mut Turn, call: &CallId, changes: Changes) -> Result<String, AgentError> {
    let mut text = String::new();
    for changed in changes.texts {
        let shown = path::shown(&turn.settings.root, &changed.path);
        let mut conflicts = Vec::new();
        let output = tools::change(turn, call, &shown, |current, _| {
            let (merged, overlapping) = merged(changed.before.as_deref(), &changed.after, current)?;
            conflicts = overlapping;
            Ok(tools::Written::Real(merged))
        })
        .await?;
        text.push_str(&format!("\n{}", output.text));
        for conflict in conflicts {
            text.push_str(&format!("\nconflict in {shown}, left as it is: the text there changed meanwhile; the hunk that replaces\n{conflict}"));
        }
    }
    for (file, reason) in changes.left {
        text.push_str(&format!(
            "\n{} was not brought back: {reason}",
            path::shown(&turn.settings.root, &file)
        ));
    }
    Ok(text)
}

/// A change on the text that is there now: what fits of it, and the texts of which somebody else made something. The error
/// says why nothing fits.
fn merged(before: Option<&str>, after: &str, current: Option<&str>) -> Result<(String, Vec<String>), String> {
    let (before, current) = match (before, current) {
        (None, None) => return Ok((after.to_owned(), vec![])),
        (None, Some(current)) if current == after => return Ok((after.to_owned(), vec![])),
        (None, Some(_)) => return Err("not made: another file of this name appeared meanwhile".to_owned()),
        (Some(_), None) => return Err("not made: the file is gone".to_owned()),
        (Some(before), Some(current)) => (before, current),
    };
    let hunks = rebase::hunks(before, after);
    let borrowed: Vec<_> = hunks.iter().map(|(span, text)| (*span, text.as_str())).collect();
    let (mut edits, mut conflicts) = (Vec::new(), Vec::new());
    for (landed, (span, text)) in rebase::rebase(before, &borrowed, current).iter().zip(&hunks) {
        match landed {
            Rebased::Moved(to) => edits.push((*to, text.as_str())),
            Rebased::Overlaps { .. } => conflicts.push(span.of(before).to_owned()),
        }
    }
    if edits.is_empty() && !conflicts.is_empty() {
        return Err(format!(
            "not made: the text there changed meanwhile; the hunk that replaces\n{}",
            conflicts.join("\n")
        ));
    }
    Ok((rebase::apply(current, &edits), conflicts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_helper_changed_fits_or_is_named() {
        let (before, after) = ("a\nb\nc\nd\ne\n", "A\nb\nc\nd\nE\n");
        for (before, current, expect) in [
            (Some(before), Some(before), Ok((after, 0))),
            (Some(before), Some("a\nb\nmine\nd\ne\n"), Ok(("A\nb\nmine\nd\nE\n", 0))),
            (Some(before), Some("mine\nb\nc\nd\ne\n"), Ok(("mine\nb\nc\nd\nE\n", 1))),
            (Some(before), Some("mine\nb\nc\nd\nmine\n"), Err("not made: the text there changed")),
            (Some(before), None, Err("not made: the file is gone")),
            (None, None, Ok((after, 0))),
            (None, Some(after), Ok((after, 0))),
            (None, Some("mine\n"), Err("not made: another file")),
        ] {
            let found = merged(before, after, current);
            match (found, expect) {
                (Ok((text, conflicts)), Ok(expect)) => assert_eq!((text.as_str(), conflicts.len()), expect),
                (Err(reason), Err(expect)) => assert!(reason.starts_with(expect), "{reason}"),
                (found, expect) => panic!("{found:?} is not {expect:?}"),
            }
        }
    }
}
