//! Whose words the `ask:` comments of a document are: the person's, where they typed them here, else nobody's.

use std::collections::HashSet;

use copydesk_text::document::{Change, Document};

use crate::comments;

/// The orders in the lines that a change touched, before and after it.
pub(super) fn orders_touched(
    language: &str,
    before: &Document,
    after: &Document,
    change: &Change,
) -> (Vec<String>, Vec<String>) {
    let (old_lines, new_lines) = match change.range {
        None => (0..before.rope().len_lines(), 0..after.rope().len_lines()),
        Some(range) => {
            let first = range.start.line.min(range.end.line) as usize;
            let last = range.start.line.max(range.end.line) as usize;
            let added = change.text.matches(['\n', '\r']).count();
            (first..last + 1, first..first + added + 1)
        }
    };
    (orders_in(language, before, old_lines), orders_in(language, after, new_lines))
}

fn orders_in(language: &str, document: &Document, lines: std::ops::Range<usize>) -> Vec<String> {
    if !comments::has_comments(language) {
        return Vec::new();
    }
    let rope = document.rope();
    let end = lines.end.min(rope.len_lines());
    (lines.start.min(end)..end)
        .filter_map(|line| comments::in_line(language, &rope.line(line).to_string()))
        .collect()
}

/// What a person's change makes of the orders it touched. One that stood there before stays whose it was, and one made
/// by changing a stranger's stays a stranger's.
pub(super) fn voice(
    voiced: &mut HashSet<String>,
    is_foreign: impl Fn(&str) -> bool,
    gone: &[String],
    come: Vec<String>,
) {
    let changed_a_strangers = gone.iter().any(|text| !voiced.contains(text) && !come.contains(text));
    for text in gone {
        if !come.contains(text) {
            voiced.remove(text);
        }
    }
    for text in come {
        if !gone.contains(&text) && !changed_a_strangers && !is_foreign(&text) {
            voiced.insert(text);
        }
    }
}
