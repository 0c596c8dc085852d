//! What a step hands to the workflow that it calls: expressions keep their types on the way.

use copydesk_language::WorkspaceIndex;
use expect_test::{Expect, expect};

use crate::support::{check_in, check_text, findings, knowing};

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
fn a_value_that_is_written_out_is_of_the_declared_type() {
    check_handed(
        "      text: one\n      number: 3\n      truth: false\n      list: [a, '${{ inputs.count }}']\n      object: {a: {b: 1}}\n",
        expect![""],
    );
    // Keystone's own steps hand over texts.
    check_handed(
        "      text: '3'\n      number: '3'\n      truth: 'true'\n      list: '[1]'\n      object: '{}'\n",
        expect![""],
    );
    check_handed(
        "      text: ⟦5⟧\n      number: ⟦many⟧\n      truth: ⟦yes⟧\n      list: ⟦a, b⟧\n      object: ⟦[1]⟧\n",
        expect![[r#"
            error type-mismatch the input 'text' of 'child.yaml' takes a text; this is a number [see: 'text' is declared here] [fix: put it in quotes]
            error type-mismatch the input 'number' of 'child.yaml' takes a number; this is a text [see: 'number' is declared here]
            error type-mismatch the input 'truth' of 'child.yaml' takes true or false; this is a text [see: 'truth' is declared here] [fix: change to 'true']
            error type-mismatch the input 'list' of 'child.yaml' takes a list; this is a text [see: 'list' is declared here] [fix: make it a list]
            error type-mismatch the input 'object' of 'child.yaml' takes a mapping; this is a list [see: 'object' is declared here]
        "#]],
    );
    check_handed(
        "      text: ⟦[a]⟧\n      ⟦number⟧:\n      truth: ⟦1⟧\n      list: ⟦|-\n        a⟧\n      object: ⟦3⟧\n",
        expect![[r#"
            error type-mismatch the input 'text' of 'child.yaml' takes a text; this is a list [see: 'text' is declared here]
            error type-mismatch the input 'number' of 'child.yaml' takes a number; it has no value [see: 'number' is declared here] [fix: write '0']
            error type-mismatch the input 'truth' of 'child.yaml' takes true or false; this is a number [see: 'truth' is declared here] [fix: change to 'true']
            error type-mismatch the input 'list' of 'child.yaml' takes a list; this is a text [see: 'list' is declared here]
            error type-mismatch the input 'object' of 'child.yaml' takes a mapping; this is a number [see: 'object' is declared here]
        "#]],
    );
    check_handed(
        "      txet: [5]\n".replace("txet", "⟦txet⟧").as_str(),
        expect![[r#"
        error unknown-input 'child.yaml' has no input 'txet'; did you mean 'text'? [fix: change to 'text']
    "#]],
    );
}

#[test]
fn texts_alone_are_handed_over_where_the_type_is_not_known() {
    let check = |child: &str, expect: Expect| {
        let text = handed("      number: ⟦3⟧\n");
        check_in("/w/flow.workflow.yaml", &text, &around(child), expect);
    };
    check(
        &CHILD.replace("type: number, ", ""),
        expect![[r#"
        error type-mismatch 'number' takes a text; this is a number [fix: put it in quotes]
    "#]],
    );
    // Nobody has looked for the workflow.
    check_text(
        "/w/flow.workflow.yaml",
        &handed("      number: ⟦3⟧\n"),
        expect![[r#"
        error type-mismatch 'number' takes a text; this is a number [fix: put it in quotes]
    "#]],
    );
    // One that cannot be read just now may take anything.
    let text = handed("      number: 3\n      list: [a]\n");
    let child = CHILD.replace("text: {type: string, default: x}", "text: {type: number,");
    check_in("/w/flow.workflow.yaml", &text, &around(&child), expect![""]);
}

#[test]
fn what_is_missing_is_added_in_its_type() {
    let child = "name: child
inputs:
  text: {type: string}
  number: {type: number}
  truth: {type: boolean}
  list: {type: array}
  object: {type: object}
  level: {type: number, values: [2, 3]}
  word: {type: string, values: [a, b]}
steps: [{id: a, type: shell, run: ls}]
";
    let text = "name: parent\nsteps:\n  - id: call\n    type: workflow\n    path: child.yaml\n";
    let found = findings("/w/flow.workflow.yaml", text, &around(child));
    let written: Vec<&str> = found
        .iter()
        .flat_map(|finding| &finding.fixes)
        .flat_map(|fix| &fix.edits)
        .map(|edit| edit.text.trim())
        .collect();
    let inputs = "inputs: {text: \"\", number: 0, truth: false, list: [], object: {}, level: 2, word: \"a\"}";
    assert_eq!(written, [inputs]);
    let mended = format!("{text}    {inputs}\n");
    check_in("/w/flow.workflow.yaml", &mended, &around(child), expect![""]);
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
