//! A name put into a section at the top of a workflow: an input declared, a pool. The section comes along where there
//! is none, in front of another one, the comment above which stays with it.

use copydesk_base::TextEdit;
use copydesk_text::{Entry, Kind, Node, Tree};

use super::Findings;
use super::fixes::{indent_of, is_flow, line_break, line_end, line_start, quoted};
use super::suggest::Suggest;
use crate::{FileKind, shape};

/// A name and what is said of it.
#[derive(Clone, Copy)]
pub(super) struct New<'n> {
    pub(super) section: &'n str,
    /// The section that it stands in front of where it is new.
    pub(super) before: &'n str,
    pub(super) name: &'n str,
    pub(super) value: Value<'n>,
}

/// What is said of a name.
#[derive(Clone, Copy)]
pub(super) enum Value<'n> {
    /// A word.
    Word(&'n str),
    /// One key with its value: on a line of its own, or between brackets.
    Entry(&'n str),
}

impl New<'_> {
    fn inline(self) -> String {
        match self.value {
            Value::Word(word) => format!("{}: {word}", quoted(self.name)),
            Value::Entry(entry) => format!("{}: {{{entry}}}", quoted(self.name)),
        }
    }

    fn block(self, indent: &str, line_break: &str) -> String {
        let name = quoted(self.name);
        match self.value {
            Value::Word(word) => format!("{indent}{name}: {word}"),
            // As deep below the name as the name stands below its section.
            Value::Entry(entry) => format!("{indent}{name}:{line_break}{indent}{indent}{entry}"),
        }
    }
}

/// What stands in a section, or under the key that is a slip for it: that is marked by itself, and what it declares is
/// declared.
pub(super) fn entries<'t>(tree: &'t Tree, section: &str) -> Vec<Entry<'t>> {
    let Some(root) = tree.root() else { return Vec::new() };
    match misspelt(root, section) {
        Some(entry) => tree.entries(entry.value()),
        None => tree.entries_at(root, section),
    }
}

/// The key at the top that is a slip for a section which is not there.
fn misspelt<'t>(root: Node<'t>, section: &str) -> Option<Entry<'t>> {
    let known = shape::of(FileKind::Workflow)?.root().mapping()?;
    let free = || known.keys_of(None).map(|key| key.name.as_str()).filter(|name| root.entry(name).is_none());
    let stands_for = |entry: &Entry<'_>| {
        let name = entry.key().scalar_text().filter(|name| *name != "<<" && known.key(None, name).is_none());
        let mut suggest = Suggest::default();
        let near = |name| suggest.nearest(name, free()).or_else(|| suggest.nearest_letters(name, free()));
        name.and_then(near) == Some(section)
    };
    root.entries().iter().filter(|_| root.entry(section).is_none()).find(stands_for)
}

/// Puts a name where it belongs; nowhere while the section is misspelt, which comes first.
pub(super) fn add(findings: &Findings<'_>, new: New<'_>) -> Option<TextEdit> {
    if new.name.contains(char::is_control) {
        return None;
    }
    let text = findings.file.text;
    let root = findings.tree().root()?;
    let Some(entry) = root.entry(new.section) else {
        return misspelt(root, new.section).is_none().then(|| with_section(text, root, new)).flatten();
    };
    let below = |at: usize, indent: &str| {
        let line_break = line_break(text);
        TextEdit::insert(at, format!("{line_break}{}", new.block(indent, line_break)))
    };
    match entry.value().kind() {
        Kind::Null if !is_flow(text, root) => Some(below(line_end(text, entry.key().span().end), "  ")),
        Kind::Mapping(entries) if is_flow(text, entry.value()) => {
            let comma = if entries.is_empty() { "" } else { ", " };
            let at = entries.last().map_or(entry.value().span().start + 1, |last| last.span().end);
            Some(TextEdit::insert(at, format!("{comma}{}", new.inline())))
        }
        Kind::Mapping(entries) => {
            let indent = indent_of(text, entries.first()?.key().span().start)?;
            // Behind the last entry's line, a comment on it included.
            Some(below(line_end(text, entries.last()?.span().end), &indent))
        }
        _ => None,
    }
}

fn with_section(text: &str, root: Node<'_>, new: New<'_>) -> Option<TextEdit> {
    let next: Entry<'_> = root.entry(new.before)?;
    let at = next.key().span().start;
    if is_flow(text, root) {
        return Some(TextEdit::insert(at, format!("{}: {{{}}}, ", new.section, new.inline())));
    }
    let line_break = line_break(text);
    let section =
        format!("{}:{line_break}{}{line_break}{line_break}", new.section, new.block("  ", line_break));
    (line_start(text, at) == at).then(|| TextEdit::insert(above_comment(text, at), section))
}

/// The start of the comment that stands right above a line, or of the line. What starts the file is about the file.
fn above_comment(text: &str, line: usize) -> usize {
    let mut at = line;
    while at > 0 {
        let above = line_start(text, at - 1);
        if !text.get(above..at).is_some_and(|line| line.starts_with('#')) {
            return at;
        }
        at = above;
    }
    line
}
