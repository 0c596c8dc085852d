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
    pub(super) made: Vec<Edit>,
    pub(super) unmade: Vec<String>,
    /// Nobody can tell.
    pub(super) unknown: Vec<String>,
}

/// The same, given the texts that are there now.
pub(super) fn writes(records: &[Record], there: impl Fn(&Path) -> Option<String>) -> Writes {
    let mut writes = Writes::default();
    for at in open(records) {
        let Event::ChangeApplying { change, path, before, after, undo, .. } = &records[at].event else {
            continue;
        };
        let so_far = records.iter().map(|record| &record.event).chain(&writes.events);
        let pieces = if *undo { None } else { Pieces::of(so_far, change) };
        let edit = Edit { path: path.to_owned(), pieces, of_undo: *undo, was_drafted: false };
        match there(path) {
            // One text stands for both: an empty file that came or went.
            Some(text) if text == *after && text != *before => {
                let direction = if *undo { Some(Direction::Undo) } else { None };
                writes.events.extend(undo::outcome(&records[..at], change, path, direction, (before, after)));
                let now = records.iter().map(|record| &record.event).chain(&writes.events);
                let pieces = if *undo { None } else { Pieces::of(now, change) };
                writes.made.push(Edit { pieces, ..edit });
            }
            Some(text) if text == *before && before == after && !before.contains(REDACTED) => {}
            // What was made of it before is told with what was not.
            Some(text) if text == *before && edit.is_half_made() => {}
            Some(text) if text == *before && before != after => writes.unmade.push(edit.named()),
            _ => writes.unknown.push(edit.named()),
        }
    }
    writes
}

/// The places of the intents of edits of which no outcome is written, in order.
fn open(records: &[Record]) -> Vec<usize> {
    // What comes behind the record that is looked at.
    let (mut made, mut again, mut refused) = (HashSet::new(), HashSet::new(), HashSet::new());
    let mut open = Vec::new();
    for (at, record) in records.iter().enumerate().rev() {
        match &record.event {
            Event::ChangeApplied { change, after, .. } | Event::Undone { change, after, .. } => {
                made.insert((change, after));
            }
            Event::ChangeRefused { change, .. } => {
                refused.insert(change);
            }
            Event::ChangeApplying { change, path, after, .. } => {
                // The later one of a file says what became of both.
                let is_last = again.insert((change, path));
                if is_last && !made.contains(&(change, after)) && !refused.contains(change) {
                    open.push(at);
                }
            }
            _ => {}
        }
    }
    open.reverse();
    open
}

/// The edits that were sent and of which no outcome is written: each with its file, and the texts before and after.
pub(super) fn unsettled(records: &[Record]) -> Vec<(&Path, (&str, &str))> {
    let sent = |at: usize| match &records[at].event {
        Event::ChangeApplying { path, before, after, .. } => Some((path.as_path(), (&**before, &**after))),
        _ => None,
    };
    open(records).into_iter().filter_map(sent).collect()
}

/// The files with an edit that was sent and of which no outcome is written.
pub(crate) fn under_way(records: &[Record]) -> BTreeSet<PathBuf> {
    unsettled(records).into_iter().map(|(path, _)| path.to_owned()).collect()
}

/// An edit as it is named to people and models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) path: PathBuf,
    /// How far it got, where it was settled hunk by hunk and not all of it was made.
    pieces: Option<Pieces>,
    of_undo: bool,
    /// Whether its model was told that it is kept for the checks.
    pub(crate) was_drafted: bool,
}

impl Edit {
    /// In words, by its whole path.
    pub(super) fn named(&self) -> String {
        let what = if self.of_undo { "the undo of the edit of" } else { "the edit of" };
        self.after(&format!("{what} {}", self.path.display()))
    }

    /// How far it got behind its name: nothing, where that is all or nothing of it.
    pub(crate) fn after(&self, name: &str) -> String {
        self.pieces.as_ref().map_or_else(|| name.to_owned(), |pieces| format!("{name} ({})", pieces.told()))
    }

    fn is_half_made(&self) -> bool {
        self.pieces.as_ref().is_some_and(|pieces| !pieces.made.is_empty())
    }

    /// Whether a part of it was settled.
    pub(crate) const fn is_begun(&self) -> bool {
        self.pieces.is_some()
    }
}

/// How far an edit got that is settled hunk by hunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pieces {
    of: usize,
    made: BTreeSet<usize>,
    refused: BTreeMap<usize, String>,
}

impl Pieces {
    /// Nothing, where all or nothing of it is settled.
    fn of<'e>(events: impl Iterator<Item = &'e Event> + Clone, wanted: &ChangeId) -> Option<Self> {
        let mut pieces = Self::default();
        let mut sent: &[usize] = &[];
        for event in events {
            match event {
                Event::ChangeProposed { change, hunks, .. } if change == wanted => pieces.of = *hunks,
                Event::ChangeApplying { change, hunks, .. } if change == wanted => sent = hunks,
                Event::ChangeApplied { change, .. } if change == wanted => pieces.made.extend(sent),
                Event::HunksRejected { change, hunks } if change == wanted => {
                    pieces.refused.extend(hunks.iter().map(|hunk| (*hunk, REJECTED.to_owned())));
                }
                Event::ChangeRefused { change, report } if change == wanted => {
                    pieces.made.extend(&report.sent);
                    let refused = report.refused.iter().map(|one| (one.hunk, one.reason.clone()));
                    pieces.refused.extend(refused);
                }
                _ => {}
            }
        }
        let settled = pieces.made.len() + pieces.refused.len();
        (settled > 0 && pieces.made.len() < pieces.of).then_some(pieces)
    }

    fn told(&self) -> String {
        let rest = (0..self.of).filter(|at| !self.made.contains(at)).map(|at| match self.refused.get(&at) {
            Some(reason) => format!("hunk {}, {reason}", at + 1),
            None => format!("hunk {}", at + 1),
        });
        let rest: Vec<String> = rest.collect();
        format!("{} of {} hunks made; not made: {}", self.made.len(), self.of, rest.join("; "))
    }
}

/// Why a hunk is refused that the person settled by itself.
pub(crate) const REJECTED: &str = "the person rejected it";

/// Edits of which nothing was made: those that waited for an answer or for the project's checks. `parents` are the
/// records of the run that a helper works for: what it edits in place is written down there.
pub(crate) fn waiting(records: &[Record], parents: &[Record]) -> Vec<Edit> {
    let (mut waiting, mut drafted) = (Vec::<Edit>::new(), HashSet::new());
    let all = || records.iter().chain(parents).map(|record| &record.event);
    for (at, record) in records.iter().enumerate() {
        let later = || records[at + 1..].iter().map(|record| &record.event);
        let edit = match &record.event {
            Event::ChangeDrafted { path, call } => {
                drafted.insert(call);
                if later()
                    .any(|event| matches!(event, Event::ChangeProposed { path: same, .. } if same == path))
                {
                    continue;
                }
                Edit { path: path.to_owned(), pieces: None, of_undo: false, was_drafted: true }
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
                let (pieces, was_drafted) = (Pieces::of(all(), change), drafted.contains(call));
                Edit { path: path.to_owned(), pieces, of_undo: false, was_drafted }
            }
            _ => continue,
        };
        if !waiting.iter().any(|known| known.path == edit.path) {
            waiting.push(edit);
        }
    }
    waiting
}

/// An edit as people are told of it.
pub(super) fn named(path: &Path) -> String {
    format!("the edit of {}", path.display())
}

/// The edits that were made and stand, and of which the model of the run was never told, each file once by its path.
pub(crate) fn untold<'e>(events: impl Iterator<Item = &'e Event> + Clone) -> Vec<Edit> {
    let mut proposed: HashMap<&ChangeId, &CallId> = HashMap::new();
    let (mut drafted, mut open) = (HashSet::new(), HashSet::new());
    // By the change, since each may be taken back.
    let mut made: BTreeMap<&ChangeId, Made<'_>> = BTreeMap::new();
    for event in events.clone() {
        match event {
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
    made.retain(|_, made| made.by != By::Helper || !open.is_empty());
    let mut untold: BTreeMap<&Path, Edit> = BTreeMap::new();
    for (change, Made { path, .. }) in made {
        let pieces = Pieces::of(events.clone(), change);
        let edit = Edit { path: path.to_owned(), pieces, of_undo: false, was_drafted: false };
        // Of several edits of a file, the one that is not whole has more to tell.
        let known = untold.entry(path).or_insert_with(|| edit.clone());
        if known.pieces.is_none() {
            *known = edit;
        }
    }
    untold.into_values().collect()
}

/// Whether a model waits for the result of this call.
pub(super) fn is_called(records: &[Record], wanted: &CallId) -> bool {
    records.iter().fold(false, |is_open, record| match &record.event {
        Event::ToolCalled { call, .. } if call == wanted => true,
        Event::ToolReturned { call, .. } if call == wanted => false,
        _ => is_open,
    })
}

/// Whether an edit of this file, by its place in the workspace, was proposed.
pub(super) fn is_proposed(records: &[Record], file: &Path) -> bool {
    records
        .iter()
        .any(|record| matches!(&record.event, Event::ChangeProposed { path, .. } if path.ends_with(file)))
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
