//! `handoff`: has another agent go on with this conversation.
//!
//! `agent` one that the agent at work names in its file · `words` what the other one should know or do first

use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Output, arguments};
use crate::run::Turn;
use crate::team::handoff::Handoff;

/// How often one run may be handed over: agents that send one another the work do none of it.
const MOST: usize = 8;

#[derive(Deserialize)]
struct Arguments {
    agent: String,
    #[serde(default)]
    words: String,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "handoff",
        "Hand this conversation over to another agent, which goes on with everything that was said.",
        json!({
            "type": "object",
            "properties": {"agent": {"type": "string"}, "words": {"type": "string"}},
            "required": ["agent"]
        }),
    )
}

pub(super) fn run(turn: &mut Turn, value: Value) -> Output {
    let Arguments { agent, words } = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return output,
    };
    if turn.handed_over >= MOST {
        return Output::failed(format!(
            "this was handed over {MOST} times; do the work, or answer with what is in the way"
        ));
    }
    let named = turn.role.agent.as_ref().map(|agent| agent.handoffs.clone()).unwrap_or_default();
    let found = turn.role.agents.iter().find(|known| known.name == agent && named.contains(&agent));
    let Some(found) = found.cloned() else {
        return Output::failed(format!("this agent hands over to {} only", named.join(", ")));
    };
    // A name that the person wrote means one of theirs.
    if !found.is_believed && turn.role.agent.as_ref().is_some_and(|agent| agent.is_believed) {
        let text = format!(
            "there is no agent '{agent}' of the person's; this project's does not stand in its place until the person has \
             trusted its file"
        );
        return Output::failed(text);
    }
    turn.handoff = Some(Handoff { to: found, words });
    Output::fine(format!("{agent} goes on from here"))
}
