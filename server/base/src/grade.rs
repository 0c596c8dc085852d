//! Whose words something is: a property of data that travels with it.

use serde::{Deserialize, Serialize};

/// Where text came from, most trusted first. What is made of several texts has the worst of their grades; summaries,
/// compaction and resuming keep it.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// The person typed it now, or Copydesk says it.
    #[default]
    Typed,
    /// A file of the workspace.
    Own,
    /// A file that others made: a dependency, or anything outside the workspace.
    Dependency,
    /// What a command or another program printed.
    Tool,
    /// The web, and tool servers.
    Stranger,
    /// A recording that a file brought: whoever wrote the file speaks in the place of the model.
    Recorded,
}

impl Grade {
    /// Whether it may be the words of somebody who wants something of the reader.
    pub fn is_strange(self) -> bool {
        self >= Self::Dependency
    }

    /// In a sentence: `what a command printed`.
    pub const fn as_words(self) -> &'static str {
        match self {
            Self::Typed => "what you typed",
            Self::Own => "a file of yours",
            Self::Dependency => "a file that others made",
            Self::Tool => "what a program printed",
            Self::Stranger => "text from outside this machine",
            Self::Recorded => "a recording that is not as your journal has it",
        }
    }
}
