//! An earlier conversation, read back from its records so that it can go on, in whatever process.
//!
//! What a model was told and what it answered stand in the journal as it saw them, secrets as placeholders. A run that
//! was cut short is told as that: a tool call without a result has none, and nothing of it is done again.

use std::collections::HashSet;
use std::time::Duration;

use copydesk_base::{CallId, Event, Grade, Record, SessionId, Usage};
use copydesk_provider::{Arguments, Message, ToolCall, ToolOutcome, ToolResult};
use serde_json::Value;

use crate::desk::Shared;
use crate::error::AgentError;
use crate::rewind;

/// The most bytes of earlier turns that go along where nobody knows the model's window.
const MOST: usize = 200 * 1024;
/// Bytes of a token, as estimates count.
const BYTES: usize = 4;
/// What stands for a result that was never written down.
const CUT: &str = "not known: the run ended before there was a result";
/// What stands before the turns that still fit.
const LEFT_OUT: &str = "[Earlier turns of this conversation are left out.]";

/// What a conversation brings along.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Past {
    /// The turns, oldest first.
    pub(crate) turns: Vec<Vec<Message>>,
    /// The worst that was read in it.
    pub(crate) grade: Grade,
    /// What it has used so far, and for how long somebody worked on it.
    pub(crate) spent: Spent,
}

/// What runs have used up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Spent {
    pub(crate) usage: Usage,
    pub(crate) time: Duration,
}

impl Spent {
    /// Adds a run; of one that was cut short, what its answers say.
    fn add(&mut self, records: &[Record]) {
        let finished = records.iter().rev().find_map(|record| match record.event {
            Event::RunFinished { usage, .. } => Some(usage),
            _ => None,
        });
        let answers = || {
            records.iter().fold(Usage::default(), |mut sum, record| {
                if let Event::ModelAnswered { usage, .. } = record.event {
                    sum.add(usage);
                }
                sum
            })
        };
        self.usage.add(finished.unwrap_or_else(answers));
        // What was noted later, an undo for one, is no work of the run.
        let is_work = |record: &&Record| {
            use Event::{ModelAnswered, RunFinished, ToolReturned};
            matches!(record.event, RunFinished { .. } | ModelAnswered { .. } | ToolReturned { .. })
        };
        if let (Some(first), Some(last)) = (records.first(), records.iter().rfind(is_work)) {
            self.time += last.at.since(first.at);
        }
    }
}

impl Past {
    /// The newest whole turns that leave half of a window (in tokens) to the next one.
    pub(crate) fn within(mut self, window: Option<u64>) -> Vec<Message> {
        let half = window.and_then(|tokens| usize::try_from(tokens / 2).ok());
        let mut left = half.map_or(MOST, |tokens| tokens.saturating_mul(BYTES));
        let fits = |turn: &&Vec<Message>| {
            let size = turn.iter().map(size).sum();
            let fits = size <= left;
            left = left.saturating_sub(size);
            fits
        };
        let kept = self.turns.iter().rev().take_while(fits).count();
        let left_out = self.turns.len() - kept;
        let mut messages: Vec<Message> = self.turns.drain(left_out..).flatten().collect();
        if left_out > 0 {
            messages.insert(0, Message::user(LEFT_OUT.to_owned()));
        }
        messages
    }
}

/// What a session said and read so far.
pub(crate) async fn past(shared: &Shared, session: &SessionId) -> Result<Past, AgentError> {
    let journal = &shared.world.journal;
    let rows = journal.session(session).await?;
    if rows.is_empty() {
        return Err(AgentError::UnknownSession(session.to_string()));
    }
    let mut past = Past::default();
    let (mut turns, mut gone) = (Vec::new(), HashSet::new());
    for row in rows {
        let records = journal.records(&row.run).await?;
        // What was read stays read, also where the turn does not count any more.
        past.grade = records.iter().filter_map(grade).fold(past.grade, Grade::max);
        // And what was paid stays paid.
        past.spent.add(&records);
        gone.extend(rewind::dropped(&records));
        turns.push((row.run, messages(&records)));
    }
    past.turns.extend(turns.into_iter().filter(|(run, _)| !gone.contains(run)).map(|(_, turn)| turn));
    past.turns.retain(|turn| !turn.is_empty());
    Ok(past)
}

fn grade(record: &Record) -> Option<Grade> {
    match record.event {
        Event::Tainted { grade, .. } => Some(grade),
        _ => None,
    }
}

/// The messages of one run.
pub(crate) fn messages(records: &[Record]) -> Vec<Message> {
    let mut turn = Messages::default();
    for record in records {
        match &record.event {
            Event::Told { text } => {
                turn.close();
                turn.list.push(Message::user(text.clone()));
            }
            Event::ModelAnswered { text, .. } => {
                turn.close();
                turn.text.clone_from(text);
            }
            Event::ToolCalled { call, name, arguments } => turn.calls.push(called(call, name, arguments)),
            Event::ToolReturned { call, text } => turn.results.push(ToolResult {
                call: call.to_string(),
                text: text.clone(),
                outcome: ToolOutcome::Done,
            }),
            _ => {}
        }
    }
    turn.close();
    turn.list
}

/// What a model called for, from the records behind its answer.
pub(crate) fn calls(records: &[Record]) -> Vec<ToolCall> {
    let of_this = records.iter().take_while(|record| !matches!(record.event, Event::ModelAnswered { .. }));
    let call = |record: &Record| match &record.event {
        Event::ToolCalled { call, name, arguments } => Some(called(call, name, arguments)),
        _ => None,
    };
    of_this.filter_map(call).collect()
}

fn called(call: &CallId, name: &str, arguments: &Value) -> ToolCall {
    // What was no JSON stands in the journal as the text that the model wrote.
    let raw = arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
    ToolCall { id: call.to_string(), name: name.to_owned(), arguments: Arguments::read(raw) }
}

/// Messages, and the answer that is being read.
#[derive(Default)]
struct Messages {
    list: Vec<Message>,
    text: String,
    calls: Vec<ToolCall>,
    results: Vec<ToolResult>,
}

impl Messages {
    /// Ends the answer that is being read.
    fn close(&mut self) {
        let (text, calls) = (std::mem::take(&mut self.text), std::mem::take(&mut self.calls));
        let mut known = std::mem::take(&mut self.results);
        if text.is_empty() && calls.is_empty() {
            return;
        }
        let result = |call: &ToolCall| {
            let found =
                known.iter().position(|result| result.call == call.id).map(|at| known.swap_remove(at));
            let cut =
                || ToolResult { call: call.id.clone(), text: CUT.to_owned(), outcome: ToolOutcome::Failed };
            found.unwrap_or_else(cut)
        };
        let results: Vec<ToolResult> = calls.iter().map(result).collect();
        self.list.push(Message::Assistant { text, calls, carried: vec![] });
        if !results.is_empty() {
            self.list.push(Message::ToolResults { results });
        }
    }
}

fn size(message: &Message) -> usize {
    match message {
        Message::User { text, .. } => text.len(),
        Message::Assistant { text, calls, .. } => {
            text.len() + calls.iter().map(|call| call.name.len() + call.arguments.raw.len()).sum::<usize>()
        }
        Message::ToolResults { results } => results.iter().map(|result| result.text.len()).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use copydesk_base::Timestamp;
    use serde_json::json;

    fn records(events: Vec<Event>) -> Vec<Record> {
        let numbered = (1..).zip(events);
        numbered.map(|(seq, event)| Record { run: "run-1".into(), seq, at: Timestamp(0), event }).collect()
    }

    fn told(text: &str) -> Event {
        Event::Told { text: text.into() }
    }

    fn answered(text: &str, calls: usize) -> Event {
        Event::ModelAnswered { text: text.into(), calls, usage: Usage::default(), stopped: String::new() }
    }

    fn called(call: &str) -> Event {
        Event::ToolCalled { call: call.into(), name: "read".into(), arguments: json!({"path": "a"}) }
    }

    fn returned(call: &str, text: &str) -> Event {
        Event::ToolReturned { call: call.into(), text: text.into() }
    }

    fn user(text: &str) -> Message {
        Message::user(text)
    }

    fn assistant(text: &str, calls: &[&str]) -> Message {
        let call = |id: &&str| ToolCall {
            id: (*id).to_owned(),
            name: "read".to_owned(),
            arguments: Arguments::read(r#"{"path":"a"}"#),
        };
        Message::Assistant { text: text.into(), calls: calls.iter().map(call).collect(), carried: vec![] }
    }

    fn results(all: &[(&str, &str)]) -> Message {
        let result = |(call, text): &(&str, &str)| ToolResult {
            call: (*call).to_owned(),
            text: (*text).to_owned(),
            outcome: if *text == CUT { ToolOutcome::Failed } else { ToolOutcome::Done },
        };
        Message::ToolResults { results: all.iter().map(result).collect() }
    }

    #[test]
    fn a_run_is_read_back_as_the_model_saw_it() {
        let events = vec![
            told("why?"),
            answered("Let me look.", 2),
            called("1"),
            returned("1", "x"),
            called("2"),
            returned("2", "y"),
            answered("Because.", 0),
        ];
        assert_eq!(
            messages(&records(events)),
            [
                user("why?"),
                assistant("Let me look.", &["1", "2"]),
                results(&[("1", "x"), ("2", "y")]),
                assistant("Because.", &[]),
            ]
        );
    }

    #[test]
    fn what_was_cut_short_has_no_result_and_says_so() {
        let events = vec![told("why?"), answered("", 2), called("1"), returned("1", "x"), called("2")];
        let expected = [user("why?"), assistant("", &["1", "2"]), results(&[("1", "x"), ("2", CUT)])];
        assert_eq!(messages(&records(events)), expected);
        assert_eq!(messages(&records(vec![told("why?")])), [user("why?")]);
        assert_eq!(messages(&records(vec![])), []);
    }

    #[test]
    fn the_newest_whole_turns_that_fit_go_along() {
        let turn = |text: &str| vec![user(text), assistant(&"x".repeat(10), &[])];
        let past = || Past { turns: vec![turn("one"), turn("two"), turn("three")], ..Past::default() };
        let kept = |window| past().within(window);
        assert_eq!(kept(None), past().turns.concat());
        // Half of 20 tokens is 40 bytes: the newest two turns have 28.
        let two: Vec<Message> = [vec![user(LEFT_OUT)], turn("two"), turn("three")].concat();
        assert_eq!(kept(Some(20)), two);
        assert_eq!(kept(Some(2)), [user(LEFT_OUT)]);
    }
}
