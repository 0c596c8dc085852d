//! Open documents over the disk.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_language::index::Summary;

use super::members::{Members, Summaries};

/// What the disk said when it was last asked, with the open documents in their places.
#[derive(Default)]
pub(super) struct View {
    summaries: Arc<Summaries>,
    /// Of [`Members`], when the summaries were taken from there.
    generation: Option<u64>,
    /// The open documents in it.
    shown: HashMap<PathBuf, Arc<Summary>>,
    /// What was shown of a file since [`View::left`] was asked last, and is not shown any more.
    left: HashMap<PathBuf, Vec<Option<Arc<Summary>>>>,
}

impl View {
    /// The disk with these documents over it. Costs what differs from the time before.
    pub(super) fn laid_over(&mut self, disk: &Members, open: &[(PathBuf, Arc<Summary>)]) -> Arc<Summaries> {
        if self.generation != Some(disk.generation()) {
            self.generation = Some(disk.generation());
            self.summaries = disk.summaries().clone();
            let shown: Vec<_> =
                self.shown.iter().map(|(path, shown)| (path.clone(), shown.clone())).collect();
            Arc::make_mut(&mut self.summaries).extend(shown);
        }
        let is_open = |path: &PathBuf| open.iter().any(|(open, _)| open == path);
        let closed: Vec<PathBuf> = self.shown.keys().filter(|path| !is_open(path)).cloned().collect();
        for path in closed {
            self.shown.remove(&path);
            self.show(&path, disk.summaries().get(&path).cloned());
        }
        for (path, summary) in open {
            let is_shown = self.shown.get(path).is_some_and(|shown| Arc::ptr_eq(shown, summary));
            if !is_shown {
                self.shown.insert(path.clone(), summary.clone());
                self.show(path, Some(summary.clone()));
            }
        }
        self.summaries.clone()
    }

    /// What was shown of a file since this was asked last, and is not any more. Whoever looked in between may have
    /// found something that no longer holds, even where the file says again what it said at first.
    pub(super) fn left(&mut self, path: &Path) -> Vec<Option<Arc<Summary>>> {
        self.left.remove(path).unwrap_or_default()
    }

    fn show(&mut self, path: &Path, summary: Option<Arc<Summary>>) {
        let summaries = Arc::make_mut(&mut self.summaries);
        let left = match summary {
            Some(summary) => summaries.insert(path.to_owned(), summary),
            None => summaries.remove(path),
        };
        self.left.entry(path.to_owned()).or_default().push(left);
    }
}
