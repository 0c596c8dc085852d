//! The values of expressions: what JSON has, nothing at all, and functions by name.
//!
//! A [`Value`] is cheap to clone: texts, lists and objects are shared. Its [`Grade`] says whether a secret went into
//! it, and goes on to whatever is made from it, so that whoever prints can refuse.
//!
//! Invariants
//! - Objects hold their own fields and nothing else: there is no prototype, so nothing to climb up to.
//! - Every list and object knows how deep and how large it is when written out. What would pass [`MAX_DEPTH`] or
//!   [`MAX_SIZE`] is never made, so that dropping and printing are safe, also where parts are shared.
//! - Numbers, texts and comparisons are those of JavaScript. Lengths count in UTF-16.

mod convert;
mod json;
mod number;

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

pub(crate) use convert::joined;
pub use json::{Layout, json_text};
pub(crate) use number::{
    exponential, fixed, in_radix, is_space, leading_number, leading_whole, precise, to_i32, trim,
};
pub use number::{number_of_text, number_text};

/// How deep lists and objects may be nested.
pub const MAX_DEPTH: u16 = 150;
/// How many bytes a value may take when it is written out.
pub const MAX_SIZE: u64 = 32_000_000;

/// A value and whether it may be shown.
#[derive(Clone, Debug)]
pub struct Value {
    pub data: Data,
    pub grade: Grade,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Data {
    /// Nothing: what a missing field is.
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(Arc<str>),
    List(Arc<List>),
    Object(Arc<Object>),
    /// A function by name: `Boolean` in `list.filter(Boolean)`. Never the result of an expression.
    Function(&'static str),
}

/// Whether a secret went into a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    #[default]
    Open,
    Secret,
}

/// The items of a list.
#[derive(Debug, Default)]
pub struct List {
    items: Vec<Value>,
    weight: Weight,
}

/// The fields of an object, in the order of JavaScript: whole numbers first, then as they were written.
#[derive(Debug, Default)]
pub struct Object {
    fields: IndexMap<Arc<str>, Value>,
    weight: Weight,
}

/// How deep and how large something is.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    depth: u16,
    size: u64,
}

/// A list or an object would be too deep or too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

impl Value {
    pub const UNDEFINED: Self = Self { data: Data::Undefined, grade: Grade::Open };
    pub const NULL: Self = Self { data: Data::Null, grade: Grade::Open };

    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Data::Text(text.into()).into()
    }

    pub fn list(items: Vec<Self>) -> Result<Self, TooLarge> {
        let grade = items.iter().map(|item| item.grade).max().unwrap_or_default();
        let weight = Weight::around(items.iter())?;
        Ok(Self { data: Data::List(Arc::new(List { items, weight })), grade })
    }

    /// An object of these fields. Of two with one name the later one counts, in the place of the first.
    pub fn object(fields: impl IntoIterator<Item = (Arc<str>, Self)>) -> Result<Self, TooLarge> {
        let mut map: IndexMap<Arc<str>, Self> = fields.into_iter().collect();
        if map.keys().any(|name| index_of(name).is_some()) {
            // Whole numbers come first, by size.
            map.sort_by_cached_key(|name, _| index_of(name).map_or(u64::MAX, u64::from));
        }
        let grade = map.values().map(|value| value.grade).max().unwrap_or_default();
        let mut weight = Weight::around(map.values())?;
        weight.size += map.keys().map(|name| name.len() as u64 + 8).sum::<u64>();
        if weight.size > MAX_SIZE {
            return Err(TooLarge);
        }
        Ok(Self { data: Data::Object(Arc::new(Object { fields: map, weight })), grade })
    }

    /// The same value, marked.
    #[must_use]
    pub fn graded(self, grade: Grade) -> Self {
        Self { grade: self.grade.max(grade), ..self }
    }

    /// The same value with every part of it marked as a secret.
    #[must_use]
    pub fn secret(self) -> Self {
        let data = match self.data {
            Data::List(list) => Data::List(Arc::new(List {
                items: list.items.iter().map(|item| item.clone().secret()).collect(),
                weight: list.weight,
            })),
            Data::Object(object) => Data::Object(Arc::new(Object {
                fields: object
                    .fields
                    .iter()
                    .map(|(name, value)| (Arc::clone(name), value.clone().secret()))
                    .collect(),
                weight: object.weight,
            })),
            data => data,
        };
        Self { data, grade: Grade::Secret }
    }

    /// Whether a secret went into it.
    pub fn is_secret(&self) -> bool {
        self.grade == Grade::Secret
    }

    /// `null` or nothing at all.
    pub const fn is_nothing(&self) -> bool {
        matches!(self.data, Data::Undefined | Data::Null)
    }

    pub fn as_text(&self) -> Option<&str> {
        if let Data::Text(text) = &self.data { Some(text) } else { None }
    }

    pub fn as_list(&self) -> Option<&[Self]> {
        if let Data::List(list) = &self.data { Some(&list.items) } else { None }
    }

    pub fn as_object(&self) -> Option<&Object> {
        if let Data::Object(object) = &self.data { Some(object) } else { None }
    }

    /// What JavaScript's `typeof` and people would call it.
    pub const fn kind(&self) -> &'static str {
        match self.data {
            Data::Undefined => "undefined",
            Data::Null => "null",
            Data::Bool(_) => "boolean",
            Data::Number(_) => "number",
            Data::Text(_) => "string",
            Data::List(_) => "array",
            Data::Object(_) => "object",
            Data::Function(_) => "function",
        }
    }

    /// How many bytes it takes when it is written out, about.
    pub(crate) fn size(&self) -> u64 {
        self.weight().size
    }

    fn weight(&self) -> Weight {
        match &self.data {
            Data::Text(text) => Weight { depth: 0, size: text.len() as u64 + 8 },
            Data::List(list) => list.weight,
            Data::Object(object) => object.weight,
            _ => Weight { depth: 0, size: 8 },
        }
    }
}

impl Weight {
    fn around<'v>(parts: impl Iterator<Item = &'v Value>) -> Result<Self, TooLarge> {
        let mut whole = Self { depth: 0, size: 8 };
        for part in parts {
            let Self { depth, size } = part.weight();
            whole.depth = whole.depth.max(depth);
            whole.size = whole.size.saturating_add(size);
        }
        whole.depth += 1;
        if whole.depth > MAX_DEPTH || whole.size > MAX_SIZE { Err(TooLarge) } else { Ok(whole) }
    }
}

impl Object {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    pub fn len(&self) -> usize {
        self.fields.len()
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.fields.iter()
    }
}

/// A name that JavaScript takes for the number of an item: `0`, `12`, but not `01`.
pub(crate) fn index_of(name: &str) -> Option<u32> {
    let plain = name == "0" || (!name.starts_with('0') && name.bytes().all(|byte| byte.is_ascii_digit()));
    if plain { name.parse().ok().filter(|index| *index < u32::MAX) } else { None }
}

impl From<Data> for Value {
    fn from(data: Data) -> Self {
        Self { data, grade: Grade::Open }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Data::Bool(value).into()
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Data::Number(value).into()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

/// As JSON on one line, for people. A secret says that it is one.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_secret() {
            return f.write_str("(secret)");
        }
        match &self.data {
            Data::Undefined => f.write_str("undefined"),
            Data::Number(number) => f.write_str(&number_text(*number)),
            Data::Function(name) => f.write_str(name),
            _ => f.write_str(&json_text(self, Layout::Line).unwrap_or_default()),
        }
    }
}

/// The same value, written the same way: `NaN` is `NaN`, and lists are compared by what is in them.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (Data::Undefined, Data::Undefined) | (Data::Null, Data::Null) => true,
            (Data::Bool(a), Data::Bool(b)) => a == b,
            (Data::Number(a), Data::Number(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Data::Text(a), Data::Text(b)) => a == b,
            (Data::List(a), Data::List(b)) => a.items == b.items,
            (Data::Object(a), Data::Object(b)) => a.fields == b.fields,
            (Data::Function(a), Data::Function(b)) => a == b,
            _ => false,
        }
    }
}
