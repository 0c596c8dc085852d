//! Source code as an outline: what is defined where, and which names are used.
//!
//! [`read`] takes a path, which tells the language, and a text. What a grammar of tree-sitter knows is read by it; a
//! text in any other language, or one that a grammar does not get through, is read by the words that its lines begin
//! with. [`map`] shows those definitions of many files that matter most, by who uses whom.
//!
//! It is for showing code to models and people: it decides nothing. The same text gives the same outline, on any
//! machine.
//!
//! Invariants
//! - Pure, and it always ends: texts, steps of a parser and definitions are bounded by numbers, not by a clock.
//! - Nothing fails on a text. What cannot be read well is read badly, and [`Outline::by`] says so.
//! - No file is opened here.

mod grammars;
mod lines;
mod map;
mod tree;

use std::collections::BTreeMap;
use std::path::Path;

use copydesk_base::Span;

pub use map::{Map, Part, map};

/// A definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    pub kind: SymbolKind,
    /// All of it.
    pub span: Span,
    /// Its name; inside `span`.
    pub selection: Span,
    /// The line of its name, counted from zero.
    pub line: usize,
    /// The definition that it stands in, by its place in [`Outline::symbols`], always an earlier one.
    pub container: Option<usize>,
    /// How it begins, on one line: `fn close(&self) -> bool`.
    pub signature: String,
}

/// What kind of thing is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SymbolKind {
    Module,
    Class,
    Struct,
    Enum,
    Interface,
    /// What is defined for a type somewhere else: an `impl` of Rust.
    Implementation,
    Function,
    Method,
    Type,
    Constant,
    Variable,
    Macro,
}

impl SymbolKind {
    /// The word that people and models read.
    pub fn word(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Class => "class",
            Self::Struct => "struct",
            Self::Enum => "enum",
            Self::Interface => "interface",
            Self::Implementation => "impl",
            Self::Function => "function",
            Self::Method => "method",
            Self::Type => "type",
            Self::Constant => "constant",
            Self::Variable => "variable",
            Self::Macro => "macro",
        }
    }

    /// Whether what stands in it is a part of its inside: nothing that others name.
    pub(crate) fn is_code(self) -> bool {
        matches!(self, Self::Function | Self::Method)
    }

    /// Whether a function in it is a method.
    pub(crate) fn has_methods(self) -> bool {
        matches!(self, Self::Class | Self::Struct | Self::Enum | Self::Interface | Self::Implementation)
    }
}

/// What reads a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    Grammar,
    /// The words that lines begin with: it knows where something is defined, and neither its end nor what it stands in.
    Lines,
}

/// What a text defines and uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// In the order of the text.
    pub symbols: Vec<Symbol>,
    /// The names that are used, and how often; empty where no grammar has read it.
    pub uses: BTreeMap<String, u32>,
    pub by: Reader,
}

/// The most bytes that a grammar reads, and the most that is read at all.
pub(crate) const LARGEST: usize = 1024 * 1024;
/// The most definitions of one text.
pub(crate) const MOST: usize = 10_000;

/// What a text defines and uses.
pub fn read(path: &Path, text: &str) -> Outline {
    grammars::of(path).and_then(|grammar| tree::read(grammar, text)).unwrap_or_else(|| Outline {
        symbols: lines::read(&text[..text.floor_char_boundary(LARGEST)]),
        uses: BTreeMap::new(),
        by: Reader::Lines,
    })
}

/// Whether a grammar reads files of that name.
pub fn is_known(path: &Path) -> bool {
    grammars::of(path).is_some()
}

/// What a text defines, in its order.
pub fn outline(path: &Path, text: &str) -> Vec<Symbol> {
    read(path, text).symbols
}

/// The definitions that a place stands in, the outermost first.
pub fn scope_at(path: &Path, text: &str, offset: usize) -> Vec<Symbol> {
    let mut around = outline(path, text);
    // Behind the last letter of a text a cursor is still in what ends there.
    let at = if offset >= text.len() { text.len().saturating_sub(1) } else { offset };
    around.retain(|symbol| symbol.span.start <= at && at < symbol.span.end);
    around
}

impl Outline {
    /// The full name of a definition, with those that it stands in: `Desk.close`.
    pub fn full_name(&self, at: usize) -> String {
        let mut names = Vec::new();
        let mut next = Some(at);
        while let Some(symbol) = next.and_then(|at| self.symbols.get(at)) {
            names.push(symbol.name.as_str());
            next = symbol.container;
        }
        names.reverse();
        names.join(".")
    }
}
