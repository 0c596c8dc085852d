//! The languages that have a grammar, and which nodes of their trees define something: one table.

use std::path::Path;

use tree_sitter::Language;

use crate::SymbolKind::{
    self, Class, Constant, Enum, Function, Implementation, Interface, Macro, Method, Module, Struct, Type,
    Variable,
};

/// A language.
pub(crate) struct Grammar {
    /// How its files end.
    endings: &'static [&'static str],
    pub(crate) language: fn() -> Language,
    pub(crate) definitions: &'static [Definition],
}

/// A kind of node that defines something.
pub(crate) struct Definition {
    pub(crate) node: &'static str,
    pub(crate) kind: SymbolKind,
    /// The field that leads to its name.
    pub(crate) name: &'static str,
    pub(crate) only: Only,
}

/// When such a node is a definition.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Only {
    Always,
    /// It has a body: `struct s {…}`, and not `struct s x`.
    WithBody,
    /// Nobody outside of a function can name what is defined in it.
    Outside,
    /// Its value is a function; anything else is a constant, outside of functions.
    Value,
    /// It declares a function.
    Declares,
}

const fn always(node: &'static str, kind: SymbolKind) -> Definition {
    Definition { node, kind, name: "name", only: Only::Always }
}

const fn when(only: Only, node: &'static str, kind: SymbolKind, name: &'static str) -> Definition {
    Definition { node, kind, name, only }
}

/// The grammar of a file, by how its name ends.
pub(crate) fn of(path: &Path) -> Option<&'static Grammar> {
    let ending = path.extension()?.to_str()?;
    GRAMMARS.iter().find(|grammar| grammar.endings.contains(&ending))
}

const GRAMMARS: &[Grammar] = &[
    Grammar {
        endings: &["rs"],
        language: || tree_sitter_rust::LANGUAGE.into(),
        definitions: &[
            always("mod_item", Module),
            always("struct_item", Struct),
            always("union_item", Struct),
            always("enum_item", Enum),
            always("trait_item", Interface),
            when(Only::Always, "impl_item", Implementation, "type"),
            always("function_item", Function),
            always("function_signature_item", Function),
            when(Only::Outside, "type_item", Type, "name"),
            when(Only::Outside, "const_item", Constant, "name"),
            when(Only::Outside, "static_item", Variable, "name"),
            always("macro_definition", Macro),
        ],
    },
    Grammar {
        endings: &["py", "pyi"],
        language: || tree_sitter_python::LANGUAGE.into(),
        definitions: &[
            always("class_definition", Class),
            always("function_definition", Function),
            when(Only::Outside, "assignment", Variable, "left"),
            when(Only::Outside, "type_alias_statement", Type, "left"),
        ],
    },
    Grammar {
        endings: &["ts", "mts", "cts"],
        language: || tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
        definitions: SCRIPT,
    },
    // JavaScript with and without tags is a part of it.
    Grammar {
        endings: &["tsx", "js", "jsx", "mjs", "cjs"],
        language: || tree_sitter_typescript::LANGUAGE_TSX.into(),
        definitions: SCRIPT,
    },
    Grammar {
        endings: &["go"],
        language: || tree_sitter_go::LANGUAGE.into(),
        definitions: &[
            always("function_declaration", Function),
            always("method_declaration", Method),
            always("type_spec", Type),
            always("type_alias", Type),
            always("method_elem", Method),
            when(Only::Outside, "const_spec", Constant, "name"),
            when(Only::Outside, "var_spec", Variable, "name"),
        ],
    },
    Grammar {
        endings: &["java"],
        language: || tree_sitter_java::LANGUAGE.into(),
        definitions: &[
            always("class_declaration", Class),
            always("record_declaration", Class),
            always("interface_declaration", Interface),
            always("annotation_type_declaration", Interface),
            always("enum_declaration", Enum),
            always("method_declaration", Method),
            always("constructor_declaration", Method),
            always("compact_constructor_declaration", Method),
            when(Only::Outside, "field_declaration", Variable, "declarator"),
            when(Only::Outside, "constant_declaration", Constant, "declarator"),
        ],
    },
    Grammar { endings: &["c"], language: || tree_sitter_c::LANGUAGE.into(), definitions: C },
    // A header may be either; nearly all of C is C++.
    Grammar {
        endings: &["cc", "cpp", "cxx", "h", "hh", "hpp", "hxx"],
        language: || tree_sitter_cpp::LANGUAGE.into(),
        definitions: C,
    },
    Grammar {
        endings: &["sh", "bash"],
        language: || tree_sitter_bash::LANGUAGE.into(),
        definitions: &[always("function_definition", Function)],
    },
];

/// TypeScript.
const SCRIPT: &[Definition] = &[
    always("module", Module),
    always("internal_module", Module),
    always("class_declaration", Class),
    always("abstract_class_declaration", Class),
    always("interface_declaration", Interface),
    always("enum_declaration", Enum),
    always("type_alias_declaration", Type),
    always("function_declaration", Function),
    always("generator_function_declaration", Function),
    always("function_signature", Function),
    always("method_definition", Method),
    always("method_signature", Method),
    always("abstract_method_signature", Method),
    when(Only::Value, "public_field_definition", Method, "name"),
    when(Only::Value, "variable_declarator", Function, "name"),
];

/// C, and C++ on top.
const C: &[Definition] = &[
    always("namespace_definition", Module),
    when(Only::WithBody, "class_specifier", Class, "name"),
    when(Only::WithBody, "struct_specifier", Struct, "name"),
    when(Only::WithBody, "union_specifier", Struct, "name"),
    when(Only::WithBody, "enum_specifier", Enum, "name"),
    when(Only::Outside, "type_definition", Type, "declarator"),
    when(Only::Outside, "alias_declaration", Type, "name"),
    when(Only::Always, "function_definition", Function, "declarator"),
    when(Only::Declares, "declaration", Function, "declarator"),
    when(Only::Declares, "field_declaration", Function, "declarator"),
    always("concept_definition", Interface),
    always("preproc_def", Macro),
    always("preproc_function_def", Macro),
];
