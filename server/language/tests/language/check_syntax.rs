//! Broken texts and the one usual cause of each: what is offered, and the text once it is taken.

use copydesk_base::Code;

use crate::support::{WORKFLOW, all_findings, apply, trusted};

/// A path, a text, the title of its mend, and the mended text.
const MENDS: &[(&str, &str, &str, &str)] = &[
    (WORKFLOW, "name: a: b\n", "put the text in quotes", "name: \"a: b\"\n"),
    (
        WORKFLOW,
        "name: x\ndescription: say \"a\": b # why\r\n",
        "put the text in quotes",
        "name: x\ndescription: 'say \"a\": b' # why\r\n",
    ),
    (WORKFLOW, "name: @ä😀\n", "put the text in quotes", "name: \"@ä😀\"\n"),
    (WORKFLOW, "steps:\n  - run: %x\n", "put the text in quotes", "steps:\n  - run: \"%x\"\n"),
    (WORKFLOW, "name: `x`\n", "put the text in quotes", "name: \"`x`\"\n"),
    (WORKFLOW, "name: 'it's'\n", "put the text in quotes", "name: 'it''s'\n"),
    (WORKFLOW, "name: \"x\" y\n", "put the text in quotes", "name: '\"x\" y'\n"),
    (WORKFLOW, "name: \"x\n", "close the quote with \"", "name: \"x\"\n"),
    (
        WORKFLOW,
        "name: 'x # not yet\nsteps: []\n",
        "close the quote with '",
        "name: 'x' # not yet\nsteps: []\n",
    ),
    (
        WORKFLOW,
        "steps:\n  - needs: [a, b # both\n    id: c\n",
        "close the bracket with ']'",
        "steps:\n  - needs: [a, b] # both\n    id: c\n",
    ),
    (WORKFLOW, "env: {A: b\nname: x\n", "close the bracket with '}'", "env: {A: b}\nname: x\n"),
    (WORKFLOW, "steps:\n  - needs: [a, b}\n", "change to ']'", "steps:\n  - needs: [a, b]\n"),
    (WORKFLOW, "name:x\nsteps: []\n", "put a space here", "name: x\nsteps: []\n"),
    (WORKFLOW, "name\nsteps: []\n", "add a ':'", "name:\nsteps: []\n"),
    (WORKFLOW, "name: \"a\u{1b}[31m\"\n", "write '\\x1b'", "name: \"a\\x1b[31m\"\n"),
    (WORKFLOW, "name: \u{1b}x\n", "take it out", "name: x\n"),
    (WORKFLOW, "name: \"\\q\"\n", "write '\\\\' for a backslash", "name: \"\\\\q\"\n"),
    (
        WORKFLOW,
        "name: x\nsteps:\n\t- id: a\n\t\ttype: shell\n\n\t\trun: \"a\tb\"\nenv: {}\n",
        "use two spaces for each tab",
        "name: x\nsteps:\n  - id: a\n    type: shell\n\n    run: \"a\tb\"\nenv: {}\n",
    ),
    (
        ".copydesk/agents/a.md",
        "---\nname: a\n\nBe kind.\n",
        "end it with '---'",
        "---\nname: a\n---\n\nBe kind.\n",
    ),
    (
        "a.chat.md",
        "---\nmodel: m\n\n# User\nHi.\n",
        "end it with '---'",
        "---\nmodel: m\n---\n\n# User\nHi.\n",
    ),
    // A rule that somebody drew further down would be its end.
    (
        "a.chat.md",
        "---\nmodel: m\nmode: plan\n\n# User\n\n---\nHi.\n",
        "end it with '---'",
        "---\nmodel: m\nmode: plan\n---\n\n# User\n\n---\nHi.\n",
    ),
    ("a.chat.md", "---\n\nmodel: m\n\nHi.\n", "end it with '---'", "---\n\nmodel: m\n---\n\nHi.\n"),
    (
        "a.chat.md",
        "\n\n---\nmode: plan\n---\nHi.\n",
        "begin the document with it",
        "---\nmode: plan\n---\nHi.\n",
    ),
    (
        "a.chat.md",
        "-----\n\nmode: plan\n---\nHi.\n",
        "begin the document with it",
        "---\n\nmode: plan\n---\nHi.\n",
    ),
    (
        "a.chat.md",
        " ---\nmode: plan\n---\nHi.\n",
        "begin the document with it",
        "---\nmode: plan\n---\nHi.\n",
    ),
    ("a.chat.md", "---\r\n\r\nmodel: m", "end it with '---'", "---\r\n\r\nmodel: m\r\n---\r\n"),
    (WORKFLOW, "name: x\nname: y\nsteps: []\n", "take this one out", "name: x\nsteps: []\n"),
];

#[test]
fn a_broken_text_is_mended_where_one_line_tells_what_was_meant() {
    for (path, text, title, mended) in MENDS {
        let found = all_findings(path, text, &trusted());
        let is_syntax = |code: Code| matches!(code, Code::YamlSyntax | Code::DuplicateKey);
        let Some(finding) = found.iter().find(|one| is_syntax(one.code)) else {
            panic!("{text}\n{found:#?}")
        };
        let Some(fix) = finding.fixes.first() else { panic!("no mend of {finding:#?} in\n{text}") };
        assert_eq!((fix.title.as_str(), apply(text, fix).as_str()), (*title, *mended), "{text}");
        let left = all_findings(path, mended, &trusted());
        assert!(left.iter().all(|one| !is_syntax(one.code)), "{mended}\n{left:#?}");
    }
}

#[test]
fn where_more_than_one_thing_may_be_meant_nothing_is_offered() {
    for text in ["env: {A: @b, C: d}\n", "steps: [@a]\n", "name: |x\n", "a: x\n---\nb: y\n"] {
        let found = all_findings(WORKFLOW, text, &trusted());
        let syntax: Vec<_> = found.iter().filter(|one| one.code == Code::YamlSyntax).collect();
        assert!(!syntax.is_empty(), "{text}");
        assert!(syntax.iter().all(|one| one.fixes.is_empty()), "{text}\n{syntax:#?}");
    }
}
