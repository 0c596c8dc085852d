//! A workflow step and what it calls: what completes in its keys, and which output an expression means.

use expect_test::{Expect, expect};

use crate::world::{World, refers, renames};

/// A step that calls a workflow in another folder. `step` is its keys, `tail` what follows the steps.
fn world(step: &str, tail: &str) -> String {
    format!(
        "\
//- /w/flows/parts/child.yaml
name: child
inputs:
  count: {{type: number, description: how many}}
  tone: {{type: string, values: [dry, warm], default: dry}}
  loud: {{type: boolean, default: false}}
outputs:
  sum: ${{{{ steps.add.output }}}}
  note: done
outputSchema:
  properties: {{sum: {{type: number, description: all of it}}}}
steps:
  - {{id: add, type: script, run: 'return ${{{{ inputs.count }}}} + ${{{{ inputs.tone }}}} + ${{{{ inputs.loud }}}}'}}
//- /w/flows/other.yaml
name: other
steps:
  - {{id: a, type: shell, run: ls}}
//- /w/flows/notes.yaml
kind: none
//- /w/flows/parent.yaml
name: parent
steps:
  - id: child
    type: workflow
{step}
{tail}"
    )
}

fn completes(step: &str, expect: Expect) {
    World::new(&world(step, "")).completes(expect);
}

#[test]
fn the_keys_of_a_call_complete() {
    completes("    path: $0", expect!["./other.yaml ./parts/child.yaml"]);
    completes("    path: \"./pa$0\"", expect!["./other.yaml ./parts/child.yaml"]);
    completes("    path: parts/child.yaml\n    inputs:\n      $0", expect!["count loud tone"]);
    completes("    path: parts/child.yaml\n    inputs: {count: 1, $0}", expect!["loud tone"]);
    completes("    inputs:\n      count: 1\n      l$0\n    path: parts/child.yaml", expect!["loud tone"]);
    completes("    path: parts/child.yaml\n    inputs:\n      tone: $0", expect!["dry warm"]);
    completes("    path: parts/child.yaml\n    inputs:\n      loud: $0", expect!["true false"]);
    completes("    path: parts/child.yaml\n    inputs:\n      count: $0", expect![""]);
    completes("    path: parts/child.yaml\n    outputMapping:\n      $0", expect!["note sum"]);
    completes("    path: parts/child.yaml\n    outputMapping:\n      total: $0", expect!["note sum"]);
    completes("    path: parts/child.yaml\n    outputMapping:\n      total: {from: $0}", expect!["note sum"]);
    completes("    path: child\n    outputMapping: {sum: sum, $0}", expect!["note"]);
    completes("    path: nowhere.yaml\n    inputs:\n      $0", expect![""]);
    completes(
        "    path: parts/child.yaml\n    inputs:\n      count: ${{ $0 }}\n    foreach: [1]",
        expect![
            "inputs steps env secrets memory item index Boolean Date JSON Math Number Object String escape isFinite isNaN parseFloat parseInt"
        ],
    );
}

#[test]
fn what_is_taken_in_a_call_fits_in() {
    let take = |step: &str, label: &str, expect: Expect| World::new(&world(step, "")).takes(label, expect);
    take("    path: $0", "./parts/child.yaml", expect!["    path: ./parts/child.yaml"]);
    take("    path: './parts/c$0'", "./parts/child.yaml", expect!["    path: './parts/child.yaml'"]);
    take("    path: parts/child.yaml\n    inputs:\n      co$0", "count", expect!["      count: "]);
    take("    path: parts/child.yaml\n    inputs: {to$0}", "tone", expect!["    inputs: {tone: }"]);
    take(
        "    path: parts/child.yaml\n    inputs:\n      tone: \"w$0",
        "warm",
        expect![[r#"      tone: "warm""#]],
    );
    take("    path: parts/child.yaml\n    outputMapping:\n      s$0", "sum", expect!["      sum: sum"]);
}

const TAIL: &str = "    outputMapping:
      result: sum
  - id: plain
    type: workflow
    path: parts/child.yaml
  - id: rounds
    type: workflow
    path: parts/child.yaml
    foreach: [1, 2]
outputs:
  a: ${{ steps.child.outputs.result }} ${{ steps.child.output.result }}
  b: \"${{ steps.child.outputs['result'] }} ${{ steps['child']['output'][\\\"result\\\"] }}\"
  c: ${{ steps.child?.output?.['result'] }}
  d: ${{ steps.plain.output.sum }} ${{ steps.plain.output['sum'] }} ${{ steps.plain.outputs['sum'] }}
  e: ${{ steps.child.outputs.sum }} ${{ steps.child.output.outputs.sum }}
  f: ${{ steps.rounds.output[0].sum }}
  g: ${{ steps.plain.output.result }}
";

fn marked(needle: &str) -> String {
    let text = world("    path: parts/child.yaml", TAIL);
    let at = text.find(needle).unwrap_or_else(|| panic!("no {needle}")) + needle.len();
    format!("{}$0{}", &text[..at], &text[at..])
}

fn assert_all_lead_to(needles: &[&str], place: &str) {
    for needle in needles {
        assert_eq!(World::new(&marked(needle)).defined(), place, "{needle}");
    }
}

#[test]
fn a_mapped_name_is_followed_however_it_is_written() {
    assert_all_lead_to(
        &["outputs.res", "output.res", "outputs['res", "['output'][\\\"res", "output?.['res"],
        "flows/parent.yaml:7: ‹result›: sum\n",
    );
    refers(
        &marked("      res"),
        expect![[r#"
        flows/parent.yaml:7: ‹result›: sum
        flows/parent.yaml:16: a: ${{ steps.child.outputs.‹result› }} ${{ steps.child.output.result }}
        flows/parent.yaml:16: a: ${{ steps.child.outputs.result }} ${{ steps.child.output.‹result› }}
        flows/parent.yaml:17: b: "${{ steps.child.outputs['‹result›'] }} ${{ steps['child']['output'][\"result\"] }}"
        flows/parent.yaml:17: b: "${{ steps.child.outputs['result'] }} ${{ steps['child']['output'][\"‹result›\"] }}"
        flows/parent.yaml:18: c: ${{ steps.child?.output?.['‹result›'] }}
    "#]],
    );
    renames(
        &marked("outputs['res"),
        "all-of-it",
        expect![[r#"
        flows/parent.yaml: all-of-it: sum
        flows/parent.yaml: a: ${{ steps.child.outputs['all-of-it'] }} ${{ steps.child.output['all-of-it'] }}
        flows/parent.yaml: b: "${{ steps.child.outputs['all-of-it'] }} ${{ steps['child']['output'][\"all-of-it\"] }}"
        flows/parent.yaml: c: ${{ steps.child?.output?.['all-of-it'] }}
    "#]],
    );
}

#[test]
fn an_output_of_the_called_workflow_is_followed_however_it_is_written() {
    assert_all_lead_to(
        &[
            "plain.output.s",
            "plain.output['s",
            "plain.outputs['s",
            "child.outputs.s",
            "output.outputs.s",
            "output[0].s",
        ],
        "flows/parts/child.yaml:7: ‹sum›: ${{ steps.add.output }}\n",
    );
    refers(
        &marked("\n  su"),
        expect![[r#"
        flows/parent.yaml:7: result: ‹sum›
        flows/parent.yaml:19: d: ${{ steps.plain.output.‹sum› }} ${{ steps.plain.output['sum'] }} ${{ steps.plain.outputs['sum'] }}
        flows/parent.yaml:19: d: ${{ steps.plain.output.sum }} ${{ steps.plain.output['‹sum›'] }} ${{ steps.plain.outputs['sum'] }}
        flows/parent.yaml:19: d: ${{ steps.plain.output.sum }} ${{ steps.plain.output['sum'] }} ${{ steps.plain.outputs['‹sum›'] }}
        flows/parent.yaml:20: e: ${{ steps.child.outputs.‹sum› }} ${{ steps.child.output.outputs.sum }}
        flows/parent.yaml:20: e: ${{ steps.child.outputs.sum }} ${{ steps.child.output.outputs.‹sum› }}
        flows/parent.yaml:21: f: ${{ steps.rounds.output[0].‹sum› }}
        flows/parts/child.yaml:7: ‹sum›: ${{ steps.add.output }}
        flows/parts/child.yaml:10: properties: {‹sum›: {type: number, description: all of it}}
    "#]],
    );
    renames(
        &marked("plain.output['s"),
        "the-sum",
        expect![[r#"
        flows/parent.yaml: result: the-sum
        flows/parent.yaml: d: ${{ steps.plain.output['the-sum'] }} ${{ steps.plain.output['the-sum'] }} ${{ steps.plain.outputs['the-sum'] }}
        flows/parent.yaml: e: ${{ steps.child.outputs['the-sum'] }} ${{ steps.child.output.outputs['the-sum'] }}
        flows/parent.yaml: f: ${{ steps.rounds.output[0]['the-sum'] }}
        flows/parts/child.yaml: the-sum: ${{ steps.add.output }}
        flows/parts/child.yaml: properties: {the-sum: {type: number, description: all of it}}
    "#]],
    );
}
