//! The desk: the handle that an editor or a terminal holds, and the task behind it that owns what waits for the person.
//!
//! Orders come in from everybody: runs bring questions, the person brings decisions, by a prompt, a code action, the
//! command line of another process. The first decision of a question wins. What is waiting is published as a
//! [`View`] after every change.

mod back;
pub(crate) mod board;
mod document;
mod keep;
mod offers;
mod order;
pub(crate) mod review;
pub(crate) mod settle;
mod shared;
mod task;
mod turnstile;
mod words;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use copydesk_base::change::{HunkReport, RefusedHunk};
use copydesk_base::config::Mode;
use copydesk_base::host::DocumentEdit;
use copydesk_base::{ApprovalId, CallId, ChangeId, RunId, SessionId};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::changes::apply;
use crate::changes::undo;
pub use crate::changes::undo::Direction;
use crate::context::sent::{self, Sent};
use crate::error::AgentError;
use crate::ghost::Ghosts;
use crate::hooks;
use crate::run;
use crate::run::steer::{Ear, Turning, UNHEARD, Words};
use crate::session::recorder::Recorder;
use crate::tools::LOOKS;
use crate::view::{RunView, View};
use crate::world::World;
use order::Reserved;
pub(crate) use order::{DeskLink, Order};
use shared::Service;
pub(crate) use shared::Shared;
pub use turnstile::Pass;
use turnstile::Turnstile;
pub use words::{Ask, Decision, Outcome, Settled, Started, Unsaved, Voice};

/// How long what is under way may take to end.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The handle. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    pub(crate) shared: Arc<Shared>,
}

impl Desk {
    /// Starts the desk's tasks as children of `cancel`; must be called inside a runtime.
    pub fn open(world: World, cancel: &CancellationToken) -> Self {
        let (runs, desk, writer) = (TaskTracker::new(), Service::default(), Service::default());
        let cancel = cancel.child_token();
        let (recorder, writing) = Recorder::new(
            world.journal.clone(),
            world.host.clone(),
            world.clock.clone(),
            writer.stop.clone(),
        );
        let (orders, inbox) = mpsc::unbounded_channel();
        let (view_sender, view) = watch::channel(Arc::new(View::default()));
        let (rules_sender, remembered) = watch::channel(Arc::new(Vec::new()));
        let link = DeskLink { orders, remembered };
        writer.tasks.spawn(writing);
        desk.tasks.spawn(task::run(
            inbox,
            world.clone(),
            recorder.clone(),
            view_sender,
            rules_sender,
            desk.stop.clone(),
        ));
        Self {
            shared: Arc::new(Shared {
                world,
                recorder,
                link,
                view,
                runs,
                cancel,
                desk,
                writer,
                turnstile: Turnstile::default(),
                looks: Arc::new(tokio::sync::Semaphore::new(LOOKS)),
                vault: std::sync::Mutex::default(),
                ghosts: Ghosts::default(),
                worked_on: std::sync::Mutex::default(),
                settled: tokio::sync::OnceCell::new(),
                since: SystemTime::now(),
                recovered: tokio::sync::OnceCell::new(),
            }),
        }
    }

    /// Makes ready what the first ask needs, so that the person need not wait for it: the journal, if there is one, is
    /// open and settled, and the client of the model in force is made.
    pub async fn warm(&self) {
        self.shared.recover().await;
        let Ok(settings) = (self.shared.world.settings)() else { return };
        if let Ok(choice) = settings.models.choose() {
            settings.models.warm(&choice).await;
        }
    }

    /// What a model was sent in a run, the last one of this workspace where none is named.
    ///
    /// # Errors
    /// There is no such run, or the model was not told anything in it.
    pub async fn sent(&self, run: Option<RunId>) -> Result<Sent, AgentError> {
        let journal = &self.shared.world.journal;
        let row = match &run {
            Some(run) => journal.run(run).await?,
            None => match journal.sessions(1).await?.pop() {
                Some(last) => journal.session(&last.session).await?.pop(),
                None => None,
            },
        };
        let unknown = || {
            AgentError::UnknownRun(
                run.as_ref().map_or_else(|| "that was told anything".to_owned(), RunId::to_string),
            )
        };
        let row = row.ok_or_else(unknown)?;
        let mut runs = Vec::new();
        for one in journal.session(&row.session).await? {
            runs.push(journal.records(&one.run).await?);
            if one.run == row.run {
                break;
            }
        }
        sent::sent(&runs).ok_or_else(unknown)
    }

    /// Makes a run and leaves it at its gate; the answer comes at once.
    pub fn ask(&self, ask: Ask) -> Started {
        let ids = &*self.shared.world.ids;
        let run = RunId::new(ids);
        let session = ask.session.clone().unwrap_or_else(|| SessionId::new(ids));
        let (gate, opened) = oneshot::channel();
        let (done, outcome) = oneshot::channel();
        let cancel = self.shared.cancel.child_token();
        // Known from here on, so that a cancel finds it however early it comes.
        let view = RunView {
            run: run.clone(),
            title: run::short_title(&ask),
            origin: None,
            started: self.shared.world.clock.now(),
        };
        let (speak, inbox) = mpsc::channel(UNHEARD);
        self.shared.link.order(Order::Begin { view, cancel: cancel.clone(), speak });
        let place = run::Place {
            run: run.clone(),
            session: session.clone(),
            cancel,
            ear: Ear::new(inbox),
            terms: None,
        };
        let task = run::task(self.shared.clone(), ask, place, opened, done);
        self.shared.runs.spawn(task);
        Started { run, session, gate, outcome }
    }

    /// Cancels a run; whether there was one.
    pub async fn cancel(&self, run: &RunId) -> bool {
        let (reply, answer) = oneshot::channel();
        self.shared.link.order(Order::Cancel { run: run.clone(), reply });
        answer.await.unwrap_or(false)
    }

    /// Answers a question of a model; whether it still waited.
    pub async fn answer(&self, question: &CallId, answer: String) -> bool {
        let (reply, heard) = oneshot::channel();
        self.shared.link.order(Order::Answer { question: question.clone(), answer, reply });
        heard.await.unwrap_or(false)
    }

    /// Says something to a run under way; whether it will hear it.
    pub async fn steer(&self, run: &RunId, text: String, when: Turning) -> bool {
        let (reply, answer) = oneshot::channel();
        self.shared.link.order(Order::Steer { run: run.clone(), words: Words { text, when }, reply });
        answer.await.unwrap_or(false)
    }

    /// Ends a command that goes on in the background; whether it still did.
    pub async fn stop(&self, command: &CallId) -> bool {
        let (reply, stopped) = oneshot::channel();
        self.shared.link.order(Order::Stop { command: command.clone(), reply });
        stopped.await.unwrap_or(false)
    }

    /// Brings a decision. `by` is who: `person` for every way that a person has.
    pub async fn decide(
        &self,
        approval: &ApprovalId,
        decision: Decision,
        by: &str,
        feedback: Option<String>,
    ) -> Result<Settled, AgentError> {
        let (reply, answer) = oneshot::channel();
        let approval = approval.clone();
        self.shared.link.order(Order::Decide { approval, decision, by: by.to_owned(), feedback, reply });
        answer.await.unwrap_or(Err(AgentError::Canceled))
    }

    /// Applies hunks of a proposal; all that are open where `hunks` is `None`.
    ///
    /// The report says what fits the text that is there now and is being sent. The sending itself waits for `gate`;
    /// what the client then really did follows as events.
    pub async fn apply(
        &self,
        change: &ChangeId,
        hunks: Option<Vec<usize>>,
        gate: oneshot::Receiver<()>,
    ) -> Result<HunkReport, AgentError> {
        let (reply, answer) = oneshot::channel();
        self.shared.link.order(Order::Reserve { change: change.clone(), hunks, reply });
        let Reserved { plan, redactor, patience, taken, mut report } =
            answer.await.unwrap_or(Err(AgentError::Canceled))?;
        let there = match apply::There::look_aside(&self.shared.world, &plan.path).await {
            Ok(there) => there,
            Err(error) => {
                let reason = format!("failed to {error}");
                let reserved = Reserved { plan, redactor, patience, taken, report };
                let given_back = HunkReport { sent: vec![], refused: reserved.given_back(&reason) };
                self.shared.link.order(Order::Free { change: change.clone(), report: given_back });
                return Err(error.into());
            }
        };
        let (landed, refused) = apply::place(&plan, &taken, there.text());
        let landed: Vec<usize> = landed.into_iter().map(|(at, _)| at).collect();
        if !refused.is_empty() {
            let stale = HunkReport { sent: vec![], refused: refused.clone() };
            self.shared.link.order(Order::Free { change: change.clone(), report: stale });
            report.refused.extend(refused);
        }
        report.sent.clone_from(&landed);
        if !landed.is_empty() {
            let shared = self.shared.clone();
            let change = change.clone();
            self.shared.runs.spawn(async move {
                let _ = gate.await;
                let ended = shared.cancel.clone();
                let done =
                    shared.apply(&plan, &landed, &redactor, patience, &ended).await.unwrap_or_else(|error| {
                        let refused =
                            landed.iter().map(|at| RefusedHunk::new(*at, format!("failed to {error}")));
                        HunkReport { sent: vec![], refused: refused.collect() }
                    });
                shared.link.order(Order::Applied { change, report: done });
            });
        }
        Ok(report)
    }

    /// Refuses hunks of a proposal; all that are open where `hunks` is `None`.
    pub async fn reject(
        &self,
        change: &ChangeId,
        hunks: Option<Vec<usize>>,
    ) -> Result<HunkReport, AgentError> {
        let (reply, answer) = oneshot::channel();
        self.shared.link.order(Order::Reject { change: change.clone(), hunks, reply });
        answer.await.unwrap_or(Err(AgentError::Canceled))
    }

    /// Opens the difference that a proposal makes.
    pub async fn show(&self, change: &ChangeId) -> Result<(), AgentError> {
        let (reply, answer) = oneshot::channel();
        self.shared.link.order(Order::ShowChange { change: change.clone(), reply });
        answer.await.unwrap_or(Err(AgentError::Canceled))
    }

    /// Notes an edit that an editor made after we had given it up: a document version carries it after all.
    pub async fn recognize(&self, edit: &DocumentEdit, before: String) -> Result<(), AgentError> {
        undo::recognized(&self.shared, edit, &before).await
    }

    /// Waits for its turn to change a document: one edit at a time, in the whole process.
    pub async fn turn(&self, file: &Path) -> Pass {
        self.shared.turnstile.of(file).await
    }

    /// Takes the findings of the last review away.
    pub fn dismiss(&self) {
        self.shared.link.order(Order::Dismiss);
    }

    /// Chooses the mode of this session; `None` goes back to the settings'.
    pub fn set_mode(&self, mode: Option<Mode>) {
        self.shared.link.order(Order::Mode(mode));
    }

    /// Chooses the model of this session; `None` goes back to the settings'.
    pub fn set_model(&self, model: Option<String>) {
        self.shared.link.order(Order::Model(model));
    }

    /// What is waiting and under way, now and after every change.
    pub fn view(&self) -> watch::Receiver<Arc<View>> {
        self.shared.view.clone()
    }

    /// Cancels every run, waits until every run and child process has ended, then ends the desk itself.
    pub async fn close(&self) {
        self.shared.cancel.cancel();
        self.shared.runs.close();
        let _ = tokio::time::timeout(LAST_WORDS, self.shared.runs.wait()).await;
        let _ = tokio::time::timeout(LAST_WORDS, hooks::farewell(&self.shared)).await;
        self.shared.desk.end().await;
        self.shared.writer.end().await;
    }
}
