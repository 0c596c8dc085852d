//! Helpers that turn a marked text into a file, and what is said about it into lines.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_base::{Code, Diagnostic};
use copydesk_language::{Completion, File, Trust, WorkspaceIndex, check, complete, hover, parse, summary};
use expect_test::Expect;

use crate::marked;
pub(crate) use crate::marked::{apply, cursor};

/// A path that makes a text a workflow.
pub(crate) const WORKFLOW: &str = ".copydesk/workflows/test.yaml";

pub(crate) fn untrusted() -> WorkspaceIndex {
    WorkspaceIndex::default()
}

pub(crate) fn trusted() -> WorkspaceIndex {
    WorkspaceIndex { trust: Trust::Trusted, ..WorkspaceIndex::default() }
}

/// What is known of some files, by path and text.
pub(crate) fn knowing(files: &[(&str, &str)]) -> WorkspaceIndex {
    let summaries = files.iter().map(|(path, text)| {
        let tree = parse(Path::new(path), text);
        (PathBuf::from(path), Arc::new(summary(&File::new(Path::new(path), text, &tree))))
    });
    WorkspaceIndex { files: Some(Arc::new(summaries.collect())), ..trusted() }
}

/// What is known in a workspace with two agents.
fn with_agents() -> WorkspaceIndex {
    knowing(&[
        (".copydesk/agents/reviewer.md", "---\nname: reviewer\n---\n"),
        (".copydesk/agents/writer.md", "---\nname: writer\n---\n"),
    ])
}

/// What is wrong in a file. Inputs that nobody reads are left out: nearly every text of these tests has some.
pub(crate) fn findings(path: &str, text: &str, index: &WorkspaceIndex) -> Vec<Diagnostic> {
    let mut found = all_findings(path, text, index);
    found.retain(|finding| finding.code != Code::UnusedInput);
    found
}

pub(crate) fn all_findings(path: &str, text: &str, index: &WorkspaceIndex) -> Vec<Diagnostic> {
    let tree = parse(Path::new(path), text);
    check(&File::new(Path::new(path), text, &tree), index)
}

/// Checks a workflow without its name, as [`marked::check`] does.
pub(crate) fn check_steps(marked: &str, expect: Expect) {
    check_text(WORKFLOW, &format!("name: test\n{marked}"), expect);
}

pub(crate) fn check_text(path: &str, marked: &str, expect: Expect) {
    check_in(path, marked, &untrusted(), expect);
}

pub(crate) fn check_in(path: &str, marked: &str, index: &WorkspaceIndex, expect: Expect) {
    let syntax = |text: &str| {
        let is_syntax =
            |finding: &&Diagnostic| matches!(finding.code, Code::YamlSyntax | Code::ExpressionSyntax);
        findings(path, text, index).iter().filter(is_syntax).count()
    };
    marked::check(marked, &expect, |text| findings(path, text, index), syntax);
}

pub(crate) fn proposals(path: &str, marked: &str) -> (String, Vec<Completion>) {
    let (text, offset) = cursor(marked);
    let tree = parse(Path::new(path), &text);
    let found = complete(&File::new(Path::new(path), &text, &tree), &with_agents(), offset);
    for proposal in &found {
        let replaced = proposal.replace;
        assert!(replaced.touches(offset), "{proposal:?} is not where the cursor is");
        assert!(!replaced.of(&text).contains('\n'), "{proposal:?} goes over a line");
        assert!(text.get(replaced.start..replaced.end).is_some());
    }
    (text, found)
}

/// The labels proposed at `$0` of a workflow without its name.
pub(crate) fn complete_steps(marked: &str, expect: Expect) {
    let (_, found) = proposals(WORKFLOW, &format!("name: test\n{marked}"));
    let labels: Vec<&str> = found.iter().map(|proposal| proposal.label.as_str()).collect();
    expect.assert_eq(&labels.join(" "));
}

/// The line of the cursor after the proposal `label` is taken.
pub(crate) fn take(marked: &str, label: &str, expect: Expect) {
    let (text, found) = proposals(WORKFLOW, &format!("name: test\n{marked}"));
    let proposal = found.iter().find(|proposal| proposal.label == label).unwrap_or_else(|| {
        panic!("no '{label}' in {:?}", found.iter().map(|proposal| &proposal.label).collect::<Vec<_>>())
    });
    let span = proposal.replace;
    let line = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let after = format!("{}{}{}", &text[..span.start], proposal.plain(), &text[span.end..]);
    expect.assert_eq(after[line..].lines().next().unwrap_or(""));
}

/// The word and the help at `$0` of a file.
pub(crate) fn hover_in(path: &str, marked: &str, expect: Expect) {
    let (text, offset) = cursor(marked);
    let tree = parse(Path::new(path), &text);
    let found = hover(&File::new(Path::new(path), &text, &tree), &untrusted(), offset);
    let shown =
        found.map_or("nothing".to_owned(), |found| format!("<{}> {}", found.span.of(&text), found.markdown));
    expect.assert_eq(&shown);
}
