//! The files people write, as Rust types.
//!
//! A [`Workflow`] is a list of [`Step`]s; an [`Agent`] is a named prompt with tools; an [`Action`] is a prompt in the
//! editor's menu. The types are read twice: by `serde`, when a workflow is loaded to be run, and by `schemars`, which
//! makes the JSON Schemas that checks, completion and hover walk. So there is one place where a key exists, and its
//! doc comment is what a person reads when the cursor rests on it.
//!
//! Invariants
//! - Every field, every struct and every enum value has a doc comment: short, for a user.
//! - Names of fields are the file's names, by `serde(rename)` where Rust wants another.

pub mod action;
pub mod agent;
pub mod chat;
pub mod keystone;
pub mod layer;
pub mod mcp;
pub mod plugin;
pub mod prompt;
pub mod step;
pub mod tools;
pub mod value;
pub mod workflow;

mod command;
mod data;
mod flow;
mod model;

pub use action::{Action, TightRules, When};
pub use agent::{Agent, Profile, Tool, ToolOrName};
pub use chat::Chat;
pub use command::{Engine, Git, GitOp, Script, Shell};
pub use data::{Artifact, ArtifactOp, File, FileOp, Memory, MemoryOp, Method, Request};
pub use flow::{Human, InputType, Join, JoinCondition, JoinTarget, Mapped, Sleep, SubWorkflow, Wait};
pub use keystone::KeystoneConfig;
pub use layer::{Layer, LayerVerdict, OnFailure};
pub use mcp::McpFile;
pub use model::{Blueprint, ContextStrategy, Dynamic, Llm, LlmOptions, Plan};
pub use plugin::{HooksFile, Plugin};
pub use prompt::{Argument, ArgumentOrName, Instructions, Prompt, Skill};
pub use step::{Common, ExecutionStep, Step, StepKind};
pub use value::{Condition, Expression, Limit, Moment, Scalar, SleepTime, Templated};
pub use workflow::{Eval, Input, InputKind, Workflow};
