//! Plugins of agent programs: the manifest's name, the servers it writes out, and hooks there or in a file of their
//! own.

use copydesk_base::config::HOOK_EVENTS;
use copydesk_base::{Code, Diagnostic, Fix};
use copydesk_text::{Entry, Node};

use super::elsewhere::with_near;
use super::fixes::replace_text;
use super::missing::missing;
use super::structure::Holder;
use super::{Findings, heads, mcp};
use crate::declared::inner_span;

/// Events of other programs.
const OTHER_EVENTS: &[&str] = &[
    "Setup",
    "SubagentStart",
    "PermissionRequest",
    "PermissionDenied",
    "PostToolUseFailure",
    "PostToolBatch",
    "PostCompact",
    "StopFailure",
    "TaskCreated",
    "TaskCompleted",
    "TeammateIdle",
    "InstructionsLoaded",
    "ConfigChange",
    "CwdChanged",
    "FileChanged",
    "WorktreeCreate",
    "WorktreeRemove",
];

/// `.claude-plugin/plugin.json`.
pub(super) fn manifest(findings: &mut Findings<'_>) {
    name(findings);
    mcp::file(findings);
    hooks(findings);
}

/// Programs find a plugin by its name, as a folder and as a word before a colon.
fn name(findings: &mut Findings<'_>) {
    let Some(node) = findings.tree().root().and_then(|root| root.get("name")) else { return };
    let Some(name) = node.as_str().filter(|name| name.is_empty() || heads::plain_name(name) != *name) else {
        return;
    };
    let message = if name.is_empty() {
        "the name of the plugin is empty".to_owned()
    } else {
        "the name of a plugin has other signs than a-z, 0-9 and '-'".to_owned()
    };
    let plain = heads::plain_name(name);
    let mut finding = Diagnostic::new(Code::UnknownValue, node.span(), message);
    if let Some(edit) = replace_text(node, &plain).filter(|_| !plain.is_empty()) {
        finding = finding.with_fix(Fix::new(format!("change to '{plain}'"), vec![edit]));
    }
    findings.add(finding);
}

/// The hooks of the file, by event.
pub(super) fn hooks(findings: &mut Findings<'_>) {
    let section = findings.tree().root().and_then(|root| root.get("hooks"));
    // A manifest may write the whole file out.
    let section = section.map(|section| section.get("hooks").unwrap_or(section));
    for event in section.map(Node::entries).unwrap_or_default() {
        near_event(findings, event.key());
        for group in event.value().items() {
            if let Some(matcher) = group.get("matcher").filter(|matcher| matcher.as_str() != Some("")) {
                heads::matcher(findings, matcher);
            }
            for item in group.get("hooks").map(Node::items).unwrap_or_default() {
                hook(findings, item);
            }
        }
    }
}

/// Other programs may have more events than are known here, but none that is a slip away from a known one.
fn near_event(findings: &mut Findings<'_>, key: Node<'_>) {
    let Some(name) = key.scalar_text() else { return };
    let known: Vec<String> = HOOK_EVENTS.iter().map(|(event, _)| (*event).to_owned()).collect();
    if known.iter().any(|event| event == name) || OTHER_EVENTS.contains(&name) {
        return;
    }
    let message = format!("there is no event '{name}'");
    let finding = with_near(findings, Code::UnknownSetting, inner_span(key), message, name, &known, "");
    if !finding.fixes.is_empty() {
        findings.add(finding);
    }
}

fn hook(findings: &mut Findings<'_>, node: Node<'_>) {
    let Some(kind) = node.get("type") else { return };
    let needed = match kind.as_str() {
        Some("command") => "command",
        Some("prompt" | "agent") => "prompt",
        Some("http") => "url",
        _ => return,
    };
    match node.entry(needed).map(Entry::value) {
        None => {
            let message = format!("this hook needs '{needed}'");
            missing(findings, node, Holder::at("", kind.span()), message, &[(needed, "\"\"".to_owned())]);
        }
        Some(value) if value.as_str().is_some_and(|text| text.trim().is_empty()) => {
            let message = format!("the '{needed}' of this hook is empty");
            findings.add(Diagnostic::new(Code::UnknownValue, value.span(), message));
        }
        Some(_) => {}
    }
}
