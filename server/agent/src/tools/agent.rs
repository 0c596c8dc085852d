//! `agent`: has another agent do a piece of work, with a context of its own, and reads its summary.
//!
//! `task` everything that it must know · `name` an agent; a plain helper unless given · `edits` whether it may change
//! files
//!
//! One that edits works in a git worktree, so that several can at the same time; what it changed comes back as edits.
//! Where there is no repository it edits in place, one after the other.

use copydesk_base::CallId;
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Output, Work, arguments};
use crate::error::AgentError;
use crate::run::Turn;
use crate::team::arrival;
use crate::team::helper::{self, Site, Task};
use crate::team::worktree;

/// How many helpers one run may call for.
const MOST: usize = 16;

#[derive(Deserialize)]
struct Arguments {
    task: String,
    name: Option<String>,
    #[serde(default)]
    edits: bool,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "agent",
        "Have a helper do a piece of work. It knows only what `task` says; you read only its summary. Several calls in one \
         answer work side by side. It may only look, unless `edits` is set.",
        json!({
            "type": "object",
            "properties": {
                "task": {"type": "string"},
                "name": {"type": "string"},
                "edits": {"type": "boolean"}
            },
            "required": ["task"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Work, AgentError> {
    let Arguments { task, name, edits } = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output.into()),
    };
    if task.trim().is_empty() {
        let text = "`task` is empty, and a helper knows nothing else; say what it is to do";
        return Ok(Output::failed(text).into());
    }
    let found = name.as_ref().map(|name| turn.role.agents.iter().find(|agent| agent.name == *name).cloned());
    if let (Some(name), Some(None)) = (&name, &found) {
        let known: Vec<&str> = turn.role.agents.iter().map(|agent| agent.name.as_str()).collect();
        let known = known.join(", ");
        let text = format!("there is no agent '{name}'; there are: {known}; or leave the name out");
        return Ok(Output::failed(text).into());
    }
    let agent = found.flatten();
    if turn.helpers.called >= MOST {
        return Ok(
            Output::failed(format!("one run may call for {MOST} helpers at most; go on by yourself")).into()
        );
    }
    turn.helpers.called += 1;
    let site = match edits {
        false => Site::Looks,
        true if worktree::is_possible(&turn.settings).await => Site::Apart,
        true => Site::InPlace,
    };
    let task = Task {
        call: call.clone(),
        agent,
        words: task,
        about: None,
        site,
        steps: None,
        beside: None,
        tasks: None,
    };
    let ended = helper::start(turn, task).await?;
    if site == Site::InPlace {
        let ended = tokio::select! {
            ended = ended => ended,
            () = turn.cancel.cancelled() => return Err(AgentError::Canceled),
        };
        return Ok(arrival::take_in(turn, ended).await?.output.into());
    }
    Ok(Work::Helper(ended))
}
