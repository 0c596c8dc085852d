//! What a config says that its shape cannot judge: commands and patterns of checks, globs, the stages of pipelines.
//!
//! Depends on the file, and for pipelines on the agents and layers that the workspace has.

use copydesk_base::config::CHECK_MATCHERS;
use copydesk_base::{Code, Diagnostic, Fix};
use copydesk_text::{Entry, Kind, Node};

use super::Findings;
use super::elsewhere::{named, with_near};
use super::fixes::{remove_entry, remove_item, remove_key};
use super::heads::readable;
use crate::declared::inner_span;
use crate::file::is_workspace_config;
use crate::index::{Call, Target};
use crate::{FileKind, WorkspaceIndex};

pub(super) fn check(findings: &mut Findings<'_>, index: &WorkspaceIndex) {
    let Some(root) = findings.tree().root() else { return };
    for item in root.get("checks").map(Node::items).unwrap_or_default() {
        if let Some(command) = item.get("command").filter(|node| is_blank(*node)) {
            let message = "the command of this check is empty, so nothing is checked; write one";
            findings.add(Diagnostic::new(Code::UnknownValue, command.span(), message));
        }
        matcher(findings, item);
        for file in item.get("files").map(Node::items).unwrap_or_default() {
            glob(findings, file, "this glob cannot be read and is left out");
        }
    }
    for item in root.get("format").map(Node::items).unwrap_or_default() {
        glob(findings, item, "this glob cannot be read, so no file is laid out by it");
    }
    for entry in root.get("schemas").map(Node::entries).unwrap_or_default() {
        glob(findings, entry.key(), "this glob cannot be read, so the schema checks no file");
    }
    pipelines(findings, root, index);
}

fn is_blank(node: Node<'_>) -> bool {
    node.as_str().is_some_and(|text| text.trim().is_empty())
}

/// How the output of a check is read: a program that is known, or a pattern with the groups that tell the place.
fn matcher(findings: &mut Findings<'_>, check: Node<'_>) {
    let Some(node) = check.get("matcher") else { return };
    let Some(text) = node.as_str().filter(|text| !CHECK_MATCHERS.contains(text)) else { return };
    if text.trim().is_empty() {
        let message = "the matcher is empty, so the check is not run; take it out for all that are known";
        let mut finding = Diagnostic::new(Code::UnknownValue, node.span(), message);
        let edit = remove_key(findings.file.text, check, "matcher");
        finding.fixes.extend(edit.map(|edit| Fix::new("take 'matcher' out", vec![edit])));
        return findings.add(finding);
    }
    if text.chars().all(char::is_alphanumeric) {
        let known: Vec<String> = CHECK_MATCHERS.iter().map(|name| (*name).to_owned()).collect();
        let message = format!("there is no matcher '{text}', so the check is not run");
        let otherwise = "it is one of 'rustc', 'gcc', 'python', 'node', 'tsc', 'shell', or a pattern";
        let finding =
            with_near(findings, Code::UnknownName, inner_span(node), message, text, &known, otherwise);
        return findings.add(finding);
    }
    let wrong = match regex::Regex::new(text) {
        Err(_) => readable(text).err().map(|reason| format!("this matcher cannot be read: {reason}")),
        Ok(pattern) => {
            let lacks = |group: &&str| !pattern.capture_names().flatten().any(|name| name == *group);
            let lacking: Vec<&str> = ["file", "line"].into_iter().filter(lacks).collect();
            (!lacking.is_empty()).then(|| {
                let groups = lacking.iter().map(|name| format!("'(?<{name}>…)'"));
                let groups = groups.collect::<Vec<_>>().join(" and ");
                format!(
                    "this matcher has no group {groups}, so the check is not run; write what tells the place"
                )
            })
        }
    };
    if let Some(message) = wrong {
        findings.add(Diagnostic::new(Code::FormatMismatch, inner_span(node), message));
    }
}

fn glob(findings: &mut Findings<'_>, node: Node<'_>, message: &str) {
    let Some(text) = node.as_str() else { return };
    if text.trim().is_empty() {
        let message = "this glob is empty, so it is for no file; write one such as 'src/**/*.rs'";
        return findings.add(Diagnostic::new(Code::UnknownValue, node.span(), message));
    }
    if let Err(error) = globset::Glob::new(text) {
        let message = format!("{message}: {}", error.kind());
        findings.add(Diagnostic::new(Code::FormatMismatch, inner_span(node), message));
    }
}

/// Who works in a pipeline. A config of the person's own is for all their workspaces, which have agents of their own.
fn pipelines(findings: &mut Findings<'_>, root: Node<'_>, index: &WorkspaceIndex) {
    let Some(section) = root.get("pipelines") else { return };
    let layers = layers(index);
    for (at, entry) in section.entries().iter().enumerate() {
        let stages = entry.value();
        if stages.items().is_empty() && matches!(stages.kind(), Kind::Sequence(_)) {
            findings.add(idle(findings, root, (section, at), entry));
        }
        for stage in stages.items() {
            let Some(name) = stage.as_str() else { continue };
            if name.trim().is_empty() {
                let message = "this stage has no name; write that of an agent or a layer";
                let mut finding = Diagnostic::new(Code::UnknownValue, stage.span(), message);
                let place = stages.items().iter().position(|item| item.span() == stage.span());
                let edit = place.and_then(|place| remove_item(findings.file.text, stages, place));
                finding.fixes.extend(edit.map(|edit| Fix::new("take it out", vec![edit])));
                findings.add(finding);
            } else if is_workspace_config(findings.file.path) && !layers.contains(&name) {
                named(findings, &Call { span: inner_span(stage), target: Target::Agent(name.to_owned()) });
            }
        }
    }
}

/// A pipeline without a stage.
fn idle(
    findings: &Findings<'_>,
    root: Node<'_>,
    (section, at): (Node<'_>, usize),
    entry: Entry<'_>,
) -> Diagnostic {
    let name = entry.key().scalar_text().unwrap_or("");
    let message = format!("the pipeline '{name}' has no stages, so nobody works in it; name an agent");
    let mut finding = Diagnostic::new(Code::UnknownValue, entry.value().span(), message);
    let text = findings.file.text;
    let edit = if section.entries().len() == 1 {
        remove_key(text, root, "pipelines")
    } else {
        remove_entry(text, section, at)
    };
    finding.fixes.extend(edit.map(|edit| Fix::new("take it out", vec![edit])));
    finding
}

/// The layers that the workspace has, by the names of their folders.
fn layers(index: &WorkspaceIndex) -> Vec<&str> {
    let files = index.files.iter().flat_map(|files| files.iter());
    let layers = files.filter(|(_, summary)| summary.kind == FileKind::Layer);
    layers.filter_map(|(path, _)| path.parent()?.file_name()?.to_str()).collect()
}
