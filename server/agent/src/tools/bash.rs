//! `bash`: runs a shell command in the workspace root.
//!
//! `command` · `timeout_ms` at most ten minutes, two unless set · `background` goes on while the model does; `output`
//! reads it
//!
//! The command's reading, its verdict and its walls are `permission`'s; the process is `process`'s.

use std::time::Duration;

use copydesk_base::{CallId, Effect, Event, Grade};
use copydesk_permission::sandbox::Tops;
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Output, arguments, unsaved};
use crate::changes::command::{self, Before};
use crate::draft::{self, Occasion, Settled};
use crate::error::AgentError;
use crate::gate::{Permit, permit};
use crate::process::ground::Ground;
use crate::process::jobs::{self, Begun};
use crate::process::quarters::Quarters;
use crate::process::{self, Ended};
use crate::run::Turn;

const USUAL: Duration = Duration::from_mins(2);
const LONGEST: Duration = Duration::from_mins(10);

#[derive(Deserialize)]
struct Arguments {
    command: String,
    timeout_ms: Option<u64>,
    #[serde(default)]
    background: bool,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "bash",
        "Run a shell command in the workspace root, without input. It may be refused. It sees files as they are saved; what \
         the person's editor has not saved yet is named behind the result. With `background` (servers, watchers) it goes on \
         while you work.",
        json!({
            "type": "object",
            "properties": {
                "command": {"type": "string"},
                "timeout_ms": {"type": "integer"},
                "background": {"type": "boolean"}
            },
            "required": ["command"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Output, AgentError> {
    let Arguments { command: line, timeout_ms, background } = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output),
    };
    if let Some(reason) = turn.jobs.full().filter(|_| background) {
        return Ok(Output::failed(reason));
    }
    let effect = Effect::Execute { command: line.clone(), cwd: turn.settings.root.clone() };
    // Walls that cannot be had are no question to the person.
    if let Some(reason) = Quarters::refusal(&effect, &turn.policy(), &turn.settings) {
        return Ok(Output::failed(format!("refused: {reason}")));
    }
    // A command works on what is there: what was drafted comes first, or has to be mended first.
    let offered = match draft::settle(turn, Occasion::Command).await? {
        Settled::Nothing => String::new(),
        Settled::Red(text) => {
            return Ok(Output::failed(format!("The command was not run. {text}"))
                .with(Grade::Tool, "the output of the checks"));
        }
        Settled::Offered { text, .. } => text,
    };
    // In most cases it will be permitted; then the launcher is there already.
    let policy = turn.policy();
    let ready = turn.quarters.launcher(&effect, &policy, &turn.settings);
    if let Permit::Refused(text) = permit(turn, call, effect.clone(), None).await? {
        return Ok(Output::failed(text));
    }
    // While the person thought, the mode may have changed.
    let policy = turn.policy();
    let ground = match Ground::of(turn, &effect, &policy).await {
        Ok(ground) => ground,
        Err(reason) => return Ok(Output::failed(reason)),
    };
    // What goes on in the background is the person's to watch, and they may work on the same files meanwhile.
    let limit = timeout_ms.map_or(USUAL, Duration::from_millis).min(LONGEST);
    let before =
        if background { Before::default() } else { command::keep_for(turn, &effect, call, limit).await };
    turn.record(vec![Event::EffectStarted { call: call.clone(), effect }]).await?;
    let unsaved = unsaved::note(turn);
    if background {
        let begun = Begun { call: call.clone(), ground, ready, policy };
        return Ok(behind(turn, begun, &offered).await?.and(unsaved));
    }
    let tops = Tops::of(&policy, &ground.walls);
    let finished = process::run(&ground.job(limit), ready, &turn.cancel).await;
    let aside = tops.set_aside(&ground.walls).told(&policy.root);
    turn.quarters.look_anew(&policy, &turn.settings);
    let (note, failed) = (finished.ended.told(limit), finished.ended != Ended::Exit(0));
    let mut events = vec![Event::EffectFinished { call: call.clone(), ok: !failed, note: note.clone() }];
    events.extend(aside.iter().map(Event::notice));
    turn.record(events).await?;
    command::settle(turn, call, before).await?;
    if finished.ended == Ended::Canceled {
        return Err(AgentError::Canceled);
    }
    let mut text = offered + &finished.output;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&format!("[{note}]"));
    text.extend(aside.iter().map(|text| format!("\n[{text}]")));
    let output = if failed { Output::failed(text) } else { Output::fine(text) };
    Ok(output.and(unsaved).with(Grade::Tool, format!("the output of {line}")))
}

/// Begins it in the background.
async fn behind(turn: &mut Turn, begun: Begun, offered: &str) -> Result<Output, AgentError> {
    let call = begun.call.clone();
    match jobs::begin(turn, begun).await {
        Ok((name, _)) => Ok(Output::fine(format!(
            "{offered}It runs in the background as {name}, until you are done; `output` reads what it prints"
        ))),
        Err(reason) => {
            turn.record(vec![Event::EffectFinished { call, ok: false, note: reason.clone() }]).await?;
            Ok(Output::failed(reason))
        }
    }
}
