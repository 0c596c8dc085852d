//! The formatter on JSON and TOML: lines by their brackets, gaps, and nothing that is said.

use std::path::Path;

use copydesk_base::Span;
use copydesk_language::{File, FileKind, FormatStyle, edited, format, format_range, on_type, parse};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn formatted(path: &str, text: &str) -> String {
    let path = Path::new(path);
    let tree = parse(path, text);
    let file = File { path, text, tree: &tree, kind: FileKind::Other };
    edited(text, &format(&file, FormatStyle::default()))
}

fn check(path: &str, text: &str, expect: Expect) {
    let once = formatted(path, text);
    expect.assert_eq(&once);
    assert_eq!(formatted(path, &once), once, "a second time nothing changes");
}

#[test]
fn json_is_made_even() {
    check(
        "x.json",
        "{\n\"a\" : 1 ,\n      \"b\":[1,2 ,3],  \n\n\n\n  \"c\": [{\n\"d\":   {}},\n  {\n \"e\": [\n]}]}",
        expect![[r#"
            {
              "a": 1,
              "b": [1, 2, 3],

              "c": [{
                "d": {}},
                {
                  "e": [
                  ]}]}
        "#]],
    );
    check(
        "x.json",
        "{\n\t\"a\": {\n \"b\": 1\n}\n}\n",
        expect![[r#"
        {
        	"a": {
        		"b": 1
        	}
        }
    "#]],
    );
    check(
        "x.json",
        "{\n    \"a\": [\n        1\n],\n\"b\": {\n}\n}\n",
        expect![[r#"
        {
            "a": [
                1
            ],
            "b": {
            }
        }
    "#]],
    );
    check(
        "x.json",
        "{\"a\":1,\"b\":[1,2]}",
        expect![[r#"
        {"a": 1, "b": [1, 2]}
    "#]],
    );
}

#[test]
fn comments_stay() {
    check(
        "x.jsonc",
        "// head\n{\n// one\n  \"a\": 1,   // behind\n/* two\n     lines */ \"b\" : 2, /* in */ \"c\": 3,\n// last\n}\n",
        expect![[r#"
            // head
            {
              // one
              "a": 1,   // behind
              /* two
                 lines */ "b": 2, /* in */ "c": 3,
              // last
            }
        "#]],
    );
    check(
        "x.toml",
        "#:schema x\na=1   # one\n\n\n\nb   =   [  # open\n1,\n   # inside\n      2,\n]\n[t]   # t\n  c = {x=1,y = 2}\n  [t.u]\n  d = \"\"\"\n   kept  \n\n\n  \"\"\"\n",
        expect![[r##"
            #:schema x
            a = 1   # one

            b = [  # open
               1,
               # inside
               2,
            ]
            [t]   # t
              c = {x = 1, y = 2}
              [t.u]
              d = """
               kept  


              """
        "##]],
    );
}

#[test]
fn what_had_to_be_guessed_at_is_left() {
    for (path, text) in
        [("x.json", "{\n\"a\": [1,2\n}"), ("x.toml", "a   = [1,2\n[b]\nc   = 1\n"), ("x.json", "")]
    {
        assert_eq!(formatted(path, text), text);
    }
}

#[test]
fn a_range_touches_its_lines_only() {
    let text = "{\n\"a\": 1,\n\"b\": 2,\n\"c\": {\n\"d\":3\n}\n}";
    let path = Path::new("x.json");
    let tree = parse(path, text);
    let file = File { path, text, tree: &tree, kind: FileKind::Other };
    let at = text.find("\"b\"").unwrap();
    expect![[r#"
        {
        "a": 1,
          "b": 2,
        "c": {
        "d":3
        }
        }"#]]
    .assert_eq(&edited(text, &format_range(&file, FormatStyle::default(), Span::at(at))));
    let at = text.find("\"d\"").unwrap();
    expect![[r#"
        {
        "a": 1,
        "b": 2,
        "c": {
          "d": 3
        }
        }"#]]
    .assert_eq(&edited(text, &format_range(&file, FormatStyle::default(), Span::at(at))));
}

#[test]
fn a_new_line_starts_where_the_next_thing_goes() {
    let check = |path: &str, marked: &str, expected: &str| {
        let offset = marked.find('|').unwrap();
        let text = marked.replace('|', "");
        let tree = parse(Path::new(path), &text);
        let file = File { path: Path::new(path), text: &text, tree: &tree, kind: FileKind::Other };
        let edits = on_type(&file, FormatStyle::default(), "\n", offset);
        assert_eq!(edited(&text, &edits), expected, "{marked}");
    };
    check("x.json", "{\n|\n}", "{\n  \n}");
    check("x.json", "{\n    \"a\": [\n|", "{\n    \"a\": [\n        ");
    check("x.json", "{\n  \"a\": [\n|]", "{\n  \"a\": [\n  ]");
    check("x.toml", "a = [\n|\n]\n", "a = [\n  \n]\n");
    check("x.toml", "a = [\n  1,\n]\n|", "a = [\n  1,\n]\n");
    check("x.toml", "a = \"\"\"\n|", "a = \"\"\"\n");
}

fn json_pieces() -> impl Strategy<Value = String> {
    let parts = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"b c\"",
        " ",
        "\n",
        "\n\n\n",
        "1",
        "true",
        "// d\n",
        "/* e\n */",
        "\t",
        "  ",
    ];
    proptest::collection::vec(proptest::sample::select(parts.to_vec()), 0..24)
        .prop_map(|parts| parts.concat())
}

fn toml_pieces() -> impl Strategy<Value = String> {
    let parts = [
        "[a]\n",
        "  [[b]]\n",
        "c = ",
        "d.e= ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "1",
        "'x'",
        "\"\"\"\n  y \n\n\n\"\"\"",
        "\n",
        "\n\n\n",
        " ",
        "\t",
        "# f\n",
        "07:32:00",
        "z",
    ];
    proptest::collection::vec(proptest::sample::select(parts.to_vec()), 0..24)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands there, a second time nothing changes, and nothing but white space changes at all.
    #[test]
    fn any_text_keeps_its_words(json in json_pieces(), toml in toml_pieces()) {
        for (path, text) in [("x.json", &json), ("x.jsonc", &json), ("x.toml", &toml)] {
            let once = formatted(path, text);
            let words = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(words(text), words(&once), "{}", text);
            prop_assert_eq!(formatted(path, &once), once.clone(), "{}", text);
        }
    }
}
