//! Moving around between files: definitions, references, highlights, links, lenses.

use std::path::Path;

use copydesk_language::File;
use copydesk_language::navigate::{self, Role, highlights, lenses, links};
use expect_test::{Expect, expect};

use crate::world::{World, agents, defines, family, refers};

#[test]
fn a_name_leads_to_what_declares_it() {
    defines(
        &family("needs: [chi"),
        expect![[r#"
        flows/parent.workflow.yaml:8: - id: ‹child›
    "#]],
    );
    defines(
        &family("path: ./parts"),
        expect![[r#"
        flows/parts/child.yaml:1: name: ‹child›
    "#]],
    );
    defines(
        &family("      cou"),
        expect![[r#"
        flows/parts/child.yaml:3: ‹count›: {type: number} # count of things
    "#]],
    );
    defines(
        &family("steps.child.outputs.s"),
        expect![[r#"
        flows/parts/child.yaml:5: ‹sum›: ${{ steps.add.output }}
    "#]],
    );
    defines(
        &family("result: s"),
        expect![[r#"
        flows/parts/child.yaml:5: ‹sum›: ${{ steps.add.output }}
    "#]],
    );
    defines(
        &family("outputs.resu"),
        expect![[r#"
        flows/parent.workflow.yaml:19: ‹result›: sum
    "#]],
    );
    defines(
        &family("inputs.wh"),
        expect![[r#"
        flows/parent.workflow.yaml:3: ‹who›: {type: string}
    "#]],
    );
    defines(
        &family("inputs['cou"),
        expect![[r#"
        flows/parts/child.yaml:3: ‹count›: {type: number} # count of things
    "#]],
    );
    defines(
        &family("required: [s"),
        expect![[r#"
        flows/parts/child.yaml:5: ‹sum›: ${{ steps.add.output }}
    "#]],
    );
    defines(
        &family("type: scri"),
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn references_go_over_files_and_are_the_same_from_everywhere() {
    refers(
        &family("outputs:\n  sum"),
        expect![[r#"
        flows/parent.workflow.yaml:5: total: ${{ steps.child.outputs.‹sum› }}
        flows/parent.workflow.yaml:6: again: "${{ steps['child'].outputs['‹sum›'] }}"
        flows/parent.workflow.yaml:19: result: ‹sum›
        flows/parent.workflow.yaml:20: safe: {from: ‹sum›, default: 0}
        flows/parent.workflow.yaml:23: if: steps.mapped.outputs.result > 1 && steps.child.outputs.‹sum› != 2
        flows/parts/child.yaml:5: ‹sum›: ${{ steps.add.output }}
        flows/parts/child.yaml:7: properties: {‹sum›: {type: number}}
        flows/parts/child.yaml:8: required: [‹sum›]
    "#]],
    );
    refers(
        &family("inputs:\n  count"),
        expect![[r#"
        flows/parent.workflow.yaml:12: ‹count›: ${{ inputs.who.length }}
        flows/parent.workflow.yaml:17: inputs: {‹count›: '1'}
        flows/parts/child.yaml:3: ‹count›: {type: number} # count of things
        flows/parts/child.yaml:12: run: return ${{ inputs.‹count› }} + ${{ inputs['count'] }}
        flows/parts/child.yaml:12: run: return ${{ inputs.count }} + ${{ inputs['‹count›'] }}
    "#]],
    );
    refers(
        &family("  - id: child"),
        expect![[r#"
        flows/parent.workflow.yaml:5: total: ${{ steps.‹child›.outputs.sum }}
        flows/parent.workflow.yaml:6: again: "${{ steps['‹child›'].outputs['sum'] }}"
        flows/parent.workflow.yaml:8: - id: ‹child›
        flows/parent.workflow.yaml:15: needs: [‹child›]
        flows/parent.workflow.yaml:23: if: steps.mapped.outputs.result > 1 && steps.‹child›.outputs.sum != 2
    "#]],
    );
    refers(
        &family("      resul"),
        expect![[r#"
        flows/parent.workflow.yaml:19: ‹result›: sum
        flows/parent.workflow.yaml:23: if: steps.mapped.outputs.‹result› > 1 && steps.child.outputs.sum != 2
    "#]],
    );
    refers(
        &family("name: chi"),
        expect![[r#"
        flows/parent.workflow.yaml:10: path: ‹./parts/child.yaml›
        flows/parent.workflow.yaml:16: path: "‹./parts/child›"
        flows/parts/child.yaml:1: name: ‹child›
    "#]],
    );
}

#[test]
fn agents_are_one_thing_wherever_they_are_named() {
    defines(
        &agents("supervisor: rev"),
        expect![[r#"
        .copydesk/agents/reviewer.md:2: name: ‹reviewer›
    "#]],
    );
    defines(
        &agents("any: old"),
        expect![[r#"
        .copydesk/agents/old-file.md:2: name: ‹writer›
    "#]],
    );
    defines(
        &agents("agent: keystone"),
        expect![[r#"
        nothing
    "#]],
    );
    refers(
        &agents("name: reviewer"),
        expect![[r#"
        .copydesk/agents/reviewer.md:2: name: ‹reviewer›
        .copydesk/prompts/p.md:4: agent: ‹reviewer›
        .copydesk/workflows/a.yaml:5: agent: ‹reviewer›
        .copydesk/workflows/a.yaml:7: qualityGate: {agent: "‹reviewer›"}
        .copydesk/workflows/a.yaml:8: allowedHandoffs: [writer, ‹reviewer›]
        .copydesk/workflows/a.yaml:13: supervisor: ‹reviewer›
    "#]],
    );
    refers(
        &agents("auto_heal: {agent: wr"),
        expect![[r#"
        .copydesk/agents/old-file.md:2: name: ‹writer›
        .copydesk/workflows/a.yaml:8: allowedHandoffs: [‹writer›, reviewer]
        .copydesk/workflows/a.yaml:9: auto_heal: {agent: ‹writer›}
        .copydesk/workflows/a.yaml:14: templates: {any: ‹old-file›}
    "#]],
    );
}

#[test]
fn links_lead_to_sub_workflows_and_agents() {
    let links_of = |fixture: &str, expect: Expect| {
        let world = World::new(fixture);
        let found = world.with(|file| links(file, &world.index()));
        let shown = found
            .iter()
            .map(|link| {
                format!(
                    "{} → {}: {}\n",
                    link.span.of(&world.files[&world.at]),
                    link.path.display(),
                    link.tooltip
                )
            })
            .collect::<Vec<_>>()
            .concat();
        expect.assert_eq(&shown);
    };
    links_of(
        &family("name: parent"),
        expect![[r#"
        ./parts/child.yaml → /w/flows/parts/child.yaml: open the workflow './parts/child.yaml'
        ./parts/child → /w/flows/parts/child.yaml: open the workflow './parts/child'
    "#]],
    );
    links_of(
        &agents("name: a\nsteps"),
        expect![[r#"
        reviewer → /w/.copydesk/agents/reviewer.md: open the agent 'reviewer'
        reviewer → /w/.copydesk/agents/reviewer.md: open the agent 'reviewer'
        writer → /w/.copydesk/agents/old-file.md: open the agent 'writer'
        reviewer → /w/.copydesk/agents/reviewer.md: open the agent 'reviewer'
        writer → /w/.copydesk/agents/old-file.md: open the agent 'writer'
        reviewer → /w/.copydesk/agents/reviewer.md: open the agent 'reviewer'
        old-file → /w/.copydesk/agents/old-file.md: open the agent 'old-file'
    "#]],
    );
}

#[test]
fn lenses_count_what_is_used() {
    let world = World::new(&family("name: chi"));
    let texts = |path: &Path, look: &mut dyn FnMut(&File<'_>)| world.show(path, look);
    let shown = world.with(|file| {
        lenses(file)
            .iter()
            .map(|lens| {
                format!(
                    "{}: {}\n",
                    lens.span.of(file.text),
                    navigate::count(file, &world.index(), &texts, lens)
                )
            })
            .collect::<Vec<_>>()
            .concat()
    });
    expect![[r#"
        child: 2 references
        count: 4 references
        sum: 7 references
        add: 1 reference
    "#]]
    .assert_eq(&shown);
}

#[test]
fn a_highlight_says_whether_it_declares() {
    let world = World::new(&family("  - id: child"));
    let found = world.with(|file| highlights(file, &world.index(), world.offset));
    assert_eq!(found.iter().filter(|one| one.role == Role::Declares).count(), 1);
    assert!(found.len() > 3, "{found:?}");
}
