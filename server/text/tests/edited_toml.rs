//! A tree of TOML that was made from the one before is the tree of the text.

use copydesk_base::Span;
use copydesk_text::document::{Document, Format};
use copydesk_text::toml;
use proptest::prelude::*;

mod chance;
mod edits;

use edits::{check, edited, edits};

fn opened(text: &str) -> Document {
    let document = Document::with_format(0, "toml", Format::Toml, text);
    document.tree();
    document
}

/// What the tree of the later text says that a reading of the whole does not.
fn difference(before: &Document, next: &Document) -> Option<String> {
    let whole = toml::parse(next.text());
    (next.tree() != &whole).then(|| {
        format!("{:?}\n became {:?}\n{:#?}\n is not {whole:#?}", before.text(), next.text(), next.tree())
    })
}

const PIECES: &[&str] = &[
    "a",
    "b",
    "c = 1\n",
    "d.e = 2\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    "\t",
    "=",
    " = ",
    ".",
    ",",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "#",
    " # c\n",
    "\n[t]\n",
    "\n[[l]]\n",
    "[a.b]\n",
    "1",
    "true",
    "\\",
    "\\u00e9",
    "é",
    "𝒳",
    "\u{feff}",
    "[\n",
    "\n]",
    "x = [\n1,\n2]\n",
    "y = {a = 1}\n",
    "z = {\na = 1\n}\n",
];

fn text() -> impl Strategy<Value = String> {
    let lines = [
        "a = 1\n",
        "b = \"x\"\n",
        "c = [1, 2]\n",
        "d = [\n  1,\n  2,\n]\n",
        "e = {f = 1}\n",
        "g.h = 1\n",
        "g.i = 2\n",
        "a.b = 3\n",
        "\n",
        "# c\n",
        "[t]\n",
        "[t.u]\n",
        "[t.u.v]\n",
        "[w]\n",
        "[[l]]\n",
        "[[l]]\n",
        "[l.m]\n",
        "[[l.n]]\n",
        "[t] # c\n",
        "  a = 2\n",
        "s = \"\"\"\nx\ny\"\"\"\n",
        "s = '''\nx\n'''\n",
        "a = \n",
        "= 1\n",
        "x = [1,\n",
        "y = {z = 1,\n",
        "q = {\nr = 1,\n}\n",
        "[\"k\"]\n",
        "[broken\n",
        "[]\n",
        "'q' = 1\n",
        "a = 1\r\n",
        "word\n",
        "a = [[1],\n[2]]\n",
        "[a]\n",
        "[a.b]\n",
        "[[a]]\n",
        "a.c.d = 1\n",
        "b = \"\"\"\n",
        "f = } \n",
        "g = { [ }\n",
        "h = {{}}\n",
        "i = 1]\n",
    ];
    proptest::collection::vec(proptest::sample::select(lines.to_vec()), 0..16)
        .prop_map(|lines| lines.concat())
}

proptest! {
    #![proptest_config(chance::config(3000, "tests/proptest-regressions/edited_toml.txt"))]

    #[test]
    fn edits_of_any_text(start in text(), edits in edits(PIECES)) {
        check(opened(&start), &edits, difference)?;
    }
}

/// What random edits have found: the text, the bytes that go, what comes.
const FOUND: &[(&str, &str, std::ops::Range<usize>, &str)] = &[
    ("a table that goes on behind the edit", "[a]\nx = 1\n[b]\ny = 2\n[a.c]\nz = 3\n", 18..19, "22"),
    ("a list that does", "[[l]]\nx = 1\n[b]\ny = 2\n[[l]]\nx = 3\n", 20..21, "22"),
    ("a header behind a table of its own", "[a.b]\nx = 1\n[a]\ny = 2\n", 20..21, "22"),
    ("a key that a table of dots has behind it", "g.h = 1\nx = 1\ng.i = 2\n", 8..9, "g"),
    ("a header behind a line break of old", "x = 1\r[a]\ny = 2\nz = 3\n", 14..15, "4"),
    ("a byte order mark that is one no longer", "\u{feff}[", 0..0, "x = [\n1,\n2]\n"),
    ("a dot on the line above a key that is missing", "g.h [\n= 1\n", 2..5, ""),
    ("an escape at the end of a line", "b = \"\\\n]x\"\na.c.d = 1\n", 5..5, "[\n"),
    ("a bracket that is open above a comment", "a = {x = 1,\n# c\n", 12..12, "y = 2\n"),
];

#[test]
fn what_random_edits_have_found() {
    for (name, text, span, come) in FOUND {
        let document = opened(text);
        let next = edited(&document, Span::new(span.start, span.end), come);
        assert_eq!(difference(&document, &next), None, "{name}");
    }
}
