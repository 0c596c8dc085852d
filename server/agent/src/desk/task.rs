//! The desk's task: takes orders one after the other, writes what they mean, then believes it.

use std::sync::Arc;
use std::time::Duration;

use copydesk_base::host::Shown;
use copydesk_base::{ApprovalId, Event};
use copydesk_permission::{Rule, RuleVerdict, parse_rule};
use copydesk_store::PendingRow;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::board::{Answer, Asked, Board, Running, Settlement};
use super::{Decision, Order, Reserved, Settled};
use crate::error::AgentError;
use crate::recorder::Recorder;
use crate::view::View;
use crate::world::World;
use copydesk_base::change::HunkReport;

/// How often the journal is asked for decisions of other processes, while something is pending.
const ELSEWHERE: Duration = Duration::from_millis(250);

struct Task {
    world: World,
    recorder: Recorder,
    board: Board,
    remembered: watch::Sender<Arc<Vec<Rule>>>,
    /// Whether a decision of another process may have been missed.
    listen_again: bool,
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
                self.board.runs.insert(view.run.clone(), Running { view, cancel, speak });
            }
            Order::Began(view) => {
                if let Some(running) = self.board.runs.get_mut(&view.run) {
                    running.view = view;
                }
            }
            Order::Question { view, reply } => {
                self.board.questions.insert(view.id.clone(), (view, reply));
            }
            Order::Unask(question) => drop(self.board.questions.remove(&question)),
            Order::Answer { question, answer, reply } => {
                let waiting = self.board.questions.remove(&question);
                let _ = reply.send(waiting.is_some_and(|(_, waiting)| waiting.send(answer).is_ok()));
            }
            Order::Steer { run, words, reply } => {
                let running = self.board.runs.get(&run);
                let _ = reply.send(running.is_some_and(|running| running.speak.send(words).is_ok()));
            }
            Order::End { run } => {
                self.board.questions.retain(|_, (question, _)| question.run != run);
                for approval in self.board.end(&run) {
                    let settlement = Settlement::Denied {
                        by: "nobody".to_owned(),
                        reason: "the run has ended".to_owned(),
                    };
                    self.settle(&approval, settlement, "canceled", "nobody").await;
                }
            }
            Order::Ask(asked) => self.ask(*asked).await,
            Order::Decide { approval, decision, by, feedback, reply } => {
                let answer = self.decide(&approval, decision, &by, feedback).await;
                let _ = reply.send(answer);
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

    /// Has a run wait for the answer to a question that another one asked. It is told first, so that nobody wonders what
    /// it does.
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

    async fn decide(
        &mut self,
        approval: &ApprovalId,
        decision: Decision,
        by: &str,
        feedback: Option<String>,
    ) -> Result<Settled, AgentError> {
        match decision {
            Decision::Show => {
                self.board.show(approval)?;
                self.wait_without_a_clock(approval).await;
                let Some(pending) = self.board.pending.get(approval) else {
                    return Err(AgentError::UnknownApproval(approval.to_string()));
                };
                let shown = match &pending.change {
                    Some(plan) => Shown::Change {
                        id: plan.id.clone(),
                        path: plan.path.clone(),
                        diff: copydesk_text::rebase::unified(
                            &plan.before,
                            &plan.after(),
                            &pending.shown_path(plan),
                        ),
                    },
                    None => Shown::Approval {
                        id: approval.clone(),
                        title: pending.view.text.lines().next().unwrap_or_default().to_owned(),
                        text: full_text(&pending.view.effect.clean(&pending.redactor), &pending.view.always),
                    },
                };
                self.world.host.show(shown);
                Ok(Settled::default())
            }
            Decision::Once => {
                self.board.may_allow(approval)?;
                self.settle(approval, Settlement::Once, "once", by).await;
                Ok(Settled { settled: vec![approval.clone()] })
            }
            Decision::Always => self.always(approval, by).await,
            Decision::Deny => {
                let reason = match feedback.filter(|text| !text.trim().is_empty()) {
                    Some(feedback) => format!("the person said no: {feedback}"),
                    None => "the person said no".to_owned(),
                };
                if !self.board.pending.contains_key(approval) {
                    return Err(AgentError::UnknownApproval(approval.to_string()));
                }
                self.settle(approval, Settlement::Denied { by: by.to_owned(), reason }, "deny", by).await;
                Ok(Settled { settled: vec![approval.clone()] })
            }
        }
    }

    /// Tells other processes too that this one waits for ever now.
    async fn wait_without_a_clock(&self, approval: &ApprovalId) {
        let Some(pending) = self.board.pending.get(approval) else { return };
        let row = PendingRow {
            approval: approval.clone(),
            run: pending.view.run.clone(),
            summary: pending.view.text.clone(),
            always: pending.view.always.clone(),
            asked: pending.view.asked,
            expires: None,
        };
        if let Err(error) = self.world.journal.ask(row).await {
            tracing::warn!(%error, "an approval's waiting could not be noted");
        }
    }

    /// Stores the rules that the question showed, then settles it and every other pending one that they allow.
    async fn always(&mut self, approval: &ApprovalId, by: &str) -> Result<Settled, AgentError> {
        self.board.may_allow(approval)?;
        if self.board.pending.get(approval).is_some_and(|pending| pending.view.always.is_empty()) {
            return Err(AgentError::NotOffered);
        }
        let rules = self.remember(approval).await?;
        let mut settled = vec![approval.clone()];
        settled.extend(self.board.allowed_by(&rules).into_iter().filter(|id| id != approval));
        for id in &settled {
            self.settle(id, Settlement::Always, "always", by).await;
        }
        Ok(Settled { settled })
    }

    /// Stores the rules that a question showed; they count at once.
    async fn remember(&mut self, approval: &ApprovalId) -> Result<Vec<Rule>, AgentError> {
        let Some(pending) = self.board.pending.get(approval) else {
            return Err(AgentError::UnknownApproval(approval.to_string()));
        };
        let (run, root) = (pending.view.run.clone(), pending.root());
        let mut rules = Vec::new();
        for text in pending.view.always.clone() {
            match parse_rule(RuleVerdict::Allow, &text, "remembered") {
                Ok(rule) => {
                    self.world.user.remember(&root, &text, &run).await?;
                    rules.push(rule);
                }
                Err(error) => tracing::warn!(%error, "a rule that Always would store does not parse"),
            }
        }
        self.remembered.send_modify(|known| Arc::make_mut(known).extend(rules.iter().cloned()));
        Ok(rules)
    }

    async fn reject(
        &mut self,
        change: &copydesk_base::ChangeId,
        hunks: Option<Vec<usize>>,
    ) -> Result<HunkReport, AgentError> {
        let (_, taken, refused) = self.board.reserve(change, hunks.as_deref())?;
        if let Some(approval) = self.board.rejected(change, &taken, "the person rejected it") {
            self.settle(&approval, Settlement::Reviewed, "reviewed", "person").await;
        }
        Ok(HunkReport { sent: taken, refused })
    }

    /// Writes how a question ended, then tells whoever waits. Where another process was first, its decision stands.
    async fn settle(&mut self, approval: &ApprovalId, settlement: Settlement, decision: &str, by: &str) {
        let closing = (settlement, decision.to_owned(), by.to_owned());
        if self.board.put_off(approval, &closing) {
            return;
        }
        let Some(pending) = self.board.pending.get(approval) else { return };
        let (run, redactor) = (pending.view.run.clone(), pending.redactor.clone());
        let (mut settlement, mut decision, mut by) = closing;
        let mut written = Ok(());
        match self.world.journal.settle(approval, &decision, &by).await {
            Ok(stands) if stands.decision != decision && is_open_to_others(&decision) => {
                settlement = match stands.decision.as_str() {
                    "once" => Settlement::Once,
                    "always" => match self.remember(approval).await {
                        Ok(_) => Settlement::Always,
                        Err(error) => Settlement::Failed(error.to_string()),
                    },
                    _ => Settlement::Denied {
                        by: "person".to_owned(),
                        reason: "the person said no".to_owned(),
                    },
                };
                (decision, by) = (stands.decision, stands.by);
            }
            Ok(_) => {}
            Err(error) => written = Err(error.into()),
        }
        if written.is_ok() {
            let event = Event::ApprovalSettled { approval: approval.clone(), decision, by };
            written = self.recorder.record(&run, vec![event], &redactor).await;
        }
        if let Err(error) = written {
            settlement = Settlement::Failed(error.to_string());
        }
        self.board.settle(approval, &settlement);
    }

    async fn expire(&mut self) {
        for approval in self.board.expired(Instant::now()) {
            let reason = "nobody answered in time".to_owned();
            let settlement = Settlement::Denied { by: "timeout".to_owned(), reason };
            self.settle(&approval, settlement, "expired", "timeout").await;
        }
    }

    /// Takes in what `copydesk approve` wrote from another process; whether there was anything.
    async fn hear_elsewhere(&mut self) -> bool {
        let changed = self.world.journal.changed_elsewhere().await;
        if !matches!(changed, Ok(true)) && !self.listen_again {
            return false;
        }
        self.listen_again = changed.is_err();
        let answers = match self.world.journal.answers().await {
            Ok(answers) => answers,
            Err(error) => {
                tracing::warn!(%error, "decisions of other processes cannot be read");
                self.listen_again = true;
                return false;
            }
        };
        let mut heard = false;
        for (approval, answer) in answers {
            // Whoever decides there was shown the whole.
            if !self.board.note_shown(&approval) {
                continue;
            }
            heard = true;
            let decision = match answer.decision.as_str() {
                "once" => Decision::Once,
                "always" => Decision::Always,
                _ => Decision::Deny,
            };
            if let Err(error) = self.decide(&approval, decision, "person", None).await {
                tracing::warn!(%error, %approval, "a decision of another process was not taken");
                self.listen_again = true;
            }
        }
        heard
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Whether another process's decision may stand in place of this one: what has happened already cannot be undecided.
fn is_open_to_others(decision: &str) -> bool {
    !matches!(decision, "canceled" | "reviewed")
}

/// The whole of an effect, for reading, with the rules that *Always* would store.
fn full_text(effect: &copydesk_base::Effect, always: &[String]) -> String {
    use copydesk_base::Effect;
    let mut text = match effect {
        Effect::Execute { command, cwd } => format!("In {}:\n\n{command}\n", cwd.display()),
        Effect::Follow { path, line, text } => format!("{}:{}\n\n{text}\n", path.display(), line + 1),
        other => format!("{}\n", other.summary(std::path::Path::new("/"))),
    };
    if !always.is_empty() {
        text += &format!("\nAlways allow stores:\n{}\n", always.join("\n"));
    }
    crate::render::harmless(&text)
}
