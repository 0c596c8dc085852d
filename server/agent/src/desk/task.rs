//! The desk's task: takes orders one after the other, writes what they mean, then believes it.

use std::sync::Arc;
use std::time::Duration;

use copydesk_base::host::Shown;
use copydesk_base::{ApprovalId, Event, Redactor, RunId};
use copydesk_permission::Rule;
use copydesk_store::PendingRow;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::board::{Answer, Asked, Board, Running, Settlement, Steering};
use super::settle::Kept;
use super::{Order, Reserved};
use crate::error::AgentError;
use crate::run::steer::Words;
use crate::session::recorder::Recorder;
use crate::view::{RunView, View};
use crate::world::World;
use copydesk_base::change::{HunkReport, RefusedHunk};

/// How often the journal is asked for decisions of other processes, while something is pending.
const ELSEWHERE: Duration = Duration::from_millis(250);

pub(super) struct Task {
    pub(super) world: World,
    pub(super) recorder: Recorder,
    pub(super) board: Board,
    pub(super) remembered: watch::Sender<Arc<Vec<Rule>>>,
    /// Whether a decision of another process may have been missed.
    pub(super) listen_again: bool,
}

pub(super) async fn run(
    mut inbox: mpsc::UnboundedReceiver<Order>,
    world: World,
    recorder: Recorder,
    view: watch::Sender<Arc<View>>,
    remembered: watch::Sender<Arc<Vec<Rule>>>,
    stop: CancellationToken,
) {
    let mut task = Task { world, recorder, board: Board::default(), remembered, listen_again: false };
    loop {
        let deadline = task.board.next_deadline();
        let waiting = !task.board.pending.is_empty();
        tokio::select! {
            biased;
            order = inbox.recv() => match order {
                Some(order) => task.obey(order).await,
                None => break,
            },
            () = until(deadline) => task.expire().await,
            () = tokio::time::sleep(ELSEWHERE), if waiting => {
                // A question that just waits changes nothing: whoever looks at the view is left in peace.
                if !task.hear_elsewhere().await {
                    continue;
                }
            }
            () = stop.cancelled() => break,
        }
        view.send_replace(Arc::new(task.board.view()));
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl Task {
    async fn obey(&mut self, order: Order) {
        match order {
            Order::Begin { view, cancel, speak } => {
                let steering = Steering::Waits(vec![]);
                self.board.runs.insert(view.run.clone(), Running { view, cancel, speak, steering });
            }
            Order::Began { view, redactor } => self.began(view, redactor).await,
            Order::Question { view, reply } => {
                self.board.questions.insert(view.id.clone(), (view, reply));
            }
            Order::Found(finding) => self.board.found(finding),
            Order::Dismiss => self.board.findings.clear(),
            Order::Unask(question) => drop(self.board.questions.remove(&question)),
            Order::Answer { question, answer, reply } => {
                let waiting = self.board.questions.remove(&question);
                let _ = reply.send(waiting.is_some_and(|(_, waiting)| waiting.send(answer).is_ok()));
            }
            Order::Running { view, stop } => drop(self.board.commands.insert(view.id.clone(), (view, stop))),
            Order::Ran(command) => drop(self.board.commands.remove(&command)),
            Order::Stop { command, reply } => {
                let running = self.board.commands.get(&command);
                if let Some((_, stop)) = running {
                    stop.cancel();
                }
                let _ = reply.send(running.is_some());
            }
            Order::Steer { run, words, reply } => {
                let _ = reply.send(self.steer(&run, words).await);
            }
            Order::End { run } => {
                self.board.commands.retain(|_, (command, _)| command.run != run);
                self.board.questions.retain(|_, (question, _)| question.run != run);
                for approval in self.board.end(&run) {
                    let settlement = Settlement::Denied {
                        by: "nobody".to_owned(),
                        reason: "the run has ended".to_owned(),
                        said: None,
                    };
                    self.settle(&approval, settlement, "canceled", "nobody").await;
                }
            }
            Order::Ask(asked) => self.ask(*asked).await,
            Order::Decide { approval, decision, by, feedback, reply } => {
                let answer = self.decide(&approval, decision, &by, feedback).await;
                let _ = reply.send(answer);
            }
            Order::AlwaysThen { approval, reply } => {
                let _ = reply.send(self.always(&approval, "person", Kept::Here).await);
            }
            Order::Cancel { run, reply } => {
                let running = self.board.runs.get(&run);
                if let Some(running) = running {
                    running.cancel.cancel();
                }
                let _ = reply.send(running.is_some());
            }
            Order::Reserve { change, hunks, reply } => {
                let reserved =
                    self.board.reserve(&change, hunks.as_deref()).map(|(review, taken, refused)| Reserved {
                        plan: review.plan.clone(),
                        redactor: review.redactor.clone(),
                        patience: review.patience,
                        taken,
                        report: HunkReport { sent: vec![], refused },
                    });
                // The command was canceled meanwhile: nobody will apply them.
                if let Err(Ok(unheard)) = reply.send(reserved) {
                    self.board.free(&change, &unheard.given_back("the command was canceled"));
                }
            }
            Order::Free { change, report } => self.board.free(&change, &report.refused),
            Order::Applied { change, report } => {
                self.board.free(&change, &report.refused);
                let settled = self.board.applied(&change, &report.sent);
                if let Some((approval, (settlement, decision, by))) = self.board.due(&change) {
                    self.settle(&approval, settlement, &decision, &by).await;
                } else if let Some(approval) = settled {
                    self.settle(&approval, Settlement::Reviewed, "reviewed", "person").await;
                }
            }
            Order::Reject { change, hunks, reply } => {
                let _ = reply.send(self.reject(&change, hunks).await);
            }
            Order::ShowChange { change, reply } => {
                let shown = self.board.reviews.get(&change).map(|review| Shown::Change {
                    id: change.clone(),
                    path: review.plan.path.clone(),
                    diff: copydesk_text::rebase::unified(
                        &review.plan.before,
                        &review.plan.after(),
                        &review.shown,
                    ),
                });
                let answer = match shown {
                    Some(shown) => {
                        self.world.host.show(shown);
                        Ok(())
                    }
                    None => Err(AgentError::UnknownChange(change.to_string())),
                };
                let _ = reply.send(answer);
            }
            Order::Mode(mode) => self.board.mode = mode,
            Order::Model(model) => self.board.model = model,
        }
    }

    /// Takes in that a run is on record: what was said to it before follows.
    async fn began(&mut self, view: RunView, redactor: Redactor) {
        let Some(running) = self.board.runs.get_mut(&view.run) else { return };
        let run = view.run.clone();
        running.view = view;
        let steering = std::mem::replace(&mut running.steering, Steering::OnRecord(redactor.clone()));
        if let Steering::Waits(words) = steering
            && !words.is_empty()
        {
            let events = words.into_iter().map(|text| Event::Steering { text }).collect();
            if let Err(error) = self.recorder.record(&run, events, &redactor).await {
                tracing::warn!(%error, "what was said to a run could not be written down");
            }
        }
    }

    /// Says something to a run; whether it will hear it. On record first: a process that dies takes no words along.
    async fn steer(&mut self, run: &RunId, words: Words) -> bool {
        let Some(running) = self.board.runs.get_mut(run) else { return false };
        if running.speak.is_closed() || running.speak.capacity() == 0 {
            return false;
        }
        match &mut running.steering {
            Steering::Waits(waiting) => waiting.push(words.text.clone()),
            Steering::OnRecord(redactor) => {
                let said = Event::Steering { text: words.text.clone() };
                if let Err(error) = self.recorder.record(run, vec![said], redactor).await {
                    tracing::warn!(%error, "words to a run could not be written down");
                    return false;
                }
            }
        }
        running.speak.try_send(words).is_ok()
    }

    /// Puts a question to the person: durable first, then shown.
    async fn ask(&mut self, asked: Asked) {
        if let Some(twin) = self.board.twin(&asked) {
            return self.join(&twin, asked).await;
        }
        let id = ApprovalId::new(&*self.world.ids);
        let now = self.world.clock.now();
        let timeout = asked.timeout;
        let pending = self.board.take(id.clone(), asked, now);
        let event = Event::ApprovalRequested {
            approval: id.clone(),
            call: pending.call.clone(),
            effect: pending.view.effect.clone(),
            text: pending.view.text.clone(),
            always: pending.view.always.clone(),
            whole: pending.view.whole,
            change: pending.change.as_ref().map(|plan| plan.id.clone()),
        };
        let row = PendingRow {
            approval: id.clone(),
            run: pending.view.run.clone(),
            summary: pending.view.text.clone(),
            always: pending.view.always.clone(),
            asked: now,
            expires: Some(copydesk_base::Timestamp(now.0.saturating_add(millis(timeout)))),
        };
        let (run, redactor) = (pending.view.run.clone(), pending.redactor.clone());
        let written = match self.world.journal.ask(row).await {
            Ok(()) => self.recorder.record(&run, vec![event], &redactor).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = written {
            self.board.settle(&id, &Settlement::Failed(error.to_string()));
            // The row may stand already; where it cannot be taken away either, it is the disk that says so.
            let _ = self.world.journal.settle(&id, "canceled", "nobody").await;
        }
    }

    /// Has a run wait for the answer to a question that another one asked. It is told first, so that nobody wonders
    /// what it does.
    async fn join(&mut self, twin: &ApprovalId, asked: Asked) {
        let event = Event::ApprovalJoined { approval: twin.clone(), call: asked.call.clone() };
        match self.recorder.record(&asked.run, vec![event], &asked.redactor).await {
            Ok(()) => self.board.join(twin, asked),
            Err(error) => {
                // A run that was canceled no longer listens.
                let _ = asked.reply.send(Answer::failed(&error));
            }
        }
    }

    async fn reject(
        &mut self,
        change: &copydesk_base::ChangeId,
        hunks: Option<Vec<usize>>,
    ) -> Result<HunkReport, AgentError> {
        let (review, taken, refused) = self.board.reserve(change, hunks.as_deref())?;
        let (run, redactor) = (review.plan.run.clone(), review.redactor.clone());
        if !taken.is_empty() {
            // Whoever is told how far the edit got, if its run ends before that is settled, must know of it.
            let event = Event::HunksRejected { change: change.clone(), hunks: taken.clone() };
            if let Err(error) = self.recorder.record(&run, vec![event], &redactor).await {
                let given_back: Vec<RefusedHunk> =
                    taken.iter().map(|hunk| RefusedHunk::new(*hunk, error.to_string())).collect();
                self.board.free(change, &given_back);
                return Err(error);
            }
        }
        if let Some(approval) = self.board.rejected(change, &taken) {
            self.settle(&approval, Settlement::Reviewed, "reviewed", "person").await;
        }
        Ok(HunkReport { sent: taken, refused })
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
