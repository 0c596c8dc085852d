//! Where front matter starts and ends.

use copydesk_text::Node;
use copydesk_text::front_matter::{parse, split};

#[track_caller]
fn check(text: &str, expected: Option<(&str, Option<&str>, &str)>) {
    let found = split(text).map(|parts| {
        (parts.yaml.of(text), parts.closing.map(|closing| closing.of(text)), parts.body.of(text))
    });
    assert_eq!(found, expected, "{text:?}");
}

#[test]
fn parts() {
    check("", None);
    check("# Title\n---\na: 1\n---\n", None);
    check("----\na: 1\n---\n", None);
    check("---\na: 1\n---\nbody\n", Some(("a: 1\n", Some("---"), "body\n")));
    check("\u{feff}--- \r\na: 1\r\n...\r\n", Some(("a: 1\r\n", Some("..."), "")));
    check("---\n---\n", Some(("", Some("---"), "")));
    check("---\na: 1\n\nb: 2\n---", Some(("a: 1\n\nb: 2\n", Some("---"), "")));
    // Half-typed: up to the first blank line.
    check("---", Some(("", None, "")));
    check("---\nname: x\nto", Some(("name: x\nto", None, "")));
    check("---\nname: x\n\n# Title\n", Some(("name: x\n", None, "\n# Title\n")));
    // A rule above prose.
    check("---\n\nText\n", None);
}

#[test]
fn an_end_that_is_missing_is_said_once() {
    let text = "---\nname: x\n\n# Title\n";
    let tree = parse(text);
    let problems: Vec<_> =
        tree.problems().iter().map(|problem| (problem.span.of(text), problem.message.as_str())).collect();
    assert_eq!(problems, [("---", "this front matter has no end; add a line of '---' behind it")]);
    assert_eq!(tree.root().and_then(|root| root.get("name")).and_then(Node::as_str), Some("x"));
}
