//! Values that many keys share: expressions, and literals that an expression may stand for.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A literal, or a `${{ … }}` expression that gives one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Templated<T> {
    Value(T),
    Expression(String),
}

impl<T: JsonSchema> JsonSchema for Templated<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Templated{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let literal = generator.subschema_for::<T>();
        let expression = generator.subschema_for::<Wrapped>();
        json_schema!({ "anyOf": [literal, expression] })
    }
}

/// The text form of [`Templated`]: it must hold at least one `${{`.
struct Wrapped;

impl JsonSchema for Wrapped {
    fn schema_name() -> Cow<'static, str> {
        "Templated".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A `${{ … }}` expression.",
            "type": "string",
            "pattern": r"\$\{\{"
        })
    }
}

/// An expression, with or without `${{ }}` around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expression(pub String);

impl JsonSchema for Expression {
    fn schema_name() -> Cow<'static, str> {
        "Expression".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An expression, with or without `${{ }}` around it.",
            "type": "string"
        })
    }
}

/// A condition: an expression, or `true` or `false`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Condition {
    Fixed(bool),
    Expression(Expression),
}

/// A text, a number, or `true` or `false`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    Text(String),
    Number(f64),
    Bool(bool),
}

/// How many may run at the same time: a whole number, digits, or an expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Limit {
    Number(u64),
    Text(String),
}

impl JsonSchema for Limit {
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A whole number, or an expression.",
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "string", "pattern": r"^\s*[1-9][0-9]*\s*$|\$\{\{"}
            ]
        })
    }
}

/// How long a `sleep` step waits: milliseconds as a number or digits, or a text with a unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SleepTime {
    Milliseconds(f64),
    Text(String),
}

impl SleepTime {
    /// Milliseconds of a literal: `5000`, `90s`, `500ms`, `5m`, `2h`, `1d`. `None` for anything else.
    pub fn parse(text: &str) -> Option<f64> {
        let text = text.trim();
        let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let factor = match unit {
            "ms" | "" => 1.0,
            "s" => 1_000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            "d" => 86_400_000.0,
            _ => return None,
        };
        let number = number.trim();
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let milliseconds = number.parse::<f64>().ok().filter(|_| digits)? * factor;
        milliseconds.is_finite().then_some(milliseconds)
    }
}

impl JsonSchema for SleepTime {
    fn schema_name() -> Cow<'static, str> {
        "SleepTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Milliseconds as a number, a text with a unit (`500ms`, `90s`, `5m`, `2h`, `1d`), or an expression.",
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "string", "pattern": r"^\s*[0-9.]+\s*(ms|s|m|h|d)?\s*$|\$\{\{"}
            ]
        })
    }
}

/// A moment: date and time as in RFC 3339, or an expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub String);

impl Moment {
    /// Whether a literal is a date, or a date and time, that there is: `2026-11-21`, `2026-11-21T09:00:00Z`.
    pub fn is_moment(text: &str) -> bool {
        let number = |at: usize| {
            let digits = text.trim().get(at..at + 2);
            digits.and_then(|digits| digits.parse::<u32>().ok())
        };
        let year = number(0).zip(number(2)).map(|(century, year)| century * 100 + year);
        let is_leap = year.is_some_and(|year| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
        let days = match number(5) {
            Some(2) if is_leap => 29,
            Some(2) => 28,
            Some(4 | 6 | 9 | 11) => 30,
            Some(1..=12) => 31,
            _ => 0,
        };
        let is_day = number(8).is_some_and(|day| (1..=days).contains(&day));
        // A minute may have a leap second.
        let is_time = number(11).is_none_or(|hour| hour < 24)
            && number(14).is_none_or(|minute| minute < 60)
            && number(17).is_none_or(|second| second <= 60);
        Self::has_form(text) && is_day && is_time
    }

    /// Whether a literal is written as one, whether there is such a day or not.
    pub fn has_form(text: &str) -> bool {
        let bytes = text.trim().as_bytes();
        let pattern = |pattern: &str, bytes: &[u8]| {
            bytes.len() >= pattern.len()
                && pattern.bytes().zip(bytes).all(|(wanted, found)| match wanted {
                    b'0' => found.is_ascii_digit(),
                    b'T' => matches!(found, b'T' | b't' | b' '),
                    other => *found == other,
                })
        };
        if !pattern("0000-00-00", bytes) {
            return false;
        }
        let rest = &bytes[10..];
        rest.is_empty() || pattern("T00:00", rest)
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A date and time as in RFC 3339 (`2026-11-21T09:00:00Z`), or an expression.",
            "type": "string",
            "pattern": r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}.*)?\s*$|\$\{\{"
        })
    }
}
