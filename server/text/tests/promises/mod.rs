//! What every tree promises, whatever its text and its language.

use copydesk_base::{Code, Span};
use copydesk_text::{Kind, Node, Syntax, Tree};

/// Everything that the types promise about spans.
pub(crate) fn verify(text: &str, tree: &Tree) {
    let is_place = |span: Span| {
        assert!(span.start <= span.end && span.end <= text.len(), "{span:?} outside of {text:?}");
        assert!(
            text.is_char_boundary(span.start) && text.is_char_boundary(span.end),
            "{span:?} cuts {text:?}"
        );
    };
    let mut end = 0;
    for node in tree.documents() {
        assert!(end <= node.span().start, "documents overlap in {text:?}");
        end = node.span().end;
        verify_node(text, tree, node, 0, &is_place);
    }
    tree.comments().iter().chain(tree.broken()).copied().for_each(is_place);
    assert!(tree.comments().is_sorted() && tree.broken().is_sorted());
    for problem in tree.problems() {
        is_place(problem.span);
        problem.related.iter().for_each(|related| is_place(related.span));
        assert!(!problem.message.is_empty() && !problem.message.ends_with('.'));
    }
    let is_reported = tree.problems().iter().any(|problem| problem.code != Code::DuplicateKey);
    assert!(is_reported || tree.broken().is_empty(), "silently broken: {text:?}");
    for offset in (0..=text.len()).filter(|offset| text.is_char_boundary(*offset)) {
        for step in tree.path_at(offset) {
            assert!(step.node().span().start <= text.len());
        }
    }
}

fn verify_node(text: &str, tree: &Tree, node: Node<'_>, depth: usize, is_place: &impl Fn(Span)) {
    assert!(depth <= 130, "too deep");
    is_place(node.span());
    let (mut start, mut end) = (node.span().start, node.span().start);
    let mut child = |child: Node<'_>| {
        assert!(
            end <= child.span().start || tree.syntax() == Syntax::Toml && start <= child.span().start,
            "siblings overlap at {:?} in {text:?}",
            child.span()
        );
        assert!(
            child.span().end <= node.span().end,
            "{:?} is not in {:?} of {text:?}",
            child.span(),
            node.span()
        );
        (start, end) = (child.span().start, child.span().end);
        verify_node(text, tree, child, depth + 1, is_place);
    };
    match node.kind() {
        Kind::Sequence(items) => items.iter().for_each(child),
        Kind::Mapping(entries) => entries.iter().for_each(|entry| {
            child(entry.key());
            child(entry.value());
        }),
        Kind::Scalar(scalar) => {
            let mut last = node.span().start;
            for (offset, c) in scalar.text().char_indices() {
                let source = scalar.source_offset(offset);
                assert!(last <= source && source <= node.span().end, "{offset} of {scalar:?} in {text:?}");
                last = source;
                let span = scalar.source_span(offset, offset + c.len_utf8());
                is_place(span);
                // Letters are never escaped in these texts; they stand where they are said to stand.
                if c.is_ascii_alphabetic() && !text.contains('\\') {
                    assert_eq!(span.of(text), c.to_string(), "{offset} of {scalar:?} in {text:?}");
                }
            }
        }
        Kind::Null | Kind::Alias(_) => {}
    }
}
