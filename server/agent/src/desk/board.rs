//! What is waiting for the person: the state that the desk's task owns, and its transitions as plain functions.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use copydesk_base::change::{ChangePlan, HunkReport};
use copydesk_base::config::Mode;
use copydesk_base::event::Origin;
use copydesk_base::{ApprovalId, CallId, ChangeId, Effect, Redactor, RunId, Timestamp, Verdict};
use copydesk_permission::{Policy, Rule, judge};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::review::Review;
use crate::error::AgentError;
use crate::run::steer::Words;
use crate::view::{ApprovalView, ChangeView, CommandView, FindingView, QuestionView, RunView, View};

/// The most findings of a review.
const MOST_FINDINGS: usize = 200;

/// A question on its way to the desk.
pub(crate) struct Asked {
    pub(crate) run: RunId,
    pub(crate) call: CallId,
    pub(crate) effect: Effect,
    pub(crate) text: String,
    pub(crate) whole: bool,
    pub(crate) always: Vec<String>,
    pub(crate) origin: Option<Origin>,
    pub(crate) change: Option<Arc<ChangePlan>>,
    pub(crate) policy: Policy,
    /// The workspace of the person, wherever the run works.
    pub(crate) home: PathBuf,
    pub(crate) timeout: Duration,
    pub(crate) redactor: Redactor,
    pub(crate) reply: oneshot::Sender<Answer>,
}

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Settlement {
    Once,
    Always,
    /// `by`: `person`, `timeout` or `nobody`.
    Denied {
        by: String,
        reason: String,
        /// What the person said to it.
        said: Option<String>,
    },
    /// Every hunk was applied or refused one by one.
    Reviewed,
    /// The journal could not be written.
    Failed(String),
}

/// What a run hears: the settlement, what a review did before it, and the hunks it left open.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) settlement: Settlement,
    pub(crate) done: HunkReport,
    pub(crate) open: Vec<usize>,
}

impl Answer {
    /// The answer where nothing could be written.
    pub(crate) fn failed(error: &AgentError) -> Self {
        Self { settlement: Settlement::Failed(error.to_string()), done: HunkReport::default(), open: vec![] }
    }
}

struct Waiting {
    run: RunId,
    origin: Option<Origin>,
    reply: oneshot::Sender<Answer>,
}

/// A pending approval.
pub(crate) struct Pending {
    pub(crate) view: ApprovalView,
    pub(crate) call: CallId,
    pub(crate) change: Option<Arc<ChangePlan>>,
    pub(crate) redactor: Redactor,
    policy: Policy,
    home: PathBuf,
    patience: Duration,
    waiting: Vec<Waiting>,
    deadline: Option<Instant>,
}

/// A settlement with its words for the journal.
pub(crate) type Closing = (Settlement, String, String);

/// A run under way.
pub(crate) struct Running {
    pub(crate) view: RunView,
    pub(crate) cancel: CancellationToken,
    pub(crate) speak: mpsc::Sender<Words>,
    pub(super) steering: Steering,
}

/// Where words to a run are written down before anybody says that it hears them.
pub(super) enum Steering {
    /// It has no record yet: these follow its first.
    Waits(Vec<String>),
    /// In the journal, without the secrets of its settings.
    OnRecord(Redactor),
}

/// Everything the desk's task owns.
#[derive(Default)]
pub(crate) struct Board {
    pub(crate) runs: BTreeMap<RunId, Running>,
    pub(crate) pending: BTreeMap<ApprovalId, Pending>,
    pub(crate) reviews: BTreeMap<ChangeId, Review>,
    /// Questions of models, and who waits for the answer.
    pub(crate) questions: BTreeMap<CallId, (QuestionView, oneshot::Sender<String>)>,
    /// Commands in the background, and what ends each.
    pub(crate) commands: BTreeMap<CallId, (CommandView, CancellationToken)>,
    /// What the last review found.
    pub(crate) findings: Vec<FindingView>,
    pub(crate) mode: Option<Mode>,
    pub(crate) model: Option<String>,
}

impl Pending {
    /// The workspace whose rules *Always* extends with this one: the person's. A rule that names places of a helper's
    /// own copy of it is one for that copy.
    pub(crate) fn root_for(&self, rule: &str) -> PathBuf {
        let copy = &self.policy.root;
        let names_copy = *copy != self.home && copy.to_str().is_none_or(|copy| rule.contains(copy));
        if names_copy { copy.clone() } else { self.home.clone() }
    }

    /// What a host sees of it, with everybody who waits.
    fn shown(&self) -> ApprovalView {
        let runs = self.waiting.iter().map(|waiting| &waiting.run).filter(|run| **run != self.view.run);
        ApprovalView { joined: runs.cloned().collect(), ..self.view.clone() }
    }

    /// How the file of its plan is named to people.
    pub(crate) fn shown_path(&self, plan: &ChangePlan) -> String {
        copydesk_base::path::shown(&self.policy.root, &plan.path)
    }
}

impl Board {
    /// The question that already waits for the same answer. Edits have none: each is its own.
    pub(crate) fn twin(&self, asked: &Asked) -> Option<ApprovalId> {
        let is_twin = |pending: &&Pending| pending.change.is_none() && pending.view.effect == asked.effect;
        let twin = self.pending.values().find(is_twin).filter(|_| asked.change.is_none())?;
        Some(twin.view.id.clone())
    }

    /// Adds a listener to a question that waits.
    pub(crate) fn join(&mut self, id: &ApprovalId, asked: Asked) {
        if let Some(twin) = self.pending.get_mut(id) {
            twin.waiting.push(Waiting { run: asked.run, origin: asked.origin, reply: asked.reply });
        }
    }

    /// Takes a question in.
    pub(crate) fn take(&mut self, id: ApprovalId, asked: Asked, now: Timestamp) -> &Pending {
        let waiting = Waiting { run: asked.run.clone(), origin: asked.origin.clone(), reply: asked.reply };
        let view = ApprovalView {
            id: id.clone(),
            run: asked.run,
            joined: vec![],
            effect: asked.effect,
            text: asked.text,
            whole: asked.whole,
            shown: false,
            always: asked.always,
            origin: asked.origin,
            asked: now,
            patient: false,
        };
        let pending = Pending {
            view,
            call: asked.call,
            change: asked.change,
            redactor: asked.redactor,
            policy: asked.policy,
            home: asked.home,
            patience: asked.timeout,
            waiting: vec![waiting],
            deadline: Some(Instant::now() + asked.timeout),
        };
        self.pending.entry(id).or_insert(pending)
    }

    /// Marks an approval as shown: its prompt and its clock end, and an edit comes under review.
    pub(crate) fn show(&mut self, id: &ApprovalId) -> Result<(), AgentError> {
        let pending = self.pending.get_mut(id).ok_or_else(|| AgentError::UnknownApproval(id.to_string()))?;
        pending.view.shown = true;
        pending.view.patient = true;
        pending.deadline = None;
        if let Some(plan) = &pending.change {
            self.reviews.entry(plan.id.clone()).or_insert_with(|| Review {
                approval: id.clone(),
                plan: ChangePlan::clone(plan),
                origin: pending.view.origin.clone(),
                redactor: pending.redactor.clone(),
                patience: pending.patience,
                shown: copydesk_base::path::shown(&pending.policy.root, &plan.path),
                applying: vec![],
                stale: vec![],
                closing: None,
            });
        }
        Ok(())
    }

    /// Notes that the person has seen the whole of a question; whether it waits here.
    pub(crate) fn note_shown(&mut self, id: &ApprovalId) -> bool {
        let pending = self.pending.get_mut(id);
        pending.is_some_and(|pending| {
            pending.view.shown = true;
            true
        })
    }

    /// Whether this decision may be taken now.
    pub(crate) fn may_allow(&self, id: &ApprovalId) -> Result<(), AgentError> {
        let pending = self.pending.get(id).ok_or_else(|| AgentError::UnknownApproval(id.to_string()))?;
        if pending.view.can_allow() { Ok(()) } else { Err(AgentError::NotShown) }
    }

    /// Puts a settlement off while hunks of the same review are being applied: they would be applied twice. Whether it
    /// was.
    pub(crate) fn put_off(&mut self, id: &ApprovalId, closing: &Closing) -> bool {
        let busy =
            self.reviews.values_mut().find(|review| review.approval == *id && !review.applying.is_empty());
        match busy {
            Some(review) => {
                review.closing.get_or_insert_with(|| closing.clone());
                true
            }
            None => false,
        }
    }

    /// The settlement that waited for the hunks of a change, once none is being applied any more.
    pub(crate) fn due(&mut self, change: &ChangeId) -> Option<(ApprovalId, Closing)> {
        let review = self.reviews.get_mut(change)?;
        if !review.applying.is_empty() {
            return None;
        }
        Some((review.approval.clone(), review.closing.take()?))
    }

    /// Ends an approval and tells everyone who waits for it.
    pub(crate) fn settle(&mut self, id: &ApprovalId, settlement: &Settlement) -> Option<Pending> {
        let mut pending = self.pending.remove(id)?;
        let review = pending.change.as_ref().and_then(|plan| self.reviews.remove(&plan.id));
        let (done, open) = review.map_or_else(|| (HunkReport::default(), vec![]), Review::result);
        for waiting in pending.waiting.drain(..) {
            // A run that was canceled no longer listens.
            let _ = waiting.reply.send(Answer {
                settlement: settlement.clone(),
                done: done.clone(),
                open: open.clone(),
            });
        }
        Some(pending)
    }

    /// The pending approvals that these new rules settle.
    pub(crate) fn allowed_by(&self, rules: &[Rule]) -> Vec<ApprovalId> {
        self.pending
            .values()
            .filter(|pending| pending.view.can_allow())
            // A question that no rule can settle is not settled by one that came for another.
            .filter(|pending| !pending.view.always.is_empty())
            .filter(|pending| {
                let mut policy = pending.policy.clone();
                policy.rules.extend_from_slice(rules);
                matches!(judge(&pending.view.effect, &policy), Verdict::Allow(_))
            })
            .map(|pending| pending.view.id.clone())
            .collect()
    }

    /// Takes a run off the board; the approvals that nobody waits for any more come back.
    pub(crate) fn end(&mut self, run: &RunId) -> Vec<ApprovalId> {
        self.runs.remove(run);
        let mut orphans = Vec::new();
        for pending in self.pending.values_mut() {
            pending.waiting.retain(|waiting| waiting.run != *run);
            match pending.waiting.first() {
                None => orphans.push(pending.view.id.clone()),
                // An identical question of another run goes on, from that run's place.
                Some(next) if pending.view.run == *run => {
                    pending.view.run = next.run.clone();
                    pending.view.origin.clone_from(&next.origin);
                }
                Some(_) => {}
            }
        }
        orphans
    }

    /// When the next question expires.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.pending.values().filter_map(|pending| pending.deadline).min()
    }

    /// Notes what a review found; those of the review before go.
    pub(crate) fn found(&mut self, finding: FindingView) {
        self.findings.retain(|known| known.run == finding.run);
        if self.findings.len() < MOST_FINDINGS && !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// The questions whose time is up.
    pub(crate) fn expired(&self, now: Instant) -> Vec<ApprovalId> {
        self.pending
            .values()
            .filter(|pending| pending.deadline.is_some_and(|deadline| deadline <= now))
            .map(|pending| pending.view.id.clone())
            .collect()
    }

    /// What a host can project.
    pub(crate) fn view(&self) -> View {
        View {
            runs: self.runs.values().map(|running| running.view.clone()).collect(),
            approvals: self.pending.values().map(Pending::shown).collect(),
            changes: self
                .reviews
                .values()
                .map(|review| ChangeView {
                    id: review.plan.id.clone(),
                    run: review.plan.run.clone(),
                    path: review.plan.path.clone(),
                    origin: review.origin.clone(),
                    plan: Arc::new(review.plan.clone()),
                    applying: review.applying.clone(),
                    stale: review.stale.clone(),
                })
                .collect(),
            questions: self.questions.values().map(|(view, _)| view.clone()).collect(),
            commands: self.commands.values().map(|(view, _)| view.clone()).collect(),
            findings: self.findings.clone(),
            mode: self.mode,
            model: self.model.clone(),
        }
    }
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
