//! `rename`: gives a name another one, in every file, as the language's own server does it.
//!
//! `path` · `symbol` · `line` where it stands more than once · `new_name`
//!
//! Through our extensions. The edits are the agent's: each file is judged, drafted or put to the person as by `edit`.

use copydesk_base::host::{Known, Wanted};
use copydesk_base::{CallId, Span, path};
use copydesk_provider::ToolSpec;
use copydesk_text::rebase::{self, Rebased};
use serde::Deserialize;
use serde_json::{Value, json};

use super::name::{self, Name};
use super::{Output, arguments};
use crate::changes::way::{self, Written};
use crate::error::AgentError;
use crate::run::Turn;

#[derive(Deserialize)]
struct Arguments {
    #[serde(flatten)]
    name: Name,
    new_name: String,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "rename",
        "Rename a symbol everywhere, by the language's own server.",
        json!({
            "type": "object",
            "properties": {
                "path": {"type": "string"},
                "symbol": {"type": "string"},
                "line": {"type": "integer"},
                "new_name": {"type": "string"}
            },
            "required": ["path", "symbol", "new_name"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Output, AgentError> {
    let Arguments { name, new_name } = match arguments(value) {
        Ok(wanted) => wanted,
        Err(output) => return Ok(output),
    };
    let (file, at) = match name::place(turn, call, &name).await? {
        Ok(place) => place,
        Err(output) => return Ok(output),
    };
    let known = turn.world.host.known(Wanted::Rename { path: file, at, name: new_name }).await;
    let Some(known) = known else {
        let text = "this editor cannot rename; find every use with grep, and change each with edit";
        return Ok(Output::failed(text));
    };
    let known: Vec<Known> = known.into_iter().filter(|one| !one.pieces.is_empty()).collect();
    if known.is_empty() {
        return Ok(Output::failed("the language's server changes nothing for that name"));
    }
    let (mut text, mut failed) = (String::new(), false);
    for one in known {
        let shown = path::shown(&turn.settings.root, &one.path);
        let output = way::change(turn, call, &shown, |before, _| match before {
            None => Err(format!("there is no file {shown}")),
            Some(before) => renamed(&one, before).map(Written::Real),
        })
        .await?;
        failed |= output.failed;
        text.push_str(&output.text);
        text.push('\n');
    }
    let text = text.trim_end();
    Ok(if failed { Output::failed(text) } else { Output::fine(text) })
}

/// The text with the new names, where the places are still as they were.
fn renamed(known: &Known, now: &str) -> Result<String, String> {
    let edits: Vec<(Span, &str)> =
        known.pieces.iter().map(|piece| (piece.span, piece.text.as_str())).collect();
    let landed = rebase::rebase(&known.text, &edits, now);
    let moved: Option<Vec<(Span, &str)>> = landed
        .iter()
        .zip(&edits)
        .map(|(landed, (_, text))| match landed {
            Rebased::Moved(span) => Some((*span, *text)),
            Rebased::Overlaps { .. } => None,
        })
        .collect();
    moved
        .map(|moved| rebase::apply(now, &moved))
        .ok_or_else(|| "the text changed since the language's server looked; try again".to_owned())
}
