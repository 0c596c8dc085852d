//! When a failed call is tried again, and how long to wait before.

use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use crate::CallError;

/// How often and how patiently to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Further tries after the first one.
    pub most: u32,
    /// The pause before the first of them; it doubles each time, and each is cut to between half and all of it.
    pub pause: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { most: 2, pause: Duration::from_millis(800) }
    }
}

/// A server that asks for a longer wait than this is reported, not waited for.
pub const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How long to wait before trying again; `None` where the error stands.
///
/// Only for errors from before the answer's first event. `tried` counts the tries so far, from 1; `luck` is anything
/// between 0 and 1.
pub fn pause(error: &CallError, tried: u32, retries: &Retries, luck: f64) -> Option<Duration> {
    if tried > retries.most || !is_passing(error) {
        return None;
    }
    match error.retry_after() {
        Some(after) if after > LONGEST_WAIT => None,
        Some(after) => Some(after),
        None => {
            let whole = retries.pause.saturating_mul(1 << (tried - 1).min(6));
            Some(whole.mul_f64(0.5 + luck.clamp(0.0, 1.0) / 2.0))
        }
    }
}

/// A number between 0 and 1, different each time: clients that failed together must not come back together.
pub(crate) fn luck() -> f64 {
    let bits = std::hash::RandomState::new().build_hasher().finish();
    f64::from((bits >> 32) as u32) / f64::from(u32::MAX)
}

fn is_passing(error: &CallError) -> bool {
    match error {
        CallError::Unreachable { .. } | CallError::RateLimited { .. } | CallError::Overloaded { .. } => true,
        CallError::Status { status, .. } => matches!(status, 408 | 409 | 500..),
        CallError::BrokeOff { kind, .. } => {
            matches!(kind.as_str(), "api_error" | "server_error" | "timeout_error")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(seconds: Option<u64>) -> CallError {
        let retry_after = seconds.map(Duration::from_secs);
        CallError::RateLimited { address: "a".into(), retry_after, message: String::new() }
    }

    fn status(status: u16) -> CallError {
        CallError::Status { address: "a".into(), status, message: String::new() }
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let refused =
            CallError::Refused { address: "a".into(), status: 401, key: "k".into(), message: String::new() };
        let missing = CallError::NotFound { address: "a".into(), model: "m".into(), message: String::new() };
        let unreachable = CallError::Unreachable { address: "a".into(), reason: "r".into() };
        let cut = CallError::Truncated { address: "a".into(), received: 3 };
        let ms = |ms| Some(Duration::from_millis(ms));
        let check = |error: CallError, tried, luck, expect: Option<Duration>| {
            assert_eq!(pause(&error, tried, &Retries::default(), luck), expect, "{error}, try {tried}");
        };
        check(unreachable.clone(), 1, 1.0, ms(800));
        check(unreachable.clone(), 1, 0.0, ms(400));
        check(unreachable.clone(), 2, 1.0, ms(1600));
        check(unreachable, 3, 1.0, None);
        check(limited(None), 1, 1.0, ms(800));
        check(limited(Some(0)), 1, 1.0, ms(0));
        check(limited(Some(60)), 2, 1.0, ms(60_000));
        check(limited(Some(61)), 1, 1.0, None);
        check(status(500), 1, 1.0, ms(800));
        check(status(408), 1, 1.0, ms(800));
        check(status(409), 1, 1.0, ms(800));
        check(status(502), 2, 1.0, ms(1600));
        check(status(400), 1, 1.0, None);
        check(status(413), 1, 1.0, None);
        check(refused, 1, 1.0, None);
        check(missing, 1, 1.0, None);
        check(cut, 1, 1.0, None);
        check(CallError::Canceled, 1, 1.0, None);
    }

    #[test]
    fn luck_lies_between_none_and_all() {
        assert!((0..1000).map(|_| luck()).all(|luck| (0.0..=1.0).contains(&luck)));
    }
}
