//! Commands that say whether an edit is right.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, amount};

/// The programs whose messages are known by name.
pub const CHECK_MATCHERS: &[&str] = &["rustc", "gcc", "python", "node", "tsc", "shell"];

/// A command that must pass, and how its output is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["command"]))]
pub struct Check {
    /// A shell command. It runs at the root of a copy of the workspace that holds the edit; what it writes is thrown
    /// away.
    pub command: String,
    /// What people call it. The command unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How its messages are read: `rustc`, `gcc`, `python`, `node`, `tsc`, `shell`, or a regular expression with the
    /// groups `file`, `line` and `message`. All that are known unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matcher: Option<String>,
    /// Globs: it runs only for an edit that touches such a file. Every edit unless set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// How long it may take. 2 minutes unless set.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "amount::positive")]
    pub timeout: Option<Duration>,
}

impl Check {
    /// What people call it.
    pub fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.command)
    }
}
