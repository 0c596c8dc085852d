//! What becomes of the text that is there where a run's edits are taken back or brought again; nothing is written here.

use std::path::Path;

use copydesk_base::Span;
use copydesk_base::change::{Base, Instead, RefusedHunk};
use copydesk_base::redact::REDACTED;
use copydesk_text::rebase;

use crate::changes::apply::{There, elsewhere, failed};
use crate::changes::ends;
use crate::changes::story::FileStory;
use crate::changes::undo::Direction;
use crate::desk::Shared;

/// Texts before and after, oldest first.
pub(super) type Pairs = Vec<(String, String)>;

impl FileStory {
    /// Whether the file itself goes that way, and whether it comes.
    pub(super) fn goes_and_comes(&self, direction: Direction) -> (bool, bool) {
        match direction {
            Direction::Undo => (self.created, self.removed),
            Direction::Redo => (self.removed, self.created),
        }
    }
}

fn borrowed(pairs: &Pairs) -> Vec<(&str, &str)> {
    pairs.iter().map(|(before, after)| (before.as_str(), after.as_str())).collect()
}

/// What becomes of the text that is there, and what the person can do where nothing does.
pub(super) struct Inverse {
    pub(super) undone: rebase::Undone,
    pub(super) later: Later,
}

/// Whether the same undo may do more another time, without anybody changing a text by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Later {
    Never,
    /// The reason says what to do before.
    Perhaps,
}

const GONE: &str = "it was moved or deleted since";
const UNSAVED: &str = "it is not there: never saved, or moved or deleted since";
const UNLOADED: &str = "the edit is in the file and not in the text that your editor shows; load the file there anew and try again";

/// Why nothing can be done with a file.
pub(super) type Refusal = (String, Later);

/// What becomes of a file as it is now; nothing is written.
pub(super) async fn look(
    shared: &Shared,
    file: &Path,
    story: &FileStory,
    pairs: &Pairs,
    direction: Direction,
) -> Result<(There, Inverse), Refusal> {
    let world = &shared.world;
    let never = |reason: String| (reason, Later::Never);
    if let Some(instead) = story.instead.as_ref().filter(|_| !world.files.is_open(file)) {
        let put = format!("a command put {} in its place", instead.as_str());
        if direction == Direction::Redo {
            return Err(never(format!("{put}, which is not brought again")));
        }
        let is_here = file.parent().is_some_and(|folder| elsewhere(folder).is_none());
        match Instead::at(file).filter(|_| is_here) {
            Some(now) if now != *instead => {
                return Err(never(format!("{put}, and something else is there now")));
            }
            Some(_) => {
                let there = There::Nothing;
                let inverse = undone(shared, file, story, pairs, direction, &there);
                return Ok((there, inverse));
            }
            // It never was a file.
            None if story.created && file.symlink_metadata().is_ok() => {
                return Err(never(format!("{put}, and something else is there now")));
            }
            None => {}
        }
    }
    // The path was judged when the edit was made; a link put there since would lead elsewhere.
    if let Some(reason) = elsewhere(file) {
        return Err(never(reason));
    }
    let there = There::look_aside(world, file).await.map_err(|error| never(failed(&error)))?;
    let (goes, comes) = story.goes_and_comes(direction);
    // Every text after an edit was in a file, but for that of a command which took the file away.
    let is_gone = matches!(there, There::Nothing) && !comes;
    if is_gone && pairs.last().is_some_and(|(_, after)| !after.is_empty()) {
        return Err(never(if goes { UNSAVED } else { GONE }.to_owned()));
    }
    let inverse = undone(shared, file, story, pairs, direction, &there);
    let is_absent = |refused: &rebase::Refused| refused.reason == rebase::NOT_THERE;
    let none = inverse.undone.taken_back == 0 && !inverse.undone.refused.is_empty();
    if none && matches!(there.base(), Base::Open { .. }) && inverse.undone.refused.iter().all(is_absent) {
        let saved = There::saved_aside(world, file).await;
        let fits = |saved: There| undone(shared, file, story, pairs, direction, &saved).undone.taken_back > 0;
        if saved.is_ok_and(fits) {
            return Err((UNLOADED.to_owned(), Later::Perhaps));
        }
    }
    Ok((there, inverse))
}

/// What becomes of the text that is there. An empty file that comes or goes is a piece too, though no line of it is.
fn undone(
    shared: &Shared,
    file: &Path,
    story: &FileStory,
    pairs: &Pairs,
    direction: Direction,
    there: &There,
) -> Inverse {
    if let There::Text(_) = there
        && direction == Direction::Undo
        && story.removed
    {
        let reason =
            "a command took it away, and it is there again, or in your editor: save it there to keep it";
        let text = there.text().to_owned();
        let undone = rebase::Undone { text, taken_back: 0, refused: vec![refused(reason)] };
        return Inverse { undone, later: Later::Never };
    }
    let pairs = ends::like(pairs, there.text());
    let (pairs, kept) = whole_only(&pairs, there.text());
    let mut undone = rebase::undo(&borrowed(&pairs), there.text());
    undone.refused.extend(kept.into_iter().map(|span| {
        let reason = "the journal keeps no secrets, and one stood in these lines; take them back by hand";
        rebase::Refused { span, reason: reason.to_owned() }
    }));
    let is_untouched = undone.taken_back == 0 && undone.refused.is_empty() && undone.text.is_empty();
    let (goes, comes) = story.goes_and_comes(direction);
    let mut later = Later::Never;
    match there {
        There::Text(_) if is_untouched && goes && shared.world.files.is_open(file) => {
            undone.refused.push(refused("the new file is open and empty; close it and try again"));
            later = Later::Perhaps;
        }
        There::Text(_) if is_untouched && goes => undone.taken_back = 1,
        There::Nothing if is_untouched && comes => undone.taken_back = 1,
        _ => {}
    }
    Inverse { undone, later }
}

fn refused(reason: &str) -> rebase::Refused {
    rebase::Refused { span: Span::at(0), reason: reason.to_owned() }
}

/// The pairs without the hunks whose earlier text the journal does not have whole, and where those stand in the text
/// that is there.
fn whole_only(pairs: &Pairs, current: &str) -> (Pairs, Vec<Span>) {
    let mut kept = Vec::new();
    let whole = |(before, after): &(String, String)| {
        if !before.contains(REDACTED) {
            return (before.clone(), after.clone());
        }
        let inverse = rebase::hunks(after, before);
        let (mut lost, whole): (Vec<_>, Vec<_>) =
            inverse.into_iter().partition(|(_, text)| text.contains(REDACTED));
        // One secret for another: the journal sees no difference.
        if before == after {
            let place = after.find(REDACTED).map(|at| Span::new(at, at + REDACTED.len()));
            lost.extend(place.map(|place| (place, String::new())));
        }
        let lost: Vec<_> = lost.iter().map(|(span, text)| (*span, text.as_str())).collect();
        kept.extend(rebase::rebase(after, &lost, current).into_iter().map(rebase::Rebased::span));
        (rebase::apply(after, &whole), after.clone())
    };
    (pairs.iter().map(whole).collect(), kept)
}

/// The pieces that stay, each with its line in the text that is there.
pub(super) fn refused_of(undone: &rebase::Undone, current: &str) -> Vec<RefusedHunk> {
    let named = |(at, refused): (usize, &rebase::Refused)| {
        let start = current.floor_char_boundary(refused.span.start);
        let line = current[..start].matches('\n').count() + 1;
        RefusedHunk::new(undone.taken_back + at, format!("line {line}: {}", refused.reason))
    };
    undone.refused.iter().enumerate().map(named).collect()
}
