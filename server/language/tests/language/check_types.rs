//! What types say about expressions.

use copydesk_base::Diagnostic;
use expect_test::{Expect, expect};

use crate::support::{WORKFLOW, apply, check_in, check_steps, check_text, findings, trusted, untrusted};

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
fn what_a_step_is_may_come_by_a_merge_key() {
    check_steps(
        "steps:\n  - &a {id: a, type: shell, run: x}\n  - &b {id: b, type: shell, run: x, foreach: '[1, 2]'}\n  - &h {id: h, type: human, message: x}\n  - {<<: *a, id: c}\n  - {<<: *b, id: d}\n  - {<<: *h, id: e, message: \"${{ ⟦secrets.X⟧ }}\"}\n  - {id: f, type: shell, run: \"${{ steps.c.output.⟦stdot⟧ }} ${{ steps.d.output[0].stdout }}\"}\n",
        expect![[r#"
            warning exposed-secret a secret stands here before the person who is asked; take it out
            error unknown-property an object has no 'stdot'; did you mean 'stdout'? [fix: change to 'stdout']
        "#]],
    );
}

#[test]
fn a_slip_in_a_field_of_an_open_schema_is_a_warning() {
    check_steps(
        "steps:\n  - {id: a, type: llm, agent: writer, prompt: x, outputSchema: {type: object, properties: {title: {type: string}, row1: {type: number}}}}\n  - {id: b, type: shell, run: \"${{ steps.a.output.⟦titel⟧ }} ${{ steps.a.output.row2 }} ${{ steps.a.output.other }}\"}\n",
        expect![[r#"
            warning unknown-property its schema does not name 'titel'; did you mean 'title'? [fix: change to 'title']
        "#]],
    );
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
        expect![[r#"
            run: echo ${{ ⟦input⟧.name }}
                error unknown-root there is no 'input' in expressions; did you mean 'inputs'?
                change to 'inputs' gives run: echo ${{ inputs.name }}
            run: echo ${{ ⟦stpes⟧.one.output }}
                error unknown-root there is no 'stpes' in expressions; did you mean 'steps'?
                change to 'steps' gives run: echo ${{ steps.one.output }}
            run: echo ${{ ⟦name⟧ }}
                error unknown-root there is no 'name' in expressions; did you mean 'inputs.name'?
                change to 'inputs.name' gives run: echo ${{ inputs.name }}
            run: echo ${{ ⟦constructor⟧ }}
                error unknown-root there is no 'constructor' in expressions; start from 'inputs', 'steps' or another root, or put quotes around a text
            run: echo ${{ ⟦stdout⟧ }}
                error unknown-root there is no 'stdout' here; it stands in 'transform' only; elsewhere write 'steps.ID.output'
            run: echo ${{ ⟦item⟧ }}
                error unknown-root there is no 'item' here; it is the item of a step with 'foreach' or 'strategy.matrix'
            run: echo ${{ ⟦index⟧ }}
                error unknown-root there is no 'index' here; it is the round of a step with 'foreach'
            run: echo ${{ ⟦args⟧.x }}
                error unknown-root there is no 'args' here; it stands in the steps of tools only
            run: echo ${{ ⟦None⟧ }}
                error unknown-root there is no 'None' in expressions; did you mean 'null'?
                change to 'null' gives run: echo ${{ null }}
            run: echo ${{ ⟦Math⟧ }}
                error unknown-root 'Math' is no value; write what of it is meant: 'Math.…'
            run: echo ${{ inputs.list.map(entry => ⟦entri⟧.x) }}
                error unknown-root there is no 'entri' in expressions; did you mean 'entry'?
                change to 'entry' gives run: echo ${{ inputs.list.map(entry => entry.x) }}
        "#]],
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
        expect![[r#"
            run: echo ${{ steps.one.⟦outpt⟧.stdout }}
                error unknown-property an object has no 'outpt'; did you mean 'output'?
                change to 'output' gives run: echo ${{ steps.one.output.stdout }}
                change to 'outputs' gives run: echo ${{ steps.one.outputs.stdout }}
            run: echo ${{ steps.one.output.⟦stdOut⟧ }}
                error unknown-property an object has no 'stdOut'; did you mean 'stdout'?
                change to 'stdout' gives run: echo ${{ steps.one.output.stdout }}
            run: echo ${{ steps.one['⟦outpt⟧'] }}
                error unknown-property an object has no 'outpt'; did you mean 'output'?
                change to 'output' gives run: echo ${{ steps.one['output'] }}
                change to 'outputs' gives run: echo ${{ steps.one['outputs'] }}
            run: echo ${{ inputs.name.⟦first⟧ }}
                error unknown-property a text has no 'first'; take it away
                take it out gives run: echo ${{ inputs.name }}
            run: echo ${{ inputs.name.⟦trim⟧ }}
                error unknown-property 'trim' is a method; call it: 'trim(…)'
                add '()' gives run: echo ${{ inputs.name.trim() }}
            run: echo ${{ steps.each.output.⟦stdout⟧ }}
                error unknown-property a list has no 'stdout'; it is a list; take it from each item: '.map(item => item.stdout)'
                change to 'map(item => item.stdout)' gives run: echo ${{ steps.each.output.map(item => item.stdout) }}
            run: echo ${{ steps.each.items[0].⟦state⟧ }}
                error unknown-property an object has no 'state'; did you mean 'status'?
                change to 'status' gives run: echo ${{ steps.each.items[0].status }}
            run: echo ${{ ⟦last_failed_step⟧.message }}
                warning unknown-root there is no 'last_failed_step' here; it stands in 'errors' and 'finally' only
            run: echo ${{ last_failed_step.⟦message⟧ }}
                error unknown-property an object has no 'message'; it has 'error', 'id'
                change to 'error' gives run: echo ${{ last_failed_step.error }}
                change to 'id' gives run: echo ${{ last_failed_step.id }}
            run: echo ${{ inputs.size.⟦length⟧ }}
                error unknown-property a number has no 'length'; take it away
                take it out gives run: echo ${{ inputs.size }}
            run: echo ${{ steps.typed.output.rows[0].⟦nme⟧ }}
                error unknown-property an object has no 'nme'; did you mean 'name'?
                change to 'name' gives run: echo ${{ steps.typed.output.rows[0].name }}
        "#]],
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
        expect![[r#"
            run: echo ${{ inputs.name.⟦toUppercase⟧() }}
                error unknown-method a text has no method 'toUppercase'; did you mean 'toUpperCase'?
                change to 'toUpperCase' gives run: echo ${{ inputs.name.toUpperCase() }}
            run: echo ${{ inputs.list.⟦push⟧(1) }}
                error unknown-method a list has no method 'push'; a value cannot be changed; write '.concat(…)'
                change to 'concat' gives run: echo ${{ inputs.list.concat(1) }}
            run: echo ${{ memory.x.⟦toUpper⟧() }}
                error unknown-method there is no method 'toUpper'; write '.toUpperCase()'
                change to 'toUpperCase' gives run: echo ${{ memory.x.toUpperCase() }}
            run: echo ${{ steps.one.⟦output⟧() }}
                error unknown-method 'output' is no method but a value; take the parentheses away
            run: echo ${{ ⟦toJSON⟧(inputs.list) }}
                error unknown-method there is no function 'toJSON'; did you mean 'JSON.stringify'?
                change to 'JSON.stringify' gives run: echo ${{ JSON.stringify(inputs.list) }}
            run: echo ${{ ⟦contains⟧(inputs.name, 'x') }}
                error unknown-method there is no function 'contains'; write 'value.includes(…)'
                write 'value.includes(…)' gives run: echo ${{ inputs.name.includes('x') }}
            run: echo ${{ Math.⟦rond⟧(1.5) }}
                error unknown-method 'Math' has no 'rond'; did you mean 'round'?
                change to 'round' gives run: echo ${{ Math.round(1.5) }}
            run: echo ${{ ⟦Math⟧(1) }}
                error unknown-method 'Math' is no function; write what of it is meant: 'Math.…(…)'
            run: echo ${{ ⟦inputs.name.trim()⟧() }}
                error unknown-method this is no function; take the parentheses away
            run: echo ${{ ⟦x => x⟧ }}
                error unknown-method a function can only stand as an argument; write 'list.map(item => …)'
            run: echo ${{ ⟦success⟧() }}
                error unknown-method there is no function 'success'; compare a status: "steps.ID.status == 'success'"
        "#]],
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
        expect![[r#"
            run: echo ${{ inputs.list.⟦map⟧() }}
                error wrong-argument 'map' needs an argument here; write 'map(item => value): list'
            run: echo ${{ inputs.list.filter(⟦'x'⟧) }}
                error wrong-argument 'filter' takes a function here, not a text; write 'item => …'
            run: echo ${{ inputs.name.⟦replace⟧('x') }}
                error wrong-argument 'replace' needs two arguments here; write 'replace(search: text, by: text): text'
            run: echo ${{ Object.fromEntries(⟦inputs.name⟧) }}
                error wrong-argument 'Object.fromEntries' takes a list here, not a text; give it another value
            run: echo ${{ inputs.name.includes(⟦steps.one.output⟧) }}
                error wrong-argument 'includes' takes a text here, not an object; give it another value
            run: echo ${{ Number(⟦x => x⟧) }}
                error wrong-argument 'Number' takes no function here; write a value
            run: echo ${{ inputs.name.slice(⟦Number⟧) }}
                error wrong-argument 'slice' takes no function here; call the function
        "#]],
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
            "echo ${{ 1 == 1 }}",
            "echo ${{ inputs.on && 'a' === 'b' }}",
            "echo ${{ steps['one'].status != steps.one.status }}",
            "echo ${{ steps.one.status == steps.one.status }}",
            "echo ${{ inputs.list.map(x => x.a == x.a) }}",
        ],
        expect![[r#"
            run: echo ${{ ⟦steps.one.output != 'none'⟧ }}
                warning constant-condition an object is never equal to a text, so this is always true; compare what the command wrote: '.stdout.trim()'
                add '.stdout.trim()' gives run: echo ${{ steps.one.output.stdout.trim() != 'none' }}
            run: echo ${{ steps.one.status == '⟦succeeded⟧' }}
                warning constant-condition it is never 'succeeded', so this is always false; write 'success'
                change to 'success' gives run: echo ${{ steps.one.status == 'success' }}
            run: echo ${{ '⟦cancelled⟧' != steps.one.status }}
                warning constant-condition it is never 'cancelled', so this is always true; write 'canceled'
                change to 'canceled' gives run: echo ${{ 'canceled' != steps.one.status }}
            run: echo ${{ inputs.stage === '⟦prodd⟧' }}
                warning constant-condition it is never 'prodd', so this is always false; did you mean 'prod'?
                change to 'prod' gives run: echo ${{ inputs.stage === 'prod' }}
            run: echo ${{ inputs.stage == '⟦elsewhere⟧' }}
                warning constant-condition it is never 'elsewhere', so this is always false; it is one of 'test', 'prod'
            run: echo ${{ ⟦inputs.on == 'true'⟧ }}
                warning constant-condition a truth value is never equal to a text, so this is always false; write true without quotes
                change to 'true' gives run: echo ${{ inputs.on == true }}
            run: echo ${{ ⟦inputs.size == 'large'⟧ }}
                warning constant-condition a number is never equal to a text, so this is always false; compare values of one kind
            run: echo ${{ ⟦inputs.size === inputs.name⟧ }}
                warning constant-condition a number is never equal to a text, so this is always false; compare values of one kind
            run: echo ${{ inputs.size > ⟦'large'⟧ }}
                warning constant-condition a text is no number, so this is always false; '<' and '>' compare numbers; compare another value
            run: echo ${{ ⟦steps.one.output⟧ < 3 }}
                warning constant-condition an object is no number, so this is always false; '<' and '>' compare numbers; compare another value
            run: echo ${{ inputs.name == 'a' || ⟦'b'⟧ }}
                warning constant-condition a text alone is always true here; write the comparison again: "a == 'x' || a == 'y'"
            run: echo ${{ ⟦steps.one.output.exitCode == 'zero'⟧ }}
                warning constant-condition a number is never equal to a text, so this is always false; compare values of one kind
            run: echo ${{ ⟦1 == 1⟧ }}
                warning constant-condition what is compared does not change, so this is always true; compare something that a run decides
            run: echo ${{ inputs.on && ⟦'a' === 'b'⟧ }}
                warning constant-condition what is compared does not change, so this is always false; compare something that a run decides
            run: echo ${{ ⟦steps['one'].status != steps.one.status⟧ }}
                warning constant-condition what is compared does not change, so this is always false; compare something that a run decides
            run: echo ${{ ⟦steps.one.status == steps.one.status⟧ }}
                warning constant-condition what is compared does not change, so this is always true; compare something that a run decides
            run: echo ${{ inputs.list.map(x => ⟦x.a == x.a⟧) }}
                warning constant-condition what is compared does not change, so this is always true; compare something that a run decides
        "#]],
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
        expect![[r#"
            run: echo ${{ JSON.⟦parse⟧('1,2') }}
                error failing-expression this always fails: this is no JSON: trailing characters at line 1 column 2
            run: echo ${{ (1).⟦toFixed⟧(200) }}
                error failing-expression this always fails: 'toFixed' takes a number from 0 to 100
            run: echo ${{ [].⟦reduce⟧((a, b) => a + b) }}
                error failing-expression this always fails: 'reduce' of an empty list needs a value to start with
        "#]],
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
        expect![[r#"
            - {id: a, type: shell, run: "${{ item.os }} ${{ item.⟦cpu⟧ }}", strategy: {matrix: {os: [x, y]}}}
                error unknown-property an object has no 'cpu'; it has 'os'
                change to 'os' gives - {id: a, type: shell, run: "${{ item.os }} ${{ item.os }}", strategy: {matrix: {os: [x, y]}}}
            - {id: a, type: shell, run: "${{ ⟦matrix⟧.os }}", strategy: {matrix: {os: [x, y]}}}
                error unknown-root there is no 'matrix' in expressions; did you mean 'item'?
                change to 'item' gives - {id: a, type: shell, run: "${{ item.os }}", strategy: {matrix: {os: [x, y]}}}
            - {id: a, type: shell, run: "${{ item.name + item.⟦nam⟧ }}", foreach: steps.typed.output.rows}
                error unknown-property an object has no 'nam'; did you mean 'name'?
                change to 'name' gives - {id: a, type: shell, run: "${{ item.name + item.name }}", foreach: steps.typed.output.rows}
            - {id: a, type: shell, run: x, foreach: ⟦steps.one.output⟧}
                error type-mismatch 'foreach' needs a list, and this is { exitCode: number, stderr: text, stderrTruncated?: boolean, stdout: text, stdoutTruncated?: boolean }; make one of what the command wrote: ".stdout.trim().split('\n')"
            - {id: a, type: shell, run: x, foreach: "${{ ⟦inputs.name⟧ }}"}
                error type-mismatch 'foreach' needs a list, and this is text; make one with '.split(…)' or 'JSON.parse(…)'
            - {id: a, type: shell, run: x, transform: "stdout.trim() + output.stdout + output.⟦out⟧"}
                error unknown-property an object has no 'out'; it has 'exitCode', 'stderr', 'stderrTruncated', 'stdout', 'stdoutTruncated'
            - {id: b, type: shell, run: "${{ steps.a.output.lines[0].trim() + steps.a.output.⟦line⟧ }}"}
                error unknown-property an object has no 'line'; did you mean 'lines'?
                change to 'lines' gives - {id: b, type: shell, run: "${{ steps.a.output.lines[0].trim() + steps.a.output.lines }}"}
            - {id: b, type: script, run: x, transform: steps.⟦a⟧.output.y}
                error dependency-cycle these steps wait for one another: a → b → a; take one of the needs out
        "#]],
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
        expect![[r#"
            - {id: a, type: shell, run: x, if: ⟦"${{ steps.one.status }} == 'success'"⟧}
                warning mixed-expression with text around its '${{ }}' this is a text, and a text is always true; put all of it between the braces
                put all of it between the braces gives - {id: a, type: shell, run: x, if: "${{ steps.one.status == 'success' }}"}
            if: ⟦${{ inputs.on }} && !${{ inputs.size }}⟧
                warning mixed-expression with text around its '${{ }}' this is a text, and a text is always true; put all of it between the braces
                put all of it between the braces gives if: ${{ inputs.on && !inputs.size }}
            if: ⟦not ${{ inputs.on }}⟧
                warning mixed-expression with text around its '${{ }}' this is a text, and a text is always true; put all of it between the braces
        "#]],
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
        expect![[r#"
            - {id: a, type: human, message: "With ${{ ⟦secrets.KEY⟧ }}?"}
                warning exposed-secret a secret stands here before the person who is asked; take it out
            - {id: a, type: git, op: commit, message: "With ${{ ⟦secrets['KEY']⟧ }}?"}
                warning exposed-secret a secret stands here before everybody who sees the commit; take it out
            key: ${{ ⟦secrets.KEY⟧ }}
                warning exposed-secret a secret stands here before everybody who sees the outputs; take it out
            NOTHING in   - {id: a, type: shell, run: x, env: {KEY: "${{ secrets.KEY }}"}}
        "#]],
    );
}

#[test]
fn a_text_that_holds_several_names_or_no_patch_or_no_time() {
    check_steps(
        r#"fallback: ⟦openai/a, openai/b⟧
steps:
  - {id: b, type: shell, run: ls}
  - {id: c, type: shell, run: ls}
  - id: d
    type: shell
    run: ls
    needs: ⟦b c⟧
  - id: e
    type: shell
    run: ls
    ⟦dependson⟧: [b]
    timeout: ⟦0s⟧
  - {id: f, type: sleep, duration: ⟦0m⟧}
  - {id: g, type: file, op: patch, path: p, content: ⟦instead⟧}
"#,
        expect![[r#"
            error type-mismatch 'fallback' takes a name or a list; these are 2 names in one text [fix: make it a list]
            error type-mismatch 'needs' takes a list; these are 2 names in one text [fix: make it a list]
            error unknown-key 'dependson' is no key of a shell step; did you mean 'needs'? [fix: change to 'needs']
            error unknown-value 'timeout' must be more than 0 [fix: change to 1]
            error unknown-value 'duration' must be more than 0 [fix: change to '1m']
            error format-mismatch this is no patch: write a unified diff, or blocks of '<<<<<<< SEARCH', '=======' and '>>>>>>> REPLACE'
        "#]],
    );
    check_text(
        ".copydesk/agents/a.md",
        "---\nname: a\ndescription: d\nfallback: ⟦openai/a openai/b⟧\n---\nHello\n",
        expect![[r#"
            error type-mismatch 'fallback' takes a name or a list; these are 2 names in one text [fix: make it a list]
        "#]],
    );
    check_in(
        ".copydesk/config.yaml",
        "permissions:\n  prompt_timeout: ⟦0s⟧\n",
        &trusted(),
        expect![[r#"
            error unknown-value 'prompt_timeout' must be more than 0 [fix: change to '1s']
        "#]],
    );
}
