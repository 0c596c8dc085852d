//! Where in an error's body stands what: its code, its message, and what the server behind a gateway said.

use serde_json::Value;

use super::fault::{self, is_limit, is_overload, kind_of_status};
use crate::answer::WireError;
use crate::retry::is_servers_fault;

/// An error as a server tells it inside an answer: an object with a type, a code or a status, or a bare text.
pub(crate) fn server_error(error: &Value) -> WireError {
    let word = |key: &str| match error.get(key)? {
        Value::String(word) if !word.is_empty() => Some(word.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let reasons = error.get("details").and_then(Value::as_array).into_iter().flatten();
    let reasons = reasons.filter_map(|detail| Some(detail.get("reason")?.as_str()?.to_owned()));
    let words: Vec<String> = ["type", "code", "status"].into_iter().filter_map(word).chain(reasons).collect();
    // A number is a status of HTTP, and says more than a type that nobody knows.
    let is_known = |word: &&String| {
        is_overload(word) || is_limit(word) || fault::of_kind(word).is_some() || is_servers_fault(word)
    };
    let known = words.iter().find(is_known);
    let by_status = || words.iter().find_map(|word| kind_of_status(word.parse().ok()?)).map(str::to_owned);
    let kind = known.cloned().or_else(by_status).or_else(|| words.first().cloned());
    WireError::Server { kind: kind.unwrap_or_default(), message: said(error) }
}

/// The code of the error that a whole body tells; empty where it has none.
pub(super) fn kind_of_body(body: &[u8]) -> String {
    let body = serde_json::from_slice(body).unwrap_or_default();
    let body = only(&body);
    match server_error(body.get("error").unwrap_or(body)) {
        WireError::Server { kind, .. } => kind,
        _ => String::new(),
    }
}

/// Whose API an error's body is of, by its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    Anthropic,
    /// `OpenAI` and all that imitate it.
    Openai,
}

pub(super) fn speaks(body: &[u8]) -> Option<Speaks> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let body = only(&body);
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
pub(super) fn is_no_address(message: &str) -> bool {
    message.starts_with("Unexpected endpoint")
}

/// The error that a whole body tells, in whichever of the usual places it stands.
pub(crate) fn error_in(body: &Value) -> Option<WireError> {
    let body = only(body);
    let is_text = |key: &str| body.get(key).is_some_and(Value::is_string);
    match body.get("error") {
        Some(error) if !error.is_null() => Some(server_error(error)),
        _ if is_text("message") || is_text("detail") => Some(server_error(body)),
        _ => None,
    }
}

/// The message within an error's body, in whichever of the usual places it stands; nothing of a web page.
pub(super) fn message(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(empty)) if empty.is_empty() => String::new(),
        Ok(value) => {
            let value = only(&value);
            let behind = || value.get("error").and_then(behind);
            match (found(value), behind()) {
                (Some(own), behind) => joined(own, behind),
                (None, Some(behind)) => behind,
                (None, None) => value.to_string(),
            }
        }
        Err(_) if text.trim_start().starts_with('<') => String::new(),
        Err(_) => text.into_owned(),
    }
}

fn found(body: &Value) -> Option<&str> {
    ["/error/message", "/error", "/message", "/detail", "/errors/0/message"]
        .into_iter()
        .find_map(|place| body.pointer(place)?.as_str())
}

/// What an error says: an object with a message, or a bare text.
fn said(error: &Value) -> String {
    let own = error.as_str().or_else(|| error.get("message").or_else(|| error.get("detail"))?.as_str());
    joined(own.unwrap_or_default(), behind(error))
}

/// What the server behind a gateway said, by its name, where the gateway passes it on: `OpenRouter` itself says no more
/// than that there was an error.
fn behind(error: &Value) -> Option<String> {
    let passed = error.get("metadata")?;
    let raw = match passed.get("raw")? {
        Value::String(raw) => match serde_json::from_str::<Value>(raw) {
            Ok(value) => found(only(&value)).map_or_else(|| raw.clone(), str::to_owned),
            Err(_) => raw.clone(),
        },
        Value::Null => return None,
        value => found(only(value)).map_or_else(|| value.to_string(), str::to_owned),
    };
    let name = passed.get("provider_name").and_then(Value::as_str).filter(|name| !name.is_empty());
    let raw = raw.trim();
    let is_page = raw.is_empty() || raw.starts_with('<');
    match name {
        None if is_page => None,
        None => Some(raw.to_owned()),
        Some(name) if is_page => Some(name.to_owned()),
        Some(name) => Some(format!("{name}: {raw}")),
    }
}

fn joined(own: &str, behind: Option<String>) -> String {
    match behind {
        Some(behind) if own.is_empty() => behind,
        Some(behind) => format!("{}: {behind}", own.trim_end_matches('.')),
        None => own.to_owned(),
    }
}

/// The body itself, or what a list holds as its first: Gemini's compatible endpoint tells its errors so.
fn only(body: &Value) -> &Value {
    body.as_array().and_then(|list| list.first()).unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use copydesk_base::config::ProviderKind;

    use super::*;
    use crate::remedy;

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
        check(
            serde_json::json!({"type": "invalid_request_error", "code": "model_not_found"}),
            "model_not_found",
        );
        let reasons = serde_json::json!([{"@type": "x"}, {"reason": "API_KEY_INVALID"}]);
        check(
            serde_json::json!({"code": 400, "status": "INVALID_ARGUMENT", "details": reasons}),
            "API_KEY_INVALID",
        );
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
        check(r#"[{"error":{"code":400,"message":"API key not valid."}}]"#, "API key not valid.");
        let behind = |metadata: &str| {
            let message = "Provider returned error";
            format!(r#"{{"error":{{"message":"{message}","code":400,"metadata":{metadata}}}}}"#)
        };
        check(
            &behind(r#"{"raw":"{\"error\":{\"message\":\"too many images\"}}","provider_name":"Google"}"#),
            "Provider returned error: Google: too many images",
        );
        check(&behind(r#"{"raw":"too many images"}"#), "Provider returned error: too many images");
        check(&behind(r#"{"raw":{"odd":1}}"#), r#"Provider returned error: {"odd":1}"#);
        check(&behind(r#"{"raw":"","provider_name":"Google"}"#), "Provider returned error: Google");
        check(&behind("null"), "Provider returned error");
        check("{}", "");
        check("plain words", "plain words");
        check("<html><body>502</body></html>", "");
        check("", "");
    }
}
