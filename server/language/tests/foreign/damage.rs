//! Every text of the public corpora, damaged: cut at every 50th byte, every byte flipped, edited at random.
//!
//! Whatever is left of a text is read, checked, completed and explained where the damage is; nothing panics, every
//! place lies on the text's characters, and nothing hangs: what takes the largest part of its limit is in the figures.
//! An edited text is read from the tree before, which must be the tree of a whole reading. And help goes on: a new key
//! two lines before or behind the damage is proposed what it was proposed without it. Our own samples are damaged in
//! `language::damage`, where more is asked of them.
//!
//! `cargo test` takes a part of each corpus. The whole, with a line of figures for each:
//! `COPYDESK_DAMAGE=whole cargo test --release -p copydesk-language damage -- --nocapture`.

mod measure;
mod subjects;

use copydesk_language::Memo;
use copydesk_text::document::{Change, Document};
use copydesk_text::{Encoding, LineIndex, Range};

use self::measure::Measure;
use self::subjects::Subject;

/// How much of a corpus is damaged, and how often.
#[derive(Clone, Copy)]
struct Reach {
    /// Each of so many texts.
    every: usize,
    /// So many bytes are read of one text for one kind of damage: the largest ones are damaged at fewer places, evenly.
    bytes: usize,
    edits: usize,
}

const PART: Reach = Reach { every: 16, bytes: 20_000, edits: 8 };
const WHOLE: Reach = Reach { every: 1, bytes: 64 << 20, edits: 60 };

/// Edits of this many bytes of text are compared with a whole reading.
const COMPARED: usize = 100_000;

impl Reach {
    fn asked() -> Self {
        if std::env::var_os("COPYDESK_DAMAGE").is_some_and(|how| how == "whole") { WHOLE } else { PART }
    }

    /// Places of a text, each `least` bytes at most.
    fn places(self, length: usize, least: usize) -> impl Iterator<Item = usize> {
        let count = (self.bytes / length.max(1)).max(4);
        (0..length).step_by(least.max(length.div_ceil(count)))
    }
}

/// Damages what a corpus holds; of the places that had help, so many hundredths must have it still.
fn damage(corpus: &str, subjects: Vec<Subject>, hundredths: usize) {
    let reach = Reach::asked();
    let mut measure = Measure::default();
    for (number, subject) in subjects.iter().enumerate().filter(|(number, _)| number % reach.every == 0) {
        measure.texts += 1;
        measure.bytes += subject.text.len();
        cuts(subject, reach, &mut measure);
        flips(subject, reach, &mut measure);
        edits(subject, reach, number, &mut measure);
    }
    measure.tell(corpus);
    assert!(
        measure.asked == 0 || measure.helped * 100 >= measure.asked * hundredths,
        "{corpus}: {measure:?}"
    );
}

fn cuts(subject: &Subject, reach: Reach, measure: &mut Measure) {
    let whole = &subject.text;
    for at in reach.places(whole.len(), 50) {
        let at = whole.floor_char_boundary(at);
        measure.ask(subject, &whole[..at], at);
        measure.help(subject, &whole[..at], at);
    }
}

fn flips(subject: &Subject, reach: Reach, measure: &mut Measure) {
    for (number, at) in reach.places(subject.text.len(), 1).enumerate() {
        let mut bytes = subject.text.as_bytes().to_vec();
        // Each bit has its turn.
        bytes[at] ^= 1 << (number % 8);
        let text = String::from_utf8_lossy(&bytes);
        measure.ask(subject, &text, at);
        if number % 16 == 0 {
            measure.help(subject, &text, at);
        }
    }
}

const PIECES: &[&str] = &[
    "", "\n", "\r\n", "  ", "- ", ": ", ":", "{", "]", "\"", "'", "|\n", "#", "&a ", "*a", "? ", "= ",
    "[[a]]\n", "\"\"\"", "---\n", "%", "\t", ",", "é", "${{ ",
];

fn edits(subject: &Subject, reach: Reach, number: usize, measure: &mut Measure) {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64 ^ (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 33).unwrap_or(0) % below.max(1)
    };
    let mut document = Document::open_at(0, subject.language(), &subject.path, &subject.text);
    let mut memo = Memo::default();
    let rounds = reach.edits.min(reach.bytes / subject.text.len().max(1)).max(2);
    measure::findings(subject, document.text(), document.tree(), &mut memo);
    for version in (1..).take(rounds) {
        document.tree();
        let text = document.text().clone();
        let start = text.floor_char_boundary(next(text.len() + 1));
        let end = text.floor_char_boundary((start + next(9)).min(text.len())).max(start);
        let lines = LineIndex::new(&text);
        let place = |at| lines.position(at, Encoding::Utf16);
        let range = Some(Range::new(place(start), place(end)));
        let change = Change { range, text: PIECES[next(PIECES.len())].to_owned() };
        document = document.edited(version, &[change], Encoding::Utf16);
        measure.answer(subject, document.text(), || document.tree(), &mut memo, start);
        if document.text().len() < COMPARED {
            let whole = copydesk_language::parse(&subject.path, document.text());
            assert!(document.tree() == &whole, "{}: {:?} after {text:?}", subject.name, document.text());
        }
    }
}

#[test]
fn the_yaml_test_suite() {
    // Its texts are odd ones: a workflow made of them has few places for a key.
    damage("YAML test suite", subjects::yaml_suite(), 80);
}

#[test]
fn the_toml_test_suite() {
    damage("TOML test suite", subjects::toml_suite(), 90);
}

#[test]
fn the_json_schema_test_suite() {
    // In JSON a quote that goes takes in what stands behind it.
    damage("JSON Schema test suite", subjects::json_schema_suite(), 85);
}

#[test]
fn the_tests_of_schemastore() {
    damage("SchemaStore", subjects::schemastore(), 90);
}
