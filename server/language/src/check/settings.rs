//! What a workspace's own config may not set before a person trusts it.
//!
//! A repository grants nothing: of its settings only those count that tighten, and the schema choices. Everything
//! else is ignored, and marked so that nobody wonders why.

use copydesk_base::config::Mode;
use copydesk_base::{Code, Diagnostic};
use copydesk_text::{Entry, Node};

use super::Findings;
use super::elsewhere::with_near;
use crate::declared::inner_span;
use crate::file::is_workspace_config;
use crate::{Trust, WorkspaceIndex};

pub(super) fn check(findings: &mut Findings<'_>, index: &WorkspaceIndex) {
    if index.trust == Trust::Trusted || !is_workspace_config(findings.file.path) {
        return;
    }
    let Some(root) = findings.tree().root() else { return };
    let known = findings.shapes.root().mapping();
    for entry in root.entries() {
        let name = entry.key().scalar_text().unwrap_or("");
        if known.is_some_and(|known| known.key(None, name).is_none()) {
            continue;
        }
        match name {
            "$schema" | "schemas" | "format" | "budgets" => {}
            "permissions" => permissions(findings, entry.value()),
            "models" if entry.value().entries().into_iter().all(is_stricter) => {}
            "sandbox" if entry.value().entries().into_iter().all(demands) => {}
            "completion" => completion(findings, entry.value()),
            _ => ignored(findings, entry, name),
        }
    }
}

/// The kinds of Keystone's providers that have one of ours to stand for them.
const KEYSTONE_KINDS: &[&str] = &[
    "anthropic",
    "openai",
    "openai-chat",
    "openai-compatible",
    "openai-compat",
    "openai-responses",
    "groq",
    "mistral",
    "deepseek",
    "azure",
    "azure-openai",
    "ollama",
    "ollama-ai-provider",
];

/// Providers of Keystone's config that will not count: scripts, and kinds that are unknown here. None of them is ever
/// started.
pub(super) fn keystone_providers(findings: &mut Findings<'_>) {
    let providers = findings.tree().root().and_then(|root| root.get("providers"));
    for entry in providers.map(Node::entries).unwrap_or_default() {
        let provider = entry.value();
        if let Some(script) = provider.entry("script") {
            let message = "a provider that is a script is refused; it is never started";
            findings.add(Diagnostic::new(Code::UnknownName, script.key().span(), message));
            continue;
        }
        let Some(node) = provider.get("type").or_else(|| provider.get("package")) else { continue };
        let Some(kind) = node.as_str() else { continue };
        let bare = kind.trim_start_matches("@ai-sdk/");
        if KEYSTONE_KINDS.contains(&bare) {
            continue;
        }
        let known: Vec<String> = KEYSTONE_KINDS.iter().map(|kind| (*kind).to_owned()).collect();
        let message = format!("providers of the kind '{kind}' are not known here");
        let otherwise = "this one does not count; add it to .copydesk/config.yaml with a kind";
        let finding =
            with_near(findings, Code::UnknownName, inner_span(node), message, bare, &known, otherwise);
        findings.add(finding);
    }
}

/// `strict: true` tightens: no other model than the chosen one. So does a cache that is off: no old answer.
fn is_stricter(entry: Entry<'_>) -> bool {
    let is = |entry: Entry<'_>, key: &str, value: &str| {
        entry.key().scalar_text() == Some(key) && entry.value().scalar_text() == Some(value)
    };
    let is_off = |entry: Entry<'_>| is(entry, "enabled", "false");
    is(entry, "strict", "true")
        || entry.key().scalar_text() == Some("cache") && entry.value().entries().into_iter().all(is_off)
}

/// That there be a sandbox anybody may demand.
fn demands(entry: Entry<'_>) -> bool {
    matches!(entry.key().scalar_text(), Some("enabled" | "required"))
        && entry.value().scalar_text() == Some("true")
}

fn permissions(findings: &mut Findings<'_>, node: Node<'_>) {
    for entry in node.entries() {
        let name = entry.key().scalar_text().unwrap_or("");
        match name {
            "mode" => {
                let mode = entry.value().scalar_text().and_then(Mode::parse);
                if mode.is_some_and(|mode| mode > Mode::Default && mode != Mode::Bypass) {
                    ignored(findings, entry, "permissions.mode");
                }
            }
            "allow" | "additional_directories" | "prompt_timeout" => {
                ignored(findings, entry, &format!("permissions.{name}"));
            }
            // `deny` and `ask` tighten, and what does not exist has its own finding.
            _ => {}
        }
    }
}

/// Turning it off is for anybody.
fn completion(findings: &mut Findings<'_>, node: Node<'_>) {
    for entry in node.entries() {
        let name = entry.key().scalar_text().unwrap_or("");
        if name != "enabled" || entry.value().scalar_text() != Some("false") {
            ignored(findings, entry, &format!("completion.{name}"));
        }
    }
}

fn ignored(findings: &mut Findings<'_>, entry: Entry<'_>, name: &str) {
    let message =
        format!("'{name}' is ignored until you trust this workspace; read it, then run 'copydesk trust'");
    findings.add(Diagnostic::new(Code::UntrustedSetting, entry.key().span(), message));
}
