//! `todo`: the list of what is to be done, which the person sees while it is done.
//!
//! `items` the whole list, each with its text and `open`, `doing` or `done`

use copydesk_base::event::{Todo, TodoState};
use copydesk_base::{CallId, Event};
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Output, arguments};
use crate::error::AgentError;
use crate::run::Turn;

/// The most items, and the longest, in characters.
const ITEMS: usize = 50;
const LENGTH: usize = 200;

#[derive(Deserialize)]
struct Arguments {
    items: Vec<Todo>,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "todo",
        "Keep the list of a longer task in sight of the person. Give the whole list each time.",
        json!({
            "type": "object",
            "properties": {"items": {"type": "array", "items": {
                "type": "object",
                "properties": {"text": {"type": "string"}, "state": {"enum": ["open", "doing", "done"]}},
                "required": ["text"]
            }}},
            "required": ["items"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, _: &CallId, value: Value) -> Result<Output, AgentError> {
    let Arguments { mut items } = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output),
    };
    if items.len() > ITEMS {
        return Ok(Output::failed(format!(
            "a list of more than {ITEMS} helps nobody; name the larger steps"
        )));
    }
    for item in &mut items {
        item.text = item.text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LENGTH).collect();
    }
    let done = items.iter().filter(|item| item.state == TodoState::Done).count();
    let text = format!("{done} of {} done", items.len());
    turn.record(vec![Event::Planned { items }]).await?;
    Ok(Output::fine(text))
}
