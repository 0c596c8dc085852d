//! `glob`: the names of files that a pattern picks, without those that are ignored.
//!
//! `pattern` a glob of the path below the folder, or of the name · `path` a folder, the workspace unless set

use std::ops::ControlFlow;
use std::path::Path;

use copydesk_base::{CallId, Effect, path};
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::walk::{Pick, Walk, Worst};
use super::{Output, Work, arguments};
use crate::error::AgentError;
use crate::gate::{Permit, permit};
use crate::run::Turn;

/// The most names of one answer.
const NAMES: usize = 500;

#[derive(Deserialize)]
struct Arguments {
    pattern: String,
    path: Option<String>,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "glob",
        "Find files by name: src/**/*.rs, or *.md for any folder.",
        json!({
            "type": "object",
            "properties": {"pattern": {"type": "string"}, "path": {"type": "string"}},
            "required": ["pattern"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Work, AgentError> {
    let wanted: Arguments = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output.into()),
    };
    let pick = match Pick::new(&wanted.pattern) {
        Ok(pick) => pick,
        Err(output) => return Ok(output.into()),
    };
    let shown = wanted.path.unwrap_or_else(|| ".".to_owned());
    let folder = turn.path(&shown);
    if let Permit::Refused(text) = permit(turn, call, Effect::Read { path: folder.clone() }, None).await? {
        return Ok(Output::failed(text).into());
    }
    if !folder.is_dir() {
        return Ok(Output::failed(format!("there is no folder {shown}")).into());
    }
    let (walk, grade) = (Walk::of(turn), turn.grade_of(&folder));
    Ok(walk.look(move |walk| {
        let mut worst = Worst { grade, source: shown.clone() };
        let mut names = names(walk, &folder, &pick, &mut worst);
        let text = match names.len() {
            0 => format!("no file below {shown} is named like {}", wanted.pattern),
            count if count > NAMES => {
                names.truncate(NAMES);
                format!("{}\n[more than {NAMES} files; narrow the pattern]", names.join("\n"))
            }
            _ => names.join("\n"),
        };
        Output::fine(text).with(worst.grade, worst.source)
    }))
}

fn names(walk: &Walk, folder: &Path, pick: &Pick, worst: &mut Worst) -> Vec<String> {
    let mut names = Vec::new();
    walk.files(folder, |file| {
        if pick.takes(folder, file) {
            names.push(path::shown(&walk.root, file));
            worst.add(walk, file);
        }
        if names.len() > NAMES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    names
}
