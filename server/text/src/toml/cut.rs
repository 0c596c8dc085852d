//! Where a text is cut, so that one open bracket does not take in all that stands below it.
//!
//! A bracket may reach over many lines, and while it is being typed it has no end. A line that can only stand at the
//! top, a header or a key with its `=` where a list wants values, ends everything that is open before it. So each
//! header starts a piece of its own, and no more than a piece of the words is ever held.
//!
//! Invariant: the pieces of a text without mistakes say what the text says.

use toml_parser::Source;
use toml_parser::lexer::{Lexer, Token, TokenKind};

/// The tokens of a text in pieces that are read one after the other; each ends with the end of its input.
pub(super) struct Pieces<'t> {
    source: Source<'t>,
    lexer: Lexer<'t>,
    end: Option<Token>,
    /// The first line of the next piece.
    line: Vec<Token>,
    piece: Vec<Token>,
    /// Brackets that are open behind the piece.
    open: Vec<TokenKind>,
}

impl<'t> Pieces<'t> {
    pub(super) fn new(source: Source<'t>) -> Self {
        let mut pieces = Self {
            source,
            lexer: source.lex(),
            end: end_of(source.input().len()),
            line: Vec::new(),
            piece: Vec::new(),
            open: Vec::new(),
        };
        pieces.read_line();
        pieces
    }

    /// The next piece; none behind the last one.
    pub(super) fn next(&mut self) -> Option<&[Token]> {
        if self.line.is_empty() {
            return None;
        }
        self.piece.clear();
        self.open.clear();
        let mut in_value = false;
        while !self.line.is_empty() {
            let in_list = self.open.last() == Some(&TokenKind::LeftSquareBracket);
            let is_first = self.piece.is_empty();
            if !is_first && (is_header(self.source, &self.line) || in_list && is_entry(&self.line)) {
                break;
            }
            for token in &self.line {
                match token.kind() {
                    TokenKind::Equals => in_value = true,
                    TokenKind::Newline if self.open.is_empty() => in_value = false,
                    kind @ (TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket) if in_value => {
                        self.open.push(kind);
                    }
                    TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                        self.open.pop();
                    }
                    _ => {}
                }
            }
            self.piece.append(&mut self.line);
            self.read_line();
        }
        self.piece.extend(self.end);
        Some(&self.piece)
    }

    /// Whether a bracket is open behind the last piece.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    fn read_line(&mut self) {
        self.line.clear();
        for token in self.lexer.by_ref().filter(|token| token.kind() != TokenKind::Eof) {
            self.line.push(token);
            if token.kind() == TokenKind::Newline {
                return;
            }
        }
    }
}

/// The token at the end of a text of this length. The lexer alone makes tokens: a comment of one line is the fastest to
/// read.
fn end_of(length: usize) -> Option<Token> {
    Source::new(&"#".repeat(length)).lex().last()
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
