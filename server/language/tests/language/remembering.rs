//! A check that remembers the last version finds what a check from nothing finds, and so does a summary.

use std::path::Path;

use copydesk_language::{File, Memo, Told, WorkspaceIndex, check, check_again, summary, summary_again};
use copydesk_text::document::{Document, Format};
use copydesk_text::position::Encoding;
use proptest::prelude::*;

use crate::chance;
use crate::support::{WORKFLOW, knowing, untrusted};

const TEXTS: &[&str] = &[
    include_str!("fixtures/every-step.yaml"),
    include_str!("fixtures/release.yaml"),
    include_str!("fixtures/slips.yaml"),
    ANCHORED,
];

/// What a step is stands elsewhere, in many ways.
const ANCHORED: &str = "\
name: a
x: &a {type: shell, run: 'echo ${{ inputs.who }} ${{ steps.one.output.stdot }}'}
inputs:
  who: &who {type: string}
  whom: *who
env: &env {A: b}
steps:
  - &b
    id: one
    type: shell
    needs: &needs [zero]
    run: ls ${{ steps.two.output }}
  - {<<: *b, id: two, run: x}
  - id: zero
    type: llm
    agent: reviewer
    prompt: ${{ steps.two.output.stdout }} ${{ steps.three.output[0].stdout }}
    outputSchema: &schema {type: object, additionalProperties: false, properties: {a: {type: string}}}
  - {<<: *a, id: three, foreach: '[1]', needs: *needs}
  - id: four
    type: llm
    agent: reviewer
    prompt: ${{ steps.zero.output.b }}
    outputSchema: *schema
  - {id: five, type: human, message: '${{ steps.four.output.b }} ${{ inputs.whom }}', env: *env}
  - {id: six, type: sleep, duration: 1s, needs: [five]}
";

/// What a person may put into a text: pieces that declare, use, break and mend.
const PIECES: &[&str] = &[
    "",
    "x",
    "\n",
    "  - id: new\n    type: shell\n    run: echo ${{ inputs.who }}\n",
    "${{ steps.new.output.stdout }}",
    "needs: [new]",
    "\"",
    "${{ ",
    "id: build",
    "outputSchema: {type: object, properties: {a: {type: string}}}",
    "timeout: soon",
    "# a remark",
    "    ",
    "&a b",
    "*a",
    "<<: *b",
    "&b ",
    "agent: reviewer",
];

/// Both ways at every version: the trees are those that an editor would have.
fn compare(versions: impl Iterator<Item = Document>, index: &WorkspaceIndex) {
    let path = Path::new(WORKFLOW);
    let (mut memo, mut told) = (Memo::default(), Told::default());
    for document in versions {
        let file = File::new(path, document.text(), document.tree());
        let remembered = check_again(&file, index, &mut memo);
        assert_eq!(remembered, check(&file, index), "of this text:\n{}", document.text());
        assert_eq!(summary_again(&file, &mut told), summary(&file), "of this text:\n{}", document.text());
    }
}

fn edited(document: &Document, at: usize, gone: usize, come: &str) -> Document {
    let text = document.text();
    let fit = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = fit(at % (text.len() + 1));
    let end = fit((start + gone).min(text.len())).max(start);
    let next = format!("{}{come}{}", &text[..start], &text[end..]);
    let change = copydesk_text::document::Change { range: None, text: next };
    document.edited(document.version() + 1, &[change], Encoding::Utf8)
}

fn opened(text: &str) -> Document {
    Document::with_format(1, "yaml", Format::Yaml, text)
}

#[test]
fn what_one_step_says_changes_what_others_mean() {
    let text = "name: a\ninputs:\n  who: {type: string}\nsteps:\n  - id: one\n    type: shell\n    run: ls\n  - id: two\n    \
                type: llm\n    agent: reviewer\n    prompt: ${{ steps.one.output.stdout }} ${{ inputs.who }}\n";
    let document = opened(text);
    let changed = |from: &str, to: &str| {
        let at = text.find(from).unwrap();
        edited(&document, at, from.len(), to)
    };
    let versions = [
        document.clone(),
        changed("type: shell", "type: sleep"),
        document.clone(),
        changed("id: one", "id: eins"),
        changed("who:", "whom:"),
        changed("- id: one", "- id: zero\n    type: sleep\n    duration: 5\n  - id: one"),
        changed("run: ls", "run: \"ls"),
        document.clone(),
        changed("run: ls", "rnu: ls"),
    ];
    compare(versions.into_iter(), &untrusted());
}

#[test]
fn what_other_files_say_is_not_remembered() {
    let text = "name: a\nsteps:\n  - id: one\n    type: llm\n    agent: reviewer\n    prompt: hi\n";
    let document = opened(text);
    let file = File::new(Path::new(WORKFLOW), document.text(), document.tree());
    let mut memo = Memo::default();
    for agents in [&[(".copydesk/agents/reviewer.md", "---\nname: reviewer\n---\n")][..], &[]] {
        let index = knowing(agents);
        assert_eq!(check_again(&file, &index, &mut memo), check(&file, &index));
    }
}

proptest! {
    #![proptest_config(chance::config(60, "tests/proptest-regressions/remembering.txt"))]

    #[test]
    fn typing_for_a_while(
        which in 0..TEXTS.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..12_usize, 0..PIECES.len()), 1..14),
    ) {
        let mut document = opened(TEXTS[which]);
        let mut versions = vec![document.clone()];
        for (at, gone, piece) in edits {
            // Asked for, so that the next tree is made from this one.
            document.tree();
            document = edited(&document, at.index(document.text().len() + 1), gone, PIECES[piece]);
            versions.push(document.clone());
        }
        compare(versions.into_iter(), &knowing(&[(".copydesk/agents/reviewer.md", "---\nname: reviewer\n---\n")]));
    }
}
