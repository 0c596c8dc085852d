//! What is asked of a model, in words that no API family owns.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::choice::Needs;
use crate::image::Image;
use crate::infill::Infill;
use crate::wire::Wire;

/// One request: everything the model gets to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The model's name as the provider knows it. [`crate::Models::call`] puts the chosen one here.
    pub model: String,
    /// The system prompt; not sent where empty.
    pub system: String,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// The tools on offer.
    pub tools: Vec<ToolSpec>,
    /// Whether the model may use them.
    pub tool_use: ToolUse,
    /// The JSON Schema that the answer must fit. An API that can hold a model to it does so; what others give may not
    /// fit, so whoever asks says it in words as well, and looks.
    pub schema: Option<Value>,
    /// Where an answer is cut; the provider's own limit where absent.
    pub max_output_tokens: Option<u32>,
    /// Names the conversation, so that a provider that routes by it finds what it has kept of the last request.
    pub cache_key: Option<String>,
    /// A hole to fill, instead of a conversation to go on with.
    pub infill: Option<Infill>,
    pub tries: Tries,
    pub by: By,
}

/// Who makes a request: what tells the runs of one conversation apart, where they work at the same time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct By {
    /// Where it works, unless in the workspace itself.
    pub root: Option<String>,
    /// Which helper of its run it is, counted from one; 0 is the run itself.
    pub helper: usize,
}

/// Whether tools may be used in an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ToolUse {
    #[default]
    Free,
    /// They were used in this conversation, and now words are wanted.
    Over,
}

/// How often a request may be tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tries {
    /// As [`crate::Retries`] says.
    #[default]
    AsSet,
    /// Once: a late answer helps nobody.
    Once,
}

impl Request {
    /// The tools that the model may use.
    pub(crate) fn usable_tools(&self) -> &[ToolSpec] {
        if self.tool_use == ToolUse::Free { &self.tools } else { &[] }
    }

    pub(crate) fn needs(&self) -> Needs {
        let is_image =
            |message: &Message| matches!(message, Message::User { images, .. } if !images.is_empty());
        Needs { tools: !self.tools.is_empty(), images: self.messages.iter().any(is_image) }
    }

    /// The same for one model, without what other models carried.
    pub(crate) fn to(mut self, model: &str, model_ref: &str) -> Self {
        model.clone_into(&mut self.model);
        for message in &mut self.messages {
            if let Message::Assistant { carried, .. } = message {
                carried.retain(|piece| piece.by == model_ref);
            }
        }
        self
    }
}

/// One message of the conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// The person's words, and what we put beside them.
    User { text: String, images: Vec<Image> },
    /// The model's answer.
    Assistant {
        text: String,
        calls: Vec<ToolCall>,
        /// What the provider wants back with it, in its order.
        carried: Vec<Carried>,
    },
    /// What its tool calls gave, in the order of the calls.
    ToolResults { results: Vec<ToolResult> },
}

impl Message {
    /// The person's words, without images.
    pub fn user(text: impl Into<String>) -> Self {
        Self::User { text: text.into(), images: vec![] }
    }
}

/// A piece of an answer that only its provider can read: thinking with its signature, sealed reasoning. It goes back
/// with the answer, unchanged and in its place, to the model that made it, and to no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    pub(crate) wire: Wire,
    /// `provider/model`; empty until the answer is whole.
    #[serde(default)]
    pub(crate) by: String,
    /// What of the answer came before it.
    #[serde(default)]
    pub(crate) behind: Behind,
    pub(crate) value: Value,
}

/// A place in an answer: so many bytes of its text and so many of its calls stand before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Behind {
    pub(crate) text: usize,
    pub(crate) calls: usize,
}

/// A part of an answer that goes back.
pub(crate) enum Part<'a> {
    Carried(&'a Value),
    /// Never empty.
    Text(&'a str),
    Call(&'a ToolCall),
}

/// An answer in the order in which it came, with what was carried for this format.
pub(crate) fn parts<'a>(
    mut text: &'a str,
    mut calls: &'a [ToolCall],
    carried: &'a [Carried],
    wire: Wire,
) -> Vec<Part<'a>> {
    let (length, count) = (text.len(), calls.len());
    let mut parts = Vec::with_capacity(carried.len() + calls.len() + 1);
    let mut up_to = |behind: Behind, parts: &mut Vec<Part<'a>>| {
        let at = behind.text.saturating_sub(length - text.len());
        let (before, rest) = text.split_at(text.floor_char_boundary(at));
        text = rest;
        parts.extend((!before.is_empty()).then_some(Part::Text(before)));
        let at = behind.calls.saturating_sub(count - calls.len()).min(calls.len());
        let (before, rest) = calls.split_at(at);
        calls = rest;
        parts.extend(before.iter().map(Part::Call));
    };
    for piece in carried.iter().filter(|piece| piece.wire == wire) {
        up_to(piece.behind, &mut parts);
        parts.push(Part::Carried(&piece.value));
    }
    up_to(Behind { text: length, calls: count }, &mut parts);
    parts
}

/// One wish of the model's to use a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    /// The provider's id, or one made here where the server gave none. Goes back with the result.
    pub id: String,
    pub name: String,
    pub arguments: Arguments,
}

/// The arguments of a tool call: what the model wrote, and what it reads as.
#[derive(Clone, Debug, PartialEq)]
pub struct Arguments {
    /// Exactly what the model wrote.
    pub raw: String,
    /// The JSON object, or why it is none, said so that the model can mend it.
    pub value: Result<Value, String>,
}

impl Arguments {
    /// Reads what the model wrote. Nothing at all counts as `{}`, as tools without arguments are called so.
    pub fn read(raw: impl Into<String>) -> Self {
        let raw = raw.into();
        let value = if raw.trim().is_empty() {
            Ok(Value::Object(serde_json::Map::new()))
        } else {
            match serde_json::from_str(&raw) {
                Ok(Value::Object(map)) => Ok(Value::Object(map)),
                Ok(other) => Err(format!("the arguments must be a JSON object, not {}", kind(&other))),
                Err(error) => Err(format!("the arguments are not valid JSON: {error}")),
            }
        };
        Self { raw, value }
    }

    /// Arguments that were never finished, whatever they read as.
    pub fn cut_off(raw: impl Into<String>) -> Self {
        let raw = raw.into();
        Self { raw, value: Err("the arguments were cut off before their end".to_owned()) }
    }

    /// A JSON object to send back to the model as its own words: APIs refuse anything else here.
    pub(crate) fn as_object(&self) -> Value {
        match &self.value {
            Ok(value) => value.clone(),
            Err(_) => serde_json::json!({ "invalid_json": self.raw }),
        }
    }
}

impl From<Value> for Arguments {
    fn from(value: Value) -> Self {
        Self::read(value.to_string())
    }
}

/// What one tool call gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolResult {
    /// The [`ToolCall::id`] it answers.
    pub call: String,
    /// Plain text for the model.
    pub text: String,
    pub outcome: ToolOutcome,
}

/// Whether a tool did what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolOutcome {
    Done,
    Failed,
}

/// A tool as the model sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolSpec {
    pub name: String,
    pub description: String,
    /// A JSON Schema of the arguments; its type is `object`.
    pub parameters: Value,
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_an_object_or_a_reason() {
        let check = |raw: &str, expect: Result<Value, &str>| {
            let read = Arguments::read(raw);
            assert_eq!(read.raw, raw);
            match expect {
                Ok(value) => assert_eq!(read.value, Ok(value), "{raw}"),
                Err(part) => assert!(read.value.is_err_and(|why| why.contains(part)), "{raw}"),
            }
        };
        check("", Ok(serde_json::json!({})));
        check(" \n", Ok(serde_json::json!({})));
        check(r#"{"path":"a.py"}"#, Ok(serde_json::json!({"path": "a.py"})));
        check(r#"{"path":"a.p"#, Err("not valid JSON"));
        check(r#"{"a":1} {"b":2}"#, Err("not valid JSON"));
        check("[1]", Err("not a list"));
        check("\"a\"", Err("not a text"));
        assert_eq!(Arguments::read("{x").as_object(), serde_json::json!({"invalid_json": "{x"}));
    }
}
