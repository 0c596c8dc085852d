//! Keys and values beside a schema.

use expect_test::expect;

use crate::support::{check, check_as};

const PERSON: &str = r#"{
    "title": "Person", "type": "object", "additionalProperties": false, "required": ["name", "age"],
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 0},
        "email": {"type": "string", "format": "email"},
        "colour": {"enum": ["red", "green", "blue"]},
        "port": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2, "uniqueItems": true},
        "active": {"type": "boolean"},
        "address": {
            "type": "object", "required": ["city", "lines"], "additionalProperties": false,
            "properties": {"city": {"type": "string"}, "lines": {"type": "array"}, "zip": {"pattern": "^[0-9]{5}$"}}
        }
    }
}"#;

#[test]
fn a_file_that_is_right_has_no_findings() {
    check(
        PERSON,
        "name: Ann\nage: 5\nemail: a@b.example\ntags: [a, b]\naddress: {city: x, lines: []}\n",
        expect![[""]],
    );
}

#[test]
fn unknown_and_missing_keys() {
    check(
        PERSON,
        "⟦nmae⟧: Ann\nage: 5\n",
        expect![[r#"
        error unknown-key 'nmae' is no key of this file; did you mean 'name'? [fix: change to 'name'] [fix: take out 'nmae']
    "#]],
    );
    check(
        PERSON,
        "⟦name⟧: Ann\n",
        expect![[r#"
        error missing-key this file needs 'age' [fix: add 'age']
    "#]],
    );
    check(
        PERSON,
        "name: Ann\nage: 5\n⟦whatever⟧: 1\n",
        expect![[r#"
        error unknown-key 'whatever' is no key of this file; take it out [fix: take out 'whatever']
    "#]],
    );
    check(
        PERSON,
        "name: Ann\nage: 5\n⟦address⟧:\n  zip: '12345'\n",
        expect![[r#"
        error missing-key 'address' needs 'city' [fix: add 'city']
        error missing-key 'address' needs 'lines' [fix: add 'lines']
    "#]],
    );
    check(
        PERSON,
        "name: Ann\nage: 5\n⟦address⟧: {city: x}\n",
        expect![[r#"
        error missing-key 'address' needs 'lines' [fix: add 'lines']
    "#]],
    );
    check_as(
        "x.json",
        PERSON,
        "{\"name\": \"Ann\", \"age\": 5, \"address\": {⟦\"ciyt\"⟧: \"x\", \"lines\": []}}",
        expect![[r#"
            error unknown-key 'ciyt' is no key of 'address'; did you mean 'city'? [fix: change to 'city'] [fix: take out 'ciyt']
        "#]],
    );
    check(
        PERSON,
        "⟦⟧",
        expect![[r#"
        error missing-key this file needs 'name'
        error missing-key this file needs 'age'
    "#]],
    );
    check(
        PERSON,
        "⟦⟧# nothing yet\n",
        expect![[r#"
        error missing-key this file needs 'name'
        error missing-key this file needs 'age'
    "#]],
    );
}

#[test]
fn wrong_kinds_of_values() {
    check(
        PERSON,
        "name: ⟦5⟧\nage: ⟦'7'⟧\nactive: ⟦yes⟧\n",
        expect![[r#"
        error type-mismatch 'name' takes a text; this is a whole number [fix: put '5' in quotes]
        error type-mismatch 'age' takes a whole number; this is a text [fix: change to 7 without quotes]
        error type-mismatch 'active' takes true or false; this is a text [fix: change to 'true']
    "#]],
    );
    check(
        PERSON,
        "name: Ann\nage: 5\ntags: ⟦one⟧\n",
        expect![[r#"
        error type-mismatch 'tags' takes a list; this is a text [fix: make it a list of one]
    "#]],
    );
    check(
        PERSON,
        "name: Ann\n⟦age⟧:\n",
        expect![[r#"
        error type-mismatch 'age' has no value; it takes a whole number
    "#]],
    );
    check(
        PERSON,
        "⟦- a\n- b⟧\n",
        expect![[r#"
        error type-mismatch this file takes a mapping; this is a list
    "#]],
    );
}

#[test]
fn words_and_bounds_and_forms() {
    check(
        PERSON,
        "name: Ann\nage: ⟦-1⟧\ncolour: ⟦gren⟧\nemail: ⟦nobody⟧\n",
        expect![[r#"
            error unknown-value 'age' must be at least 0 [fix: change to 0]
            error unknown-value 'gren' is no value of 'colour'; it takes 'red', 'green' or 'blue'; did you mean 'green'? [fix: change to 'green']
            error format-mismatch 'nobody' is no e-mail address
        "#]],
    );
    check(
        PERSON,
        "name: Ann\nage: 1\naddress:\n  city: x\n  lines: []\n  zip: ⟦'12'⟧\n",
        expect![[r#"
        error format-mismatch '12' does not match the pattern '^[0-9]{5}$'
    "#]],
    );
    check(
        PERSON,
        "name: Ann\nage: 1\ntags: [a, ⟦a⟧]\n",
        expect![[r#"
            error schema-mismatch 'tags' holds the same item twice [fix: take the second one out]
        "#]],
    );
    check(
        PERSON,
        "name: Ann\nage: 1\ntags:\n  - a\n  - b\n  - ⟦c⟧\n",
        expect![[r#"
        error schema-mismatch 'tags' takes at most 2 items
    "#]],
    );
}

#[test]
fn what_an_alias_brings_is_marked_where_it_is_used() {
    let schema = r#"{"properties": {"a": {"type": "object"}, "b": {"additionalProperties": false, "properties": {"x": {"type": "number"}}}}}"#;
    check(
        schema,
        "a: &all\n  x: 1\n  y: 2\nb: ⟦*all⟧\n",
        expect![[r#"
        error unknown-key 'y' is no key of 'b'; take it out
    "#]],
    );
    check(
        schema,
        "a: &all\n  x: 1\n  y: 2\nb:\n  ⟦<<⟧: *all\n  x: ⟦no⟧\n",
        expect![[r#"
        error unknown-key 'y' is no key of 'b'; take it out
        error type-mismatch 'x' takes a number; this is a text
    "#]],
    );
}

#[test]
fn a_value_with_a_tag_of_somebodys_own_is_let_alone() {
    let schema = r#"{"properties": {"a": {"type": "object"}}, "additionalProperties": false}"#;
    check(schema, "a: !Ref thing\n", expect![[""]]);
}

#[test]
fn a_bomb_of_aliases_is_not_unfolded() {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (one, before) in ["b", "c", "d", "e", "f", "g"].iter().zip(["a", "b", "c", "d", "e", "f"]) {
        text.push_str(&format!("{one}: &{one} [{}]\n", vec![format!("*{before}"); 9].join(", ")));
    }
    let found = crate::support::findings(&crate::support::schema(PERSON), "x.yaml", &text);
    let lines: Vec<_> = found.iter().map(|finding| (finding.code.as_str(), finding.span.of(&text))).collect();
    assert_eq!(lines, [("schema-unavailable", "*a")]);
}

#[test]
fn every_document_of_a_file_is_checked() {
    check(
        PERSON,
        "name: Ann\nage: 1\n---\nname: Bob\nage: ⟦x⟧\n---\n",
        expect![[r#"
        error type-mismatch 'age' takes a whole number; this is a text
    "#]],
    );
}

#[test]
fn numbers_keep_their_value() {
    let schema = r#"{"properties": {"a": {"const": 18446744073709551615}, "b": {"type": "integer"}, "c": {"multipleOf": 0.01}}}"#;
    check(schema, "a: 18446744073709551615\nb: 1.0\nc: 19.99\n", expect![[""]]);
    check(
        schema,
        "b: ⟦1.5⟧\n",
        expect![[r#"
        error type-mismatch 'b' takes a whole number; this is a number
    "#]],
    );
}

#[test]
fn keywords_that_ask_for_each_other() {
    let schema = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema",
        "dependentRequired": {"card": ["billing"]},
        "dependentSchemas": {"express": {"required": ["phone"]}},
        "if": {"properties": {"kind": {"const": "dog"}}, "required": ["kind"]},
        "then": {"required": ["bark"]}, "else": {"properties": {"bark": false}},
        "properties": {"list": {"contains": {"const": 5}}, "no": {"not": {"const": "never"}}}}"#;
    check(
        schema,
        "⟦card⟧: 1\n",
        expect![[r#"
        error missing-key 'card' needs 'billing' beside it [fix: add 'billing']
    "#]],
    );
    check(
        schema,
        "⟦express⟧: 1\n",
        expect![[r#"
        error missing-key this file needs 'phone' [fix: add 'phone']
    "#]],
    );
    check(
        schema,
        "⟦kind⟧: dog\n",
        expect![[r#"
        error missing-key this file needs 'bark' [fix: add 'bark']
    "#]],
    );
    check(
        schema,
        "kind: cat\n⟦bark⟧: loud\n",
        expect![[r#"
        error unknown-key 'bark' must not stand here; take it out [fix: take out 'bark']
    "#]],
    );
    check(
        schema,
        "⟦list⟧: [1, 2]\nno: ⟦never⟧\n",
        expect![[r#"
            error schema-mismatch 'list' needs at least 1 item that is '5'
            error schema-mismatch 'never' is not allowed here
        "#]],
    );
}

#[test]
fn keys_that_no_part_knows() {
    let schema = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [{"properties": {"a": {"type": "string"}}}], "properties": {"b": {"type": "number"}},
        "propertyNames": {"pattern": "^[a-z]+$"}, "unevaluatedProperties": false}"#;
    check(
        schema,
        "a: x\nb: 1\n⟦c⟧: 1\n",
        expect![[r#"
        error unknown-key 'c' is no key of this file; take it out [fix: take out 'c']
    "#]],
    );
    check(
        schema,
        "a: ⟦5⟧\nb: 1\n",
        expect![[r#"
        error type-mismatch 'a' takes a text; this is a whole number [fix: put '5' in quotes]
    "#]],
    );
    let names = r#"{"propertyNames": {"enum": ["push", "pull"]}}"#;
    check(
        names,
        "⟦psuh⟧: 1\n",
        expect![[r#"
        error unknown-key 'psuh' is no name that this file takes; it takes 'push' or 'pull'; did you mean 'push'? [fix: change to 'push']
    "#]],
    );
}

#[test]
fn what_no_keyword_names_may_have_a_schema() {
    let keys = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": {"a": {}},
        "unevaluatedProperties": {"type": "object", "properties": {"n": {"maximum": 3}}, "required": ["n"]}}"#;
    check(keys, "a: 1\nb: {n: 1}\n", expect![""]);
    check(
        keys,
        "a: 1\nb: ⟦x⟧\n⟦c⟧: {}\nd: {n: ⟦9⟧}\n",
        expect![[r#"
        error type-mismatch 'b' takes a mapping; this is a text
        error missing-key 'c' needs 'n' [fix: add 'n']
        error unknown-value 'n' must be at most 3 [fix: change to 3]
    "#]],
    );
    let texts = r#"{"$schema": "https://json-schema.org/draft/2019-09/schema", "properties": {"in": {
        "properties": {"a": {}}, "unevaluatedProperties": {"type": "string"}}}}"#;
    check(
        texts,
        "in:\n  a: 1\n  b: ⟦5⟧\n",
        expect![[r#"
        error type-mismatch 'b' takes a text; this is a whole number [fix: put '5' in quotes]
    "#]],
    );
    let items = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "properties": {"l": {
        "prefixItems": [{"type": "number"}], "contains": {"const": "x"}, "unevaluatedItems": {"type": "boolean"}}}}"#;
    check(items, "l: [1, x, true, x]\n", expect![""]);
    check(
        items,
        "l: [1, ⟦y⟧, true, x, ⟦off⟧]\n",
        expect![[r#"
            error type-mismatch this item of 'l' takes true or false; this is a text [fix: change to 'true']
            error type-mismatch this item of 'l' takes true or false; this is a text [fix: change to 'false']
        "#]],
    );
    let old = items.replace("2020-12", "2019-09").replace("prefixItems", "items");
    check(
        &old,
        "l: [1, true, x, ⟦no⟧]\n",
        expect![[r#"
            error type-mismatch this item of 'l' takes true or false; this is a text [fix: change to 'false']
        "#]],
    );
    let none = items.replace(r#"{"type": "boolean"}"#, "false");
    check(
        &none,
        "l: [1, ⟦y⟧, x, x]\n",
        expect![[r#"
        error schema-mismatch 'l' does not take this item [fix: take it out]
    "#]],
    );
    check(
        &none.replace(r#""contains": {"const": "x"}, "#, ""),
        "l: [1, ⟦y⟧, x]\n",
        expect![[r#"
            error schema-mismatch 'l' takes at most 1 item
        "#]],
    );
    // A branch that was not met speaks for its keys, and one that was meant is told by its name.
    let branches = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "anyOf": [
        {"title": "cat", "properties": {"kind": {"const": "cat"}}, "unevaluatedProperties": {"type": "number"}},
        {"title": "dog", "properties": {"kind": {"const": "dog"}}, "unevaluatedProperties": {"type": "string"}}]}"#;
    check(
        branches,
        "kind: cat\nage: ⟦old⟧\n",
        expect![[r#"
        error type-mismatch 'age' takes a number; this is a text (as 'cat')
    "#]],
    );
}

#[test]
fn a_key_that_should_no_longer_be_written() {
    let schema = r#"{"properties": {"old": {"deprecated": true}, "older": {"deprecationMessage": "Use 'new'."}, "in": {"items": {"properties": {"x": {"deprecated": true}}}}}}"#;
    check(
        schema,
        "⟦old⟧: 1\n⟦older⟧: 1\nin:\n  - ⟦x⟧: 1\n",
        expect![[r#"
            warning deprecated-key 'old' should no longer be written: the schema calls it deprecated [fix: take out 'old']
            warning deprecated-key 'older' should no longer be written: Use 'new' [fix: change to 'new'] [fix: take out 'older']
            warning deprecated-key 'x' should no longer be written: the schema calls it deprecated
        "#]],
    );
}

/// What is wrong with one item says nothing about another one.
#[test]
fn keys_of_another_kind_beside_other_mistakes() {
    check(
        r#"{"type": "array", "items": {
            "type": "object",
            "properties": {"kind": {"enum": ["a", "b"]}},
            "unevaluatedProperties": false,
            "allOf": [
                {"if": {"properties": {"kind": {"const": "a"}}}, "then": {"properties": {"size": {"type": "number"}}}},
                {"if": {"properties": {"kind": {"const": "b"}}}, "then": {"properties": {"color": {"type": "string"}}}}
            ]
        }}"#,
        "- {kind: a, ⟦color⟧: red}\n- {kind: b, ⟦nothing⟧: 1}\n- {kind: a, size: ⟦big⟧}\n",
        expect![[r#"
            error unknown-key 'color' does not belong with the other keys of this item; take it out [fix: take out 'color']
            error unknown-key 'nothing' is no key of this item; take it out [fix: take out 'nothing']
            error type-mismatch 'size' takes a number; this is a text
        "#]],
    );
}
