//! Steps that run programs: `shell`, `script`, `engine`, `git`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Templated;

/// Runs a command in a shell, or a program with arguments.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("anyOf" = [{"required": ["run"]}, {"required": ["args"]}]))]
pub struct Shell {
    /// The command, as you would type it. Put `escape(…)` around values that you insert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The program and its arguments, run without a shell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1))]
    pub args: Vec<String>,
    /// The folder to run in, relative to the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dir: Option<String>,
    /// Environment variables for the command.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Let the command work outside the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_outside_cwd: Option<Templated<bool>>,
}

/// Runs JavaScript in a closed engine without access to files or network.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Script {
    /// The program. Its last value is the step's output.
    pub run: String,
    /// Let the script name files outside the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_outside_cwd: Option<Templated<bool>>,
}

/// Runs an external agent program from the allow-list.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Engine {
    /// The program.
    pub command: String,
    /// Its environment: exactly these variables.
    pub env: BTreeMap<String, String>,
    /// The folder to run in.
    pub cwd: String,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// What it gets on its standard input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
}

/// Works on a Git repository.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Git {
    /// What to do.
    pub op: GitOp,
    /// The folder of the worktree or the clone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The address to clone from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commit's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The folder of the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Environment variables for git.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Let the step work outside the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_outside_cwd: Option<Templated<bool>>,
}

/// What a `git` step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GitOp {
    /// Copies the repository at `url` to `path`.
    Clone,
    /// Makes a worktree of `branch` at `path`.
    WorktreeAdd,
    /// Removes the worktree at `path`.
    WorktreeRemove,
    /// Switches to `branch`.
    Checkout,
    /// Fetches and merges.
    Pull,
    /// Sends commits to the remote.
    Push,
    /// Records the changes with `message`.
    Commit,
}
