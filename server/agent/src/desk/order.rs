//! Orders to the desk's task, and the sender that runs hold.

use std::sync::Arc;
use std::time::Duration;

use copydesk_base::change::{HunkReport, RefusedHunk};
use copydesk_base::config::Mode;
use copydesk_base::{ApprovalId, CallId, ChangeId, ChangePlan, Redactor, RunId};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::board::Asked;
use super::words::{Decision, Settled};
use crate::error::AgentError;
use crate::run::steer::Words;
use crate::view::{CommandView, FindingView, QuestionView, RunView};

/// An order to the desk's task.
pub(crate) enum Order {
    Begin {
        view: RunView,
        cancel: CancellationToken,
        speak: mpsc::Sender<Words>,
    },
    /// The run is on record, and more is known of it.
    Began {
        view: RunView,
        redactor: Redactor,
    },
    End {
        run: RunId,
    },
    Ask(Box<Asked>),
    Decide {
        approval: ApprovalId,
        decision: Decision,
        by: String,
        feedback: Option<String>,
        reply: oneshot::Sender<Result<Settled, AgentError>>,
    },
    Cancel {
        run: RunId,
        reply: oneshot::Sender<bool>,
    },
    Question {
        view: QuestionView,
        reply: oneshot::Sender<String>,
    },
    Found(FindingView),
    /// The person has seen what the last review found.
    Dismiss,
    /// Nobody waits for an answer any more.
    Unask(CallId),
    Answer {
        question: CallId,
        answer: String,
        reply: oneshot::Sender<bool>,
    },
    /// A command of a run goes on in the background.
    Running {
        view: CommandView,
        stop: CancellationToken,
    },
    /// It has ended.
    Ran(CallId),
    Stop {
        command: CallId,
        reply: oneshot::Sender<bool>,
    },
    /// The person answered *Always* when this was recorded: it counts for this process, and nothing is stored.
    AlwaysThen {
        approval: ApprovalId,
        reply: oneshot::Sender<Result<Settled, AgentError>>,
    },
    Steer {
        run: RunId,
        words: Words,
        reply: oneshot::Sender<bool>,
    },
    Reserve {
        change: ChangeId,
        hunks: Option<Vec<usize>>,
        reply: oneshot::Sender<Result<Reserved, AgentError>>,
    },
    Free {
        change: ChangeId,
        report: HunkReport,
    },
    Applied {
        change: ChangeId,
        report: HunkReport,
    },
    Reject {
        change: ChangeId,
        hunks: Option<Vec<usize>>,
        reply: oneshot::Sender<Result<HunkReport, AgentError>>,
    },
    ShowChange {
        change: ChangeId,
        reply: oneshot::Sender<Result<(), AgentError>>,
    },
    Mode(Option<Mode>),
    Model(Option<String>),
}

/// Hunks that an order may apply now.
pub(crate) struct Reserved {
    pub(super) plan: ChangePlan,
    pub(super) redactor: Redactor,
    pub(super) patience: Duration,
    pub(super) taken: Vec<usize>,
    pub(super) report: HunkReport,
}

impl Reserved {
    /// The same hunks as refusals, to be freed.
    pub(super) fn given_back(&self, reason: &str) -> Vec<RefusedHunk> {
        self.taken.iter().map(|hunk| RefusedHunk::new(*hunk, reason)).collect()
    }
}

/// A sender to the desk's task, for runs.
///
/// The queue has no limit of its own, since an order must neither wait nor be lost. What is in it is bounded by those
/// who send: a run says once that it begins and once that it ends, and waits for the answer to whatever else it asks; a
/// client has one order for each of its requests. The task does no more for one than write a few rows.
#[derive(Clone)]
pub(crate) struct DeskLink {
    pub(super) orders: mpsc::UnboundedSender<Order>,
    pub(crate) remembered: watch::Receiver<Arc<Vec<copydesk_permission::Rule>>>,
}

impl DeskLink {
    /// Hands an order over; a desk that has ended is a server that ends, and the run is canceled with it.
    pub(crate) fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }
}
