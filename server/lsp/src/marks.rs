//! Where runs started, in the text as it is now: a place that moves with what is typed around it.
//!
//! Kept by path, so that it outlives a document that is closed and opened again.

use std::path::{Path, PathBuf};

use copydesk_base::{RunId, Span};
use dashmap::DashMap;

/// The places of runs.
#[derive(Default)]
pub(crate) struct Marks {
    by_run: DashMap<RunId, (PathBuf, Span)>,
}

impl Marks {
    /// Notes where a run starts.
    pub(crate) fn set(&self, run: RunId, path: PathBuf, span: Span) {
        self.by_run.insert(run, (path, span));
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
        for mut mark in self.by_run.iter_mut() {
            if mark.0 == path {
                mark.1 = moved(mark.1, gone, come);
            }
        }
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
