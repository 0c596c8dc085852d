//! The tool calls of one answer: one behind the other, those that only look side by side, results in the order of the
//! calls.
//!
//! Each call is written down, judged and asked about in its turn. What a looking tool does then touches nothing that
//! another one could change, so it is put off, and all that were put off run together: before the next call that is
//! more than a look, and at the end.

use copydesk_base::event::Written;
use copydesk_base::{CallId, Event};
use copydesk_provider::{ToolCall, ToolOutcome, ToolResult};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::action::Action;
use crate::error::AgentError;
use crate::gate::vault;
use crate::hooks::{self, Point};
use crate::run::Turn;
use crate::team::arrival;
use crate::tools::{self, Output, Work, Worked};

/// Tool calls of one answer.
const MOST_CALLS: usize = 64;

/// A call that was begun.
struct Begun {
    id: CallId,
    /// What the model calls it.
    call: String,
    /// The tool, and what the model gave it.
    name: String,
    arguments: Value,
    work: Work,
}

/// Performs the calls of one answer. Nothing is begun after a cancel.
pub(crate) async fn perform(
    turn: &mut Turn,
    action: &Action,
    calls: Vec<ToolCall>,
) -> Result<Vec<ToolResult>, AgentError> {
    let mut results = Vec::with_capacity(calls.len());
    let mut begun = Vec::new();
    let mut calls = calls.into_iter();
    for call in calls.by_ref().take(MOST_CALLS) {
        if turn.cancel.is_cancelled() {
            return Err(AgentError::Canceled);
        }
        if !tools::only_looks(&call.name) {
            results.extend(finish(turn, &mut begun).await?);
        }
        begun.push(begin(turn, action, call).await?);
    }
    results.extend(finish(turn, &mut begun).await?);
    results.extend(calls.map(|call| {
        let text = format!("not performed: one answer may call for {MOST_CALLS} tools at most");
        ToolResult { call: call.id, text, outcome: ToolOutcome::Failed }
    }));
    Ok(results)
}

async fn begin(turn: &mut Turn, action: &Action, call: ToolCall) -> Result<Begun, AgentError> {
    let id = turn.shared.call_id();
    let arguments = call.arguments.value.clone();
    turn.quarters.ready().await;
    let logged = arguments.clone().unwrap_or_else(|_| serde_json::Value::String(call.arguments.raw.clone()));
    let plain = logged.to_string();
    let raw = Some(call.arguments.raw.clone()).filter(|raw| arguments.is_ok() && *raw != plain);
    let written = Written { id: call.id.clone(), raw };
    let called =
        Event::ToolCalled { call: id.clone(), name: call.name.clone(), arguments: logged.clone(), written };
    turn.record(vec![called]).await?;
    let work = match arguments {
        Err(reason) => Output::failed(reason).into(),
        Ok(arguments) => match vault::outside_edits(&call.name, &arguments) {
            Some(reason) => Output::failed(reason).into(),
            None => match hooks::at(turn, Point::PreToolUse, Some(&call.name), json!({"arguments": logged}))
                .await?
                .refusal
            {
                Some(refusal) => Output::failed(refusal).into(),
                None => tools::run(turn, action, &id, &call.name, arguments).await?,
            },
        },
    };
    Ok(Begun { id, call: call.id, name: call.name, arguments: logged, work })
}

/// Does what was put off, side by side, and makes the results.
async fn finish(turn: &mut Turn, begun: &mut Vec<Begun>) -> Result<Vec<ToolResult>, AgentError> {
    let apart = |begun: Begun| ((begun.id, begun.call, begun.name, begun.arguments), begun.work);
    let (calls, work): (Vec<_>, Vec<_>) = begun.drain(..).map(apart).unzip();
    let all = tokio::select! {
        all = join_all(work.into_iter().map(Work::done)) => all,
        () = turn.cancel.cancelled() => return Err(AgentError::Canceled),
    };
    let mut results = Vec::with_capacity(calls.len());
    for ((id, call, name, arguments), came) in calls.into_iter().zip(all) {
        let output = match came {
            Worked::Output(output) => output,
            Worked::Helper(ended) => arrival::take_in(turn, *ended).await?.output,
        };
        turn.reads(output.grade, &output.source).await?;
        let output = output.and(tools::passed_over(&name, &arguments));
        let mut text = turn.shared.hidden(&output.text, &turn.settings.redactor);
        let failed = output.failed;
        let facts = json!({"arguments": arguments, "result": text, "failed": failed});
        let said = hooks::at(turn, Point::PostToolUse, Some(&name), facts).await?.words;
        if !said.is_empty() {
            let said = turn.shared.hidden(&said, &turn.settings.redactor);
            text.push_str(&format!("\n[a hook of the person's says:]\n{said}"));
        }
        turn.record(vec![Event::ToolReturned { call: id, text: text.clone(), failed }]).await?;
        let outcome = if failed { ToolOutcome::Failed } else { ToolOutcome::Done };
        results.push(ToolResult { call, text, outcome });
    }
    Ok(results)
}

#[cfg(test)]
#[path = "round_tests.rs"]
mod tests;
