//! The places of a file that name things of other files.
//!
//! [`of_one`] depends on its step alone; what the names mean is the business of whoever has an index.

use copydesk_base::Span;
use copydesk_text::{Entry, Items, Node, Tree};

use crate::declared::{Block, Declared, inner_span};
use crate::expression::{self, has_expression};
use crate::index::{Call, Target};
use crate::outputs::{Of, OutputRead, output_read};
use crate::{File, FileKind};

/// Everything that a file names elsewhere outside its expressions.
pub(crate) fn of_steps(file: &File<'_>) -> Vec<Call> {
    let Some(root) = file.tree.root() else { return Vec::new() };
    let mut calls = Vec::new();
    match file.kind {
        FileKind::Workflow => {
            let lists = Block::ALL.into_iter().filter_map(|block| file.tree.get(root, block.key()));
            return of_these(file, lists.flat_map(Node::items));
        }
        FileKind::Agent => {
            named(root.get("provider"), &mut calls, Target::Provider);
            items(root.get("handoffs")).iter().for_each(|item| agent(Some(item), &mut calls));
            steps_inside(file.tree, root).for_each(|step| of_step(file.tree, step, &mut calls));
        }
        FileKind::Prompt | FileKind::Action | FileKind::Chat => agent(root.get("agent"), &mut calls),
        _ => {}
    }
    calls
}

/// Everything that a workflow names elsewhere outside its expressions, where only these of its steps may.
pub(crate) fn of_these<'t>(file: &File<'t>, steps: impl Iterator<Item = Node<'t>>) -> Vec<Call> {
    let mut calls = Vec::new();
    steps.for_each(|step| of_step(file.tree, step, &mut calls));
    let Some(root) = file.tree.root() else { return calls };
    if let Some(step) = root.get("compensate") {
        of_step(file.tree, step, &mut calls);
    }
    if let Some(eval) = root.get("eval") {
        agent(eval.get("agent"), &mut calls);
    }
    calls
}

/// Everything that a step names elsewhere, the steps inside it included.
pub(super) fn of_step(tree: &Tree, step: Node<'_>, calls: &mut Vec<Call>) {
    if !may_name(step) {
        return;
    }
    of_one(tree, step, calls);
    for inner in steps_inside(tree, step) {
        of_step(tree, inner, calls);
    }
}

/// Whether a step may name anything elsewhere, by one look at its keys: nearly all are of kinds that do not.
pub(crate) fn may_name(step: Node<'_>) -> bool {
    if step.entries().is_empty() {
        return true;
    }
    step.entries().iter().any(|entry| match entry.key().scalar_text() {
        Some("type") => matches!(
            entry.value().scalar_text(),
            None | Some("llm" | "plan" | "blueprint" | "dynamic" | "workflow")
        ),
        Some(key) => matches!(
            key,
            "auto_heal" | "autoHeal" | "qualityGate" | "pool" | "tools" | "library" | "compensate" | "<<"
        ),
        None => false,
    })
}

/// The steps that stand inside a step: what undoes it, what its tools run, what it may plan with.
fn steps_inside<'t>(tree: &'t Tree, step: Node<'t>) -> impl Iterator<Item = Node<'t>> {
    let list = |key: &str| tree.get(step, key).map(Node::items).unwrap_or_default().into_iter();
    let tools = list("tools").filter_map(|tool| tool.get("execution"));
    let planned = list("library").filter_map(|entry| entry.get("steps")).flat_map(Node::items);
    tools.chain(planned).chain(tree.get(step, "compensate"))
}

/// Everything that one step names elsewhere.
pub(crate) fn of_one(tree: &Tree, step: Node<'_>, calls: &mut Vec<Call>) {
    let get = |key: &str| tree.get(step, key);
    let kind = get("type").and_then(Node::scalar_text).unwrap_or("");
    for healing in ["auto_heal", "autoHeal", "qualityGate"].into_iter().filter_map(get) {
        agent(healing.get("agent"), calls);
        named(healing.get("provider"), calls, Target::Provider);
    }
    named(get("pool"), calls, Target::Pool);
    match kind {
        "llm" | "plan" | "blueprint" | "dynamic" => {
            agent(get("agent"), calls);
            named(get("provider"), calls, Target::Provider);
            items(get("allowedHandoffs")).iter().for_each(|item| agent(Some(item), calls));
            items(get("mcpServers")).iter().for_each(|item| named(Some(item), calls, Target::McpServer));
        }
        "workflow" => sub_workflow(tree, step, calls),
        _ => {}
    }
    if kind == "dynamic" {
        agent(get("supervisor"), calls);
        for entry in get("templates").map(Node::entries).unwrap_or_default() {
            agent(Some(entry.value()), calls);
        }
    }
}

/// The workflow that a step calls whenever the run comes to it.
pub(super) fn always<'t>(tree: &'t Tree, step: Node<'t>) -> Option<&'t str> {
    let get = |key: &str| tree.get(step, key);
    let is_call = get("type").and_then(Node::scalar_text) == Some("workflow");
    let is_always = is_call && ["if", "foreach", "strategy"].into_iter().all(|key| get(key).is_none());
    get("path").filter(|_| is_always).and_then(literal)
}

fn sub_workflow(tree: &Tree, step: Node<'_>, calls: &mut Vec<Call>) {
    let Some(path) = tree.get(step, "path").filter(|path| literal(*path).is_some()) else { return };
    let Some(workflow) = literal(path) else { return };
    named(Some(path), calls, Target::Workflow);
    let workflow = workflow.to_owned();
    for entry in tree.entries_at(step, "inputs") {
        let target = |name| Target::Input { workflow: workflow.clone(), name };
        named(Some(entry.key()), calls, target);
    }
    for entry in tree.entries_at(step, "outputMapping") {
        let from = entry.value().get("from").unwrap_or(entry.value());
        let target = |name| Target::Output { workflow: workflow.clone(), name };
        named(Some(from), calls, target);
    }
}

/// The outputs of sub-workflows that expressions read, where no mapping renames them.
pub(super) fn outputs_read(file: &File<'_>, declared: &Declared<'_>, calls: &mut Vec<Call>) {
    let mut next: Vec<Node<'_>> = file.tree.root().into_iter().collect();
    while let Some(node) = next.pop() {
        next.extend(node.items());
        next.extend(node.entries().iter().map(Entry::value));
        let Some(scalar) = node.scalar().filter(|scalar| has_expression(scalar.text())) else { continue };
        for piece in expression::pieces(scalar.text()) {
            let (expr, _) = expression::parse(scalar.text(), piece.inner);
            for reference in expression::references(&expr) {
                let Some(OutputRead { member, of: Of::Workflow { path } }) =
                    output_read(declared, &reference)
                else {
                    continue;
                };
                let span = scalar.source_span(member.name.span.start, member.name.span.end);
                let (workflow, name) = (path.to_owned(), member.name.text.clone());
                calls.push(Call { span, target: Target::Output { workflow, name } });
            }
        }
    }
}

fn items(node: Option<Node<'_>>) -> Items<'_> {
    node.map(Node::items).unwrap_or_default()
}

fn agent(node: Option<Node<'_>>, calls: &mut Vec<Call>) {
    named(node, calls, Target::Agent);
}

fn named(node: Option<Node<'_>>, calls: &mut Vec<Call>, target: impl FnOnce(String) -> Target) {
    let Some(node) = node else { return };
    let Some(text) = literal(node) else { return };
    let span: Span = inner_span(node);
    calls.push(Call { span, target: target(text.to_owned()) });
}

/// The text of a name that is written out.
fn literal(node: Node<'_>) -> Option<&str> {
    node.scalar_text().filter(|text| !text.is_empty() && !has_expression(text))
}
