//! Names that a step takes from elsewhere: agents, pools, MCP servers, providers, engines.
//!
//! Depends on the step and on the [`Context`](super::context::Context).

use copydesk_base::{Code, Diagnostic, Fix, Severity, Span, TextEdit};
use copydesk_text::Node;

use super::Findings;
use super::context::InSight;
use super::section::{self, New, Value};
use crate::declared::inner_span;
use crate::expression::has_expression;
use crate::file::is_workspace_config;
use crate::index::{Call, Names, Origin, Target};
use crate::summary::calls_of_one;
use crate::{FileKind, Trust};

/// The names that one step writes, those of the steps inside it left to themselves.
pub(super) fn step(findings: &mut Findings<'_>, node: Node<'_>, kind: &str) {
    let mut calls = Vec::new();
    calls_of_one(findings.tree(), node, &mut calls);
    for call in &calls {
        named(findings, call);
    }
    if kind == "engine" {
        engine(findings, node);
    }
    if let Some(program) = findings.tree().get(node, "handoff").and_then(|handoff| handoff.get("engine")) {
        engine(findings, program);
    }
}

/// One name of another file.
pub(super) fn named(findings: &mut Findings<'_>, call: &Call) {
    let context = findings.context.clone();
    match &call.target {
        Target::Agent(name) => agent(findings, name, call.span),
        Target::Pool(name) => {
            let Some(pools) = context.pools.as_deref().filter(|pools| pools.binary_search(name).is_err())
            else {
                return;
            };
            pool(findings, name, call.span, pools);
        }
        Target::McpServer(name) => {
            of_config(findings, (name, call.span), context.servers.as_deref(), ("MCP server", "mcp_servers"));
        }
        Target::Provider(name) => {
            of_config(findings, (name, call.span), context.providers.as_deref(), ("provider", "providers"));
        }
        Target::Workflow(_) | Target::Input { .. } | Target::Output { .. } => {}
    }
}

/// A name that stands in a section of the config. Where nobody has looked, every name is right.
fn of_config(
    findings: &mut Findings<'_>,
    (name, span): (&str, Span),
    known: Option<&[String]>,
    (word, section): (&str, &str),
) {
    let Some(known) = known.filter(|known| known.binary_search_by(|one| one.as_str().cmp(name)).is_err())
    else {
        return;
    };
    let message = format!("there is no {word} '{name}' in the config");
    let otherwise = format!("configure it under '{section}'");
    let finding = with_near(findings, Code::UnknownName, span, message, name, known, &otherwise);
    findings.add(finding);
}

fn agent(findings: &mut Findings<'_>, name: &str, span: Span) {
    if name.is_empty() || has_expression(name) {
        return;
    }
    let context = findings.context.clone();
    let Some(agents) = &context.agents else { return };
    if agents.names.binary_search_by(|known| known.as_str().cmp(name)).is_ok() {
        return;
    }
    let message = format!("there is no agent '{name}'");
    let create = format!("create 'agents/{name}.md'");
    let mut finding = with_near(findings, Code::UnknownAgent, span, message, name, &agents.names, &create);
    if agents.in_sight == InSight::None {
        finding.severity = Severity::Warning;
    }
    findings.add(finding);
}

fn pool(findings: &mut Findings<'_>, name: &str, span: Span, pools: &[String]) {
    let message = format!("there is no pool '{name}'");
    let mut finding =
        with_near(findings, Code::UnknownPool, span, message, name, pools, "declare it under 'pools'");
    let new = New { section: "pools", before: "steps", name, value: Value::Word("1") };
    let is_workflow = findings.file.kind == FileKind::Workflow;
    if let Some(edit) = section::add(findings, new).filter(|_| is_workflow) {
        finding = finding.with_fix(Fix::new(format!("declare the pool '{name}'"), vec![edit]));
    }
    findings.add(finding);
}

/// A finding that says which name was meant, or what to do where none is near.
pub(super) fn with_near(
    findings: &mut Findings<'_>,
    code: Code,
    span: Span,
    message: String,
    name: &str,
    known: &[String],
    otherwise: &str,
) -> Diagnostic {
    let near = findings.suggest.nearest(name, known.iter().map(String::as_str));
    let safety = findings.suggest.safety_of_name();
    let Some(near) = near else { return Diagnostic::new(code, span, format!("{message}; {otherwise}")) };
    let edits = vec![TextEdit::new(span, near)];
    Diagnostic::new(code, span, format!("{message}; did you mean '{near}'?"))
        .with_fix(Fix::new(format!("change to '{near}'"), edits).with_safety(safety))
}

/// A program that the config's lists do not let start.
fn engine(findings: &mut Findings<'_>, node: Node<'_>) {
    let Some(settings) = findings.context.settings.clone() else { return };
    let Some(command) = findings.tree().get(node, "command") else { return };
    let Some(name) = command.as_str().filter(|name| !name.is_empty() && !has_expression(name)) else {
        return;
    };
    let span = inner_span(command);
    let last = name.rsplit('/').next().unwrap_or(name);
    let listed = |list: &Names| list.get(name).or_else(|| list.get(last)).cloned();
    let refused = |message: String| Diagnostic::new(Code::EngineNotAllowed, span, message);
    let finding = if listed(&settings.engines_denied).is_some() {
        refused(format!("'{name}' is on the deny list of engines; it will be refused"))
    } else if let Some(allowed) = &settings.engines_allowed {
        match listed(allowed) {
            Some(origin) if is_of_a_stranger(findings, origin.as_ref()) => refused(format!(
                "'{name}' is allowed by this workspace's own config, which counts when you trust it; run 'copydesk trust'"
            )),
            Some(_) => return,
            None => {
                let known: Vec<String> = allowed.keys().cloned().collect();
                let message = format!("'{name}' is not on the allow list of engines");
                let otherwise = "it will be refused; add it to 'engines.allowlist' of the config";
                with_near(findings, Code::EngineNotAllowed, span, message, name, &known, otherwise)
            }
        }
    } else {
        refused(format!(
            "no engine is allowed yet, so '{name}' will be refused; add it to 'engines.allowlist' of the config"
        ))
    };
    findings.add(finding);
}

/// Whether a place is in a config of a workspace that the person does not trust.
fn is_of_a_stranger(findings: &Findings<'_>, origin: Option<&Origin>) -> bool {
    findings.context.trust == Trust::Untrusted
        && origin.is_some_and(|origin| is_workspace_config(&origin.path))
}
