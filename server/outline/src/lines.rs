//! Definitions by the words that lines begin with: quick in any language that has them, and no parser of any.

use std::sync::LazyLock;

use copydesk_base::Span;
use regex::Regex;

use crate::{MOST, Symbol, SymbolKind, tree};

/// What may stand before the word.
const BEFORE: &str = r"(?:(?:pub(?:\([^)]*\))?|export|default|async|static|public|private|protected|internal|abstract|final|unsafe|extern|const|override|open|data|sealed|virtual|inline|declare)\s+)*";
/// The words, and what may stand between them and a name.
const WORD: &str = r"(?<word>fn|def|class|struct|enum|trait|interface|type|func|fun|function|impl|module|mod|namespace|union|record|protocol|macro_rules!|defmodule|defp|defmacro|sub|object)(?:<[^>]*>)?\s+(?:\([^)]*\)\s*)?";

static DEFINITION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?m)^[ \t]*(?<all>{BEFORE}{WORD}(?<name>\w+)[^\n]*)")).ok());

/// The definitions of a text; each is taken to be its line.
pub(crate) fn read(text: &str) -> Vec<Symbol> {
    let Some(pattern) = DEFINITION.as_ref() else { return Vec::new() };
    let (mut line, mut counted) = (0, 0);
    let symbol = |found: regex::Captures<'_>| {
        let (all, name) = (found.name("all")?, found.name("name")?);
        line += text[counted..name.start()].matches('\n').count();
        counted = name.start();
        Some(Symbol {
            name: name.as_str().to_owned(),
            kind: kind(found.name("word")?.as_str()),
            span: Span::new(all.start(), all.end()),
            selection: Span::new(name.start(), name.end()),
            line,
            container: None,
            signature: tree::one_line(all.as_str()),
        })
    };
    pattern.captures_iter(text).filter_map(symbol).take(MOST).collect()
}

fn kind(word: &str) -> SymbolKind {
    match word {
        "class" | "object" => SymbolKind::Class,
        "struct" | "union" | "record" => SymbolKind::Struct,
        "enum" => SymbolKind::Enum,
        "trait" | "interface" | "protocol" => SymbolKind::Interface,
        "type" => SymbolKind::Type,
        "impl" => SymbolKind::Implementation,
        "module" | "mod" | "namespace" | "defmodule" => SymbolKind::Module,
        "macro_rules!" | "defmacro" => SymbolKind::Macro,
        _ => SymbolKind::Function,
    }
}
