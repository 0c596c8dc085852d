//! `write`: creates a file, or replaces one whole.
//!
//! `path` · `content` the whole text
//!
//! What goes with a whole file must be known first: one that nothing was read of in the conversation is not replaced.
//! (`edit` needs no such rule: who names the exact old text, and there is only one, has seen it.)

use copydesk_base::CallId;
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Output, arguments};
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
        // What a person typed since would go with the rest.
        if before.is_some_and(|before| !known.is(&file, before)) {
            let why = if known.has(&file) {
                "has changed since it was read; read it again"
            } else {
                "exists, and nothing of it was read in this turn; read it first"
            };
            return Err(format!("not written: {path} {why}, then edit it or write it anew"));
        }
        // A file that ends its lines with CRLF keeps doing so.
        let crlf = before.is_some_and(|before| before.contains("\r\n")) && !content.contains('\r');
        Ok(Written::Seen(if crlf { content.replace('\n', "\r\n") } else { content }))
    })
    .await
}
