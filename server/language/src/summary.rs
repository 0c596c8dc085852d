//! One file's entry in the index: what it declares, and what it names in other files.
//!
//! Made from the tree alone. A half-typed file gives half an entry. What steps tell is kept for the next version
//! ([`steps`]).

mod calls;
mod names;
mod settings;
mod steps;

use std::path::Path;

use copydesk_text::{Entry, Kind, Node, Tree};

use crate::declared::inner_span;
use crate::editing::is_syntax;
use crate::expression::scope::World;
use crate::expression::types::{of_input, of_node};
use crate::index::{AgentSummary, Call, Declared, Name, Summary, SummaryBody, WorkflowSummary};
use crate::types::InputKind;
use crate::{File, FileKind, wishes};

pub(crate) use calls::{may_name, of_one as calls_of_one, of_steps as calls_of_steps, of_these as calls_of};
pub(crate) use names::names_behind;
pub use settings::settings_view;
pub use steps::Told;

/// What others need to know of a file.
pub fn summary(file: &File<'_>) -> Summary {
    summary_again(file, &mut Told::default())
}

/// The same for a file whose last version told something: `told` is what its steps did, and afterwards what they do.
pub fn summary_again(file: &File<'_>, told: &mut Told) -> Summary {
    let mut calls = Vec::new();
    let body = match file.kind {
        // What is a workflow by its place alone may be an empty file, or any text.
        FileKind::Workflow
            if file.tree.root().is_some_and(|root| matches!(root.kind(), Kind::Mapping(_))) =>
        {
            SummaryBody::Workflow(workflow(file, told, &mut calls))
        }
        FileKind::Agent => SummaryBody::Agent(agent(file)),
        FileKind::Config | FileKind::KeystoneConfig | FileKind::Mcp => {
            SummaryBody::Settings(settings_view(file))
        }
        _ => SummaryBody::Other,
    };
    if file.kind != FileKind::Workflow {
        calls = calls::of_steps(file);
    }
    calls.sort_by_key(|call| call.span);
    calls.dedup();
    Summary { kind: file.kind, title: title(file), body, calls }
}

fn title(file: &File<'_>) -> Option<String> {
    let root = file.tree.root().filter(|_| file.kind != FileKind::Other)?;
    text(root, "name").or_else(|| text(root, "title"))
}

fn text(node: Node<'_>, key: &str) -> Option<String> {
    node.get(key).and_then(Node::scalar_text).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn workflow(file: &File<'_>, told: &mut Told, calls: &mut Vec<Call>) -> WorkflowSummary {
    let Some(root) = file.tree.root() else { return WorkflowSummary::default() };
    let declared = crate::declared::Declared::new(file.tree);
    let steps = told.meet(file, &declared);
    calls.extend(steps.calls);
    calls.extend(calls::of_these(file, std::iter::empty()));
    if steps.calls_workflows {
        calls::outputs_read(file, &declared, calls);
    }
    let entries = |key: &str| file.tree.entries_at(root, key).into_iter();
    let inputs = declared.inputs.iter().filter_map(|entry| input(file.tree, *entry)).collect();
    let index = crate::WorkspaceIndex::default();
    let world = World::new(*file, &declared, &index);
    let types = root.get("outputSchema").and_then(|schema| file.tree.get(schema, "properties"));
    let outputs = entries("outputs").filter_map(|entry| {
        let name = entry.key().scalar_text()?;
        let schema = types.and_then(|types| file.tree.get(types, name));
        Some(Declared {
            name: name.to_owned(),
            span: inner_span(entry.key()),
            ty: schema.map_or_else(|| world.text(entry.value()), |schema| of_node(file.tree, schema)),
            kind: None,
            values: Vec::new(),
            required: false,
            docs: schema.and_then(|schema| text(schema, "description")),
        })
    });
    let outputs = outputs.collect();
    WorkflowSummary {
        name: text(root, "name"),
        name_span: root.get("name").map(inner_span).unwrap_or_default(),
        description: text(root, "description"),
        inputs,
        outputs,
        output_schema: root.get("outputSchema").map(|schema| of_node(file.tree, schema)),
        steps: steps.steps,
        pools: entries("pools").filter_map(|entry| name(entry.key())).collect(),
        always_calls: steps.always_calls,
        secrets: steps.secrets.into_iter().collect(),
        is_whole: is_whole(file.tree),
    }
}

/// Whether all of a file could be read, so that what is not found in it is not there.
fn is_whole(tree: &Tree) -> bool {
    tree.broken().is_empty() && !tree.problems().iter().any(|problem| is_syntax(problem.code))
}

fn input(tree: &Tree, entry: Entry<'_>) -> Option<Declared> {
    let (key, value) = (entry.key(), tree.resolve(entry.value())?);
    let kind = value.get("type").and_then(Node::scalar_text).and_then(InputKind::parse);
    let is_secret = value.get("secret").and_then(Node::as_bool) == Some(true);
    let values: Vec<String> = value
        .get("values")
        .filter(|_| !is_secret)
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(Node::scalar_text)
        .map(str::to_owned)
        .collect();
    Some(Declared {
        name: key.scalar_text().filter(|name| !name.is_empty())?.to_owned(),
        span: inner_span(key),
        ty: of_input(tree, value),
        kind,
        values,
        required: value.get("default").is_none(),
        docs: text(value, "description"),
    })
}

fn agent(file: &File<'_>) -> AgentSummary {
    let stem = || file.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("").to_owned();
    let Some(root) = file.tree.root() else {
        return AgentSummary { name: stem(), ..AgentSummary::default() };
    };
    let tools = root.get("tools").map(Node::items).unwrap_or_default();
    AgentSummary {
        name: text(root, "name").unwrap_or_else(stem),
        span: root.get("name").map(inner_span).unwrap_or_default(),
        description: text(root, "description"),
        model: text(root, "model"),
        fallback: wishes::fallback(root),
        tools: tools.iter().filter_map(|tool| name(tool.get("name").unwrap_or(tool))).collect(),
        reads: reads(file.text),
    }
}

/// The inputs that a prompt reads.
fn reads(text: &str) -> Vec<String> {
    let mut names = std::collections::HashSet::new();
    crate::check::names_read(text, &mut names, &mut false);
    let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    names.sort();
    names
}

fn name(node: Node<'_>) -> Option<Name> {
    let text = node.scalar_text().filter(|text| !text.is_empty())?;
    Some(Name { text: text.to_owned(), span: inner_span(node) })
}

/// Where a config lies decides what its names are relative to.
fn origin(path: &Path, node: Node<'_>) -> crate::index::Origin {
    crate::index::Origin { path: path.to_path_buf(), span: inner_span(node) }
}
