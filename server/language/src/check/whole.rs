//! Looks at a workflow as a whole: what starts it, how it is scored, what nobody reads, what nothing leads to.
//!
//! [`unused`] and [`errors`] depend on every step; the rest depends on the head of the file alone.

use std::collections::HashSet;

use copydesk_base::{Code, Diagnostic, Fix, Severity};
use copydesk_text::{Entry, Kind, Node};

use super::fixes::{insert_key, remove_entry, remove_key};
use super::secrets::{self, Instead};
use super::{Findings, elsewhere};
use crate::declared::{Block, Declared, inner_span};
use crate::expression::has_expression;
use crate::index::{Call, Target, WorkspaceIndex};

pub(super) fn check(
    findings: &mut Findings<'_>,
    declared: &Declared<'_>,
    calls: &[Call],
    index: &WorkspaceIndex,
) {
    let Some(root) = findings.tree().root() else { return };
    if let Some(triggers) = root.entry("triggers") {
        let reason = "it is planned, and starts nothing yet";
        super::operations::report(findings, root, "triggers", triggers.key().span(), reason);
    }
    if let Some(eval) = root.entry("eval") {
        score(findings, eval);
    }
    if let Some(env) = root.get("env") {
        secrets::values(findings, env, Instead::Expression);
    }
    errors(findings, declared, root);
    unused(findings, declared, calls, index);
}

/// Who scores decides which of the keys count.
fn score(findings: &mut Findings<'_>, entry: Entry<'_>) {
    let eval = entry.value();
    let (needs, ignores): (&[&str], &[&str]) = match eval.get("scorer").and_then(Node::scalar_text) {
        Some("llm") => (&["agent", "prompt"], &["run"]),
        Some("script") => (&["run"], &["agent", "prompt"]),
        _ => return,
    };
    if let Some(agent) = eval.get("agent").and_then(Node::scalar_text) {
        let span = eval.get("agent").map(inner_span).unwrap_or_default();
        elsewhere::named(findings, &Call { span, target: Target::Agent(agent.to_owned()) });
    }
    let scorer = eval.get("scorer").map_or(entry.key().span(), Node::span);
    for key in needs.iter().filter(|key| eval.entry(key).is_none()) {
        let word = if needs.len() == 1 { "script" } else { "llm" };
        let message = format!("'scorer: {word}' needs '{key}'");
        let mut finding = Diagnostic::new(Code::MissingKey, scorer, message);
        // The workflow runs without it; only its score is missing.
        finding.severity = Severity::Warning;
        if let Some(edit) = insert_key(findings.file.text, eval, eval.entry("scorer"), key, "\"\"") {
            finding = finding.with_fix(Fix::new(format!("add '{key}'"), vec![edit]));
        }
        findings.add(finding);
    }
    for key in ignores {
        if let Some(entry) = eval.entry(key) {
            let reason = "the scorer does not read it";
            super::operations::report(findings, eval, key, entry.key().span(), reason);
        }
    }
}

/// `errors` runs when a step has failed; where none can fail it never does.
fn errors(findings: &mut Findings<'_>, declared: &Declared<'_>, root: Node<'_>) {
    let Some(entry) = root.entry("errors").filter(|entry| !entry.value().items().is_empty()) else { return };
    let mut steps = declared.steps.iter().filter(|step| step.block == Block::Steps);
    let forgiven =
        |node: Node<'_>| findings.tree().get(node, "allowFailure").and_then(Node::as_bool) == Some(true);
    if !findings.tree().broken().is_empty() || !steps.all(|step| forgiven(step.node)) {
        return;
    }
    let reason = if declared.steps.iter().any(|step| step.block == Block::Steps) {
        "every step may fail without stopping the run"
    } else {
        "there are no steps that could fail"
    };
    let mut finding =
        Diagnostic::new(Code::NeverRuns, entry.key().span(), format!("these steps never run: {reason}"));
    if let Some(edit) = remove_key(findings.file.text, root, "errors") {
        finding = finding.with_fix(Fix::new("take 'errors' out", vec![edit]));
    }
    findings.add(finding);
}

/// Inputs that no expression of the workflow, and no agent that it names, reads.
fn unused(findings: &mut Findings<'_>, declared: &Declared<'_>, calls: &[Call], index: &WorkspaceIndex) {
    let (Some(root), true) = (findings.tree().root(), findings.tree().broken().is_empty()) else { return };
    if declared.inputs.is_empty() || declared.steps.is_empty() {
        return;
    }
    let names = declared.inputs.iter().filter_map(|entry| entry.key().scalar_text());
    let mut unread: HashSet<&str> = names.filter(|name| !name.is_empty()).collect();
    let mut read = Read::default();
    let lists = Block::ALL.map(Block::key);
    for entry in root.entries() {
        match entry.key().scalar_text() {
            Some("inputs") => {}
            // Their steps are known by themselves.
            Some(key) if lists.contains(&key) && !entry.value().items().is_empty() => {}
            _ => walk(entry.value(), &mut read),
        }
    }
    unread.retain(|name| !read.all && !read.names.contains(name));
    findings.memo.without_read(&mut unread);
    let asks = calls.iter().any(|call| matches!(call.target, Target::Agent(_)));
    if unread.is_empty() || (asks && index.files.is_none()) {
        return;
    }
    for agent in index.agents_for(findings.file.path).unwrap_or_default().iter().filter(|_| asks) {
        for name in agent.summary.into_iter().flat_map(|summary| &summary.reads) {
            unread.remove(name.as_str());
        }
    }
    let Some(section) = root.get("inputs") else { return };
    // Which of two names is the slip is said where the other one stands. By its words: a mend is not there for every
    // name, and what is found again in a step that did not change is nothing but its findings.
    let told = || findings.list.iter().filter(|finding| finding.code == Code::UndeclaredInput);
    unread.retain(|name| !told().any(|told| told.message.ends_with(&format!("did you mean '{name}'?"))));
    // What comes by a merge key may be there for others.
    for (at, entry) in section.entries().iter().enumerate() {
        let Some(name) = entry.key().scalar_text().filter(|name| unread.contains(name)) else { continue };
        let message = format!("nobody reads the input '{name}'");
        let mut finding = Diagnostic::new(Code::UnusedInput, entry.key().span(), message);
        let edit = if section.entries().len() == 1 {
            remove_key(findings.file.text, root, "inputs")
        } else {
            remove_entry(findings.file.text, section, at)
        };
        if let Some(edit) = edit {
            finding = finding.with_fix(Fix::new("take it out", vec![edit]));
        }
        findings.add(finding);
    }
}

/// The inputs that texts read.
#[derive(Default)]
pub(super) struct Read<'t> {
    pub(super) names: HashSet<&'t str>,
    /// Whether `inputs` is used as a whole, or with a name that is computed.
    pub(super) all: bool,
}

/// The inputs that the texts of one value read.
pub(super) fn reads_of(node: Node<'_>) -> Read<'_> {
    let mut read = Read::default();
    walk(node, &mut read);
    read
}

fn walk<'t>(node: Node<'t>, read: &mut Read<'t>) {
    // `!inputs.a` is a tag to YAML, and was meant as an expression.
    if let Some(tag) = node.tag() {
        names_read(tag, &mut read.names, &mut read.all);
    }
    match node.kind() {
        Kind::Scalar(scalar) => names_read(scalar.text(), &mut read.names, &mut read.all),
        Kind::Sequence(items) => items.iter().for_each(|item| walk(item, read)),
        Kind::Mapping(entries) => {
            for entry in entries {
                // Bare expressions are few and short, so every text is read as if it were one.
                walk(entry.value(), read);
                // `{{ inputs.a }}` is a mapping for a key to YAML, and was meant as an expression, too.
                for inner in entry.key().entries() {
                    names_read(inner.key().scalar_text().unwrap_or(""), &mut read.names, &mut read.all);
                }
            }
        }
        Kind::Null | Kind::Alias(_) => {}
    }
}

/// The names behind `inputs` in a text, by its words alone: reading one too many only hides a hint.
pub(crate) fn names_read<'t>(text: &'t str, names: &mut HashSet<&'t str>, all: &mut bool) {
    names.extend(text.match_indices('.').filter_map(|(dot, _)| behind_misspelt(text, dot)));
    for (at, word) in text.match_indices("inputs") {
        let rest = text.get(at + word.len()..).unwrap_or("");
        let rest = rest.trim_start();
        let rest = rest.strip_prefix("?.").or_else(|| rest.strip_prefix('.')).unwrap_or(rest).trim_start();
        let bracketed = rest.strip_prefix('[').map(str::trim_start);
        let name = match bracketed {
            Some(inside) => inside
                .strip_prefix(['\'', '"'])
                .and_then(|inside| inside.split_once(['\'', '"']))
                .map(|(name, _)| name),
            None => Some(
                rest.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '$')))
                    .next()
                    .unwrap_or(""),
            ),
        };
        match name.filter(|name| !name.is_empty()) {
            Some(name) => {
                names.insert(name);
                // In `inputs.a-b` the name is `a`, unless `a-b` is declared.
                names.extend(name.match_indices('-').filter_map(|(at, _)| name.get(..at)));
            }
            None => *all |= bracketed.is_some() || has_expression(text),
        }
    }
}

/// The name behind a dot, where a misspelt `inputs` stands before it.
fn behind_misspelt(text: &str, dot: usize) -> Option<&str> {
    let before = text.get(..dot)?.trim_end_matches('?');
    let start = before.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |at| at + 1);
    let root = before.get(start..).filter(|root| (4..=8).contains(&root.len()) && *root != "inputs")?;
    if strsim::osa_distance(&root.to_ascii_lowercase(), "inputs") > 2 {
        return None;
    }
    let rest = text.get(dot + 1..)?;
    rest.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '$')))
        .next()
        .filter(|name| !name.is_empty())
}
