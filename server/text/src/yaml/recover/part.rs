//! Some children of a collection, read by themselves: what an edit has changed of a text that was read before.

use super::cut::{self, Region, Shape};
use super::{MOST_FAULTS, READINGS, Recovery, tabs};
use crate::green::{Green, GreenEntry};
use crate::yaml::build::{Failure, Output, Why};

/// The children, and what was found on the way.
pub(in super::super) struct Part {
    pub(in super::super) items: Vec<Green>,
    pub(in super::super) entries: Vec<GreenEntry>,
    pub(in super::super) output: Output,
}

/// What the children belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    List,
    Mapping,
    /// A mapping, if one of these is an entry: nothing outside of them says so.
    Unknown,
}

/// Reads children of a list or a mapping that stands within `depth` collections. They start at byte `start` of `piece`,
/// which starts with a line, `shift` bytes behind the start of the whole text. They do not parse as what they should
/// be, by `failure`.
///
/// `None` where only the whole text tells: tabs in the indentation are judged together, and so is a text with more
/// faults than are shown.
pub(in super::super) fn part(
    piece: &str,
    start: usize,
    shift: usize,
    kind: Kind,
    depth: usize,
    failure: Option<&Failure>,
) -> Option<Part> {
    if tabs::has_any(&piece[start..]) {
        return None;
    }
    let lines = cut::lines(piece);
    let first = lines.iter().position(|line| line.next > start)?;
    let region = cut::region(&lines, first..lines.len())?;
    let region = if region.first.start < start { region.from(start) } else { region };
    let budget = piece.len() * READINGS + 4096;
    let output = Output::default();
    let mut recovery = Recovery {
        text: piece,
        lines: &lines,
        shift,
        output,
        budget,
        faults: 0,
        tab_lines: vec![],
        quiet: 0,
    };
    recovery.note_comments(first..region.rest.start - 1);
    let blocks = cut::blocks(piece, &lines, &region);
    let is_entry = |block: &Region| matches!(cut::shape(piece, &block.first), Shape::Entry { .. });
    if kind == Kind::Unknown && !blocks.iter().any(is_entry) {
        return None;
    }
    let is_list = kind == Kind::List;
    // As for any region that is asked about: what is missing at the end is missing there.
    let failure = failure.map(|failure| recovery.bounded(failure.clone(), &region));
    let (items, entries) = match (&failure, blocks.as_slice()) {
        (Some(failure), _) => recovery.children(&region, &blocks, is_list, failure, depth),
        // It parses, but not as an item or an entry: the reader of blocks says what is missing.
        (None, [block]) => {
            let read = recovery.exact(block, depth);
            let (mut items, mut entries) = (Vec::new(), Vec::new());
            recovery.child(block, is_list, read, depth, &mut items, &mut entries);
            (items, entries)
        }
        (None, _) => {
            let failure = Failure { offset: region.first.start + shift, why: Why::Unread };
            recovery.children(&region, &blocks, is_list, &failure, depth)
        }
    };
    let is_bounded = recovery.faults < MOST_FAULTS && recovery.budget > 0;
    is_bounded.then_some(Part { items, entries, output: recovery.output })
}
