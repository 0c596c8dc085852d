//! Where a text is cut, so that one open bracket does not take in all that stands below it.
//!
//! A bracket may reach over many lines, and while it is being typed it has no end. A line that can only stand at the
//! top, a header or a key with its `=` where a list wants values, ends everything that is open before it.
//!
//! Invariant: a text without mistakes is never cut.

use toml_parser::Source;
use toml_parser::lexer::{Token, TokenKind};

/// The tokens of a text in pieces that are read one after the other; each ends with the end of its input.
#[derive(Default)]
pub(super) struct Cut {
    pub(super) pieces: Vec<Vec<Token>>,
    /// Whether a bracket is open at the end.
    pub(super) is_open: bool,
}

pub(super) fn pieces(source: Source<'_>, tokens: &[Token]) -> Cut {
    let Some((end, tokens)) = tokens.split_last() else { return Cut::default() };
    let mut pieces = Vec::new();
    let mut from = 0;
    let mut open: Vec<TokenKind> = Vec::new();
    let mut in_value = false;
    for (at, token) in tokens.iter().enumerate() {
        let is_first = at.checked_sub(1).and_then(|before| tokens.get(before)).map(Token::kind)
            == Some(TokenKind::Newline);
        let line = tokens.get(at..).unwrap_or_default();
        let in_list = open.last() == Some(&TokenKind::LeftSquareBracket);
        if is_first && !open.is_empty() && (is_header(source, line) || in_list && is_entry(line)) {
            pieces.push(tokens.get(from..at).unwrap_or_default());
            from = at;
            open.clear();
            in_value = false;
        }
        match token.kind() {
            TokenKind::Equals => in_value = true,
            TokenKind::Newline if open.is_empty() => in_value = false,
            kind @ (TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket) if in_value => {
                open.push(kind);
            }
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                open.pop();
            }
            _ => {}
        }
    }
    pieces.push(tokens.get(from..).unwrap_or_default());
    let pieces = pieces.into_iter().map(|piece| [piece, &[*end]].concat()).collect();
    Cut { pieces, is_open: !open.is_empty() }
}

/// Whether a line ends everything that is open before it.
pub(super) fn ends_all(line: &str) -> bool {
    let source = Source::new(line);
    let mut tokens = source.lex().into_vec();
    tokens.pop();
    is_header(source, &tokens)
}

/// Whether a line is `[name]` or `[[name]]` and nothing else. `[true]`, `[inf]` and `["name"]` may be lists.
fn is_header(source: Source<'_>, line: &[Token]) -> bool {
    let line_end = line.iter().position(|token| token.kind() == TokenKind::Newline);
    let line = line.get(..line_end.unwrap_or(line.len())).unwrap_or_default();
    let mut words =
        line.iter().filter(|token| !matches!(token.kind(), TokenKind::Whitespace | TokenKind::Comment));
    let mut depth = 0;
    let mut word = words.next();
    while word.is_some_and(|token| token.kind() == TokenKind::LeftSquareBracket) {
        depth += 1;
        word = words.next();
    }
    let is_name = |token: &Token| {
        let text = source.get(*token).map_or("", |raw| raw.as_str());
        token.kind() == TokenKind::Atom
            && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && !matches!(text, "true" | "false" | "inf" | "nan")
    };
    if !(1..=2).contains(&depth) || !word.is_some_and(is_name) {
        return false;
    }
    let rest: Vec<TokenKind> = words.map(Token::kind).collect();
    let closing = rest.iter().rev().take_while(|kind| **kind == TokenKind::RightSquareBracket).count();
    let names = rest.get(..rest.len() - closing).unwrap_or_default();
    closing == depth && !names.iter().any(|kind| !is_key_part(*kind))
}

fn is_key_part(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Atom | TokenKind::Dot | TokenKind::BasicString | TokenKind::LiteralString)
}

/// Whether a line starts with a key and its `=`.
fn is_entry(line: &[Token]) -> bool {
    let mut kinds = line.iter().map(Token::kind).skip_while(|kind| *kind == TokenKind::Whitespace);
    kinds.next().is_some_and(is_key_part)
        && kinds.find(|kind| !is_key_part(*kind) && *kind != TokenKind::Whitespace) == Some(TokenKind::Equals)
}
