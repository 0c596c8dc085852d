//! Keys that do not exist, and which ones were meant.

use copydesk_base::config::variable_in;
use copydesk_base::{Code, Diagnostic, Fix, Safety, Severity, TextEdit};
use copydesk_text::{Entry, Kind, Node, Value};

use super::fixes::{indent_of, is_flow, line_break, remove_key};
use super::structure::{Holder, subject};
use super::suggest::{counts_whole, loses_guard, loses_limit, only_start, usual_mistake};
use super::{Findings, ids, meant};
use crate::FileKind;
use crate::declared::inner_span;
use crate::shape::{Key, Mapping, Need, Role, Shape};

/// Marks a key that does not exist, and says which one was meant, if one was.
pub(super) fn unknown_key<'a>(
    findings: &mut Findings<'a>,
    node: Node<'a>,
    entry: Entry<'a>,
    expected: &'static Mapping,
    word: Option<&'a str>,
    holder: Holder<'a>,
) -> Option<&'static str> {
    let name = entry.key().scalar_text().unwrap_or("");
    let known_kind = word.filter(|word| expected.kind(word).is_some());
    let is_open = !name.contains([']', '}']);
    if let Some(key) =
        meant::without_colon(name).filter(|_| is_open).and_then(|meant| expected.key(known_kind, meant))
    {
        // Where the brackets do not add up, the syntax has said so.
        let is_it = |known: &Diagnostic| {
            known.code == Code::YamlSyntax && known.span.start == entry.key().span().start
        };
        if !findings.list.iter().any(is_it) {
            findings.add(meant::missing_colon(Code::UnknownKey, entry.key().span().start, &key.name));
        }
        return Some(key.name.as_str());
    }
    let others: Vec<String> = expected
        .kinds
        .iter()
        .filter(|kind| kind.keys.iter().any(|key| key.name == name))
        .map(|kind| kind.word.clone())
        .collect();
    if known_kind.is_none() && !others.is_empty() {
        // Whether the key is right is not known before the type is.
        return None;
    }
    let is_told =
        |known: &Diagnostic| known.code == Code::YamlSyntax && known.span.start == entry.key().span().start;
    if meant::is_item(name) && findings.list.iter().any(is_told) {
        return None;
    }
    let free = |key: &&Key| node.entry(&key.name).is_none();
    if let Some(word) = meant::first_word(name).filter(|_| entry.value().is_null())
        && let Some(key) = expected.key(known_kind, word).filter(free)
    {
        findings.add(meant::run_together(entry.key().span(), name, word));
        return Some(key.name.as_str());
    }
    if name == "uses" && !expected.kinds.is_empty() && word.is_none() && node.entry("run").is_none() {
        findings.add(action(findings, node, entry));
        return Some("type");
    }
    let alias = usual_mistake(known_kind, name);
    let usual = alias
        .and_then(|right| expected.key(known_kind, right))
        .filter(|key| free(key))
        .map(|key| key.name.as_str());
    // A name with a meaning of its own is no slip for one that only looks like it.
    let is_slip = alias.is_none() && others.is_empty();
    let near = usual.or_else(|| {
        let names = expected.keys_of(known_kind).filter(free).map(|key| key.name.as_str());
        is_slip.then(|| findings.suggest.nearest(name, names)).flatten()
    });
    // Of a key that must be there one letter is enough to know it by.
    let is_looked_up = near.is_some();
    let near = near.or_else(|| {
        let missing = expected.keys_of(known_kind).filter(free).filter(|key| key.need == Need::Required);
        let mut meant = missing.filter(|_| is_slip).map(|key| key.name.as_str());
        meant.find(|key| strsim::osa_distance(key, name) == 1)
    });
    let near = near.or_else(|| {
        let keys = expected.keys_of(known_kind).filter(free).map(|key| key.name.as_str());
        is_slip.then(|| only_start(name, keys)).flatten()
    });
    let near = near.or_else(|| {
        let names = expected.keys_of(known_kind).filter(free).map(|key| key.name.as_str());
        is_slip.then(|| findings.suggest.nearest_letters(name, names)).flatten()
    });
    if near.is_none() && known_kind.is_none() && !expected.kinds.is_empty() {
        // Nobody knows what a step of that type may have.
        return None;
    }
    let is_setting = matches!(
        findings.file.kind,
        FileKind::Config | FileKind::KeystoneConfig | FileKind::Mcp | FileKind::Plugin | FileKind::Hooks
    );
    let is_warned = is_setting && !is_lost_limit(findings, entry);
    let code = if is_warned { Code::UnknownSetting } else { Code::UnknownKey };
    // What stands there alone may be the key itself.
    let is_unsaid = holder.name == "key" && entry.value().is_null() && near.is_none();
    let shown = if is_unsaid { "this".to_owned() } else { format!("'{name}'") };
    let mut message =
        format!("{shown} is no key of {}", subject(findings.file.kind, known_kind, expected, holder));
    let variable = near.is_none().then(|| variable(node, entry, expected)).flatten();
    if let Some(variable) = variable {
        message.push_str(&format!("; a variable is named by api_key_env: {variable}"));
    } else if let Some(near) = near {
        message.push_str(&format!("; did you mean '{near}'?"));
    } else if !others.is_empty() {
        message.push_str(&format!("; {} steps have it", crate::shape::join(&others)));
    } else {
        message.push_str("; take it out");
    }
    let mut finding = Diagnostic::new(code, entry.key().span(), message);
    if let Some(near) = near {
        let mut edits = vec![TextEdit::new(inner_span(entry.key()), near)];
        // What people write beside a name is often no name.
        let unfit = entry.value().scalar().filter(|_| near == "id" && usual.is_some());
        let id = unfit.and_then(|_| ids::better(entry.value().scalar_text()?));
        edits.extend(id.map(|id| TextEdit::new(entry.value().span(), id)));
        let fits = || {
            let shape = expected.key(known_kind, near).map(|key| findings.shapes.get(key.shape));
            shape.is_some_and(|shape| takes(shape, entry.value()))
        };
        let safety = match usual {
            Some(_) if edits.len() == 1 && fits() => Safety::Safe,
            None if is_looked_up => findings.suggest.safety(),
            _ => Safety::Suggested,
        };
        let written = edits.iter().map(|edit| edit.text.as_str()).collect::<Vec<_>>().join(": ");
        finding = finding.with_fix(Fix::new(format!("change to '{written}'"), edits).with_safety(safety));
    } else if let Some(variable) = variable {
        let edits = vec![
            TextEdit::new(inner_span(entry.key()), "api_key_env"),
            TextEdit::new(entry.value().span(), variable),
        ];
        finding = finding.with_fix(Fix::new(format!("write api_key_env: {variable}"), edits));
    } else if let Some(edit) = remove_key(findings.file.text, node, name) {
        finding = finding.with_fix(Fix::new("take it out", vec![edit]));
    }
    findings.add(finding);
    near
}

/// The variable that somebody means who writes `api_key: ${KEY}` or `token: $KEY` for a provider.
fn variable<'a>(node: Node<'a>, entry: Entry<'a>, expected: &Mapping) -> Option<&'a str> {
    expected.key(None, "api_key_env").filter(|_| node.entry("api_key_env").is_none())?;
    variable_in(entry.value().scalar_text()?)
}

/// `uses:` of a step of another system: a file of it is called as a workflow, and what others share does not run here.
fn action(findings: &Findings<'_>, node: Node<'_>, entry: Entry<'_>) -> Diagnostic {
    let span = entry.key().span();
    let path = entry.value().scalar_text().unwrap_or("");
    let ending = path.rsplit_once('.').map(|(_, ending)| ending);
    let is_file = matches!(ending, Some("yaml" | "yml"));
    if !is_file {
        let message = "'uses' is no key of a step: actions of other systems do not run here; write what it does as a step of its own";
        let mut finding = Diagnostic::new(Code::UnknownKey, span, message);
        let edit = TextEdit::new(span.cover(entry.value().span()), "type: shell, run: \"\"");
        let is_block =
            indent_of(findings.file.text, span.start).filter(|_| !is_flow(findings.file.text, node));
        let edit = is_block.map(|indent| {
            let line_break = line_break(findings.file.text);
            let text = format!("type: shell{line_break}{indent}run: \"# {path}\"");
            TextEdit { text, ..edit }
        });
        finding.fixes.extend(edit.map(|edit| Fix::new("make it a shell step", vec![edit])));
        return finding;
    }
    let message =
        "'uses' is no key of a step; a workflow is called by a step with 'type: workflow' and 'path'";
    let mut finding = Diagnostic::new(Code::UnknownKey, span, message);
    let indent = indent_of(findings.file.text, span.start).filter(|_| !is_flow(findings.file.text, node));
    let text = match indent {
        Some(indent) => format!("type: workflow{}{indent}path", line_break(findings.file.text)),
        None => "type: workflow, path".to_owned(),
    };
    finding.fixes.push(Fix::new("make it a workflow step", vec![TextEdit::new(span, text)]));
    finding
}

/// Whether a value is of a kind that a shape takes. What is a text, and what an expression, its own look tells.
fn takes(shape: &Shape, node: Node<'_>) -> bool {
    if shape.forms.is_empty() {
        return true;
    }
    match (node.kind(), node.value()) {
        (Kind::Mapping(_), _) => shape.mapping().is_some(),
        (Kind::Sequence(_), _) => shape.list().is_some(),
        (_, Some(Value::Text(_))) => shape.takes_scalar(),
        (_, Some(Value::Bool(_))) => shape.takes_bool(),
        (_, Some(Value::Int(_) | Value::Float(_))) => shape.number().is_some() || shape.role != Role::Plain,
        _ => true,
    }
}

/// A key of a head or of a hook that other programs add their own to, so near to one of ours that it was meant.
pub(super) fn slip<'a>(
    findings: &mut Findings<'a>,
    node: Node<'a>,
    entry: Entry<'a>,
    expected: &'static Mapping,
    holder: Holder<'a>,
) -> Option<&'static str> {
    let is_layer = findings.file.kind == FileKind::Layer;
    let others_add =
        matches!(findings.file.kind, FileKind::Skill | FileKind::Prompt | FileKind::Plugin | FileKind::Hooks);
    if !is_layer && !others_add {
        return None;
    }
    let name = entry.key().scalar_text()?;
    let free = expected.keys_of(None).filter(|key| node.entry(&key.name).is_none());
    let near = findings.suggest.nearest(name, free.map(|key| key.name.as_str()))?;
    // Who reads layers has no other keys; in the others a key that is far from ours may be somebody's own.
    let safety = findings.suggest.safety();
    if safety != Safety::Safe && !is_layer {
        return None;
    }
    let subject = holder.subject(findings.file.kind);
    let message = format!("'{name}' is no key of {subject} that is read here; did you mean '{near}'?");
    let edits = vec![TextEdit::new(inner_span(entry.key()), near)];
    let mut finding = Diagnostic::new(Code::UnknownKey, entry.key().span(), message);
    // Without these a layer may do more than was written.
    if !is_layer || !matches!(near, "permission" | "tools") {
        finding.severity = Severity::Warning;
    }
    findings.add(finding.with_fix(Fix::new(format!("change to '{near}'"), edits)));
    Some(near)
}

/// Whether a key may have been meant for a limit or a guard, by its name or by where it stands, or takes what it stands in
/// away with it: that is an error for those who read the settings, too.
fn is_lost_limit(findings: &Findings<'_>, entry: Entry<'_>) -> bool {
    if findings.file.kind != FileKind::Config {
        return false;
    }
    let (key, mut path) = (entry.key().span(), Vec::new());
    let mut inside = findings.tree().root();
    while let Some(node) = inside {
        let stands_there = |above: &Entry<'_>| {
            let value = above.value().span();
            above.key().span() == key || (value.start..value.end).contains(&key.start)
        };
        let Some(above) = node.entries().iter().find(stands_there) else { break };
        path.push(above.key().scalar_text().unwrap_or_default());
        inside = (above.key().span() != key).then(|| above.value());
    }
    // Of an item the path ends at its list.
    loses_limit(&path) || loses_guard(&path) || inside.is_some() && counts_whole(&path)
}
