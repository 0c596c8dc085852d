//! Providers that are named in front of a model's name, or alone: in a config, in the heads of files, in steps.
//!
//! Known are those of the config and those that need none. A name of which nobody can say that it is wrong stays: where
//! nobody has looked at the config, where a pattern of `model_mappings` fits, behind a `:`, which models have in their
//! own names. Of those only what is near to a provider is marked.

use copydesk_base::{Code, Diagnostic, Span};
use copydesk_text::{Entry, Node};

use super::Findings;
use super::elsewhere::with_near;
use crate::declared::inner_span;
use crate::expression::has_expression;
use crate::{FileKind, models};

/// The models and providers that a file names outside its steps.
pub(super) fn file(findings: &mut Findings<'_>) {
    let Some(root) = findings.tree().root() else { return };
    match findings.file.kind {
        FileKind::Config | FileKind::KeystoneConfig => config(findings, root),
        FileKind::Workflow
        | FileKind::Agent
        | FileKind::Layer
        | FileKind::Action
        | FileKind::Prompt
        | FileKind::Chat => asked(findings, root),
        _ => {}
    }
}

/// The models that one mapping asks for.
pub(super) fn asked(findings: &mut Findings<'_>, node: Node<'_>) {
    let Some(known) = findings.context.providers.clone() else { return };
    let inner = ["qualityGate", "auto_heal", "autoHeal"].into_iter().filter_map(|key| node.get(key));
    for node in std::iter::once(node).chain(inner) {
        model(findings, node, "model", &known);
        model(findings, node, "fallback", &known);
    }
}

fn config(findings: &mut Findings<'_>, root: Node<'_>) {
    let tree = findings.tree();
    let own = tree.entries_at(root, "providers");
    let mut known: Vec<String> =
        own.iter().filter_map(|entry| Some(entry.key().scalar_text()?.to_owned())).collect();
    known.extend(findings.context.providers.iter().flatten().cloned());
    let sure = is_sure(findings);
    let mapped = tree.entries_at(root, "model_mappings").into_iter().map(Entry::value);
    for node in root.get("default_provider").into_iter().chain(mapped) {
        if let Some(name) = node.as_str().filter(|name| !known.iter().any(|known| known == name)) {
            unknown(findings, name, inner_span(node), &known, sure);
        }
    }
    model(findings, root, "default_model", &known);
    model(findings, root, "fallback", &known);
    for provider in own {
        model(findings, provider.value(), "fallback", &known);
        let usual = provider.value().get("default_model");
        if let Some(node) = usual.filter(|node| node.as_str().is_some_and(|text| text.trim().is_empty())) {
            let message = "the name of a model is missing; write it, or take the key out";
            findings.add(Diagnostic::new(Code::UnknownName, node.span(), message));
        }
    }
    if let Some(completion) = root.get("completion") {
        model(findings, completion, "model", &known);
    }
}

/// The model under a key, or a list of them.
fn model(findings: &mut Findings<'_>, node: Node<'_>, key: &str, known: &[String]) {
    let Some(written) = node.get(key) else { return };
    // Below a provider that stands beside it, whatever has no slash is a model.
    let sure = is_sure(findings);
    let has_provider = key == "model" && node.entry("provider").is_some();
    for written in written.items().iter().chain(Some(written)) {
        let Some(text) = written.as_str().filter(|text| !has_expression(text)) else { continue };
        let settings = findings.context.settings.as_deref();
        let is_mapped = settings.is_some_and(|settings| models::full_name(settings, text) != text);
        let is_known = |name: &str| known.iter().any(|known| known == name.trim());
        let named = |sign: char| text.split_once(sign).map(|(provider, _)| provider);
        let is_right = is_known(text) || [named('/'), named(':')].into_iter().flatten().any(is_known);
        let start = inner_span(written).start;
        let name = text.strip_suffix(['/', ':']).unwrap_or(text);
        if is_nameless(findings, name) {
            let message =
                format!("the name of a model is missing, and provider '{name}' has no default_model");
            let span = Span::new(start, start + text.len());
            findings.add(Diagnostic::new(Code::UnknownName, span, message));
            continue;
        }
        if is_mapped || is_right || has_provider {
            continue;
        }
        let at = |provider: &str| Span::new(start, start + provider.len());
        if let Some(provider) = named('/') {
            unknown(findings, provider, at(provider), known, sure);
        } else if let Some(provider) = named(':') {
            unknown(findings, provider, at(provider), known, Sure::Near);
        } else if text.trim().is_empty() {
            let message = "the name of a model is missing; write PROVIDER/MODEL, or take the key out";
            findings.add(Diagnostic::new(Code::UnknownName, written.span(), message));
        } else if is_ours(findings) && sure == Sure::Always {
            let message = format!("no provider serves '{text}'");
            let otherwise = "write PROVIDER/MODEL, or send the name to a provider in 'model_mappings'";
            let finding = with_near(findings, Code::UnknownName, at(text), message, text, known, otherwise);
            findings.add(finding);
        }
    }
}

/// Whether the file is our config, in which no other key says whose a bare name is.
fn is_ours(findings: &Findings<'_>) -> bool {
    let root = findings.tree().root();
    let says = |key: &str| root.is_some_and(|root| root.get(key).is_some());
    findings.file.kind == FileKind::Config && !says("default_provider") && !says("model_mappings")
}

/// Whether this file says of a provider whom to ask where no model is named, and says nothing of it. Services have a
/// usual model at their own address, and other servers have none.
fn is_nameless(findings: &Findings<'_>, name: &str) -> bool {
    let Some(root) = findings.tree().root() else { return false };
    findings.tree().entries_at(root, "providers").iter().any(|entry| {
        let has = |key: &str| entry.value().entry(key).is_some();
        let kind = entry.value().get("kind").and_then(Node::as_str);
        entry.key().scalar_text() == Some(name)
            && !has("default_model")
            && (has("base_url") || matches!(kind, Some("ollama" | "azure-openai")))
    })
}

/// What must be so for a name to be marked.
#[derive(Clone, Copy, PartialEq)]
enum Sure {
    Always,
    /// One that is known is near.
    Near,
}

/// Where the config is known, so are its providers; some are built into Keystone.
fn is_sure(findings: &Findings<'_>) -> Sure {
    let is_ours = findings.file.kind != FileKind::KeystoneConfig;
    if is_ours && findings.context.providers.is_some() { Sure::Always } else { Sure::Near }
}

fn unknown(findings: &mut Findings<'_>, name: &str, span: Span, known: &[String], sure: Sure) {
    let message = format!("there is no provider '{name}' in the config");
    let otherwise = "configure it under 'providers'";
    let finding = with_near(findings, Code::UnknownName, span, message, name, known, otherwise);
    if sure == Sure::Always || !finding.fixes.is_empty() {
        findings.add(finding);
    }
}
