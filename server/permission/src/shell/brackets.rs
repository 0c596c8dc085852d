//! `[ … ]` and `[[ … ]]`, where their words are plainly words.
//!
//! Both only compare, unless a word becomes something else: `[` is a command like any other, and in `[[` words that are
//! counted are arithmetic, in which names and subscripts are code.

use tree_sitter::Node;

use super::command::Parts;
use super::reader::Reader;
use super::words::Word;
use super::{Need, Unreadable};

impl Reader<'_> {
    /// Reads one test; it becomes a command named `[` or `[[`.
    pub(super) fn test(&mut self, node: Node<'_>) -> Result<(), Unreadable> {
        let text = &self.source[node.byte_range()];
        let within = |open: &str, close: &str| {
            let inside = text.strip_prefix(open)?.strip_suffix(close)?;
            (!inside.contains('\n')).then_some(inside)
        };
        let (open, close, inside) = match (within("[[ ", " ]]"), within("[ ", " ]")) {
            (Some(inside), _) => ("[[", "]]", inside),
            (None, Some(inside)) => ("[", "]", inside),
            (None, None) => return Unreadable::because("a test must stand on one line, with blanks inside"),
        };
        let tokens: Vec<&str> = inside.split_ascii_whitespace().collect();
        if open == "[[" && !is_harmless_test(&tokens) {
            return Unreadable::because(
                "`[[` can run commands where it counts or looks for names; it is not read",
            );
        }
        let mut parts = Parts { words: vec![Word::plain(open)], is_test: true, ..Parts::default() };
        for token in tokens {
            let bare = token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(token);
            let joins = open == "[[" && matches!(token, "&&" | "||" | "=~");
            if !joins && !matches!(bare, "$?" | "$#") {
                let name = bare.strip_prefix('$').unwrap_or(bare);
                // In `[[`, no pattern is completed to names of files.
                let is_pattern = |letter: char| open == "[[" && "*?".contains(letter);
                let is_plain = name.chars().all(|letter| {
                    letter.is_ascii_alphanumeric() || "_./=!:+@%,-".contains(letter) || is_pattern(letter)
                });
                if !is_plain {
                    return Unreadable::because("a test with more than plain words is not read");
                }
                if name.len() < bare.len() {
                    parts.care(Need::Person, "a word of it is known only when it runs");
                }
            }
            parts.words.push(Word::plain(bare));
        }
        parts.words.push(Word::plain(close));
        self.finish(parts)
    }
}

/// Whether `[[` only compares: where it counts, a word is arithmetic, and arithmetic is code; so are names behind `-v`.
fn is_harmless_test(tokens: &[&str]) -> bool {
    let is_number = |token: Option<&&str>| {
        token.is_some_and(|token| {
            let digits = token.strip_prefix('-').unwrap_or(token);
            matches!(*token, "$?" | "$#")
                || (!digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit()))
        })
    };
    tokens.iter().enumerate().all(|(at, token)| match *token {
        "-v" | "-R" | "-o" => false,
        "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => {
            is_number(at.checked_sub(1).and_then(|before| tokens.get(before)))
                && is_number(tokens.get(at + 1))
        }
        _ => true,
    })
}
