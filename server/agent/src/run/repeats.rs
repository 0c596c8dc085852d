//! A model that goes around in circles: the same calls with the same results, again and again.
//!
//! What counts is the whole answer and all that came of it, and a circle is one to three of them, one directly behind
//! the other: a test that is run again after an edit is none, and neither is a file that is looked at once more later.
//! The model is told first, and if that does not help, the run ends.

use copydesk_base::ContentHash;
use copydesk_provider::{ToolCall, ToolResult};

/// As often the same in a row before the model is told, and before the run ends.
const TOLD: usize = 3;
const STOPPED: usize = 6;

/// The most answers of a circle.
const LONGEST: usize = 3;

/// Where it stands after one more answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Circle {
    None,
    /// Tell the model, this time.
    Told,
    /// End the run: that often.
    Closed(usize),
}

/// The answers of one run.
#[derive(Default)]
pub(crate) struct Repeats(Vec<ContentHash>);

impl Repeats {
    /// Notes one answer's calls and what came of them.
    pub(crate) fn note(&mut self, calls: &[ToolCall], results: &[ToolResult]) -> Circle {
        let mut text = String::new();
        for (call, result) in calls.iter().zip(results) {
            for part in [&call.name, &call.arguments.raw, &result.text] {
                text.push_str(part);
                text.push('\0');
            }
        }
        self.0.push(ContentHash::of(&text));
        let circles = (1..=LONGEST).map(|length| (length, self.same(length)));
        let (mut told, mut closed) = (false, 0);
        for (length, same) in circles {
            told |= same == TOLD * length;
            closed = closed.max(same / length);
        }
        match closed {
            times if times >= STOPPED => Circle::Closed(times),
            _ if told => Circle::Told,
            _ => Circle::None,
        }
    }

    /// How many of the last answers go around in a circle of that length.
    fn same(&self, length: usize) -> usize {
        let behind = self.0.iter().rev().skip(length);
        length + self.0.iter().rev().zip(behind).take_while(|(one, other)| one == other).count()
    }
}

/// What a model is told that goes around in circles.
pub(crate) fn told() -> String {
    format!(
        "You have made the same calls {TOLD} times, with the same results. Doing it again will not change them: do \
         something else, or answer with what is in the way."
    )
}

#[cfg(test)]
mod tests {
    use copydesk_provider::{Arguments, ToolOutcome};

    use super::*;

    /// Notes calls given as `arguments=result`, one answer each.
    fn circles(answers: &[&str]) -> Vec<Circle> {
        let mut repeats = Repeats::default();
        let note = |answer: &&str| {
            let (arguments, result) = answer.split_once('=').unwrap();
            let call =
                ToolCall { id: "1".into(), name: "read".into(), arguments: Arguments::read(arguments) };
            let result = ToolResult { call: "1".into(), text: result.into(), outcome: ToolOutcome::Done };
            repeats.note(&[call], &[result])
        };
        answers.iter().map(note).collect()
    }

    #[test]
    fn the_same_with_the_same_result_is_a_circle_and_nothing_else_is() {
        use Circle::{Closed, None as No, Told};
        for (answers, expect) in [
            (vec!["a=1"; 7], vec![No, No, Told, No, No, Closed(6), Closed(7)]),
            (vec!["a=1", "a=2", "a=3", "a=4", "a=5", "a=6"], vec![No; 6]),
            (["a=1", "b=1"].repeat(6), vec![No, No, No, No, No, Told, No, No, No, No, No, Closed(6)]),
            (["a=1", "b=1", "c=1"].repeat(2), vec![No; 6]),
            (["a=1", "b=1", "c=1", "d=1"].repeat(6), vec![No; 24]),
            (vec!["a=1", "b=1", "a=2", "b=2"], vec![No; 4]),
            // An edit between two looks, then the first text again.
            (vec!["a=1", "a=2", "a=1"], vec![No; 3]),
        ] {
            assert_eq!(circles(&answers), expect, "{answers:?}");
        }
    }
}
