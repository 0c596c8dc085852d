//! Random edits of a text, made one after the other, and what the trees of the versions must be.

use copydesk_base::Span;
use copydesk_text::document::{Change, Document};
use copydesk_text::{Encoding, LineIndex, Range};
use proptest::prelude::*;

/// Replaces bytes of the document's text.
pub(crate) fn edited(document: &Document, span: Span, come: &str) -> Document {
    let index = LineIndex::new(document.text());
    let place = |at| index.position(at, Encoding::Utf8);
    let change =
        Change { range: Some(Range::new(place(span.start), place(span.end))), text: come.to_owned() };
    document.edited(document.version() + 1, &[change], Encoding::Utf8)
}

/// Where each edit is, how many bytes go, and what comes.
pub(crate) type Edits = Vec<(prop::sample::Index, usize, Vec<&'static str>)>;

/// Some edits that write these pieces.
pub(crate) fn edits(pieces: &'static [&'static str]) -> impl Strategy<Value = Edits> {
    let piece = proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..3);
    let length = prop_oneof![4 => Just(0usize), 3 => 1..4usize, 1 => 0..60usize];
    proptest::collection::vec((any::<prop::sample::Index>(), length, piece), 1..6)
}

/// Makes the edits one after the other, and compares after each.
pub(crate) fn check(
    mut document: Document,
    edits: &Edits,
    difference: impl Fn(&Document, &Document) -> Option<String>,
) -> Result<(), TestCaseError> {
    document.tree();
    for (at, length, come) in edits {
        let text = document.text().to_string();
        let from = text.floor_char_boundary(at.index(text.len() + 1));
        let to = text.floor_char_boundary((from + length).min(text.len())).max(from);
        let next = edited(&document, Span::new(from, to), &come.concat());
        if let Some(story) = difference(&document, &next) {
            return Err(TestCaseError::fail(format!("{from}..{to} {:?}: {story}", come.concat())));
        }
        document = next;
    }
    Ok(())
}
