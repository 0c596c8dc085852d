//! Several files, for tests about moving around.
//!
//! A fixture is several files, each behind a line `//- /path`; `$0` is the cursor. The workspace is `/w`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_base::{Span, TextEdit};
use copydesk_language::index::{SettingsView, SummaryBody};
use copydesk_language::navigate::{
    Declaration, FileRenames, Place, Renaming, definition, highlights, references, rename,
};
use copydesk_language::{Completion, File, Trust, WorkspaceIndex, complete, parse, summary};
use expect_test::Expect;

/// Some files, and where the cursor is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct World {
    pub(crate) files: BTreeMap<PathBuf, String>,
    pub(crate) at: PathBuf,
    pub(crate) offset: usize,
}

impl World {
    pub(crate) fn new(fixture: &str) -> Self {
        let mut world = Self { files: BTreeMap::new(), at: PathBuf::new(), offset: 0 };
        for part in fixture.split("//- ").skip(1) {
            let Some((path, text)) = part.split_once('\n') else { panic!("a path and a text: {part}") };
            let path = PathBuf::from(path.trim());
            let mut text = text.to_owned();
            if let Some(offset) = text.find("$0") {
                text.replace_range(offset..offset + 2, "");
                (world.at, world.offset) = (path.clone(), offset);
            }
            world.files.insert(path, text);
        }
        world
    }

    pub(crate) fn index(&self) -> WorkspaceIndex {
        let mut settings = SettingsView::default();
        let mut summaries = BTreeMap::new();
        for (path, text) in &self.files {
            let tree = parse(path, text);
            let summary = summary(&File::new(path, text, &tree));
            if let SummaryBody::Settings(view) = &summary.body {
                settings = settings.over(view);
            }
            summaries.insert(path.clone(), Arc::new(summary));
        }
        WorkspaceIndex {
            trust: Trust::Trusted,
            root: Some(PathBuf::from("/w")),
            files: Some(Arc::new(summaries)),
            settings: Some(Arc::new(settings)),
            ..WorkspaceIndex::default()
        }
    }

    /// Shows the file at the cursor.
    pub(crate) fn with<R>(&self, look: impl FnOnce(&File<'_>) -> R) -> R {
        let text = &self.files[&self.at];
        let tree = parse(&self.at, text);
        look(&File::new(&self.at, text, &tree))
    }

    pub(crate) fn show(&self, path: &Path, look: &mut dyn FnMut(&File<'_>)) {
        let Some(text) = self.files.get(path) else { return };
        let tree = parse(path, text);
        look(&File::new(path, text, &tree));
    }

    pub(crate) fn completions(&self) -> Vec<Completion> {
        self.with(|file| complete(file, &self.index(), self.offset))
    }

    /// The labels that are proposed at the cursor.
    pub(crate) fn completes(&self, expect: Expect) {
        let found = self.completions();
        let labels: Vec<&str> = found.iter().map(|proposal| proposal.label.as_str()).collect();
        expect.assert_eq(&labels.join(" "));
    }

    /// The line of the cursor after a proposal is taken.
    pub(crate) fn takes(&self, label: &str, expect: Expect) {
        let found = self.completions();
        let Some(proposal) = found.iter().find(|one| one.label == label) else {
            panic!("no {label}: {found:?}")
        };
        let mut text = self.files[&self.at].clone();
        text.replace_range(proposal.replace.start..proposal.replace.end, &proposal.plain());
        let line = text[..proposal.replace.start].matches('\n').count();
        expect.assert_eq(text.lines().nth(line).unwrap_or(""));
    }

    /// What declares the thing at the cursor, a line for each place.
    pub(crate) fn defined(&self) -> String {
        let texts = |path: &Path, look: &mut dyn FnMut(&File<'_>)| self.show(path, look);
        let found = self.with(|file| definition(file, &self.index(), &texts, self.offset));
        found.map_or("nothing\n".to_owned(), |found| {
            found.targets.iter().map(|place| self.shown(&place.path, place.span)).collect()
        })
    }

    pub(crate) fn references(&self, declaration: Declaration) -> Vec<Place> {
        let texts = |path: &Path, look: &mut dyn FnMut(&File<'_>)| self.show(path, look);
        self.with(|file| references(file, &self.index(), &texts, self.offset, declaration))
    }

    pub(crate) fn rename(&self, new: &str, files: FileRenames) -> Result<Renaming, String> {
        let texts = |path: &Path, look: &mut dyn FnMut(&File<'_>)| self.show(path, look);
        self.with(|file| rename(file, &self.index(), &texts, self.offset, new, files))
    }

    /// The world after a rename.
    pub(crate) fn after(&self, renaming: &Renaming) -> Self {
        let mut world = self.clone();
        for (path, edits) in &renaming.edits {
            let Some(text) = world.files.get_mut(path) else { panic!("{} is not there", path.display()) };
            if *path == world.at {
                let before = edits.iter().filter(|edit| edit.span.end <= self.offset);
                world.offset = before.fold(world.offset, |at, edit| at + edit.text.len() - edit.span.len());
            }
            apply(text, edits);
        }
        if let Some(file) = &renaming.file {
            let Some(text) = world.files.remove(&file.from) else { panic!("no {}", file.from.display()) };
            world.files.insert(file.to.clone(), text);
            if world.at == file.from {
                world.at.clone_from(&file.to);
            }
        }
        world
    }

    /// `path:line: ‹name› rest of the line` for a place.
    pub(crate) fn shown(&self, path: &Path, span: Span) -> String {
        let text = self.files.get(path).map_or("", String::as_str);
        let line = text[..span.start].matches('\n').count() + 1;
        let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at);
        let path = path.strip_prefix("/w").unwrap_or(path).display();
        let (before, after) = (text[start..span.start].trim_start(), &text[span.end..end]);
        format!("{path}:{line}: {before}‹{}›{after}\n", span.of(text))
    }
}

fn apply(text: &mut String, edits: &[TextEdit]) {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    for pair in edits.windows(2) {
        assert!(pair[1].span.end <= pair[0].span.start, "edits overlap: {pair:?}");
    }
    for edit in edits {
        text.replace_range(edit.span.start..edit.span.end, &edit.text);
    }
}

/// What declares the thing at the cursor.
pub(crate) fn defines(fixture: &str, expect: Expect) {
    expect.assert_eq(&World::new(fixture).defined());
}

/// The references at the cursor. Whoever asks at any of them gets the same.
pub(crate) fn refers(fixture: &str, expect: Expect) {
    let world = World::new(fixture);
    let found = world.references(Declaration::With);
    let shown: String = found.iter().map(|place| world.shown(&place.path, place.span)).collect();
    expect.assert_eq(&shown);
    symmetric(&world, &found);
}

pub(crate) fn symmetric(world: &World, found: &[Place]) {
    for place in found {
        let other = World { at: place.path.clone(), offset: place.span.start, ..world.clone() };
        assert_eq!(other.references(Declaration::With), found, "asked at {place:?}");
        // Highlights are the references of one file.
        let lit = other.with(|file| highlights(file, &other.index(), other.offset));
        let lit: Vec<Span> = lit.into_iter().map(|one| one.span).collect();
        let here: Vec<Span> = found.iter().filter(|one| one.path == other.at).map(|one| one.span).collect();
        assert_eq!(lit, here);
    }
}

/// What a rename makes of the lines that it touches, or why it is refused.
pub(crate) fn renames(fixture: &str, new: &str, expect: Expect) {
    renames_with(fixture, new, FileRenames::Can, expect);
}

pub(crate) fn renames_with(fixture: &str, new: &str, files: FileRenames, expect: Expect) {
    let world = World::new(fixture);
    expect.assert_eq(&match world.rename(new, files) {
        Ok(renaming) => difference(&world, &renaming),
        Err(why) => format!("refused: {why}\n"),
    });
}

fn difference(world: &World, renaming: &Renaming) -> String {
    let after = world.after(renaming);
    let mut shown = String::new();
    for (path, text) in &world.files {
        let now = renaming.file.as_ref().filter(|file| file.from == *path).map_or(path, |file| &file.to);
        let name = |path: &Path| path.strip_prefix("/w").unwrap_or(path).display().to_string();
        if now != path {
            let _ = writeln!(shown, "{} → {}", name(path), name(now));
        }
        for (old, new) in text.lines().zip(after.files[now].lines()).filter(|(old, new)| old != new) {
            let _ = writeln!(shown, "{}: {}", name(now), new.trim_start());
            assert_ne!(old, new);
        }
        assert_eq!(text.lines().count(), after.files[now].lines().count());
    }
    shown
}

const FAMILY: &str = "\
//- /w/flows/parent.workflow.yaml
name: parent
inputs:
  who: {type: string}
outputs:
  total: ${{ steps.child.outputs.sum }}
  again: \"${{ steps['child'].outputs['sum'] }}\"
steps:
  - id: child
    type: workflow
    path: ./parts/child.yaml
    inputs:
      count: ${{ inputs.who.length }}
  - id: mapped
    type: workflow
    needs: [child]
    path: \"./parts/child\"
    inputs: {count: '1'}
    outputMapping:
      result: sum
      safe: {from: sum, default: 0}
  - id: after
    type: shell
    if: steps.mapped.outputs.result > 1 && steps.child.outputs.sum != 2
    run: echo ${{ steps.mapped.outputs.safe }}
//- /w/flows/parts/child.yaml
name: child
inputs:
  count: {type: number} # count of things
outputs:
  sum: ${{ steps.add.output }}
outputSchema:
  properties: {sum: {type: number}}
  required: [sum]
steps:
  - id: add
    type: script
    run: return ${{ inputs.count }} + ${{ inputs['count'] }}
";

/// The family with the cursor behind the first `needle`.
pub(crate) fn family(needle: &str) -> String {
    let at = FAMILY.find(needle).unwrap_or_else(|| panic!("no {needle}")) + needle.len();
    format!("{}$0{}", &FAMILY[..at], &FAMILY[at..])
}

const AGENTS: &str = "\
//- /w/.copydesk/agents/reviewer.md
---
name: reviewer
---
Review.
//- /w/.copydesk/agents/old-file.md
---
name: writer
---
//- /w/.copydesk/workflows/a.yaml
name: a
steps:
  - id: one
    type: llm
    agent: reviewer
    prompt: x
    qualityGate: {agent: \"reviewer\"}
    allowedHandoffs: [writer, reviewer]
    auto_heal: {agent: writer}
  - id: two
    type: dynamic
    goal: x
    supervisor: reviewer
    templates: {any: old-file}
  - {id: three, type: plan, goal: x, agent: keystone-architect}
//- /w/.copydesk/prompts/p.md
---
name: p
description: d
agent: reviewer
---
";

/// The same with agents.
pub(crate) fn agents(needle: &str) -> String {
    let at = AGENTS.find(needle).unwrap_or_else(|| panic!("no {needle}")) + needle.len();
    format!("{}$0{}", &AGENTS[..at], &AGENTS[at..])
}
