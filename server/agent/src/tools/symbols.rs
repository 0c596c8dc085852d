//! `symbols`: where functions, types and the like are defined, by the way their lines begin.
//!
//! `query` a part of the name · `path` a file or folder
//!
//! A search for words such as `fn`, `def` and `class`: quick in any language that has them, and no parser of any.

use copydesk_base::{CallId, Effect};
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::grep::{Wanted, matcher, search};
use super::{Output, Work, arguments};
use crate::error::AgentError;
use crate::gate::{Permit, permit};
use crate::run::Turn;

/// What may stand before the word.
const BEFORE: &str = r"(?:(?:pub(?:\([^)]*\))?|export|default|async|static|public|private|protected|internal|abstract|final|unsafe|extern|const|override|open|data|sealed|virtual|inline|declare)\s+)*";
/// The words, and what may stand between them and a name.
const WORD: &str = r"(?:fn|def|class|struct|enum|trait|interface|type|func|fun|function|impl|module|mod|namespace|union|record|protocol|macro_rules!|defmodule|defp|sub)(?:<[^>]*>)?\s+(?:\([^)]*\)\s*)?";

#[derive(Deserialize)]
struct Arguments {
    query: Option<String>,
    path: Option<String>,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "symbols",
        "Find definitions by a part of their name: functions, types, modules.",
        json!({
            "type": "object",
            "properties": {"query": {"type": "string"}, "path": {"type": "string"}}
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Work, AgentError> {
    let wanted: Arguments = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output.into()),
    };
    let matcher = match matcher(&pattern(wanted.query.as_deref().unwrap_or_default())) {
        Ok(matcher) => matcher,
        Err(output) => return Ok(output.into()),
    };
    let start = turn.path(wanted.path.as_deref().unwrap_or("."));
    if let Permit::Refused(text) = permit(turn, call, Effect::Read { path: start.clone() }, None).await? {
        return Ok(Output::failed(text).into());
    }
    let none = "no line looks like a definition of that; grep finds every use";
    Ok(search(turn, Wanted { start, matcher, pick: None, context: 0, none }))
}

/// What a line looks like that defines something with this in its name.
fn pattern(name: &str) -> String {
    format!(r"^\s*{BEFORE}{WORD}\w*(?i:{})\w*", regex::escape(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_known_by_how_their_lines_begin() {
        let pattern = regex::Regex::new(&pattern("draft")).unwrap();
        for (line, expect) in [
            ("pub(crate) async fn keep_draft(&mut self) {", true),
            ("class Draft:", true),
            ("    def draft_of(self):", true),
            ("export default function makeDraft() {", true),
            ("func (d *Desk) Draft() error {", true),
            ("impl<T> Draft<T> {", true),
            ("    let draft = 1;", false),
            ("// fn draft", false),
            ("fn other(draft: Draft) {", false),
        ] {
            assert_eq!(pattern.is_match(line), expect, "{line}");
        }
    }
}
