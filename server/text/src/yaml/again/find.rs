//! What is found in a text that was read again in part: comments, problems, anchors and aliases.

use copydesk_base::{Code, Diagnostic, Span};

use super::Children;
use super::place::Level;
use super::run::Run;
use crate::edits::{Edit, Kept, Mover};
use crate::tree::Tree;
use crate::yaml::build::Output;
use crate::yaml::duplicate_keys;

/// What was found outside of the run before, and in it now. `output` is what was found there now. `None` where
/// something has lost its place: a broken piece that reaches over the end of the run for one.
pub(super) fn found(
    before: &Tree,
    text: &str,
    edit: Edit,
    level: &Level<'_>,
    run: &Run,
    children: &Children,
    output: Output,
) -> Option<Output> {
    let mover = Mover { region: run.region, edit, is_last: run.region.end == before.text.len() };
    let mut found = Output { documents: Vec::new(), ..output };
    found.comments.extend(mover.all(&before.comments)?);
    found.broken.extend(mover.all(&before.broken)?);
    for (name, starts) in &before.anchors {
        let starts: Vec<usize> =
            starts.iter().filter_map(|start| Some(mover.kept(Span::at(*start))?.kept()?.start)).collect();
        if !starts.is_empty() {
            found.anchors.entry(name.clone()).or_default().extend(starts);
        }
    }
    if let Some(name) = level.node.anchor() {
        // The anchor of the collection stands before it, but its place may be in the run.
        let start = run.new_start(level, children, text, edit);
        let starts = found.anchors.entry(name.into()).or_default();
        starts.push(start);
        starts.sort_unstable();
        starts.dedup();
    }
    for (name, span) in &before.aliases {
        if let Kept::At(span) = mover.kept(*span)? {
            found.aliases.push((name.clone(), span));
        }
    }
    let keys = Keys::of(level, run, edit, text, children);
    found.problems.retain(|problem| !keys.is_new_duplicate(problem));
    let mut had_duplicates = false;
    for problem in &before.found {
        if keys.is_old_duplicate(problem) {
            had_duplicates = true;
        } else if let Kept::At(span) = mover.kept(problem.span)? {
            found.problems.push(mover.problem(problem, span)?);
        }
    }
    // What was broken may have hidden some.
    if had_duplicates || keys.have_changed() || !before.broken.is_empty() {
        keys.duplicates(&mut found);
    }
    Some(found)
}

/// The keys of the mapping that the run belongs to.
struct Keys<'t> {
    level: &'t Level<'t>,
    run: &'t Run,
    edit: Edit,
    /// Those of the run now.
    new: Vec<(&'t str, Span)>,
}

impl<'t> Keys<'t> {
    fn of(level: &'t Level<'t>, run: &'t Run, edit: Edit, text: &'t str, children: &'t Children) -> Self {
        let new = match children {
            Children::Items(_) => Vec::new(),
            Children::Entries(entries) => entries
                .iter()
                .filter_map(|entry| Some((entry.key.scalar_text(text, 0)?, entry.key.span())))
                .collect(),
        };
        Self { level, run, edit, new }
    }

    fn is_new_duplicate(&self, problem: &Diagnostic) -> bool {
        problem.code == Code::DuplicateKey && self.new.iter().any(|(_, span)| *span == problem.span)
    }

    fn is_old_duplicate(&self, problem: &Diagnostic) -> bool {
        let entry = self.level.node.entries().before(problem.span.start);
        problem.code == Code::DuplicateKey
            && entry.is_some_and(|(_, entry)| entry.key().span() == problem.span)
    }

    fn have_changed(&self) -> bool {
        let entries = self.level.node.entries();
        let old = self.run.children.clone().filter_map(|at| entries.get(at)?.key().scalar_text());
        !old.eq(self.new.iter().map(|(key, _)| *key))
    }

    /// Looks for keys that stand twice in the whole mapping.
    fn duplicates(&self, found: &mut Output) {
        let entries = self.level.node.entries();
        let key = |at: usize| {
            let key = entries.get(at)?.key();
            Some((key.scalar_text()?, key.span()))
        };
        let before = (0..self.run.children.start).filter_map(key);
        let behind = (self.run.children.end..entries.len()).filter_map(key);
        let behind = behind.map(|(text, span)| (text, self.edit.moved_span(span)));
        let mut problems = Vec::new();
        duplicate_keys(before.chain(self.new.iter().copied()).chain(behind), &mut problems);
        // A key in a broken place may not be the key that was meant.
        problems.retain(|problem| {
            let mut places = problem.related.iter().map(|related| related.span).chain([problem.span]);
            !places.any(|span| found.broken.iter().any(|broken| broken.overlaps(span)))
        });
        found.problems.extend(problems);
    }
}
