//! What is wrong with a TOML text, in short common words.

use copydesk_base::{Code, Diagnostic, Span};
use toml_parser::{Expected, ParseError};

use super::mend::{self, Told};
use crate::node::MAX_DEPTH;

pub(super) const NO_KEY: &str = "a key is missing here";
pub(super) const NO_VALUE: &str = "a value is missing here";
pub(super) const BARE: &str = "this is no value; put a text in quotes";
pub(super) const BARE_KEY: &str = "a key has letters, digits, '-' and '_' only; put this one in quotes";
pub(super) const COLON: &str = "a key and its value are parted by '='";
pub(super) const NO_EQUALS: &str = "expected '=' and a value behind this key";
pub(super) const NO_COMMA: &str = "expected ',' here";
pub(super) const NO_BREAK: &str = "a new line must start before this";
pub(super) const INNER: &str = "a quote inside of a text is written as '\\\"'";
pub(super) const OPEN_QUOTE: &str = "this text has no closing quote";
pub(super) const UNCLOSED_LIST: &str = "this '[' is never closed; add ']'";
pub(super) const UNCLOSED_TABLE: &str = "this '{' is never closed; add '}'";
pub(super) const LARGE: &str = "this number is too large: 64 bits are the limit";
pub(super) const DATE: &str = "there is no such day or time";

pub(super) fn too_deep() -> String {
    format!("this is nested too deeply: {MAX_DEPTH} levels are the limit")
}

/// What the parser has found, which counts from `shift`, with what would mend it.
pub(super) fn told(text: &str, shift: usize, error: &ParseError) -> Option<Told> {
    let place = |span: Option<toml_parser::Span>| {
        let span = Span::new(span?.start(), span?.end()).shifted(shift);
        // The parser counts bytes: of an escape that is none it may cut the character.
        Some(Span::new(text.floor_char_boundary(span.start), text.ceil_char_boundary(span.end)))
    };
    let (unexpected, context) = (place(error.unexpected()), place(error.context()));
    let (message, span) = match error.description() {
        // Told where the key or the bracket is.
        "unquoted keys cannot be empty" | "cannot recurse further; max recursion depth met" => return None,
        "unclosed array" => (UNCLOSED_LIST.to_owned(), context),
        "unclosed inline table" => (UNCLOSED_TABLE.to_owned(), context),
        "unclosed table" => ("this header is never closed; add ']'".to_owned(), context),
        "unclosed array table" => ("this header is never closed; add ']]'".to_owned(), context),
        "key with no value" | "missing value for key" => (NO_EQUALS.to_owned(), unexpected),
        "missing comma between array elements" | "missing comma between key-value pairs" => {
            (NO_COMMA.to_owned(), unexpected)
        }
        "extra comma in array" | "extra comma in inline table" => {
            ("nothing stands before this ','; take it out".to_owned(), unexpected)
        }
        "unexpected key or value" => {
            let inner =
                unexpected.and_then(|at| mend::inner_quotes(text, "unexpected key or value", at.start));
            match inner {
                Some((quotes, _)) => (INNER.to_owned(), Some(quotes)),
                None => (NO_BREAK.to_owned(), unexpected),
            }
        }
        "invalid unquoted key" => (BARE_KEY.to_owned(), unexpected),
        "missing escaped value" => {
            // Without the line's end, which is no part of it.
            let is_last = |at: usize| text.get(at..).is_some_and(|rest| rest.starts_with(['\n', '\r']));
            let escape = unexpected
                .map(|at| Span::new(at.start.saturating_sub(1), at.end + usize::from(!is_last(at.end))));
            ("this escape is unknown; write '\\\\' for a backslash".to_owned(), escape)
        }
        "too few unicode value digits" | "invalid value" => {
            ("this escape names no character".to_owned(), unexpected)
        }
        description if description.ends_with(" string") && unexpected.is_some_and(Span::is_empty) => {
            (OPEN_QUOTE.to_owned(), context)
        }
        description => {
            let words = format!("{}{}", description.replace('`', "'"), wanted(error));
            // Of a number nobody knows which of its signs is the wrong one.
            (words, context.filter(|context| mend::is_like_number(context.of(text))).or(unexpected))
        }
    };
    let span = span.or(context).unwrap_or_default();
    let span = Span::new(text.floor_char_boundary(span.start), text.ceil_char_boundary(span.end));
    let found = mend::Found { description: error.description(), span, unexpected, context };
    let is_open = matches!(error.description(), "unclosed array" | "unclosed inline table");
    let mut problem = Diagnostic::new(Code::TomlSyntax, span, message);
    problem.fixes.extend(mend::of_error(text, found));
    Some(Told { problem, open_at: unexpected.filter(|_| is_open).map(|at| at.start) })
}

fn wanted(error: &ParseError) -> String {
    let words: Vec<String> = error
        .expected()
        .unwrap_or_default()
        .iter()
        .filter_map(|expected| match expected {
            Expected::Literal("\n") => Some("a line break".to_owned()),
            Expected::Literal(word) => Some(format!("'{word}'")),
            Expected::Description(word) => Some((*word).to_owned()),
            _ => None,
        })
        .collect();
    if words.is_empty() { String::new() } else { format!("; expected {}", words.join(" or ")) }
}
