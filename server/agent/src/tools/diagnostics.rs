//! `diagnostics`: what other programs say is wrong.
//!
//! `path` a file; all that is known unless set
//!
//! Two sources: what the editor's other servers had reported when the person asked, and the project's `checks:`, which
//! run on a copy with what the agent has edited in it.

use std::fmt::Write as _;

use copydesk_base::{CallId, Grade, path};
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Output, arguments};
use crate::draft;
use crate::error::AgentError;
use crate::run::Turn;

#[derive(Deserialize)]
struct Arguments {
    path: Option<String>,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "diagnostics",
        "Problems that the editor has reported, and what the project's checks say of your edits.",
        json!({"type": "object", "properties": {"path": {"type": "string"}}}),
    )
}

pub(super) async fn run(turn: &mut Turn, _: &CallId, value: Value) -> Result<Output, AgentError> {
    let wanted: Arguments = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output),
    };
    let file = wanted.path.as_deref().map(|text| turn.path(text));
    let mut text = String::new();
    if let Some(origin) = &turn.origin
        && file.as_ref().is_none_or(|file| *file == origin.path)
        && !turn.findings.is_empty()
    {
        let shown = path::shown(&turn.settings.root, &origin.path);
        let _ = writeln!(text, "Reported by the editor when you were asked:");
        for finding in &turn.findings {
            let line = finding.line.saturating_add(1);
            let _ = writeln!(text, "{shown}:{line}: {} ({})", finding.message, finding.source);
        }
    }
    let wanted = file.map(|file| path::shown(&turn.settings.root, &file));
    for said in draft::look(turn).await? {
        let _ = writeln!(text, "check `{}`: {} ({})", said.check, said.verdict.as_str(), said.note);
        let of_file = |problem: &&String| {
            wanted.as_ref().is_none_or(|file| {
                problem.strip_prefix(file.as_str()).is_some_and(|rest| rest.starts_with(':'))
            })
        };
        for problem in said.problems.iter().filter(of_file) {
            let _ = writeln!(text, "{problem}");
        }
    }
    if text.is_empty() {
        return Ok(Output::fine("nothing is reported, and this project names no checks for it"));
    }
    Ok(Output::fine(text.trim_end()).with(Grade::Tool, "problems that other programs reported"))
}
