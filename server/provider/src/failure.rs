//! From what went wrong on the wire to a [`CallError`] that a person can use.
//!
//! Here is what happens to a connection; what a server says of itself is read in [`said`], where it stands in [`body`], and
//! what it is about in [`fault`].
//!
//! Everything a server says passes through [`Told::clean`] before it is kept: without the key, without control
//! characters, in one line and not long.

mod body;
mod fault;
mod said;

use std::error::Error;
use std::io::ErrorKind;
use std::time::Duration;

use copydesk_base::Redactor;
use copydesk_base::config::ProviderKind;
use copydesk_base::letter::is_unseen;
use rustls::CertificateError;

use crate::clients::SendError;
use crate::error::{Distrust, Scheme};
use crate::watched::{Heard, TooSlow};
use crate::{CallError, Waited};
pub(crate) use body::{Speaks, error_in, server_error};
pub(crate) use said::{check, media_type, moment, succeeded};

/// What errors of one call are told with.
pub(crate) struct Told {
    pub(crate) address: String,
    pub(crate) model: String,
    /// What its config says that it speaks.
    pub(crate) kind: ProviderKind,
    /// What to do where its server knows neither the address nor the model.
    pub(crate) remedy: String,
    /// Where the key came from.
    pub(crate) key: String,
    pub(crate) redactor: Redactor,
}

/// Of a text from outside no more than this is shown, in characters.
const LONGEST_MESSAGE: usize = 300;

/// Nor is more of it looked through, in bytes.
const LONGEST_READ: usize = 16 << 10;

/// The error of a request that got no answer's head.
pub(crate) fn unanswered(error: &SendError, heard: &Heard, connect: Duration, told: &Told) -> CallError {
    let address = told.address.clone();
    if heard.is_tls() {
        return CallError::Scheme { address, there: Scheme::Secure };
    }
    if cause::<TooSlow>(error).is_some() {
        return CallError::Timeout { address, waited: Waited::Connect, after: connect };
    }
    if let Some((fault, reason)) = untrusted(error) {
        return CallError::Untrusted { address, reason: told.clean(&reason), fault };
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
        broken => {
            let is_closed = broken.is_some_and(hyper::Error::is_incomplete_message);
            let closed = "the connection was closed before an answer came";
            let reason = if is_closed { closed.to_owned() } else { reason };
            if heard.count().is_written() {
                CallError::HungUp { address, reason }
            } else {
                CallError::Unreachable { address, reason }
            }
        }
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
pub(crate) fn untrusted(error: &(dyn Error + 'static)) -> Option<(Distrust, String)> {
    let rustls::Error::InvalidCertificate(wrong) = cause::<rustls::Error>(error)? else { return None };
    let told = match wrong {
        CertificateError::Other(other) => other.0.to_string(),
        wrong => wrong.to_string(),
    };
    Some(match wrong {
        // The name of the fault is all that its judge shows of it.
        CertificateError::Other(_) if told == "CaUsedAsEndEntity" => {
            let reason = "it shows the certificate of an authority as its own, which nothing makes trusted";
            (Distrust::Authority, format!("{reason} ({told})"))
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let theirs: Vec<&str> = presented.iter().map(|name| bare(name)).collect();
            let theirs = if theirs.is_empty() { "no name at all".to_owned() } else { theirs.join(", ") };
            (Distrust::Name, format!("its certificate is not for {}, but for {theirs}", expected.to_str()))
        }
        CertificateError::NotValidForName => {
            (Distrust::Name, "its certificate is for another name".to_owned())
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            (Distrust::Time, format!("its certificate does not count at this time ({told})"))
        }
        _ => (Distrust::Signer, format!("its certificate is not trusted by this system ({told})")),
    })
}

/// A name out of a certificate, which comes as `DnsName("a.example")` or `IpAddress(127.0.0.1)`.
fn bare(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    inner.trim_matches('"')
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

    /// A text from outside, fit for a message: without the key or a part of it, in one line, not long.
    pub(crate) fn clean(&self, text: &str) -> String {
        let text = self.redactor.clean_parts(&text[..text.floor_char_boundary(LONGEST_READ)]);
        let mut clean = String::new();
        let mut length = 0;
        for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty())
        {
            if length > 0 {
                clean.push(' ');
                length += 1;
            }
            for letter in word.chars().filter(|letter| !is_unseen(*letter)) {
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
    use super::*;

    #[test]
    fn a_certificate_that_nobody_trusts_is_told_by_its_fault() {
        let wrapped = |error| std::io::Error::other(std::io::Error::other(error));
        let check = |error: rustls::Error, expect: Option<&str>| {
            let told = untrusted(&wrapped(error));
            assert_eq!(told, expect.map(|reason| (Distrust::Signer, reason.to_owned())));
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
    fn texts_from_outside_are_cleaned() {
        let told = Told {
            address: String::new(),
            model: String::new(),
            kind: ProviderKind::Offline,
            remedy: String::new(),
            key: String::new(),
            redactor: Redactor::new(["sk-very-secret".to_owned()]),
        };
        let check = |text: &str, expect: &str| assert_eq!(told.clean(text), expect);
        check("bad key sk-very-secret!", "bad key [redacted]!");
        check("bad key SK-very-s...", "bad key [redacted]...");
        check("two\nlines\tand\u{1b}[31mcolor", "two lines and [31mcolor");
        check("a\u{202e}b\u{200b}c", "abc");
        check(&"x".repeat(301), &format!("{}…", "x".repeat(300)));
        check(&"x".repeat(300), &"x".repeat(300));
    }
}
