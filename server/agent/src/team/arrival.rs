//! What a helper made, taken in by the run that called it: its last answer, and what it changed, as edits of that run.
//!
//! Each edit that comes from a worktree goes the way of every edit, the person's hooks included. What cannot be made is
//! named with its file wherever somebody relies on it: to the model that asked, to the layer that comes next, to the
//! person, and in how the run ended, unless it was edited anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use copydesk_base::{CallId, Event, Record, RunId, RunStatus, Usage, path};
use copydesk_text::rebase::{self, Rebased};
use serde_json::json;

use crate::budget::sums::Sums;
use crate::changes::way::{self, Came, Changed as Edited, Written};
use crate::error::AgentError;
use crate::hooks::{self, Point};
use crate::run::Turn;
use crate::session::recover::edits;
use crate::team::helper::{self, Ended, Made};
use crate::team::worktree::{Changed, Changes};
use crate::tools::Output;

/// How many things that git ignores are named.
const MOST_IGNORED: usize = 8;

/// A helper's end, read.
pub(crate) struct Taken {
    /// For the model that called it.
    pub(crate) output: Output,
    /// What of its work is not there, for whoever goes on with the rest.
    pub(crate) missing: String,
}

/// Makes an answer of a helper's end, and edits of what it changed.
pub(crate) async fn take_in(turn: &mut Turn, ended: Ended) -> Result<Taken, AgentError> {
    let Ended { call, name, outcome } = ended;
    let made = turn.helpers.unread.take(&outcome.run);
    turn.helpers.out.remove(&call);
    turn.usage.add(outcome.usage);
    let (run, status) = (outcome.run.clone(), outcome.status);
    let Sums { models, .. } = Sums::of([turn.world.journal.records(&run).await?.as_slice()]);
    let usage = outcome.usage;
    turn.record(vec![Event::AgentReturned { call: call.clone(), run, status, usage, models }]).await?;
    turn.denied.extend(outcome.denied);
    let in_place: Vec<_> = outcome.changes.into_iter().filter(|_| made.is_none()).collect();
    let edited: BTreeSet<PathBuf> = helper::written(&in_place).into_iter().collect();
    turn.changes.extend(in_place);
    let facts = json!({"agent": name, "status": status, "text": outcome.text});
    hooks::at(turn, Point::SubagentStop, None, facts).await?;
    let mut text = match (status, outcome.error) {
        (RunStatus::Succeeded, _) if outcome.text.trim().is_empty() => {
            format!("{name} has ended without a word.")
        }
        (RunStatus::Succeeded, _) => format!("{name} says:\n{}", outcome.text.trim_end()),
        (RunStatus::Canceled, _) => format!("{name} was canceled."),
        (_, error) => {
            let said = if outcome.text.trim().is_empty() {
                String::new()
            } else {
                format!("\nBefore that it said:\n{}", outcome.text)
            };
            format!("{name} failed: {}{said}", error.unwrap_or_default())
        }
    };
    if !edited.is_empty() {
        let files: Vec<String> = edited.iter().map(|file| path::shown(&turn.settings.root, file)).collect();
        text.push_str(&format!("\nIt changed these files: {}", files.join(", ")));
    }
    // The person said it to somebody who is gone, and means the work.
    for words in outcome.unheard {
        text.push_str(&format!("\nThe person told {name} this, which it did not hear:\n{words}"));
    }
    // What was read over there was read for this one.
    let source = format!("the agent {name}");
    turn.reads(outcome.taint, &source).await?;
    let mut came = Arrival::default();
    match made.map(|made| made.changes) {
        None => {}
        Some(Err(reason)) => came.missing(format!("what {name} changed could not be brought back: {reason}")),
        Some(Ok(changes)) => {
            came = match bring(turn, &call, changes).await {
                Ok(came) => came,
                Err((error, rest)) => {
                    // The run ends, and names what did not come.
                    turn.helpers.unread.keep(&outcome.run, Made { name, changes: Ok(rest) });
                    return Err(error);
                }
            };
        }
    }
    for line in came.made.iter().chain(&came.missing) {
        text.push_str(&format!("\n{line}"));
    }
    let notices = came.missing.iter().map(|line| Event::notice(format!("Of what {name} did: {line}")));
    turn.record(notices.collect()).await?;
    let mut missing = String::new();
    for line in &came.missing {
        missing.push_str(&format!("\n[{line}]"));
    }
    let output = if status == RunStatus::Succeeded { Output::fine(text) } else { Output::failed(text) };
    Ok(Taken { output: output.with(outcome.taint, source), missing })
}

/// What became of a helper's changes, in lines.
#[derive(Default)]
struct Arrival {
    made: Vec<String>,
    missing: Vec<String>,
}

impl Arrival {
    fn missing(&mut self, line: String) {
        self.missing.push(line);
    }
}

/// Makes edits of what a helper changed in its worktree; with an error comes what was not made.
async fn bring(
    turn: &mut Turn,
    call: &CallId,
    mut changes: Changes,
) -> Result<Arrival, (AgentError, Changes)> {
    let mut arrival = Arrival::default();
    let mut texts = std::mem::take(&mut changes.texts).into_iter();
    while let Some(changed) = texts.next() {
        let shown = path::shown(&turn.settings.root, &changed.path);
        if let Err(error) = one(turn, call, &shown, changed.clone(), &mut arrival).await {
            changes.texts = std::iter::once(changed).chain(texts).collect();
            return Err((error, changes));
        }
    }
    for (file, reason) in changes.left {
        arrival
            .missing(format!("{} was not brought back: {reason}", path::shown(&turn.settings.root, &file)));
        turn.lost.insert(file, reason.to_owned());
    }
    if !changes.ignored.is_empty() {
        let shown = |file: &PathBuf| path::shown(&turn.settings.root, file);
        let names: Vec<String> = changes.ignored.iter().take(MOST_IGNORED).map(shown).collect();
        let more = match changes.ignored.len().saturating_sub(MOST_IGNORED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        arrival.missing(format!(
            "git ignores {}{more}, which commands made: not brought back",
            names.join(", ")
        ));
    }
    Ok(arrival)
}

/// Brings back one file, past the hooks of the person's as every edit.
async fn one(
    turn: &mut Turn,
    call: &CallId,
    shown: &str,
    changed: Changed,
    arrival: &mut Arrival,
) -> Result<(), AgentError> {
    let hidden = |text: &str| turn.shared.hidden(text, &turn.settings.redactor);
    let (tool, arguments) = match &changed.before {
        Some(before) => {
            ("edit", json!({"path": shown, "old": hidden(before), "new": hidden(&changed.after)}))
        }
        None => ("write", json!({"path": shown, "content": hidden(&changed.after)})),
    };
    let facts = json!({"arguments": arguments, "from_worktree": true});
    if let Some(refusal) = hooks::at(turn, Point::PreToolUse, Some(tool), facts).await?.refusal {
        turn.refused_diffs.push(diff(turn, shown, &changed));
        turn.changes.push((changed.path.clone(), false));
        arrival.missing(format!("{shown} was not made: {refusal}"));
        turn.lost.insert(changed.path, refusal.lines().next().unwrap_or_default().to_owned());
        return Ok(());
    }
    let mut conflicts = Vec::new();
    let Edited { output, came, .. } = way::brought(turn, call, shown, |current, _| {
        let (merged, overlapping) = merged(changed.before.as_deref(), &changed.after, current)?;
        conflicts = overlapping;
        Ok(Written::Real(merged))
    })
    .await?;
    let facts = json!({"arguments": arguments, "result": output.text, "failed": output.failed});
    let said = hooks::at(turn, Point::PostToolUse, Some(tool), facts).await?.words;
    let text = output.text.trim_end().to_owned();
    match came {
        Came::Whole => arrival.made.push(text),
        Came::Refused => arrival.missing(text),
        Came::Unfit(reason) => {
            let is_named = text.contains(shown);
            arrival.missing(if is_named { text } else { format!("{shown}: {text}") });
            let reason = reason.trim_start_matches("not made: ").split(';').next().unwrap_or_default();
            turn.lost.insert(changed.path.clone(), reason.to_owned());
        }
    }
    if !said.is_empty() {
        arrival.made.push(format!("[a hook of the person's says:]\n{}", said.trim_end()));
    }
    for conflict in conflicts {
        arrival.missing(format!(
            "conflict in {shown}, left as it is: the text there changed meanwhile; the hunk that replaces\n{conflict}"
        ));
        turn.lost.insert(changed.path.clone(), CHANGED.to_owned());
    }
    Ok(())
}

/// Why a hunk is left out.
const CHANGED: &str = "the text there changed meanwhile";

/// Counts what helpers used, and names what they had made, where their run ended before that could be taken in: to the
/// person, and to whoever goes on with the conversation.
pub(crate) async fn unread(turn: &mut Turn) {
    let mut lost = Vec::new();
    let out = std::mem::take(&mut turn.helpers.out);
    if !out.is_empty() {
        turn.helpers.end().await;
    }
    let done = turn.helpers.unread.take_all();
    for (call, run) in out {
        let records = turn.world.journal.records(&run).await.unwrap_or_default();
        let (event, usage) = returned(call, run.clone(), &records);
        turn.usage.add(usage);
        let gone: Vec<String> =
            edits::apart(&records).iter().map(|file| file.display().to_string()).collect();
        // What is left of one that was done is named below.
        if !gone.is_empty() && !done.contains_key(&run) {
            lost.push(format!(
                "A helper was at work in a worktree that is gone; nothing was made of its edits: {}",
                gone.join(", ")
            ));
        }
        // Where the journal cannot be written the end says so.
        let _ = turn.record(vec![event]).await;
    }
    for Made { name, changes } in done.into_values() {
        let Ok(changes) = changes else { continue };
        for changed in &changes.texts {
            let shown = path::shown(&turn.settings.root, &changed.path);
            turn.refused_diffs.push(diff(turn, &shown, changed));
            turn.changes.push((changed.path.clone(), false));
        }
        let files = changes.texts.iter().map(|changed| changed.path.as_path());
        let files = files.chain(changes.left.iter().map(|(file, _)| file.as_path()));
        let files: Vec<String> = files.map(|file: &Path| path::shown(&turn.settings.root, file)).collect();
        if files.is_empty() {
            continue;
        }
        let files = files.join(", ");
        lost.push(format!("{name} was done when the run ended; what it changed was not made: {files}"));
    }
    for text in lost {
        if turn.tell(format!("[{text}]")).await.is_ok() {
            let _ = turn.record(vec![Event::notice(text)]).await;
        }
    }
}

/// The end of a helper as its own records have it, for the account of the run that called it, and what it used.
pub(crate) fn returned(call: CallId, run: RunId, records: &[Record]) -> (Event, Usage) {
    let Sums { all: usage, models, .. } = Sums::of([records]);
    let status = records.iter().find_map(|record| match record.event {
        Event::RunFinished { status, .. } => Some(status),
        _ => None,
    });
    let status = status.unwrap_or(RunStatus::Canceled);
    (Event::AgentReturned { call, run, status, usage, models }, usage)
}

fn diff(turn: &Turn, shown: &str, changed: &Changed) -> String {
    let diff = rebase::unified(changed.before.as_deref().unwrap_or_default(), &changed.after, shown);
    turn.settings.redactor.clean(&diff)
}

/// A change on the text that is there now: what fits of it, and the texts of which somebody else made something. The
/// error says why nothing fits.
fn merged(before: Option<&str>, after: &str, current: Option<&str>) -> Result<(String, Vec<String>), String> {
    let (before, current) = match (before, current) {
        (None, None) => return Ok((after.to_owned(), vec![])),
        (None, Some(current)) if current == after => return Ok((after.to_owned(), vec![])),
        (None, Some(_)) => return Err("not made: another file of this name appeared meanwhile".to_owned()),
        (Some(_), None) => return Err("not made: the file is gone".to_owned()),
        (Some(before), Some(current)) => (before, current),
    };
    let hunks = rebase::hunks(before, after);
    let borrowed: Vec<_> = hunks.iter().map(|(span, text)| (*span, text.as_str())).collect();
    let (mut edits, mut conflicts) = (Vec::new(), Vec::new());
    for (landed, (span, text)) in rebase::rebase(before, &borrowed, current).iter().zip(&hunks) {
        match landed {
            Rebased::Moved(to) => edits.push((*to, text.as_str())),
            Rebased::Overlaps { .. } => conflicts.push(span.of(before).to_owned()),
        }
    }
    if edits.is_empty() && !conflicts.is_empty() {
        return Err(format!("not made: {CHANGED}; the hunk that replaces\n{}", conflicts.join("\n")));
    }
    Ok((rebase::apply(current, &edits), conflicts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_helper_changed_fits_or_is_named() {
        let (before, after) = ("a\nb\nc\nd\ne\n", "A\nb\nc\nd\nE\n");
        for (before, current, expect) in [
            (Some(before), Some(before), Ok((after, 0))),
            (Some(before), Some("a\nb\nmine\nd\ne\n"), Ok(("A\nb\nmine\nd\nE\n", 0))),
            (Some(before), Some("mine\nb\nc\nd\ne\n"), Ok(("mine\nb\nc\nd\nE\n", 1))),
            (Some(before), Some("mine\nb\nc\nd\nmine\n"), Err("not made: the text there changed")),
            (Some(before), None, Err("not made: the file is gone")),
            (None, None, Ok((after, 0))),
            (None, Some(after), Ok((after, 0))),
            (None, Some("mine\n"), Err("not made: another file")),
        ] {
            let found = merged(before, after, current);
            match (found, expect) {
                (Ok((text, conflicts)), Ok(expect)) => assert_eq!((text.as_str(), conflicts.len()), expect),
                (Err(reason), Err(expect)) => assert!(reason.starts_with(expect), "{reason}"),
                (found, expect) => panic!("{found:?} is not {expect:?}"),
            }
        }
    }
}
