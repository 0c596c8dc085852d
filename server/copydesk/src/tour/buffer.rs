//! A text as an editor holds it: its version counts up with every change, and every change can be told to a server.

use copydesk_base::Span;
use copydesk_text::position::{Encoding, LineIndex, Position, Range};
use serde_json::{Value, json};

/// What positions count in unless something else was agreed; the tour agrees on nothing else.
const UNITS: Encoding = Encoding::Utf16;

/// An open document.
#[derive(Clone, Debug)]
pub(super) struct Buffer {
    pub(super) text: String,
    pub(super) version: i64,
}

impl Buffer {
    /// Replaces pieces of the text; answers the changes as `didChange` tells them.
    pub(super) fn replace(&mut self, mut pieces: Vec<(Span, String)>) -> Vec<Value> {
        // From the end to the start, so that each range still counts in the text that it is told for.
        pieces.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        let mut changes = Vec::new();
        for (span, new) in pieces {
            changes.push(json!({"range": self.range(span), "text": new}));
            self.text.replace_range(span.start..span.end, &new);
        }
        self.version += 1;
        changes
    }

    /// The protocol's range of a span.
    pub(super) fn range(&self, span: Span) -> Value {
        let Range { start, end } = LineIndex::new(&self.text).range(span, UNITS);
        let place = |at: Position| json!({"line": at.line, "character": at.character});
        json!({"start": place(start), "end": place(end)})
    }

    /// The protocol's position of a byte.
    pub(super) fn position(&self, offset: usize) -> Value {
        self.range(Span::at(offset))["start"].take()
    }

    /// The span of the protocol's range; `None` where it is no range.
    pub(super) fn span(&self, range: &Value) -> Option<Span> {
        let number = |pointer: &str| u32::try_from(range.pointer(pointer)?.as_u64()?).ok();
        let start = Position::new(number("/start/line")?, number("/start/character")?);
        let end = Position::new(number("/end/line")?, number("/end/character")?);
        Some(LineIndex::new(&self.text).span(Range::new(start, end), UNITS))
    }

    /// The pieces of `TextEdit`s.
    pub(super) fn pieces(&self, edits: &Value) -> Option<Vec<(Span, String)>> {
        let edits = edits.as_array()?.iter();
        edits.map(|edit| Some((self.span(&edit["range"])?, edit["newText"].as_str()?.to_owned()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_of_one_answer_count_in_the_text_before_them_all() {
        let mut buffer = Buffer { text: "ä😀b\nc\n".to_owned(), version: 1 };
        let edits = json!([
            {"range": {"start": {"line": 0, "character": 3}, "end": {"line": 0, "character": 4}}, "newText": "B\n"},
            {"range": {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 1}}, "newText": "C"},
        ]);
        let pieces = buffer.pieces(&edits).unwrap();
        let changes = buffer.replace(pieces);
        assert_eq!((buffer.text.as_str(), buffer.version), ("ä😀B\n\nC\n", 2));
        assert_eq!(changes[0]["text"], "C", "told from the end to the start");
    }
}
