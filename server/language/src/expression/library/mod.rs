//! The functions and methods of the language: names, what they take and give, and help.
//!
//! One table for everybody: evaluation lets nothing pass that is not in it, checks and types read it, completion and
//! hover show it. [`methods`] belong to values, [`globals`] to nobody.

mod globals;
mod methods;

pub use globals::{GLOBALS, Global, Member, global, member, members};
pub(crate) use methods::is_of_objects;
pub use methods::{Method, method, methods};

pub(crate) use super::value::to_i32;

/// A function as people and checks see it.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Parameters and result: `(search: text, by: text): text`.
    pub text: &'static str,
    /// A sentence or two.
    pub docs: &'static str,
    pub takes: &'static [Takes],
    /// How many arguments must be there.
    pub needs: usize,
    pub gives: Gives,
}

/// What an argument must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    Any,
    Text,
    Number,
    List,
    /// A function of an item, its number and the list.
    OfItem,
    /// A function of what there is so far, an item, its number and the list.
    OfSum,
    /// A function of two items.
    OfTwo,
    /// A text, or a function of what was found.
    TextOrFunction,
}

/// What a function gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    Any,
    Text,
    Number,
    Bool,
    Texts,
    /// What it was called on.
    Same,
    /// An item of the list, or nothing.
    Item,
    /// A list of what the function gives.
    Mapped,
    /// The same, with lists in it taken apart.
    FlatMapped,
    /// What is left at the end: what the function gives, or the start.
    Sum,
    /// The list with lists in it taken apart.
    Flat,
    /// The list with more items.
    Joined,
    /// The values of an object, as a list.
    Values,
    /// Pairs of name and value.
    Entries,
    Object,
}

/// Names that lead out of a value in JavaScript. Here they lead nowhere.
pub(crate) fn is_forbidden(name: &str) -> bool {
    matches!(
        name,
        "constructor"
            | "prototype"
            | "__proto__"
            | "__defineGetter__"
            | "__defineSetter__"
            | "__lookupGetter__"
            | "__lookupSetter__"
    )
}

/// Whether JavaScript finds something of its own below this name in every object: a step of that name is not found.
pub(crate) fn is_inherited(name: &str) -> bool {
    is_forbidden(name)
        || matches!(
            name,
            "hasOwnProperty"
                | "isPrototypeOf"
                | "propertyIsEnumerable"
                | "toLocaleString"
                | "toString"
                | "valueOf"
        )
}

/// A kind of value in a sentence.
pub(crate) fn article(kind: &str) -> &'static str {
    match kind {
        "string" => "a text",
        "array" => "a list",
        "number" => "a number",
        "boolean" => "a truth value",
        "object" => "an object",
        _ => "nothing",
    }
}
