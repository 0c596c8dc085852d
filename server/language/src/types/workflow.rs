//! The workflow file: its head, its inputs and outputs, and its three lists of steps.

use std::collections::BTreeMap;

use copydesk_base::config::OneOrMany;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Limit, Step};

/// A workflow: named steps that run in the order of what they need.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Copydesk workflow")]
pub struct Workflow {
    /// The schema of this file, for editors without Copydesk.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What the workflow is called, on the command line and in lists.
    pub name: String,
    /// What it is for, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it takes; read as `inputs.NAME` in expressions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Input>,
    /// What it gives back: a name and an expression each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// A JSON Schema that the outputs must satisfy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Map<String, Value>>,
    /// Environment variables of every step; read as `env.NAME` in expressions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Model refs that its steps try, in order, when a model cannot answer. A step and its agent go before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<OneOrMany>,
    /// How many steps may run at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Limit>,
    /// Named limits that steps share by `pool`: a name and how many may run at the same time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pools: BTreeMap<String, Limit>,
    /// The steps. They start as soon as everything they need is done, side by side where they can.
    pub steps: Vec<Step>,
    /// Steps that run when a step has failed. `last_failed_step` says which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Step>,
    /// Steps that run at the end, whatever happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finally: Vec<Step>,
    /// A step that undoes the workflow as a whole when it is rolled back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compensate: Option<Box<Step>>,
    /// How a run of this workflow is scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eval: Option<Eval>,
    /// What starts the workflow by itself. Planned: it is not read yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub triggers: Option<Value>,
}

/// One input of a workflow.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What kind of value it takes.
    #[serde(rename = "type")]
    pub kind: InputKind,
    /// The value when none is given. Without it the input must be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The only values that are accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<super::Scalar>,
    /// Hide the value in logs and journals.
    #[serde(default, skip_serializing_if = "is_false")]
    pub secret: bool,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
pub(super) fn is_false(value: &bool) -> bool {
    !*value
}

/// The kind of value an input takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum InputKind {
    /// A text.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list.
    Array,
    /// A mapping of names to values.
    Object,
}

impl InputKind {
    pub const ALL: [Self; 5] = [Self::String, Self::Number, Self::Boolean, Self::Array, Self::Object];

    /// Reads the word of `type`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word of `type`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Array => "array",
            Self::Object => "object",
        }
    }

    /// What it takes, in a sentence.
    pub const fn takes(self) -> &'static str {
        match self {
            Self::String => "a text",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Array => "a list",
            Self::Object => "a mapping",
        }
    }

    /// The least value of it, as YAML writes it.
    pub const fn least(self) -> &'static str {
        match self {
            Self::String => "\"\"",
            Self::Number => "0",
            Self::Boolean => "false",
            Self::Array => "[]",
            Self::Object => "{}",
        }
    }
}

/// How a run is scored.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Eval {
    /// Who scores.
    pub scorer: Scorer,
    /// The agent that scores, for `scorer: llm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// What the scoring agent is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The command that scores, for `scorer: script`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Let the scorer read secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_secrets: Option<bool>,
}

/// Who scores a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scorer {
    /// A model, by `agent` and `prompt`.
    Llm,
    /// A command, by `run`.
    Script,
}
