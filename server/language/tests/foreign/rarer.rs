//! Help from the words of JSON Schema that few schemas use: lists whose items differ by place, keys that bring keys,
//! circles of references, in the drafts that have them.

use std::path::Path;

use copydesk_language::schemas;
use copydesk_language::{File, FileKind, parse};
use expect_test::{Expect, expect};

use crate::marked::cursor;
use crate::support::schema;

/// What is proposed and explained at `$0`: the labels, then the first lines of the help.
fn helps(schema_text: &str, marked: &str, expect: &Expect) {
    let (text, offset) = cursor(marked);
    let path = Path::new("x.yaml");
    let tree = parse(path, &text);
    let file = File { path, text: &text, tree: &tree, kind: FileKind::Other };
    let schema = schema(schema_text);
    let labels: Vec<String> =
        schemas::complete(&file, &schema, offset).into_iter().map(|one| one.label).collect();
    let help = schemas::hover(&file, &schema, offset).map_or_else(String::new, |help| {
        let lines = help.markdown.lines().filter(|line| !line.is_empty() && !line.starts_with("From "));
        lines.collect::<Vec<_>>().join(" / ")
    });
    expect.assert_eq(&format!("{} | {help}", labels.join(" ")));
}

const TUPLE: &str = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": {"pair": {
    "prefixItems": [
        {"enum": ["get", "put"], "description": "What is done."},
        {"properties": {"to": {"description": "Where to."}, "loud": {"type": "boolean"}}}
    ],
    "items": {"enum": ["more", "most"], "description": "The rest."}
}}}"#;

/// The same in the words of older drafts.
const OLD_TUPLE: &str = r#"{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"pair": {
    "items": [
        {"enum": ["get", "put"], "description": "What is done."},
        {"properties": {"to": {"description": "Where to."}, "loud": {"type": "boolean"}}}
    ],
    "additionalItems": {"enum": ["more", "most"], "description": "The rest."}
}}}"#;

#[test]
fn items_by_their_place() {
    let check =
        |marked: &str, expect: Expect| [TUPLE, OLD_TUPLE].map(|schema| helps(schema, marked, &expect));
    check("pair:\n  - $0\n", expect!["get put | "]);
    check("pair:\n  - ge$0t\n", expect!["get put | What is done. / - `get` / - `put`"]);
    check("pair:\n  - get\n  - $0\n", expect!["loud to | "]);
    check("pair:\n- get\n- $0\n", expect!["loud to | "]);
    check("pair:\n  - get\n  - to: x\n    $0\n", expect!["loud | "]);
    check("pair:\n  - get\n  - t$0o: x\n", expect!["loud to | **to**: anything / Where to."]);
    check("pair: [get, {$0}]\n", expect!["loud to | "]);
    check("pair:\n  - get\n  - to: x\n  - $0\n", expect!["more most | "]);
    check("pair: [get, {to: 1, loud: 2}, mo$0re]\n", expect!["more most | The rest. / - `more` / - `most`"]);
}

#[test]
fn keys_that_bring_keys() {
    let new = r#"{"properties": {"card": {}, "cash": {}}, "dependentSchemas": {
        "card": {"properties": {"number": {"description": "Of the card."}, "until": {}}}}}"#;
    let old = r#"{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"card": {}, "cash": {}},
        "dependencies": {"card": {"properties": {"number": {"description": "Of the card."}, "until": {}}}}}"#;
    let check = |marked: &str, expect: Expect| [new, old].map(|schema| helps(schema, marked, &expect));
    check("cash: 1\n$0", expect!["card | "]);
    check("card: 1\n$0", expect!["cash number until | "]);
    check("card: 1\nnum$0ber: 2\n", expect!["cash number until | **number**: anything / Of the card."]);
}

#[test]
fn circles_of_references() {
    let tree = r##"{"$ref": "#/$defs/node", "$defs": {"node": {"properties": {
        "name": {"description": "Of the node."}, "kids": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}}}"##;
    helps(tree, "kids:\n  - kids:\n      - kids:\n          - $0\n", &expect!["kids name | "]);
    helps(
        tree,
        "kids:\n  - kids:\n      - na$0me: x\n",
        &expect!["kids name | **name**: anything / Of the node."],
    );
    // Nothing but circles: each ends, and what stands beside them counts.
    let itself = r##"{"$ref": "#", "properties": {"a": {"description": "Here."}}}"##;
    helps(itself, "$0", &expect!["a | "]);
    let round = r##"{"allOf": [{"$ref": "#/$defs/a"}], "properties": {"x": {"description": "Here."}},
        "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}, {"properties": {"y": {}}}]}, "b": {"oneOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]}}}"##;
    helps(round, "$0", &expect!["x y | "]);
    helps(round, "x$0: 1\n", &expect!["x y | **x**: anything / Here."]);
    let dynamic = r##"{"$id": "https://x.test/s", "$dynamicAnchor": "n", "properties": {
        "v": {"description": "A value."}, "next": {"$dynamicRef": "#n"}}}"##;
    helps(dynamic, "next:\n  next:\n    $0\n", &expect!["next v | "]);
    helps(dynamic, "next:\n  v$0: 1\n", &expect!["next v | **v**: anything / A value."]);
}
