//! Files as the model last saw them in this turn: what it has not seen, or not as it is now, is not replaced whole.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use copydesk_base::ContentHash;

/// Shared with the looks of a turn, which run beside it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known(Arc<Mutex<BTreeMap<PathBuf, Seen>>>);

/// What was seen of one text.
#[derive(Clone, Debug)]
struct Seen {
    hash: ContentHash,
    /// Lines, from zero: in order, none touches the next.
    lines: Vec<Range<usize>>,
}

/// How much of a text the model has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it, or there is nothing to see.
    Whole,
    /// These lines, from zero; perhaps none.
    Part(Vec<Range<usize>>),
    /// Another text in its place.
    Changed,
    Nothing,
}

impl Known {
    /// Notes that the model has seen these lines of a file with this text, besides those that it has seen of the same.
    pub(crate) fn note(&self, file: &Path, text: &str, lines: Range<usize>) {
        let hash = ContentHash::of(text);
        let mut known = self.lock();
        let seen = known.entry(file.to_owned()).or_insert(Seen { hash, lines: vec![] });
        if seen.hash != hash {
            *seen = Seen { hash, lines: vec![] };
        }
        add(&mut seen.lines, lines);
    }

    /// Notes that it has seen all of it.
    pub(crate) fn note_whole(&self, file: &Path, text: &str) {
        self.note(file, text, 0..text.lines().count());
    }

    /// How much it has seen of a file with this text.
    pub(crate) fn extent(&self, file: &Path, text: &str) -> Extent {
        let whole = 0..text.lines().count();
        match self.lock().get(file) {
            _ if whole.is_empty() => Extent::Whole,
            None => Extent::Nothing,
            Some(seen) if seen.hash != ContentHash::of(text) => Extent::Changed,
            Some(seen) if seen.lines == [whole] => Extent::Whole,
            Some(seen) => Extent::Part(seen.lines.clone()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds lines to those that are there.
fn add(lines: &mut Vec<Range<usize>>, mut more: Range<usize>) {
    if more.is_empty() {
        return;
    }
    lines.retain(|other| {
        let is_apart = other.end < more.start || more.end < other.start;
        if !is_apart {
            more = more.start.min(other.start)..more.end.max(other.end);
        }
        is_apart
    });
    lines.push(more);
    lines.sort_by_key(|lines| lines.start);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_together_and_count_for_the_text_that_they_are_of() {
        let (file, text) = (Path::new("/a"), "a\nb\nc\nd\ne\n");
        let part =
            |lines: &[(usize, usize)]| Extent::Part(lines.iter().map(|(start, end)| *start..*end).collect());
        for (seen, expected) in [
            (&[][..], Extent::Nothing),
            (&[(0, 0)], part(&[])),
            (&[(0, 2)], part(&[(0, 2)])),
            (&[(3, 5), (0, 2)], part(&[(0, 2), (3, 5)])),
            (&[(3, 5), (0, 2), (2, 3)], Extent::Whole),
            (&[(1, 4), (0, 5)], Extent::Whole),
            (&[(0, 3), (2, 5)], Extent::Whole),
        ] {
            let known = Known::default();
            for (start, end) in seen {
                known.note(file, text, *start..*end);
            }
            assert_eq!(known.extent(file, text), expected, "{seen:?}");
        }
        let known = Known::default();
        known.note_whole(file, text);
        assert_eq!(known.extent(file, "a\n"), Extent::Changed);
        assert_eq!(known.extent(file, ""), Extent::Whole, "there is nothing to see");
        known.note(file, "a\nb\n", 1..2);
        assert_eq!(
            known.extent(file, "a\nb\n"),
            part(&[(1, 2)]),
            "what was seen of another text does not count"
        );
    }
}
