//! `copydesk approve`: answers, from a second terminal, what a run is waiting for.
//!
//! It counts only when a person is certainly there: with a terminal on standard input, after a word typed there, and
//! from no descendant of a run. Otherwise nothing changes and the exit code is 1.

use std::io::IsTerminal;

use copydesk_base::{ApprovalId, Clock, Event, RunId, SystemClock};
use copydesk_store::{Answered, Journal, PendingRow};
use serde_json::json;

use super::keyboard::ask_on_terminal;
use super::{Outcome, wait_for};
use crate::config::Nesting;
use crate::here::Here;
use crate::out;
use crate::render::visible;

/// Answers what a run of this workspace is waiting for; without an ID it lists what waits
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The approval, as shown in the list
    id: Option<String>,
    /// What to answer; asked for unless given
    #[arg(value_parser = ["once", "always", "deny"])]
    decision: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let here = Here::find()?;
    let journal = here.journal();
    wait_for(async {
        let waiting = waiting(&journal).await?;
        match &arguments.id {
            None => list(&waiting, arguments.json),
            Some(id) => answer(arguments, &here, &journal, &waiting, id).await,
        }
    })
}

/// What really waits: its time is not up and its process lives.
async fn waiting(journal: &Journal) -> anyhow::Result<Vec<PendingRow>> {
    let now = SystemClock.now();
    let mut waiting = Vec::new();
    for row in journal.pending().await.map_err(failed)? {
        if row.expires.is_none_or(|expires| expires > now) && is_alive(journal, &row.run).await {
            waiting.push(row);
        }
    }
    Ok(waiting)
}

fn list(waiting: &[PendingRow], as_json: bool) -> anyhow::Result<Outcome> {
    if as_json {
        out::json(&json!({ "schema": "copydesk.approve/1", "waiting": waiting }))?;
    } else if waiting.is_empty() {
        out::line("Nothing waits for an answer in this workspace.")?;
    } else {
        for row in waiting {
            out::line(format!("{}  {}", row.approval, visible(&row.summary)))?;
        }
    }
    Ok(Outcome::Fine)
}

async fn answer(
    arguments: &Arguments,
    here: &Here,
    journal: &Journal,
    waiting: &[PendingRow],
    id: &str,
) -> anyhow::Result<Outcome> {
    if here.nesting == Nesting::InsideRun {
        return Ok(unchanged("a run cannot approve anything; answer in a terminal or editor of your own"));
    }
    if !std::io::stdin().is_terminal() {
        return Ok(unchanged("approving needs a person at a terminal, and standard input is none"));
    }
    let Some(row) = waiting.iter().find(|row| row.approval.as_str() == id) else {
        return Ok(unchanged(&format!(
            "nothing with the id {} waits in {}; 'copydesk approve' lists what does",
            visible(id),
            here.root.display()
        )));
    };
    out::note(visible(&row.summary));
    if let Some(whole) = uncut(here, journal, row).await {
        out::note(visible(&whole));
    }
    for rule in &row.always {
        out::note(format!("'always' stores the rule {}", visible(rule)));
    }
    let Some(decision) = typed_decision(arguments, row)? else {
        return Ok(unchanged("not confirmed"));
    };
    if decision == "always" && row.always.is_empty() {
        return Ok(unchanged("'always' is not offered for this; answer once or deny"));
    }
    let approval = ApprovalId::from(id);
    match journal.answer(&approval, &decision, "person").await.map_err(failed)? {
        Answered::Taken => {
            if arguments.json {
                out::json(
                    &json!({ "schema": "copydesk.approve/1", "settled": [approval], "decision": decision }),
                )?;
            } else {
                out::line(format!("{approval}: {decision}"))?;
            }
            Ok(Outcome::Fine)
        }
        Answered::AlreadySettled => Ok(unchanged("somebody answered it in the meantime")),
        Answered::Unknown => Ok(unchanged("it is gone")),
    }
}

/// The whole effect, where the summary was cut: nobody should approve what they have not seen.
async fn uncut(here: &Here, journal: &Journal, row: &PendingRow) -> Option<String> {
    let records = journal.records(&row.run).await.ok()?;
    records.iter().rev().find_map(|record| match &record.event {
        Event::ApprovalRequested { approval, effect, whole: false, .. } if *approval == row.approval => {
            Some(effect.summary(&here.root))
        }
        _ => None,
    })
}

/// The decision, once a person has typed it, or typed `yes` to the one of the command line.
fn typed_decision(arguments: &Arguments, row: &PendingRow) -> anyhow::Result<Option<String>> {
    if let Some(decision) = &arguments.decision {
        let typed = ask_on_terminal(&format!("Answer '{decision}'? Type yes:"))?;
        return Ok(matches!(typed.as_str(), "yes" | "y").then(|| decision.clone()));
    }
    let words = if row.always.is_empty() { "once or deny" } else { "once, always or deny" };
    let typed = ask_on_terminal(&format!("Type {words}:"))?;
    Ok(matches!(typed.as_str(), "once" | "always" | "deny").then_some(typed))
}

/// Whether the process that runs it is still there. Where that cannot be told, it is taken to be.
async fn is_alive(journal: &Journal, run: &RunId) -> bool {
    let records = journal.records(run).await.unwrap_or_default();
    let process = records.iter().rev().find_map(|record| match &record.event {
        Event::RunStarted { process, .. } => Some(*process),
        _ => None,
    });
    // This process runs nothing: one with its number is of a process that had the number before.
    process.flatten().is_none_or(|pid| pid != std::process::id() && copydesk_agent::is_alive(pid))
}

fn unchanged(reason: &str) -> Outcome {
    out::note(format!("error: {reason}; nothing was changed"));
    Outcome::Problems
}

fn failed(error: copydesk_store::StoreError) -> anyhow::Error {
    anyhow::anyhow!("failed to {error}")
}
