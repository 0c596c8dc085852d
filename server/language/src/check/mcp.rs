//! MCP servers wherever they are written: in a step, in a config, in a file of their own.
//!
//! A server is a program or an address, and never both. Each look depends on its entry alone.

use copydesk_base::config::{BadAddress, bad_address};
use copydesk_base::{Code, Diagnostic, Fix, Span, TextEdit};
use copydesk_text::{Entry, Kind, Node};

use super::Findings;
use super::address::address;
use super::missing::{NOWHERE, missing};
use super::operations::report;
use super::rules::exclusive;
use super::secrets::{self, Instead};
use super::structure::Holder;
use crate::declared::inner_span;

/// Where a server is written.
#[derive(Clone, Copy, PartialEq)]
enum Home {
    Step,
    Config,
    File,
}

/// The servers that a step writes out.
pub(super) fn inline(findings: &mut Findings<'_>, node: Node<'_>) {
    for item in findings.tree().get(node, "mcpServers").map(Node::items).unwrap_or_default() {
        if item.entries().is_empty() {
            continue;
        }
        let name = item.get("name").and_then(Node::scalar_text).unwrap_or("");
        let span = item.get("name").map_or(item.span(), Node::span);
        server(findings, item, name, span, Home::Step);
    }
}

/// The servers of a config, ours or Keystone's.
pub(super) fn config(findings: &mut Findings<'_>) {
    section(findings, "mcp_servers", Home::Config);
}

/// The servers of a file of their own.
pub(super) fn file(findings: &mut Findings<'_>) {
    section(findings, "mcpServers", Home::File);
    section(findings, "servers", Home::File);
    misplaced(findings);
}

/// Servers under the key that other programs look for in other files.
fn misplaced(findings: &mut Findings<'_>) {
    let path = findings.file.path;
    let is_of_code = path.parent().is_some_and(|folder| folder.ends_with(".vscode"));
    let (right, wrong) = if is_of_code { ("servers", "mcpServers") } else { ("mcpServers", "servers") };
    let Some(root) = findings.tree().root() else { return };
    let Some(key) = root.entry(wrong).map(Entry::key) else { return };
    let message = format!("programs that read this file look for '{right}', not for '{wrong}'");
    let mut finding = Diagnostic::new(Code::UnknownSetting, key.span(), message);
    if root.entry(right).is_none() {
        let edits = vec![TextEdit::new(inner_span(key), right)];
        finding = finding.with_fix(Fix::new(format!("change to '{right}'"), edits));
    }
    findings.add(finding);
}

fn section(findings: &mut Findings<'_>, key: &str, home: Home) {
    let section = findings.tree().root().and_then(|root| root.get(key));
    for entry in section.map(Node::entries).unwrap_or_default() {
        let name = entry.key().scalar_text().unwrap_or("");
        server(findings, entry.value(), name, entry.key().span(), home);
    }
}

fn server(findings: &mut Findings<'_>, node: Node<'_>, name: &str, span: Span, home: Home) {
    // What is no mapping has its own finding.
    if matches!(node.kind(), Kind::Scalar(_) | Kind::Sequence(_)) {
        return;
    }
    let has = |key: &str| node.entry(key).is_some();
    let kind = node.get("type").and_then(Node::scalar_text).unwrap_or("");
    let place = Holder::at(name, span);
    match kind {
        "local" | "stdio" => {
            if has("command") {
                idle(findings, node, &["url", "headers"], "the server is a program");
            } else if !other_kind(findings, node, "url") {
                lacks(findings, node, name, place, &["command"]);
            }
        }
        "remote" | "http" | "sse" | "streamable-http" | "ws" => {
            if has("url") {
                idle(findings, node, &["command", "args", "env", "cwd"], "the server is an address");
            } else if !other_kind(findings, node, "command") {
                lacks(findings, node, name, place, &["url"]);
            }
        }
        "" => {
            if !has("command") && !has("url") {
                lacks(findings, node, name, place, &["command", "url"]);
            } else if has("command") && has("url") {
                exclusive(findings, node, "command", "url");
            } else if has("url") {
                idle(findings, node, &["args", "env", "cwd"], "the server is an address");
            } else {
                idle(findings, node, &["headers"], "the server is a program");
            }
        }
        // A word that does not exist has its own finding.
        _ => {}
    }
    let instead = match home {
        Home::Step => Instead::Expression,
        Home::File => Instead::Variable,
        Home::Config => Instead::Nothing,
    };
    for key in ["env", "headers"] {
        if let Some(values) = node.get(key) {
            secrets::values(findings, values, instead);
        }
    }
    unusable(findings, node);
    for key in ["args", "command"] {
        if let Some(list) = node.get(key) {
            secrets::arguments(findings, list);
        }
    }
}

/// Says that a server has what those of the other type have, and lacks what its own must have; whether it does.
fn other_kind(findings: &mut Findings<'_>, node: Node<'_>, key: &str) -> bool {
    let (Some(kind), Some(_)) = (node.get("type"), node.entry(key)) else { return false };
    let word = kind.scalar_text().unwrap_or("");
    let right = match word {
        "local" => "remote",
        "remote" => "local",
        "stdio" => "http",
        _ => "stdio",
    };
    let message = format!("a server with '{key}' is of 'type: {right}', not of 'type: {word}'");
    let edits = vec![TextEdit::new(inner_span(kind), right)];
    let fix = Fix::new(format!("change to '{right}'"), edits);
    findings.add(Diagnostic::new(Code::UnknownValue, kind.span(), message).with_fix(fix));
    true
}

/// A program without a name, and an address that leads nowhere.
fn unusable(findings: &mut Findings<'_>, node: Node<'_>) {
    let word = node.get("command").and_then(|command| command.items().first().or(Some(command)));
    if let Some(word) = word.filter(|word| word.as_str().is_some_and(|text| text.trim().is_empty())) {
        let message = "the command is empty, so this server never starts";
        findings.add(Diagnostic::new(Code::UnknownValue, word.span(), message));
    }
    let is_program = matches!(node.get("type").and_then(Node::scalar_text), Some("local" | "stdio"));
    let url = node.get("url").filter(|_| !is_program && node.entry("command").is_none());
    // A variable may hold anything.
    let is_known = |text: &str| !text.contains('$') && !text.starts_with("ws");
    if let Some((url, text)) = url.and_then(|url| Some((url, url.as_str()?.trim())))
        && is_known(text)
        && matches!(bad_address(text), Some(BadAddress::Scheme))
    {
        address(findings, url);
    }
}

fn lacks(findings: &mut Findings<'_>, node: Node<'_>, name: &str, place: Holder<'_>, keys: &[&str]) {
    // A misspelt key that stands for one of them is said already.
    let meant = |title: &str| keys.iter().any(|key| title == format!("change to '{key}'"));
    let is_said = |finding: &Diagnostic| {
        node.span().overlaps(finding.span) && finding.fixes.iter().any(|fix| meant(&fix.title))
    };
    if findings.list.iter().any(is_said) {
        return;
    }
    let words: Vec<String> = keys.iter().map(|key| format!("'{key}'")).collect();
    let server = if name.is_empty() { "this server".to_owned() } else { format!("the server '{name}'") };
    let message = format!("{server} needs {}", words.join(" or "));
    // Which program it is only the person knows.
    let mends = keys.iter().filter(|key| **key == "url").map(|key| vec![(*key, NOWHERE.to_owned())]);
    missing(findings, node, place, message, &mends.collect::<Vec<_>>());
}

fn idle(findings: &mut Findings<'_>, node: Node<'_>, keys: &[&str], reason: &str) {
    let found: Vec<Entry<'_>> = keys.iter().filter_map(|key| node.entry(key)).collect();
    for entry in found {
        let key = entry.key().scalar_text().unwrap_or("");
        report(findings, node, key, entry.key().span(), reason);
    }
}
