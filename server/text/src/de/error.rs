//! Why a tree does not fit a type, in short common words.

use std::fmt::{self, Display};

use copydesk_base::Span;
use serde::de;

/// Why a node does not fit a type, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DeError {
    /// The key or value that does not fit.
    pub span: Span,
    pub message: String,
    /// Whether the span is known yet.
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Known,
    Unknown,
}

impl DeError {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), place: Place::Known }
    }

    /// The innermost place is the exact one.
    pub(super) fn at(self, span: Span) -> Self {
        if self.place == Place::Known { self } else { Self { span, place: Place::Known, ..self } }
    }

    pub(super) fn somewhere(message: String) -> Self {
        Self { span: Span::default(), message, place: Place::Unknown }
    }
}

impl de::Error for DeError {
    fn custom<T: Display>(message: T) -> Self {
        Self::somewhere(message.to_string())
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let found = match found {
            de::Unexpected::Unit => "nothing".to_owned(),
            de::Unexpected::Str(text) => format!("text '{text}'"),
            de::Unexpected::Bool(value) => value.to_string(),
            de::Unexpected::Unsigned(number) => number.to_string(),
            de::Unexpected::Signed(number) => number.to_string(),
            de::Unexpected::Float(number) => number.to_string(),
            de::Unexpected::Seq => "a list".to_owned(),
            de::Unexpected::Map => "a mapping".to_owned(),
            other => other.to_string(),
        };
        Self::somewhere(format!("expected {}, found {found}", wanted(&expected.to_string())))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::somewhere(format!("unknown value '{variant}'{}", OneOf(expected)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::somewhere(format!("unknown key '{field}'{}", OneOf(expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::somewhere(format!("'{field}' is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::somewhere(format!("'{field}' is set twice"))
    }
}

/// What a Rust type is called by somebody who does not program; what is none stays as it is.
pub fn wanted(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "a nonzero u8" | "a nonzero u16" | "a nonzero u32" | "a nonzero u64" => "a whole number, 1 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "a borrowed string" => "a text",
        "a sequence" => "a list",
        "a map" => "keys with values",
        "a map with a single key" | "map with a single key" => "one of its words",
        other if other.starts_with("struct ") => "keys with values",
        other => other,
    }
}

/// The end of a message: what would have been right.
struct OneOf(&'static [&'static str]);

impl Display for OneOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => Ok(()),
            [one] => write!(f, "; expected '{one}'"),
            words => write!(f, "; expected one of {}", words.join(", ")),
        }
    }
}
