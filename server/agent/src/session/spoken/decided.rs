//! What was decided about one effect of a recorded conversation, and how it is given again: through the desk, so that the
//! same records come about.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use copydesk_base::change::{ChangePlan, HunkState};
use copydesk_base::host::Presence;
use copydesk_base::{ApprovalId, ChangeId, Redactor, RunId};
use tokio::sync::oneshot;

use crate::desk::{Decision, Desk, Order, Shared};
use crate::error::AgentError;
use crate::view::{ApprovalView, ChangeView, View};

/// What was decided about an effect.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decided {
    /// The text that an edit was first made on; nothing where it was not made.
    pub(super) before: Option<String>,
    /// Hunks that were refused and made one by one, before the end.
    pub(super) rejected: Vec<usize>,
    pub(super) applied: Vec<Vec<usize>>,
    pub(super) end: End,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum End {
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
    pub(super) fn fits(&self, change: Option<&ChangePlan>, redactor: &Redactor) -> bool {
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
