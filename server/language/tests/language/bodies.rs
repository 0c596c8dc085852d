//! Texts below a head: expressions in an agent's prompt, arguments in a prompt's.

use copydesk_language::{TokenKind, hover, semantic_tokens, signature};
use expect_test::{Expect, expect};

use crate::support::check_text;
use crate::world::{World, defines, refers, renames};

const AGENT: &str = ".copydesk/agents/a.md";

#[test]
fn an_agents_expressions_are_checked_where_they_stand() {
    let check = |body: &str, expect: Expect| {
        check_text(AGENT, &format!("---\nname: a\ntools: []\n---\n# Ä 😀\n\n{body}\n"), expect);
    };
    check("Write about ${{ inputs.topic }} and ${{ steps.plan.output }}.", expect![""]);
    check("Not evaluated: ${ { inputs.topic } }, {{ topic }}.", expect![""]);
    check(
        "Write ${{ ⟦input⟧.topic }}.",
        expect![[r#"
        error unknown-root there is no 'input' in expressions; did you mean 'inputs'? [fix: change to 'inputs']
    "#]],
    );
    check(
        "Write ${{ inputs.topic.⟦toUpercase⟧() }} and ${{ Math.⟦rond⟧(1.5) }}.",
        expect![[r#"
        error unknown-method there is no method 'toUpercase'; did you mean 'toUpperCase'? [fix: change to 'toUpperCase']
        error unknown-method 'Math' has no 'rond'; did you mean 'round'? [fix: change to 'round']
    "#]],
    );
    check(
        "Write ${{ inputs.a ⟦~⟧ 1 }}.",
        expect![[r#"
        error expression-syntax operators on bits are not part of the language
    "#]],
    );
    check(
        "Write ⟦${{⟧ inputs.a\nand go on.",
        expect![[r#"
        error expression-syntax this '${{' is never closed; add '}}' [fix: add '}}']
    "#]],
    );
    check(
        "The output is: ${{ ⟦output⟧.x }}",
        expect![[r#"
        error unknown-root there is no 'output' here; it stands in 'transform' only; elsewhere write 'steps.ID.output'
    "#]],
    );
    check(
        "```yaml\nrun: ${{ ⟦github⟧.sha }}\n```",
        expect![[r#"
        error unknown-root there is no 'github' in expressions; start from 'inputs', 'steps' or another root, or put quotes around a text
    "#]],
    );
    check("Round ${{ index }} of ${{ item.name }}.", expect![""]);
}

/// Two workflows that name one agent, whose prompt reads what they hand it.
fn desk(needle: &str) -> String {
    let text = "\
//- /w/.copydesk/agents/writer.md
---
name: writer
---
Write about ${{ inputs.topic }}, ${{ inputs['tone'] }}.
Use ${{ inputs. }}
Shorter: ${{ inputs.topic.slice( }}
//- /w/.copydesk/agents/critic.md
---
name: critic
---
Was ${{ inputs.words }} enough?
//- /w/.copydesk/agents/judge.md
---
name: judge
---
Judge ${{ inputs.other }}.
//- /w/.copydesk/workflows/a.yaml
name: a
inputs:
  topic: {type: string, description: what it is about}
  tone: {type: string, values: [dry, warm]}
steps:
  - {id: one, type: llm, agent: writer, prompt: go}
//- /w/.copydesk/workflows/b.yaml
name: b
inputs:
  topic: {type: string}
  words: {type: number}
steps:
  - {id: one, type: plan, agent: writer, goal: go, qualityGate: {agent: critic}}
  - {id: two, type: llm, agent: judge, prompt: go}
//- /w/.copydesk/workflows/c.yaml
name: c
inputs:
  other: {type: string}
  words: {type: number}
steps:
  - {id: one, type: llm, agent: judge, prompt: go}
  - {id: two, type: llm, agent: critic, prompt: go}
";
    let at = text.find(needle).unwrap_or_else(|| panic!("no {needle}")) + needle.len();
    format!("{}$0{}", &text[..at], &text[at..])
}

#[test]
fn an_agents_prompt_completes_what_its_callers_hand_it() {
    World::new(&desk("Use ${{ inputs.")).completes(expect!["tone topic words"]);
    let proposed = World::new(&desk("Use ${{ in")).completions();
    for root in ["inputs", "steps", "secrets", "item"] {
        assert!(proposed.iter().any(|one| one.label == root), "{root}: {proposed:?}");
    }
    World::new(&desk("inputs['")).completes(expect!["tone topic words"]);
    World::new(&desk("Use ")).completes(expect![""]);
}

#[test]
fn an_agents_prompt_is_explained() {
    let shown = |needle: &str, expect: Expect| {
        let world = World::new(&desk(needle));
        let found = world.with(|file| hover(file, &world.index(), world.offset));
        expect.assert_eq(&found.map_or("nothing".to_owned(), |found| found.markdown));
    };
    shown(
        "${{ inputs.top",
        expect![[r#"
        `text`

        what it is about"#]],
    );
    shown(
        "${{ inp",
        expect![[r#"
        **inputs**

        What the workflow was given."#]],
    );
    shown(
        "topic.sli",
        expect![[r#"
        `slice(from?: number, to?: number): text`

        A part of it, counted from 0; negative numbers count from the end.

        Here: `text`"#]],
    );
    shown("Write ab", expect!["nothing"]);
    let world = World::new(&desk("slice("));
    let found = world.with(|file| signature(file, &world.index(), world.offset));
    expect!["slice(from?: number, to?: number): text"]
        .assert_eq(&found.map_or("nothing".to_owned(), |found| found.label));
    let world = World::new(&desk("Write"));
    let words = world.with(|file| {
        let tokens = semantic_tokens(file, None).into_iter();
        let below = tokens.filter(|token| token.span.start > 30 && token.kind != TokenKind::Operator);
        below.map(|token| token.span.of(file.text).to_owned()).collect::<Vec<_>>()
    });
    expect!["inputs topic inputs 'tone' inputs inputs topic slice"].assert_eq(&words.join(" "));
}

#[test]
fn an_input_and_the_agents_that_read_it_are_one_thing_where_one_workflow_hands_it() {
    defines(
        &desk("inputs['to"),
        expect![[r#"
        .copydesk/workflows/a.yaml:4: ‹tone›: {type: string, values: [dry, warm]}
    "#]],
    );
    refers(
        &desk("  tone"),
        expect![[r#"
        .copydesk/agents/writer.md:4: Write about ${{ inputs.topic }}, ${{ inputs['‹tone›'] }}.
        .copydesk/workflows/a.yaml:4: ‹tone›: {type: string, values: [dry, warm]}
    "#]],
    );
    refers(
        &desk("inputs['to"),
        expect![[r#"
        .copydesk/agents/writer.md:4: Write about ${{ inputs.topic }}, ${{ inputs['‹tone›'] }}.
        .copydesk/workflows/a.yaml:4: ‹tone›: {type: string, values: [dry, warm]}
    "#]],
    );
    renames(
        &desk("  tone"),
        "mood-of",
        expect![[r#"
        .copydesk/agents/writer.md: Write about ${{ inputs.topic }}, ${{ inputs['mood-of'] }}.
        .copydesk/workflows/a.yaml: mood-of: {type: string, values: [dry, warm]}
    "#]],
    );
    renames(
        &desk("  other"),
        "another",
        expect![[r#"
        .copydesk/agents/judge.md: Judge ${{ inputs.another }}.
        .copydesk/workflows/c.yaml: another: {type: string}
    "#]],
    );
    renames(
        &desk("type: string}\n  wo"),
        "count",
        expect![[r#"
        refused: .copydesk/agents/critic.md reads the input 'words' for several workflows; change it there by hand first
    "#]],
    );
    renames(
        &desk("Was ${{ inputs.wo"),
        "count",
        expect![[r#"
        refused: 'words' is declared nowhere; declare it first
    "#]],
    );
    // Two workflows have an input of this name; which one is meant nobody knows.
    defines(
        &desk("inputs.to"),
        expect![[r#"
        nothing
    "#]],
    );
    renames(
        &desk("${{ inputs.to"),
        "subject",
        expect![[r#"
        refused: an expression in .copydesk/agents/writer.md cannot be read, and it may name 'topic'; mend it first
    "#]],
    );
}

#[test]
fn an_agent_without_a_name_is_found_from_its_own_file() {
    let fixture = "\
//- /w/.copydesk/agents/plain.md
---$0
description: no name
---
Go.
//- /w/.copydesk/workflows/a.yaml
name: a
steps:
  - {id: one, type: llm, agent: plain, prompt: go}
";
    refers(
        fixture,
        expect![[r#"
        .copydesk/agents/plain.md:1: ‹---›
        .copydesk/workflows/a.yaml:3: - {id: one, type: llm, agent: ‹plain›, prompt: go}
    "#]],
    );
    renames(
        fixture,
        "simple",
        expect![[r#"
        .copydesk/agents/plain.md → .copydesk/agents/simple.md
        .copydesk/workflows/a.yaml: - {id: one, type: llm, agent: simple, prompt: go}
    "#]],
    );
}

/// A prompt with arguments.
fn prompt(needle: &str) -> String {
    let text = "\
//- /w/.copydesk/prompts/p.md
---
description: d
arguments:
  - {name: topic, description: what it is about, required: true}
  - tone
---
# Ä 😀
Write about {{topic}} in a {{ tone }} way, {{topic}} first.
Not ${{ topic }}.
And {{
And {{ to
";
    let at = text.find(needle).unwrap_or_else(|| panic!("no {needle}")) + needle.len();
    format!("{}$0{}", &text[..at], &text[at..])
}

#[test]
fn the_arguments_of_a_prompt_complete_jump_and_rename() {
    World::new(&prompt("And {{")).completes(expect!["topic tone"]);
    World::new(&prompt("And {{ to")).completes(expect!["topic tone"]);
    World::new(&prompt("about {{to")).completes(expect!["topic tone"]);
    World::new(&prompt("Not ${{ to")).completes(expect![""]);
    World::new(&prompt("Write ab")).completes(expect![""]);
    defines(
        &prompt("about {{to"),
        expect![[r#"
        .copydesk/prompts/p.md:4: - {name: ‹topic›, description: what it is about, required: true}
    "#]],
    );
    defines(
        &prompt("{{ to"),
        expect![[r#"
        .copydesk/prompts/p.md:5: - ‹tone›
    "#]],
    );
    refers(
        &prompt("name: to"),
        expect![[r#"
        .copydesk/prompts/p.md:4: - {name: ‹topic›, description: what it is about, required: true}
        .copydesk/prompts/p.md:8: Write about {{‹topic›}} in a {{ tone }} way, {{topic}} first.
        .copydesk/prompts/p.md:8: Write about {{topic}} in a {{ tone }} way, {{‹topic›}} first.
    "#]],
    );
    renames(
        &prompt("about {{to"),
        "subject",
        expect![[r#"
        .copydesk/prompts/p.md: - {name: subject, description: what it is about, required: true}
        .copydesk/prompts/p.md: Write about {{subject}} in a {{ tone }} way, {{subject}} first.
    "#]],
    );
    renames(
        &prompt("about {{to"),
        "tone",
        expect![[r#"
        refused: there is already an argument 'tone'
    "#]],
    );
    let world = World::new(&prompt("about {{to"));
    let found = world.with(|file| hover(file, &world.index(), world.offset));
    expect![[r#"
        **topic**: an argument, required

        what it is about"#]]
    .assert_eq(&found.map_or("nothing".to_owned(), |found| found.markdown));
}
