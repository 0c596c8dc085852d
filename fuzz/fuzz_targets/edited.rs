//! A tree that was made from the one before is the tree of the text.

#![no_main]

use copydesk_text::document::{Change, Document, Format};
use copydesk_text::json::{self, Dialect};
use copydesk_text::{Encoding, LineIndex, Range, toml, yaml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str, Vec<(u16, u8, &str)>)| {
    let (format, text, edits) = input;
    let format = [Format::Yaml, Format::Toml, Format::Json, Format::Jsonc][usize::from(format) % 4];
    let mut document = Document::with_format(0, "any", format, text);
    for (version, (at, length, come)) in (1..).zip(edits.into_iter().take(20)) {
        document.tree();
        let text = document.text().clone();
        let start = text.floor_char_boundary(usize::from(at) % (text.len() + 1));
        let end = text.floor_char_boundary((start + usize::from(length)).min(text.len())).max(start);
        let lines = LineIndex::new(&text);
        let place = |at| lines.position(at, Encoding::Utf8);
        let change = Change { range: Some(Range::new(place(start), place(end))), text: come.to_owned() };
        document = document.edited(version, &[change], Encoding::Utf8);
        let whole = match format {
            Format::Toml => toml::parse(document.text()),
            Format::Json => json::parse(document.text(), Dialect::Strict),
            Format::Jsonc => json::parse(document.text(), Dialect::Commented),
            _ => yaml::parse(document.text()),
        };
        assert!(document.tree() == &whole, "{format:?} {:?}, before {text:?}", document.text());
    }
});
