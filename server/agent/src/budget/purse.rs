//! What a run and all its helpers use up, together: one purse for the tree.
//!
//! A try is held before it leaves, at the most that it can cost, in the same step in which it is checked. So runs that
//! work side by side cannot spend together what none of them might spend alone.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use copydesk_base::{Timestamp, Usage};

use crate::budget::overrun::Overrun;

#[derive(Debug, Default)]
pub(crate) struct Purse(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    spent: Usage,
    /// What of it was spent since the person spoke last, and when that was; nothing where it was at the beginning.
    turn: Usage,
    spoken: Option<Timestamp>,
    /// Tries under way, each at the most that it can cost.
    held: BTreeMap<u64, Usage>,
    next: u64,
    /// The longest answer of each model of which its server said that it is far longer than was allowed.
    overruns: Vec<Overrun>,
    /// Up to when the time is counted for the day.
    counted: Option<Timestamp>,
}

/// A try that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held(u64);

/// What is spent, and held for tries under way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Gone {
    pub(crate) all: Usage,
    /// Since the person spoke last.
    pub(crate) turn: Usage,
}

impl Purse {
    /// Holds what a try may cost, where `decide` lets it leave: it is told what is spent and held so far.
    pub(crate) fn hold<T, E>(
        &self,
        decide: impl FnOnce(Gone) -> Result<(T, Usage), E>,
    ) -> Result<(T, Usage, Held), E> {
        let mut inside = self.lock();
        let mut gone = Gone { all: inside.spent, turn: inside.turn };
        for held in inside.held.values() {
            gone.all.add(*held);
            gone.turn.add(*held);
        }
        let (decided, most) = decide(gone)?;
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
        inside.turn.add(cost);
    }

    /// Keeps in mind that a model's server does not end where it is told to; answers whether that is news.
    pub(crate) fn overran(&self, overrun: Overrun) -> bool {
        let overruns = &mut self.lock().overruns;
        let Some(known) = overruns.iter_mut().find(|known| known.model == overrun.model) else {
            overruns.push(overrun);
            return true;
        };
        if known.counted < overrun.counted {
            *known = overrun;
        }
        false
    }

    /// The longest answer of that kind of a model.
    pub(crate) fn overrun(&self, model: &str) -> Option<Overrun> {
        self.lock().overruns.iter().find(|known| known.model == model).cloned()
    }

    /// The person has spoken: another turn begins.
    pub(crate) fn begin_turn(&self, now: Timestamp) {
        let mut inside = self.lock();
        inside.turn = Usage::default();
        inside.spoken = Some(now);
    }

    /// How long the turn takes already.
    pub(crate) fn since_spoken(&self, began: Timestamp, now: Timestamp) -> Duration {
        now.since(self.lock().spoken.unwrap_or(began))
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
                let used = used.all.input_tokens;
                if used + most <= 100 { Ok(((), tokens(most))) } else { Err(used) }
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

    #[test]
    fn the_longest_overrun_of_each_model_is_kept_in_mind() {
        let purse = Purse::default();
        let overran = |model: &str, reported| {
            purse.overran(Overrun::of(model.to_owned(), 100, reported, reported).unwrap())
        };
        let news = [overran("p/m", 900), overran("p/m", 400), overran("p/m", 1_000), overran("q/m", 300)];
        assert_eq!(news, [true, false, false, true]);
        let longest = |model| purse.overrun(model).map(|overrun| overrun.counted);
        assert_eq!((longest("p/m"), longest("q/m"), longest("r/m")), (Some(1_000), Some(300), None));
    }

    #[test]
    fn a_turn_begins_when_the_person_speaks() {
        let tokens = |input_tokens| Usage { input_tokens, requests: 1, ..Usage::default() };
        let purse = Purse::default();
        let gone = |purse: &Purse| match purse.hold::<(), _>(Err) {
            Err(Gone { all, turn }) => (all.input_tokens, turn.input_tokens),
            Ok(_) => panic!("nothing is held"),
        };
        let (began, at) = (Timestamp(1_000), |ms: u64| Timestamp(1_000 + ms));
        let Ok(((), _, held)) = purse.hold::<_, ()>(|_| Ok(((), tokens(50)))) else { panic!("it is held") };
        assert_eq!(gone(&purse), (50, 50));
        purse.pay(held, tokens(20));
        assert_eq!(purse.since_spoken(began, at(30)), Duration::from_millis(30));
        purse.begin_turn(at(40));
        assert_eq!((gone(&purse), purse.since_spoken(began, at(50))), ((20, 0), Duration::from_millis(10)));
        let Ok(((), _, held)) = purse.hold::<_, ()>(|_| Ok(((), tokens(5)))) else { panic!("it is held") };
        purse.pay(held, tokens(5));
        assert_eq!(gone(&purse), (25, 5));
    }
}
