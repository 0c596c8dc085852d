//! What the word under the cursor means by a schema.

use copydesk_base::Span;
use copydesk_text::node::Step as Way;
use serde_json::Value;

use super::applied::{of_item, of_key};
use super::check::keys_of;
use super::fit::Known;
use super::part::Part;
use super::{Schema, help, value};
use crate::{File, Hover};

/// What stands at `offset`. `None` where the schema has nothing to say.
pub fn hover(file: &File<'_>, schema: &Schema, offset: usize) -> Option<Hover> {
    let root = file.tree.documents().iter().rev().find(|root| root.span().touches(offset))?;
    let keys = keys_of(file);
    let mut seen = value::glance(file.tree, root, keys);
    let mut parts: Vec<Part<'_>> = vec![schema.root()?];
    let mut last: Option<Span> = None;
    for way in file.tree.path_at(offset) {
        let voices = help::voices(&parts, &seen, Known::Whole);
        match way {
            Way::Key(entry) | Way::Value(entry) => {
                let name = value::key_text(entry);
                let required =
                    voices.iter().any(|part| super::fit::required(part).any(|other| other == name));
                parts = of_key(&voices, &name);
                seen = value::glance(file.tree, entry.value(), keys);
                if let Way::Key(_) = way {
                    return key(schema, &name, entry.key().span(), &parts, &seen, required);
                }
                last = Some(entry.value().span());
            }
            Way::Index(at, node) => {
                parts = of_item(&voices, at);
                seen = value::glance(file.tree, node, keys);
                last = Some(node.span());
            }
        }
    }
    let span = last.filter(|span| span.touches(offset) && !span.is_empty())?;
    scalar(schema, span, &parts, &seen)
}

fn key(
    schema: &Schema,
    name: &str,
    span: Span,
    parts: &[Part<'_>],
    seen: &Value,
    required: bool,
) -> Option<Hover> {
    let voices = help::voices(parts, seen, Known::Whole);
    if voices.iter().all(|part| part.value.is_boolean()) {
        return None;
    }
    let needed = if required { ", required" } else { "" };
    let docs = help::docs(&voices);
    let mut markdown =
        format!("**{}**: {}{needed}", name.replace(['*', '`', '[', ']', '<'], " "), help::takes(&voices));
    for part in [docs, help::source(schema)].iter().filter(|part| !part.is_empty()) {
        markdown.push_str("\n\n");
        markdown.push_str(part);
    }
    Some(Hover { span, markdown })
}

/// A word with help of its own; for any other value, what its place is for.
fn scalar(schema: &Schema, span: Span, parts: &[Part<'_>], seen: &Value) -> Option<Hover> {
    if seen.is_object() || seen.is_array() {
        return None;
    }
    let voices = help::voices(parts, seen, Known::Whole);
    let word = help::words(&voices).into_iter().find(|(word, _)| *word == seen);
    let docs = match word {
        Some((word, Some(docs))) => format!("**{}**\n\n{docs}", super::explain::shown(word)),
        _ => help::docs(&voices),
    };
    (!docs.is_empty()).then(|| Hover { span, markdown: format!("{docs}\n\n{}", help::source(schema)) })
}
