//! Nothing panics, whatever a person has typed so far.

use std::path::Path;

use copydesk_language::{File, check, complete, hover, parse, symbols};
use proptest::prelude::*;

use crate::support::{WORKFLOW, untrusted};

const TEXTS: &[(&str, &str)] = &[
    (WORKFLOW, include_str!("fixtures/every-step.yaml")),
    (WORKFLOW, include_str!("fixtures/release.yaml")),
    (WORKFLOW, include_str!("fixtures/slips.yaml")),
    (".copydesk/agents/editor.md", include_str!("fixtures/editor.md")),
    (
        ".mcp.json",
        "{\"mcpServers\": {\"a\": {}, \"b\": {\"comand\": 1, \"url\": \"x\", \"command\": \"y\"}}}",
    ),
    ("skills/pdf/SKILL.md", "---\nname: PDF Forms\ndescription: ''\n---\nText\n"),
    (".copydesk/prompts/p.md", "---\narguments: [a, b]\nlanguages: [Rust]\n---\n{{a}} {{c}} {{\n"),
    (".copydesk/config.yaml", "permissions: {mode: plan, deny: [\"Read(x)\"]}\nbudgets: {run: {usd: 1}}\n"),
];

/// Asks everything there is to ask.
fn ask(path: &str, text: &str, offset: usize) {
    let path = Path::new(path);
    let tree = parse(path, text);
    let file = File::new(path, text, &tree);
    for finding in check(&file, &untrusted()) {
        assert!(text.get(finding.span.start..finding.span.end).is_some(), "{finding:?}");
        for edit in finding.fixes.iter().flat_map(|fix| &fix.edits) {
            assert!(text.get(edit.span.start..edit.span.end).is_some(), "{finding:?}");
        }
    }
    for proposal in complete(&file, &untrusted(), offset) {
        assert!(text.get(proposal.replace.start..proposal.replace.end).is_some(), "{proposal:?}");
    }
    if let Some(found) = hover(&file, &untrusted(), offset) {
        assert!(text.get(found.span.start..found.span.end).is_some(), "{found:?}");
    }
    symbols(&file);
}

#[test]
fn a_text_that_is_being_typed() {
    for (path, text) in TEXTS {
        // Every cut of a file is what somebody has typed before.
        for cut in (0..=text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            if cut % 7 == 0 || text.len() < 1000 {
                ask(path, &text[..cut], cut);
            }
        }
    }
}

#[test]
fn every_place_of_a_whole_text() {
    for (path, text) in TEXTS {
        let path = Path::new(path);
        let tree = parse(path, text);
        let file = File::new(path, text, &tree);
        for offset in 0..text.len() + 3 {
            complete(&file, &untrusted(), offset);
            hover(&file, &untrusted(), offset);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_texts(
        which in 0..TEXTS.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..12usize, "[ \\n:\\-\\[\\]{}'\"#|>&*!$a-z.ä€\\\\\t]{0,6}"), 1..6),
        cursor in any::<prop::sample::Index>(),
    ) {
        let (path, text) = TEXTS[which];
        let mut text = text.to_owned();
        for (at, length, new) in edits {
            let mut start = at.index(text.len() + 1);
            while !text.is_char_boundary(start) { start -= 1; }
            let mut end = (start + length).min(text.len());
            while !text.is_char_boundary(end) { end += 1; }
            text.replace_range(start..end, &new);
        }
        let mut offset = cursor.index(text.len() + 1);
        while !text.is_char_boundary(offset) { offset -= 1; }
        ask(path, &text, offset);
    }

    #[test]
    fn any_expression(text in "[ a-z0-9.'\"+\\-*/%<>=!&|?:,()\\[\\]{}$`;äö\\\\]{0,60}") {
        use copydesk_base::Span;
        use copydesk_language::expression::{parse, pieces, references};
        let (expr, _) = parse(&text, Span::new(0, text.len()));
        for reference in references(&expr) {
            prop_assert!(text.get(reference.root.span.start..reference.root.span.end).is_some());
            for member in reference.path {
                prop_assert!(text.get(member.name.span.start..member.name.span.end).is_some());
            }
        }
        for piece in pieces(&format!("${{{{{text}}}}} ${{{{{text}")) {
            prop_assert!(piece.outer.start <= piece.inner.start);
        }
    }
}
