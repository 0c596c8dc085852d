//! JSON: whole trees, exact complaints, and the values that another reader reads.

mod chance;
mod promises;
mod show;

use copydesk_text::json::{self, Dialect};
use copydesk_text::{Change, Document, Encoding, Format, Kind, LineIndex, Node, Range, Value};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use show::show;

fn check(text: &str, dialect: Dialect, tree: Expect) {
    tree.assert_eq(&show(text, &json::parse(text, dialect)));
}

#[test]
fn values_and_places() {
    check(
        "{\"a\\u00e9\": [1, -2.5e3, true, null], \"b\": {\n\t\"c\": \"x\\ty\"}}",
        Dialect::Strict,
        expect![[r#"
            mapping 0..58 "{\"a\\u00e9\": [1, -2.5e3, true, null], \"b\": {\n\t\"c\": \"x\\ty\"}}"
              ? text "aé" 1..10 "\"a\\u00e9\""
              : list 12..35 "[1, -2.5e3, true, null]"
                - number "1" 13..14 "1"
                - number "-2.5e3" 16..22 "-2.5e3"
                - true or false "true" 24..28 "true"
                - nothing "null" 30..34 "null"
              ? text "b" 37..40 "\"b\""
              : mapping 42..57 "{\n\t\"c\": \"x\\ty\"}"
                ? text "c" 45..48 "\"c\""
                : text "x\ty" 50..56 "\"x\\ty\""
        "#]],
    );
    check(
        "// head\n[1, /* in */ \"no\",]",
        Dialect::Commented,
        expect![[r#"
        list 8..27 "[1, /* in */ \"no\",]"
          - number "1" 9..10 "1"
          - text "no" 21..25 "\"no\""
        comment "// head"
        comment "/* in */"
    "#]],
    );
}

/// Each complaint with its place and what it is about.
#[test]
fn strict_json_is_strict() {
    let check = |text: &str, expected: &[(usize, &str, &str)]| {
        let tree = json::parse(text, Dialect::Strict);
        let found: Vec<(usize, &str, &str)> = tree
            .problems()
            .iter()
            .map(|problem| (problem.span.start, problem.span.of(text), problem.message.as_str()))
            .collect();
        assert_eq!(found, expected, "{text}");
    };
    let comment = "JSON has no comments; take it out, or name the file '.jsonc'";
    check("{\"a\": 1}", &[]);
    check("\u{feff}[\t1 ]\r\n", &[]);
    check("[123456789012345678901234567890, 0.5, -0, 1E+9]", &[]);
    check("[\u{a0}\u{a0}1]", &[(1, "\u{a0}\u{a0}", "this blank (U+00A0) is none in JSON; write a space")]);
    check("[1 \u{c} ]", &[(3, "\u{c}", "this blank (U+000C) is none in JSON; write a space")]);
    check("[1] // x", &[(4, "// x", comment)]);
    check("# x\n1", &[(0, "# x", comment)]);
    check("[1,]", &[(2, ",", "no ',' may stand behind the last value")]);
    check("{'a': 1}", &[(1, "'a'", "JSON takes double quotes only")]);
    check("{a: 1}", &[(1, "a", "a key stands in double quotes")]);
    check("[01]", &[(1, "01", "'01' is no number of JSON; take the zeros before it away")]);
    check(
        "[+1, .5]",
        &[
            (1, "+1", "'+1' is no number of JSON; take the '+' away"),
            (5, ".5", "'.5' is no number of JSON; put a '0' before the point"),
        ],
    );
    check("[0xff]", &[(1, "0xff", "'0xff' is no number of JSON; write it in decimal digits")]);
    check(
        "[True, None]",
        &[(1, "True", "JSON has no 'True'; write 'true'"), (7, "None", "JSON has no 'None'; write 'null'")],
    );
    check("[yea]", &[(1, "yea", "this is no value; put a text in double quotes")]);
    check(
        "[\"\\x\", \"\\ud800\"]",
        &[
            (2, "\\x", "this escape is unknown; write '\\\\' for a backslash"),
            (8, "\\u", "this escape names no character"),
        ],
    );
    check(
        "[\"a\tb\"]",
        &[(3, "\t", "a tab or another control character in a text is written as an escape, '\\t' for one")],
    );
    check("{\"a\": 1, \"a\": 2}", &[(9, "\"a\"", "'a' is already set in this mapping; keep one of the two")]);
    check("[1 2]", &[(2, "", "expected ',' here")]);
    check("[1}", &[(2, "}", "'}' does not close '['; write ']'")]);
    check("{\"a\": [1}", &[(6, "[", "this '[' is never closed; add ']'")]);
    check("1 2", &[(2, "2", "nothing can follow the first value of a file")]);
}

/// Half-typed texts keep what stands around the cursor.
#[test]
fn half_typed() {
    check(
        "{\n  \"a\": ,\n  \"na\n  \"b\": 2\n}",
        Dialect::Strict,
        expect![[r#"
            mapping 0..27 "{\n  \"a\": ,\n  \"na\n  \"b\": 2\n}"
              ? text "a" 4..7 "\"a\""
              : null 8..8 ""
              ? text "na" 13..16 "\"na"
              : null 16..16 ""
              ? text "b" 19..22 "\"b\""
              : number "2" 24..25 "2"
            json-syntax 8 "": a value is missing here
            json-syntax 13 "\"na": this text has no closing '"'
        "#]],
    );
    check(
        "{\n  \"a\": \n  \"b\": {\"c\": [1\n}",
        Dialect::Strict,
        expect![[r#"
            mapping 0..27 "{\n  \"a\": \n  \"b\": {\"c\": [1\n}"
              ? text "a" 4..7 "\"a\""
              : null 8..8 ""
              ? text "b" 12..15 "\"b\""
              : mapping 17..27 "{\"c\": [1\n}"
                ? text "c" 18..21 "\"c\""
                : list 23..26 "[1\n"
                  - number "1" 24..25 "1"
            json-syntax 0 "{": this '{' is never closed; add '}'
            json-syntax 8 "": a value is missing here
            json-syntax 23 "[": this '[' is never closed; add ']'
        "#]],
    );
    check(
        "{\"a\": {\"b\"",
        Dialect::Strict,
        expect![[r#"
            mapping 0..10 "{\"a\": {\"b\""
              ? text "a" 1..4 "\"a\""
              : mapping 6..10 "{\"b\""
                ? text "b" 7..10 "\"b\""
                : null 10..10 ""
            json-syntax 6 "{": this '{' is never closed; add '}'
            json-syntax 7 "\"b\"": expected ':' and a value behind this key
        "#]],
    );
}

#[test]
fn files_and_languages() {
    let check = |language: &str, path: &str, format: Format| {
        let document = Document::open_at(1, language, std::path::Path::new(path), "{}");
        assert_eq!(document.format(), format, "{language} {path}");
    };
    check("json", "/p/a.json", Format::Json);
    check("jsonc", "/p/a.json", Format::Jsonc);
    check("json", "/p/.vscode/settings.json", Format::Jsonc);
    check("json", "/p/tsconfig.build.json", Format::Jsonc);
    check("", "/p/a.jsonc", Format::Jsonc);
    check("json", "/p/.mcp.json", Format::Json);
    check("jsonc", "/p/untitled", Format::Jsonc);
}

fn value_of(node: Node<'_>) -> serde_json::Value {
    match node.kind() {
        Kind::Sequence(items) => items.iter().map(value_of).collect(),
        Kind::Mapping(entries) => {
            let pair = |entry: copydesk_text::Entry<'_>| {
                (entry.key().scalar_text().unwrap_or_default().to_owned(), value_of(entry.value()))
            };
            serde_json::Value::Object(entries.iter().map(pair).collect())
        }
        Kind::Null | Kind::Scalar(_) | Kind::Alias(_) => match node.value() {
            Some(Value::Bool(value)) => value.into(),
            Some(Value::Int(value)) => value.into(),
            Some(Value::Float(value)) => value.into(),
            Some(Value::Text(text)) => text.into(),
            Some(Value::Null) | None => serde_json::Value::Null,
        },
    }
}

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1e300_f64..1e300).prop_map(Into::into),
        ".{0,8}".prop_map(Into::into),
        proptest::sample::select(vec!["true", "null", "~", "1", "<", "a: b", "- x", "\u{7f}\\\"\n"])
            .prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            proptest::collection::hash_map(".{0,5}", inner, 0..5)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn pieces() -> impl Strategy<Value = String> {
    let parts = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"b",
        "'c'",
        " ",
        "\n",
        "1",
        "-0.5e1",
        "0x1",
        "true",
        "nul",
        "// d\n",
        "/* e",
        "*/",
        "\\",
        "\"\\u00e9\"",
        "é",
        "𝒳",
        "#",
        "\t",
        "\r\n",
        "\"\\ud83d\\ude00\"",
    ];
    proptest::collection::vec(proptest::sample::select(parts.to_vec()), 0..24)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(chance::config(1500, "tests/proptest-regressions/json.txt"))]

    #[test]
    fn values_are_the_oracles(value in any_value()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            for dialect in [Dialect::Strict, Dialect::Commented] {
                let tree = json::parse(&text, dialect);
                prop_assert_eq!(tree.problems(), &[], "{}", text);
                prop_assert_eq!(value_of(tree.root().unwrap()), value.clone(), "{}", text);
            }
        }
    }

    /// What another reader refuses is told, and what it takes is not; wherever a text is cut, the tree keeps its word.
    #[test]
    fn any_text_is_read(text in pieces()) {
        let tree = json::parse(&text, Dialect::Strict);
        promises::verify(&text, &tree);
        promises::verify(&text, &json::parse(&text, Dialect::Commented));
        let is_json = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        let is_twice = |problem: &copydesk_base::Diagnostic| problem.code == copydesk_base::Code::DuplicateKey;
        let is_good = tree.problems().iter().all(is_twice);
        prop_assert_eq!(is_good, is_json, "{}: {:?}", text, tree.problems());
    }
}

#[test]
fn nothing_is_no_json() {
    let told = |text: &str, dialect: Dialect| -> Vec<String> {
        let tree = json::parse(text, dialect);
        tree.problems().iter().map(|problem| problem.message.clone()).collect()
    };
    let wants = ["JSON wants a value, and here is none; write '{}' for nothing"];
    for text in ["", "\n", "  \r\n", "\u{feff}"] {
        assert_eq!(told(text, Dialect::Strict), wants, "{text:?}");
        assert_eq!(told(text, Dialect::Commented), [""; 0], "{text:?}");
    }
}

#[test]
fn cut_anywhere() {
    let text = "// é\n{\"servers\": {\"a\": {\"command\": \"x\", \"args\": [\"1\", 2, {\"𝒳\": null}], /* y */ \"on\": true,}}}\n";
    for (cut, _) in text.char_indices() {
        promises::verify(&text[..cut], &json::parse(&text[..cut], Dialect::Commented));
        promises::verify(&text[cut..], &json::parse(&text[cut..], Dialect::Commented));
    }
    // Nesting beyond any limit.
    let deep = "[".repeat(100_000);
    let tree = json::parse(&deep, Dialect::Strict);
    promises::verify(&deep, &tree);
    let told: Vec<&str> = tree.problems().iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(told, ["this is nested too deeply: 128 levels are the limit"]);
}

const PIECES: &[&str] = &[
    "",
    "a",
    "1",
    "\"",
    "\"k\": ",
    ",",
    ":",
    "{",
    "}",
    "[",
    "]",
    "\n",
    "{\n}",
    "[\n  1\n]",
    "\"k\": {\n},",
    " // c\n",
    "/* c",
    "*/",
    "#",
    "é",
    "\\",
    " ",
    "null",
    "'",
];

fn json_text() -> impl Strategy<Value = String> {
    let lines = [
        "{\n",
        "}\n",
        "},\n",
        "[\n",
        "]\n",
        "],\n",
        "  \"a\": 1,\n",
        "  \"b\": {\n",
        "  \"c\": [\n",
        "  {\n",
        "  2,\n",
        "  \"d\": {\"e\": []}\n",
        "  \"f\": \"g\"\n",
        "// h\n",
        "\n",
        "  \"b\": [1,\n 2],\n",
        "\"",
        "/* i\n j */",
    ];
    let good = "{\n  \"a\": [\n    {\"b\": 1},\n    {\n      \"c\": 2, // d\n      \"e\": [3, 4]\n    },\n    {\n      \"f\": {\n        \"g\": null\n      }\n    }\n  ],\n  \"a\": {\n  }\n}\n";
    // Many neighbours, which are read without each other.
    let long: String = (0..24)
        .map(|at| match at % 4 {
            0 => format!("    {{\n      \"id\": {at}\n    }},\n"),
            1 => format!("    \"w\", [{at}],\n"),
            2 => format!("    {at}, {{\"a\": {{\"b\": {at}}}, \"c\": []}},\n"),
            _ => "    {\"d\": 1}, {\n    \"e\": [\n1,\n 2]},\n".to_owned(),
        })
        .collect();
    let pair = |at: usize| format!("  \"k{at}\": {{\"a\": [{at}]}},\n  \"l{at}\": \"w\",\n");
    let flat = (0..24).map(pair).collect::<Vec<_>>().concat();
    prop_oneof![
        2 => Just(good.to_owned()),
        2 => Just(format!("{{\n  \"steps\": [\n{long}    0\n  ]\n}}\n")),
        2 => Just(format!("{{\n{flat}  \"a\": {{\n  }}\n}}\n")),
        1 => proptest::collection::vec(proptest::sample::select(lines.to_vec()), 0..14).prop_map(|lines| lines.concat()),
    ]
}

proptest! {
    #![proptest_config(chance::config(400, "tests/proptest-regressions/json.txt"))]

    /// A tree that was made from the one before is the tree of the text.
    #[test]
    fn an_edited_tree_is_the_tree_of_the_text(
        text in json_text(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0..5_usize, 0..PIECES.len()), 1..8),
        format in prop_oneof![Just(Format::Json), Just(Format::Jsonc)],
    ) {
        let mut document = Document::with_format(1, "json", format, &text);
        for (at, gone, piece) in edits {
            document.tree();
            document = edited(&document, at, gone, PIECES[piece]);
            let whole = Document::with_format(1, "json", format, document.text());
            prop_assert_eq!(document.tree(), whole.tree(), "of this text:\n{}", document.text());
        }
    }
}

fn edited(document: &Document, at: prop::sample::Index, gone: usize, come: &str) -> Document {
    let text = document.text();
    let floor = |at: usize| (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = floor(at.index(text.len() + 1));
    let end = floor(text.len().min(start + gone)).max(start);
    let index = LineIndex::new(text);
    let place = |at| index.position(at, Encoding::Utf8);
    let range = Some(Range::new(place(start), place(end)));
    document.edited(document.version() + 1, &[Change { range, text: come.to_owned() }], Encoding::Utf8)
}

/// What damaged texts have found.
#[test]
fn what_stands_in_a_bracket_is_not_about_what_is_around_it() {
    let text = "{\n\u{e9} {\n\"a\": 1\n}}\n";
    let document = Document::with_format(1, "json", Format::Json, text);
    document.tree();
    let (at, index) = (text.find("\"a").unwrap(), LineIndex::new(text));
    let place = |at| index.position(at, Encoding::Utf8);
    let change = Change { range: Some(Range::new(place(at), place(at + 3))), text: String::new() };
    let next = document.edited(2, &[change], Encoding::Utf8);
    assert_eq!(next.tree(), &json::parse(next.text(), Dialect::Strict));
}

#[test]
fn a_quote_that_is_missing_is_seen_from_what_stands_behind_it() {
    let check = |text: &str, mark: &str, come: &str| {
        let document = Document::with_format(1, "json", Format::Json, text);
        document.tree();
        let (at, index) = (text.find(mark).unwrap(), LineIndex::new(text));
        let place = |at| index.position(at, Encoding::Utf8);
        let range = Some(Range::new(place(at), place(at + mark.len())));
        let change = Change { range, text: come.to_owned() };
        let next = document.edited(2, &[change], Encoding::Utf8);
        assert_eq!(next.tree(), &json::parse(next.text(), Dialect::Strict), "{text:?} {come:?}");
    };
    check("[\n{\n\": {\"k\": {\n}}}]\n", "k\"", "\"");
    check("[\n{\n\"a: {x\n}}]\n", "x", "x\"");
    check("[\n[\n\"a, {\"b\": {\n}}]]\n", "b\"", " \"");
    // A list that was not opened is looked for in the entry before.
    check("{\n  \"a\": \"x\",\n  \"enum\": [\n    [\n      1\n    ]\n  ]\n}", ": [\n    [", "---\n  [");
    // How deep the line of a bracket stands is said before it.
    check("{\n\"a\": [\n1\n     \n ],[\n  \"a\": {\n  }\n}\n", "     \n", "     ");
}

/// Of a long file everything but the block around the edit, and what that stands in, is the tree's before.
#[test]
fn an_edit_costs_its_block() {
    let items: Vec<String> = (0..50).map(|at| format!("  {{\n    \"a\": {at}\n  }}")).collect();
    let text = format!("[\n{}\n]\n", items.join(",\n"));
    let before = Document::with_format(1, "json", Format::Json, &text);
    let identities = |document: &Document| -> Vec<_> {
        document.tree().root().unwrap().items().iter().map(Node::identity).collect()
    };
    let known = identities(&before);
    let at = text.find("\"a\": 25").unwrap() + 5;
    let place = LineIndex::new(&text).position(at, Encoding::Utf8);
    let change = Change { range: Some(Range::new(place, place)), text: "7".to_owned() };
    let after = identities(&before.edited(2, &[change], Encoding::Utf8));
    let changed: Vec<usize> = (0..50).filter(|at| known[*at] != after[*at]).collect();
    assert_eq!(changed, [25]);
}
