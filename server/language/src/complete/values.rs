//! Values: words of a list, truth values, ids of steps, names of agents and pools.

use std::collections::BTreeSet;

use copydesk_text::{Node, Syntax};
use serde_json::Value;

use super::place::{At, Colon, Flow, Part, Quote};
use super::{Completion, CompletionKind, Cursor, Snippet, ends_with_key, own_step};
use crate::FileKind;
use crate::check::{mcp_servers, waiting_for};
use crate::declared::Block;
use crate::hover;
use crate::index::{BUILT_IN_POOLS, Names};
use crate::models;
use crate::rules::RULE_WORDS;
use crate::schemas::bundled_names;
use crate::shape::{Form, Need, Shape};
use crate::types::tools::TOOLS;

/// What a value of this shape may be, at the end of the cursor's path.
pub(super) fn of_shape(cursor: &Cursor<'_>, shape: &'static Shape) -> Vec<Completion> {
    let mut proposals = Vec::new();
    if matches!(
        cursor.file.kind,
        FileKind::Workflow
            | FileKind::Agent
            | FileKind::Action
            | FileKind::Prompt
            | FileKind::Skill
            | FileKind::Chat
            | FileKind::Layer
            | FileKind::Config
    ) {
        names(cursor, &mut proposals);
    }
    for form in &shape.forms {
        match form {
            Form::Words(words) => {
                for (at, word) in words.iter().enumerate() {
                    let sort = u32::try_from(at).unwrap_or(u32::MAX);
                    proposals.push(value(cursor, CompletionKind::Value, &word.text, "", &word.docs, sort));
                }
            }
            Form::Bool => {
                proposals.push(value(cursor, CompletionKind::Value, "true", "", "", 0));
                proposals.push(value(cursor, CompletionKind::Value, "false", "", "", 1));
            }
            _ => {}
        }
    }
    proposals
}

/// Whole items, with their dash, on an empty line where a list goes on.
pub(super) fn as_items(cursor: &Cursor<'_>, item: &'static Shape) -> Vec<Completion> {
    if cursor.place.flow == Flow::Inside {
        return Vec::new();
    }
    if let Some(mapping) = item.mapping() {
        let first = mapping.keys.iter().find(|key| key.need == Need::Required);
        let Some(key) = first else { return Vec::new() };
        let label = format!("- {}", key.name);
        return vec![Completion {
            insert: format!("{label}: "),
            label,
            kind: CompletionKind::Key,
            replace: cursor.place.word,
            detail: "a new item".to_owned(),
            docs: item.docs.clone(),
            sort: 0,
            snippet: Snippet::Plain,
        }];
    }
    let mut proposals = of_shape(cursor, item);
    for proposal in &mut proposals {
        proposal.insert = format!("- {}", proposal.insert);
    }
    proposals
}

/// What `*` may stand for.
pub(super) fn aliases(cursor: &Cursor<'_>) -> Option<Vec<Completion>> {
    let is_alias = matches!(cursor.place.at, At::Value(Quote::None) | At::Start(Colon::Absent))
        && cursor.place.word.of(cursor.file.text).starts_with('*');
    is_alias.then(|| {
        let names = cursor.file.tree.anchors_before(cursor.place.word.start);
        let proposal = |name| value(cursor, CompletionKind::Value, &format!("*{name}"), "anchor", "", 0);
        names.map(proposal).collect()
    })
}

/// Names that the file or the workspace declares.
fn names(cursor: &Cursor<'_>, proposals: &mut Vec<Completion>) {
    let keys: Vec<&str> = cursor
        .place
        .path
        .iter()
        .filter_map(|part| if let Part::Key { name, .. } = part { Some(name.as_str()) } else { None })
        .collect();
    let last = keys.last().copied().unwrap_or("");
    let settings = cursor.index.settings.as_deref();
    match last {
        key if models::is_key(key) && models::is_of_us(cursor.file.kind) => {
            for (at, (name, facts)) in models::names(cursor.index, &keys).enumerate() {
                let sort = u32::try_from(at).unwrap_or(u32::MAX);
                proposals.push(value(cursor, CompletionKind::Model, name, facts, "", sort));
            }
        }
        "needs" if keys.len() == 2 => steps(cursor, proposals),
        "agent" | "supervisor" | "allowedHandoffs" | "handoffs" => agents(cursor, proposals),
        _ if keys.len() == 3 && keys.get(1) == Some(&"templates") => agents(cursor, proposals),
        "default_provider" if keys.len() == 1 => providers(cursor, proposals),
        _ if keys.len() == 2 && keys.first() == Some(&"model_mappings") => providers(cursor, proposals),
        "default" if keys.len() == 3 && keys.first() == Some(&"inputs") => defaults(cursor, proposals),
        "command" if has_type(cursor, "engine") => {
            let engines = settings.and_then(|settings| settings.engines_allowed.as_ref());
            named(cursor, engines, "engine", proposals);
        }
        "tools" | "allowed-tools" | "matcher" => {
            for (at, (tool, docs)) in TOOLS.iter().enumerate() {
                let sort = u32::try_from(at).unwrap_or(u32::MAX);
                proposals.push(value(cursor, CompletionKind::Value, tool, "tool", docs, sort));
            }
        }
        // What stands between the brackets of a rule is the person's own.
        "allow" | "ask" | "deny" if cursor.place.word.of(cursor.file.text).contains('(') => {}
        "allow" | "ask" | "deny" if keys.contains(&"permissions") => {
            for (at, (word, docs)) in RULE_WORDS.iter().enumerate() {
                let sort = u32::try_from(at).unwrap_or(u32::MAX);
                proposals.push(value(cursor, CompletionKind::Value, word, "rule", docs, sort));
            }
        }
        "mcpServers" if keys.len() == 2 => {
            let servers = mcp_servers(cursor.index).into_iter();
            proposals
                .extend(servers.map(|name| value(cursor, CompletionKind::Value, &name, "MCP server", "", 0)));
        }
        _ if keys.len() == 2 && keys.first() == Some(&"schemas") => {
            for (at, (name, docs)) in bundled_names().enumerate() {
                let sort = u32::try_from(at).unwrap_or(u32::MAX);
                proposals.push(value(cursor, CompletionKind::Value, name, docs, "", sort));
            }
        }
        "pool" => {
            let tree = cursor.file.tree;
            let pools = tree.root().into_iter().flat_map(|root| tree.entries_at(root, "pools"));
            for name in pools.filter_map(|entry| entry.key().scalar_text()) {
                proposals.push(value(cursor, CompletionKind::Value, name, "pool", "", 0));
            }
            named(cursor, settings.map(|settings| &settings.pools), "pool of the config", proposals);
            for name in BUILT_IN_POOLS {
                proposals.push(value(cursor, CompletionKind::Value, name, "built-in pool", "", 1));
            }
        }
        _ => {}
    }
}

/// The providers of this config and of those around it.
fn providers(cursor: &Cursor<'_>, proposals: &mut Vec<Completion>) {
    let own = cursor.file.tree.root().and_then(|root| root.get("providers"));
    let mut names: BTreeSet<&str> = own
        .map(Node::entries)
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| entry.key().scalar_text())
        .collect();
    let settings = cursor.index.settings.as_deref();
    names.extend(settings.into_iter().flat_map(|settings| settings.providers.keys()).map(String::as_str));
    proposals
        .extend(names.into_iter().map(|name| value(cursor, CompletionKind::Value, name, "provider", "", 0)));
}

/// Names that a config gives.
fn named(cursor: &Cursor<'_>, names: Option<&Names>, what: &str, proposals: &mut Vec<Completion>) {
    for name in names.into_iter().flat_map(Names::keys) {
        proposals.push(value(cursor, CompletionKind::Value, name, what, "", 0));
    }
}

/// Whether the mapping around the cursor's key says that it is of this type.
fn has_type(cursor: &Cursor<'_>, wanted: &str) -> bool {
    matches!(cursor.place.path.last(), Some(Part::Key { siblings, .. })
        if siblings.iter().any(|(key, value)| key == "type" && value == wanted))
}

fn agents(cursor: &Cursor<'_>, proposals: &mut Vec<Completion>) {
    for agent in cursor.index.agents_for(cursor.file.path).unwrap_or_default() {
        let docs = agent.summary.and_then(|summary| summary.description.as_deref()).unwrap_or("");
        proposals.push(value(cursor, CompletionKind::Agent, agent.name, "agent", docs, 0));
    }
}

/// What an input of the workflow may be when nobody gives it.
fn defaults(cursor: &Cursor<'_>, proposals: &mut Vec<Completion>) {
    if has_type(cursor, "boolean") {
        let truths = ["true", "false"].map(|word| value(cursor, CompletionKind::Value, word, "", "", 0));
        return proposals.extend(truths);
    }
    let Some(Part::Key { name, .. }) = cursor.place.path.get(1) else { return };
    let words = cursor.declared.input(name).and_then(|entry| entry.value().get("values"));
    for word in words.map(Node::items).unwrap_or_default().iter().filter_map(Node::scalar_text) {
        proposals.push(value(cursor, CompletionKind::Value, word, "", "", 0));
    }
}

/// The steps that the step around the cursor may wait for: none that waits for it, none that it names already.
fn steps(cursor: &Cursor<'_>, proposals: &mut Vec<Completion>) {
    let own = own_step(cursor);
    let block = cursor.place.path.first().and_then(|part| match part {
        Part::Key { name, .. } => Block::ALL.into_iter().find(|block| block.key() == name),
        _ => None,
    });
    let waiting = own.map(|own| waiting_for(&cursor.file, &cursor.declared, own)).unwrap_or_default();
    let named: Vec<&str> = own
        .and_then(|own| cursor.declared.steps.get(own))
        .map(|step| {
            step.needs(cursor.file.tree)
                .filter(|(_, node)| !node.span().touches(cursor.offset))
                .map(|(name, _)| name)
                .collect()
        })
        .unwrap_or_default();
    for (at, step) in cursor.declared.steps.iter().enumerate() {
        let Some((id, _)) = step.id().filter(|(id, _)| !id.is_empty()) else { continue };
        // Behind a run steps are taken in the order of the file.
        let is_later =
            step.block != Block::Steps && block == Some(step.block) && own.is_some_and(|own| at > own);
        let is_circle = is_later || own == Some(at) || waiting.get(at) == Some(&true);
        if is_circle || named.contains(&id) || !block.unwrap_or(step.block).may_need(step.block) {
            continue;
        }
        let sort = u32::try_from(at).unwrap_or(u32::MAX);
        let docs = hover::docs_of_step(&cursor.file, step);
        let mut proposal = value(cursor, CompletionKind::Step, id, step.kind().unwrap_or(""), &docs, sort);
        if ends_with_key(cursor) && matches!(cursor.place.at, At::Value(Quote::None | Quote::Colon)) {
            // `needs` takes a list, also of one.
            let space = if cursor.place.at == At::Value(Quote::Colon) { " " } else { "" };
            proposal.insert = format!("{space}[{id}]");
        }
        proposals.push(proposal);
    }
}

/// One value, written so that quotes around the cursor stay in order.
pub(super) fn value(
    cursor: &Cursor<'_>,
    kind: CompletionKind,
    text: &str,
    detail: &str,
    docs: &str,
    sort: u32,
) -> Completion {
    // JSON has no texts without quotes.
    let is_bare = cursor.syntax() != Syntax::Json || matches!(text, "true" | "false");
    let whole = || if is_bare { text.to_owned() } else { Value::from(text).to_string() };
    let insert = match cursor.place.at {
        At::Value(Quote::Open(quote)) => format!("{text}{quote}"),
        At::Value(Quote::Closed) => text.to_owned(),
        At::Value(Quote::Colon) => format!(" {}", whole()),
        _ => whole(),
    };
    Completion {
        label: text.to_owned(),
        kind,
        insert,
        replace: cursor.place.word,
        detail: detail.to_owned(),
        docs: docs.to_owned(),
        sort,
        snippet: Snippet::Plain,
    }
}
