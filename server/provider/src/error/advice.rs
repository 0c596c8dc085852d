//! What to do about a call that gave no answer: for each error one sentence, or two, for a person.

use super::{CallError, Distrust, Scheme, ToldBy, span};
use crate::Waited;

impl CallError {
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
            Self::Untrusted { fault, .. } => format!("Nothing was sent. {}", trusting(*fault)),
            Self::Refused { key, .. } if key == NO_KEY => {
                "It wants a key: 'copydesk auth status' says which there are and for which address, and 'copydesk auth \
                 set PROVIDER' puts one away."
                    .to_owned()
            }
            Self::NoCredit { .. } => {
                "Add credit, or raise the limit, in the account of that provider, or choose another model.".to_owned()
            }
            Self::Refused { status: 403, .. } => FORBIDDEN.to_owned(),
            Self::Refused { .. } => {
                "Put a valid key there and ask again; it is not tried again by itself.".to_owned()
            }
            Self::NotFound { remedy, .. } => remedy.clone(),
            Self::NoModel { .. } => {
                "Check the model's name; 'copydesk models' shows which models it has.".to_owned()
            }
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
            Self::Status { status: 404, .. } => {
                "The model is there, and nobody who serves it takes this request: change what it says in your account, or \
                 choose another model."
                    .to_owned()
            }
            Self::Status { status: 400 | 413 | 422 | 429, .. } => {
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
            Self::BrokeOff { kind, .. } if kind == "permission_error" => FORBIDDEN.to_owned(),
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
}

/// What makes a server trusted.
fn trusting(fault: Distrust) -> &'static str {
    match fault {
        Distrust::Signer => {
            "If it is your own server, put the certificate that signed its own into a PEM file, and name that file in \
             SSL_CERT_FILE in the environment that starts Copydesk; it counts beside the system's list."
        }
        Distrust::Authority => {
            "'openssl req -x509' makes an authority's certificate unless it is told otherwise. Make the server's anew \
             with -addext basicConstraints=critical,CA:FALSE and -addext subjectAltName=DNS:NAME (or IP:ADDRESS), and \
             name its PEM file in SSL_CERT_FILE in the environment that starts Copydesk."
        }
        Distrust::Name => {
            "Write a name that it is for into base_url, or have one made that is for this name too, in its \
             subjectAltName (an address stands there as IP:ADDRESS)."
        }
        Distrust::Time => "Renew it, if it is your own server; or set the clock of this machine.",
        Distrust::Variable => "Correct that variable in the environment that starts Copydesk, or unset it.",
        Distrust::NoList => "Install them (ca-certificates), or name a PEM file in SSL_CERT_FILE.",
    }
}

/// What is said of the key where none went along.
pub(crate) const NO_KEY: &str = "no key was sent";

/// What helps where the key was read, and what is asked with it is forbidden: the key may be a good one.
const FORBIDDEN: &str = "This account may not do that there, and what it says tells why: change that in the account, or \
                         choose another key or another model.";

/// The kind of an error told inside an answer where the request was larger than its server takes.
pub(crate) const TOO_LARGE: &str = "request_too_large";

/// Whether an error told inside an answer is about what was asked, by its kind.
fn is_about_request(kind: &str) -> bool {
    matches!(kind, "invalid_request_error" | "context_length_exceeded" | TOO_LARGE)
}

/// Whether it is about who asked.
fn is_about_key(kind: &str) -> bool {
    matches!(kind, "authentication_error" | "invalid_api_key")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_helps_depends_on_the_status() {
        let check = |status, expect: &str| {
            let address = "https://a.example/v1/responses".to_owned();
            let error = CallError::Status { address, status, retry_after: None, message: String::new() };
            assert!(error.advice().starts_with(expect), "{status}: {}", error.advice());
        };
        check(400, "The server did not like the request");
        check(429, "The server did not like the request");
        check(404, "The model is there, and nobody");
        check(405, "Check that base_url and kind fit the server");
        check(500, "Ask again;");
        let late = |address: &str| {
            let (address, after) = (address.to_owned(), Duration::from_secs(10));
            CallError::Timeout { address, waited: Waited::Connect, after }.advice()
        };
        assert!(late("https://a.example").contains("speaks TLS"));
        assert!(!late("http://a.example").contains("TLS"));
    }

    #[test]
    fn what_makes_a_server_trusted_depends_on_what_is_wrong_with_its_certificate() {
        for (fault, expect) in [
            (Distrust::Signer, "it counts beside the system's list"),
            (Distrust::Authority, "basicConstraints=critical,CA:FALSE"),
            (Distrust::Name, "Write a name that it is for into base_url"),
            (Distrust::Time, "set the clock of this machine"),
            (Distrust::Variable, "Correct that variable"),
            (Distrust::NoList, "ca-certificates"),
        ] {
            let error = CallError::Untrusted { address: String::new(), reason: String::new(), fault };
            let advice = error.advice();
            assert!(
                advice.starts_with("Nothing was sent. ") && advice.contains(expect),
                "{fault:?}: {advice}"
            );
        }
    }
}
