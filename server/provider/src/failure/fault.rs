//! What an error is about, by the code that a server gives it and, of those that have none for it, by its words.
//!
//! A key, credit or a model that is missing is told with 400 by some, as if the request were wrong. No other request
//! helps then, and another provider may have what this one lacks.
//!
//! Invariants
//! - Codes come first: words are read only where no code says anything.
//! - A word that may stand in another complaint too, as in one about what was asked, is in no table here.

/// What is missing, that another provider may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The account has nothing left.
    Credit,
    /// The key is none, or no longer.
    Key,
    /// Nobody there has such a model.
    Model,
}

/// The kind under which a refused key is kept, whatever its server calls it.
pub(super) const KEY: &str = "authentication_error";

/// By its code, its type or its status in words.
pub(super) fn of_kind(kind: &str) -> Option<Fault> {
    Some(match kind {
        "insufficient_quota"
        | "insufficient_balance"
        | "insufficient_credits"
        | "billing_error"
        | "billing_hard_limit_reached"
        | "billing_not_active" => Fault::Credit,
        KEY
        | "invalid_api_key"
        | "incorrect_api_key"
        | "invalid_authentication_error"
        | "API_KEY_INVALID"
        | "API_KEY_EXPIRED"
        | "UNAUTHENTICATED" => Fault::Key,
        "model_not_found"
        | "model_not_found_error"
        | "model_not_available"
        | "model_decommissioned"
        | "invalid_model"
        | "unknown_model"
        | "DeploymentNotFound" => Fault::Model,
        _ => return None,
    })
}

/// By what it says, which may name the model that was asked for anywhere.
pub(super) fn of_words(message: &str, model: &str) -> Option<Fault> {
    let said = plain(message, model);
    TABLE.iter().find(|(_, known)| says(&said, known)).map(|(fault, _)| *fault)
}

/// Whether the model is there and nobody who serves it takes such a request from such an account, by its words:
/// `OpenRouter` tells that as a model that there is not.
pub(super) fn has_no_taker(message: &str) -> bool {
    says(&plain(message, ""), NO_TAKER)
}

/// Whether one request alone is more than what may be asked in a minute, by its words: servers tell that as a limit
/// of the rate, and no waiting helps.
pub(super) fn is_too_large(message: &str) -> bool {
    says(&plain(message, ""), TOO_LARGE)
}

/// In small letters, without marks and without the model's name, with a blank around each word.
fn plain(message: &str, model: &str) -> String {
    let message = message.to_lowercase();
    let model = model.to_lowercase();
    let word = |word: &'_ str| word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_owned();
    let is_model = |word: &String| *word == model || word.strip_prefix("models/") == Some(&model);
    let words = message.split_whitespace().map(word).filter(|word| !word.is_empty() && !is_model(word));
    format!(" {} ", words.collect::<Vec<_>>().join(" "))
}

fn says(said: &str, known: &[&str]) -> bool {
    known.iter().any(|words| said.contains(&format!(" {words} ")))
}

const NO_TAKER: &[&str] = &[
    "no endpoints found matching",
    "no endpoints found that",
    "no endpoints available matching",
    "no allowed providers are available",
];

const TOO_LARGE: &[&str] = &["request too large", "tokens must be reduced"];

/// In small letters, without marks and without the model's name.
const TABLE: [(Fault, &[&str]); 3] = [
    (
        Fault::Credit,
        &[
            "credit balance is too low",
            "reached your specified api usage limits",
            "insufficient balance",
            "insufficient credit",
            "insufficient credits",
            "insufficient funds",
            "not enough credits",
            "requires more credits",
            "out of credits",
            "doesn't have any credits",
            "used all available credits",
            "monthly spending limit",
            "billing hard limit has been reached",
        ],
    ),
    (
        Fault::Key,
        &[
            "api key not valid",
            "api key not found",
            "api key expired",
            "api key has expired",
            "api key is invalid",
            "api key is missing",
            "missing api key",
            "no api key",
            "invalid api key",
            "incorrect api key",
            "invalid x-api-key",
            "authentication fails",
            "invalid authentication",
        ],
    ),
    (
        Fault::Model,
        &[
            "not a valid model",
            "invalid model id",
            "invalid model name",
            "model not exist",
            "model not found",
            "model is not found",
            "model does not exist",
            "model doesn't exist",
            "model has been decommissioned",
            "no such model",
            "unknown model",
            "unable to access model",
            "no models loaded",
        ],
    ),
];

pub(super) fn is_overload(kind: &str) -> bool {
    matches!(
        kind,
        "overloaded_error"
            | "overloaded"
            | "server_overloaded"
            | "service_unavailable"
            | "service_unavailable_error"
    )
}

pub(super) fn is_limit(kind: &str) -> bool {
    matches!(kind, "rate_limit_error" | "rate_limit_exceeded" | "rate_limit")
}

pub(super) const fn kind_of_status(status: u16) -> Option<&'static str> {
    match status {
        400 | 413 | 422 => Some("invalid_request_error"),
        401 => Some("authentication_error"),
        403 => Some("permission_error"),
        402 => Some("billing_error"),
        429 => Some("rate_limit_error"),
        503 | 529 => Some("overloaded_error"),
        408 | 409 | 500..=599 => Some("server_error"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_by_words_where_there_is_no_code() {
        let check = |message: &str, model: &str, expect: Option<Fault>| {
            assert_eq!(of_words(message, model), expect, "{message}");
        };
        let credit =
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.";
        check(credit, "claude-x", Some(Fault::Credit));
        let limit = "You have reached your specified API usage limits. You will regain access on 2026-12-01.";
        check(limit, "claude-x", Some(Fault::Credit));
        check("API key not valid. Please pass a valid API key.", "gemini-x", Some(Fault::Key));
        check("Incorrect API key provided: xa***. You can obtain one elsewhere.", "grok-x", Some(Fault::Key));
        check("m is not a valid model ID", "m", Some(Fault::Model));
        check("Model Not Exist", "m", Some(Fault::Model));
        check("The model `org/M-7b` does not exist.", "org/m-7b", Some(Fault::Model));
        check("models/gemini-x is an unknown model", "gemini-x", Some(Fault::Model));
        // These are about the request.
        check("This model does not support tools", "m", None);
        check("This model's maximum context length is 8192 tokens.", "m", None);
        check("Invalid model output schema", "m", None);
        check("the tool 'read' does not exist", "m", None);
        check("", "m", None);
    }

    #[test]
    fn what_no_waiting_and_no_other_name_helps_is_told_by_words() {
        let check = |message: &str, expect: (bool, bool)| {
            assert_eq!((has_no_taker(message), is_too_large(message)), expect, "{message}");
        };
        check("No endpoints found matching your data policy. Enable it here: x", (true, false));
        check("No endpoints found that support tool use.", (true, false));
        check("No endpoints found for m.", (false, false));
        check("Request too large for m on tokens per min (TPM): Limit 3, Requested 4.", (false, true));
        check("Rate limit reached for m on tokens per min (TPM): Limit 3, Used 3.", (false, false));
    }
}
