//! What follows from the settings: looked up when somebody needs to know, and kept until it is doubted.
//!
//! The lookup reads files, so it never happens in the intake; a doubt only counts up, so it may come from there.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What is known, and how often it was doubted.
pub(crate) struct Known<T> {
    doubts: AtomicU64,
    /// With the count of doubts before it was looked up.
    known: Mutex<Option<(u64, T)>>,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self { doubts: AtomicU64::default(), known: Mutex::default() }
    }
}

impl<T: Clone> Known<T> {
    /// What is known, else what `look_up` finds. Whoever comes during a lookup waits for it.
    pub(crate) fn get(&self, look_up: impl FnOnce() -> T) -> T {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let doubts = self.doubts.load(Ordering::Acquire);
        match &*known {
            Some((when, found)) if *when == doubts => found.clone(),
            _ => known.insert((doubts, look_up())).1.clone(),
        }
    }

    /// Has it looked up again when it is next needed. Never waits.
    pub(crate) fn doubt(&self) {
        self.doubts.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use copydesk_language::Trust;

    use super::*;

    #[test]
    fn it_is_looked_up_once_and_again_after_a_doubt() {
        let known = Known::default();
        assert_eq!(known.get(|| Trust::Trusted), Trust::Trusted);
        assert_eq!(known.get(|| Trust::Untrusted), Trust::Trusted, "it is known");
        known.doubt();
        let doubted_meanwhile = || {
            known.doubt();
            Trust::Untrusted
        };
        assert_eq!(known.get(doubted_meanwhile), Trust::Untrusted);
        assert_eq!(known.get(|| Trust::Trusted), Trust::Trusted, "the doubt came during the lookup");
    }

    #[test]
    fn nobody_sees_what_was_before_while_it_is_looked_up() {
        let known = Known::default();
        known.get(|| Trust::Trusted);
        known.doubt();
        let under_way = Barrier::new(2);
        let slow = || {
            under_way.wait();
            Trust::Untrusted
        };
        std::thread::scope(|scope| {
            let first = scope.spawn(|| known.get(slow));
            under_way.wait();
            assert_eq!(known.get(|| Trust::Trusted), Trust::Untrusted);
            assert_eq!(first.join().unwrap(), Trust::Untrusted);
        });
    }
}
