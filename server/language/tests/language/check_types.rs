//! What types say about expressions.

use copydesk_base::Diagnostic;
use expect_test::{Expect, expect};

use crate::support::{WORKFLOW, apply, findings, untrusted};

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

/// Steps behind [`HEAD`], each text checked by itself: its findings, on the lines that they mark.
fn steps<'s>(texts: impl IntoIterator<Item = &'s str>, expect: Expect) {
    let shown: String = texts.into_iter().map(|step| shown(&format!("name: test\n{HEAD}{step}"))).collect();
    expect.assert_eq(&shown);
}

/// The same for the command of a last step.
fn commands(values: &[&str], expect: Expect) {
    let steps_of = |value: &&str| format!("  - id: last\n    type: shell\n    run: {value}\n");
    let texts: Vec<String> = values.iter().map(steps_of).collect();
    steps(texts.iter().map(String::as_str), expect);
}

fn shown(text: &str) -> String {
    let found = findings(WORKFLOW, text, &untrusted());
    let mut shown = String::new();
    for finding in &found {
        let (span, before) = (finding.span, &text[..finding.span.start]);
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at);
        let marked = format!("{}⟦{}⟧{}", &text[line..span.start], span.of(text), &text[span.end..end]);
        shown += &format!(
            "{}\n    {} {} {}\n",
            marked.trim(),
            finding.severity.as_str(),
            finding.code,
            finding.message
        );
        for fix in &finding.fixes {
            let mended = apply(text, fix);
            let is_left =
                |other: &Diagnostic| (other.code, &other.message) == (finding.code, &finding.message);
            let left = findings(WORKFLOW, &mended, &untrusted());
            let line = mended[line..].lines().next().unwrap_or("").trim().to_owned();
            let outcome = if left.iter().any(is_left) { "DOES NOT MEND" } else { "gives" };
            shown += &format!("    {} {outcome} {line}\n", fix.title);
        }
    }
    if found.is_empty() { format!("NOTHING in {}\n", text.lines().last().unwrap_or("")) } else { shown }
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
        let text =
            format!("name: test\n{HEAD}  - id: last\n    type: shell\n    run: \"${{{{ {good} }}}}\"\n");
        let found = findings(WORKFLOW, &text, &untrusted());
        let found: Vec<_> = found.into_iter().map(|finding| (finding.code, finding.message)).collect();
        assert_eq!(found, [], "{good}");
    }
}

#[test]
fn names_that_nothing_starts_from() {
    commands(
        &[
            "echo ${{ input.name }}",
            "echo ${{ stpes.one.output }}",
            "echo ${{ name }}",
            "echo ${{ constructor }}",
            "echo ${{ stdout }}",
            "echo ${{ item }}",
            "echo ${{ index }}",
            "echo ${{ args.x }}",
            "echo ${{ None }}",
            "echo ${{ Math }}",
            "echo ${{ inputs.list.map(entry => entri.x) }}",
        ],
        expect![[]],
    );
}

#[test]
fn fields_that_no_value_has() {
    commands(
        &[
            "echo ${{ steps.one.outpt.stdout }}",
            "echo ${{ steps.one.output.stdOut }}",
            "echo ${{ steps.one['outpt'] }}",
            "echo ${{ inputs.name.first }}",
            "echo ${{ inputs.name.trim }}",
            "echo ${{ steps.each.output.stdout }}",
            "echo ${{ steps.each.items[0].state }}",
            "echo ${{ last_failed_step.message }}",
            "echo ${{ inputs.size.length }}",
            "echo ${{ steps.typed.output.rows[0].nme }}",
        ],
        expect![[]],
    );
}

#[test]
fn methods_that_do_not_exist() {
    commands(
        &[
            "echo ${{ inputs.name.toUppercase() }}",
            "echo ${{ inputs.list.push(1) }}",
            "echo ${{ memory.x.toUpper() }}",
            "echo ${{ steps.one.output() }}",
            "echo ${{ toJSON(inputs.list) }}",
            "echo ${{ contains(inputs.name, 'x') }}",
            "echo ${{ Math.rond(1.5) }}",
            "echo ${{ Math(1) }}",
            "echo ${{ inputs.name.trim()() }}",
            "echo ${{ x => x }}",
            "echo ${{ success() }}",
        ],
        expect![[]],
    );
}

#[test]
fn arguments_that_do_not_fit() {
    commands(
        &[
            "echo ${{ inputs.list.map() }}",
            "echo ${{ inputs.list.filter('x') }}",
            "echo ${{ inputs.name.replace('x') }}",
            "echo ${{ Object.fromEntries(inputs.name) }}",
            "echo ${{ inputs.name.includes(steps.one.output) }}",
            "echo ${{ Number(x => x) }}",
            "echo ${{ inputs.name.slice(Number) }}",
        ],
        expect![[]],
    );
}

#[test]
fn conditions_with_one_outcome() {
    commands(
        &[
            "echo ${{ steps.one.output != 'none' }}",
            "echo ${{ steps.one.status == 'succeeded' }}",
            "echo ${{ 'cancelled' != steps.one.status }}",
            "echo ${{ inputs.stage === 'prodd' }}",
            "echo ${{ inputs.stage == 'elsewhere' }}",
            "echo ${{ inputs.on == 'true' }}",
            "echo ${{ inputs.size == 'large' }}",
            "echo ${{ inputs.size === inputs.name }}",
            "echo ${{ inputs.size > 'large' }}",
            "echo ${{ steps.one.output < 3 }}",
            "echo ${{ inputs.name == 'a' || 'b' }}",
            "echo ${{ steps.one.output.exitCode == 'zero' }}",
        ],
        expect![[]],
    );
}

#[test]
fn constants_that_fail() {
    commands(
        &[
            "echo ${{ JSON.parse('1,2') }}",
            "echo ${{ (1).toFixed(200) }}",
            "echo ${{ [].reduce((a, b) => a + b) }}",
        ],
        expect![[]],
    );
}

#[test]
fn rounds_and_transforms() {
    steps(
        [
            "  - {id: a, type: shell, run: \"${{ item.os }} ${{ item.cpu }}\", strategy: {matrix: {os: [x, y]}}}\n",
            "  - {id: a, type: shell, run: \"${{ matrix.os }}\", strategy: {matrix: {os: [x, y]}}}\n",
            "  - {id: a, type: shell, run: \"${{ item.name + item.nam }}\", foreach: steps.typed.output.rows}\n",
            "  - {id: a, type: shell, run: x, foreach: steps.one.output}\n",
            "  - {id: a, type: shell, run: x, foreach: \"${{ inputs.name }}\"}\n",
            "  - {id: a, type: shell, run: x, transform: \"stdout.trim() + output.stdout + output.out\"}\n",
            "  - {id: a, type: shell, run: x, transform: \"{ lines: stdout.split('x') }\"}\n  - {id: b, type: shell, run: \"${{ steps.a.output.lines[0].trim() + steps.a.output.line }}\"}\n",
            // A circle of transforms ends.
            "  - {id: a, type: script, run: x, transform: steps.b.output.x}\n  - {id: b, type: script, run: x, transform: steps.a.output.y}\n",
        ],
        expect![[]],
    );
}

#[test]
fn text_around_the_whole() {
    steps(
        [
            "  - {id: a, type: shell, run: x, if: \"${{ steps.one.status }} == 'success'\"}\n",
            "  - id: a\n    type: shell\n    run: x\n    if: ${{ inputs.on }} && !${{ inputs.size }}\n",
            "  - id: a\n    type: shell\n    run: x\n    if: not ${{ inputs.on }}\n",
        ],
        expect![[]],
    );
}

#[test]
fn secrets_that_are_shown() {
    steps(
        [
            "  - {id: a, type: human, message: \"With ${{ secrets.KEY }}?\"}\n",
            "  - {id: a, type: git, op: commit, message: \"With ${{ secrets['KEY'] }}?\"}\noutputs:\n  key: ${{ secrets.KEY }}\n",
            "  - {id: a, type: shell, run: x, env: {KEY: \"${{ secrets.KEY }}\"}}\n",
        ],
        expect![[]],
    );
}
