//! What a person said and decided in a recorded conversation, given again at the same places of its replay.
//!
//! A place is the model's answer behind which it happened ([`Place`]), so a process that replays one turn finds what
//! belongs to that turn. A decision counts for the very effect that it was about, and a *yes* to an edit for the very
//! text: for anything else the person is asked anew. It goes the way of every decision, through the desk, so that the
//! same records come about.
//!
//! Who may hand a [`Spoken`] over: whoever read it from a verified journal of the person who runs the replay. What
//! strangers answered is nobody's answer here.

mod read;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use copydesk_base::change::{ChangePlan, HunkState};
use copydesk_base::host::Presence;
use copydesk_base::redact::REDACTED;
use copydesk_base::{ApprovalId, ChangeId, Effect, Event, Record, Redactor, RunId};
use copydesk_permission::{Policy, Rule, RuleVerdict, parse_rule};
use tokio::sync::oneshot;

pub(super) use read::{is_ended, lasting, said};

use crate::desk::{Decision, Desk, Order, Shared};
use crate::error::AgentError;
use crate::gate::revoked::STORED;
use crate::run::Turn;
use crate::session::recorder::Then;
use crate::view::{ApprovalView, ChangeView, View};

/// What stands for a folder in which there was work.
const ROOT: &str = "⟨root⟩";

/// All that a person said and decided. Clones share what of it was given.
#[derive(Clone, Debug, Default)]
pub struct Spoken {
    said: Arc<Mutex<Vec<Said>>>,
    lasting: Arc<[Lasting]>,
    /// The words that each turn began with.
    turns: Arc<[String]>,
}

/// A rule that *Always* stored then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lasting {
    /// With the folder of then as [`ROOT`].
    pub(super) rule: String,
    /// The number of the first answer behind the turn in which it was stored: within that turn the decision itself is
    /// given.
    pub(super) from: usize,
}

#[derive(Debug, PartialEq)]
pub(super) struct Said {
    place: Place,
    what: What,
    is_given: bool,
}

/// Where it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Before a run had any answer: the number of the turn that it belongs to, which helper of its run it is, and the
    /// words that it began with.
    Start { turn: usize, helper: usize, prompt: String },
    /// Behind the answer of this number.
    Behind(usize),
}

impl Place {
    /// Where a run stands that has no answer yet.
    pub(super) fn start(turn: usize, helper: usize, records: &[Record], roots: &[String]) -> Self {
        Self::Start { turn, helper, prompt: asked(records, roots) }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    /// Words to a run at work.
    Words(String),
    /// How a model's question ended.
    Answer {
        question: String,
        reply: Reply,
    },
    Decision {
        effect: String,
        decided: Decided,
    },
    /// That it was canceled, behind so many [steps](super::recorder::is_step) of the run.
    Cancel {
        steps: usize,
    },
    /// That its process died, behind so many [records](super::recorder::is_replayed) of the run.
    Death {
        records: usize,
        is_done: bool,
        half: Option<String>,
    },
    /// What had come of an answer that broke off, as its model was told.
    Half(String),
}

/// How a model's question ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Words(String),
    /// No answer came in time.
    Silence,
    /// Nobody was there.
    Nobody,
    /// It was canceled first.
    Open,
}

/// What was decided about an effect.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decided {
    /// The text that an edit was first made on; nothing where it was not made.
    before: Option<String>,
    /// Hunks that were refused and made one by one, before the end.
    rejected: Vec<usize>,
    applied: Vec<Vec<usize>>,
    end: End,
}

#[derive(Clone, Debug, PartialEq)]
enum End {
    Once,
    Always,
    /// Every hunk was settled by itself.
    Reviewed,
    /// With what the person said to it.
    Denied(Option<String>),
    /// Nobody answered in time.
    Expired,
    /// Nobody was there.
    Nobody,
    /// The run was canceled first.
    Open,
}

impl Spoken {
    pub(super) fn new(said: Vec<Said>, lasting: Vec<Lasting>, turns: Vec<String>) -> Self {
        Self { said: Arc::new(Mutex::new(said)), lasting: lasting.into(), turns: turns.into() }
    }

    /// Which turn of then one is that comes behind so many and begins with these words: the one at the same place, so
    /// that equal questions are told apart, or else the first that began so, where some turns were taken back.
    fn turn(&self, number: usize, prompt: &str) -> usize {
        let is_it = |turn: &String| turn == prompt;
        match self.turns.get(number).filter(|turn| is_it(turn)) {
            Some(_) => number,
            None => self.turns.iter().position(is_it).unwrap_or(number),
        }
    }

    /// Whether a person was asked anything in it, or said anything.
    pub fn has_answers(&self) -> bool {
        let is_a_persons = |said: &Said| match &said.what {
            What::Words(_) => true,
            What::Answer { reply, .. } => *reply != Reply::Nobody,
            What::Decision { decided, .. } => decided.end != End::Nobody,
            // Somebody pressed a key, whoever answers.
            What::Cancel { .. } | What::Death { .. } | What::Half(_) => false,
        };
        self.lock().iter().any(is_a_persons)
    }

    /// The first that was not given yet at a place and is wanted.
    fn take<T>(&self, place: &Place, wanted: impl Fn(&What) -> Option<T>) -> Option<T> {
        let mut all = self.lock();
        let mut open = all.iter_mut().filter(|said| !said.is_given && said.place == *place);
        let (said, found) = open.find_map(|said| wanted(&said.what).map(|found| (said, found)))?;
        said.is_given = true;
        Some(found)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Said>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The words that were said to a run here.
pub(crate) fn words(turn: &Turn) -> Vec<String> {
    let Some((spoken, place)) = here(turn) else { return vec![] };
    let next = || {
        spoken.take(&place, |what| match what {
            What::Words(text) => Some(text.clone()),
            _ => None,
        })
    };
    std::iter::from_fn(next).collect()
}

/// Has a run canceled where it was canceled, and end without a word where its process died.
pub(crate) fn cue(turn: &Turn) {
    let Some(spoken) = turn.settings.spoken.as_ref().filter(|_| turn.parent.is_none()) else { return };
    let cancel = || turn.cancel.clone();
    let ended = spoken.take(&start(spoken, turn), |what| match what {
        What::Cancel { steps } => Some((*steps, Then::Cancel(cancel()))),
        What::Death { records, is_done, half } => {
            Some((*records, Then::Die { is_done: *is_done, half: half.clone(), cancel: cancel() }))
        }
        _ => None,
    });
    if let Some((left, then)) = ended {
        turn.recorder.cue(&turn.run, left, then);
    }
}

/// What had come here of an answer that broke off, as its model was told.
pub(crate) fn half(turn: &Turn) -> Option<String> {
    let (spoken, place) = here(turn)?;
    spoken.take(&place, |what| match what {
        What::Half(text) => Some(text.clone()),
        _ => None,
    })
}

/// How a question ended here.
pub(crate) fn reply(turn: &Turn, text: &str) -> Option<Reply> {
    let (spoken, place) = here(turn)?;
    let text = turn.settings.redactor.clean(text);
    spoken.take(&place, |what| match what {
        What::Answer { question, reply } if *question == text => Some(reply.clone()),
        _ => None,
    })
}

/// What was decided about an effect here.
pub(crate) fn decision(turn: &Turn, effect: &Effect, change: Option<&ChangePlan>) -> Option<Decided> {
    let (spoken, place) = here(turn)?;
    let redactor = &turn.settings.redactor;
    let now = plain(effect, redactor, &roots(turn))?;
    let decided = spoken.take(&place, |what| match what {
        What::Decision { effect, decided } if *effect == now => Some(decided.clone()),
        _ => None,
    })?;
    decided.fits(change, redactor).then_some(decided)
}

/// A policy as it was then: a rule that the conversation stored counts in its later turns, in whatever folder they are
/// replayed, and not before, where it is stored by now. Nothing is stored by this.
pub(crate) fn as_then(turn: &Turn, mut policy: Policy) -> Policy {
    let Some(spoken) = turn.settings.spoken.as_ref().filter(|spoken| !spoken.lasting.is_empty()) else {
        return policy;
    };
    let roots = roots(turn);
    let is_of_then = |rule: &Rule| {
        rule.origin == STORED && spoken.lasting.iter().any(|one| one.rule == without(&rule.text, &roots))
    };
    // Those of the settings come first; behind them stands what this very replay was answered.
    let mut place = 0..;
    let settings = turn.settings.rules.len();
    policy.rules.retain(|rule| place.next().is_some_and(|at| at >= settings) || !is_of_then(rule));
    let here = turn.settings.models.recorded_place(&turn.by());
    let passed = spoken.lasting.iter().filter(|one| here.is_some_and(|here| here >= one.from));
    let home = turn.outer().root.display().to_string();
    let rules = passed.map(|one| parse_rule(RuleVerdict::Allow, one.rule.replace(ROOT, &home), STORED));
    policy.rules.extend(rules.flatten());
    policy
}

/// What is replayed, and the place where a run stands.
fn here(turn: &Turn) -> Option<(&Spoken, Place)> {
    let spoken = turn.settings.spoken.as_ref()?;
    let place = match turn.settings.models.recorded_place(&turn.by()) {
        Some(at) => Place::Behind(at),
        None => start(spoken, turn),
    };
    Some((spoken, place))
}

/// The place of a run that has no answer yet.
fn start(spoken: &Spoken, turn: &Turn) -> Place {
    let prompt = without(&turn.prompt, &roots(turn));
    let turn_of_then = if turn.parent.is_none() { spoken.turn(turn.number, &prompt) } else { turn.number };
    Place::Start { turn: turn_of_then, helper: turn.helper, prompt }
}

/// The folders that are one: where a run works, and where it comes from.
fn roots(turn: &Turn) -> Vec<String> {
    [turn.settings.root.display(), turn.outer().root.display()].map(|root| root.to_string()).to_vec()
}

/// An effect as it is in any folder; nothing where a part of it is hidden, which may be another one then.
fn plain(effect: &Effect, redactor: &Redactor, roots: &[String]) -> Option<String> {
    let text = serde_json::to_string(&effect.clean(redactor)).ok()?;
    (!text.contains(REDACTED)).then(|| without(&text, roots))
}

/// The words that a run began with.
pub(super) fn asked(records: &[Record], roots: &[String]) -> String {
    let prompt = records.iter().find_map(|record| match &record.event {
        Event::RunStarted { prompt, .. } => Some(prompt.as_str()),
        _ => None,
    });
    without(prompt.unwrap_or_default(), roots)
}

fn without(text: &str, roots: &[String]) -> String {
    let mut roots: Vec<&String> = roots.iter().filter(|root| !root.is_empty()).collect();
    // One may lie in another.
    roots.sort_by_key(|root| std::cmp::Reverse(root.len()));
    roots.into_iter().fold(text.to_owned(), |text, root| text.replace(root.as_str(), ROOT))
}

impl Decided {
    /// Who was there.
    pub(crate) fn presence(&self) -> Presence {
        if self.end == End::Nobody { Presence::Nobody } else { Presence::Somebody }
    }

    /// How long its question waits: what ended by its clock ends so at once.
    pub(crate) fn patience(&self, usual: Duration) -> Duration {
        if self.end == End::Expired { Duration::ZERO } else { usual }
    }

    /// Whether it can be given about this change: what lets an edit through was about one text.
    fn fits(&self, change: Option<&ChangePlan>, redactor: &Redactor) -> bool {
        let lets_through = matches!(self.end, End::Once | End::Always) || !self.applied.is_empty();
        match change {
            Some(plan) if lets_through => {
                self.before.as_ref().is_some_and(|before| *before == redactor.clean(&plan.before))
            }
            _ => true,
        }
    }

    /// Answers the question of a run as it was answered, and never ends: whoever waits for the answer drops it.
    pub(crate) async fn give(&self, shared: &Arc<Shared>, run: &RunId) -> Infallible {
        let desk = Desk { shared: shared.clone() };
        let mut view = desk.view();
        let is_its = |approval: &ApprovalView| approval.run == *run || approval.joined.contains(run);
        let asked = view.wait_for(|view| view.approvals.iter().any(is_its)).await;
        let found = asked
            .ok()
            .and_then(|view| view.approvals.iter().find(|one| is_its(one)).map(|one| one.id.clone()));
        if let Some(approval) = found
            && let Err(error) = self.decide(&desk, &approval).await
        {
            tracing::warn!(%error, "an answer of the recording could not be given");
            let words = Some("what was answered when it was recorded cannot be given".to_owned());
            let _ = desk.decide(&approval, Decision::Deny, "nobody", words).await;
        }
        std::future::pending().await
    }

    async fn decide(&self, desk: &Desk, approval: &ApprovalId) -> Result<(), AgentError> {
        if self.end == End::Open && !self.is_by_hunks() {
            return Ok(());
        }
        let is_cut = desk.view().borrow().approvals.iter().any(|one| one.id == *approval && !one.whole);
        if is_cut || self.is_by_hunks() {
            desk.decide(approval, Decision::Show, "person", None).await?;
        }
        if self.is_by_hunks() {
            self.review(desk, approval).await?;
        }
        let (decision, words) = match &self.end {
            End::Once => (Decision::Once, None),
            End::Denied(words) => (Decision::Deny, words.clone()),
            End::Always => {
                let (reply, answer) = oneshot::channel();
                desk.shared.link.order(Order::AlwaysThen { approval: approval.clone(), reply });
                return answer.await.unwrap_or(Err(AgentError::Canceled)).map(drop);
            }
            // Its hunks, its clock or the end of its run settle it.
            End::Reviewed | End::Expired | End::Nobody | End::Open => return Ok(()),
        };
        desk.decide(approval, decision, "person", words).await.map(drop)
    }

    fn is_by_hunks(&self) -> bool {
        !self.rejected.is_empty() || !self.applied.is_empty() || self.end == End::Reviewed
    }

    /// Refuses and makes hunks as they were refused and made.
    async fn review(&self, desk: &Desk, approval: &ApprovalId) -> Result<(), AgentError> {
        let mut view = desk.view();
        let reviewed = view.wait_for(|view| !view.changes.is_empty()).await;
        let change = reviewed.ok().and_then(|view| {
            let run = &view.approvals.iter().find(|one| one.id == *approval)?.run;
            let of_run = |change: &&ChangeView| change.run == *run || view.changes.len() == 1;
            view.changes.iter().find(of_run).map(|change| change.id.clone())
        });
        let change = change.ok_or_else(|| AgentError::UnknownApproval(approval.to_string()))?;
        if !self.rejected.is_empty() {
            desk.reject(&change, Some(self.rejected.clone())).await?;
        }
        for hunks in &self.applied {
            let (gate, opened) = oneshot::channel();
            desk.apply(&change, Some(hunks.clone()), opened).await?;
            let _ = gate.send(());
            made(desk, &change, hunks).await;
        }
        Ok(())
    }
}

/// Waits until hunks are made, or the change is off the desk.
async fn made(desk: &Desk, change: &ChangeId, hunks: &[usize]) {
    let mut view = desk.view();
    let is_settled = |one: &ChangeView, at: usize| {
        one.plan.hunks.get(at).is_none_or(|hunk| hunk.state != HunkState::Pending)
            || one.stale.iter().any(|(stale, _)| *stale == at)
    };
    let is_over = |view: &View| match view.changes.iter().find(|one| one.id == *change) {
        Some(one) => hunks.iter().all(|at| is_settled(one, *at)),
        None => true,
    };
    // A desk that has ended shows nothing any more.
    let _ = view.wait_for(|view| is_over(view)).await;
}
