//! A check that remembers the last version finds what a check from nothing finds.

use std::path::Path;

use copydesk_language::schemas;
use copydesk_language::{File, FileKind, Memo};
use copydesk_text::{Change, Document, Encoding, LineIndex, Range};
use proptest::prelude::*;

use crate::chance;
use crate::support::schema;

/// Every word that says something about children, in places where some of them can be left out and some cannot.
const SCHEMA: &str = r##"{
    "type": "object",
    "required": ["tasks"],
    "anyOf": [{"required": ["named", "few"]}, {"required": ["once"]}],
    "additionalProperties": false,
    "properties": {
        "tasks": {"type": "array", "minItems": 3, "items": {"$ref": "#/$defs/task"}},
        "few": {"type": "array", "maxItems": 20, "items": {"$ref": "#/$defs/task"}},
        "once": {"type": "array", "uniqueItems": true, "items": {"$ref": "#/$defs/task"}},
        "named": {
            "allOf": [{"propertyNames": {"pattern": "^[a-z]"}}, {"required": ["n3"], "minProperties": 2}],
            "properties": {"q4": {"type": "string"}},
            "patternProperties": {"^n": {"$ref": "#/$defs/task"}, "^x": false},
            "additionalProperties": {"type": "array", "items": {"$ref": "#/$defs/task"}}
        },
        "maybe": {"oneOf": [{"type": "null"}, {"type": "array", "items": {"$ref": "#/$defs/task"}}]},
        "form": {"$ref": "#/$defs/form"},
        "way": {"oneOf": [
            {"required": ["tasks"], "properties": {"tasks": {"$ref": "#/properties/few"}}},
            {"required": ["jobs"], "additionalProperties": false, "properties": {
                "jobs": {"type": "array", "items": {"$ref": "#/$defs/task"}}, "name": {"type": "string"}
            }},
            {"$ref": "#/$defs/named_jobs"}
        ]},
        "either": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"$ref": "#/properties/tasks"}]}
    },
    "$defs": {
        "named_jobs": {"allOf": [{"required": ["jobs", "when"]}], "additionalProperties": {"type": ["object", "array"]}},
        "form": {
            "anyOf": [
                {"type": "string"},
                {"type": "object", "properties": {"kind": {"const": "one"}}, "additionalProperties": {"$ref": "#/$defs/task"}},
                {
                    "allOf": [{"properties": {"kind": {"enum": ["two", "three"]}}}],
                    "additionalProperties": {"type": ["string", "object"], "maxProperties": 2}
                }
            ]
        },
        "task": {
            "type": "object",
            "required": ["id"],
            "additionalProperties": false,
            "properties": {
                "id": {"type": "string", "minLength": 1},
                "old": {"type": "string", "deprecated": true},
                "size": {"type": "integer", "maximum": 100},
                "kind": {"enum": ["one", "two"]},
                "all": {"type": "array", "items": {"$ref": "#/$defs/task"}},
                "run": {"oneOf": [{"type": "string"}, {"type": "object", "properties": {"cmd": {"type": "string"}}}]}
            }
        }
    }
}"##;

const PIECES: &[&str] = &[
    "",
    "x",
    "\n",
    "\"",
    "  - id: new\n    size: 5\n",
    "  - id: wrong\n    siez: 5\n",
    "  - {id: 5}\n",
    "    old: word\n",
    "    size: 5000\n",
    "    kind: onr\n",
    "tasks:\n",
    "  n3: {id: x}\n",
    "  n9:\n    id: x\n    id: y\n",
    "  x9: {}\n",
    "      - id: deep\n        kind: three\n",
    "&a ",
    "*a",
    "<<: ",
    "  ",
    "# a remark\n",
    "null",
    "---\n",
    "  kind: one\n",
    "  kind: two\n",
    "two",
    "  n3: *a\n",
    "  - *a\n",
    "    id: twice\n",
    "  when: {id: x}\n",
    "  when: now\n",
    "  tasks:\n  - id: 5\n",
    "  jobs: {}\n",
    "  - id: t3\n    size: 3\n    run:\n      cmd: ls\n",
];

const TOML_PIECES: &[&str] = &[
    "",
    "x",
    "\n",
    "\"",
    "[[tasks]]\nid = 5\n",
    "[[tasks]]\nid = \"new\"\n",
    "\nold = \"a\"\n",
    "\nsize = 5000\n",
    "\nsiez = 5\n",
    "[named.n3]\n",
    "[named.x3]\n",
    "[[named.rest]]\nid = \"a\"\n",
    "]",
    "{",
];

const JSON_PIECES: &[&str] = &[
    "",
    "x",
    "\n",
    "\"",
    ",",
    "}",
    "{\n\"id\": \"a\"\n},",
    "{\n\"id\": 5\n},",
    "{\"size\": 3.0, \"id\": \"t3\"},",
    "\"old\": \"a\",",
    "\"size\": 5000,",
    "\"siez\": 1,",
    "]",
];

fn tasks(count: usize, indent: &str) -> String {
    let task =
        |at| format!("{indent}- id: t{at}\n{indent}  size: {at}\n{indent}  run:\n{indent}    cmd: ls\n");
    (0..count).map(task).collect()
}

fn yaml() -> String {
    let named = (0..20).map(|at| format!("  n{at}:\n    id: t{at}\n    kind: one\n"));
    let named = named.collect::<Vec<_>>().concat();
    let nested = tasks(18, "      ");
    let form =
        (0..20).map(|at| format!("  f{at}:\n    id: t{at}\n    kind: one\n")).collect::<Vec<_>>().concat();
    format!(
        "tasks:\n{}  - id: many\n    all:\n{nested}few:\n{}once:\n{}named:\n{named}  rest:\n{}either:\n{}maybe:\n{}way:\n  name: a\n  jobs:\n{}form:\n{form}  kind: one\n",
        tasks(20, "  "),
        tasks(18, "  "),
        tasks(17, "  "),
        tasks(18, "    "),
        tasks(17, "  "),
        tasks(17, "  "),
        tasks(17, "  ")
    )
}

/// The same with an anchor, an alias of it, and keys that come from elsewhere.
fn yaml_with_anchors() -> String {
    let text = yaml().replacen("  - id: t3\n", "  - &a\n    id: t3\n", 1);
    text.replacen("either:\n", "  n21: *a\n  n22:\n    <<: *a\n    id: other\neither:\n", 1)
}

fn json() -> String {
    let task = |at: usize| format!("    {{\n      \"id\": \"t{at}\",\n      \"size\": {at}\n    }}");
    let tasks = |count| (0..count).map(task).collect::<Vec<_>>().join(",\n");
    let named: Vec<String> =
        (0..20).map(|at| format!("    \"n{at}\": {{\n      \"id\": \"t{at}\"\n    }}")).collect();
    format!(
        "{{\n  \"tasks\": [\n{}\n  ],\n  \"few\": [\n{}\n  ],\n  \"once\": [\n{}\n  ],\n  \"named\": {{\n{}\n  }}\n}}\n",
        tasks(20),
        tasks(18),
        tasks(17),
        named.join(",\n")
    )
}

fn toml() -> String {
    let tasks = |name: &str, count: usize| -> String {
        (0..count)
            .map(|at| format!("[[{name}]]\nid = \"t{at}\"\nsize = {at}\n[{name}.run]\ncmd = \"ls\"\n"))
            .collect::<Vec<_>>()
            .concat()
    };
    let named = (0..20).map(|at| format!("[named.n{at}]\nid = \"t{at}\"\nkind = \"one\"\n"));
    let named = named.collect::<Vec<_>>().concat();
    format!("{}{}{named}", tasks("tasks", 20), tasks("few", 18))
}

fn edited(document: &Document, at: prop::sample::Index, gone: usize, come: &str) -> Document {
    let text = document.text();
    let start = at.index(text.len() + 1);
    let end = text.len().min(start + gone);
    let index = LineIndex::new(text);
    let place = |at| index.position(at, Encoding::Utf8);
    let range = Some(Range::new(place(start), place(end)));
    document.edited(document.version() + 1, &[Change { range, text: come.to_owned() }], Encoding::Utf8)
}

fn compare(
    path: &str,
    text: &str,
    pieces: &[&str],
    edits: Vec<(prop::sample::Index, usize, prop::sample::Index)>,
) {
    let schema = schema(SCHEMA);
    let path = Path::new(path);
    let mut memo = Memo::default();
    let mut document = Document::open_at(1, "", path, text);
    let mut versions = vec![document.clone()];
    for (at, gone, piece) in edits {
        // Mended at once more often than not, as people do.
        let broken = edited(&document, at, gone, pieces[piece.index(pieces.len())]);
        versions.push(broken.clone());
        if gone % 3 == 0 {
            document = broken;
        } else {
            versions.push(document.clone());
        }
    }
    for document in versions {
        let file = File { path, text: document.text(), tree: document.tree(), kind: FileKind::Other };
        let remembered = schemas::check_again(&file, &schema, &mut memo);
        assert_eq!(remembered, schemas::check(&file, &schema), "of this text:\n{}", document.text());
    }
}

proptest! {
    #![proptest_config(chance::config(60, "tests/proptest-regressions/remembering.txt"))]

    #[test]
    fn typing_for_a_while(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, any::<prop::sample::Index>()), 1..14),
    ) {
        compare("test.yaml", &yaml(), PIECES, edits.clone());
        compare("test.yaml", &yaml_with_anchors(), PIECES, edits.clone());
        compare("test.yaml", &yaml().replace("  size: 1", "  siez: 1"), PIECES, edits.clone());
        compare("test.json", &json().replace("\"size\": 1", "\"siez\": 1"), JSON_PIECES, edits.clone());
        compare("test.json", &json(), JSON_PIECES, edits.clone());
        compare("test.toml", &toml(), TOML_PIECES, edits.clone());
        compare("test.yaml", &format!("{0}---\n{0}---\n{0}", "tasks:\n  - id: a\n  - id: b\n  - id: c\n"), PIECES, edits);
    }
}

/// What a line may become so that the text can still be read: its key and its value.
const WORDS: &[(&str, &str)] = &[
    ("id", "t1"),
    ("ib", "t1"),
    ("id", "5"),
    ("size", "5"),
    ("size", "500"),
    ("kind", "one"),
    ("kind", "two"),
    ("kind", "none"),
    ("run", "ls"),
    ("cmd", "5"),
    ("old", "word"),
    ("when", "{id: x}"),
    ("when", "now"),
    ("name", "a"),
];

proptest! {
    #![proptest_config(chance::config(25, "tests/proptest-regressions/remembering.txt"))]

    #[test]
    fn other_words_for_a_while(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..16),
    ) {
        let (schema, path) = (schema(SCHEMA), Path::new("test.yaml"));
        let mut memo = Memo::default();
        let mut document = Document::open_at(1, "", path, &yaml_with_anchors());
        for (line, word) in edits {
            let file = File { path, text: document.text(), tree: document.tree(), kind: FileKind::Other };
            let remembered = schemas::check_again(&file, &schema, &mut memo);
            assert_eq!(remembered, schemas::check(&file, &schema), "of this text:\n{}", document.text());
            let text = document.text();
            let entries: Vec<(usize, &str)> = text
                .lines()
                .scan(0, |at, line| { let start = *at; *at += line.len() + 1; Some((start, line)) })
                .filter(|(_, line)| line.starts_with(' ') && !line.ends_with(':') && !line.contains(['&', '*']))
                .collect();
            let (start, line) = entries[line.index(entries.len())];
            let lead = line.len() - line.trim_start_matches([' ', '-']).len();
            let (key, value) = WORDS[word.index(WORDS.len())];
            let index = LineIndex::new(text);
            let place = |at| index.position(at, Encoding::Utf8);
            let range = Some(Range::new(place(start + lead), place(start + line.len())));
            let change = Change { range, text: format!("{key}: {value}") };
            document = document.edited(document.version() + 1, &[change], Encoding::Utf8);
        }
    }
}

#[test]
fn good_texts_are_good() {
    let schema = schema(SCHEMA);
    for (path, text) in [
        ("test.yaml", yaml()),
        ("test.yaml", yaml_with_anchors()),
        ("test.json", json()),
        ("test.toml", toml()),
    ] {
        assert_eq!(crate::support::findings(&schema, path, &text), [], "{text}");
    }
}

/// What is wrong below a choice is found again when something else is typed.
#[test]
fn what_is_wrong_in_a_branch_stays_wrong() {
    let schema = schema(SCHEMA);
    let path = Path::new("test.yaml");
    let at_end = |text: &str, key: &str| text.find(key).unwrap() + key.len();
    let mut bad = yaml();
    for key in ["\nmaybe:\n", "\neither:\n", "\nform:\n", "\nway:\n"] {
        let size = at_end(&bad, key) + bad[at_end(&bad, key)..].find("id: t").unwrap();
        bad.replace_range(size..size + 2, "ib");
    }
    let mut memo = Memo::default();
    let mut document = Document::open_at(1, "", path, &bad);
    for _ in 0..4 {
        let file = File { path, text: document.text(), tree: document.tree(), kind: FileKind::Other };
        let remembered = schemas::check_again(&file, &schema, &mut memo);
        assert_eq!(remembered, schemas::check(&file, &schema));
        assert_eq!(remembered.len(), 4, "{remembered:#?}");
        let place =
            LineIndex::new(document.text()).position(at_end(document.text(), "cmd: l"), Encoding::Utf8);
        let change = Change { range: Some(Range::new(place, place)), text: "x".to_owned() };
        document = document.edited(document.version() + 1, &[change], Encoding::Utf8);
    }
}

/// What was left out because all is said about it is still said when something else is edited, wherever that is.
#[test]
fn what_was_said_is_said_again() {
    let schema = schema(
        r#"{"type": "object", "properties": {
            "name": {"type": "string"},
            "size": {"type": "object", "additionalProperties": {"type": "object", "properties": {"x": {"type": "number"}}}},
            "steps": {"type": "array", "items": {"type": "object", "properties": {"run": {"type": "string"}}, "required": ["id"]}}
        }}"#,
    );
    let path = Path::new("test.yaml");
    let steps: Vec<String> = (0..30).map(|at| format!("  - id: s{at}\n    run: {at}\n")).collect();
    let sizes: Vec<String> = (0..30).map(|at| format!("  s{at}:\n    x: big\n")).collect();
    let text = format!("name: x\nsize:\n{}steps:\n{}", sizes.concat(), steps.concat());
    let mut document = Document::open_at(1, "", path, &text);
    let mut memo = Memo::default();
    for (mark, come, count) in [
        ("name: x", "name: xy", 60),
        ("run: 5\n", "run: ls\n", 59),
        ("name: xy", "name: xyz", 59),
        ("name: xyz", "name: 5", 60),
        ("  s7:\n    x: big", "  s7:\n    x: 7", 59),
        ("name: 5", "name: six", 58),
        ("  - id: s9\n", "  - ib: s9 # here\n", 59),
        ("  s9:\n", "  s9: # there\n", 59),
        ("run: 9\n", "run: 9 # behind\n", 59),
        ("run: 8\n", "run: 8\n\n\n", 59),
        ("name: six\n", "name: six\n# a line\n", 59),
    ] {
        let at = document.text().find(mark).unwrap_or_else(|| panic!("no {mark:?}"));
        let index = LineIndex::new(document.text());
        let place = |at| index.position(at, Encoding::Utf8);
        let change =
            Change { range: Some(Range::new(place(at), place(at + mark.len()))), text: come.to_owned() };
        document = document.edited(document.version() + 1, &[change], Encoding::Utf8);
        let file = File { path, text: document.text(), tree: document.tree(), kind: FileKind::Other };
        let remembered = schemas::check_again(&file, &schema, &mut memo);
        assert_eq!(remembered, schemas::check(&file, &schema), "{come:?}");
        assert_eq!(remembered.len(), count, "{come:?}");
    }
}
