//! Children that are known to be right are not judged again.
//!
//! In many collections each child is judged alone: whether one item of a list is right says nothing about the next.
//! From such a collection ([`apart`] knows them) the children that were found right in the last version, and have not
//! changed, are left out of the value that the validator gets, and it takes what is left for the whole. So an edit
//! costs what it touched. What is wrong is left out too where all that was said about it can be said again ([`Told`]).
//!
//! Invariants
//! - The verdict on what is left, and each finding, is that of the whole value; places are those of the whole.
//! - Below a choice of schemas what is wrong stays in: it may tell which one was meant.
//! - What has an alias in it is left out as long as all that its aliases stand for says the same (`Borrowed`).

use std::collections::{BTreeSet, HashMap, HashSet};

use copydesk_base::{Diagnostic, Span};
use copydesk_text::{Identity, Kind, Node, Tree};
use jsonschema::paths::{Location, LocationSegment};
use serde_json::{Map, Value};

use super::apart::{Apart, Narrowed, apart, are_unique, has_known_patterns, least, print};
use super::borrowed::{Borrowed, Lender};
use super::judged::{Cell, Judged, Known, Verdict};
use super::part::Part;
use super::told::{Said, is_below};
use super::value::{self, Keys};
use super::{Schema, applied, deprecated, fit};
use crate::row::Row;

/// Collections with fewer children are judged whole, but for the root.
const FEWEST: usize = 16;

/// How deep collections are taken apart.
const DEEPEST: usize = 6;

/// A value as far as it has to be judged.
#[derive(Default)]
pub(super) struct Pieces {
    /// Which items are left of a list, by where it stands in the value.
    left: HashMap<Location, Vec<usize>>,
    looks: Vec<Look>,
    /// Whether anything was left out.
    pub(super) is_part: bool,
    /// The choices that were none, each with where its collection stands in the value.
    narrowed: Vec<(Location, Narrowed)>,
    /// What was found in children that were left out.
    pub(super) told: Vec<Diagnostic>,
    /// Where the collections are in the value that they were left out of.
    told_of: BTreeSet<Location>,
}

/// A collection that was taken apart.
struct Look {
    /// In the whole document.
    written: Location,
    /// In the value.
    shown: Location,
    is_mapping: bool,
    /// The children that may be left out once they are right.
    children: Vec<Child>,
}

struct Child {
    at: usize,
    /// In the value.
    shown: Location,
    span: Span,
    borrowed: Borrowed,
    /// Whether it was taken apart itself: then what is wrong in it is kept there.
    is_apart: bool,
}

impl Pieces {
    /// Keeps what was right, and what was said of the rest.
    pub(super) fn keep(&self, judged: &mut Judged, tree: &Tree, said: &Said) {
        let mut around: BTreeSet<Location> = BTreeSet::new();
        for place in &said.wrong {
            let mut way = Location::new();
            for segment in place.segments() {
                around.insert(way.clone());
                way = way.join(segment);
            }
        }
        let wrong: BTreeSet<&Location> = said.wrong.iter().collect();
        let is_wrong = |place: &Location| wrong.contains(place) || around.contains(place);
        judged.thin(|place| self.looks.iter().any(|look| look.written.as_str() == place));
        for look in &self.looks {
            // It may be about any of its keys.
            let is_about_keys = look.is_mapping && wrong.contains(&look.shown);
            let known = judged.rows.get_mut(look.written.as_str());
            let Some(known) = known.filter(|_| !is_about_keys) else { continue };
            let is_choice = said.is_choice(&look.shown);
            for Child { at, shown, span, borrowed, is_apart } in &look.children {
                let Some(cell) = known.row.get_mut(*at) else { continue };
                (cell.verdict, cell.told) = (Verdict::Unknown, None);
                if !is_wrong(shown) {
                    if !(*is_apart && self.has_told(shown)) {
                        (cell.verdict, cell.borrowed) = (Verdict::Right, *borrowed);
                    }
                } else if !is_choice && !is_apart && *borrowed == Borrowed::default() {
                    cell.told = said.of(tree, *span, &self.place(shown));
                }
            }
        }
    }

    /// Where something stands in the whole that stands at `shown` in the value.
    pub(super) fn place(&self, shown: &Location) -> Location {
        if self.left.is_empty() {
            return shown.clone();
        }
        let (mut place, mut way) = (Location::new(), Location::new());
        for segment in shown.segments() {
            let whole = match &segment {
                LocationSegment::Index(at) => self.item(&way, *at).into(),
                name @ LocationSegment::Property(_) => name.clone(),
            };
            place = place.join(whole);
            way = way.join(segment);
        }
        place
    }

    /// The branch of a choice that a collection was read as because of its keys.
    pub(super) fn narrowed(&self, shown: &Location, part: usize, keyword: &str) -> Option<usize> {
        let is_it = |one: &Narrowed| one.part == part && one.keyword == keyword;
        self.narrowed.iter().find(|(at, one)| at == shown && is_it(one)).map(|(_, one)| one.branch)
    }

    /// Whether something wrong was left out of what stands at a place.
    fn has_told(&self, shown: &Location) -> bool {
        self.told_of.iter().any(|place| is_below(place.as_str(), shown.as_str()))
    }

    /// Which item of the whole list the one at `at` is of what is left at `shown`.
    pub(super) fn item(&self, shown: &Location, at: usize) -> usize {
        self.left.get(shown).and_then(|left| left.get(at)).copied().unwrap_or(at)
    }
}

/// The value of a document, without the children that are known to be right.
pub(super) fn read(
    tree: &Tree,
    root: Node<'_>,
    keys: Keys,
    schema: &Schema,
    judged: &mut Judged,
) -> (value::Unfolded, Pieces) {
    let part = schema.root().filter(|_| tree.documents().len() == 1);
    let Some(part) = part else { return (value::of_node(tree, root, keys), Pieces::default()) };
    let values = value::Reader::new(tree, keys);
    let lender = Lender::new(tree, keys);
    let mut reader = Reader { tree, keys, schema, judged, values, lender, pieces: Pieces::default() };
    let start = Place { written: Location::new(), shown: Location::new(), level: 0, is_choice: false };
    let value = reader.value(root, vec![part], &start);
    (value::Unfolded { value, given_up: reader.values.given_up }, reader.pieces)
}

struct Reader<'r, 't> {
    tree: &'t Tree,
    keys: Keys,
    values: value::Reader<'t>,
    schema: &'r Schema,
    judged: &'r mut Judged,
    lender: Lender<'t>,
    pieces: Pieces,
}

/// Where a collection is.
#[derive(Clone)]
struct Place {
    /// In the whole document.
    written: Location,
    /// In the value.
    shown: Location,
    /// How far below the document.
    level: usize,
    /// Whether it was one of several forms, or something around it was.
    is_choice: bool,
}

impl Place {
    fn below<'a>(&self, whole: impl Into<LocationSegment<'a>>, shown: Location) -> Self {
        Self { written: self.written.join(whole), shown, level: self.level + 1, is_choice: self.is_choice }
    }
}

impl<'r, 't> Reader<'r, 't> {
    fn value(&mut self, node: Node<'t>, parts: Vec<Part<'r>>, at: &Place) -> Value {
        let is_looked_into = at.level < DEEPEST && is_collection(node);
        let apart = if is_looked_into { apart(parts, node, self.keys) } else { None };
        let Some(Apart { parts, telling, narrowed, is_choice }) = apart else {
            return self.values.at_level(node, at.level);
        };
        let at = &Place { is_choice: at.is_choice || is_choice, ..at.clone() };
        self.pieces.narrowed.extend(narrowed.into_iter().map(|one| (at.shown.clone(), one)));
        match node.kind() {
            Kind::Sequence(_) => self.list(node, &parts, at),
            Kind::Mapping(_) => self.mapping(node, &parts, &telling, at),
            _ => self.values.at_level(node, at.level),
        }
    }

    fn list(&mut self, node: Node<'t>, parts: &[Part<'r>], at: &Place) -> Value {
        let items = node.items();
        let known = self.known(at, parts, items.iter().map(Node::identity));
        if are_unique(parts) && !self.is_unique(node, &known, at) {
            return self.values.at_level(node, at.level);
        }
        let mut spare = items.len().saturating_sub(least(parts, "minItems"));
        let mut look = Look::new(at);
        let (mut left, mut values) = (Vec::new(), Vec::new());
        for ((place, item), cell) in items.iter().enumerate().zip(known) {
            if spare > 0 && self.passes(&cell, item, at) {
                spare -= 1;
                self.pieces.is_part = true;
                continue;
            }
            let shown = || at.shown.join(values.len());
            let value = if is_large(item) {
                self.value(item, applied::of_item(parts, place), &at.below(place, shown()))
            } else {
                self.values.at_level(item, at.level + 1)
            };
            look.children.extend(self.child((place, shown()), item, &value));
            left.push(place);
            values.push(value);
        }
        self.pieces.looks.push(look);
        if left.len() < items.len() {
            self.pieces.left.insert(at.shown.clone(), left);
        }
        Value::Array(values)
    }

    /// Whether no two items are the same. What is known of an item that did not change is not made again.
    fn is_unique(&mut self, node: Node<'t>, known: &[Cell], at: &Place) -> bool {
        let mut prints: Vec<u64> = Vec::with_capacity(known.len());
        let mut new = Vec::new();
        for ((place, item), cell) in node.items().iter().enumerate().zip(known) {
            prints.push(cell.print.unwrap_or_else(|| {
                let print = print(&self.values.at_level(item, at.level + 1));
                let is_own = is_collection(item) && !self.tree.has_alias_in(item.span());
                new.extend(is_own.then_some((place, print)));
                print
            }));
        }
        if let Some(known) = self.judged.rows.get_mut(at.written.as_str()) {
            for (place, print) in new {
                if let Some(cell) = known.row.get_mut(place) {
                    cell.print = Some(print);
                }
            }
        }
        prints.sort_unstable();
        prints.is_sorted_by(|one, next| one < next)
    }

    /// Of a mapping the keys that are `telling` stay.
    fn mapping(&mut self, node: Node<'t>, parts: &[Part<'r>], telling: &[String], at: &Place) -> Value {
        let entries = node.entries();
        let known = self.known(at, parts, entries.iter().map(|entry| entry.value().identity()));
        let required: BTreeSet<&str> = parts.iter().flat_map(fit::required).collect();
        let stays = |name: &str| required.contains(name) || telling.iter().any(|other| other == name);
        let mut names: HashSet<&str> = HashSet::with_capacity(entries.len());
        let mut look = Look { is_mapping: true, ..Look::new(at) };
        let (mut values, mut merged) = (Map::new(), None);
        // Of a key that is written twice the first one counts.
        let is_own: Vec<bool> = entries
            .iter()
            .map(|entry| {
                !value::is_merge(entry, self.keys) && names.insert(entry.key().scalar_text().unwrap_or(""))
            })
            .collect();
        let mut spare = names.len().saturating_sub(least(parts, "minProperties"));
        for (place, (entry, cell)) in entries.iter().zip(known).enumerate() {
            if !is_own.get(place).is_some_and(|is_own| *is_own) {
                merged = if value::is_merge(entry, self.keys) { Some(entry) } else { merged };
                continue;
            }
            let (name, node) = (value::key_text(entry), entry.value());
            if spare > 0 && !stays(&name) && self.passes(&cell, node, at) {
                spare -= 1;
                self.pieces.is_part = true;
                continue;
            }
            let shown = || at.shown.join(name.as_str());
            let value = if is_large(node) && has_known_patterns(parts) {
                self.value(node, applied::of_key(parts, &name), &at.below(name.as_str(), shown()))
            } else {
                self.values.at_level(node, at.level + 1)
            };
            if !self.schema.deprecated_keys.contains(&name) {
                look.children.extend(self.child((place, shown()), node, &value));
            }
            values.insert(name, value);
        }
        if let Some(entry) = merged {
            let left: HashSet<String> = values.keys().cloned().collect();
            self.values.merge_at(entry, &mut values, at.level);
            // What was left out is not there to be taken from elsewhere.
            values.retain(|name, _| left.contains(name) || !names.contains(name.as_str()));
        }
        self.pieces.looks.push(look);
        Value::Object(values)
    }

    /// What is known of the children.
    fn known(
        &mut self,
        at: &Place,
        parts: &[Part<'r>],
        now: impl DoubleEndedIterator<Item = Identity> + ExactSizeIterator + Clone,
    ) -> Vec<Cell> {
        let known = self.judged.rows.entry(at.written.as_str().to_owned()).or_default();
        let parts: Vec<usize> = parts.iter().map(Part::address).collect();
        if known.parts != parts {
            *known = Known { parts, row: Row::default() };
        }
        known.row.align(now, |_| Cell::default());
        known.row.iter().cloned().collect()
    }

    /// Whether all is known about a child, and so it is passed over.
    fn passes(&mut self, cell: &Cell, node: Node<'t>, at: &Place) -> bool {
        if let Some(told) = cell.told.as_ref().filter(|_| !at.is_choice) {
            let is_said = told.again(self.tree, node.span(), &mut self.pieces.told);
            if is_said && !self.pieces.told_of.contains(&at.shown) {
                self.pieces.told_of.insert(at.shown.clone());
            }
            return is_said;
        }
        cell.verdict == Verdict::Right
            && self.lender.borrowed(node) == Some(cell.borrowed)
            && self.values.pass(cell.borrowed.unfolded)
    }

    /// A child that may be left out once it is right.
    fn child(&mut self, (at, shown): (usize, Location), node: Node<'t>, value: &Value) -> Option<Child> {
        let is_kept = is_collection(node) && !self.is_remarked(value);
        let borrowed = if is_kept { self.lender.borrowed(node) } else { None };
        let is_apart = is_large(node);
        borrowed.map(|borrowed| Child { at, shown, span: node.span(), borrowed, is_apart })
    }

    /// Whether something in it should no longer be written, which is said each time.
    fn is_remarked(&self, value: &Value) -> bool {
        let names = &self.schema.deprecated_keys;
        !names.is_empty() && deprecated::may_have(value, names)
    }
}

impl Look {
    fn new(at: &Place) -> Self {
        Self { written: at.written.clone(), shown: at.shown.clone(), is_mapping: false, children: Vec::new() }
    }
}

fn is_collection(node: Node<'_>) -> bool {
    matches!(node.kind(), Kind::Sequence(_) | Kind::Mapping(_))
}

fn is_large(node: Node<'_>) -> bool {
    node.items().len().max(node.entries().len()) >= FEWEST
}
