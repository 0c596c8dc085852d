//! The one door from the tree of a file to plain values: schemas, defaults and axes are read as JSON.

use copydesk_text::{Kind, Node, Value as Written};
use serde_json::{Map, Value};

/// Deeper parts are left out.
const MAX_DEPTH: usize = 40;

/// A part of the tree as JSON. Aliases and what lies too deep are `null`.
pub(crate) fn json_of(node: Node<'_>) -> Value {
    read(node, 0)
}

fn read(node: Node<'_>, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    match node.kind() {
        Kind::Null | Kind::Alias(_) => Value::Null,
        Kind::Scalar(_) => match node.value() {
            None | Some(Written::Null) => Value::Null,
            Some(Written::Bool(value)) => Value::Bool(value),
            Some(Written::Int(value)) => Value::from(value),
            Some(Written::Float(value)) => Value::from(value),
            Some(Written::Text(text)) => Value::from(text),
        },
        Kind::Sequence(items) => Value::Array(items.iter().map(|item| read(item, depth + 1)).collect()),
        Kind::Mapping(entries) => {
            let entries = entries.iter().filter_map(|entry| {
                Some((entry.key().scalar_text()?.to_owned(), read(entry.value(), depth + 1)))
            });
            Value::Object(entries.collect::<Map<String, Value>>())
        }
    }
}
