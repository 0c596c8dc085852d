//! Files that agents read: agents, actions, prompts, skills, instructions. Their heads, and what their texts ask for.
//!
//! Depends on the file and its path.

use std::collections::HashMap;

use copydesk_base::{Code, Diagnostic, Fix, Severity, Span, TextEdit};
use copydesk_text::{Entry, Node};

use super::elsewhere::{named, with_near};
use super::fixes::{add_item, remove_item, replace_text};
use super::{Findings, operations, toolset};
use crate::declared::inner_span;
use crate::expression::has_expression;
use crate::index::{Call, Target};
use crate::placeholders::{self, Argument, Asked};
use crate::types::tools;
use crate::types::tools::is_tool;
use crate::{FileKind, WorkspaceIndex};

/// The longest name and description that programs with skills take.
const SKILL_NAME: usize = 64;
const SKILL_DESCRIPTION: usize = 1024;

/// Words that belong to makers of models; a skill is nobody's product.
const VENDORS: &[&str] = &["anthropic", "claude", "openai", "chatgpt"];

pub(super) fn check(findings: &mut Findings<'_>, calls: &[Call]) {
    let Some(root) = findings.tree().root() else { return };
    if matches!(findings.file.kind, FileKind::Prompt | FileKind::Action | FileKind::Chat) {
        for call in calls {
            named(findings, call);
        }
    }
    match findings.file.kind {
        FileKind::Agent => {
            let stem = findings.file.path.file_stem().and_then(|stem| stem.to_str());
            place(findings, root, stem, "the file");
            provider(findings, root);
            handoffs(findings, root);
        }
        FileKind::Skill => skill(findings, root),
        FileKind::Prompt => arguments(findings, root),
        _ => {}
    }
    tool_names(findings, root);
    for key in ["tools", "allowed-tools"] {
        toolset::names(findings, root.get(key));
    }
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

/// Whom an agent hands over to.
fn handoffs(findings: &mut Findings<'_>, root: Node<'_>) {
    for item in root.get("handoffs").map(Node::items).unwrap_or_default() {
        let name =
            item.scalar_text().filter(|name| !name.is_empty() && !has_expression(name)).map(str::to_owned);
        if let Some(name) = name {
            named(findings, &Call { span: inner_span(item), target: Target::Agent(name) });
        }
    }
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

/// Names of skills that are near to one of the workspace's. Others lie in the person's own folders.
pub(super) fn skills(findings: &mut Findings<'_>, index: &WorkspaceIndex) {
    if !matches!(findings.file.kind, FileKind::Agent | FileKind::Layer) {
        return;
    }
    let files = index.files.iter().flat_map(|files| files.iter());
    let known: Vec<String> = files
        .filter(|(_, summary)| summary.kind == FileKind::Skill)
        .filter_map(|(path, _)| Some(path.parent()?.file_name()?.to_str()?.to_owned()))
        .collect();
    let list = findings.tree().root().and_then(|root| root.get("skills"));
    for item in list.map(Node::items).unwrap_or_default() {
        let Some(name) = item.as_str().filter(|name| known.iter().all(|known| known != name)) else {
            continue;
        };
        let message = format!("there is no skill '{name}' in this workspace");
        let mut finding = with_near(findings, Code::UnknownName, inner_span(item), message, name, &known, "");
        if !finding.fixes.is_empty() {
            finding.severity = Severity::Warning;
            findings.add(finding);
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
                // The name must be the folder's in the end.
                let is_fit =
                    |name: &str| plain_name(name) == name && !name.is_empty() && name.len() <= SKILL_NAME;
                let plain =
                    folder.filter(|folder| is_fit(folder)).map_or_else(|| plain_name(name), str::to_owned);
                let better = plain != name && !plain.is_empty() && plain.len() <= SKILL_NAME;
                if let Some(edit) = replace_text(node, &plain).filter(|_| better) {
                    finding = finding.with_fix(Fix::new(format!("change to '{plain}'"), vec![edit]));
                }
                findings.add(finding);
            }
            None => match folder.filter(|folder| *folder != plain_name(folder)) {
                Some(folder) => {
                    let message =
                        format!("no skill can have the name of its folder '{folder}'; call both '{name}'");
                    findings.add(Diagnostic::new(Code::MisplacedName, node.span(), message));
                }
                None => place(findings, root, folder, "the folder"),
            },
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
pub(super) fn plain_name(name: &str) -> String {
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
    let lists = ["tools", "allowed-tools"].into_iter().filter_map(|key| root.get(key));
    // A layer has two lists, of those that it may use and of the others.
    let lists =
        lists.flat_map(|list| std::iter::once(list).chain(list.entries().into_iter().map(Entry::value)));
    for item in lists.flat_map(Node::items) {
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

/// Language ids that people write otherwise than editors do.
fn languages(findings: &mut Findings<'_>, root: Node<'_>) {
    let lists = [root.get("languages"), root.get("when").and_then(|when| when.get("languages"))];
    for item in lists.into_iter().flatten().flat_map(Node::items) {
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
    let (Some(list), Some(body)) = (root.get("arguments"), placeholders::body(&findings.file)) else {
        return;
    };
    let declared = placeholders::arguments(&findings.file);
    let asked = placeholders::asked(&findings.file);
    let known: Vec<String> = declared.iter().map(|argument| argument.name.to_owned()).collect();
    for Asked { name, span } in asked.iter().copied() {
        if known.iter().any(|known| known == name) {
            continue;
        }
        let message = format!("there is no argument '{name}'");
        let otherwise = "declare it under 'arguments'";
        let mut finding = with_near(findings, Code::UnknownName, span, message, name, &known, otherwise);
        let declaration = add_item(findings.file.text, list, name);
        let title = format!("declare the argument '{name}'");
        finding.fixes.extend(declaration.map(|edit| Fix::new(title, vec![edit])));
        findings.add(finding);
    }
    declared_twice(findings, list, &declared);
    let text = findings.file.text;
    let whole = body.of(text).contains("$ARGUMENTS") || body.of(text).contains("$1");
    for (at, Argument { name, node, .. }) in declared.into_iter().enumerate().filter(|_| !whole) {
        if asked.iter().any(|asked| asked.name == name) {
            continue;
        }
        let message =
            format!("the text never asks for the argument '{name}'; write '{{{{{name}}}}}' where it belongs");
        let mut finding = Diagnostic::new(Code::UnusedInput, node.span(), message);
        if let Some(edit) = remove_item(text, list, at) {
            finding = finding.with_fix(Fix::new("take it out", vec![edit]));
        }
        findings.add(finding);
    }
}

/// Arguments of one name: the text cannot ask for the second one.
fn declared_twice(findings: &mut Findings<'_>, list: Node<'_>, declared: &[Argument<'_>]) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for argument in declared.iter().filter(|argument| !argument.name.is_empty()) {
        let Some(first) = seen.insert(argument.name, argument.node.span()) else { continue };
        let message = format!("the argument '{}' is declared already; keep one of the two", argument.name);
        let mut finding = Diagnostic::new(Code::DuplicateKey, argument.node.span(), message)
            .with_related(first, format!("'{}' is here first", argument.name));
        let at = list.items().iter().position(|item| item.span() == argument.item.span());
        if let Some(edit) = at.and_then(|at| remove_item(findings.file.text, list, at)) {
            finding = finding.with_fix(Fix::new("take this one out", vec![edit]));
        }
        findings.add(finding);
    }
}

/// Hooks: commands at points of an agent's life.
pub(super) fn hooks(findings: &mut Findings<'_>) {
    let section = findings.tree().root().and_then(|root| root.get("hooks"));
    for point in section.map(Node::entries).unwrap_or_default() {
        if point.key().as_str() != Some("Notification") {
            nobody_waits(findings, point);
        }
    }
    let hooks =
        section.map(Node::entries).unwrap_or_default().into_iter().map(Entry::value).flat_map(Node::items);
    for hook in hooks {
        if let Some(command) =
            hook.get("command").filter(|node| node.as_str().is_some_and(|text| text.trim().is_empty()))
        {
            let message = "the command is empty; a hook that cannot start blocks";
            findings.add(Diagnostic::new(Code::UnknownValue, command.span(), message));
        }
        if let Some(node) = hook.get("matcher") {
            matcher(findings, node);
        }
    }
}

/// Who is called, and when, are about a question that waits, which is so at one point alone.
fn nobody_waits(findings: &mut Findings<'_>, point: Entry<'_>) {
    for hook in point.value().items() {
        for entry in hook.entries() {
            if let Some(key @ ("after" | "to")) = entry.key().as_str() {
                let reason = "only at Notification does a question wait for somebody";
                operations::report(findings, hook, key, entry.key().span(), reason);
            }
        }
    }
}

/// The tools that a hook is for: names with `|` between them, a pattern, or `*` for all.
fn matcher(findings: &mut Findings<'_>, node: Node<'_>) {
    for (word, span) in pattern(findings, node).unwrap_or_default() {
        tool(findings, word, span);
    }
}

/// Says of a name of a tool that it is a slip of one that is known.
pub(super) fn tool(findings: &mut Findings<'_>, word: &str, span: Span) {
    let plain = word.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    if !plain || word.is_empty() || is_tool(word) || word.contains("__") {
        return;
    }
    let known: Vec<String> = tools::all().map(|(name, _)| name.to_owned()).collect();
    let message = format!("there is no tool '{word}'");
    let lower = word.to_ascii_lowercase();
    let finding = with_near(findings, Code::UnknownName, span, message, &lower, &known, "");
    if !finding.fixes.is_empty() {
        findings.add(finding);
    }
}

/// The words of a matcher, whatever they are the names of; `None` where it is for all, or cannot be read.
pub(super) fn pattern<'t>(findings: &mut Findings<'_>, node: Node<'t>) -> Option<Vec<(&'t str, Span)>> {
    let text = node.as_str().filter(|text| text.trim() != "*")?;
    let whole = inner_span(node);
    let mut at = whole.start;
    let words = text.split('|').map(|word| {
        let span = Span::new(at, at + word.len());
        at = span.end + 1;
        (word, span)
    });
    let words: Vec<(&str, Span)> = words.collect();
    let Err(reason) = readable(text) else { return Some(words) };
    // One name may be what breaks the whole.
    let broken = words.iter().find_map(|(word, span)| Some((*word, *span, readable(word).err()?)));
    let (word, span, reason) = broken.unwrap_or((text, whole, reason));
    let message = format!("this matcher cannot be read, so nobody knows what it was to keep back: {reason}");
    let mut finding = Diagnostic::new(Code::FormatMismatch, span, message);
    if word == "*" {
        finding = finding.with_fix(Fix::safe("change to '.*'", vec![TextEdit::new(span, ".*")]));
    }
    findings.add(finding);
    None
}

/// Whether a text can be read as a pattern; else why not, in a few words.
pub fn readable(text: &str) -> Result<(), String> {
    let Err(error) = regex::Regex::new(text) else { return Ok(()) };
    let error = error.to_string();
    let reason = error.lines().next_back().unwrap_or("").trim_start_matches("error: ");
    Err(reason.to_owned())
}
