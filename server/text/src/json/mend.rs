//! What was probably meant where JSON cannot be read.
//!
//! A mend is safe where there is one way to write it; what may have been meant otherwise is for a person to choose.

use copydesk_base::{Code, Diagnostic, Fix, Safety, Span, TextEdit};

use super::message;

fn problem(span: Span, message: impl Into<String>, fix: Fix) -> Diagnostic {
    Diagnostic::new(Code::JsonSyntax, span, message).with_fix(fix)
}

fn replace(span: Span, text: impl Into<String>) -> Fix {
    let text = text.into();
    Fix::new(format!("change to {text}"), vec![TextEdit::new(span, text)])
}

pub(super) fn take_out(title: &str, span: Span) -> Fix {
    Fix::new(title, vec![TextEdit::new(span, "")])
}

/// A file without a value.
pub(super) fn empty(at: Span) -> Diagnostic {
    let fix = Fix::new("write '{}'", vec![TextEdit::new(at, "{}")]).with_safety(Safety::Suggested);
    problem(at, message::EMPTY, fix)
}

/// The first of the blanks that other programs do not read over; pasted text brings them.
pub(super) fn blanks(text: &str, blanks: Span) -> Option<Diagnostic> {
    let is_bad = |c: char| !matches!(c, ' ' | '\t' | '\n' | '\r');
    let blank = blanks.of(text);
    let at = blank.find(is_bad)?;
    let length = blank[at..].find(|c| !is_bad(c)).unwrap_or(blank.len() - at);
    let bad = Span::new(blanks.start + at, blanks.start + at + length);
    let sign = u32::from(bad.of(text).chars().next()?);
    let spaces: String = bad.of(text).chars().map(|_| ' ').collect();
    let fix = Fix::new("write it as spaces", vec![TextEdit::new(bad, spaces)]);
    Some(problem(bad, format!("this blank (U+{sign:04X}) is none in JSON; write a space"), fix))
}

/// A text between double quotes, as JSON writes it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn in_quotes(word: &str, span: Span) -> Fix {
    Fix::new("put it in quotes", vec![TextEdit::new(span, quoted(word))])
}

/// The quotes of word processors, and what closes each.
pub(super) const CURLY: &[(char, &str)] =
    &[('“', "”“\""), ('”', "”\""), ('„', "“”\""), ('‘', "’‘'"), ('’', "’'"), ('‚', "‘’'")];

/// Whether a word starts with one of them.
pub(super) fn opens_curly(word: &str) -> bool {
    CURLY.iter().any(|(open, _)| word.starts_with(*open))
}

/// A text between the quotes of a word processor.
fn curly(word: &str, span: Span) -> Option<Diagnostic> {
    let (open, closes) = CURLY.iter().find(|(open, _)| word.starts_with(*open))?;
    let inner = word.strip_prefix(*open)?;
    let close = inner.chars().next_back().filter(|c| closes.contains(*c))?;
    let inner = inner.strip_suffix(close)?;
    // A straight quote may be that of another text, and the one before it a slip.
    let is_sure = !matches!(close, '"' | '\'') && !inner.contains('"');
    let safety = if is_sure { Safety::Safe } else { Safety::Suggested };
    let edits = vec![TextEdit::new(span, in_double_quotes(inner))];
    Some(problem(span, message::CURLY, Fix::new("change to straight quotes", edits).with_safety(safety)))
}

/// A word that is no value.
pub(super) fn word(word: &str, span: Span) -> Diagnostic {
    if let Some(curly) = curly(word, span) {
        return curly;
    }
    if let Some(rest) = word.strip_suffix('"').filter(|rest| !rest.contains('"')) {
        return no_opening(rest, span);
    }
    if let Some((meant, safety)) = literal(word) {
        let message = format!("JSON has no '{word}'; write '{meant}'");
        let fix = Fix::new(format!("change to '{meant}'"), vec![TextEdit::new(span, meant)]);
        let problem = problem(span, message, fix.with_safety(safety));
        return if safety == Safety::Safe { problem } else { problem.with_fix(in_quotes(word, span)) };
    }
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.');
    if word.starts_with(is_number) {
        let (why, number) = number(word);
        let message = format!("'{word}' is no number of JSON; {why}");
        let fix = number.map_or_else(|| in_quotes(word, span), |number| replace(span, number));
        return problem(span, message, fix);
    }
    problem(span, message::BARE, in_quotes(word, span))
}

/// A word whose opening quote is missing.
fn no_opening(word: &str, span: Span) -> Diagnostic {
    problem(span, message::NO_OPENING, in_quotes(word, span))
}

/// A key in no quotes, or with one of them only.
pub(super) fn key(word: &str, span: Span) -> Diagnostic {
    if let Some(curly) = curly(word, span) {
        return curly;
    }
    if let Some(rest) = word.strip_suffix('"') {
        return no_opening(rest, span);
    }
    // Several words may be a name, or a key and the value of another one.
    let is_name = word.chars().all(|c| c.is_alphanumeric() || "_-$.@/".contains(c));
    let safety = if is_name { Safety::Safe } else { Safety::Suggested };
    problem(span, message::BARE_KEY, in_quotes(word, span).with_safety(safety))
}

/// Which word of JSON others write like this, or with a slip.
fn literal(word: &str) -> Option<(&'static str, Safety)> {
    let lower = word.to_ascii_lowercase();
    let sure = match lower.as_str() {
        "true" => Some("true"),
        "false" => Some("false"),
        "null" => Some("null"),
        _ => None,
    };
    if let Some(sure) = sure {
        return Some((sure, Safety::Safe));
    }
    let near = match lower.as_str() {
        "yes" | "on" | "tru" | "ture" | "rue" | "treu" | "trrue" | "truee" => "true",
        "no" | "off" | "fals" | "flase" | "fasle" | "alse" | "falsee" => "false",
        "none" | "nil" | "undefined" | "nul" | "nulll" | "ull" | "nll" | "~" | "nan" | "infinity" => "null",
        _ => return None,
    };
    Some((near, Safety::Suggested))
}

/// Why a word that starts as a number is none, and the number that is meant.
fn number(word: &str) -> (&'static str, Option<String>) {
    let (sign, unsigned) = match word.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", word.strip_prefix('+').unwrap_or(word)),
    };
    let lower = unsigned.to_ascii_lowercase();
    let radix = [("0x", 16), ("0o", 8), ("0b", 2)];
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (why, meant) =
        if let Some((prefix, radix)) = radix.into_iter().find(|(prefix, _)| lower.starts_with(prefix)) {
            let value = lower.strip_prefix(prefix).and_then(|digits| u64::from_str_radix(digits, radix).ok());
            ("write it in decimal digits", value.map(|value| value.to_string()))
        } else if word.starts_with('+') {
            ("take the '+' away", Some(unsigned.to_owned()))
        } else if unsigned.starts_with('.') {
            ("put a '0' before the point", Some(format!("0{unsigned}")))
        } else if unsigned.len() > 1 && unsigned.starts_with('0') && digits(unsigned) {
            let meant = unsigned.trim_start_matches('0');
            ("take the zeros before it away", Some(if meant.is_empty() { "0" } else { meant }.to_owned()))
        } else if let Some(whole) = unsigned.strip_suffix('.') {
            ("a digit is missing behind the point", Some(format!("{whole}.0")))
        } else if unsigned.contains('_') {
            ("take every '_' away", Some(unsigned.replace('_', "")))
        } else {
            ("put a text in double quotes", None)
        };
    let meant = meant.map(|meant| format!("{sign}{meant}"));
    (why, meant.filter(|meant| super::literal::is_number(meant)))
}

/// A text in single quotes.
pub(super) fn single_quotes(inner: &str, span: Span) -> Diagnostic {
    // Such a quote in a word is an apostrophe; any other may have been meant to end the text.
    let is_apostrophe = |at: usize| {
        let before = inner.get(..at).and_then(|before| before.chars().next_back());
        let behind = inner.get(at + 1..).and_then(|behind| behind.chars().next());
        before.is_some_and(|c| c.is_alphanumeric() || c == '\\') && behind.is_some_and(char::is_alphanumeric)
    };
    let is_sure = inner.match_indices('\'').all(|(at, _)| is_apostrophe(at) || inner[..at].ends_with('\\'));
    let safety = if is_sure { Safety::Safe } else { Safety::Suggested };
    let edits = vec![TextEdit::new(span, in_double_quotes(inner))];
    problem(span, message::SINGLE, Fix::new("change to double quotes", edits).with_safety(safety))
}

/// What stood between other quotes, in those of JSON; its escapes stay.
fn in_double_quotes(inner: &str) -> String {
    let mut text = "\"".to_owned();
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'\'') => {}
            '\\' => text.extend(std::iter::once(c).chain(chars.next())),
            '"' => text.push_str("\\\""),
            other => text.push(other),
        }
    }
    text + "\""
}

/// Double quotes in a text between such quotes.
pub(super) fn inner_quotes(places: &[usize]) -> Option<Diagnostic> {
    let (first, last) = (*places.first()?, *places.last()?);
    let edits = places.iter().map(|at| TextEdit::insert(*at, "\\")).collect();
    Some(problem(
        Span::new(first, last + 1),
        message::INNER,
        Fix::new("write '\\\"' for each of them", edits),
    ))
}

/// A colon behind a colon.
pub(super) fn second_colon(span: Span) -> Diagnostic {
    let fix = Fix::safe("take it out", vec![TextEdit::new(span, "")]);
    problem(span, message::STRAY_COLON, fix)
}

/// A list that was not opened where its first value stands.
pub(super) fn never_opened(value: usize, close: Span) -> Diagnostic {
    problem(close, message::NEVER_OPENED, Fix::new("open it with '['", vec![TextEdit::insert(value, "[")]))
}

/// A text without its closing quote; it ends where its span does.
pub(super) fn open_quote(quote: char, span: Span) -> Diagnostic {
    let title = format!("close the quote with {quote}");
    let fix = Fix::new(title, vec![TextEdit::insert(span.end, quote)]);
    problem(span, message::QUOTE, fix)
}

/// A backslash that starts no escape.
pub(super) fn backslash(span: Span, message: &str) -> Diagnostic {
    let edits = vec![TextEdit::insert(span.start, "\\")];
    problem(span, message, Fix::new("write '\\\\' for a backslash", edits))
}

/// A character that can only stand as an escape.
pub(super) fn control(byte: u8, span: Span) -> Diagnostic {
    let escape = match byte {
        b'\t' => "\\t".to_owned(),
        0x08 => "\\b".to_owned(),
        0x0c => "\\f".to_owned(),
        other => format!("\\u{other:04x}"),
    };
    let fix = Fix::safe(format!("write '{escape}'"), vec![TextEdit::new(span, escape)]);
    problem(span, message::CONTROL, fix)
}

/// A comment that cannot stand here, or not so.
pub(super) fn comment(text: &str, span: Span, said: &str) -> Diagnostic {
    let fix = match said {
        message::OPEN_COMMENT => {
            let line = span.of(text).lines().next().unwrap_or("").trim_end();
            Fix::new("close it with '*/'", vec![TextEdit::insert(span.start + line.len(), " */")])
        }
        message::FOREIGN => {
            Fix::safe("write '//'", vec![TextEdit::new(Span::new(span.start, span.start + 1), "//")])
        }
        _ => take_out("take the comment out", span),
    };
    problem(span, said, fix)
}

/// A bracket that nobody closed before `end`; what is behind the last value there may be a comma too many.
pub(super) fn unclosed(text: &str, opened: Span, (open, close): (char, char), end: usize) -> Diagnostic {
    let comma = text.get(..end).filter(|before| before.ends_with(',')).map(|_| Span::new(end - 1, end));
    let edit = TextEdit::new(comma.unwrap_or(Span::at(end)), close);
    let fix = Fix::new(message::CLOSE, vec![edit]);
    problem(opened, message::unclosed(open, close), fix)
}

/// A bracket that closes nothing.
pub(super) fn stray(close: char, span: Span) -> Diagnostic {
    problem(span, message::stray(close), take_out("take it out", span))
}

/// A bracket of the other kind than the one it closes.
pub(super) fn wrong_bracket(found: char, (open, close): (char, char), span: Span) -> Diagnostic {
    let fix = Fix::new(format!("change to '{close}'"), vec![TextEdit::new(span, close)]);
    problem(span, format!("'{found}' does not close '{open}'; write '{close}'"), fix)
}
