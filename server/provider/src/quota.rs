//! What is left of a provider's rate limit, as the headers of its answers tell.
//!
//! Three families: OpenAI's (`x-ratelimit-remaining-requests` with a span such as `6m0s`), Anthropic's
//! (`anthropic-ratelimit-requests-remaining` with a moment) and the plain `x-ratelimit-remaining` with seconds, or a
//! moment since 1970. Moments are taken against the server's own `Date`, so no clock of ours matters.

use std::time::Duration;

use hyper::header::HeaderMap;
use jiff::Timestamp;

use crate::failure::moment;
use crate::http::header;

/// What is counted.
const UNITS: [&str; 4] = ["requests", "tokens", "input-tokens", "output-tokens"];

/// How long nothing is left, and of what; `None` where something is, or nothing is said.
pub(crate) fn spent(headers: &HeaderMap) -> Option<(Duration, &'static str)> {
    let date = moment(header(headers, "date"));
    let wait = |remaining: &str, reset: &str| {
        let left: f64 = header(headers, remaining).trim().parse().ok()?;
        if left >= 1.0 {
            return None;
        }
        span(header(headers, reset)).or_else(|| until(header(headers, reset), date?))
    };
    let of_unit = |unit: &'static str| {
        let found = wait(&format!("x-ratelimit-remaining-{unit}"), &format!("x-ratelimit-reset-{unit}"))
            .or_else(|| {
                wait(
                    &format!("anthropic-ratelimit-{unit}-remaining"),
                    &format!("anthropic-ratelimit-{unit}-reset"),
                )
            });
        found.map(|wait| (wait, unit))
    };
    let plain = wait("x-ratelimit-remaining", "x-ratelimit-reset").map(|wait| (wait, "requests"));
    UNITS.into_iter().filter_map(of_unit).chain(plain).filter(|(wait, _)| !wait.is_zero()).max()
}

/// A span as Go writes it, `1h2m3.5s` or `120ms`, or a number of seconds.
fn span(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if let Ok(seconds) = rest.parse::<f64>() {
        // A number so large is a moment.
        return if seconds < 1e9 { Duration::try_from_secs_f64(seconds).ok() } else { None };
    }
    let mut sum = 0.0;
    while !rest.is_empty() {
        let number = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let unit =
            rest[number..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |at| number + at);
        let seconds = match &rest[number..unit] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        sum += rest[..number].parse::<f64>().ok()? * seconds;
        rest = &rest[unit..];
    }
    (sum > 0.0).then(|| Duration::try_from_secs_f64(sum).ok()).flatten()
}

/// How long from the server's now to a moment: of RFC 3339, or since 1970 in seconds or milliseconds.
fn until(text: &str, now: Timestamp) -> Option<Duration> {
    let moment = match text.trim().parse::<i64>() {
        Ok(number) if number > 100_000_000_000 => Timestamp::from_millisecond(number).ok()?,
        Ok(number) => Timestamp::from_second(number).ok()?,
        Err(_) => text.trim().parse().ok()?,
    };
    Some(Duration::try_from(moment.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn what_is_left_is_read_in_every_dialect() {
        let date = ("date", "Sat, 21 Nov 2026 12:00:00 GMT");
        let check = |headers: &[(&str, &str)], expect: Option<(u64, &'static str)>| {
            let map: HeaderMap = headers
                .iter()
                .map(|(name, value)| {
                    (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap())
                })
                .collect();
            let expect = expect.map(|(ms, unit)| (Duration::from_millis(ms), unit));
            assert_eq!(spent(&map), expect, "{headers:?}");
        };
        check(&[], None);
        check(&[("x-ratelimit-remaining-requests", "12"), ("x-ratelimit-reset-requests", "6m0s")], None);
        check(&[("x-ratelimit-remaining-requests", "0")], None);
        for (reset, ms) in
            [("6m0s", 360_000), ("120ms", 120), ("1.5s", 1_500), ("1h2m3s", 3_723_000), ("7", 7_000)]
        {
            let headers = [("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", reset)];
            check(&headers, Some((ms, "tokens")));
        }
        for nonsense in ["soon", "-1", "5 parsecs", "", "nan", "1x", "s", "0"] {
            let headers =
                [date, ("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", nonsense)];
            check(&headers, None);
        }
        let anthropic = |left, reset| {
            [
                date,
                ("anthropic-ratelimit-input-tokens-remaining", left),
                ("anthropic-ratelimit-input-tokens-reset", reset),
            ]
        };
        check(&anthropic("0", "2026-11-21T12:00:30Z"), Some((30_000, "input-tokens")));
        check(&anthropic("5", "2026-11-21T12:00:30Z"), None);
        check(&anthropic("0", "2026-11-21T11:00:00Z"), None);
        check(&anthropic("0", "2026-11-21T12:00:30Z")[1..], None);
        let router = |reset| [date, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset)];
        check(&router("1795262410000"), Some((10_000, "requests")));
        check(&router("1795262410"), Some((10_000, "requests")));
        // The longest of several counts.
        check(
            &[
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "1s"),
                ("x-ratelimit-remaining-tokens", "0"),
                ("x-ratelimit-reset-tokens", "2s"),
            ],
            Some((2_000, "tokens")),
        );
    }
}
