//! Why a call gave no answer, and what to do about it.
//!
//! Every text from outside is cleaned of the key and of control characters and cut before it gets in here.

mod advice;

use std::time::Duration;

use crate::counts::NONSENSE;
use crate::key::Missing;
use crate::route::Left;
pub(crate) use advice::{NO_KEY, TOO_LARGE};

/// Why a call gave no answer. The message says what happened, [`CallError::advice`] what to do next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    #[error("canceled")]
    Canceled,
    #[error("no key for provider '{provider}': the environment variable {variable} is {missing}")]
    NoKey { provider: String, variable: String, missing: Missing },
    /// The command, the keyring or the file that should have it.
    #[error("no key for provider '{provider}': {reason}")]
    KeyFailed { provider: String, reason: String },
    #[error("the key from {origin} holds characters that cannot be sent")]
    UnusableKey { origin: String },
    #[error("the base_url of provider '{provider}' cannot be used: {reason}")]
    BadAddress {
        provider: String,
        reason: String,
        /// One that could be used with its kind.
        like: &'static str,
    },
    #[error("cannot reach {address}: {reason}")]
    Unreachable { address: String, reason: String },
    /// The same, over a connection that had taken the whole request: somebody may have it.
    #[error("cannot reach {address}: {reason}")]
    HungUp { address: String, reason: String },
    /// One side speaks TLS and the other does not.
    #[error("cannot reach {address}: {}", match there {
        Scheme::Secure => "what listens there speaks TLS, and base_url says http",
        Scheme::Plain => "what listens there does not speak TLS, and base_url says https",
    })]
    Scheme { address: String, there: Scheme },
    /// Whoever answers there cannot show who it is.
    #[error("cannot reach {address}: {reason}")]
    Untrusted { address: String, reason: String, fault: Distrust },
    /// 401 or 403, or a status that blames the request where its body says that it is the key.
    #[error("{address} refused access with status {status} ({key}){}", said(message))]
    Refused { address: String, status: u16, key: String, message: String },
    /// 404.
    #[error("{address} does not know this address{}{}", or_model(model), said(message))]
    NotFound {
        address: String,
        model: String,
        /// What to do about it with a provider of this kind, as one sentence.
        remedy: String,
        message: String,
    },
    /// The same of the model alone, said with a status that blames the request, or inside an answer.
    #[error("{address} has no model '{model}'{}", said(message))]
    NoModel { address: String, model: String, message: String },
    /// 429.
    #[error("{address} limits the rate of requests{}{}", wait(*retry_after), said(message))]
    RateLimited { address: String, retry_after: Option<Duration>, message: String },
    /// 402, or another status whose body says so: no waiting helps.
    #[error("{address} has no credit left for this key{}", said(message))]
    NoCredit { address: String, message: String },
    /// 503, 529, or the same said inside an answer.
    #[error("{address} is overloaded{}{}", wait(*retry_after), said(message))]
    Overloaded { address: String, retry_after: Option<Duration>, message: String },
    /// A redirect, which is never followed: the key would go along.
    #[error("{address} points elsewhere with status {status}{}", said(location))]
    Redirected { address: String, status: u16, location: String },
    /// Any other status that is no success.
    #[error("{address} answered with status {status}{}{}", wait(*retry_after), said(message))]
    Status { address: String, status: u16, retry_after: Option<Duration>, message: String },
    /// An error told inside an answer that had begun well.
    #[error("the model server broke off with an error{}", said(message))]
    BrokeOff { kind: String, message: String },
    #[error("no {waited} from {address} within {}", span(*after))]
    Timeout { address: String, waited: Waited, after: Duration },
    #[error("the answer of {address} was cut off after {received} bytes")]
    Truncated { address: String, received: u64 },
    #[error("the answer is larger than {limit} bytes")]
    TooLong { limit: u64 },
    #[error("the answer of {address} cannot be read: {reason}")]
    Malformed { address: String, reason: String },
    /// The word that the contract promises.
    #[error("scenario exhausted")]
    ScenarioExhausted,
    #[error("the scenario of provider '{provider}' cannot be used: {reason}")]
    Scenario { provider: String, reason: String },
    /// The request has images, and the model is known to see none.
    #[error("{model} cannot look at images")]
    Blind { model: String },
    /// The request offers tools, and the model is known to call none.
    #[error("{model} cannot call tools, by which agents work")]
    Toolless { model: String },
    /// Answers are replayed, and this request is none of those that were recorded.
    #[error("{origin} has no answer to this request: {reason}")]
    NotRecorded { origin: String, reason: String },
    /// Answers are replayed, and this request had none: what was said of that, and who was asked instead.
    #[error("{said}")]
    Recorded { said: String, switch: Option<Box<Switch>> },
    /// A limit needs the answer to end, and its server does not end it.
    #[error(
        "the server of {model} goes on behind the {told} tokens that it was told to end at; nothing more of its answer \
         was read, and ≈ {counted} tokens are counted"
    )]
    PastLimit { model: String, told: u32, counted: u64, by: ToldBy },
    /// Something in this program or on this machine, before anything was sent.
    #[error("the request could not be made: {reason}")]
    Unsendable { reason: String },
}

/// Who set the number of tokens that an answer was to end at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToldBy {
    /// A limit of the person, or the longest answer of the model.
    Limit,
    /// A suggestion is no longer, whatever is allowed.
    Suggestion,
}

/// That another model was asked instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// `provider/model`.
    pub to: String,
    /// Those that were left for it.
    pub left: Vec<Left>,
}

/// What is wrong with the certificate that a server shows, or with what it is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Nobody here knows who signed it; or whatever has no words of its own.
    Signer,
    /// It is an authority's, which none may show as a server's.
    Authority,
    /// It is for other names.
    Name,
    /// Its time has not come, or is over.
    Time,
    /// A variable that is to name authorities names none.
    Variable,
    /// This system knows no authority.
    NoList,
}

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http://`
    Plain,
    /// `https://`
    Secure,
}

/// What was waited for in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    Connect,
    /// The request is on its way, and nothing of it is taken any more.
    Upload,
    FirstByte,
    /// The head of an answer has begun and does not get whole.
    Head,
    Idle,
    /// One event trickles in and does not get whole.
    Progress,
    /// Pings and comments come, and nothing of an answer.
    Content,
    /// The same, after an answer had begun.
    Further,
    /// What the provider lists, which is no answer of a model.
    List,
}

impl std::fmt::Display for Waited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "connection",
            Self::Upload => "room for the rest of the request",
            Self::FirstByte => "answer",
            Self::Head => "whole beginning of the answer",
            Self::Idle => "further piece of the answer",
            Self::List => "list of models",
            Self::Progress => "whole event",
            Self::Content => "word of the answer, only signs of life,",
            Self::Further => "further word of the answer, only signs of life,",
        })
    }
}

impl CallError {
    /// Whether a server answered that it has done the work, though nobody can read what it made: it may bill that.
    pub const fn may_be_billed(&self) -> bool {
        matches!(self, Self::Malformed { .. } | Self::TooLong { .. })
    }

    /// Whether a server had taken the request when it was given up: it may have begun the work, and nobody knows.
    pub const fn was_taken(&self) -> bool {
        match self {
            Self::Truncated { .. } | Self::HungUp { .. } => true,
            Self::Timeout { waited, .. } => {
                !matches!(waited, Waited::Connect | Waited::Upload | Waited::List)
            }
            _ => false,
        }
    }

    /// How long the server asked to wait, where it did.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. }
            | Self::Overloaded { retry_after, .. }
            | Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// What a server said, to be gone on behind: its own full stop is not one too many.
fn said(message: &str) -> String {
    let message = message.trim_end_matches('.');
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

fn or_model(model: &str) -> String {
    if model.is_empty() { String::new() } else { format!(" or the model '{model}'") }
}

fn wait(retry_after: Option<Duration>) -> String {
    retry_after.map_or_else(String::new, |after| format!(" and asks to wait {}", span(after)))
}

/// What a server says of its tokens, in words.
pub fn tokens(reported: u64) -> String {
    match reported {
        NONSENSE => "what is no number of tokens".to_owned(),
        1 => "1 token".to_owned(),
        many => format!("{many} tokens"),
    }
}

/// The longest time that is told as a number; nobody waits for a longer one.
pub(crate) const LONGEST_SPAN: Duration = Duration::from_secs(100 * YEAR);

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

/// A span of time in words, rounded up: `250 ms`, `1 second`, `90 seconds`, `5 minutes`, `3 hours`, `30 days`, `32 years`.
pub(crate) fn span(span: Duration) -> String {
    match span.as_secs() {
        0 => format!("{} ms", span.as_millis()),
        1 => "1 second".to_owned(),
        seconds @ 2..120 => format!("{seconds} seconds"),
        seconds if seconds < 2 * HOUR => format!("{} minutes", seconds.div_ceil(60)),
        seconds if seconds < 2 * DAY => format!("{} hours", seconds.div_ceil(HOUR)),
        seconds if seconds < 2 * YEAR => format!("{} days", seconds.div_ceil(DAY)),
        seconds if span < LONGEST_SPAN => format!("{} years", seconds.div_ceil(YEAR)),
        _ => "more than 100 years".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_the_unit_that_says_enough() {
        let check = |seconds, expect: &str| assert_eq!(span(Duration::from_secs(seconds)), expect);
        check(1, "1 second");
        check(119, "119 seconds");
        check(120, "2 minutes");
        check(121, "3 minutes");
        check(7_199, "120 minutes");
        check(7_200, "2 hours");
        check(172_799, "48 hours");
        check(172_800, "2 days");
        check(2_592_000, "30 days");
        check(63_071_999, "730 days");
        check(1_000_000_000, "32 years");
        check(3_153_599_999, "100 years");
        check(3_153_600_000, "more than 100 years");
        check(u64::MAX, "more than 100 years");
        assert_eq!(span(Duration::from_millis(250)), "250 ms");
    }
}
