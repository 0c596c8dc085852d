//! What becomes of the messages: which stay, what stands in the place of the others, how results are folded. Pure.

use copydesk_base::Event;
use copydesk_provider::{Message, ToolResult};

use crate::session::transcript::size;

/// What the model is asked for.
pub(crate) const WANTED: &str = "This conversation becomes too long and will go on with a summary in the place of \
    everything so far. Write that summary now, as plain text, for yourself: what is wanted, in the person's own words \
    where they matter; what was found out, with files and lines; what was decided and why; what was changed; what was \
    tried and failed; what is still to be done. Leave out what can be looked up again. Call no tool.";

/// How the note in the place of what was left out begins.
const BEGUN: &str = "[The conversation up to here was shortened.]";
/// Before the files that were changed, in a note.
const CHANGED: &str = "Files changed so far: ";
/// The most messages that stay as they are.
const KEPT: usize = 6;
/// The most bytes of the person's words in a note.
const TASK: usize = 4_000;
/// The least bytes that a folded result keeps.
const SHORTEST: usize = 200;

/// Where the messages begin that stay: the last few, no more than so many bytes, and at least those that wait for an
/// answer. No call is parted from its results. Nothing where nothing would be left out.
pub(super) fn tail(messages: &[Message], most: usize) -> Option<usize> {
    // What waits for an answer: the results of the last calls with these, or the last words.
    let mut start =
        messages.iter().rposition(|message| matches!(message, Message::Assistant { .. })).unwrap_or(0);
    if matches!(messages.last(), Some(Message::User { .. })) {
        start = messages
            .iter()
            .rposition(|message| !matches!(message, Message::User { .. }))
            .map_or(0, |at| at + 1);
    }
    let mut taken: usize = messages[start..].iter().map(size).sum();
    for at in (0..start).rev() {
        taken += size(&messages[at]);
        if taken > most || messages.len() - at > KEPT {
            break;
        }
        if !matches!(messages[at], Message::ToolResults { .. }) {
            start = at;
        }
    }
    (start > 0).then_some(start)
}

/// What is known without a summary.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known<'a> {
    /// What the person asked for.
    pub(super) task: &'a str,
    /// What they said since, as far as it is left out.
    pub(super) said: &'a [String],
    /// The files that were changed.
    pub(super) changed: &'a [String],
}

/// What stands in the place of messages that are left out.
pub(super) fn note(left_out: &[Message], known: Known<'_>, summary: Option<&str>) -> String {
    let Known { task, said, changed } = known;
    let mut files: Vec<String> = earlier_changes(left_out).map(str::to_owned).collect();
    files.extend(changed.iter().filter(|file| !files.contains(file)).cloned().collect::<Vec<_>>());
    let mut note = BEGUN.to_owned();
    if !task.trim().is_empty() {
        note.push_str(&format!("\nWhat is asked for: {}", bounded(task)));
    }
    for words in said {
        note.push_str(&format!("\nWhat the person said since: {}", bounded(words)));
    }
    if !files.is_empty() {
        note.push_str(&format!("\n{CHANGED}{}", files.join(", ")));
    }
    match summary {
        Some(summary) => note.push_str(&format!("\nYour summary of it:\n{summary}")),
        None => note.push_str("\nThere is no summary of it; look again at what you need."),
    }
    note
}

/// Words of the person's, as far as they go into a note.
fn bounded(words: &str) -> String {
    let words = words.trim();
    let end = words.floor_char_boundary(TASK);
    format!("{}{}", &words[..end], if end < words.len() { " […]" } else { "" })
}

/// The files that earlier notes name.
fn earlier_changes(messages: &[Message]) -> impl Iterator<Item = &str> {
    let notes = messages.iter().filter_map(|message| match message {
        Message::User { text, .. } if text.starts_with(BEGUN) => Some(text),
        _ => None,
    });
    notes
        .flat_map(|text| text.lines().filter_map(|line| line.strip_prefix(CHANGED)))
        .flat_map(|files| files.split(", "))
}

/// The messages behind a shortening of them.
pub(crate) fn after(messages: &[Message], event: &Event) -> Vec<Message> {
    let Event::Compacted { text, kept, fold, .. } = event else { return messages.to_vec() };
    let start = messages.len().saturating_sub(*kept);
    let mut after = Vec::new();
    if !text.is_empty() {
        after.push(Message::user(text.clone()));
    }
    after.extend(
        messages[start..]
            .iter()
            .map(|message| fold.map_or_else(|| message.clone(), |most| folded(message, most))),
    );
    after
}

/// A message with its results cut to so many bytes each; words stay.
fn folded(message: &Message, most: usize) -> Message {
    let Message::ToolResults { results } = message else { return message.clone() };
    let fold = |result: &ToolResult| {
        let text = &result.text;
        if text.len() <= most {
            return result.clone();
        }
        // Whole lines: half of a secret would not be known as one.
        let start = &text[..text.floor_char_boundary(most)];
        let lines = start.rsplit_once('\n').map_or("", |(lines, _)| lines);
        let left_out = text.len() - lines.len();
        ToolResult {
            text: format!("{lines}\n[{left_out} more bytes were left out to save room; ask again for less]"),
            ..result.clone()
        }
    };
    Message::ToolResults { results: results.iter().map(fold).collect() }
}

/// To how many bytes each result has to be cut so that all of them are no more than `most`; nothing where none is
/// longer.
pub(super) fn fold_to(messages: &[Message], most: usize) -> Option<usize> {
    let results = messages.iter().filter_map(|message| match message {
        Message::ToolResults { results } => Some(results.iter().map(|result| result.text.len())),
        _ => None,
    });
    let mut lengths: Vec<usize> = results.flatten().collect();
    lengths.sort_unstable();
    let (longest, mut left, mut others) = (lengths.last().copied()?, most, lengths.len());
    for length in lengths {
        // The short ones leave what they do not need to the long ones.
        let share = left / others;
        if length > share {
            return Some(share.max(SHORTEST)).filter(|fold| *fold < longest);
        }
        left -= length;
        others -= 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use copydesk_provider::{Arguments, ToolCall, ToolOutcome};
    use proptest::prelude::*;

    use super::*;

    fn call(id: &str) -> Message {
        let call = ToolCall { id: id.to_owned(), name: "read".to_owned(), arguments: Arguments::read("{}") };
        Message::Assistant { text: String::new(), calls: vec![call], carried: vec![] }
    }

    fn result(id: &str, text: &str) -> Message {
        let result = ToolResult { call: id.to_owned(), text: text.to_owned(), outcome: ToolOutcome::Done };
        Message::ToolResults { results: vec![result] }
    }

    fn said(text: &str) -> Message {
        Message::Assistant { text: text.to_owned(), calls: vec![], carried: vec![] }
    }

    #[test]
    fn the_last_messages_stay_and_no_call_is_parted_from_its_result() {
        let user = |text: &str| Message::user(text);
        let round = |id: &str| [call(id), result(id, "xxxxxxxxxx")];
        let long: Vec<Message> = [
            vec![user("a")],
            round("1").to_vec(),
            round("2").to_vec(),
            round("3").to_vec(),
            round("4").to_vec(),
        ]
        .concat();
        assert_eq!(tail(&long, 1_000), Some(3), "six messages");
        assert_eq!(tail(&long, 30), Some(7), "what fits: never half of a round");
        assert_eq!(tail(&long, 0), Some(7), "what waits for an answer stays");
        assert_eq!(tail(&long[..3], 0), Some(1));
        assert_eq!(tail(&[user("a")], 0), None);
        assert_eq!(tail(&[user("a"), user("b")], 0), None, "what was asked stays");
        assert_eq!(tail(&[user("a"), said("b"), user("c")], 0), Some(2));
        assert_eq!(tail(&[user("a"), said("b"), user("c")], 9), None, "nothing would be left out");
        assert_eq!(tail(&[], 0), None);
    }

    #[test]
    fn a_note_says_what_is_wanted_and_what_was_changed_also_after_the_third_time() {
        let (a, b) = ("a.py".to_owned(), "b.py".to_owned());
        let said = ["not that one".to_owned(), "x".repeat(TASK + 1)];
        let known = Known { task: " triple it ", said: &said, changed: std::slice::from_ref(&a) };
        let first = note(&[], known, Some("Done half."));
        let cut = format!("{} […]", "x".repeat(TASK));
        assert_eq!(
            first,
            format!(
                "[The conversation up to here was shortened.]\nWhat is asked for: triple it\nWhat the person said since: \
                 not that one\nWhat the person said since: {cut}\nFiles changed so far: a.py\nYour summary of it:\nDone half."
            )
        );
        let second = note(&[Message::user(first)], Known { changed: &[b, a], ..Known::default() }, None);
        let third = note(&[Message::user(second)], Known::default(), Some("End."));
        assert_eq!(
            third,
            "[The conversation up to here was shortened.]\nFiles changed so far: a.py, b.py\nYour summary of it:\nEnd."
        );
    }

    #[test]
    fn results_are_folded_to_fit() {
        let messages =
            [result("1", &"x\n".repeat(500)), Message::user("long words stay"), result("2", "short")];
        assert_eq!(fold_to(&messages, 605), Some(600), "a short one leaves its room to a long one");
        assert_eq!(fold_to(&messages, 10), Some(SHORTEST));
        assert_eq!([fold_to(&messages, 9_000), fold_to(&messages[1..], 1), fold_to(&[], 1)], [None; 3]);
        let event = Event::Compacted {
            text: String::new(),
            summary: None,
            kept: 3,
            fold: Some(20),
            before: 0,
            after: 0,
        };
        let expected = format!(
            "{}\n[981 more bytes were left out to save room; ask again for less]",
            "x\n".repeat(10).trim_end()
        );
        assert_eq!(
            after(&messages, &event),
            [result("1", &expected), Message::user("long words stay"), result("2", "short")]
        );
    }

    proptest! {
        #[test]
        fn whatever_was_said_calls_and_results_stay_together(kinds in prop::collection::vec(0_u8..3, 0..24), most in 0_usize..200) {
            let mut messages = vec![];
            for (at, kind) in kinds.iter().enumerate() {
                let id = at.to_string();
                match kind {
                    0 => messages.push(Message::user("words of a person")),
                    1 => messages.push(said("words of a model")),
                    _ => messages.extend([call(&id), result(&id, "a result of it")]),
                }
            }
            if let Some(start) = tail(&messages, most) {
                prop_assert!(start < messages.len(), "something stays");
                let parts_a_call = matches!(messages[start], Message::ToolResults { .. });
                prop_assert!(!parts_a_call);
                let waits = messages.iter().rev().take_while(|message| matches!(message, Message::User { .. })).count();
                prop_assert!(messages.len() - start >= waits);
            }
        }
    }
}
