//! Keys that are not there: where that is said, and the least that could be written for them.

use copydesk_base::{Code, Diagnostic, Fix, TextEdit};
use copydesk_text::{Kind, Node};

use super::fixes::{insert_first, insert_key, key_in, line_break, quoted};
use super::structure::{Holder, subject};
use super::subworkflow::and;
use super::{Findings, operations, rules};
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
            let mends: Vec<Vec<Blank<'_>>> = match (key.name.as_str(), known_kind) {
                ("type", _) if !expected.kinds.is_empty() => {
                    let kinds = kinds_by_keys(findings, node, expected);
                    kinds.into_iter().filter_map(|kind| of_kind(findings, node, expected, kind)).collect()
                }
                ("op", Some(kind)) => {
                    operation(findings.shapes.get(key.shape), node, kind).into_iter().collect()
                }
                (name, _) => blank(findings, name, findings.shapes.get(key.shape))
                    .map(|blank| vec![(name, blank)])
                    .into_iter()
                    .collect(),
            };
            missing(findings, node, holder, format!("{subject} needs '{}'", key.name), &mends);
        }
    }
}

/// Kinds that a step is offered whose keys say which it is; of more than that the keys say nothing.
const MOST_KINDS: usize = 3;

/// The kinds of step that have all the keys of this one, those that lack no key before the others; of a step without
/// keys of a kind, the first.
fn kinds_by_keys(
    findings: &Findings<'_>,
    node: Node<'_>,
    expected: &'static Mapping,
) -> Vec<&'static StepKind> {
    let op = node.get("op").and_then(Node::scalar_text);
    let has_op = |kind: &StepKind| {
        let key = kind.keys.iter().find(|key| key.name == "op");
        let words = key.map(|key| findings.shapes.get(key.shape).words()).unwrap_or_default();
        op.is_none_or(|op| words.iter().any(|word| word.text == op))
    };
    let has = |name: &str| node.entry(name).is_some();
    let names = node.entries().iter().filter_map(|entry| entry.key().scalar_text());
    let own: Vec<&str> = names.filter(|name| expected.key(None, name).is_none()).collect();
    let fits = |kind: &&StepKind| own.iter().all(|name| kind.keys.iter().any(|key| key.name == **name));
    let is_whole =
        |kind: &&StepKind| kind.keys.iter().all(|key| key.need == Need::Optional || has(&key.name));
    if own.is_empty() {
        return expected.kinds.first().into_iter().collect();
    }
    let mut fitting: Vec<&StepKind> = expected.kinds.iter().filter(fits).collect();
    // An operation that no type has is a slip, and says nothing.
    if fitting.iter().any(|kind| has_op(kind)) {
        fitting.retain(|kind| has_op(kind));
    }
    let whole: Vec<&StepKind> = fitting.iter().copied().filter(is_whole).collect();
    let kinds = if whole.is_empty() { fitting } else { whole };
    if kinds.len() > MOST_KINDS { Vec::new() } else { kinds }
}

/// The types that a step may be given as it is: nothing that such a step needs is missing then.
pub(super) fn types_by_keys(
    findings: &Findings<'_>,
    node: Node<'_>,
    expected: &'static Mapping,
) -> Vec<&'static str> {
    let mut types = Vec::new();
    for kind in kinds_by_keys(findings, node, expected) {
        if of_kind(findings, node, expected, kind).is_some_and(|blanks| blanks.len() == 1) {
            types.push(kind.word.as_str());
        }
    }
    types
}

/// A key and the least that is right for it.
pub(super) type Blank<'k> = (&'k str, String);

/// The type of a step, with all that a step of it must have and this one has not.
fn of_kind(
    findings: &Findings<'_>,
    node: Node<'_>,
    expected: &'static Mapping,
    kind: &'static StepKind,
) -> Option<Vec<Blank<'static>>> {
    let lacks = |name: &str| findings.tree().get(node, name).is_none() && node.entry(name).is_none();
    let mut blanks = vec![("type", kind.word.clone())];
    for key in expected.keys_of(Some(&kind.word)) {
        if key.need == Need::Required && key.name != "type" && lacks(&key.name) {
            match key.name.as_str() {
                "op" => blanks.extend(operation(findings.shapes.get(key.shape), node, &kind.word)?),
                name => blanks.push((name, blank(findings, name, findings.shapes.get(key.shape))?)),
            }
        }
    }
    if !kind.one_of.is_empty() && kind.one_of.iter().all(|name| lacks(name)) {
        let (name, least) = rules::one_of(&kind.word)?;
        blanks.push((name, least.to_owned()));
    }
    Some(blanks)
}

/// The operation of a step that reads all of its keys, with those that it needs besides.
fn operation(shape: &Shape, node: Node<'_>, kind: &str) -> Option<Vec<Blank<'static>>> {
    let lacking = |op: &str| operations::needed(kind, op).iter().filter(|key| node.entry(key).is_none());
    let ops = shape.words().iter().map(|word| word.text.as_str());
    let reads_all = |op: &&str| operations::ignored(kind, op).iter().all(|key| node.entry(key).is_none());
    let op = ops.filter(reads_all).min_by_key(|op| lacking(op).count())?;
    let needed = lacking(op).map(|key| (*key, operations::blank(key).to_owned()));
    Some(std::iter::once(("op", op.to_owned())).chain(needed).collect())
}

/// Says that a mapping lacks something, at the place the contract names. Each of `mends` are keys that would mend it,
/// each with the least that it takes.
pub(super) fn missing(
    findings: &mut Findings<'_>,
    node: Node<'_>,
    holder: Holder<'_>,
    message: String,
    mends: &[Vec<Blank<'_>>],
) {
    if findings.is_broken(node.span()) {
        return;
    }
    let written = |key: &str| node.get(key).map(Node::span).filter(|span| !span.is_empty());
    let span = written("type").or_else(|| written("id")).unwrap_or(holder.span);
    let mut finding = Diagnostic::new(Code::MissingKey, span, message);
    for blanks in mends.iter().filter(|blanks| blanks.len() < 2 || !node.entries().is_empty()) {
        let edits: Option<Vec<TextEdit>> =
            blanks.iter().map(|(key, blank)| add(findings, node, key, blank)).collect();
        let words = blanks.iter().map(|(key, blank)| match *key {
            "type" => format!("'{key}: {blank}'"),
            key => format!("'{key}'"),
        });
        let title = format!("add {}", and(&words.collect::<Vec<_>>()));
        finding.fixes.extend(edits.filter(|edits| !edits.is_empty()).map(|edits| Fix::new(title, edits)));
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
    // What was to be the head of it begins or ends elsewhere.
    if first.trim_end() != "---" && text.lines().any(|line| line.trim_end() == "---") {
        return None;
    }
    if first.trim_end() == "---" {
        let at = text.find('\n')? + 1;
        return Some(TextEdit::insert(at, line));
    }
    Some(TextEdit::insert(0, format!("---{break_}{line}---{break_}")))
}

/// The least that is right for a key; nothing where only the person knows it.
pub(super) fn blank(findings: &Findings<'_>, key: &str, shape: &'static Shape) -> Option<String> {
    let stem = || findings.file.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
    let folder = || findings.file.path.parent().and_then(|folder| folder.file_name()?.to_str()).unwrap_or("");
    match (key, findings.file.kind) {
        _ if !shape.takes_text() => {}
        ("name", FileKind::Skill) => return Some(quoted(folder())),
        ("name", _) => return Some(quoted(stem().trim_end_matches(".workflow"))),
        // Which ids are free is nothing that one step could tell.
        ("id", _) => return Some("new_step".to_owned()),
        // An event without a name never happens.
        ("event", FileKind::Workflow) => return None,
        ("cwd", _) => return Some(".".to_owned()),
        ("url", _) => return Some(NOWHERE.to_owned()),
        _ => {}
    }
    least(findings, shape)
}

/// An address that is one, and that nobody ever has.
pub(super) const NOWHERE: &str = "\"https://example.invalid\"";

/// The least that is right for a shape; nothing where only the person knows it.
fn least(findings: &Findings<'_>, shape: &'static Shape) -> Option<String> {
    for form in &shape.forms {
        match form {
            Form::Words(words) => {
                if let Some(word) = words.first() {
                    return Some(word.text.clone());
                }
            }
            Form::Text => return Some("\"\"".to_owned()),
            Form::List(list) if list.least == 0 => return Some("[]".to_owned()),
            Form::List(_) => return Some("[\"\"]".to_owned()),
            Form::Mapping(mapping) => return least_mapping(findings, mapping),
            Form::Bool => return Some("false".to_owned()),
            Form::Number(number) => {
                let least = number.least.unwrap_or(1.0);
                let above = number.above.map_or(least, |above| least.max(above.floor() + 1.0));
                return Some(above.to_string());
            }
            Form::Null => {}
        }
    }
    Some("\"\"".to_owned())
}

/// A mapping of one line with all the keys that it must have.
fn least_mapping(findings: &Findings<'_>, mapping: &'static Mapping) -> Option<String> {
    let of_keys = || -> Option<Vec<Blank<'_>>> {
        let keys = mapping.keys_of(None).filter(|key| key.need == Need::Required);
        let least = |key: &'static Key| blank(findings, &key.name, findings.shapes.get(key.shape));
        keys.map(|key| Some((key.name.as_str(), least(key)?))).collect()
    };
    let kind = mapping.kinds.first();
    let blanks = kind.map_or_else(of_keys, |kind| of_kind(findings, Node::nothing(0), mapping, kind));
    let mut blanks = blanks?;
    blanks.sort_by_key(|(key, _)| *key != "id");
    let text = findings.file.text;
    let pairs: Vec<String> =
        blanks.iter().map(|(key, blank)| format!("{}: {blank}", key_in(text, key))).collect();
    Some(format!("{{{}}}", pairs.join(", ")))
}
