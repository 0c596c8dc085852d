//! Addresses of providers in a config, and where their keys come from: what cannot be used, and who would see a key on
//! its way, is marked where it stands, not when a model is asked.

use copydesk_base::config::{
    self, Astray, BAD_API_VERSION, BAD_PROVIDER_NAME, BadAddress, ProviderKind, bad_address, is_api_version,
    is_here, is_in_clear, is_provider_name, is_variable, path_of_request,
};
use copydesk_base::{Code, Diagnostic, Fix, Span, TextEdit};
use copydesk_text::{Entry, Node};

use super::Findings;
use super::fixes::{insert_key, remove_key};
use crate::declared::inner_span;

pub(super) fn check(findings: &mut Findings<'_>) {
    let providers = findings.tree().root().and_then(|root| root.get("providers"));
    for provider in providers.map(Node::entries).unwrap_or_default() {
        let name = provider.key();
        self::name(findings, name);
        let provider = provider.value();
        let (base_url, variable) = (provider.get("base_url"), provider.get("api_key_env"));
        if let Some(node) = base_url {
            address(findings, node);
        }
        if let Some(node) = base_url.filter(|_| variable.is_some() || provider.get("key").is_some()) {
            clear_text(findings, node);
        }
        if let Some(node) = variable {
            self::variable(findings, node);
        }
        if let Some(node) = provider.get("api_version") {
            api_version(findings, node);
        }
        if let Some(entry) = provider.entry("scenario") {
            unplayed(findings, entry, provider);
        }
        let command = provider.get("key").and_then(|key| key.get("command"));
        if let Some(node) = command.filter(|node| node.as_str().is_some_and(|text| text.trim().is_empty())) {
            let message = "this command is empty; it has to print the key";
            findings.add(Diagnostic::new(Code::FormatMismatch, node.span(), message));
        }
        if let (Some(node), Some(kind)) = (base_url, provider.get("kind").and_then(Node::as_str)) {
            path_of_kind(findings, node, kind);
        }
        if base_url.is_none() {
            astray(findings, name, provider);
        }
        let kind = provider.get("kind").filter(|kind| kind.as_str() == Some("azure-openai"));
        if let Some(kind) = kind.filter(|_| base_url.is_none()) {
            let message = "azure-openai needs 'base_url', such as https://NAME.openai.azure.com: each resource has its own";
            findings.add(Diagnostic::new(Code::MissingKey, kind.span(), message));
        }
    }
}

/// A name under which nobody could ask for its models.
fn name(findings: &mut Findings<'_>, key: Node<'_>) {
    if key.scalar_text().is_some_and(|name| !is_provider_name(name)) {
        let message = format!("nobody can ask this provider: {BAD_PROVIDER_NAME}");
        findings.add(Diagnostic::new(Code::FormatMismatch, inner_span(key), message));
    }
}

/// A key, or a question, that would go to a service that it is not for.
fn astray(findings: &mut Findings<'_>, name: Node<'_>, provider: Node<'_>) {
    let kind = provider.get("kind").and_then(Node::as_str).and_then(ProviderKind::of);
    let (Some(name_text), Some(kind)) = (name.scalar_text(), kind) else { return };
    let node = provider.get("api_key_env");
    let variable = node.and_then(Node::as_str).filter(|name| is_variable(name));
    let quirks = provider.get("quirks").and_then(Node::as_str);
    let Some(astray) = config::astray(name_text, kind, variable, quirks) else { return };
    let message = format!("{}; {}", astray.reason(kind, variable), astray.advice(kind));
    let (code, base_url) = match astray {
        Astray::Of(service) => (Code::MissingKey, Some(service).filter(|service| service.kind == kind)),
        Astray::Unsure => (Code::StrayKey, kind.service()),
    };
    let at = node.filter(|_| variable.is_some_and(|variable| astray.is_by(variable))).unwrap_or(name);
    let finding = Diagnostic::new(code, inner_span(at), message);
    let text = findings.file.text;
    let edit = base_url.and_then(|service| {
        let after = provider.entry("kind");
        insert_key(text, provider, after, "base_url", &format!("\"{}\"", service.base_url))
    });
    findings.add(match (edit, base_url) {
        (Some(edit), Some(service)) => {
            finding.with_fix(Fix::new(format!("write {}", service.base_url), vec![edit]))
        }
        _ => finding,
    });
}

/// A path that the kind brings itself.
fn path_of_kind(findings: &mut Findings<'_>, node: Node<'_>, kind: &str) {
    let Some(text) = node.as_str().filter(|text| bad_address(text.trim()).is_none()) else { return };
    let whole = inner_span(node);
    let path =
        text.split_once("://").and_then(|(_, rest)| Some(&rest[rest.find('/')?..])).unwrap_or_default();
    let tail = match kind {
        "anthropic" if path.trim_end_matches('/').ends_with("/v1") => {
            path.trim_end_matches('/').len() - "/v1".len()
        }
        "ollama" if matches!(path.trim_end_matches('/'), "/v1" | "/api") => 0,
        "azure-openai" => match path.find("/openai") {
            Some(at) => at,
            None => return,
        },
        _ => return,
    };
    if path_of_request(text).is_some() || whole.of(findings.file.text) != text {
        return;
    }
    let tail = Span::new(whole.end - path.len() + tail, whole.end);
    let message = format!("kind {kind} puts this behind an address itself; take it out");
    let fix = Fix::new("take it out", vec![TextEdit::new(tail, "")]);
    findings.add(Diagnostic::new(Code::FormatMismatch, tail, message).with_fix(fix));
}

/// A key is wanted there, and everybody on the way can read it.
fn clear_text(findings: &mut Findings<'_>, node: Node<'_>) {
    let Some(text) = node.as_str().filter(|text| is_in_clear(text) && bad_address(text.trim()).is_none())
    else {
        return;
    };
    let span = inner_span(node);
    let message = "the key goes there in clear text: this is another machine, and http:// hides nothing; write https://";
    let finding = Diagnostic::new(Code::ClearTextKey, span, message);
    let scheme = Span::new(span.start, span.start + "http".len());
    let is_plain = span.of(findings.file.text) == text;
    let fix = is_plain.then(|| Fix::new("write https://", vec![TextEdit::new(scheme, "https")]));
    findings.add(match fix {
        Some(fix) => finding.with_fix(fix),
        None => finding,
    });
}

/// A version of Azure's API is the day it came out.
fn api_version(findings: &mut Findings<'_>, node: Node<'_>) {
    if node.scalar_text().is_some_and(|text| !is_api_version(text)) {
        let message = format!("this is {BAD_API_VERSION}");
        findings.add(Diagnostic::new(Code::FormatMismatch, inner_span(node), message));
    }
}

/// A script beside a kind that asks a server: nothing plays it.
fn unplayed(findings: &mut Findings<'_>, scenario: Entry<'_>, provider: Node<'_>) {
    let Some(kind) = provider.get("kind").and_then(Node::as_str).and_then(ProviderKind::of) else { return };
    if kind == ProviderKind::Offline || scenario.value().is_null() {
        return;
    }
    let message =
        format!("only kind offline plays a 'scenario', and this provider is of kind {}", kind.as_str());
    let finding = Diagnostic::new(Code::UnknownSetting, scenario.key().span(), message);
    let edit = remove_key(findings.file.text, provider, "scenario");
    findings.add(match edit {
        Some(edit) => finding.with_fix(Fix::new("take it out", vec![edit])),
        None => finding,
    });
}

fn variable(findings: &mut Findings<'_>, node: Node<'_>) {
    if node.as_str().is_some_and(|name| !is_variable(name)) {
        let message =
            "this is no name of a variable: letters, digits and '_'; put the key into one, and its name here";
        findings.add(Diagnostic::new(Code::FormatMismatch, inner_span(node), message));
    }
}

pub(super) fn address(findings: &mut Findings<'_>, node: Node<'_>) {
    let Some(text) = node.as_str() else { return };
    let whole = inner_span(node);
    // Places count in the value, which is the text of the file where nothing in it is escaped.
    let is_plain = whole.of(findings.file.text) == text && text.trim() == text;
    let within = |from: usize, to: usize| Span::new(whole.start + from, whole.start + to);
    let Some(bad) = bad_address(text.trim()) else {
        if let Some(at) = path_of_request(text).filter(|_| is_plain) {
            let tail = within(at, text.len());
            let fix = Fix::new("take it out", vec![TextEdit::new(tail, "")]);
            let message = "the path of a request is put behind an address anyway; take it out";
            findings.add(Diagnostic::new(Code::FormatMismatch, tail, message).with_fix(fix));
        }
        return;
    };
    let (span, fix) = match bad {
        BadAddress::Scheme => {
            // Where nobody has certificates.
            let scheme = if is_here(text) || text.starts_with("0.0.0.0") { "http://" } else { "https://" };
            let insert = TextEdit::new(Span::at(whole.start), scheme);
            let is_bare = is_plain && !text.is_empty() && !text.contains("://");
            (whole, is_bare.then(|| Fix::new(format!("put {scheme} before it"), vec![insert])))
        }
        BadAddress::Port { at } if is_plain => (within(at.start, at.end), None),
        BadAddress::Tail { at } if is_plain => {
            let tail = within(at, text.len());
            (tail, Some(Fix::new("take what stands behind the path out", vec![TextEdit::new(tail, "")])))
        }
        BadAddress::Portal { at } if is_plain => (within(at, text.len()), None),
        // No mend repeats what may be a password.
        BadAddress::Login { at } if is_plain => {
            let login = within(at.start, at.end);
            (login, Some(Fix::new("take it out", vec![TextEdit::new(login, "")])))
        }
        BadAddress::Host
        | BadAddress::Port { .. }
        | BadAddress::Tail { .. }
        | BadAddress::Portal { .. }
        | BadAddress::Login { .. } => (whole, None),
    };
    let message = format!("this address cannot be used: {}", bad.reason());
    let finding = Diagnostic::new(Code::FormatMismatch, span, message);
    findings.add(match fix {
        Some(fix) => finding.with_fix(fix),
        None => finding,
    });
}
