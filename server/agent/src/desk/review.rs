//! Change plans under review: which of their hunks are settled, being applied, or open.

use std::time::Duration;

use copydesk_base::change::{ChangePlan, HunkReport, HunkState, RefusedHunk};
use copydesk_base::event::Origin;
use copydesk_base::{ApprovalId, ChangeId, Redactor};

use super::board::{Board, Closing};
use crate::error::AgentError;
use crate::session::recover::edits::REJECTED;

/// A change plan under review.
pub(crate) struct Review {
    pub(super) approval: ApprovalId,
    pub(crate) plan: ChangePlan,
    pub(crate) origin: Option<Origin>,
    pub(crate) redactor: Redactor,
    pub(crate) patience: Duration,
    /// How its file is named to people.
    pub(crate) shown: String,
    pub(super) applying: Vec<usize>,
    pub(super) stale: Vec<(usize, String)>,
    /// How the whole was settled while hunks were still being applied: it waits for them.
    pub(super) closing: Option<Closing>,
}

impl Board {
    /// Reserves hunks of a review for an order; what is settled or reserved already is refused.
    pub(crate) fn reserve(
        &mut self,
        change: &ChangeId,
        hunks: Option<&[usize]>,
    ) -> Result<(&Review, Vec<usize>, Vec<RefusedHunk>), AgentError> {
        let review =
            self.reviews.get_mut(change).ok_or_else(|| AgentError::UnknownChange(change.to_string()))?;
        let mut wanted: Vec<usize> = hunks.map_or_else(|| review.open(), <[usize]>::to_vec);
        // In whatever order they are named, an edit of a text has its pieces in the order of the text.
        wanted.sort_unstable();
        let mut taken = Vec::new();
        let mut refused = Vec::new();
        for at in wanted {
            let reason = match review.plan.hunks.get(at).map(|hunk| &hunk.state) {
                None => "there is no such hunk",
                Some(HunkState::Applied) => "it is applied already",
                Some(HunkState::Refused { .. }) => "it is refused already",
                Some(HunkState::Pending) if review.applying.contains(&at) => "it is being applied",
                Some(HunkState::Pending) if review.closing.is_some() => "the whole edit is settled already",
                Some(HunkState::Pending) => {
                    review.applying.push(at);
                    taken.push(at);
                    continue;
                }
            };
            refused.push(RefusedHunk::new(at, reason));
        }
        Ok((review, taken, refused))
    }

    /// Frees hunks that turned out not to fit; they stay open, marked with the reason.
    pub(crate) fn free(&mut self, change: &ChangeId, refused: &[RefusedHunk]) {
        if let Some(review) = self.reviews.get_mut(change) {
            for RefusedHunk { hunk, reason, .. } in refused {
                review.applying.retain(|at| at != hunk);
                review.stale.retain(|(at, _)| at != hunk);
                review.stale.push((*hunk, reason.clone()));
            }
        }
    }

    /// Notes hunks as applied. Answers the approval that is settled by it, if all are.
    pub(crate) fn applied(&mut self, change: &ChangeId, sent: &[usize]) -> Option<ApprovalId> {
        self.mark(change, sent, &HunkState::Applied)
    }

    /// Notes hunks as refused by the person. Answers the approval that is settled by it, if all are.
    pub(crate) fn rejected(&mut self, change: &ChangeId, hunks: &[usize]) -> Option<ApprovalId> {
        let reason = REJECTED.to_owned();
        self.mark(change, hunks, &HunkState::Refused { reason })
    }

    fn mark(&mut self, change: &ChangeId, hunks: &[usize], state: &HunkState) -> Option<ApprovalId> {
        let review = self.reviews.get_mut(change)?;
        for at in hunks {
            review.applying.retain(|applying| applying != at);
            review.stale.retain(|(stale, _)| stale != at);
            if let Some(hunk) = review.plan.hunks.get_mut(*at) {
                hunk.state = state.clone();
            }
        }
        (review.open().is_empty() && review.applying.is_empty()).then(|| review.approval.clone())
    }
}

impl Review {
    /// The hunks that nobody has settled.
    fn open(&self) -> Vec<usize> {
        let pending = |at: &usize| self.plan.hunks[*at].state == HunkState::Pending;
        (0..self.plan.hunks.len()).filter(pending).collect()
    }

    /// What came of it, and what is still open.
    pub(super) fn result(self) -> (HunkReport, Vec<usize>) {
        let mut report = HunkReport::default();
        let open = self.open();
        for (at, hunk) in self.plan.hunks.into_iter().enumerate() {
            match hunk.state {
                HunkState::Pending => {}
                HunkState::Applied => report.sent.push(at),
                HunkState::Refused { reason } => {
                    report.refused.push(RefusedHunk { hunk: at, reason, by_person: true });
                }
            }
        }
        (report, open)
    }
}
