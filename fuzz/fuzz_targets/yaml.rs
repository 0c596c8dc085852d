//! Any text gives a tree, read as YAML, JSON or TOML, whose places lie on the text's characters.
//!
//! The same promises are checked with random texts by `cargo test`; this target looks longer and deeper. Good seeds are
//! workflow files: put some into `fuzz/corpus/yaml/`.

#![no_main]

use copydesk_text::json::{self, Dialect};
use copydesk_text::{Kind, Node, front_matter, toml, yaml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for tree in [yaml::parse(text), front_matter::parse(text), json::parse(text, Dialect::Commented), toml::parse(text)] {
        tree.documents().iter().for_each(|node| visit(text, node));
        for span in tree.problems().iter().map(|problem| problem.span).chain(tree.broken().iter().copied()).chain(tree.comments().iter().copied()) {
            assert!(text.get(span.start..span.end).is_some(), "{span:?}");
        }
    }
});

fn visit(text: &str, node: Node<'_>) {
    assert!(text.get(node.span().start..node.span().end).is_some(), "{:?}", node.span());
    if let Kind::Scalar(scalar) = node.kind() {
        for (at, c) in scalar.text().char_indices() {
            let span = scalar.source_span(at, at + c.len_utf8());
            assert!(text.get(span.start..span.end).is_some(), "{span:?}");
        }
    }
    let children = node.items().iter().chain(node.entries().iter().flat_map(|entry| [entry.key(), entry.value()]));
    for child in children {
        assert!(node.span().start <= child.span().start && child.span().end <= node.span().end, "{:?}", child.span());
        visit(text, child);
    }
}
