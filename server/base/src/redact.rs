//! Keeping secrets out of everything that is written or sent.
//!
//! A [`Redactor`] knows the keys that this process itself read, by value and in its other [`forms`] (a server that
//! repeats a header shows it in base64), and may be given a [`Finder`] that recognizes others by their shape. What it
//! writes for a secret is [`REDACTED`].
//!
//! A model gets a *placeholder* instead, a word that stands for one secret in one process, so that it can speak about
//! the text around it. Placeholders are for models alone: [`Redactor::clean`] takes them away too, and no file ever
//! holds one.

use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

/// Replaces secrets, wherever they stand.
///
/// Values shorter than eight characters are not replaced, since they would tear ordinary text. Clones know the same:
/// what one of them learns, all of them replace.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Longest first.
    secrets: Arc<RwLock<Vec<Secret>>>,
    finder: Option<Finder>,
}

/// A value that is replaced.
struct Secret {
    value: String,
    /// How else it is written.
    forms: Vec<String>,
}

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Bytes.
    pub span: Range<usize>,
    /// A few lower-case words with hyphens: `github-token`.
    pub kind: &'static str,
}

/// Recognizes secrets by their shape; in order, none over another.
pub type Finder = fn(&str) -> Vec<Found>;

/// What stands for a secret.
pub const REDACTED: &str = "[redacted]";

/// How a placeholder begins.
const OPEN: &str = "<secret:";

const SHORTEST_SECRET: usize = 8;

/// Letters of a secret, side by side, that are a part of it; fewer stand in ordinary words.
const SHORTEST_PART: usize = 8;

/// Shorter ones are looked for by their value alone: a few letters of base64 stand in many texts.
const SHORTEST_IN_OTHERS: usize = 16;

impl Redactor {
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let redactor = Self::default();
        secrets.into_iter().for_each(|secret| redactor.learn(&secret));
        redactor
    }

    /// From now on this value is replaced too.
    pub fn learn(&self, secret: &str) {
        let secret = secret.trim();
        if secret.len() < SHORTEST_SECRET || self.knows(secret) {
            return;
        }
        let mut secrets = self.secrets.write().unwrap_or_else(PoisonError::into_inner);
        let at = secrets.partition_point(|known| known.value.len() >= secret.len());
        let forms = if secret.len() < SHORTEST_IN_OTHERS { Vec::new() } else { forms(secret) };
        secrets.insert(at, Secret { value: secret.to_owned(), forms });
    }

    /// Whether a text is one of the values, whole.
    pub fn knows(&self, text: &str) -> bool {
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        secrets.iter().any(|secret| secret.value == text.trim())
    }

    /// The same, which also recognizes secrets by their shape.
    #[must_use]
    pub fn finding(self, finder: Finder) -> Self {
        Self { finder: Some(finder), ..self }
    }

    /// The secrets of a text, in order, none over another.
    pub fn find(&self, text: &str) -> Vec<Found> {
        let mut found: Vec<Found> = Vec::new();
        for secret in self.secrets.read().unwrap_or_else(PoisonError::into_inner).iter() {
            for form in std::iter::once(&secret.value).chain(&secret.forms) {
                let places = text.match_indices(form.as_str());
                found.extend(places.map(|(at, _)| Found { span: at..at + form.len(), kind: "provider-key" }));
            }
        }
        found.extend(self.finder.map(|finder| finder(text)).unwrap_or_default());
        apart(found)
    }

    /// The text without secrets and placeholders.
    pub fn clean(&self, text: &str) -> String {
        let text = replaced(text, &self.find(text), |_, _| REDACTED.to_owned());
        let placeholders = placeholders(&text);
        if placeholders.is_empty() {
            return text;
        }
        let found: Vec<Found> =
            placeholders.into_iter().map(|span| Found { span, kind: "placeholder" }).collect();
        replaced(&text, &found, |_, _| REDACTED.to_owned())
    }

    /// The same without parts of secrets, in capital or small letters: whoever repeats a key in an error may show its
    /// half. For short texts, since each of their letters is looked for in each secret.
    pub fn clean_parts(&self, text: &str) -> String {
        let text = self.clean(text);
        let mut found = Vec::new();
        for secret in self.secrets.read().unwrap_or_else(PoisonError::into_inner).iter() {
            found.extend(parts(&text, &secret.value));
        }
        replaced(&text, &apart(found), |_, _| REDACTED.to_owned())
    }

    /// Cleans every string of a JSON value, keys included.
    pub fn clean_json(&self, value: &serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        match value {
            Value::String(text) => Value::String(self.clean(text)),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.clean_json(item)).collect()),
            Value::Object(map) => Value::Object(
                map.iter().map(|(key, value)| (self.clean(key), self.clean_json(value))).collect(),
            ),
            other => other.clone(),
        }
    }
}

/// Where a part of a secret stands, however short it was cut.
fn parts(text: &str, secret: &str) -> Vec<Found> {
    let (bytes, secret) = (text.as_bytes(), secret.as_bytes());
    let common = |at: usize, from: usize| {
        let pairs = bytes[at..].iter().zip(&secret[from..]);
        pairs.take_while(|(one, other)| one.eq_ignore_ascii_case(other)).count()
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at + SHORTEST_PART <= bytes.len() {
        let longest = (0..secret.len()).map(|from| common(at, from)).max().unwrap_or(0);
        let span = text.floor_char_boundary(at)..text.ceil_char_boundary(at + longest);
        if longest >= SHORTEST_PART {
            found.push(Found { span, kind: "provider-key" });
            at += longest;
        } else {
            at += 1;
        }
    }
    found
}

/// How else a secret may be written: in base64, in hexadecimal digits, as a part of an address, from its end.
pub fn forms(secret: &str) -> Vec<String> {
    let bytes = |each: &dyn Fn(u8) -> String| secret.bytes().map(each).collect::<String>();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut forms = in_base64(secret);
    forms.push(bytes(&|byte| format!("{byte:02x}")));
    forms.push(bytes(&|byte| format!("{byte:02X}")));
    forms
        .push(bytes(&|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }));
    forms.push(secret.chars().rev().collect());
    forms.retain(|form| form != secret);
    forms
}

/// What base64 makes of a text, for each place that it may have in a longer one; the letters that depend on what stands
/// around it are left out.
fn in_base64(text: &str) -> Vec<String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut forms = Vec::new();
    for before in 0..3 {
        let bytes = || std::iter::repeat_n(0, before).chain(text.bytes());
        let bits: Vec<bool> =
            bytes().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect();
        let sixth = |six: &[bool]| six.iter().fold(0_usize, |sum, bit| sum * 2 + usize::from(*bit));
        let letters = bits.chunks_exact(6).map(|six| char::from(LETTERS[sixth(six)]));
        let form: String = letters.skip((before * 8).div_ceil(6)).collect();
        let other = form.replace('+', "-").replace('/', "_");
        if other != form {
            forms.push(other);
        }
        forms.push(form);
    }
    forms
}

/// A text with each find replaced.
pub fn replaced(text: &str, found: &[Found], mut by: impl FnMut(&str, &Found) -> String) -> String {
    if found.is_empty() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for one in found {
        out.push_str(&text[end..one.span.start]);
        out.push_str(&by(&text[one.span.clone()], one));
        end = one.span.end;
    }
    out + &text[end..]
}

/// Finds in order, the earlier and longer one where two meet.
pub fn apart(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|one| (one.span.start, std::cmp::Reverse(one.span.end)));
    let mut end = 0;
    found.retain(|one| {
        let is_free = one.span.start >= end && !one.span.is_empty();
        if is_free {
            end = one.span.end;
        }
        is_free
    });
    found
}

/// The placeholder of that kind and word.
pub fn placeholder(kind: &str, word: &str) -> String {
    format!("{OPEN}{kind}:{word}>")
}

/// Where a text has something that reads as a placeholder, real or forged.
pub fn placeholders(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(OPEN) {
        let start = from + at;
        let inside = &text[start + OPEN.len()..];
        let length = inside
            .find(|letter: char| {
                !(letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-:".contains(letter))
            })
            .unwrap_or(inside.len());
        from = start + OPEN.len() + length;
        if inside[length..].starts_with('>') && inside[..length].contains(':') {
            from += 1;
            found.push(start..from);
        }
    }
    found
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Redactor({} secrets)", secrets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_secrets_go_first_and_short_ones_stay() {
        let redactor = Redactor::new(["sk-12345678".into(), "sk-12345678-long".into(), "abc".into()]);
        assert_eq!(redactor.clean("a sk-12345678-long b sk-12345678 abc"), "a [redacted] b [redacted] abc");
    }

    #[test]
    fn a_key_is_known_in_other_letters_too() {
        let redactor = Redactor::new(["sk-ant-0123456789?>".into(), "short-key".into()]);
        for (text, expected) in [
            // user:KEY, KEY, a longer one around it, the letters of addresses; made by another program.
            ("Basic dXNlcjpzay1hbnQtMDEyMzQ1Njc4OT8+", "Basic dXNlcjp[redacted]"),
            ("c2stYW50LTAxMjM0NTY3ODk/Pg==", "[redacted]g=="),
            ("c2stYW50LTAxMjM0NTY3ODk_Pg==", "[redacted]g=="),
            ("eHNrLWFudC0wMTIzNDU2Nzg5Pz54", "eH[redacted]54"),
            ("eHhzay1hbnQtMDEyMzQ1Njc4OT8+eHg=", "eHh[redacted]eHg="),
            ("c2hvcnQta2V5", "c2hvcnQta2V5"),
            ("736b2d616e742d303132333435363738393f3e 0a", "[redacted] 0a"),
            ("736B2D616E742D303132333435363738393F3E", "[redacted]"),
            ("?key=sk-ant-0123456789%3F%3E&x", "?key=[redacted]&x"),
            (">?9876543210-tna-ks", "[redacted]"),
        ] {
            assert_eq!(redactor.clean(text), expected, "{text}");
        }
    }

    #[test]
    fn a_part_of_a_key_is_one_too() {
        let redactor = Redactor::new(["9f8e7d6c5b4a-0123456789".into(), "\u{fc}berschl\u{fc}ssel".into()]);
        for (text, expected) in [
            ("no key 9f8e7d6c5b4a-0123456789", "no key [redacted]"),
            ("no key 9f8e7d6c***", "no key [redacted]***"),
            ("no key 7D6C5B4A-01", "no key [redacted]"),
            ("no key 9f8e7d6...", "no key 9f8e7d6..."),
            ("9f8e7d6c and 23456789.", "[redacted] and [redacted]."),
            ("\u{e4}berschl\u{fc}\u{e4}", "\u{e4}[redacted]\u{e4}"),
            ("berschl", "berschl"),
        ] {
            assert_eq!(redactor.clean_parts(text), expected, "{text}");
        }
    }

    #[test]
    fn what_one_learns_all_clones_replace() {
        let redactor = Redactor::new(["first-one".to_owned()]);
        let clone = redactor.clone();
        for secret in ["second-one-and-more", "second-one", "first-one", "short", " third-one\n"] {
            redactor.learn(secret);
        }
        let text = "first-one second-one-and-more second-one third-one short";
        assert_eq!(clone.clean(text), "[redacted] [redacted] [redacted] [redacted] short");
        assert_eq!(format!("{clone:?}"), "Redactor(4 secrets)");
        assert!(clone.knows("third-one") && !clone.knows("third") && !clone.knows("short"));
    }

    #[test]
    fn shapes_count_beside_values() {
        let words = |text: &str| {
            let each = |(at, word): (usize, &str)| Found { span: at..at + word.len(), kind: "word" };
            text.match_indices("hush").map(each).collect()
        };
        let redactor = Redactor::new(["xhushxhush".to_owned()]).finding(words);
        assert_eq!(redactor.clean("hush xhushxhush!"), "[redacted] [redacted]!");
    }

    #[test]
    fn a_placeholder_is_recognized_whole_and_goes_too() {
        for (text, expected) in [
            ("a <secret:github-token:0a1b> b", "a [redacted] b"),
            ("<secret:a:b><secret:a:c>", "[redacted][redacted]"),
            ("<secret:a>", "<secret:a>"),
            ("<secret:", "<secret:"),
            ("<secret:a:b", "<secret:a:b"),
            ("<secret:A:b>", "<secret:A:b>"),
            ("<secret:<secret:a:b>", "<secret:[redacted]"),
        ] {
            assert_eq!(Redactor::default().clean(text), expected);
        }
        assert_eq!(placeholders(&placeholder("a-b", "0x")).len(), 1);
    }
}
