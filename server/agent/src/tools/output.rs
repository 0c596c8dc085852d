//! `output`: what a command in the background printed since the last look.
//!
//! `id` as `bash` answered · `wait_ms` how long to wait for more, at most half a minute · `stop` ends it

use std::time::Duration;

use copydesk_base::{CallId, Grade};
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Output, arguments};
use crate::error::AgentError;
use crate::run::Turn;

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(30);
/// The most bytes of one look: the end, where errors stand.
const MOST: u64 = 16 * 1024;

#[derive(Deserialize)]
struct Arguments {
    id: String,
    #[serde(default)]
    wait_ms: u64,
    #[serde(default)]
    stop: bool,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "output",
        "What a background command printed since you last looked. It can wait for more, or stop it.",
        json!({
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "wait_ms": {"type": "integer"},
                "stop": {"type": "boolean"}
            },
            "required": ["id"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, _: &CallId, value: Value) -> Result<Output, AgentError> {
    let Arguments { id, wait_ms, stop } = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output),
    };
    if stop && let Err(reason) = turn.jobs.stop(&id).await {
        return Ok(Output::failed(reason));
    }
    let cancel = turn.cancel.clone();
    let job = match turn.jobs.named(&id) {
        Ok(job) => job,
        Err(reason) => return Ok(Output::failed(reason)),
    };
    let patience = tokio::time::sleep(Duration::from_millis(wait_ms).min(LONGEST));
    tokio::pin!(patience);
    let (text, read) = loop {
        let output = job.output.clone();
        let mut more = std::pin::pin!(output.more.notified());
        // Listen first, look then: what comes in between is not missed.
        more.as_mut().enable();
        let is_over = job.ended().is_some();
        match job.output.since(job.read, MOST) {
            Ok((text, _)) if text.is_empty() && !is_over => {}
            Ok(found) => break found,
            Err(error) => return Ok(Output::failed(format!("the output cannot be read: {error}"))),
        }
        tokio::select! {
            () = more => {}
            () = &mut patience => break (String::new(), job.read),
            () = cancel.cancelled() => return Err(AgentError::Canceled),
        }
    };
    job.read = read;
    let state = job.ended().map_or_else(|| "running".to_owned(), str::to_owned);
    let source = format!("the output of {}", job.command);
    // Its own last line says how it ended.
    let text = if text.ends_with(&format!("[{state}]\n")) { text } else { format!("{text}[{state}]\n") };
    Ok(Output::fine(text.trim_end()).with(Grade::Tool, source))
}
