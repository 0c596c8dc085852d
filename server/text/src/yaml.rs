//! Reading YAML into one spanned tree, whatever state the text is in.
//!
//! Text that is good YAML is read by an exact parser in one go (`build`). It stops at the first error of a
//! document, and people look at documents while they are typing them; so what does not parse is cut at its indent
//! blocks and read piece by piece (`recover`), down to a reader of single lines that understands a half-typed key.
//!
//! Invariants
//! - [`parse`] always returns; nesting, size, aliases and the number of problems have limits.
//! - Each broken piece gives one `yaml-syntax` problem at its exact place and is listed in `Tree::broken`.

pub(crate) mod again;
mod build;
pub(crate) mod decode;
mod directive;
mod indent;
mod lines;
mod message;
mod recover;

use std::collections::HashMap;
use std::sync::Arc;

use copydesk_base::{Code, Diagnostic, Span};

pub(crate) use self::build::Output;
pub use self::message::messages;
use crate::green::{Green, GreenEntry, settled};
use crate::tree::{Syntax, Tree, last_within};

/// Texts with more bytes are not read.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;

/// What is said at a second document by whoever reads one only.
pub const ONE_DOCUMENT: &str = "only one document is read; put everything into one";

/// More problems than anybody reads.
const MAX_PROBLEMS: usize = 100;

/// More than are kept.
pub(crate) const MOST_FOUND: usize = 1000;

/// So many keys are compared one by one.
const FEW_KEYS: usize = 12;

/// The tree of a text.
pub fn parse(text: &str) -> Tree {
    parse_shared(text.into())
}

/// The tree of a text that somebody holds already: it is not copied.
pub fn parse_shared(text: Arc<str>) -> Tree {
    let part = Span::new(0, text.len());
    let has_directive = text.starts_with('%') || text.contains("\n%") || text.contains("\r%");
    let has_odd = again::has_odd(text.trim_start_matches(crate::document::BYTE_ORDER_MARK));
    // What a directive says holds for all that is behind it, so no part can be read alone.
    let is_whole = part.end <= MAX_BYTES && !has_directive && !has_odd;
    let mut tree = Tree { is_whole, ..parse_part(text, part) };
    if has_directive && tree.broken.is_empty() {
        tree.problems.extend(directive::check(&tree.text));
        tree.problems.sort_by_key(|problem| (problem.span, problem.code));
        tree.problems.truncate(MAX_PROBLEMS);
    }
    tree
}

/// The tree of one part of a text, with spans of the whole: the front matter of a Markdown file for one.
pub fn parse_part(text: Arc<str>, part: Span) -> Tree {
    let piece = part.of(&text);
    if piece.len() > MAX_BYTES || part.end > u32::MAX as usize {
        return too_large(Code::YamlSyntax, part, piece);
    }
    let mut output = build::Output::default();
    if let Err(failure) = build::build(piece, part.start, 0, &mut output) {
        output = recover::recover(piece, part.start, &failure);
    }
    finish(output, text)
}

/// What is said about a text that nobody reads.
pub(crate) fn too_large(code: Code, part: Span, piece: &str) -> Tree {
    let first_line = Span::new(part.start, part.start + piece.find(['\n', '\r']).unwrap_or(0));
    let message = format!("this text is too large to check: {} MB is the limit", MAX_BYTES / 1024 / 1024);
    Tree { problems: vec![Diagnostic::new(code, first_line, message)], broken: vec![part], ..Tree::default() }
}

/// The tree of what was just read.
pub(crate) fn finish(mut output: build::Output, text: Arc<str>) -> Tree {
    let documents = std::mem::take(&mut output.documents);
    let documents = documents.into_iter().map(|document| settled(document, &text)).collect();
    finished(output, documents, text)
}

/// Orders what was found, and looks at what only the whole can tell: aliases.
pub(crate) fn finished(output: build::Output, documents: Vec<Green>, text: Arc<str>) -> Tree {
    let build::Output { mut comments, problems: mut found, mut anchors, mut aliases, broken, .. } = output;
    comments.sort_unstable();
    comments.dedup();
    aliases.sort_unstable_by_key(|(_, span)| *span);
    aliases.dedup();
    let broken = merged(broken);
    for starts in anchors.values_mut() {
        starts.sort_unstable();
    }
    found.sort_by_key(|problem| (problem.span, problem.code));
    found.dedup();
    let mut problems = found.clone();
    for (name, span) in &aliases {
        // What another document has named is nothing here.
        let before = documents.partition_point(|document| document.span().start <= span.start);
        let document =
            before.checked_sub(1).and_then(|at| documents.get(at)).map_or(0, |one| one.span().start);
        let known = anchors.get(name).is_some_and(|at| last_within(at, document, span.start).is_some());
        // In a broken text the anchor may stand in the part that could not be read.
        if !known && broken.is_empty() {
            let message = format!("'*{name}' refers to nothing: no '&{name}' stands before it");
            problems.push(Diagnostic::new(Code::YamlSyntax, *span, message));
        }
    }
    problems.sort_by_key(|problem| (problem.span, problem.code));
    problems.truncate(MAX_PROBLEMS);
    Tree {
        text,
        documents,
        comments,
        problems,
        found,
        broken,
        anchors,
        aliases,
        is_whole: false,
        syntax: Syntax::Yaml,
    }
}

/// The same pieces in order, those that overlap or touch made one.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    spans.dedup_by(|later, earlier| {
        let touches = later.start <= earlier.end;
        if touches {
            *earlier = earlier.cover(*later);
        }
        touches
    });
    spans
}

/// Reports each key that stands before in its mapping. `keys` are the texts of the keys with their places, in order.
pub(crate) fn duplicate_keys<'k>(
    keys: impl Iterator<Item = (&'k str, Span)>,
    problems: &mut Vec<Diagnostic>,
) {
    // In most mappings the keys are so few that looking at each is the fastest way.
    let are_few = keys.size_hint().1.is_some_and(|count| count <= FEW_KEYS);
    let (mut few, mut many) = (Vec::new(), HashMap::new());
    for (key, span) in keys {
        let first = if are_few {
            let known = few.iter().find(|(known, _)| *known == key).map(|(_, first)| *first);
            known.unwrap_or_else(|| {
                few.push((key, span));
                span
            })
        } else {
            *many.entry(key).or_insert(span)
        };
        if first != span && problems.len() < MOST_FOUND {
            let message = format!("'{key}' is already set in this mapping; keep one of the two");
            problems.push(
                Diagnostic::new(Code::DuplicateKey, span, message)
                    .with_related(first, "it is set here first"),
            );
        }
    }
}

/// The keys of some entries whose places count from `shift` bytes before `text`.
pub(crate) fn keys<'k>(
    entries: &'k [GreenEntry],
    text: &'k str,
    shift: usize,
) -> impl Iterator<Item = (&'k str, Span)> {
    entries.iter().filter_map(move |entry| Some((entry.key.scalar_text(text, shift)?, entry.key.span())))
}
