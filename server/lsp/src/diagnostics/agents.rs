//! What agents have to show on a document: approvals that wait, questions, proposals hunk by hunk, findings of reviews.

use std::path::{Path, PathBuf};

use copydesk_agent::{ApprovalView, ChangeView, FindingView, harmless};
use copydesk_base::{Code, HunkState, Span};
use copydesk_text::rebase;
use serde_json::json;
use tower_lsp::gen_lsp_types as lsp;

use crate::capabilities::Ladder;
use crate::convert;
use crate::documents::Open;
use crate::snapshot::Snapshot;

/// The file that a proposal's findings stand on: its own, or, while that does not exist, where the run started.
pub(super) fn place_of(change: &ChangeView) -> Option<PathBuf> {
    if change.path.exists() { Some(change.path.clone()) } else { Some(change.origin.as_ref()?.path.clone()) }
}

/// What agents have to show on a document: pending approvals and open hunks.
pub(crate) fn of_agents(snapshot: &Snapshot, uri: &str, open: Option<&Open>) -> Vec<lsp::Diagnostic> {
    let path = open.and_then(|open| open.path.clone()).or_else(|| convert::path_of(uri));
    let Some(path) = path else { return vec![] };
    let mut found = Vec::new();
    for approval in &snapshot.view.approvals {
        if approval.origin.as_ref().is_some_and(|origin| origin.path == path) {
            found.push(of_approval(snapshot, approval, open));
        }
    }
    for question in &snapshot.view.questions {
        if let Some(origin) = question.origin.as_ref().filter(|origin| origin.path == path) {
            let span = snapshot.documents.marks.get(&question.run).unwrap_or(origin.span);
            found.push(lsp::Diagnostic {
                range: range_of(snapshot, span, open),
                data: Some(json!({"questionId": question.id.as_str()})),
                ..ours(&snapshot.ladder, Code::PendingApproval, &question.text)
            });
        }
    }
    for change in snapshot.view.changes.iter().filter(|change| place_of(change).as_ref() == Some(&path)) {
        for (hunk, range) in open_hunks(snapshot, change, &path, open) {
            found.push(of_hunk(&snapshot.ladder, change, (hunk, range), Code::Proposal));
            if let Some((_, reason)) = change.stale.iter().find(|(stale, _)| *stale == hunk) {
                let mut stale = of_hunk(&snapshot.ladder, change, (hunk, range), Code::StaleEdit);
                stale.message = lsp::Message::String(format!("this edit was not made: {reason}"));
                found.push(stale);
            }
        }
    }
    found.extend(open.and_then(|open| of_cut(snapshot, &path, open)));
    let findings = snapshot.view.findings.iter().filter(|finding| finding.path == path);
    found.extend(findings.filter_map(|finding| of_finding(snapshot, finding, open)));
    found
}

/// What a review said of a line, as long as the line says what it said then.
fn of_finding(snapshot: &Snapshot, finding: &FindingView, open: Option<&Open>) -> Option<lsp::Diagnostic> {
    let range = match open {
        None => {
            let line = u32::try_from(finding.line).ok()?;
            let start = lsp::Position { line, character: 0 };
            lsp::Range { start, end: lsp::Position { line: line + 1, character: 0 } }
        }
        Some(open) => {
            let text = open.document.text();
            let at = finding.line_in(text)?;
            let start: usize = text.split_inclusive('\n').take(at).map(str::len).sum();
            let line = text.split_inclusive('\n').nth(at)?;
            let indent = line.len() - line.trim_start().len();
            let span = Span::new(start + indent, start + line.trim_end().len());
            convert::range(&open.document, span, snapshot.ladder.encoding)
        }
    };
    Some(lsp::Diagnostic {
        range,
        data: Some(json!({"finding": finding.text})),
        ..ours(&snapshot.ladder, Code::ReviewFinding, &format!("review: {}", finding.text))
    })
}

/// An answer that ended with its server.
fn of_cut(snapshot: &Snapshot, path: &Path, open: &Open) -> Option<lsp::Diagnostic> {
    let heading = snapshot.state.session()?.host.chats.cut_in(path, open.document.text())?;
    let message = "this answer was cut off: its server ended in the middle. What you send next goes on from here, and the \
                   model is told how far it came";
    let range = convert::range(&open.document, heading, snapshot.ladder.encoding);
    Some(lsp::Diagnostic { range, ..ours(&snapshot.ladder, Code::CutAnswer, message) })
}

fn of_approval(snapshot: &Snapshot, approval: &ApprovalView, open: Option<&Open>) -> lsp::Diagnostic {
    let start = || approval.origin.as_ref().map_or(Span::at(0), |origin| origin.span);
    let span = snapshot.documents.marks.get(&approval.run).unwrap_or_else(start);
    let who = match approval.joined.len() {
        0 => "an agent waits".to_owned(),
        others => format!("{} agents wait", others + 1),
    };
    lsp::Diagnostic {
        range: range_of(snapshot, span, open),
        data: Some(json!({"approvalId": approval.id.as_str()})),
        ..ours(&snapshot.ladder, Code::PendingApproval, &format!("{who} for you: {}", approval.text))
    }
}

fn of_hunk(
    ladder: &Ladder,
    change: &ChangeView,
    (hunk, range): (usize, lsp::Range),
    code: Code,
) -> lsp::Diagnostic {
    let text = change.plan.hunks.get(hunk).map_or("", |hunk| hunk.text.as_str());
    let shown: String =
        harmless(text).lines().take(12).collect::<Vec<_>>().join("\n").chars().take(600).collect();
    let checked = change.plan.checked.as_ref();
    let checked = checked.map_or(String::new(), |checked| format!(" ({})", harmless(&checked.words)));
    let message = if shown.trim().is_empty() {
        format!("proposal{checked}: remove this")
    } else {
        format!("proposal{checked}:\n{shown}")
    };
    lsp::Diagnostic {
        range,
        data: Some(json!({"changeId": change.id.as_str(), "hunk": hunk})),
        ..ours(ladder, code, &message)
    }
}

fn ours(ladder: &Ladder, code: Code, message: &str) -> lsp::Diagnostic {
    lsp::Diagnostic {
        severity: Some(convert::severity(code.severity())),
        code: Some(lsp::Code::String(code.as_str().to_owned())),
        code_description: ladder.code_description.then(|| convert::page(code)),
        source: Some("copydesk".to_owned()),
        message: lsp::Message::String(message.to_owned()),
        ..Default::default()
    }
}

/// The hunks of a proposal that wait, with their ranges in the text that is there now.
fn open_hunks(
    snapshot: &Snapshot,
    change: &ChangeView,
    path: &Path,
    open: Option<&Open>,
) -> Vec<(usize, lsp::Range)> {
    let pending: Vec<usize> = (0..change.plan.hunks.len())
        .filter(|at| change.plan.hunks[*at].state == HunkState::Pending && !change.applying.contains(at))
        .collect();
    if *path != change.path {
        let start = || change.origin.as_ref().map_or(Span::at(0), |origin| origin.span);
        let span = snapshot.documents.marks.get(&change.run).unwrap_or_else(start);
        return pending.into_iter().map(|at| (at, range_of(snapshot, span, open))).collect();
    }
    let current = open.map_or_else(|| change.plan.before.clone().into(), |open| open.document.text().clone());
    let hunks: Vec<(Span, &str)> = pending
        .iter()
        .map(|at| (change.plan.hunks[*at].span, change.plan.hunks[*at].text.as_str()))
        .collect();
    let rebased = rebase::rebase(&change.plan.before, &hunks, &current);
    pending
        .into_iter()
        .zip(rebased)
        .map(|(at, rebased)| {
            let span = rebased.span();
            let range = match open {
                Some(open) => convert::range(&open.document, span, snapshot.ladder.encoding),
                None => convert::range_in(&current, span, snapshot.ladder.encoding),
            };
            (at, range)
        })
        .collect()
}

fn range_of(snapshot: &Snapshot, span: Span, open: Option<&Open>) -> lsp::Range {
    open.map_or_else(lsp::Range::default, |open| {
        convert::range(&open.document, span, snapshot.ladder.encoding)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_of_agents_names_its_page_where_the_client_wants_it() {
        for code in
            [Code::PendingApproval, Code::Proposal, Code::StaleEdit, Code::ReviewFinding, Code::CutAnswer]
        {
            for code_description in [true, false] {
                let ladder = Ladder { code_description, ..Ladder::default() };
                let page = ours(&ladder, code, "").code_description.map(|page| page.href.0);
                assert_eq!(page.is_some(), code_description);
                assert!(page.is_none_or(|page| page.ends_with(&format!("/{code}.md"))));
            }
        }
    }
}
