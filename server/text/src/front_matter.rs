//! The YAML at the head of a Markdown file.
//!
//! It starts with a first line of `---` and ends with the next line of `---` or `...`. While somebody is still typing
//! it, the end is not there yet: then it reaches to the first blank line, and says so.

use std::sync::Arc;

use copydesk_base::{Code, Diagnostic, Span};

use crate::node::Tree;
use crate::position::lines;
use crate::yaml;

/// What is said where the end is missing.
pub const NO_END: &str = "this front matter has no end; add a line of '---' behind it";

/// Where the parts of a Markdown file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrontMatter {
    /// The first `---`, without its line break.
    pub opening: Span,
    /// The YAML between the marks, with its last line break.
    pub yaml: Span,
    /// The closing mark without its line break; `None` where there is none.
    pub closing: Option<Span>,
    /// What stands behind the closing line.
    pub body: Span,
}

/// Finds front matter; `None` where the first line is not `---`.
pub fn split(text: &str) -> Option<FrontMatter> {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut lines = lines(&text[start..]);
    let first = lines.next()?;
    if first.trim_end() != "---" {
        return None;
    }
    let opening = Span::new(start, start + 3);
    let from = start + first.len();
    let mut at = from;
    let mut first_blank = None;
    for line in lines {
        if matches!(line.trim_end(), "---" | "...") {
            let closing = Some(Span::new(at, at + 3));
            return Some(FrontMatter {
                opening,
                yaml: Span::new(from, at),
                closing,
                body: Span::new(at + line.len(), text.len()),
            });
        }
        if line.trim().is_empty() {
            first_blank.get_or_insert(at);
        }
        at += line.len();
    }
    let end = first_blank.unwrap_or(at);
    // A rule above prose is no front matter.
    (end > from || at == from).then(|| FrontMatter {
        opening,
        yaml: Span::new(from, end),
        closing: None,
        body: Span::new(end, text.len()),
    })
}

/// The tree of a Markdown file's front matter, with places of the whole file. Empty where there is none.
pub fn parse(text: &str) -> Tree {
    parse_shared(text.into())
}

/// The same of a text that somebody holds already: it is not copied.
pub fn parse_shared(text: Arc<str>) -> Tree {
    let Some(parts) = split(&text) else { return Tree::default() };
    let mut tree = yaml::parse_part(text, parts.yaml);
    if parts.closing.is_none() {
        tree.problems.insert(0, Diagnostic::new(Code::YamlSyntax, parts.opening, NO_END));
        tree.broken = vec![parts.yaml];
    }
    tree
}
