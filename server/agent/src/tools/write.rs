//! `write`: creates a file, or replaces one whole.
//!
//! `path` · `content` the whole text

use copydesk_base::CallId;
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::edit::{self, Written};
use super::{Output, arguments};
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
    edit::change(turn, call, &path, |before, _| {
        // A file that ends its lines with CRLF keeps doing so.
        let crlf = before.is_some_and(|before| before.contains("\r\n")) && !content.contains('\r');
        Ok(Written::Seen(if crlf { content.replace('\n', "\r\n") } else { content }))
    })
    .await
}
