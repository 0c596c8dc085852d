//! Conversations told to people: from records to text, Markdown and JSON.
//!
//! A turn is told as what was asked, what was said and done, and how it ended. Whatever a model or a file wrote in it
//! may hold anything, so it is made [`visible`].

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;

use copydesk_base::{Event, Record, RunId, SessionId, Usage};
use copydesk_store::SessionRow;
use serde_json::{Value, json};

use crate::budget::sums::{Sums, used};
use crate::gate::render::visible;
use crate::run::routed::routed;
use crate::session::deeds;
use crate::session::recording::Conversation;

/// The schema of an exported conversation.
pub const RECORDS: &str = "copydesk.records/1";

/// The longest line that is made of what somebody wrote, in characters.
const LINE: usize = 80;

/// A conversation of a list as JSON.
pub fn listed(one: &SessionRow) -> Value {
    json!({
        "session": one.session,
        "title": one.title,
        "name": one.name,
        "started": one.started.to_string(),
        "turns": one.turns,
    })
}

/// The conversation that a word stands for, by its id or its name.
pub fn named<'s>(known: &'s [SessionRow], word: &str) -> Option<&'s SessionRow> {
    let by_id = known.iter().find(|one| one.session.as_str() == word);
    by_id.or_else(|| known.iter().find(|one| one.name.as_deref() == Some(word)))
}

/// What a person calls a conversation, on one line.
pub fn called(one: &SessionRow) -> String {
    let words = visible(one.name.as_deref().unwrap_or(&one.title));
    words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LINE).collect()
}

/// How many turns it has, in words.
pub fn turns_of(one: &SessionRow) -> String {
    if one.turns == 1 { "1 turn".to_owned() } else { format!("{} turns", one.turns) }
}

/// A conversation with all of its records and those of its helpers, from which a model can be replayed.
pub fn records(session: &SessionId, root: &Path, conversation: &Conversation) -> Value {
    let Conversation { turns, helpers } = conversation;
    json!({"schema": RECORDS, "session": session, "root": root, "runs": turns, "helpers": helpers})
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
    /// Whether its edits were taken back, and not brought again since.
    is_undone: bool,
}

enum Said<'a> {
    Words(&'a str),
    Done(String),
}

fn story(records: &[Record]) -> Story<'_> {
    let (mut story, mut proposed) = (Story::default(), HashSet::new());
    for record in records {
        match &record.event {
            Event::RunStarted { prompt, title, model, .. } => {
                story.prompt = if prompt.trim().is_empty() { title } else { prompt };
                story.model = model;
            }
            Event::ModelSwitched { to, .. } => {
                story.model = to;
                story.said.push(Said::Done(routed(&record.event)));
            }
            Event::ModelAnswered { text, .. } | Event::Told { text, broken_off: true }
                if !text.trim().is_empty() =>
            {
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
            Event::Called { to, .. } => {
                story.said.push(Said::Done(format!("no answer yet: {to} was called")));
            }
            Event::Steered { text } => story.said.push(Said::Done(format!("you: {text}"))),
            // What helpers edit in place they propose in records of their own.
            Event::ChangeProposed { change, .. } => {
                proposed.insert(change);
            }
            Event::ChangeApplied { change, path, .. } if !proposed.contains(change) => {
                story.said.push(Said::Done(format!("a helper changed {}", path.display())));
            }
            event @ (Event::CommandChanged { .. } | Event::CommandTook { .. }) => {
                let deed = deeds::deed(event, |path| path.display().to_string());
                story.said.extend(deed.map(Said::Done));
            }
            Event::LayerBegun { number, of, name } => {
                story.said.push(Said::Done(format!("layer {number} of {of}: {name}")));
            }
            Event::Undone { redo, .. } => story.is_undone = !redo,
            Event::Notice { text, .. } => story.said.push(Said::Done(format!("note: {text}"))),
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

/// A conversation for reading on a screen.
pub fn shown(turns: &[Vec<Record>]) -> String {
    let mut text = told(turns);
    let sums = Sums::of(turns.iter().map(Vec::as_slice));
    let minutes = sums.time.as_secs() / 60;
    let time = if minutes > 0 { format!(", {minutes} min") } else { String::new() };
    let _ = writeln!(text, "All together: {}{time}", used(&sums.all));
    for parts in [&sums.models, &sums.agents] {
        for (name, usage) in parts.iter().filter(|_| parts.len() > 1) {
            let _ = writeln!(text, "  {}: {}", visible(name), used(usage));
        }
    }
    text
}

/// Runs for reading on a screen: turns, or those that worked for them.
pub fn told(runs: &[Vec<Record>]) -> String {
    let mut text = String::new();
    let gone = rewound(runs);
    for records in runs {
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
        let gone = if gone.contains(run) { ", forgotten" } else { "" };
        let back = if story.is_undone { ", edits taken back" } else { "" };
        let _ = writeln!(text, "  ({run}: {}, {end}{error}{gone}{back})\n", visible(story.model));
    }
    text
}

/// The whole conversation as Markdown.
pub fn markdown(turns: &[Vec<Record>]) -> String {
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

/// The turns as JSON.
pub fn document(turns: &[Vec<Record>]) -> Vec<Value> {
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
