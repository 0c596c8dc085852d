//! What events are made of.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Grade, RunId, Span, Usage};

/// Where a run started: an approval shows there in every client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub path: PathBuf,
    /// Bytes of the text as it was then.
    pub span: Span,
}

/// What a run takes over from those before it in its session, so that nobody has to read them all to go on. The chain
/// of the run's records begins with the record that is named here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    /// The last of these runs.
    pub run: RunId,
    /// Its last record at that time.
    pub seq: u64,
    /// What those that had ended have used up, and how long they were at work.
    pub usage: Usage,
    pub time_ms: u64,
    /// The worst that was read in any of them.
    pub grade: Grade,
    /// Those that had not ended: what they use up is theirs to say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<RunId>,
}

/// What a notice is about, where that is not only for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum About {
    /// What was used up, which is another figure with each model and each day.
    Account,
    /// Who answers, and who cannot.
    Route,
    /// A question of the model's that nobody was there to answer, as it would have been asked.
    Unattended { question: String },
    /// A kind written by a newer version.
    #[serde(other)]
    Unknown,
}

/// Of what a summary is asked for: of all messages but the last ones of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfSummary {
    /// How many last ones.
    pub kept: usize,
    /// About how many tokens the next request would have had.
    pub before: u64,
}

/// What a model wrote of a call besides its arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The name that it gave to the call.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The text of the arguments, where that is another than the one that we would write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

impl Written {
    pub(super) fn is_usual(&self) -> bool {
        self.id.is_empty() && self.raw.is_none()
    }
}

/// A part of the first message of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Which part of the budget it takes: `rules`, `files`, `selection`.
    pub name: String,
    /// Where it comes from: a path, or who said it.
    pub origin: String,
    /// How much of the message it is.
    pub bytes: usize,
    /// Bytes of what it tells that are left out.
    #[serde(default)]
    pub cut: usize,
}

/// One thing to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Todo {
    pub text: String,
    #[serde(default)]
    pub state: TodoState,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TodoState {
    #[default]
    Open,
    Doing,
    Done,
}

/// An effect that was refused, as `ask --json` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denied {
    /// `edit src/lib.rs`, `run cargo test`.
    pub effect: String,
    pub reason: String,
    /// What it would have taken.
    #[serde(default)]
    pub wanted: Wanted,
}

/// What an effect would have taken that was refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Nothing: that was the decision.
    #[default]
    Nothing,
    /// Somebody to ask, or a rule.
    Answer,
    /// Somebody to ask: no rule decides about it.
    Person,
}
