//! What an alias stands for: the lines behind its anchor.

use copydesk_text::{Kind, Node, Step};

use super::Hover;
use crate::File;

/// So many lines are shown.
const MOST_LINES: usize = 16;

/// So many letters of a line.
const LONGEST_LINE: usize = 120;

/// The value of the alias at `offset`, as it is written at its anchor.
pub fn hover_of_alias(file: &File<'_>, offset: usize) -> Option<Hover> {
    let node = file.tree.path_at(offset).pop().map(Step::node)?;
    let Kind::Alias(name) = node.kind() else { return None };
    let target = file.tree.resolve(node)?;
    let line = file.text.get(..target.span().start)?.matches('\n').count() + 1;
    let markdown = format!("**\\*{name}**: line {line}\n\n```yaml\n{}\n```", written(file, target));
    Some(Hover { span: node.span(), markdown })
}

/// A value as it is written, as far to the left as it goes.
fn written(file: &File<'_>, node: Node<'_>) -> String {
    let span = node.span();
    let before = file.text.get(..span.start).unwrap_or("");
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
    let mut lines: Vec<String> = Vec::new();
    for line in span.of(file.text).trim_end().lines() {
        if lines.len() == MOST_LINES {
            lines.push("…".to_owned());
            break;
        }
        let indent = line.len() - line.trim_start_matches(' ').len();
        let own = if lines.is_empty() { line } else { line.get(indent.min(column)..).unwrap_or(line) };
        let mut shown: String =
            own.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_LINE).collect();
        if own.chars().nth(LONGEST_LINE).is_some() {
            shown.push('…');
        }
        lines.push(shown.replace("```", "'''"));
    }
    lines.join("\n")
}
