//! Lines of YAML that stand a few blanks too far to one side, or whose dash came or went.
//!
//! Which of two lines was moved, and whereto, no rule tells. The nearest places where lines of that kind stand are
//! offered, and what does not help goes when mends are tried ([`vouched`](crate::vouched)).

use copydesk_base::{Fix, Span, TextEdit};
use copydesk_text::yaml::messages;

use super::syntax::Line;

/// How many lines above are looked at for places to stand.
const LINES: usize = 40;
/// How many blanks may have come or gone by a slip.
const SLIP: usize = 3;
/// How many places are offered for one line.
const PLACES: usize = 2;

/// The mends of a syntax error that says where lines stand.
pub(super) fn mends(text: &str, message: &str, at: usize) -> Vec<Fix> {
    let is_of_lines = matches!(
        message,
        messages::INDENTATION
            | messages::TOO_DEEP
            | messages::TOO_SHALLOW
            | messages::SCALAR_LINE
            | messages::NO_ITEM
            | messages::NO_ENTRY
    );
    let Some(line) = Line::around(text, at).filter(|_| is_of_lines) else { return Vec::new() };
    let mut fixes = Vec::new();
    let lead = lead(line);
    match message {
        messages::NO_ITEM if lead >= 2 && !is_item(line) => {
            let span = Span::new(line.start + lead - 2, line.start + lead);
            fixes.push(Fix::new("put a '-' before it", vec![TextEdit::new(span, "- ")]));
        }
        messages::NO_ENTRY if is_item(line) => {
            let span = Span::new(line.start + lead, line.start + lead + 1);
            fixes.push(Fix::new("take the '-' out", vec![TextEdit::new(span, " ")]));
        }
        _ => {}
    }
    let above = lines_above(text, line).next();
    for (line, name) in [(Some(line), "this line"), (above, "the line above")] {
        fixes.extend(line.map(|line| moves(text, line, name)).unwrap_or_default());
    }
    fixes
}

fn moves(text: &str, line: Line<'_>, name: &str) -> Vec<Fix> {
    let own = lead(line);
    let span = Span::new(line.start, line.start + own);
    let moved = columns(text, line).into_iter().map(|column| {
        let side = if column < own { "left" } else { "right" };
        let title = format!("move {name} to the {side} by {}", column.abs_diff(own));
        Fix::new(title, vec![TextEdit::new(span, " ".repeat(column))])
    });
    moved.collect()
}

/// Where lines like this one stand, the nearest first.
fn columns(text: &str, line: Line<'_>) -> Vec<usize> {
    let (own, item) = (lead(line), is_item(line));
    let mut columns: Vec<usize> = Vec::new();
    for other in lines_above(text, line) {
        let places = match (item, is_item(other)) {
            // A list stands below its key, or two blanks deeper.
            (true, false) => vec![lead(other), lead(other) + 2],
            (false, true) => vec![lead(other) + 2],
            (true, true) | (false, false) => vec![lead(other)],
        };
        let is_new = |column: &usize| *column != own && !columns.contains(column);
        let places: Vec<usize> = places.into_iter().filter(is_new).collect();
        columns.extend(places);
    }
    columns.retain(|column| column.abs_diff(own) <= SLIP);
    columns.sort_by_key(|column| column.abs_diff(own));
    columns.truncate(PLACES);
    columns
}

/// The lines above one that say something.
fn lines_above<'t>(text: &'t str, line: Line<'t>) -> impl Iterator<Item = Line<'t>> {
    let above = move |line: &Line<'t>| Line::around(text, line.start.checked_sub(1)?);
    let lines = std::iter::successors(above(&line), above).take(LINES);
    lines.filter(|line| {
        let said = line.text.trim_start();
        !said.is_empty() && !said.starts_with('#') && !line.text.contains('\t')
    })
}

fn lead(line: Line<'_>) -> usize {
    line.text.len() - line.text.trim_start_matches(' ').len()
}

fn is_item(line: Line<'_>) -> bool {
    let said = line.text.trim_start_matches(' ');
    said == "-" || said.starts_with("- ")
}
