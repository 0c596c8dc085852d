//! What a step gives back, by its `type`: the types behind `steps.ID`.

use copydesk_text::{Node, Tree};

use super::{Field, Type, of_node, of_schema};
use crate::schemas::plain;

/// The words that `steps.ID.status` may be.
pub const STATUSES: &[&str] =
    &["pending", "running", "waiting", "paused", "suspended", "success", "failed", "canceled", "skipped"];

/// What a step of one `type` gives as `output`, before `transform`. `outputs` is what a sub-workflow is known to give.
pub(crate) fn output(tree: &Tree, step: Node<'_>, outputs: Option<Type>) -> Type {
    if let Some(schema) = tree.get(step, "outputSchema") {
        return of_node(tree, schema);
    }
    let text = |key: &str| tree.get(step, key).and_then(Node::scalar_text);
    match text("type").unwrap_or("") {
        "shell" => shell(),
        "llm" => Type::Text,
        "request" => request(),
        "file" if text("op") == Some("read") => Type::Text,
        "human" => match text("inputType") {
            Some("text") => Type::Text,
            None | Some("confirm") => Type::union([Type::Bool, Type::Text]),
            Some(_) => Type::Any,
        },
        "memory" if text("op") == Some("search") => Type::array(Type::Any),
        "workflow" => mapped(tree, step, outputs),
        _ => Type::Any,
    }
}

/// The value of `steps.ID` for a step one round of which gives this.
pub(crate) fn step(tree: &Tree, node: Node<'_>, output: Type) -> Type {
    let kind = tree.get(node, "type").and_then(Node::scalar_text);
    let asks_model = matches!(kind, Some("llm" | "plan" | "blueprint" | "dynamic"));
    let outputs = match &output {
        Type::Object { .. } => output.clone(),
        _ => Type::open::<String>([]),
    };
    let usage = asks_model.then(|| Field::new(Type::Any, "What the model's calls used.").or_missing());
    let one = |output: Type, outputs: Type| {
        let fields = vec![
            ("output", Field::new(output, "What the step gave back.")),
            ("outputs", Field::new(outputs, "The fields of the output, by name.")),
            ("status", Field::new(Type::words(STATUSES), "How it ended: `success`, `failed`, `skipped` …")),
            (
                "error",
                Field::new(Type::Text.or_null(), "What went wrong, for a step that failed.").or_missing(),
            ),
        ];
        fields.into_iter().chain(usage.clone().map(|usage| ("usage", usage))).collect::<Vec<_>>()
    };
    match Rounds::of(|key| tree.get(node, key).is_some()) {
        Rounds::One => Type::closed(one(output, outputs)),
        Rounds::Many => {
            let round = Type::closed(one(output.clone(), outputs));
            let mut fields = one(Type::array(output), Type::open::<String>([]));
            fields.push((
                "items",
                Field::new(Type::array(round), "Each round: `output`, `status`, `error`, in order."),
            ));
            Type::closed(fields)
        }
    }
}

/// How often a step runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounds {
    One,
    /// With `foreach` or `strategy.matrix`: the output is a list, one item for each round.
    Many,
}

impl Rounds {
    /// Of a step that `has` some keys.
    pub(crate) fn of(has: impl Fn(&str) -> bool) -> Self {
        if has("foreach") || has("strategy") { Self::Many } else { Self::One }
    }
}

/// What `item` is in a step with `strategy.matrix`: a value of each axis.
pub(crate) fn matrix_item(tree: &Tree, step: Node<'_>) -> Option<Type> {
    let matrix = tree.get(tree.get(step, "strategy")?, "matrix")?;
    let axes = tree.entries(matrix).into_iter();
    let fields = axes.filter_map(|axis| {
        let schema = serde_json::json!({ "enum": plain(tree, axis.value()) });
        Some((axis.key().scalar_text()?.to_owned(), Field::new(of_schema(&schema), "An axis of the matrix.")))
    });
    Some(Type::closed(fields))
}

fn shell() -> Type {
    let cut = |docs: &str| Field::new(Type::Bool, docs).or_missing();
    Type::closed([
        ("stdout", Field::new(Type::Text, "What the command wrote.")),
        ("stderr", Field::new(Type::Text, "What it wrote as errors.")),
        ("exitCode", Field::new(Type::Number, "0 where all went well.")),
        ("stdoutTruncated", cut("Whether `stdout` was too long to keep.")),
        ("stderrTruncated", cut("Whether `stderr` was too long to keep.")),
    ])
}

fn request() -> Type {
    Type::open([
        ("status", Field::new(Type::Number, "The status code, 200 for one.")),
        ("statusText", Field::new(Type::Text, "The status in words.")),
        ("headers", Field::new(Type::map_of(Type::Text), "The header fields of the answer.")),
        ("body", Field::new(Type::Any, "The answer: data where it is JSON, else its text.")),
        ("data", Field::new(Type::Any, "The same as `body`.")),
    ])
}

/// The outputs of a sub-workflow, and the names that `outputMapping` gives to some of them.
fn mapped(tree: &Tree, step: Node<'_>, outputs: Option<Type>) -> Type {
    let known = outputs.is_some();
    let inner = outputs.unwrap_or_else(|| Type::open::<String>([]));
    let mut fields: Vec<(String, Field)> =
        inner.fields().map(|(name, field)| (name.to_owned(), field.clone())).collect();
    for entry in tree.entries_at(step, "outputMapping") {
        let Some(alias) = entry.key().scalar_text() else { continue };
        let from = entry.value().scalar_text().or_else(|| entry.value().get("from")?.scalar_text());
        let has_default = entry.value().get("default").is_some();
        let found = from.and_then(|from| inner.field(from)).cloned();
        let mut field = found.unwrap_or_else(|| Field::new(Type::Any, ""));
        if has_default {
            field.ty = Type::Any;
        }
        fields.push((alias.to_owned(), field));
    }
    fields.push(("outputs".to_owned(), Field::new(inner, "The outputs of the workflow, by name.")));
    if known { Type::closed(fields) } else { Type::open(fields) }
}
