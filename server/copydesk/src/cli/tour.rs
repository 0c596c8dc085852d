//! `copydesk tour`: the main job in a minute, for somebody who has nothing but this program.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Outcome;
use crate::out;
use crate::tour::{Line, Stage, Taken, farewell, perform};

/// The main job in a minute, offline, in a temporary workspace
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let begun = Instant::now();
    let stage = Stage::set()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut tell = |taken: &Taken| match &taken.outcome {
        Ok(told) if !arguments.json => print(&told.lines),
        _ => Ok(()),
    };
    let performed = runtime.block_on(async {
        tokio::select! {
            performed = perform(&stage, &mut tell) => Some(performed),
            _ = tokio::signal::ctrl_c() => None,
        }
    });
    // Whatever the end was: first the server's threads, then its folder.
    runtime.shutdown_timeout(Duration::from_secs(2));
    stage.strike()?;
    let Some(performed) = performed else { return Ok(Outcome::Interrupted) };
    let steps = performed?;
    if arguments.json {
        out::json(&document(&steps))?;
    }
    if let Some(Taken { step, outcome: Err(missing) }) = steps.last() {
        out::note(format!("error: the step '{}' did not happen: {missing}", step.as_str()));
        return Ok(Outcome::Problems);
    }
    if !arguments.json {
        print(&farewell(begun.elapsed()))?;
    }
    Ok(Outcome::Fine)
}

fn print(lines: &[Line]) -> anyhow::Result<()> {
    let look = out::look();
    out::text(lines.iter().map(|line| line.render(look) + "\n").collect::<String>())
}

fn document(steps: &[Taken]) -> Value {
    let step = |taken: &Taken| {
        let detail = match &taken.outcome {
            Ok(told) => told.detail.clone(),
            Err(missing) => missing.to_string(),
        };
        json!({"name": taken.step.as_str(), "ok": taken.outcome.is_ok(), "detail": detail})
    };
    json!({"schema": "copydesk.tour/1", "steps": steps.iter().map(step).collect::<Vec<_>>()})
}
