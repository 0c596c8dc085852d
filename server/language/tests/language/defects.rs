//! The mistakes that files of other systems really have, and that those systems let pass: each is found here, or known
//! to be none.

use expect_test::{Expect, expect};

use crate::support::{WORKFLOW, check_in, knowing};

fn found(path: &str, marked: &str, expect: Expect) {
    let index = knowing(&[(".copydesk/agents/writer.md", "---\nname: writer\n---\n")]);
    check_in(path, marked, &index, expect);
}

/// A workflow with these steps.
fn steps(steps: &str) -> String {
    format!("name: x\ninputs: {{order: {{type: string}}}}\nsteps:\n{steps}")
}

#[test]
fn a_key_that_is_the_same_for_every_order() {
    found(
        WORKFLOW,
        &steps("  - {id: pay, type: shell, run: pay, idempotencyKey: ⟦inputs.order⟧}\n"),
        expect![[r#"
            warning bare-expression this is taken as a text, the same for every run; write '${{ }}' around the expression [fix: write '${{ }}' around it]
        "#]],
    );
}

#[test]
fn a_sleep_in_milliseconds() {
    found(
        WORKFLOW,
        &steps(
            "  - {id: nap, type: sleep, duration: ⟦\"${{ Number(inputs.order) * 1000 }}\"⟧}\n  - {id: ok, type: sleep, duration: 1500}\n",
        ),
        expect![[r#"
            info sleep-unit a number here is milliseconds; Keystone refuses one without a unit, so write 'ms' behind it [fix: write 'ms' behind it]
        "#]],
    );
}

#[test]
fn a_key_of_another_type_of_step() {
    found(
        WORKFLOW,
        &steps("  - {id: a, type: shell, run: ls, ⟦cwd⟧: tmp}\n"),
        expect![[r#"
        error unknown-key 'cwd' is no key of a shell step; did you mean 'dir'? [fix: change to 'dir']
    "#]],
    );
}

#[test]
fn an_input_that_nobody_declares() {
    found(
        WORKFLOW,
        &steps("  - {id: a, type: shell, run: ls, if: inputs.⟦should_fail⟧ == true}\n"),
        expect![[r#"
            error undeclared-input there is no input 'should_fail'; declare it under 'inputs' [fix: declare the input 'should_fail']
        "#]],
    );
}

#[test]
fn the_line_that_names_the_schema_is_no_unknown_key() {
    let schema =
        "$schema: https://raw.githubusercontent.com/mhingston/keystone-cli/main/schemas/workflow.json\n";
    found("anywhere.yaml", &format!("{schema}{}", steps("  - {id: a, type: shell, run: ls}\n")), expect![""]);
    found(
        ".copydesk/agents/tooled.md",
        "---\nname: tooled\ntools:\n  - name: look\n    execution: {type: shell, run: ls}\n---\n",
        expect![""],
    );
}

#[test]
fn comparisons_that_can_only_have_one_outcome() {
    found(
        WORKFLOW,
        "name: x\nsteps:\n  - {id: a, type: shell, run: ls}\n  - {id: b, type: shell, run: ls, if: \"⟦steps.a.output != 'no_changes'⟧\"}\noutputs:\n  success: ${{ steps.b.status == '⟦completed⟧' }}\n",
        expect![[r#"
            warning constant-condition an object is never equal to a text, so this is always true; compare what the command wrote: '.stdout.trim()' [fix: add '.stdout.trim()']
            warning constant-condition it is never 'completed', so this is always false; write 'success' [fix: change to 'success']
        "#]],
    );
}

#[test]
fn escaped_examples_in_the_text_of_an_agent() {
    found(
        ".copydesk/agents/architect.md",
        "---\nname: architect\n---\nWrite `${ { inputs.name }}` and `${ { steps.a.output }}`, not `$ {{ x }}`.\n",
        expect![""],
    );
}

#[test]
fn what_upstream_accepts_without_a_word() {
    found(
        WORKFLOW,
        &steps("  - {id: a, type: shell, run: ls}\n  - {id: ⟦a⟧, type: shell, run: ls}\n"),
        expect![[r#"
            error duplicate-step the id 'a' is taken; give this step another [see: 'a' is here first] [fix: rename to 'a_2']
        "#]],
    );
    found(
        WORKFLOW,
        &steps("  - {id: a, type: shell, run: ls, ⟦tiemout⟧: 5}\n"),
        expect![[r#"
        error unknown-key 'tiemout' is no key of a shell step; did you mean 'timeout'? [fix: change to 'timeout']
    "#]],
    );
    found(
        WORKFLOW,
        &steps(
            "  - {id: a, type: dynamic, goal: x, agent: ⟦nobody⟧}\n  - {id: b, type: plan, goal: x, agent: ⟦wrter⟧}\n",
        ),
        expect![[r#"
            error unknown-agent there is no agent 'nobody'; create 'agents/nobody.md'
            error unknown-agent there is no agent 'wrter'; did you mean 'writer'? [fix: change to 'writer']
        "#]],
    );
    found(
        WORKFLOW,
        &steps("  - {id: a, type: ⟦sleep⟧}\n"),
        expect![[r#"
        error missing-key a sleep step needs 'duration' or 'until' [fix: add 'duration']
    "#]],
    );
    found(
        WORKFLOW,
        &steps("  - {id: a, type: shell, run: \"${{ inputs.order ⟦+⟧ }}\"}\n"),
        expect![[r#"
            error expression-syntax a value is missing after '+' [fix: take it out]
        "#]],
    );
}

#[test]
fn names_that_every_object_inherits() {
    found(
        WORKFLOW,
        &steps(
            "  - {id: a, type: shell, run: \"${{ ⟦constructor⟧ }} ${{ ⟦__proto__⟧ }} ${{ ⟦toString⟧ }}\"}\n",
        ),
        expect![[r#"
            error unknown-root there is no 'constructor' in expressions; start from 'inputs', 'steps' or another root, or put quotes around a text
            error unknown-root there is no '__proto__' in expressions; start from 'inputs', 'steps' or another root, or put quotes around a text
            error unknown-root there is no 'toString' in expressions; did you mean 'String'? [fix: change to 'String']
        "#]],
    );
    found(
        WORKFLOW,
        &steps(
            "  - {id: ⟦constructor⟧, type: shell, run: ls}\n  - {id: ⟦__proto__⟧, type: shell, run: ls}\n",
        ),
        expect![[r#"
            error unknown-value 'constructor' cannot be the id of a step: expressions read it as something else [fix: rename to 'step_constructor']
            error unknown-value '__proto__' cannot be the id of a step: expressions read it as something else [fix: rename to 'step___proto__']
        "#]],
    );
    found(
        WORKFLOW,
        &steps(
            "  - {id: a, type: shell, run: \"${{ inputs.⟦constructor⟧ }} ${{ steps.⟦toString⟧.output }}\"}\n",
        ),
        expect![[r#"
            error undeclared-input there is no input 'constructor'; declare it under 'inputs' [fix: declare the input 'constructor']
            error unknown-step there is no step 'toString'; write the id of a step of this workflow
        "#]],
    );
}

#[test]
fn a_step_with_a_hyphen() {
    found(
        WORKFLOW,
        &steps(
            "  - {id: a-b, type: shell, run: ls}\n  - {id: c, type: shell, run: \"${{ steps.⟦a-b⟧.output.stdout }}\"}\n",
        ),
        expect![[r#"
            error hyphenated-step 'a-b' reads as a subtraction here; write ['a-b'] [fix: change to steps['a-b']]
        "#]],
    );
}

#[test]
fn a_word_that_only_the_template_of_a_layer_knows() {
    found(
        ".stepper/layer/plan/index.md",
        "---\ndescription: d\non-failure: ⟦abort⟧\n---\n",
        expect![[r#"
        error unknown-value 'abort' is no value of 'on-failure'; it takes 'stop' or 'skip'; did you mean 'stop'? [fix: change to 'stop']
    "#]],
    );
}

#[test]
fn a_sleep_of_digits_in_quotes() {
    found(
        WORKFLOW,
        &steps(
            "  - {id: a, type: sleep, duration: ⟦\"5000\"⟧}\n  - {id: b, type: sleep, duration: 5000}\n  - {id: c, type: sleep, duration: \"5s\"}\n",
        ),
        expect![[r#"
            info sleep-unit a text of digits is milliseconds here; Keystone refuses one without a unit, so write 'ms' behind it [fix: write 'ms' behind it]
        "#]],
    );
}
