//! The turns to edit in: one edit at a time, in the whole process.
//!
//! An editor may never answer. Where nobody wants the edit any more, the turn [is given on](Pass::give_on), and only
//! edits of the same file wait for what becomes of it. Whoever settles what is left open in the journal waits until
//! nobody edits at all.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedMutexGuard, OwnedRwLockReadGuard, RwLock, RwLockWriteGuard};

/// The turn to edit one file, until it is dropped.
pub struct Pass {
    turn: Option<OwnedMutexGuard<()>>,
    _file: OwnedMutexGuard<()>,
    _any: OwnedRwLockReadGuard<()>,
}

impl Pass {
    /// Lets others edit other files, though this edit is not over.
    pub(crate) fn give_on(&mut self) {
        drop(self.turn.take());
    }
}

/// Who edits.
#[derive(Default)]
pub(crate) struct Turnstile {
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Who edits which file, or waits to.
    files: Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>>,
    any: Arc<RwLock<()>>,
}

impl Turnstile {
    /// Waits for the turn to edit a file.
    pub(crate) async fn of(&self, file: &Path) -> Pass {
        let its = {
            let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
            // What nobody has or waits for is only here.
            files.retain(|_, its| Arc::strong_count(its) > 1);
            files.entry(file.to_owned()).or_default().clone()
        };
        let file = its.lock_owned().await;
        let turn = Some(self.turn.clone().lock_owned().await);
        Pass { turn, _file: file, _any: self.any.clone().read_owned().await }
    }

    /// Waits until nobody edits anything, and lets nobody begin.
    pub(crate) async fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        self.any.write().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn others_wait_until_the_turn_is_given_on_and_those_of_the_file_until_it_is_over() {
        let turnstile = Turnstile::default();
        let (a, b) = (Path::new("/a"), Path::new("/b"));
        let is_free = |file| turnstile.of(file).now_or_never().is_some();
        let mut first = turnstile.of(a).await;
        assert_eq!((is_free(a), is_free(b)), (false, false));
        first.give_on();
        assert_eq!((is_free(a), is_free(b)), (false, true));
        assert!(turnstile.alone().now_or_never().is_none());
        drop(first);
        assert_eq!((is_free(a), is_free(b)), (true, true));
        let alone = turnstile.alone().now_or_never().expect("nobody edits");
        assert_eq!((is_free(a), is_free(b)), (false, false));
        drop(alone);
    }
}
