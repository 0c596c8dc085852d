//! Helpers: runs that a run starts, each with a context of its own, of which it reads the last answer.
//!
//! [`start`] makes one and gives back its end, to be waited for; [`crate::team::arrival`] takes that in. [`Terms`] are
//! what it gets from its parent: settings, bounds, purse, grade. A helper has never more than its parent.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use copydesk_base::config::Mode;
use copydesk_base::event::Origin;
use copydesk_base::{CallId, Event, Files, Grade, RunId, RunStatus, SessionId, Timestamp};
use copydesk_language::types::Profile;
use copydesk_permission::{Bounds, Policy};
use copydesk_store::TrustedFile;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::action::Action;
use crate::budget::purse::Purse;
use crate::desk::{Ask, Order, Outcome, Shared, Voice};
use crate::error::AgentError;
use crate::gate::revoked::Stored;
use crate::gate::vault;
use crate::library::{self, Agent};
use crate::run::steer::{Ear, UNHEARD};
use crate::run::{self, Place, Turn};
use crate::session::past::Spent;
use crate::settings::Settings;
use crate::team::apart::Apart;
use crate::team::role::{self, Calls, Role};
use crate::team::worktree::{Changes, Worktree};
use crate::view::RunView;

/// How many helpers of one run work at the same time.
const AT_ONCE: usize = 4;

/// How long helpers may take to end with their run.
const LAST_WORDS: Duration = Duration::from_secs(3);

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
    /// What it is about, where its words do not begin with that.
    pub(crate) about: Option<String>,
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
    /// How many were begun, layers and workers among them.
    begun: usize,
    pub(crate) unread: Unread,
    /// Those that were called and not taken in yet.
    pub(crate) out: BTreeMap<CallId, RunId>,
    tasks: TaskTracker,
    /// They end with the run, however that ends.
    _end: DropGuard,
}

impl Helpers {
    pub(crate) fn of(run: &CancellationToken) -> Self {
        let cancel = run.child_token();
        let end = cancel.clone().drop_guard();
        Self {
            gate: Arc::new(Semaphore::new(AT_ONCE)),
            cancel,
            called: 0,
            begun: 0,
            unread: Unread::default(),
            out: BTreeMap::new(),
            tasks: TaskTracker::new(),
            _end: end,
        }
    }

    /// Ends them, and waits for their last words.
    pub(crate) async fn end(&self) {
        self.cancel.cancel();
        self.tasks.close();
        let _ = tokio::time::timeout(LAST_WORDS, self.tasks.wait()).await;
    }
}

/// What a run begins with: from the person's ask, or from the run that started it.
pub(crate) struct Terms {
    /// The run that started it.
    pub(crate) parent: Option<RunId>,
    /// Which helper of that run it is, counted from one.
    pub(crate) helper: usize,
    /// How many turns the conversation had before that run.
    pub(crate) number: Option<usize>,
    /// The conversation of that run.
    pub(crate) conversation: Option<SessionId>,
    /// What ties it to the person's workspace, where it works in a worktree.
    pub(crate) apart: Option<Arc<Apart>>,
    /// What people call it, where that is not in its words.
    pub(crate) title: Option<String>,
    pub(crate) settings: Settings,
    pub(crate) files: Arc<dyn Files>,
    pub(crate) action: Action,
    pub(crate) role: Role,
    /// The model of the run that started it, where nothing else names one.
    pub(crate) model: Option<String>,
    pub(crate) mode: Option<Mode>,
    pub(crate) bounds: Vec<Bounds>,
    pub(crate) remembered_before: usize,
    /// What was stored when the first of them began.
    pub(crate) stored: Stored,
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

/// How a helper ended. What it made in a worktree lies in [`Helpers::unread`].
pub(crate) struct Ended {
    pub(crate) call: CallId,
    /// What people call it.
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
}

/// What one helper made in its worktree.
pub(crate) struct Made {
    /// What people call the helper.
    pub(crate) name: String,
    /// Or why nobody knows.
    pub(crate) changes: Result<Changes, String>,
}

/// What helpers made whose end nobody has read yet.
#[derive(Clone, Default)]
pub(crate) struct Unread(Arc<Mutex<BTreeMap<RunId, Made>>>);

impl Unread {
    pub(crate) fn keep(&self, run: &RunId, made: Made) {
        self.lock().insert(run.clone(), made);
    }

    pub(crate) fn take(&self, run: &RunId) -> Option<Made> {
        self.lock().remove(run)
    }

    pub(crate) fn take_all(&self) -> BTreeMap<RunId, Made> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RunId, Made>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        task: task.about.as_ref().unwrap_or(&task.words).clone(),
    }])
    .await?;
    turn.helpers.begun += 1;
    turn.helpers.out.insert(task.call.clone(), run.clone());
    let cancel = turn.helpers.cancel.child_token();
    let (speak, inbox) = mpsc::channel(UNHEARD);
    let title = format!("{name}: {}", vault::first_words(task.about.as_ref().unwrap_or(&task.words)));
    let view = RunView {
        run: run.clone(),
        title: title.clone(),
        origin: turn.origin.clone(),
        started: turn.world.clock.now(),
    };
    shared.link.order(Order::Begin { view, cancel: cancel.clone(), speak });
    let gate = task.beside.clone().unwrap_or_else(|| turn.helpers.gate.clone());
    let trusted = turn.world.user.trusted(&turn.outer().root).await.unwrap_or_default();
    let terms = Terms { title: Some(title.clone()), ..terms(turn, &task, &trusted) };
    let (done, ended) = oneshot::channel();
    let (call, site, words) = (task.call, task.site, task.words);
    let unread = turn.helpers.unread.clone();
    let lost =
        Ended { call: call.clone(), name: name.clone(), outcome: nothing(&run, RunStatus::Canceled, None) };
    let policy = turn.policy();
    let place = Place { run, session: SessionId::from(""), cancel, ear: Ear::new(inbox), terms: None };
    let life = turn.helpers.tasks.track_future(async move {
        let _room = gate.acquire_owned().await;
        let (outcome, changes) = Box::pin(work(&shared, place, terms, words, site, &policy)).await;
        if let Some(changes) = changes {
            unread.keep(&outcome.run, Made { name: name.clone(), changes });
        }
        let _ = done.send(Ended { call, name, outcome });
    });
    turn.shared.runs.spawn(life);
    Ok(async move { ended.await.unwrap_or(lost) }.boxed())
}

/// Everything that a helper gets from its run, and no more.
fn terms(turn: &Turn, task: &Task, trusted: &[TrustedFile]) -> Terms {
    let library = role::shelves(&*turn.world.files, &turn.shared.world, trusted, turn.outer());
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
        helper: turn.helpers.begun,
        number: Some(turn.number),
        conversation: Some(turn.conversation.clone()),
        apart: None,
        title: None,
        settings: Settings { notices: vec![], ..turn.settings.clone() },
        files: turn.world.files.clone(),
        action,
        model: Some(turn.model.clone()),
        role,
        mode: turn.mode_of_flag(),
        bounds,
        remembered_before: turn.remembered_before(),
        stored: turn.stored.clone(),
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
    mut place: Place,
    mut terms: Terms,
    mut words: String,
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
                for bounds in terms.bounds.iter_mut().chain(terms.role.bounds_mut()) {
                    made.within(bounds);
                }
                for missing in made.missing() {
                    words.push_str(&format!("\n[{missing}]"));
                }
                // No editor holds anything open there.
                terms.files = Arc::new(crate::DiskFiles);
                let made = Arc::new(Apart { worktree: made, outer: settings.clone() });
                terms.apart = Some(made.clone());
                worktree = Some(made);
            }
            Err(reason) => {
                shared.link.order(Order::End { run: run.clone() });
                let status = if cancel.is_cancelled() { RunStatus::Canceled } else { RunStatus::Failed };
                let reason = format!("failed to make a worktree: {reason}");
                let unheard = place.ear.rest();
                return (Outcome { unheard, ..nothing(&run, status, Some(reason)) }, None);
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
    let Some(Apart { worktree, .. }) = worktree.as_deref() else { return (outcome, None) };
    let written = written(&outcome.changes);
    let changes = match outcome.status {
        RunStatus::Canceled => None,
        _ => Some(worktree.changes(&settings, &written).await),
    };
    worktree.remove(&settings).await;
    (outcome, changes)
}

/// The files of which an edit was made.
pub(crate) fn written(changes: &[(PathBuf, bool)]) -> Vec<PathBuf> {
    changes.iter().filter(|(_, made)| *made).map(|(file, _)| file.clone()).collect()
}

/// The outcome of a helper that never worked.
fn nothing(run: &RunId, status: RunStatus, error: Option<String>) -> Outcome {
    Outcome::nothing(run, &SessionId::from(""), status, error)
}
