//! Reading shapes from a generated schema. It knows the few words that our own schemas use, and no more.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    Form, Key, Kind, List, Mapping, Need, Number, Rest, Role, Shape, ShapeId, Shapes, Standing, Word,
};

/// The shapes of a schema.
pub(super) fn read(schema: &'static Value) -> Shapes {
    let mut reader = Reader { schema, all: Vec::new(), named: HashMap::new() };
    let root = reader.shape(schema);
    Shapes { all: reader.all, root }
}

struct Reader {
    schema: &'static Value,
    all: Vec<Shape>,
    /// Definitions that are read, or being read: types hold themselves (`compensate` is a step).
    named: HashMap<&'static str, ShapeId>,
}

impl Reader {
    fn shape(&mut self, value: &'static Value) -> ShapeId {
        if let Some(name) = reference(value) {
            return self.definition(name);
        }
        let id = self.reserve();
        let shape = self.read(value);
        self.all[id.0] = shape;
        id
    }

    fn reserve(&mut self) -> ShapeId {
        self.all.push(Shape::default());
        ShapeId(self.all.len() - 1)
    }

    fn definition(&mut self, name: &'static str) -> ShapeId {
        if let Some(id) = self.named.get(name) {
            return *id;
        }
        let id = self.reserve();
        self.named.insert(name, id);
        let mut shape = self.resolve(name).map_or_else(Shape::default, |value| self.read(value));
        // `if` is a condition whose text is an expression; its own name says nothing.
        if role(name) != Role::Plain {
            shape.role = role(name);
        }
        self.all[id.0] = shape;
        id
    }

    fn resolve(&self, name: &str) -> Option<&'static Value> {
        self.schema.get("$defs")?.get(name)
    }

    fn read(&mut self, value: &'static Value) -> Shape {
        let mut shape = Shape { docs: text(value, "description"), ..Shape::default() };
        self.forms(value, &mut shape);
        // A bound beside a choice holds for the choice's numbers.
        if let Some(above) = value.get("exclusiveMinimum").and_then(Value::as_f64) {
            for form in &mut shape.forms {
                if let Form::Number(number) = form {
                    number.above = Some(above);
                }
            }
        }
        shape
    }

    fn forms(&mut self, value: &'static Value, shape: &mut Shape) {
        if let Some(name) = reference(value) {
            let role = role(name);
            if role != Role::Plain {
                shape.role = role;
            }
            if role == Role::Templated {
                // It adds expressions to what the literal takes, and no other texts.
                return;
            }
            if let Some(target) = self.resolve(name) {
                self.forms(target, shape);
            }
            return;
        }
        if let Some(word) = value.get("const").and_then(Value::as_str) {
            add_word(shape, word, text(value, "description"));
            return;
        }
        if let Some(words) = value.get("enum").and_then(Value::as_array) {
            words.iter().filter_map(Value::as_str).for_each(|word| add_word(shape, word, String::new()));
            return;
        }
        let choices = ["anyOf", "oneOf"].iter().find_map(|key| value.get(key)).and_then(Value::as_array);
        // `anyOf: [{required: …}]` is a rule about keys, no choice between values.
        if let Some(choices) =
            choices.filter(|choices| choices.iter().all(|choice| choice.get("required").is_none()))
        {
            for choice in choices {
                self.forms(choice, shape);
            }
            return;
        }
        match value.get("type") {
            Some(Value::String(kind)) => self.form(kind, value, shape),
            Some(Value::Array(kinds)) => {
                kinds.iter().filter_map(Value::as_str).for_each(|kind| self.form(kind, value, shape));
            }
            _ => {}
        }
    }

    fn form(&mut self, kind: &str, value: &'static Value, shape: &mut Shape) {
        let form = match kind {
            "string" => Form::Text,
            "integer" | "number" => Form::Number(Number {
                whole: kind == "integer",
                least: value.get("minimum").and_then(Value::as_f64),
                most: value.get("maximum").and_then(Value::as_f64),
                above: value.get("exclusiveMinimum").and_then(Value::as_f64),
            }),
            "boolean" => Form::Bool,
            "null" => Form::Null,
            "array" => {
                let item = match value.get("items") {
                    Some(items) => self.shape(items),
                    None => self.reserve(),
                };
                let least = value.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                Form::List(List { item, least: usize::try_from(least).unwrap_or(0) })
            }
            "object" => Form::Mapping(self.mapping(value)),
            _ => return,
        };
        let same = |known: &Form| std::mem::discriminant(known) == std::mem::discriminant(&form);
        if !shape.forms.iter().any(same) {
            shape.forms.push(form);
        }
    }

    fn mapping(&mut self, value: &'static Value) -> Mapping {
        let mut keys = self.keys(value);
        for key in &mut keys {
            if key.name == "autoHeal" {
                key.standing = Standing::Alias;
            }
        }
        let closed = value.get("unevaluatedProperties") == Some(&Value::Bool(false));
        let rest = match value.get("additionalProperties") {
            Some(Value::Bool(false)) => Rest::Refused,
            _ if closed => Rest::Refused,
            Some(shape @ Value::Object(_)) => Rest::Shape(self.shape(shape)),
            _ => Rest::Anything,
        };
        let branches = value.get("allOf").and_then(Value::as_array);
        let kinds = branches.into_iter().flatten().filter_map(|branch| self.kind(branch)).collect();
        Mapping { keys, rest, kinds }
    }

    /// One `if` the type is a word, `then` these keys.
    fn kind(&mut self, branch: &'static Value) -> Option<Kind> {
        let word = branch.pointer("/if/properties/type/const")?.as_str()?;
        let then = branch.get("then")?;
        let then = reference(then).and_then(|name| self.resolve(name)).unwrap_or(then);
        let required = |value: &'static Value| {
            let names = value.get("required").and_then(Value::as_array).into_iter().flatten();
            names.filter_map(Value::as_str).map(str::to_owned)
        };
        let choices = ["anyOf", "oneOf"].iter().find_map(|key| then.get(key)?.as_array());
        let one_of = match choices {
            Some(choices) => choices.iter().flat_map(required).collect(),
            // A common key that this kind cannot do without.
            None => required(then).filter(|name| then["properties"].get(name).is_none()).collect(),
        };
        Some(Kind { word: word.to_owned(), keys: self.keys(then), one_of })
    }

    fn keys(&mut self, value: &'static Value) -> Vec<Key> {
        let Some(properties) = value.get("properties").and_then(Value::as_object) else { return Vec::new() };
        let required: Vec<&str> = value
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut keys: Vec<Key> = properties
            .iter()
            .map(|(name, property)| Key {
                name: name.clone(),
                shape: self.shape_of_property(property),
                docs: text(property, "description"),
                need: if required.contains(&name.as_str()) { Need::Required } else { Need::Optional },
                default: property.get("default").and_then(default_word),
                standing: if property.get("deprecated").is_some() {
                    Standing::Deprecated
                } else {
                    Standing::Current
                },
            })
            .collect();
        keys.sort_by(|a, b| a.name.cmp(&b.name));
        keys
    }

    /// A property that adds nothing to a definition but words shares the definition's shape.
    fn shape_of_property(&mut self, property: &'static Value) -> ShapeId {
        match reference(property) {
            Some(name) if property.get("exclusiveMinimum").is_none() => self.definition(name),
            _ => {
                let id = self.reserve();
                let shape = self.read(property);
                self.all[id.0] = shape;
                id
            }
        }
    }
}

fn reference(value: &'static Value) -> Option<&'static str> {
    value.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

fn role(name: &str) -> Role {
    match name {
        "Expression" => Role::Expression,
        "Templated" => Role::Templated,
        "SleepTime" => Role::SleepTime,
        "Moment" => Role::Moment,
        "Limit" => Role::Limit,
        "Duration" => Role::Duration,
        "Age" => Role::Age,
        _ => Role::Plain,
    }
}

fn add_word(shape: &mut Shape, text: &str, docs: String) {
    let word = Word { text: text.to_owned(), docs };
    for form in &mut shape.forms {
        if let Form::Words(words) = form {
            words.push(word);
            return;
        }
    }
    shape.forms.push(Form::Words(vec![word]));
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A default worth showing: not the empty collections that stand for "nothing written".
fn default_word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.is_empty() => None,
        Value::Null | Value::Object(_) => None,
        other => Some(other.to_string()),
    }
}
