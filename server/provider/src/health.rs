//! How the models and providers of this process are doing: circuits, slots and rate limits.
//!
//! A *circuit* belongs to one model at one address ([`crate::Choice::circuit`]). It opens after a few tries in a row
//! that failed for a reason that may pass, stays open for a while that doubles each time it opens again, and then lets
//! one try decide. Nobody is refused because of it: a [`crate::Route`] passes over an open circuit where there is
//! somebody else to ask. A *gauge* belongs to one provider: how many requests may be under way, and until when it wants
//! none.
//!
//! [`Health`] is a handle that outlives the settings. [`Health::saved`] and [`Health::restore`] carry circuits to the
//! next process, as plain data with wall-clock times that are handed in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use copydesk_base::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::CallError;
use crate::quirks::Thoughts;
use crate::retry::{LONGEST_WAIT, is_passing};

/// Failed tries in a row that open a circuit.
const OPENS_AFTER: u32 = 3;

/// How long it stays open the first time, and at most.
const COOLDOWN: Duration = Duration::from_secs(30);
const LONGEST_COOLDOWN: Duration = Duration::from_mins(5);

/// The health of all models of this process. Clones are the same.
#[derive(Clone, Default)]
pub struct Health(Arc<Shared>);

#[derive(Default)]
struct Shared {
    inner: Mutex<Inner>,
    keeper: Option<Keeper>,
}

/// Told of every change of a circuit, and of whose it is.
type Keeper = Box<dyn Fn(&Health, &str) + Send + Sync>;

#[derive(Debug, Default)]
struct Inner {
    circuits: BTreeMap<String, Circuit>,
    gauges: BTreeMap<String, Gauge>,
    /// What servers were found to want of the thoughts that led to calls, by circuit.
    thoughts: BTreeMap<String, Thoughts>,
}

#[derive(Clone, Debug, Default)]
struct Circuit {
    failures: u32,
    /// How often it has opened since the model last answered.
    opened: u32,
    /// Until when it is open, where it is, or was and has not been tried since.
    until: Option<Instant>,
    because: String,
}

#[derive(Debug)]
struct Gauge {
    size: u32,
    slots: Arc<Semaphore>,
    limited: Option<(Instant, String)>,
}

/// What is known of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing speaks against it.
    Fine,
    /// The last tries failed, too few to matter yet.
    Failing { failures: u32, because: String },
    /// It is passed over for so long, where there is somebody else to ask.
    Open { left: Duration, failures: u32, because: String },
    /// It was passed over, and the next try decides.
    Trial { because: String },
}

impl State {
    /// As words for people: `fine`, `passed over for 23 s more: …`.
    pub fn words(&self) -> String {
        match self {
            Self::Fine => "fine".to_owned(),
            Self::Failing { failures: 1, because } => format!("the last try failed: {because}"),
            Self::Failing { failures, because } => format!("the last {failures} tries failed: {because}"),
            Self::Open { left, failures, because } => {
                let left = crate::error::span(*left);
                let tries = if *failures == 1 { "try" } else { "tries" };
                format!(
                    "passed over for {left} after {failures} failed {tries}, where there is a fallback: {because}"
                )
            }
            Self::Trial { because } => format!("was passed over; the next try decides: {because}"),
        }
    }

    /// Whether a route passes over it.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

/// A circuit as it is kept between processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// `provider/model`.
    pub model: String,
    pub failures: u32,
    #[serde(default)]
    pub opened: u32,
    #[serde(default)]
    pub open_until: Option<Timestamp>,
    #[serde(default)]
    pub because: String,
}

impl Health {
    /// One whose changes somebody wants to keep.
    pub fn kept_by(keeper: impl Fn(&Self, &str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shared { inner: Mutex::default(), keeper: Some(Box::new(keeper)) }))
    }

    /// What is known of a model.
    pub fn of(&self, circuit_name: &str) -> State {
        let now = Instant::now();
        let Some(circuit) = self.inner().circuits.get(circuit_name).cloned() else { return State::Fine };
        let Circuit { failures, until, because, .. } = circuit;
        match until {
            Some(until) if until > now => State::Open { left: until - now, failures, because },
            Some(_) => State::Trial { because },
            None if failures > 0 => State::Failing { failures, because },
            None => State::Fine,
        }
    }

    /// Until when a provider wants no request, and why.
    pub fn limited(&self, provider: &str) -> Option<(Duration, String)> {
        let now = Instant::now();
        let (until, because) = self.inner().gauges.get(provider)?.limited.clone()?;
        (until > now).then(|| (until - now, because))
    }

    /// A try failed. What is no fault of the model, or of the way to it, does not count.
    pub fn failed(&self, circuit_name: &str, error: &CallError) {
        if !is_passing(error) && !matches!(error, CallError::Timeout { .. } | CallError::PastLimit { .. }) {
            return;
        }
        let mut inner = self.inner();
        let circuit = inner.circuits.entry(circuit_name.to_owned()).or_default();
        circuit.failures = circuit.failures.saturating_add(1);
        circuit.because = error.to_string();
        let now = Instant::now();
        // A server that names a time is not asked before, in the next process neither.
        if let Some(wait) = error.retry_after().filter(|wait| *wait > LONGEST_WAIT) {
            circuit.until = Some(now + wait.min(LONGEST_COOLDOWN));
        }
        // What fails while it is open was asked for all the same, and says nothing new.
        let is_open = circuit.until.is_some_and(|until| until > now);
        if circuit.failures >= OPENS_AFTER && !is_open {
            circuit.until = Some(now + (COOLDOWN * (1 << circuit.opened.min(8))).min(LONGEST_COOLDOWN));
            circuit.opened = circuit.opened.saturating_add(1);
        }
        drop(inner);
        self.changed(circuit_name);
    }

    /// A model answered.
    pub(crate) fn answered(&self, circuit_name: &str) {
        if self.inner().circuits.remove(circuit_name).is_some() {
            self.changed(circuit_name);
        }
    }

    /// What a model's server was found to want of thoughts, in this process.
    pub(crate) fn thoughts(&self, circuit_name: &str) -> Option<Thoughts> {
        self.inner().thoughts.get(circuit_name).copied()
    }

    pub(crate) fn found_thoughts(&self, circuit_name: &str, wanted: Thoughts) {
        self.inner().thoughts.insert(circuit_name.to_owned(), wanted);
    }

    /// A provider wants no request for a while.
    pub(crate) fn limit(&self, provider: &str, size: u32, wait: Duration, because: &str) {
        self.inner().gauge(provider, size).limited = Some((Instant::now() + wait, because.to_owned()));
    }

    /// The slots of a provider.
    pub(crate) fn slots(&self, provider: &str, size: u32) -> Slots {
        Slots { slots: self.inner().gauge(provider, size).slots.clone() }
    }

    /// The circuits as they are, at this moment of the wall clock.
    pub fn saved(&self, now: Timestamp) -> Vec<Saved> {
        let moment = Instant::now();
        let inner = self.inner();
        let saved = inner.circuits.iter().map(|(model, circuit)| Saved {
            model: model.clone(),
            failures: circuit.failures,
            opened: circuit.opened,
            open_until: circuit.until.map(|until| {
                let left = until.saturating_duration_since(moment);
                Timestamp(now.0.saturating_add(u64::try_from(left.as_millis()).unwrap_or(u64::MAX)))
            }),
            because: circuit.because.clone(),
        });
        saved.collect()
    }

    /// Takes in what another process knew; what is known here goes first.
    pub fn restore(&self, saved: Vec<Saved>, now: Timestamp) {
        let moment = Instant::now();
        let mut inner = self.inner();
        for saved in saved {
            let until = saved.open_until.map(|until| {
                let left = Duration::from_millis(until.0.saturating_sub(now.0));
                moment + left.min(LONGEST_COOLDOWN)
            });
            let Saved { model, failures, opened, because, .. } = saved;
            let circuit = Circuit { failures, opened, until, because };
            inner.circuits.entry(model).or_insert(circuit);
        }
    }

    fn changed(&self, circuit_name: &str) {
        if let Some(keeper) = &self.0.keeper {
            keeper(self, circuit_name);
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Health").field(&self.0.inner).finish()
    }
}

impl Inner {
    fn gauge(&mut self, provider: &str, size: u32) -> &mut Gauge {
        let fresh = || Gauge { size, slots: Arc::new(Semaphore::new(size.max(1) as usize)), limited: None };
        let gauge = self.gauges.entry(provider.to_owned()).or_insert_with(fresh);
        if gauge.size != size {
            // Who holds an old slot gives it back to where it came from.
            let limited = gauge.limited.take();
            *gauge = Gauge { limited, ..fresh() };
        }
        gauge
    }
}

/// The slots of a provider: each request under way holds one.
pub(crate) struct Slots {
    slots: Arc<Semaphore>,
}

/// Held while a request is under way.
#[must_use]
pub(crate) struct Slot {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Slots {
    /// A slot, where one is free.
    pub(crate) fn free(&self) -> Option<Slot> {
        self.slots.clone().try_acquire_owned().ok().map(|permit| Slot { _permit: Some(permit) })
    }

    /// The next slot, in the order of those who wait.
    pub(crate) async fn next(self) -> Slot {
        // Nobody closes it; where somebody did, waiting for ever would be worse than one request too many.
        Slot { _permit: self.slots.acquire_owned().await.ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const M: &str = "p/m";

    fn gone() -> CallError {
        CallError::Unreachable { address: "a".into(), reason: "r".into() }
    }

    fn open(left: u64, failures: u32) -> State {
        State::Open { left: Duration::from_secs(left), failures, because: gone().to_string() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_circuit_opens_tries_and_closes() {
        let health = Health::default();
        let because = gone().to_string();
        let pass = async |seconds| tokio::time::advance(Duration::from_secs(seconds)).await;
        assert_eq!(health.of(M), State::Fine);
        health.failed(M, &gone());
        health.failed(M, &gone());
        assert_eq!(health.of(M), State::Failing { failures: 2, because: because.clone() });
        health.failed(M, &CallError::Canceled);
        health.failed(
            M,
            &CallError::NoKey { provider: "p".into(), variable: "K".into(), missing: crate::Missing::Unset },
        );
        assert!(!health.of(M).is_open(), "what is no fault of the server's does not count");
        health.failed(M, &gone());
        assert_eq!(health.of(M), open(30, 3));
        pass(29).await;
        assert_eq!(health.of(M), open(1, 3));
        pass(1).await;
        assert_eq!(health.of(M), State::Trial { because });
        health.failed(M, &gone());
        assert_eq!(health.of(M), open(60, 4), "a trial that fails doubles the wait");
        health.failed(M, &gone());
        assert_eq!(health.of(M), open(60, 5), "what fails meanwhile changes nothing");
        for _ in 0..8 {
            pass(300).await;
            health.failed(M, &gone());
        }
        assert_eq!(health.of(M), open(300, 13), "up to five minutes");
        health.answered(M);
        assert_eq!((health.of(M), health.of("p/other")), (State::Fine, State::Fine));
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_to_wait_for_long_is_passed_over_for_so_long() {
        let limited = |seconds| CallError::RateLimited {
            address: "a".into(),
            retry_after: Some(Duration::from_secs(seconds)),
            message: String::new(),
        };
        for (seconds, left) in [(60, None), (61, Some(61)), (200, Some(200)), (3_600, Some(300))] {
            let health = Health::default();
            health.failed(M, &limited(seconds));
            let got = match health.of(M) {
                State::Open { left, .. } => Some(left.as_secs()),
                _ => None,
            };
            assert_eq!(got, left, "{seconds}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_one_process_learned_the_next_one_knows() {
        let health = Health::default();
        for _ in 0..3 {
            health.failed(M, &gone());
        }
        let saved = health.saved(Timestamp(1_000));
        assert_eq!(saved.len(), 1);
        let check = |now: u64, expect: State| {
            let next = Health::default();
            next.restore(saved.clone(), Timestamp(now));
            assert_eq!(next.of(M), expect, "at {now}");
        };
        check(1_000, open(30, 3));
        check(11_000, open(20, 3));
        check(31_000, State::Trial { because: gone().to_string() });
        check(0, open(31, 3));
        let known = Health::default();
        known.failed(M, &gone());
        known.restore(saved, Timestamp(1_000));
        assert!(!known.of(M).is_open(), "what is known here goes first");
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_has_slots_and_limits() {
        let health = Health::default();
        let first = health.slots("p", 2).free();
        let second = health.slots("p", 2).free();
        assert!(first.is_some() && second.is_some());
        assert!(health.slots("p", 2).free().is_none());
        assert!(health.slots("q", 2).free().is_some(), "another provider has its own");
        drop(first);
        assert!(health.slots("p", 2).free().is_some());
        health.limit("p", 2, Duration::from_secs(5), "no requests left");
        assert_eq!(health.limited("p"), Some((Duration::from_secs(5), "no requests left".to_owned())));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!((health.limited("p"), health.limited("q")), (None, None));
    }
}
