//! Tables while they are being read, and what they become.
//!
//! What TOML does not allow to grow any more gets a second entry of the same name instead, so that nothing is lost and
//! the rule for keys that are set twice is the only one: [`duplicate_keys`] tells all of them.

use std::collections::HashMap;

use copydesk_base::Span;

use crate::green::{Form, Green, GreenEntry};
use crate::yaml::{Output, duplicate_keys, keys};

/// All tables of a text.
pub(super) struct Tables<'t> {
    text: &'t str,
    all: Vec<Table>,
}

/// Which table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Id(usize);

#[derive(Default)]
struct Table {
    made: Made,
    /// What is known of its place besides its entries.
    span: Option<Span>,
    entries: Vec<(Green, Slot)>,
    /// Where the last entry of each name is that may grow.
    growing: HashMap<Box<str>, usize>,
}

/// What a table was made by, which decides what it may grow by.
#[derive(Clone, Copy, Default, PartialEq)]
enum Made {
    /// A header of something below it: its own may come.
    #[default]
    Passing,
    Header,
    /// Dots in a key.
    Dots,
}

/// A value.
enum Slot {
    Done(Green),
    Table(Id),
    /// Of `[[header]]`s.
    Tables(Vec<Id>),
}

impl<'t> Tables<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, all: Vec::new() }
    }

    /// A table of its own: the root, or one in braces.
    pub(super) fn alone(&mut self) -> Id {
        self.add(Made::Header)
    }

    fn add(&mut self, made: Made) -> Id {
        self.all.push(Table { made, ..Table::default() });
        Id(self.all.len() - 1)
    }

    /// Covers a place, too.
    pub(super) fn reach(&mut self, Id(at): Id, span: Span) {
        let own = &mut self.all[at].span;
        *own = Some(own.map_or(span, |own| own.cover(span)));
    }

    /// Puts a value at a key that may have dots.
    pub(super) fn put(&mut self, table: Id, keys: &[Green], value: Green) {
        let Some((last, before)) = keys.split_last() else { return };
        let Id(at) = before.iter().fold(table, |table, key| self.below(table, key, Made::Dots));
        self.all[at].entries.push((last.clone(), Slot::Done(value)));
    }

    /// Opens the table of a header.
    pub(super) fn open(&mut self, root: Id, header: &[Green]) -> Option<Id> {
        let (last, before) = header.split_last()?;
        let parent = self.passed(root, before);
        let opened = match self.grown(parent, last) {
            Some(Slot::Table(id)) => Some(*id).filter(|id| self.all[id.0].made == Made::Passing),
            _ => None,
        };
        let opened = opened.unwrap_or_else(|| self.grow(parent, last, Made::Header));
        self.all[opened.0].made = Made::Header;
        Some(opened)
    }

    /// Opens one more table of a list of tables.
    pub(super) fn open_item(&mut self, root: Id, header: &[Green]) -> Option<Id> {
        let (last, before) = header.split_last()?;
        let parent = self.passed(root, before);
        let item = self.add(Made::Header);
        match self.grown(parent, last) {
            Some(Slot::Tables(ids)) => ids.push(item),
            _ => self.enter(parent, last, Slot::Tables(vec![item])),
        }
        Some(item)
    }

    fn passed(&mut self, root: Id, header: &[Green]) -> Id {
        header.iter().fold(root, |table, key| self.below(table, key, Made::Passing))
    }

    /// The table at a key on the way to something below it, made where there is none that may grow by this.
    fn below(&mut self, table: Id, key: &Green, by: Made) -> Id {
        let known = match self.grown(table, key) {
            Some(Slot::Tables(ids)) if by == Made::Passing => ids.last().copied(),
            Some(Slot::Table(id)) => {
                let id = *id;
                (by == Made::Passing || self.all[id.0].made != Made::Header).then_some(id)
            }
            _ => None,
        };
        known.unwrap_or_else(|| self.grow(table, key, by))
    }

    /// What stands at a key and may grow.
    fn grown(&mut self, Id(at): Id, key: &Green) -> Option<&mut Slot> {
        let table = &mut self.all[at];
        let at = *table.growing.get(key.scalar_text(self.text, 0)?)?;
        table.entries.get_mut(at).map(|(_, slot)| slot)
    }

    fn grow(&mut self, table: Id, key: &Green, made: Made) -> Id {
        let id = self.add(made);
        self.enter(table, key, Slot::Table(id));
        id
    }

    fn enter(&mut self, Id(at): Id, key: &Green, slot: Slot) {
        let table = &mut self.all[at];
        let name = key.scalar_text(self.text, 0).unwrap_or_default();
        table.growing.insert(name.into(), table.entries.len());
        table.entries.push((key.clone(), slot));
    }

    /// The node of a table to which nothing will be added; nothing where it is nowhere in the text.
    pub(super) fn finish(&mut self, Id(at): Id, output: &mut Output) -> Option<Green> {
        let own = self.all[at].span;
        let entries = self.entries(Id(at), output);
        duplicate_keys(keys(&entries, self.text, 0), &mut output.problems);
        let span = own.into_iter().chain(entries.iter().map(GreenEntry::span)).reduce(Span::cover)?;
        Some(Green::new(span, Form::Map(entries.into())))
    }

    /// The entries of a table to which nothing will be added.
    pub(super) fn entries(&mut self, Id(at): Id, output: &mut Output) -> Vec<GreenEntry> {
        let slots = std::mem::take(&mut self.all[at].entries);
        let entry = |(key, slot): (Green, Slot)| {
            let end = key.span().end;
            let value = self.finish_slot(slot, output).unwrap_or_else(|| Green::nothing(end));
            GreenEntry { key, value }
        };
        slots.into_iter().map(entry).collect()
    }

    /// What is known of a table's place besides its entries.
    pub(super) fn reached(&self, Id(at): Id) -> Option<Span> {
        self.all[at].span
    }

    fn finish_slot(&mut self, slot: Slot, output: &mut Output) -> Option<Green> {
        match slot {
            Slot::Done(value) => Some(value),
            Slot::Table(id) => self.finish(id, output),
            Slot::Tables(ids) => {
                let items: Vec<Green> = ids.into_iter().filter_map(|id| self.finish(id, output)).collect();
                let span = items.iter().map(Green::span).reduce(Span::cover)?;
                Some(Green::new(span, Form::List(items.into())))
            }
        }
    }
}
