//! What the journal says about a run's files, read in order: which edits are in force, which were taken back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use copydesk_base::change::Base;
use copydesk_base::{ChangeId, Event, Record};

/// What the journal says about one file of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileStory {
    /// Edits in force, oldest first: the text before and after.
    pub(crate) live: Vec<(String, String)>,
    /// The edit that the last undo made, while nothing came after it.
    pub(crate) undone: Option<(String, String)>,
    /// Whether the run created the file.
    pub(crate) created: bool,
    /// The folders that were made for it, the innermost first.
    pub(crate) folders: Vec<PathBuf>,
    /// The changes in `live` or in `undone`, oldest first.
    pub(crate) changes: Vec<ChangeId>,
}

/// The files of a run by their stories.
pub(crate) fn stories(records: &[Record]) -> BTreeMap<PathBuf, FileStory> {
    let mut stories: BTreeMap<PathBuf, FileStory> = BTreeMap::new();
    for record in records {
        match &record.event {
            Event::ChangeApplying { path, base: Base::Absent, folders, .. } => {
                let story = stories.entry(path.clone()).or_default();
                story.created = true;
                if *folders > 0 {
                    story.folders = path.ancestors().skip(1).take(*folders).map(Path::to_owned).collect();
                }
            }
            Event::ChangeApplied { path, before, after, change } => {
                let story = stories.entry(path.clone()).or_default();
                if story.undone.take().is_some() {
                    story.changes.clear();
                }
                let pair = (before.clone(), after.clone());
                let is_known = story.changes.contains(change);
                if !is_known {
                    story.changes.push(change.clone());
                }
                // The same outcome may be found twice: by the proof that came late, and by whoever settled the intent.
                if !is_known || !story.live.contains(&pair) {
                    story.live.push(pair);
                }
            }
            Event::Undone { path, before, after, redo, .. } => {
                let story = stories.entry(path.clone()).or_default();
                let pair = (before.clone(), after.clone());
                if *redo {
                    story.live = vec![pair];
                    story.undone = None;
                } else {
                    story.live.clear();
                    story.undone = Some(pair);
                }
            }
            _ => {}
        }
    }
    stories
}
