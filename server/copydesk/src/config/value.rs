//! A YAML tree as plain values, with the place of every key path.

use std::collections::BTreeMap;

use copydesk_base::Span;
use copydesk_text::{Kind, Node, Tree, Value as Scalar};
use serde_json::{Map, Value};

/// The way to a value: keys, and the numbers of list items.
pub(super) type KeyPath = Vec<String>;

/// Values and where they stand. The span of an entry is its key's, of a list item its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Located {
    pub(super) value: Map<String, Value>,
    pub(super) places: BTreeMap<KeyPath, Span>,
}

/// Aliases can make a small text enormous; no config has more values than this.
const MOST_VALUES: usize = 20_000;

/// The first document of a tree. The error says what it is instead of a mapping, and where.
pub(super) fn locate(tree: &Tree) -> Result<Located, (Span, String)> {
    let mut located = Located::default();
    let at_start = |reason: String| (Span::at(0), reason);
    let Some(root) = tree.root() else { return Ok(located) };
    let mut reader =
        Reader { tree, places: BTreeMap::new(), left: MOST_VALUES, open: Vec::new(), circle: None };
    match reader.read(root, &mut Vec::new()) {
        Value::Null => return Ok(located),
        Value::Object(value) => located.value = value,
        _ => {
            let reason = format!("settings are a mapping of keys, and this is a {}", root.kind_word());
            return Err(at_start(reason));
        }
    }
    if let Some(alias) = reader.circle {
        return Err((
            alias,
            "this alias stands within what it stands for, which would have no end".to_owned(),
        ));
    }
    if reader.left == 0 {
        return Err(at_start("its aliases make it too large to read".to_owned()));
    }
    located.places = reader.places;
    Ok(located)
}

struct Reader<'t> {
    tree: &'t Tree,
    places: BTreeMap<KeyPath, Span>,
    left: usize,
    /// The lists and mappings that are being read, the innermost last.
    open: Vec<Span>,
    /// The first alias of one of those within it.
    circle: Option<Span>,
}

impl Reader<'_> {
    fn read(&mut self, node: Node<'_>, path: &mut KeyPath) -> Value {
        if self.left == 0 {
            return Value::Null;
        }
        self.left -= 1;
        let alias = node.span();
        let Some(node) = self.tree.resolve(node) else { return Value::Null };
        if !matches!(node.kind(), Kind::Sequence(_) | Kind::Mapping(_)) {
            return scalar(node);
        }
        if self.open.contains(&node.span()) {
            self.circle.get_or_insert(alias);
            return Value::Null;
        }
        self.open.push(node.span());
        let value = self.read_within(node, path);
        self.open.pop();
        value
    }

    /// What a list or a mapping holds.
    fn read_within(&mut self, node: Node<'_>, path: &mut KeyPath) -> Value {
        match node.kind() {
            Kind::Sequence(items) => {
                let mut list = Vec::new();
                for (at, item) in items.iter().enumerate() {
                    path.push(at.to_string());
                    self.places.insert(path.clone(), item.span());
                    list.push(self.read(item, path));
                    path.pop();
                }
                Value::Array(list)
            }
            Kind::Mapping(entries) => {
                let mut map = Map::new();
                for entry in entries {
                    let Some(key) = entry.key().scalar_text() else { continue };
                    if key == "<<" {
                        continue;
                    }
                    path.push(key.to_owned());
                    self.places.insert(path.clone(), entry.key().span());
                    let value = self.read(entry.value(), path);
                    map.insert(key.to_owned(), value);
                    path.pop();
                }
                if let Some(merged) = node.entry("<<") {
                    self.merge(merged.value(), path, &mut map);
                }
                Value::Object(map)
            }
            _ => scalar(node),
        }
    }

    /// `<<`: the keys that the mapping does not have itself.
    fn merge(&mut self, node: Node<'_>, path: &mut KeyPath, map: &mut Map<String, Value>) {
        let sources = match self.tree.resolve(node).map(Node::kind) {
            None => return,
            Some(Kind::Sequence(items)) => items.iter().collect(),
            Some(_) => vec![node],
        };
        for source in sources {
            if let Value::Object(more) = self.read(source, path) {
                for (key, value) in more {
                    map.entry(key).or_insert(value);
                }
            }
        }
    }
}

fn scalar(node: Node<'_>) -> Value {
    match node.value() {
        Some(Scalar::Bool(value)) => value.into(),
        Some(Scalar::Int(value)) => value.into(),
        // JSON has no endless numbers, and nothing would stand for them: a limit of `.inf` is a mistake, not no limit.
        Some(Scalar::Float(value)) if !value.is_finite() => node.scalar_text().unwrap_or_default().into(),
        Some(Scalar::Float(value)) => value.into(),
        Some(Scalar::Text(text)) => text.into(),
        Some(Scalar::Null) | None => Value::Null,
    }
}
