//! Files that agents read: agents, actions, prompts, skills, instructions. Their heads, and what their texts ask for.
//!
//! Depends on the file and its path, and for model names on the config's providers.

use copydesk_base::{Code, Diagnostic, Fix, Span};
use copydesk_text::{Entry, Node, front_matter};

use super::Findings;
use super::elsewhere::{named, with_near};
use super::fixes::replace_text;
use crate::FileKind;
use crate::declared::inner_span;
use crate::expression::has_expression;
use crate::index::{Call, Target};
use crate::types::tools;
use crate::types::tools::is_tool;

/// The longest name and description that programs with skills take.
const SKILL_NAME: usize = 64;
const SKILL_DESCRIPTION: usize = 1024;

/// Words that belong to makers of models; a skill is nobody's product.
const VENDORS: &[&str] = &["anthropic", "claude", "openai", "chatgpt"];

pub(super) fn check(findings: &mut Findings<'_>, calls: &[Call]) {
    let Some(root) = findings.tree().root() else { return };
    if findings.file.kind == FileKind::Prompt {
        for call in calls {
            named(findings, call);
        }
    }
    match findings.file.kind {
        FileKind::Agent => {
            let stem = findings.file.path.file_stem().and_then(|stem| stem.to_str());
            place(findings, root, stem, "the file");
            provider(findings, root);
        }
        FileKind::Skill => skill(findings, root),
        FileKind::Prompt => arguments(findings, root),
        _ => {}
    }
    tool_names(findings, root);
    model(findings, root);
    languages(findings, root);
}

/// Others find a file by its place, so its name must be the place's.
fn place(findings: &mut Findings<'_>, root: Node<'_>, place: Option<&str>, word: &str) {
    let (Some(node), Some(place)) = (root.get("name"), place) else { return };
    let Some(name) = node.scalar_text().filter(|name| !name.is_empty() && *name != place) else { return };
    let message = format!("{word} is called '{place}', so '{name}' is not found by this name");
    let mut finding = Diagnostic::new(Code::MisplacedName, node.span(), message);
    if let Some(edit) = replace_text(node, place) {
        finding = finding.with_fix(Fix::new(format!("change to '{place}'"), vec![edit]));
    }
    findings.add(finding);
}

fn provider(findings: &mut Findings<'_>, root: Node<'_>) {
    if let Some(node) = root.get("provider") {
        let name =
            node.scalar_text().filter(|name| !name.is_empty() && !has_expression(name)).map(str::to_owned);
        if let Some(name) = name {
            named(findings, &Call { span: inner_span(node), target: Target::Provider(name) });
        }
    }
}

fn skill(findings: &mut Findings<'_>, root: Node<'_>) {
    let folder =
        findings.file.path.parent().and_then(|folder| folder.file_name()).and_then(|name| name.to_str());
    if let Some((node, name)) = root.get("name").and_then(|node| Some((node, node.as_str()?))) {
        let wrong = if name.is_empty() {
            Some("is empty".to_owned())
        } else if name.len() > SKILL_NAME {
            Some(format!("has {} letters; {SKILL_NAME} are allowed", name.len()))
        } else if name.chars().any(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')) {
            Some("has other signs than a-z, 0-9 and '-'".to_owned())
        } else {
            VENDORS
                .iter()
                .find(|vendor| name.split('-').any(|word| word == **vendor))
                .map(|vendor| format!("has the name '{vendor}' in it, which programs refuse"))
        };
        match wrong {
            Some(wrong) => {
                let message = format!("the name of a skill {wrong}");
                let mut finding = Diagnostic::new(Code::UnknownValue, node.span(), message);
                let plain = plain_name(name);
                let better = plain != name && !plain.is_empty() && plain.len() <= SKILL_NAME;
                if let Some(edit) = replace_text(node, &plain).filter(|_| better) {
                    finding = finding.with_fix(Fix::new(format!("change to '{plain}'"), vec![edit]));
                }
                findings.add(finding);
            }
            None => place(findings, root, folder, "the folder"),
        }
    }
    if let Some((node, text)) = root.get("description").and_then(|node| Some((node, node.as_str()?))) {
        let length = text.chars().count();
        let wrong = if text.trim().is_empty() {
            "the description is empty; say what the skill is for and when to use it".to_owned()
        } else if length > SKILL_DESCRIPTION {
            format!("the description has {length} letters; {SKILL_DESCRIPTION} are allowed")
        } else {
            return;
        };
        findings.add(Diagnostic::new(Code::UnknownValue, node.span(), wrong));
    }
}

/// A name in the letters that a skill's name may have.
fn plain_name(name: &str) -> String {
    let mut plain = String::new();
    for c in name.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            plain.push(c);
        } else if matches!(c, ' ' | '_' | '-' | '.') && !plain.is_empty() && !plain.ends_with('-') {
            plain.push('-');
        }
    }
    plain.trim_end_matches('-').to_owned()
}

/// Names of tools that are near to one that exists. Others come from tool servers, so the rest is left alone.
fn tool_names(findings: &mut Findings<'_>, root: Node<'_>) {
    let known: Vec<String> = tools::all().map(|(name, _)| name.to_owned()).collect();
    for item in ["tools", "allowed-tools"].into_iter().filter_map(|key| root.get(key)).flat_map(Node::items) {
        let Some(name) = item.as_str().filter(|name| !name.is_empty() && !is_tool(name)) else { continue };
        if name.contains(['_', '(', '*', '.']) && name.contains("__") {
            continue;
        }
        let message = format!("there is no tool '{name}'");
        let finding = with_near(
            findings,
            Code::UnknownName,
            inner_span(item),
            message,
            name,
            &known,
            "is it a tool of a server?",
        );
        if !finding.fixes.is_empty() {
            findings.add(finding);
        }
    }
}

/// A provider in front of a model's name that is near to one of the config.
fn model(findings: &mut Findings<'_>, root: Node<'_>) {
    let Some(known) = findings.context.providers.clone() else { return };
    let Some(node) = root.get("model") else { return };
    let Some(text) = node.as_str().filter(|text| !has_expression(text)) else { return };
    let Some((provider, _)) = text.split_once(['/', ':']) else { return };
    if known.iter().any(|name| name == provider) {
        return;
    }
    let start = inner_span(node).start;
    let span = Span::new(start, start + provider.len());
    let message = format!("there is no provider '{provider}' in the config");
    let finding = with_near(findings, Code::UnknownName, span, message, provider, &known, "");
    if !finding.fixes.is_empty() {
        findings.add(finding);
    }
}

/// Language ids that people write otherwise than editors do.
fn languages(findings: &mut Findings<'_>, root: Node<'_>) {
    for item in root.get("languages").map(Node::items).unwrap_or_default() {
        let Some(word) = item.as_str() else { continue };
        let lower = word.to_ascii_lowercase();
        let right = tools::LANGUAGE_IDS
            .iter()
            .find(|(other, _)| *other == lower)
            .map(|(_, id)| *id)
            .or_else(|| (lower != word).then_some(lower.as_str()));
        let Some(right) = right else { continue };
        let message = format!("editors call this language '{right}', so '{word}' never fits");
        let mut finding = Diagnostic::new(Code::UnknownValue, item.span(), message);
        if let Some(edit) = replace_text(item, right) {
            finding = finding.with_fix(Fix::new(format!("change to '{right}'"), vec![edit]));
        }
        findings.add(finding);
    }
}

/// The arguments that a prompt declares, beside those its text asks for.
fn arguments(findings: &mut Findings<'_>, root: Node<'_>) {
    let Some(declared) = root.get("arguments") else { return };
    let names: Vec<(String, Node<'_>)> = declared
        .items()
        .iter()
        .filter_map(|item| {
            let node = item.get("name").unwrap_or(item);
            Some((node.as_str()?.to_owned(), node))
        })
        .collect();
    let text = findings.file.text;
    let Some(body) = front_matter::split(text).map(|parts| parts.body) else { return };
    let asked = placeholders(body.of(text));
    let known: Vec<String> = names.iter().map(|(name, _)| name.clone()).collect();
    for (name, span) in &asked {
        if known.contains(name) {
            continue;
        }
        let span = Span::new(body.start + span.start, body.start + span.end);
        let message = format!("there is no argument '{name}'");
        let finding = with_near(
            findings,
            Code::UnknownName,
            span,
            message,
            name,
            &known,
            "declare it under 'arguments'",
        );
        findings.add(finding);
    }
    let whole = body.of(text).contains("$ARGUMENTS") || body.of(text).contains("$1");
    for (at, (name, node)) in names.iter().enumerate().filter(|_| !whole) {
        if asked.iter().any(|(asked, _)| asked == name) {
            continue;
        }
        let message =
            format!("the text never asks for the argument '{name}'; write '{{{{{name}}}}}' where it belongs");
        let mut finding = Diagnostic::new(Code::UnusedInput, node.span(), message);
        if let Some(edit) = super::fixes::remove_item(text, declared, at) {
            finding = finding.with_fix(Fix::new("take it out", vec![edit]));
        }
        findings.add(finding);
    }
}

/// `{{name}}` in a text, names and places.
fn placeholders(text: &str) -> Vec<(String, Span)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("{{") {
        if text.get(..at).is_some_and(|before| before.ends_with('$')) {
            continue;
        }
        let Some(inside) =
            text.get(at + 2..).and_then(|rest| rest.split_once("}}")).map(|(inside, _)| inside)
        else {
            continue;
        };
        let name = inside.trim();
        let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        if plain {
            let start = at + 2 + inside.len() - inside.trim_start().len();
            found.push((name.to_owned(), Span::new(start, start + name.len())));
        }
    }
    found
}

/// Hooks: commands at points of an agent's life.
pub(super) fn hooks(findings: &mut Findings<'_>) {
    let known: Vec<String> = tools::all().map(|(name, _)| name.to_owned()).collect();
    let section = findings.tree().root().and_then(|root| root.get("hooks"));
    let hooks =
        section.map(Node::entries).unwrap_or_default().into_iter().map(Entry::value).flat_map(Node::items);
    for hook in hooks {
        if let Some(command) =
            hook.get("command").filter(|node| node.as_str().is_some_and(|text| text.trim().is_empty()))
        {
            let message = "the command is empty; a hook that cannot start blocks";
            findings.add(Diagnostic::new(Code::UnknownValue, command.span(), message));
        }
        let Some(matcher) = hook.get("matcher") else { continue };
        let Some(text) = matcher.as_str() else { continue };
        let start = inner_span(matcher).start;
        let mut at = 0;
        for word in text.split('|') {
            let span = Span::new(start + at, start + at + word.len());
            at += word.len() + 1;
            let plain = word.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
            if !plain || word.is_empty() || is_tool(word) || word.contains("__") {
                continue;
            }
            let message = format!("there is no tool '{word}'");
            let finding = with_near(findings, Code::UnknownName, span, message, word, &known, "");
            if !finding.fixes.is_empty() {
                findings.add(finding);
            }
        }
    }
}
