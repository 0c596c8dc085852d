//! Trees as text, for tests that compare whole ones.

use copydesk_text::{Kind, Node, Tree};

/// One line for each node: its place in the tree, its kind, its bytes.
pub(crate) fn show(text: &str, tree: &Tree) -> String {
    let mut lines = Vec::new();
    for node in tree.documents() {
        show_node(text, node, 0, "", &mut lines);
    }
    for span in tree.comments() {
        lines.push(format!("comment {:?}", span.of(text)));
    }
    for problem in tree.problems() {
        let (from, piece) = (problem.span.start, problem.span.of(text));
        lines.push(format!("{} {from} {piece:?}: {}", problem.code, problem.message));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn show_node(text: &str, node: Node<'_>, depth: usize, name: &str, lines: &mut Vec<String>) {
    let kind = match node.kind() {
        Kind::Null => "null".to_owned(),
        Kind::Scalar(scalar) => format!("{} {:?}", node.kind_word(), scalar.text()),
        Kind::Sequence(_) => "list".to_owned(),
        Kind::Mapping(_) => "mapping".to_owned(),
        Kind::Alias(name) => format!("alias {name}"),
    };
    let tag = node.tag().map(|tag| format!(" tag {tag}")).unwrap_or_default();
    let anchor = node.anchor().map(|anchor| format!(" anchor {anchor}")).unwrap_or_default();
    let indent = "  ".repeat(depth);
    lines.push(format!(
        "{indent}{name}{kind}{tag}{anchor} {}..{} {:?}",
        node.span().start,
        node.span().end,
        node.span().of(text)
    ));
    for item in node.items() {
        show_node(text, item, depth + 1, "- ", lines);
    }
    for entry in node.entries() {
        show_node(text, entry.key(), depth + 1, "? ", lines);
        show_node(text, entry.value(), depth + 1, ": ", lines);
    }
}
