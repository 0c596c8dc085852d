//! `symbols`: where functions, types and the like are defined, as the outlines of files tell it.
//!
//! `query` a part of the name · `path` a file or folder
//!
//! A file is read by its grammar only if the part of a name stands in it somewhere, so that a large tree is mostly a
//! search. What a secret alone would match does not count: see [`super::search`].

use std::ops::ControlFlow;
use std::path::Path;

use copydesk_base::{CallId, Effect, path};
use copydesk_outline::read;
use copydesk_provider::ToolSpec;
use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde_json::{Value, json};

use super::grep::listed;
use super::search::LINES;
use super::walk::{Walk, Worst};
use super::{Output, Work, arguments};
use crate::error::AgentError;
use crate::gate::{Permit, permit};
use crate::run::Turn;

#[derive(Deserialize)]
struct Arguments {
    query: Option<String>,
    path: Option<String>,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "symbols",
        "Find definitions by a part of their name: functions, types, modules. Of a file without a query: its outline.",
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
    let name = wanted.query.unwrap_or_default();
    let Ok(pattern) = RegexBuilder::new(&regex::escape(&name)).case_insensitive(true).build() else {
        return Ok(Output::failed("the query is too long for a part of a name").into());
    };
    let start = turn.path(wanted.path.as_deref().unwrap_or("."));
    if let Permit::Refused(text) = permit(turn, call, Effect::Read { path: start.clone() }, None).await? {
        return Ok(Output::failed(text).into());
    }
    let (shared, redactor) = (turn.shared.clone(), turn.settings.redactor.clone());
    Ok(Walk::of(turn).look(move |walk| {
        let hide = |text: &str| shared.hidden_in_lines(text, &redactor);
        let (mut lines, mut worst) = (Vec::new(), Worst::default());
        walk.files(&start, |file| {
            let found = of_file(walk, file, &pattern, &hide);
            if !found.is_empty() {
                worst.add(walk, file);
            }
            lines.extend(found);
            lines.truncate(LINES);
            if lines.len() >= LINES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        Output::fine(listed(&lines, "nothing of that name is defined; grep finds every use"))
            .with(worst.grade, worst.source)
    }))
}

/// The definitions of one file, a line each. One that cannot be read is passed over.
fn of_file(walk: &Walk, file: &Path, name: &Regex, hide: &impl Fn(&str) -> String) -> Vec<String> {
    let Ok(text) = walk.files.read(file) else { return Vec::new() };
    if !name.is_match(&text.text) {
        return Vec::new();
    }
    let shown = path::shown(&walk.root, file);
    let found = matching(&shown, &text.text, name);
    let hidden = if found.is_empty() { String::new() } else { hide(&text.text) };
    if found.is_empty() || hidden == *text.text { found } else { matching(&shown, &hidden, name) }
}

/// `path:line:kind name: signature` for each definition with that in its name.
fn matching(shown: &str, text: &str, name: &Regex) -> Vec<String> {
    let outline = read(Path::new(shown), text);
    let of_name = outline.symbols.iter().enumerate().filter(|(_, symbol)| name.is_match(&symbol.name));
    let line = |(at, symbol): (usize, &copydesk_outline::Symbol)| {
        let (kind, full) = (symbol.kind.word(), outline.full_name(at));
        format!("{shown}:{}:{kind} {full}: {}", symbol.line + 1, symbol.signature)
    };
    of_name.map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_found_by_a_part_of_their_name() {
        let text = "struct Draft;\nimpl Draft {\n    fn keep_draft(&mut self) {\n        let draft = 1;\n    }\n}\n// fn draft\nfn other(draft: Draft) {}\n";
        let found = |name: &str| {
            matching("a.rs", text, &RegexBuilder::new(name).case_insensitive(true).build().unwrap())
        };
        assert_eq!(
            found("draft"),
            [
                "a.rs:1:struct Draft: struct Draft",
                "a.rs:2:impl Draft: impl Draft",
                "a.rs:3:method Draft.keep_draft: fn keep_draft(&mut self)",
            ]
        );
        assert_eq!(found("").len(), 4, "the outline of a file");
        assert_eq!(found("nothing"), Vec::<String>::new());
    }
}
