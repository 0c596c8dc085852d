//! What happens while somebody types: a new line starts where the next thing goes, and `${{` gets its end.
//!
//! A new line may begin in front of something that was there before, or in the middle of it. That goes along only where
//! it then says what it said ([`keeps`]).

use copydesk_base::{Span, TextEdit};
use copydesk_text::{Kind, Style as Written, Syntax, Tree};

use super::brackets;
use super::lines::Lines;
use super::same;
use super::style::{self, Style};
use crate::File;
use crate::editing::edited;

/// The edits after `typed` was written and the cursor stands at `offset`.
pub fn on_type(file: &File<'_>, style: Style, typed: &str, offset: usize) -> Vec<TextEdit> {
    if file.tree.syntax() != Syntax::Yaml {
        let is_line = matches!(typed, "\n" | "\r\n");
        return is_line.then(|| brackets::new_line(file, style, offset)).flatten().into_iter().collect();
    }
    if super::part(file).is_none_or(|part| !part.touches(offset)) {
        return Vec::new();
    }
    let edit = match typed {
        "\n" | "\r\n" => new_line(file, style, offset),
        "{" => closing(file, offset),
        "-" | " " => dash(file, offset),
        _ => None,
    };
    edit.into_iter().collect()
}

/// The indentation of the line that was just begun.
fn new_line(file: &File<'_>, asked: Style, offset: usize) -> Option<TextEdit> {
    let lines = Lines::new(file.text, Span::new(0, file.text.len()));
    let line = lines.line(offset);
    let above = (0..line).rev().find(|above| !lines.is_blank(*above))?;
    let style = style::of(file.tree, file.text, &lines, asked);
    let content = lines.content(above);
    let indent = lines.indent(above);
    let wanted = if let Some(column) = inside_text(file.tree, &lines, above, offset) {
        column
    } else {
        after(content, indent.len(), style.indent)?
    };
    let here = lines.indent(line);
    let edit = TextEdit::new(here, " ".repeat(wanted));
    let is_free = lines.is_blank(line) && !is_in_text(file.tree, lines.span(above).end);
    let is_new = here.of(file.text) != edit.text;
    (is_new && (is_free || keeps(file, &lines, line, offset, &edit))).then_some(edit)
}

/// Whether a line that was just begun at `offset` says with the edit what its text said before: now, or before the
/// break was written. A break that parts what could not be read together is welcome, too.
fn keeps(file: &File<'_>, lines: &Lines<'_>, line: usize, offset: usize, edit: &TextEdit) -> bool {
    let after = edited(file.text, std::slice::from_ref(edit));
    let tree = super::read(file, &after);
    if same::same(file.text, file.tree, &after, &tree) {
        return true;
    }
    let has_more = !lines.is_blank(line);
    let above = line.checked_sub(1).filter(|_| has_more).map(|above| lines.span(above).end);
    let Some(start) = above else { return false };
    let before = edited(file.text, &[TextEdit::new(Span::new(start, offset.max(start)), "")]);
    let joined = super::read(file, &before);
    let is_split = !lines.is_blank(line - 1);
    same::same(&before, &joined, &after, &tree)
        || is_split && tree.problems().len() < joined.problems().len()
        || is_split && is_in_text(&joined, start)
}

/// Whether a place belongs to a text behind `|` or `>`, or to its mark.
fn is_in_text(tree: &Tree, at: usize) -> bool {
    let scalar = tree.path_at(at).last().and_then(|step| step.node().scalar());
    scalar.is_some_and(|scalar| matches!(scalar.style(), Written::Literal | Written::Folded))
}

/// The column below a line: one level in behind `key:` and behind a text's mark, below the first key of an item,
/// otherwise below what stands there.
fn after(content: &str, indent: usize, level: usize) -> Option<usize> {
    let body = without_comment(content.get(indent..)?).trim_end();
    if body.starts_with('#') || body.is_empty() {
        return Some(indent);
    }
    let mut column = indent;
    let mut rest = body;
    while let Some(behind) = rest.strip_prefix("- ") {
        let gap = behind.len() - behind.trim_start_matches(' ').len();
        column += 2 + gap;
        rest = &behind[gap..];
    }
    if rest == "-" {
        return Some(column + 2);
    }
    let last = rest.rsplit([' ', '\t']).next().unwrap_or("");
    let opens_text =
        matches!(last.trim_end_matches(|c: char| c.is_ascii_digit()), "|" | ">" | "|-" | ">-" | "|+" | ">+");
    if rest.ends_with(':') || opens_text && (rest.contains(": ") || rest == last) {
        return Some(column + level);
    }
    // Below an item that is only a word comes the next item; below a key of an item, the next key.
    let is_entry = rest.contains(": ");
    Some(if is_entry { column } else { indent })
}

/// The line without a comment at its end. A `#` inside quotes is none.
fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => return &line[..at],
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        before = c;
    }
    line
}

/// Inside a text behind `|` or `>`, the column of its lines.
fn inside_text(tree: &Tree, lines: &Lines<'_>, above: usize, offset: usize) -> Option<usize> {
    let at = lines.span(above).end.min(offset);
    let node = tree.path_at(at).last().map(|step| step.node())?;
    let Kind::Scalar(scalar) = node.kind() else { return None };
    let is_text = matches!(scalar.style(), Written::Literal | Written::Folded);
    let is_below_mark = above > lines.line(node.span().start);
    (is_text && is_below_mark).then(|| lines.indent(above).len())
}

/// ` }}` behind a `${{` that was just finished, where none closes it.
fn closing(file: &File<'_>, offset: usize) -> Option<TextEdit> {
    let before = file.text.get(..offset)?;
    if !before.ends_with("${{") {
        return None;
    }
    let rest = file.text.get(offset..)?;
    let rest = rest.lines().next().unwrap_or("");
    // Editors close brackets themselves: what they wrote counts.
    let is_closed = rest.find("}}").is_some_and(|end| !rest[..end].contains("${{"));
    let lone = rest.starts_with('}') && !is_closed;
    if is_closed {
        return None;
    }
    Some(TextEdit::insert(offset, if lone { "  }" } else { "  }}" }))
}

/// A dash on a line of its own goes below the dashes of the list above it.
fn dash(file: &File<'_>, offset: usize) -> Option<TextEdit> {
    let lines = Lines::new(file.text, Span::new(0, file.text.len()));
    let line = lines.line(offset);
    let content = lines.content(line);
    if content.trim() != "-" {
        return None;
    }
    let here = lines.indent(line);
    let mut least = usize::MAX;
    let mut columns = Vec::new();
    for above in (0..line).rev().filter(|above| !lines.is_blank(*above)) {
        let column = lines.indent(above).len();
        if column < least {
            least = column;
            if lines.content(above).trim_start().starts_with("- ") {
                columns.push(column);
            }
        }
        if column == 0 {
            break;
        }
    }
    // The nearest list; a dash that stands in one already stays.
    if columns.contains(&here.len()) {
        return None;
    }
    let nearest = columns.into_iter().min_by_key(|column| column.abs_diff(here.len()))?;
    (nearest.abs_diff(here.len()) == 1).then(|| TextEdit::new(here, " ".repeat(nearest)))
}
