//! What a file looks like in an editor: folds, growing selections, colors, hints.

use std::path::Path;
use std::sync::Arc;

use copydesk_base::Span;
use copydesk_language::index::SettingsView;
use copydesk_language::{
    File, KnownModel, TokenRole, WorkspaceIndex, folds, hints, parse, selections, semantic_tokens,
};
use expect_test::{Expect, expect};

use crate::support::{WORKFLOW, knowing};

fn in_file<R>(path: &str, text: &str, look: impl Fn(&File<'_>) -> R) -> R {
    let tree = parse(Path::new(path), text);
    look(&File::new(Path::new(path), text, &tree))
}

const TEXT: &str = "\
# what it is
# and why
name: x
inputs:
  who:
    type: string
steps:
  - id: build
    type: shell
    run: |
      make
      make test
  - id: tell
    type: llm
    agent: writer
    if: inputs.who == 'ä😀' && !steps.build.error
    prompt: Hi ${{ steps.build.output.trim() + 1 }}
    strategy:
      matrix: {os: [a, b, c], size: [1, 2]}
    needs: [build]
";

#[test]
fn blocks_comments_and_texts_fold() {
    let shown = |path: &str, text: &str| {
        let lines = |span: Span| {
            let line = |at: usize| text[..at].matches('\n').count();
            (line(span.start), line(span.end))
        };
        in_file(path, text, |file| {
            let lines = folds(file).into_iter().map(|fold| format!("{:?} {:?}", lines(fold.span), fold.kind));
            lines.collect::<Vec<String>>().join("\n") + "\n"
        })
    };
    expect![[r#"
        (0, 1) Comment
        (3, 5) Block
        (4, 5) Block
        (6, 19) Block
        (7, 11) Block
        (9, 11) Block
        (12, 19) Block
        (17, 18) Block
    "#]]
    .assert_eq(&shown(WORKFLOW, TEXT));
    expect![[r#"
        (0, 3) FrontMatter
        (1, 2) Block
    "#]]
    .assert_eq(&shown(".copydesk/agents/a.md", "---\nname:\n  a\n---\nHello.\n"));
    expect![[r#"
        (1, 4) Block
        (2, 3) Block
    "#]]
    .assert_eq(&shown(WORKFLOW, "name: x\nsteps: [\n  {id: a,\n   type: shell}\n]\n"));
    expect![[r#"
        (0, 1) Comment
        (2, 4) Block
        (6, 9) Block
        (7, 9) Block
        (12, 14) Block
        (13, 14) Block
    "#]]
    .assert_eq(&shown("x.toml", "# a\n# b\na = [\n  [1],\n]\n\n[b]\nx = \"\"\"\n[c]\n\"\"\"\n\n[[d]]\n[b.e]\ny = {\n z = 1 }\n# end\n"));
}

#[test]
fn a_selection_grows_by_the_tree_and_inside_expressions() {
    let at = TEXT.find("output.trim").expect("the place") + 2;
    let shown = in_file(WORKFLOW, TEXT, |file| {
        let spans = selections(file, at);
        let inside =
            spans.windows(2).all(|pair| pair[1].start <= pair[0].start && pair[0].end <= pair[1].end);
        assert!(inside, "{spans:?}");
        let lines =
            spans.into_iter().map(|span| span.of(TEXT).lines().next().unwrap_or("").to_owned() + "\n");
        lines.collect::<String>()
    });
    expect![[r#"
        output
        steps.build.output
        steps.build.output.trim
        steps.build.output.trim()
        steps.build.output.trim() + 1
         steps.build.output.trim() + 1 
        ${{ steps.build.output.trim() + 1 }}
        Hi ${{ steps.build.output.trim() + 1 }}
        prompt: Hi ${{ steps.build.output.trim() + 1 }}
        id: tell
        - id: build
        steps:
        name: x
        # what it is
    "#]]
    .assert_eq(&shown);
    // Anywhere there is an answer, and it holds the place.
    for at in 0..=TEXT.len() {
        let spans = in_file(WORKFLOW, TEXT, |file| selections(file, at));
        assert!(!spans.is_empty() && spans.iter().all(|span| span.touches(at)), "{at}: {spans:?}");
    }
}

fn colors(text: &str, within: Option<Span>) -> String {
    in_file(WORKFLOW, text, |file| {
        let words = semantic_tokens(file, within).into_iter().map(|token| {
            let role = if token.role == TokenRole::Declares { "!" } else { "" };
            format!("{}={}{role} ", token.span.of(text), token.kind.as_str())
        });
        words.collect::<String>()
    })
}

fn check_colors(text: &str, expect: &Expect) {
    expect.assert_eq(&colors(text, None));
}

#[test]
fn words_have_their_colors() {
    check_colors(
        "name: x\ninputs: {who: {type: string}}\nsteps:\n  - {id: a, type: shell, run: \"echo ${{ escape(inputs.who) }}\", needs: [b]}\n",
        &expect![[
            r#"name=property inputs=property who=parameter! type=property steps=property id=property a=variable! type=property shell=type run=property ${{=operator escape=function inputs=namespace who=parameter }}=operator needs=property b=variable "#
        ]],
    );
    check_colors(
        "steps:\n  - id: 'b'\n    type: llm\n    agent: w\n    if: steps.a.output.includes('x') && !true\n    foreach: ${{ [1, item].map(x => x['y']) }}\n",
        &expect![[
            r#"steps=property id=property b=variable! type=property llm=type agent=property w=class if=property steps=namespace a=variable output=property includes=method 'x'=string &&=operator !=operator true=keyword foreach=property ${{=operator 1=number item=variable map=method x=variable =>=operator x=variable 'y'=string }}=operator "#
        ]],
    );
}

#[test]
fn colors_of_a_part_are_those_of_the_whole() {
    let text = format!("name: x\n{TEXT}");
    let whole = colors(&text, None);
    for at in (0..text.len()).step_by(11).filter(|at| text.is_char_boundary(*at)) {
        let part = colors(&text, Some(Span::new(at, (at + 60).min(text.len()))));
        assert!(whole.contains(part.trim_end()), "{part}");
    }
}

fn shown_hints(text: &str, index: &WorkspaceIndex) -> String {
    in_file(WORKFLOW, text, |file| {
        let hints = hints(file, index, Span::new(0, text.len()));
        let lines = hints.into_iter().map(|hint| {
            let line = text[..hint.offset].matches('\n').count() + 1;
            format!("{line} {}: {}\n", hint.label, hint.tooltip.replace('\n', " "))
        });
        lines.collect()
    })
}

#[test]
fn hints_say_what_is_not_written() {
    let index =
        knowing(&[(".copydesk/agents/writer.md", "---\nname: writer\nmodel: anthropic/claude\n---\n")]);
    expect![[r#"
        14 ≤ 60 requests: At most so many requests to a model: `maxIterations` is 10 (the default); in 6 rounds. What they cost depends on the model; no price of it is known here.
        15 anthropic/claude: The agent `writer` asks this model: `.copydesk/agents/writer.md` says so.
        19 6 rounds: One round for each combination of values: `os` has 3 × `size` has 2
    "#]]
    .assert_eq(&shown_hints(TEXT, &index));
    let text = TEXT.replace(
        "    needs: [build]\n",
        "    retry: {count: 2}\n    maxIterations: 3\n    qualityGate: {agent: writer}\n",
    );
    let shown = shown_hints(&text, &WorkspaceIndex::default());
    assert!(shown.contains("waits for build"), "{shown}");
    assert!(
        shown.contains("≤ 468 requests"),
        "3 calls, twice, two reviews, three tries, six rounds: {shown}"
    );
    // With the price of every model that is asked there is a bound in dollars.
    let known = |name: &str, most_dollars| KnownModel {
        name: name.to_owned(),
        most_dollars,
        ..KnownModel::default()
    };
    let priced = |claude, other| WorkspaceIndex {
        models: Arc::new([known("anthropic/claude", claude), known("other/m", other)]),
        settings: Some(Arc::new(SettingsView {
            default_model: Some("other/m".into()),
            ..SettingsView::default()
        })),
        ..index.clone()
    };
    let cost = |text: &str, claude, other| {
        let shown = shown_hints(text, &priced(claude, other));
        shown.lines().find(|line| line.contains("requests")).unwrap_or_default().to_owned()
    };
    expect!["14 ≤ 60 requests, ≤ $90.00: At most so many requests to a model: `maxIterations` is 10 (the default); in 6 rounds. One costs $1.50 at the most: the whole window of `anthropic/claude`, with the longest answer."]
        .assert_eq(&cost(TEXT, Some(1.5), None));
    let reviewed = TEXT.replace("    needs: [build]\n", "    qualityGate: {agent: nobody}\n");
    assert!(
        cost(&reviewed, Some(1.5), Some(2.0)).starts_with("14 ≤ 240 requests, ≤ $480: "),
        "the dearer one"
    );
    assert!(cost(&reviewed, Some(1.5), None).starts_with("14 ≤ 240 requests: "), "one price is not known");
    assert!(cost(TEXT, Some(0.0), None).starts_with("14 ≤ 60 requests, free: "));
    let own =
        TEXT.replace("    needs: [build]\n", "    provider: other\n    model: m\n    maxIterations: 1\n");
    assert!(cost(&own, None, Some(0.001)).starts_with("14 ≤ 6 requests, ≤ $0.01: "));
    // What an expression computes is not known.
    let text = TEXT.replace("matrix: {os: [a, b, c], size: [1, 2]}", "matrix: ${{ inputs.who }}");
    assert!(shown_hints(&text, &WorkspaceIndex::default()).contains("≤ 10 requests a round"));
    let text = TEXT.replace("    needs: [build]\n", "    maxIterations: ${{ inputs.who }}\n");
    assert!(!shown_hints(&text, &WorkspaceIndex::default()).contains("requests"));
}

#[test]
fn mending_a_failed_step_asks_a_model_too() {
    let step = |keys: &str| format!("name: t\nsteps:\n  - {{id: a, {keys}}}\n");
    for (keys, expected) in [
        ("type: llm, agent: w, prompt: p", "≤ 10 requests"),
        // Three times ten, and ten of the agent before the second and the third.
        ("type: llm, agent: w, prompt: p, auto_heal: {agent: w, maxAttempts: 2}", "≤ 50 requests"),
        ("type: llm, agent: w, prompt: p, reflexion: {limit: 3}", "≤ 43 requests"),
        ("type: llm, agent: w, prompt: p, reflexion: {}", "≤ 43 requests"),
        ("type: shell, run: ls, autoHeal: {agent: w}", "≤ 10 requests"),
        ("type: dynamic, goal: g, auto_heal: {agent: w}", "≤ 1650 requests"),
        ("type: dynamic, goal: g, maxReplans: 0", "≤ 205 requests"),
        ("type: dynamic, goal: g, maxReplans: 1, maxIterations: 2, maxSteps: 3", "≤ 64 requests"),
        ("type: llm, agent: w, prompt: p, maxIterations: 4, outputRetries: 2", "≤ 12 requests"),
        (
            "type: llm, agent: w, prompt: p, maxIterations: 4, qualityGate: {agent: w, maxAttempts: 2}",
            "≤ 42 requests",
        ),
    ] {
        let shown = shown_hints(&step(keys), &WorkspaceIndex::default());
        assert!(shown.contains(&format!("{expected}:")), "{keys}: {shown}");
    }
    assert_eq!(shown_hints(&step("type: shell, run: ls"), &WorkspaceIndex::default()), "");
}

#[test]
fn hints_of_a_part_are_only_those() {
    let at = TEXT.find("matrix").expect("the place");
    let found =
        in_file(WORKFLOW, TEXT, |file| hints(file, &WorkspaceIndex::default(), Span::new(at, at + 6)));
    assert_eq!(found.len(), 1, "{found:?}");
}
