//! Secrets that stand in a file as they are.
//!
//! Told by the shape of well-known tokens, and in places that hold secrets by name, by that name. What names a
//! variable (`${TOKEN}`, `{env:TOKEN}`, an expression) is fine.

use copydesk_base::config::variable_in;
use copydesk_base::{Code, Diagnostic, Fix, Span};
use copydesk_text::{Entry, Kind, Node, Tree};

use super::Findings;
use super::fixes::{remove_key, replace_text};
use crate::expression::has_expression;

/// How well-known tokens begin, and how long they are at least.
const TOKENS: &[(&str, usize)] = &[
    ("sk-", 20),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("ghu_", 20),
    ("github_pat_", 22),
    ("glpat-", 16),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("xapp-", 16),
    ("AKIA", 20),
    ("ASIA", 20),
    ("AIza", 30),
    ("hf_", 20),
    ("npm_", 20),
    ("pypi-", 20),
    ("-----BEGIN", 20),
];

/// Words in the names of variables and header fields that hold secrets.
const SECRET_WORDS: &[&str] =
    &["token", "secret", "password", "passwd", "apikey", "privatekey", "credential", "authorization"];

/// How people write that a value is still to come.
const PLACEHOLDERS: &[&str] =
    &["your", "changeme", "change-me", "example", "placeholder", "todo", "xxx", "..."];

/// What a person should write in place of a secret.
#[derive(Clone, Copy)]
pub(super) enum Instead {
    /// `${NAME}`.
    Variable,
    /// `${{ secrets.NAME }}`.
    Expression,
    /// `api_key_env: NAME`.
    KeyName,
    /// Nothing that a file could say.
    Nothing,
}

/// The values of a mapping of variables or header fields.
pub(super) fn values(findings: &mut Findings<'_>, mapping: Node<'_>, instead: Instead) {
    for entry in mapping.entries() {
        value(findings, entry, instead);
    }
}

/// The items of a list of arguments; only well-known tokens are told there.
pub(super) fn arguments(findings: &mut Findings<'_>, list: Node<'_>) {
    for item in list.items() {
        let text = item.as_str().unwrap_or("");
        if text.split(['=', ' ', ',']).any(is_token) {
            add(findings, item, "", Instead::Nothing);
        }
    }
}

/// What a step says: the variables and header fields by their names, everything else by the shape of well-known tokens.
pub(super) fn step(findings: &mut Findings<'_>, step: Node<'_>) {
    for entry in step.entries() {
        match entry.key().scalar_text().unwrap_or("") {
            "env" | "headers" => values(findings, entry.value(), Instead::Expression),
            // Servers are looked at by themselves.
            "mcpServers" => {}
            _ => {
                written(findings, entry.value());
                entry.value().items().iter().for_each(|item| written(findings, item));
            }
        }
    }
}

/// The providers of a config.
pub(super) fn providers(findings: &mut Findings<'_>) {
    let providers = findings.tree().root().and_then(|root| root.get("providers"));
    for provider in providers.map(Node::entries).unwrap_or_default() {
        for entry in provider.value().entries() {
            let keys = keys_themselves(entry);
            if keys.is_empty() {
                value(findings, entry, Instead::KeyName);
            }
            for node in keys {
                add(findings, node, "", Instead::KeyName);
            }
        }
        if let Some(headers) = provider.value().get("headers") {
            values(findings, headers, Instead::Nothing);
        }
    }
}

/// What providers of a config have for keys, wherever it stands below them and whatever it is: no place shows it. The
/// settings of a key are none, and neither is a variable by its name.
pub fn keys_of_providers(tree: &Tree) -> Vec<Span> {
    let providers = tree.root().and_then(|root| root.get("providers"));
    let entries = providers.map(Node::entries).unwrap_or_default();
    let entries = entries.into_iter().flat_map(|provider| provider.value().entries());
    let mut keys: Vec<Span> = entries.flat_map(below_key).map(Node::span).collect();
    keys.sort();
    keys
}

/// The values of what a provider has for a key that are one word: short or not, they are nothing but the key.
fn keys_themselves(entry: Entry<'_>) -> Vec<Node<'_>> {
    let is_key = |node: &Node<'_>| {
        let text = node.scalar_text().unwrap_or_default();
        !text.contains(char::is_whitespace) && !is_placeholder(text)
    };
    below_key(entry).into_iter().filter(is_key).collect()
}

/// What may be the key of a provider, of an entry that is for one.
fn below_key(entry: Entry<'_>) -> Vec<Node<'_>> {
    let is_for_key = entry.key().scalar_text().is_some_and(|name| name == "key" || holds_secrets(name));
    let mut found = Vec::new();
    if is_for_key {
        texts(entry.value(), &mut found);
    }
    found.retain(|node| {
        let text = node.scalar_text().unwrap_or_default();
        !text.is_empty() && !names_variable(text) && variable_in(text).is_none()
    });
    found
}

/// The texts below a node, but for the settings of a key; a key of a mapping that has no value is one of them.
fn texts<'t>(node: Node<'t>, found: &mut Vec<Node<'t>>) {
    match node.kind() {
        Kind::Sequence(items) => items.iter().for_each(|item| texts(item, found)),
        Kind::Mapping(entries) => {
            for entry in entries {
                match entry.key().scalar_text() {
                    Some("command" | "cache" | "timeout" | "env" | "variable" | "name") | None => {}
                    Some(_) if entry.value().is_null() => found.push(entry.key()),
                    Some(_) => texts(entry.value(), found),
                }
            }
        }
        Kind::Scalar(_) if !node.is_null() => found.push(node),
        Kind::Scalar(_) | Kind::Null | Kind::Alias(_) => {}
    }
}

/// Whether a text may be a secret, wherever it stands.
pub(super) fn may_be(text: &str) -> bool {
    is_token(text) || text.len() >= 16 && is_opaque(text)
}

/// Marks each well-known token in the middle of a text.
fn written(findings: &mut Findings<'_>, node: Node<'_>) {
    let (Some(scalar), Some(text)) = (node.scalar(), node.as_str()) else { return };
    if !TOKENS.iter().any(|(start, _)| text.contains(start)) {
        return;
    }
    let mut at = 0;
    for piece in text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
    {
        let start = at;
        at += piece.len();
        let token = piece.trim_end_matches(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')));
        if is_token(token) && token.contains(|c: char| c.is_ascii_digit()) {
            let span = scalar.source_span(start, start + token.len());
            findings.add(Diagnostic::new(Code::PlainSecret, span, said("read it from 'secrets' instead")));
        }
    }
}

/// The default of an input that holds a secret: whoever sees the file has it.
pub(super) fn default(findings: &mut Findings<'_>, input: Node<'_>, default: Node<'_>) {
    let is_secret = input.get("secret").and_then(Node::as_bool) == Some(true);
    let Some(text) = default.scalar_text().filter(|text| is_secret && !text.trim().is_empty()) else {
        return;
    };
    if names_variable(text) || is_placeholder(text) || has_expression(text) {
        return;
    }
    let message = "the default of a secret stands here as it is; keep it out of files, then change it";
    let mut finding = Diagnostic::new(Code::PlainSecret, default.span(), message);
    if let Some(edit) = remove_key(findings.file.text, input, "default") {
        finding = finding.with_fix(Fix::new("take it out", vec![edit]));
    }
    findings.add(finding);
}

fn value(findings: &mut Findings<'_>, entry: Entry<'_>, instead: Instead) {
    let (Some(name), Some(text)) = (entry.key().scalar_text(), entry.value().as_str()) else { return };
    if is_token(text) || (holds_secrets(name) && is_opaque(text)) {
        add(findings, entry.value(), name, instead);
    }
}

fn add(findings: &mut Findings<'_>, node: Node<'_>, name: &str, instead: Instead) {
    let upper: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    let (text, words) = match instead {
        Instead::Variable => (Some(format!("${{{upper}}}")), "name an environment variable instead"),
        Instead::Expression => {
            (Some(format!("${{{{ secrets.{upper} }}}}")), "read it from 'secrets' instead")
        }
        Instead::KeyName => (None, "name an environment variable in 'api_key_env' instead"),
        Instead::Nothing => (None, "keep it out of files"),
    };
    let mut finding = Diagnostic::new(Code::PlainSecret, node.span(), said(words));
    let edit = text.as_deref().filter(|_| !name.is_empty()).and_then(|text| replace_text(node, text));
    if let (Some(edit), Some(text)) = (edit, text) {
        finding = finding.with_fix(Fix::new(format!("change to '{text}'"), vec![edit]));
    }
    findings.add(finding);
}

fn said(instead: &str) -> String {
    format!("a secret stands here as it is; {instead}, then change it")
}

fn is_token(text: &str) -> bool {
    let text = text.trim().strip_prefix("Bearer ").unwrap_or(text.trim());
    !names_variable(text)
        && !is_placeholder(text)
        && TOKENS.iter().any(|(start, least)| text.starts_with(start) && text.len() >= *least)
}

fn holds_secrets(name: &str) -> bool {
    let name: String = name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    SECRET_WORDS.iter().any(|word| name.ends_with(word))
}

/// Whether a text reads like nothing but a secret: long, without blanks, with digits in it.
fn is_opaque(text: &str) -> bool {
    let text =
        text.trim().strip_prefix("Bearer ").or_else(|| text.strip_prefix("Basic ")).unwrap_or(text).trim();
    text.len() >= 8
        && !text.contains([' ', '\n', '/'])
        && text.contains(|c: char| c.is_ascii_digit())
        && !names_variable(text)
        && !is_placeholder(text)
}

fn names_variable(text: &str) -> bool {
    text.contains("${") || text.contains("{env:") || text.contains("$(") || text.starts_with('$')
}

fn is_placeholder(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.starts_with('<') || PLACEHOLDERS.iter().any(|word| text.contains(word))
}
