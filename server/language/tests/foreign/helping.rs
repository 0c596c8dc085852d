//! Completion, hover and links beside a schema.

use std::path::Path;

use copydesk_language::schemas::{self, Target};
use copydesk_language::{Completion, File, FileKind, Snippet, parse};
use expect_test::{Expect, expect};

use crate::marked::cursor;
use crate::support::schema;

pub(crate) const SERVICE: &str = r##"{
    "title": "Service", "type": "object", "required": ["name"], "additionalProperties": false,
    "properties": {
        "name": {"type": "string", "description": "What it is called."},
        "level": {"enum": ["low", "high"], "enumDescriptions": ["Seldom looked at.", "Wakes people."], "default": "low"},
        "active": {"type": "boolean"},
        "port": {"type": "integer", "default": 8080, "examples": [80, 443]},
        "tags": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
        "owner": {"type": "object", "required": ["mail", "team"], "properties": {"mail": {"type": "string"}, "team": {"type": "string"}}},
        "old": {"type": "string", "deprecated": true, "markdownDescription": "Use `name`."},
        "steps": {"type": "array", "items": {"oneOf": [{"$ref": "#/definitions/shell"}, {"$ref": "#/definitions/http"}]}}
    },
    "definitions": {
        "shell": {"required": ["type", "run"], "properties": {"type": {"const": "shell"}, "run": {"type": "string"}}},
        "http": {"required": ["type", "url"], "properties": {"type": {"const": "http", "description": "Asks a server."}, "url": {"type": "string"}}}
    }
}"##;

fn proposals(path: &str, marked: &str) -> (String, usize, Vec<Completion>) {
    let (text, offset) = cursor(marked);
    let path = Path::new(path);
    let tree = parse(path, &text);
    let found = schemas::complete(
        &File { path, text: &text, tree: &tree, kind: FileKind::Other },
        &schema(SERVICE),
        offset,
    );
    (text, offset, found)
}

/// The labels that are proposed at `$0`.
fn labels(marked: &str, expect: Expect) {
    labels_in("x.yaml", marked, expect);
}

pub(crate) fn labels_in(path: &str, marked: &str, expect: Expect) {
    let (_, _, found) = proposals(path, marked);
    let labels: Vec<&str> = found.iter().map(|one| one.label.as_str()).collect();
    expect.assert_eq(&labels.join(" "));
}

/// The line of the cursor after `label` is taken.
pub(crate) fn take(path: &str, marked: &str, label: &str, expect: Expect) {
    let (text, _, found) = proposals(path, marked);
    let one =
        found.iter().find(|one| one.label == label).unwrap_or_else(|| panic!("no {label} in {found:?}"));
    let stops = if one.snippet == Snippet::Tabstops { "*" } else { "" };
    let taken = format!("{}{}{}", &text[..one.replace.start], one.insert, &text[one.replace.end..]);
    let line = taken[..one.replace.start].rfind('\n').map_or(0, |at| at + 1);
    expect.assert_eq(&format!("{stops}{}", taken[line..].lines().next().unwrap_or("")));
}

#[test]
fn keys_are_proposed_required_ones_first() {
    labels("$0", expect!["name active level owner port steps tags old"]);
    labels("name: x\nle$0", expect!["active level owner port steps tags old"]);
    labels("owner:\n  $0", expect!["mail team"]);
    labels("name: x\nowner: {mail: a, $0}\n", expect!["team"]);
}

#[test]
fn keys_by_the_branch_that_fits() {
    labels("steps:\n  - type: http\n    $0\n", expect!["url"]);
    labels("steps:\n  - $0\n", expect!["run type url"]);
    labels("steps:\n  - run: x\n    type: $0\n", expect!["shell http"]);
    labels("steps:\n  $0\n", expect!["- run - type"]);
}

#[test]
fn keys_by_the_branch_that_a_merge_key_tells() {
    let base = "base: &base\n  type: http\nmore: &more\n  url: x\n";
    labels(&format!("{base}steps:\n  - <<: *base\n    $0\n"), expect!["type url"]);
    labels(&format!("{base}steps:\n  - <<: [*more, *base]\n    $0\n"), expect!["type url"]);
    labels(&format!("{base}steps:\n  - {{<<: *base, $0}}\n"), expect!["type url"]);
}

#[test]
fn what_follows_from_a_condition_waits_for_its_key() {
    let schema_text = r#"{"properties": {"kind": {"enum": ["a", "b"]}}, "allOf": [
        {"if": {"properties": {"kind": {"const": "a"}}}, "then": {"properties": {"only_a": {}}}},
        {"if": {"properties": {"kind": {"const": "b"}}}, "then": {"properties": {"only_b": {}}}}]}"#;
    for (text, expected) in [("", "kind"), ("kind: a\n", "only_a"), ("kind: b\n", "only_b")] {
        let tree = parse(Path::new("x.yaml"), text);
        let file = File { path: Path::new("x.yaml"), text, tree: &tree, kind: FileKind::Other };
        let found = schemas::complete(&file, &schema(schema_text), text.len());
        let labels: Vec<&str> = found.iter().map(|one| one.label.as_str()).collect();
        assert_eq!(labels, [expected], "{text}");
    }
}

#[test]
fn values_are_proposed() {
    labels("level: $0\n", expect!["low high"]);
    labels("active: $0\n", expect!["true false"]);
    labels("port: $0\n", expect!["8080 80 443"]);
    labels("tags: [a, $0]\n", expect!["a b"]);
    labels("tags:\n  - $0\n", expect!["a b"]);
    labels("name: |\n  $0\n", expect![[""]]);
}

#[test]
fn what_is_taken_fits() {
    take("x.yaml", "na$0", "name", expect!["name: "]);
    take("x.yaml", "po$0", "port", expect!["*port: ${1:8080}"]);
    take("x.yaml", "ow$0", "owner", expect![[r#"*owner: {mail: ${1:}, team: ${2:}\}"#]]);
    take("x.yaml", "ta$0", "tags", expect!["*tags: [$1]"]);
    take("x.yaml", "level:$0", "high", expect!["level: high"]);
    take("x.yaml", "level: \"h$0", "high", expect![[r#"level: "high""#]]);
    take("x.yaml", "tags:\n  $0", "a", expect!["  - a"]);
    take("x.json", "{\"na$0\"}", "name", expect![[r#"*{"name": "$1"}"#]]);
    take("x.json", "{na$0}", "name", expect![[r#"*{"name": "$1"}"#]]);
    take("x.json", "{\"level\": $0}", "high", expect![[r#"{"level": "high"}"#]]);
}

/// What is written for `label` at `$0`, stops and all.
fn inserted(schema_text: &str, path: &str, marked: &str, label: &str) -> String {
    let (text, offset) = cursor(marked);
    let path = Path::new(path);
    let tree = parse(path, &text);
    let file = File { path, text: &text, tree: &tree, kind: FileKind::Other };
    let found = schemas::complete(&file, &schema(schema_text), offset);
    let one = found.iter().find(|one| one.label == label);
    one.unwrap_or_else(|| panic!("no '{label}' in {found:?}")).insert.clone()
}

#[test]
fn values_that_the_schema_prepared() {
    for (body, yaml, json) in [
        (r#"{"k": "${1:x}"}"#, r"{k: ${1:x}\}", r#"{"k": "${1:x}"\}"#),
        (r#""${1:x}""#, "${1:x}", r#""${1:x}""#),
        (r#"["${1:x}", "$2"]"#, "[${1:x}, $2]", r#"["${1:x}", "$2"]"#),
        (r#"{"k": {"l": "a: b}"}}"#, r#"{k: {l: "a: b\}"\}\}"#, r#"{"k": {"l": "a: b\}"\}\}"#),
        (r#""^$1""#, "$1", "$1"),
        (r#"{"n": 1, "t": ""}"#, r#"{n: 1, t: ""\}"#, r#"{"n": 1, "t": ""\}"#),
    ] {
        let schema = format!(
            r#"{{"properties": {{"v": {{"defaultSnippets": [{{"label": "l", "body": {body}}}]}}}}}}"#
        );
        assert_eq!(inserted(&schema, "x.yaml", "v: $0", "l"), yaml);
        assert_eq!(inserted(&schema, "x.json", "{\"v\": $0}", "l"), json);
    }
    let bare = r#"{"properties": {"v": {"defaultSnippets": [{"body": {"k": "${1:x}"}}]}}}"#;
    assert_eq!(inserted(bare, "x.yaml", "v: $0", "{k: x}"), r"{k: ${1:x}\}");
}

#[test]
fn a_new_key_gets_the_keys_of_one_branch() {
    let branch = |name: &str| {
        format!(
            r#"{{"type": "object", "required": ["{name}"], "additionalProperties": false, "properties": {{"{name}": {{"type": "number"}}}}}}"#
        )
    };
    for keyword in ["anyOf", "oneOf"] {
        let schema = format!(
            r#"{{"properties": {{"any": {{"{keyword}": [{{"type": "null"}}, {}, {}]}}}}}}"#,
            branch("foo"),
            branch("bar")
        );
        assert_eq!(inserted(&schema, "x.yaml", "a$0", "any"), r"any: {foo: ${1:0}\}");
    }
}

#[test]
fn in_json_brackets_decide() {
    labels_in("x.json", "{\"name\": \"x\",\n\"owner\": {\"mail\": \"a\",\n$0}\n}", expect!["team"]);
    labels_in("x.json", "{\"owner\":{\n$0\n\"team\": 1}}", expect!["mail"]);
    // A comma that is missing.
    labels_in("x.json", "{\"name\": \"x\",\n\"owner\": {\"mail\": \"a\"\n\"t$0\"}", expect!["team"]);
    labels_in("x.json", "{\"name\": \"x\",\n\"owner\": {\"mail\": \"a\" \"t$0", expect!["team"]);
    labels_in("x.json", "{\"owner\": {\"team\": 1\n, $0}", expect!["mail"]);
    labels_in("x.json", "{\"name\": \"x\"\n\"level\":\n$0", expect!["low high"]);
}

#[test]
fn a_broken_file_is_helped_too() {
    labels("name: [\nlevel: $0\n", expect!["low high"]);
    labels("owner:\n  mail: 'x\n  $0\n", expect!["team"]);
    labels("name: x\n\tbroken\nsteps:\n  - type: shell\n    $0", expect!["run"]);
    labels("name: x\n---\nlevel: low\n$0", expect!["name active owner port steps tags old"]);
}

#[test]
fn no_cut_makes_it_fall() {
    let text = "name: x\nlevel: high\nowner:\n  mail: a\n  team: b\ntags: [a, b]\nsteps:\n  - type: shell\n    run: |\n      a\n  - {type: http, url: x}\nport: 80\n";
    let schema = schema(SERVICE);
    for end in 0..=text.len() {
        let path = Path::new("x.yaml");
        let cut = &text[..end];
        let tree = parse(path, cut);
        let file = File { path, text: cut, tree: &tree, kind: FileKind::Other };
        let _ = schemas::check(&file, &schema);
        for offset in 0..=end {
            let _ = schemas::complete(&file, &schema, offset);
            let _ = schemas::hover(&file, &schema, offset);
        }
        let next = format!("{}\n", cut.trim_end());
        let at_start = format!("{next}$0");
        if cut.ends_with('\n') && !cut.trim_end().ends_with('|') {
            let (_, _, found) = proposals("x.yaml", &at_start);
            assert!(!found.is_empty(), "nothing is proposed behind\n{next}");
        }
    }
}

fn hovers(marked: &str, expect: Expect) {
    hovers_in("x.yaml", marked, expect);
}

pub(crate) fn hovers_in(path: &str, marked: &str, expect: Expect) {
    let (text, offset) = cursor(marked);
    let path = Path::new(path);
    let tree = parse(path, &text);
    let file = File { path, text: &text, tree: &tree, kind: FileKind::Other };
    let schema = schema(SERVICE);
    let found = schemas::hover(&file, &schema, offset);
    let shown = found.map(|hover| format!("{}\n{}", hover.span.of(&text), hover.markdown));
    expect.assert_eq(&shown.unwrap_or_default());
}

#[test]
fn what_stands_there_is_explained() {
    hovers(
        "na$0me: x\n",
        expect![[r#"
        name
        **name**: a text, required

        What it is called.

        From [Service](file:///s/schema.json)"#]],
    );
    hovers(
        "level: hi$0gh\n",
        expect![[r#"
        high
        **high**

        Wakes people.

        From [Service](file:///s/schema.json)"#]],
    );
    hovers(
        "le$0vel: high\n",
        expect![[r#"
        level
        **level**: 'low' or 'high'

        Default: `low`

        - `low`: Seldom looked at.
        - `high`: Wakes people.

        From [Service](file:///s/schema.json)"#]],
    );
    hovers(
        "o$0ld: x\n",
        expect![[r#"
        old
        **old**: a text

        Use `name`.

        **Deprecated**: it should no longer be written

        From [Service](file:///s/schema.json)"#]],
    );
    hovers(
        "po$0rt: 1\n",
        expect![[r#"
        port
        **port**: a whole number

        Default: `8080`

        Examples: `80`, `443`

        From [Service](file:///s/schema.json)"#]],
    );
    hovers(
        "steps:\n  - type: ht$0tp\n",
        expect![[r#"
        http
        **http**

        Asks a server.

        From [Service](file:///s/schema.json)"#]],
    );
    hovers("nobody$0: x\n", expect![[""]]);
}

#[test]
fn words_that_lead_somewhere() {
    let check = |path: &str, text: &str, expected: &[(&str, &str)]| {
        let path = Path::new(path);
        let tree = parse(path, text);
        let file = File { path, text, tree: &tree, kind: FileKind::Other };
        let found = schemas::links(&file);
        let found: Vec<(&str, String)> = found
            .iter()
            .map(|link| {
                let target = match &link.target {
                    Target::Away(to) => to.clone(),
                    Target::Here(span) => format!("-> {}", span.of(text)),
                };
                (link.span.of(text), target)
            })
            .collect();
        let expected: Vec<(&str, String)> =
            expected.iter().map(|(word, to)| (*word, (*to).to_owned())).collect();
        assert_eq!(found, expected, "{text}");
    };
    check("x.yaml", "# yaml-language-server: $schema=./a.json\na: 1\n", &[("./a.json", "./a.json")]);
    check(
        "x.yaml",
        "$schema: 'b.json'\n$ref: '#/x/0'\nx: [one]\n",
        &[("b.json", "b.json"), ("#/x/0", "-> one")],
    );
    check(
        "x.yaml",
        "a:\n  $ref: other.json#/y\nb: {$ref: '#/a'}\n",
        &[("other.json#/y", "other.json#/y"), ("#/a", "-> a")],
    );
    check("x.yaml", "# $schema=./a.json\na: 1\n", &[]);
}
