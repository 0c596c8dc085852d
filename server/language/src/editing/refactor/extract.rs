//! *Extract to a workflow*: the selected steps become a workflow of their own, and one step that calls it.
//!
//! What the steps read from outside becomes inputs, what others read of them becomes outputs, and every reference is
//! written anew. Steps that stand on something that cannot be handed over (an anchor, a pool, the whole of another
//! step) are left where they are.

use std::collections::BTreeMap;

use copydesk_base::{Span, TextEdit};

use super::crossing::{Moved, clean};
use super::kept::{lines_around, needs_left, needs_renamed};
use super::refers::is_shared;
use super::text::inline;
use super::{NewFile, Place, Refactoring, RefactoringKind};
use crate::declared::{Block, Step};
use crate::editing::edited;

pub(super) fn sub_workflow(place: &Place<'_, '_>) -> Option<Refactoring> {
    let chosen = chosen(place)?;
    // The variables of a workflow do not reach the workflows that it calls.
    if place.file.tree.root()?.get("env").is_some() {
        return None;
    }
    let text = place.file.text;
    let moved = Moved::new(place, &chosen)?;
    let (first, last) = (chosen.first()?, chosen.last()?);
    let piece = lines_around(text, first.1.node.span().start, last.1.node.span().end);
    let (id, path, written) = free_name(place, first.1.id()?.0)?;

    // Inside: references of the steps, and their needs.
    let mut inner: Vec<TextEdit> = Vec::new();
    for (_, step) in &chosen {
        inner.extend(needs_within(place, step, &moved));
    }
    inner.extend(moved.inputs.iter().flat_map(|input| {
        input.places.iter().map(|span| TextEdit::new(*span, format!("inputs.{}", input.name)))
    }));
    let shifted = inner.into_iter().map(|edit| {
        TextEdit::new(Span::new(edit.span.start - piece.start, edit.span.end - piece.start), edit.text)
    });
    let steps = edited(piece.of(text), &shifted.collect::<Vec<_>>());
    let dash = column(text, first.1.node.span().start)?;
    let steps = moved_to(&steps, dash, 2);

    // Outside: the call, and who reads or needs what moved.
    let call = call(place, &moved, &id, &written, dash);
    let mut edits = vec![TextEdit::new(piece, call)];
    for (at, step) in place.declared.steps.iter().enumerate() {
        if !chosen.iter().any(|(chosen, _)| *chosen == at) {
            edits.extend(renamed_needs(place, step, &moved.ids, &id)?);
        }
    }
    edits.extend(moved.outputs.iter().flat_map(|output| {
        output.places.iter().map(|span| TextEdit::new(*span, format!("steps.{id}.outputs.{}", output.name)))
    }));
    let count = chosen.len();
    let these = if count == 1 { "the step".to_owned() } else { format!("{count} steps") };
    Some(Refactoring {
        name: "extract-workflow",
        title: format!("extract {these} to {written}"),
        kind: RefactoringKind::Extract,
        edits,
        files: vec![NewFile { path, text: new_file(place, &moved, &id, &steps) }],
    })
}

/// The steps that the selection touches, by their places: neighbours in one list of blocks.
fn chosen<'p, 't>(place: &'p Place<'_, 't>) -> Option<Vec<(usize, &'p Step<'t>)>> {
    if place.selection.is_empty() {
        return None;
    }
    let steps = place.declared.steps.iter().enumerate();
    let chosen: Vec<_> = steps.filter(|(_, step)| place.touches(step)).collect();
    let (_, first) = chosen.first()?;
    // A selection inside one value is about that value.
    let inside = chosen.len() == 1 && {
        let id = first.id()?.1.span();
        !(place.selection.start <= id.start && id.end <= place.selection.end)
    };
    let whole = chosen.iter().all(|(_, step)| {
        let starts_block = !step.node.span().of(place.file.text).starts_with('{');
        step.block == Block::Steps && step.id().is_some() && starts_block && !is_shared(step.node)
    });
    let root = place.file.tree.root()?;
    let all = root.get("steps")?.items().len();
    (whole && !inside && chosen.len() < all).then_some(chosen)
}

/// The `needs` of a step that moves, without steps that stay.
fn needs_within(place: &Place<'_, '_>, step: &Step<'_>, moved: &Moved<'_>) -> Vec<TextEdit> {
    let Some(entry) = step.node.entry("needs") else { return Vec::new() };
    let names: Vec<&str> = step.needs(place.file.tree).map(|(name, _)| name).collect();
    let kept: Vec<&str> = names.iter().copied().filter(|name| moved.ids.contains(name)).collect();
    if kept.len() < names.len() { needs_left(place, entry, &kept) } else { Vec::new() }
}

/// The `needs` of a step that stays, with one step in place of several; no edit where it names none of them, and `None`
/// where it cannot be written.
pub(super) fn renamed_needs(
    place: &Place<'_, '_>,
    step: &Step<'_>,
    gone: &[&str],
    id: &str,
) -> Option<Vec<TextEdit>> {
    let names: Vec<&str> = step.needs(place.file.tree).map(|(name, _)| name).collect();
    if !names.iter().any(|name| gone.contains(name)) {
        return Some(Vec::new());
    }
    // What comes by a merge key stands elsewhere.
    let entry = step.node.entry("needs")?;
    needs_renamed(place, entry, &names, gone, id)
}

/// The column of the dash before an item.
fn column(text: &str, item: usize) -> Option<usize> {
    let line = text[..item].rfind('\n').map_or(0, |at| at + 1);
    let before = &text[line..item];
    let dash = before.find('-')?;
    before[..dash].trim().is_empty().then_some(dash)
}

/// The lines with their first one's dash in another column.
fn moved_to(steps: &str, from: usize, to: usize) -> String {
    let mut moved = String::with_capacity(steps.len());
    for line in steps.split_inclusive('\n') {
        let content = line.trim_start_matches(' ');
        let spaces = line.len() - content.len();
        if !content.trim().is_empty() {
            moved.push_str(&" ".repeat((spaces + to).saturating_sub(from)));
        }
        moved.push_str(content);
    }
    if !moved.ends_with('\n') {
        moved.push('\n');
    }
    moved
}

/// The step that calls the new workflow.
fn call(place: &Place<'_, '_>, moved: &Moved<'_>, id: &str, path: &str, column: usize) -> String {
    let (dash, key) = (" ".repeat(column), " ".repeat(column + 2));
    let mut lines = vec![
        format!("{dash}- id: {id}"),
        format!("{key}type: workflow"),
        format!("{key}path: {}", inline(path)),
    ];
    if !moved.needs.is_empty() {
        let needs: Vec<String> = moved.needs.iter().map(|name| inline(name)).collect();
        lines.push(format!("{key}needs: [{}]", needs.join(", ")));
    }
    if !moved.inputs.is_empty() {
        lines.push(format!("{key}inputs:"));
        for input in &moved.inputs {
            lines.push(format!(
                "{key}  {}: {}",
                inline(&input.name),
                inline(&format!("${{{{ {} }}}}", input.from))
            ));
        }
    }
    let line_break = place.line_break();
    lines.join(line_break) + line_break
}

fn new_file(place: &Place<'_, '_>, moved: &Moved<'_>, id: &str, steps: &str) -> String {
    let mut lines = vec![format!("name: {id}")];
    if !moved.inputs.is_empty() {
        lines.push(String::new());
        lines.push("inputs:".to_owned());
        for input in &moved.inputs {
            lines.push(format!("  {}:", inline(&input.name)));
            lines.extend(input.declared.iter().map(|line| format!("    {line}")));
        }
    }
    lines.push(String::new());
    lines.push("steps:".to_owned());
    let line_break = place.line_break();
    let mut text = lines.join(line_break) + line_break + steps;
    if !moved.outputs.is_empty() {
        text.push_str(&format!("{line_break}outputs:{line_break}"));
        let outputs: BTreeMap<&str, &str> =
            moved.outputs.iter().map(|output| (output.name.as_str(), output.from.as_str())).collect();
        for (name, from) in outputs {
            text.push_str(&format!("  {name}: {}{line_break}", inline(&format!("${{{{ {from} }}}}"))));
        }
    }
    text
}

/// An id that no step has and a file that is not there: the id, the file, and how it is written.
fn free_name(place: &Place<'_, '_>, first: &str) -> Option<(String, std::path::PathBuf, String)> {
    let folder = place.file.path.parent()?;
    let own = place.file.path.file_name()?.to_str()?;
    let ending = match own.strip_suffix(".workflow.yaml").or_else(|| own.strip_suffix(".workflow.yml")) {
        Some(_) => ".workflow.yaml",
        None => match place.file.path.extension().and_then(|ending| ending.to_str()) {
            Some("yml") => ".yml",
            _ => ".yaml",
        },
    };
    let files = place.index.files.as_deref();
    let base = clean(first);
    (1..100).find_map(|number| {
        let id = if number == 1 { format!("{base}_part") } else { format!("{base}_part{number}") };
        let written = format!("{id}{ending}");
        let path = folder.join(&written);
        let is_free =
            place.declared.step(&id).is_none() && files.is_none_or(|files| !files.contains_key(&path));
        is_free.then_some((id, path, written))
    })
}
