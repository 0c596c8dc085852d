//! What an undo leaves to the person, so that the next one goes on to the run before.
//!
//! Where a person wrote over a piece, moved its file or deleted it, no undo will do more with it until somebody changes
//! a text by hand: the change still stands, and its run is passed over for as long as nothing of it can be taken back
//! ([`possible`]), or until somebody names it. Where the reason says what to do first (load the file in the editor, close it), the same undo is meant to be tried again, and nothing is left.

use std::path::Path;

use copydesk_base::change::HunkReport;
use copydesk_base::{ChangeId, Event, RunId};

use crate::changes::inverse::{self, Inverse, Later};
use crate::changes::story::{FileStory, stories};
use crate::changes::undo::Direction;
use crate::desk::Shared;
use crate::error::AgentError;

/// The changes of which nothing can be taken back.
#[derive(Default)]
pub(super) struct Left {
    events: Vec<Event>,
    /// Whether something may be taken back another time.
    is_open: bool,
}

impl Left {
    pub(super) fn add(&mut self, file: &Path, story: &FileStory, one: &HunkReport, later: Later) {
        if later == Later::Perhaps {
            self.is_open = true;
        } else if one.sent.is_empty() {
            let left = |change: &ChangeId| Event::LeftAlone { change: change.clone(), path: file.to_owned() };
            self.events.extend(story.changes.iter().map(left));
        }
    }

    /// Leaves to the person what cannot be taken back or brought again, so that the next undo or redo goes on to another
    /// run.
    pub(super) async fn pass_over(
        self,
        shared: &Shared,
        run: &RunId,
        direction: Direction,
        report: &HunkReport,
    ) -> Result<(), AgentError> {
        let mut events = self.events;
        if events.is_empty() {
            return Ok(());
        }
        if report.sent.is_empty() && !self.is_open {
            let (word, done) = match direction {
                Direction::Undo => ("undo", "taken back"),
                Direction::Redo => ("redo", "brought again"),
            };
            let text = format!(
                "Nothing of this run can be {done} as its files are now; the next {word} goes on to another run. \
                 `copydesk {word} {run}` tries this one once more."
            );
            events.push(Event::notice(text));
        }
        shared.recorder.record(run, events, &shared.world.redactor()).await
    }
}

/// The newest run that was left to the person and of which something can be taken back by now: an undo elsewhere may not
/// have seen what only an editor holds, and who wrote over an edit may have written it back.
pub(super) async fn possible(shared: &Shared) -> Result<Option<RunId>, AgentError> {
    let journal = &shared.world.journal;
    for run in journal.left_alone_runs().await? {
        for (file, story) in stories(&journal.records(&run).await?) {
            let found = inverse::look(shared, &file, &story, &story.live, Direction::Undo).await;
            if matches!(found, Ok((_, Inverse { undone, .. })) if undone.taken_back > 0) {
                return Ok(Some(run));
            }
        }
    }
    Ok(None)
}
