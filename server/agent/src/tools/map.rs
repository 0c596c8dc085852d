//! `map`: the definitions of a folder that matter most, by who uses whom, as many as fit.
//!
//! `path` a folder · `near` files that matter most now · `tokens` how long it may be
//!
//! It is made when it is called for, so that no tree is walked before the first ask. What the person looks at and holds
//! open weighs more. Files are read in the order of their names up to a bound, so that the same tree gives the same
//! map.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use copydesk_base::{CallId, Effect, path};
use copydesk_outline::{Map, Outline, Part, is_known, map, read};
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::walk::{Walk, Worst};
use super::{Output, Work, arguments};
use crate::context::opening::BYTES;
use crate::error::AgentError;
use crate::gate::{Permit, permit};
use crate::run::Turn;

/// How long a map is unless the model says it, and at most, in tokens.
const USUAL: usize = 2_000;
const LONGEST: usize = 8_000;
/// The most files of a map, and the most bytes of their texts.
const FILES: usize = 5_000;
const TEXTS: usize = 24 * 1024 * 1024;
/// A larger file was most likely written by a program.
const LARGEST: usize = 256 * 1024;
/// What a file weighs that somebody looks at, beside one like any other.
const NEAR: f64 = 20.0;

#[derive(Deserialize)]
struct Arguments {
    path: Option<String>,
    #[serde(default)]
    near: Vec<String>,
    tokens: Option<usize>,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "map",
        "Show the most important definitions of a folder's code, by who uses whom; more around the files in near.",
        json!({
            "type": "object",
            "properties": {
                "path": {"type": "string"},
                "near": {"type": "array", "items": {"type": "string"}},
                "tokens": {"type": "integer"}
            }
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Work, AgentError> {
    let wanted: Arguments = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output.into()),
    };
    let start = turn.path(wanted.path.as_deref().unwrap_or("."));
    if let Permit::Refused(text) = permit(turn, call, Effect::Read { path: start.clone() }, None).await? {
        return Ok(Output::failed(text).into());
    }
    let mut near: BTreeSet<PathBuf> = wanted.near.iter().map(|path| turn.path(path)).collect();
    near.extend(turn.origin.as_ref().map(|origin| origin.path.clone()));
    near.extend(turn.world.files.held_open());
    let most = wanted.tokens.unwrap_or(USUAL).min(LONGEST) * BYTES;
    let (shared, redactor) = (turn.shared.clone(), turn.settings.redactor.clone());
    Ok(Walk::of(turn).look(move |walk| {
        let Ground { read, is_whole } = ground(walk, &start);
        let parts: Vec<Part<'_>> = read
            .iter()
            .map(|one| Part {
                path: &one.shown,
                outline: &one.outline,
                weight: if near.contains(&one.file) { NEAR } else { 1.0 },
            })
            .collect();
        let Map { mut text, files } = map(&parts, most);
        let mut worst = Worst::default();
        for one in files.into_iter().map(|at| &read[at]) {
            // Of a secret that stands in a text whole, no piece may be in the map.
            if let Ok(whole) = walk.files.read(&one.file) {
                shared.learn(&whole.text, &redactor);
                shared.hidden_in_lines(&whole.text, &redactor);
            }
            worst.add(walk, &one.file);
        }
        text = shared.hidden_in_lines(&text, &redactor);
        if text.is_empty() {
            "nothing there is code that can be mapped; glob and grep find files and words"
                .clone_into(&mut text);
        }
        if !is_whole {
            text.push_str("[only a part of the files is in it; map a smaller folder]");
        }
        Output::fine(text).with(worst.grade, worst.source)
    }))
}

/// A file as it was read.
struct Read {
    file: PathBuf,
    shown: String,
    outline: Outline,
}

/// What a map is made of.
struct Ground {
    read: Vec<Read>,
    is_whole: bool,
}

fn ground(walk: &Walk, start: &Path) -> Ground {
    let mut ground = Ground { read: Vec::new(), is_whole: true };
    let mut left = TEXTS;
    walk.files(start, |file| {
        if !is_known(file) {
            return ControlFlow::Continue(());
        }
        let Ok(text) = walk.files.read(file) else { return ControlFlow::Continue(()) };
        if text.text.len() > LARGEST {
            return ControlFlow::Continue(());
        }
        if ground.read.len() >= FILES || text.text.len() > left {
            ground.is_whole = false;
            return ControlFlow::Break(());
        }
        left -= text.text.len();
        let shown = path::shown(&walk.root, file);
        ground.read.push(Read { file: file.to_owned(), shown, outline: read(file, &text.text) });
        ControlFlow::Continue(())
    });
    ground
}
