//! Lines that were read again, in the place of those that stood there.
//!
//! A table may be written in several pieces with others in between. So an edit does not only move what is behind it: a
//! table that began before it and goes on behind it grows in its middle, whether it holds the edit or not. Each such
//! table is made anew; all that ends before the edit or starts behind it is shared.

use std::ops::Range;

use copydesk_base::Span;

use crate::edits::Edit;
use crate::green::{Form, Green, GreenEntry, Grown, short};

pub(super) struct Graft<'g> {
    /// The new one.
    pub(super) text: &'g str,
    /// What was read again, as it was.
    pub(super) region: Span,
    pub(super) edit: Edit,
    /// Whether the region ends with the text.
    pub(super) is_last: bool,
    /// From the first thing that is written in the region now to the last one.
    pub(super) seen: Option<Span>,
}

/// The new entries of a table, and which ones they take the place of.
struct New {
    old: Range<usize>,
    entries: Vec<GreenEntry>,
}

/// How the children of a table are stored.
#[derive(Clone, Copy)]
struct Base {
    /// What they counted from.
    old: u32,
    /// What they count from now: where their table starts.
    new: u32,
}

impl Graft<'_> {
    /// The document with new entries in the table at the end of `way`.
    pub(super) fn document(
        &self,
        old: &Green,
        way: &[usize],
        stood: Range<usize>,
        entries: Vec<GreenEntry>,
    ) -> Option<Green> {
        let (node, from) = old.looked_through(0);
        let span = node.span().shifted(from as usize);
        let seen = self.seen.into_iter();
        let start = if span.start < self.region.start {
            Some(span.start)
        } else if span.start < self.region.end || self.is_last {
            self.seen.map(|seen| seen.start)
        } else {
            seen.map(|seen| seen.start).chain([self.edit.moved(span.start)]).min()
        };
        let base = Base { old: from, new: short(start?) };
        let form = self.form(node, base, Some((way, New { old: stood, entries })))?;
        let end = if self.goes_on(span.end) {
            self.edit.moved(span.end)
        } else {
            last_end(&form, base).max(self.seen?.end)
        };
        Some(Grown::with_len(base.new, short(end).wrapping_sub(base.new), form, node).into_document())
    }

    /// Whether something that ended there ends behind the region.
    fn goes_on(&self, end: usize) -> bool {
        end >= self.region.end && !self.is_last
    }

    /// A table or a list of tables; on the way to the new entries, or beside it with pieces before and behind them.
    fn table(&self, old: &Green, base: u32, way: Option<(&[usize], New)>) -> Option<Grown> {
        let (node, from) = old.looked_through(base);
        let span = node.span().shifted(from as usize);
        let base = Base { old: from, new: short(span.start) };
        let is_beside = way.is_none();
        let form = self.form(node, base, way)?;
        let end = if self.goes_on(span.end) {
            self.edit.moved(span.end)
        } else if is_beside {
            return None;
        } else {
            last_end(&form, base)
        };
        Some(Grown::with_len(base.new, short(end).wrapping_sub(base.new), form, node))
    }

    fn form(&self, node: &Green, base: Base, way: Option<(&[usize], New)>) -> Option<Form> {
        let (next, mut rest) = match way {
            Some(([], new)) => return self.with_new(node, base, new),
            Some(([next, way @ ..], new)) => (Some(*next), Some((way, new))),
            None => (None, None),
        };
        let mut child = |at: usize, child: &Green| {
            let way = if next == Some(at) { rest.take() } else { None };
            self.child(child, base, way)
        };
        match &node.form {
            Form::List(items) => {
                let items: Option<Vec<Green>> =
                    items.iter().enumerate().map(|(at, item)| child(at, item)).collect();
                Some(Form::List(items?.into()))
            }
            Form::Map(entries) => {
                let entry = |(at, entry): (usize, &GreenEntry)| {
                    Some(GreenEntry {
                        key: self.child(&entry.key, base, None)?,
                        value: child(at, &entry.value)?,
                    })
                };
                let entries: Option<Vec<GreenEntry>> = entries.iter().enumerate().map(entry).collect();
                Some(Form::Map(entries?.into()))
            }
            _ => None,
        }
    }

    /// The table whose lines were read.
    fn with_new(&self, node: &Green, base: Base, new: New) -> Option<Form> {
        let Form::Map(entries) = &node.form else { return None };
        let kept = |entry: &GreenEntry| {
            Some(GreenEntry {
                key: self.child(&entry.key, base, None)?,
                value: self.child(&entry.value, base, None)?,
            })
        };
        let mut all = Vec::with_capacity(entries.len() + new.entries.len());
        for entry in entries.get(..new.old.start)? {
            all.push(kept(entry)?);
        }
        for mut entry in new.entries {
            entry.settle(base.new, self.text);
            all.push(entry);
        }
        for entry in entries.get(new.old.end..)? {
            all.push(kept(entry)?);
        }
        Some(Form::Map(all.into()))
    }

    fn child(&self, old: &Green, base: Base, way: Option<(&[usize], New)>) -> Option<Green> {
        let stays = base.old.wrapping_sub(base.new);
        let span = old.span().shifted(base.old as usize);
        if way.is_none() && span.end <= self.region.start {
            Some(old.moved(stays))
        } else if way.is_none() && span.start >= self.region.end {
            Some(
                old.moved(
                    stays.wrapping_add(short(self.edit.new_end)).wrapping_sub(short(self.edit.old_end)),
                ),
            )
        } else {
            Some(self.table(old, base.old, way)?.into_child(base.new, self.text))
        }
    }
}

/// Where the last of some children ends, in the whole text; where their table starts, if there are none.
fn last_end(form: &Form, base: Base) -> usize {
    let end = match form {
        Form::List(items) => items.iter().map(|item| item.span().end).max(),
        Form::Map(entries) => entries.iter().map(|entry| entry.span().end).max(),
        _ => None,
    };
    base.new as usize + end.unwrap_or(0)
}
