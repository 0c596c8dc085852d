//! `needs` with fewer names, or with others. Comments in it are the person's and stay: what they were about may go.

use copydesk_base::{Span, TextEdit};
use copydesk_text::{Entry, Node};

use super::Place;
use super::text::inline;

/// `needs` with these names; without any, and on lines of its own, it goes.
pub(super) fn needs_left(place: &Place<'_, '_>, entry: Entry<'_>, kept: &[&str]) -> Vec<TextEdit> {
    let text = place.file.text;
    if has_comments(place, entry.span()) {
        return without(place, entry, kept);
    }
    vec![match own_lines(text, entry.span()).filter(|_| kept.is_empty()) {
        Some(lines) => TextEdit::new(lines, ""),
        None => list(entry, kept),
    }]
}

/// `needs` with one name in place of several; `None` where it cannot be written.
pub(super) fn needs_renamed(
    place: &Place<'_, '_>,
    entry: Entry<'_>,
    names: &[&str],
    gone: &[&str],
    id: &str,
) -> Option<Vec<TextEdit>> {
    if has_comments(place, entry.span()) {
        return renamed_in_place(place, entry.value(), gone, id);
    }
    let mut new: Vec<&str> = Vec::new();
    for name in names {
        let name = if gone.contains(name) { id } else { name };
        if !new.contains(&name) {
            new.push(name);
        }
    }
    Some(vec![list(entry, &new)])
}

/// The same in a list with comments.
fn renamed_in_place(place: &Place<'_, '_>, list: Node<'_>, gone: &[&str], id: &str) -> Option<Vec<TextEdit>> {
    let is_gone = |item: &Node<'_>| item.scalar_text().is_some_and(|name| gone.contains(&name));
    let mut items = list.items().iter().filter(is_gone);
    let named = TextEdit::new(items.next()?.span(), inline(id));
    Some(std::iter::once(named).chain(items.map(|item| taken_out(place.file.text, list, item))).collect())
}

/// Takes the other names out one by one, and the key with the last of them.
fn without(place: &Place<'_, '_>, entry: Entry<'_>, kept: &[&str]) -> Vec<TextEdit> {
    let (text, value) = (place.file.text, entry.value());
    let single = Some(value).filter(|value| value.scalar().is_some());
    let gone = value.items().iter().chain(single);
    let gone = gone.filter(|item| item.scalar_text().is_none_or(|name| !kept.contains(&name)));
    let items = gone.map(|item| taken_out(text, value, item));
    let key = (kept.is_empty() && !is_flow(text, value)).then(|| without_value(text, entry.key().span()));
    key.into_iter().chain(items).collect()
}

/// An item, and what holds it in its list.
fn taken_out(text: &str, list: Node<'_>, item: Node<'_>) -> TextEdit {
    let span = item.span();
    let gone = if is_flow(text, list) {
        let behind = text.get(span.end..).unwrap_or("");
        let blank = behind.len() - behind.trim_start().len();
        let comma = behind.get(blank..).is_some_and(|behind| behind.starts_with(','));
        Span::new(span.start, if comma { span.end + blank + 1 } else { span.end })
    } else {
        let lead = text.get(..span.start).unwrap_or("").trim_end_matches([' ', '\t']);
        let is_item = list.scalar().is_none();
        cut(
            text,
            Span::new(lead.strip_suffix('-').filter(|_| is_item).map_or(span.start, str::len), span.end),
        )
    };
    TextEdit::new(gone, "")
}

/// A key whose value goes; where it is the first of its step it has to stay.
fn without_value(text: &str, key: Span) -> TextEdit {
    let colon = text.get(key.end..).and_then(|rest| rest.find(':')).map_or(key.end, |at| key.end + at + 1);
    let line = lines_around(text, key.start, key.start);
    if text.get(line.start..key.start).is_some_and(|before| before.trim().is_empty()) {
        TextEdit::new(cut(text, Span::new(key.start, colon)), "")
    } else {
        TextEdit::insert(colon, " []")
    }
}

fn is_flow(text: &str, list: Node<'_>) -> bool {
    list.span().of(text).starts_with('[')
}

/// What goes with a piece: its whole line where nothing else stands on it, else the blanks behind it.
fn cut(text: &str, piece: Span) -> Span {
    let line = lines_around(text, piece.start, piece.end);
    let rest = text.get(piece.end..line.end).unwrap_or("");
    let is_alone = text.get(line.start..piece.start).is_some_and(|before| before.trim().is_empty());
    if is_alone && rest.trim().is_empty() {
        return line;
    }
    Span::new(piece.start, piece.end + rest.len() - rest.trim_start_matches([' ', '\t']).len())
}

fn has_comments(place: &Place<'_, '_>, span: Span) -> bool {
    place.file.tree.comments().iter().any(|comment| span.overlaps(*comment))
}

fn list(entry: Entry<'_>, names: &[&str]) -> TextEdit {
    let names: Vec<String> = names.iter().map(|name| inline(name)).collect();
    TextEdit::new(Span::new(entry.key().span().end, entry.span().end), format!(": [{}]", names.join(", ")))
}

/// The whole lines of an entry that has them for itself.
fn own_lines(text: &str, span: Span) -> Option<Span> {
    let lines = lines_around(text, span.start, span.end);
    let has_more = |piece: Option<&str>| piece.is_some_and(|piece| !piece.trim().is_empty());
    // A comment behind it stays, and so does its line.
    let others = has_more(text.get(lines.start..span.start)) || has_more(text.get(span.end..lines.end));
    (!others).then_some(lines)
}

/// From the start of the first line to the end of the last one, its break included.
pub(super) fn lines_around(text: &str, start: usize, end: usize) -> Span {
    let start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    if end > start && text[..end].ends_with('\n') {
        return Span::new(start, end);
    }
    Span::new(start, text[end..].find('\n').map_or(text.len(), |at| end + at + 1))
}
