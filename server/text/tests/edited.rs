//! A tree that was made from the one before is the tree of the text.

use copydesk_base::Span;
use copydesk_text::document::{Change, Document, Format};
use copydesk_text::rebase;
use copydesk_text::{Encoding, Entry, Identity, Node, Tree, yaml};
use proptest::prelude::*;

mod chance;
mod edits;
mod show;
mod texts;

use edits::{check, edited, edits};
use texts::WORKFLOW;

fn identities(tree: &Tree) -> Vec<Identity> {
    let mut all = Vec::new();
    let mut next: Vec<Node<'_>> = tree.documents().iter().collect();
    while let Some(node) = next.pop() {
        if !node.entries().is_empty() || !node.items().is_empty() {
            all.push(node.identity());
        }
        next.extend(node.items());
        next.extend(node.entries().iter().map(Entry::value));
    }
    all
}

/// How many nodes of the later tree are the earlier one's, in hundredths.
fn shared(before: &Tree, after: &Tree) -> usize {
    let (before, after) = (identities(before), identities(after));
    let known: std::collections::HashSet<_> = before.into_iter().collect();
    after.iter().filter(|identity| known.contains(identity)).count() * 100 / after.len().max(1)
}

const PIECES: &[&str] = &[
    "a",
    "key",
    ":",
    ": ",
    "- ",
    "-",
    "\n",
    "\n  ",
    "\n    ",
    "\n  - ",
    "\n      ",
    "\r\n",
    "\r",
    "\t",
    " ",
    "  ",
    "    ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "|",
    ">",
    "|-\n",
    "|+\n",
    "#",
    " # c\n",
    "&x ",
    "*x",
    "*inputs",
    "!t ",
    "!!str ",
    "? ",
    "---\n",
    "...\n",
    "%",
    "@",
    "\\",
    "\\u00e9",
    "é",
    "𝒳",
    "\u{feff}",
    "\u{2028}",
    "\u{2029}",
    "\u{85}",
    "\u{a0}",
    "${{ x }}",
    "<<: ",
    "null",
    "1.5",
    "name: ",
    "id: a",
    "steps:",
    "\n  - id: new\n    type: shell\n",
    "\nfoo: bar\n",
    "# comment\n",
    "\n    needs: [x]\n",
    "\n      deep: 1\n",
    "\n  x: 1\n",
];

fn text() -> impl Strategy<Value = String> {
    let lines = [
        "a: 1\n",
        "b:\n",
        "  c: x y\n",
        "  - d\n",
        "  - e: f\n    g: h\n",
        "  - id: x\n    type: y\n    run: |\n      one\n      two\n",
        "\n",
        "# c\n",
        "  # c\n",
        "- i\n",
        "- j: k\n  l: m\n",
        "  - n\n",
        "    o: p\n",
        "q: |\n  r\n",
        "q: |+\n  r\n\n",
        "s: >\n  t\n  u\n",
        "v: \"w\n  x\"\n",
        "y: [z,\n  a]\n",
        "b: {c: d}\n",
        "e: &f g\n",
        "h: *f\n",
        "---\n",
        "...\n",
        "  i: j\n",
        "\tk: l\n",
        "m: n\n  o\n",
        "? p\n: q\n",
        "r: !t s\n",
        "a: \"\n",
        "b: [\n",
        "word\n",
        "a: 1\r\n",
        "  - x\r\n",
    ];
    proptest::collection::vec(proptest::sample::select(lines.to_vec()), 0..14)
        .prop_map(|lines| lines.concat())
}

fn opened(text: &str) -> Document {
    Document::with_format(0, "yaml", Format::Yaml, text)
}

fn seen(text: &str, tree: &Tree) -> String {
    let broken: Vec<String> =
        tree.broken().iter().map(|span| format!("broken {span:?} {:?}\n", span.of(text))).collect();
    show::show(text, tree) + &broken.concat()
}

/// What the tree of the later text says that a reading of the whole does not.
fn difference(before: &Document, next: &Document) -> Option<String> {
    let whole = yaml::parse(next.text());
    (next.tree() != &whole).then(|| {
        let (whole, found) = (seen(next.text(), &whole), seen(next.text(), next.tree()));
        format!("{:?}\n{}====\n{}", before.text(), next.text(), rebase::unified(&whole, &found, "whole"))
    })
}

proptest! {
    #![proptest_config(chance::config(3000, "tests/proptest-regressions/edited.txt"))]

    #[test]
    fn edits_of_a_workflow(edits in edits(PIECES)) {
        check(opened(WORKFLOW), &edits, difference)?;
    }

    #[test]
    fn edits_of_any_text(start in text(), edits in edits(PIECES)) {
        check(opened(&start), &edits, difference)?;
    }
}

/// What random edits have found: the text, the bytes that go, what comes.
const FOUND: &[(&str, &str, std::ops::Range<usize>, &str)] = &[
    (
        "an alias is judged once the text is healed",
        "q: |\n  r\n    o: p\na: 1\nh: *f\n\tk: l\n",
        29..29,
        "a- ",
    ),
    (
        "a document without content is one",
        "---\n...\nv: \"w\n  x\"\n  - n\n# c\nq: |\n  r\n  c: x y\n",
        10..13,
        "",
    ),
    ("a list in a list starts at its own dash", "- - [\n", 4..4, "\\"),
    ("words that no key stands among are one text", "  - e:f\n    g: h\n", 14..16, "["),
    ("the same at the root", "q:]  r\nq: |\n  r\n", 7..9, ","),
    ("the same with a question mark", "\\|-\n? name: ", 5..11, ""),
    ("the same with a comment behind a tab", "v:|-\n&x  |-\n&x   \t# c\ne: &f g\n", 19..22, ""),
    ("a quote left open at the start may be closed anywhere", "'    o: p\na: 1\nq: |\n  r\n", 21..23, "'"),
    ("what stands before a value must not stand left of it", "q: |\n  r\n", 9..9, "!t \n    needs: [x]\n"),
    ("what stands before nothing", "q: \n  &x ", 2..2, ""),
    ("what stands before nothing, lines below", "# c\nr: !t # c\n \n  &x \n", 9..9, ""),
    ("an anchor before a list", "&x -   # c\n- i\n", 5..13, ""),
    ("an anchor before the root", "&x\nfoo: bar\n \n", 12..12, "]"),
    ("a mapping in brackets is no entry", "q: |\n  r\nb|-\n!t  {c: d}\n", 5..9, "\n  "),
    ("brackets that go on at the column of their key", "word\ny: [z,\n  a]\n", 9..9, "\n"),
    ("quotes that go on there", "a:\"\n    needs: [x]\n\"\n  - d\n", 2..2, "\n  - "),
    ("a byte order mark that is none", "\r\n\u{feff}-[<<: --\nwora: \"\n", 20..21, ""),
    ("what is missing at the end of a block", "b:x\na: 1\na: \"\ne: &f g\n", 8..9, ""),
    ("a bracket that goes on with what stands above", "a: \"\n\nfoo: bar\n]   o: p\n", 8..10, ""),
    ("a colon that does", "? [: p\n: q\n", 7..7, ","),
    ("a colon that does not", "''\nfoo: bar\n p\n: q\n", 0..0, "@"),
    (
        "a comment behind a text with a bad head",
        "  j\n    o: p\n# c\ns: >&x \n  t\n  u\n",
        25..25,
        "# comment\n",
    ),
    ("an anchor in a block that is read by guessing", "key # c\n&x \nfoo: bar\n", 8..8, "a"),
    ("a key that is an alias", "|-\n*xa:\n  - n: [a]\n", 12..12, ":\t"),
    ("a tab is no indentation", "r: ![r\n\n\tk: l\n", 8..11, ","),
    ("a text as a key", "q:---\n?  |+\n  r\n\na: \"\n", 16..16, "a"),
    ("a tag before items", "- j\n    needs: [x]\n: !*f\n- i\nm: n\n  o\n", 18..21, "|-\n"),
    ("a question mark in a comment", "m: n\na: \"\na: 1\n#? p\n: q\n", 2..2, "["),
    ("a text whose head is not found", "*xname:  |+\n  r\n\n- i\n    o: p\n? p\n: q\n", 16..17, ","),
    ("an anchor before all of it, in a text that is healed", "&x # c\nb: {c: <<: d}\n", 12..13, ""),
    ("a dash in a comment behind a dash", "B:\n- x: 1\n  y: 2\n- z\n", 5..5, "#- "),
    (
        "a tag before all of it, in the same way",
        "!!st' \r\na1 \"foo\":\n  !!str%\n&a2 baz : *a1\n",
        24..27,
        "- ",
    ),
    ("a key that is missing, before a comment", "aq: |+\n  r\n\n? p\n: q\n", 14..14, "\r\n#"),
    ("the same, and an edit above it", "aq: |+\n  r\n\n?\r\n# p\n: q\n", 0..1, ""),
    ("the head of a block scalar before keys", ">-\ntype: s\"\u{1}inpu", 11..12, ""),
    ("the head of a block scalar before a key with two colons", "|\n\ta: b\nc: d\n", 2..3, ""),
    ("a character in a comment that none may have", "---\n# d\u{1}\n- b: [ :q", 12..13, ""),
    ("an end of input in a comment", "# d\0\nd:\n b: [\n", 12..13, ""),
    (
        "a quote left open before an empty line",
        "steps:\n  - with:\n    - ? complex\n      : value\n\n  - id: last\n    run: 'x'\n",
        25..35,
        "'}",
    ),
    ("a mapping on the line of its document's mark", "--- i\n    o: p\n", 5..6, ""),
    ("a line with a separator alone is no blank line", "a:\n  - b: c\n\n  - d: e\n", 12..12, "\u{2028}"),
    ("nor is one of paragraphs", "a:\n  - b: c\n\n  - d: e\n", 12..12, "\u{2029}"),
    ("nor is a blank that does not break", "a:\n  - b: c\n\n  - d: e\n", 12..12, "\u{a0}"),
];

#[test]
fn what_random_edits_have_found() {
    for (name, text, span, come) in FOUND {
        let document = Document::with_format(0, "yaml", Format::Yaml, text);
        document.tree();
        let next = edited(&document, Span::new(span.start, span.end), come);
        assert_eq!(difference(&document, &next), None, "{name}");
    }
}

#[test]
fn white_space_behind_a_block_scalar_may_be_its_text() {
    let texts = ["q: |\n  r\n? p\n: q\n", "a:\n  - q: |\n      r\n  - s\n", "q: >\n r\n\ns: t\n"];
    for text in texts {
        let mark = text.find("r\n").unwrap() + 2;
        for come in ["       \n", "\n  \r\n", "  \t\n", "\n\n", "       \n# c\n"] {
            let document = Document::with_format(0, "yaml", Format::Yaml, text);
            document.tree();
            let typed = edited(&document, Span::at(mark), come);
            assert_eq!(typed.tree(), &yaml::parse(typed.text()), "{:?}", typed.text());
            let gone = edited(&typed, Span::new(mark, mark + come.len()), "");
            assert_eq!(gone.tree(), &yaml::parse(text), "{:?} taken out of {:?}", come, typed.text());
            let less = edited(&typed, Span::new(mark, mark + come.len() + 1), "");
            assert_eq!(less.tree(), &yaml::parse(less.text()), "{:?}", less.text());
        }
    }
}

#[test]
fn what_was_left_open_above_may_be_closed_below() {
    for (text, mark) in [("b: [\ny: [z,\n  a]\nc: d\n", "[z"), ("b: {\ny: {z,\n  a}\nc: d\n", "{z")] {
        let document = Document::with_format(0, "yaml", Format::Yaml, text);
        document.tree();
        let at = text.find(mark).unwrap();
        let closed = edited(&document, Span::new(at, at + 1), "");
        assert_eq!(closed.tree(), &yaml::parse(closed.text()), "{:?}", closed.text());
    }
}

/// Types a piece at a mark, and looks at how much of the tree is still the same.
#[track_caller]
fn typed(mark: &str, come: &str, least: usize) {
    let mut text = WORKFLOW.to_owned();
    for step in 0..200 {
        let step = format!(
            "  - id: step-{step}\n    type: shell\n    run: |\n      echo {step}\n    needs:\n      - build\n"
        );
        text = text.replace("outputs:\n", &format!("{step}outputs:\n"));
    }
    let document = Document::with_format(0, "yaml", Format::Yaml, &text);
    let at = text.find(mark).unwrap_or_else(|| panic!("no {mark:?}")) + mark.len();
    document.tree();
    let mut next = document.clone();
    for (number, c) in come.char_indices() {
        next = edited(&next, Span::at(at + number), &c.to_string());
        assert_eq!(next.tree(), &yaml::parse(next.text()), "{:?}", &come[..number]);
        let shared = shared(document.tree(), next.tree());
        assert!(shared >= least, "{shared} % are shared behind {mark:?} and {:?}", &come[..=number]);
    }
}

#[test]
fn an_edit_costs_its_block() {
    // Within a step: a letter, a new key, a broken quote, a broken list.
    typed("echo 100", "xyz", 95);
    typed("echo 100", "\n    if: ${{ true }}", 95);
    typed("echo 100", "\n    env:\n      A: \"b", 95);
    typed("echo 100", "\n    with: [a, {b", 95);
    typed("id: step-100", "-x", 95);
    typed("id: step-100", ": '", 95);
    // A new step, and a new key of the root, typed letter by letter.
    typed("echo 100\n    needs:\n      - build", "\n  - id: new\n    type: sleep\n    duration: 1", 95);
    typed("one\n    two\n", "env:\n  A: 1\n", 95);
    // A comment at the head, and one between steps.
    typed("schema=workflow.json", " and more", 95);
    typed("# between", " two", 95);
}

#[test]
fn versions_that_nobody_looked_at() {
    let mut document = Document::with_format(0, "yaml", Format::Yaml, WORKFLOW);
    document.tree();
    let before = document.clone();
    for (mark, come) in [("name: ", "pre-"), ("id: last", "-one"), ("plain: ", "not "), ("id: ", "re")] {
        let at = document.text().find(mark).unwrap() + mark.len();
        document = edited(&document, Span::at(at), come);
    }
    assert_eq!(document.tree(), &yaml::parse(document.text()));
    assert!(shared(before.tree(), document.tree()) > 20);
    assert_eq!(before.tree(), &yaml::parse(WORKFLOW));
    // The whole text at once, with one line changed.
    let text = document.text().replace("type: llm", "type: plan");
    let whole = document.edited(9, &[Change { range: None, text: text.clone() }], Encoding::Utf8);
    assert_eq!(whole.tree(), &yaml::parse(&text));
    assert!(shared(document.tree(), whole.tree()) > 20);
}
