//! `assign_tasks`: leaves the tasks for the workers of the next layer of a pipeline.
//!
//! `tasks` one for each worker, each with all that it must know; a later call replaces an earlier one

use std::sync::PoisonError;

use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Output, arguments};
use crate::run::Turn;

/// The most tasks of one layer.
const MOST: usize = 64;

#[derive(Deserialize)]
struct Arguments {
    tasks: Vec<String>,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "assign_tasks",
        "Leave the tasks for the workers that come next: one worker does one task and knows only what it says.",
        json!({
            "type": "object",
            "properties": {"tasks": {"type": "array", "items": {"type": "string"}}},
            "required": ["tasks"]
        }),
    )
}

pub(super) fn run(turn: &mut Turn, value: Value) -> Output {
    let Arguments { tasks } = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return output,
    };
    if let Some(empty) = tasks.iter().position(|task| task.trim().is_empty()) {
        return Output::failed(format!(
            "task {} is empty, and its worker would know nothing else; no task was left",
            empty + 1
        ));
    }
    if tasks.len() > MOST {
        return Output::failed(format!(
            "{} tasks are more than the {MOST} that there may be; put some together",
            tasks.len()
        ));
    }
    let Some(left) = &turn.tasks else { return Output::failed("nobody comes next") };
    let count = tasks.len();
    *left.lock().unwrap_or_else(PoisonError::into_inner) = tasks;
    Output::fine(format!("{count} tasks are left for the next layer"))
}
