//! What is wrong with a TOML text, in short common words.

use copydesk_base::{Code, Diagnostic, Span};
use toml_parser::{Expected, ParseError};

use crate::node::MAX_DEPTH;

pub(super) const NO_KEY: &str = "a key is missing here";
pub(super) const NO_VALUE: &str = "a value is missing here";
pub(super) const BARE: &str = "this is no value; put a text in quotes";
pub(super) const LARGE: &str = "this number is too large: 64 bits are the limit";
pub(super) const DATE: &str = "there is no such day or time";

pub(super) fn too_deep() -> String {
    format!("this is nested too deeply: {MAX_DEPTH} levels are the limit")
}

/// What the parser has found, which counts from `shift`.
pub(super) fn told(text: &str, shift: usize, error: &ParseError) -> Option<Diagnostic> {
    let place =
        |span: Option<toml_parser::Span>| span.map(|span| Span::new(span.start(), span.end()).shifted(shift));
    let (unexpected, context) = (place(error.unexpected()), place(error.context()));
    let (message, span) = match error.description() {
        // Told where the key or the bracket is.
        "unquoted keys cannot be empty" | "cannot recurse further; max recursion depth met" => return None,
        "unclosed array" => ("this '[' is never closed; add ']'".to_owned(), context),
        "unclosed inline table" => ("this '{' is never closed; add '}'".to_owned(), context),
        "unclosed table" => ("this header is never closed; add ']'".to_owned(), context),
        "unclosed array table" => ("this header is never closed; add ']]'".to_owned(), context),
        "key with no value" | "missing value for key" => {
            ("expected '=' and a value behind this key".to_owned(), unexpected)
        }
        "missing comma between array elements" | "missing comma between key-value pairs" => {
            ("expected ',' here".to_owned(), unexpected)
        }
        "extra comma in array" | "extra comma in inline table" => {
            ("nothing stands before this ','; take it out".to_owned(), unexpected)
        }
        "unexpected key or value" => ("a new line must start before this".to_owned(), unexpected),
        "invalid unquoted key" => {
            ("a key has letters, digits, '-' and '_' only; put this one in quotes".to_owned(), unexpected)
        }
        "missing escaped value" => {
            let escape = unexpected.map(|at| Span::new(at.start.saturating_sub(1), at.end + 1));
            ("this escape is unknown; write '\\\\' for a backslash".to_owned(), escape)
        }
        "too few unicode value digits" | "invalid value" => {
            ("this escape names no character".to_owned(), unexpected)
        }
        description if description.ends_with(" string") && unexpected.is_some_and(Span::is_empty) => {
            ("this text has no closing quote".to_owned(), context)
        }
        description => (format!("{}{}", description.replace('`', "'"), wanted(error)), unexpected),
    };
    let span = span.or(context).unwrap_or_default();
    // The parser counts bytes: of an escape that is none it may cut the character.
    let span = Span::new(text.floor_char_boundary(span.start), text.ceil_char_boundary(span.end));
    Some(Diagnostic::new(Code::TomlSyntax, span, message))
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
