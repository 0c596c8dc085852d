//! What a step hands to the workflow that it calls: expressions keep their types on the way.

use copydesk_language::WorkspaceIndex;
use expect_test::{Expect, expect};

use crate::support::{check_in, findings, knowing};

const CHILD: &str = "name: child
inputs:
  text: {type: string, default: x}
  number: {type: number, default: 1}
  truth: {type: boolean, default: false}
  list: {type: array, default: []}
  object: {type: object, default: {}}
steps: [{id: a, type: shell, run: ls}]
";

const STEPS: &str = "name: parent
inputs: {name: {type: string}, count: {type: number}, dry: {type: boolean}, files: {type: array}, map: {type: object}, level: {type: string, values: [\"1\", \"2\"]}}
steps:
  - {id: sh, type: shell, run: ls}
  - {id: ask, type: llm, agent: keystone-architect, prompt: p}
";

fn handed(inputs: &str) -> String {
    format!("{STEPS}  - id: call\n    type: workflow\n    path: child.yaml\n    inputs:\n{inputs}")
}

fn around(child: &str) -> WorkspaceIndex {
    knowing(&[("/w/child.yaml", child)])
}

fn check_handed(inputs: &str, expect: Expect) {
    check_in("/w/flow.workflow.yaml", &handed(inputs), &around(CHILD), expect);
}

#[test]
fn an_expression_of_another_type_is_marked() {
    check_handed(
        "      text: ${{ ⟦inputs.count⟧ }}\n      number: ${{ ⟦inputs.name⟧ }}\n      truth: \"${{ ⟦steps.ask.output⟧ }}\"\n      list: ${{ ⟦inputs.map⟧ }}\n      object: ${{ ⟦inputs.files⟧ }}\n",
        expect![[r#"
            error type-mismatch the input 'text' of 'child.yaml' takes a text, and this is number [see: 'text' is declared here] [fix: put it in 'String(…)']
            error type-mismatch the input 'number' of 'child.yaml' takes a number, and this is text [see: 'number' is declared here] [fix: put it in 'Number(…)']
            error type-mismatch the input 'truth' of 'child.yaml' takes true or false, and this is text; compare it, as in "… == 'true'" [see: 'truth' is declared here]
            error type-mismatch the input 'list' of 'child.yaml' takes a list, and this is object; make one with 'Object.values(…)' [see: 'list' is declared here]
            error type-mismatch the input 'object' of 'child.yaml' takes a mapping, and this is list [see: 'object' is declared here]
        "#]],
    );
    check_handed(
        "      text: ${{ ⟦steps.sh.output⟧ }}\n      number: ${{ ⟦steps.sh.output⟧ }}\n      truth: ${{ ⟦inputs.count⟧ }}\n      list: ${{ ⟦inputs.name⟧ }}\n      object: ${{ ⟦steps.ask.output.trim()⟧ }}\n",
        expect![[r#"
            error type-mismatch the input 'text' of 'child.yaml' takes a text, and this is all that a command gives back; take what the command wrote, as in '.stdout.trim()' [see: 'text' is declared here]
            error type-mismatch the input 'number' of 'child.yaml' takes a number, and this is all that a command gives back; take its '.exitCode' [see: 'number' is declared here]
            error type-mismatch the input 'truth' of 'child.yaml' takes true or false, and this is number; compare it with something [see: 'truth' is declared here]
            error type-mismatch the input 'list' of 'child.yaml' takes a list, and this is text; make one with '.split(…)' or 'JSON.parse(…)' [see: 'list' is declared here]
            error type-mismatch the input 'object' of 'child.yaml' takes a mapping, and this is text; make one with 'JSON.parse(…)' [see: 'object' is declared here]
        "#]],
    );
    check_handed(
        "      text: ${{ ⟦inputs.files⟧ }}\n      number: ⟦a ${{ inputs.count }}⟧\n      list: ⟦\"${{ inputs.files }},${{ inputs.files }}\"⟧\n",
        expect![[r#"
            error type-mismatch the input 'text' of 'child.yaml' takes a text, and this is list [see: 'text' is declared here] [fix: put it in 'JSON.stringify(…)']
            error type-mismatch the input 'number' of 'child.yaml' takes a number; with text around its '${{ }}' this is a text [see: 'number' is declared here]
            error type-mismatch the input 'list' of 'child.yaml' takes a list; with text around its '${{ }}' this is a text [see: 'list' is declared here]
        "#]],
    );
}

#[test]
fn what_fits_or_may_fit_is_not() {
    check_handed(
        "      text: ${{ inputs.name }} ${{ inputs.count }}\n      number: ${{ inputs.count + 1 }}\n      truth: ${{ inputs.count > 1 }}\n      list: ${{ inputs.files.map(f => f.name) }}\n      object: ${{ inputs.map }}\n",
        expect![[""]],
    );
    check_handed(
        "      text: ${{ inputs.map.anything }}\n      number: ${{ inputs.level }}\n      truth: ${{ steps.sh.output.stdoutTruncated }}\n      list: ${{ JSON.parse(steps.ask.output) }}\n      object: \"${{ inputs.dry ? inputs.map : inputs.name }}\"\n",
        expect![""],
    );
}

#[test]
fn a_change_in_the_called_workflow_marks_its_callers() {
    let text = handed("      text: ${{ inputs.name }}\n");
    let told = |child: &str| {
        let found = findings("/w/flow.workflow.yaml", &text, &around(child));
        found.into_iter().map(|finding| finding.message).collect::<Vec<_>>()
    };
    assert_eq!(told(CHILD), [""; 0]);
    assert_eq!(
        told(&CHILD.replace("text: {type: string, default: x}", "text: {type: number, default: 1}")),
        ["the input 'text' of 'child.yaml' takes a number, and this is text"]
    );
    // Of one that could not be read nobody knows what it takes.
    assert_eq!(told(&CHILD.replace("text: {type: string, default: x}", "text: {type: number,")), [""; 0]);
}
