//! How much a model is told, section by section, and when a conversation is shortened.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much goes along with an ask, in tokens, section by section, and when a conversation is shortened. What is cut is
/// said, to you and to the model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Context {
    /// `AGENTS.md`, `CLAUDE.md` and files of rules, together. 16000 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<u32>,
    /// The files that your words name as `@path`, together. 64000 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<u32>,
    /// What is piped in, of which the end goes along. 16000 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<u32>,
    /// What was said before: the newest turns of a conversation that fit, all that the model's window has room for
    /// unless set; of a chat document that was begun elsewhere the end, 16000 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier: Option<u32>,
    /// The lines that you selected, or those around the cursor. 1000 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selection: Option<u32>,
    /// When a conversation is shortened to a summary and its last messages.
    pub compaction: Compaction,
}

/// When a conversation is shortened: at the first of both.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Compaction {
    /// The part of the model's window, without the room for its answer, that may be full. 0.7 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 1.0))]
    pub share: Option<f64>,
    /// The tokens that a request may have. Without a number the window alone counts; of a model of which nobody knows
    /// the window, 100000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
}
