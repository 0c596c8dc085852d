//! Whatever the text, reading it ends, and the tree keeps its promises.

mod promises;
mod texts;

use copydesk_text::{Node, front_matter, yaml};
use promises::verify;
use proptest::prelude::*;
use texts::WORKFLOW;

const AGENT: &str = "\u{feff}---\r\nname: tester\r\ntools:\r\n  - {id: a, steps: [{id: 𝒳, type: \"shell\"}]}\r\n\r\n---\r\n# Body\r\n";

#[test]
fn texts_cut_at_every_byte() {
    for whole in [WORKFLOW, AGENT] {
        for end in (0..=whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            let text = &whole[..end];
            verify(text, &yaml::parse(text));
            verify(text, &front_matter::parse(text));
            // A hole of one line, and of half a line.
            let next = whole[end..].find('\n').map_or(whole.len(), |at| end + at);
            let text = whole[..end].to_owned() + &whole[next..];
            verify(&text, &yaml::parse(&text));
        }
    }
}

#[test]
fn a_cut_workflow_keeps_what_stands_before_the_cut() {
    for end in WORKFLOW.find("steps:").unwrap() + 20..WORKFLOW.len() {
        let tree = yaml::parse(&WORKFLOW[..end]);
        let root = tree.root().unwrap();
        assert_eq!(root.get("name").and_then(Node::as_str), Some("release"), "{:?}", &WORKFLOW[..end]);
        assert!(root.get("steps").is_some_and(|steps| !steps.items().is_empty()), "{:?}", &WORKFLOW[..end]);
    }
}

/// What the parser decodes otherwise than it stands there lies nowhere, and cuts no letter.
#[test]
fn a_comment_in_a_plain_text_cuts_no_letter() {
    for text in ["? é---\n\t#\n  ---\na", "? é\n\t#\n  b\na: b", "a: é\n\t#\n  b\n"] {
        for text in [text.to_owned(), text.to_owned() + WORKFLOW] {
            verify(&text, &yaml::parse(&text));
        }
    }
}

/// Where each bracket looks for the start of its line this takes minutes.
#[test]
fn a_long_line_of_brackets_is_read_once() {
    let text = format!("[{}]\n", "{a: 1, b: [2]}, ".repeat(20_000));
    let start = std::time::Instant::now();
    let tree = yaml::parse(&text);
    assert_eq!(tree.root().map_or(0, |root| root.items().len()), 20_000);
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn the_whole_workflow_is_fine() {
    let tree = yaml::parse(WORKFLOW);
    assert_eq!((tree.problems(), tree.broken()), ([].as_slice(), [].as_slice()));
    verify(WORKFLOW, &tree);
}

#[test]
fn a_byte_order_mark_is_no_column() {
    for text in ["a: long\n  text\n", "a: \"b\n  c\"\n", "a: [\n  1\n]\n", "a: {\n b: 1\n }\nc: |\n d\n"] {
        let (plain, marked) = (yaml::parse(text), yaml::parse(&format!("\u{feff}{text}")));
        let values =
            |tree: &copydesk_text::Tree| format!("{:?}", tree.root().map(|root| root.entries().len()));
        assert_eq!((values(&marked), marked.problems().len()), (values(&plain), 0), "{text:?}");
    }
}

fn snippet() -> impl Strategy<Value = String> {
    let parts = [
        "a", "key", ":", ": ", "- ", "-", "\n", "\n  ", "\n    ", "\r\n", "\r", "\t", " ", "[", "]", "{",
        "}", ",", "\"", "'", "|", ">", "|-\n", "#", " # c\n", "&x ", "*x", "!t ", "!!str ", "? ", "---\n",
        "...\n", "%", "@", "\\", "\\u00e9", "é", "𝒳", "\u{feff}", "\u{2028}", "${{ x }}", "<<: ", "null",
        "1.5",
    ];
    proptest::collection::vec(proptest::sample::select(parts.to_vec()), 0..40)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn texts_of_yaml_pieces(text in snippet()) {
        verify(&text, &yaml::parse(&text));
        verify(&text, &front_matter::parse(&text));
    }

    #[test]
    fn any_text(text in any::<String>()) {
        verify(&text, &yaml::parse(&text));
    }

    #[test]
    fn mutated_workflows(at in 0..WORKFLOW.len(), length in 0..30usize, piece in snippet()) {
        let (from, to) = (at, (at + length).min(WORKFLOW.len()));
        let text = WORKFLOW[..from].to_owned() + &piece + &WORKFLOW[to..];
        verify(&text, &yaml::parse(&text));
    }
}
