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
use crate::changes::known::Extent;
use crate::changes::way::{self, Written};
use crate::error::AgentError;
use crate::run::Turn;

/// The mark at the beginning of a text that says how it is encoded.
const MARK: char = '\u{feff}';

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
            None => Ok(Written::Seen(like(before, content))),
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

/// The new text with the byte order mark and the line ends of the one before.
fn like(before: &str, content: String) -> String {
    let crlf = before.contains("\r\n") && !content.contains('\r');
    let content = if crlf { content.replace('\n', "\r\n") } else { content };
    let is_marked = before.starts_with(MARK) && !content.starts_with(MARK);
    if is_marked { format!("{MARK}{content}") } else { content }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_the_line_ends_and_the_mark_of_the_one_before() {
        for (before, content, after) in [
            ("a\n", "b\n", "b\n"),
            ("a\r\n", "b\nc\n", "b\r\nc\r\n"),
            ("a\r\n", "b\r\n", "b\r\n"),
            ("\u{feff}a\n", "b\n", "\u{feff}b\n"),
            ("\u{feff}a\r\n", "\u{feff}b\n", "\u{feff}b\r\n"),
            ("a\n", "\u{feff}b\n", "\u{feff}b\n"),
        ] {
            assert_eq!(like(before, content.to_owned()), after, "{before:?} {content:?}");
        }
    }
}
