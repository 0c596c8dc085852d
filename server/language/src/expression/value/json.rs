//! Values as JSON and back, field by field in their order.

use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Data, Value, number_text};

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout<'a> {
    /// `{"a":1}`
    Line,
    /// One line for each field, indented by this text.
    Rows(&'a str),
}

/// What `JSON.stringify` gives. `None` for what JSON cannot say: nothing at all, and functions.
pub fn json_text(value: &Value, layout: Layout<'_>) -> Option<String> {
    let mut text = String::new();
    write(value, layout, 0, &mut text).then_some(text)
}

fn write(value: &Value, layout: Layout<'_>, depth: usize, text: &mut String) -> bool {
    match &value.data {
        Data::Undefined | Data::Function(_) => return false,
        Data::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Data::Number(number) if number.is_finite() => text.push_str(&number_text(*number)),
        Data::Null | Data::Number(_) => text.push_str("null"),
        Data::Text(word) => quote(word, text),
        Data::List(list) if list.items.is_empty() => text.push_str("[]"),
        Data::List(list) => {
            for (at, item) in list.items.iter().enumerate() {
                text.push(if at == 0 { '[' } else { ',' });
                new_row(layout, depth + 1, text);
                if !write(item, layout, depth + 1, text) {
                    text.push_str("null");
                }
            }
            new_row(layout, depth, text);
            text.push(']');
        }
        Data::Object(object) => {
            let mut opening = '{';
            let fields = object.fields.iter();
            for (name, value) in
                fields.filter(|(_, value)| !matches!(value.data, Data::Undefined | Data::Function(_)))
            {
                text.push(opening);
                opening = ',';
                new_row(layout, depth + 1, text);
                quote(name, text);
                text.push_str(if layout == Layout::Line { ":" } else { ": " });
                write(value, layout, depth + 1, text);
            }
            if opening == '{' {
                text.push_str("{}");
            } else {
                new_row(layout, depth, text);
                text.push('}');
            }
        }
    }
    true
}

fn new_row(layout: Layout<'_>, depth: usize, text: &mut String) {
    if let Layout::Rows(indent) = layout {
        text.push('\n');
        for _ in 0..depth {
            text.push_str(indent);
        }
    }
}

fn quote(word: &str, text: &mut String) {
    text.push('"');
    for c in word.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            c if c < ' ' => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
}

/// Numbers without a fraction are written as whole ones, `null` for what JSON cannot say.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.data {
            Data::Undefined | Data::Null | Data::Function(_) => serializer.serialize_unit(),
            Data::Bool(value) => serializer.serialize_bool(*value),
            Data::Number(number) => number_into(*number, serializer),
            Data::Text(text) => serializer.serialize_str(text),
            Data::List(list) => {
                let mut items = serializer.serialize_seq(Some(list.items.len()))?;
                for item in &list.items {
                    items.serialize_element(item)?;
                }
                items.end()
            }
            Data::Object(object) => {
                let mut fields = serializer.serialize_map(None)?;
                let known = |value: &Self| !matches!(value.data, Data::Undefined | Data::Function(_));
                for (name, value) in object.fields.iter().filter(|(_, value)| known(value)) {
                    fields.serialize_entry(&**name, value)?;
                }
                fields.end()
            }
        }
    }
}

fn number_into<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    if !number.is_finite() {
        return serializer.serialize_unit();
    }
    if number.fract().abs() <= 0.0 && number.abs() <= 9_007_199_254_740_991.0 {
        #[expect(clippy::cast_possible_truncation, reason = "checked right above")]
        return serializer.serialize_i64(number as i64);
    }
    serializer.serialize_f64(number)
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::NULL)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::NULL)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers are doubles here, as in JavaScript")]
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok((value as f64).into())
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers are doubles here, as in JavaScript")]
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok((value as f64).into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = source.next_element()? {
            items.push(item);
        }
        Value::list(items).map_err(|_| A::Error::custom("the value is too large"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let mut fields: Vec<(Arc<str>, Value)> = Vec::new();
        while let Some((name, value)) = source.next_entry::<String, Value>()? {
            fields.push((name.into(), value));
        }
        Value::object(fields).map_err(|_| A::Error::custom("the value is too large"))
    }
}
