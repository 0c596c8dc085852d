//! Definitions and uses from a tree of tree-sitter: one walk over all of it, without recursion.
//!
//! The parser is stopped after so many of its steps for each byte: some texts take it far longer than others of the
//! same length. It counts steps and not time, so that the same text is always read in the same way.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use copydesk_base::Span;
use tree_sitter::{Node, ParseOptions, Parser, Tree, TreeCursor};

use crate::grammars::{Definition, Grammar, Only};
use crate::{LARGEST, MOST, Outline, Reader, Symbol, SymbolKind, lines};

/// How often the parser may look up (it does so every hundred of its steps), whatever the length of the text.
const LOOKS: usize = 1_000;
/// For each look more, so many bytes.
const BYTES_A_LOOK: usize = 8;
/// The parser gets the text in pieces of so many bytes, and asks anew for each that it goes back to or looks ahead at.
const PIECE: usize = 1_024;
/// How often it may ask for each piece. A scanner that looks for an end that is not there asks for all of them each
/// time.
const ASKS: usize = 64;
/// How deep the name of a C function may lie in its stars and brackets.
const DEEPEST: usize = 32;
/// The most bytes of a signature.
const SIGNATURE: usize = 200;
/// How far behind the start of its line a definition still takes that line's beginning into its signature.
const NEAR: usize = 80;

/// What the text defines and uses; nothing where the parser does not get through it.
pub(crate) fn read(grammar: &Grammar, text: &str) -> Option<Outline> {
    if text.len() > LARGEST {
        return None;
    }
    let tree = parse(grammar, &masked(text))?;
    let mut walk =
        Walk { text, grammar, symbols: vec![], uses: BTreeMap::new(), around: vec![], broken: vec![] };
    walk.all(&mut tree.walk());
    let Walk { symbols, uses, broken, .. } = walk;
    Some(Outline { symbols: with_broken(symbols, &broken, text), uses, by: Reader::Grammar })
}

/// The definitions, and those in pieces that the grammar does not understand, by their lines: half-typed code is usual.
fn with_broken(symbols: Vec<Symbol>, broken: &[Span], text: &str) -> Vec<Symbol> {
    if broken.is_empty() {
        return symbols;
    }
    let is_missing = |one: &Symbol| {
        broken.iter().any(|span| span.start <= one.selection.start && one.selection.end <= span.end)
            && !symbols.iter().any(|known| known.selection == one.selection)
    };
    let more: Vec<Symbol> = lines::read(text).into_iter().filter(is_missing).collect();
    let known = symbols.len();
    let mut all: Vec<(usize, Symbol)> = symbols.into_iter().chain(more).enumerate().collect();
    all.sort_by_key(|(at, symbol)| (symbol.span.start, *at));
    all.truncate(MOST);
    let mut places = vec![None; known];
    for (place, (at, _)) in all.iter().enumerate() {
        if let Some(slot) = places.get_mut(*at) {
            *slot = Some(place);
        }
    }
    let moved = |(_, symbol): (usize, Symbol)| {
        let container = symbol.container.and_then(|at| places.get(at).copied().flatten());
        Symbol { container, ..symbol }
    };
    all.into_iter().map(moved).collect()
}

fn parse(grammar: &Grammar, text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&(grammar.language)()).ok()?;
    let (mut looks, asks) = (LOOKS + text.len() / BYTES_A_LOOK, Cell::new(ASKS * (1 + text.len() / PIECE)));
    let mut step = |_: &tree_sitter::ParseState| {
        looks = looks.saturating_sub(1);
        if looks == 0 || asks.get() == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut step);
    let bytes = text.as_bytes();
    let mut piece = |at: usize, _| {
        asks.set(asks.get().saturating_sub(1));
        // For who has asked too often the text ends here, and so does whatever is looked for.
        let end = if asks.get() == 0 { at } else { (at / PIECE + 1) * PIECE };
        bytes.get(at..end.min(bytes.len())).unwrap_or_default()
    };
    let tree = parser.parse_with_options(&mut piece, None, Some(options));
    tree.filter(|_| asks.get() > 0)
}

/// The text as the parser gets it: every byte outside ASCII is an `x`, a letter of names like any other.
///
/// The scanners of grammars are C and ask the C library about code points, which does not know all of them and may read
/// behind its tables. Names are cut from the text itself, so nothing is lost.
fn masked(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    text.bytes().map(|byte| if byte.is_ascii() { char::from(byte) } else { 'x' }).collect()
}

/// One line, and not too long: the beginning of a definition.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text[..text.floor_char_boundary(4 * SIGNATURE)].split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if line.len() > SIGNATURE {
        line.truncate(line.floor_char_boundary(SIGNATURE));
        line.push('…');
        return line;
    }
    line.truncate(line.trim_end_matches(['{', ':', '=', ';', ' ', ',']).len());
    line
}

struct Walk<'a> {
    text: &'a str,
    grammar: &'a Grammar,
    symbols: Vec<Symbol>,
    uses: BTreeMap<String, u32>,
    /// The definitions around the node that is looked at, by their places in the list.
    around: Vec<usize>,
    /// What the grammar does not understand.
    broken: Vec<Span>,
}

impl Walk<'_> {
    fn all(&mut self, cursor: &mut TreeCursor<'_>) {
        loop {
            self.node(cursor.node());
            if cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
            }
        }
    }

    fn node(&mut self, node: Node<'_>) {
        if !node.is_named() {
            return;
        }
        if node.is_error() && self.broken.last().is_none_or(|last| last.end < node.end_byte()) {
            self.broken.push(span_of(node));
        }
        let (symbols, start) = (&self.symbols, node.start_byte());
        self.around.retain(|at| symbols[*at].span.end > start);
        if node.child_count() == 0 || node.kind() == "command_name" {
            self.used(node);
        }
        let wanted = self.grammar.definitions.iter().find(|definition| definition.node == node.kind());
        if let Some(symbol) = wanted.and_then(|definition| self.defined(definition, node))
            && self.symbols.len() < MOST
        {
            self.around.push(self.symbols.len());
            self.symbols.push(symbol);
        }
    }

    /// Counts a name that is no definition's.
    fn used(&mut self, node: Node<'_>) {
        let kind = node.kind();
        let span = span_of(node);
        if !kind.ends_with("identifier") && kind != "command_name"
            || self.symbols.last().is_some_and(|symbol| symbol.selection == span)
        {
            return;
        }
        if let Some(name) = self.text.get(span.start..span.end) {
            if let Some(count) = self.uses.get_mut(name) {
                *count = count.saturating_add(1);
            } else {
                self.uses.insert(name.to_owned(), 1);
            }
        }
    }

    fn defined(&self, definition: &Definition, node: Node<'_>) -> Option<Symbol> {
        let container = self.around.last().copied();
        let is_inside = self.around.iter().any(|at| self.symbols[*at].kind.is_code());
        let field = node.child_by_field_name(definition.name)?;
        let kind = match definition.only {
            Only::WithBody if node.child_by_field_name("body").is_none() => return None,
            Only::Outside if is_inside => return None,
            Only::Declares if is_inside || !declares_function(field) => return None,
            Only::Value if is_function(node) => definition.kind,
            // A field of a class that is no function is a detail of it.
            Only::Value if is_inside || definition.kind == SymbolKind::Method => return None,
            Only::Value => SymbolKind::Constant,
            _ => definition.kind,
        };
        let name_node = name_in(field)?;
        let (span, selection) = (span_of(node), span_of(name_node));
        let holder = container.and_then(|at| self.symbols.get(at)).map(|symbol| symbol.kind);
        let kind = match kind {
            SymbolKind::Function if holder.is_some_and(SymbolKind::has_methods) => SymbolKind::Method,
            SymbolKind::Type => type_of(node),
            kind => kind,
        };
        let name = self.text.get(selection.start..selection.end)?;
        if name.is_empty() || name.len() > SIGNATURE {
            return None;
        }
        Some(Symbol {
            name: name.to_owned(),
            kind,
            span,
            selection,
            line: name_node.start_position().row,
            container,
            signature: self.signature(node),
        })
    }

    /// From the start of its line to its body; without one, its first line.
    fn signature(&self, node: Node<'_>) -> String {
        let span = span_of(node);
        let line = self.text[..span.start].rfind('\n').map_or(0, |at| at + 1);
        // Words such as `export` stand before it; other code does not belong to it.
        let before = &self.text[line..span.start];
        let is_own = before.len() <= NEAR && !before.contains(['{', '}', ';', '(']);
        let start = if is_own { line } else { span.start };
        let value = node.child_by_field_name("value").unwrap_or(node);
        let body = value.child_by_field_name("body").or_else(|| {
            // The body of a Go type stands in what it is.
            let kind = node.child_by_field_name("type")?;
            if matches!(kind.kind(), "struct_type" | "interface_type") { kind.child(1) } else { None }
        });
        let end = match body {
            Some(body) => body.start_byte(),
            None => self.text[span.start..span.end].find('\n').map_or(span.end, |at| span.start + at),
        };
        one_line(self.text.get(start..end).unwrap_or_default())
    }
}

fn span_of(node: Node<'_>) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

/// The node that is the name: through the stars and brackets of a declarator, the front of a path, the arguments of a
/// type.
fn name_in(node: Node<'_>) -> Option<Node<'_>> {
    let mut node = node;
    for _ in 0..DEEPEST {
        let next = ["declarator", "name", "type"].iter().find_map(|field| node.child_by_field_name(field));
        let bare = match node.kind() {
            "reference_declarator" | "parenthesized_declarator" | "type" | "reference_type" => {
                node.named_child(u32::try_from(node.named_child_count().saturating_sub(1)).ok()?)
            }
            _ => None,
        };
        match next.or(bare) {
            Some(inner) => node = inner,
            None => break,
        }
    }
    let is_pattern = node.kind().ends_with("pattern") || node.kind().ends_with("_list");
    let is_path = matches!(node.kind(), "attribute" | "subscript");
    (!is_pattern && !is_path && !node.is_missing()).then_some(node)
}

/// Whether a declarator of C is one of a function.
fn declares_function(declarator: Node<'_>) -> bool {
    let mut node = declarator;
    for _ in 0..DEEPEST {
        if node.kind() == "function_declarator" {
            return true;
        }
        let bare = (node.kind() == "reference_declarator").then(|| node.named_child(0)).flatten();
        match node.child_by_field_name("declarator").or(bare) {
            Some(inner) => node = inner,
            None => return false,
        }
    }
    false
}

/// Whether the value of a node is a function.
fn is_function(node: Node<'_>) -> bool {
    let value = node.child_by_field_name("value");
    value.is_some_and(|value| {
        matches!(value.kind(), "arrow_function" | "function_expression" | "generator_function")
    })
}

/// What a name stands for: Go says it behind the name.
fn type_of(node: Node<'_>) -> SymbolKind {
    match node.child_by_field_name("type").map(|kind| kind.kind()) {
        Some("struct_type") => SymbolKind::Struct,
        Some("interface_type") => SymbolKind::Interface,
        _ => SymbolKind::Type,
    }
}
