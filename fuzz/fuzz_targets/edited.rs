//! A tree that was made from the one before is the tree of the text.

#![no_main]

use copydesk_text::document::{Change, Document, Format};
use copydesk_text::{Encoding, LineIndex, Range, yaml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, Vec<(u16, u8, &str)>)| {
    let (text, edits) = input;
    let mut document = Document::with_format(0, "yaml", Format::Yaml, text);
    for (version, (at, length, come)) in (1..).zip(edits.into_iter().take(20)) {
        document.tree();
        let text = document.text().clone();
        let start = text.floor_char_boundary(usize::from(at) % (text.len() + 1));
        let end = text.floor_char_boundary((start + usize::from(length)).min(text.len())).max(start);
        let lines = LineIndex::new(&text);
        let place = |at| lines.position(at, Encoding::Utf8);
        let change = Change { range: Some(Range::new(place(start), place(end))), text: come.to_owned() };
        document = document.edited(version, &[change], Encoding::Utf8);
        assert_eq!(document.tree(), &yaml::parse(document.text()), "{:?}", document.text());
    }
});
