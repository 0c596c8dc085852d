//! What to do about a failed call: try the same model again, let another one answer, or neither.
//!
//! The one place that knows. Tools run only when an answer is whole, so a call may be tried again wherever its stream
//! broke: nothing of it had an effect.

use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use crate::{CallError, Waited};

/// How often and how patiently to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Further tries after the first one.
    pub most: u32,
    /// The pause before the first of them; it doubles each time, and each is cut to between half and all of it.
    pub pause: Duration,
    /// No try begins later than this after the call began.
    pub within: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { most: 2, pause: Duration::from_millis(800), within: Duration::from_mins(3) }
    }
}

/// A server that asks for a longer wait than this is reported, not waited for.
pub const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How far a call has come when it fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// The tries so far, from 1.
    pub times: u32,
    /// Since the call began.
    pub elapsed: Duration,
    /// Anything between 0 and 1.
    pub luck: f64,
}

/// How long to wait before trying again; `None` where the error stands.
pub fn pause(error: &CallError, tried: Tried, retries: &Retries) -> Option<Duration> {
    if tried.times > retries.most || !is_passing(error) {
        return None;
    }
    let wait = match error.retry_after() {
        Some(after) if after > LONGEST_WAIT => return None,
        Some(after) => after,
        None => {
            let whole = retries.pause.saturating_mul(1 << (tried.times - 1).min(6));
            whole.mul_f64(0.5 + tried.luck.clamp(0.0, 1.0) / 2.0)
        }
    };
    (tried.elapsed.saturating_add(wait) <= retries.within).then_some(wait)
}

/// Whether another model may answer where this one could not.
///
/// Not where the request itself is at fault, nor where a person has stopped it: the next model would get the same.
pub fn may_switch(error: &CallError) -> bool {
    is_passing(error)
        || matches!(
            error,
            CallError::NoKey { .. }
                | CallError::KeyFailed { .. }
                | CallError::UnusableKey { .. }
                | CallError::Refused { .. }
                | CallError::BadAddress { .. }
                | CallError::Unsendable { .. }
                | CallError::Untrusted { .. }
                | CallError::Scheme { .. }
                // Nobody pays for it any more.
                | CallError::NoCredit { .. }
                | CallError::NotFound { .. }
                | CallError::NoModel { .. }
                // Nobody takes it there, or it is more than that one's limit: another one's may be wider.
                | CallError::Status { status: 404 | 429, .. }
                | CallError::Blind { .. }
                | CallError::Toolless { .. }
                | CallError::Redirected { .. }
                | CallError::Timeout { .. }
                | CallError::BrokeOff { .. }
                | CallError::Malformed { .. }
                // It did not do as it was told; the next one may.
                | CallError::PastLimit { .. }
        )
}

/// Whether the server, or the way to it, is at fault, and may be well again soon.
pub(crate) fn is_passing(error: &CallError) -> bool {
    match error {
        CallError::Unreachable { .. }
        | CallError::HungUp { .. }
        | CallError::RateLimited { .. }
        | CallError::Overloaded { .. }
        | CallError::Truncated { .. } => true,
        // The patience for a first byte, or a first word, is long; to spend it again on the same server helps nobody.
        CallError::Timeout { waited, .. } => {
            !matches!(waited, Waited::FirstByte | Waited::Content | Waited::Further)
        }
        CallError::Status { status, .. } => matches!(*status, 408 | 409 | 500..),
        CallError::BrokeOff { kind, .. } => is_servers_fault(kind),
        _ => false,
    }
}

/// Whether an error inside an answer is the server's fault, by its kind.
pub(crate) fn is_servers_fault(kind: &str) -> bool {
    matches!(
        kind,
        "api_error"
            | "server_error"
            | "internal_server_error"
            | "internal_error"
            | "timeout_error"
            | "timeout"
    )
}

/// A number between 0 and 1, different each time: clients that failed together must not come back together.
pub(crate) fn luck() -> f64 {
    let bits = std::hash::RandomState::new().build_hasher().finish();
    f64::from((bits >> 32) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Distrust, Scheme, ToldBy};

    fn limited(seconds: Option<u64>) -> CallError {
        let retry_after = seconds.map(Duration::from_secs);
        CallError::RateLimited { address: "a".into(), retry_after, message: String::new() }
    }

    fn status(status: u16) -> CallError {
        CallError::Status { address: "a".into(), status, retry_after: None, message: String::new() }
    }

    fn timeout(waited: Waited) -> CallError {
        CallError::Timeout { address: "a".into(), waited, after: Duration::from_secs(1) }
    }

    fn broke(kind: &str) -> CallError {
        CallError::BrokeOff { kind: kind.into(), message: String::new() }
    }

    #[test]
    fn each_error_has_its_remedy() {
        let refused =
            CallError::Refused { address: "a".into(), status: 401, key: "k".into(), message: String::new() };
        let missing = CallError::NotFound {
            address: "a".into(),
            model: "m".into(),
            remedy: "r".into(),
            message: String::new(),
        };
        let unreachable = || CallError::Unreachable { address: "a".into(), reason: "r".into() };
        let cut = CallError::Truncated { address: "a".into(), received: 3 };
        let nonsense = CallError::Malformed { address: "a".into(), reason: "r".into() };
        let no_key =
            CallError::NoKey { provider: "p".into(), variable: "K".into(), missing: crate::Missing::Unset };
        let ms = |ms| Some(Duration::from_millis(ms));
        let check = |error: CallError, times, luck, again: Option<Duration>, switch: bool| {
            let tried = Tried { times, elapsed: Duration::ZERO, luck };
            let got = (pause(&error, tried, &Retries::default()), may_switch(&error));
            assert_eq!(got, (again, switch), "{error}, try {times}");
        };
        check(unreachable(), 1, 1.0, ms(800), true);
        check(unreachable(), 1, 0.0, ms(400), true);
        check(unreachable(), 2, 1.0, ms(1600), true);
        check(unreachable(), 3, 1.0, None, true);
        check(limited(None), 1, 1.0, ms(800), true);
        check(limited(Some(0)), 1, 1.0, ms(0), true);
        check(limited(Some(60)), 2, 1.0, ms(60_000), true);
        check(limited(Some(61)), 1, 1.0, None, true);
        for again in [408, 409, 500, 502, 503, 529] {
            check(status(again), 1, 1.0, ms(800), true);
        }
        check(cut, 1, 1.0, ms(800), true);
        check(broke("api_error"), 1, 1.0, ms(800), true);
        for waited in [Waited::Connect, Waited::Upload, Waited::Idle, Waited::Progress] {
            check(timeout(waited), 1, 1.0, ms(800), true);
        }
        for waited in [Waited::FirstByte, Waited::Content, Waited::Further] {
            check(timeout(waited), 1, 1.0, None, true);
        }
        check(broke("invalid_request_error"), 1, 1.0, None, true);
        check(nonsense, 1, 1.0, None, true);
        check(refused, 1, 1.0, None, true);
        check(missing, 1, 1.0, None, true);
        check(no_key, 1, 1.0, None, true);
        let failed = CallError::KeyFailed { provider: "p".into(), reason: "its command ended with 1".into() };
        check(failed, 1, 1.0, None, true);
        let asks = |seconds| CallError::Status {
            address: "a".into(),
            status: 500,
            retry_after: Some(Duration::from_secs(seconds)),
            message: String::new(),
        };
        check(asks(7), 1, 1.0, ms(7_000), true);
        check(asks(300), 1, 1.0, None, true);
        let unknown = CallError::NoModel { address: "a".into(), model: "m".into(), message: String::new() };
        check(unknown, 1, 1.0, None, true);
        check(CallError::NoCredit { address: "a".into(), message: String::new() }, 1, 1.0, None, true);
        check(
            CallError::BadAddress { provider: "p".into(), reason: "r".into(), like: "l" },
            1,
            1.0,
            None,
            true,
        );
        check(CallError::Unsendable { reason: "no certificates".into() }, 1, 1.0, None, true);
        check(CallError::Scheme { address: "a".into(), there: Scheme::Secure }, 1, 1.0, None, true);
        let fault = Distrust::Signer;
        check(CallError::Untrusted { address: "a".into(), reason: "r".into(), fault }, 1, 1.0, None, true);
        for own in [400, 413, 422] {
            check(status(own), 1, 1.0, None, false);
        }
        let past =
            CallError::PastLimit { model: "p/m".into(), told: 1_000, counted: 2_000, by: ToldBy::Limit };
        check(past, 1, 1.0, None, true);
        check(CallError::Canceled, 1, 1.0, None, false);
        check(CallError::TooLong { limit: 1 }, 1, 1.0, None, false);
    }

    #[test]
    fn tries_end_with_the_time() {
        let check = |elapsed: u64, after: Option<u64>, expect: Option<u64>| {
            let tried = Tried { times: 1, elapsed: Duration::from_secs(elapsed), luck: 1.0 };
            let pause = pause(&limited(after), tried, &Retries::default());
            assert_eq!(pause, expect.map(Duration::from_millis), "{elapsed} s, {after:?}");
        };
        check(179, None, Some(800));
        check(180, None, None);
        check(120, Some(60), Some(60_000));
        check(121, Some(60), None);
    }

    #[test]
    fn luck_lies_between_none_and_all() {
        assert!((0..1000).map(|_| luck()).all(|luck| (0.0..=1.0).contains(&luck)));
    }
}
