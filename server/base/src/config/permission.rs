//! What agents may do, and what holds their commands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, amount};

/// What agents may do: deny wins over ask, ask over allow, allow over the mode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Permissions {
    /// The posture where no rule speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Mode")]
    pub mode: Option<Mode>,
    /// Effects that happen without asking: `Bash(cargo test:*)`, `Read(src/**)`, `Edit(src/**)`.
    pub allow: Vec<String>,
    /// Effects that always ask.
    pub ask: Vec<String>,
    /// Effects that never happen.
    pub deny: Vec<String>,
    /// Folders outside the workspace that count as inside.
    pub additional_directories: Vec<String>,
    /// How long a question waits before silence means no. 5 minutes unless set.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "amount::positive")]
    pub prompt_timeout: Option<Duration>,
}

/// The posture where no rule speaks, loosest last.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// What would be asked is denied.
    Locked,
    /// Reads only; every edit is refused, whatever the rules allow.
    Plan,
    /// Reads in the workspace are allowed, everything else asks.
    #[default]
    Default,
    /// Edits in the workspace are allowed too.
    AcceptEdits,
    /// Commands are allowed too; only what reaches out of the workspace asks.
    Auto,
    /// Everything that no rule denies is allowed. A command-line flag, refused from any file.
    #[serde(skip_deserializing)]
    #[schemars(skip)]
    Bypass,
}

impl Mode {
    /// The word of config files and flags.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Plan => "plan",
            Self::Default => "default",
            Self::AcceptEdits => "accept-edits",
            Self::Auto => "auto",
            Self::Bypass => "bypass",
        }
    }

    /// Reads the word of a flag; `bypass` included.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Locked, Self::Plan, Self::Default, Self::AcceptEdits, Self::Auto, Self::Bypass]
            .into_iter()
            .find(|mode| mode.as_str() == word)
    }
}

/// Confinement of child processes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sandbox {
    /// Whether commands are confined where the system can do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Refuse to run a command where confinement is less than full.
    pub required: bool,
}
