//! What is waiting and what is under way, as values that a host can project.

use std::path::PathBuf;
use std::sync::Arc;

use copydesk_base::config::Mode;
use copydesk_base::event::Origin;
use copydesk_base::{ApprovalId, CallId, ChangeId, ChangePlan, Effect, RunId, Timestamp};

/// The desk at one moment.
#[derive(Clone, Debug, Default)]
pub struct View {
    pub runs: Vec<RunView>,
    pub approvals: Vec<ApprovalView>,
    /// Questions of models.
    pub questions: Vec<QuestionView>,
    /// Change plans under review, hunk by hunk.
    pub changes: Vec<ChangeView>,
    /// Commands of runs that go on in the background.
    pub commands: Vec<CommandView>,
    /// What the last review found.
    pub findings: Vec<FindingView>,
    /// The mode chosen for this session, where one was.
    pub mode: Option<Mode>,
    /// The model chosen for this session, where one was.
    pub model: Option<String>,
}

/// A run under way.
#[derive(Clone, Debug)]
pub struct RunView {
    pub run: RunId,
    pub title: String,
    pub origin: Option<Origin>,
    pub started: Timestamp,
}

/// A question that waits for the person.
#[derive(Clone, Debug)]
pub struct ApprovalView {
    pub id: ApprovalId,
    pub run: RunId,
    /// The runs that asked the same meanwhile, and get the same answer.
    pub joined: Vec<RunId>,
    pub effect: Effect,
    /// At most 400 characters, made harmless.
    pub text: String,
    /// Whether `text` is the whole effect.
    pub whole: bool,
    /// Whether the person has seen the whole.
    pub shown: bool,
    /// The literal rules that *Always allow* stores; empty where it is not offered.
    pub always: Vec<String>,
    pub origin: Option<Origin>,
    pub asked: Timestamp,
    /// Whether *Show* ended its prompt: it waits for the person now, without a clock.
    pub patient: bool,
}

impl ApprovalView {
    /// Whether *Allow once* and *Always allow* count already.
    pub const fn can_allow(&self) -> bool {
        self.whole || self.shown
    }
}

/// A question of a model's own, which waits for the person.
#[derive(Clone, Debug)]
pub struct QuestionView {
    pub id: CallId,
    pub run: RunId,
    /// One line, bounded, made harmless.
    pub text: String,
    /// Answers to choose from; none of them looks like the answer to an approval.
    pub options: Vec<String>,
    pub origin: Option<Origin>,
    pub asked: Timestamp,
}

/// A command that goes on in the background.
#[derive(Clone, Debug)]
pub struct CommandView {
    /// The call that began it.
    pub id: CallId,
    pub run: RunId,
    pub command: String,
    /// The file that grows with what it prints.
    pub output: PathBuf,
    pub started: Timestamp,
}

/// What a model that reviewed says of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingView {
    pub run: RunId,
    pub path: PathBuf,
    /// Counted from zero, when it was found.
    pub line: usize,
    /// What the line said: where it says something else now, the finding is over.
    pub words: String,
    /// One line, made harmless.
    pub text: String,
}

impl FindingView {
    /// The line that it is about in the text that is there now: the nearest that says the same.
    pub fn line_in(&self, text: &str) -> Option<usize> {
        let same = text.lines().enumerate().filter(|(_, line)| line.trim() == self.words.trim());
        same.map(|(at, _)| at).min_by_key(|at| at.abs_diff(self.line))
    }
}

/// A change plan under review.
#[derive(Clone, Debug)]
pub struct ChangeView {
    pub id: ChangeId,
    pub run: RunId,
    pub path: PathBuf,
    pub origin: Option<Origin>,
    /// With the state of each hunk.
    pub plan: Arc<ChangePlan>,
    /// Hunks that an order is applying right now.
    pub applying: Vec<usize>,
    /// Why a hunk could not be applied when it was last tried.
    pub stale: Vec<(usize, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_moves_with_its_line_and_is_over_when_it_changed() {
        let finding = FindingView {
            run: "run-1".into(),
            path: "/w/a.py".into(),
            line: 1,
            words: "return x / y".to_owned(),
            text: "y may be zero".to_owned(),
        };
        for (text, expect) in [
            ("def f():\n    return x / y\n", Some(1)),
            ("# more\n\ndef f():\n  return x / y\n", Some(3)),
            ("return x / y\na\nb\nc\nreturn x / y\n", Some(0)),
            ("def f():\n    return x / y if y else 0\n", None),
            ("", None),
        ] {
            assert_eq!(finding.line_in(text), expect, "{text:?}");
        }
    }
}
