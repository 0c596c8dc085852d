//! From characters to words: where each string, word, bracket and comment of a JSON text ends.

use copydesk_base::Span;

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// `{`, `}`, `[`, `]`, `,` or `:`.
    Mark(u8),
    /// With its quotes; the closing one may be missing.
    Text(Quote),
    /// A number, `true`, or what somebody is typing.
    Word,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    Closed,
    Open,
}

/// A comment, and whether JSON with comments takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comment {
    Known,
    /// `#`
    Foreign,
    /// A `/*` without its end.
    Open,
}

/// The token at `at`, which is no white space and starts no comment.
pub(super) fn token(text: &str, at: usize) -> (Token, Span) {
    let rest = text.get(at..).unwrap_or("");
    let Some(&first) = rest.as_bytes().first() else { return (Token::End, Span::at(text.len())) };
    match first {
        b'{' | b'}' | b'[' | b']' | b',' | b':' => (Token::Mark(first), Span::new(at, at + 1)),
        b'"' | b'\'' => {
            let (quote, len) = string(rest.as_bytes(), first);
            (Token::Text(quote), Span::new(at, at + len))
        }
        _ => (Token::Word, Span::new(at, at + word(rest))),
    }
}

/// How many bytes the string at the start takes.
fn string(bytes: &[u8], quote: u8) -> (Quote, usize) {
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' | b'\r' => break,
            b'\\' if !matches!(bytes.get(at + 1), None | Some(b'\n' | b'\r')) => at += 2,
            _ if byte == quote => return (Quote::Closed, at + 1),
            _ => at += 1,
        }
    }
    (Quote::Open, at)
}

/// How many bytes a word takes: as long as nothing stands there that could follow one.
fn word(rest: &str) -> usize {
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '{' | '}' | '[' | ']' | ',' | ':' | '"' | '\'' | '#');
    let address = address(rest);
    let mut len = address.unwrap_or_else(|| rest.find(ends).unwrap_or(rest.len()));
    let word = rest.get(..len).filter(|_| address.is_none());
    let comment = word.and_then(|word| word.find("//").into_iter().chain(word.find("/*")).min());
    if let Some(comment) = comment {
        len = comment;
    }
    // A quote that only ends something is the word's own: the one before it is missing.
    let ends_text = |quote: &str| {
        let line = quote.lines().next().unwrap_or("").trim_start_matches([' ', '\t']);
        line.is_empty() || line.starts_with([',', ':', ']', '}'])
    };
    if len > 0
        && comment.is_none()
        && rest.get(len..).and_then(|rest| rest.strip_prefix('"')).is_some_and(ends_text)
    {
        return len + 1;
    }
    len.max(rest.chars().next().map_or(0, char::len_utf8))
}

/// How many bytes an address takes: its colon is no mark, and its slashes open no comment.
fn address(rest: &str) -> Option<usize> {
    let scheme = ["https", "http", "wss", "ws", "ssh", "git", "ftp", "file"]
        .into_iter()
        .find(|scheme| rest.strip_prefix(scheme).is_some_and(|rest| rest.starts_with("://")))?;
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | '"' | '\'' | ']' | '}');
    let path = rest.get(scheme.len() + 3..)?;
    Some(rest.len() - path.len() + path.find(ends).unwrap_or(path.len()))
}

/// Where white space and comments end that start at `at`.
pub(super) fn behind_blanks(text: &str, mut at: usize) -> usize {
    loop {
        let rest = text.get(at..).unwrap_or("");
        at += rest.len() - rest.trim_start().len();
        match comment(text, at) {
            Some((_, span)) => at = span.end,
            None => return at,
        }
    }
}

/// The comment that starts at `at`, if one does.
pub(super) fn comment(text: &str, at: usize) -> Option<(Comment, Span)> {
    let rest = text.get(at..)?;
    let line = || rest.find(['\n', '\r']).unwrap_or(rest.len());
    let (comment, len) = if rest.starts_with("//") {
        (Comment::Known, line())
    } else if rest.starts_with('#') {
        (Comment::Foreign, line())
    } else if let Some(inner) = rest.strip_prefix("/*") {
        match inner.find("*/") {
            Some(end) => (Comment::Known, end + 4),
            None => (Comment::Open, rest.len()),
        }
    } else {
        return None;
    };
    Some((comment, Span::new(at, at + len)))
}
