//! Anchors and aliases: `&base` names a value, `*base` stands for it.

use copydesk_base::Span;
use copydesk_text::{Kind, Node};

use super::mention::{Form, Mention, Thing};
use crate::File;

/// Every anchor and every alias of a file that is not broken there.
pub(super) fn scan(file: &File<'_>, found: &mut Vec<Mention>) {
    if !file.text.contains('&') {
        return;
    }
    let mut next: Vec<Node<'_>> = file.tree.documents().into_iter().collect();
    while let Some(node) = next.pop() {
        of_node(file, node, found);
        next.extend(node.items());
        for entry in node.entries() {
            next.extend([entry.key(), entry.value()]);
        }
    }
}

fn of_node(file: &File<'_>, node: Node<'_>, found: &mut Vec<Mention>) {
    if let Some(name) = node.anchor()
        && let Some(span) = written(file, name, node.span().start)
    {
        let thing = Thing::Anchor { name: name.to_owned(), at: node.span().start };
        found.push(Mention::declared(span, thing, Form::Bare, node.span()));
    }
    if let Kind::Alias(name) = node.kind()
        && let Some(target) = file.tree.resolve(node)
    {
        let span = Span::new(node.span().start + 1, node.span().end);
        if target.anchor() == Some(name) && span.of(file.text) == name {
            let thing = Thing::Anchor { name: name.to_owned(), at: target.span().start };
            found.push(Mention::used(span, thing, Form::Bare));
        }
    }
}

/// The name behind the `&`, before the value that starts at `value`. A tag, a comment or a line break may stand
/// between.
fn written(file: &File<'_>, name: &str, value: usize) -> Option<Span> {
    let mut end = value;
    loop {
        let at = file.text.get(..end)?.rfind(&format!("&{name}"))?;
        let span = Span::new(at + 1, at + 1 + name.len());
        let follows = file.text.as_bytes().get(span.end);
        let ends =
            follows.is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b']' | b'}'));
        let in_comment = file.tree.comments().iter().any(|comment| comment.start <= at && at < comment.end);
        if ends && !in_comment {
            return Some(span);
        }
        end = at;
    }
}
