//! What the handle, the runs and the settling task of one desk have in common: the world, the way to the journal, the
//! secrets that models know by other names, and the one turn to edit in.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use copydesk_base::change::HunkReport;
use copydesk_base::{CallId, ChangePlan, Event, Redactor, SessionId, path};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::LAST_WORDS;
use super::order::DeskLink;
use super::turnstile::Turnstile;
use crate::changes::apply::{self, Offer};
use crate::error::AgentError;
use crate::gate::vault::{Seen, Vault};
use crate::ghost::Ghosts;
use crate::process::lodging;
use crate::session::keeping;
use crate::session::recorder::Recorder;
use crate::session::recover;
use crate::team::worktree;
use crate::view::View;
use crate::world::World;

/// How long a canceled run waits for an edit that is under way: most are made by then.
const MOMENT: Duration = Duration::from_millis(200);

pub(crate) struct Shared {
    pub(crate) world: World,
    pub(crate) recorder: Recorder,
    pub(crate) link: DeskLink,
    pub(super) view: watch::Receiver<Arc<View>>,
    /// The tasks of runs, and the token that ends them.
    pub(crate) runs: TaskTracker,
    pub(crate) cancel: CancellationToken,
    /// The desk's own two tasks, which end after the runs: the one that settles, then the one that writes.
    pub(super) desk: Service,
    pub(super) writer: Service,
    /// One edit at a time, in the whole process.
    pub(crate) turnstile: Turnstile,
    /// Looks at many files, so many at once.
    pub(crate) looks: Arc<Semaphore>,
    /// Secrets and what models know them by; the same for every run of this process.
    pub(super) vault: Mutex<Vault>,
    pub(crate) ghosts: Ghosts,
    /// The conversations that were worked on here.
    pub(super) worked_on: Mutex<BTreeSet<SessionId>>,
    pub(super) settled: tokio::sync::OnceCell<()>,
    /// When it began to look after the workspace.
    pub(super) since: SystemTime,
    pub(super) recovered: tokio::sync::OnceCell<()>,
}

impl Shared {
    /// Applies hunks, one edit at a time in the whole process. What is under way when `cancel` comes is learned where
    /// that takes a moment only; else nobody waits for it but edits of its file, and what came of it is told then.
    pub(crate) async fn apply(
        self: &Arc<Self>,
        plan: &ChangePlan,
        hunks: &[usize],
        redactor: &Redactor,
        patience: Duration,
        cancel: &CancellationToken,
    ) -> Result<HunkReport, AgentError> {
        let turn = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(AgentError::Canceled),
            turn = self.turnstile.of(&plan.path) => turn,
        };
        let (reply, answer) = oneshot::channel();
        let (shared, plan, hunks) = (self.clone(), plan.clone(), hunks.to_vec());
        let (redactor, token) = (redactor.clone(), cancel.clone());
        self.runs.spawn(async move {
            let mut turn = turn;
            let offer = Offer { plan: &plan, chosen: &hunks, patience, cancel: &token };
            // An editor that is gone never answers. What was sent is settled by its text, when it is next looked for.
            let work = async {
                tokio::select! {
                    report = apply::apply(&shared.world, &shared.recorder, &redactor, offer) => report,
                    () = shared.cancel.cancelled() => Err(AgentError::Canceled),
                }
            };
            tokio::pin!(work);
            let report = tokio::select! {
                report = &mut work => report,
                () = a_moment_behind(&token) => {
                    turn.give_on();
                    work.await
                }
            };
            if let Err(report) = reply.send(report) {
                shared.came_late(&plan, report, &redactor).await;
            }
        });
        tokio::select! {
            biased;
            report = answer => report.unwrap_or(Err(AgentError::Panicked)),
            () = a_moment_behind(cancel) => Err(AgentError::Canceled),
        }
    }

    /// Tells what came of an edit that its run did not wait for: to the person, and to whoever goes on.
    async fn came_late(
        &self,
        plan: &ChangePlan,
        report: Result<HunkReport, AgentError>,
        redactor: &Redactor,
    ) {
        let root = (self.world.settings)().map(|settings| settings.root).unwrap_or_default();
        let shown = path::shown(&root, &plan.path);
        let text = match report {
            // The server ends: it is settled by the text that is there.
            Err(AgentError::Canceled) => return,
            Err(error) => format!("What came of the edit of {shown} is not known: failed to {error}"),
            Ok(report) => match report.refused.first() {
                Some(refused) if report.sent.is_empty() => {
                    format!(
                        "The edit of {shown}, which its run did not wait for, was not made: {}",
                        refused.reason
                    )
                }
                _ => format!(
                    "The edit of {shown}, which its run did not wait for, was made. Undo takes it back."
                ),
            },
        };
        let events = vec![Event::told(format!("[{text}]")), Event::notice(text)];
        if let Err(error) = self.recorder.record(&plan.run, events, redactor).await {
            tracing::error!("failed to {error}");
        }
    }

    /// Settles the runs that a process that died left open: once.
    pub(crate) async fn settle_runs(&self) {
        self.settled.get_or_init(|| recover::settle(&self.world, &self.recorder, self.since)).await;
    }

    /// The same, and takes away what is past its time: once, before the first thing that this process does.
    pub(crate) async fn recover(&self) {
        let recover = async {
            self.runs.spawn_blocking(lodging::sweep);
            self.settle_runs().await;
            keeping::sweep(self).await;
            let notes = self.worktree_notes();
            if notes.is_dir()
                && let Ok(settings) = (self.world.settings)()
            {
                worktree::sweep(&settings, &notes).await;
            }
        };
        self.recovered.get_or_init(|| recover).await;
    }

    /// Notes that a conversation is worked on.
    pub(crate) fn works_on(&self, session: &SessionId) {
        self.lock_worked_on().insert(session.clone());
    }

    /// The conversations that were worked on and nobody was told of yet that they are over.
    pub(crate) fn worked_on(&self) -> BTreeSet<SessionId> {
        std::mem::take(&mut *self.lock_worked_on())
    }

    fn lock_worked_on(&self) -> MutexGuard<'_, BTreeSet<SessionId>> {
        self.worked_on.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the worktrees of this workspace are noted.
    pub(crate) fn worktree_notes(&self) -> PathBuf {
        self.world.journal.path().with_file_name("worktrees")
    }

    /// The view at this moment.
    pub(crate) fn now(&self) -> Arc<View> {
        self.view.borrow().clone()
    }

    /// The text as a model may see it.
    pub(crate) fn hidden(&self, text: &str, redactor: &Redactor) -> String {
        self.vault().hidden(text, redactor, &*self.world.ids)
    }

    /// The same, and where each part of it stands in the text.
    pub(crate) fn seen(&self, text: &str, redactor: &Redactor) -> Seen {
        self.vault().seen(text, redactor, &*self.world.ids)
    }

    /// The same with as many lines as before.
    pub(crate) fn hidden_in_lines(&self, text: &str, redactor: &Redactor) -> String {
        self.vault().hidden_in_lines(text, redactor, &*self.world.ids)
    }

    /// Looks at a whole text of which a model will see a part.
    pub(crate) fn learn(&self, text: &str, redactor: &Redactor) {
        self.vault().learn(text, redactor, &*self.world.ids);
    }

    /// A text of a model's with its secrets back; see [`Vault::restored`].
    pub(crate) fn restored(&self, text: &str, there: &str) -> Result<String, String> {
        self.vault().restored(text, there)
    }

    fn vault(&self) -> MutexGuard<'_, Vault> {
        self.vault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new id for a tool call.
    pub(crate) fn call_id(&self) -> CallId {
        CallId::new(&*self.world.ids)
    }
}

async fn a_moment_behind(cancel: &CancellationToken) {
    cancel.cancelled().await;
    tokio::time::sleep(MOMENT).await;
}

/// A task of the desk's own, and the token that ends it.
#[derive(Default)]
pub(super) struct Service {
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
}

impl Service {
    /// Ends it behind everything that is in its inbox already.
    pub(super) async fn end(&self) {
        self.stop.cancel();
        self.tasks.close();
        let _ = tokio::time::timeout(LAST_WORDS, self.tasks.wait()).await;
    }
}
