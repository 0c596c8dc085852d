//! What stands in `${{ }}`.

use expect_test::{Expect, expect};

use crate::support::check_steps;

/// Checks an expression in the command of a step, beside inputs `name` and `list` and steps `one` and `my-step`.
fn check_expression(expression: &str, expect: Expect) {
    check_value(&format!("\"x ${{{{ {expression} }}}} y\""), expect);
}

/// No finding. In a loop an `expect!` of its own would be written over.
fn nothing() -> Expect {
    expect![[""]]
}

fn check_value(value: &str, expect: Expect) {
    check_steps(
        &format!(
            "inputs:\n  name: {{type: string}}\n  list: {{type: array}}\nsteps:\n  - {{id: one, type: shell, run: ls}}\n  - {{id: my-step, type: shell, run: ls}}\n  - id: last\n    type: shell\n    run: {value}\n"
        ),
        expect,
    );
}

#[test]
fn good_expressions_are_passed_over() {
    for good in [
        "inputs.name",
        "inputs['name'].length",
        "steps.one.outputs?.[0].x",
        "steps.one.output.stdout.split('x').map(x => x + 1).filter((x, i) => !x && i >= 2)",
        "steps['my-step'].output",
        "inputs.list[inputs.list.length - 1]",
        "inputs.name ? inputs.list : env.c ? 1.5 : -2",
        "JSON.stringify({ a: 1, 'b': [1, 2, 'x'], env })",
        "!inputs.name || (inputs.name.length + 2) * 3 % 4 == 5 && inputs.name !== null",
        "env.HOME",
        "env?.5:1",
        "1e3 + .5",
    ] {
        check_expression(good, nothing());
    }
}

#[test]
fn escaped_examples_are_no_expressions() {
    for good in ["'${ { inputs.nope } }'", "'{{ nope }} }}'", "\"$ {{ nope\"", "'a $HOME ${X} {'"] {
        check_value(good, nothing());
    }
}

#[test]
fn the_smallest_wrong_token_is_marked() {
    check_expression(
        "1 ⟦+⟧",
        expect![[r#"
            error expression-syntax a value is missing after '+' [fix: take it out]
        "#]],
    );
    check_expression(
        "inputs⟦.⟧",
        expect![[r#"
            error expression-syntax a name is missing after '.' [fix: take it out]
        "#]],
    );
    check_expression(
        "'a' ⟦'b'⟧",
        expect![[r#"
        error expression-syntax ''b'' is not expected here
    "#]],
    );
    check_expression(
        "⟦typeof⟧ inputs.name",
        expect![[r#"
            error expression-syntax 'typeof' is not part of the language; compare the value itself
        "#]],
    );
    check_expression(
        "⟦`⟧tpl`",
        expect![[r#"
            error expression-syntax template texts are not part of the language; join texts with '+' [fix: change to ''tpl'']
        "#]],
    );
    check_expression(
        "2 ⟦**⟧ 3",
        expect![[r#"
        error expression-syntax '**' is not part of the language; multiply with '*'
    "#]],
    );
    check_expression(
        "inputs.name ⟦=⟧ 'x'",
        expect![[r#"
        error expression-syntax '=' does not compare; write '==' [fix: change to '==']
    "#]],
    );
    check_expression(
        "inputs.name ⟦??⟧ 'x'",
        expect![[r#"
            error expression-syntax '??' is not part of the language; write 'inputs.name == null ? 'x' : inputs.name' [fix: change to 'inputs.name == null ? 'x' : inputs.name']
        "#]],
    );
    check_expression(
        "escape⟦(⟧inputs.name",
        expect![[r#"
            error expression-syntax '(' is never closed; add ')' [fix: add ')']
        "#]],
    );
    check_expression(
        "[1, 2⟦)⟧",
        expect![[r#"
            error expression-syntax ')' is not expected here [fix: take it out]
        "#]],
    );
    check_expression(
        "⟦'open⟧",
        expect![[r#"
            error expression-syntax this text is never closed; add ' [fix: add ''']
        "#]],
    );
    check_expression(
        "inputs.name ⟦?⟧ 1",
        expect![[r#"
            error expression-syntax the other choice is missing; write ': …' behind it [fix: add ': null']
        "#]],
    );
    check_expression(
        "⟦#⟧",
        expect![[r#"
        error expression-syntax '#' is not expected here
    "#]],
    );
    check_expression(
        "inputs.list⟦[⟧]",
        expect![[r#"
        error expression-syntax a value is missing after '['
    "#]],
    );
    check_expression(
        "{ a⟦:⟧ }",
        expect![[r#"
        error expression-syntax a value is missing after ':'
    "#]],
    );
}

#[test]
fn an_empty_expression_is_marked_whole() {
    check_value(
        "\"x ⟦${{ }}⟧\"",
        expect![[r#"
        error expression-syntax the expression is empty; write a value
    "#]],
    );
}

#[test]
fn an_open_expression_is_marked_at_its_start() {
    check_value(
        "\"x ⟦${{⟧ inputs.name and more\"",
        expect![[r#"
        error expression-syntax this '${{' is never closed; add '}}' [fix: add '}}']
    "#]],
    );
    check_value(
        "x ⟦${{⟧ inputs.name",
        expect![[r#"
        error expression-syntax this '${{' is never closed; add '}}' [fix: add '}}']
    "#]],
    );
    check_value(
        "|\n      echo ⟦${{⟧ inputs.name\n      echo ${{ inputs.name }}\n",
        expect![[r#"
        error expression-syntax this '${{' is never closed; add '}}' [fix: add '}}']
    "#]],
    );
    check_value(
        "\"⟦${{⟧ '{' }}\"",
        expect![[r#"
        error expression-syntax this '${{' is never closed; braces count inside quotes, too
    "#]],
    );
}

#[test]
fn places_are_exact_behind_escapes_and_in_block_texts() {
    check_value(
        "\"\\t\\u00e4 ${{ inputs.⟦nope⟧ }}\"",
        expect![[r#"
        error undeclared-input there is no input 'nope'; declare it under 'inputs' [fix: declare the input 'nope']
    "#]],
    );
    check_value(
        "'it''s ${{ inputs.⟦nope⟧ }}'",
        expect![[r#"
        error undeclared-input there is no input 'nope'; declare it under 'inputs' [fix: declare the input 'nope']
    "#]],
    );
    check_value(
        "|\n      ä\n      ${{ inputs.name }}\n      ${{ steps.⟦nope⟧.output }}\n",
        expect![[r#"
        error unknown-step there is no step 'nope'; write the id of a step of this workflow
    "#]],
    );
    check_value(
        ">\n      folded\n      text ${{\n      inputs.⟦nope⟧ }}\n",
        expect![[r#"
        error undeclared-input there is no input 'nope'; declare it under 'inputs' [fix: declare the input 'nope']
    "#]],
    );
}

#[test]
fn undeclared_inputs_are_marked_and_can_be_declared() {
    check_expression(
        "inputs.⟦nmae⟧",
        expect![[r#"
        error undeclared-input there is no input 'nmae'; did you mean 'name'? [fix: change to 'name'] [fix: declare the input 'nmae']
    "#]],
    );
    check_expression(
        "inputs['⟦other⟧']",
        expect![[r#"
        error undeclared-input there is no input 'other'; declare it under 'inputs' [fix: declare the input 'other']
    "#]],
    );
    check_steps(
        "steps:\n  - {id: a, type: shell, run: ls, if: \"${{ inputs.⟦go⟧ }}\"}\n",
        expect![[r#"
        error undeclared-input there is no input 'go'; declare it under 'inputs' [fix: declare the input 'go']
    "#]],
    );
    check_steps(
        "inputs:\nsteps:\n  - {id: a, type: shell, run: \"${{ inputs.⟦go⟧ }}\"}\n"
            .replace("inputs:\nsteps", "⟦inputs⟧:\nsteps")
            .as_str(),
        expect![[r#"
            error type-mismatch 'inputs' has no value; it takes a mapping [fix: write '{}'] [fix: take 'inputs' out]
            error undeclared-input there is no input 'go'; declare it under 'inputs' [fix: declare the input 'go']
        "#]],
    );
    check_steps(
        "inputs: {}\nsteps:\n  - {id: a, type: shell, run: \"${{ inputs.⟦go⟧ }}\"}\n",
        expect![[r#"
        error undeclared-input there is no input 'go'; declare it under 'inputs' [fix: declare the input 'go']
    "#]],
    );
    check_steps(
        "inputs: {other: {type: string}}\nsteps:\n  - {id: a, type: shell, run: \"${{ inputs.⟦go⟧ }}\"}\n",
        expect![[r#"
        error undeclared-input there is no input 'go'; declare it under 'inputs' [fix: declare the input 'go']
    "#]],
    );
    check_steps(
        "inputs:\r\n    other: {type: string} # last\r\nsteps:\r\n  - {id: a, type: shell, run: \"${{ inputs.⟦go⟧ }}\"}\r\n",
        expect![[r#"
        error undeclared-input there is no input 'go'; declare it under 'inputs' [fix: declare the input 'go']
    "#]],
    );
    check_steps(
        "outputs: {x: \"${{ inputs.⟦go⟧ }}\"}\nsteps: []\ninputs:\n  text:\n    type: string\n    description: |\n      long\n",
        expect![[r#"
        error undeclared-input there is no input 'go'; declare it under 'inputs' [fix: declare the input 'go']
    "#]],
    );
}

#[test]
fn names_bound_by_arrows_are_no_references() {
    check_expression("inputs.list.map(inputs => inputs.nope)", expect![[""]]);
    check_expression("inputs.list.map((steps) => steps.nope)", expect![[""]]);
}

#[test]
fn unknown_steps_are_marked_at_the_name() {
    check_expression(
        "steps.⟦on⟧.output",
        expect![[r#"
        error unknown-step there is no step 'on'; did you mean 'one'? [fix: change to 'one']
    "#]],
    );
    check_expression(
        "steps['⟦other⟧'].output",
        expect![[r#"
        error unknown-step there is no step 'other'; write the id of a step of this workflow
    "#]],
    );
    check_expression(
        "steps.⟦mystep⟧.output",
        expect![[r#"
        error unknown-step there is no step 'mystep'; did you mean 'my-step'? [fix: change to 'my-step']
    "#]],
    );
    check_value(
        "'${{ steps.⟦mystep⟧.output }}'",
        expect![[r#"
        error unknown-step there is no step 'mystep'; did you mean 'my-step'? [fix: change to 'my-step']
    "#]],
    );
    check_steps(
        "steps: []\noutputs:\n  a: ${{ steps.⟦nope⟧.output }}\n",
        expect![[r#"
        error unknown-step there is no step 'nope'; write the id of a step of this workflow
    "#]],
    );
}

#[test]
fn a_hyphenated_step_needs_brackets() {
    check_expression(
        "steps.⟦my-step⟧.output",
        expect![[r#"
            error hyphenated-step 'my-step' reads as a subtraction here; write ['my-step'] [fix: change to steps['my-step']]
        "#]],
    );
    check_value(
        "'${{ steps.⟦my-step⟧.output }}'",
        expect![[r#"
            error hyphenated-step 'my-step' reads as a subtraction here; write ["my-step"] [fix: change to steps["my-step"]]
        "#]],
    );
    check_value(
        "${{ steps?.⟦my-step⟧.output }}",
        expect![[r#"
            error hyphenated-step 'my-step' reads as a subtraction here; write ['my-step'] [fix: change to steps['my-step']]
        "#]],
    );
    check_expression("steps.one.output - 1", expect![[""]]);
    // What follows from it is no mistake of its own.
    check_expression(
        "steps.⟦my-step⟧.output == 'x' && steps.one.⟦outptu⟧",
        expect![[r#"
            error hyphenated-step 'my-step' reads as a subtraction here; write ['my-step'] [fix: change to steps['my-step']]
            error unknown-property an object has no 'outptu'; did you mean 'output'? [fix: change to 'output'] [fix: change to 'outputs']
        "#]],
    );
}

#[test]
fn a_hyphenated_reference_waits_for_the_step() {
    check_steps(
        "steps:\n  - {id: a-b, type: shell, run: ls, needs: [c]}\n  - {id: c, type: shell, run: \"${{ steps.⟦a-b⟧.output }}\"}\n",
        expect![[r#"
            error dependency-cycle these steps wait for one another: a-b → c → a-b; take one of the needs out [see: 'a-b' waits for 'c' here]
            error hyphenated-step 'a-b' reads as a subtraction here; write ['a-b'] [fix: change to steps['a-b']]
        "#]],
    );
}

#[test]
fn bare_keys_are_texts() {
    let step = |key: &str| {
        format!(
            "inputs: {{id: {{type: string}}}}\nsteps:\n  - id: a\n    type: shell\n    run: ls\n    idempotencyKey: {key}\n"
        )
    };
    check_steps(
        &step("⟦'\"order-\" + inputs.id'⟧"),
        expect![[r#"
        warning bare-expression this is taken as a text, the same for every run; write '${{ }}' around the expression [fix: write '${{ }}' around it]
    "#]],
    );
    check_steps(
        &step("⟦inputs.id⟧"),
        expect![[r#"
        warning bare-expression this is taken as a text, the same for every run; write '${{ }}' around the expression [fix: write '${{ }}' around it]
    "#]],
    );
    check_steps(
        &step("⟦\"'order-' + inputs.id\"⟧"),
        expect![[r#"
        warning bare-expression this is taken as a text, the same for every run; write '${{ }}' around the expression [fix: write '${{ }}' around it]
    "#]],
    );
    check_steps(
        &step("|\n      inputs.id\n").replace("|\n      inputs.id", "⟦|\n      inputs.id⟧"),
        expect![[r#"
        warning bare-expression this is taken as a text, the same for every run; write '${{ }}' around the expression [fix: write '${{ }}' around it]
    "#]],
    );
    check_steps(&step("order-1"), expect![[""]]);
    check_steps(&step("output"), expect![[""]]);
    check_steps(&step("order-${{ inputs.id }}"), expect![[""]]);
    check_steps(
        "inputs: {id: {type: string}}\nsteps: [{id: a, type: shell, run: ls, idempotencyKey: ⟦inputs.id⟧}]\n",
        expect![[r#"
        warning bare-expression this is taken as a text, the same for every run; write '${{ }}' around the expression [fix: write '${{ }}' around it]
    "#]],
    );
}

#[test]
fn bare_expressions_are_read_where_they_are_at_home() {
    check_steps(
        "steps:\n  - {id: one, type: shell, run: ls, transform: stdout.trim()}\n  - id: two\n    type: shell\n    run: ls\n    if: steps.⟦on⟧.output == 1\n    foreach: steps.one.output.split(⟦','⟧ ','\n".replace("⟦','⟧ ','", "',' ⟦','⟧").as_str(),
        expect![[r#"
            error unknown-step there is no step 'on'; did you mean 'one'? [fix: change to 'one']
            error expression-syntax '','' is not expected here
        "#]],
    );
}

#[test]
fn long_and_deep_expressions_are_refused_once() {
    check_expression(&format!("{}1{}", "(".repeat(49), ")".repeat(49)), expect![[""]]);
    check_expression(
        &format!("{}⟦(⟧{}1{}", "(".repeat(50), "(".repeat(50), ")".repeat(101)),
        expect![[r#"
        error expression-syntax the expression is too long or nested too deeply; cut it into steps
    "#]],
    );
}

#[test]
fn long_texts_with_expressions_are_refused_at_their_first_one() {
    let rest = |count: usize| "é".repeat(count);
    let steps = |count: usize| {
        format!(
            "steps:\n  - {{id: a, type: shell, run: ls}}\n  - id: b\n    type: request\n    url: https://x\n    \
             body: a ⟦${{{{ steps.a.output }}}}⟧ {} ${{{{ steps.a.output }}}}\n",
            rest(count)
        )
    };
    check_steps(&steps(9_954).replace(['⟦', '⟧'], ""), expect![""]);
    check_steps(
        &steps(9_955),
        expect![[r#"
        error expression-syntax a text with expressions has at most 10000 characters, and this one has 10001; put a part of it into a file or a step of its own
    "#]],
    );
}

#[test]
fn names_with_a_hyphen() {
    check_steps(
        "inputs: {dry-run: {type: boolean}, dry: {type: number}}\nsteps:\n  - {id: a, type: shell, run: \"${{ inputs.⟦dry-run⟧ }} ${{ inputs['dry-run'] }} ${{ inputs.dry - 1 }}\"}\n",
        expect![[r#"
            error hyphenated-step 'dry-run' reads as a subtraction here; write ['dry-run'] [fix: change to inputs['dry-run']]
        "#]],
    );
    check_steps(
        "steps:\n  - {id: a, type: llm, agent: x, prompt: p, outputSchema: {type: object, properties: {p-q: {type: string}}}}\n  - {id: b, type: shell, run: \"${{ steps.a.output.⟦p-q⟧ }}\"}\n",
        expect![[r#"
            error hyphenated-step 'p-q' reads as a subtraction here; write ['p-q'] [fix: change to outputs['p-q']]
        "#]],
    );
}

#[test]
fn words_of_javascript_with_what_to_write_instead() {
    for (word, marked) in [
        ("compare", "⟦typeof⟧ 1"),
        ("Date.now()", "⟦new⟧ Date()"),
        ("Object.keys", "'a' ⟦in⟧ env"),
        ("compare", "env ⟦instanceof⟧ Object"),
        ("take it out", "1 ⟦/*⟧ c */"),
        ("take it out", "1 ⟦//⟧ c"),
        (".includes(…)", "⟦/⟧x/"),
    ] {
        let text = format!("name: t\nsteps:\n  - {{id: a, type: shell, run: \"${{{{ {marked} }}}}\"}}\n");
        let start = text.find('⟦').unwrap();
        let text = text.replace(['⟦', '⟧'], "");
        let found = crate::support::findings(crate::support::WORKFLOW, &text, &crate::support::untrusted());
        let [only] = found.as_slice() else { panic!("{marked}: {found:?}") };
        assert_eq!(only.span.start, start, "{marked}");
        assert!(only.message.contains(word), "{}", only.message);
    }
}

#[test]
fn secrets_among_the_inputs() {
    check_steps(
        "inputs: {tok: {type: string, secret: true}, who: {type: string}}\noutputs: {o: \"${{ ⟦inputs.tok⟧ }}\"}\nsteps:\n  - {id: a, type: human, message: \"${{ ⟦inputs.tok⟧ }} ${{ inputs.who }}\"}\n  - {id: b, type: git, op: commit, message: \"${{ ⟦secrets.TOK⟧ }}\"}\n  - {id: c, type: shell, run: ls, env: {T: \"${{ inputs.tok }}\"}}\n",
        expect![[r#"
            warning exposed-secret a secret stands here before everybody who sees the outputs; take it out
            warning exposed-secret a secret stands here before the person who is asked; take it out
            warning exposed-secret a secret stands here before everybody who sees the commit; take it out
        "#]],
    );
}

#[test]
fn outputs_without_braces() {
    check_steps(
        "outputs: {ok: ⟦\"steps.s.status == 'success'\"⟧, o: ⟦steps.s.output.stdout⟧, p: done, q: \"it's steps.s\", r: \"${{ steps.s.status }}\"}\nsteps:\n  - {id: s, type: shell, run: ls}\n",
        expect![[r#"
            warning bare-expression this is taken as a text, the same for every run; write '${{ }}' around the expression [fix: write '${{ }}' around it]
            warning bare-expression this is taken as a text, the same for every run; write '${{ }}' around the expression [fix: write '${{ }}' around it]
        "#]],
    );
}

#[test]
fn braces_that_close_nothing() {
    check_value(
        "\"echo inputs.name ⟦}}⟧\"",
        expect![[r#"
        error expression-syntax this '}}' closes nothing; write '${{' before the expression
    "#]],
    );
    check_value("'{\"a\": {\"b\": 1}}'", nothing());
    check_value(
        "\"${{ inputs.name }} ⟦}}⟧\"",
        expect![[r#"
        error expression-syntax this '}}' closes nothing; write '${{' before the expression
    "#]],
    );
    check_value(
        "\"a ⟦}}⟧ {b}\"",
        expect![[r#"
        error expression-syntax this '}}' closes nothing; write '${{' before the expression
    "#]],
    );
    check_value("'{\"a\": {\"b\": ${{ inputs.name }}}}'", nothing());
}

#[test]
fn words_of_javascript_have_no_place() {
    check_value(
        "\"${{ ⟦let⟧ x = 1 }}\"",
        expect![[r#"
        error expression-syntax an expression cannot keep a value; write the value where it is used, or take a step for it
    "#]],
    );
    check_value(
        "\"${{ ⟦this⟧.name }}\"",
        expect![[r#"
        error expression-syntax 'this' is not part of the language; start from 'inputs' or 'steps'
    "#]],
    );
    check_value(
        "\"${{ steps⟦.1⟧a.output }}\"",
        expect![[r#"
        error expression-syntax a name behind a dot starts with a letter; write another between brackets: ['…']
    "#]],
    );
}

#[test]
fn a_word_that_an_optional_choice_never_is() {
    check_steps(
        "steps:\n  - id: c\n    type: llm\n    agent: x\n    prompt: p\n    outputSchema: {type: object, properties: {k: {type: string, enum: [u, v]}}}\n  - {id: d, type: shell, run: ls, if: steps.c.output.k == '⟦w⟧'}\n  - {id: e, type: shell, run: ls, if: steps.c.output.k == 'u' || steps.c.output.k == null}\n",
        expect![[r#"
            warning constant-condition it is never 'w', so this is always false; it is one of 'u', 'v'
        "#]],
    );
}
