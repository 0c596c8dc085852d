//! What an expression may be: the types of values, joined, taken apart and printed.
//!
//! A [`Type`] is a set of values. [`Type::Any`] is what nobody knows, and nobody complains about; everything else was
//! declared somewhere: by an input, by a JSON Schema ([`schema`]), by the kind of a step ([`steps`]). Types are best
//! efforts for people, not proofs: a step that may be skipped still has the type of its output.
//!
//! Invariants
//! - A check that says *wrong* has seen every branch of a type say so. `Any` in one branch keeps it quiet.
//! - Types are bounded: nested at most [`MAX_DEPTH`] deep, at most [`MAX_BRANCHES`] to choose from.

mod schema;
mod show;
pub(crate) mod steps;

use std::collections::BTreeMap;

use crate::types::InputKind;

pub use schema::{of_input, of_node, of_schema};
pub use steps::STATUSES;

/// Deeper parts of a type are `Any`.
pub const MAX_DEPTH: usize = 12;
/// Of more branches than these nobody remembers which is which; they become the kinds they belong to.
pub const MAX_BRANCHES: usize = 64;

/// What a value may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Type {
    /// Anything. What is not known.
    #[default]
    Any,
    /// `null`, or nothing at all.
    Null,
    Bool,
    Number,
    Text,
    /// Exactly this value.
    Literal(Literal),
    Array(Box<Type>),
    Object {
        fields: BTreeMap<String, Field>,
        /// What other fields are. `None`: there are none.
        rest: Option<Box<Type>>,
    },
    Union(Vec<Type>),
    /// Something that can be called.
    Function,
}

/// One field of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    pub ty: Type,
    /// What it is for, in a sentence.
    pub docs: Option<String>,
    /// Whether it may be missing.
    pub optional: bool,
}

/// One value that a type may be made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Literal {
    Bool(bool),
    /// As it is written in expressions, so that two of them can be compared.
    Number(String),
    Text(String),
}

impl Literal {
    /// The literal of a number.
    pub fn number(value: f64) -> Self {
        Self::Number(crate::expression::value::number_text(value))
    }

    /// The type that it is a value of.
    pub const fn kind(&self) -> Type {
        match self {
            Self::Bool(_) => Type::Bool,
            Self::Number(_) => Type::Number,
            Self::Text(_) => Type::Text,
        }
    }
}

impl Field {
    /// A field that is always there.
    pub fn new(ty: Type, docs: &str) -> Self {
        Self { ty, docs: (!docs.is_empty()).then(|| docs.to_owned()), optional: false }
    }

    /// The same field, perhaps missing.
    #[must_use]
    pub fn or_missing(self) -> Self {
        Self { optional: true, ..self }
    }
}

impl Type {
    pub fn text(word: impl Into<String>) -> Self {
        Self::Literal(Literal::Text(word.into()))
    }

    pub fn array(item: Self) -> Self {
        Self::Array(Box::new(item))
    }

    /// A choice between some words.
    pub fn words(words: &[&str]) -> Self {
        Self::union(words.iter().map(|word| Self::text(*word)))
    }

    /// An object with these fields and no others.
    pub fn closed<N: Into<String>>(fields: impl IntoIterator<Item = (N, Field)>) -> Self {
        Self::Object {
            fields: fields.into_iter().map(|(name, field)| (name.into(), field)).collect(),
            rest: None,
        }
    }

    /// An object with these fields, and others that nobody declared.
    pub fn open<N: Into<String>>(fields: impl IntoIterator<Item = (N, Field)>) -> Self {
        Self::Object {
            fields: fields.into_iter().map(|(name, field)| (name.into(), field)).collect(),
            rest: Some(Box::new(Self::Any)),
        }
    }

    /// An object whose fields all have one type.
    pub fn map_of(ty: Self) -> Self {
        Self::Object { fields: BTreeMap::new(), rest: Some(Box::new(ty)) }
    }

    /// Any of some types. Repeated ones count once, and `Any` swallows the rest.
    pub fn union(types: impl IntoIterator<Item = Self>) -> Self {
        let mut branches: Vec<Self> = Vec::new();
        for ty in types {
            match ty {
                Self::Any => return Self::Any,
                Self::Union(more) => more.into_iter().for_each(|ty| add(&mut branches, ty)),
                ty => add(&mut branches, ty),
            }
        }
        if branches.len() > MAX_BRANCHES {
            let kinds = std::mem::take(&mut branches);
            for ty in kinds {
                let ty = if let Self::Literal(literal) = &ty { literal.kind() } else { ty };
                add(&mut branches, ty);
            }
        }
        match branches.len() {
            0 => Self::Any,
            1 => branches.remove(0),
            2..=MAX_BRANCHES => Self::Union(branches),
            _ => Self::Any,
        }
    }

    /// This, or nothing.
    #[must_use]
    pub fn or_null(self) -> Self {
        Self::union([self, Self::Null])
    }

    /// The types to choose from; the type itself where there is no choice.
    pub fn branches(&self) -> &[Self] {
        match self {
            Self::Union(branches) => branches,
            other => std::slice::from_ref(other),
        }
    }

    /// Whether nothing is known about some part of it.
    pub fn is_open(&self) -> bool {
        self.branches().contains(&Self::Any)
    }

    /// Whether every value of it is of that kind.
    pub fn is_all(&self, fits: impl Fn(&Self) -> bool) -> bool {
        self.branches().iter().all(fits)
    }

    /// Whether every value is a text.
    pub fn is_text(&self) -> bool {
        self.is_all(|ty| matches!(ty, Self::Text | Self::Literal(Literal::Text(_))))
    }

    /// Whether every value is a number.
    pub fn is_number(&self) -> bool {
        self.is_all(|ty| matches!(ty, Self::Number | Self::Literal(Literal::Number(_))))
    }

    /// Whether every value is `true` or `false`.
    pub fn is_bool(&self) -> bool {
        self.is_all(|ty| matches!(ty, Self::Bool | Self::Literal(Literal::Bool(_))))
    }

    /// Whether every value is an object or an array.
    pub fn is_container(&self) -> bool {
        self.is_all(|ty| matches!(ty, Self::Object { .. } | Self::Array(_)))
    }

    /// The kind of input that every value fits, where there is one.
    pub fn input_kind(&self) -> Option<InputKind> {
        let kind = |ty: &Self| match ty {
            Self::Text | Self::Literal(Literal::Text(_)) => Some(InputKind::String),
            Self::Number | Self::Literal(Literal::Number(_)) => Some(InputKind::Number),
            Self::Bool | Self::Literal(Literal::Bool(_)) => Some(InputKind::Boolean),
            Self::Array(_) => Some(InputKind::Array),
            Self::Object { .. } => Some(InputKind::Object),
            Self::Any | Self::Null | Self::Union(_) | Self::Function => None,
        };
        let first = kind(self.branches().first()?)?;
        self.is_all(|ty| kind(ty) == Some(first)).then_some(first)
    }

    /// The words to choose from, where it is a choice between words (and perhaps nothing).
    pub fn literals(&self) -> Option<Vec<&Literal>> {
        let branches = self.branches().iter().filter(|ty| **ty != Self::Null);
        let literals: Option<Vec<&Literal>> =
            branches.map(|ty| if let Self::Literal(literal) = ty { Some(literal) } else { None }).collect();
        literals.filter(|literals| !literals.is_empty())
    }

    /// The field of that name in some branch, for help.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.branches().iter().find_map(|ty| match ty {
            Self::Object { fields, .. } => fields.get(name),
            _ => None,
        })
    }

    /// All fields of all branches, for completion.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.branches()
            .iter()
            .filter_map(|ty| match ty {
                Self::Object { fields, .. } => Some(fields),
                _ => None,
            })
            .flatten()
            .map(|(name, field)| (name.as_str(), field))
    }

    /// What the items of it are, if it is a list.
    #[must_use]
    pub fn item(&self) -> Self {
        Self::union(self.branches().iter().filter_map(|ty| match ty {
            Self::Array(item) => Some((**item).clone()),
            Self::Any => Some(Self::Any),
            _ => None,
        }))
    }

    /// The type without `null`.
    #[must_use]
    pub fn present(&self) -> Self {
        match self {
            Self::Union(branches) => Self::union(branches.iter().filter(|ty| **ty != Self::Null).cloned()),
            other => other.clone(),
        }
    }

    /// The type with literals replaced by what they are values of.
    #[must_use]
    pub fn widened(&self) -> Self {
        match self {
            Self::Literal(literal) => literal.kind(),
            Self::Union(branches) => Self::union(branches.iter().map(Self::widened)),
            Self::Array(item) => Self::array(item.widened()),
            other => other.clone(),
        }
    }
}

/// Adds a branch, unless one that is there already says as much.
fn add(branches: &mut Vec<Type>, ty: Type) {
    if branches.contains(&ty) {
        return;
    }
    if let Type::Literal(literal) = &ty {
        if branches.contains(&literal.kind()) {
            return;
        }
    } else if matches!(ty, Type::Bool | Type::Number | Type::Text) {
        branches.retain(|branch| !matches!(branch, Type::Literal(literal) if literal.kind() == ty));
    }
    branches.push(ty);
}
