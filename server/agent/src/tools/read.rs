//! `read`: the text of a file, unsaved changes included, or the names in a folder.
//!
//! `path` · `offset` first line, from 1 · `limit` number of lines, at most 2 000 unless set

use std::ops::Range;

use copydesk_base::files::FileError;
use copydesk_base::{CallId, Effect};
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::walk::Walk;
use super::{Output, Work, arguments, list};
use crate::error::AgentError;
use crate::gate::twins;
use crate::gate::{Permit, permit};
use crate::run::Turn;

const LINES: usize = 2000;
/// The most bytes of one answer.
const BYTES: usize = 60 * 1024;

#[derive(Deserialize)]
struct Arguments {
    path: String,
    offset: Option<usize>,
    limit: Option<usize>,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "read",
        "Read a file (unsaved changes included), or list a folder. Offset is the first line, from 1.",
        json!({
            "type": "object",
            "properties": {
                "path": {"type": "string"},
                "offset": {"type": "integer"},
                "limit": {"type": "integer"}
            },
            "required": ["path"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Work, AgentError> {
    let Arguments { path, offset, limit } = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output.into()),
    };
    let file = turn.path(&path);
    if let Permit::Refused(text) = permit(turn, call, Effect::Read { path: file.clone() }, None).await? {
        return Ok(Output::failed(text).into());
    }
    let known = turn.known.clone();
    let (walk, grade) = (Walk::of(turn), turn.grade_of(&file));
    let (shared, redactor) = (turn.shared.clone(), turn.settings.redactor.clone());
    Ok(walk.look(move |walk| match walk.files.read(&file) {
        _ if walk.twins.is_twin(&file) => Output::failed(twins::refused(&path)),
        Ok(text) => {
            shared.learn(&text.text, &redactor);
            let (part, seen) = lines(&text.text, offset.unwrap_or(1), limit.unwrap_or(LINES));
            known.note(&file, &text.text, seen);
            Output::fine(part).with(grade, path)
        }
        Err(FileError::Absent { .. }) => Output::failed(format!("there is no file {path}")),
        Err(FileError::NotRegular { .. }) if file.is_dir() => list::names(walk, &file, &path, grade),
        Err(error) => Output::failed(format!("failed to {error}")),
    }))
}

/// The wanted lines, and where to go on if there are more; with those that are shown whole, from zero.
fn lines(text: &str, offset: usize, limit: usize) -> (String, Range<usize>) {
    let total = text.lines().count();
    let first = offset.max(1);
    let mut out = String::new();
    let mut last = first - 1;
    for line in text.split_inclusive('\n').skip(first - 1).take(limit.min(LINES)) {
        if out.len() + line.len() > BYTES {
            break;
        }
        out.push_str(line);
        last += 1;
    }
    if total == 0 {
        return ("the file is empty".to_owned(), 0..0);
    }
    if last < first {
        let none = if first > total {
            format!("the file has only {total} lines")
        } else {
            let head: String =
                text.lines().nth(first - 1).unwrap_or_default().chars().take(BYTES / 4).collect();
            format!("{head}\n[line {first} is longer than can be shown]")
        };
        return (none, 0..0);
    }
    if last < total {
        if !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(&format!("[lines {first}-{last} of {total}; go on with offset {}]", last + 1));
    }
    (out, first - 1..last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_says_where_to_go_on() {
        let text = "a\nb\nc\nd\n";
        for (offset, limit, shown, seen) in [
            (1, 10, "a\nb\nc\nd\n", 0..4),
            (2, 2, "b\nc\n[lines 2-3 of 4; go on with offset 4]", 1..3),
            (9, 2, "the file has only 4 lines", 0..0),
            (0, 1, "a\n[lines 1-1 of 4; go on with offset 2]", 0..1),
        ] {
            assert_eq!(lines(text, offset, limit), (shown.to_owned(), seen));
        }
        assert_eq!(lines("", 1, 5), ("the file is empty".to_owned(), 0..0));
        let (_, seen) = lines(&"x".repeat(2 * BYTES), 1, 5);
        assert_eq!(seen, 0..0, "a line of which only the beginning is shown");
    }
}
