//! What a model may call for: few tools, plainly named, each in its own file.
//!
//! A tool reads its arguments, names its effects, passes the gate, and answers with plain text. A refusal or a mistake
//! of the model's is an answer too; only the journal and a cancel end the run.

mod bash;
mod edit;
mod glob;
mod grep;
mod list;
mod read;
mod walk;
mod write;

use copydesk_base::{CallId, Grade};
use copydesk_provider::ToolSpec;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::action::Action;
use crate::error::AgentError;
use crate::run::Turn;

/// What a tool answers.
pub(crate) struct Output {
    pub(crate) text: String,
    pub(crate) failed: bool,
    /// Whose words are in it.
    pub(crate) grade: Grade,
    /// Where those are from, for the person.
    pub(crate) source: String,
}

impl Output {
    pub(crate) fn fine(text: impl Into<String>) -> Self {
        Self { text: text.into(), failed: false, grade: Grade::Typed, source: String::new() }
    }

    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self { failed: true, ..Self::fine(text) }
    }

    /// The same, with words of that grade in it.
    pub(crate) fn with(self, grade: Grade, source: impl Into<String>) -> Self {
        Self { grade, source: source.into(), ..self }
    }
}

/// The specifications of the named tools, in a fixed order.
pub(crate) fn specs(names: &[String]) -> Vec<ToolSpec> {
    [read::spec(), list::spec(), glob::spec(), grep::spec(), edit::spec(), write::spec(), bash::spec()]
        .into_iter()
        .filter(|spec| names.contains(&spec.name))
        .collect()
}

/// Performs one call.
pub(crate) async fn run(
    turn: &mut Turn,
    action: &Action,
    call: &CallId,
    name: &str,
    arguments: Value,
) -> Result<Output, AgentError> {
    if !action.tools.iter().any(|tool| tool == name) {
        return Ok(Output::failed(format!(
            "there is no tool '{name}'; there are: {}",
            action.tools.join(", ")
        )));
    }
    match name {
        "read" => read::run(turn, call, arguments).await,
        "list" => list::run(turn, call, arguments).await,
        "glob" => glob::run(turn, call, arguments).await,
        "grep" => grep::run(turn, call, arguments).await,
        "edit" => edit::run(turn, call, arguments).await,
        "write" => write::run(turn, call, arguments).await,
        "bash" => bash::run(turn, call, arguments).await,
        _ => Ok(Output::failed(format!("the tool '{name}' does not exist"))),
    }
}

/// The arguments as the tool's own type, or what to tell the model.
fn arguments<T: DeserializeOwned>(value: Value) -> Result<T, Output> {
    serde_json::from_value(value)
        .map_err(|error| Output::failed(format!("the arguments do not fit: {error}")))
}

fn spec(name: &str, description: &str, parameters: Value) -> ToolSpec {
    ToolSpec { name: name.to_owned(), description: description.to_owned(), parameters }
}
