//! What a model's answer consists of, as it arrives.

use std::time::Duration;

use copydesk_base::Usage;

use crate::CallError;
use crate::request::{Carried, ToolCall};

/// One thing that an answer brought.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelEvent {
    /// The server has begun to answer.
    Started,
    /// The next piece of text; never empty.
    Text(String),
    /// The next piece of what the model thinks aloud, where its provider tells; never empty.
    Reasoning(String),
    /// A tool call begins: the next one, counted from zero in an answer.
    CallStarted { id: String, name: String },
    /// The next piece of the arguments of a call; never empty. They come whole with [`ModelEvent::Stopped`].
    CallArguments { call: usize, piece: String },
    /// Part of the answer came that nobody here reads: so many tokens at the most.
    Unread(u64),
    /// Nothing follows of a call.
    CallEnded { call: usize },
    /// What the last try used up, to be added to the run's count. Comes once, right before the last item, also where
    /// that is an error.
    Usage(Usage),
    /// The answer that follows was kept so long ago; nobody is asked.
    Recalled { age: Duration },
    /// Nothing comes for a while: the provider's limits hold the request back.
    Waiting { reason: String, wait: Option<Duration> },
    /// The model is asked again, for the `tried`-th time in vain so far: what came of the answer is void. `usage` is
    /// what that try used up. Nothing leaves before the reader wants the next event.
    Again { error: CallError, tried: u32, wait: Duration, usage: Usage },
    /// The last event: the whole answer.
    Stopped { reason: StopReason, text: String, calls: Vec<ToolCall>, carried: Vec<Carried> },
}

impl ModelEvent {
    /// What is carried, with the name of the model that made it.
    pub(crate) fn made_by(mut self, model_ref: &str) -> Self {
        if let Self::Stopped { carried, .. } = &mut self {
            for piece in carried {
                model_ref.clone_into(&mut piece.by);
            }
        }
        self
    }
}

/// Why the model stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// It has said what it had to say.
    EndTurn,
    /// It waits for the results of its calls; there is at least one.
    ToolUse,
    /// It was cut at the limit of output tokens.
    MaxTokens,
    /// It, or a filter before it, declined.
    Refusal,
    /// A word of the provider's that we do not know.
    Other(String),
}

impl StopReason {
    /// The word of records; empty for an answer that is whole.
    pub fn as_str(&self) -> &str {
        match self {
            Self::EndTurn | Self::ToolUse => "",
            Self::MaxTokens => "max_tokens",
            Self::Refusal => "refusal",
            Self::Other(word) => word,
        }
    }

    /// The reason behind such a word.
    pub fn of_word(word: &str, calls: usize) -> Self {
        match word {
            "" if calls > 0 => Self::ToolUse,
            "" => Self::EndTurn,
            "max_tokens" => Self::MaxTokens,
            "refusal" => Self::Refusal,
            other => Self::Other(other.to_owned()),
        }
    }
}
