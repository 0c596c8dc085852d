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
    let mut reader = Reader { tree, places: BTreeMap::new(), left: MOST_VALUES, endless: None };
    match reader.read(root, &mut Vec::new()) {
        Value::Null => return Ok(located),
        Value::Object(value) => located.value = value,
        _ => {
            let reason = format!("settings are a mapping of keys, and this is a {}", root.kind_word());
            return Err(at_start(reason));
        }
    }
    if let Some(alias) = reader.endless {
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
    /// The first alias that stands within what it stands for.
    endless: Option<Span>,
}

impl Reader<'_> {
    fn read(&mut self, node: Node<'_>, path: &mut KeyPath) -> Value {
        if self.left == 0 {
            return Value::Null;
        }
        self.left -= 1;
        if self.tree.is_into_itself(node) {
            self.endless.get_or_insert(node.span());
            return Value::Null;
        }
        let Some(node) = self.tree.resolve(node) else { return Value::Null };
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
