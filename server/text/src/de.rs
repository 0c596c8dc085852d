//! From a tree to plain types, so that whatever is written as YAML has one reader.
//!
//! [`from_tree`] and [`from_node`] fill any type that implements serde's `Deserialize`. Aliases and merge keys (`<<`)
//! are followed on the way, within a budget that an alias bomb cannot stretch. Where a text is wanted, a number or a
//! truth value gives its own spelling; where a list or a mapping is wanted, nothing gives an empty one.

mod error;

use std::cell::Cell;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

pub use self::error::{DeError, wanted};
use crate::node::{Entry, ItemsIter, Kind, MAX_DEPTH, Node, Tree, Value};

/// How many nodes are visited at most, each visit through an alias counted anew.
const BUDGET: usize = 1_000_000;

/// Reads the first document; an empty text counts as nothing.
pub fn from_tree<'de, T: de::Deserialize<'de>>(tree: &'de Tree) -> Result<T, DeError> {
    from_node(tree, tree.root().unwrap_or_else(|| Node::nothing(0)))
}

/// Reads one node of a tree.
pub fn from_node<'de, T: de::Deserialize<'de>>(tree: &'de Tree, node: Node<'de>) -> Result<T, DeError> {
    let spent = Cell::new(0);
    T::deserialize(Reader { tree, node, spent: &spent, depth: 0 }).map_err(|error| error.at(node.span()))
}

/// A node on its way into a type.
#[derive(Clone, Copy)]
struct Reader<'de, 's> {
    tree: &'de Tree,
    node: Node<'de>,
    spent: &'s Cell<usize>,
    depth: usize,
}

impl<'de> Reader<'de, '_> {
    fn within(self, node: Node<'de>) -> Self {
        Self { node, depth: self.depth + 1, ..self }
    }

    /// The node behind aliases, paid for.
    fn resolved(self) -> Result<Node<'de>, DeError> {
        let spent = self.spent.get() + 1;
        self.spent.set(spent);
        if spent > BUDGET || self.depth > 2 * MAX_DEPTH {
            return Err(DeError::new(
                self.node.span(),
                "the aliases here make this endless or far too large",
            ));
        }
        self.tree
            .resolve(self.node)
            .ok_or_else(|| DeError::new(self.node.span(), "this alias refers to nothing"))
    }

    /// The entries of a mapping with those that it merges in, its own first.
    fn entries(self, node: Node<'de>) -> Result<Vec<Entry<'de>>, DeError> {
        let entries = node.entries();
        let is_merge = |entry: &Entry<'_>| entry.key().scalar_text() == Some("<<");
        let mut all: Vec<Entry<'_>> = entries.iter().filter(|entry| !is_merge(entry)).collect();
        for merge in entries.iter().filter(is_merge) {
            let from = self.within(merge.value()).resolved()?;
            let sources =
                if let Kind::Sequence(items) = from.kind() { items.iter().collect() } else { vec![from] };
            for source in sources {
                let source = self.within(source);
                let found = source.within(source.node).entries_of()?;
                let is_new = |entry: &Entry<'_>| {
                    let key = entry.key().scalar_text();
                    !all.iter().any(|known| known.key().scalar_text() == key)
                };
                let new: Vec<_> = found.into_iter().filter(is_new).collect();
                all.extend(new);
            }
        }
        Ok(all)
    }

    fn entries_of(self) -> Result<Vec<Entry<'de>>, DeError> {
        let node = self.resolved()?;
        self.entries(node)
    }

    fn map<V: Visitor<'de>>(self, node: Node<'de>, visitor: V) -> Result<V::Value, DeError> {
        let entries = self.entries(node)?;
        visitor.visit_map(Entries { reader: self, rest: entries.into_iter(), value: None })
    }

    fn seq<V: Visitor<'de>>(self, node: Node<'de>, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_seq(Items { reader: self, items: node.items().iter() })
    }

    fn any<V: Visitor<'de>>(self, node: Node<'de>, visitor: V) -> Result<V::Value, DeError> {
        match node.kind() {
            Kind::Mapping(_) => self.map(node, visitor),
            Kind::Sequence(_) => self.seq(node, visitor),
            _ => match node.value() {
                Some(Value::Bool(value)) => visitor.visit_bool(value),
                Some(Value::Int(value)) => match u64::try_from(value) {
                    Ok(value) => visitor.visit_u64(value),
                    Err(_) => visitor.visit_i64(value),
                },
                Some(Value::Float(value)) => visitor.visit_f64(value),
                Some(Value::Text(text)) => visitor.visit_borrowed_str(text),
                Some(Value::Null) | None => visitor.visit_unit(),
            },
        }
    }
}

macro_rules! forward_to_any {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
            self.deserialize_any(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Reader<'de, '_> {
    type Error = DeError;

    forward_to_any! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32
        deserialize_f64 deserialize_bytes deserialize_byte_buf deserialize_unit
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let node = self.resolved()?;
        self.any(node, visitor).map_err(|error| error.at(self.node.span()))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let node = self.resolved()?;
        let read = match node.scalar_text().filter(|_| !node.is_null()) {
            Some(text) => visitor.visit_borrowed_str(text),
            None => self.any(node, visitor),
        };
        read.map_err(|error| error.at(self.node.span()))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        if self.resolved()?.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let node = self.resolved()?;
        let read = if node.is_null() { self.seq(node, visitor) } else { self.any(node, visitor) };
        read.map_err(|error| error.at(self.node.span()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let node = self.resolved()?;
        let read = if node.is_null() { self.map(node, visitor) } else { self.any(node, visitor) };
        read.map_err(|error| error.at(self.node.span()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        // Derived types would take a list for their fields in order.
        if matches!(self.resolved()?.kind(), Kind::Sequence(_)) {
            return Err(DeError::new(self.node.span(), "expected keys with values, found a list"));
        }
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        let node = self.resolved()?;
        let entries = node.entries();
        let read = match entries.first() {
            Some(entry) if entries.len() == 1 => visitor.visit_enum(Variant {
                key: self.within(entry.key()),
                value: Some(self.within(entry.value())),
            }),
            _ if node.scalar().is_some() => visitor.visit_enum(Variant { key: self, value: None }),
            _ => Err(DeError::new(self.node.span(), "expected one word, or a mapping with one key")),
        };
        read.map_err(|error| error.at(self.node.span()))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        // Not even looked at: an alias to nothing may stand there.
        visitor.visit_unit()
    }
}

struct Items<'de, 's> {
    reader: Reader<'de, 's>,
    items: ItemsIter<'de>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = DeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DeError> {
        let Some(item) = self.items.next() else { return Ok(None) };
        seed.deserialize(self.reader.within(item)).map(Some).map_err(|error| error.at(item.span()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries<'de, 's> {
    reader: Reader<'de, 's>,
    rest: std::vec::IntoIter<Entry<'de>>,
    value: Option<Node<'de>>,
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = DeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DeError> {
        let Some(entry) = self.rest.next() else { return Ok(None) };
        self.value = Some(entry.value());
        seed.deserialize(self.reader.within(entry.key()))
            .map(Some)
            .map_err(|error| error.at(entry.key().span()))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DeError> {
        let Some(value) = self.value.take() else {
            return Err(DeError::somewhere("a value was asked for before its key".to_owned()));
        };
        seed.deserialize(self.reader.within(value)).map_err(|error| error.at(value.span()))
    }
}

/// A word, or a word with its content.
struct Variant<'de, 's> {
    key: Reader<'de, 's>,
    value: Option<Reader<'de, 's>>,
}

impl<'de, 's> de::EnumAccess<'de> for Variant<'de, 's> {
    type Error = DeError;
    type Variant = Content<'de, 's>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content<'de, 's>), DeError> {
        let span = self.key.node.span();
        let variant = seed.deserialize(self.key).map_err(|error| error.at(span))?;
        Ok((variant, Content(self.value)))
    }
}

struct Content<'de, 's>(Option<Reader<'de, 's>>);

impl<'de, 's> Content<'de, 's> {
    fn reader(self) -> Result<Reader<'de, 's>, DeError> {
        self.0.ok_or_else(|| {
            DeError::somewhere("this word needs a value: write it as 'word: value'".to_owned())
        })
    }
}

impl<'de> de::VariantAccess<'de> for Content<'de, '_> {
    type Error = DeError;

    fn unit_variant(self) -> Result<(), DeError> {
        match self.0 {
            None => Ok(()),
            Some(reader) if reader.resolved()?.is_null() => Ok(()),
            Some(reader) => Err(DeError::new(reader.node.span(), "this word takes no value")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, DeError> {
        seed.deserialize(self.reader()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DeError> {
        self.reader()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.reader()?.deserialize_map(visitor)
    }
}
