//! How often a step asks a model at most, and what that costs at the worst, where the prices of its models are known.

use copydesk_text::Node;

use super::{Hint, asked, rounds};
use crate::declared::Step;
use crate::{File, WorkspaceIndex, models, wishes};

/// How often an agent asks its model at most, unless `maxIterations` says otherwise.
const AGENT_REQUESTS: u64 = 10;

/// How often a step asks a model at most.
pub(super) fn hint(file: &File<'_>, index: &WorkspaceIndex, step: &Step<'_>) -> Option<Hint> {
    let node = step.node;
    let kind = node.get("type")?;
    let (count, mut parts) = match kind.scalar_text()? {
        "llm" | "plan" => of_agent(node)?,
        "dynamic" => {
            let supervisor = number(node, "maxIterations", 5)?;
            let steps = number(node, "maxSteps", 20)?;
            let replans = number(node, "maxReplans", 3)?;
            let all = supervisor.checked_add(steps.checked_mul(AGENT_REQUESTS)?)?;
            let mut parts = vec![format!(
                "{supervisor} of the supervisor, and {AGENT_REQUESTS} for each of at most {steps} planned steps"
            )];
            if replans > 0 {
                parts.push(format!("all of it again up to {replans} times by `maxReplans`"));
            }
            (all.checked_mul(replans.checked_add(1)?)?, parts)
        }
        _ if mending(node).next().is_some() => (0, Vec::new()),
        _ => return None,
    };
    let tries = 1 + node.get("retry").map_or(Some(0), |retry| number(retry, "count", 0))?;
    let mut all = count.checked_mul(tries)?;
    if tries > 1 && count > 0 {
        parts.push(format!("all of it up to {tries} times, by `retry`"));
    }
    // Each mend is asked for, and the step is done anew; what heals comes when the rest has failed.
    for (key, how, limit, default, asked) in mending(node) {
        let again = number(how, limit, default)?;
        all = all.checked_mul(again.checked_add(1)?)?.checked_add(again.checked_mul(asked)?)?;
        parts.push(format!("again up to {again} times by `{key}`, each with {asked} to mend the step"));
    }
    let repeats = node.get("strategy").is_some() || node.get("foreach").is_some();
    let rounds = rounds(file.tree, node);
    let mut label = format!("≤ {all} requests");
    match rounds {
        Some(rounds) => {
            all = all.checked_mul(rounds.count)?;
            parts.push(format!("in {} rounds", rounds.count));
            label = format!("≤ {all} requests");
        }
        None if repeats => label.push_str(" a round"),
        None => {}
    }
    let dearest = dearest(file, index, step);
    let cost = match &dearest {
        Some((model, most)) if *most <= 0.0 => {
            label.push_str(", free");
            format!("Nobody bills for `{model}`.")
        }
        Some((model, most)) => {
            label.push_str(&format!(", ≤ {}", dollars(*most * as_number(all))));
            format!(
                "One costs {} at the most: the whole window of `{model}`, with the longest answer.",
                dollars(*most)
            )
        }
        None => "What they cost depends on the model; no price of it is known here.".to_owned(),
    };
    let instead = if wishes::asks(step) { asked::instead(file, index, step) } else { String::new() };
    let tooltip = format!("At most so many requests to a model: {}. {cost} {instead}", parts.join("; "));
    let tooltip = tooltip.trim_end().to_owned();
    Some(Hint { offset: kind.span().end, label, tooltip })
}

/// Of the models that a step asks, those that answer instead among them, the one whose longest request costs most, with
/// the dollars; `None` if the price of any of them is unknown.
fn dearest(file: &File<'_>, index: &WorkspaceIndex, step: &Step<'_>) -> Option<(String, f64)> {
    if !matches!(step.kind(), Some("llm" | "plan")) {
        // What a supervisor plans may ask whom it likes.
        return None;
    }
    let own = asked::models(file, index, step)?;
    let others = ["qualityGate", "auto_heal", "autoHeal"].into_iter().filter_map(|key| step.node.get(key));
    let others = others.map(|other| match other.get("model").and_then(Node::scalar_text) {
        Some(model) => Some(model.to_owned()),
        None => asked::of_agent(file, index, other.get("agent")?.scalar_text()?),
    });
    let mut all = Vec::new();
    for model in own.into_iter().map(Some).chain(others) {
        let known = models::find(index, &model?)?;
        all.push((known.name.clone(), known.most_dollars?));
    }
    all.into_iter().max_by(|one, other| one.1.total_cmp(&other.1))
}

#[expect(clippy::cast_precision_loss, reason = "nobody makes that many requests")]
fn as_number(count: u64) -> f64 {
    count as f64
}

/// Rounded up: it is a bound.
fn dollars(amount: f64) -> String {
    // A product of two may be a hair above what it is.
    let cents = amount * 100.0 - 1e-6;
    if amount > 100.0 {
        format!("${}", (cents / 100.0).ceil())
    } else {
        format!("${:.2}", cents.ceil() / 100.0)
    }
}

/// What may mend a failed step: its key and value, the key of its limit with the default, and how often it asks a model
/// each time. An agent asks as often as one does that sets no `maxIterations`.
fn mending(node: Node<'_>) -> impl Iterator<Item = (&'static str, Node<'_>, &'static str, u64, u64)> {
    let ways = [
        ("reflexion", "limit", 3, 1),
        ("auto_heal", "maxAttempts", 1, AGENT_REQUESTS),
        ("autoHeal", "maxAttempts", 1, AGENT_REQUESTS),
    ];
    ways.into_iter()
        .filter_map(move |(key, limit, default, asked)| Some((key, node.get(key)?, limit, default, asked)))
}

fn of_agent(node: Node<'_>) -> Option<(u64, Vec<String>)> {
    let calls = number(node, "maxIterations", AGENT_REQUESTS)?;
    let set = if node.get("maxIterations").is_some() { "" } else { " (the default)" };
    let mut parts = vec![format!("`maxIterations` is {calls}{set}")];
    let mut all = calls;
    if let Some(gate) = node.get("qualityGate") {
        let again = number(gate, "maxAttempts", 1)?;
        // The work is done once and up to `again` times anew, and each time another agent reviews it.
        all = all.checked_add(AGENT_REQUESTS)?.checked_mul(again.checked_add(1)?)?;
        parts.push(format!(
            "again up to {again} times by `qualityGate`, each with {AGENT_REQUESTS} for a review"
        ));
    }
    let repairs = number(node, "outputRetries", 0)?;
    if repairs > 0 {
        all = all.checked_add(repairs.checked_mul(calls)?)?;
        parts.push(format!("{calls} more for each of {repairs} mends of the output"));
    }
    Some((all, parts))
}

/// A whole number that is written out, or the default; `None` where an expression computes it.
fn number(node: Node<'_>, key: &str, default: u64) -> Option<u64> {
    match node.get(key) {
        None => Some(default),
        Some(value) if value.is_null() => Some(default),
        Some(value) => value.as_i64().and_then(|value| u64::try_from(value).ok()),
    }
}
