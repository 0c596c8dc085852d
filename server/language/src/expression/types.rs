//! What an expression may be: the types of its values.

use std::collections::BTreeMap;

/// The type of a value, as far as anybody wrote it down.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Type {
    /// Nothing is known.
    #[default]
    Any,
    Null,
    Bool,
    Number,
    Text,
    /// Exactly this value.
    Literal(Literal),
    Array(Box<Type>),
    Object {
        fields: BTreeMap<String, Field>,
        /// What fields that are not listed hold; `None` where there are none.
        rest: Option<Box<Type>>,
    },
    /// One of these.
    Union(Vec<Type>),
    Function,
}

/// One value, known exactly.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Bool(bool),
    Number(f64),
    Text(String),
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub ty: Type,
    pub docs: Option<String>,
    /// Whether it may be absent.
    pub optional: bool,
}
