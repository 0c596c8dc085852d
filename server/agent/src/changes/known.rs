//! Files as the model last saw them in this turn: what it has not seen, or not as it is now, is not replaced whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use copydesk_base::ContentHash;

/// Shared with the looks of a turn, which run beside it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known(Arc<Mutex<BTreeMap<PathBuf, ContentHash>>>);

impl Known {
    /// Notes that the model has seen a file with this text.
    pub(crate) fn note(&self, file: &Path, text: &str) {
        self.lock().insert(file.to_owned(), ContentHash::of(text));
    }

    /// Whether it has seen anything of a file.
    pub(crate) fn has(&self, file: &Path) -> bool {
        self.lock().contains_key(file)
    }

    /// Whether it has seen a file with this text, or there is nothing to see.
    pub(crate) fn is(&self, file: &Path, text: &str) -> bool {
        text.is_empty() || self.lock().get(file) == Some(&ContentHash::of(text))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PathBuf, ContentHash>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
