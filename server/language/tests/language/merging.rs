//! Merge keys (`<<`): what they bring is there, for the file itself and for its callers.

use copydesk_language::{File, mend_all, parse};
use expect_test::{Expect, expect};

use crate::support::{WORKFLOW, all_findings, check_in, findings, knowing, trusted};

const CHILD: &str = "name: child
inputs: {<<: [{note: {type: string}}, {count: {type: number, default: 1}}], notes: {type: string, default: x}}
outputs: {<<: {title: x}, titles: y}
steps: [{id: q, type: shell, run: \"${{ inputs.note }} ${{ inputs.notes }} ${{ inputs.count }}\"}]
";

/// Right as they stand.
const RIGHT: &[&str] = &[
    "inputs: {<<: &b {x: {type: string}}, y: {type: string}}\nsteps:\n  - {id: a, type: shell, run: \"${{ inputs.x }} ${{ inputs.y }}\"}\n",
    "env: &e {y: a}\ninputs: {<<: [{x: {type: number}}, {z: {type: string}}]}\nsteps:\n  - {id: a, type: shell, run: \"${{ inputs.x + 1 }} ${{ inputs.z }}\"}\n",
    "inputs:\n  x: &s {type: string, values: [a, b]}\n  y: *s\nsteps:\n  - {id: a, type: shell, run: \"${{ inputs.x == 'a' }} ${{ inputs.y == 'b' }}\"}\n",
    "pools: {<<: {gpu: 2}, cpu: 1}\nsteps:\n  - {id: a, type: shell, run: x, pool: gpu}\n  - {id: b, type: shell, run: x, pool: cpu}\n",
    "steps:\n  - {id: a, type: shell, run: \"${{ item.os }} ${{ item.v }}\", strategy: {matrix: {<<: {os: [a]}, v: [1]}}}\n",
    "steps:\n  - {id: a, type: llm, agent: keystone-architect, prompt: p, outputSchema: {type: object, properties: {<<: {t: {type: string}, type: {type: string}}, u: {type: number}}, additionalProperties: false}}\n  - {id: b, type: shell, run: \"${{ steps.a.output.t }} ${{ steps.a.output.u }}\"}\n",
    "steps:\n  - {id: a, type: workflow, path: child.yaml, inputs: {<<: {note: n}}, outputMapping: {<<: {t: title}, u: titles}}\n  - {id: b, type: shell, run: \"${{ steps.a.outputs.t }} ${{ steps.a.outputs.u }} ${{ steps.a.outputs.title }}\"}\n",
];

#[test]
fn what_merge_keys_bring_is_there() {
    let index = knowing(&[(".copydesk/workflows/child.yaml", CHILD)]);
    for text in RIGHT {
        let text = format!("name: x\n{text}");
        let found = findings(WORKFLOW, &text, &index);
        assert!(found.is_empty(), "{text}\n{found:#?}");
        let tree = parse(WORKFLOW.as_ref(), &text);
        let file = File::new(WORKFLOW.as_ref(), &text, &tree);
        let find = |file: &File<'_>| all_findings(WORKFLOW, file.text, &index);
        assert_eq!(mend_all(&file, &trusted(), &find).text, text);
    }
    let found = findings(".copydesk/workflows/child.yaml", CHILD, &index);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn what_they_do_not_bring_is_marked() {
    let index = knowing(&[(".copydesk/workflows/child.yaml", CHILD)]);
    let checked = |marked: &str, expect: Expect| check_in(WORKFLOW, marked, &index, expect);
    checked(
        "name: x\ninputs: {<<: {first: {type: string, secret: true}}}\nsteps:
  - {id: a, type: shell, run: \"${{ inputs.⟦frst⟧ }}\"}
  - {id: b, type: workflow, path: child.yaml, ⟦inputs⟧: {<<: {⟦knote⟧: n, count: ⟦many⟧}}}
  - {id: c, type: human, message: \"${{ ⟦inputs.first⟧ }}\"}
",
        expect![[r#"
            error undeclared-input there is no input 'frst'; did you mean 'first'? [fix: change to 'first'] [fix: declare the input 'frst']
            error missing-key 'child.yaml' needs the input 'note' [see: 'note' is declared here] [fix: add 'note']
            error unknown-input 'child.yaml' has no input 'knote'; did you mean 'note'? [fix: change to 'note']
            error type-mismatch the input 'count' of 'child.yaml' takes a number; this is a text [see: 'count' is declared here]
            warning exposed-secret a secret stands here before the person who is asked; take it out
        "#]],
    );
}

#[test]
fn a_step_that_comes_again_by_an_alias_has_its_id() {
    let checked = |marked: &str, expect: Expect| check_in(WORKFLOW, marked, &trusted(), expect);
    checked(
        "name: x\nsteps:\n  - &s {id: a, type: shell, run: x}\n  - ⟦*s⟧\n  - {⟦<<⟧: *s, run: y}\n  - {<<: *s, id: b}\n",
        expect![[r#"
            error duplicate-step the id 'a' is taken; give this step another [see: 'a' is here first]
            error duplicate-step the id 'a' is taken; give this step another [see: 'a' is here first] [fix: rename to 'a_2']
        "#]],
    );
}
