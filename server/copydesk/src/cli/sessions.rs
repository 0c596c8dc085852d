//! `copydesk sessions`: the conversations of this workspace, to look at, to take along, to go on with.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use clap::Subcommand;
use copydesk_base::{Event, Record, RunId, SessionId, Usage};
use serde_json::{Value, json};

use super::Outcome;
use crate::here::Here;
use crate::out;
use crate::render::visible;

/// The schema of an exported conversation.
pub(super) const RECORDS: &str = "copydesk.records/1";

/// The most conversations of a list.
const LISTED: usize = 1000;

/// Lists, shows and exports conversations
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
    /// What was said, and what was done
    Show {
        /// As 'copydesk sessions' lists it
        id: String,
    },
    /// The whole conversation as Markdown; with --json its records, which 'ask --replay' answers from
    Export {
        /// As 'copydesk sessions' lists it
        id: String,
    },
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let here = Here::find()?;
    match &arguments.what {
        None => list(&here, arguments.json),
        Some(What::Show { id }) => tell(&here, id, |turns| {
            if arguments.json {
                let (sums, turns) = (sums(turns), document(turns));
                let (usage, models) = sums;
                out::json(&json!({
                    "schema": "copydesk.session/1", "session": id, "turns": turns, "usage": usage, "models": models,
                }))
            } else {
                out::text(shown(turns))
            }
        }),
        Some(What::Export { id }) => tell(&here, id, |turns| {
            if arguments.json {
                out::json(&json!({"schema": RECORDS, "session": id, "root": here.root, "runs": turns}))
            } else {
                out::text(markdown(turns))
            }
        }),
    }
}

/// The conversation that something was said in last.
pub(super) fn newest(here: &Here) -> anyhow::Result<Option<SessionId>> {
    Ok(block_on(here.journal().sessions(1))?.pop().map(|row| row.session))
}

fn list(here: &Here, as_json: bool) -> anyhow::Result<Outcome> {
    let sessions = block_on(here.journal().sessions(LISTED))?;
    if as_json {
        let listed: Vec<Value> = sessions
            .iter()
            .map(|one| json!({"session": one.session, "title": one.title, "started": one.started.to_string(), "turns": one.turns}))
            .collect();
        out::json(&json!({"schema": "copydesk.sessions/1", "sessions": listed}))?;
        return Ok(Outcome::Fine);
    }
    if sessions.is_empty() {
        out::note("nothing was asked in this workspace yet");
    }
    for one in &sessions {
        let turns = if one.turns == 1 { "1 turn".to_owned() } else { format!("{} turns", one.turns) };
        out::line(format!("{}  {}  {turns:<9} {}", one.session, one.started, visible(&one.title)))?;
    }
    Ok(Outcome::Fine)
}

fn tell(
    here: &Here,
    id: &str,
    show: impl FnOnce(&[Vec<Record>]) -> anyhow::Result<()>,
) -> anyhow::Result<Outcome> {
    let Some(turns) = turns(here, id)? else {
        out::note(format!("error: there is no conversation '{id}' here; 'copydesk sessions' lists them"));
        return Ok(Outcome::WrongUsage);
    };
    show(&turns)?;
    Ok(Outcome::Fine)
}

/// The records of a conversation, run by run; nothing where there is none of that name.
pub(super) fn turns(here: &Here, id: &str) -> anyhow::Result<Option<Vec<Vec<Record>>>> {
    let journal = here.journal();
    let rows = block_on(journal.session(&SessionId::from(id)))?;
    if rows.is_empty() {
        return Ok(None);
    }
    rows.iter().map(|row| block_on(journal.records(&row.run))).collect::<anyhow::Result<_>>().map(Some)
}

fn block_on<T>(asked: impl Future<Output = Result<T, copydesk_store::StoreError>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(asked).map_err(|error| anyhow::anyhow!("failed to {error}"))
}

/// One turn in what a person wants to know of it.
#[derive(Default)]
struct Story<'a> {
    prompt: &'a str,
    model: &'a str,
    /// What the model said, and lines about what was done, in order.
    said: Vec<Said<'a>>,
    end: Option<(&'a str, &'a Usage)>,
    error: Option<&'a str>,
}

enum Said<'a> {
    Words(&'a str),
    Done(String),
}

fn story(records: &[Record]) -> Story<'_> {
    let mut story = Story::default();
    for record in records {
        match &record.event {
            Event::RunStarted { prompt, title, model, .. } => {
                story.prompt = if prompt.trim().is_empty() { title } else { prompt };
                story.model = model;
            }
            Event::ModelSwitched { to, .. } => story.model = to,
            Event::ModelAnswered { text, .. } if !text.trim().is_empty() => {
                story.said.push(Said::Words(text));
            }
            Event::ToolCalled { name, arguments, .. } => {
                let what = ["path", "command", "pattern"].iter().find_map(|key| arguments.get(key)?.as_str());
                story
                    .said
                    .push(Said::Done(format!("{name} {}", what.unwrap_or_default()).trim_end().to_owned()));
            }
            Event::Checked { check, verdict, .. } => {
                story.said.push(Said::Done(format!("check {check}: {}", verdict.as_str())));
            }
            Event::QuestionAnswered { answer, .. } if !answer.is_empty() => {
                story.said.push(Said::Done(format!("you answered: {answer}")));
            }
            Event::Steered { text } => story.said.push(Said::Done(format!("you: {text}"))),
            Event::RunFinished { status, error, usage, .. } => {
                story.end = Some((word(*status), usage));
                story.error = error.as_deref();
            }
            _ => {}
        }
    }
    story
}

const fn word(status: copydesk_base::RunStatus) -> &'static str {
    use copydesk_base::RunStatus as Status;
    match status {
        Status::Pending => "pending",
        Status::Running => "running",
        Status::Waiting => "waiting",
        Status::Suspended => "suspended",
        Status::Succeeded => "succeeded",
        Status::Failed => "failed",
        Status::Canceled => "canceled",
        Status::Skipped => "skipped",
    }
}

/// The turns that a rewind took out of the conversation.
fn rewound(turns: &[Vec<Record>]) -> HashSet<&str> {
    let runs = turns.iter().flatten().filter_map(|record| match &record.event {
        Event::Rewound { runs } => Some(runs.iter().map(RunId::as_str)),
        _ => None,
    });
    runs.flatten().collect()
}

fn shown(turns: &[Vec<Record>]) -> String {
    let mut text = String::new();
    let gone = rewound(turns);
    for records in turns {
        let story = story(records);
        let _ = writeln!(text, "> {}", visible(story.prompt.trim()).replace('\n', "\n> "));
        for said in &story.said {
            let _ = match said {
                Said::Words(words) => writeln!(text, "{}", visible(words.trim())),
                Said::Done(what) => {
                    writeln!(text, "  · {}", visible(what.lines().next().unwrap_or_default()))
                }
            };
        }
        let end = story.end.map_or_else(
            || "not finished".to_owned(),
            |(word, usage)| format!("{word}, {} tokens in, {} out", usage.input_tokens, usage.output_tokens),
        );
        let error = story.error.map_or(String::new(), |error| format!(": {}", visible(error)));
        let run = records.first().map_or("", |record| record.run.as_str());
        let gone = if gone.contains(run) { ", taken back" } else { "" };
        let _ = writeln!(text, "  ({run}: {}, {end}{error}{gone})\n", visible(story.model));
    }
    let (all, models) = sums(turns);
    let _ = writeln!(text, "All together: {}", used(&all));
    if models.len() > 1 {
        for (model, usage) in models {
            let _ = writeln!(text, "  {}: {}", visible(model), used(&usage));
        }
    }
    text
}

/// What a conversation has used: all of it, and by model what providers reported.
fn sums(turns: &[Vec<Record>]) -> (Usage, BTreeMap<&str, Usage>) {
    let (mut all, mut models) = (Usage::default(), BTreeMap::<&str, Usage>::new());
    for records in turns {
        let mut asked = "";
        for record in records {
            match &record.event {
                Event::RunStarted { model, .. } => asked = model,
                Event::ModelSwitched { to, .. } => asked = to,
                Event::ModelAnswered { usage, .. } => models.entry(asked).or_default().add(*usage),
                Event::RunFinished { usage, .. } => all.add(*usage),
                _ => {}
            }
        }
    }
    (all, models)
}

fn used(usage: &Usage) -> String {
    let money = usage.usd.map_or(String::new(), |usd| format!(", ${usd:.4}"));
    let estimated = if usage.estimated { ", some of it estimated" } else { "" };
    let Usage { input_tokens, output_tokens, requests, .. } = usage;
    format!("{input_tokens} tokens in, {output_tokens} out, {requests} requests{money}{estimated}")
}

fn markdown(turns: &[Vec<Record>]) -> String {
    let mut text = String::new();
    for records in turns {
        let story = story(records);
        let _ = writeln!(text, "## You\n\n{}\n\n## {}\n", visible(story.prompt.trim()), visible(story.model));
        for said in &story.said {
            let _ = match said {
                Said::Words(words) => writeln!(text, "{}\n", visible(words.trim())),
                Said::Done(what) => writeln!(text, "- `{}`\n", visible(what).replace(['`', '\n'], " ")),
            };
        }
        if let Some(error) = story.error {
            let _ = writeln!(text, "**It failed:** {}\n", visible(error));
        }
    }
    text
}

fn document(turns: &[Vec<Record>]) -> Vec<Value> {
    turns
        .iter()
        .map(|records| {
            let story = story(records);
            let said: Vec<Value> = story
                .said
                .iter()
                .map(|said| match said {
                    Said::Words(words) => json!({"said": words}),
                    Said::Done(what) => json!({"did": what}),
                })
                .collect();
            json!({
                "run": records.first().map(|record| &record.run),
                "prompt": story.prompt,
                "model": story.model,
                "answer": said,
                "status": story.end.map(|(word, _)| word),
                "usage": story.end.map(|(_, usage)| usage),
                "error": story.error,
            })
        })
        .collect()
}
