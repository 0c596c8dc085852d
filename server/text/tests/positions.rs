//! Positions and edits, against a model that is too simple to be wrong.

use copydesk_base::Span;
use copydesk_text::{Change, Document, Encoding, LineIndex, Node, Position, Range, position};
use proptest::prelude::*;

/// A line and a character.
type Place = (u32, u32);

const ENCODINGS: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

#[track_caller]
fn check(text: &str, at: (u32, u32), encoding: Encoding, offset: usize, back: (u32, u32)) {
    let (at, back) = (Position::new(at.0, at.1), Position::new(back.0, back.1));
    let rope = ropey::Rope::from_str(text);
    let index = LineIndex::new(text);
    assert_eq!(position::offset(&rope, at, encoding), offset, "rope, {at:?}");
    assert_eq!(index.offset(at, encoding), offset, "index, {at:?}");
    assert_eq!(position::position(&rope, offset, encoding), back, "rope, {offset}");
    assert_eq!(index.position(offset, encoding), back, "index, {offset}");
}

#[test]
fn places_of_every_sort() {
    use Encoding::{Utf8, Utf16, Utf32};
    let cases: &[(&str, Place, Encoding, usize, Place)] = &[
        ("", (0, 0), Utf16, 0, (0, 0)),
        ("", (7, 7), Utf16, 0, (0, 0)),
        ("ab\ncd", (1, 1), Utf16, 4, (1, 1)),
        ("ab\ncd", (0, 9), Utf16, 2, (0, 2)),
        ("ab\ncd", (9, 0), Utf16, 5, (1, 2)),
        ("ab\r\ncd", (0, 9), Utf16, 2, (0, 2)),
        ("ab\r\ncd", (0, 3), Utf8, 2, (0, 2)),
        ("ab\rcd", (1, 0), Utf32, 3, (1, 0)),
        ("ab\r\r\ncd", (2, 1), Utf16, 6, (2, 1)),
        ("ab\n", (1, 0), Utf16, 3, (1, 0)),
        ("a\u{2028}b\u{b}c\u{c}d\u{85}e", (0, 4), Utf16, 6, (0, 4)),
        ("\u{feff}a", (0, 1), Utf16, 3, (0, 1)),
        ("\u{feff}a", (0, 3), Utf8, 3, (0, 3)),
        ("x𝒳y", (0, 3), Utf16, 5, (0, 3)),
        ("x𝒳y", (0, 2), Utf16, 1, (0, 1)),
        ("x𝒳y", (0, 3), Utf8, 1, (0, 1)),
        ("x𝒳y", (0, 2), Utf32, 5, (0, 2)),
        ("e\u{301}f", (0, 1), Utf32, 1, (0, 1)),
    ];
    for (text, at, encoding, offset, back) in cases {
        check(text, *at, *encoding, *offset, *back);
    }
}

#[test]
fn lines_of_an_index() {
    let index = LineIndex::new("a\r\nbc\rd\n");
    assert_eq!(index.len(), 4);
    assert_eq!(
        (0..5).map(|line| index.line_span(line)).collect::<Vec<_>>(),
        [Span::new(0, 1), Span::new(3, 5), Span::new(6, 7), Span::at(8), Span::at(8),]
    );
    assert_eq!([0, 2, 3, 5, 6, 8].map(|offset| index.line(offset)), [0, 0, 1, 1, 2, 3]);
}

/// In a line that is counted anew for each place this takes minutes.
#[test]
fn a_long_line_is_counted_once() {
    let text = format!("é\n{}\r\nx", "aé𝒳".repeat(60_000));
    let (index, rope) = (LineIndex::new(&text), ropey::Rope::from_str(&text));
    let start = std::time::Instant::now();
    for encoding in ENCODINGS {
        for offset in (0..=text.len()).step_by(13) {
            let place = index.position(offset, encoding);
            assert_eq!(place, position::position(&rope, offset, encoding), "{offset}");
            assert_eq!(index.offset(place, encoding), position::offset(&rope, place, encoding), "{place:?}");
        }
    }
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

/// The offset of a position, by walking the text one character after the other.
fn model_offset(text: &str, at: Position, encoding: Encoding) -> usize {
    let (mut line, mut units) = (0, 0);
    let mut chars = text.char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        let width = encoding.length(c.encode_utf8(&mut [0; 4]));
        let ends_line = matches!(c, '\r' | '\n');
        if line == at.line && (ends_line || units + width > at.character as usize) {
            return offset;
        }
        if c == '\r' && chars.peek().is_some_and(|(_, c)| *c == '\n') {
            chars.next();
        }
        if ends_line { (line, units) = (line + 1, 0) } else { units += width }
    }
    text.len()
}

fn piece() -> impl Strategy<Value = String> {
    let parts = [
        "a",
        "bc ",
        "\n",
        "\r\n",
        "\r",
        "\u{feff}",
        "é",
        "e\u{301}",
        "𝒳",
        "👩‍👩‍👧",
        "\u{2028}",
        "\u{b}",
        "\u{c}",
        "\t",
    ];
    proptest::collection::vec(proptest::sample::select(parts.to_vec()), 0..8).prop_map(|parts| parts.concat())
}

fn change() -> impl Strategy<Value = (Option<(Place, Place)>, String)> {
    let place = || (0..12u32, 0..14u32);
    (proptest::option::weighted(0.95, (place(), place())), piece())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// 64 texts with 16 edits each: 1 024 edits for each encoding.
    #[test]
    fn edits_equal_the_model(start in piece(), edits in proptest::collection::vec(change(), 16)) {
        for encoding in ENCODINGS {
            let mut model = start.clone();
            let mut document = Document::open(0, "yaml", &start);
            for (version, (places, text)) in (1..).zip(&edits) {
                let range = places.map(|(from, to)| Range::new(Position::new(from.0, from.1), Position::new(to.0, to.1)));
                match range {
                    Some(range) => {
                        let one = model_offset(&model, range.start, encoding);
                        let other = model_offset(&model, range.end, encoding);
                        model.replace_range(one.min(other)..one.max(other), text);
                    }
                    None => model.clone_from(text),
                }
                document = document.edited(version, &[Change { range, text: text.clone() }], encoding);
                prop_assert_eq!(document.text().as_ref(), model.as_str());
                prop_assert_eq!(document.version(), version);
            }
            let index = LineIndex::new(&model);
            for (offset, _) in model.char_indices().chain([(model.len(), ' ')]) {
                let place = position::position(document.rope(), offset, encoding);
                prop_assert_eq!(place, index.position(offset, encoding));
                let back = if model[..offset].ends_with('\r') && model[offset..].starts_with('\n') { offset - 1 } else { offset };
                prop_assert_eq!(position::offset(document.rope(), place, encoding), back);
                prop_assert_eq!(index.offset(place, encoding), back);
            }
            for line in 0..14 {
                for character in 0..14 {
                    let place = Position::new(line, character);
                    let expected = model_offset(&model, place, encoding);
                    prop_assert_eq!(position::offset(document.rope(), place, encoding), expected);
                    prop_assert_eq!(index.offset(place, encoding), expected);
                }
            }
        }
    }
}

#[test]
fn several_changes_of_one_notification() {
    let document = Document::open(1, "yaml", "a: 1\nb: 2\n");
    let change = |from: (u32, u32), to: (u32, u32), text: &str| Change {
        range: Some(Range::new(Position::new(from.0, from.1), Position::new(to.0, to.1))),
        text: text.to_owned(),
    };
    let edited =
        document.edited(2, &[change((0, 0), (0, 0), "x: 0\n"), change((1, 3), (1, 4), "9")], Encoding::Utf16);
    assert_eq!(edited.text().as_ref(), "x: 0\na: 9\nb: 2\n");
    assert_eq!(document.text().as_ref(), "a: 1\nb: 2\n");
    assert_ne!(document.hash(), edited.hash());
    assert_eq!(edited.tree().root().and_then(|root| root.get("a")).and_then(Node::as_i64), Some(9));
}
