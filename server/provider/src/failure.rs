//! From what went wrong on the wire to a [`CallError`] that a person can use.
//!
//! Everything a server says passes through [`Told::clean`] before it is kept: without the key, without control
//! characters, in one line and not long.

use std::error::Error;
use std::io::ErrorKind;
use std::pin::pin;
use std::time::Duration;

use copydesk_base::Redactor;
use futures_util::StreamExt;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls::CertificateError;
use serde_json::Value;
use url::Url;

use crate::answer::WireError;
use crate::clients::{Response, SendError};
use crate::error::Scheme;
use crate::http::header;
use crate::retry::is_servers_fault;
use crate::watched::{Heard, TooSlow};
use crate::{CallError, Waited};

/// What errors of one call are told with.
pub(crate) struct Told {
    pub(crate) address: String,
    pub(crate) model: String,
    /// The command that fetches the model, where its server has only those that were fetched.
    pub(crate) pull: Option<String>,
    /// Where the key came from.
    pub(crate) key: String,
    pub(crate) redactor: Redactor,
}

/// Of an error's body no more than this is read.
const LARGEST_ERROR_BODY: usize = 64 << 10;

/// And no more than this is shown, in characters.
const LONGEST_MESSAGE: usize = 300;

/// Seconds that a server may ask for and be believed: a month.
const LONGEST_RETRY_AFTER: f64 = 2_592_000.0;

/// How long an error's body may take; its status is known already.
const ERROR_BODY_PATIENCE: Duration = Duration::from_secs(5);

/// Lets an event stream pass and turns every other response into its error.
pub(crate) async fn check(response: Response, told: &Told) -> Result<Response, CallError> {
    let response = succeeded(response, told).await?;
    let kind = header(&response.headers, "content-type");
    let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    match kind.as_str() {
        "text/html" | "application/json" => {
            Err(told.malformed(&format!("it is {kind} where an event stream was asked for")))
        }
        _ => Ok(response),
    }
}

/// Lets a success pass and turns every other status into its error.
pub(crate) async fn succeeded(response: Response, told: &Told) -> Result<Response, CallError> {
    if matches!(response.status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT) {
        return Err(told.malformed(&format!("there is none, only status {}", response.status.as_u16())));
    }
    let (status, headers) = (response.status, response.headers.clone());
    let packed =
        Some(header(&headers, "content-encoding").trim()).filter(|how| !matches!(*how, "" | "identity"));
    let body = match packed {
        None if status.is_success() => return Ok(response),
        Some(how) if status.is_success() => {
            return Err(told.malformed(&format!("it is packed with {how}, which was not asked for")));
        }
        // What it says nobody can read; its status is worth telling.
        Some(_) => Vec::new(),
        None => read(response).await,
    };
    Err(told.status(status, &headers, &body))
}

/// The error of a request that got no answer's head.
pub(crate) fn unanswered(error: &SendError, heard: &Heard, connect: Duration, told: &Told) -> CallError {
    let address = told.address.clone();
    if heard.is_tls() {
        return CallError::Scheme { address, there: Scheme::Secure };
    }
    if cause::<TooSlow>(error).is_some() {
        return CallError::Timeout { address, waited: Waited::Connect, after: connect };
    }
    if let Some(reason) = untrusted(error) {
        return CallError::Untrusted { address, reason: told.clean(&reason) };
    }
    if let Some(rustls::Error::InvalidMessage(_)) = cause::<rustls::Error>(error) {
        return CallError::Scheme { address, there: Scheme::Plain };
    }
    let reason = told.clean(&innermost(error));
    if matches!(error, SendError::Unfit(_)) {
        return CallError::Unsendable { reason };
    }
    // Nobody tells it otherwise: the connection ended in the middle of the greeting.
    if reason == "tls handshake eof" || address.starts_with("https:") && is_reset(error) && error.is_connect()
    {
        let reason = "it hung up when TLS began; if it has no certificate, base_url begins with http://";
        return CallError::Unreachable { address, reason: reason.to_owned() };
    }
    match cause::<hyper::Error>(error) {
        Some(broken) if broken.is_parse() && reason == "message head is too large" => {
            told.malformed("what stands before it has more lines, or is longer, than any answer's")
        }
        Some(broken) if broken.is_parse() => told.malformed(&format!("it is no HTTP: {reason}")),
        Some(broken) if broken.is_incomplete_message() => CallError::Unreachable {
            address,
            reason: "the connection was closed before an answer came".to_owned(),
        },
        _ => CallError::Unreachable { address, reason },
    }
}

/// The error of a body that ends in its middle, or is not framed as HTTP says.
pub(crate) fn broken(error: &(dyn Error + Send + Sync + 'static), received: u64, told: &Told) -> CallError {
    let kind = cause::<std::io::Error>(error).map(std::io::Error::kind);
    match kind {
        Some(ErrorKind::InvalidInput | ErrorKind::InvalidData) => {
            told.malformed(&format!("the lengths of its pieces are wrong: {}", innermost(error)))
        }
        _ => CallError::Truncated { address: told.address.clone(), received },
    }
}

/// Whether the other side threw the connection away.
fn is_reset(error: &SendError) -> bool {
    let kind = cause::<std::io::Error>(error).map(std::io::Error::kind);
    matches!(kind, Some(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe))
}

/// Whether the connection was closed, rather than anything wrong came over it.
pub(crate) fn is_closed(error: &SendError) -> bool {
    cause::<hyper::Error>(error)
        .is_some_and(|broken| broken.is_incomplete_message() || cause::<std::io::Error>(broken).is_some())
}

/// What is wrong with a server's certificate, where that is it.
fn untrusted(error: &(dyn Error + 'static)) -> Option<String> {
    let rustls::Error::InvalidCertificate(wrong) = cause::<rustls::Error>(error)? else { return None };
    let wrong = match wrong {
        CertificateError::Other(other) => other.0.to_string(),
        wrong => wrong.to_string(),
    };
    Some(format!("its certificate is not trusted by this system ({wrong})"))
}

/// An address as it is shown: without a query, which may hold what is nobody's business.
pub(crate) fn shown(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or(""), url.path())
}

/// What lies at the bottom of an error: `connection refused` rather than four frames around it.
pub(crate) fn innermost(error: &dyn Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let text = deepest.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => "no reason was given".to_owned(),
    }
}

/// An error as a server tells it inside an answer: an object with a type, a code or a status, or a bare text.
pub(crate) fn server_error(error: &Value) -> WireError {
    let word = |key: &str| match error.get(key)? {
        Value::String(word) if !word.is_empty() => Some(word.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let words: Vec<String> = ["type", "code", "status"].into_iter().filter_map(word).collect();
    // A number is a status of HTTP, and says more than a type that nobody knows.
    let known = words.iter().find(|word| is_overload(word) || is_limit(word) || is_servers_fault(word));
    let by_status = || words.iter().find_map(|word| kind_of_status(word.parse().ok()?)).map(str::to_owned);
    let kind = known.cloned().or_else(by_status).or_else(|| words.first().cloned());
    let message = error.as_str().or_else(|| error.get("message")?.as_str()).unwrap_or_default();
    WireError::Server { kind: kind.unwrap_or_default(), message: message.to_owned() }
}

fn is_overload(kind: &str) -> bool {
    matches!(
        kind,
        "overloaded_error"
            | "overloaded"
            | "server_overloaded"
            | "service_unavailable"
            | "service_unavailable_error"
    )
}

fn is_limit(kind: &str) -> bool {
    matches!(kind, "rate_limit_error" | "rate_limit_exceeded" | "rate_limit")
}

const fn kind_of_status(status: u16) -> Option<&'static str> {
    match status {
        429 => Some("rate_limit_error"),
        503 | 529 => Some("overloaded_error"),
        408 | 409 | 500..=599 => Some("server_error"),
        _ => None,
    }
}

impl Told {
    pub(crate) fn malformed(&self, reason: &str) -> CallError {
        CallError::Malformed { address: self.address.clone(), reason: self.clean(reason) }
    }

    /// The error of a body that ended in good order, but too early.
    pub(crate) fn ended_early(&self, received: u64, events: u64) -> CallError {
        if received > 0 && events == 0 {
            return self.malformed("it holds no event");
        }
        CallError::Truncated { address: self.address.clone(), received }
    }

    /// An error that a server tells inside an answer.
    pub(crate) fn server_error(&self, kind: &str, message: &str) -> CallError {
        let (address, message) = (self.address.clone(), self.clean(message));
        match kind {
            kind if is_overload(kind) => CallError::Overloaded { address, retry_after: None, message },
            kind if is_limit(kind) => CallError::RateLimited { address, retry_after: None, message },
            kind => CallError::BrokeOff { kind: self.clean(kind), message },
        }
    }

    fn status(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> CallError {
        let address = self.address.clone();
        if status == StatusCode::BAD_REQUEST && self.address.starts_with("http://") && wants_tls(body) {
            return CallError::Scheme { address, there: Scheme::Secure };
        }
        let message = self.clean(&message(body));
        let retry_after = || retry_after(headers);
        match status.as_u16() {
            status @ (401 | 403) => CallError::Refused { address, status, key: self.key.clone(), message },
            404 => {
                let (model, pull) = (self.model.clone(), self.pull.clone());
                CallError::NotFound { address, model, pull, message }
            }
            429 => CallError::RateLimited { address, retry_after: retry_after(), message },
            503 | 529 => CallError::Overloaded { address, retry_after: retry_after(), message },
            status @ (300..=303 | 305..=399) => {
                CallError::Redirected { address, status, location: self.clean(header(headers, "location")) }
            }
            status => CallError::Status { address, status, retry_after: retry_after(), message },
        }
    }

    /// A text from outside, fit for a message: without the key, in one line, not long.
    pub(crate) fn clean(&self, text: &str) -> String {
        let text = self.redactor.clean(text);
        let mut clean = String::new();
        let mut length = 0;
        for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty())
        {
            if length > 0 {
                clean.push(' ');
                length += 1;
            }
            for letter in word.chars().filter(|letter| is_presentable(*letter)) {
                if length == LONGEST_MESSAGE {
                    clean.push('…');
                    return clean;
                }
                clean.push(letter);
                length += 1;
            }
        }
        clean
    }
}

/// Whether a letter is one that is seen: no control, and none that changes how others look (bidirectional and zero-width
/// ones, soft hyphens).
pub(crate) fn is_presentable(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

async fn read(response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    let mut pieces = pin!(response.pieces());
    let reading = async {
        while let Some(Ok(chunk)) = pieces.next().await {
            let room = LARGEST_ERROR_BODY - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() >= room {
                break;
            }
        }
    };
    // What came until then is worth showing, and the rest is not worth waiting for.
    let _ = tokio::time::timeout(ERROR_BODY_PATIENCE, reading).await;
    body
}

/// Whether servers that speak TLS say so in plain words: nginx, Apache and those written in Go do.
fn wants_tls(body: &[u8]) -> bool {
    let said = String::from_utf8_lossy(body);
    [
        "plain HTTP request was sent to HTTPS port",
        "HTTP request to an HTTPS server",
        "plain HTTP to an SSL-enabled",
    ]
    .iter()
    .any(|words| said.contains(words))
}

/// The message within an error's body, in whichever of the usual places it stands; nothing of a web page.
fn message(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(empty)) if empty.is_empty() => String::new(),
        Ok(value) => ["/error/message", "/error", "/message", "/detail", "/errors/0/message"]
            .into_iter()
            .find_map(|place| value.pointer(place)?.as_str())
            .map_or_else(|| value.to_string(), str::to_owned),
        Err(_) if text.trim_start().starts_with('<') => String::new(),
        Err(_) => text.into_owned(),
    }
}

/// How long a server asks to wait: `retry-after-ms` of those that have it, else `Retry-After` in seconds or as a date, which
/// is taken against the answer's `Date`. A date that has passed says nothing of how long, as no date does.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| !number.is_nan());
    // More than anybody waits is what it is, however absurd.
    let span = |seconds: f64| Duration::try_from_secs_f64(seconds.min(LONGEST_RETRY_AFTER)).ok();
    let ms = number(header(headers, "retry-after-ms")).and_then(|ms| span(ms / 1000.0));
    let value = header(headers, "retry-after");
    let dated = || {
        let wait = moment(value)?.duration_since(moment(header(headers, "date"))?);
        span(wait.as_secs_f64()).filter(|_| wait.is_positive())
    };
    ms.or_else(|| number(value).map_or_else(dated, span))
}

/// A date in one of the three forms that HTTP has had.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let old = |form: &str| DateTime::strptime(form, text.trim()).ok()?.to_zoned(TimeZone::UTC).ok();
    let zoned = jiff::fmt::rfc2822::parse(text).ok();
    let zoned = zoned.or_else(|| old("%A, %d-%b-%y %H:%M:%S GMT")).or_else(|| old("%a %b %e %H:%M:%S %Y"));
    zoned.map(|zoned| zoned.timestamp())
}

fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // What such an error wraps is no source of it.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderName;

    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let date = ("date", "Wed, 21 Oct 2015 07:28:00 GMT");
        let waits = |headers: &[(&'static str, &str)]| {
            let map =
                headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
            retry_after(&map.collect())
        };
        let check = |value: &str, expect: Option<u64>| {
            let got = waits(&[("retry-after", value), date]);
            assert_eq!(got, expect.map(Duration::from_secs), "{value}");
        };
        check("", None);
        check("0", Some(0));
        check(" 7 ", Some(7));
        check("-1", None);
        check("99999999999999999999", Some(2_592_000));
        check("nan", None);
        check("Wed, 21 Oct 2015 07:29:30 GMT", Some(90));
        check("Wed, 21 Oct 2015 07:00:00 GMT", None);
        check("Wed, 21 Oct 2015 07:28:00 GMT", None);
        check("tomorrow", None);
        check("Wednesday, 21-Oct-15 07:29:30 GMT", Some(90));
        check("Wed Oct 21 07:29:30 2015", Some(90));
        check("Thu Oct  1 07:29:30 2015", None);
        check("Fri Oct 30 07:28:00 2015", Some(777_600));
        check("Wed Oct 21 07:29:30", None);
        let ms = |value, also: &[(&'static str, &str)]| waits(&[&[("retry-after-ms", value)], also].concat());
        assert_eq!(ms("1500", &[("retry-after", "60")]), Some(Duration::from_millis(1500)));
        assert_eq!(ms("soon", &[("retry-after", "60")]), Some(Duration::from_mins(1)));
        assert_eq!(ms("-1", &[]), None);
        check("Wed, 21 Oct 2099 07:29:30 GMT", Some(2_592_000));
        assert_eq!(waits(&[("retry-after", "Wed, 21 Oct 2015 07:29:30 GMT")]), None);
    }

    #[test]
    fn a_certificate_that_nobody_trusts_is_told_by_its_fault() {
        let wrapped = |error| std::io::Error::other(std::io::Error::other(error));
        let check = |error: rustls::Error, expect: Option<&str>| {
            assert_eq!(untrusted(&wrapped(error)).as_deref(), expect);
        };
        check(
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer),
            Some("its certificate is not trusted by this system (UnknownIssuer)"),
        );
        let other = rustls::OtherError(std::sync::Arc::new(std::fmt::Error));
        check(
            rustls::Error::InvalidCertificate(CertificateError::Other(other)),
            Some(&format!("its certificate is not trusted by this system ({})", std::fmt::Error)),
        );
        check(rustls::Error::HandshakeNotComplete, None);
        assert_eq!(untrusted(&std::io::Error::other("gone")), None);
    }

    #[test]
    fn what_kind_of_error_it_is_stands_in_one_of_three_places() {
        let check = |error: Value, kind: &str| {
            let WireError::Server { kind: got, .. } = server_error(&error) else { panic!("{error}") };
            assert_eq!(got, kind, "{error}");
        };
        check(serde_json::json!({"type": "overloaded_error"}), "overloaded_error");
        check(serde_json::json!({"type": "error", "code": "rate_limit_exceeded"}), "rate_limit_exceeded");
        check(serde_json::json!({"code": 502, "message": "upstream"}), "server_error");
        check(serde_json::json!({"code": 429}), "rate_limit_error");
        check(serde_json::json!({"type": "InternalServerError", "code": 500}), "server_error");
        check(serde_json::json!({"type": "service_unavailable", "code": 503}), "service_unavailable");
        check(serde_json::json!({"type": "busy", "code": "529"}), "overloaded_error");
        check(serde_json::json!({"type": "invalid_request_error", "code": 400}), "invalid_request_error");
        check(serde_json::json!({"type": null, "code": ""}), "");
        check(serde_json::json!("out of memory"), "");
    }

    #[test]
    fn the_message_is_found_wherever_it_stands() {
        let check = |body: &str, expect: &str| assert_eq!(message(body.as_bytes()), expect);
        check(r#"{"type":"error","error":{"type":"x","message":"too long"}}"#, "too long");
        check(r#"{"error":"no such model"}"#, "no such model");
        check(r#"{"detail":"nope"}"#, "nope");
        check(r#"{"message":"nope"}"#, "nope");
        check(r#"{"odd":1}"#, r#"{"odd":1}"#);
        check("{}", "");
        check("plain words", "plain words");
        check("<html><body>502</body></html>", "");
        check("", "");
    }

    #[test]
    fn texts_from_outside_are_cleaned() {
        let told = Told {
            address: String::new(),
            model: String::new(),
            pull: None,
            key: String::new(),
            redactor: Redactor::new(["sk-very-secret".to_owned()]),
        };
        let check = |text: &str, expect: &str| assert_eq!(told.clean(text), expect);
        check("bad key sk-very-secret!", "bad key [redacted]!");
        check("two\nlines\tand\u{1b}[31mcolor", "two lines and [31mcolor");
        check("a\u{202e}b\u{200b}c", "abc");
        check(&"x".repeat(301), &format!("{}…", "x".repeat(300)));
        check(&"x".repeat(300), &"x".repeat(300));
    }
}
