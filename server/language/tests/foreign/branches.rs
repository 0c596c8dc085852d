//! Of several branches, the one that was meant.

use expect_test::expect;

use crate::support::check;

const STEP: &str = r##"{"definitions": {
        "shell": {"title": "Shell step", "type": "object", "additionalProperties": false, "required": ["type", "run"],
            "properties": {"type": {"const": "shell"}, "run": {"type": "string"}, "timeout": {"type": "integer"}}},
        "http": {"type": "object", "additionalProperties": false, "required": ["type", "url"],
            "properties": {"type": {"const": "http"}, "url": {"type": "string"}, "method": {"enum": ["get", "post"]}}}},
    "type": "array", "items": {"oneOf": [{"$ref": "#/definitions/shell"}, {"$ref": "#/definitions/http"}]}}"##;

#[test]
fn a_word_tells_the_branch() {
    check(
        STEP,
        "- type: shell\n  run: a\n  timeout: ⟦soon⟧\n",
        expect![[r#"
        error type-mismatch 'timeout' takes a whole number; this is a text (as 'Shell step')
    "#]],
    );
    check(
        STEP,
        "- type: ⟦http⟧\n  method: get\n",
        expect![[r#"
        error missing-key this item needs 'url' (as 'http') [fix: add 'url']
    "#]],
    );
    check(
        STEP,
        "- type: http\n  ⟦ulr⟧: x\n",
        expect![[r#"
        error unknown-key 'ulr' is no key of this item; did you mean 'url'? (as 'http') [fix: change to 'url'] [fix: take out 'ulr']
    "#]],
    );
    check(
        STEP,
        "- type: ⟦shel⟧\n  run: a\n",
        expect![[r#"
            error unknown-value 'shel' is no value of 'type'; it takes 'shell' or 'http'; did you mean 'shell'? [fix: change to 'shell']
        "#]],
    );
    check(
        STEP,
        "- ⟦run⟧: a\n",
        expect![[r#"
        error missing-key this item needs 'type' (as 'Shell step') [fix: add 'type']
    "#]],
    );
    check(
        STEP,
        "- ⟦just words⟧\n",
        expect![[r#"
        error type-mismatch this item takes a mapping; this is a text
    "#]],
    );
}

#[test]
fn kinds_of_values_are_told_together() {
    let schema = r#"{"properties": {"on": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "object", "properties": {"push": {"type": "object"}}, "additionalProperties": false}]}}}"#;
    check(
        schema,
        "on: ⟦5⟧\n",
        expect![[r#"
        error type-mismatch 'on' takes a text, a list or a mapping; this is a whole number [fix: put '5' in quotes] [fix: make it a list of one]
    "#]],
    );
    check(
        schema,
        "on: [a, ⟦5⟧]\n",
        expect![[r#"
        error type-mismatch this item of 'on' takes a text; this is a whole number [fix: put '5' in quotes]
    "#]],
    );
    check(
        schema,
        "on: {⟦psuh⟧: {}}\n",
        expect![[r#"
            error unknown-key 'psuh' is no key of 'on'; did you mean 'push'? [fix: change to 'push'] [fix: take out 'psuh']
        "#]],
    );
    check(
        schema,
        "on:\n  push: ⟦x⟧\n",
        expect![[r#"
        error type-mismatch 'push' takes a mapping; this is a text
    "#]],
    );
}

#[test]
fn words_of_all_branches_are_told_together() {
    let schema = r#"{"properties": {"level": {"oneOf": [{"const": "low", "description": "a"}, {"const": "high"}]},
        "version": {"anyOf": [{"enum": ["latest", "stable"]}, {"type": "string", "pattern": "^[0-9]+$"}]}}}"#;
    check(
        schema,
        "level: ⟦lwo⟧\n",
        expect![[r#"
            error unknown-value 'lwo' is no value of 'level'; it takes 'low' or 'high'; did you mean 'low'? [fix: change to 'low']
        "#]],
    );
    check(
        schema,
        "version: ⟦latset⟧\n",
        expect![[r#"
            error unknown-value 'latset' is no value of 'version'; it takes 'latest' or 'stable'; did you mean 'latest'? [fix: change to 'latest']
        "#]],
    );
    check(
        schema,
        "version: ⟦1.x⟧\n",
        expect![[r#"
        error format-mismatch '1.x' does not match the pattern '^[0-9]+$' (as a text)
    "#]],
    );
}

#[test]
fn more_than_one_branch_fits() {
    let schema =
        r#"{"oneOf": [{"title": "By name", "required": ["name"]}, {"title": "By id", "required": ["id"]}]}"#;
    check(
        schema,
        "⟦name⟧: a\nid: 1\n",
        expect![[r#"
        error schema-mismatch this file fits 'By name' and 'By id' at once, and only one is allowed; add or take out what tells them apart
    "#]],
    );
    check(
        schema,
        "⟦nothing⟧: a\n",
        expect![[r#"
        error missing-key this file needs 'name' (as 'By name') [fix: add 'name']
    "#]],
    );
}

#[test]
fn beside_a_word_that_is_near_no_other_is_offered() {
    check(
        r#"{"properties": {"type": {"enum": ["http", "cmd"]}, "mode": {"enum": ["on", "off"]}}}"#,
        "type: ⟦cmsd⟧\nmode: ⟦sideways⟧\n",
        expect![[r#"
            error unknown-value 'cmsd' is no value of 'type'; it takes 'http' or 'cmd'; did you mean 'cmd'? [fix: change to 'cmd']
            error unknown-value 'sideways' is no value of 'mode'; it takes 'on' or 'off' [fix: change to 'on'] [fix: change to 'off']
        "#]],
    );
}

#[test]
fn an_alias_within_what_it_stands_for_is_told_and_the_rest_is_checked() {
    check(
        r#"{"properties": {"a": {"properties": {"b": {"type": "object"}}}, "count": {"type": "number"}}}"#,
        "a: &a\n  b: ⟦*a⟧\n  c: &c [⟦*c⟧]\ncount: ⟦x⟧\n",
        expect![[r#"
            info schema-unavailable this alias stands within what it stands for, so what is behind it is not checked
            info schema-unavailable this alias stands within what it stands for, so what is behind it is not checked
            error type-mismatch 'count' takes a number; this is a text
        "#]],
    );
}
