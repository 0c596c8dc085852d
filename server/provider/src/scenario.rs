//! The script of the built-in model: what it answers, step by step.
//!
//! A [`Scenario`] is the file as a person writes it; reading YAML is the caller's business. A [`Script`] is the
//! scenario in use: it remembers which steps are used up. Clones share that memory, so a host that keeps one script
//! per file goes on where it was, whatever else of the config it loads anew.

use std::sync::{Arc, Mutex, PoisonError};

use copydesk_base::Usage;
use serde::{Deserialize, Serialize};

use crate::request::{Arguments, Message, Request, ToolCall};
use crate::{CallError, StopReason};

/// A scripted conversation for the built-in model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Each is used once: the first unused one without `when`, or whose `when` holds.
    pub steps: Vec<ScenarioStep>,
}

/// One scripted answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScenarioStep {
    /// When this step may be used; always where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// What the model says.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// The tools it calls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ScriptedCall>,
    /// What the answer counts for.
    pub usage: ScriptedUsage,
}

/// The condition of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// A text that occurs in the last message: the person's words or a tool's result.
    pub contains: String,
}

/// One scripted tool call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedCall {
    pub name: String,
    #[serde(default)]
    pub arguments: serde_json::Value,
}

/// Scripted token counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScriptedUsage {
    pub input_tokens: u64,
    pub output_tokens: u64,
}

/// A scenario in use. Clones share what is used up.
#[derive(Clone, Debug)]
pub struct Script(Arc<State>);

#[derive(Debug)]
struct State {
    steps: Vec<ScenarioStep>,
    used: Mutex<Vec<bool>>,
}

/// What a step answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScriptedAnswer {
    pub(crate) reason: StopReason,
    pub(crate) text: String,
    pub(crate) calls: Vec<ToolCall>,
    pub(crate) usage: Usage,
}

impl Script {
    pub fn new(scenario: Scenario) -> Self {
        let used = Mutex::new(vec![false; scenario.steps.len()]);
        Self(Arc::new(State { steps: scenario.steps, used }))
    }

    /// Steps that no request has used yet.
    pub fn left(&self) -> usize {
        let used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.iter().filter(|used| !**used).count()
    }

    /// Uses up the step that fits.
    pub(crate) fn answer(&self, request: &Request) -> Result<ScriptedAnswer, CallError> {
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |step: &ScenarioStep| step.when.as_ref().is_none_or(|when| heard(request, &when.contains));
        let at = (self.0.steps.iter().zip(used.iter()))
            .position(|(step, used)| !used && fits(step))
            .ok_or(CallError::ScenarioExhausted)?;
        used[at] = true;
        Ok(answer(at, &self.0.steps[at]))
    }
}

/// Whether the last message holds `text`.
fn heard(request: &Request, text: &str) -> bool {
    match request.messages.last() {
        Some(Message::User { text: said, .. }) => said.contains(text),
        Some(Message::ToolResults { results }) => results.iter().any(|result| result.text.contains(text)),
        Some(Message::Assistant { .. }) | None => false,
    }
}

fn answer(at: usize, step: &ScenarioStep) -> ScriptedAnswer {
    let calls: Vec<ToolCall> = (step.tool_calls.iter().enumerate())
        .map(|(nth, call)| ToolCall {
            id: format!("scripted-{}-{}", at + 1, nth + 1),
            name: call.name.clone(),
            arguments: arguments(&call.arguments),
        })
        .collect();
    ScriptedAnswer {
        reason: if calls.is_empty() { StopReason::EndTurn } else { StopReason::ToolUse },
        text: step.text.clone(),
        calls,
        usage: Usage {
            input_tokens: step.usage.input_tokens,
            output_tokens: step.usage.output_tokens,
            requests: 1,
            ..Usage::default()
        },
    }
}

/// A text stands for what a model would write, so that a scenario can script bad JSON as well.
fn arguments(value: &serde_json::Value) -> Arguments {
    match value {
        serde_json::Value::Null => Arguments::read("{}"),
        serde_json::Value::String(raw) => Arguments::read(raw.clone()),
        other => Arguments::from(other.clone()),
    }
}
