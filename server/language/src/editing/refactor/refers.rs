//! What the expressions below a node refer to, with places in the file.

use copydesk_base::Span;
use copydesk_text::{Kind, Node, Scalar};

use crate::expression::{self, Reference};

/// A reference and the scalar it is written in.
pub(super) struct Refers<'t> {
    pub(super) scalar: Scalar<'t>,
    pub(super) reference: Reference,
}

impl Refers<'_> {
    /// From the root to the end of the first `members` members of the path, the closing bracket included.
    pub(super) fn span(&self, members: usize) -> Span {
        let text = self.scalar.text();
        let start = self.reference.root.span.start;
        let end = match members.checked_sub(1).and_then(|at| self.reference.path.get(at)) {
            None => self.reference.root.span.end,
            Some(member) => match member.form {
                expression::Form::Dotted => member.name.span.end,
                // Quote, white space, bracket.
                expression::Form::Bracketed => {
                    let rest = text.get(member.name.span.end..).unwrap_or("");
                    member.name.span.end + rest.find(']').map_or(0, |at| at + 1)
                }
            },
        };
        self.scalar.source_span(start, end)
    }

    /// The name of a member of the path.
    pub(super) fn member(&self, at: usize) -> Option<&str> {
        self.reference.path.get(at).map(|member| member.name.text.as_str())
    }

    pub(super) fn root(&self) -> &str {
        &self.reference.root.text
    }
}

/// All references below a node. `bare` says that a text without braces is an expression, too.
pub(super) fn below<'t>(node: Node<'t>, bare: Bare, found: &mut Vec<Refers<'t>>) {
    match node.kind() {
        Kind::Scalar(scalar) => {
            let text = scalar.text();
            let whole = Span::new(0, text.len());
            if expression::has_expression(text) {
                for piece in expression::pieces(text) {
                    of(scalar, piece.inner, found);
                }
            } else if bare == Bare::Expression && node.as_str().is_some() {
                of(scalar, whole, found);
            }
        }
        Kind::Sequence(items) => items.iter().for_each(|item| below(item, bare, found)),
        Kind::Mapping(entries) => {
            for entry in entries {
                let bare = match entry.key().scalar_text() {
                    Some("if" | "foreach" | "transform") => Bare::Expression,
                    _ => Bare::Text,
                };
                below(entry.value(), bare, found);
            }
        }
        Kind::Null | Kind::Alias(_) => {}
    }
}

/// How a text without braces is read.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Bare {
    Text,
    Expression,
}

fn of<'t>(scalar: Scalar<'t>, within: Span, found: &mut Vec<Refers<'t>>) {
    let (expr, _) = expression::parse(scalar.text(), within);
    let references = expression::references(&expr).into_iter();
    found.extend(references.map(|reference| Refers { scalar, reference }));
}

/// Whether anything below a node is an alias, an anchor or a merge key: such a piece does not stand alone.
pub(super) fn is_shared(node: Node<'_>) -> bool {
    if node.anchor().is_some() {
        return true;
    }
    match node.kind() {
        Kind::Alias(_) => true,
        Kind::Sequence(items) => items.iter().any(is_shared),
        Kind::Mapping(entries) => {
            entries.iter().any(|entry| entry.key().scalar_text() == Some("<<") || is_shared(entry.value()))
        }
        Kind::Null | Kind::Scalar(_) => false,
    }
}
