//! What becomes of the text that is there where a run's edits are taken back or brought again; nothing is written here.

use std::path::Path;

use copydesk_base::Span;
use copydesk_base::change::RefusedHunk;
use copydesk_base::redact::REDACTED;
use copydesk_text::rebase;

use crate::changes::apply::There;
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

/// What becomes of the text that is there. An empty file that comes or goes is a piece too, though no line of it is.
pub(super) fn undone(
    shared: &Shared,
    file: &Path,
    story: &FileStory,
    pairs: &Pairs,
    direction: Direction,
    there: &There,
) -> rebase::Undone {
    if let There::Text(file) = there
        && direction == Direction::Undo
        && story.removed
    {
        let reason =
            "a command took it away, and it is there again, or in your editor: save it there to keep it";
        return rebase::Undone { text: file.text.to_string(), taken_back: 0, refused: vec![refused(reason)] };
    }
    let (pairs, kept) = whole_only(pairs, there.text());
    let mut undone = rebase::undo(&borrowed(&pairs), there.text());
    undone.refused.extend(kept.into_iter().map(|span| {
        let reason = "the journal keeps no secrets, and one stood in these lines; take them back by hand";
        rebase::Refused { span, reason: reason.to_owned() }
    }));
    let is_untouched = undone.taken_back == 0 && undone.refused.is_empty() && undone.text.is_empty();
    let (goes, comes) = story.goes_and_comes(direction);
    match there {
        There::Text(_) if is_untouched && goes && shared.world.files.is_open(file) => {
            undone.refused.push(refused("the new file is open and empty; close it and try again"));
        }
        There::Text(_) if is_untouched && goes => undone.taken_back = 1,
        There::Nothing if is_untouched && comes => undone.taken_back = 1,
        _ => {}
    }
    undone
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
