//! `copydesk undo` and `copydesk redo`: takes a run's edits back, later typing kept, and brings them again.

use std::sync::Arc;

use copydesk_agent::{AgentError, Direction, DiskFiles};
use copydesk_base::RunId;
use copydesk_base::change::HunkReport;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::terminal::{Terminal, Voice};
use super::{Outcome, wait_for};
use crate::config::Flags;
use crate::here::Here;
use crate::office::Office;
use crate::out;
use crate::render::visible;

/// Takes a run's edits back, or brings them again
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The run; the last one that there is something to do for unless given
    run: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, direction: Direction) -> anyhow::Result<Outcome> {
    let word = if direction == Direction::Undo { "undo" } else { "redo" };
    let schema = format!("copydesk.{word}/1");
    let report = match report(arguments, direction, word) {
        Ok(report) => report,
        Err(error) if arguments.json => {
            let why = format!("{error:#}");
            out::json(&json!({"schema": schema, "sent": [], "refused": [], "error": why}))?;
            return Err(error);
        }
        Err(error) => return Err(error),
    };
    if arguments.json {
        out::json(&json!({"schema": schema, "sent": report.sent, "refused": report.refused}))?;
    } else {
        told(&report, if direction == Direction::Undo { "taken back" } else { "brought again" })?;
    }
    Ok(if report.refused.is_empty() { Outcome::Fine } else { Outcome::Problems })
}

/// Says how many pieces were done, and which were left alone.
pub(super) fn told(report: &HunkReport, done: &str) -> anyhow::Result<()> {
    let pieces = |count: usize| if count == 1 { "1 piece".to_owned() } else { format!("{count} pieces") };
    out::line(format!("{} {done}", pieces(report.sent.len())))?;
    for refused in &report.refused {
        out::line(format!("left alone: {}", visible(&refused.reason)))?;
    }
    Ok(())
}

fn report(arguments: &Arguments, direction: Direction, word: &str) -> anyhow::Result<HunkReport> {
    let here = Here::find()?;
    let voice = if arguments.json { Voice::Silent } else { Voice::Notes };
    let (host, _notes) = Terminal::new(&here, voice);
    let office = Office::new(here, Flags::default());
    let run = arguments.run.as_deref().map(RunId::from);
    let report = wait_for(async {
        let desk = office.open(host, Arc::new(DiskFiles), &CancellationToken::new());
        let report = match direction {
            Direction::Undo => desk.undo(run).await,
            Direction::Redo => desk.redo(run).await,
        };
        desk.close().await;
        Ok(report)
    })?;
    report.map_err(|error| match error {
        AgentError::NothingToUndo => {
            anyhow::anyhow!("there is nothing to {word} in {}", office.here.root.display())
        }
        error => anyhow::anyhow!("failed to {error}"),
    })
}
