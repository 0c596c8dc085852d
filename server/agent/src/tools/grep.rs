//! `grep`: lines that match a pattern, in the workspace's files that are not ignored, unsaved changes included.
//!
//! `pattern` a regular expression · `path` a file or folder · `glob` which files · `context` lines around each ·
//! `output` the `lines`, their `text` without the numbers, only the `files` that have some, or the `count` of each

use copydesk_base::{CallId, Effect};
use copydesk_provider::ToolSpec;
use grep_regex::RegexMatcher;
use serde::Deserialize;
use serde_json::{Value, json};

use super::search::{self, Hits, LINES, Search, Shown};
use super::walk::{Pick, Walk};
use super::{Output, Work, arguments};
use crate::error::AgentError;
use crate::gate::{Permit, permit};
use crate::run::Turn;

#[derive(Deserialize)]
struct Arguments {
    pattern: String,
    path: Option<String>,
    glob: Option<String>,
    context: Option<usize>,
    #[serde(default)]
    output: Shown,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "grep",
        "Find lines that match a regular expression. Path is a file or folder, glob says which files.",
        json!({
            "type": "object",
            "properties": {
                "pattern": {"type": "string"},
                "path": {"type": "string"},
                "glob": {"type": "string"},
                "context": {"type": "integer"},
                "output": {"enum": ["lines", "text", "files", "count"]}
            },
            "required": ["pattern"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Work, AgentError> {
    let wanted: Arguments = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output.into()),
    };
    let (matcher, pick) = match (matcher(&wanted.pattern), wanted.glob.as_deref().map(Pick::new).transpose())
    {
        (Ok(matcher), Ok(pick)) => (matcher, pick),
        (Err(output), _) | (_, Err(output)) => return Ok(output.into()),
    };
    let start = turn.path(wanted.path.as_deref().unwrap_or("."));
    if let Permit::Refused(text) = permit(turn, call, Effect::Read { path: start.clone() }, None).await? {
        return Ok(Output::failed(text).into());
    }
    if !turn.world.files.is_open(&start) && !start.exists() {
        let shown = wanted.path.as_deref().unwrap_or(".");
        return Ok(Output::failed(format!("there is no file or folder {shown}")).into());
    }
    let context = wanted.context.unwrap_or(0).min(10);
    let (shared, redactor) = (turn.shared.clone(), turn.settings.redactor.clone());
    Ok(Walk::of(turn).look(move |walk| {
        let hide = |text: &str| shared.hidden_in_lines(text, &redactor);
        let search = Search { walk, matcher, pick, context, shown: wanted.output, hide: &hide };
        let Hits { lines, worst, unread } = search.run(&start);
        let mut text = listed(&lines, "no line matches");
        if let Some(first) = unread.first() {
            let others =
                if unread.len() > 1 { format!(" and {} more", unread.len() - 1) } else { String::new() };
            text.push_str(&format!("\n[not searched to the end, for a very long line: {first}{others}]"));
        }
        Output::fine(text).with(worst.grade, worst.source)
    }))
}

/// Lines of an answer; where there are as many as are shown, that there may be more.
pub(super) fn listed(lines: &[String], none: &str) -> String {
    match lines.len() {
        0 => none.to_owned(),
        count if count >= LINES => {
            format!("{}\n[more than {LINES} lines; narrow the search]", lines.join("\n"))
        }
        _ => lines.join("\n"),
    }
}

/// A regular expression of lines, or what to tell the model.
fn matcher(pattern: &str) -> Result<RegexMatcher, Output> {
    search::matcher(pattern).map_err(|error| Output::failed(format!("the pattern cannot be used: {error}")))
}
