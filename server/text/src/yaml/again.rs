//! A newer version's tree from the tree of the version before and the edit between the two.
//!
//! An edit of one line of one step costs that step. What is read again is the smallest run of neighbouring children of
//! a block collection that the edit touches, if what is there now still stands where such children must ([`place`]).
//! It is read exactly, or by recovery within the run; the rest is shared, or moved ([`graft`]). Where no run fits, the
//! answer is `None`, and the whole text is read.
//!
//! Invariants
//! - The answer is what reading the whole text would give, in broken texts too.
//! - The tree before is not changed: somebody may be looking at it.

mod find;
mod graft;
mod place;
mod run;

use std::sync::Arc;

use self::place::Level;
use self::run::Run;
use super::build::{self, Output, Why};
use super::{MAX_BYTES, MOST_FOUND, lines, recover};
use crate::document::BYTE_ORDER_MARK;
use crate::edits::Edit;
use crate::green::{Form, Green, GreenEntry};
use crate::tree::Tree;

/// Whether there is a character that the parser does not take in a comment and recovery does, or a byte order mark: it
/// means something at the start of a text only, and the parser does not say where it has met one.
pub(super) fn has_odd(text: &str) -> bool {
    let is_odd = |c: char| match c {
        '\t' | '\n' | '\r' => false,
        BYTE_ORDER_MARK | '\u{fffe}' | '\u{ffff}' => true,
        c => c.is_control(),
    };
    text.chars().any(is_odd)
}

/// What was read of a run.
enum Children {
    Items(Vec<Green>),
    Entries(Vec<GreenEntry>),
}

/// The tree of `text`, which is the text of `before` with one edit.
pub(crate) fn again(before: &Tree, text: &Arc<str>, edit: Edit) -> Option<Tree> {
    within(before, text, edit, usize::MAX)
}

/// The same, if the run that is read again has no more than `most` bytes.
pub(crate) fn within(before: &Tree, text: &Arc<str>, edit: Edit, most: usize) -> Option<Tree> {
    let inserted = text.get(edit.start..edit.new_end)?;
    let is_plain = before.is_whole
        && text.len() <= MAX_BYTES
        && before.found.len() < MOST_FOUND
        && !has_odd(inserted)
        && !(edit.start == 0 && before.text.starts_with(BYTE_ORDER_MARK))
        && !begins_with_percent(text, edit);
    if !is_plain {
        return None;
    }
    let levels = place::way(before, edit)?;
    for (at, level) in levels.iter().enumerate().rev() {
        for run in level.runs(before, edit).into_iter().flatten() {
            if run.region.len() > most || !run.fits(level, before, text, edit) {
                continue;
            }
            if let Some(tree) = read(before, text, edit, &levels[..=at], &run) {
                return Some(tree);
            }
        }
    }
    None
}

/// Whether a line that the edit touched may now be a directive, which changes what the whole text means.
fn begins_with_percent(text: &str, edit: Edit) -> bool {
    let bytes = text.as_bytes();
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let from = bytes[..edit.start].iter().rposition(is_break).map_or(0, |at| at + 1);
    (from..=edit.new_end).any(|at| {
        bytes.get(at) == Some(&b'%') && at.checked_sub(1).is_none_or(|before| is_break(&bytes[before]))
    })
}

/// Reads a run again and puts it in its place. `None` where a larger run must be tried.
fn read(before: &Tree, text: &Arc<str>, edit: Edit, levels: &[Level<'_>], run: &Run) -> Option<Tree> {
    let level = levels.last()?;
    // Recovery passes over documents without content, and judges tabs in the indentation together.
    let may_be_broken = || {
        levels.iter().all(|level| level.is_plain_way && !level.may_be_more(before))
            && levels.first().is_some_and(|root| root.is_only_document(before))
            && [text, &before.text].iter().all(|text| !recover::has_tabs(text))
    };
    if !before.broken.is_empty() && !may_be_broken() {
        return None;
    }
    let end = edit.moved(run.region.end);
    let margin = lines::line_start(text, run.region.start);
    let piece = " ".repeat(run.region.start - margin) + text.get(run.region.start..end)?;
    let depth = levels.len() - 1;
    let mut output = Output::default();
    let exact = build::build(&piece, margin, depth, &mut output);
    if exact.as_ref().is_err_and(|failure| failure.why == Why::TooDeep) {
        return None;
    }
    let is_all = run.children.len() == level.len();
    let is_nothing = exact.is_ok() && output.documents.is_empty();
    let children = if is_nothing {
        (!is_all).then(|| Children::none(level.is_list))
    } else if exact.is_ok() {
        Children::of(&mut output, level.is_list, run.content(text, end))
    } else {
        None
    };
    let has_entry = level.has_entry_outside(&before.text, &run.children);
    if children.as_ref().is_some_and(|children| !has_entry && !children.say_kind(text)) {
        // Nothing says that this is a mapping, so the lines may be one text.
        return None;
    }
    let children = match children {
        Some(children) => children,
        // Without a sibling nothing says what kind of collection this is.
        None if is_nothing || run.children.start == 0 && exact.is_ok() || !may_be_broken() => return None,
        None => {
            let kind = match level.is_list {
                true => recover::Kind::List,
                false if has_entry => recover::Kind::Mapping,
                false => recover::Kind::Unknown,
            };
            let (piece, start) = (text.get(margin..end)?, run.region.start - margin);
            let part = recover::part(piece, start, margin, kind, depth, exact.as_ref().err())?;
            output = part.output;
            if level.is_list { Children::Items(part.items) } else { Children::Entries(part.entries) }
        }
    };
    if children.is_empty() && is_all {
        return None;
    }
    let found = find::found(before, text, edit, level, run, &children, output)?;
    let documents = graft::grafted(before, text, edit, levels, run, children)?;
    Some(Tree { is_whole: true, ..super::finished(found, documents, Arc::clone(text)) })
}

impl Children {
    fn none(is_list: bool) -> Self {
        if is_list { Self::Items(Vec::new()) } else { Self::Entries(Vec::new()) }
    }

    /// The children of the one collection that was read, if it is of the right kind and starts at `start`.
    fn of(output: &mut Output, is_list: bool, start: usize) -> Option<Self> {
        let [document] = output.documents.as_slice() else { return None };
        if document.span().start != start || document.tag().is_some() || document.anchor().is_some() {
            return None;
        }
        match (is_list, output.documents.pop()?.form) {
            (true, Form::List(items)) => Some(Self::Items(items.into_vec())),
            (false, Form::Map(entries)) => Some(Self::Entries(entries.into_vec())),
            _ => None,
        }
    }

    /// Whether they say by themselves what kind of collection they are in.
    fn say_kind(&self, text: &str) -> bool {
        match self {
            Self::Items(_) => true,
            Self::Entries(entries) => entries.iter().any(|entry| place::has_colon(text, entry.key.span())),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Items(items) => items.is_empty(),
            Self::Entries(entries) => entries.is_empty(),
        }
    }
}
