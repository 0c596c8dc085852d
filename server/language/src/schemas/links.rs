//! Words of a file that lead to another file: the schema it names, and the references of a schema.

use copydesk_base::Span;
use copydesk_text::{Kind, Node};

use super::named::named;
use crate::File;

/// How many links one file has.
const MOST_LINKS: usize = 1_000;

/// A word that leads somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub span: Span,
    pub target: Target,
    /// Whether it names the schema of the whole file.
    pub is_schema: bool,
}

/// Where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A schema as the file names it: a URL, a path or a bundled schema's name.
    Away(String),
    /// A place in the same file.
    Here(Span),
}

/// The links of a file, in order.
pub fn links(file: &File<'_>) -> Vec<Link> {
    let mut found: Vec<Link> = named(file.text, file.tree)
        .map(|named| Link { span: named.span, target: Target::Away(named.schema), is_schema: true })
        .into_iter()
        .collect();
    for root in file.tree.documents() {
        references(root, root, &mut found);
    }
    found.sort_by_key(|link| link.span);
    found.dedup_by_key(|link| link.span);
    found
}

fn references<'t>(root: Node<'t>, node: Node<'t>, found: &mut Vec<Link>) {
    if found.len() >= MOST_LINKS {
        return;
    }
    match node.kind() {
        Kind::Sequence(items) => items.into_iter().for_each(|item| references(root, item, found)),
        Kind::Mapping(entries) => {
            for entry in entries {
                let is_reference = entry.key().scalar_text() == Some("$ref");
                match (is_reference, entry.value().as_str(), entry.value().scalar()) {
                    (true, Some(text), Some(scalar)) => {
                        let span = scalar.source_span(0, text.len());
                        let target = match text.strip_prefix('#') {
                            Some(pointer) => place(root, pointer).map(Target::Here),
                            None => Some(Target::Away(text.to_owned())),
                        };
                        found.extend(target.map(|target| Link { span, target, is_schema: false }));
                    }
                    _ => references(root, entry.value(), found),
                }
            }
        }
        _ => {}
    }
}

/// The key, or else the value, that a pointer leads to.
fn place(root: Node<'_>, pointer: &str) -> Option<Span> {
    let mut node = root;
    let mut span = root.span();
    for segment in pointer.split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        match node.kind() {
            Kind::Mapping(_) => {
                let entry = node.entry(&name)?;
                span = entry.key().span();
                node = entry.value();
            }
            Kind::Sequence(items) => {
                node = items.get(name.parse().ok()?)?;
                span = node.span();
            }
            _ => return None,
        }
    }
    Some(span)
}
