//! How every room reaches the person: an editor, a terminal, or nobody.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::{ApprovalId, ChangeId, Record, RunId, TextEdit};

/// What shows things to a person and changes the documents they hold open.
///
/// Questions are shown by projecting `ApprovalRequested` records; the answer comes back as an order to the run, from
/// whichever way was first. Nothing here waits for a person.
pub trait Host: Send + Sync {
    /// Whether anybody can answer. Headless means denied.
    fn presence(&self) -> Presence;

    /// One thing happened. Called in order, after it is durable; must not block.
    fn happened(&self, record: &Record);

    /// Waits until what happened was shown, but for a little. A run waits for it before it goes on, so that nothing
    /// heaps up where a person's side is slow.
    fn room(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Puts an edit of an open document through the editor, and answers what the document then really carried.
    fn apply(&self, edit: DocumentEdit) -> BoxFuture<'_, Applied>;

    /// What other language servers of the editor know. Nothing where it cannot tell: it has no way to ask them, or
    /// nobody answered in time.
    fn known(&self, wanted: Wanted) -> BoxFuture<'_, Option<Vec<Known>>> {
        let _ = wanted;
        Box::pin(std::future::ready(None))
    }

    /// Opens the full text of a pending approval or of a proposal for reading.
    fn show(&self, what: Shown);
}

/// Whether anybody can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Somebody,
    Nobody,
}

/// An edit of one open document, computed against one version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentEdit {
    /// What an undo entry of the editor calls it.
    pub label: String,
    /// The change it makes, so that a late effect can still be told apart.
    pub change: ChangeId,
    pub run: RunId,
    pub aim: Aim,
    /// How long the editor may take to answer.
    pub patience: std::time::Duration,
    pub path: PathBuf,
    /// The version whose text the spans count in.
    pub version: i32,
    /// In order, none overlapping.
    pub edits: Vec<TextEdit>,
    /// The text that results: a document version that carries it proves the edit.
    pub after: String,
}

/// What an edit is for: how it is written down when it is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aim {
    #[default]
    Change,
    Undo,
    Redo,
}

/// What an editor did with an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// A document version carries the edit.
    Proven { version: i32 },
    /// The client answered, and no document version carried the edit in time.
    NotApplied { reason: String },
    /// The client refused it, and the document is at another version now: what was typed meanwhile made it outdated.
    Outdated { reason: String },
    /// The client did not answer: it may still do it, so it is not sent again.
    Unanswered { reason: String },
    /// The document is at another version now; nothing was sent.
    Moved { version: i32 },
    /// The document is no longer open; nothing was sent.
    Closed,
}

/// What is to be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Where the name at a place is used; an offset in bytes.
    References { path: PathBuf, at: usize },
    /// The edits that give it another name.
    Rename { path: PathBuf, at: usize, name: String },
    /// What is wrong in a file, or in all that are known.
    Diagnostics { path: Option<PathBuf> },
}

/// Pieces of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub path: PathBuf,
    /// The text in which the pieces stand.
    pub text: Arc<str>,
    /// Each with the text that is to stand there, or with what is wrong; empty where it is only named.
    pub pieces: Vec<TextEdit>,
}

/// Something to open for reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Approval {
        id: ApprovalId,
        title: String,
        text: String,
    },
    Change {
        id: ChangeId,
        path: PathBuf,
        diff: String,
    },
    /// A page of Markdown, under a name of its own.
    Page {
        name: String,
        text: String,
    },
}
