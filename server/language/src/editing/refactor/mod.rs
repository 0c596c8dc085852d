//! What a person may have done to a file: steps taken out into a workflow of their own, near-identical steps made one,
//! a missing agent written, texts wrapped, lists put in order. No model takes part.
//!
//! Each is offered only where it is certain: the file is checked again as it would be afterwards, and what would bring
//! a new finding is not offered.

mod agent;
mod called;
mod crossing;
mod extract;
mod kept;
mod matrix;
mod needs;
mod refers;
mod text;

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;

use copydesk_base::{Diagnostic, Severity, Span, TextEdit};

use super::edited;
use crate::declared::{Declared, Step};
use crate::{File, FileKind, WorkspaceIndex, check, parse, summary};

/// One thing that may be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refactoring {
    /// Its name in a command; stable.
    pub name: &'static str,
    /// As a menu says it.
    pub title: String,
    pub kind: RefactoringKind,
    /// Edits of the file itself, none overlapping.
    pub edits: Vec<TextEdit>,
    /// Files that must not be there yet, and are written first.
    pub files: Vec<NewFile>,
}

/// A file to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// As the file's own path: absolute where that is.
    pub path: PathBuf,
    pub text: String,
}

/// What kind of change it is, in the protocol's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefactoringKind {
    /// It mends a finding.
    QuickFix,
    /// Something becomes a thing of its own.
    Extract,
    /// The same, written otherwise.
    Rewrite,
}

/// What may be done at a cursor or with a selection.
pub fn refactorings(file: &File<'_>, index: &WorkspaceIndex, selection: Span) -> Vec<Refactoring> {
    let names_agents = matches!(
        file.kind,
        FileKind::Workflow | FileKind::Agent | FileKind::Action | FileKind::Prompt | FileKind::Chat
    );
    if !names_agents || file.tree.is_broken(selection) {
        return Vec::new();
    }
    let declared = Declared::new(file.tree);
    let found = OnceCell::new();
    let place = Place { file, index, declared: &declared, selection, found: &found };
    let mut all = Vec::new();
    all.extend(agent::create(&place));
    if file.kind != FileKind::Workflow {
        return all;
    }
    all.extend(called::create(&place));
    all.extend(needs::leave_out(&place));
    all.extend(extract::sub_workflow(&place));
    all.extend(matrix::one_step(&place));
    all.extend(text::wrap(&place));
    all.extend(text::block(&place));
    all.extend(needs::in_order(&place));
    all.extend(needs::add_id(&place));
    all.retain(|refactoring| brings_nothing_new(&place, refactoring));
    all
}

/// What every refactoring looks at.
struct Place<'p, 't> {
    file: &'p File<'t>,
    index: &'p WorkspaceIndex,
    declared: &'p Declared<'t>,
    selection: Span,
    /// What is wrong as it is; looked up once.
    found: &'p OnceCell<Vec<Diagnostic>>,
}

impl Place<'_, '_> {
    fn findings(&self) -> &[Diagnostic] {
        self.found.get_or_init(|| check(self.file, self.index))
    }

    /// Whether the selection is in a step, the dash before it and its indentation included.
    fn touches(&self, step: &Step<'_>) -> bool {
        let span = step.node.span();
        let line =
            self.file.text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let before = self.file.text.get(line..span.start).unwrap_or("");
        let only_dashes = before.chars().all(|c| matches!(c, ' ' | '-'));
        let whole = Span::new(if only_dashes { line } else { span.start }, span.end);
        if self.selection.is_empty() {
            whole.touches(self.selection.start)
        } else {
            whole.start < self.selection.end && self.selection.start < whole.end
        }
    }
}

/// Whether the file and the new ones have no finding afterwards that was not there before.
fn brings_nothing_new(place: &Place<'_, '_>, refactoring: &Refactoring) -> bool {
    let (file, index) = (place.file, place.index);
    let before = count(place.findings());
    let mut index = index.clone();
    let mut files = index.files.as_deref().cloned();
    for new in &refactoring.files {
        let tree = parse(&new.path, &new.text);
        let summary = summary(&File::new(&new.path, &new.text, &tree));
        if let Some(files) = &mut files {
            files.insert(new.path.clone(), Arc::new(summary));
        }
    }
    index.files = files.map(Arc::new);
    let of_new = refactoring.files.iter().map(|new| {
        let tree = parse(&new.path, &new.text);
        count(&check(&File::new(&new.path, &new.text, &tree), &index))
    });
    let after = edited(file.text, &refactoring.edits);
    let tree = parse(file.path, &after);
    let own = count(&check(&File { text: &after, tree: &tree, ..*file }, &index));
    // What was wrong in steps that move is still wrong where they are now.
    let total = of_new.fold(own, |sum, new| (sum.0 + new.0, sum.1 + new.1));
    total.0 <= before.0 && total.1 <= before.1
}

/// Errors, and warnings.
fn count(findings: &[Diagnostic]) -> (usize, usize) {
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    (of(Severity::Error), of(Severity::Warning))
}
