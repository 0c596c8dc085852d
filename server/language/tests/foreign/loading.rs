//! Schemas that do not work, or not wholly.

use copydesk_language::schemas::Schema;

use crate::support::{HERE, findings, schema};

/// What is said about a schema: why it is none, or what of it does not work.
fn check(text: &str, expect: &[&str]) {
    let loaded = Schema::load(HERE, &mut |url| {
        if url == HERE { Ok(text.to_owned()) } else { Err("it is not there".to_owned()) }
    });
    let said = match loaded {
        Ok(schema) => schema.problems,
        Err(why) => vec![why],
    };
    assert_eq!(said, expect, "{text}");
}

#[test]
fn what_does_not_work_is_said() {
    check("{}", &[]);
    check(
        r#"{"type": 5}"#,
        &[
            "it is no valid schema at '/type': 5 is not valid under any of the schemas listed in the 'anyOf' keyword",
        ],
    );
    check(r#"{"$ref": "other.json"}"#, &["it refers to 'file:///s/other.json', but it is not there"]);
    check(r##"{"$ref": "#/nowhere"}"##, &["it refers to '#/nowhere', which is not there"]);
    check(r##"{"$ref": "#"}"##, &["it refers to '#', which leads back to itself without end"]);
    check(
        r##"{"definitions": {"a": {"allOf": [{"$ref": "#/definitions/b"}]}, "b": {"anyOf": [{"$ref": "#/definitions/a"}]}}, "$ref": "#/definitions/a"}"##,
        &["it refers to '#/definitions/a', which leads back to itself without end"],
    );
    check(
        r#"{"$schema": "http://json-schema.org/draft-03/schema#"}"#,
        &["it is written in draft 3 of JSON Schema; drafts 4, 6, 7, 2019-09 and 2020-12 are read"],
    );
    check(
        r#"{"$schema": "https://nobody.test/own"}"#,
        &["it refers to 'https://nobody.test/own', but it is not there"],
    );
}

#[test]
fn what_remains_of_a_broken_schema_still_checks() {
    let schema = schema(
        r##"{"properties": {"a": {"$ref": "#/nowhere"}, "b": {"$ref": "#/properties/b"}, "c": {"type": "number"}}}"##,
    );
    assert_eq!(schema.problems.len(), 2);
    let found = findings(&schema, "x.yaml", "a: 1\nb: {}\nc: x\n");
    assert_eq!(
        found.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>(),
        ["'c' takes a number; this is a text"]
    );
}

#[test]
fn a_schema_that_refers_to_itself_step_by_step_is_fine() {
    let schema = schema(r##"{"type": "object", "additionalProperties": {"$ref": "#"}}"##);
    assert!(schema.problems.is_empty());
    let deep = format!("{}1{}", "{a: ".repeat(100), "}".repeat(100));
    assert_eq!(findings(&schema, "x.yaml", &deep).len(), 1);
}

#[test]
fn long_chains_of_references_are_cut() {
    let chain: Vec<String> =
        (0..5_000).map(|at| format!(r##""d{at}": {{"$ref": "#/definitions/d{}"}}"##, at + 1)).collect();
    let text =
        format!(r##"{{"definitions": {{{}, "d5000": {{}}}}, "$ref": "#/definitions/d0"}}"##, chain.join(","));
    let schema = schema(&text);
    assert!(!schema.problems.is_empty());
    assert!(findings(&schema, "x.yaml", "a: 1\n").is_empty());
}

#[test]
fn bundled_schemas_need_no_reader() {
    for url in [
        "http://json-schema.org/draft-07/schema#",
        "https://json-schema.org/draft/2020-12/schema",
        "https://json-schema.org/draft-04/schema",
        &copydesk_language::schemas::by_name("workflow").unwrap(),
    ] {
        let schema = Schema::load(url, &mut |url| panic!("{url} was asked for")).unwrap();
        assert!(schema.problems.is_empty(), "{url}: {:?}", schema.problems);
        assert!(!findings(&schema, "x.yaml", "5\n").is_empty(), "{url}");
    }
}

#[test]
fn a_schema_may_name_its_metaschema_in_short() {
    for name in ["draft-04", "draft-06", "draft-07", "draft-2019-09", "draft-2020-12"] {
        let url = copydesk_language::schemas::by_name(name).unwrap();
        let schema = Schema::load(&url, &mut |url| panic!("{url} was asked for")).unwrap();
        let found = findings(&schema, "x.json", &format!(r#"{{"$schema": "{name}"}}"#));
        assert!(found.is_empty(), "{name}: {found:?}");
        let found = findings(&schema, "x.toml", &format!("\"$schema\" = \"{name}\"\n"));
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

#[test]
fn a_deep_file_beside_a_winding_schema_does_not_exhaust_the_stack() {
    let chain: Vec<String> =
        (0..50).map(|at| format!(r##""d{at}": {{"$ref": "#/definitions/d{}"}}"##, at + 1)).collect();
    let text = format!(
        r##"{{"definitions": {{{}, "d50": {{"type": "object", "additionalProperties": {{"$ref": "#/definitions/d0"}}}}}}, "$ref": "#/definitions/d0"}}"##,
        chain.join(",")
    );
    let schema = schema(&text);
    assert!(schema.problems.is_empty(), "{:?}", schema.problems);
    for (depth, code) in [(5, "type-mismatch"), (35, "type-mismatch"), (100, "schema-unavailable")] {
        let deep = format!("{}1{}", "{a: ".repeat(depth), "}".repeat(depth));
        let found = findings(&schema, "x.yaml", &deep);
        assert_eq!(found.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), [code]);
    }
}
