//! Whether the address of a provider can be used, as far as its text tells: the same for whoever sends something there
//! and for whoever looks at the config while it is written.

use crate::Span;

/// Why an address cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadAddress {
    /// It begins with neither `http://` nor `https://`.
    Scheme,
    /// No host stands behind the scheme.
    Host,
    /// What stands here is no port.
    Port { at: Span },
    /// From here on it is a query or a fragment; paths are put behind an address.
    Tail { at: usize },
    /// From here on it is the path of a deployment with a query, as Azure's portal shows the address of a request.
    Portal { at: usize },
    /// A name or a password stands before the host.
    Login { at: Span },
}

impl BadAddress {
    /// As a fragment behind a colon.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Scheme => "it must start with http:// or https://",
            Self::Host => "no host stands in it, such as a.example in https://a.example/v1",
            Self::Port { .. } => "its port must be a number up to 65535",
            Self::Tail { .. } => "it holds a '?' or '#'; write it up to there, such as https://a.example/v1",
            Self::Portal { .. } => {
                "it is the address of a request, as Azure's portal shows it; write only its beginning, such as \
                 https://a.openai.azure.com, the deployment that it names as the model's name, and what stands behind \
                 api-version= as api_version"
            }
            Self::Login { .. } => {
                "it holds a user name or password; keys belong into an environment variable"
            }
        }
    }
}

/// What is wrong with the text of an address, if anything.
pub fn bad_address(text: &str) -> Option<BadAddress> {
    let lower = text.to_ascii_lowercase();
    let Some(scheme) = ["http://", "https://"].iter().find(|scheme| lower.starts_with(**scheme)) else {
        return Some(BadAddress::Scheme);
    };
    let host = scheme.len();
    let end = text[host..].find(['/', '?', '#']).map_or(text.len(), |at| host + at);
    if let Some(at) = text[host..end].rfind('@') {
        return Some(BadAddress::Login { at: Span::new(host, host + at + 1) });
    }
    if let Some(at) = text.find(['?', '#']) {
        let portals = text[..at].find("/openai/deployments/");
        return Some(portals.map_or(BadAddress::Tail { at }, |at| BadAddress::Portal { at }));
    }
    if text[host..end].is_empty() || text[host..end].starts_with(':') {
        return Some(BadAddress::Host);
    }
    let port = text[host..end].rfind(':').map(|colon| Span::new(host + colon + 1, end));
    let is_port = |port: Span| port.of(text).ends_with(']') || port.of(text).parse::<u16>().is_ok();
    port.filter(|port| !is_port(*port)).map(|at| BadAddress::Port { at })
}

/// Whether an address is one of this machine, with a scheme before it or without.
pub fn is_here(text: &str) -> bool {
    let host = host(text);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether what is sent there can be read by whoever is on the way: it goes to another machine, and not through TLS.
pub fn is_in_clear(text: &str) -> bool {
    let is_plain = text.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
    is_plain && !is_here(text)
}

/// The host of an address, without the brackets of one in IPv6.
fn host(text: &str) -> &str {
    let text = text.trim();
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let place = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    match place.strip_prefix('[') {
        Some(inside) => inside.split(']').next().unwrap_or(inside),
        None => place.split(':').next().unwrap_or(place),
    }
}

/// An address as it is shown: without a name, a password or a query, in which a key may stand.
pub fn shown_address(text: &str) -> String {
    match bad_address(text) {
        Some(BadAddress::Login { at }) => shown_address(&format!("{}{}", &text[..at.start], &text[at.end..])),
        Some(BadAddress::Tail { .. } | BadAddress::Portal { .. }) => {
            text.split(['?', '#']).next().unwrap_or_default().to_owned()
        }
        _ => text.to_owned(),
    }
}

/// Where the path of a request begins that somebody copied along: it is put behind an address anyway.
pub fn path_of_request(text: &str) -> Option<usize> {
    let path = text.trim_end_matches('/');
    PATHS.iter().find(|known| path.ends_with(**known)).map(|known| path.len() - known.len())
}

const PATHS: [&str; 6] =
    ["/chat/completions", "/completions", "/responses", "/v1/messages", "/api/chat", "/api/generate"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_may_be_a_key() {
        let check = |text: &str, expect: &str| assert_eq!(shown_address(text), expect);
        check("https://a.example/v1", "https://a.example/v1");
        check("https://me:secret@a.example/v1", "https://a.example/v1");
        check("https://me:secret@a.example/v1?key=secret", "https://a.example/v1");
        check("https://a.example#secret", "https://a.example");
        check("https://a.example/openai/deployments/m?key=secret", "https://a.example/openai/deployments/m");
    }

    #[test]
    fn what_goes_to_another_machine_without_tls_is_in_clear() {
        for (text, here, clear) in [
            ("http://127.0.0.1:1234/v1", true, false),
            ("http://localhost/v1", true, false),
            ("HTTP://LOCALHOST:1", true, false),
            ("http://[::1]:1234", true, false),
            ("127.0.0.1:1234", true, false),
            ("https://a.example/v1", false, false),
            ("http://a.example/v1", false, true),
            ("http://me@10.0.0.7:1234", false, true),
            ("http://127.0.0.1.example/v1", false, true),
            ("http://127.0.0.1@a.example", false, true),
            ("http://a.example/?x=//localhost", false, true),
            ("", false, false),
        ] {
            assert_eq!((is_here(text), is_in_clear(text)), (here, clear), "{text}");
        }
    }

    #[test]
    fn an_address_is_a_scheme_a_host_and_a_path() {
        let check = |text: &str, expect: Option<BadAddress>| assert_eq!(bad_address(text), expect, "{text}");
        check("https://a.example/v1", None);
        check("HTTP://127.0.0.1:1234", None);
        check("http://[::1]:1234/v1/", None);
        check("https://a.example/@team/v1", None);
        check("", Some(BadAddress::Scheme));
        check("127.0.0.1:1234", Some(BadAddress::Scheme));
        check("ftp://a.example", Some(BadAddress::Scheme));
        check("http://", Some(BadAddress::Host));
        check("http://:80/v1", Some(BadAddress::Host));
        check("http://a.example:99999/v1", Some(BadAddress::Port { at: Span::new(17, 22) }));
        check("http://[::1]", None);
        for (text, expect) in [
            ("https://a.example/v1/chat/completions/", Some(20)),
            ("https://a.example/v1/messages", Some(17)),
            ("https://a.example/v1/", None),
        ] {
            assert_eq!((bad_address(text), path_of_request(text)), (None, expect), "{text}");
        }
        check("https://a.example/v1?tenant=7", Some(BadAddress::Tail { at: 20 }));
        let portal =
            "https://a.openai.azure.com/openai/deployments/m/chat/completions?api-version=2025-01-01";
        check(portal, Some(BadAddress::Portal { at: 26 }));
        check("https://a.example#x", Some(BadAddress::Tail { at: 17 }));
        check("https://me:secret@a.example/v1", Some(BadAddress::Login { at: Span::new(8, 18) }));
        check("https://me@a.example?x=1", Some(BadAddress::Login { at: Span::new(8, 11) }));
    }
}
