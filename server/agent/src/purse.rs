//! What a run and all its helpers use up, together: one purse for the tree.
//!
//! A try is held before it leaves, at the most that it can cost, in the same step in which it is checked. So runs that
//! work side by side cannot spend together what none of them might spend alone.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use copydesk_base::{Timestamp, Usage};

#[derive(Debug, Default)]
pub(crate) struct Purse(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    spent: Usage,
    /// Tries under way, each at the most that it can cost.
    held: BTreeMap<u64, Usage>,
    next: u64,
    /// Up to when the time is counted for the day.
    counted: Option<Timestamp>,
}

/// A try that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held(u64);

impl Purse {
    /// Holds what a try may cost, where `decide` lets it leave: it is told what is spent and held so far.
    pub(crate) fn hold<T, E>(
        &self,
        decide: impl FnOnce(Usage) -> Result<(T, Usage), E>,
    ) -> Result<(T, Usage, Held), E> {
        let mut inside = self.lock();
        let mut total = inside.spent;
        inside.held.values().for_each(|held| total.add(*held));
        let (decided, most) = decide(total)?;
        let held = inside.next;
        inside.next += 1;
        inside.held.insert(held, most);
        Ok((decided, most, Held(held)))
    }

    /// Counts what a try did cost, in the place of what was held for it.
    pub(crate) fn pay(&self, held: Held, cost: Usage) {
        let mut inside = self.lock();
        inside.held.remove(&held.0);
        inside.spent.add(cost);
    }

    /// The time of the tree that is not counted for the day yet; runs side by side take their time only once.
    pub(crate) fn uncounted(&self, began: Timestamp, now: Timestamp) -> Duration {
        now.since(self.lock().counted.unwrap_or(began))
    }

    /// The same, and from here on it is counted.
    pub(crate) fn count(&self, began: Timestamp, now: Timestamp) -> Duration {
        let mut inside = self.lock();
        let from = inside.counted.unwrap_or(began);
        inside.counted = Some(from.max(now));
        now.since(from)
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_runs_side_by_side_counts_once() {
        let purse = Purse::default();
        let (began, at) = (Timestamp(1_000), |ms: u64| Timestamp(1_000 + ms));
        let ms = Duration::from_millis;
        assert_eq!(purse.uncounted(began, at(30)), ms(30));
        assert_eq!(purse.count(began, at(50)), ms(50), "the first helper");
        assert_eq!(purse.count(began, at(70)), ms(20), "the one beside it, that began as early");
        assert_eq!(purse.count(began, at(60)), ms(0), "a clock that goes back takes nothing back");
        assert_eq!(purse.uncounted(began, at(75)), ms(5));
    }

    #[test]
    fn two_tries_side_by_side_do_not_spend_what_one_may() {
        let tokens = |input_tokens| Usage { input_tokens, requests: 1, ..Usage::default() };
        let purse = Purse::default();
        let attempt = |most: u64| {
            purse.hold(|used| {
                if used.input_tokens + most <= 100 { Ok(((), tokens(most))) } else { Err(used.input_tokens) }
            })
        };
        let ((), _, first) = attempt(60).unwrap();
        assert_eq!(attempt(60), Err(60), "the first may still cost as much");
        purse.pay(first, tokens(10));
        let ((), _, second) = attempt(60).unwrap();
        purse.pay(second, tokens(60));
        assert_eq!(attempt(40), Err(70));
        assert!(attempt(30).is_ok());
    }
}
