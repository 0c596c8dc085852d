//! Plugins of agent programs: the manifest's name, the servers it writes out, and hooks there or in a file of their
//! own.

use copydesk_base::config::HOOK_EVENTS;
use copydesk_base::{Code, Diagnostic, Fix, Safety, TextEdit};
use copydesk_text::{Entry, Node};

use super::fixes::replace_text;
use super::missing::{NOWHERE, missing};
use super::structure::Holder;
use super::suggest::only_start;
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
            if let Some(node) = group.get("matcher").filter(|matcher| matcher.as_str() != Some("")) {
                matcher(findings, event.key(), node);
            }
            for item in group.get("hooks").map(Node::items).unwrap_or_default() {
                hook(findings, item);
            }
        }
    }
}

/// What a group of hooks is for: tools, where the event is about one; else agents, or how a session began, of which
/// nothing is known here. A name of several words is a tool of another program.
fn matcher(findings: &mut Findings<'_>, event: Node<'_>, node: Node<'_>) {
    let words = heads::pattern(findings, node).unwrap_or_default();
    let is_about_tools = event.scalar_text().is_some_and(|event| event.contains("Tool"));
    let is_one_word = |word: &str| !word.chars().skip(1).any(|c| c.is_ascii_uppercase());
    for (word, span) in words.into_iter().filter(|(word, _)| is_about_tools && is_one_word(word)) {
        heads::tool(findings, word, span);
    }
}

/// Other programs may have more events than are known here, but none that is a slip away from a known one.
fn near_event(findings: &mut Findings<'_>, key: Node<'_>) {
    let Some(name) = key.scalar_text() else { return };
    let known = || HOOK_EVENTS.iter().map(|(event, _)| *event).chain(OTHER_EVENTS.iter().copied());
    if known().any(|event| event == name) {
        return;
    }
    let near = findings.suggest.nearest(name, known()).map(|near| (near, findings.suggest.safety_of_name()));
    let Some((near, safety)) =
        near.or_else(|| only_start(name, known()).map(|near| (near, Safety::Suggested)))
    else {
        return;
    };
    let message = format!("there is no event '{name}'; did you mean '{near}'?");
    let edits = vec![TextEdit::new(inner_span(key), near)];
    let fix = Fix::new(format!("change to '{near}'"), edits).with_safety(safety);
    findings.add(Diagnostic::new(Code::UnknownSetting, inner_span(key), message).with_fix(fix));
}

fn hook(findings: &mut Findings<'_>, node: Node<'_>) {
    let Some(kind) = node.get("type") else { return };
    let needed = match kind.as_str() {
        Some("command") => "command",
        Some("prompt" | "agent") => "prompt",
        Some("http") => "url",
        _ => return,
    };
    // A misspelt key that stands for it is said already.
    let is_said = |finding: &Diagnostic| {
        let title = format!("change to '{needed}'");
        node.span().overlaps(finding.span) && finding.fixes.iter().any(|fix| fix.title == title)
    };
    match node.entry(needed).map(Entry::value) {
        None if findings.list.iter().any(is_said) => {}
        None => {
            let message = format!("this hook needs '{needed}'");
            // Which command and which words only the person knows.
            let mends = (needed == "url").then(|| vec![(needed, NOWHERE.to_owned())]);
            missing(findings, node, Holder::at("", kind.span()), message, mends.as_slice());
        }
        Some(value) if value.as_str().is_some_and(|text| text.trim().is_empty()) => {
            let message = format!("the '{needed}' of this hook is empty");
            findings.add(Diagnostic::new(Code::UnknownValue, value.span(), message));
        }
        Some(_) => {}
    }
}
