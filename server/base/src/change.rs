//! Edits proposed and not yet made, hunk by hunk.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CallId, ChangeId, ContentHash, RunId, Span};

/// The edit of one file that one tool call wants, pinned to the text it was computed against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePlan {
    pub id: ChangeId,
    pub run: RunId,
    pub call: CallId,
    /// Absolute and resolved.
    pub path: PathBuf,
    pub base: Base,
    /// The whole text it was computed against; empty for a new file.
    pub before: String,
    /// In order of their place, none overlapping.
    pub hunks: Vec<Hunk>,
    /// What the project's checks said of the text with all hunks in it, where any had to pass.
    #[serde(default)]
    pub checked: Option<Checked>,
}

/// What the project's checks said of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    pub verdict: CheckVerdict,
    /// A few words for the person: `checks pass`, `checks still fail: cargo check`.
    pub words: String,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckVerdict {
    Passed,
    Failed,
    /// It could not or was not allowed to run.
    NotRun,
}

/// What the text was when the plan was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Base {
    /// There was no file.
    Absent,
    /// A file that no editor held open.
    Disk { hash: ContentHash },
    /// An open document at this version.
    Open { version: i32, hash: ContentHash },
}

/// One contiguous replacement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// The bytes of the plan's `before` that go; empty for an insertion.
    pub span: Span,
    /// The text that comes.
    pub text: String,
    pub state: HunkState,
}

/// Where a hunk stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum HunkState {
    /// Nobody has decided.
    #[default]
    Pending,
    /// A document version or the disk carries it.
    Applied,
    /// The person, a rule or the facts said no.
    Refused { reason: String },
}

/// What stands where a file was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Instead {
    Link {
        to: PathBuf,
    },
    Folder,
    /// A pipe, a socket, a device.
    Other,
}

/// What a request to apply, reject or undo did: `{sent: [hunk], refused: [{hunk, reason}]}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HunkReport {
    /// Indexes of the hunks that were applied (or rejected, or taken back), counted from zero.
    pub sent: Vec<usize>,
    pub refused: Vec<RefusedHunk>,
}

/// A hunk that was left alone, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedHunk {
    pub hunk: usize,
    pub reason: String,
    /// Whether the person did not want this very hunk.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_person: bool,
}

impl RefusedHunk {
    /// One that did not fit, or that nobody was asked about by itself.
    pub fn new(hunk: usize, reason: impl Into<String>) -> Self {
        Self { hunk, reason: reason.into(), by_person: false }
    }
}

impl Instead {
    /// What stands at a path, where that is no file.
    pub fn at(path: &std::path::Path) -> Option<Self> {
        let kind = path.symlink_metadata().ok()?.file_type();
        if kind.is_symlink() {
            return path.read_link().ok().map(|to| Self::Link { to });
        }
        match (kind.is_file(), kind.is_dir()) {
            (true, _) => None,
            (_, true) => Some(Self::Folder),
            _ => Some(Self::Other),
        }
    }

    /// `a link`, `a folder`, `no plain file`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Link { .. } => "a link",
            Self::Folder => "a folder",
            Self::Other => "no plain file",
        }
    }
}

impl CheckVerdict {
    /// `passed`, `failed`, `did not run`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotRun => "did not run",
        }
    }
}

impl ChangePlan {
    /// The text with every hunk made.
    pub fn after(&self) -> String {
        self.after_of(|_| true)
    }

    /// The text with those hunks made that `chosen` picks by index.
    pub fn after_of(&self, chosen: impl Fn(usize) -> bool) -> String {
        let mut text = String::with_capacity(self.before.len());
        let mut done = 0;
        for (at, hunk) in self.hunks.iter().enumerate().filter(|(at, _)| chosen(*at)) {
            debug_assert!(done <= hunk.span.start, "hunk {at} overlaps the one before");
            text.push_str(&self.before[done..hunk.span.start]);
            text.push_str(&hunk.text);
            done = hunk.span.end;
        }
        text.push_str(&self.before[done..]);
        text
    }

    /// Lines added and removed by all hunks.
    pub fn line_counts(&self) -> (usize, usize) {
        self.hunks.iter().fold((0, 0), |(added, removed), hunk| {
            (added + hunk.text.lines().count(), removed + hunk.span.of(&self.before).lines().count())
        })
    }
}
