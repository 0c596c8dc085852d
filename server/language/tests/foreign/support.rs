//! Helpers: a schema and a marked text in, lines out.

use std::path::Path;

use copydesk_base::Diagnostic;
use copydesk_language::schemas::{self, Schema};
use copydesk_language::{File, FileKind, parse};
use expect_test::Expect;

use crate::marked;

/// Where the schema of a test lies.
pub(crate) const HERE: &str = "file:///s/schema.json";

pub(crate) fn schema(text: &str) -> Schema {
    let load = Schema::load(HERE, &mut |url| {
        if url == HERE { Ok(text.to_owned()) } else { Err("it is not there".to_owned()) }
    });
    load.unwrap_or_else(|why| panic!("{why}: {text}"))
}

pub(crate) fn findings(schema: &Schema, path: &str, text: &str) -> Vec<Diagnostic> {
    let path = Path::new(path);
    let tree = parse(path, text);
    schemas::check(&File { path, text, tree: &tree, kind: FileKind::Other }, schema)
}

/// Checks a YAML text, as [`marked::check`] does.
pub(crate) fn check(schema_text: &str, marked: &str, expect: Expect) {
    check_as("test.yaml", schema_text, marked, expect);
}

pub(crate) fn check_as(path: &str, schema_text: &str, marked: &str, expect: Expect) {
    let schema = schema(schema_text);
    let broken = |text: &str| parse(Path::new(path), text).problems().len();
    marked::check(marked, &expect, |text| findings(&schema, path, text), broken);
}
