//! An earlier conversation, read back from its records so that it can go on, in whatever process.
//!
//! What a model was told and what it answered stand in the journal as it saw them, secrets as placeholders. A run that
//! was cut short is told as that: a tool call without a result has none, and nothing of it is done again. What was
//! shortened stays so.

use std::collections::HashSet;

use copydesk_base::event::Written;
use copydesk_base::{CallId, Event, Record, RunId};
use copydesk_provider::{Arguments, Message, ToolCall, ToolOutcome, ToolResult};
use serde_json::Value;

use crate::changes::rewind;
use crate::context::compact;

/// What stands for a result that was never written down.
const CUT: &str = "not known: the run ended before there was a result";
/// What stands before the turns that still fit.
const LEFT_OUT: &str = "[Earlier turns of this conversation are left out.]";

/// The newest turns as a request tells them; all of them where no number is given.
pub(crate) fn newest(turns: Vec<Vec<Message>>, kept: Option<usize>) -> Vec<Message> {
    let left_out = kept.map_or(0, |kept| turns.len().saturating_sub(kept));
    let note = kept.map(|_| Message::user(LEFT_OUT));
    note.into_iter().chain(turns.into_iter().skip(left_out).flatten()).collect()
}

/// The turns of a conversation as its next request tells them, from the records of its runs.
pub(crate) fn turns(runs: &[Vec<Record>]) -> Vec<Vec<Message>> {
    let gone: HashSet<RunId> = runs.iter().flat_map(rewind::dropped).collect();
    let counts = |records: &&Vec<Record>| records.first().is_some_and(|first| !gone.contains(&first.run));
    let mut turns: Vec<Vec<Message>> = Vec::new();
    for records in runs.iter().filter(counts) {
        turns = with(turns, records);
    }
    turns
}

/// Earlier turns and one more, in as many messages as are left of them.
pub(crate) fn with(mut turns: Vec<Vec<Message>>, records: &[Record]) -> Vec<Vec<Message>> {
    let mut from = 0;
    for (at, record) in records.iter().enumerate() {
        if matches!(record.event, Event::Compacted { .. }) {
            turns.push(messages(&records[from..at]));
            turns = vec![compact::after(&turns.concat(), &record.event)];
            from = at + 1;
        }
    }
    let last = messages(&records[from..]);
    // What was shortened in a turn is one with its rest.
    match turns.last_mut() {
        Some(shortened) if from > 0 => shortened.extend(last),
        _ => turns.push(last),
    }
    if turns.last().is_some_and(Vec::is_empty) {
        turns.pop();
    }
    turns
}

/// Whether a kind of event is a part of what was said: nothing else is read here.
pub(crate) fn is_said(kind: &str) -> bool {
    ["told", "model_answered", "tool_called", "tool_returned", "compacted"].contains(&kind)
}

/// The messages of one run, or of a part of it.
pub(crate) fn messages(records: &[Record]) -> Vec<Message> {
    let mut turn = Messages::default();
    for record in records {
        match &record.event {
            Event::Told { text, .. } => {
                turn.close();
                turn.list.push(Message::user(text.clone()));
            }
            Event::ModelAnswered { text, .. } => {
                turn.close();
                turn.text.clone_from(text);
            }
            Event::ToolCalled { call, name, arguments, written } => {
                turn.calls.push((call.clone(), called(call, name, arguments, written)));
            }
            Event::ToolReturned { call, text, failed } => {
                let outcome = if *failed { ToolOutcome::Failed } else { ToolOutcome::Done };
                turn.results.push((call.clone(), text.clone(), outcome));
            }
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
        Event::ToolCalled { call, name, arguments, written } => Some(called(call, name, arguments, written)),
        _ => None,
    };
    of_this.filter_map(call).collect()
}

/// A call as the model made it: the next request says the very same again, so that a provider's cache serves.
fn called(call: &CallId, name: &str, arguments: &Value, written: &Written) -> ToolCall {
    // What was no JSON stands in the journal as the text that the model wrote.
    let as_we_write = || arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
    let raw = written.raw.clone().unwrap_or_else(as_we_write);
    let id = if written.id.is_empty() { call.to_string() } else { written.id.clone() };
    ToolCall { id, name: name.to_owned(), arguments: Arguments::read(raw) }
}

/// Messages, and the answer that is being read.
#[derive(Default)]
struct Messages {
    list: Vec<Message>,
    text: String,
    calls: Vec<(CallId, ToolCall)>,
    results: Vec<(CallId, String, ToolOutcome)>,
}

impl Messages {
    /// Ends the answer that is being read.
    fn close(&mut self) {
        let (text, calls) = (std::mem::take(&mut self.text), std::mem::take(&mut self.calls));
        let mut known = std::mem::take(&mut self.results);
        if text.is_empty() && calls.is_empty() {
            return;
        }
        let result = |(id, call): &(CallId, ToolCall)| {
            let found = known.iter().position(|(known, ..)| known == id).map(|at| known.swap_remove(at));
            let (_, text, outcome) =
                found.unwrap_or_else(|| (id.clone(), CUT.to_owned(), ToolOutcome::Failed));
            ToolResult { call: call.id.clone(), text, outcome }
        };
        let results: Vec<ToolResult> = calls.iter().map(result).collect();
        let calls = calls.into_iter().map(|(_, call)| call).collect();
        self.list.push(Message::Assistant { text, calls, carried: vec![] });
        if !results.is_empty() {
            self.list.push(Message::ToolResults { results });
        }
    }
}

/// Bytes of what it says.
pub(crate) fn size(message: &Message) -> usize {
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
    use copydesk_base::{Timestamp, Usage};
    use serde_json::json;

    fn records(events: Vec<Event>) -> Vec<Record> {
        let numbered = (1..).zip(events);
        numbered.map(|(seq, event)| Record { run: "run-1".into(), seq, at: Timestamp(0), event }).collect()
    }

    fn told(text: &str) -> Event {
        Event::told(text)
    }

    fn answered(text: &str, calls: usize) -> Event {
        Event::ModelAnswered { text: text.into(), calls, usage: Usage::default(), stopped: String::new() }
    }

    fn called(call: &str) -> Event {
        let arguments = json!({"path": "a"});
        Event::ToolCalled { call: call.into(), name: "read".into(), arguments, written: Written::default() }
    }

    fn returned(call: &str, text: &str) -> Event {
        Event::ToolReturned { call: call.into(), text: text.into(), failed: false }
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
    fn a_call_is_told_again_as_the_model_wrote_it() {
        let written = Written { id: "toolu_1".to_owned(), raw: Some("{ \"path\": \"a\" }".to_owned()) };
        let call = |id: &str| Event::ToolCalled {
            call: id.into(),
            name: "read".into(),
            arguments: json!({"path": "a"}),
            written: written.clone(),
        };
        let failed = Event::ToolReturned { call: "2".into(), text: "no".into(), failed: true };
        let told =
            messages(&records(vec![answered("", 2), call("1"), call("2"), failed, returned("1", "x")]));
        let Message::Assistant { calls, .. } = &told[0] else { panic!("{told:?}") };
        assert_eq!(
            (calls[0].id.as_str(), calls[0].arguments.raw.as_str()),
            ("toolu_1", "{ \"path\": \"a\" }")
        );
        let result =
            |text: &str, outcome| ToolResult { call: "toolu_1".to_owned(), text: text.to_owned(), outcome };
        let results = vec![result("x", ToolOutcome::Done), result("no", ToolOutcome::Failed)];
        assert_eq!(told[1], Message::ToolResults { results }, "a model may name all its calls alike");
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
    fn what_was_shortened_goes_on_short() {
        let short = |text: &str, kept, fold| {
            let summary = Some(text.to_owned());
            Event::Compacted { text: text.into(), summary, kept, fold, before: 9, after: 1 }
        };
        let first = records(vec![told("one"), answered("yes", 0)]);
        let second = records(vec![
            told("two"),
            answered("", 1),
            called("1"),
            returned("1", "long\nlonger"),
            Event::ModelAnswered {
                text: String::new(),
                calls: 0,
                usage: Usage::default(),
                stopped: "compaction".into(),
            },
            short("[short]", 2, None),
            short("", 3, Some(6)),
            answered("Done.", 0),
        ]);
        let cut = "long\n[7 more bytes were left out to save room; ask again for less]";
        let expected =
            vec![user("[short]"), assistant("", &["1"]), results(&[("1", cut)]), assistant("Done.", &[])];
        let both = turns(&[first, second]);
        assert_eq!(both, std::slice::from_ref(&expected));
        let third = records(vec![told("three"), answered("No.", 0)]);
        let third_turn = vec![user("three"), assistant("No.", &[])];
        assert_eq!(with(both, &third), [expected, third_turn]);
    }
}
