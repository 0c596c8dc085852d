//! Open documents over the disk.

use std::collections::HashMap;
use std::path::PathBuf;
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
}

impl View {
    /// The disk with these documents over it. Costs what differs from the time before.
    pub(super) fn laid_over(&mut self, disk: &Members, open: &[(PathBuf, Arc<Summary>)]) -> Arc<Summaries> {
        if self.generation != Some(disk.generation()) {
            self.generation = Some(disk.generation());
            self.summaries = disk.summaries().clone();
            self.shown.clear();
        }
        let is_open = |path: &PathBuf| open.iter().any(|(open, _)| open == path);
        let closed: Vec<PathBuf> = self.shown.keys().filter(|path| !is_open(path)).cloned().collect();
        for path in closed {
            self.shown.remove(&path);
            let summaries = Arc::make_mut(&mut self.summaries);
            match disk.summaries().get(&path) {
                Some(summary) => summaries.insert(path, summary.clone()),
                None => summaries.remove(&path),
            };
        }
        for (path, summary) in open {
            let is_shown = self.shown.get(path).is_some_and(|shown| Arc::ptr_eq(shown, summary));
            if !is_shown {
                self.shown.insert(path.clone(), summary.clone());
                Arc::make_mut(&mut self.summaries).insert(path.clone(), summary.clone());
            }
        }
        self.summaries.clone()
    }
}
