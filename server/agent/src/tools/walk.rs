//! The files that a model may know of: not ignored, and none that policy denies or would ask about, under that name or
//! another one.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_base::{Files, Grade, path};
use globset::{Glob, GlobMatcher};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{Output, Work};
use crate::gate::taint;
use crate::gate::twins::Twins;
use crate::run::Turn;

/// What a walk looks at, taken from a turn so that it can run beside it.
pub(crate) struct Walk {
    pub(crate) root: PathBuf,
    pub(super) twins: Twins,
    pub(super) files: Arc<dyn Files>,
    /// Files that are on no disk yet.
    drafted: Vec<PathBuf>,
    /// Ends the walk: its time is over, or the run.
    pub(super) stop: CancellationToken,
    room: Arc<Semaphore>,
}

impl Walk {
    pub(crate) fn of(turn: &Turn) -> Self {
        Self {
            root: turn.settings.root.clone(),
            twins: Twins::of(turn.policy()),
            files: turn.world.files.clone(),
            drafted: turn.draft.new_files(&turn.settings.root),
            stop: turn.cancel.child_token(),
            room: turn.shared.looks.clone(),
        }
    }

    /// A look at what is walked, to be had beside others; what it did not come to is said.
    pub(super) fn look(self, look: impl FnOnce(&Self) -> Output + Send + 'static) -> Work {
        let (stop, room) = (self.stop.clone(), self.room.clone());
        let whole = move || {
            let mut output = look(&self);
            if self.stop.is_cancelled() {
                output.text.push_str("\n[stopped: it took too long; narrow the search]");
            }
            output
        };
        Work::Look { look: Box::new(whole), stop, room }
    }

    /// Every file below a folder, in the order of names, those that are only drafted last, until `look` has seen
    /// enough.
    pub(crate) fn files(&self, start: &Path, mut look: impl FnMut(&Path) -> ControlFlow<()>) {
        self.named(
            start,
            |file| {
                if self.twins.is_twin(file) { ControlFlow::Continue(()) } else { look(file) }
            },
        );
    }

    /// The same for who opens them all and asks then whether one is another's second name.
    pub(super) fn named(&self, start: &Path, mut look: impl FnMut(&Path) -> ControlFlow<()>) {
        let walk = ignore::WalkBuilder::new(start)
            .hidden(false)
            // All of one folder: so their paths differ in their names alone, which need not be cut out for each comparison.
            .sort_by_file_path(|one, other| one.as_os_str().cmp(other.as_os_str()))
            .filter_entry(|entry| entry.file_name() != ".git")
            .build();
        let mut reads = self.twins.reads();
        for entry in walk.flatten() {
            if self.stop.is_cancelled() {
                return;
            }
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            if is_file && reads.allows(entry.path()) && look(entry.path()).is_break() {
                return;
            }
        }
        for file in self.drafted.iter().filter(|file| path::is_inside(start, file)) {
            if reads.allows(file) && look(file).is_break() {
                return;
            }
        }
    }
}

/// The worst of the files that an answer is from, and its name.
#[derive(Debug, Default)]
pub(super) struct Worst {
    pub(super) grade: Grade,
    pub(super) source: String,
}

impl Worst {
    pub(super) fn add(&mut self, walk: &Walk, file: &Path) {
        let grade = taint::of_file(file, &walk.root, &walk.twins.policy.additional);
        if grade > self.grade {
            self.grade = grade;
            self.source = path::shown(&walk.root, file);
        }
    }
}

/// A glob as a model writes it: of the whole path below the folder, or of the name alone.
pub(super) struct Pick(GlobMatcher);

impl Pick {
    pub(super) fn new(text: &str) -> Result<Self, Output> {
        Glob::new(text)
            .map(|glob| Self(glob.compile_matcher()))
            .map_err(|error| Output::failed(format!("the glob does not parse: {error}")))
    }

    pub(super) fn takes(&self, folder: &Path, file: &Path) -> bool {
        let inside = file.strip_prefix(folder).unwrap_or(file);
        self.0.is_match(inside) || file.file_name().is_some_and(|name| self.0.is_match(name))
    }
}
