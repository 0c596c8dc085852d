//! What an agent has edited and nobody has seen yet.
//!
//! Where a project names `checks:`, an edit is not put to the person at once. It is kept here, and laid over the files
//! as the run's own tools see them ([`Drafted`] over [`Files`]). When the model calls for a command, or has nothing
//! more to do, [`settle`] runs the checks on a copy of the workspace that holds the drafts (`shadow`, `check`). What
//! they find goes back to the model, so many times and no more; then the edits are offered to the person with what the
//! checks said, and only from here on they go the way of every edit.
//!
//! Invariants
//! - The person's tree and open documents are not touched before they, or a rule of theirs, accept an edit.
//! - An edit that was not found right is never made without a question, whatever the mode or a rule allows.
//! - What the person types meanwhile stays: a draft is carried along to the text that is there.

mod check;
mod matcher;
mod offer;
mod shadow;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use copydesk_base::change::Instead;
use copydesk_base::change::{Base, ChangePlan, CheckVerdict, Checked};
use copydesk_base::files::{Entry, Expect, FileError, FileText, Opening};
use copydesk_base::{CallId, ContentHash, Event, Files, Span};
use copydesk_text::rebase::{self, Rebased};

use crate::changes::apply::There;
use crate::error::AgentError;
use crate::run::Turn;
use check::{CheckResult, Report};

/// The drafts of one run, and how its checks stand.
pub(crate) struct Draft {
    kept: Arc<Kept>,
    /// Whether edits are kept at all: only where there is something to check them with.
    pub(crate) holds: bool,
    /// Whether something was edited since the checks ran last.
    is_new: bool,
    /// How often failures went back to the model.
    rounds: u32,
    /// What the checks said last.
    report: Report,
    /// Commands of checks that the person permitted in this run.
    permitted: BTreeSet<String>,
    /// Why an overlay cannot be had here, once that is known.
    no_overlay: Option<String>,
}

#[derive(Default)]
struct Kept(Mutex<BTreeMap<PathBuf, One>>);

/// The draft of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct One {
    base: Base,
    /// The text that it was made for, and what became of it.
    before: String,
    after: String,
    call: CallId,
}

/// The files as a run sees them that has drafts.
struct Drafted {
    below: Arc<dyn Files>,
    kept: Arc<Kept>,
}

/// Why drafts are settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// The model wants to run a command.
    Command,
    /// It has nothing more to do.
    End,
}

/// What came of [`settle`].
pub(crate) enum Settled {
    /// There was no draft.
    Nothing,
    /// The checks failed, and the model is to mend it.
    Red(String),
    /// The edits were put to the person; what became of them, for the model, and whether it has something to do about
    /// that.
    Offered { text: String, is_open: bool },
}

impl Draft {
    pub(crate) fn new(holds: bool) -> Self {
        Self {
            kept: Arc::default(),
            holds,
            is_new: false,
            rounds: 0,
            report: Report::default(),
            permitted: BTreeSet::new(),
            no_overlay: None,
        }
    }

    /// The files with the drafts over them.
    pub(crate) fn over(&self, below: Arc<dyn Files>) -> Arc<dyn Files> {
        if self.holds { Arc::new(Drafted { below, kept: self.kept.clone() }) } else { below }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kept.lock().is_empty()
    }

    /// The files below a folder that are nowhere but here.
    pub(crate) fn new_files(&self, folder: &Path) -> Vec<PathBuf> {
        let kept = self.kept.lock();
        let new = kept
            .iter()
            .filter(|(path, one)| one.base == Base::Absent && copydesk_base::path::is_inside(folder, path));
        new.map(|(path, _)| path.clone()).collect()
    }

    /// Keeps an edit that was computed against the text that [`Draft::over`] showed; the error is for the model.
    pub(crate) fn keep(&mut self, plan: &ChangePlan, there: &There) -> Result<(), String> {
        let mut kept = self.kept.lock();
        let shown = kept.get(&plan.path).map_or_else(|| there.text().to_owned(), |one| one.on(there.text()));
        if shown != plan.before {
            return Err("the text changed in this moment; look at it and try again".to_owned());
        }
        let (base, before) = (there.base(), there.text().to_owned());
        let one = One { base, before, after: plan.after(), call: plan.call.clone() };
        kept.insert(plan.path.clone(), one);
        drop(kept);
        self.is_new = true;
        Ok(())
    }

    /// What the checks said last.
    pub(crate) fn checked(&self) -> Checked {
        self.report.checked()
    }

    /// The checks that ran last, by name, each with how it ended.
    pub(crate) fn results(&self) -> Vec<(String, CheckVerdict, String)> {
        self.report.results.iter().map(|one| (one.check.clone(), one.verdict, one.note.clone())).collect()
    }
}

/// Checks what was drafted, and offers it where it is right or there is nothing more to try.
pub(crate) async fn settle(turn: &mut Turn, occasion: Occasion) -> Result<Settled, AgentError> {
    if turn.draft.is_empty() {
        return Ok(Settled::Nothing);
    }
    let is_new = std::mem::take(&mut turn.draft.is_new);
    let round = turn.draft.rounds + 1;
    if is_new {
        turn.draft.report = check::run(turn, round).await?;
    }
    let has_failed = turn.draft.report.verdict() == CheckVerdict::Failed;
    // A model that answers a failure with words alone has said its last; one that wants to look around has not.
    let may_mend = is_new || occasion == Occasion::Command;
    if has_failed && may_mend && round <= turn.settings.check_rounds {
        turn.draft.rounds = round;
        return Ok(Settled::Red(turn.draft.report.for_model(round, turn.settings.check_rounds)));
    }
    offer::offer(turn, turn.draft.checked()).await
}

/// What the checks say of the drafts as they are, or, without any, of the workspace.
pub(crate) async fn look(turn: &mut Turn) -> Result<Vec<CheckResult>, AgentError> {
    Ok(check::run(turn, turn.draft.rounds + 1).await?.results)
}

/// Offers what a run that came to a bad end had drafted.
pub(crate) async fn rescue(turn: &mut Turn, error: &AgentError) -> Result<(), AgentError> {
    if turn.draft.is_empty() {
        return Ok(());
    }
    let words = format!("not checked to the end: failed to {error}");
    offer::offer(turn, Checked { verdict: CheckVerdict::NotRun, words }).await?;
    // The model hears nothing any more, so the person has to know.
    let unmade = turn.unmade.iter().map(|(file, reason)| {
        let shown = copydesk_base::path::shown(&turn.settings.root, file);
        Event::notice(format!("The edit of {shown} was not made: {reason}"))
    });
    let unmade: Vec<Event> = unmade.collect();
    if unmade.is_empty() { Ok(()) } else { turn.record(unmade).await }
}

impl Kept {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<PathBuf, One>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl One {
    /// The draft on the text that is there now; where the two cannot be brought together, as it was made.
    fn on(&self, current: &str) -> String {
        if current == self.before {
            return self.after.clone();
        }
        let (hunks, landed) = self.landed(current);
        let edits: Option<Vec<_>> = landed
            .iter()
            .zip(&hunks)
            .map(|(landed, (_, text))| match landed {
                Rebased::Moved(span) => Some((*span, text.as_str())),
                Rebased::Overlaps { .. } => None,
            })
            .collect();
        edits.map_or_else(|| self.after.clone(), |edits| rebase::apply(current, &edits))
    }

    /// Its pieces, and where each would go in the text that is there now.
    fn landed(&self, current: &str) -> (Vec<(Span, String)>, Vec<Rebased>) {
        let hunks = rebase::hunks(&self.before, &self.after);
        let borrowed: Vec<_> = hunks.iter().map(|(span, text)| (*span, text.as_str())).collect();
        let landed = rebase::rebase(&self.before, &borrowed, current);
        (hunks, landed)
    }

    /// Whether some of its pieces fit the text that is there now, and some do not: half of it was never checked.
    fn fits_by_half(&self, current: &str) -> bool {
        let (_, landed) = self.landed(current);
        let fits = landed.iter().filter(|piece| matches!(piece, Rebased::Moved(_))).count();
        fits > 0 && fits < landed.len()
    }
}

impl Files for Drafted {
    fn read(&self, path: &Path) -> Result<FileText, FileError> {
        let below = self.below.read(path);
        let Some(one) = self.kept.lock().get(path).cloned() else { return below };
        let (text, version) = match &below {
            Ok(there) => (one.on(&there.text), there.version),
            Err(FileError::Absent { .. }) => (one.on(""), None),
            Err(_) => return below,
        };
        Ok(FileText { hash: ContentHash::of(&text), text: text.into(), version })
    }

    fn open(&self, path: &Path) -> Result<std::fs::File, FileError> {
        self.below.open(path)
    }

    fn opening(&self) -> Opening<'_> {
        self.below.opening()
    }

    fn list(&self, path: &Path) -> Result<Vec<Entry>, FileError> {
        let mut entries = self.below.list(path)?;
        let kept = self.kept.lock();
        let here = kept.keys().filter(|file| file.parent() == Some(path)).filter_map(|file| {
            Some(Entry { name: file.file_name()?.to_string_lossy().into_owned(), is_folder: false })
        });
        entries.extend(here);
        entries.sort();
        entries.dedup();
        Ok(entries)
    }

    fn write(&self, path: &Path, text: &str, expect: Expect) -> Result<(), FileError> {
        self.below.write(path, text, expect)
    }

    fn remove(&self, path: &Path, expect: Expect) -> Result<(), FileError> {
        self.below.remove(path, expect)
    }

    fn remove_saved(&self, path: &Path, expect: Expect) -> Result<(), FileError> {
        self.below.remove_saved(path, expect)
    }

    fn remove_folder(&self, path: &Path) -> Result<(), FileError> {
        self.below.remove_folder(path)
    }

    fn clear(&self, path: &Path, instead: &Instead) -> Result<(), FileError> {
        self.below.clear(path, instead)
    }

    /// A draft is no text of the disk, as an open document's is none.
    fn is_open(&self, path: &Path) -> bool {
        self.kept.lock().contains_key(path) || self.below.is_open(path)
    }

    fn held_open(&self) -> Vec<PathBuf> {
        self.below.held_open()
    }

    fn saves(&self) -> BTreeMap<PathBuf, u64> {
        self.below.saves()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_goes_along_with_what_the_person_types() {
        let one = One {
            base: Base::Absent,
            before: "a\nb\nc\nd\n".into(),
            after: "a\nB\nc\nd\n".into(),
            call: "cal-1".into(),
        };
        for (current, shown) in [
            ("a\nb\nc\nd\n", "a\nB\nc\nd\n"),
            ("new\na\nb\nc\nd\n", "new\na\nB\nc\nd\n"),
            ("a\nb\nc\nmine\n", "a\nB\nc\nmine\n"),
            // Both changed the same line: the draft as it was made, which the offer then refuses.
            ("a\nmine\nc\nd\n", "a\nB\nc\nd\n"),
        ] {
            assert_eq!(one.on(current), shown, "{current:?}");
        }
    }

    #[test]
    fn half_a_draft_is_no_checked_one() {
        let one = One {
            base: Base::Absent,
            before: "a\nb\nc\nd\ne\n".into(),
            after: "a\nB\nc\nD\ne\n".into(),
            call: "cal-1".into(),
        };
        for (current, expect) in [
            ("a\nb\nc\nd\ne\n", false),
            ("new\na\nb\nc\nd\ne\n", false),
            ("a\nmine\nc\nd\ne\n", true),
            ("a\nb\nc\nmine\ne\n", true),
            // Nothing of it is made, so there is nothing to ask about.
            ("a\nmine\nc\nmine\ne\n", false),
        ] {
            assert_eq!(one.fits_by_half(current), expect, "{current:?}");
        }
    }
}
