//! `write`: creates a file, or replaces one whole.
//!
//! `path` · `content` the whole text
//!
//! What goes with a whole file must be known first: one that was not read in this turn, or not to its end, is not
//! replaced. (`edit` needs no such rule: who names the exact old text, and there is only one, has seen it.)

use std::ops::Range;

use copydesk_base::CallId;
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Output, arguments};
use crate::changes::ends;
use crate::changes::known::Extent;
use crate::changes::way::{self, Written};
use crate::error::AgentError;
use crate::run::Turn;

#[derive(Deserialize)]
struct Arguments {
    path: String,
    content: String,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "write",
        "Create a file, or replace one whole. Prefer edit for a file that exists.",
        json!({
            "type": "object",
            "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
            "required": ["path", "content"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Output, AgentError> {
    let Arguments { path, content } = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output),
    };
    let (known, file) = (turn.known.clone(), turn.path(&path));
    way::change(turn, call, &path, |before, _| {
        let Some(before) = before else { return Ok(Written::Seen(content)) };
        // What a person typed since would go with the rest.
        match unseen(&known.extent(&file, before), before) {
            Some(why) => Err(format!("not written: {path} {why}")),
            None => Ok(Written::Seen(ends::in_place_of(before, &content))),
        }
    })
    .await
}

/// Why a text may not go.
fn unseen(extent: &Extent, before: &str) -> Option<String> {
    let why = match extent {
        Extent::Whole => return None,
        Extent::Changed => {
            "has changed since it was read; read it again, then edit it or write it anew".to_owned()
        }
        Extent::Nothing => {
            "exists, and nothing of it was read in this turn; read it first, then edit it or write it \
                           anew"
                .to_owned()
        }
        Extent::Part(lines) => {
            let lines: Vec<String> =
                lines.iter().map(|Range { start, end }| format!("{}-{end}", start + 1)).collect();
            let total = before.lines().count();
            let seen = if lines.is_empty() { String::new() } else { format!("{} of ", lines.join(", ")) };
            format!(
                "was read in part only ({seen}{total} lines), and the rest would be lost: change what you mean with \
                 edit, or read the rest first"
            )
        }
    };
    Some(why)
}
