//! What the journal says about a run's files, read in order: which edits are in force, which were taken back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use copydesk_base::change::{Base, Instead};
use copydesk_base::{ChangeId, Effect, Event, Record};

/// What the journal says about one file of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileStory {
    /// Edits in force, oldest first: the text before and after.
    pub(crate) live: Vec<(String, String)>,
    /// The edit that the last undo made, while nothing came after it.
    pub(crate) undone: Option<(String, String)>,
    /// Whether the run created the file.
    pub(crate) created: bool,
    /// Whether a command of the run took it away, so that bringing the edits again does, too.
    pub(crate) removed: bool,
    /// What that command put in its place.
    pub(crate) instead: Option<Instead>,
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
            Event::ChangeApplying { path, base: Base::Absent, folders, undo: false, .. } => {
                let story = stories.entry(path.clone()).or_default();
                story.created = true;
                if *folders > 0 {
                    story.folders = path.ancestors().skip(1).take(*folders).map(Path::to_owned).collect();
                }
            }
            Event::ChangeApplied { path, before, after, change } => {
                let story = stories.entry(path.clone()).or_default();
                (story.removed, story.instead) = (false, None);
                story.made(change, (before.clone(), after.clone()));
            }
            Event::CommandChanged { path, before, after, change, instead, folders, .. } => {
                let story = stories.entry(path.clone()).or_default();
                // What the run itself made and took away again was never there for anybody else.
                story.created |= before.is_none() && story.live.is_empty();
                (story.removed, story.instead) = (after.is_none(), instead.clone());
                if *folders > 0 {
                    story.folders = path.ancestors().skip(1).take(*folders).map(Path::to_owned).collect();
                }
                story.made(change, (before.clone().unwrap_or_default(), after.clone().unwrap_or_default()));
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

impl FileStory {
    /// One more edit that is in force.
    fn made(&mut self, change: &ChangeId, pair: (String, String)) {
        if self.undone.take().is_some() {
            self.changes.clear();
        }
        let is_known = self.changes.contains(change);
        if !is_known {
            self.changes.push(change.clone());
        }
        // The same outcome may be found twice: by the proof that came late, and by whoever settled the intent.
        if !is_known || !self.live.contains(&pair) {
            self.live.push(pair);
        }
    }
}

/// What commands took away or changed and nobody takes back, as far as it is not there again: a sentence for each.
pub(crate) fn lost(records: &[Record], shown: impl Fn(&Path) -> String) -> Vec<String> {
    let mut lost = Vec::new();
    for record in records {
        let Event::CommandTook { call, path, reason, overwritten } = &record.event else { continue };
        if !overwritten && path.symlink_metadata().is_ok() {
            continue;
        }
        let by = records.iter().find_map(|record| match &record.event {
            Event::EffectStarted { call: started, effect: Effect::Execute { command, .. } }
                if started == call =>
            {
                Some(command.lines().next().unwrap_or_default())
            }
            _ => None,
        });
        let by = by.map_or_else(|| "a command or a hook".to_owned(), |command| format!("`{command}`"));
        let did = if *overwritten { "changed it" } else { "took it away" };
        let sentence = format!("{}: {by} {did}, and {reason}", shown(path));
        if !lost.contains(&sentence) {
            lost.push(sentence);
        }
    }
    lost
}
