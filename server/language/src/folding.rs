//! What can be folded away: blocks, brackets, long texts, runs of comments, front matter.

use copydesk_base::Span;
use copydesk_text::{Kind, LineIndex, Node, Syntax, front_matter};

use crate::{File, FileKind, chat};

/// A piece of several lines that can be shown as its first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// From the first line's start to the last one's end, without its break.
    pub span: Span,
    pub kind: FoldKind,
}

/// What kind of piece it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldKind {
    Block,
    Comment,
    FrontMatter,
}

/// The folds of a file, in order of their first lines; at most one starts on each line.
pub fn folds(file: &File<'_>) -> Vec<Fold> {
    let lines = LineIndex::new(file.text);
    let mut folds = Vec::new();
    let mut add = |first: usize, last: usize, kind: FoldKind| {
        if last > first {
            folds.push(Fold { span: lines.line_span(first).cover(lines.line_span(last)), kind });
        }
    };
    if file.kind.is_markdown()
        && let Some(parts) = front_matter::split(file.text)
        && let Some(closing) = parts.closing
    {
        add(lines.line(parts.opening.start), lines.line(closing.start), FoldKind::FrontMatter);
    }
    if file.kind == FileKind::Chat {
        for turn in chat::turns(file.text) {
            let words = turn.body.of(file.text).trim_end().len();
            add(lines.line(turn.heading.start), lines.line(turn.body.start + words), FoldKind::Block);
        }
    }
    for root in file.tree.documents() {
        if file.tree.syntax() == Syntax::Toml {
            tables(file, root, &lines, &mut add);
        } else {
            blocks(root, &lines, &mut add);
        }
    }
    let mut run: Option<(usize, usize)> = None;
    for comment in file.tree.comments() {
        let line = lines.line(comment.start);
        let before = Span::new(lines.line_span(line).start, comment.start).of(file.text);
        if !before.trim().is_empty() {
            continue;
        }
        run = match run {
            Some((first, last)) if last + 1 == line => Some((first, line)),
            other => {
                if let Some((first, last)) = other {
                    add(first, last, FoldKind::Comment);
                }
                Some((line, line))
            }
        };
    }
    if let Some((first, last)) = run {
        add(first, last, FoldKind::Comment);
    }
    // Where several start on one line, the largest one is what a person sees there.
    folds.sort_by_key(|fold| (fold.span.start, std::cmp::Reverse(fold.span.end)));
    folds.dedup_by_key(|fold| fold.span.start);
    folds
}

fn blocks(node: Node<'_>, lines: &LineIndex<'_>, add: &mut impl FnMut(usize, usize, FoldKind)) {
    match node.kind() {
        Kind::Mapping(entries) => {
            for entry in entries {
                let value = entry.value();
                add(lines.line(entry.key().span().start), last_line(value, lines), FoldKind::Block);
                blocks(value, lines, add);
            }
        }
        Kind::Sequence(items) => {
            let span = node.span();
            let items_start = items.first().map_or(span.end, |item| item.span().start);
            // A list in brackets that nobody holds: an item of another list.
            if lines.line(items_start) > lines.line(span.start) {
                add(lines.line(span.start), lines.line(span.end), FoldKind::Block);
            }
            for item in items {
                add(lines.line(item.span().start), last_line(item, lines), FoldKind::Block);
                blocks(item, lines, add);
            }
        }
        Kind::Null | Kind::Scalar(_) | Kind::Alias(_) => {}
    }
}

/// In TOML what stands below a header, up to the next one: a table itself may have others between its pieces.
fn tables(
    file: &File<'_>,
    root: Node<'_>,
    lines: &LineIndex<'_>,
    add: &mut impl FnMut(usize, usize, FoldKind),
) {
    let mut last = Vec::new();
    values(root, file.text, lines, &mut |first, end| {
        add(first, end, FoldKind::Block);
        last.push((first, end));
    });
    last.sort_unstable();
    let in_value = |line: usize| {
        let before = last.partition_point(|(first, _)| *first < line);
        last.iter().take(before).rev().take(8).any(|(_, end)| line <= *end)
    };
    let mut header = None;
    let mut written = 0;
    for line in 0..lines.len() {
        let text = lines.line_span(line).of(file.text).trim();
        if text.starts_with('[') && !in_value(line) {
            if let Some(first) = header {
                add(first, written, FoldKind::Block);
            }
            header = Some(line);
        }
        if !text.is_empty() && !text.starts_with('#') {
            written = line;
        }
    }
    if let Some(first) = header {
        add(first, written, FoldKind::Block);
    }
}

/// The lines of values that reach over several: lists and tables in brackets, long texts.
fn values(node: Node<'_>, text: &str, lines: &LineIndex<'_>, add: &mut impl FnMut(usize, usize)) {
    let span = node.span();
    let is_written = node.scalar().is_some() || span.of(text).starts_with(['[', '{']);
    let (first, end) = (lines.line(span.start), lines.line(span.end));
    if is_written && end > first && span.start > 0 {
        add(first, end);
    }
    for child in node.items().iter().chain(node.entries().iter().map(copydesk_text::Entry::value)) {
        values(child, text, lines, add);
    }
}

/// The last line that shows something of a node. A text behind `|` may end with a break.
fn last_line(node: Node<'_>, lines: &LineIndex<'_>) -> usize {
    let span = node.span();
    let line = lines.line(span.end);
    let ends_before = span.end > span.start && lines.line_span(line).start == span.end;
    line - usize::from(ends_before)
}
