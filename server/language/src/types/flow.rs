//! Steps that steer the run: `workflow`, `human`, `sleep`, `join`, `wait`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Moment, SleepTime, Templated};

/// Runs another workflow and waits for it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubWorkflow {
    /// The workflow's file, relative to this one, or its name.
    pub path: String,
    /// Its inputs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
    /// Which of its outputs this step gives on, and under which name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub output_mapping: BTreeMap<String, Mapped>,
}

/// One output that is given on: its name in the other workflow, or that and a default.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Mapped {
    Name(String),
    WithDefault(MappedWithDefault),
}

/// One output that is given on, with a default.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MappedWithDefault {
    /// Its name in the other workflow.
    pub from: String,
    /// The value when the other workflow gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
}

/// Asks a person and waits for the answer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Human {
    /// What the person reads.
    pub message: String,
    /// How the person answers.
    #[serde(default)]
    pub input_type: InputType,
}

/// How a person answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum InputType {
    /// Yes or no.
    #[default]
    Confirm,
    /// A text.
    Text,
}

/// Waits for a time or until a moment, also over a restart. Exactly one of `duration` and `until`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("oneOf" = [{"required": ["duration"]}, {"required": ["until"]}]))]
pub struct Sleep {
    /// How long: milliseconds, or a text such as `90s`, `5m`, `2h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<SleepTime>,
    /// Until when: a date and time such as `2026-11-21T09:00:00Z`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// Keep the timer when the program ends, and go on later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub durable: Option<Templated<bool>>,
}

/// Waits for several steps and goes on when enough of them are done.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("required" = ["needs"]))]
pub struct Join {
    /// **Deprecated**: what is joined. It changes nothing; a join waits for what it needs.
    #[schemars(extend("deprecated" = true))]
    pub target: JoinTarget,
    /// How many of the needed steps must be done.
    pub condition: JoinCondition,
}

/// What a `join` step joins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum JoinTarget {
    /// The steps of `needs`.
    #[default]
    Steps,
    /// The rounds of a step.
    Branches,
}

/// How many must be done: `all`, `any`, `quorum`, a number, or `count: NUMBER`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum JoinCondition {
    Word(JoinWord),
    Number(u64),
    Count(JoinCount),
}

impl Default for JoinCondition {
    fn default() -> Self {
        Self::Word(JoinWord::All)
    }
}

/// How many must be done, as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum JoinWord {
    /// Every one.
    All,
    /// The first one.
    Any,
    /// More than half.
    Quorum,
}

/// How many must be done, as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinCount {
    /// So many.
    pub count: u64,
}

/// Waits for an event from outside.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    /// The event's name.
    pub event: String,
    /// Forget the event once a step has seen it. `true` unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = true))]
    pub one_shot: Option<Templated<bool>>,
}
