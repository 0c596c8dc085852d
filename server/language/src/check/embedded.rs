//! JSON Schemas inside a workflow: what a step takes and gives, what a tool takes, what the workflow gives.
//!
//! Only what would make such a schema say nothing is marked: a word of `type` that is none. The rest is the business of
//! whoever runs it.

use copydesk_base::{Code, Diagnostic, Fix, TextEdit};
use copydesk_text::{Kind, Node};

use super::Findings;
use crate::declared::inner_span;

/// The kinds of values that JSON has.
const TYPES: &[&str] = &["string", "number", "integer", "boolean", "array", "object", "null"];

/// Deeper schemas are left alone.
const DEEPEST: usize = 40;

/// The schemas of one step.
pub(super) fn of_step(findings: &mut Findings<'_>, step: Node<'_>) {
    for key in ["inputSchema", "outputSchema"] {
        look(findings, step.get(key), 0);
    }
    for tool in step.get("tools").map(Node::items).unwrap_or_default() {
        look(findings, tool.get("parameters"), 0);
    }
}

/// The schema of what the workflow gives.
pub(super) fn of_workflow(findings: &mut Findings<'_>) {
    look(findings, findings.tree().root().and_then(|root| root.get("outputSchema")), 0);
}

fn look(findings: &mut Findings<'_>, schema: Option<Node<'_>>, depth: usize) {
    let Some(schema) = schema.filter(|_| depth < DEEPEST) else { return };
    for entry in findings.tree().entries(schema) {
        let value = entry.value();
        match entry.key().scalar_text().unwrap_or("") {
            "type" => match value.kind() {
                Kind::Sequence(words) => words.iter().for_each(|word| kind(findings, word)),
                _ => kind(findings, value),
            },
            "items" | "additionalProperties" | "not" | "if" | "then" | "else" => {
                look(findings, Some(value), depth + 1);
            }
            "properties" | "patternProperties" | "$defs" | "definitions" => {
                for one in findings.tree().entries(value) {
                    look(findings, Some(one.value()), depth + 1);
                }
            }
            "anyOf" | "oneOf" | "allOf" | "prefixItems" => {
                value.items().iter().for_each(|one| look(findings, Some(one), depth + 1));
            }
            _ => {}
        }
    }
}

fn kind(findings: &mut Findings<'_>, node: Node<'_>) {
    let Some(word) = node.scalar_text().filter(|word| !word.is_empty() && !TYPES.contains(word)) else {
        return;
    };
    let near = match word {
        "text" | "str" => Some("string"),
        "bool" => Some("boolean"),
        "int" => Some("integer"),
        "float" => Some("number"),
        "list" => Some("array"),
        "map" | "dict" => Some("object"),
        _ => findings.suggest.nearest(word, TYPES.iter().copied()),
    };
    let span = inner_span(node);
    let otherwise =
        near.map_or_else(|| format!("it has {}", TYPES.join(", ")), |near| format!("did you mean '{near}'?"));
    let message = format!("'{word}' is no type of JSON; {otherwise}");
    let mut finding = Diagnostic::new(Code::UnknownValue, span, message);
    finding
        .fixes
        .extend(near.map(|near| Fix::new(format!("change to '{near}'"), vec![TextEdit::new(span, near)])));
    findings.add(finding);
}
