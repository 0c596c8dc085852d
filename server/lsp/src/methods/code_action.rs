//! `textDocument/codeAction`: mends of findings, choices of approvals and proposals, and what an agent can do here.
//!
//! Mends carry their edit. Everything an agent does carries a command and happens behind it: some clients stand still
//! while a code action is resolved.

use copydesk_agent::Reported;
use copydesk_base::{Code, Diagnostic, Safety, Span};
use copydesk_language::vouched;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types as lsp;

use super::refactor;
use crate::capabilities::{EXTRACT, FIX_ALL, REWRITE, SOURCE};
use crate::comments;
use crate::convert;
use crate::diagnostics;
use crate::documents::Open;
use crate::host::choices;
use crate::snapshot::Snapshot;

pub(crate) fn run(
    snapshot: &Snapshot,
    open: Option<&Open>,
    params: lsp::CodeActionParams,
) -> Option<Vec<lsp::CodeActionResponse>> {
    let open = open?;
    let span = convert::span(&open.document, params.range, snapshot.ladder.encoding);
    let mut actions = Vec::new();
    if wanted(&params.context, "quickfix") {
        waiting(snapshot, open, &params.range, &mut actions);
        mends(snapshot, open, span, &mut actions);
    }
    if wanted(&params.context, REWRITE) {
        agents(snapshot, open, &params, &mut actions);
    }
    refactorings(snapshot, open, &params, &mut actions);
    if wanted(&params.context, SOURCE) {
        of_source(snapshot, &mut actions);
    }
    Some(actions.into_iter().map(lsp::CodeActionResponse::CodeAction).collect())
}

/// Whether the client asks for this kind, or for one above it.
fn wanted(context: &lsp::CodeActionContext, kind: &str) -> bool {
    let Some(only) = &context.only else { return true };
    only.iter().any(|only| {
        let only = serde_json::to_value(only).unwrap_or_default();
        let only = only.as_str().unwrap_or_default();
        only.is_empty() || kind == only || kind.strip_prefix(only).is_some_and(|rest| rest.starts_with('.'))
    })
}

/// What can be done to the file without a model. Computed only for a client that may show it.
fn refactorings(
    snapshot: &Snapshot,
    open: &Open,
    params: &lsp::CodeActionParams,
    actions: &mut Vec<lsp::CodeAction>,
) {
    if open.file().kind == copydesk_language::FileKind::Other {
        return;
    }
    if ["quickfix", REWRITE, EXTRACT].iter().any(|kind| wanted(&params.context, kind)) {
        let mut found = refactor::actions(snapshot, open, params.range);
        found.retain(|action| {
            let kind = serde_json::to_value(&action.kind).unwrap_or_default();
            // What mends a finding is offered as that, and once.
            let is_mend = actions.iter().any(|mend| mend.title == action.title);
            !is_mend && wanted(&params.context, kind.as_str().unwrap_or_default())
        });
        actions.append(&mut found);
    }
    if wanted(&params.context, FIX_ALL) {
        actions.extend(refactor::fix_all(snapshot, open));
    }
}

/// The mends of our findings that touch the range; each with its edit, at this version.
fn mends(snapshot: &Snapshot, open: &Open, span: Span, actions: &mut Vec<lsp::CodeAction>) {
    let file = open.file();
    let Some(found) = diagnostics::findings_again(snapshot, &file, &open.memo) else { return };
    let is_here = |finding: &Diagnostic| finding.span.touches(span.start) || finding.span.overlaps(span);
    for finding in vouched(&file, &snapshot.index_to_check(&file), &found, &|text| open.read(text), is_here) {
        mends_of(snapshot, open, &finding, actions);
    }
}

fn mends_of(snapshot: &Snapshot, open: &Open, finding: &Diagnostic, actions: &mut Vec<lsp::CodeAction>) {
    let shown = convert::diagnostic(snapshot, open, finding);
    for (at, fix) in finding.fixes.iter().enumerate() {
        let edits = convert::text_edits(&open.document, &fix.edits, snapshot.ladder.encoding);
        actions.push(lsp::CodeAction {
            title: fix.title.clone(),
            kind: Some(lsp::CodeActionKind::QuickFix),
            diagnostics: Some(vec![shown.clone()]),
            is_preferred: (at == 0 && fix.safety == Safety::Safe).then_some(true),
            edit: Some(convert::workspace_edit(&open.uri, open.document.version(), edits)),
            ..Default::default()
        });
    }
    if finding.code == Code::UntrustedSetting {
        let title = "Trust this workspace's settings as they are now";
        actions.push(lsp::CodeAction {
            kind: Some(lsp::CodeActionKind::QuickFix),
            diagnostics: Some(vec![shown]),
            ..command(title, "copydesk.trust", json!({}))
        });
    }
}

/// The choices of the approvals and proposals that stand here.
fn waiting(snapshot: &Snapshot, open: &Open, range: &lsp::Range, actions: &mut Vec<lsp::CodeAction>) {
    for shown in diagnostics::of_agents(snapshot, &open.uri, Some(open)) {
        if !touch(&shown.range, range) {
            continue;
        }
        let data = shown.data.clone().unwrap_or_default();
        let mut push = |title: &str, name: &str, argument: Value| {
            actions.push(lsp::CodeAction {
                kind: Some(lsp::CodeActionKind::QuickFix),
                diagnostics: Some(vec![shown.clone()]),
                ..command(title, name, argument)
            });
        };
        if let Some(id) = data.get("approvalId").and_then(Value::as_str) {
            let Some(approval) = snapshot.view.approvals.iter().find(|approval| approval.id.as_str() == id)
            else {
                continue;
            };
            for (title, decision) in choices(approval) {
                push(title, "copydesk.approve", json!({"approvalId": id, "decision": decision}));
            }
        } else if let Some(id) = data.get("questionId").and_then(Value::as_str) {
            let questions = &snapshot.view.questions;
            let asked = questions.iter().find(|question| question.id.as_str() == id);
            for option in asked.map(|question| question.options.as_slice()).unwrap_or_default() {
                push(option, "copydesk.answer", json!({"questionId": id, "answer": option}));
            }
        } else if let (Some(change), Some(hunk)) = (data.get("changeId"), data.get("hunk"))
            && shown.code != Some(lsp::Code::String(Code::StaleEdit.as_str().to_owned()))
        {
            push("Apply", "copydesk.change.apply", json!({"changeId": change, "hunks": [hunk]}));
            push("Apply all", "copydesk.change.apply", json!({"changeId": change}));
            push("Reject", "copydesk.change.reject", json!({"changeId": change, "hunks": [hunk]}));
            push("Show", "copydesk.change.show", json!({"changeId": change}));
        } else if data.get("finding").is_some() {
            let fix = json!({"uri": open.uri, "range": shown.range, "action": "fix", "diagnostics": [shown]});
            push("Copydesk: fix this", "copydesk.ask", fix);
            push("Dismiss the findings of the review", "copydesk.findings.dismiss", json!({}));
        }
    }
}

/// What an agent can do with this piece of code.
fn agents(
    snapshot: &Snapshot,
    open: &Open,
    params: &lsp::CodeActionParams,
    actions: &mut Vec<lsp::CodeAction>,
) {
    // What other servers say about the place goes along; what we say is known.
    let others: Vec<&lsp::Diagnostic> = params
        .context
        .diagnostics
        .iter()
        .filter(|found| found.source.as_deref() != Some("copydesk"))
        .collect();
    let argument = |action: &str| {
        let mut argument = json!({"uri": open.uri, "range": params.range, "action": action});
        if !others.is_empty() {
            argument["diagnostics"] = json!(others);
        }
        argument
    };
    let kind = || Some(lsp::CodeActionKind::Custom(REWRITE.into()));
    if let Some((_, send)) = super::chat::sending(open) {
        let title = send.title.clone();
        actions.push(lsp::CodeAction { title, kind: kind(), command: Some(send), ..Default::default() });
    }
    for command in super::sessions::of_chat(open) {
        let title = command.title.clone();
        actions.push(lsp::CodeAction { title, kind: kind(), command: Some(command), ..Default::default() });
    }
    let reported: Vec<Reported> = params.context.diagnostics.iter().map(reported).collect();
    let language = open.document.language_id();
    let text = open.document.text();
    let comment = comments::beside(language, text, params.range.start.line, params.range.end.line);
    if let Some(comment) = &comment {
        let words: String = comment.text.chars().take(60).collect();
        let mut argument = argument("ask");
        // No prompt: the words are read from the comment when the command runs, with whose they are.
        argument["comment"] = json!(comment.line);
        for run in &snapshot.view.runs {
            let title = format!("Copydesk: tell \u{201c}{}\u{201d}: \u{201c}{words}\u{201d}", run.title);
            let told = json!({"runId": run.run.as_str(), "uri": open.uri, "comment": comment.line});
            actions.push(lsp::CodeAction { kind: kind(), ..command(&title, "copydesk.steer", told) });
        }
        let title = format!("Copydesk: ask \u{201c}{words}\u{201d}");
        actions.push(lsp::CodeAction { kind: kind(), ..command(&title, "copydesk.ask", argument) });
    }
    for action in snapshot.desk.actions() {
        // Without our extension there is no input box to take the words from, only a comment.
        let has_words = snapshot.ladder.ours || comment.is_some() && action.name != "ask";
        if action.needs_words() && !has_words || !action.is_offered(language, &reported) {
            continue;
        }
        let title = format!("Copydesk: {}", lower_first(&action.title));
        let mut argument = argument(&action.name);
        if let Some(comment) = comment.as_ref().filter(|_| action.needs_words()) {
            argument["comment"] = json!(comment.line);
        }
        actions.push(lsp::CodeAction { kind: kind(), ..command(&title, "copydesk.ask", argument) });
    }
}

/// A problem as far as an action may ask for it.
fn reported(found: &lsp::Diagnostic) -> Reported {
    let code = match &found.code {
        Some(lsp::Code::String(code)) => code.clone(),
        Some(lsp::Code::Int(code)) => code.to_string(),
        None => String::new(),
    };
    let severity = match found.severity {
        Some(lsp::DiagnosticSeverity::Warning) => "warning",
        Some(lsp::DiagnosticSeverity::Information) => "info",
        Some(lsp::DiagnosticSeverity::Hint) => "hint",
        _ => "error",
    };
    Reported { code, source: found.source.clone().unwrap_or_default(), severity }
}

/// Runs under way can be canceled from anywhere; some clients have no other way.
fn of_source(snapshot: &Snapshot, actions: &mut Vec<lsp::CodeAction>) {
    let kind = || Some(lsp::CodeActionKind::Custom(SOURCE.into()));
    for run in &snapshot.view.runs {
        let title = format!("Copydesk: cancel \u{201c}{}\u{201d}", run.title);
        let argument = json!({"runId": run.run.as_str()});
        actions.push(lsp::CodeAction { kind: kind(), ..command(&title, "copydesk.cancel", argument) });
    }
    for one in &snapshot.view.commands {
        let command_line: String = copydesk_agent::harmless(&one.command).chars().take(60).collect();
        for (what, name) in [("show the output of", "copydesk.output"), ("stop", "copydesk.stop")] {
            let title = format!("Copydesk: {what} `{command_line}`");
            let argument = json!({"commandId": one.id.as_str()});
            actions.push(lsp::CodeAction { kind: kind(), ..command(&title, name, argument) });
        }
    }
    for (title, name) in [
        ("Copydesk: undo the last run's edits", "copydesk.undo"),
        ("Copydesk: redo the edits that were undone last", "copydesk.redo"),
        ("Copydesk: rewind to before the last ask, files and conversation", "copydesk.rewind"),
        ("Copydesk: ask the last ask again", "copydesk.retry"),
        ("Copydesk: show what the last ask sent", "copydesk.context.show"),
    ] {
        actions.push(lsp::CodeAction { kind: kind(), ..command(title, name, json!({})) });
    }
}

fn command(title: &str, name: &str, argument: Value) -> lsp::CodeAction {
    let title = title.to_owned();
    lsp::CodeAction {
        title: title.clone(),
        command: Some(lsp::Command {
            title,
            tooltip: None,
            command: name.to_owned(),
            arguments: Some(vec![argument]),
        }),
        ..Default::default()
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// Whether two ranges share a place; lines are enough for a cursor somewhere on the line of a finding.
fn touch(one: &lsp::Range, other: &lsp::Range) -> bool {
    one.start.line <= other.end.line && other.start.line <= one.end.line
}
