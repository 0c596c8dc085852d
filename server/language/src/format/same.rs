//! Whether two texts say the same: values, styles, tags, anchors, and comments in their order. What is wrong in the
//! one is wrong in the other, and nothing else.

use copydesk_base::Diagnostic;
use copydesk_text::{Kind, Node, Tree};

pub(super) fn same(before: &str, one: &Tree, after: &str, other: &Tree) -> bool {
    let comments = one.comments().len() == other.comments().len()
        && one
            .comments()
            .iter()
            .zip(other.comments().iter())
            .all(|(was, is)| was.of(before).trim_end() == is.of(after).trim_end());
    comments
        && one.broken().len() == other.broken().len()
        && one.problems().len() == other.problems().len()
        && one
            .problems()
            .iter()
            .zip(other.problems())
            .all(|(was, is)| marks(before, was).eq(marks(after, is)))
        && one.documents().len() == other.documents().len()
        && one.documents().iter().zip(other.documents().iter()).all(|(one, other)| nodes(one, other))
}

/// What a problem says, and the words that it marks.
fn marks<'a>(text: &'a str, problem: &'a Diagnostic) -> impl Iterator<Item = &'a str> {
    std::iter::once(problem.message.as_str()).chain(problem.span.of(text).split_whitespace())
}

fn nodes(one: Node<'_>, other: Node<'_>) -> bool {
    if one.tag() != other.tag() || one.anchor() != other.anchor() {
        return false;
    }
    match (one.kind(), other.kind()) {
        (Kind::Null, Kind::Null) => true,
        (Kind::Scalar(was), Kind::Scalar(is)) => was.text() == is.text() && was.style() == is.style(),
        (Kind::Alias(was), Kind::Alias(is)) => was == is,
        (Kind::Sequence(was), Kind::Sequence(is)) => {
            was.len() == is.len() && was.iter().zip(is.iter()).all(|(was, is)| nodes(was, is))
        }
        (Kind::Mapping(was), Kind::Mapping(is)) => {
            was.len() == is.len()
                && was
                    .iter()
                    .zip(is.iter())
                    .all(|(was, is)| nodes(was.key(), is.key()) && nodes(was.value(), is.value()))
        }
        _ => false,
    }
}
