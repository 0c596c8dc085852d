//! Tabs before a line's content: the commonest mistake, and one that hides all structure.

use copydesk_base::{Code, Diagnostic, Span};

use super::super::build::{Failure, Output, build};
use super::super::message::messages;
use super::cut::{self, Line, LineKind, Shape};

/// What became of the tabs.
pub(super) enum Replaced {
    /// There were none, or none that mattered.
    Nothing,
    /// They were all that was wrong; the output holds the tree.
    Parsed,
    /// With spaces in their place the text still does not parse.
    Still(String, Failure),
}

/// Replaces tabs in the indentation by spaces, one each, and reports them where that mends anything.
pub(super) fn replace(piece: &str, shift: usize, failure: &Failure, output: &mut Output) -> Replaced {
    let lines = indented_by_tabs(piece);
    if lines.is_empty() {
        return Replaced::Nothing;
    }
    let mut bytes = piece.as_bytes().to_vec();
    for line in &lines {
        let content = line.start + white_space(&piece[line.start..line.end]);
        bytes[line.start..content].fill(b' ');
    }
    let Ok(text) = String::from_utf8(bytes) else { return Replaced::Nothing };
    let mut attempt = Output::default();
    let again = build(&text, shift, 0, &mut attempt);
    match again {
        Err(again) if again == *failure => Replaced::Still(text, again),
        Err(again) => {
            report(piece, shift, &lines, output);
            Replaced::Still(text, again)
        }
        Ok(()) => {
            report(piece, shift, &lines, output);
            output.documents = output.absorb(attempt);
            Replaced::Parsed
        }
    }
}

/// One problem for each group of neighbouring lines.
fn report(piece: &str, shift: usize, lines: &[Line], output: &mut Output) {
    let mut last_end = None;
    for line in lines {
        output.broken.push(Span::new(line.margin, line.end).shifted(shift));
        if last_end != Some(line.margin) {
            let tab = line.start + piece[line.start..].find('\t').unwrap_or(0);
            let width = piece[tab..].len() - piece[tab..].trim_start_matches('\t').len();
            let span = Span::new(tab, tab + width).shifted(shift);
            output.problems.push(Diagnostic::new(Code::YamlSyntax, span, messages::TAB));
        }
        last_end = Some(line.next);
    }
}

/// Whether any line has a tab before its content.
pub(in super::super) fn has_any(piece: &str) -> bool {
    piece.contains('\t') && !indented_by_tabs(piece).is_empty()
}

/// The lines with a tab before their content, but for the content of block scalars.
fn indented_by_tabs(piece: &str) -> Vec<Line> {
    let mut found = Vec::new();
    // Lines deeper than this belong to a block scalar.
    let mut scalar_indent = None;
    for line in cut::lines(piece) {
        if line.kind == LineKind::Blank || scalar_indent.is_some_and(|indent| line.indent() > indent) {
            continue;
        }
        scalar_indent = block_scalar_indent(piece, &line);
        if piece[line.start..line.end].starts_with('\t') && line.kind == LineKind::Content {
            found.push(line);
        }
    }
    found
}

/// Where a block scalar starts on this line: the column that its content must be deeper than.
fn block_scalar_indent(piece: &str, line: &Line) -> Option<usize> {
    let content = &piece[line.start..line.end];
    let header = content.split(" #").next().unwrap_or("").trim_end();
    let header = header.trim_end_matches(|c: char| matches!(c, '+' | '-') || c.is_ascii_digit());
    if !header.ends_with(['|', '>']) {
        return None;
    }
    let mut line = line.clone();
    let mut column = line.indent();
    while let Shape::Item { content } = cut::shape(piece, &line) {
        if content >= line.end {
            break;
        }
        column = line.indent();
        line.start = content;
    }
    let is_entry = matches!(cut::shape(piece, &line), Shape::Entry { .. });
    Some(if is_entry { line.indent() } else { column })
}

fn white_space(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}
