//! Keys that are not there: where that is said, and the least that could be written for them.

use copydesk_base::{Code, Diagnostic, Fix, TextEdit};
use copydesk_text::{Kind, Node};

use super::Findings;
use super::fixes::{insert_first, insert_key, line_break, quoted};
use super::structure::{Holder, subject};
use crate::FileKind;
use crate::shape::{Form, Key, Kind as StepKind, Mapping, Need, Shape};

/// The keys that a mapping of this shape must have and has not.
///
/// `meant` are keys that misspelt ones stand for.
pub(super) fn keys<'a>(
    findings: &mut Findings<'a>,
    node: Node<'_>,
    expected: &'static Mapping,
    word: Option<&str>,
    meant: &[&str],
    holder: Holder<'a>,
) {
    for key in expected.keys_of(word).filter(|key| key.need == Need::Required) {
        if meant.contains(&key.name.as_str()) {
            continue;
        }
        if findings.tree().get(node, &key.name).is_none() && node.entry(&key.name).is_none() {
            let known_kind = word.filter(|word| expected.kind(word).is_some());
            let subject = subject(findings.file.kind, known_kind, expected, holder);
            let kinds = if key.name == "type" { kinds_by_keys(node, expected) } else { Vec::new() };
            let mut blanks: Vec<(&str, String)> =
                kinds.iter().map(|kind| (key.name.as_str(), (*kind).to_owned())).collect();
            if blanks.is_empty() {
                blanks.push((&key.name, blank(findings, key)));
            }
            missing(findings, node, holder, format!("{subject} needs '{}'", key.name), &blanks);
        }
    }
}

/// Kinds that a step is offered whose keys say which it is; of more than that the keys say nothing.
const MOST_KINDS: usize = 3;

/// The kinds of step that have all the keys of this one, those that lack no key before the others.
fn kinds_by_keys(node: Node<'_>, expected: &'static Mapping) -> Vec<&'static str> {
    let has = |name: &str| node.entry(name).is_some();
    let names = node.entries().iter().filter_map(|entry| entry.key().scalar_text());
    let own: Vec<&str> = names.filter(|name| expected.key(None, name).is_none()).collect();
    let fits = |kind: &&StepKind| own.iter().all(|name| kind.keys.iter().any(|key| key.name == **name));
    let is_whole =
        |kind: &&StepKind| kind.keys.iter().all(|key| key.need == Need::Optional || has(&key.name));
    let fitting: Vec<&StepKind> = expected.kinds.iter().filter(|_| !own.is_empty()).filter(fits).collect();
    let whole: Vec<&StepKind> = fitting.iter().copied().filter(is_whole).collect();
    let kinds = if whole.is_empty() { fitting } else { whole };
    if kinds.len() > MOST_KINDS { Vec::new() } else { kinds.iter().map(|kind| kind.word.as_str()).collect() }
}

/// Says that a mapping lacks something, at the place the contract names. `blanks` are keys that would mend it, each
/// with the least that it takes.
pub(super) fn missing(
    findings: &mut Findings<'_>,
    node: Node<'_>,
    holder: Holder<'_>,
    message: String,
    blanks: &[(&str, String)],
) {
    if findings.is_broken(node.span()) {
        return;
    }
    let written = |key: &str| node.get(key).map(Node::span).filter(|span| !span.is_empty());
    let span = written("type").or_else(|| written("id")).unwrap_or(holder.span);
    let mut finding = Diagnostic::new(Code::MissingKey, span, message);
    for (key, blank) in blanks {
        if let Some(edit) = add(findings, node, key, blank) {
            let title = if *key == "type" { format!("add '{key}: {blank}'") } else { format!("add '{key}'") };
            finding = finding.with_fix(Fix::new(title, vec![edit]));
        }
    }
    findings.add(finding);
}

/// Puts a key where people expect it: a name first, what belongs to a step behind its type.
fn add(findings: &Findings<'_>, node: Node<'_>, key: &str, blank: &str) -> Option<TextEdit> {
    let text = findings.file.text;
    if !matches!(node.kind(), Kind::Mapping(entries) if !entries.is_empty()) && node.span().is_empty() {
        return at_the_top(findings, key, blank);
    }
    if matches!(key, "id" | "name") && !node.entries().is_empty() {
        return insert_first(text, node, key, blank);
    }
    insert_key(text, node, node.entry("type").or_else(|| node.entry("id")), key, blank)
}

/// The first key of a file that has none.
fn at_the_top(findings: &Findings<'_>, key: &str, blank: &str) -> Option<TextEdit> {
    let text = findings.file.text;
    let break_ = line_break(text);
    let line = format!("{key}: {blank}{break_}");
    if findings.tree().root().is_some_and(|root| !root.span().is_empty()) {
        return None;
    }
    if !findings.file.kind.is_markdown() {
        let break_before = if text.is_empty() || text.ends_with('\n') { "" } else { break_ };
        return text
            .trim_end()
            .lines()
            .all(|line| line.trim().is_empty() || line.starts_with('#'))
            .then(|| TextEdit::insert(text.len(), format!("{break_before}{line}")));
    }
    let first = text.lines().next().unwrap_or("");
    if first.trim_end() == "---" {
        let at = text.find('\n')? + 1;
        return Some(TextEdit::insert(at, line));
    }
    Some(TextEdit::insert(0, format!("---{break_}{line}---{break_}")))
}

/// The least that a key takes.
fn blank(findings: &Findings<'_>, key: &Key) -> String {
    let stem = || findings.file.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
    let folder = || findings.file.path.parent().and_then(|folder| folder.file_name()?.to_str()).unwrap_or("");
    match (key.name.as_str(), findings.file.kind) {
        ("name", FileKind::Skill) => return quoted(folder()),
        ("name", _) => return quoted(stem().trim_end_matches(".workflow")),
        // Which ids are free is nothing that one step could tell.
        ("id", _) => return "new_step".to_owned(),
        ("cwd", _) => return ".".to_owned(),
        _ => {}
    }
    least(findings.shapes.get(key.shape))
}

/// The least that a shape takes.
pub(super) fn least(shape: &Shape) -> String {
    for form in &shape.forms {
        match form {
            Form::Words(words) => {
                if let Some(word) = words.first() {
                    return word.text.clone();
                }
            }
            Form::Text => return "\"\"".to_owned(),
            Form::List(list) if list.least == 0 => return "[]".to_owned(),
            Form::List(_) => return "[\"\"]".to_owned(),
            Form::Mapping(_) => return "{}".to_owned(),
            Form::Bool => return "false".to_owned(),
            Form::Number(number) => return number.least.unwrap_or(1.0).to_string(),
            Form::Null => {}
        }
    }
    "\"\"".to_owned()
}
