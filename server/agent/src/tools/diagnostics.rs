//! `diagnostics`: what other programs say is wrong.
//!
//! `path` a file; all that is known unless set
//!
//! Two sources: what the editor's other servers report now (through our extensions; elsewhere what they had reported
//! when the person asked), and the project's `checks:`, which run on a copy with what the agent has edited in it.

use std::fmt::Write as _;

use copydesk_base::host::Wanted;
use copydesk_base::{CallId, Grade, path};
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Output, arguments};
use crate::draft;
use crate::error::AgentError;
use crate::gate::twins::Twins;
use crate::run::Turn;

/// The most problems of one file.
const MOST: usize = 50;

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
    let live = turn.world.host.known(Wanted::Diagnostics { path: file.clone() }).await;
    if let Some(known) = live {
        let twins = Twins::of(turn.policy());
        let _ = writeln!(text, "Reported by the editor now:");
        for one in known.iter().filter(|one| twins.may_send(&one.path)) {
            let shown = path::shown(&turn.settings.root, &one.path);
            for piece in one.pieces.iter().take(MOST) {
                let start = one.text.floor_char_boundary(piece.span.start);
                let line = one.text[..start].matches('\n').count() + 1;
                let words = piece.text.lines().next().unwrap_or_default();
                let _ = writeln!(text, "{shown}:{line}: {words}");
            }
        }
        if known.iter().all(|one| one.pieces.is_empty()) {
            let _ = writeln!(text, "nothing");
        }
    } else if let Some(origin) = &turn.origin
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
