//! Expressions in a quoted value of YAML, where a quote of the value's own kind is written as two characters: `''` in
//! single quotes, `\"` in double ones.

use std::borrow::Cow;

use copydesk_base::Span;

/// The text with the expression `inner` as it is meant. All stays where it is: what a quote takes too much is a space
/// outside of the text that it opens or closes.
pub(super) fn meant(text: &str, inner: Span, around: Option<char>) -> Cow<'_, str> {
    let Some(own) = around else { return Cow::Borrowed(text) };
    let is_pair =
        |c: char, next: char| c == lead(own) && matches!(next, '\\' | '"' | '\'') && (c != '\'' || next == c);
    let written = inner.of(text);
    if !written.chars().zip(written.chars().skip(1)).any(|(c, next)| is_pair(c, next)) {
        return Cow::Borrowed(text);
    }
    let mut meant = text.get(..inner.start).unwrap_or("").to_owned();
    let (mut open, mut escaped) = (None, false);
    let mut rest = written.chars().peekable();
    while let Some(c) = rest.next() {
        let second = rest.next_if(|next| is_pair(c, *next));
        let c = second.unwrap_or(c);
        let closes = open == Some(c) && !escaped;
        if second.is_some() && !closes {
            meant.push(' ');
        }
        meant.push(c);
        if second.is_some() && closes {
            meant.push(' ');
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if open.is_some() => escaped = true,
            _ if closes => open = None,
            '\'' | '"' if open.is_none() => open = Some(c),
            _ => {}
        }
    }
    Cow::Owned(meant)
}

/// A quote of the expression as it is written there.
pub(super) fn written(quote: char, around: Option<char>) -> String {
    match around {
        Some(own) if own == quote => format!("{}{quote}", lead(own)),
        _ => quote.to_string(),
    }
}

/// What stands before a quote of the value's own kind.
fn lead(around: char) -> char {
    if around == '"' { '\\' } else { '\'' }
}
