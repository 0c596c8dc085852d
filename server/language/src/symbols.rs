//! What a file is made of, as an outline.

use copydesk_base::Span;
use copydesk_text::{Entry, Kind, Node};

use crate::{File, FileKind, chat};

/// One entry of the outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    /// The type of a step, the first words of a turn; may be empty.
    pub detail: String,
    pub kind: SymbolKind,
    /// All of it.
    pub span: Span,
    /// Its name; inside `span`.
    pub name_span: Span,
    pub children: Vec<Symbol>,
}

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    /// A key that holds others: `inputs`, `steps`.
    Section,
    Input,
    Output,
    Step,
    /// Any other key.
    Key,
}

/// How deep keys are listed in files that are no workflows.
const KEY_DEPTH: usize = 3;
/// How many characters of what is said stand beside a turn.
const MOST_WORDS: usize = 60;

/// The outline of a file, in the order of the text.
pub fn symbols(file: &File<'_>) -> Vec<Symbol> {
    if file.kind == FileKind::Chat {
        return chat::turns(file.text).into_iter().map(|turn| said(turn, file.text)).collect();
    }
    let Some(root) = file.tree.root() else { return Vec::new() };
    match file.kind {
        FileKind::Workflow => root.entries().iter().filter_map(section).collect(),
        _ => keys(root, KEY_DEPTH),
    }
}

/// A turn of a conversation, by who speaks and what their first words are.
fn said(turn: chat::Turn, text: &str) -> Symbol {
    let words = turn.words(text).lines().next().unwrap_or_default();
    Symbol {
        name: turn.role.name().to_owned(),
        detail: words.chars().take(MOST_WORDS).collect(),
        kind: SymbolKind::Section,
        span: turn.span(),
        name_span: turn.heading,
        children: Vec::new(),
    }
}

fn section(entry: Entry<'_>) -> Option<Symbol> {
    let name = entry.key().scalar_text()?;
    let children = match name {
        "inputs" => entry.value().entries().iter().filter_map(input).collect(),
        "outputs" => {
            entry.value().entries().iter().filter_map(|entry| leaf(entry, SymbolKind::Output)).collect()
        }
        "steps" | "errors" | "finally" => {
            entry.value().items().iter().enumerate().filter_map(|(at, node)| step(at, node)).collect()
        }
        _ => return None,
    };
    Some(Symbol { children, ..leaf(entry, SymbolKind::Section)? })
}

fn input(entry: Entry<'_>) -> Option<Symbol> {
    let detail = entry.value().get("type").and_then(Node::scalar_text).unwrap_or("").to_owned();
    Some(Symbol { detail, ..leaf(entry, SymbolKind::Input)? })
}

fn leaf(entry: Entry<'_>, kind: SymbolKind) -> Option<Symbol> {
    Some(Symbol {
        name: entry.key().scalar_text().filter(|name| !name.is_empty())?.to_owned(),
        detail: String::new(),
        kind,
        span: entry.span(),
        name_span: entry.key().span(),
        children: Vec::new(),
    })
}

fn step(at: usize, node: Node<'_>) -> Option<Symbol> {
    let Kind::Mapping(entries) = node.kind() else { return None };
    let id = node.get("id").filter(|id| id.scalar_text().is_some_and(|text| !text.is_empty()));
    let name = id.and_then(Node::scalar_text).map_or_else(|| format!("step {}", at + 1), str::to_owned);
    let name_span =
        id.map_or_else(|| entries.first().map_or(node.span(), |entry| entry.key().span()), Node::span);
    // An id that comes by a merge key stands elsewhere; a name must lie inside its thing.
    let inside = node.span().start <= name_span.start && name_span.end <= node.span().end;
    Some(Symbol {
        name,
        detail: node.get("type").and_then(Node::scalar_text).unwrap_or("").to_owned(),
        kind: SymbolKind::Step,
        span: node.span(),
        name_span: if inside { name_span } else { node.span() },
        children: Vec::new(),
    })
}

fn keys(node: Node<'_>, depth: usize) -> Vec<Symbol> {
    let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
    let keys = node.entries().iter().filter_map(|entry| {
        let symbol = leaf(entry, SymbolKind::Key)?;
        Some(Symbol { children: keys(entry.value(), depth), ..symbol })
    });
    keys.collect()
}
