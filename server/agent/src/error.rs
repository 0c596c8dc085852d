//! What can go wrong in this room, as fragments that fit "failed to …".

use copydesk_base::files::FileError;
use copydesk_provider::{CallError, ChooseError};
use copydesk_store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    #[error("write the journal, so nothing was done: {0}")]
    Journal(String),
    #[error("reach the model: {0}")]
    Model(#[from] CallError),
    #[error("choose a model: {0}")]
    Choose(#[from] ChooseError),
    #[error("{0}")]
    File(#[from] FileError),
    #[error("use the settings: {0}")]
    Settings(String),
    #[error("go on: {0}")]
    Budget(String),
    #[error("find the run {0}")]
    UnknownRun(String),
    #[error("find anything to take back")]
    NothingToUndo,
    #[error("find the change {0}: it is settled, or of another process")]
    UnknownChange(String),
    #[error("find the approval {0}: it is settled, or of another process")]
    UnknownApproval(String),
    #[error("allow what was not shown whole; use Show first")]
    NotShown,
    #[error("go on: it was canceled")]
    Canceled,
}

impl From<StoreError> for AgentError {
    fn from(error: StoreError) -> Self {
        Self::Journal(error.to_string())
    }
}
