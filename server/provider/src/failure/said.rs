//! What a server says went wrong: by the status of its answer, in the body of that, or in the middle of an answer.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::Told;
use crate::CallError;
use crate::answer::WireError;
use crate::clients::Response;
use crate::error::{LONGEST_SPAN, Scheme};
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
            kind if is_credit(kind) => CallError::NoCredit { address, message },
            kind if is_limit(kind) => CallError::RateLimited { address, retry_after: None, message },
            kind => CallError::BrokeOff { kind: self.clean(kind), message },
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

    fn status(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> CallError {
        let address = self.address.clone();
        if status == StatusCode::BAD_REQUEST && self.address.starts_with("http://") && wants_tls(body) {
            return CallError::Scheme { address, there: Scheme::Secure };
        }
        let is_unpaid = status.as_u16() == 402 || status.as_u16() == 429 && is_about_credit(body);
        let message = self.clean(&message(body));
        if is_unpaid {
            return CallError::NoCredit { address, message };
        }
        let retry_after = || retry_after(headers);
        match status.as_u16() {
            status @ (401 | 403) => CallError::Refused { address, status, key: self.key.clone(), message },
            404 => self.not_found(message, speaks(body)),
            429 => CallError::RateLimited { address, retry_after: retry_after(), message },
            503 | 529 => CallError::Overloaded { address, retry_after: retry_after(), message },
            status @ (300..=303 | 305..=399) => {
                CallError::Redirected { address, status, location: self.clean(header(headers, "location")) }
            }
            status => CallError::Status { address, status, retry_after: retry_after(), message },
        }
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
    let is_known =
        |word: &&String| is_overload(word) || is_limit(word) || is_credit(word) || is_servers_fault(word);
    let known = words.iter().find(is_known);
    let by_status = || words.iter().find_map(|word| kind_of_status(word.parse().ok()?)).map(str::to_owned);
    let kind = known.cloned().or_else(by_status).or_else(|| words.first().cloned());
    let message = error
        .as_str()
        .or_else(|| error.get("message").or_else(|| error.get("detail"))?.as_str())
        .unwrap_or_default();
    WireError::Server { kind: kind.unwrap_or_default(), message: message.to_owned() }
}

/// Whose API an error's body is of, by its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    Anthropic,
    /// `OpenAI` and all that imitate it.
    Openai,
}

fn speaks(body: &[u8]) -> Option<Speaks> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let is_anthropic = body["type"] == "error" && body["error"]["type"].is_string();
    // Those of Python answer like that for a path that they do not have, and LM Studio in words of its own.
    let error = &body["error"];
    let is_openai = error["message"].is_string() && (error["type"].is_string() || error["code"].is_string())
        || body["detail"] == "Not Found"
        || error.as_str().is_some_and(is_no_address);
    match (is_anthropic, is_openai) {
        (true, _) => Some(Speaks::Anthropic),
        (false, true) => Some(Speaks::Openai),
        (false, false) => None,
    }
}

/// Whether a server says that it has no such address, whatever the status of its answer: LM Studio's is 200.
fn is_no_address(message: &str) -> bool {
    message.starts_with("Unexpected endpoint")
}

/// The error that a whole body tells, in whichever of the usual places it stands.
pub(crate) fn error_in(body: &Value) -> Option<WireError> {
    let is_text = |key: &str| body.get(key).is_some_and(Value::is_string);
    match body.get("error") {
        Some(error) if !error.is_null() => Some(server_error(error)),
        _ if is_text("message") || is_text("detail") => Some(server_error(body)),
        _ => None,
    }
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

/// Whether an account has nothing left, as `OpenAI`, Anthropic and those that speak like them say it.
fn is_credit(kind: &str) -> bool {
    matches!(
        kind,
        "insufficient_quota"
            | "insufficient_balance"
            | "billing_error"
            | "billing_hard_limit_reached"
            | "billing_not_active"
    )
}

/// Whether an error's body says so.
fn is_about_credit(body: &[u8]) -> bool {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return false };
    let WireError::Server { kind, .. } = server_error(body.get("error").unwrap_or(&body)) else {
        return false;
    };
    is_credit(&kind)
}

const fn kind_of_status(status: u16) -> Option<&'static str> {
    match status {
        400 | 413 | 422 => Some("invalid_request_error"),
        401 | 403 => Some("authentication_error"),
        402 => Some("billing_error"),
        429 => Some("rate_limit_error"),
        503 | 529 => Some("overloaded_error"),
        408 | 409 | 500..=599 => Some("server_error"),
        _ => None,
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
    use copydesk_base::config::ProviderKind;
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
        check(serde_json::json!({"code": 402}), "billing_error");
        check(serde_json::json!({"code": 401}), "authentication_error");
        check(serde_json::json!({"type": "requests", "code": "insufficient_quota"}), "insufficient_quota");
        check(serde_json::json!({"type": "InternalServerError", "code": 500}), "server_error");
        check(serde_json::json!({"type": "service_unavailable", "code": 503}), "service_unavailable");
        check(serde_json::json!({"type": "busy", "code": "529"}), "overloaded_error");
        check(serde_json::json!({"type": "invalid_request_error", "code": 400}), "invalid_request_error");
        check(serde_json::json!({"type": null, "code": ""}), "");
        check(serde_json::json!("out of memory"), "");
    }

    #[test]
    fn a_404_tells_by_its_shape_which_kind_fits() {
        let check = |kind: ProviderKind, body: &str, expect: Option<&str>| {
            let told = speaks(body.as_bytes()).and_then(|speaks| remedy::of_another(kind, speaks));
            assert_eq!(told.is_some(), expect.is_some(), "{kind:?} {body}: {told:?}");
            let told = told.unwrap_or_default();
            assert!(told.contains(expect.unwrap_or_default()), "{kind:?} {body}: {told}");
        };
        let anthropic = r#"{"type":"error","error":{"type":"not_found_error","message":"no"}}"#;
        let openai = r#"{"error":{"message":"Not Found","type":"invalid_request_error"}}"#;
        let chat = Some("write kind: openai-chat, and /v1 at the end of base_url");
        check(ProviderKind::Anthropic, openai, chat);
        check(ProviderKind::Anthropic, r#"{"detail":"Not Found"}"#, chat);
        check(ProviderKind::Ollama, openai, chat);
        check(ProviderKind::Ollama, r#"{"error":"Unexpected endpoint or method. (POST /api/chat)"}"#, chat);
        for kind in [ProviderKind::OpenaiChat, ProviderKind::OpenaiResponses, ProviderKind::Ollama] {
            check(kind, anthropic, Some("write kind: anthropic, without /v1"));
        }
        // Their own, and what nobody can tell.
        check(ProviderKind::Anthropic, anthropic, None);
        check(ProviderKind::OpenaiChat, openai, None);
        check(ProviderKind::AzureOpenai, openai, None);
        check(ProviderKind::Ollama, r#"{"error":"model 'm' not found"}"#, None);
        check(ProviderKind::Anthropic, "404 page not found", None);
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
}
