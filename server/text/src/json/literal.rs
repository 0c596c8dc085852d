//! What a word or a string of a JSON text says.

use std::sync::Arc;

use copydesk_base::{Diagnostic, Span};

use super::scan::Quote;
use super::{mend, message};
use crate::green::{Form, Green};
use crate::scalar::{Mapped, Style};
use crate::yaml::decode;

/// A string, in whichever quotes it stands.
pub(super) fn string(text: &str, span: Span, quote: Quote, problems: &mut Vec<Diagnostic>) -> Green {
    let raw = span.of(text);
    let close = usize::from(quote == Quote::Closed);
    let from = span.start + 1;
    let inner = raw.get(1..raw.len() - close).unwrap_or("");
    let is_single = raw.starts_with('\'');
    if quote == Quote::Open {
        problems.push(mend::open_quote(if is_single { '\'' } else { '"' }, span));
    } else if is_single {
        problems.push(mend::single_quotes(inner, span));
    }
    let escapable = if is_single { '\'' } else { '"' };
    let own = escapes(inner, from, escapable, problems);
    problems.extend(mend::inner_quotes(&own).filter(|_| !is_single));
    if quote == Quote::Closed && !inner.contains('\\') {
        return Green::new(span, Form::Verbatim(Style::DoubleQuoted));
    }
    let (words, pieces) = decode::flow(inner, from, Style::DoubleQuoted);
    let source = Span::new(from, from + inner.len());
    let mapped = Mapped::new(words, Style::DoubleQuoted, pieces, source, span.start);
    Green::new(span, Form::Mapped(Arc::new(mapped)))
}

/// Tells which escapes name nothing, and which characters need one. The quote that is around them may have one, too;
/// where it stands without is the answer.
fn escapes(inner: &str, from: usize, around: char, problems: &mut Vec<Diagnostic>) -> Vec<usize> {
    let mut own = Vec::new();
    let place = |at: usize, len: usize| Span::new(from + at, from + at + len);
    let bytes = inner.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => {
                let Some(c) = inner[at + 1..].chars().next() else {
                    problems.push(mend::backslash(place(at, 1), message::ESCAPE));
                    return own;
                };
                at += match c {
                    '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => 2,
                    c if c == around => 2,
                    'u' => unicode(&inner[at..]).unwrap_or_else(|| {
                        problems.push(mend::backslash(place(at, 2), message::UNICODE));
                        2
                    }),
                    _ => {
                        let len = 1 + c.len_utf8();
                        problems.push(mend::backslash(place(at, len), message::ESCAPE));
                        len
                    }
                };
            }
            0..=0x1f => {
                problems.push(mend::control(byte, place(at, 1)));
                at += 1;
            }
            _ => {
                own.extend((char::from(byte) == around).then_some(from + at));
                at += 1;
            }
        }
    }
    own
}

/// The length of an escape, or of two for one character.
fn unicode(rest: &str) -> Option<usize> {
    let code = |at: usize| {
        let digits = rest.get(at..at + 6)?.strip_prefix("\\u")?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    };
    match code(0)? {
        0xd800..=0xdbff => code(6).filter(|low| (0xdc00..=0xdfff).contains(low)).map(|_| 12),
        0xdc00..=0xdfff => None,
        _ => Some(6),
    }
}

/// A key in no quotes: half-typed, or somebody's habit.
pub(super) fn bare_key(span: Span) -> Green {
    Green::new(span, Form::Verbatim(Style::Plain))
}

/// A number, `true`, `false`, `null`, or what is none of them: then it is a text.
pub(super) fn word(text: &str, span: Span, output: &mut crate::yaml::Output) -> Green {
    let word = span.of(text);
    if is_value(word) {
        return Green::new(span, Form::Verbatim(Style::Plain));
    }
    output.problems.push(mend::word(word, span));
    output.broken.push(span);
    let mapped = Mapped::new(word.to_owned(), Style::DoubleQuoted, Vec::new(), span, span.start);
    Green::new(span, Form::Mapped(Arc::new(mapped)))
}

/// Whether a word is one that JSON has.
pub(super) fn is_value(word: &str) -> bool {
    matches!(word, "true" | "false" | "null") || is_number(word)
}

/// By the grammar of RFC 8259.
pub(super) fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}
