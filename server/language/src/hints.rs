//! Hints beside the text: what a step waits for without saying so, how many rounds it makes, which model it asks and how
//! often at most.
//!
//! A hint stands only where the answer is certain. A number that an expression computes is not, so there is none then.

use copydesk_base::Span;
use copydesk_text::{Kind, Node};

use crate::declared::{Declared, Step};
use crate::{File, FileKind, WorkspaceIndex, check};

/// A few words at a place, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Where it stands: behind this byte.
    pub offset: usize,
    pub label: String,
    /// Markdown.
    pub tooltip: String,
}

/// The hints of the part of a file that `within` touches, in order.
pub fn hints(file: &File<'_>, index: &WorkspaceIndex, within: Span) -> Vec<Hint> {
    if file.kind != FileKind::Workflow {
        return Vec::new();
    }
    let declared = Declared::new(file.tree);
    let edges = check::edges(file, &declared);
    let mut hints = Vec::new();
    for (at, step) in declared.steps.iter().enumerate() {
        if !step.node.span().overlaps(within) {
            continue;
        }
        hints.extend(waits(file, &declared, step, edges.get(at).map_or(&[][..], Vec::as_slice)));
        hints.extend(rounds(step.node).and_then(|rounds| rounds.hint()));
        hints.extend(model(file, index, step));
        hints.extend(requests(step));
    }
    hints.retain(|hint| within.touches(hint.offset));
    hints.sort_by_key(|hint| hint.offset);
    hints
}

/// The steps that its expressions make a step wait for, besides those in `needs`.
fn waits(file: &File<'_>, declared: &Declared<'_>, step: &Step<'_>, edges: &[(usize, Span)]) -> Option<Hint> {
    let (_, id) = step.id()?;
    let named: Vec<&str> = step.needs(file.tree).map(|(name, _)| name).collect();
    let mut implied: Vec<(&str, Span)> = Vec::new();
    for (to, span) in edges {
        let name = declared.steps.get(*to)?.id()?.0;
        if !named.contains(&name) && !implied.iter().any(|(known, _)| *known == name) {
            implied.push((name, *span));
        }
    }
    if implied.is_empty() {
        return None;
    }
    let names: Vec<&str> = implied.iter().map(|(name, _)| *name).collect();
    let line = |span: Span| file.text.get(..span.start).map_or(0, |before| before.matches('\n').count()) + 1;
    let why: Vec<String> = implied
        .iter()
        .map(|(name, span)| format!("- `{name}`, for the expression in line {} reads it", line(*span)))
        .collect();
    let tooltip = format!("This step waits for steps that `needs` does not name:\n\n{}", why.join("\n"));
    Some(Hint { offset: id.span().end, label: format!("waits for {}", names.join(", ")), tooltip })
}

/// How often a step runs, and where that is written.
struct Rounds {
    offset: usize,
    count: u64,
    why: String,
}

impl Rounds {
    fn hint(&self) -> Option<Hint> {
        (self.count != 1 || self.why.contains('×')).then(|| Hint {
            offset: self.offset,
            label: format!("{} rounds", self.count),
            tooltip: self.why.clone(),
        })
    }
}

fn rounds(node: Node<'_>) -> Option<Rounds> {
    if let Some(matrix) = node.get("strategy").and_then(|strategy| strategy.entry("matrix")) {
        let mut count = 1u64;
        let mut axes = Vec::new();
        for axis in matrix.value().entries() {
            let Kind::Sequence(values) = axis.value().kind() else { return None };
            let values = u64::try_from(values.len()).ok()?;
            count = count.checked_mul(values)?;
            axes.push(format!("`{}` has {values}", axis.key().scalar_text()?));
        }
        if axes.is_empty() {
            return None;
        }
        let why = format!("One round for each combination of values: {}", axes.join(" × "));
        return Some(Rounds { offset: matrix.key().span().end, count, why });
    }
    let foreach = node.entry("foreach")?;
    let Kind::Sequence(items) = foreach.value().kind() else { return None };
    let count = u64::try_from(items.len()).ok()?;
    let why = format!("One round for each of the {count} items of the list");
    Some(Rounds { offset: foreach.key().span().end, count, why })
}

/// The model of a step that names none itself.
fn model(file: &File<'_>, index: &WorkspaceIndex, step: &Step<'_>) -> Option<Hint> {
    let kind = step.kind().filter(|kind| matches!(*kind, "llm" | "plan" | "dynamic" | "blueprint"))?;
    let node = step.node;
    if node.get("model").is_some() {
        return None;
    }
    let provider = node.get("provider").and_then(Node::scalar_text);
    let agent = node.get("agent");
    let name = agent.and_then(Node::scalar_text).unwrap_or(if kind == "llm" {
        ""
    } else {
        crate::index::BUILT_IN_AGENT
    });
    let of_agent = index
        .agents_for(file.path)
        .into_iter()
        .flatten()
        .find(|visible| visible.name == name)
        .and_then(|visible| Some((visible.summary?.model.clone()?, visible.path)));
    let (model, why) = if let Some((model, path)) = of_agent {
        let root = index.root.as_deref().unwrap_or(std::path::Path::new(""));
        let path = path.map_or_else(String::new, |path| copydesk_base::path::shown(root, path));
        (model, format!("The agent `{name}` asks this model: `{path}` says so."))
    } else {
        let model = index.settings.as_ref()?.default_model.clone()?;
        (
            model,
            "Neither the step nor its agent names a model, so it is `default_model` of the config."
                .to_owned(),
        )
    };
    let model = match provider {
        Some(provider) if !model.contains('/') => format!("{provider}/{model}"),
        _ => model,
    };
    let offset = agent.or_else(|| node.get("type"))?.span().end;
    Some(Hint { offset, label: model, tooltip: why })
}

/// How often a step asks a model at most.
fn requests(step: &Step<'_>) -> Option<Hint> {
    let node = step.node;
    let kind = node.get("type")?;
    let (count, mut parts) = match kind.scalar_text()? {
        "llm" | "plan" => of_agent(node)?,
        "dynamic" => {
            let supervisor = number(node, "maxIterations", 5)?;
            let steps = number(node, "maxSteps", 20)?;
            let all = supervisor.checked_add(steps.checked_mul(10)?)?;
            (
                all,
                vec![format!(
                    "{supervisor} of the supervisor, and 10 for each of at most {steps} planned steps"
                )],
            )
        }
        _ => return None,
    };
    let tries = 1 + node.get("retry").map_or(Some(0), |retry| number(retry, "count", 0))?;
    let mut all = count.checked_mul(tries)?;
    if tries > 1 {
        parts.push(format!("all of it up to {tries} times, by `retry`"));
    }
    let repeats = node.get("strategy").is_some() || node.get("foreach").is_some();
    let rounds = rounds(node);
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
    let tooltip = format!(
        "At most so many requests to a model: {}. What they cost depends on the model; no prices are known here.",
        parts.join("; ")
    );
    Some(Hint { offset: kind.span().end, label, tooltip })
}

fn of_agent(node: Node<'_>) -> Option<(u64, Vec<String>)> {
    let calls = number(node, "maxIterations", 10)?;
    let set = if node.get("maxIterations").is_some() { "" } else { " (the default)" };
    let mut parts = vec![format!("`maxIterations` is {calls}{set}")];
    let mut all = calls;
    if let Some(gate) = node.get("qualityGate") {
        let again = number(gate, "maxAttempts", 1)?;
        // The work is done once and up to `again` times anew, and each time reviewed.
        all = all.checked_mul(again.checked_add(1)?)?.checked_add(again.checked_add(1)?)?;
        parts.push(format!("again up to {again} times by `qualityGate`, each with a review"));
    }
    let repairs = number(node, "outputRetries", 0)?;
    if repairs > 0 {
        all = all.checked_add(repairs)?;
        parts.push(format!("{repairs} more to mend the output"));
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
