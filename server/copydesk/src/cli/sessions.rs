//! `copydesk sessions`: the conversations of this workspace, to look at, to take along, to copy, to name and to delete.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use copydesk_agent::{AgentError, Conversation, Desk, DiskFiles, Sums, telling};
use copydesk_base::{Record, RunId, SessionId};
use copydesk_store::{Journal, SessionRow};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::keyboard::ask_on_terminal;
use super::terminal::{Terminal, Voice};
use super::{Outcome, replay, wait_for};
use crate::config::Flags;
use crate::here::Here;
use crate::office::Office;
use crate::out;
use crate::render::visible;

/// Lists, shows, names, copies, exports, takes in and deletes conversations
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Print one JSON document
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum What {
    /// The conversations here, the newest first, and how long they are kept
    List,
    /// What was said, and what was done
    Show {
        /// As 'copydesk sessions' lists it, or its name
        id: String,
        /// What the model was sent in the last turn instead: every part with its origin, its size and what was left out
        #[arg(long, conflicts_with = "helpers")]
        sent: bool,
        /// And behind it what each helper was asked, said, did and cost
        #[arg(long)]
        helpers: bool,
    },
    /// Gives a conversation a name; without one, takes it away
    Name {
        /// As 'copydesk sessions' lists it, or its name
        id: String,
        /// The name; it may be used wherever the id can
        name: Option<String>,
    },
    /// Copies a conversation, to go on from there in another direction
    Fork {
        /// As 'copydesk sessions' lists it, or its name
        id: String,
        /// The last turn that the copy has, by its run as 'sessions show' names it; all turns unless given
        #[arg(long, value_name = "RUN")]
        turn: Option<String>,
    },
    /// The whole conversation as Markdown; with --json its records, which 'ask --replay' answers from
    Export {
        /// As 'copydesk sessions' lists it, or its name
        id: String,
        /// Its records without names, times, folders and whoever answered: a recording and its replay are the same
        /// then, byte for byte
        #[arg(long)]
        comparable: bool,
    },
    /// Takes in a conversation that 'export --json' wrote, here or elsewhere; it counts as a recording that others may
    /// have written
    Import {
        /// The file
        file: PathBuf,
    },
    /// Deletes a conversation with what undoes its edits, for good; asks before
    Delete {
        /// As 'copydesk sessions' lists it, or its name
        id: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let here = Here::find()?;
    let (host, _notes) = Terminal::new(&here, Voice::Silent);
    let office = Office::new(here, Flags::default());
    wait_for(async {
        let desk = office.open(host, Arc::new(DiskFiles), &CancellationToken::new());
        let outcome = perform(&desk, arguments, &office.here).await;
        desk.close().await;
        outcome
    })
}

async fn perform(desk: &Desk, arguments: &Arguments, here: &Here) -> anyhow::Result<Outcome> {
    let known = desk.sessions().await.map_err(said)?;
    let Some(what) = &arguments.what else { return list(desk, &known, arguments.json) };
    let word = match what {
        What::List => return list(desk, &known, arguments.json),
        What::Import { file } => return import(desk, file, arguments.json, here).await,
        What::Show { id, .. }
        | What::Name { id, .. }
        | What::Fork { id, .. }
        | What::Export { id, .. }
        | What::Delete { id, .. } => id,
    };
    let Some(one) = telling::named(&known, word) else { return Ok(unknown(word)) };
    let id = &one.session;
    match what {
        What::List | What::Import { .. } => {}
        What::Show { sent: true, .. } => {
            sent(id, &desk.conversation(id).await.map_err(said)?, arguments.json)?;
        }
        What::Show { helpers, .. } => {
            let whole = desk.whole(id).await.map_err(said)?;
            show(id, &whole.turns, helpers.then_some(whole.helpers.as_slice()), arguments.json)?;
        }
        What::Export { comparable, .. } => {
            let whole = desk.whole(id).await.map_err(said)?;
            let records = || telling::records(id, &here.root, &whole);
            match (*comparable, arguments.json) {
                (true, _) => out::json(&copydesk_agent::comparable(&records()))?,
                (false, true) => out::json(&records())?,
                (false, false) => out::text(telling::markdown(&whole.turns))?,
            }
        }
        What::Name { name, .. } => {
            let name = desk.name(id, name.as_deref().unwrap_or_default()).await.map_err(said)?;
            answer(
                arguments.json,
                &json!({"schema": "copydesk.named/1", "session": id, "name": name}),
                || {
                    if name.is_empty() {
                        format!("{id} has no name now")
                    } else {
                        format!("{id} is called {name}")
                    }
                },
            )?;
        }
        What::Fork { turn, .. } => {
            let last = turn.as_deref().map(RunId::from);
            let copy = desk.fork(id, last.as_ref()).await.map_err(said)?;
            answer(
                arguments.json,
                &json!({"schema": "copydesk.forked/1", "session": copy, "of": id}),
                || format!("{copy}\ngo on with: copydesk ask --session {copy} \"…\""),
            )?;
        }
        What::Delete { yes, .. } => {
            if !yes && !may_delete(one)? {
                return Ok(Outcome::Problems);
            }
            desk.delete(id).await.map_err(said)?;
            answer(arguments.json, &json!({"schema": "copydesk.deleted/1", "session": id}), || {
                format!("{id} is gone")
            })?;
        }
    }
    Ok(Outcome::Fine)
}

async fn import(desk: &Desk, file: &Path, as_json: bool, here: &Here) -> anyhow::Result<Outcome> {
    let named = file.display().to_string();
    let read = std::fs::read_to_string(here.cwd.join(file));
    let text = read.map_err(|error| format!("failed to read {named}: {error}"));
    // What stands in a file of somebody's may hold a key of ours.
    let text = text.map(|text| desk.cleaned(&text));
    match text.and_then(|text| replay::exported(&named, &text)) {
        Err(reason) => {
            out::note(format!("error: {}", visible(&reason)));
            Ok(Outcome::WrongUsage)
        }
        Ok(exported) => {
            let id = desk.import(exported.runs).await.map_err(said)?;
            answer(as_json, &json!({"schema": "copydesk.imported/1", "session": id}), || {
                format!("{id}\ngo on with: copydesk ask --session {id} \"…\"")
            })?;
            Ok(Outcome::Fine)
        }
    }
}

/// What the model was sent in the last turn.
fn sent(id: &SessionId, turns: &[Vec<Record>], as_json: bool) -> anyhow::Result<()> {
    match copydesk_agent::sent(turns) {
        None => {
            out::note("the last turn was not told to a model, or by a version that did not write it down");
            Ok(())
        }
        Some(sent) if as_json => {
            out::json(&json!({"schema": "copydesk.sent/1", "session": id, "sent": sent}))
        }
        Some(sent) => out::text(visible(&sent.page())),
    }
}

fn said(error: AgentError) -> anyhow::Error {
    anyhow::anyhow!("{}", error.told())
}

fn answer(as_json: bool, document: &Value, words: impl FnOnce() -> String) -> anyhow::Result<()> {
    if as_json { out::json(document) } else { out::line(visible(&words())) }
}

/// Asks whether a conversation is to go; a no where nobody can be asked.
fn may_delete(one: &SessionRow) -> anyhow::Result<bool> {
    let what = format!("“{}” ({}, {})", telling::called(one), one.session, telling::turns_of(one));
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        out::note(format!(
            "error: nobody is here who could be asked; --yes deletes {what} without a question"
        ));
        return Ok(false);
    }
    let answer = ask_on_terminal(&format!("Delete {what} for good? Its edits cannot be undone then. [y/N]"))?;
    Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
}

fn unknown(word: &str) -> Outcome {
    out::note(format!("error: there is no conversation '{word}' here; 'copydesk sessions' lists them"));
    Outcome::WrongUsage
}

/// The conversation that something was said in last.
pub(super) fn newest(here: &Here) -> anyhow::Result<Option<SessionId>> {
    Ok(block_on(here.journal().sessions(1))?.pop().map(|row| row.session))
}

/// The conversation that a word names, by its id or its name.
pub(super) fn find(here: &Here, word: &str) -> anyhow::Result<SessionId> {
    let known = block_on(here.journal().sessions(usize::MAX))?;
    Ok(telling::named(&known, word).map_or_else(|| SessionId::from(word), |one| one.session.clone()))
}

fn list(desk: &Desk, sessions: &[SessionRow], as_json: bool) -> anyhow::Result<Outcome> {
    if as_json {
        let listed: Vec<Value> = sessions.iter().map(telling::listed).collect();
        let kept = desk.retention().map(
            |retention| json!({"age_s": retention.longest().as_secs(), "megabytes": retention.largest()}),
        );
        out::json(&json!({"schema": "copydesk.sessions/1", "sessions": listed, "retention": kept}))?;
        return Ok(Outcome::Fine);
    }
    if sessions.is_empty() {
        out::note("nothing was asked in this workspace yet");
    }
    for one in sessions {
        let (turns, name) = (telling::turns_of(one), telling::called(one));
        out::line(format!("{}  {}  {turns:<9} {name}", one.session, one.started))?;
    }
    if !sessions.is_empty() {
        out::note(desk.kept_for());
    }
    Ok(Outcome::Fine)
}

fn show(
    id: &SessionId,
    turns: &[Vec<Record>],
    helpers: Option<&[Vec<Record>]>,
    as_json: bool,
) -> anyhow::Result<()> {
    if !as_json {
        let helpers = helpers.map_or_else(String::new, |helpers| format!("\n{}", telling::told(helpers)));
        return out::text(telling::shown(turns) + &helpers);
    }
    let helpers = helpers.map(telling::document);
    let Sums { all, time, models, agents } = Sums::of(turns.iter().map(Vec::as_slice));
    out::json(&json!({
        "schema": "copydesk.session/1", "session": id, "turns": telling::document(turns), "usage": all,
        "seconds": time.as_secs(), "models": models, "agents": agents, "helpers": helpers,
    }))
}

/// Whether there is such a conversation.
pub(super) fn exists(here: &Here, session: &SessionId) -> anyhow::Result<bool> {
    Ok(!block_on(here.journal().session(session))?.is_empty())
}

/// The records of a conversation and of its helpers; nothing where there is none of that name.
pub(super) fn whole(journal: &Journal, id: &SessionId) -> anyhow::Result<Option<Conversation>> {
    let turns = block_on(journal.turns(id))?;
    if turns.is_empty() {
        return Ok(None);
    }
    let read = async { Conversation::of(journal, journal.records_of(turns).await?).await };
    block_on(read).map(Some)
}

/// Whether what a journal says was verified: a foreign one has no key to do it with.
pub(super) fn is_verified(journal: &Journal) -> bool {
    matches!(block_on(journal.read_only()), Ok(None))
}

fn block_on<T>(asked: impl Future<Output = Result<T, copydesk_store::StoreError>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(asked).map_err(|error| anyhow::anyhow!("failed to {error}"))
}
