//! Keys that a step's `op` or `type` needs, and keys that do nothing there.
//!
//! Depends on the step alone.

use copydesk_base::{Code, Diagnostic, Fix, Span};
use copydesk_text::Node;

use super::Findings;
use super::fixes::remove_key;
use super::missing::NOWHERE;

/// What one operation of a step with `op` must have, and which keys of its type it does not read.
struct Operation {
    kind: &'static str,
    op: &'static str,
    needs: &'static [&'static str],
    ignores: &'static [&'static str],
}

const fn operation(
    kind: &'static str,
    op: &'static str,
    needs: &'static [&'static str],
    ignores: &'static [&'static str],
) -> Operation {
    Operation { kind, op, needs, ignores }
}

const OPERATIONS: &[Operation] = &[
    operation("file", "read", &[], &["content"]),
    operation("file", "write", &["content"], &[]),
    operation("file", "append", &["content"], &[]),
    operation("file", "patch", &["content"], &[]),
    operation("artifact", "upload", &["paths"], &["path"]),
    operation("artifact", "download", &["path"], &["paths"]),
    operation("memory", "search", &["query"], &["text", "metadata"]),
    operation("memory", "store", &["text"], &["query", "limit"]),
    operation("git", "clone", &["url"], &["message"]),
    operation("git", "worktree_add", &["path"], &["url", "message"]),
    operation("git", "worktree_remove", &["path"], &["url", "message"]),
    operation("git", "checkout", &["branch"], &["url", "message"]),
    operation("git", "pull", &[], &["url", "message"]),
    operation("git", "push", &[], &["url", "message"]),
    operation("git", "commit", &["message"], &["url"]),
];

/// Keys that all steps may have, the types of step on which they do something, and what to say elsewhere.
const ON_SOME: &[(&str, &[&str], &str)] = &[
    ("outputRetries", &["llm", "plan"], "only a model can try its output again"),
    ("repairStrategy", &["llm", "plan"], "only a model can mend its output"),
];

/// Keys that do nothing on types of step that give no output of their own.
const NOT_ON_WAITS: &[&str] = &["memoize", "memoizeTtlSeconds", "learn"];
const WAITS: &[&str] = &["sleep", "join", "wait"];

/// Keys that only mean something beside one of others, but for some types of step that read them by themselves.
const BESIDE: &[(&str, &[&str], &[&str])] = &[
    ("idempotencyScope", &["idempotencyKey"], &[]),
    ("idempotencyTtlSeconds", &["idempotencyKey"], &[]),
    ("memoizeTtlSeconds", &["memoize"], &[]),
    ("outputRetries", &["outputSchema"], &[]),
    ("repairStrategy", &["outputSchema"], &[]),
    ("failFast", &["foreach", "strategy"], &[]),
    ("concurrency", &["foreach", "strategy"], &["dynamic"]),
];

/// The keys that an operation must have.
pub(crate) fn needed(kind: &str, op: &str) -> &'static [&'static str] {
    find(kind, op).map_or(&[], |operation| operation.needs)
}

/// The keys that an operation does not read.
pub(super) fn ignored(kind: &str, op: &str) -> &'static [&'static str] {
    find(kind, op).map_or(&[], |operation| operation.ignores)
}

/// The least that a key takes which an operation must have.
pub(super) fn blank(key: &str) -> &'static str {
    match key {
        "paths" => "[\"\"]",
        "url" => NOWHERE,
        _ => "\"\"",
    }
}

fn find(kind: &str, op: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.kind == kind && operation.op == op)
}

/// Keys of a step that do nothing there; one finding for each.
pub(super) fn useless(findings: &mut Findings<'_>, node: Node<'_>, kind: &str) {
    let tree = findings.tree();
    let has = |key: &str| tree.get(node, key).is_some() || node.entry(key).is_some();
    let op = tree.get(node, "op").and_then(Node::scalar_text).unwrap_or("");
    let ignored = ignored(kind, op);
    for entry in node.entries() {
        let Some(key) = entry.key().scalar_text() else { continue };
        let reason = if ignored.contains(&key) {
            format!("'op: {op}' does not read it")
        } else if let Some((_, _, reason)) =
            ON_SOME.iter().find(|(name, kinds, _)| *name == key && !kinds.contains(&kind))
        {
            (*reason).to_owned()
        } else if NOT_ON_WAITS.contains(&key) && WAITS.contains(&kind) {
            format!("a {kind} step has no output to keep")
        } else if let Some((_, others, _)) = BESIDE.iter().find(|(name, others, alone)| {
            *name == key && !alone.contains(&kind) && !others.iter().any(|other| has(other))
        }) {
            let others: Vec<String> = others.iter().map(|other| format!("'{other}'")).collect();
            format!("there is no {}", others.join(" or "))
        } else if kind == "shell" && key == "run" && has("args") {
            "'args' is run instead".to_owned()
        } else {
            continue;
        };
        report(findings, node, key, entry.key().span(), &reason);
    }
}

/// Says that a key does nothing, and takes it out.
pub(super) fn report(findings: &mut Findings<'_>, node: Node<'_>, key: &str, span: Span, reason: &str) {
    let mut finding = Diagnostic::new(Code::UselessKey, span, format!("'{key}' does nothing here: {reason}"));
    if let Some(edit) = remove_key(findings.file.text, node, key) {
        finding = finding.with_fix(Fix::new(format!("take '{key}' out"), vec![edit]));
    }
    findings.add(finding);
}
