//! What of a long file says nothing about the cursor: the items of the lists around it that it is not in.
//!
//! A list of a thousand steps is read for the step that is typed, its neighbours, the first and the last one. What
//! could not be read well stays: nobody knows where it ends.

use copydesk_base::Span;
use copydesk_text::{Items, Kind, Step, Tree};

/// Shorter lists are read whole.
const FEWEST: usize = 16;

/// Lines that can be passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Aside {
    pub(super) lines: Span,
    /// How many items they hold.
    pub(super) items: usize,
    /// The column of their dashes; `None` in brackets.
    pub(super) dash: Option<usize>,
}

/// The lines that can be passed over, in order and apart.
pub(super) fn aside(tree: &Tree, text: &str, offset: usize) -> Vec<Aside> {
    let root = tree.documents().iter().rev().find(|root| root.span().touches(offset));
    let Some(root) = root else { return Vec::new() };
    let nodes = std::iter::once(root).chain(tree.path_at(offset).into_iter().map(Step::node));
    let mut gaps: Vec<Aside> = Vec::new();
    for node in nodes {
        if let Kind::Sequence(items) = node.kind() {
            let start = node.span().start;
            let is_block = text.get(start..).is_some_and(|text| text.starts_with('-'));
            let dash = is_block.then(|| start - line_start(text, start));
            gaps.extend(gaps_of(items, dash, text, offset).into_iter().flatten());
        }
    }
    gaps.retain(|gap| !tree.is_broken(gap.lines));
    gaps.sort_unstable();
    gaps
}

/// The lines before the neighbours of the item at the offset, and those behind.
fn gaps_of(items: Items<'_>, dash: Option<usize>, text: &str, offset: usize) -> [Option<Aside>; 2] {
    if items.len() < FEWEST {
        return [None, None];
    }
    // The line that an item starts, if nothing of the item before stands on it. An anchor or a tag may stand between a
    // dash and the lines of its item.
    let line = |at: usize| {
        let (before, own) = (items.get(at.checked_sub(1)?)?.span(), items.get(at)?);
        let mut line = line_start(text, own.span().start);
        while before.end <= line && !starts_item(text, line, dash) {
            line = line_start(text, line.checked_sub(1)?);
        }
        let is_alone =
            before.end <= line && (dash.is_some() || own.anchor().is_none() && own.tag().is_none());
        is_alone.then_some(line)
    };
    let gap = |from: usize, to: usize| {
        let (start, end) = (line(from)?, line(to)?);
        (from < to && start < end).then(|| Aside { lines: Span::new(start, end), items: to - from, dash })
    };
    let behind = behind(items, offset);
    [gap(1, behind.saturating_sub(2)), gap(behind + 2, items.len() - 1)]
}

/// Whether a line has the dash of an item in its column; in brackets every line may start one.
fn starts_item(text: &str, line: usize, dash: Option<usize>) -> bool {
    let Some(dash) = dash else { return true };
    let before = text.get(line..line + dash).is_some_and(|before| before.bytes().all(|byte| byte == b' '));
    before && text.as_bytes().get(line + dash) == Some(&b'-')
}

fn line_start(text: &str, offset: usize) -> usize {
    text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1)
}

/// The number of the first item that starts behind an offset.
fn behind(items: Items<'_>, offset: usize) -> usize {
    let (mut from, mut to) = (0, items.len());
    while from < to {
        let middle = from.midpoint(to);
        if items.get(middle).is_some_and(|item| item.span().start <= offset) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    from
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use copydesk_text::yaml;

    use super::super::place::place;
    use super::aside;
    use crate::{File, FileKind};

    /// A list with lists in it, and what is typed in the middle. `lead` stands behind each dash.
    fn text(lead: &str, typed: &str) -> String {
        let mut text = "name: long\nsteps:\n".to_owned();
        for at in 0..40 {
            let step = format!(
                "  # {at}\n  - {lead}id: s{at}\n    type: shell\n    run: |\n      echo: x\n    args:\n"
            );
            text.push_str(&step);
            for arg in 0..20 {
                text.push_str(&format!("      - a: {arg}\n        b: [c]\n"));
            }
            if at == 20 {
                text.push_str(typed);
            }
        }
        text.push_str("outputs:\n  x: y\n");
        text
    }

    #[test]
    fn a_place_is_the_same_without_what_is_aside() {
        let all = [
            "",
            "    ti\n",
            "      - a: \n",
            "  - \n",
            "    env: {A: \n",
            "    run: \"x\n",
            "    needs: [a,\n",
            "\n",
        ];
        let anchored = ["", "    ti\n", "    env: *a\n"].map(|typed| ("&a\n    ", typed));
        for (lead, typed) in all.into_iter().map(|typed| ("", typed)).chain(anchored) {
            let text = text(lead, typed);
            let (tree, nothing) = (yaml::parse(&text), yaml::parse(""));
            let file = File { path: Path::new("a"), text: &text, tree: &tree, kind: FileKind::Workflow };
            let part = copydesk_base::Span::new(0, text.len());
            let middle = text.find("# 21").unwrap();
            let offsets = (middle - 400..middle + 400).chain(0..60).chain(text.len() - 60..=text.len());
            for offset in offsets {
                let plain = place(&File { tree: &nothing, ..file }, part, offset);
                assert_eq!(place(&file, part, offset), plain, "at {offset}, {lead:?}, {typed:?}");
            }
            let passed: usize = aside(&tree, &text, middle).iter().map(|gap| gap.lines.len()).sum();
            assert!(tree.broken().len() > 1 || passed > text.len() * 3 / 4, "{passed} of {}", text.len());
        }
    }
}
