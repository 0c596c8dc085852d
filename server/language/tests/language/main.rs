//! The language from outside: every test is a text and what is said about it.

#![expect(clippy::needless_raw_string_hashes, reason = "`UPDATE_EXPECT=1` writes them so")]

mod beside_node;
mod bodies;
mod borrowed;
mod calling;
#[path = "../../../text/tests/chance/mod.rs"]
mod chance;
mod check_capable;
mod check_config;
mod check_elsewhere;
mod check_expressions;
mod check_files;
mod check_graph;
mod check_heads;
mod check_meant;
mod check_structure;
mod check_syntax;
mod check_types;
mod check_useless;
mod completion;
mod cost;
mod damage;
mod declaring;
mod defects;
mod evaluating;
mod everywhere;
mod expression_robust;
mod fixtures;
mod formatting;
mod formatting_brackets;
mod guide;
mod handing;
mod harmless;
mod hovering;
mod indexing;
mod kinds;
#[path = "../marked/mod.rs"]
mod marked;
mod merging;
mod models;
mod navigating;
mod once;
mod outline;
mod pages;
mod refactoring;
mod remembering;
mod renames;
mod renaming;
mod reshaping;
mod robustness;
mod ruling;
mod schemas;
mod seeing;
mod sources;
mod step_types;
mod support;
mod typing;
mod unmended;
mod verdicts;
mod vouching;
mod world;
