//! Cutting an expression into tokens. Every byte that is not a space belongs to exactly one.

use copydesk_base::Span;

/// The smallest piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    Number,
    /// A text in quotes.
    Text,
    /// A text whose closing quote is missing; reaches to the end.
    OpenText,
    Name,
    /// An operator or a bracket.
    Sign(&'static str),
    /// A character that means nothing here.
    Strange,
}

/// Longest first, so that the first that fits is the right one.
const SIGNS: &[&str] = &[
    "===", "!==", "...", "**", "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "++", "--", "<<", ">>",
    "/*", "//", "+", "-", "*", "/", "%", "<", ">", "!", "?", ":", ",", ".", "(", ")", "[", "]", "{", "}",
    "=", "&", "|", "^", "~", ";", "`",
];

/// The tokens of the part `within` of `text`.
pub fn tokens(text: &str, within: Span) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = within.start;
    let end = within.end.min(text.len());
    while let Some(rest) = text.get(at..end) {
        let Some(first) = rest.chars().next() else { break };
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (kind, length) = next(rest, first);
        tokens.push(Token { kind, span: Span::new(at, at + length) });
        at += length;
    }
    tokens
}

fn next(rest: &str, first: char) -> (TokenKind, usize) {
    if is_name_start(first) {
        let length = rest.find(|c| !is_name_part(c)).unwrap_or(rest.len());
        return (TokenKind::Name, length);
    }
    let second_is_digit = rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if first.is_ascii_digit() || (first == '.' && second_is_digit) {
        return (TokenKind::Number, number(rest));
    }
    if first == '\'' || first == '"' {
        return quoted(rest, first);
    }
    for sign in SIGNS {
        // `a?.5:1` is a choice between numbers, no optional member.
        let choice = *sign == "?." && rest.as_bytes().get(2).is_some_and(u8::is_ascii_digit);
        if rest.starts_with(sign) && !choice {
            return (TokenKind::Sign(sign), sign.len());
        }
    }
    (TokenKind::Strange, first.len_utf8())
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == '$'
}

pub(super) fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Whether a text is a name, so that it may stand behind a dot.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(is_name_start) && text.chars().all(is_name_part)
}

/// `['name']`, in the quotes that the text around it can hold.
pub(crate) fn bracketed(name: &str, quote: char) -> String {
    let escaped = name.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"));
    format!("[{quote}{escaped}{quote}]")
}

/// Digits, a fraction, an exponent. A dot without a digit behind it is not part of the number: `1.toFixed`.
fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let start = length + 1 + sign;
        if start < bytes.len() && digits(start) > 0 {
            length = start + digits(start);
        }
    }
    length
}

fn quoted(rest: &str, quote: char) -> (TokenKind, usize) {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return (TokenKind::Text, at + 1),
            _ => {}
        }
    }
    (TokenKind::OpenText, rest.trim_end().len())
}

/// The text of a quoted token, its escapes resolved.
pub(super) fn unquote(token: &str) -> String {
    let inner = token.get(1..).unwrap_or("");
    let quote = token.chars().next().unwrap_or('\'');
    let inner = inner.strip_suffix(quote).unwrap_or(inner);
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('v') => text.push('\u{b}'),
            Some(mark @ ('x' | 'u')) => {
                let (c, rest) = coded(mark, chars.as_str());
                text.push(c);
                chars = rest.chars();
            }
            Some(other) => text.push(other),
            None => {}
        }
    }
    text
}

/// The character that `\x41`, `\u0041` and `\u{41}` stand for, and what is behind it. What is no such code stands for
/// its letter.
fn coded(mark: char, rest: &str) -> (char, &str) {
    let (digits, behind) =
        match rest.strip_prefix('{').filter(|_| mark == 'u').and_then(|rest| rest.split_once('}')) {
            Some(found) => found,
            None => match rest.split_at_checked(if mark == 'x' { 2 } else { 4 }) {
                Some(found) => found,
                None => return (mark, rest),
            },
        };
    let is_code =
        !digits.is_empty() && digits.len() <= 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    match u32::from_str_radix(digits, 16) {
        Ok(code) if is_code => (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), behind),
        _ => (mark, rest),
    }
}
