//! What can go wrong in this room, as fragments that fit "failed to …".

use copydesk_base::files::FileError;
use copydesk_provider::{CallError, ChooseError};
use copydesk_store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    #[error("write the journal, so nothing was done: {0}")]
    Journal(String),
    #[error("{way}{0}", way = way(.0))]
    Model(#[from] CallError),
    #[error("choose a model: {0}")]
    Choose(#[from] ChooseError),
    #[error("{0}")]
    File(#[from] FileError),
    #[error("use the settings: {0}")]
    Settings(String),
    #[error(
        "go on: {} is not trusted any more, and this run began while it was; ask again to work without it",
        crate::visible(.0)
    )]
    Distrusted(String),
    #[error("go on: you said no {0} times in a row; say what it should do instead, or deny it by a rule")]
    Unwanted(usize),
    #[error("go on: {0}")]
    Budget(String),
    /// The same of a request that no budget let out when it was recorded.
    #[error("{0}")]
    NotSent(CallError),
    #[error("find the run {0}")]
    UnknownRun(String),
    #[error("find the conversation '{0}' in this workspace")]
    UnknownSession(String),
    #[error("do that to '{0}': it is still at work; wait for it, or cancel it first")]
    Open(String),
    #[error("take the conversation in: {0}")]
    NoConversation(String),
    #[error("name it '{0}': another conversation has that name")]
    NameTaken(String),
    /// A turn that ended before a model was told anything.
    #[error("ask again: nothing was sent to a model in {0}")]
    NeverAsked(String),
    #[error("go back to before '{0}': it is still at work; cancel it first")]
    UnderWay(String),
    #[error("find anything to take back")]
    NothingToUndo,
    #[error("find the change {0}: it is settled, or of another process")]
    UnknownChange(String),
    #[error("find the approval {0}: it is settled, or of another process")]
    UnknownApproval(String),
    #[error("allow what was not shown whole; use Show first")]
    NotShown,
    #[error("go on: something in this program broke; please report it with the log")]
    Panicked,
    #[error("send {path} to a model: {reason}")]
    Withheld { path: String, reason: String },
    #[error("store a rule for this: none is offered; allow it once instead")]
    NotOffered,
    #[error(
        "go on: the model made the same calls with the same results {0} times; say what it should do instead, or ask another model"
    )]
    Circle(usize),
    #[error(
        "go on: the conversation has ≈ {tokens} tokens of the {limit} that may be sent, and shortening it did not help; \
         begin a new one, ask about less at once, or raise context.compaction"
    )]
    TooLong { tokens: u64, limit: u64 },
    #[error(
        "go on: the conversation had to be shortened before each of the last {0} requests, and was too long again behind the \
         next answer; begin a new one, ask about less at once, or raise context.compaction"
    )]
    Crowded(u32),
    #[error(
        "ask {model}: the request has ≈ {tokens} tokens and its window holds {window}, behind which its server cuts \
         without a word; ask about less at once, or choose a model with a larger window"
    )]
    TooLarge { model: String, tokens: u64, window: u64 },
    #[error("finish the layer {name}: {reason}")]
    Layer { name: String, reason: String },
    #[error("go on: it was canceled")]
    Canceled,
    #[error("finish: the model's answer was cut at its limit of output tokens or of its window{}; ask for less at once", undone(*calls))]
    Cut { calls: usize },
    #[error("finish: the model stopped with '{reason}', which nobody here knows{}", undone(*calls))]
    Stopped { reason: String, calls: usize },
    #[error("finish: the model's answer does not fit the schema, also when it was asked once more: {0}")]
    Unfit(String),
    #[error("make the edit of {files}: {reason}; the rest is done")]
    Unmade { files: String, reason: String },
    #[error("finish: the model, or a filter before it, declined to answer")]
    Declined,
    #[error("finish: the model answered with nothing at all; ask again, or choose another model")]
    Nothing,
}

impl AgentError {
    /// The whole of it for a person: what failed, and what to do next where somebody knows.
    pub fn told(&self) -> String {
        format!("failed to {}", self.fragment())
    }

    /// The same as a fragment.
    pub(crate) fn fragment(&self) -> String {
        let advice = match self {
            Self::Model(error) => error.advice(),
            Self::Choose(error) => error.advice(),
            _ => String::new(),
        };
        if advice.is_empty() { self.to_string() } else { format!("{self}. {advice}") }
    }
}

impl From<StoreError> for AgentError {
    fn from(error: StoreError) -> Self {
        Self::Journal(error.to_string())
    }
}

/// What was tried: a recording is nobody who could be reached, and says by itself what failed then.
const fn way(error: &CallError) -> &'static str {
    match error {
        CallError::NotRecorded { .. } => "replay: ",
        CallError::Recorded { .. } => "",
        CallError::PastLimit { .. } => "finish: ",
        _ => "reach the model: ",
    }
}

/// The calls of an answer that did not end as it should.
fn undone(calls: usize) -> &'static str {
    if calls == 0 { "" } else { ", and nothing that it called for was done" }
}
