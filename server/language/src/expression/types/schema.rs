//! Types from JSON Schemas and from the declarations of inputs.
//!
//! A schema says more than a type can hold (lengths, patterns, conditions); what it cannot hold makes the type wider,
//! never narrower. A `$ref` is followed within the same schema, and a circle of them ends as `Any`.

use copydesk_text::{Node, Tree};
use serde_json::{Map, Value};

use super::{Field, Literal, MAX_BRANCHES, MAX_DEPTH, Type};
use crate::schemas::plain;

/// The type of the values that a schema lets pass.
pub fn of_schema(schema: &Value) -> Type {
    Reader { root: schema }.read(schema, 0)
}

/// The type that a schema written in a file gives.
pub fn of_node(tree: &Tree, schema: Node<'_>) -> Type {
    of_schema(&plain(tree, schema))
}

/// The type of an input, from the mapping that declares it: `type`, `values`, `default`. What a secret may be is
/// nobody's business: of those only the kind is told.
pub fn of_input(tree: &Tree, input: Node<'_>) -> Type {
    let mut json = plain(tree, input);
    let Some(declaration) = json.as_object_mut() else { return Type::Any };
    if declaration.get("secret").and_then(Value::as_bool) == Some(true) {
        declaration.retain(|key, _| key == "type");
    }
    if let Some(values) = declaration.get("values").and_then(Value::as_array).filter(|list| !list.is_empty())
    {
        return literals(values);
    }
    match declaration.get("type").and_then(Value::as_str) {
        Some("string") => Type::Text,
        Some("number") => Type::Number,
        Some("boolean") => Type::Bool,
        Some("array") => {
            // A default shows what the items look like, but not all that they may be.
            match declaration.get("default").map(of_example) {
                Some(Type::Array(item)) => Type::Array(Box::new(loose(*item))),
                _ => Type::array(Type::Any),
            }
        }
        Some("object") => match declaration.get("default").map(of_example) {
            Some(example @ Type::Object { .. }) => loose(example),
            _ => Type::open::<String>([]),
        },
        _ => Type::Any,
    }
}

/// The type of one value, its words and numbers taken for their kinds.
pub(crate) fn of_example(value: &Value) -> Type {
    example(value, 0)
}

fn example(value: &Value, depth: usize) -> Type {
    if depth > MAX_DEPTH {
        return Type::Any;
    }
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Bool,
        Value::Number(_) => Type::Number,
        Value::String(text) if text.contains("${{") => Type::Any,
        Value::String(_) => Type::Text,
        Value::Array(items) if items.is_empty() => Type::array(Type::Any),
        Value::Array(items) => {
            Type::array(Type::union(items.iter().take(MAX_BRANCHES).map(|item| example(item, depth + 1))))
        }
        Value::Object(fields) => Type::closed(
            fields.iter().map(|(name, value)| (name.clone(), Field::new(example(value, depth + 1), ""))),
        ),
    }
}

/// An example's type, made wide enough for other values of the same input.
fn loose(ty: Type) -> Type {
    match ty {
        Type::Null => Type::Any,
        Type::Array(item) => Type::Array(Box::new(loose(*item))),
        Type::Object { fields, .. } => {
            let loosen = |field: Field| Field { ty: loose(field.ty), optional: true, ..field };
            Type::Object {
                fields: fields.into_iter().map(|(name, field)| (name, loosen(field))).collect(),
                rest: Some(Box::new(Type::Any)),
            }
        }
        Type::Union(branches) => Type::union(branches.into_iter().map(loose)),
        other => other,
    }
}

fn literals(values: &[Value]) -> Type {
    Type::union(values.iter().map(literal))
}

fn literal(value: &Value) -> Type {
    match value {
        Value::Bool(value) => Type::Literal(Literal::Bool(*value)),
        Value::Number(number) => {
            number.as_f64().map_or(Type::Number, |number| Type::Literal(Literal::number(number)))
        }
        Value::String(text) => Type::text(text),
        other => of_example(other),
    }
}

struct Reader<'s> {
    root: &'s Value,
}

impl Reader<'_> {
    fn read(&self, schema: &Value, depth: usize) -> Type {
        if depth > MAX_DEPTH {
            return Type::Any;
        }
        let Some(schema) = schema.as_object() else { return Type::Any };
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let target = target.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            return target.map_or(Type::Any, |target| self.read(target, depth + 1));
        }
        if let Some(value) = schema.get("const") {
            return literal(value);
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array).filter(|list| !list.is_empty()) {
            return literals(values);
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(branches) = schema.get(choice).and_then(Value::as_array) {
                if schema.contains_key("properties") {
                    break;
                }
                return Type::union(
                    branches.iter().take(MAX_BRANCHES + 1).map(|branch| self.read(branch, depth + 1)),
                );
            }
        }
        if let Some([one]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
            return self.read(one, depth + 1);
        }
        match schema.get("type") {
            Some(Value::String(word)) => self.kind(word, schema, depth),
            Some(Value::Array(words)) => Type::union(words.iter().map(|word| match word.as_str() {
                Some(word) => self.kind(word, schema, depth),
                None => Type::Any,
            })),
            _ if schema.contains_key("properties") => self.object(schema, depth),
            _ if schema.contains_key("items") => self.list(schema, depth),
            _ => Type::Any,
        }
    }

    fn kind(&self, word: &str, schema: &Map<String, Value>, depth: usize) -> Type {
        match word {
            "string" => Type::Text,
            "number" | "integer" => Type::Number,
            "boolean" => Type::Bool,
            "null" => Type::Null,
            "array" => self.list(schema, depth),
            "object" => self.object(schema, depth),
            _ => Type::Any,
        }
    }

    fn list(&self, schema: &Map<String, Value>, depth: usize) -> Type {
        Type::array(schema.get("items").map_or(Type::Any, |items| self.read(items, depth + 1)))
    }

    fn object(&self, schema: &Map<String, Value>, depth: usize) -> Type {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map_or_else(Vec::new, |names| names.iter().filter_map(Value::as_str).collect());
        let properties = schema.get("properties").and_then(Value::as_object);
        let fields = properties.into_iter().flatten().map(|(name, property)| {
            let docs = property.get("description").and_then(Value::as_str).unwrap_or("");
            let optional = !required.contains(&name.as_str());
            (name.clone(), Field { optional, ..Field::new(self.read(property, depth + 1), docs) })
        });
        // Any of these may bring fields that are not listed here.
        let more = ["patternProperties", "anyOf", "oneOf", "allOf", "if", "dependentSchemas"];
        let rest = match schema.get("additionalProperties") {
            _ if more.iter().any(|key| schema.contains_key(*key)) => Some(Type::Any),
            Some(Value::Bool(false)) => None,
            Some(rest @ Value::Object(_)) => Some(self.read(rest, depth + 1)),
            _ => Some(Type::Any),
        };
        Type::Object { fields: fields.collect(), rest: rest.map(Box::new) }
    }
}
