//! The workspace: what every file of ours says, beyond the one that is edited.
//!
//! [`Members`] reads the disk, `View` lays the open documents over it, and [`Workspace`] holds both for one connection.
//! The first question looks at the places where our files live; a task walks the rest of the tree in the background and
//! follows what changes. `copydesk check` uses [`Members`] alone.
//!
//! Invariants
//! - The intake never waits here: it drops an order into an inbox.
//! - What a handler sees is complete for its own document: the agents it can name and the files it does name are looked
//!   at before it is answered.
//! - The lock is held for one slice of work, on threads that may wait.

mod discover;
mod inbox;
mod meaning;
mod members;
mod task;
#[cfg(test)]
mod tests;
mod view;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use copydesk_agent::DiskFiles;
use copydesk_language::index::Summary;
use copydesk_language::{FileKind, Trust, WorkspaceIndex};
use tokio::sync::watch;

pub use discover::{End, Found, Limits, Walked, below, walk};
pub use members::{Members, Summaries, UserPlaces};

use crate::documents::Open;
use inbox::Inbox;
use meaning::is_same;
pub(crate) use task::{register, work};
use view::View;

/// The workspace of one connection.
pub(crate) struct Workspace {
    known: Mutex<Known>,
    inbox: Inbox,
    /// Whether the whole tree was walked.
    settled: watch::Sender<Settled>,
}

struct Known {
    members: Members,
    view: View,
    places: Places,
}

/// Whether the places of our files were looked at.
#[derive(Clone, Copy, PartialEq)]
enum Places {
    Unseen,
    Seen,
}

/// Whether every file is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    NotYet,
    Yes,
}

impl Workspace {
    pub(crate) fn new(root: &Path, user: &UserPlaces) -> Self {
        let known =
            Known { members: Members::new(root, user), view: View::default(), places: Places::Unseen };
        Self {
            known: Mutex::new(known),
            inbox: Inbox::default(),
            settled: watch::Sender::new(Settled::NotYet),
        }
    }

    /// What is known now, with the open documents over the disk. Reads files: not for the intake.
    pub(crate) fn index(&self, open: &[Arc<Open>], own: Option<&Open>, trust: Trust) -> WorkspaceIndex {
        let open = summaries_of(open);
        let mut known = self.known();
        known.look_in_places();
        if let Some((path, summary)) = own.and_then(|own| Some((own.path.as_deref()?, own.summary()?)))
            && summary.kind == FileKind::Workflow
        {
            known.members.look_at_calls(&DiskFiles, path, &summary.calls);
        }
        known.index(&open, trust)
    }

    /// What is known now, and what else a file meant to whoever asked since this was asked last: nothing, if that was
    /// the same. Reads files.
    pub(crate) fn turned(&self, open: &[Arc<Open>], path: &Path) -> (WorkspaceIndex, Vec<Meaning>) {
        let open = summaries_of(open);
        let mut known = self.known();
        known.look_in_places();
        let index = known.index(&open, Trust::Untrusted);
        let mut left = known.view.left(path);
        drop(known);
        let now = index.files.as_deref().and_then(|files| files.get(path)).cloned();
        left.retain(|before| match (before, &now) {
            (Some(before), Some(now)) => !Arc::ptr_eq(before, now) && !is_same(before, now),
            (before, now) => before.is_some() || now.is_some(),
        });
        (index, left)
    }

    /// Has the tree walked, once. Like all orders it never waits.
    pub(crate) fn start(&self) {
        self.inbox.start();
    }

    pub(crate) fn touched(&self, path: PathBuf) {
        self.inbox.touched(path);
    }

    pub(crate) fn changed(&self, paths: Vec<PathBuf>) {
        self.inbox.changed(paths);
    }

    pub(crate) fn refresh(&self) {
        self.inbox.refresh();
    }

    /// Waits until the whole tree was walked, for what must not be done by half. Has it walked if nobody did yet.
    pub(crate) async fn settled(&self) {
        self.start();
        let mut settled = self.settled.subscribe();
        // The sender is ours, so waiting can only end well.
        let _ = settled.wait_for(|settled| *settled == Settled::Yes).await;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a file says to others; `None` where there is none.
pub(crate) type Meaning = Option<Arc<Summary>>;

fn summaries_of(open: &[Arc<Open>]) -> Vec<(PathBuf, Arc<Summary>)> {
    open.iter().filter_map(|open| Some((open.path.clone()?, open.summary()?.clone()))).collect()
}

impl Known {
    fn index(&mut self, open: &[(PathBuf, Arc<Summary>)], trust: Trust) -> WorkspaceIndex {
        let summaries = self.view.laid_over(&self.members, open);
        self.members.index_with(trust, summaries)
    }

    fn look_in_places(&mut self) {
        if self.places == Places::Unseen {
            self.places = Places::Seen;
            self.members.look_in_places(&DiskFiles);
        }
    }
}
