//! Identifiers: opaque words, random, never shown to a model.

use std::fmt;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// A new one from the injected source.
            pub fn new(ids: &dyn Ids) -> Self {
                Self(format!("{}-{}", $prefix, ids.next()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

id!(
    /// One execution of an agent request or a workflow.
    RunId, "run"
);
id!(
    /// A container of turns for one intent.
    SessionId, "ses"
);
id!(
    /// One pending request for a decision of the person's.
    ApprovalId, "apr"
);
id!(
    /// One change plan, and in it every hunk by its index.
    ChangeId, "chg"
);
id!(
    /// One tool call of a turn. The model's own id is kept beside it, never used as a key.
    CallId, "cal"
);

/// Where identifiers come from: injected, so that a replay needs no luck.
pub trait Ids: Send + Sync {
    /// The next word: lower-case letters and digits, unguessable from the ones before where `self` is random.
    fn next(&self) -> String;
}

/// 80 random bits from the operating system, in Crockford's base 32 (16 characters).
#[derive(Debug, Default, Clone, Copy)]
pub struct RandomIds;

impl Ids for RandomIds {
    fn next(&self) -> String {
        let mut bytes = [0u8; 10];
        // Without randomness there are no unguessable approvals, and going on would be worse than stopping.
        #[expect(
            clippy::expect_used,
            reason = "the system's random source does not fail on a running system"
        )]
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        crockford(&bytes)
    }
}

/// Counts up: `1`, `2`, `3` … For tests and replays.
#[derive(Debug, Default)]
pub struct CountingIds(std::sync::atomic::AtomicU64);

impl Ids for CountingIds {
    fn next(&self) -> String {
        (self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1).to_string()
    }
}

/// The letters of a random word.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// How many of them it has.
const LENGTH: usize = 16;

/// Where names of runs, sessions, approvals, changes and calls stand in a text.
pub fn found(text: &str) -> Vec<Range<usize>> {
    const KINDS: [&str; 5] = ["run-", "ses-", "apr-", "chg-", "cal-"];
    let is_word = |byte: u8| byte.is_ascii_alphanumeric();
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(at) = KINDS.iter().filter_map(|kind| text[from..].find(kind)).min() {
        let (start, word) = (from + at, from + at + 4);
        let end = word + text.as_bytes()[word..].iter().take_while(|byte| is_word(**byte)).count();
        let is_ours = end - word == LENGTH
            && text.as_bytes()[word..end].iter().all(|byte| LETTERS.contains(byte))
            && !text[..start].bytes().next_back().is_some_and(is_word);
        if is_ours {
            found.push(start..end);
        }
        from = if is_ours { end } else { word };
    }
    found
}

fn crockford(bytes: &[u8; 10]) -> String {
    let bits = bytes.iter().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
    (0..LENGTH).rev().map(|at| char::from(LETTERS[(bits >> (at * 5) & 31) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_long_lower_case_and_different() {
        let (one, two) = (RunId::new(&RandomIds), RunId::new(&RandomIds));
        assert_ne!(one, two);
        assert_eq!(one.0.len(), "run-".len() + LENGTH);
        assert!(one.0.chars().all(|c| c == '-' || c.is_ascii_lowercase() || c.is_ascii_digit()));
    }

    #[test]
    fn they_are_found_in_a_text() {
        let (run, call) = ("run-0123456789abcdef", "cal-zzzzzzzzzzzzzzzz");
        for (text, expect) in [
            (run.to_owned(), vec![run]),
            (format!("ünï {call}/{run}-job-1.log"), vec![call, run]),
            (format!("re{run}, {run}0, run-1, run-run-, run-0123456789ABCDEF, run-0123456789abcdeu"), vec![]),
            (format!("run-{run}"), vec![run]),
        ] {
            let spans = found(&text);
            assert_eq!(spans.iter().map(|span| &text[span.clone()]).collect::<Vec<_>>(), expect, "{text}");
        }
    }
}
