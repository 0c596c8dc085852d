//! `copydesk rewind`: back to before a turn, its files, its conversation or both.

use std::sync::Arc;

use clap::ValueEnum;
use copydesk_agent::{AgentError, DiskFiles, Scope};
use copydesk_base::RunId;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::terminal::{Terminal, Voice};
use super::undo::told;
use super::{Outcome, wait_for};
use crate::config::Flags;
use crate::here::Here;
use crate::office::Office;
use crate::out;

/// Goes back to before a turn
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The turn's run, as 'copydesk sessions show' names it; the last turn unless given
    run: Option<String>,
    /// Only its files, or only its conversation; both unless given
    #[arg(long, value_enum)]
    only: Option<Only>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Only {
    Files,
    Conversation,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let here = Here::find()?;
    let (host, _notes) = Terminal::new(&here, Voice::Silent);
    let office = Office::new(here, Flags::default());
    let run = arguments.run.as_deref().map(RunId::from);
    let scope = match arguments.only {
        None => Scope::Both,
        Some(Only::Files) => Scope::Files,
        Some(Only::Conversation) => Scope::Conversation,
    };
    let rewound = wait_for(async {
        let desk = office.open(host, Arc::new(DiskFiles), &CancellationToken::new());
        let rewound = desk.rewind(run, scope).await;
        desk.close().await;
        Ok(rewound)
    })?;
    let (turns, report) = rewound.map_err(|error| match error {
        AgentError::NothingToUndo => {
            anyhow::anyhow!("there is no turn to go back to in {}", office.here.root.display())
        }
        error => anyhow::anyhow!("failed to {error}"),
    })?;
    if arguments.json {
        out::json(&json!({
            "schema": "copydesk.rewind/1", "turns": turns, "sent": report.sent, "refused": report.refused,
        }))?;
    } else {
        let count = if turns.len() == 1 { "1 turn".to_owned() } else { format!("{} turns", turns.len()) };
        if scope != Scope::Files {
            out::line(format!("{count} forgotten"))?;
        }
        if scope != Scope::Conversation {
            told(&report, "taken back")?;
        }
    }
    Ok(if report.refused.is_empty() { Outcome::Fine } else { Outcome::Problems })
}
