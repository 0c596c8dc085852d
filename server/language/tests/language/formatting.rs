//! The formatter: what it lays out, what it leaves alone, and that it never changes what a file says.

use copydesk_base::Span;
use copydesk_language::{File, FileKind, FormatStyle, edited, format, format_range, on_type};
use copydesk_text::yaml;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::path::Path;

const FIXTURES: &[(&str, &str)] = &[
    ("every-step", include_str!("fixtures/every-step.yaml")),
    ("release", include_str!("fixtures/release.yaml")),
    ("slips", include_str!("fixtures/slips.yaml")),
    ("keystone-config", include_str!("fixtures/keystone-config.yaml")),
];

fn formatted(text: &str) -> String {
    let tree = yaml::parse(text);
    let file = File { path: Path::new("x.workflow.yaml"), text, tree: &tree, kind: FileKind::Workflow };
    edited(text, &format(&file, FormatStyle::default()))
}

fn check(text: &str, expect: &Expect) {
    let once = formatted(text);
    expect.assert_eq(&once);
    assert_eq!(formatted(&once), once, "a second time nothing changes");
}

#[test]
fn indentation_and_gaps_are_made_even() {
    check(
        "name:   x\nsteps:\n    -   id: a\n        type :  shell\n        run:    |\n            a\n              b\n    - id:  b\n      env: {A:  1,B: 2 , C: [1,2,  3]}\n\n\n\n",
        &expect![[r#"
            name: x
            steps:
                - id: a
                  type: shell
                  run: |
                      a
                        b
                - id: b
                  env: {A: 1, B: 2, C: [1, 2, 3]}
        "#]],
    );
    check(
        "name: x\nsteps:\n- id: a\n  with:\n      deep:\n        er: 1\n- id: b\n  needs:\n    - a\n",
        &expect![[r#"
            name: x
            steps:
              - id: a
                with:
                  deep:
                    er: 1
              - id: b
                needs:
                  - a
        "#]],
    );
}

#[test]
fn lists_in_lists_are_made_even() {
    check(
        "m0:\n - - k0: a\n",
        &expect![[r#"
        m0:
          - - k0: a
    "#]],
    );
    check(
        "m0:\n -   - - k0: a\n         k1: b\n       - c\n",
        &expect![["m0:\n  - - - k0: a\n        k1: b\n      - c\n"]],
    );
}

#[test]
fn comments_stay_with_what_they_speak_of() {
    check(
        "# head\n\n\n\nname: x   # the name\nsteps:\n    # the first\n    - id: a # here\n      # below a key\n      run: a\n   # odd\n    - id: b\n# at the end\n",
        &expect![[r#"
            # head

            name: x   # the name
            steps:
                # the first
                - id: a # here
                  # below a key
                  run: a
                # odd
                - id: b
            # at the end
        "#]],
    );
}

#[test]
fn the_inside_of_texts_is_nobodys_business() {
    for text in [
        "a: |\n  x  \n\n\n\n    y\t\n  z\nb: 1\n",
        "a: |+\n  x\n\n\n",
        "a: >-\n  x\n  y\n\n  z\n",
        "a: |2\n    x\n   y\n",
        "- |\n  x\n- >\n  y\n",
        "a: \"x\n\n\n  y  \\\n  z\"\n",
        "a: 'x\n\n\n  y'\n",
        "a: x\n  y\n\n\n  z\n",
        "a: b # x: y\n",
        "a: |\n  x",
        "a: {b: 'c,d',\n  # why\n  e: f}\n",
    ] {
        let tree = yaml::parse(text);
        let after = formatted(text);
        let again = yaml::parse(&after);
        assert_eq!(shown(&tree), shown(&again), "{text:?} became {after:?}");
    }
    check("a:   |\n      x  \n\n\n\n        y\nb: 1\n", &expect![["a: |\n  x  \n\n\n\n    y\nb: 1\n"]]);
}

#[test]
fn anchors_tags_and_strange_keys_are_kept() {
    for text in [
        "a: &x\n    b: 1\n    c: !!str 2\nd: *x\ne:\n    <<: *x\n",
        "? a\n: b\n? [c, d]\n: e\n",
        "- &a x\n- *a\n- - b\n  -   c\n- - - d\n",
        "- &a b: 1\n     \n- &q\n  c: 2\n",
        "%YAML 1.2\n---\na: 1\n...\n---\nb:\n    c: 2\n",
        "\"a b\":   1\n'c':  2\n",
        "a:\n- b\n-\n  c: 1\n-\n",
    ] {
        let after = formatted(text);
        assert_eq!(shown(&yaml::parse(text)), shown(&yaml::parse(&after)), "{text:?} became {after:?}");
        assert_eq!(formatted(&after), after, "{text:?}");
    }
}

#[test]
fn line_breaks_stay_as_they_are() {
    check("a:   1\r\nb:\r\n    - c  \r\n", &expect![["a: 1\r\nb:\r\n    - c\r\n"]]);
    check("a:  1", &expect![["a: 1\n"]]);
    check("a:  1\r\nb: 2", &expect![["a: 1\r\nb: 2\r\n"]]);
    check("", &expect![[""]]);
    check("# only\n\n\n", &expect![["# only\n"]]);
}

#[test]
fn what_cannot_be_read_is_left_and_the_rest_is_laid_out() {
    let text = "name:   x\nsteps:\n    - id:  a\n      run:  a\n    - id: [b\n      run:   c\n    - id:  d\n      env:\n          A:  1\n";
    let after = formatted(text);
    assert!(after.starts_with("name: x\nsteps:\n    - id: a\n      run: a\n"), "{after}");
    assert!(after.contains("    - id: [b\n"), "{after}");
}

#[test]
fn lines_that_stand_in_no_one_column_stay_where_they_are() {
    let head = "name:   t\nsteps:\n";
    for uneven in [
        "  -  id: a\n    type: shell\n    run: x\n    dir: y\n",
        "  - id: a\n   type: shell\n   run: x\n   dir: y\n",
        "  - id: a\n    type: shell\n    retry:\n       count: 2\n      backoff: linear\n      baseDelay: 5\n",
        "  - id: a\n    type: shell\n   retry:\n      count: 2\n    run: x\n    dir: y\n",
    ] {
        let tail = "  - id: z\n    env:\n        A: 1\n";
        let (before, after) = (format!("{head}{uneven}{tail}"), format!("name: t\nsteps:\n{uneven}"));
        let formatted = formatted(&before);
        assert!(formatted.starts_with(&after), "{before}became\n{formatted}");
        let problems = |text: &str| -> Vec<String> {
            yaml::parse(text).problems().iter().map(|problem| problem.message.clone()).collect()
        };
        assert_eq!(problems(&formatted), problems(&before), "{before}became\n{formatted}");
    }
    let inputs = "inputs:\n    a: {type: string}\n   b: {type: string}\n  c: {type: string}\n";
    let whole = format!("name: t\n{inputs}steps:\n  - {{id: a,  type: sleep}}\n");
    assert!(formatted(&whole).contains(inputs), "{}", formatted(&whole));
}

#[test]
fn a_range_touches_its_blocks_only() {
    let text = "name:   x\nsteps:\n    -   id:  a\n        run:  a\n    -   id:  b\n        env:\n             A:  1\nx-tail:   1\n";
    let tree = yaml::parse(text);
    let file = File { path: Path::new("x.workflow.yaml"), text, tree: &tree, kind: FileKind::Workflow };
    let at = text.find("id:  b").expect("the place");
    let after = edited(text, &format_range(&file, FormatStyle::default(), Span::at(at)));
    expect![[r#"
        name:   x
        steps:
            -   id:  a
                run:  a
            - id: b
              env:
                  A: 1
        x-tail:   1
    "#]]
    .assert_eq(&after);
    assert_eq!(shown(&tree), shown(&yaml::parse(&after)));
}

#[test]
fn a_new_line_starts_where_the_next_thing_goes() {
    // The cursor stands at `|`, right behind what was typed.
    let table: &[(&str, &str, &str)] = &[
        ("steps:\n|", "\n", "steps:\n  "),
        ("steps:\n  - id: a\n|", "\n", "steps:\n  - id: a\n    "),
        ("steps:\n  - id: a\n    env:\n|", "\n", "steps:\n  - id: a\n    env:\n      "),
        ("steps:\n  - id: a\n    run: |-\n|", "\n", "steps:\n  - id: a\n    run: |-\n      "),
        ("a:\n  b: >\n    text\n|", "\n", "a:\n  b: >\n    text\n    "),
        ("a:\n  - one\n|", "\n", "a:\n  - one\n  "),
        ("a: 1\n|", "\n", "a: 1\n"),
        ("a: 'x: y'  # c: \n|", "\n", "a: 'x: y'  # c: \n"),
        ("run: echo ${{|", "{", "run: echo ${{  }}"),
        ("run: echo ${{|}}", "{", "run: echo ${{}}"),
        ("run: echo ${{|}", "{", "run: echo ${{  }}"),
        ("steps:\n  - id: a\n   -|", "-", "steps:\n  - id: a\n  -"),
        ("steps:\n  - id: a\n  -|", "-", "steps:\n  - id: a\n  -"),
        // What stood there before says what it said.
        ("a:\n  b: 1\n\n|c:\n  d: 1\n", "\n", "a:\n  b: 1\n\nc:\n  d: 1\n"),
        ("a:\n  v: {t: s}\n\n|c: 2\n", "\n", "a:\n  v: {t: s}\n\nc: 2\n"),
        ("s:\n  - id: a\n    run: x\n\n|  - id: b\n", "\n", "s:\n  - id: a\n    run: x\n\n  - id: b\n"),
        ("s:\n  - id: a\n  \n|- id: b\n", "\n", "s:\n  - id: a\n  \n- id: b\n"),
        ("s:\n  - id: a\n  \n  |- id: b\n", "\n", "s:\n  - id: a\n  \n  - id: b\n"),
        ("a: |\n  x\n\n|b: 1\n", "\n", "a: |\n  x\n\nb: 1\n"),
        ("a: |\n|\n x\n", "\n", "a: |\n\n x\n"),
        ("a:\n|  b: 1\n", "\n", "a:\n  b: 1\n"),
        // What goes along.
        ("a: \n|b: 1\n", "\n", "a: \n  b: 1\n"),
        ("a: |\n  x\n|y\nb: 1\n", "\n", "a: |\n  x\n  y\nb: 1\n"),
        ("- id: a\n|type: shell\n", "\n", "- id: a\n  type: shell\n"),
    ];
    for (before, typed, after) in table {
        let at = before.rfind('|').expect("a cursor");
        let text = format!("{}{}", &before[..at], &before[at + 1..]);
        let tree = yaml::parse(&text);
        let file =
            File { path: Path::new("x.workflow.yaml"), text: &text, tree: &tree, kind: FileKind::Workflow };
        let edits = on_type(&file, FormatStyle::default(), typed, at);
        assert_eq!(edited(&text, &edits), *after, "{before:?}");
    }
}

#[test]
fn enter_in_front_of_a_line_leaves_every_fixture_as_it_was() {
    for (name, text) in FIXTURES {
        let before = shown(&yaml::parse(text));
        let starts = text.match_indices('\n').map(|(at, _)| at + 1).filter(|at| *at < text.len());
        for start in starts {
            let lead = text[start..].len() - text[start..].trim_start_matches(' ').len();
            for at in [start, start + lead] {
                let typed = format!("{}\n{}{}", &text[..at], &text[start..at], &text[at..]);
                let (tree, cursor) = (yaml::parse(&typed), at + 1 + (at - start));
                if shown(&tree) != before {
                    // Inside a text a line more is a line more.
                    continue;
                }
                let path = Path::new("x.workflow.yaml");
                let file = File { path, text: &typed, tree: &tree, kind: FileKind::Workflow };
                let after = edited(&typed, &on_type(&file, FormatStyle::default(), "\n", cursor));
                assert_eq!(shown(&yaml::parse(&after)), before, "{name}, Enter at {at}: {after}");
            }
        }
    }
}

#[test]
fn every_fixture_says_the_same_afterwards() {
    for (name, text) in FIXTURES {
        unchanged_in_meaning(text).unwrap_or_else(|why| panic!("{name}: {why}"));
        // Cut anywhere it is a half-typed file.
        for at in (0..text.len()).step_by(37).filter(|at| text.is_char_boundary(*at)) {
            unchanged_in_meaning(&text[..at]).unwrap_or_else(|why| panic!("{name} cut at {at}: {why}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn generated_documents_say_the_same_afterwards(text in document()) {
        prop_assert!(unchanged_in_meaning(&text).is_ok(), "{:?}", unchanged_in_meaning(&text));
    }

    #[test]
    fn scribbles_say_the_same_afterwards(text in "[-a:b# \n|>{}\\[\\],&*!'\"?\t]{0,60}") {
        prop_assert!(unchanged_in_meaning(&text).is_ok(), "{:?}", unchanged_in_meaning(&text));
    }
}

fn unchanged_in_meaning(text: &str) -> Result<(), String> {
    let once = formatted(text);
    let (before, after) = (shown(&yaml::parse(text)), shown(&yaml::parse(&once)));
    if before != after {
        return Err(format!("{text:?} became {once:?}\n{before}\n{after}"));
    }
    let twice = formatted(&once);
    if twice == once { Ok(()) } else { Err(format!("{text:?}\nonce  {once:?}\ntwice {twice:?}")) }
}

/// Values, tags, anchors and comments, without places.
fn shown(tree: &copydesk_text::Tree) -> String {
    let mut out = String::new();
    tree.documents().iter().for_each(|root| shown_node(root, &mut out));
    out + &format!("{} comments", tree.comments().len())
}

fn shown_node(node: copydesk_text::Node<'_>, out: &mut String) {
    use copydesk_text::Kind;
    out.push_str(&format!("{:?}{:?}", node.tag(), node.anchor()));
    match node.kind() {
        Kind::Null => out.push('~'),
        Kind::Alias(name) => out.push_str(name),
        Kind::Scalar(scalar) => out.push_str(&format!("{:?}{:?}", scalar.text(), scalar.style())),
        Kind::Sequence(items) => {
            out.push('[');
            items.iter().for_each(|item| shown_node(item, out));
            out.push(']');
        }
        Kind::Mapping(entries) => {
            out.push('{');
            for entry in entries {
                shown_node(entry.key(), out);
                out.push(':');
                shown_node(entry.value(), out);
            }
            out.push('}');
        }
    }
}

/// A document of blocks, brackets, texts and comments, laid out by somebody careless.
fn document() -> impl Strategy<Value = String> {
    (block(3), any::<bool>()).prop_map(|(lines, ends)| {
        let mut text = lines.join("\n");
        if ends {
            text.push('\n');
        }
        text
    })
}

/// The lines of a mapping or a list, their first one at column 0.
fn block(depth: u32) -> BoxedStrategy<Vec<String>> {
    let scalar = prop_oneof![
        Just("a".to_owned()),
        Just("'it''s'  ".to_owned()),
        Just("\"b: c\"".to_owned()),
        Just("${{ inputs.x }}".to_owned()),
        Just("{a: 1,b:  [c,d]}".to_owned()),
        Just("[x ,y]  # why".to_owned()),
        Just("&q z".to_owned()),
        Just("!!str 5".to_owned()),
        Just("|\n      deep\n        er\n\n\n      x  ".to_owned()),
        Just(">-\n      folded\n      text".to_owned()),
        Just("plain\n      goes on".to_owned()),
        Just(String::new()),
    ];
    let leaf = (1..4usize, prop::collection::vec((scalar, 1..4usize), 1..4)).prop_map(|(_, values)| {
        let lines = values.into_iter().enumerate().flat_map(|(at, (value, gap))| {
            format!("k{at}:{}{value}", " ".repeat(gap)).lines().map(str::to_owned).collect::<Vec<_>>()
        });
        lines.collect::<Vec<String>>()
    });
    if depth == 0 {
        return leaf.boxed();
    }
    let below = block(depth - 1);
    let mapping = prop::collection::vec((below.clone(), 1..5usize, 0..3usize), 1..3).prop_map(|entries| {
        let mut lines = Vec::new();
        for (at, (inner, width, blank)) in entries.into_iter().enumerate() {
            lines.extend(std::iter::repeat_n(String::new(), blank));
            if blank == 1 {
                lines.push(format!("# about m{at}"));
            }
            lines.push(format!("m{at}:"));
            lines.extend(moved(&inner, width));
        }
        lines
    });
    let list = prop::collection::vec((below, 1..4usize), 1..3).prop_map(|items| {
        let mut lines = Vec::new();
        for (inner, gap) in items {
            let inner = moved(&inner, 1 + gap);
            for (at, line) in inner.into_iter().enumerate() {
                lines.push(if at == 0 { format!("-{}", line.get(1..).unwrap_or("")) } else { line });
            }
        }
        lines
    });
    prop_oneof![leaf, mapping, list].boxed()
}

fn moved(lines: &[String], by: usize) -> Vec<String> {
    let lines = lines.iter();
    lines
        .map(|line| if line.is_empty() { String::new() } else { format!("{}{line}", " ".repeat(by)) })
        .collect()
}
