//! Answers that must fit a JSON Schema, as far as an API can hold a model to it.
//!
//! Servers that steer a model word by word cannot do so and let it call tools: they are asked for it only where no
//! tools are in use. The strict way of OpenAI and Anthropic takes schemas only that say all of every object.

use serde_json::Value;

use crate::CallError;
use crate::request::Request;

/// When a server is told the schema, and holds an answer to it. Where it is not, whoever asks sees to that: in words,
/// and by sending back what does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forms {
    /// Always: it knows a call from an answer.
    Always,
    /// Where no tools are in use.
    Alone,
    /// It does not know the option, or nobody knows whether it does.
    Never,
}

impl Forms {
    /// The schema that a request tells such a server.
    pub(crate) fn of(self, request: &Request) -> Option<&Value> {
        let is_told = match self {
            Self::Always => true,
            Self::Alone => request.usable_tools().is_empty(),
            Self::Never => false,
        };
        request.schema.as_ref().filter(|_| is_told)
    }
}

/// Whether a server says that it cannot hold an answer to a schema, or not to this one: then it is asked without.
pub(crate) fn is_refused(error: &CallError) -> bool {
    let message = match error {
        CallError::Status { status: 400 | 422, message, .. } => message,
        CallError::BrokeOff { kind, message } if kind == "invalid_request_error" => message,
        _ => return false,
    };
    let message = message.to_ascii_lowercase();
    ["response_format", "text.format", "output_format", "output_config", "json_schema", "schema", "'format'"]
        .iter()
        .any(|word| message.contains(word))
}

/// Whether every object in a schema names all its keys, wants them all and allows no other.
pub(crate) fn is_strict(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => {
            let is_closed = match map.get("properties").and_then(Value::as_object) {
                Some(properties) => {
                    let required = map.get("required").and_then(Value::as_array);
                    map.get("additionalProperties") == Some(&Value::Bool(false))
                        && properties.keys().all(|key| {
                            required.is_some_and(|names| names.iter().any(|name| name.as_str() == Some(key)))
                        })
                }
                None => map.get("type").and_then(Value::as_str) != Some("object"),
            };
            is_closed && map.values().all(is_strict)
        }
        Value::Array(items) => items.iter().all(is_strict),
        _ => true,
    }
}

/// The name that some APIs want with a schema.
pub(crate) const NAME: &str = "answer";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_server_that_cannot_hold_an_answer_to_a_schema_says_so() {
        let status = |status, message: &str| CallError::Status {
            address: "a".into(),
            status,
            retry_after: None,
            message: message.into(),
        };
        for (error, expect) in [
            (status(400, "Unknown parameter: 'response_format'"), true),
            (status(422, "json_schema is not supported by this model"), true),
            (status(400, "Invalid schema for response_format 'answer'"), true),
            (status(400, "the prompt is too long"), false),
            (status(500, "response_format"), false),
            (CallError::Canceled, false),
        ] {
            assert_eq!(is_refused(&error), expect, "{error}");
        }
    }

    #[test]
    fn strict_is_what_leaves_nothing_open() {
        let closed = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
        let text = || json!({"type": "string"});
        for (schema, expect) in [
            (closed(json!({"a": text()}), json!(["a"])), true),
            (
                closed(json!({"a": {"type": "array", "items": closed(json!({}), json!([]))}}), json!(["a"])),
                true,
            ),
            (text(), true),
            (closed(json!({"a": text()}), json!([])), false),
            (json!({"type": "object", "properties": {"a": text()}, "required": ["a"]}), false),
            (json!({"type": "object"}), false),
            (closed(json!({"a": {"type": "object"}}), json!(["a"])), false),
        ] {
            assert_eq!(is_strict(&schema), expect, "{schema}");
        }
    }
}
