//! Where runs started, in the text as it is now: a place that moves with what is typed around it.
//!
//! Kept by path, so that it outlives a document that is closed and opened again.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use copydesk_base::{RunId, Span};
use dashmap::DashMap;

/// The places of runs.
#[derive(Default)]
pub(crate) struct Marks {
    by_run: DashMap<RunId, (PathBuf, Span)>,
    /// Of runs that have no name yet.
    pegs: DashMap<u64, (PathBuf, Span)>,
    pegged: AtomicU64,
}

/// The place of a run that is about to start; gone when it is dropped.
pub(crate) struct Peg<'a> {
    marks: &'a Marks,
    number: u64,
}

impl Peg<'_> {
    /// Where it is now.
    pub(crate) fn place(&self) -> Option<(PathBuf, Span)> {
        self.marks.pegs.get(&self.number).map(|mark| mark.clone())
    }

    /// Notes it as the place of a run.
    pub(crate) fn hand_over(self, run: RunId) {
        if let Some(mark) = self.place() {
            self.marks.by_run.insert(run, mark);
        }
    }
}

impl Drop for Peg<'_> {
    fn drop(&mut self) {
        self.marks.pegs.remove(&self.number);
    }
}

impl Marks {
    /// Notes where a run will start.
    pub(crate) fn peg(&self, path: PathBuf, span: Span) -> Peg<'_> {
        let number = self.pegged.fetch_add(1, Ordering::Relaxed);
        self.pegs.insert(number, (path, span));
        Peg { marks: self, number }
    }

    /// Where it is now.
    pub(crate) fn get(&self, run: &RunId) -> Option<Span> {
        self.by_run.get(run).map(|mark| mark.1)
    }

    /// Keeps the runs that `is_wanted` says.
    pub(crate) fn retain(&self, is_wanted: impl Fn(&RunId) -> bool) {
        self.by_run.retain(|run, _| is_wanted(run));
    }

    /// Moves the places of a file: `gone` bytes became `come` bytes.
    pub(crate) fn edited(&self, path: &Path, gone: Span, come: usize) {
        let shift = |mark: &mut (PathBuf, Span)| {
            if mark.0 == path {
                mark.1 = moved(mark.1, gone, come);
            }
        };
        self.by_run.iter_mut().for_each(|mut mark| shift(&mut mark));
        self.pegs.iter_mut().for_each(|mut mark| shift(&mut mark));
    }
}

/// A span after an edit; one that the edit cuts grows around what came.
fn moved(span: Span, gone: Span, come: usize) -> Span {
    let after = |offset: usize| offset - gone.len() + come;
    if gone.end <= span.start {
        Span::new(after(span.start), after(span.end))
    } else if gone.start >= span.end {
        span
    } else {
        Span::new(span.start.min(gone.start), after(span.end.max(gone.end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peg_moves_becomes_a_runs_place_and_leaves_nothing() {
        let marks = Marks::default();
        let path = Path::new("/a");
        let peg = marks.peg(path.to_owned(), Span::new(4, 6));
        marks.edited(path, Span::at(0), 3);
        marks.edited(Path::new("/b"), Span::at(0), 3);
        assert_eq!(peg.place(), Some((path.to_owned(), Span::new(7, 9))));
        peg.hand_over("run-1".into());
        drop(marks.peg(path.to_owned(), Span::at(0)));
        marks.edited(path, Span::at(0), 1);
        assert_eq!(marks.get(&"run-1".into()), Some(Span::new(8, 10)));
        assert!(marks.pegs.is_empty());
    }

    #[test]
    fn a_place_moves_with_the_text_around_it() {
        let place = Span::new(10, 20);
        for (gone, come, expect) in [
            (Span::at(0), 5, Span::new(15, 25)),
            (Span::new(2, 6), 0, Span::new(6, 16)),
            (Span::at(10), 3, Span::new(13, 23)),
            (Span::at(20), 9, Span::new(10, 20)),
            (Span::new(12, 14), 5, Span::new(10, 23)),
            (Span::new(5, 12), 1, Span::new(5, 14)),
            (Span::new(0, 30), 4, Span::new(0, 4)),
        ] {
            assert_eq!(moved(place, gone, come), expect, "{gone:?} -> {come}");
        }
    }
}
