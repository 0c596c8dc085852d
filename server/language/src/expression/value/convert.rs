//! Turning values into others: truth, numbers, texts, and the two kinds of equality.

use std::sync::Arc;

use super::{Data, Value, number_of_text, number_text};

impl Value {
    /// Whether a condition takes it for true.
    pub fn is_true(&self) -> bool {
        match &self.data {
            Data::Undefined | Data::Null => false,
            Data::Bool(value) => *value,
            Data::Number(number) => *number != 0.0 && !number.is_nan(),
            Data::Text(text) => !text.is_empty(),
            Data::List(_) | Data::Object(_) | Data::Function(_) => true,
        }
    }

    /// What `Number(value)` gives.
    pub fn to_number(&self) -> f64 {
        match &self.data {
            Data::Undefined => f64::NAN,
            Data::Null => 0.0,
            Data::Bool(value) => f64::from(u8::from(*value)),
            Data::Number(number) => *number,
            Data::Text(text) => number_of_text(text),
            Data::List(_) | Data::Object(_) | Data::Function(_) => number_of_text(&self.to_text()),
        }
    }

    /// What `String(value)` gives: of a list its items with commas between them, of an object nothing useful.
    pub fn to_text(&self) -> Arc<str> {
        match &self.data {
            Data::Undefined => "undefined".into(),
            Data::Null => "null".into(),
            Data::Bool(true) => "true".into(),
            Data::Bool(false) => "false".into(),
            Data::Number(number) => number_text(*number).into(),
            Data::Text(text) => Arc::clone(text),
            Data::List(list) => joined(&list.items, ",").into(),
            Data::Object(_) => "[object Object]".into(),
            Data::Function(name) => (*name).into(),
        }
    }

    /// `==`: values of different kinds are made alike first.
    pub fn loosely_equals(&self, other: &Self) -> bool {
        use Data::{Bool, Function, List, Null, Number, Object, Text, Undefined};
        match (&self.data, &other.data) {
            (Undefined | Null, Undefined | Null) => true,
            (Undefined | Null, _) | (_, Undefined | Null) => false,
            (List(_) | Object(_) | Function(_), List(_) | Object(_) | Function(_)) => {
                self.strictly_equals(other)
            }
            (List(_) | Object(_) | Function(_), _) => Self::from(Text(self.to_text())).loosely_equals(other),
            (_, List(_) | Object(_) | Function(_)) => self.loosely_equals(&Self::from(Text(other.to_text()))),
            (Text(a), Text(b)) => a == b,
            // What is left are numbers, truth values and texts, not both of them texts.
            (Bool(_) | Number(_) | Text(_), Bool(_) | Number(_) | Text(_)) => {
                same_number(self.to_number(), other.to_number())
            }
        }
    }

    /// `===`: lists and objects are equal only to themselves.
    pub fn strictly_equals(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (Data::Undefined, Data::Undefined) | (Data::Null, Data::Null) => true,
            (Data::Bool(a), Data::Bool(b)) => a == b,
            (Data::Number(a), Data::Number(b)) => same_number(*a, *b),
            (Data::Text(a), Data::Text(b)) => a == b,
            (Data::List(a), Data::List(b)) => Arc::ptr_eq(a, b),
            (Data::Object(a), Data::Object(b)) => Arc::ptr_eq(a, b),
            (Data::Function(a), Data::Function(b)) => a == b,
            _ => false,
        }
    }

    /// Equal as `includes` has it: like `===`, but `NaN` is found.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (Data::Number(a), Data::Number(b)) if a.is_nan() => b.is_nan(),
            _ => self.strictly_equals(other),
        }
    }
}

#[expect(clippy::float_cmp, reason = "equality of numbers is what the language asks for")]
fn same_number(a: f64, b: f64) -> bool {
    a == b
}

/// The items of a list with something between them; what is nothing leaves an empty place.
pub(crate) fn joined(items: &[Value], between: &str) -> String {
    let mut text = String::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push_str(between);
        }
        if !item.is_nothing() {
            text.push_str(&item.to_text());
        }
    }
    text
}
