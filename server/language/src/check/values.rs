//! Values of a step that are of the right kind and still cannot work: counts, conditions that never hold, waits.
//!
//! Depends on the step alone.

use copydesk_base::{Code, Diagnostic, Fix, Safety, TextEdit};
use copydesk_text::{Kind, Node};

use super::Findings;
use super::fixes::{remove_item, remove_key};
use super::operations::report;
use super::structure::Holder;
use crate::declared::inner_span;
use crate::expression::{End, has_expression, pieces};

pub(super) fn check(findings: &mut Findings<'_>, node: Node<'_>, kind: &str, holder: Holder<'_>) {
    match kind {
        "join" => join(findings, node),
        "sleep" => duration(findings, node),
        "file" => patch(findings, node),
        "request" => address(findings, node),
        "wait" => event(findings, node),
        _ => {}
    }
    attempts(findings, node);
    never(findings, node);
    twice(findings, node);
    // A step that undoes another, or that a tool runs, is started by those and by nothing else.
    let starter = match holder.name {
        "compensate" => Some("it runs when the run is rolled back"),
        "execution" => Some("it runs when the tool is called"),
        _ => None,
    };
    for key in ["needs", "compensate", "pool"] {
        if let (Some(reason), Some(entry)) = (starter, node.entry(key)) {
            report(findings, node, key, entry.key().span(), reason);
        }
    }
}

/// A patch that is written out has lines that say where it goes.
fn patch(findings: &mut Findings<'_>, node: Node<'_>) {
    let tree = findings.tree();
    let is_patch = tree.get(node, "op").and_then(Node::scalar_text) == Some("patch");
    let Some(content) = tree.get(node, "content").filter(|_| is_patch) else { return };
    let Some(text) = content.as_str().filter(|text| !has_expression(text)) else { return };
    let is_sign =
        |line: &str| ["@@", "<<<<<<<", "---", "***", "diff "].iter().any(|sign| line.starts_with(sign));
    if !text.lines().any(is_sign) {
        let message = "this is no patch: write a unified diff, or blocks of '<<<<<<< SEARCH', '=======' and '>>>>>>> REPLACE'";
        findings.add(Diagnostic::new(Code::FormatMismatch, content.span(), message));
    }
}

/// An address that is written out says how and whom to ask.
fn address(findings: &mut Findings<'_>, node: Node<'_>) {
    let Some(url) = findings.tree().get(node, "url") else { return };
    let Some(text) = url.as_str().filter(|text| !has_expression(text)) else { return };
    let rest = ["http://", "https://"].iter().find_map(|scheme| {
        text.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme))?;
        text.get(scheme.len()..)
    });
    let is_host = |rest: &str| !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']);
    if rest.is_some_and(|rest| is_host(rest) && !text.contains(char::is_whitespace)) {
        return;
    }
    if text.trim().is_empty() {
        let message = "the address is empty; write one, as 'https://example.com'";
        return findings.add(Diagnostic::new(Code::UnknownValue, url.span(), message));
    }
    let message = "this is no address to ask: it starts with 'http://' or 'https://', and a host follows";
    let mut finding = Diagnostic::new(Code::FormatMismatch, url.span(), message);
    let host = text.split(['/', '?', '#']).next().unwrap_or("");
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    if rest.is_none()
        && host.contains('.')
        && host.chars().all(is_name)
        && !text.contains(char::is_whitespace)
    {
        let edits = vec![TextEdit::insert(inner_span(url).start, "https://")];
        let fix = Fix::new("put 'https://' before it", edits).with_safety(Safety::Suggested);
        finding = finding.with_fix(fix);
    }
    findings.add(finding);
}

/// What nobody can name never happens.
fn event(findings: &mut Findings<'_>, node: Node<'_>) {
    let Some(event) = findings.tree().get(node, "event") else { return };
    if event.as_str().is_some_and(|name| name.trim().is_empty()) {
        let message = "the event has no name, so the step waits for ever; write one";
        findings.add(Diagnostic::new(Code::UnknownValue, event.span(), message));
    }
}

/// A `join` cannot wait for more steps than it needs.
fn join(findings: &mut Findings<'_>, node: Node<'_>) {
    let tree = findings.tree();
    let Some(condition) = tree.get(node, "condition") else { return };
    let count = tree.get(condition, "count").unwrap_or(condition);
    let needs = tree.get(node, "needs").map_or(0, |needs| needs.items().len());
    let Some(wanted) = count.as_i64() else { return };
    let many = i64::try_from(needs).unwrap_or(i64::MAX);
    if wanted >= 1 && (wanted <= many || needs == 0) {
        return;
    }
    let message = if wanted < 1 {
        "a join waits for at least one step".to_owned()
    } else {
        format!("this join needs {needs} steps, so {wanted} are never done")
    };
    let mut finding = Diagnostic::new(Code::UnknownValue, count.span(), message);
    if needs > 0 {
        let right = if wanted < 1 { 1 } else { many };
        let edits = vec![TextEdit::new(count.span(), right.to_string())];
        finding = finding.with_fix(Fix::new(format!("change to {right}"), edits));
    }
    findings.add(finding);
}

/// A lone expression gives a number, and a number is milliseconds. Keystone takes no text without a unit there.
fn duration(findings: &mut Findings<'_>, node: Node<'_>) {
    let Some(value) = findings.tree().get(node, "duration") else { return };
    let Some(scalar) = value.scalar() else { return };
    let text = scalar.text();
    let write_ms = |at: usize, message: &str| {
        Diagnostic::new(Code::SleepUnit, value.span(), message)
            .with_fix(Fix::new("write 'ms' behind it", vec![TextEdit::insert(at, "ms")]))
    };
    if value.as_str().is_some() && text.parse::<f64>().is_ok() {
        let message = "a text of digits is milliseconds here; Keystone refuses one without a unit, so write 'ms' behind it";
        return findings.add(write_ms(scalar.source_span(0, text.len()).end, message));
    }
    let (Some(piece), true) = (pieces(text).first().copied(), text.trim_end().ends_with("}}")) else {
        return;
    };
    if piece.end != End::Closed || piece.outer.of(text) != text.trim() {
        return;
    }
    let end = scalar.source_offset(piece.outer.end);
    let message =
        "a number here is milliseconds; Keystone refuses one without a unit, so write 'ms' behind it";
    findings.add(write_ms(end, message));
}

/// Attempts that are counted as none.
fn attempts(findings: &mut Findings<'_>, node: Node<'_>) {
    let tree = findings.tree();
    if let Some(retry) = node.entry("retry") {
        let value = retry.value();
        let count = tree.get(value, "count");
        let none = count.is_none_or(|count| count.as_i64() == Some(0));
        if none && !value.entries().is_empty() {
            report(findings, node, "retry", retry.key().span(), "without 'count' nothing is tried again");
        }
    }
}

/// Conditions and lists, written out, under which a step does not run once.
fn never(findings: &mut Findings<'_>, node: Node<'_>) {
    let tree = findings.tree();
    let is_false = |condition: &Node<'_>| {
        condition.as_bool() == Some(false) || condition.scalar_text().map(bare) == Some("false")
    };
    if let Some(condition) = tree.get(node, "if").filter(is_false) {
        let message = "this is always false, so the step never runs";
        let mut finding = Diagnostic::new(Code::NeverRuns, condition.span(), message);
        if let Some(edit) = remove_key(findings.file.text, node, "if") {
            finding = finding.with_fix(Fix::new("take the condition out", vec![edit]));
        }
        findings.add(finding);
    }
    if let Some(list) = tree.get(node, "foreach") {
        let empty = matches!(list.kind(), Kind::Sequence(items) if items.is_empty());
        if empty || list.scalar_text().map(bare) == Some("[]") {
            let message = "this list is empty, so the step never runs";
            let mut finding = Diagnostic::new(Code::NeverRuns, list.span(), message);
            // Without it nothing is an item.
            let reads_item = |word: &str| node.span().of(findings.file.text).contains(word);
            let is_read = ["item", "index"].into_iter().any(reads_item);
            if let Some(edit) = remove_key(findings.file.text, node, "foreach").filter(|_| !is_read) {
                finding = finding.with_fix(Fix::new("take 'foreach' out", vec![edit]));
            }
            findings.add(finding);
        }
    }
}

/// An expression without its braces.
fn bare(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(text).trim()
}

/// A need that stands twice in one list.
fn twice(findings: &mut Findings<'_>, node: Node<'_>) {
    let Some(needs) = node.get("needs") else { return };
    let mut seen = std::collections::HashSet::new();
    for (at, item) in needs.items().into_iter().enumerate() {
        let Some(name) = item.scalar_text().filter(|name| !name.is_empty() && !has_expression(name)) else {
            continue;
        };
        if seen.insert(name) {
            continue;
        }
        let message = format!("'{name}' stands in this list already");
        let mut finding = Diagnostic::new(Code::UselessKey, item.span(), message);
        if let Some(edit) = remove_item(findings.file.text, needs, at) {
            finding = finding.with_fix(Fix::new("take it out", vec![edit]));
        }
        findings.add(finding);
    }
}
