//! Why a call gave no answer, and what to do about it.
//!
//! Every text from outside is cleaned of the key and of control characters and cut before it gets in here.

use std::time::Duration;

use crate::counts::NONSENSE;
use crate::key::Missing;
use crate::route::Left;

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
    Untrusted { address: String, reason: String },
    /// 401 or 403.
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
    /// 429.
    #[error("{address} limits the rate of requests{}{}", wait(*retry_after), said(message))]
    RateLimited { address: String, retry_after: Option<Duration>, message: String },
    /// 402, or a 429 that says so: no waiting helps.
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

    /// What to do next, as one sentence for a person.
    pub fn advice(&self) -> String {
        match self {
            Self::Canceled => "Ask again when you want to.".to_owned(),
            Self::NoKey { provider, variable, .. } => format!(
                "Run 'copydesk auth set {provider}', or set {variable} in the environment that starts Copydesk."
            ),
            Self::KeyFailed { provider, .. } => {
                format!("'copydesk auth status {provider}' says where its key should come from.")
            }
            Self::UnusableKey { .. } => {
                "Set it anew; a line break or a space inside it is the usual reason.".to_owned()
            }
            Self::BadAddress { provider, like, .. } => {
                format!("Correct providers.{provider}.base_url; it looks like {like}.")
            }
            Self::Unreachable { .. } | Self::HungUp { .. } => {
                "Check that the server runs and that base_url is right, its http:// or https:// too.".to_owned()
            }
            Self::Scheme { there: Scheme::Secure, .. } => {
                "Write https:// in base_url, or give the port of the server that speaks plain HTTP.".to_owned()
            }
            Self::Scheme { there: Scheme::Plain, .. } => {
                "Write http:// in base_url if it is your own server and needs no TLS, or give the port where it speaks \
                 TLS. Nothing was sent."
                    .to_owned()
            }
            Self::Untrusted { .. } => {
                "Nothing was sent. If it is your own server, put the certificate that signed its own into a PEM file, \
                 and name that file in SSL_CERT_FILE in the environment that starts Copydesk."
                    .to_owned()
            }
            Self::Refused { key, .. } if key == NO_KEY => {
                "It wants a key: 'copydesk auth status' says which there are and for which address, and 'copydesk auth \
                 set PROVIDER' puts one away."
                    .to_owned()
            }
            Self::NoCredit { .. } => {
                "Add credit, or raise the limit, in the account of that provider, or choose another model.".to_owned()
            }
            Self::Refused { .. } => {
                "Put a valid key there and ask again; it is not tried again by itself.".to_owned()
            }
            Self::NotFound { remedy, .. } => remedy.clone(),
            Self::RateLimited { retry_after: Some(after), .. }
            | Self::Overloaded { retry_after: Some(after), .. }
            | Self::Status { retry_after: Some(after), .. } => {
                format!("Ask again in {}, or choose another model.", span(*after))
            }
            Self::RateLimited { .. } | Self::Overloaded { .. } => {
                "Ask again in a minute, or choose another model.".to_owned()
            }
            Self::Redirected { .. } => {
                "Put the final address into base_url: redirects are not followed, so that the key stays with the \
                 address it was meant for."
                    .to_owned()
            }
            Self::Status { status: 400 | 413 | 422, .. } => {
                "The server did not like the request: a smaller selection or another model may help; 'copydesk models' \
                 shows which it has."
                    .to_owned()
            }
            Self::Status { status: 405 | 501, .. } => {
                "Check that base_url and kind fit the server: something else is at this address.".to_owned()
            }
            Self::BrokeOff { kind, .. } if is_about_request(kind) => {
                "The server did not like the request: a smaller selection or another model may help; 'copydesk models' \
                 shows which it has."
                    .to_owned()
            }
            Self::BrokeOff { kind, .. } if is_about_key(kind) => {
                "Put a valid key where it comes from, which 'copydesk auth status' says, and ask again.".to_owned()
            }
            Self::Status { .. } | Self::BrokeOff { .. } => {
                "Ask again; if it stays, the server's own status page or log says more.".to_owned()
            }
            Self::Timeout { waited: Waited::Connect, address, .. } if address.starts_with("https://") => {
                "Check that the server runs, is reachable from here and speaks TLS: if it does not, base_url begins with \
                 http://; timeouts.connect sets how long to wait."
                    .to_owned()
            }
            Self::Timeout { waited: Waited::Connect, .. } => {
                "Check that the server runs and is reachable from here; timeouts.connect sets how long to wait."
                    .to_owned()
            }
            Self::Timeout { waited: Waited::FirstByte, .. } => {
                "Ask again, or raise timeouts.first_byte for a model that thinks long or is still loading.".to_owned()
            }
            Self::Timeout { waited: Waited::Upload, .. } => {
                "The line, or the server, takes nothing in. Ask again, or with less at once; timeouts.first_byte \
                 sets how long to wait."
                    .to_owned()
            }
            Self::Timeout { waited: Waited::Idle, .. } => {
                "Ask again, or raise timeouts.idle for a slow model.".to_owned()
            }
            Self::Timeout { waited: Waited::Head | Waited::Progress, .. } => {
                "Something between here and the model lets almost nothing through. Ask again, or raise \
                 timeouts.progress for a very slow line."
                    .to_owned()
            }
            Self::Timeout { waited: Waited::Content | Waited::Further, .. } => {
                "Ask again, or raise timeouts.first_byte for a model that thinks long.".to_owned()
            }
            Self::Timeout { waited: Waited::List, .. } => {
                "Check that the server runs and is not busy, then ask for the list again.".to_owned()
            }
            Self::Truncated { .. } => "Nothing of it was used. Ask again.".to_owned(),
            Self::TooLong { .. } => "Nothing of it was used. Ask for less at once, or choose another model.".to_owned(),
            Self::Malformed { .. } => {
                "Check that base_url and kind fit the server.".to_owned()
            }
            Self::ScenarioExhausted => {
                "The scenario has no unused step that fits; add one, or configure a real model.".to_owned()
            }
            Self::Scenario { provider, .. } => format!("Correct the file that providers.{provider}.scenario names."),
            Self::Blind { .. } => {
                "Leave the image out, or choose a model that can; 'copydesk models' shows which.".to_owned()
            }
            Self::Toolless { model } => {
                let (provider, name) = model.split_once('/').unwrap_or(("NAME", model));
                format!(
                    "Choose a model that can; 'copydesk models' shows which. If this one can, set \
                     providers.{provider}.models.{name}.tools to true."
                )
            }
            Self::NotRecorded { .. } => {
                "Ask the same about the same files, as they were then, or leave out --replay.".to_owned()
            }
            Self::PastLimit { by: ToldBy::Suggestion, .. } => {
                "Nothing of it was shown. Choose another model in completion.model, or ask whoever runs that server why \
                 the limit of output tokens that it is sent does not count."
                    .to_owned()
            }
            Self::PastLimit { by: ToldBy::Limit, .. } => {
                "Nothing of this answer was used. Raise the model's output_limit, or the budget, where it may write, or \
                 think, for longer; or choose another model, or ask whoever runs that server why the limit of output \
                 tokens that it is sent does not count."
                    .to_owned()
            }
            // It is part of what was said.
            Self::Recorded { .. } => String::new(),
            Self::Unsendable { .. } => "Run 'copydesk doctor' and report what it says.".to_owned(),
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

/// What is said of the key where none went along.
pub(crate) const NO_KEY: &str = "no key was sent";

/// Whether an error told inside an answer is about what was asked, by its kind.
fn is_about_request(kind: &str) -> bool {
    matches!(kind, "invalid_request_error" | "context_length_exceeded" | "request_too_large")
}

/// Whether it is about who asked.
fn is_about_key(kind: &str) -> bool {
    matches!(kind, "authentication_error" | "permission_error" | "invalid_api_key")
}

fn said(message: &str) -> String {
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
    #[test]
    fn what_helps_depends_on_the_status() {
        let check = |status, expect: &str| {
            let address = "https://a.example/v1/responses".to_owned();
            let error = CallError::Status { address, status, retry_after: None, message: String::new() };
            assert!(error.advice().starts_with(expect), "{status}: {}", error.advice());
        };
        check(400, "The server did not like the request");
        check(405, "Check that base_url and kind fit the server");
        check(500, "Ask again;");
        let late = |address: &str| {
            let (address, after) = (address.to_owned(), Duration::from_secs(10));
            CallError::Timeout { address, waited: Waited::Connect, after }.advice()
        };
        assert!(late("https://a.example").contains("speaks TLS"));
        assert!(!late("http://a.example").contains("TLS"));
    }
}
