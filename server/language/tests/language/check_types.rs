//! What types say about expressions.

use expect_test::{Expect, expect};

use crate::support::{check_steps, findings, untrusted, WORKFLOW};

const HEAD: &str = r#"inputs:
  name: {type: string}
  stage: {type: string, values: [test, prod]}
  size: {type: number}
  on: {type: boolean}
  list: {type: array}
  any: {type: object}
steps:
  - {id: one, type: shell, run: ls}
  - {id: each, type: shell, run: "echo ${{ item }}", foreach: "[1, 2]"}
  - {id: open, type: script, run: x}
  - {id: ask, type: human, message: Go on?}
  - id: typed
    type: llm
    agent: writer
    prompt: List them.
    outputSchema:
      type: object
      additionalProperties: false
      properties:
        rows: {type: array, items: {type: object, additionalProperties: false, properties: {name: {type: string}}}}
"#;

/// The command of a last step, behind steps and inputs of several types.
fn command(value: &str, expect: Expect) {
    check_steps(&format!("{HEAD}  - id: last\n    type: shell\n    run: {value}\n"), expect);
}

#[test]
fn what_may_be_right_is_passed_over() {
    for good in [
        "inputs.size == '3'",
        "inputs.name == 5",
        "steps.one.output.stdout == 'x'",
        "steps.one.status != 'failed'",
        "steps.one.error == null",
        "inputs.stage == 'prod' || inputs.stage == 'test'",
        "inputs.any.deep.er",
        "steps.typed.output.rows.map(row => row.name.trim())",
        "steps.open.output.anything.at.all",
        "steps.each.output[0].stdout",
        "steps.each.output.map(o => o.exitCode).reduce((a, b) => a + b, 0)",
        "steps.each.items.filter(i => i.status == 'success').length",
        "secrets.TOKEN",
        "memory.x.y",
        "inputs.list.map(Number).filter(Boolean)",
        "Object.entries(inputs.any).map(e => e[0] + e[1])",
        "inputs.list[0].x.trim()",
        "steps.one.outputs.stdout.trim()",
        "inputs.name.split(',').length > 2 && inputs.on",
        "steps.one.output == null",
        "inputs.on == 1",
        "[1, 'a'].includes(inputs.name)",
        "inputs.name && inputs.name.length",
        "inputs.name || 'none'",
        "true",
        "1 == 2",
        "steps.open.output == 'x'",
        "steps.ask.output == 'yes' || steps.ask.output == true",
        "{ a: 1 }.a",
        "Math.max(1, inputs.size) + Math.PI",
        "inputs.name.replace('x', m => m.trim())",
        "inputs.list.sort((a, b) => a - b)[0]",
        "steps.each.output.flatMap(o => o.stdout.split(' ')).join('')",
        "inputs.on ? inputs.size.toFixed(1) : 'x'.length",
        "steps[inputs.name].output",
        "inputs[inputs.name]",
        "inputs.stage.length",
        "env['X'] == 'true'",
    ] {
        let text = format!("name: test\n{HEAD}  - id: last\n    type: shell\n    run: \"${{{{ {good} }}}}\"\n");
        let found = findings(WORKFLOW, &text, &untrusted());
        let found: Vec<_> = found.into_iter().map(|finding| (finding.code, finding.message)).collect();
        assert_eq!(found, [], "{good}");
    }
}

#[test]
fn names_that_nothing_starts_from() {
    command("echo ${{ ⟦input⟧.name }}", expect![[]]);
    command("echo ${{ ⟦stpes⟧.one.output }}", expect![[]]);
    command("echo ${{ ⟦name⟧ }}", expect![[]]);
    command("echo ${{ ⟦constructor⟧ }}", expect![[]]);
    command("echo ${{ ⟦stdout⟧ }}", expect![[]]);
    command("echo ${{ ⟦item⟧ }}", expect![[]]);
    command("echo ${{ ⟦index⟧ }}", expect![[]]);
    command("echo ${{ ⟦args⟧.x }}", expect![[]]);
    command("echo ${{ ⟦None⟧ }}", expect![[]]);
    command("echo ${{ ⟦Math⟧ }}", expect![[]]);
    command("echo ${{ inputs.list.map(entry => ⟦entri⟧.x) }}", expect![[]]);
}

#[test]
fn fields_that_no_value_has() {
    command("echo ${{ steps.one.⟦outpt⟧.stdout }}", expect![[]]);
    command("echo ${{ steps.one.output.⟦stdOut⟧ }}", expect![[]]);
    command("echo ${{ steps.one['⟦outpt⟧'] }}", expect![[]]);
    command("echo ${{ inputs.name.⟦first⟧ }}", expect![[]]);
    command("echo ${{ inputs.name.⟦trim⟧ }}", expect![[]]);
    command("echo ${{ steps.each.output.⟦stdout⟧ }}", expect![[]]);
    command("echo ${{ steps.each.items[0].⟦state⟧ }}", expect![[]]);
    command("echo ${{ last_failed_step.⟦message⟧ }}", expect![[]]);
    command("echo ${{ inputs.size.⟦length⟧ }}", expect![[]]);
    command("echo ${{ steps.typed.output.rows[0].⟦nme⟧ }}", expect![[]]);
}

#[test]
fn methods_that_do_not_exist() {
    command("echo ${{ inputs.name.⟦toUppercase⟧() }}", expect![[]]);
    command("echo ${{ inputs.list.⟦push⟧(1) }}", expect![[]]);
    command("echo ${{ memory.x.⟦toUpper⟧() }}", expect![[]]);
    command("echo ${{ steps.one.⟦output⟧() }}", expect![[]]);
    command("echo ${{ ⟦toJSON⟧(inputs.list) }}", expect![[]]);
    command("echo ${{ ⟦contains⟧(inputs.name, 'x') }}", expect![[]]);
    command("echo ${{ Math.⟦rond⟧(1.5) }}", expect![[]]);
    command("echo ${{ ⟦Math⟧(1) }}", expect![[]]);
    command("echo ${{ ⟦inputs.name.trim()⟧() }}", expect![[]]);
    command("echo ${{ ⟦x => x⟧ }}", expect![[]]);
    command("echo ${{ ⟦success⟧() }}", expect![[]]);
}

#[test]
fn arguments_that_do_not_fit() {
    command("echo ${{ inputs.list.⟦map⟧() }}", expect![[]]);
    command("echo ${{ inputs.list.filter(⟦'x'⟧) }}", expect![[]]);
    command("echo ${{ inputs.name.⟦replace⟧('x') }}", expect![[]]);
    command("echo ${{ Object.fromEntries(⟦inputs.name⟧) }}", expect![[]]);
    command("echo ${{ inputs.name.includes(⟦steps.one.output⟧) }}", expect![[]]);
    command("echo ${{ Number(⟦x => x⟧) }}", expect![[]]);
    command("echo ${{ inputs.name.slice(⟦Number⟧) }}", expect![[]]);
}

#[test]
fn conditions_with_one_outcome() {
    command("echo ${{ ⟦steps.one.output != 'none'⟧ }}", expect![[]]);
    command("echo ${{ steps.one.status == '⟦succeeded⟧' }}", expect![[]]);
    command("echo ${{ '⟦cancelled⟧' != steps.one.status }}", expect![[]]);
    command("echo ${{ inputs.stage === '⟦prodd⟧' }}", expect![[]]);
    command("echo ${{ inputs.stage == '⟦elsewhere⟧' }}", expect![[]]);
    command("echo ${{ ⟦inputs.on == 'true'⟧ }}", expect![[]]);
    command("echo ${{ ⟦inputs.size == 'large'⟧ }}", expect![[]]);
    command("echo ${{ ⟦inputs.size === inputs.name⟧ }}", expect![[]]);
    command("echo ${{ inputs.size > ⟦'large'⟧ }}", expect![[]]);
    command("echo ${{ ⟦steps.one.output⟧ < 3 }}", expect![[]]);
    command("echo ${{ inputs.name == 'a' || ⟦'b'⟧ }}", expect![[]]);
    command("echo ${{ ⟦steps.one.output.exitCode == 'zero'⟧ }}", expect![[]]);
}

#[test]
fn constants_that_fail() {
    command("echo ${{ JSON.⟦parse⟧('1,2') }}", expect![[]]);
    command("echo ${{ (1).⟦toFixed⟧(200) }}", expect![[]]);
    command("echo ${{ [].⟦reduce⟧((a, b) => a + b) }}", expect![[]]);
}

/// A step behind [`HEAD`], written out.
fn step(text: &str, expect: Expect) {
    check_steps(&format!("{HEAD}{text}"), expect);
}

#[test]
fn rounds_and_transforms() {
    step("  - {id: a, type: shell, run: \"${{ item.os }} ${{ item.⟦cpu⟧ }}\", strategy: {matrix: {os: [x, y]}}}\n", expect![[]]);
    step("  - {id: a, type: shell, run: \"${{ ⟦matrix⟧.os }}\", strategy: {matrix: {os: [x, y]}}}\n", expect![[]]);
    step("  - {id: a, type: shell, run: \"${{ item.name + item.⟦nam⟧ }}\", foreach: steps.typed.output.rows}\n", expect![[]]);
    step("  - {id: a, type: shell, run: x, foreach: ⟦steps.one.output⟧}\n", expect![[]]);
    step("  - {id: a, type: shell, run: x, foreach: \"${{ ⟦inputs.name⟧ }}\"}\n", expect![[]]);
    step("  - {id: a, type: shell, run: x, transform: \"stdout.trim() + output.stdout + output.⟦out⟧\"}\n", expect![[]]);
    step("  - {id: a, type: shell, run: x, transform: \"{ lines: stdout.split('x') }\"}\n  - {id: b, type: shell, run: \"${{ steps.a.output.lines[0].trim() + steps.a.output.⟦line⟧ }}\"}\n", expect![[]]);
    // A circle of transforms ends.
    step("  - {id: a, type: script, run: x, transform: steps.b.output.x, compensate: {id: u, type: script, run: x}}\n  - {id: b, type: script, run: x, transform: \"⟦steps.a⟧.output.y\"}\n".replace("⟦steps.a⟧", "steps.⟦a⟧").as_str(), expect![[]]);
}

#[test]
fn text_around_the_whole() {
    step("  - {id: a, type: shell, run: x, if: \"⟦${{ steps.one.status }} == 'success'⟧\"}\n".replace("\"⟦", "⟦\"").replace("⟧\"", "\"⟧").as_str(), expect![[]]);
    step("  - id: a\n    type: shell\n    run: x\n    if: ⟦${{ inputs.on }} && !${{ inputs.size }}⟧\n", expect![[]]);
    step("  - id: a\n    type: shell\n    run: x\n    if: ⟦not ${{ inputs.on }}⟧\n", expect![[]]);
}

#[test]
fn secrets_that_are_shown() {
    step("  - {id: a, type: human, message: \"With ${{ ⟦secrets.KEY⟧ }}?\"}\n", expect![[]]);
    step("  - {id: a, type: git, op: commit, message: \"With ${{ ⟦secrets.KEY⟧ }}?\"}\noutputs:\n  key: ${{ ⟦secrets['KEY⟧'] }}\n", expect![[]]);
    step("  - {id: a, type: shell, run: x, env: {KEY: \"${{ secrets.KEY }}\"}}\n", expect![[""]]);
}
