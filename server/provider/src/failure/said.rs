//! What a server says went wrong: by the status of its answer, in the body of that, or in the middle of an answer.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Told;
use super::body::{Speaks, is_no_address, kind_of_body, message, speaks};
use super::fault::{self, Fault, has_no_taker, is_limit, is_overload, is_too_large};
use crate::CallError;
use crate::clients::Response;
use crate::error::{LONGEST_SPAN, Scheme, TOO_LARGE};
use crate::http::header;
use crate::remedy;
use crate::retry::is_servers_fault;

/// Of an error's body no more than this is read.
const LARGEST_ERROR_BODY: usize = 64 << 10;

/// How long an error's body may take; its status is known already.
const ERROR_BODY_PATIENCE: Duration = Duration::from_secs(5);

/// Lets an answer pass, which is a stream or, of some servers, a document; turns every other response into its error.
pub(crate) async fn check(response: Response, told: &Told) -> Result<Response, CallError> {
    let response = succeeded(response, told).await?;
    match media_type(&response.headers).as_str() {
        kind @ "text/html" => Err(told.malformed(&format!("it is {kind} where a stream was asked for"))),
        _ => Ok(response),
    }
}

/// What a response says that it is, without its parameters; empty where it says nothing.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let kind = header(headers, "content-type");
    kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
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

impl Told {
    /// An error that a server tells inside an answer.
    pub(crate) fn server_error(&self, kind: &str, message: &str) -> CallError {
        let (address, message) = (self.address.clone(), self.clean(message));
        match kind {
            "" if is_no_address(&message) => self.not_found(message, Some(Speaks::Openai)),
            kind if is_overload(kind) => CallError::Overloaded { address, retry_after: None, message },
            kind if is_limit(kind) && is_too_large(&message) => {
                CallError::BrokeOff { kind: TOO_LARGE.to_owned(), message }
            }
            kind if is_limit(kind) => CallError::RateLimited { address, retry_after: None, message },
            kind if is_servers_fault(kind) => CallError::BrokeOff { kind: self.clean(kind), message },
            kind => match self.fault(kind, &message) {
                Some(Fault::Credit) => CallError::NoCredit { address, message },
                Some(Fault::Model) => self.no_model(message),
                Some(Fault::Key) => CallError::BrokeOff { kind: fault::KEY.to_owned(), message },
                None => CallError::BrokeOff { kind: self.clean(kind), message },
            },
        }
    }

    /// The error of a list that is none: what its server says instead, where it knows no such address.
    pub(crate) fn no_list(&self, body: &[u8]) -> CallError {
        let message = self.clean(&message(body));
        if is_no_address(&message) {
            return self.not_found(message, Some(Speaks::Openai));
        }
        self.malformed("it is no list of models")
    }

    fn not_found(&self, message: String, speaks: Option<Speaks>) -> CallError {
        let another = speaks.and_then(|speaks| remedy::of_another(self.kind, speaks));
        let remedy = std::iter::once(self.remedy.clone()).chain(another).collect::<Vec<_>>().join(" ");
        CallError::NotFound { address: self.address.clone(), model: self.model.clone(), remedy, message }
    }

    fn no_model(&self, message: String) -> CallError {
        CallError::NoModel { address: self.address.clone(), model: self.model.clone(), message }
    }

    /// Which of the things that another provider may have is missing here: by the code, else by the words.
    fn fault(&self, kind: &str, message: &str) -> Option<Fault> {
        let fault = fault::of_kind(kind).or_else(|| fault::of_words(message, &self.model))?;
        // Where none was named, as for a list, none is missing.
        (fault != Fault::Model || !self.model.is_empty()).then_some(fault)
    }

    fn status(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> CallError {
        let address = self.address.clone();
        if status == StatusCode::BAD_REQUEST && self.address.starts_with("http://") && wants_tls(body) {
            return CallError::Scheme { address, there: Scheme::Secure };
        }
        let kind = kind_of_body(body);
        let message = self.clean(&message(body));
        let fault = match status.as_u16() {
            402 => Some(Fault::Credit),
            // In words many say it of a minute's quota too.
            429 => fault::of_kind(&kind).filter(|fault| *fault == Fault::Credit),
            400 | 403 | 422 => self.fault(&kind, &message),
            _ => None,
        };
        match fault {
            Some(Fault::Credit) => return CallError::NoCredit { address, message },
            Some(Fault::Model) => return self.no_model(message),
            Some(Fault::Key) => {
                return CallError::Refused {
                    address,
                    status: status.as_u16(),
                    key: self.key.clone(),
                    message,
                };
            }
            None => {}
        }
        let retry_after = || retry_after(headers);
        match status.as_u16() {
            status @ (401 | 403) => CallError::Refused { address, status, key: self.key.clone(), message },
            status @ 404 if has_no_taker(&message) => {
                CallError::Status { address, status, retry_after: None, message }
            }
            404 => self.not_found(message, speaks(body)),
            // It is told without a wait: none helps.
            status @ 429 if is_too_large(&message) => {
                CallError::Status { address, status, retry_after: None, message }
            }
            429 => CallError::RateLimited { address, retry_after: retry_after(), message },
            503 | 529 => CallError::Overloaded { address, retry_after: retry_after(), message },
            status @ (300..=303 | 305..=399) => {
                CallError::Redirected { address, status, location: self.clean(header(headers, "location")) }
            }
            status => CallError::Status { address, status, retry_after: retry_after(), message },
        }
    }
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

/// How long a server asks to wait: `retry-after-ms` of those that have it, else `Retry-After` in seconds or as a date,
/// which is taken against the answer's `Date`. A date that has passed says nothing of how long, as no date does.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| !number.is_nan());
    // What it is, however absurd: it is told, and nobody waits for it.
    let span = |seconds: f64| Duration::try_from_secs_f64(seconds.min(LONGEST_SPAN.as_secs_f64())).ok();
    let ms = number(header(headers, "retry-after-ms")).and_then(|ms| span(ms / 1000.0));
    let value = header(headers, "retry-after");
    let dated = || {
        let wait = moment(value)?.duration_since(moment(header(headers, "date"))?);
        span(wait.as_secs_f64()).filter(|_| wait.is_positive())
    };
    // No time at all says as little.
    ms.or_else(|| number(value).map_or_else(dated, span)).filter(|wait| !wait.is_zero())
}

/// A date in one of the three forms that HTTP has had.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let old = |form: &str| DateTime::strptime(form, text.trim()).ok()?.to_zoned(TimeZone::UTC).ok();
    let zoned = jiff::fmt::rfc2822::parse(text).ok();
    let zoned = zoned.or_else(|| old("%A, %d-%b-%y %H:%M:%S GMT")).or_else(|| old("%a %b %e %H:%M:%S %Y"));
    zoned.map(|zoned| zoned.timestamp())
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
        check("0", None);
        check(" 7 ", Some(7));
        check("-1", None);
        check("1000000000", Some(1_000_000_000));
        check("99999999999999999999", Some(3_153_600_000));
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
        check("Wed, 21 Oct 2099 07:28:00 GMT", Some(2_650_838_400));
        assert_eq!(waits(&[("retry-after", "Wed, 21 Oct 2015 07:29:30 GMT")]), None);
    }
}
