//! Children that are known to be right are not judged again.
//!
//! In many collections each child is judged alone: whether one item of a list is right says nothing about the next.
//! From such a collection ([`apart`] knows them) the children that were found right in the last version, and have not
//! changed, are left out of the value that the validator gets, and it takes what is left for the whole. So an edit
//! costs what it touched. What is wrong stays in, so that all of it is found each time.
//!
//! Invariants
//! - The verdict on what is left, and each finding, is that of the whole value; places are those of the whole.
//! - Nothing is left out of a file with anchors or with keys that stand twice: there a child is more than its lines.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use copydesk_base::Code;
use copydesk_text::{Identity, Kind, Node, Tree};
use jsonschema::paths::{Location, LocationSegment};
use serde_json::{Map, Value};

use super::part::Part;
use super::value::{self, Keys};
use super::{Schema, applied, deprecated, fit};
use crate::row::Row;

/// Collections with fewer children are judged whole, but for the root.
const FEWEST: usize = 16;

/// How deep collections are taken apart.
const DEEPEST: usize = 6;

/// Collections that are remembered; those of list items change their places.
const MOST_ROWS: usize = 256;

/// Keywords for which a child is not judged alone, or not by itself.
const TOGETHER: &[&str] = &[
    "$dynamicRef",
    "$recursiveRef",
    "additionalItems",
    "anyOf",
    "const",
    "contains",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "enum",
    "if",
    "maxItems",
    "maxProperties",
    "not",
    "oneOf",
    "prefixItems",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
];

/// What was right in the last version of one file, by the place of its collection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judged {
    /// Of [`Schema`].
    schema: u64,
    /// Of a file with several documents, those about which there was nothing to say.
    documents: Row<Verdict>,
    rows: BTreeMap<String, Row<Verdict>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Verdict {
    #[default]
    Unknown,
    Right,
}

/// A value as far as it has to be judged.
#[derive(Default)]
pub(super) struct Pieces {
    /// Which items are left of a list, by where it stands in the value.
    left: HashMap<Location, Vec<usize>>,
    looks: Vec<Look>,
}

/// A collection that was taken apart.
struct Look {
    /// In the whole document.
    written: Location,
    /// In the value.
    shown: Location,
    is_mapping: bool,
    /// The children that may be left out once they are right: which, and where they are in the value.
    children: Vec<(usize, Location)>,
}

impl Judged {
    /// Begins a check. Whatever is known belongs to one schema.
    pub(super) fn begin(&mut self, schema: &Schema, tree: &Tree) {
        if self.schema != schema.number {
            *self = Self { schema: schema.number, ..Self::default() };
        }
        if tree.has_anchors() {
            self.documents = Row::default();
        }
        self.documents.align(tree.documents().iter().map(Node::identity), |_| Verdict::Unknown);
    }

    /// Whether there is nothing to say about a document, by its number.
    pub(super) fn is_right(&mut self, document: usize) -> bool {
        self.documents.get_mut(document).is_some_and(|verdict| *verdict == Verdict::Right)
    }

    pub(super) fn set_right(&mut self, document: usize) {
        if let Some(verdict) = self.documents.get_mut(document) {
            *verdict = Verdict::Right;
        }
    }

    /// Keeps what was right: all but what is wrong, which is said by its places in the value.
    pub(super) fn keep(&mut self, pieces: &Pieces, wrong: Vec<Location>) {
        let mut around: BTreeSet<Location> = BTreeSet::new();
        for place in &wrong {
            let mut way = Location::new();
            for segment in place.segments() {
                around.insert(way.clone());
                way = way.join(segment);
            }
        }
        let wrong: BTreeSet<Location> = wrong.into_iter().collect();
        let is_wrong = |place: &Location| wrong.contains(place) || around.contains(place);
        if self.rows.len() > MOST_ROWS {
            self.rows.retain(|place, _| pieces.looks.iter().any(|look| look.written.as_str() == place));
        }
        for look in &pieces.looks {
            // It may be about any of its keys.
            let is_about_keys = look.is_mapping && wrong.contains(&look.shown);
            let Some(row) = self.rows.get_mut(look.written.as_str()).filter(|_| !is_about_keys) else {
                continue;
            };
            for (at, shown) in &look.children {
                if let Some(verdict) = row.get_mut(*at).filter(|_| !is_wrong(shown)) {
                    *verdict = Verdict::Right;
                }
            }
        }
    }
}

impl Pieces {
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
    let is_plain = !tree.has_anchors() && tree.problems().iter().all(|one| one.code != Code::DuplicateKey);
    let part = schema.root().filter(|_| is_plain && tree.documents().len() == 1);
    let Some(part) = part else { return (value::of_node(tree, root, keys), Pieces::default()) };
    let mut reader = Reader { tree, keys, schema, judged, pieces: Pieces::default() };
    let start = Place { written: Location::new(), shown: Location::new(), depth: DEEPEST };
    let value = reader.value(root, vec![part], &start);
    (value::Unfolded { value, given_up: None }, reader.pieces)
}

struct Reader<'r, 't> {
    tree: &'t Tree,
    keys: Keys,
    schema: &'r Schema,
    judged: &'r mut Judged,
    pieces: Pieces,
}

/// Where a collection is.
struct Place {
    /// In the whole document.
    written: Location,
    /// In the value.
    shown: Location,
    depth: usize,
}

impl Place {
    fn below<'a>(&self, whole: impl Into<LocationSegment<'a>>, shown: Location) -> Self {
        Self { written: self.written.join(whole), shown, depth: self.depth - 1 }
    }
}

impl<'r, 't> Reader<'r, 't> {
    fn value(&mut self, node: Node<'t>, parts: Vec<Part<'r>>, at: &Place) -> Value {
        let parts = if at.depth > 0 { apart(parts) } else { None };
        match (parts, node.kind()) {
            (Some(parts), Kind::Sequence(_)) => self.list(node, &parts, at),
            (Some(parts), Kind::Mapping(_)) if !self.brings_keys(node) => self.mapping(node, &parts, at),
            _ => self.whole(node),
        }
    }

    fn whole(&self, node: Node<'t>) -> Value {
        value::of_node(self.tree, node, self.keys).value
    }

    /// Whether it has keys of another mapping.
    fn brings_keys(&self, node: Node<'t>) -> bool {
        self.keys == Keys::Merged && node.entry("<<").is_some()
    }

    fn list(&mut self, node: Node<'t>, parts: &[Part<'r>], at: &Place) -> Value {
        let items = node.items();
        let known = self.known(at, items.iter().map(Node::identity));
        let mut spare = items.len().saturating_sub(least(parts, "minItems"));
        let mut look = Look::new(at);
        let (mut left, mut values) = (Vec::new(), Vec::new());
        for ((place, item), verdict) in items.iter().enumerate().zip(known) {
            if verdict == Verdict::Right && spare > 0 {
                spare -= 1;
                continue;
            }
            let shown = || at.shown.join(values.len());
            let value = if is_large(item) {
                self.value(item, applied::of_item(parts, place), &at.below(place, shown()))
            } else {
                self.whole(item)
            };
            if is_collection(item) && !self.is_remarked(&value) {
                look.children.push((place, shown()));
            }
            left.push(place);
            values.push(value);
        }
        self.pieces.looks.push(look);
        if left.len() < items.len() {
            self.pieces.left.insert(at.shown.clone(), left);
        }
        Value::Array(values)
    }

    fn mapping(&mut self, node: Node<'t>, parts: &[Part<'r>], at: &Place) -> Value {
        let entries = node.entries();
        let known = self.known(at, entries.iter().map(|entry| entry.value().identity()));
        let required: BTreeSet<&str> = parts.iter().flat_map(fit::required).collect();
        let mut spare = entries.len().saturating_sub(least(parts, "minProperties"));
        let mut look = Look { is_mapping: true, ..Look::new(at) };
        let mut values = Map::new();
        for ((place, entry), verdict) in entries.iter().enumerate().zip(known) {
            let name = value::key_text(entry);
            if verdict == Verdict::Right && spare > 0 && !required.contains(name.as_str()) {
                spare -= 1;
                continue;
            }
            let shown = || at.shown.join(name.as_str());
            let node = entry.value();
            let value = if is_large(node) && has_known_patterns(parts) {
                self.value(node, applied::of_key(parts, &name), &at.below(name.as_str(), shown()))
            } else {
                self.whole(node)
            };
            if is_collection(node)
                && !self.is_remarked(&value)
                && !self.schema.deprecated_keys.contains(&name)
            {
                look.children.push((place, shown()));
            }
            values.insert(name, value);
        }
        self.pieces.looks.push(look);
        Value::Object(values)
    }

    /// What is known of the children.
    fn known(
        &mut self,
        at: &Place,
        now: impl DoubleEndedIterator<Item = Identity> + ExactSizeIterator + Clone,
    ) -> Vec<Verdict> {
        let row = self.judged.rows.entry(at.written.as_str().to_owned()).or_default();
        row.align(now, |_| Verdict::Unknown);
        row.iter().copied().collect()
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

/// All parts that speak about a value of these, if each child is judged alone by them.
fn apart(parts: Vec<Part<'_>>) -> Option<Vec<Part<'_>>> {
    let (mut found, mut waiting) = (Vec::new(), parts);
    while let Some(part) = waiting.pop() {
        if found.len() >= FEWEST || part.word("items").is_some_and(Value::is_array) {
            return None;
        }
        if part.has_reference() {
            waiting.push(part.referred()?);
        }
        if !part.is_only_reference() {
            if TOGETHER.iter().any(|word| part.word(word).is_some()) {
                return None;
            }
            waiting.extend(part.list("allOf"));
        }
        found.push(part);
    }
    Some(found)
}

/// How many children stay: as many as there must be, and one more, since the key that names the schema may not count.
fn least(parts: &[Part<'_>], word: &str) -> usize {
    let said = parts.iter().filter_map(|part| part.word(word));
    // Of a number that is no number of things, all are looked at.
    let counts = said.map(|least| least.as_u64().and_then(|least| usize::try_from(least).ok()));
    counts.map(|least| least.map_or(usize::MAX, |least| least.saturating_add(1))).max().unwrap_or(0)
}

/// Whether it is certain which keys a pattern means.
fn has_known_patterns(parts: &[Part<'_>]) -> bool {
    let mut patterns = parts.iter().flat_map(|part| part.named("patternProperties"));
    patterns.all(|(pattern, _)| regex::Regex::new(pattern).is_ok())
}

fn is_collection(node: Node<'_>) -> bool {
    matches!(node.kind(), Kind::Sequence(_) | Kind::Mapping(_))
}

fn is_large(node: Node<'_>) -> bool {
    node.items().len().max(node.entries().len()) >= FEWEST
}
