//! What trees look like for texts that are good YAML.

mod show;

use copydesk_text::yaml;
use expect_test::{Expect, expect};

fn check(text: &str, expect: Expect) {
    let tree = yaml::parse(text);
    assert!(tree.broken().is_empty(), "{:?}", tree.problems());
    expect.assert_eq(&show::show(text, &tree));
}

#[test]
fn block_collections() {
    check(
        "# head\nname: demo # right\nsteps:\n  - id: a\n    needs:\n    - b\n    -\n  - x\nempty:\nlast: ",
        expect![[r##"
            mapping 7..86 "name: demo # right\nsteps:\n  - id: a\n    needs:\n    - b\n    -\n  - x\nempty:\nlast:"
              ? text "name" 7..11 "name"
              : text "demo" 13..17 "demo"
              ? text "steps" 26..31 "steps"
              : list 35..73 "- id: a\n    needs:\n    - b\n    -\n  - x"
                - mapping 37..67 "id: a\n    needs:\n    - b\n    -"
                  ? text "id" 37..39 "id"
                  : text "a" 41..42 "a"
                  ? text "needs" 47..52 "needs"
                  : list 58..67 "- b\n    -"
                    - text "b" 60..61 "b"
                    - null 67..67 ""
                - text "x" 72..73 "x"
              ? text "empty" 74..79 "empty"
              : null 80..80 ""
              ? text "last" 81..85 "last"
              : null 86..86 ""
            comment "# head"
            comment "# right"
        "##]],
    );
}

#[test]
fn flow_collections() {
    check(
        "a: {id: 'it''s', b: [1, 2,], c, d: }\n",
        expect![[r#"
        mapping 0..36 "a: {id: 'it''s', b: [1, 2,], c, d: }"
          ? text "a" 0..1 "a"
          : mapping 3..36 "{id: 'it''s', b: [1, 2,], c, d: }"
            ? text "id" 4..6 "id"
            : text "it's" 8..15 "'it''s'"
            ? text "b" 17..18 "b"
            : list 20..27 "[1, 2,]"
              - number "1" 21..22 "1"
              - number "2" 24..25 "2"
            ? text "c" 29..30 "c"
            : null 30..30 ""
            ? text "d" 32..33 "d"
            : null 34..34 ""
    "#]],
    );
}

#[test]
fn block_scalars() {
    check(
        "- run: |  # why\n    one\n      two\n\n- >-\n  a\n  b\n- |\n- &a|b !t |+\n  x\n\n- end\n",
        expect![[r##"
            list 0..75 "- run: |  # why\n    one\n      two\n\n- >-\n  a\n  b\n- |\n- &a|b !t |+\n  x\n\n- end"
              - mapping 2..33 "run: |  # why\n    one\n      two"
                ? text "run" 2..5 "run"
                : text "one\n  two\n" 7..33 "|  # why\n    one\n      two"
              - text "a b" 37..47 ">-\n  a\n  b"
              - text "" 50..51 "|"
              - text "x\n\n" tag !t anchor a|b 62..68 "|+\n  x"
              - text "end" 72..75 "end"
            comment "# why"
        "##]],
    );
}

#[test]
fn properties_and_aliases() {
    check(
        "a: &x !!str 5\nb: *x\nc: &y\n  d: 1\ne: !t\n- 1\nf: &z\n? g\n? h\n: i\n: j\n",
        expect![[r#"
            mapping 0..64 "a: &x !!str 5\nb: *x\nc: &y\n  d: 1\ne: !t\n- 1\nf: &z\n? g\n? h\n: i\n: j"
              ? text "a" 0..1 "a"
              : text "5" tag !!str anchor x 12..13 "5"
              ? text "b" 14..15 "b"
              : alias x 17..19 "*x"
              ? text "c" 20..21 "c"
              : mapping anchor y 28..32 "d: 1"
                ? text "d" 28..29 "d"
                : number "1" 31..32 "1"
              ? text "e" 33..34 "e"
              : list tag !t 39..42 "- 1"
                - number "1" 41..42 "1"
              ? text "f" 43..44 "f"
              : null anchor z 48..48 ""
              ? text "g" 51..52 "g"
              : null 52..52 ""
              ? text "h" 55..56 "h"
              : text "i" 59..60 "i"
              ? null 61..61 ""
              : text "j" 63..64 "j"
        "#]],
    );
}

#[test]
fn values_of_the_core_schema() {
    check(
        "[~, null, true, False, yes, 0, -12, 0x1F, 0o17, 1.5, .5, 1e3, -.inf, .nan, 1_0, 1.2.3, '5', .e, +]",
        expect![[r#"
            list 0..98 "[~, null, true, False, yes, 0, -12, 0x1F, 0o17, 1.5, .5, 1e3, -.inf, .nan, 1_0, 1.2.3, '5', .e, +]"
              - nothing "~" 1..2 "~"
              - nothing "null" 4..8 "null"
              - true or false "true" 10..14 "true"
              - true or false "False" 16..21 "False"
              - text "yes" 23..26 "yes"
              - number "0" 28..29 "0"
              - number "-12" 31..34 "-12"
              - number "0x1F" 36..40 "0x1F"
              - number "0o17" 42..46 "0o17"
              - number "1.5" 48..51 "1.5"
              - number ".5" 53..55 ".5"
              - number "1e3" 57..60 "1e3"
              - number "-.inf" 62..67 "-.inf"
              - number ".nan" 69..73 ".nan"
              - text "1_0" 75..78 "1_0"
              - text "1.2.3" 80..85 "1.2.3"
              - text "5" 87..90 "'5'"
              - text ".e" 92..94 ".e"
              - text "+" 96..97 "+"
        "#]],
    );
}

#[test]
fn documents_marks_and_carriage_returns() {
    check(
        "\u{feff}---\r\na: \"é\"\r\nb:\r\n  - x\r\n...\r\n---\r\n- 𝒳\r\n",
        expect![[r#"
        mapping 8..26 "a: \"é\"\r\nb:\r\n  - x"
          ? text "a" 8..9 "a"
          : text "é" 11..15 "\"é\""
          ? text "b" 17..18 "b"
          : list 23..26 "- x"
            - text "x" 25..26 "x"
        list 38..44 "- 𝒳"
          - text "𝒳" 40..44 "𝒳"
    "#]],
    );
}

#[test]
fn problems_of_good_yaml() {
    check(
        "a: 1\nb:\n  c: 1\n  c: 2\na: 2\n'a': *x\n",
        expect![[r#"
        mapping 0..34 "a: 1\nb:\n  c: 1\n  c: 2\na: 2\n'a': *x"
          ? text "a" 0..1 "a"
          : number "1" 3..4 "1"
          ? text "b" 5..6 "b"
          : mapping 10..21 "c: 1\n  c: 2"
            ? text "c" 10..11 "c"
            : number "1" 13..14 "1"
            ? text "c" 17..18 "c"
            : number "2" 20..21 "2"
          ? text "a" 22..23 "a"
          : number "2" 25..26 "2"
          ? text "a" 27..30 "'a'"
          : alias x 32..34 "*x"
        duplicate-key 17 "c": 'c' is already set in this mapping; keep one of the two
        duplicate-key 22 "a": 'a' is already set in this mapping; keep one of the two
        duplicate-key 27 "'a'": 'a' is already set in this mapping; keep one of the two
        yaml-syntax 32 "*x": '*x' refers to nothing: no '&x' stands before it
    "#]],
    );
}

#[test]
fn an_alias_knows_its_own_document_only() {
    check(
        "a: &x 1\n--- &y\nb: *x\nc: [&x 2, *x]\n",
        expect![[r#"
        mapping 0..7 "a: &x 1"
          ? text "a" 0..1 "a"
          : number "1" anchor x 6..7 "1"
        mapping anchor y 15..34 "b: *x\nc: [&x 2, *x]"
          ? text "b" 15..16 "b"
          : alias x 18..20 "*x"
          ? text "c" 21..22 "c"
          : list 24..34 "[&x 2, *x]"
            - number "2" anchor x 28..29 "2"
            - alias x 31..33 "*x"
        yaml-syntax 18 "*x": '*x' refers to nothing: no '&x' stands before it
    "#]],
    );
}

#[test]
fn empty_texts() {
    check("", expect![[r""]]);
    check(
        "# only\n",
        expect![[r##"
        comment "# only"
    "##]],
    );
}
