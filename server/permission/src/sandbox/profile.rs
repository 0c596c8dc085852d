//! The same walls in the language of macOS's `sandbox-exec`. Written from its documentation and unit-tested as text; no
//! Mac has run it yet.

use std::fmt::Write as _;
use std::path::Path;

use super::confine::{Confinement, Network};

/// What every program on macOS reads before its first line.
const SYSTEM: &[&str] = &[
    "/System",
    "/Library/Apple",
    "/Library/Frameworks",
    "/Library/Developer",
    "/Applications/Xcode.app",
    "/private/etc",
    "/private/var/db/timezone",
    "/private/var/select",
    "/opt/homebrew",
];

/// The profile of a confinement. The last rule that matches decides, so what is hidden and guarded stands at the end.
pub fn seatbelt(confinement: &Confinement, temporary: &Path) -> String {
    let mut text = String::from(
        "(version 1)\n(deny default)\n(allow process-exec process-fork)\n(allow signal (target same-sandbox))\n\
         (allow sysctl-read)\n(allow file-read-metadata)\n\
         (allow file-read* file-write* (literal \"/dev/null\") (literal \"/dev/zero\"))\n\
         (allow file-read* (literal \"/\") (literal \"/dev/random\") (literal \"/dev/urandom\"))\n\
         (allow file-ioctl (literal \"/dev/null\"))\n",
    );
    let mut rule = |verb: &str, access: &str, place: &Path| {
        let _ = writeln!(text, "({verb} {access} (subpath {}))", quoted(place));
    };
    for place in SYSTEM.iter().map(Path::new).chain(confinement.read.iter().map(AsRef::as_ref)) {
        rule("allow", "file-read*", place);
    }
    for place in confinement.write.iter().map(AsRef::as_ref).chain([temporary]) {
        rule("allow", "file-read* file-write*", place);
    }
    let absent = confinement.absent.iter().map(|vacancy| &vacancy.place);
    for place in confinement.guard.iter().chain(absent) {
        rule("deny", "file-write*", place);
    }
    for place in &confinement.pin {
        let _ = writeln!(text, "(deny file-write-unlink (literal {}))", quoted(place));
    }
    for place in &confinement.hide {
        let _ = writeln!(text, "(deny file-read* file-write* (subpath {}))", quoted(place));
    }
    if confinement.network == Network::Open {
        text.push_str("(allow network-outbound (remote ip))\n(allow network-inbound (local ip))\n(allow system-socket)\n");
        text.push_str("(allow mach-lookup (global-name \"com.apple.dnssd.service\"))\n");
        text.push_str("(allow network-outbound (literal \"/private/var/run/mDNSResponder\"))\n");
    }
    text
}

/// A path as a string of that language.
fn quoted(place: &Path) -> String {
    let text = place.to_string_lossy();
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Placeholder, State, Vacancy};

    #[test]
    fn what_is_hidden_and_guarded_comes_last() {
        let mut confinement = Confinement {
            state: State::Partial,
            network: Network::Closed,
            home: None,
            read: vec!["/usr".into()],
            write: vec!["/w \"x\"\\".into()],
            pin: vec!["/w/.git".into()],
            guard: vec!["/w/.git/hooks".into()],
            hide: vec!["/w/.env".into()],
            absent: vec![Vacancy { place: "/w/.vscode".into(), stand: Placeholder::Folder }],
            overlay: None,
        };
        let text = seatbelt(&confinement, Path::new("/t"));
        let at = |line: &str| text.find(line).unwrap_or_else(|| panic!("{line} is not in\n{text}"));
        assert!(text.starts_with("(version 1)\n(deny default)\n"));
        let order = [
            at("(allow file-read* (subpath \"/usr\"))"),
            at("(allow file-read* file-write* (subpath \"/w \\\"x\\\"\\\\\"))"),
            at("(allow file-read* file-write* (subpath \"/t\"))"),
            at("(deny file-write* (subpath \"/w/.git/hooks\"))"),
            at("(deny file-write* (subpath \"/w/.vscode\"))"),
            at("(deny file-write-unlink (literal \"/w/.git\"))"),
            at("(deny file-read* file-write* (subpath \"/w/.env\"))"),
        ];
        assert!(order.is_sorted(), "{order:?}");
        assert!(!text.contains("network"));
        confinement.network = Network::Open;
        assert!(seatbelt(&confinement, Path::new("/t")).contains("(allow network-outbound (remote ip))"));
        assert_eq!(text.matches('(').count(), text.matches(')').count());
    }
}
