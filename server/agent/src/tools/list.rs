//! `list`: the names in a folder, folders with a slash behind them.
//!
//! `path` · What policy keeps from being read without a question is not named.

use std::path::Path;

use copydesk_base::{CallId, Effect, Grade};
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::walk::Walk;
use super::{Output, Work, arguments};
use crate::error::AgentError;
use crate::gate::{Permit, permit};
use crate::run::Turn;

/// The most names of one answer.
const NAMES: usize = 1000;

#[derive(Deserialize)]
struct Arguments {
    path: String,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "list",
        "List the names in a folder.",
        json!({"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Work, AgentError> {
    let Arguments { path } = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output.into()),
    };
    let folder = turn.path(&path);
    if let Permit::Refused(text) = permit(turn, call, Effect::Read { path: folder.clone() }, None).await? {
        return Ok(Output::failed(text).into());
    }
    if !folder.is_dir() {
        return Ok(Output::failed(format!("there is no folder {path}")).into());
    }
    let (walk, grade) = (Walk::of(turn), turn.grade_of(&folder));
    Ok(walk.look(move |walk| names(walk, &folder, &path, grade)))
}

/// The names in a folder that is there.
pub(super) fn names(walk: &Walk, folder: &Path, shown: &str, grade: Grade) -> Output {
    let entries = match walk.files.list(folder) {
        Ok(entries) => entries,
        Err(error) => return Output::failed(format!("failed to {error}")),
    };
    let mut reads = walk.twins.reads();
    let known = entries.into_iter().take_while(|_| !walk.stop.is_cancelled()).filter(|entry| {
        let path = folder.join(&entry.name);
        reads.allows(&path) && !walk.twins.is_twin(&path)
    });
    let mut names: Vec<String> = known
        .map(|entry| if entry.is_folder { format!("{}/", entry.name) } else { entry.name })
        .take(NAMES + 1)
        .collect();
    if names.len() > NAMES {
        names[NAMES] = format!("[more than {NAMES} names; look for some with glob]");
    }
    let text = if names.is_empty() { "the folder is empty".to_owned() } else { names.join("\n") };
    Output::fine(text).with(grade, shown)
}
