//! Secrets, recognized by the shapes in which vendors issue them.
//!
//! [`find_secrets`] goes through a text once for the words that secrets begin with or stand beside, and then looks with
//! the few patterns that could fit. `table` has the shapes with a beginning of their own, `beside` those that are known
//! only by what stands before them (`API_KEY=…`, a password in an address), `settings` passwords that somebody chose,
//! `written` those in code and lists, `pem` private keys in text, `encoded` all of these in base64 and hexadecimal
//! digits.
//!
//! It is a sieve for what a model must not see, and errs on the side of hiding where a shape is unmistakable; words
//! such as `token = get_token()` are no secrets and stay. What a machine can guess only from randomness is hidden only
//! beside a word that says what it is.

mod beside;
mod chosen;
mod encoded;
mod pem;
mod settings;
mod table;
mod written;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use copydesk_base::redact::{Found, apart};
use regex::Regex;

/// One shape. Its pattern is tried only where one of its words stands in the text; the first group, or else the whole
/// match, is the secret.
struct Shape {
    kind: &'static str,
    /// Those in lower case are looked for in either case, the others as they are.
    words: &'static [&'static str],
    pattern: &'static str,
    /// What a match must look like besides.
    is_likely: fn(&str) -> bool,
}

/// A shape that other things have too, unless they look like `is_likely`.
const fn likely(
    kind: &'static str,
    words: &'static [&'static str],
    pattern: &'static str,
    is_likely: fn(&str) -> bool,
) -> Shape {
    Shape { kind, words, pattern, is_likely }
}

/// A pattern that is compiled when its words are first met.
type Lazy = LazyLock<Regex, Box<dyn FnOnce() -> Regex + Send>>;

struct Compiled {
    shapes: Vec<(&'static Shape, Lazy)>,
    /// Words that are looked for in either case, and as they are; for each word the shape it belongs to.
    words: [(Option<AhoCorasick>, Vec<usize>); 2],
}

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| {
    let (mut words, mut shapes) = ([Vec::new(), Vec::new()], Vec::new());
    for (at, shape) in every_shape().enumerate() {
        for word in shape.words {
            words[usize::from(*word != word.to_lowercase())].push((*word, at));
        }
        let pattern = shape.pattern;
        let compile: Box<dyn FnOnce() -> Regex + Send> = Box::new(move || compiled(pattern));
        shapes.push((shape, LazyLock::new(compile)));
    }
    let [loose, exact] = words;
    let built = |words: Vec<(&str, usize)>, either_case| {
        let mut builder = AhoCorasick::builder();
        let finder =
            builder.ascii_case_insensitive(either_case).build(words.iter().map(|(word, _)| word)).ok();
        (finder, words.into_iter().map(|(_, owner)| owner).collect())
    };
    Compiled { shapes, words: [built(loose, true), built(exact, false)] }
});

fn every_shape() -> impl Iterator<Item = &'static Shape> {
    table::SHAPES.iter().chain(beside::SHAPES).chain(settings::SHAPES).chain(written::SHAPES)
}

/// A pattern of ours; one that does not compile (a test compiles each) matches nothing.
fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap_or_else(|_| never())
}

fn never() -> Regex {
    #[expect(clippy::expect_used, reason = "the empty class is a valid pattern that matches nothing")]
    Regex::new("[a&&b]").expect("a pattern that matches nothing")
}

/// The secrets of a text, in base64 and hexadecimal digits too: in order, none over another. A private key is one find
/// for each of its lines.
pub fn find_secrets(text: &str) -> Vec<Found> {
    let mut found = find_plain(text);
    found.extend(encoded::find(text, find_plain));
    apart(found)
}

fn find_plain(text: &str) -> Vec<Found> {
    let mut found = pem::find(text);
    let mut candidates = BTreeSet::new();
    for (words, owners) in &COMPILED.words {
        let Some(words) = words else { continue };
        let hits = words.find_overlapping_iter(text);
        candidates.extend(hits.filter_map(|hit| owners.get(hit.pattern().as_usize()).copied()));
    }
    // What is known by the word beside it has a sign in between. So a name (`input_tokens`, as records have by the
    // dozen) is looked at for the others alone, and their patterns are not even compiled for it.
    if is_name(text) {
        candidates.retain(|at| *at < table::SHAPES.len());
    }
    for (shape, pattern) in candidates.into_iter().filter_map(|at| COMPILED.shapes.get(at)) {
        for captures in pattern.captures_iter(text) {
            let Some(secret) = captures.get(1).or_else(|| captures.get(0)) else { continue };
            if (shape.is_likely)(secret.as_str()) && !is_published(secret.as_str()) {
                found.push(Found { span: secret.range(), kind: shape.kind });
            }
        }
    }
    apart(found)
}

/// Whether a text is a single word of letters, digits and `_`.
fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `AKIAIOSFODNN7EXAMPLE`: a key of somebody's manual, which says so itself.
fn is_published(text: &str) -> bool {
    text.len() >= 16 && text.contains("EXAMPLE")
}

/// Nothing more is asked of a shape that is unmistakable.
fn always(_: &str) -> bool {
    true
}

/// Whether a text looks drawn by lot: letters and digits mixed, no long words, few repetitions.
fn is_random(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    // Names have few digits; among many, letters fall together by chance.
    let longest = if digits * 8 >= text.len() { 14 } else { 9 };
    digits >= 2 && letters >= 2 && longest_word(text) < longest && bits(text) >= 3.2
}

/// The longest run of letters of one case.
fn longest_word(text: &str) -> usize {
    let (mut longest, mut length, mut before) = (0, 0, ' ');
    for letter in text.chars() {
        let goes_on = letter.is_ascii_alphabetic()
            && before.is_ascii_alphabetic()
            && (letter.is_ascii_lowercase() == before.is_ascii_lowercase());
        length = if goes_on { length + 1 } else { usize::from(letter.is_ascii_alphabetic()) };
        longest = longest.max(length);
        before = letter;
    }
    longest
}

/// The pairs of letters that most of English is made of.
const PAIRS: &str = "th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de se le sa si ar \
                     ve ra ld ur me ce ro ri io ic ll ne li ma la co ta el us ch om em ec ca ho no ns di ot be ac ai ad so un \
                     il ss lo ie ut id ol tr fo oo sh ge pe ex su po wi op ab pr ee ke wo mo do ni pa am ag ay ey rs ts pi ap";

/// How much of a text reads like words: the share of its pairs of letters that words are made of; a seventh by chance.
fn wordiness(text: &str) -> f64 {
    let lower = text.to_ascii_lowercase();
    let pairs: Vec<&[u8]> =
        lower.as_bytes().windows(2).filter(|pair| pair.iter().all(u8::is_ascii_alphabetic)).collect();
    let usual =
        pairs.iter().filter(|pair| PAIRS.as_bytes().split(|byte| *byte == b' ').any(|one| one == **pair));
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    count(usual.count()) / count(pairs.len().max(1))
}

/// A few hexadecimal letters: the hash of something more often than a key.
fn is_short_hash(text: &str) -> bool {
    text.len() < 20 && text.chars().all(|letter| letter.is_ascii_hexdigit())
}

/// `config.api.key2`
fn is_path_of_names(text: &str) -> bool {
    let is_name = |part: &str| {
        part.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
            && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    text.contains('.') && text.split('.').all(is_name)
}

/// Bits for each letter, by how often letters repeat in this text.
fn bits(text: &str) -> f64 {
    let mut counts = [0u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let length = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles_and_every_shape_has_words() {
        for shape in every_shape() {
            assert!(Regex::new(shape.pattern).is_ok(), "{}: {:?}", shape.kind, Regex::new(shape.pattern));
            assert!(!shape.words.is_empty(), "{}", shape.kind);
            assert!(shape.words.iter().all(|word| word.len() >= 2), "{}", shape.kind);
            let is_word =
                |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
            assert!(shape.kind.chars().all(is_word), "{}", shape.kind);
        }
    }

    #[test]
    fn a_name_is_no_secret_of_the_shapes_that_it_is_not_tried_with() {
        let values = [
            "a8Fk29dLq0Zx7Pw3Vn5Tc1Rb6Yh4Jm8G2sQe9KuD",
            "hunter2hunter2",
            "0123456789abcdef0123456789abcdef",
        ];
        for shape in every_shape().skip(table::SHAPES.len()) {
            let pattern = Regex::new(shape.pattern).unwrap();
            for word in shape.words.iter().flat_map(|word| [(*word).to_owned(), word.to_uppercase()]) {
                for value in values {
                    for text in
                        [format!("{word}{value}"), format!("{word}_{value}"), format!("my_{word}_{value}_1")]
                    {
                        assert!(!is_name(&text) || !pattern.is_match(&text), "{text}: {}", shape.pattern);
                    }
                }
            }
        }
        assert!(is_name("input_tokens") && !is_name("token: a") && !is_name("pässword"));
    }

    #[test]
    fn words_are_told_from_lots() {
        for text in
            ["a8Fk29dLq0Zx", "3f9a0c77b1de4a52", "Zm9vYmFyOjEyMzQ1", "9f86d081-884c-4d65-9a2f-eaa0c55ad015"]
        {
            assert!(is_random(text), "{text}");
        }
        for text in
            ["your-token-here", "get_access_token", "0000000000000000", "abcdefghijklmnop", "xxxxxxxx"]
        {
            assert!(!is_random(text), "{text}");
        }
    }
}
