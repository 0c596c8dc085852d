//! Which schema a file names, and where.
//!
//! In this order: a modeline (`# yaml-language-server: $schema=…` in YAML, `#:schema …` in TOML), the key `$schema` at
//! the root. What the settings say comes after both, and is not known here.

use copydesk_base::Span;
use copydesk_text::{Kind, Tree};

/// How many comments are looked at: a modeline stands at the head of a file.
const MOST_COMMENTS: usize = 50;

/// The words of a file that name its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As it is written: a URL, a path or the name of a bundled schema.
    pub schema: String,
    /// Where it is written.
    pub span: Span,
}

/// The schema that a text names.
pub fn named(text: &str, tree: &Tree) -> Option<Named> {
    let comments = tree.comments().iter().take(MOST_COMMENTS);
    comments.copied().find_map(|comment| modeline(text, comment)).or_else(|| by_key(tree))
}

/// Where a schema is named, or is about to be, at an offset: behind a modeline's `=`, or behind `$schema` at the root.
pub fn slot(text: &str, tree: &Tree, offset: usize) -> Option<Span> {
    let comments = tree.comments().iter().take(MOST_COMMENTS);
    let line_end = |at: usize| text[at..].find(['\n', '\r']).map_or(text.len(), |end| at + end);
    let in_comment =
        comments.filter_map(|comment| words(text, Span::new(comment.start, line_end(comment.start))));
    let in_key = || {
        let value = tree.root()?.entry("$schema")?.value();
        let colon = value.span().start;
        let is_behind = |blanks: &str| !blanks.is_empty() && blanks.chars().all(|c| c == ' ');
        if matches!(value.kind(), Kind::Null) && text.get(colon..offset).is_some_and(is_behind) {
            return Some(Span::at(offset));
        }
        Some(value.scalar()?.source_span(0, value.as_str()?.len()))
    };
    in_comment.chain(in_key()).find(|span| span.touches(offset))
}

fn modeline(text: &str, comment: Span) -> Option<Named> {
    let span = words(text, comment).filter(|span| !span.is_empty())?;
    Some(Named { schema: span.of(text).to_owned(), span })
}

/// The word of a modeline that names a schema; empty where none is written yet.
fn words(text: &str, comment: Span) -> Option<Span> {
    let whole = comment.of(text);
    let rest = whole.strip_prefix("#:schema ").or_else(|| {
        let rest = whole.trim_start_matches('#').trim_start().strip_prefix("yaml-language-server:")?;
        rest.trim_start().strip_prefix("$schema").and_then(|rest| rest.trim_start().strip_prefix('='))
    })?;
    let word = rest.split_whitespace().next().unwrap_or("");
    let start = comment.start + (whole.len() - rest.len()) + (rest.len() - rest.trim_start().len());
    Some(Span::new(start, start + word.len()))
}

fn by_key(tree: &Tree) -> Option<Named> {
    let value = tree.root()?.entry("$schema")?.value();
    let text = value.as_str().filter(|text| !text.trim().is_empty())?;
    let Kind::Scalar(scalar) = value.kind() else { return None };
    let span = scalar.source_span(0, text.len());
    Some(Named { schema: text.trim().to_owned(), span })
}
