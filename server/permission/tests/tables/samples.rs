//! Samples of secrets, made up from formats, so that no sample stands in this repository and whoever scans it finds
//! none.
//!
//! A format is a text with runs of letters drawn by lot: `{an36}` is 36 letters and digits, `{h32}` hexadecimal,
//! `{u16}` capitals and digits, `{d10}` digits, `{l34}` small letters and digits, `{b40}` letters of base64 for
//! addresses, `{p12}` letters, digits and signs, `{w}` and `{W}` a word, `⏎` a line's end. What stands between `[[` and
//! `]]` is the secret, or else all.

use copydesk_permission::find_secrets;

const WORDS: &[&str] = &[
    "amber", "anchor", "basil", "beacon", "birch", "bramble", "canyon", "cedar", "cobalt", "copper", "coral",
    "dragon", "ember", "falcon", "fennel", "garnet", "ginger", "glacier", "harbor", "hazel", "indigo",
    "jasper", "juniper", "kestrel", "lantern", "laurel", "magnet", "maple", "marble", "meadow", "nutmeg",
    "onyx", "orchid", "otter", "pepper", "pigeon", "quartz", "raven", "saffron", "salmon", "silver",
    "sparrow", "sunset", "thistle", "thunder", "timber", "tractor", "tulip", "velvet", "walnut", "willow",
    "winter", "zephyr",
];

/// Letters drawn by lot, the same in every run.
pub(crate) struct Lot(pub(crate) u64);

/// A text with a secret in it.
pub(crate) struct Sample {
    pub(crate) before: String,
    pub(crate) secret: String,
    pub(crate) behind: String,
}

impl Lot {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % count
    }

    fn run(&mut self, set: &str, count: usize) -> String {
        let letters: &[u8] = match set {
            "an" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            "l" => b"abcdefghijklmnopqrstuvwxyz0123456789",
            "u" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
            "h" => b"0123456789abcdef",
            "d" => b"0123456789",
            "b" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-",
            "p" => b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!#%^*+-=_@?",
            other => panic!("{other} is no set"),
        };
        let drawn: String = (0..count).map(|_| char::from(letters[self.below(letters.len())])).collect();
        // What a generator of passwords would not give out, and a file could not hold without quotes.
        let is_odd =
            set == "p" && (!drawn.starts_with(char::is_alphabetic) || !drawn.contains(char::is_numeric));
        if is_odd { self.run(set, count) } else { drawn }
    }

    fn drawn(&mut self, inside: &str) -> Option<String> {
        let digits = inside.find(|letter: char| letter.is_ascii_digit()).unwrap_or(inside.len());
        let word = WORDS[self.below(WORDS.len())];
        match inside {
            "w" => return Some(word.to_owned()),
            "W" => return Some(format!("{}{}", word[..1].to_uppercase(), &word[1..])),
            _ => {}
        }
        // `an43=` is a run with the sign that ends base64 behind it.
        let count = inside[digits..].trim_end_matches(|letter: char| !letter.is_ascii_digit());
        let behind = &inside[digits + count.len()..];
        Some(self.run(&inside[..digits], count.parse().ok()?) + behind)
    }

    /// A sample of a format.
    pub(crate) fn sample(&mut self, format: &str) -> Sample {
        let mut out = String::new();
        let format = format.replace('⏎', "\n");
        let mut rest = format.as_str();
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            let close = at + rest[at..].find('}').unwrap_or(rest.len() - at - 1);
            let inside = &rest[at + 1..close];
            let is_run = inside.starts_with(|letter: char| letter.is_ascii_alphabetic());
            if let Some(drawn) = is_run.then(|| self.drawn(inside)).flatten() {
                out.push_str(&drawn);
                rest = &rest[close + 1..];
            } else {
                out.push('{');
                rest = &rest[at + 1..];
            }
        }
        out.push_str(rest);
        let whole =
            |secret: &str| Sample { before: String::new(), secret: secret.to_owned(), behind: String::new() };
        let Some((before, rest)) = out.split_once("[[") else { return whole(&out) };
        let Some((secret, behind)) = rest.split_once("]]") else { return whole(&out) };
        Sample { before: before.to_owned(), secret: secret.to_owned(), behind: behind.to_owned() }
    }
}

impl Sample {
    pub(crate) fn text(&self) -> String {
        format!("{}{}{}", self.before, self.secret, self.behind)
    }

    /// Whether nothing of use is left of it in a text: a part that stays must be short.
    pub(crate) fn is_hidden_in(&self, text: &str) -> bool {
        let left = find_secrets(text).iter().rev().fold(text.to_owned(), |mut text, found| {
            text.replace_range(found.span.clone(), "·");
            text
        });
        let half =
            (0..=self.secret.len() / 2).rev().find(|at| self.secret.is_char_boundary(*at)).unwrap_or(0);
        !left.contains(&self.secret) && !left.contains(&self.secret[half..])
    }
}

/// The lines of a file of formats: what stands before the first blank, and the format.
pub(crate) fn formats(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    file.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
}
