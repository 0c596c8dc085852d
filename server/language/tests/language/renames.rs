//! Renames: what they write in which form, and what they refuse.

use copydesk_language::navigate::{FileRenames, prepare_rename};
use expect_test::expect;

use crate::world::{World, agents, defines, family, refers, renames, renames_with};

#[test]
fn an_agent_gets_another_name_with_its_file() {
    renames(
        &agents("supervisor: rev"),
        "critic",
        expect![[r#"
        .copydesk/agents/reviewer.md → .copydesk/agents/critic.md
        .copydesk/agents/critic.md: name: critic
        .copydesk/prompts/p.md: agent: critic
        .copydesk/workflows/a.yaml: agent: critic
        .copydesk/workflows/a.yaml: qualityGate: {agent: "critic"}
        .copydesk/workflows/a.yaml: allowedHandoffs: [writer, critic]
        .copydesk/workflows/a.yaml: supervisor: critic
    "#]],
    );
    renames_with(
        &agents("supervisor: rev"),
        "critic",
        FileRenames::Cannot,
        expect![[r#"
        .copydesk/agents/reviewer.md: name: critic
        .copydesk/prompts/p.md: agent: critic
        .copydesk/workflows/a.yaml: agent: critic
        .copydesk/workflows/a.yaml: qualityGate: {agent: "critic"}
        .copydesk/workflows/a.yaml: allowedHandoffs: [writer, critic]
        .copydesk/workflows/a.yaml: supervisor: critic
    "#]],
    );
    renames(
        &agents("name: wri"),
        "author",
        expect![[r#"
        .copydesk/agents/old-file.md: name: author
        .copydesk/workflows/a.yaml: allowedHandoffs: [author, reviewer]
        .copydesk/workflows/a.yaml: auto_heal: {agent: author}
    "#]],
    );
    renames(
        &agents("any: old"),
        "template",
        expect![[r#"
        .copydesk/agents/old-file.md → .copydesk/agents/template.md
        .copydesk/workflows/a.yaml: templates: {any: template}
    "#]],
    );
    renames_with(
        &agents("any: old"),
        "template",
        FileRenames::Cannot,
        expect![[r#"
        refused: 'old-file' is the name of a file, and this editor renames no files; rename it by hand, or give the agent a 'name'
    "#]],
    );
    renames(
        &agents("supervisor: rev"),
        "writer",
        expect![[r#"
        refused: there is already an agent 'writer'
    "#]],
    );
    renames(
        &agents("agent: keystone"),
        "mine",
        expect![[r#"
        refused: nothing in this workspace declares 'keystone-architect'
    "#]],
    );
}

#[test]
fn a_rename_reaches_every_file_and_no_comment() {
    renames(
        &family("outputs:\n  sum"),
        "total",
        expect![[r#"
        flows/parent.workflow.yaml: total: ${{ steps.child.outputs.total }}
        flows/parent.workflow.yaml: again: "${{ steps['child'].outputs['total'] }}"
        flows/parent.workflow.yaml: result: total
        flows/parent.workflow.yaml: safe: {from: total, default: 0}
        flows/parent.workflow.yaml: if: steps.mapped.outputs.result > 1 && steps.child.outputs.total != 2
        flows/parts/child.yaml: total: ${{ steps.add.output }}
        flows/parts/child.yaml: properties: {total: {type: number}}
        flows/parts/child.yaml: required: [total]
    "#]],
    );
    renames(
        &family("      count"),
        "how-many",
        expect![[r#"
        flows/parent.workflow.yaml: how-many: ${{ inputs.who.length }}
        flows/parent.workflow.yaml: inputs: {how-many: '1'}
        flows/parts/child.yaml: how-many: {type: number} # count of things
        flows/parts/child.yaml: run: return ${{ inputs['how-many'] }} + ${{ inputs['how-many'] }}
    "#]],
    );
    renames(
        &family("needs: [chi"),
        "first",
        expect![[r#"
        flows/parent.workflow.yaml: total: ${{ steps.first.outputs.sum }}
        flows/parent.workflow.yaml: again: "${{ steps['first'].outputs['sum'] }}"
        flows/parent.workflow.yaml: - id: first
        flows/parent.workflow.yaml: needs: [first]
        flows/parent.workflow.yaml: if: steps.mapped.outputs.result > 1 && steps.first.outputs.sum != 2
    "#]],
    );
    renames(
        &family("      resul"),
        "value",
        expect![[r#"
        flows/parent.workflow.yaml: value: sum
        flows/parent.workflow.yaml: if: steps.mapped.outputs.value > 1 && steps.child.outputs.sum != 2
    "#]],
    );
    renames(
        &family("name: chi"),
        "kid",
        expect![[r#"
        flows/parts/child.yaml: name: kid
    "#]],
    );
}

#[test]
fn forms_change_only_where_they_must() {
    let steps = |rest: &str| {
        format!(
            "//- /w/a.workflow.yaml\nname: a\nsteps:\n  - {{id: a$0, type: shell, run: x}}\n  - id: z\n    type: shell\n{rest}"
        )
    };
    renames(
        &steps("    run: echo ${{ steps.a.output }} ${{ steps?.a }} ${{ steps . a }} # a\n"),
        "a-b",
        expect![[r#"
        a.workflow.yaml: - {id: a-b, type: shell, run: x}
        a.workflow.yaml: run: echo ${{ steps['a-b'].output }} ${{ steps?.['a-b'] }} ${{ steps ['a-b'] }} # a
    "#]],
    );
    renames(
        &steps("    run: 'echo ${{ steps.a.output }}'\n"),
        "a-b",
        expect![[r#"
        a.workflow.yaml: - {id: a-b, type: shell, run: x}
        a.workflow.yaml: run: 'echo ${{ steps["a-b"].output }}'
    "#]],
    );
    renames(
        &steps("    run: \"echo ${{ steps.a.output }}\"\n"),
        "a-b",
        expect![[r#"
        a.workflow.yaml: - {id: a-b, type: shell, run: x}
        a.workflow.yaml: run: "echo ${{ steps['a-b'].output }}"
    "#]],
    );
    renames(
        &steps("    run: |\n      echo ${{ steps.a.output }}\n      ${{ steps['a'].output }}\n"),
        "a-b",
        expect![[r#"
        a.workflow.yaml: - {id: a-b, type: shell, run: x}
        a.workflow.yaml: echo ${{ steps['a-b'].output }}
        a.workflow.yaml: ${{ steps['a-b'].output }}
    "#]],
    );
    renames(
        &steps("    env: {A: \"${{ steps.a.output }}\"}\n    run: b\n"),
        "a-b",
        expect![[r#"
        a.workflow.yaml: - {id: a-b, type: shell, run: x}
        a.workflow.yaml: env: {A: "${{ steps['a-b'].output }}"}
    "#]],
    );
    renames(
        &steps("    if: steps.a.status == 'success'\n    needs: a\n    run: b\n"),
        "b",
        expect![[r#"
        a.workflow.yaml: - {id: b, type: shell, run: x}
        a.workflow.yaml: if: steps.b.status == 'success'
        a.workflow.yaml: needs: b
    "#]],
    );
    let hyphen = "//- /w/a.workflow.yaml\nname: a\nsteps:\n  - {id: 'a-b$0', type: shell, run: x}\n  - id: z\n    type: shell\n    run: ${{ steps['a-b'].output }} ${{ steps.a-b.output }}\n";
    renames(
        hyphen,
        "a_b",
        expect![[r#"
        a.workflow.yaml: - {id: 'a_b', type: shell, run: x}
        a.workflow.yaml: run: ${{ steps.a_b.output }} ${{ steps.a_b.output }}
    "#]],
    );
    renames(
        hyphen,
        "a-c",
        expect![[r#"
        a.workflow.yaml: - {id: 'a-c', type: shell, run: x}
        a.workflow.yaml: run: ${{ steps['a-c'].output }} ${{ steps['a-c'].output }}
    "#]],
    );
}

#[test]
fn names_inside_expressions_and_anchors() {
    let callback = "//- /w/a.workflow.yaml\nname: a\ninputs: {list: {type: array}}\nsteps:\n  - id: z\n    type: shell\n    run: '${{ inputs.list.map((ro$0w, at) => ({row, n: row.n + at})) }} ${{ inputs.list.map(row => row) }}'\n";
    refers(
        callback,
        expect![[r#"
        a.workflow.yaml:6: run: '${{ inputs.list.map((‹row›, at) => ({row, n: row.n + at})) }} ${{ inputs.list.map(row => row) }}'
        a.workflow.yaml:6: run: '${{ inputs.list.map((row, at) => ({‹row›, n: row.n + at})) }} ${{ inputs.list.map(row => row) }}'
        a.workflow.yaml:6: run: '${{ inputs.list.map((row, at) => ({row, n: ‹row›.n + at})) }} ${{ inputs.list.map(row => row) }}'
    "#]],
    );
    renames(
        callback,
        "line",
        expect![[r#"
        a.workflow.yaml: run: '${{ inputs.list.map((line, at) => ({row: line, n: line.n + at})) }} ${{ inputs.list.map(row => row) }}'
    "#]],
    );
    renames(
        callback,
        "at",
        expect![[r#"
        refused: 'at' already means something in this expression
    "#]],
    );
    renames(
        callback,
        "inputs",
        expect![[r#"
        refused: 'inputs' already means something in this expression
    "#]],
    );
    let anchor = "//- /w/a.workflow.yaml\nname: a\nsteps:\n  - &ba$0se # &base\n    id: z\n    type: shell\n    run: x\n    env: &env {A: b}\n  - id: y\n    <<: *base\n    env: *env\n";
    refers(
        anchor,
        expect![[r#"
        a.workflow.yaml:3: - &‹base› # &base
        a.workflow.yaml:9: <<: *‹base›
    "#]],
    );
    renames(
        anchor,
        "common",
        expect![[r#"
        a.workflow.yaml: - &common # &base
        a.workflow.yaml: <<: *common
    "#]],
    );
    renames(
        anchor,
        "env",
        expect![[r#"
        refused: there is already an anchor 'env'
    "#]],
    );
    renames(
        anchor,
        "a b",
        expect![[r#"
        refused: 'a b' cannot be an anchor; use letters, digits, '_' and '-'
    "#]],
    );
}

#[test]
fn pools_engines_and_providers_lead_into_the_config() {
    let config = "\
//- /w/.copydesk/config.yaml
providers:
  house: {kind: offline}
pools: {shared: 2}
//- /w/.copydesk/workflows/a.yaml
name: a
pools:
  own: 1
steps:
  - {id: a, type: shell, run: x, pool: own}
  - {id: b, type: shell, run: x, pool: shared}
  - {id: c, type: shell, run: x, pool: llm}
  - {id: d, type: plan, goal: x, provider: house}
//- /w/.copydesk/workflows/b.yaml
name: b
steps:
  - {id: b, type: shell, run: x, pool: shared}
";
    let at = |needle: &str| {
        let at = config.find(needle).unwrap() + needle.len();
        format!("{}$0{}", &config[..at], &config[at..])
    };
    refers(
        &at("pool: own"),
        expect![[r#"
        .copydesk/workflows/a.yaml:3: ‹own›: 1
        .copydesk/workflows/a.yaml:5: - {id: a, type: shell, run: x, pool: ‹own›}
    "#]],
    );
    renames(
        &at("pool: own"),
        "mine",
        expect![[r#"
        .copydesk/workflows/a.yaml: mine: 1
        .copydesk/workflows/a.yaml: - {id: a, type: shell, run: x, pool: mine}
    "#]],
    );
    refers(
        &at("pool: shared"),
        expect![[r#"
        .copydesk/config.yaml:3: pools: {‹shared›: 2}
        .copydesk/workflows/a.yaml:6: - {id: b, type: shell, run: x, pool: ‹shared›}
        .copydesk/workflows/b.yaml:3: - {id: b, type: shell, run: x, pool: ‹shared›}
    "#]],
    );
    renames(
        &at("pool: shared"),
        "all",
        expect![[r#"
        .copydesk/config.yaml: pools: {all: 2}
        .copydesk/workflows/a.yaml: - {id: b, type: shell, run: x, pool: all}
        .copydesk/workflows/b.yaml: - {id: b, type: shell, run: x, pool: all}
    "#]],
    );
    renames(
        &at("pool: llm"),
        "mine",
        expect![[r#"
        refused: 'llm' is declared nowhere; declare it first
    "#]],
    );
    defines(
        &at("provider: hou"),
        expect![[r#"
        .copydesk/config.yaml:2: ‹house›: {kind: offline}
    "#]],
    );
    renames(
        &at("provider: hou"),
        "mine",
        expect![[r#"
        refused: a provider cannot be renamed from here
    "#]],
    );
}

#[test]
fn what_cannot_be_done_whole_is_refused_with_a_reason() {
    renames(
        &family("  - id: child"),
        "after",
        expect![[r#"
        refused: there is already a step 'after'
    "#]],
    );
    renames(
        &family("  - id: child"),
        "two words",
        expect![[r#"
        refused: 'two words' cannot be the name of a step; use letters, digits, '_' and '-', with a letter first
    "#]],
    );
    renames(
        &family("  - id: child"),
        "",
        expect![[r#"
        refused: a name is missing; write one
    "#]],
    );
    renames(
        &family("  - id: child"),
        "true",
        expect![[r#"
        refused: 'true' cannot be the name of a step: YAML reads it as something else
    "#]],
    );
    renames(
        &family("  - id: child"),
        "9lives",
        expect![[r#"
        refused: '9lives' cannot be the name of a step; use letters, digits, '_' and '-', with a letter first
    "#]],
    );
    renames(
        &family("path: ./parts"),
        "other",
        expect![[r#"
        refused: this is the path of a file; rename the file and change the path
    "#]],
    );
    renames(
        &family("type: scri"),
        "other",
        expect![[r#"
        refused: there is no name here that can be changed
    "#]],
    );
    let broken = family("outputs:\n  sum").replace("needs: [child]", "needs: [child");
    renames(
        &broken,
        "total",
        expect![[r#"
        refused: flows/parent.workflow.yaml has a syntax error in line 15; mend it first
    "#]],
    );
    let unread = family("outputs:\n  sum").replace("'child'].outputs['sum']", "'child'].outputs['sum'");
    renames(
        &unread,
        "total",
        expect![[r#"
        refused: an expression in flows/parent.workflow.yaml cannot be read, and it may name 'sum'; mend it first
    "#]],
    );
    let twice = "//- /w/a.workflow.yaml\nname: a\nsteps:\n  - {id: a$0, type: shell, run: x}\n  - {id: a, type: shell, run: x}\n";
    renames(
        twice,
        "b",
        expect![[r#"
        refused: 'a' is declared 2 times; give one of them another name by hand
    "#]],
    );
    let use_it = "steps:\n  - {id: a, type: shell, run: \"${{ inputs.on$0e }}\"}\n";
    for shared in [
        "env: &sh {one: x}\ninputs:\n  <<: *sh\n",
        "inputs: &sh\n  one: {type: string}\noutputs:\n  <<: *sh\n",
        "x: &sh {one: {type: string}}\ninputs:\n  <<: *sh\noutputs:\n  <<: *sh\n",
    ] {
        renames(
            &format!("//- /w/a.workflow.yaml\nname: a\n{shared}{use_it}"),
            "b",
            expect![[r#"
                refused: 'one' is declared in a mapping that stands in several places; give it a key of its own first
            "#]],
        );
    }
    let once = format!(
        "//- /w/a.workflow.yaml\nname: a\nx: &sh {{one: {{type: string}}}}\ninputs:\n  <<: *sh\n{use_it}"
    );
    renames(
        &once,
        "b",
        expect![[r#"
            a.workflow.yaml: x: &sh {b: {type: string}}
            a.workflow.yaml: - {id: a, type: shell, run: "${{ inputs.b }}"}
        "#]],
    );
    let lost =
        "//- /w/a.workflow.yaml\nname: a\nsteps:\n  - {id: a, type: shell, run: \"${{ inputs.no$0 }}\"}\n";
    renames(
        lost,
        "b",
        expect![[r#"
        refused: 'no' is declared nowhere; declare it first
    "#]],
    );
    let flow = "//- /w/a.workflow.yaml\nname: a\nsteps:\n  - {id: a$0, type: shell, run: x}\n  - {id: b, if: steps.a.output, type: shell, run: x}\n";
    renames(
        flow,
        "a-b",
        expect![[r#"
        refused: 'a-b' needs brackets in expressions, and a text without quotes inside '{ }' cannot hold them; put quotes around the text in a.workflow.yaml first
    "#]],
    );
}

#[test]
fn prepare_gives_the_exact_name() {
    for (needle, expect) in [
        ("needs: [chi", Ok("child")),
        ("outputs['s", Ok("sum")),
        ("type: scri", Err("there is no name here that can be changed")),
        ("path: ./parts", Err("this is the path of a file; rename the file and change the path")),
    ] {
        let world = World::new(&family(needle));
        let found = world.with(|file| prepare_rename(file, &world.index(), world.offset));
        if let Ok(found) = &found {
            assert_eq!(found.span.of(&world.files[&world.at]), found.name);
        }
        assert_eq!(found.map(|found| found.name), expect.map(str::to_owned).map_err(str::to_owned));
    }
}
