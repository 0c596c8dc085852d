//! The arguments of a prompt: those that its head declares, and where its text asks for them with `{{name}}`.

use copydesk_base::Span;
use copydesk_text::{Node, front_matter};

use crate::{File, FileKind};

/// An argument of the head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Argument<'t> {
    pub(crate) name: &'t str,
    /// Where the name stands.
    pub(crate) node: Node<'t>,
    /// The whole item: the name alone, or a mapping with more about it.
    pub(crate) item: Node<'t>,
}

/// A name that the text asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked<'t> {
    pub(crate) name: &'t str,
    /// The name alone.
    pub(crate) span: Span,
}

/// The arguments that the head declares.
pub(crate) fn arguments<'t>(file: &File<'t>) -> Vec<Argument<'t>> {
    let root = file.tree.root().filter(|_| file.kind == FileKind::Prompt);
    let items = root.and_then(|root| root.get("arguments")).map(Node::items).unwrap_or_default();
    let named = items.iter().filter_map(|item| {
        let node = item.get("name").unwrap_or(item);
        Some(Argument { name: node.as_str()?, node, item })
    });
    named.collect()
}

/// The text below the head.
pub(crate) fn body(file: &File<'_>) -> Option<Span> {
    front_matter::split(file.text).filter(|_| file.kind == FileKind::Prompt).map(|parts| parts.body)
}

/// The names between `{{` and `}}` of the text. What a `$` stands before is for somebody else.
pub(crate) fn asked<'t>(file: &File<'t>) -> Vec<Asked<'t>> {
    let Some(body) = body(file) else { return Vec::new() };
    let text = body.of(file.text);
    let mut found = Vec::new();
    for (at, open) in text.match_indices("{{") {
        if text.get(..at).is_some_and(|before| before.ends_with('$')) {
            continue;
        }
        let start = at + open.len();
        let Some((inside, _)) = text.get(start..).and_then(|rest| rest.split_once("}}")) else { continue };
        let name = inside.trim();
        if !name.is_empty() && name.chars().all(is_part) {
            let start = body.start + start + inside.len() - inside.trim_start().len();
            found.push(Asked { name, span: Span::new(start, start + name.len()) });
        }
    }
    found
}

/// The half-typed name around an offset behind an open `{{`, and whether it is closed already.
pub(crate) fn half_typed(file: &File<'_>, offset: usize) -> Option<(Span, Closing)> {
    let body = body(file).filter(|body| body.start <= offset && offset <= body.end)?;
    let before = file.text.get(body.start..offset)?;
    let typed = before.len() - before.trim_end_matches(is_part).len();
    let open = before.get(..before.len() - typed)?.trim_end_matches(' ').strip_suffix("{{")?;
    if open.ends_with('$') {
        return None;
    }
    let behind = file.text.get(offset..body.end)?;
    let rest = behind.len() - behind.trim_start_matches(is_part).len();
    let is_closed = behind.get(rest..)?.trim_start_matches(' ').starts_with("}}");
    let closing = if is_closed { Closing::Present } else { Closing::Absent };
    Some((Span::new(offset - typed, offset + rest), closing))
}

/// Whether `}}` follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    Present,
    Absent,
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}
