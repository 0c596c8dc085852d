//! The same scalars, in the same order, as another parser reads from the same text.

use copydesk_text::{Kind, Node, yaml};
use proptest::prelude::*;
use saphyr_parser::{Event, Parser};

/// The texts of all scalars, or nothing where the parser finds an error.
fn oracle(text: &str) -> Option<Vec<String>> {
    let mut scalars = Vec::new();
    for event in Parser::new_from_str(text) {
        if let Event::Scalar(text, ..) = event.ok()?.0 {
            scalars.push(text.into_owned());
        }
    }
    Some(scalars)
}

fn ours(text: &str) -> Option<Vec<String>> {
    let tree = yaml::parse(text);
    let mut scalars = Vec::new();
    tree.documents().iter().for_each(|node| collect(node, &mut scalars));
    tree.broken().is_empty().then_some(scalars)
}

fn collect(node: Node<'_>, scalars: &mut Vec<String>) {
    match node.kind() {
        Kind::Null => scalars.push(String::new()),
        Kind::Scalar(scalar) => scalars.push(scalar.text().to_owned()),
        Kind::Sequence(items) => items.iter().for_each(|item| collect(item, scalars)),
        Kind::Mapping(entries) => entries.iter().for_each(|entry| {
            collect(entry.key(), scalars);
            collect(entry.value(), scalars);
        }),
        Kind::Alias(_) => {}
    }
}

fn snippet() -> impl Strategy<Value = String> {
    let parts = [
        "a: 1\n",
        "b:\n",
        "  c: x y\n",
        "  - d\n",
        "- e: f\n",
        "  g: [h, {i: j}]\n",
        "k: \"l\\n\\u00e9\n  m\"\n",
        "n: 'o''p'\n",
        "q: |\n",
        "    r\n",
        "      s\n",
        "\n",
        "t: >-\n",
        "u: &v w\n",
        "x: *v\n",
        "y: ~\n",
        "# z\n",
        "---\n",
        "  é: 𝒳\n",
        "? A\n: B\n",
        "C: !!str 1\n",
        "D: E\n  F\n",
    ];
    proptest::collection::vec(proptest::sample::select(parts.to_vec()), 0..14)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scalars_are_the_oracles(text in snippet()) {
        // Where the two disagree about an error, there is nothing to compare.
        if let (Some(expected), Some(found)) = (oracle(&text), ours(&text)) {
            prop_assert_eq!(found, expected, "{}", text);
        }
    }
}
