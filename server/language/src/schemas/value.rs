//! From a tree to the plain value that a schema judges.
//!
//! Aliases are unfolded, merge keys are merged, scalars get the meaning that YAML's core schema gives them. A few lines
//! of aliases can stand for more values than a machine holds, so unfolding has an end, and says so.

use copydesk_base::{Code, Diagnostic, Span};
use copydesk_text::{Entry, Kind, Node, Step, Tree, Value as Meaning};
use serde_json::{Map, Number, Value};

/// How many values aliases may add to those that are written.
const MOST_UNFOLDED: usize = 100_000;

/// How deep a value may be nested once its aliases are unfolded.
const DEEPEST: usize = 160;

/// What `<<` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// In YAML: it brings the keys of another mapping.
    Merged,
    /// In JSON and TOML: a key like any other.
    AsWritten,
}

/// A value, and whether it is whole.
#[derive(Debug)]
pub(super) struct Unfolded {
    pub(super) value: Value,
    /// The alias at which unfolding was given up.
    pub(super) given_up: Option<Span>,
}

/// The value of the first document.
pub(super) fn of_tree(tree: &Tree, keys: Keys) -> Unfolded {
    match tree.root() {
        Some(root) => of_node(tree, root, keys),
        None => Unfolded { value: Value::Null, given_up: None },
    }
}

/// The value of a node.
pub(super) fn of_node(tree: &Tree, node: Node<'_>, keys: Keys) -> Unfolded {
    let mut reader = Reader::new(tree, keys);
    let value = reader.at_level(node, 0);
    Unfolded { value, given_up: reader.given_up }
}

/// What an alias of a node stands for, and how many values that are; nothing where they are too many.
pub(super) fn behind_alias(tree: &Tree, node: Node<'_>, keys: Keys) -> Option<(Value, usize)> {
    let mut reader = Reader { aliases: 1, ..Reader::new(tree, keys) };
    let value = reader.at_level(node, 0);
    reader.given_up.is_none().then_some((value, reader.unfolded))
}

/// A node as far as guesses look into it: a few levels, and of long lists the first items.
pub(super) fn glance(tree: &Tree, node: Node<'_>, keys: Keys) -> Value {
    glance_within(tree, node, keys, 5)
}

fn glance_within(tree: &Tree, node: Node<'_>, keys: Keys, depth: usize) -> Value {
    let (Some(depth), Some(node)) = (depth.checked_sub(1), tree.resolve(node)) else { return Value::Null };
    match node.kind() {
        Kind::Sequence(items) => {
            items.into_iter().take(6).map(|item| glance_within(tree, item, keys, depth)).collect()
        }
        Kind::Mapping(entries) => {
            let mut map = Map::new();
            for entry in entries.into_iter().take(500) {
                let value = glance_within(tree, entry.value(), keys, depth);
                match (keys, value) {
                    (Keys::Merged, Value::Object(merged)) if entry.key().scalar_text() == Some("<<") => {
                        for (key, value) in merged {
                            map.entry(key).or_insert(value);
                        }
                    }
                    (_, value) => {
                        map.insert(key_text(entry), value);
                    }
                }
            }
            Value::Object(map)
        }
        _ => of_scalar(node).unwrap_or(Value::Null),
    }
}

/// What a single scalar means, as it would stand in JSON.
pub(super) fn of_scalar(node: Node<'_>) -> Option<Value> {
    Some(match node.value()? {
        Meaning::Null => Value::Null,
        Meaning::Bool(value) => Value::Bool(value),
        Meaning::Int(value) => Value::from(value),
        Meaning::Float(value) => number(value, node.scalar_text().unwrap_or("")),
        Meaning::Text(text) => Value::from(text),
    })
}

/// Whether a node has a tag of somebody's own, so that nobody here knows what it stands for.
pub(super) fn has_own_tag(node: Node<'_>) -> bool {
    node.tag().is_some_and(|tag| {
        let standard = tag.strip_prefix("!!").or_else(|| tag.strip_prefix("tag:yaml.org,2002:"));
        tag != "!" && standard.is_none()
    })
}

/// Whole numbers are exact up to 64 bits. What JSON has no word for becomes the largest number there is.
fn number(value: f64, text: &str) -> Value {
    if let Ok(whole) = text.strip_prefix('+').unwrap_or(text).parse::<u64>() {
        return Value::from(whole);
    }
    let finite = if value.is_finite() { value } else { f64::MAX.copysign(value) };
    Number::from_f64(finite).map_or(Value::Null, Value::Number)
}

/// A number as it is written in decimal digits.
pub(super) fn whole_or_fraction(text: &str) -> Option<Value> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_decimal = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && !(digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0."));
    if !is_decimal {
        return None;
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Some(Value::from(whole));
    }
    text.parse().ok().and_then(Number::from_f64).map(Value::Number)
}

/// Reads the values of one document; what aliases stand for is counted for all of them.
pub(super) struct Reader<'t> {
    tree: &'t Tree,
    keys: Keys,
    /// How many values stand behind aliases so far.
    unfolded: usize,
    /// How many aliases are around the current value.
    aliases: usize,
    /// The alias at which unfolding was given up.
    pub(super) given_up: Option<Span>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(tree: &'t Tree, keys: Keys) -> Self {
        Self { tree, keys, unfolded: 0, aliases: 0, given_up: None }
    }

    /// Passes over what has so many values behind aliases; not if reading might be given up there.
    pub(super) fn pass(&mut self, unfolded: usize) -> bool {
        let all = self.unfolded + unfolded;
        let is_passed = self.given_up.is_none() && (unfolded == 0 || all <= MOST_UNFOLDED);
        if is_passed {
            self.unfolded = all;
        }
        is_passed
    }

    /// Brings what `<<` brings into a mapping so many levels below the document.
    pub(super) fn merge_at(&mut self, entry: Entry<'t>, map: &mut Map<String, Value>, level: usize) {
        self.merge(entry.value(), map, DEEPEST.saturating_sub(level + 1));
    }

    /// The value of a node so many levels below the document.
    pub(super) fn at_level(&mut self, node: Node<'t>, level: usize) -> Value {
        self.value(node, DEEPEST.saturating_sub(level))
    }

    fn value(&mut self, node: Node<'t>, depth: usize) -> Value {
        if self.given_up.is_some() {
            return Value::Null;
        }
        if self.aliases > 0 {
            self.unfolded += 1;
        }
        match node.kind() {
            Kind::Alias(_) => self.behind(node, depth),
            Kind::Sequence(items) => {
                let Some(depth) = self.deeper(node, depth) else { return Value::Null };
                items.into_iter().map(|item| self.value(item, depth)).collect()
            }
            Kind::Mapping(entries) => {
                let Some(depth) = self.deeper(node, depth) else { return Value::Null };
                let mut map = Map::new();
                let mut merged = None;
                for entry in entries {
                    if is_merge(entry, self.keys) {
                        merged = Some(entry);
                        continue;
                    }
                    let name = key_text(entry);
                    // Of a key that is written twice the first one counts, as everywhere here.
                    if !map.contains_key(&name) {
                        let value = self.value(entry.value(), depth);
                        map.insert(name, value);
                    }
                }
                if let Some(entry) = merged {
                    self.merge(entry.value(), &mut map, depth);
                }
                Value::Object(map)
            }
            Kind::Null | Kind::Scalar(_) => of_scalar(node).unwrap_or(Value::Null),
        }
    }

    fn behind(&mut self, node: Node<'t>, depth: usize) -> Value {
        let Some(target) = self.tree.resolve(node) else { return Value::Null };
        // That is told where it stands.
        if self.tree.is_into_itself(node) {
            return Value::Null;
        }
        if self.unfolded > MOST_UNFOLDED {
            self.given_up = Some(node.span());
            return Value::Null;
        }
        let Some(depth) = self.deeper(node, depth) else { return Value::Null };
        self.aliases += 1;
        let value = self.value(target, depth);
        self.aliases -= 1;
        value
    }

    /// Brings the keys of other mappings that are not there yet.
    fn merge(&mut self, from: Node<'t>, map: &mut Map<String, Value>, depth: usize) {
        let sources = match from.kind() {
            Kind::Sequence(items) => items.into_iter().take(64).collect(),
            _ => vec![from],
        };
        for source in sources {
            if let Value::Object(entries) = self.value(source, depth) {
                for (key, value) in entries {
                    map.entry(key).or_insert(value);
                }
            }
        }
    }

    fn deeper(&mut self, node: Node<'t>, depth: usize) -> Option<usize> {
        let deeper = depth.checked_sub(1);
        if deeper.is_none() {
            self.given_up = Some(node.span());
        }
        deeper
    }
}

/// Says which aliases stand within what they stand for. YAML allows that, and no schema can judge what has no end: in
/// place of what was found there stands why. Those of a merge key are told as broken syntax.
pub(super) fn endless(tree: &Tree, found: &mut Vec<Diagnostic>) {
    if !tree.has_anchors() {
        return;
    }
    let is_merged = |alias: Span| {
        tree.path_at(alias.start)
            .iter()
            .any(|step| matches!(step, Step::Value(entry) if is_merge(*entry, Keys::Merged)))
    };
    for alias in tree.aliases_into_themselves().into_iter().filter(|alias| !is_merged(*alias)) {
        found.retain(|finding| finding.span != alias);
        let message = "this alias stands within what it stands for, so what is behind it is not checked";
        found.push(Diagnostic::new(Code::SchemaUnavailable, alias, message));
    }
}

/// Whether an entry brings the keys of another mapping.
pub(super) fn is_merge(entry: Entry<'_>, keys: Keys) -> bool {
    keys == Keys::Merged && entry.key().scalar_text() == Some("<<")
}

/// A key as JSON would have it: its text, whatever it means.
pub(super) fn key_text(entry: Entry<'_>) -> String {
    entry.key().scalar_text().unwrap_or("").to_owned()
}
