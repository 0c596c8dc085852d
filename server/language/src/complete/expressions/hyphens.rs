//! Behind a name that is cut at its hyphen: `steps.get-order.` proposes what `steps['get-order'].` would, and writes it
//! so.

use copydesk_base::Span;

use super::{Half, members, quote};
use crate::complete::{Completion, Cursor};
use crate::expression::infer::{Seen, watch};
use crate::expression::{self, Token, is_name};

/// A chain of names before a dot, of which the second has hyphens.
struct Cut<'t> {
    root: &'t str,
    id: &'t str,
    /// What stands between the id and the dot, with a dot before it.
    rest: &'t str,
    /// From the dot before the id.
    start: usize,
}

/// What stands behind `dot`, if the name before it is cut.
pub(super) fn behind_cut_name(
    cursor: &Cursor<'_>,
    half: &Half<'_>,
    (inner, dot): (Span, Token),
) -> Option<Vec<Completion>> {
    let cut = cut(cursor, Span::new(inner.start, dot.span.start))?;
    let quote = quote(cursor);
    let bracketed = expression::bracketed(cut.id, quote) + cut.rest;
    let meant = format!("{}{bracketed}.", cut.root);
    let (expr, _) = expression::parse(&meant, Span::new(0, meant.len()));
    let seen = watch(&expr, &half.scope, meant.len()).seen?;
    let (Seen::Member { of, .. } | Seen::Method { of, .. }) = seen else { return None };
    let replace = Span::new(cut.start, half.word.end);
    let write = |name: &str| {
        let name = if is_name(name) { format!(".{name}") } else { expression::bracketed(name, quote) };
        (format!("{bracketed}{name}"), replace)
    };
    let mut proposals = members::fields(&of, write);
    proposals.extend(members::methods(cursor, &of, half.word).into_iter().map(|method| Completion {
        insert: format!("{bracketed}.{}", method.insert),
        replace,
        ..method
    }));
    Some(proposals)
}

/// The chain that ends where `before` does.
fn cut<'c>(cursor: &Cursor<'c>, before: Span) -> Option<Cut<'c>> {
    let text = before.of(cursor.file.text);
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '-' | '.');
    let from = text
        .rfind(|c: char| !is_part(c))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let chain = text.get(from..)?;
    let (root, names) = chain.split_once('.')?;
    let id = match root {
        "steps" => cursor.declared.hyphenated(names)?,
        "inputs" => cursor.declared.hyphenated_input(names)?,
        _ => return None,
    };
    let rest = names.get(id.len()..).filter(|rest| rest.is_empty() || rest.starts_with('.'))?;
    let start = before.start + from + root.len();
    Some(Cut { root, id: names.get(..id.len())?, rest, start })
}
