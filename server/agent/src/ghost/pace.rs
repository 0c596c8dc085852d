//! When to wait: for a person who types, and for a model that does not answer.

use std::time::Duration;

use copydesk_base::Timestamp;

const SHORTEST: f64 = 30.0;
const LONGEST: f64 = 400.0;

/// Keys farther apart than this are not one go of typing.
const BREAK: Duration = Duration::from_secs(1);

/// How fast somebody types here, and how often they take what is shown.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    last: Option<Timestamp>,
    /// The usual time between two keys, in milliseconds; newer ones weigh more.
    between: f64,
    /// The share of suggestions that were taken, the same way.
    taken: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { last: None, between: 90.0, taken: 0.3 }
    }
}

impl Pace {
    /// A key was pressed.
    pub(super) fn key(&mut self, now: Timestamp) {
        if let Some(last) = self.last.replace(now) {
            let passed = now.since(last);
            if !passed.is_zero() && passed < BREAK {
                self.between += (passed.as_secs_f64() * 1000.0 - self.between) * 0.2;
            }
        }
    }

    /// What became of a suggestion.
    pub(super) fn outcome(&mut self, fate: Fate) {
        let share = if fate == Fate::Taken { 1.0 } else { 0.0 };
        self.taken += (share - self.taken) * 0.1;
    }

    /// How long to wait whether another key comes: a little more than usual, less where suggestions are welcome.
    pub(super) fn pause(&self) -> Duration {
        let wait = self.between * (1.5 - self.taken);
        Duration::from_secs_f64(wait.clamp(SHORTEST, LONGEST) / 1000.0)
    }
}

/// What became of a suggestion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Taken,
    Ignored,
}

/// After the first failure nobody is asked for so long; it doubles with each further one.
const FIRST_REST: Duration = Duration::from_secs(2);
const LONGEST_REST: Duration = Duration::from_mins(5);

/// So many answers one after the other of which nothing could be shown are no accident.
const MOST_TALKS: u32 = 3;

/// How a model has been lately.
#[derive(Clone, Debug, Default)]
pub(super) struct Health {
    failures: u32,
    /// Answers of which nothing could be shown, since the last one that was as it should be.
    talks: u32,
    until: Timestamp,
}

impl Health {
    /// Whether it is left alone.
    pub(super) fn rests(&self, now: Timestamp) -> bool {
        now < self.until
    }

    /// It failed; whether that is news.
    pub(super) fn fails(&mut self, now: Timestamp, retry_after: Option<Duration>) -> bool {
        let rest = FIRST_REST.saturating_mul(1 << self.failures.min(10)).min(LONGEST_REST);
        let rest = rest.max(retry_after.unwrap_or_default());
        self.until = Timestamp(now.0 + u64::try_from(rest.as_millis()).unwrap_or(u64::MAX / 2));
        self.failures = self.failures.saturating_add(1);
        self.failures == 1
    }

    /// It answered, and nothing of that can be shown; whether that is news. Any model does so now and then.
    pub(super) fn talks(&mut self, now: Timestamp) -> bool {
        self.talks = self.talks.saturating_add(1);
        if self.talks >= MOST_TALKS {
            self.fails(now, None);
        }
        self.talks == MOST_TALKS
    }

    /// It answered.
    pub(super) fn works(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_follows_the_person() {
        let typed = |between: u64, fate: Option<Fate>| {
            let mut pace = Pace::default();
            for at in 0..60 {
                pace.key(Timestamp(at * between));
                if let Some(fate) = fate {
                    pace.outcome(fate);
                }
            }
            pace.pause().as_millis()
        };
        assert_eq!(Pace::default().pause().as_millis(), 108);
        assert_eq!(typed(10, None), 30, "never shorter");
        assert_eq!(typed(100, None), 119);
        assert_eq!(typed(100, Some(Fate::Taken)), 50, "welcome suggestions come sooner");
        assert_eq!(typed(100, Some(Fate::Ignored)), 149);
        assert_eq!(typed(900, None), 400, "never longer");
        assert_eq!(typed(5_000, None), 108, "a break is no typing");
    }

    #[test]
    fn a_model_that_does_not_do_as_it_is_asked_rests_too() {
        let mut health = Health::default();
        let now = Timestamp(0);
        for _ in 0..2 {
            assert!(!health.talks(now) && !health.rests(now), "any model does so now and then");
        }
        health.works();
        let told: Vec<bool> = (0..4).map(|_| health.talks(now)).collect();
        assert_eq!((told, health.rests(now)), (vec![false, false, true, false], true));
    }

    #[test]
    fn rests_double_and_end_with_the_first_answer() {
        let mut health = Health::default();
        let seconds = |seconds: u64| Timestamp(seconds * 1000);
        assert!(!health.rests(seconds(0)));
        assert!(health.fails(seconds(0), None), "the first one is news");
        assert!(health.rests(seconds(1)) && !health.rests(seconds(2)));
        assert!(!health.fails(seconds(2), None), "the second is not");
        assert!(health.rests(seconds(5)) && !health.rests(seconds(6)));
        assert!(!health.fails(seconds(6), Some(Duration::from_secs(90))));
        assert!(health.rests(seconds(95)) && !health.rests(seconds(96)), "as long as the server says");
        for _ in 0..40 {
            health.fails(seconds(100), None);
        }
        assert!(!health.rests(seconds(400)), "never longer than five minutes");
        health.works();
        assert!(!health.rests(seconds(100)) && health.fails(seconds(100), None));
    }
}
