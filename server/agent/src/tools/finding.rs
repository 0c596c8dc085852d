//! `finding`: what a review says of a line, where the person sees it: a mark in an editor, a line in a terminal.
//!
//! `path` · `line` from 1 · `message` what is wrong, in a sentence

use copydesk_base::{CallId, Event, Span, path};
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Output, arguments};
use crate::desk::Order;
use crate::error::AgentError;
use crate::gate::render::harmless;
use crate::gate::twins;
use crate::run::Turn;
use crate::view::FindingView;

/// The most letters of a finding.
const LONGEST: usize = 400;

#[derive(Deserialize)]
struct Arguments {
    path: String,
    line: usize,
    message: String,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "finding",
        "Mark one finding of a review at its line, counted from 1.",
        json!({
            "type": "object",
            "properties": {
                "path": {"type": "string"},
                "line": {"type": "integer"},
                "message": {"type": "string"}
            },
            "required": ["path", "line", "message"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Output, AgentError> {
    let Arguments { path: name, line, message } = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output),
    };
    let file = turn.path(&name);
    if let Err(output) = twins::look_into(turn, call, &file, &name).await? {
        return Ok(output);
    }
    let text = match turn.world.files.read(&file) {
        Ok(read) => read.text,
        Err(error) => return Ok(Output::failed(format!("failed to {error}"))),
    };
    let Some(span) = line_span(&text, line) else {
        let shown = path::shown(&turn.settings.root, &file);
        return Ok(Output::failed(format!(
            "{shown} has only {} lines; a line counts from 1",
            text.lines().count()
        )));
    };
    let message: String = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = turn.settings.redactor.clean(&message);
    let said: String = harmless(&message).chars().take(LONGEST).collect();
    turn.record(vec![Event::Found { path: file.clone(), line, text: said.clone() }]).await?;
    turn.desk.order(Order::Found(FindingView {
        run: turn.run.clone(),
        path: file,
        line: line - 1,
        words: span.of(&text).to_owned(),
        text: said,
    }));
    Ok(Output::fine("marked"))
}

/// A line without its end, by its number from one.
fn line_span(text: &str, line: usize) -> Option<Span> {
    let mut start = 0;
    for (at, whole) in text.split_inclusive('\n').enumerate() {
        if at + 1 == line {
            return Some(Span::new(start, start + whole.trim_end_matches(['\n', '\r']).len()));
        }
        start += whole.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_their_number() {
        let text = "a\r\nbc\n\nd";
        let line = |line| line_span(text, line).map(|span| span.of(text));
        assert_eq!(
            [line(0), line(1), line(2), line(3), line(4), line(5)],
            [None, Some("a"), Some("bc"), Some(""), Some("d"), None]
        );
    }
}
