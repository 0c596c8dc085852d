//! A model that goes around in circles: the same calls with the same results, again and again.
//!
//! What counts is the whole answer and all that came of it, so that a test that is run again after an edit, or a file
//! that has changed since, is no circle; and several steps that come around together are one. The model is told first,
//! and if that does not help, the run ends.

use std::collections::VecDeque;

use copydesk_base::ContentHash;
use copydesk_provider::{ToolCall, ToolResult};

/// Answers that are looked back at.
const MEMORY: usize = 16;
/// As often the same before the model is told, and before the run ends.
const TOLD: usize = 3;
const STOPPED: usize = 6;

/// Where it stands after one more answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Circle {
    None,
    /// Tell the model, this time.
    Told,
    /// End the run: that often.
    Closed(usize),
}

/// The last answers of one run.
#[derive(Default)]
pub(crate) struct Repeats {
    seen: VecDeque<ContentHash>,
}

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
        let this = ContentHash::of(&text);
        self.seen.push_back(this);
        if self.seen.len() > MEMORY {
            self.seen.pop_front();
        }
        match self.seen.iter().filter(|known| **known == this).count() {
            TOLD => Circle::Told,
            times if times >= STOPPED => Circle::Closed(times),
            _ => Circle::None,
        }
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
            (vec!["a=1", "b=1", "a=1", "b=1", "a=1", "b=1"], vec![No, No, No, No, Told, Told]),
            // An edit between two looks, then the first text again.
            (vec!["a=1", "a=2", "a=1"], vec![No; 3]),
        ] {
            assert_eq!(circles(&answers), expect, "{answers:?}");
        }
        let far: Vec<&str> = ["a=1"].into_iter().chain(["b=1", "c=1", "d=1", "e=1"].repeat(2)).collect();
        assert!(circles(&[far.clone(), far.clone(), far].concat()).contains(&Told));
    }
}
