//! What became of the edits of a run that ended in the middle, read off its records.
//!
//! An edit without an outcome is settled by the text that is there. One that waited for an answer was never made. And
//! one that was made may be unknown to its model all the same: the result of its call, or the summary of the helper
//! that made it, never came.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use copydesk_base::redact::REDACTED;
use copydesk_base::{CallId, ChangeId, Event, Record};

use crate::changes::undo::{self, Direction};

/// What became of the edits of a run that was cut short.
#[derive(Default)]
pub(super) struct Writes {
    /// The outcomes of intents that had none.
    pub(super) events: Vec<Event>,
    pub(super) made: Vec<String>,
    pub(super) unmade: Vec<String>,
    /// Nobody can tell.
    pub(super) unknown: Vec<String>,
}

/// The same, given the texts that are there now.
pub(super) fn writes(records: &[Record], there: impl Fn(&Path) -> Option<String>) -> Writes {
    let mut writes = Writes::default();
    for (at, record) in records.iter().enumerate() {
        let Event::ChangeApplying { change, path, before, after, undo, .. } = &record.event else { continue };
        let is_settled = records[at + 1..].iter().any(|record| match &record.event {
            Event::ChangeApplied { change: done, after: made, .. }
            | Event::Undone { change: done, after: made, .. } => done == change && made == after,
            Event::ChangeApplying { change: again, path: same, .. } => again == change && same == path,
            Event::ChangeRefused { change: refused, .. } => refused == change,
            _ => false,
        });
        if is_settled {
            continue;
        }
        let what = if *undo { "the undo of the edit of" } else { "the edit of" };
        let name = format!("{what} {}", path.display());
        match there(path) {
            // One text stands for both: an empty file that came or went.
            Some(text) if text == *after && text != *before => {
                let direction = if *undo { Some(Direction::Undo) } else { None };
                writes.events.extend(undo::outcome(&records[..at], change, path, direction, (before, after)));
                writes.made.push(name);
            }
            Some(text) if text == *before && before == after && !before.contains(REDACTED) => {}
            Some(text) if text == *before && before != after => writes.unmade.push(name),
            _ => writes.unknown.push(name),
        }
    }
    writes
}

/// Edits that never came to be made, in words: those that waited for an answer or for the project's checks. `parents`
/// are the records of the run that a helper works for: what it edits in place is written down there.
pub(super) fn waiting(records: &[Record], parents: &[Record]) -> Vec<String> {
    let mut waiting = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let later = || records[at + 1..].iter().map(|record| &record.event);
        let path = match &record.event {
            Event::ChangeDrafted { path, .. }
                if !later().any(
                    |event| matches!(event, Event::ChangeProposed { path: same, .. } if same == path),
                ) =>
            {
                path
            }
            Event::ChangeProposed { change, call, path, .. } => {
                let approval = later().find_map(|event| match event {
                    Event::ApprovalRequested { approval, change: Some(asked), .. } if asked == change => {
                        Some(approval)
                    }
                    _ => None,
                });
                let of_parent = parents.iter().map(|record| &record.event);
                let is_over = later().chain(of_parent).any(|event| match event {
                    Event::ChangeApplying { change: same, .. }
                    | Event::ChangeApplied { change: same, .. }
                    | Event::ChangeRefused { change: same, .. } => same == change,
                    Event::ApprovalSettled { approval: settled, decision, .. } => {
                        Some(settled) == approval
                            && ["deny", "expired", "canceled"].contains(&decision.as_str())
                    }
                    Event::Judged { call: judged, verdict, .. } => judged == call && verdict == "deny",
                    Event::ToolReturned { call: returned, .. } => returned == call,
                    _ => false,
                });
                if is_over {
                    continue;
                }
                path
            }
            _ => continue,
        };
        let name = named(path);
        if !waiting.contains(&name) {
            waiting.push(name);
        }
    }
    waiting
}

/// An edit as people are told of it.
pub(super) fn named(path: &Path) -> String {
    format!("the edit of {}", path.display())
}

/// The files with an edit that was made and stands, and of which the model of the run was never told.
pub(crate) fn untold(records: &[Record]) -> BTreeSet<PathBuf> {
    let mut proposed: HashMap<&ChangeId, &CallId> = HashMap::new();
    let (mut drafted, mut open) = (HashSet::new(), HashSet::new());
    // By the change, since each may be taken back.
    let mut made: BTreeMap<&ChangeId, Made<'_>> = BTreeMap::new();
    for record in records {
        match &record.event {
            Event::ChangeProposed { change, call, .. } => {
                proposed.insert(change, call);
            }
            Event::ChangeDrafted { call, .. } => {
                drafted.insert(call);
            }
            Event::AgentCalled { call, .. } => {
                open.insert(call);
            }
            Event::ChangeApplied { change, path, .. } => {
                let by = match proposed.get(change) {
                    Some(call) if drafted.contains(call) => By::Draft,
                    Some(call) => By::Call(call),
                    None => By::Helper,
                };
                made.insert(change, Made { path, by });
            }
            Event::Undone { change, redo: false, .. } => {
                made.remove(change);
            }
            Event::ToolReturned { call, .. } => {
                open.remove(call);
                made.retain(|_, made| made.by != By::Draft && made.by != By::Call(call));
            }
            Event::Told { .. } => made.retain(|_, made| made.by != By::Draft),
            _ => {}
        }
    }
    // A helper tells what it did at its end, and its end is told by the result of its call.
    let is_untold = |made: &Made<'_>| made.by != By::Helper || !open.is_empty();
    made.into_values().filter(is_untold).map(|made| made.path.to_owned()).collect()
}

/// Whether these are the records of a helper in a worktree.
pub(super) fn is_apart(records: &[Record]) -> bool {
    worktree(records).is_some()
}

/// The files that a helper has edited in its worktree, by their places there.
pub(crate) fn apart(records: &[Record]) -> BTreeSet<PathBuf> {
    let Some(root) = worktree(records) else { return BTreeSet::new() };
    let edited = |record: &Record| match &record.event {
        Event::ChangeApplied { path, .. } => path.strip_prefix(root).ok().map(Path::to_owned),
        _ => None,
    };
    records.iter().filter_map(edited).collect()
}

fn worktree(records: &[Record]) -> Option<&Path> {
    records.iter().find_map(|record| match &record.event {
        Event::RunStarted { root, .. } => root.as_deref(),
        _ => None,
    })
}

struct Made<'r> {
    path: &'r Path,
    by: By<'r>,
}

/// Who tells the model of an edit.
#[derive(PartialEq, Eq)]
enum By<'r> {
    /// The result of this call.
    Call(&'r CallId),
    /// The next words, once the project's checks have seen it.
    Draft,
    /// A helper that edits in place.
    Helper,
}
