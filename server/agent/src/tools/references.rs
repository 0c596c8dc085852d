//! `references`: where a name is used, as the editor's other servers know it.
//!
//! `path` · `symbol` · `line` where it stands more than once
//!
//! Through our extensions. Elsewhere a plain answer says what to use instead.

use std::fmt::Write as _;

use copydesk_base::host::Wanted;
use copydesk_base::{CallId, Grade, path};
use copydesk_provider::ToolSpec;
use serde_json::{Value, json};

use super::name::{self, Name};
use super::{Output, arguments};
use crate::error::AgentError;
use crate::gate::twins::Twins;
use crate::run::Turn;

/// The most places of an answer.
const MOST: usize = 200;

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "references",
        "Where a name is used, by the language's own server.",
        json!({
            "type": "object",
            "properties": {
                "path": {"type": "string"},
                "symbol": {"type": "string"},
                "line": {"type": "integer"}
            },
            "required": ["path", "symbol"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Output, AgentError> {
    let wanted: Name = match arguments(value) {
        Ok(wanted) => wanted,
        Err(output) => return Ok(output),
    };
    let (file, at) = match name::place(turn, call, &wanted).await? {
        Ok(place) => place,
        Err(output) => return Ok(output),
    };
    let symbol = &wanted.symbol;
    let Some(known) = turn.world.host.known(Wanted::References { path: file, at }).await else {
        let text = format!("this editor cannot tell; grep for \\b{symbol}\\b finds every use by its letters");
        return Ok(Output::failed(text));
    };
    let twins = Twins::of(turn.policy());
    // Nobody is asked for each file: what would be asked about is counted.
    let (mut text, mut count, mut kept_back, mut grade) = (String::new(), 0, 0, Grade::Own);
    for one in &known {
        if !twins.may_send(&one.path) {
            kept_back += one.pieces.len();
            continue;
        }
        grade = grade.max(turn.grade_of(&one.path));
        let shown = path::shown(&turn.settings.root, &one.path);
        turn.shared.learn(&one.text, &turn.settings.redactor);
        let hidden = turn.shared.hidden_in_lines(&one.text, &turn.settings.redactor);
        for piece in one.pieces.iter().take(MOST.saturating_sub(count)) {
            let start = one.text.floor_char_boundary(piece.span.start);
            let number = one.text[..start].matches('\n').count();
            let line = hidden.lines().nth(number).unwrap_or_default();
            let _ = writeln!(text, "{shown}:{}: {}", number + 1, line.trim());
        }
        count += one.pieces.len();
    }
    if count > MOST {
        let _ = writeln!(text, "[{} more]", count - MOST);
    }
    if kept_back > 0 {
        let _ = writeln!(text, "[{kept_back} in files that the rules do not let you read unasked]");
    }
    if text.is_empty() {
        text = format!("'{symbol}' is used nowhere that the editor's servers know of");
    }
    Ok(Output::fine(text.trim_end()).with(grade, format!("the uses of {symbol}")))
}
