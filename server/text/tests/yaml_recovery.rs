//! What is seen of texts that are broken, most of them because somebody is still typing.

mod show;

use copydesk_base::Code;
use copydesk_text::yaml;
use expect_test::{Expect, expect};

fn check(text: &str, expect: Expect) {
    let tree = yaml::parse(text);
    assert!(!tree.broken().is_empty(), "nothing is broken");
    let broken = tree.broken().iter().map(|span| format!("broken {:?}", span.of(text)));
    let broken: Vec<_> = broken.chain([String::new()]).collect();
    expect.assert_eq(&(show::show(text, &tree) + &broken.join("\n")));
}

#[test]
fn half_typed_key() {
    check(
        "name: demo\nste",
        expect![[r#"
        mapping 0..14 "name: demo\nste"
          ? text "name" 0..4 "name"
          : text "demo" 6..10 "demo"
          ? text "ste" 11..14 "ste"
          : null 14..14 ""
        yaml-syntax 11 "ste": expected 'key: value'; a ':' is missing behind this
        broken "ste"
    "#]],
    );
    check(
        "steps:\n  - id: a\n    ty\n    needs: [x]\n  - id: b\n",
        expect![[r#"
        mapping 0..48 "steps:\n  - id: a\n    ty\n    needs: [x]\n  - id: b"
          ? text "steps" 0..5 "steps"
          : list 9..48 "- id: a\n    ty\n    needs: [x]\n  - id: b"
            - mapping 11..38 "id: a\n    ty\n    needs: [x]"
              ? text "id" 11..13 "id"
              : text "a" 15..16 "a"
              ? text "ty" 21..23 "ty"
              : null 23..23 ""
              ? text "needs" 28..33 "needs"
              : list 35..38 "[x]"
                - text "x" 36..37 "x"
            - mapping 43..48 "id: b"
              ? text "id" 43..45 "id"
              : text "b" 47..48 "b"
        yaml-syntax 21 "ty": expected 'key: value'; a ':' is missing behind this
        broken "ty"
    "#]],
    );
    check(
        "steps\n  - id: a\n",
        expect![[r#"
        mapping 0..15 "steps\n  - id: a"
          ? text "steps" 0..5 "steps"
          : list 8..15 "- id: a"
            - mapping 10..15 "id: a"
              ? text "id" 10..12 "id"
              : text "a" 14..15 "a"
        yaml-syntax 0 "steps": expected 'key: value'; a ':' is missing behind this
        broken "steps"
    "#]],
    );
    check(
        "a:1\nb: 2\n",
        expect![[r#"
        mapping 0..8 "a:1\nb: 2"
          ? text "a" 0..1 "a"
          : number "1" 2..3 "1"
          ? text "b" 4..5 "b"
          : number "2" 7..8 "2"
        yaml-syntax 1 ":": put a space behind ':'
        broken "a:1"
    "#]],
    );
}

#[test]
fn unclosed_quotes() {
    check(
        "name: \"demo\nsteps:\n  - id: 'a\n    run: \"x\\n${{ a }}\n",
        expect![[r#"
        mapping 0..51 "name: \"demo\nsteps:\n  - id: 'a\n    run: \"x\\n${{ a }}"
          ? text "name" 0..4 "name"
          : text "demo" 6..11 "\"demo"
          ? text "steps" 12..17 "steps"
          : list 21..51 "- id: 'a\n    run: \"x\\n${{ a }}"
            - mapping 23..51 "id: 'a\n    run: \"x\\n${{ a }}"
              ? text "id" 23..25 "id"
              : text "a" 27..29 "'a"
              ? text "run" 34..37 "run"
              : text "x\n${{ a }}" 39..51 "\"x\\n${{ a }}"
        yaml-syntax 6 "\"": this quote is never closed
        yaml-syntax 27 "'": this quote is never closed
        yaml-syntax 39 "\"": this quote is never closed
        broken "\"demo"
        broken "'a"
        broken "\"x\\n${{ a }}"
    "#]],
    );
    check(
        "a: \"x\" y\nb: 1\n",
        expect![[r#"
        mapping 0..13 "a: \"x\" y\nb: 1"
          ? text "a" 0..1 "a"
          : text "x" 3..6 "\"x\""
          ? text "b" 9..10 "b"
          : number "1" 12..13 "1"
        yaml-syntax 7 "y": nothing can follow the closing quote
        broken "a: \"x\" y"
    "#]],
    );
}

#[test]
fn unclosed_brackets() {
    check(
        "a: [1, {b: c, 'd\ne: {f: \nh: [}\ni: ]\n",
        expect![[r#"
        mapping 0..35 "a: [1, {b: c, 'd\ne: {f: \nh: [}\ni: ]"
          ? text "a" 0..1 "a"
          : list 3..16 "[1, {b: c, 'd"
            - number "1" 4..5 "1"
            - mapping 7..16 "{b: c, 'd"
              ? text "b" 8..9 "b"
              : text "c" 11..12 "c"
              ? text "d" 14..16 "'d"
              : null 16..16 ""
          ? text "e" 17..18 "e"
          : mapping 20..23 "{f:"
            ? text "f" 21..22 "f"
            : null 23..23 ""
          ? text "h" 25..26 "h"
          : list 28..30 "[}"
          ? text "i" 31..32 "i"
          : text "]" 34..35 "]"
        yaml-syntax 14 "'": this quote is never closed
        yaml-syntax 20 "{": this bracket is never closed
        yaml-syntax 29 "}": this bracket closes nothing
        yaml-syntax 34 "]": this bracket closes nothing
        broken "[1, {b: c, 'd"
        broken "{f:"
        broken "[}"
        broken "i: ]"
    "#]],
    );
    check(
        "{\n  \"a\": 1,\n  \"b\": [1,\n  \"c\": {\n}\n",
        expect![[r#"
        mapping 0..33 "{\n  \"a\": 1,\n  \"b\": [1,\n  \"c\": {\n}"
          ? text "a" 4..7 "\"a\""
          : number "1" 9..10 "1"
          ? text "b" 14..17 "\"b\""
          : list 19..33 "[1,\n  \"c\": {\n}"
            - number "1" 20..21 "1"
            - mapping 25..33 "\"c\": {\n}"
              ? text "c" 25..28 "\"c\""
              : mapping 30..33 "{\n}"
        yaml-syntax 19 "[": this bracket is never closed
        broken "{\n  \"a\": 1,\n  \"b\": [1,\n  \"c\": {\n}"
    "#]],
    );
}

#[test]
fn indentation_off_by_one() {
    check(
        "steps:\n  - id: a\n     type: shell\n  - id: b\n   run: x\n",
        expect![[r#"
            mapping 0..53 "steps:\n  - id: a\n     type: shell\n  - id: b\n   run: x"
              ? text "steps" 0..5 "steps"
              : list 9..53 "- id: a\n     type: shell\n  - id: b\n   run: x"
                - mapping 11..33 "id: a\n     type: shell"
                  ? text "id" 11..13 "id"
                  : text "a" 15..16 "a"
                  ? text "type" 22..26 "type"
                  : text "shell" 28..33 "shell"
                - mapping 38..53 "id: b\n   run: x"
                  ? text "id" 38..40 "id"
                  : text "b" 42..43 "b"
                  ? text "run" 47..50 "run"
                  : text "x" 52..53 "x"
            yaml-syntax 22 "type:": this line is indented deeper than the one above, which has a value already; move it left
            yaml-syntax 47 "run:": this line's indentation fits nothing above; move it left or right
            broken "type: shell"
            broken "run: x"
        "#]],
    );
    check(
        "steps:\n    - id: a\n  - id: b\n  - id: c\nname: x\n",
        expect![[r#"
        mapping 0..46 "steps:\n    - id: a\n  - id: b\n  - id: c\nname: x"
          ? text "steps" 0..5 "steps"
          : list 11..38 "- id: a\n  - id: b\n  - id: c"
            - mapping 13..18 "id: a"
              ? text "id" 13..15 "id"
              : text "a" 17..18 "a"
            - mapping 23..28 "id: b"
              ? text "id" 23..25 "id"
              : text "b" 27..28 "b"
            - mapping 33..38 "id: c"
              ? text "id" 33..35 "id"
              : text "c" 37..38 "c"
          ? text "name" 39..43 "name"
          : text "x" 45..46 "x"
        yaml-syntax 21 "-": this line's indentation fits nothing above; move it left or right
        broken "- id: b"
    "#]],
    );
    check(
        "- id: a\ntype: shell\n",
        expect![[r#"
        list 0..19 "- id: a\ntype: shell"
          - mapping 2..7 "id: a"
            ? text "id" 2..4 "id"
            : text "a" 6..7 "a"
          - mapping 8..19 "type: shell"
            ? text "type" 8..12 "type"
            : text "shell" 14..19 "shell"
        yaml-syntax 8 "type:": expected a list item here; start the line with '- ', or indent it under the item above
        broken "type: shell"
    "#]],
    );
    check(
        "name: x\n- a\n- b\nlast: 1\n",
        expect![[r#"
            mapping 0..23 "name: x\n- a\n- b\nlast: 1"
              ? text "name" 0..4 "name"
              : text "x" 6..7 "x"
              ? null 8..8 ""
              : list 8..15 "- a\n- b"
                - text "a" 10..11 "a"
                - text "b" 14..15 "b"
              ? text "last" 16..20 "last"
              : number "1" 22..23 "1"
            yaml-syntax 8 "-": a list item cannot stand among keys; indent it under its key, or remove the '-'
            broken "- a"
        "#]],
    );
}

#[test]
fn tabs() {
    check(
        "steps:\n\t- id: a\n\t  run: |\n\t  \tx\n\n\t- id: b\nz: 1\n",
        expect![[r#"
        mapping 0..46 "steps:\n\t- id: a\n\t  run: |\n\t  \tx\n\n\t- id: b\nz: 1"
          ? text "steps" 0..5 "steps"
          : list 8..41 "- id: a\n\t  run: |\n\t  \tx\n\n\t- id: b"
            - mapping 10..31 "id: a\n\t  run: |\n\t  \tx"
              ? text "id" 10..12 "id"
              : text "a" 14..15 "a"
              ? text "run" 19..22 "run"
              : text "x\n" 24..31 "|\n\t  \tx"
            - mapping 36..41 "id: b"
              ? text "id" 36..38 "id"
              : text "b" 40..41 "b"
          ? text "z" 42..43 "z"
          : number "1" 45..46 "1"
        yaml-syntax 7 "\t": tabs cannot indent YAML; use spaces
        yaml-syntax 33 "\t": tabs cannot indent YAML; use spaces
        broken "\t- id: a"
        broken "\t  run: |"
        broken "\t  \tx"
        broken "\t- id: b"
    "#]],
    );
    check(
        "a:\n  b: 1\n\tc: 2\nd: \"x\n",
        expect![[r#"
            mapping 0..21 "a:\n  b: 1\n\tc: 2\nd: \"x"
              ? text "a" 0..1 "a"
              : mapping 5..15 "b: 1\n\tc: 2"
                ? text "b" 5..6 "b"
                : number "1" 8..9 "1"
                ? text "c" 11..12 "c"
                : number "2" 14..15 "2"
              ? text "d" 16..17 "d"
              : text "x" 19..21 "\"x"
            yaml-syntax 10 "\t": tabs cannot indent YAML; use spaces
            yaml-syntax 19 "\"": this quote is never closed
            broken "\tc: 2"
            broken "\"x"
        "#]],
    );
}

#[test]
fn a_block_text_in_brackets() {
    check(
        "a: {r: |\n  x\n}\nb: 1\n",
        expect![[r#"
        mapping 0..19 "a: {r: |\n  x\n}\nb: 1"
          ? text "a" 0..1 "a"
          : mapping 3..14 "{r: |\n  x\n}"
            ? text "r" 4..5 "r"
            : text "|" 7..8 "|"
            ? text "x" 11..12 "x"
            : null 12..12 ""
          ? text "b" 15..16 "b"
          : number "1" 18..19 "1"
        yaml-syntax 7 "|": a block text cannot stand within brackets; write it in quotes, without the '|' or '>'
        broken "{r: |\n  x\n}"
    "#]],
    );
}

#[test]
fn bad_values() {
    check(
        "a: b: c\nd: @x\ne: *\nf: %y\n",
        expect![[r#"
            mapping 0..24 "a: b: c\nd: @x\ne: *\nf: %y"
              ? text "a" 0..1 "a"
              : mapping 3..7 "b: c"
                ? text "b" 3..4 "b"
                : text "c" 6..7 "c"
              ? text "d" 8..9 "d"
              : text "@x" 11..13 "@x"
              ? text "e" 14..15 "e"
              : text "*" 17..18 "*"
              ? text "f" 19..20 "f"
              : text "%y" 22..24 "%y"
            yaml-syntax 4 ":": a ':' cannot stand here; put the text in quotes, or start a new line
            yaml-syntax 11 "@x": '@' cannot start a value; put the text in quotes
            yaml-syntax 17 "*": a name is missing behind '&' or '*'; put the text in quotes
            yaml-syntax 22 "%y": '%' cannot start a value; put the text in quotes
            broken "a: b: c"
            broken "d: @x"
            broken "e: *"
            broken "f: %y"
        "#]],
    );
    check(
        "a: |x\n  text\nb: |\n    one\n  two\nc: - 1\n",
        expect![[r#"
            mapping 0..38 "a: |x\n  text\nb: |\n    one\n  two\nc: - 1"
              ? text "a" 0..1 "a"
              : text "  text" 3..12 "|x\n  text"
              ? text "b" 13..14 "b"
              : text "    one\n  two" 16..31 "|\n    one\n  two"
              ? text "c" 32..33 "c"
              : list 35..38 "- 1"
                - number "1" 37..38 "1"
            yaml-syntax 3 "|x": nothing but '+', '-', a digit or a comment can follow '|' or '>'
            yaml-syntax 28 "two": this line stands left of the text it belongs to; move it right
            yaml-syntax 35 "-": a list item cannot stand here; start a new line
            broken "a: |x"
            broken "|\n    one\n  two"
            broken "c: - 1"
        "#]],
    );
    check(
        "a: \"\\q\"\nb: !t \"x\nc: 'x' # y\n",
        expect![[r##"
            mapping 0..23 "a: \"\\q\"\nb: !t \"x\nc: 'x'"
              ? text "a" 0..1 "a"
              : text "\\q" 3..7 "\"\\q\""
              ? text "b" 8..9 "b"
              : text "x" 14..16 "\"x"
              ? text "c" 17..18 "c"
              : text "x" 20..23 "'x'"
            comment "# y"
            yaml-syntax 4 "\\q": this escape is unknown; write '\\' for a backslash, or use single quotes
            yaml-syntax 14 "\"": this quote is never closed
            broken "\"\\q\""
            broken "\"x"
        "##]],
    );
}

#[test]
fn only_one_of_two_documents() {
    check(
        "a: *x\n---\nb: [\n---\nc: &x 1\n",
        expect![[r#"
        mapping 0..5 "a: *x"
          ? text "a" 0..1 "a"
          : alias x 3..5 "*x"
        mapping 10..14 "b: ["
          ? text "b" 10..11 "b"
          : list 13..14 "["
        mapping 19..26 "c: &x 1"
          ? text "c" 19..20 "c"
          : number "1" anchor x 25..26 "1"
        yaml-syntax 13 "[": this bracket is never closed
        broken "["
    "#]],
    );
}

#[test]
fn no_yaml_at_all() {
    check(
        "}{\n",
        expect![[r#"
        text "}{" 0..2 "}{"
        yaml-syntax 0 "}{": this bracket closes nothing
        broken "}{"
    "#]],
    );
    check(
        "Dear all,\n\nthis: is\nno YAML\n- really\n",
        expect![[r#"
        mapping 0..36 "Dear all,\n\nthis: is\nno YAML\n- really"
          ? text "Dear all," 0..9 "Dear all,"
          : null 9..9 ""
          ? text "this" 11..15 "this"
          : text "is" 17..19 "is"
          ? text "no YAML" 20..27 "no YAML"
          : null 27..27 ""
          ? null 28..28 ""
          : list 28..36 "- really"
            - text "really" 30..36 "really"
        yaml-syntax 0 "Dear all,": expected 'key: value'; a ':' is missing behind this
        yaml-syntax 20 "no YAML": expected 'key: value'; a ':' is missing behind this
        yaml-syntax 28 "-": a list item cannot stand among keys; indent it under its key, or remove the '-'
        broken "Dear all,"
        broken "no YAML"
        broken "- really"
    "#]],
    );
}

#[test]
fn duplicates_are_found_beside_what_is_broken() {
    check(
        "a: 1\nb: [\na: 2\nb: 3\n",
        expect![[r#"
        mapping 0..19 "a: 1\nb: [\na: 2\nb: 3"
          ? text "a" 0..1 "a"
          : number "1" 3..4 "1"
          ? text "b" 5..6 "b"
          : list 8..9 "["
          ? text "a" 10..11 "a"
          : number "2" 13..14 "2"
          ? text "b" 15..16 "b"
          : number "3" 18..19 "3"
        yaml-syntax 8 "[": this bracket is never closed
        duplicate-key 10 "a": 'a' is already set in this mapping; keep one of the two
        duplicate-key 15 "b": 'b' is already set in this mapping; keep one of the two
        broken "["
    "#]],
    );
}

#[test]
fn limits() {
    let deep_lists = "[".repeat(100_000);
    let deep_items = "- ".repeat(100_000);
    let deep_keys: String = (0..1000).map(|depth| " ".repeat(depth) + "a:\n").collect();
    let large = "a: 1\n".repeat(7_000_000);
    let cases = [
        (deep_lists.as_str(), "nested too deeply"),
        (&deep_items, "nested too deeply"),
        (&deep_keys, "nested too deeply"),
        (&large, "too large"),
    ];
    for (text, words) in cases {
        let tree = yaml::parse(text);
        let messages: Vec<_> =
            tree.problems().iter().map(|problem| (problem.code, problem.message.as_str())).collect();
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert_eq!(messages[0].0, Code::YamlSyntax);
        assert!(messages[0].1.contains(words), "{messages:?}");
        assert!(!tree.broken().is_empty());
    }
}

#[test]
fn what_is_too_deep_is_marked_where_the_limit_is_passed() {
    let keys: String = (0..300).map(|depth| " ".repeat(depth) + "a:\n").collect();
    let lists = format!("a: b\nc: {}{}\n", "[".repeat(300), "]".repeat(300));
    let root = "[".repeat(129) + &"]".repeat(129);
    let inside = format!("a: # [\n  b:\n   - {}{}\nz: 1\n", "[".repeat(300), "]".repeat(300));
    let mappings = format!("a:\n{}1{}\n", "{a: ".repeat(300), "}".repeat(300)).replacen("\n{", "\n {", 1);
    for (text, line, column) in [
        (keys.as_str(), 128, 128),
        (&lists, 1, 130),
        (&root, 0, 128),
        (&inside, 2, 130),
        (&mappings, 1, 1 + 4 * 127),
    ] {
        let tree = yaml::parse(text);
        let places: Vec<(usize, usize)> = tree
            .problems()
            .iter()
            .map(|problem| {
                let before = &text[..problem.span.start];
                (before.matches('\n').count(), before.len() - before.rfind('\n').map_or(0, |at| at + 1))
            })
            .collect();
        assert_eq!(places, [(line, column)]);
    }
}

#[test]
fn alias_bombs_stay_small() {
    let mut text = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..60 {
        let last = level - 1;
        text += &format!("a{level}: &a{level} [*a{last}, *a{last}, *a{last}, *a{last}]\n");
    }
    text += "loop: &loop [*loop]\nself: &self {<<: *self}\n";
    let tree = yaml::parse(&text);
    assert_eq!(tree.problems(), []);
    let root = tree.root().unwrap();
    let last = root.get("a59").unwrap();
    assert_eq!(tree.resolve(last.items().first().unwrap()).unwrap().items().len(), 4);
    assert!(tree.get(root.get("self").unwrap(), "missing").is_none());
}

#[test]
fn lines_that_stand_left_of_the_others_again_and_again() {
    // Each good run is a longer one the next time, and the lines between make many of them.
    let lines = (0..100).map(|at| format!("  a{at}: 1\n  b{at}: 2\nc{at}: 3\n"));
    let text = lines.collect::<Vec<_>>().concat();
    let tree = yaml::parse(&text);
    assert_eq!(tree.root().map(|root| root.entries().len()), Some(300));
    assert_eq!(tree.problems().len(), 100);
}
