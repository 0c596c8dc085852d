//! The files that a model may know of: not ignored, and none that policy denies or would ask about, under that name or
//! another one.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use copydesk_base::{Effect, Files, Grade, Verdict, path};
use copydesk_permission::sandbox::survey;
use copydesk_permission::{Policy, judge};
use globset::{Glob, GlobMatcher};
use tokio_util::sync::CancellationToken;

use super::{Output, Work};
use crate::run::Turn;
use crate::taint;

/// What a walk looks at, taken from a turn so that it can run beside it.
pub(crate) struct Walk {
    pub(crate) root: PathBuf,
    policy: Policy,
    pub(super) files: Arc<dyn Files>,
    /// Files that are on no disk yet.
    drafted: Vec<PathBuf>,
    /// The numbers of files with several names that may not be known; looked for when it matters first.
    twins: OnceLock<HashSet<(u64, u64)>>,
    /// Ends the walk: its time is over, or the run.
    pub(super) stop: CancellationToken,
}

impl Walk {
    pub(crate) fn of(turn: &Turn) -> Self {
        Self {
            root: turn.settings.root.clone(),
            policy: turn.policy(),
            files: turn.world.files.clone(),
            drafted: turn.draft.new_files(&turn.settings.root),
            twins: OnceLock::new(),
            stop: turn.cancel.child_token(),
        }
    }

    /// A look at what is walked, to be had beside others; what it did not come to is said.
    pub(super) fn look(self, look: impl FnOnce(&Self) -> Output + Send + 'static) -> Work {
        let stop = self.stop.clone();
        let whole = move || {
            let mut output = look(&self);
            if self.stop.is_cancelled() {
                output.text.push_str("\n[stopped: it took too long; narrow the search]");
            }
            output
        };
        Work::Look { look: Box::new(whole), stop }
    }

    /// Every file below a folder, in the order of names, those that are only drafted last, until `look` has seen enough.
    pub(crate) fn files(&self, start: &Path, mut look: impl FnMut(&Path) -> ControlFlow<()>) {
        let walk = ignore::WalkBuilder::new(start)
            .hidden(false)
            .sort_by_file_name(Ord::cmp)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build();
        for entry in walk.flatten() {
            if self.stop.is_cancelled() {
                return;
            }
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            let may_know = |path: &Path| self.may_know(path) && !self.is_twin(path);
            if is_file && may_know(entry.path()) && look(entry.path()).is_break() {
                return;
            }
        }
        for file in self.drafted.iter().filter(|file| path::is_inside(start, file)) {
            if self.may_know(file) && look(file).is_break() {
                return;
            }
        }
    }

    /// Whether a file is one that may not be known, under a second name of its own (a hard link): rules know paths.
    pub(super) fn is_twin(&self, path: &Path) -> bool {
        let Some(number) = number_of_several(path) else { return false };
        let unknown = || {
            let secret = survey(&self.policy).secret;
            secret
                .iter()
                .filter(|place| !self.may_know(place))
                .filter_map(|place| number_of_several(place))
                .collect()
        };
        self.twins.get_or_init(unknown).contains(&number)
    }

    /// Whether policy lets it be read without a question.
    pub(super) fn may_know(&self, path: &Path) -> bool {
        matches!(judge(&Effect::Read { path: path.to_owned() }, &self.policy), Verdict::Allow(_))
    }
}

/// The number of a file that has more names than one.
fn number_of_several(path: &Path) -> Option<(u64, u64)> {
    let there = path.symlink_metadata().ok().filter(|there| there.is_file() && there.nlink() > 1)?;
    Some((there.dev(), there.ino()))
}

/// The worst of the files that an answer is from, and its name.
#[derive(Debug, Default)]
pub(super) struct Worst {
    pub(super) grade: Grade,
    pub(super) source: String,
}

impl Worst {
    pub(super) fn add(&mut self, walk: &Walk, file: &Path) {
        let grade = taint::of_file(file, &walk.root, &walk.policy.additional);
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
