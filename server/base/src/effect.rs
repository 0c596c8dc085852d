//! Side effects that somebody other than the person asked for, and what policy answers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Redactor;

/// One side effect, whole enough to be judged.
///
/// Paths are absolute and come from [`crate::path::resolve`]: what is judged is where the effect would land.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Effect {
    /// A file or folder is looked at.
    Read { path: PathBuf },
    /// A file is created or changed (the tools `edit` and `write`, and every redirection).
    Write { path: PathBuf },
    /// A shell command starts in `cwd`.
    Execute { command: String, cwd: PathBuf },
    /// Something outside this machine is reached.
    Network { url: String },
    /// A tool of a tool server is called.
    Tool { server: String, tool: String },
    /// Text that stands in a file is taken as the person's own words: an `ask:` comment that nobody typed here.
    /// Asked by the agent itself; policy answers *ask* in every mode and never offers *Always*.
    Follow { path: PathBuf, line: u32, text: String },
}

impl Effect {
    /// One line for people: `edit src/lib.rs`, `run cargo test`.
    pub fn summary(&self, root: &std::path::Path) -> String {
        match self {
            Self::Read { path } => format!("read {}", crate::path::shown(root, path)),
            Self::Write { path } => format!("edit {}", crate::path::shown(root, path)),
            Self::Execute { command, .. } => format!("run {command}"),
            Self::Network { url } => format!("reach {url}"),
            Self::Tool { server, tool } => format!("use {server}/{tool}"),
            Self::Follow { path, line, text } => {
                format!("follow line {} of {}: {text}", line + 1, crate::path::shown(root, path))
            }
        }
    }
}

impl Effect {
    /// The same without secrets, to be shown and kept; what is judged and done is the effect itself.
    #[must_use]
    pub fn clean(&self, redactor: &Redactor) -> Self {
        let file = |path: &PathBuf| match path.to_str() {
            Some(text) => PathBuf::from(redactor.clean(text)),
            None => path.clone(),
        };
        match self {
            Self::Read { path } => Self::Read { path: file(path) },
            Self::Write { path } => Self::Write { path: file(path) },
            Self::Execute { command, cwd } => {
                Self::Execute { command: redactor.clean(command), cwd: file(cwd) }
            }
            Self::Network { url } => Self::Network { url: redactor.clean(url) },
            Self::Tool { server, tool } => {
                Self::Tool { server: redactor.clean(server), tool: redactor.clean(tool) }
            }
            Self::Follow { path, line, text } => {
                Self::Follow { path: file(path), line: *line, text: redactor.clean(text) }
            }
        }
    }
}

/// What policy answers, always with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Verdict {
    Allow(Because),
    Ask(Question),
    Deny(Because),
}

impl Verdict {
    /// `allow`, `ask` or `deny`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Allow(_) => "allow",
            Self::Ask(_) => "ask",
            Self::Deny(_) => "deny",
        }
    }

    pub const fn because(&self) -> &Because {
        match self {
            Self::Allow(because) | Self::Deny(because) => because,
            Self::Ask(question) => &question.because,
        }
    }
}

/// Why: a sentence fragment for people, and the rule behind it where there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    /// `mode plan refuses edits`, `rule Bash(cargo test:*) allows it`.
    pub reason: String,
    /// The rule as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Where the rule stands: a file with its line, or `remembered` for one stored by *Always allow*.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

impl Because {
    /// A reason that is no rule.
    pub fn of(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), rule: None, origin: None }
    }
}

/// What the person is to decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub because: Because,
    /// The literal rules that *Always allow* would store; empty where *Always* is not offered.
    pub always: Vec<String>,
}
