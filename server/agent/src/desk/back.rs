//! Going back: a run's edits undone and brought again, a turn rewound, a turn asked once more.

use copydesk_base::RunId;
use copydesk_base::change::HunkReport;
use tokio::sync::oneshot;

use super::{Ask, Desk};
use crate::changes::rewind::{self, Scope};
use crate::changes::undo::{self, Direction};
use crate::error::AgentError;

impl Desk {
    /// Takes the edits of a run back; of the last one that changed something where `run` is `None`.
    pub async fn undo(&self, run: Option<RunId>) -> Result<HunkReport, AgentError> {
        undo::take_back(&self.shared, run, Direction::Undo).await
    }

    /// Brings the edits back that the last undo of a run took.
    pub async fn redo(&self, run: Option<RunId>) -> Result<HunkReport, AgentError> {
        undo::take_back(&self.shared, run, Direction::Redo).await
    }

    /// As [`Desk::undo`] and [`Desk::redo`], for a caller that must be answered at once: the report says what fits the
    /// text that is there now; the work itself waits for `gate`, and what went otherwise follows as a notice.
    pub async fn take_back_behind(
        &self,
        run: Option<RunId>,
        direction: Direction,
        gate: oneshot::Receiver<()>,
    ) -> Result<HunkReport, AgentError> {
        let (run, report) = undo::preview(&self.shared, run, direction).await?;
        if !report.sent.is_empty() {
            let (shared, expected) = (self.shared.clone(), report.clone());
            self.shared.runs.spawn(async move {
                let _ = gate.await;
                tokio::select! {
                    () = undo::perform(&shared, run, direction, &expected) => {}
                    () = shared.cancel.cancelled() => {}
                }
            });
        }
        Ok(report)
    }

    /// What a turn was asked, to be asked again as if it had not been; the last turn where `run` is `None`. The turn
    /// and the later ones of its session do not count any more; their edits stay.
    ///
    /// # Errors
    /// There is no such turn, or it ended before the model was told anything.
    pub async fn again(&self, run: Option<RunId>, model: Option<String>) -> Result<Ask, AgentError> {
        rewind::again(&self.shared, run.as_ref(), model).await
    }

    /// Goes back to before a turn: the runs that do not count any more, and what became of their edits.
    ///
    /// # Errors
    /// There is no such turn, or the journal cannot be written.
    pub async fn rewind(
        &self,
        run: Option<RunId>,
        scope: Scope,
    ) -> Result<(Vec<RunId>, HunkReport), AgentError> {
        let going = rewind::going(&self.shared, run.as_ref(), scope).await?;
        let report = rewind::rewind(&self.shared, &going, scope).await?;
        Ok((going.turns(scope), report))
    }

    /// As [`Desk::rewind`], for a caller that must be answered at once: the work waits for `gate`, and what could not
    /// be taken back follows as a notice.
    ///
    /// # Errors
    /// There is no such turn.
    pub async fn rewind_behind(
        &self,
        run: Option<RunId>,
        scope: Scope,
        gate: oneshot::Receiver<()>,
    ) -> Result<Vec<RunId>, AgentError> {
        let going = rewind::going(&self.shared, run.as_ref(), scope).await?;
        let (shared, turns) = (self.shared.clone(), going.turns(scope));
        self.shared.runs.spawn(async move {
            let _ = gate.await;
            tokio::select! {
                () = rewind::perform(&shared, &going, scope) => {}
                () = shared.cancel.cancelled() => {}
            }
        });
        Ok(turns)
    }
}
