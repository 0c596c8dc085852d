//! White space inside lines: behind dashes and colons, around commas.

use copydesk_base::{Span, TextEdit};
use copydesk_text::{Kind, Node, Tree};

use super::lines::Lines;
use super::style::is_flow;

pub(super) fn of(tree: &Tree, lines: &Lines<'_>) -> Vec<TextEdit> {
    let mut edits = Vec::new();
    for root in tree.documents() {
        if lines.part.touches(root.span().start) {
            node(root, 0, lines, &mut edits);
        }
    }
    edits
}

/// `from` is behind the dash of the item that it lies in.
fn node(at: Node<'_>, from: usize, lines: &Lines<'_>, edits: &mut Vec<TextEdit>) {
    let text = lines.text;
    match at.kind() {
        Kind::Mapping(entries) => {
            let flow = is_flow(at, text);
            let mut end = at.span().start;
            for entry in entries {
                let (key, value) = (entry.key(), entry.value());
                if flow && end > at.span().start {
                    comma(Span::new(end, key.span().start), lines, edits);
                }
                colon(key, value, lines, edits);
                node(value, from, lines, edits);
                end = value.span().end.max(key.span().end);
            }
        }
        Kind::Sequence(items) => {
            let flow = is_flow(at, text);
            let mut end = at.span().start.max(from);
            let mut inner = from;
            for item in items {
                if !flow && let Some(dash) = lines.dash(end) {
                    behind(dash, lines, edits);
                    (inner, end) = (dash + 1, dash + 1);
                } else if flow && end > at.span().start {
                    comma(Span::new(end, item.span().start), lines, edits);
                }
                node(item, inner, lines, edits);
                end = item.span().end.max(end);
            }
        }
        Kind::Null | Kind::Scalar(_) | Kind::Alias(_) => {}
    }
}

/// Between a key and its value: nothing before the colon, one space behind it.
fn colon(key: Node<'_>, value: Node<'_>, lines: &Lines<'_>, edits: &mut Vec<TextEdit>) {
    let text = lines.text;
    let key_end = key.span().end;
    let rest = Span::new(key_end, text.len()).of(text);
    let lead = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    if !rest[lead..].starts_with(':') || !matches!(key.kind(), Kind::Scalar(_)) {
        return;
    }
    if lead > 0 {
        edits.push(TextEdit::new(Span::new(key_end, key_end + lead), ""));
    }
    let colon = key_end + lead;
    let behind = &text[colon + 1..];
    let gap = behind.len() - behind.trim_start_matches([' ', '\t']).len();
    let next = behind[gap..].chars().next();
    let is_value = colon + 1 + gap <= value.span().start && !matches!(value.kind(), Kind::Null);
    // What stands before a comment may be there to line it up with others.
    if is_value && !matches!(next, None | Some('\n' | '\r' | '#')) && gap != 1 {
        edits.push(TextEdit::new(Span::new(colon + 1, colon + 1 + gap), " "));
    }
}

/// Between two things in brackets, where nothing but the comma stands.
fn comma(gap: Span, lines: &Lines<'_>, edits: &mut Vec<TextEdit>) {
    let between = gap.of(lines.text);
    if between.trim_matches([' ', '\t']) == "," && between != ", " {
        edits.push(TextEdit::new(gap, ", "));
    }
}

/// Behind the dash of an item that starts on its line: an anchor, a tag or the item itself.
fn behind(dash: usize, lines: &Lines<'_>, edits: &mut Vec<TextEdit>) {
    let rest = &lines.text[dash + 1..];
    let width = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let next = rest[width..].chars().next();
    if width > 1 && !matches!(next, None | Some('\n' | '\r' | '#')) {
        edits.push(TextEdit::new(Span::new(dash + 1, dash + 1 + width), " "));
    }
}
