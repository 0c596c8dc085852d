//! `skill`: reads a skill, or a file that belongs to one.
//!
//! `name` · `file` a path below the skill's folder; its instructions unless given
//!
//! A skill of the person's own is read as their guidance is. One of the workspace is a file of it like any other.

use std::path::Path;

use copydesk_base::{CallId, Effect, Grade, path};
use copydesk_provider::ToolSpec;
use copydesk_text::front_matter;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Output, arguments};
use crate::error::AgentError;
use crate::gate::twins::{self, Twins};
use crate::gate::{Permit, permit};
use crate::library::Owner;
use crate::run::Turn;

/// The most bytes of a skill that go along at once.
const MOST: usize = 48 * 1024;

#[derive(Deserialize)]
struct Arguments {
    name: String,
    file: Option<String>,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "skill",
        "Read a skill by its name before you do that kind of work, or one of its files.",
        json!({
            "type": "object",
            "properties": {"name": {"type": "string"}, "file": {"type": "string"}},
            "required": ["name"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Output, AgentError> {
    let Arguments { name, file } = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output),
    };
    let Some(skill) = turn.role.skills.iter().find(|skill| skill.name == name).cloned() else {
        let known: Vec<&str> = turn.role.skills.iter().map(|skill| skill.name.as_str()).collect();
        return Ok(Output::failed(format!("there is no skill '{name}'; there are: {}", known.join(", "))));
    };
    let place = path::resolve(&skill.folder, Path::new(file.as_deref().unwrap_or("SKILL.md")));
    if !path::is_inside(&skill.folder, &place) {
        return Ok(Output::failed("a skill has only the files in its folder"));
    }
    let own = skill.owner == Owner::User;
    let effect = Effect::Read { path: place.clone() };
    // What the person put among their own settings is theirs to be read; a denial stands all the same.
    let is_denied =
        matches!(copydesk_permission::judge(&effect, &turn.policy()), copydesk_base::Verdict::Deny(_));
    if (!own || is_denied)
        && let Permit::Refused(text) = permit(turn, call, effect, None).await?
    {
        return Ok(Output::failed(text));
    }
    if Twins::of(turn.policy()).is_twin(&place) {
        return Ok(Output::failed(twins::refused(&path::shown(&turn.settings.root, &place))));
    }
    let text = match turn.world.files.read(&place) {
        Ok(file) => file.text,
        Err(error) => return Ok(Output::failed(format!("failed to {error}"))),
    };
    turn.shared.learn(&text, &turn.settings.redactor);
    let body = match (&file, front_matter::split(&text)) {
        (None, Some(parts)) => parts.body.of(&text).trim(),
        _ => &*text,
    };
    let cut = &body[..body.floor_char_boundary(MOST)];
    let more = if cut.len() < body.len() { "\n[the rest is left out]" } else { "" };
    let folder = skill.folder.display();
    let grade = if own { Grade::Typed } else { turn.grade_of(&place) };
    let output = format!("Skill {name}, in the folder {folder}; its scripts are run with bash:\n{cut}{more}");
    Ok(Output::fine(output).with(grade, format!("the skill {name}")))
}
