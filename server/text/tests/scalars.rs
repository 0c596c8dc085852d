//! From a place in a decoded text back to the source.

use copydesk_text::{Node, yaml};

/// `part` of the decoded value of `a`, and where it stands in the source.
#[track_caller]
fn check(text: &str, part: &str, expected: &str) {
    let tree = yaml::parse(text);
    assert_eq!(tree.problems(), []);
    let node = tree.root().and_then(|root| root.get("a"));
    let scalar = node.and_then(Node::scalar).unwrap_or_else(|| panic!("no scalar in {text:?}"));
    let at = scalar.text().find(part).unwrap_or_else(|| panic!("no {part:?} in {:?}", scalar.text()));
    assert_eq!(scalar.source_span(at, at + part.len()).of(text), expected, "{scalar:?}");
}

#[test]
fn parts_are_found_where_they_were_written() {
    let cases: &[(&str, &str, &str)] = &[
        ("a: one two", "two", "two"),
        ("a: 'one two'", "two", "two"),
        ("a: 'it''s two'", "two", "two"),
        ("a: 'it''s'", "'s", "''s"),
        ("a: \"\\u00e9 \\\"x\\\" ${{ y }}\"", "${{ y }}", "${{ y }}"),
        ("a: \"\\u00e9 \\\"x\\\" ${{ y }}\"", "\"x\"", "\\\"x\\\""),
        ("a: \"\\ud83d\\ude00 x\"", "😀", "\\ud83d\\ude00"),
        ("a: \"\\ud83d\\ude00 x\"", "x", "x"),
        ("a: \"\\x41\\t𝒳b\"", "b", "b"),
        ("a: one\n  two  \n\n  three\n", "two", "two"),
        ("a: one\n  two  \n\n  three\n", "three", "three"),
        ("a: one\n  two  \n\n  three\n", "one two\nth", "one\n  two  \n\n  th"),
        ("a: 'one\n\n\n  two'", "two", "two"),
        ("a: \"one \\\n  \\  two\"", "two", "two"),
        ("a: |\n  one\n    two\n\n  three", "two", "two"),
        ("a: |\n  one\n    two\n\n  three", "  two\n\nthree", "  two\n\n  three"),
        ("a: |\r\n  one\r\n  two\r\n", "two", "two"),
        ("a: |\n\n\n  one\n", "one", "one"),
        ("a: |2\n    one\n  two\n", "  one", "  one"),
        ("a: |2\n    one\n  two\n", "two", "two"),
        ("a: >\n  one\n  two\n\n  three\n    four\n  five\n", "two", "two"),
        ("a: >\n  one\n  two\n\n  three\n    four\n  five\n", "three", "three"),
        ("a: >\n  one\n  two\n\n  three\n    four\n  five\n", "  four", "  four"),
        ("a: >\n  one\n  two\n\n  three\n    four\n  five\n", "five", "five"),
        ("a: >-\n  ${{ one\n  && two }}\n", "&& two", "&& two"),
        ("a: >-\n  ${{ one\n  && two }}\n", "one &&", "one\n  &&"),
    ];
    for (text, part, expected) in cases {
        check(text, part, expected);
    }
}

/// Found by the fuzz target `yaml`: the parser goes on with the text behind such a comment, we do not.
#[test]
fn a_text_that_others_read_otherwise_keeps_to_its_characters() {
    let text = ": i\n\t#\u{feff}\n Re";
    let tree = yaml::parse(text);
    let scalar = tree.root().and_then(|root| root.entries().first()?.value().scalar()).unwrap();
    for (at, c) in scalar.text().char_indices() {
        let span = scalar.source_span(at, at + c.len_utf8());
        assert!(text.get(span.start..span.end).is_some(), "{span:?} of {:?}", scalar.text());
    }
}
